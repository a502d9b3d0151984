"""Policies for tests: from case files, and at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from pip_pinned.policy.model import Index, Pin, Policy, Strategy

PYPI = "https://public.example/simple"


def index(name: str, url: str | None = None, **values: Any) -> Index:
    """An index at an example host of its own."""
    return Index(name=name, url=url or f"https://{name}.example/simple", origin=values.pop("origin", "policy.toml:1"), **values)


def pin(pattern: str, name: str | None, marker: str | None = None) -> Pin:
    """A pin written in policy.toml."""
    return Pin(pattern=pattern, index_name=name, origin="policy.toml:9", marker=marker)


def policy_of(data: Mapping[str, Any]) -> Policy:
    """The policy of a case file: see cases/README.md."""
    indexes = tuple(index(**item) for item in data.get("indexes", ()))
    pins = tuple(pin(*item) for item in data.get("pins", ()))
    strategy = Strategy(data.get("strategy", "first-index"))
    return Policy(indexes=indexes, pins=pins, strategy=strategy, declared=True, no_index=data.get("no_index", False))


NAMES = st.from_regex(r"[ab]{1,2}(-[ab]{1,2}){0,2}", fullmatch=True)
INDEX_NAMES = ("acme", "corp", "mirror", "Public")
PATTERNS = NAMES | NAMES.map(lambda name: name + "*")  # a literal prefix each: none of them tie
MARKERS = st.sampled_from((None, None, "holds", "fails"))

INDEXES = st.builds(
    index, name=st.just("one"), url=st.sampled_from((None, "https://user:secret@host.example/simple", "file:///srv/wheels")),
    explicit=st.booleans(), format=st.sampled_from(("simple", "flat")), ignore_error_codes=st.none() | st.tuples(st.just(403)),
    authenticate=st.sampled_from((None, "always", "never")), follow_redirects=st.booleans(), verify_ssl=st.booleans(),
    cache_api=st.none() | st.just("max-age=600"), inherit=st.booleans())


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """A policy that the readers could have accepted: unique indexes, at most one default, no ties."""
    
    chosen = draw(st.lists(st.sampled_from(INDEX_NAMES), unique=True))
    default = draw(st.sampled_from((None, *chosen)))
    indexes = [draw(INDEXES)._replace(name=name, default=name == default) for name in chosen]
    indexes.sort(key=lambda one: one.default)
    targets = st.sampled_from((None, *chosen))
    pins = [pin(pattern, draw(targets), draw(MARKERS)) for pattern in draw(st.lists(PATTERNS, unique=True, max_size=6))]
    return Policy(indexes=tuple(indexes), pins=tuple(pins), strategy=draw(st.sampled_from(Strategy)), declared=draw(st.booleans()),
                  no_index=draw(st.booleans()), find_links=tuple(draw(st.lists(st.just("wheels"), max_size=1))),
                  allow_file_hosts=tuple(draw(st.lists(st.just("cdn.example"), max_size=1))))
