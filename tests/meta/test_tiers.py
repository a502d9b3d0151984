"""Every scenario on disk runs in some tier, and the contributors' tables say which (docs/CONTRIBUTING.md)."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import pips, tiers
from tests.dialects import cases

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def _table(heading: str) -> list[list[str]]:
    """The rows of the table whose header begins like this, as cells."""
    lines = PAGE[PAGE.index(f"| {heading} |") :].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _commands(environment: str) -> str:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    return tox[f"testenv:{environment}"]["commands"]


_LIST = """
import json, sys, pytest
from tests import tiers

class Tiers:
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        found = {tier: [test.nodeid for test in tiers.selected(tier, items)] for tier in tiers.TIERS}
        with open(sys.argv[1], "w") as file:
            json.dump(found, file)

sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"], [Tiers()]))
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What pytest would run in each tier, by asking it."""
    path = tmp_path_factory.mktemp("tiers") / "tiers.json"
    done = subprocess.run(
        [sys.executable, "-c", _LIST, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


_SCENARIOS = {
    "attacks/scenarios": r"::test_attack\[(.+)-[\d.]+\]",
    "policy/cases": r"test_decision\.py::test_case\[(.+)\]",
    "config/assets": r"test_readers\.py::test_\w+\[(.+)\]",
    "assets/corpus": r"::test_a_case_gives_exactly_its_findings\[(.+)\]",
}


def test_every_scenario_and_every_test_module_on_disk_runs_in_every_tier(
    collected: dict[str, list[str]],
) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    for tier in tiers.TIERS:
        tests = collected[tier]
        assert {line.partition("::")[0] for line in tests} == modules, tier
        for directory, test in _SCENARIOS.items():
            on_disk = {
                path.stem for path in (ROOT / "tests" / directory).iterdir() if path.suffix != ".md"
            }
            assert {
                match[1] for line in tests if (match := re.search(test, line))
            } == on_disk, (tier, directory)
    assert not list(
        (ROOT / "tests").rglob("*_test.py")
    )  # pytest would take them, and nobody else here
    assert not [
        path
        for path in (ROOT / "tests" / "attacks" / "scenarios").iterdir()
        if path.suffix != ".toml"
    ]


def test_every_pip_meets_the_main_job_in_the_first_tier(collected: dict[str, list[str]]) -> None:
    def versions(test: str) -> list[str]:
        found = [
            match[1]
            for line in collected[tiers.FIRST]
            if f"::{test}[" in line and (match := re.search(r"([\d.]+)\]$", line))
        ]
        return sorted(set(found), key=pips.as_numbers)

    for test in (
        "test_attack",
        "test_undo_restores_the_very_objects",
        "test_a_pinned_package_asked_for_by_name",
        "test_a_pinned_package_that_an_unpinned_one_requires",
        "test_a_pinned_build_requirement",
        "test_a_pinned_package_for_another_interpreter",
    ):
        assert versions(test) == pips.between(), test


def test_every_dialect_case_is_of_a_dialect_that_is_compared() -> None:
    from tests.dialects import compare

    assert set(cases.CASES) == set(compare.TOOLS)
    assert "tests/dialects" in _commands("dialects")


@pytest.mark.parametrize("known", [["23.0.1"], ["26.2.1", "26.3"], list(pips.SUPPORTED)])
def test_a_scenario_keeps_its_oldest_and_its_newest_pip(known: list[str]) -> None:
    seen: set[str] = set()
    for number in range(200):
        kept = tiers.chosen(tiers.FIRST, f"scenario {number}", reversed(known))
        assert {known[0], known[-1]} <= kept and len(kept) == min(3, len(known))
        seen |= kept
    assert seen == set(known)
    rows = [tiers.chosen(tiers.FIRST, f"row {number}", known, is_row=True) for number in range(400)]
    assert all(len(row) == 1 for row in rows) and set().union(*rows) == set(known)
    assert sum({known[-1]} == row for row in rows) >= 150
    assert tiers.chosen(tiers.EVERY_PIP, "any", known) == set(known) and tiers.chosen(
        tiers.CI, "any", known
    ) == {known[-1]}


def test_the_table_of_tiers_is_what_the_tools_do() -> None:
    listed = {row[0].strip("`"): row[1].strip("`") for row in _table("tier")[2:]}
    assert listed == {tiers.FIRST: "tox", tiers.CI: ".ci/run", tiers.EVERY_PIP: "tox -e every-pip"}
    assert (
        f"--tier {tiers.FIRST} " in _commands("first")
        and "tests" not in _commands("first").partition("pytest")[2]
    )
    assert (
        f"--tier {tiers.EVERY_PIP} " in _commands("every-pip")
        and "tests" not in _commands("every-pip").partition("pytest")[2]
    )
    for word in ("py310", "py312", "py313", "dialects"):
        assert re.search(rf"tox -e \S*\b{word}\b", CI), word


def test_the_table_of_tests_names_every_directory_and_what_ci_adds() -> None:
    rows = {
        match[1]: row
        for row in _table("tests")[2:]
        if (match := re.match(r"`tests/(\w+)`", row[0]))
    }
    assert set(rows) == {
        path.parent.relative_to(ROOT / "tests").parts[0]
        for path in (ROOT / "tests").rglob("test_*.py")
    }
    on_other_pythons = set(re.findall(r"tests/(\w+)", _commands("py3{10,11,12,13}")))
    assert on_other_pythons == {name for name, row in rows.items() if "Python 3.10" in row[2]}
    assert "tox -e dialects" in rows["dialects"][2]
