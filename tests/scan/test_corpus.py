"""Every case of the corpus gives exactly the findings that stand beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pip_pinned.commands import audit
from tests.running import Machine
from tests.scan.corpus import CASES, CORPUS, Case, Expectation

_BY_NAME = {case.path.name: case for case in CASES}
_WITH_THE_COMMAND = ("github-workflow", "unreadable-toml", "pipfile-and-lock", "nothing-default-index-of-the-policy", "secrets-in-every-form")


def _found(report: str) -> list[Expectation]:
    return sorted(Expectation(one["code"], one["severity"], f"{one['file']}:{one['line']}", one["about"]) for one in json.loads(report)["findings"])


def _differences(found: list[Expectation], expected: list[Expectation]) -> str:
    return "\n".join([*(f"not expected: {one}" for one in found if one not in expected), *(f"missing: {one}" for one in expected if one not in found)])


@pytest.mark.parametrize("name", _BY_NAME)
def test_a_case_gives_exactly_its_findings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The command's own function, in this process: the policy of a case is read as well."""
    case = _BY_NAME[name]
    case.copy(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert audit.main(["--format", "json", "--fail-on", "never"], None) == 0
    found = _found(capsys.readouterr().out)
    assert found == case.expected, _differences(found, case.expected)


@pytest.mark.parametrize("name", [name for name in _BY_NAME if name.partition("-")[2] in _WITH_THE_COMMAND])
def test_the_command_says_the_same(name: str, machine: Machine) -> None:
    case: Case = _BY_NAME[name]
    case.copy(machine.project)
    done = machine.pinned("audit", "--format", "json", "--fail-on", "never")
    assert done.code == 0 and not done.err, done.text
    found = _found(done.out)
    assert found == case.expected, _differences(found, case.expected)


def test_the_corpus_is_large_and_has_cases_without_findings() -> None:
    assert len(CASES) >= 45 and sum(not case.expected for case in CASES) >= 8 and len([file for case in CASES for file in case.files]) >= 60
    assert all(case.expected for case in CASES if "-nothing-" not in case.path.name)
    assert not [path for path in CORPUS.iterdir() if not path.is_dir()]
