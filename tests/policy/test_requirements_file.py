"""Option lines and pin comments of requirements and constraints files (CONTRACT 2.10, 3.2, 3.3)."""

from __future__ import annotations

import pytest

from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge.sources import Options, add_pragma, add_requirements_line
from pip_pinned.policy.model import Policy
from tests.policy.building import PYPI, index, pin
from tests.policy.layers import ACME, CLOSED, DROP_IN, NEW, OTHER, PINS, decide, listed, places, run

WHERE = "requirements.txt:3"
CORP = "https://corp.example/simple"
PAGE = "https://files.example/all.html"


def read(declared: Policy, *lines: Options, flags: Options | None = None, no_index: bool = False) -> Policy:
    """The policy of a run with these option lines."""
    policy, _ = run(declared, flags or Options())
    for line in lines:
        policy = add_requirements_line(policy, declared, WHERE, line, no_index=no_index)
    return policy


def conflict(policy: Policy, name: str, where: str) -> PipPinnedError:
    """The error of a pin comment that would move a pin."""
    with pytest.raises(PipPinnedError) as failure:
        add_pragma(policy, name, where, WHERE)
    assert failure.value.code == "pin-conflict"
    return failure.value


def test_index_url_names_the_default_index_where_none_is_declared() -> None:
    for declared in (DROP_IN, PINS):
        policy = read(declared, Options(index_url=NEW))
        assert places(policy, "six") == [NEW]
    assert places(policy, "acme-core") == [ACME]


def test_index_url_replaces_those_of_pips_options_as_in_pip() -> None:
    flags = Options(index_url="https://old.example/simple", extra_index_urls=("https://extra.example/simple",))
    assert places(read(DROP_IN, Options(index_url=NEW), flags=flags), "six") == [NEW]
    assert places(read(DROP_IN, Options(index_url="https://old.example"), Options(index_url=NEW)), "six") == [NEW]


def test_index_url_leaves_find_links_pages_as_in_pip() -> None:
    assert places(read(DROP_IN, Options(index_url=NEW), flags=Options(find_links=(PAGE,))), "six") == [PAGE, NEW]
    assert places(read(DROP_IN, Options(find_links=(PAGE,)), Options(index_url=NEW)), "six") == [PAGE, NEW]


def test_index_url_leaves_the_named_indexes_of_the_command_line() -> None:
    assert places(read(DROP_IN, Options(index_url=PYPI), flags=Options(indexes=(f"new={NEW}",))), "six") == [NEW, PYPI]


@pytest.mark.parametrize(("flags", "place"), [
    (Options(pins=("tool=pypi",)), PYPI),
    (Options(default_index=f"corp={CORP}", pins=("tool=corp",)), CORP),
    (Options(indexes=(f"corp={CORP}",), pins=("tool=corp",)), CORP),
])
def test_index_url_leaves_the_indexes_that_names_are_pinned_to(flags: Options, place: str) -> None:
    policy = read(DROP_IN, Options(index_url=NEW), flags=flags)
    assert places(policy, "tool") == [place]


def test_index_url_that_disagrees_with_the_declared_default_is_an_error() -> None:
    with pytest.raises(PipPinnedError) as failure:
        read(CLOSED, Options(index_url=OTHER))
    assert failure.value.code == "index-disagrees"
    assert WHERE in failure.value.message
    assert "policy.toml:1" in failure.value.context
    assert "secret" not in failure.value.render()


@pytest.mark.parametrize("url", [CORP, f"{CORP}/", "https://user:secret@corp.example/simple"])
def test_index_url_that_agrees_with_the_declared_default_changes_nothing(url: str) -> None:
    assert read(CLOSED, Options(index_url=url)) == run(CLOSED)[0]


def test_extra_indexes_stand_ahead_of_the_default_in_order() -> None:
    policy = read(CLOSED, Options(extra_index_urls=(NEW, ACME)), Options(extra_index_urls=(PYPI, NEW)))
    assert places(policy, "six") == [NEW, PYPI, CORP]
    assert places(policy, "acme-core") == [ACME]


def test_a_remote_find_links_page_is_an_index_and_a_local_one_adds_files() -> None:
    policy = read(CLOSED, Options(find_links=(PAGE, "wheels", "file:///srv/wheels")))
    assert places(policy, "six") == [PAGE, CORP]
    assert places(policy, "acme-core") == [ACME]
    assert policy.find_links == ("wheels", "file:///srv/wheels")


def test_no_index_holds_for_the_rest_of_the_run() -> None:
    policy = read(CLOSED, Options(), no_index=True)
    policy = add_requirements_line(policy, CLOSED, WHERE, Options(extra_index_urls=(NEW,)), no_index=False)
    assert (places(policy, "six"), decide(policy, "acme-core").refusal) == ([], "no-index-pinned")


def test_anonymous_indexes_take_no_name_that_is_in_use() -> None:
    policy = read(Policy(indexes=(index("new.example"),), declared=True), Options(extra_index_urls=(NEW, PAGE)))
    assert listed(policy) == ["new.example", "new.example-2", "files.example", "pypi"]


def test_a_comment_pins_a_free_name() -> None:
    policy = add_pragma(run(PINS)[0], "My_Tool", "ACME", WHERE)
    assert places(policy, "my-tool") == [ACME]
    assert WHERE in decide(policy, "my-tool").because
    assert not decide(policy, "six").pinned


@pytest.mark.parametrize("name", ["acme-core", "Acme_Core", "acme.tool"])
def test_a_comment_may_repeat_a_pin(name: str) -> None:
    assert places(add_pragma(run(PINS)[0], name, "Acme", WHERE), name) == [ACME]


def test_a_comment_may_repeat_an_exact_pin_within_a_glob() -> None:
    declared = Policy(indexes=(index("acme"), index("new")), pins=(pin("acme-*", "acme"), pin("acme-tool", "new")), declared=True)
    assert places(add_pragma(declared, "acme-tool", "new", WHERE), "acme-tool") == [NEW]
    conflict(declared, "acme-tool", "acme")


def test_a_comment_may_repeat_the_more_specific_of_two_globs() -> None:
    declared = Policy(indexes=(index("acme"), index("new")), pins=(pin("acme-*", "acme"), pin("acme-tool-*", "new")), declared=True)
    assert places(add_pragma(declared, "acme-tool-x", "new", WHERE), "acme-tool-x") == [NEW]


@pytest.mark.parametrize("name", ["acme-core", "Acme_Core", "acme.tool"])
def test_a_comment_cannot_move_a_pin(name: str) -> None:
    error = conflict(run(PINS)[0], name, "pypi")
    assert WHERE in error.message
    assert "policy.toml:9" in error.context


def test_a_comment_cannot_move_a_pin_that_another_platform_has() -> None:
    declared = PINS._replace(indexes=(*PINS.indexes, index("new")), pins=(pin("jax", "new", "sys_platform == 'win32'"),))
    conflict(declared, "jax", "acme")


def test_a_comment_cannot_take_a_name_off_a_glob_where_its_exact_pin_does_not_hold() -> None:
    declared = PINS._replace(indexes=(*PINS.indexes, index("new")), pins=(*PINS.pins, pin("acme-core", "new", "sys_platform == 'win32'")))
    conflict(declared, "acme-core", "new")


def test_a_comment_cannot_move_a_pin_of_the_command_line() -> None:
    policy, _ = run(PINS, Options(pins=("six=acme",)))
    conflict(policy, "six", "pypi")


def test_a_comment_cannot_put_on_an_index_what_is_on_none() -> None:
    declared = Policy(indexes=(index("acme"),), pins=(pin("app", None),), declared=True)
    assert "None" not in conflict(declared, "app", "acme").render()


def test_two_comments_that_disagree_are_an_error() -> None:
    policy = add_pragma(run(PINS)[0], "six", "acme", WHERE)
    assert add_pragma(policy, "Six", "acme", "constraints.txt:1") is not None
    conflict(policy, "six", "pypi")


def test_a_comment_that_names_an_unknown_index_is_an_error() -> None:
    with pytest.raises(PipPinnedError) as failure:
        add_pragma(run(PINS)[0], "six", "akme", WHERE)
    assert failure.value.code == "unknown-index"
    assert WHERE in failure.value.message
    assert "acme" in failure.value.hint
