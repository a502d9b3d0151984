"""Which project, and which of its dialects, governs (CONTRACT 2.1, 2.4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pip_pinned.cli import take_project
from pip_pinned.config.project import FILES, find_root, load_policy
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy
from tests.config.projects import ACME, PIPFILE, UV, read


@pytest.fixture(autouse=True)
def _no_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_PINNED_PROJECT", raising=False)


@pytest.mark.parametrize("name", FILES)
def test_the_nearest_directory_upwards_is_the_root(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "a" / "b" / "c"
    below.mkdir(parents=True)
    for root in (tmp_path, tmp_path / "a", below):
        (root / name).write_text("", encoding="utf-8")
        for here in (below, root):
            monkeypatch.chdir(here)
            found = find_root(None)
            assert found is not None
            assert found.resolve() == root.resolve()


def test_any_of_the_files_makes_a_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "pip-pinned.toml").write_text(ACME, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "inner")
    assert load_policy(None).declared
    (tmp_path / "inner" / "pyproject.toml").write_text("", encoding="utf-8")
    with pytest.raises(PipPinnedError, match="policy-passed-over"):
        load_policy(None)
    (tmp_path / "inner" / "pyproject.toml").write_text("[tool.pip-pinned]", encoding="utf-8")
    assert not load_policy(None).declared


def test_a_directory_named_like_a_file_makes_no_root(tmp_path: Path) -> None:
    (tmp_path / "Pipfile").mkdir()
    with pytest.raises(PipPinnedError, match="no-project"):
        find_root(str(tmp_path))


def test_without_a_project_nothing_is_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path.anchor)
    assert find_root(None) is None
    assert load_policy(None) == Policy()


def test_a_given_project_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pip-pinned.toml").write_text(ACME.replace("acme", name), encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    for given in ("../there", str(tmp_path / "there")):
        assert [index.name for index in load_policy(given).indexes] == ["there"]


@pytest.mark.parametrize("below", ["", "missing", "empty", "empty/deeper"])
def test_a_given_directory_that_holds_no_project_is_an_error(below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    (tmp_path / "pip-pinned.toml").write_text(ACME, encoding="utf-8")
    with pytest.raises(PipPinnedError) as failure:
        load_policy(below and str(tmp_path / below))
    assert failure.value.code == "no-project"
    assert "--project" in failure.value.hint


def test_an_empty_project_is_not_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip-pinned.toml").write_text(ACME, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PipPinnedError, match="no-project"):
        load_policy("")


@pytest.mark.parametrize(("args", "project", "rest"), [
    (["install", "six"], None, ["install", "six"]),
    (["--project", "a", "install", "six"], "a", ["install", "six"]),
    (["install", "--project", "a", "six"], "a", ["install", "six"]),
    (["install", "--project=a", "six"], "a", ["install", "six"]),
    (["install", "--project=a=b", "six"], "a=b", ["install", "six"]),
    (["--project=a", "install", "--project", "b"], "b", ["install"]),
    (["install", "--", "--project", "a"], None, ["install", "--", "--project", "a"]),
    (["install", "--project"], "", ["install"]),
    (["install", "--project="], "", ["install"]),
    (["--projects", "a"], None, ["--projects", "a"]),
    ([], None, []),
])
def test_the_project_is_taken_out_of_the_arguments(args: list[str], project: str | None, rest: list[str]) -> None:
    assert take_project(args) == (project, rest)


def test_the_command_line_names_the_project_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_PINNED_PROJECT", "env")
    assert take_project(["install"]) == ("env", ["install"])
    assert take_project(["--project", "flag", "install"]) == ("flag", ["install"])
    assert take_project(["install", "--project="]) == ("", ["install"])
    monkeypatch.setenv("PIP_PINNED_PROJECT", "")
    assert take_project(["install"]) == (None, ["install"])


def test_several_foreign_dialects_are_an_error_that_names_the_choice(tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text(PIPFILE, encoding="utf-8")
    with pytest.raises(PipPinnedError) as failure:
        read(tmp_path, f"{UV}[[tool.poetry.source]]\nname = 'x'\nurl = 'https://x.example'", "pyproject.toml")
    assert failure.value.code == "several-dialects"
    assert [line.split(":")[0] + line[line.rindex(":"):] for line in failure.value.context.splitlines()] == [
        "pyproject.toml: uv", "pyproject.toml: poetry", "Pipfile: pipfile"]
    assert '[tool.pip-pinned]\ndialect = "uv"' in failure.value.hint
    assert '"pipfile"' in failure.value.hint


@pytest.mark.parametrize(("dialect", "expected"), [("uv", "acme"), ("pipfile", "corp")])
def test_a_dialect_can_be_chosen(dialect: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text(PIPFILE, encoding="utf-8")
    policy = read(tmp_path, f"[tool.pip-pinned]\ndialect = '{dialect}'\n{UV}", "pyproject.toml")
    assert [index.name for index in policy.indexes] == [expected]


def test_a_native_table_governs_whatever_else_there_is(tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text(PIPFILE, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(UV, encoding="utf-8")
    assert [index.url for index in read(tmp_path, ACME).indexes] == ["https://pypi.acme.example/simple"]


def test_a_tool_that_says_nothing_about_indexes_is_no_dialect(tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text(PIPFILE, encoding="utf-8")
    policy = read(tmp_path, "[tool.uv]\npackage = true\n[tool.poetry]\nname = 'x'\n[tool.pip-pinned]", "pyproject.toml")
    assert [index.name for index in policy.indexes] == ["corp"]
