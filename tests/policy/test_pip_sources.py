"""pip's own sources, from the command line and from what surrounds it, under a declared policy or none (CONTRACT 3.2 to 3.5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge.sources import Options, add_requirements_line, combine
from pip_pinned.policy.model import Index, Policy, Strategy
from tests.policy.building import PYPI, index, pin
from tests.policy.layers import ACME, CLOSED, DROP_IN, NEW, OTHER, PINS, decide, listed, places, run

CORP = "https://corp.example/simple"
PAGE = "https://files.example/all.html"


def test_without_any_source_there_is_pips_default_index() -> None:
    policy, notices = run(DROP_IN)
    assert (places(policy, "six"), policy.strategy, policy.declared, notices) == ([PYPI], Strategy.FIRST_INDEX, False, ())


def test_a_drop_in_run_takes_pips_sources_in_order() -> None:
    flags = Options(extra_index_urls=("https://b.example/simple",))
    ambient = Options(index_url=NEW, extra_index_urls=("https://a.example/simple",), find_links=(PAGE, "wheels"))
    policy, notices = run(DROP_IN, flags, ambient)
    assert places(policy, "six") == ["https://a.example/simple", "https://b.example/simple", PAGE, NEW]
    assert (policy.find_links, notices) == (("wheels",), ())


def test_anonymous_indexes_have_names_of_their_own() -> None:
    urls = tuple(f"https://acme.example/{n}/simple" for n in range(3))
    assert listed(run(DROP_IN, Options(extra_index_urls=urls))[0]) == ["acme.example", "acme.example-2", "acme.example-3", "pypi"]


def test_an_index_given_twice_is_asked_once() -> None:
    policy, _ = run(DROP_IN, Options(extra_index_urls=(NEW, f"{NEW}/", PYPI)), Options(extra_index_urls=(NEW,)))
    assert places(policy, "six") == [NEW, PYPI]


def test_index_url_names_the_default_index_where_the_policy_declares_none() -> None:
    for flags, ambient in ((Options(index_url=NEW), Options(index_url=OTHER)), (Options(), Options(index_url=NEW))):
        policy, notices = run(PINS, flags, ambient)
        assert (places(policy, "six"), places(policy, "acme-core"), notices) == ([NEW], [ACME], ())


def test_index_url_on_the_command_line_wins_over_the_declared_default_with_a_notice() -> None:
    policy, notices = run(CLOSED, Options(index_url=OTHER))
    assert places(policy, "six") == ["https://other.example/simple"]
    assert len(notices) == 1
    assert "corp (policy.toml:1)" in notices[0]


def test_index_url_from_the_environment_is_ignored_where_a_default_is_declared_with_a_warning() -> None:
    policy, notices = run(CLOSED, ambient=Options(index_url=OTHER))
    assert places(policy, "six") == [CORP]
    assert len(notices) == 1
    assert "other.example" in notices[0]


@pytest.mark.parametrize("url", [CORP, f"{CORP}/"])
def test_the_declared_default_may_be_repeated_silently(url: str) -> None:
    assert run(CLOSED, Options(index_url=url)) == run(CLOSED, ambient=Options(index_url=url)) == run(CLOSED)


def test_the_declared_default_takes_credentials_that_pip_was_given_for_it() -> None:
    policy, notices = run(CLOSED, ambient=Options(index_url="https://user:secret@corp.example/simple"))
    default = policy.default
    assert default is not None and notices == ()
    assert (default.url, default.shown) == ("https://user:secret@corp.example/simple", CORP)


def test_an_explicit_default_is_replaced_and_stays_closed() -> None:
    declared = Policy(indexes=(index("acme", explicit=True, default=True),), declared=True)
    assert places(run(declared)[0], "six") == []
    assert places(run(declared, Options(index_url=NEW))[0], "six") == [NEW]


def test_extra_indexes_of_the_command_line_stand_ahead_of_the_default() -> None:
    policy, notices = run(CLOSED, Options(extra_index_urls=(NEW, OTHER)))
    assert places(policy, "six") == [NEW, "https://other.example/simple", CORP]
    assert (places(policy, "acme-core"), notices) == ([ACME], ())


def test_an_extra_index_that_is_declared_explicit_stays_explicit() -> None:
    policy, notices = run(CLOSED, Options(extra_index_urls=("https://user:secret@acme.example/simple",)))
    assert places(policy, "six") == [CORP]
    assert len(notices) == 1
    assert "explicit" in notices[0]


@pytest.mark.parametrize("ambient", [
    pytest.param(Options(extra_index_urls=(OTHER, NEW)), id="extra-index-url"),
    pytest.param(Options(find_links=(OTHER, NEW)), id="find-links"),
    pytest.param(Options(extra_index_urls=(OTHER,), find_links=(NEW,)), id="both"),
])
def test_remote_sources_from_the_environment_are_ignored_under_a_policy_with_one_warning(ambient: Options) -> None:
    policy, notices = run(CLOSED, ambient=ambient)
    assert places(policy, "six") == [CORP]
    assert len(notices) == 1
    assert "other.example" in notices[0]
    assert "new.example" in notices[0]


def test_ambient_indexes_keeps_the_environments_sources() -> None:
    policy, notices = run(CLOSED._replace(ambient_indexes=True), ambient=Options(extra_index_urls=(NEW,), find_links=(PAGE,)))
    assert (places(policy, "six"), places(policy, "acme-core"), notices) == ([NEW, PAGE, CORP], [ACME], ())


def test_declared_indexes_in_the_environment_need_no_warning() -> None:
    assert run(CLOSED, ambient=Options(extra_index_urls=(ACME, CORP), find_links=(f"{ACME}/",))) == run(CLOSED)


@pytest.mark.parametrize("location", ["wheels", "./wheels", "/srv/wheels", "file:///srv/wheels"])
def test_local_find_links_add_to_the_files_of_unpinned_names(location: str) -> None:
    for policy, notices in (run(CLOSED, Options(find_links=(location,))), run(CLOSED, ambient=Options(find_links=(location,)))):
        assert (policy.find_links, listed(policy), notices) == ((location,), ["acme", "corp"], ())


def test_a_remote_find_links_page_is_an_index_like_any_other() -> None:
    policy, _ = run(CLOSED, Options(find_links=(PAGE,)))
    assert places(policy, "six") == [PAGE, CORP]
    assert places(policy, "acme-core") == [ACME]
    assert decide(policy, "six").indexes[0].format == "flat"


def test_no_index_leaves_find_links_alone() -> None:
    policy, _ = run(CLOSED, Options(find_links=(PAGE, "wheels")), no_index=True)
    assert (places(policy, "six"), policy.find_links) == ([PAGE], ("wheels",))
    assert decide(policy, "acme-core").refusal == "no-index-pinned"


def test_pips_default_index_never_takes_a_declared_name() -> None:
    for taken in (("pypi",), ("PyPI",), ("pypi", "pip-default")):
        declared = Policy(indexes=tuple(index(name, NEW, explicit=True) for name in taken), pins=(pin("tool", taken[-1]),), declared=True)
        policy, _ = run(declared)
        assert len({name.lower() for name in listed(policy)}) == len(taken) + 1
        assert places(policy, "tool") == [NEW]


URLS = st.sampled_from((ACME, NEW, OTHER, PYPI, CORP, PAGE, "https://acme.example/other", "wheels"))
NAMED = st.builds("{}={}".format, st.sampled_from(("acme", "new", "pypi", "acme.example", "new.example-2")), URLS)
LAYERS = st.builds(
    Options, index_url=st.none() | URLS, extra_index_urls=st.lists(URLS, max_size=3).map(tuple),
    find_links=st.lists(URLS, max_size=2).map(tuple),
    indexes=st.lists(NAMED, max_size=2, unique_by=lambda value: value.partition("=")[0]).map(tuple), default_index=st.none() | NAMED | URLS,
    strategy=st.none() | st.sampled_from(Strategy).map(lambda strategy: strategy.value))
LINES = st.builds(Options, index_url=st.none() | URLS, extra_index_urls=st.lists(URLS, max_size=2).map(tuple),
                  find_links=st.lists(URLS, max_size=2).map(tuple))


@given(st.sampled_from((PINS, CLOSED)), LAYERS, LAYERS, st.lists(LINES, max_size=3))
def test_no_source_widens_or_moves_a_pin(declared: Policy, flags: Options, ambient: Options, lines: list[Options]) -> None:
    try:
        policy, _ = run(declared, flags, ambient)
        for number, line in enumerate(lines):
            policy = add_requirements_line(policy, declared, f"requirements.txt:{number}", line, no_index=False)
    except PipPinnedError:
        return
    assert places(policy, "acme-core") == [ACME]
    assert decide(policy, "acme-core").pinned
    assert sum(one.default for one in policy.indexes) == 1


@given(st.sampled_from((DROP_IN, PINS, CLOSED)), LAYERS, st.lists(LINES, max_size=3))
def test_no_two_indexes_share_a_name(declared: Policy, flags: Options, lines: list[Options]) -> None:
    try:
        policy, _ = run(declared, flags)
        for number, line in enumerate(lines):
            policy = add_requirements_line(policy, declared, f"requirements.txt:{number}", line, no_index=False)
    except PipPinnedError:
        return
    assert len({name.lower() for name in listed(policy)}) == len(policy.indexes)


@pytest.mark.parametrize("layer", ["flags", "ambient"])
def test_an_explicit_index_cannot_be_made_the_default(layer: str) -> None:
    acme = Index(name="acme", url="https://pypi.acme.example/simple", origin="pyproject.toml:1", explicit=True)
    options = {"flags": Options(), "ambient": Options(), layer: Options(index_url="https://robot:secret@pypi.acme.example/simple/")}
    with pytest.raises(PipPinnedError) as caught:
        combine(Policy(indexes=(acme,), declared=True), **options, no_index=False, pypi="https://default.example/simple")
    assert caught.value.code == "index-disagrees" and "secret" not in caught.value.context
