"""Every mistake of CONTRACT 2.6: where it stands, at which key, what it is, and the fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pip_pinned.config.project import load_policy
from pip_pinned.policy.errors import PipPinnedError
from tests.config.projects import ACME, CORP, PIPFILE, UV, mistakes, read

OPEN = ACME.removesuffix("\n")
PINS = f"{ACME}\n[sources]\n"
TWO = f"{ACME}{CORP}\n[sources]\n"
case = pytest.param


@pytest.mark.parametrize(("text", "parts"), [
    case(f"{ACME}explict = true", ("pip-pinned.toml:4: index[0].explict", "unknown key", "'explicit'"), id="unknown-key-of-an-index"),
    case(f"sorces = {{}}\n{ACME}", (":1: sorces", "unknown key", "'sources'"), id="unknown-key"),
    case(f"{PINS}six = {{ index = 'acme', makrer = '' }}", (":6: sources.six.makrer", "unknown key", "'marker'"),
         id="unknown-key-of-a-pin"),
    case(f"{ACME}zzz = 1", ("index[0].zzz", "unknown key", "Known keys: name, url"), id="unknown-key-like-no-other"),
    case(f"{PINS}six = {{ index = 'acmee' }}", (":6: six", "no index 'acmee'", "Did you mean 'acme'?"), id="unknown-index"),
    case(f"{PINS}six = {{ index = 'zzz' }}", (":6: six", "no index 'zzz'", "Declared indexes: acme"), id="index-like-no-other"),
    case("[sources]\nsix = { index = 'acme' }", (":2: six", "no index 'acme'", "Declared indexes: none"), id="no-index-at-all"),
    case(f"{ACME}\n{ACME}", (":5: name", "'acme'", "pip-pinned.toml:1", "its own name"), id="duplicate-name"),
    case(f"{ACME}\n{ACME.replace('acme', 'ACME')}", (":5: name", "'ACME'", "its own name"), id="duplicate-name-in-another-case"),
    case(ACME.replace('"acme"', '""'), (":2: index[0].name", "cannot name", "Letters"), id="empty-name"),
    case(ACME.replace('"acme"', '"a b"'), (":2: index[0].name", "cannot name", "Letters"), id="bad-name"),
    case(ACME.replace('name = "acme"', ""), (":1: index[0].name", "missing", "Give a string"), id="no-name"),
    case('[[index]]\nname = "acme"', (":1: index[0].url", "missing", "Give a string"), id="no-url"),
    case(f"{ACME}default = true\n{CORP}default = true", (":5: default", "'acme' (pip-pinned.toml:1)", "Keep one"), id="two-defaults"),
    case(f"{TWO}x = [{{ index = 'acme', marker = \"os_name == 'nt'\" }}, {{ index = 'corp' }}]",
         (":9: x", "'corp'", "'acme'", "both markers hold", "exclude each other"), id="overlapping-markers"),
    case(f"{TWO}Six_x = {{ index = 'acme' }}\nsix-x = {{ index = 'corp' }}", (":10: six-x", "'corp'", "'acme'"),
         id="one-name-in-two-spellings"),
    case(f"{PINS}x = {{ index = 'acme', marker = \"os_name = 'nt'\" }}", (":6: x", "marker", "not valid", "PEP 508"),
         id="bad-marker"),
    case(f"{ACME.replace('acme', 'pr-iv')}{ACME.replace('acme', 'pr.iv')}", (":4: name", "'pr.iv'", "'pr-iv'", "PR_IV", "Rename"),
         id="one-environment-variable"),
    case(ACME.replace("pypi", "${ACME_UNSET}"), (":3: index[0].url", "ACME_UNSET is not set", "Set ACME_UNSET"), id="unset-variable"),
    case(ACME.replace("https://", ""), ("url: ", "no scheme", "https://"), id="url-without-scheme"),
    case(ACME.replace("https://", "ftp://"), ("url: ", "no scheme", "https://"), id="url-with-another-scheme"),
    case(ACME.replace("https://pypi.acme.example", "./wheels"), ("url: ", "no scheme", "file://"), id="path-for-a-url"),
    case(f"{TWO}'a*b' = {{ index = 'acme' }}\n'a*c*' = {{ index = 'corp' }}",
         (":10: a*c*", "ties with 'a*b' (pip-pinned.toml:9)", "Make one prefix longer"), id="glob-tie"),
    case(f"{TWO}'a*' = {{ index = 'acme' }}\n'a?' = {{ index = 'corp' }}", (":10: a?", "ties with 'a*'"), id="glob-tie-any"),
    case(f"{PINS}'a b' = {{ index = 'acme' }}", (":6: sources.a b", "not a project name", "Letters"), id="bad-pattern"),
    case(f"index-strategy = 'best'\n{ACME}", (":1: index-strategy", "'best'", "One of: first-index"), id="unknown-strategy"),
    case(f"{ACME}format = 'html'", (":4: index[0].format", "'html'", "simple, flat"), id="unknown-format"),
    case("dialect = 'uv'", (":1: dialect", "nothing in this project is written in 'uv'", "Leave the key out"), id="dialect-without-a-file"),
    case("dialect = 'conda'", (":1: dialect", "'conda'", "One of: uv"), id="unknown-dialect"),
    case(f"{OPEN} = ", ("pip-pinned.toml: file", "not valid TOML", "line 3", "Correct the syntax"), id="syntax"),
])
def test_a_mistake_says_where_what_and_how_to_mend_it(text: str, parts: tuple[str, ...], tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_UNSET", raising=False)
    (found,) = mistakes(tmp_path, text)
    assert found.startswith("pip-pinned.toml:")
    for part in parts:
        assert part in found


def test_a_misspelt_index_in_a_pipfile_is_a_mistake(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, f"{PIPFILE}[packages]\nx = {{version = '*', index = 'crop'}}", "Pipfile")
    assert found == "Pipfile:5: x: there is no index 'crop'. Did you mean 'corp'?"


def test_many_mistakes_are_shown_at_once(tmp_path: Path) -> None:
    text = f"a = 1\n{ACME}b = 2\n{ACME}\n[sources]\nsix = {{ index = 'x' }}\nseven = {{ index = 'y', c = 3 }}"
    with pytest.raises(PipPinnedError) as failure:
        read(tmp_path, text)
    assert "6 mistakes" in failure.value.message
    assert len(failure.value.context.splitlines()) == 6
    for where in (":1: a:", ":5: index[0].b:", ":6: name:", ":11: six:", ":12: seven:", ":12: sources.seven.c:"):
        assert where in failure.value.context


def test_one_mistake_is_counted_as_one(tmp_path: Path) -> None:
    with pytest.raises(PipPinnedError, match="one mistake"):
        read(tmp_path, "a = 1")


def test_syntax_errors_of_several_files_are_shown_at_once(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "pip-pinned.toml", "Pipfile"):
        (tmp_path / name).write_text("[", encoding="utf-8")
    with pytest.raises(PipPinnedError) as failure:
        load_policy(str(tmp_path))
    assert [line.partition(":")[0] for line in failure.value.context.splitlines()] == ["pyproject.toml", "pip-pinned.toml", "Pipfile"]


def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "pip-pinned.toml").write_bytes(b'a = "\xff\xfe"')
    with pytest.raises(PipPinnedError, match="one mistake"):
        load_policy(str(tmp_path))


def test_two_native_tables_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.pip-pinned]\nambient-indexes = true", encoding="utf-8")
    (found,) = mistakes(tmp_path, ACME)
    assert "pyproject.toml:1" in found
    assert "Keep one" in found


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\npip-pinned = 1", "[tool]\nuv = []", "[[tool]]", "[tool.uv]\nindex = 1",
                                  "[tool.uv]\nsources = 1"])
def test_a_table_that_is_none_is_a_mistake(text: str, tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, text, "pyproject.toml")
    assert "Write" in found


def test_a_tie_where_only_a_second_marker_differs_is_a_mistake(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, f"""{ACME}{CORP}
[sources]
"a*b" = [{{ index = "acme", marker = "os_name == 'nt'" }}, {{ index = "corp", marker = "os_name != 'nt'" }}]
"a*c*" = {{ index = "acme" }}
""")
    assert "ties with 'a*b'" in found


def test_globs_to_one_index_do_not_tie_however_it_is_spelt(tmp_path: Path) -> None:
    policy = read(tmp_path, f"{ACME}[sources]\n'a*' = {{ index = 'acme' }}\n'a?' = {{ index = 'ACME' }}")
    assert len(policy.pins) == 2


def test_pins_of_one_name_to_one_index_may_overlap(tmp_path: Path) -> None:
    policy = read(tmp_path, f"{ACME}[sources]\nx = [{{ index = 'acme' }}, {{ index = 'ACME', marker = \"os_name == 'nt'\" }}]")
    assert len(policy.pins) == 2


@pytest.mark.parametrize(("name", "text"), [
    case("pip-pinned.toml", ACME.replace("pypi.acme.example", "[::1"), id="half-an-address"),
    case("pip-pinned.toml", ACME.replace("pypi.acme.example", "pypi.acme.example:port"), id="port"),
    case("pip-pinned.toml", f"{ACME}[sources]\nx = {{ index = 'acme', marker = \"'a' in extras\" }}", id="marker-of-lock-files"),
    case("pip-pinned.toml", f"{ACME}[sources]\nx = {{ index = 'acme', marker = \"'a' == 'b'\" }}", id="marker-without-variable"),
    case("pip-pinned.toml", f"x = {'[' * 20_000}", id="depth"),
    case("pyproject.toml", f"{UV}[tool.uv.sources]\nx = [{{ index = ['acme'], extra = 'a' }}]", id="unhashable-index"),
    case("pyproject.toml", '[tool.uv]\nindex-url = "wheels\\u0000"', id="null-character"),
])
def test_what_nobody_would_write_is_a_mistake_too(name: str, text: str, tmp_path: Path) -> None:
    assert mistakes(tmp_path, text, name)


def test_no_mistake_shows_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "hidden")
    for url in ("user:${ACME_TOKEN}@pypi.acme.example/simple", "//${ACME_TOKEN}@pypi.acme.example", "${ACME_TOKEN}.acme.example/simple",
                "ftp://${ACME_TOKEN}:x@pypi.acme.example/simple"):
        (found,) = mistakes(tmp_path, f'[[index]]\nname = "acme"\nurl = {json.dumps(url)}')
        assert "hidden" not in found, url


@pytest.mark.parametrize("pattern", ["/elsewhere/*", ""])
@pytest.mark.parametrize("key", ["members", "exclude"])
def test_a_workspace_is_below_its_project(key: str, pattern: str, tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, f'[tool.uv.workspace]\n{key} = ["{pattern}"]\n{UV}', "pyproject.toml")
    assert f"tool.uv.workspace.{key}" in found and "no glob below the project" in found
