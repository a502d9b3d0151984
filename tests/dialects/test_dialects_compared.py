"""pip-pinned picks the index that the tool itself picks, for every name that a project pins; the exceptions are recorded (CONTRACT 2.4, 2.5)."""

from __future__ import annotations

import os

import pytest

from tests.dialects import cases, compare


@pytest.mark.parametrize("name", compare.TOOLS)
def test_every_case_is_as_recorded(name: str) -> None:
    tool = compare.TOOLS[name]
    if "PIP_PINNED_DIALECT_TOOLS" not in os.environ:
        pytest.skip("tox -e dialects has all four tools")
    assert tool.command() is not None, f"{name} is not installed"
    with compare.world() as here:
        wrong = [f"{outcome.case.title}: {outcome.rows}\n{outcome.said}" for outcome in compare.compare(tool, here) if not outcome.ok]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("name", compare.TOOLS)
def test_thirty_pins_are_taken_from_the_same_index(name: str) -> None:
    assert sum(compare.is_direct(case) for case in cases.CASES[name]) >= 30


def test_the_cases_say_what_they_are_about() -> None:
    for name, listed in cases.CASES.items():
        assert len({case.title for case in listed}) == len(listed), name
        for case in listed:
            assert bool(case.differs) == bool(case.reason) and case.kind in ("", *cases.KINDS), case.title


def test_the_readme_is_what_is_recorded() -> None:
    text = compare.README.read_text(encoding="utf-8")
    assert set(compare.versions_in(text)) == set(compare.TOOLS)
    assert compare.document(compare.versions_in(text)) == text
