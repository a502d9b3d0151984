"""``--index``, ``--default-index``, ``--index-strategy`` and ``--pin`` (CONTRACT 2.9), also from PIP_* and pip.conf."""

from __future__ import annotations

import pytest

from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge.sources import Options
from pip_pinned.policy.model import Policy, Strategy
from tests.policy.building import PYPI, index, pin
from tests.policy.layers import ACME, CLOSED, DROP_IN, NEW, OTHER, PINS, decide, listed, places, refusal, run


def test_a_named_index_is_asked_first() -> None:
    policy, notices = run(PINS, Options(indexes=(f"new={NEW}", f"other={OTHER}")))
    assert listed(policy) == ["new", "other", "acme", "pypi"]
    assert (places(policy, "acme-core"), places(policy, "six")[0], notices) == ([ACME], NEW, ())


def test_an_index_without_a_name_is_an_error_that_offers_both_readings() -> None:
    error = refusal("index-without-name", PINS, Options(indexes=(OTHER,)))
    assert "--index NAME=https://user:****@other.example/simple" in error.hint
    assert "--index-url https://user:****@other.example/simple" in error.hint


def test_an_equals_sign_in_a_url_does_not_name_it() -> None:
    refusal("index-without-name", PINS, Options(indexes=(f"{NEW}?a=b",)))


@pytest.mark.parametrize("value", [NEW, OTHER, f"{NEW}?a=b"])
def test_pip_conf_may_hold_the_index_of_pip_search(value: str) -> None:
    assert run(PINS, ambient=Options(indexes=(value,))) == run(PINS)


def test_a_declared_index_may_be_named_again_with_its_url() -> None:
    assert run(PINS, Options(indexes=("ACME=https://user:secret@acme.example/simple/",))) == run(PINS)


def test_a_declared_index_cannot_be_moved() -> None:
    error = refusal("index-redefined", PINS, Options(indexes=(f"Acme={OTHER}",)))
    assert "policy.toml:1" in error.context
    refusal("index-redefined", PINS, ambient=Options(indexes=(f"acme={NEW}",)))


@pytest.mark.parametrize("url", ["new.example/simple", "./wheels", "", "ftp://new.example"])
def test_a_named_index_needs_a_whole_url(url: str) -> None:
    refusal("bad-url", PINS, Options(indexes=(f"new={url}",)))
    refusal("bad-url", PINS, Options(default_index=f"new={url}"))


@pytest.mark.parametrize(("flags", "ambient"), [
    (Options(indexes=(f"new={NEW}", f"NEW={OTHER}")), Options()),
    (Options(indexes=(f"new={NEW}",)), Options(indexes=(f"new={OTHER}",))),
])
def test_one_name_cannot_be_given_to_two_urls(flags: Options, ambient: Options) -> None:
    refusal("index-redefined", DROP_IN, flags, ambient)


def test_an_index_named_twice_alike_is_one_index() -> None:
    policy, _ = run(DROP_IN, Options(indexes=(f"new={NEW}",)), Options(indexes=(f"new={NEW}/",)))
    assert listed(policy) == ["new", "pypi"]


def test_a_declared_policy_ignores_named_indexes_from_the_environment() -> None:
    policy, notices = run(PINS, ambient=Options(indexes=(f"new={OTHER}",)))
    assert listed(policy) == ["acme", "pypi"]
    assert len(notices) == 1
    assert "other.example" in notices[0]


@pytest.mark.parametrize("value", [NEW, f"new={NEW}"])
def test_the_default_index_can_be_given_on_the_command_line(value: str) -> None:
    policy, notices = run(PINS, Options(default_index=value))
    assert places(policy, "six") == [NEW]
    assert places(policy, "acme-core") == [ACME]
    assert (policy.index_named("new") is not None, notices) == ("=" in value, ())


def test_a_default_index_replaces_the_declared_one_for_the_run() -> None:
    policy, notices = run(CLOSED, Options(default_index=f"new={OTHER}"))
    assert places(policy, "six") == ["https://other.example/simple"]
    assert len(notices) == 1
    assert "corp (policy.toml:1)" in notices[0]


def test_pins_to_the_replaced_default_index_stay() -> None:
    declared = Policy(indexes=(index("corp", default=True),), pins=(pin("tool", "corp"),), declared=True)
    policy, _ = run(declared, Options(default_index=NEW))
    assert places(policy, "tool") == ["https://corp.example/simple"]
    assert places(policy, "six") == [NEW]


def test_the_declared_default_index_may_be_repeated() -> None:
    policy, notices = run(CLOSED, Options(default_index="corp=https://user:secret@corp.example/simple/"))
    assert (policy, notices) == run(CLOSED)


def test_a_default_index_cannot_move_a_declared_one() -> None:
    refusal("index-redefined", PINS, Options(default_index=f"acme={NEW}"))


def test_the_default_index_may_come_from_the_environment() -> None:
    policy, notices = run(PINS, ambient=Options(default_index=f"new={NEW}"))
    assert (places(policy, "six"), notices) == ([NEW], ())
    policy, notices = run(CLOSED, ambient=Options(default_index=f"new={OTHER}"))
    assert places(policy, "six") == ["https://corp.example/simple"]
    assert len(notices) == 1


@pytest.mark.parametrize("strategy", Strategy)
def test_a_strategy_can_be_given(strategy: Strategy) -> None:
    assert run(PINS, Options(strategy=strategy.value))[0].strategy is strategy


def test_the_command_line_names_the_strategy_before_the_environment() -> None:
    policy, _ = run(PINS, Options(strategy="unique-index"), Options(strategy="pinned-only"))
    assert policy.strategy is Strategy.UNIQUE_INDEX


@pytest.mark.parametrize("value", ["first_index", "best-match", "FIRST-INDEX"])
def test_an_unknown_strategy_is_an_error_that_lists_them_all(value: str) -> None:
    error = refusal("unknown-strategy", PINS, Options(strategy=value))
    assert all(strategy.value in error.hint for strategy in Strategy)


def test_a_pin_can_be_added() -> None:
    policy, notices = run(PINS, Options(pins=("My_Tool=ACME", "lib-* = acme")))
    assert places(policy, "my-tool") == places(policy, "lib-x") == [ACME]
    assert notices == ()


def test_a_pin_may_name_an_index_of_the_command_line() -> None:
    policy, _ = run(DROP_IN, Options(indexes=(f"new={NEW}",), pins=("tool=new",)))
    assert places(policy, "tool") == [NEW]
    assert decide(policy, "tool").pinned


@pytest.mark.parametrize("value", ["acme-core=pypi", "Acme.Core=pypi", "acme-*=pypi", "acme-core-*=pypi", "acme-c?re=pypi"])
def test_a_pin_on_the_command_line_replaces_another_one_loudly(value: str) -> None:
    policy, notices = run(PINS, Options(pins=(value,)))
    assert places(policy, "acme-core-x" if "core-" in value else "acme-core") == [PYPI]
    assert len(notices) == 1
    assert "policy.toml:9" in notices[0]


def test_replacing_one_pin_leaves_the_others() -> None:
    policy, _ = run(PINS, Options(pins=("acme-core=pypi",)))
    assert places(policy, "acme-tool") == [ACME]


def test_an_exact_pin_stands_against_a_glob_of_the_command_line() -> None:
    declared = Policy(indexes=(index("acme"), index("new")), pins=(pin("acme-core", "acme"),), declared=True)
    policy, _ = run(declared, Options(pins=("acme-*=new",)))
    assert (places(policy, "acme-core"), places(policy, "acme-x")) == ([ACME], [NEW])


@pytest.mark.parametrize("value", ["acme-core=pypi", "ACME_core=pypi", "acme-*=pypi", "acme-core*=pypi", "acme-c?re=pypi", "acme-?*=pypi"])
def test_a_pin_from_the_environment_cannot_move_one(value: str) -> None:
    error = refusal("pin-conflict", PINS, ambient=Options(pins=(value,)))
    assert "policy.toml:9" in error.context


def test_a_pin_from_the_environment_may_pin_a_free_name_or_repeat_a_pin() -> None:
    policy, notices = run(PINS, ambient=Options(pins=("six=acme", "acme-core=Acme", "acm*=pypi")))
    assert places(policy, "six") == places(policy, "acme-core") == [ACME]
    assert notices == ()


def test_a_pin_to_an_unknown_index_is_an_error_that_lists_the_known_ones() -> None:
    error = refusal("unknown-index", PINS, Options(pins=("six=akme",)))
    assert "acme" in error.hint
    refusal("unknown-index", PINS, ambient=Options(pins=("six=akme",)))


@pytest.mark.parametrize("value", ["six", "=acme", "six acme", "si x=acme", "six[extra]=acme", "-*=acme"])
def test_a_pin_has_to_be_package_equals_index(value: str) -> None:
    refusal("bad-pin", PINS, Options(pins=(value,)))


def test_a_name_that_is_on_no_index_can_be_pinned_for_a_run() -> None:
    declared = Policy(indexes=(index("acme"),), pins=(pin("app", None),), declared=True)
    policy, notices = run(declared, Options(pins=("app=acme",)))
    assert places(policy, "app") == [ACME]
    assert len(notices) == 1
    assert "None" not in notices[0]


@pytest.mark.parametrize("value", ["http://u:s3cret/x@h/", "http://u:x#s3cret@h/", "http://a:s3cret@[::1/", "http://u:[s3cret]@h/", "u:s3cret@h/simple", "http:u:s3cret@h/"])
@pytest.mark.parametrize("option", ["index_url", "default_index", "extra_index_urls", "find_links", "indexes"])
def test_what_is_no_url_is_an_error_that_shows_no_secret(option: str, value: str) -> None:
    for given in (f"name={value}", value) if option in ("indexes", "default_index") else (value,):
        with pytest.raises(PipPinnedError) as failure:
            run(DROP_IN, flags=Options(**{option: (given,) if option in ("extra_index_urls", "find_links", "indexes") else given}))  # type: ignore[arg-type]
        assert "s3cret" not in failure.value.render()
