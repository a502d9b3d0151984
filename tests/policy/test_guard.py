"""Whatever is merged, no declared pin is widened; and what would widen one is noticed (CONTRACT 1.2)."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.guard import widened
from pip_pinned.policy.merge.sources import Options, add_pragma, add_requirements_line, combine
from pip_pinned.policy.model import Index, Pin, Policy
from tests.policy.building import PYPI, index, pin

URLS = [
    "https://acme.example/simple",
    "https://corp.example/simple/",
    "https://new.example/simple",
    "https://u:p@acme.example/simple",
    PYPI,
    "file:///srv/wheels",
    "wheels",
]
NAMES = ["acme", "corp", "new"]
PATTERNS = ["acme-*", "acme-core", "acme-c*", "six", "*"]
_url, _name, _pattern = st.sampled_from(URLS), st.sampled_from(NAMES), st.sampled_from(PATTERNS)
_named = st.builds("{}={}".format, _name, _url)
_pins = st.lists(st.builds("{}={}".format, _pattern, _name), max_size=2).map(tuple)
LAYERS = st.builds(
    Options,
    index_url=st.none() | _url,
    extra_index_urls=st.lists(_url, max_size=2).map(tuple),
    find_links=st.lists(_url, max_size=2).map(tuple),
    indexes=st.lists(_named, max_size=2).map(tuple),
    default_index=st.none() | _named,
    strategy=st.none() | st.sampled_from(["first-index", "unsafe-best-match"]),
    pins=_pins,
)
LINES = st.builds(
    Options,
    index_url=st.none() | _url,
    extra_index_urls=st.lists(_url, max_size=2).map(tuple),
    find_links=st.lists(_url, max_size=2).map(tuple),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    declared = draw(st.lists(_name, min_size=1, max_size=2, unique=True))
    default = draw(st.none() | st.sampled_from(declared))
    indexes = tuple(
        index(
            name,
            default=name == default,
            explicit=draw(st.booleans()) and name != default,
            inherit=draw(st.booleans()),
        )
        for name in declared
    )
    patterns = draw(st.lists(_pattern, max_size=3, unique=True))
    return Policy(
        indexes=indexes,
        pins=tuple(pin(pattern, draw(st.sampled_from(declared))) for pattern in patterns),
        declared=True,
        ambient_indexes=draw(st.booleans()),
    )


@settings(max_examples=int(os.environ.get("PIP_PINNED_TEST_LAW", "2000")))
@given(
    policies(),
    LAYERS,
    LAYERS,
    st.lists(LINES, max_size=2),
    st.lists(st.tuples(st.sampled_from(["acme-core", "acme-x", "six"]), _name), max_size=2),
    st.booleans(),
)
def test_no_merging_widens_a_declared_pin(
    declared: Policy,
    flags: Options,
    ambient: Options,
    lines: list[Options],
    comments: list[tuple[str, str]],
    no_index: bool,
) -> None:
    moved = {value.partition("=")[0] for value in flags.pins}
    try:
        policy, _ = combine(declared, flags, ambient, no_index=no_index, pypi=PYPI)
        for line in lines:
            policy = add_requirements_line(policy, declared, "r.txt:1", line, no_index=False)
        for name, place in comments:
            policy = add_pragma(policy, name, place, "r.txt:2")
    except PipPinnedError:
        return
    assert widened(declared, policy, moved) is None


DECLARED = Policy(
    indexes=(index("acme", explicit=True), index("corp", default=True)),
    pins=(pin("acme-*", "acme"), pin("six", "corp")),
    declared=True,
)


def _with(policy: Policy, changed: str, **changes: object) -> Policy:
    return policy._replace(
        indexes=tuple(
            one._replace(**changes) if one.name == changed else one  # type: ignore[arg-type]
            for one in policy.indexes
        )
    )


@pytest.mark.parametrize(
    "now",
    [
        DECLARED._replace(declared=False),
        DECLARED._replace(indexes=DECLARED.indexes[1:]),
        DECLARED._replace(pins=DECLARED.pins[1:]),
        DECLARED._replace(pins=()),
        _with(DECLARED, "acme", url="https://evil.example/simple"),
        _with(DECLARED, "acme", url="https://acme.example/other"),
        _with(DECLARED, "acme", explicit=False),
        _with(DECLARED, "acme", follow_redirects=True),
        _with(DECLARED, "acme", verify_ssl=False),
        _with(DECLARED, "acme", ignore_error_codes=(500,)),
        _with(DECLARED, "acme", name="other"),
        DECLARED._replace(pins=(*DECLARED.pins, Pin("acme-core", "corp", "r.txt:1"))),
        DECLARED._replace(pins=(*DECLARED.pins, Pin("acme-c*", "corp", "r.txt:1"))),
        DECLARED._replace(pins=(*DECLARED.pins, Pin("six", None, "r.txt:1"))),
        DECLARED._replace(pins=(Pin("acme-*", "corp", "r.txt:1"), DECLARED.pins[1])),
        DECLARED._replace(allow_file_hosts=("evil.example",)),
        DECLARED._replace(sync_any_index=True),
    ],
)
def test_what_widens_a_pin_is_noticed(now: Policy) -> None:
    assert widened(DECLARED, now) is not None


def test_what_a_run_may_say_is_let_through() -> None:
    more = DECLARED._replace(
        indexes=(
            Index(name="new", url="https://new.example/simple", origin="--index"),
            *DECLARED.indexes,
        ),
        pins=(*DECLARED.pins, Pin("idna", "new", "--pin")),
    )
    assert widened(DECLARED, more) is None
    assert widened(DECLARED, _with(DECLARED, "corp", default=False, explicit=True)) is None
    assert (
        widened(
            DECLARED, _with(DECLARED, "acme", url="https://u:p@acme.example/simple", written="x")
        )
        is None
    )
    moved = DECLARED._replace(pins=(Pin("acme-*", "corp", "--pin"), DECLARED.pins[1]))
    assert (
        widened(DECLARED, moved, {"acme-*"}) is None
        and widened(DECLARED, moved, {"six"}) is not None
    )
