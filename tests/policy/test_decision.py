"""``decide``: every case file, and what holds for every policy."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker, default_environment

from pip_pinned.policy import names
from pip_pinned.policy.decision import Decider
from pip_pinned.policy.model import Decision, Policy, Strategy
from tests.policy.building import INDEX_NAMES, NAMES, PATTERNS, index, pin, policies, policy_of

CASES = sorted(Path(__file__).parent.glob("cases/*.json"))


def holds(marker: str) -> bool:
    """Random policies have only markers named after what they do."""
    return marker == "holds"


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in CASES])
def test_case(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    environment = {**{key: str(value) for key, value in default_environment().items()}, **case.get("environment", {})}
    policy = policy_of(case["policy"])
    inherited = {name: one for name, where in case.get("inherited", {}).items() if (one := policy.index_named(where)) is not None}
    decider = Decider(policy, lambda marker: Marker(marker).evaluate(environment))
    for name, expected in case["asked"].items():
        decision = decider.decide(name, inherited)
        found = {
            "indexes": [one.name for one in decision.indexes],
            "refusal": decision.refusal,
            "strategy": decision.strategy and decision.strategy.value,
            "first": decision.first and decision.first.name,
            "not_considered": [other for other, _ in decision.not_considered],
        }
        wanted = {"refusal": None, "strategy": None, "first": None, "not_considered": found["not_considered"], **expected}
        assert found == wanted, f"{case['name']}: {name}"
        assert decision.pinned is (wanted["strategy"] is None)
        assert decision.name == names.normalize(name)


def test_a_decision_says_where_its_pin_was_written() -> None:
    policy = Policy(indexes=(index("acme"),), pins=(pin("acme-*", "acme", "holds"), pin("six", "acme"), pin("app", None)))
    decider = Decider(policy, holds)
    assert decider.decide("acme-core").because == "glob 'acme-*' where holds at policy.toml:9"
    assert decider.decide("six").because == "pin at policy.toml:9"
    assert "policy.toml:9" in decider.decide("app").because
    assert decider.decide("unpinned").because == "no pin; index-strategy first-index"


def test_every_index_left_out_has_its_reason() -> None:
    policy = Policy(indexes=(index("acme", explicit=True), index("corp"), index("public", default=True)), pins=(pin("core", "acme"),),
                    strategy=Strategy.DEFAULT_INDEX)
    decider = Decider(policy, holds)
    assert dict(decider.decide("core").not_considered) == {"corp": "core is pinned to acme", "public": "core is pinned to acme"}
    assert dict(decider.decide("six").not_considered) == {
        "acme": "explicit: only for packages pinned to it", "corp": "index-strategy default-index"}


def test_pinned_only_refuses_an_inherited_name_that_no_index_is_left_for() -> None:
    acme = index("acme", inherit=True)
    decider = Decider(Policy(indexes=(acme,), strategy=Strategy.PINNED_ONLY, no_index=True), holds)
    assert decider.decide("triton", {"triton": acme}).refusal == "name-not-pinned"


def _matches(pattern: str, name: str) -> bool:
    return names.glob_regex(pattern).fullmatch(name) is not None if names.is_glob(pattern) else pattern == name


def _decide(policy: Policy, name: str) -> Decision:
    return Decider(policy, holds).decide(name)


@given(policies(), NAMES, PATTERNS, st.integers(0, 6))
def test_an_unrelated_pin_changes_nobody_elses_decision(policy: Policy, name: str, pattern: str, at: int) -> None:
    unrelated = f"z{pattern}" if _matches(pattern, name) else pattern
    pins = [*policy.pins[:at], pin(unrelated, policy.indexes[0].name if policy.indexes else None), *policy.pins[at:]]
    assert _decide(policy._replace(pins=tuple(pins)), name) == _decide(policy, name)


@given(policies(), NAMES, st.randoms(use_true_random=False))
def test_spelling_variants_decide_alike(policy: Policy, name: str, chance: random.Random) -> None:
    letters = [chance.choice(("-", "_", ".", "-_.")) if c == "-" else chance.choice((c, c.upper())) for c in name]
    assert _decide(policy, "".join(letters)) == _decide(policy, name)


@given(policies(), NAMES, st.sampled_from(Strategy), st.randoms(use_true_random=False), st.sampled_from(INDEX_NAMES))
def test_a_pinned_names_place_depends_on_its_pin_alone(policy: Policy, name: str, strategy: Strategy, chance: random.Random,
                                                       gone: str) -> None:
    target = chance.choice((None, *(one.name for one in policy.indexes)))
    pins = [*(one for one in policy.pins if one.pattern != name), pin(name, target)]
    decision = _decide(policy._replace(pins=tuple(pins)), name)
    others = [one for one in policy.indexes if one in decision.indexes or one.name != gone] + [index("new"), index("newer", default=True)]
    left = {None, *(one.name for one in others)}
    chance.shuffle(others)
    chance.shuffle(pins)
    changed = _decide(policy._replace(indexes=tuple(others), pins=tuple(one for one in pins if one.index_name in left), strategy=strategy,
                              find_links=("elsewhere",)), name)
    assert (changed.indexes, changed.refusal, changed.because) == (decision.indexes, decision.refusal, decision.because)


@given(policies(), NAMES)
def test_a_decision_names_every_index_once(policy: Policy, name: str) -> None:
    decision = _decide(policy, name)
    listed = [one.name for one in decision.indexes] + [other for other, _ in decision.not_considered]
    assert sorted(listed) == sorted(one.name for one in policy.indexes)


@given(policies(), NAMES)
def test_an_explicit_index_is_asked_for_pinned_names_only(policy: Policy, name: str) -> None:
    decision = _decide(policy, name)
    assert len(decision.indexes) <= 1 if decision.pinned else not any(one.explicit for one in decision.indexes)
