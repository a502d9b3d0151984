"""The README cannot rot: its console blocks are executed, its tables name what exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import pips
from tests.interpreters import SRC
from tests.running import clean_environment

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def _commands(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with the output that is shown for it."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def _matches(shown: str, printed: str) -> bool:
    """``...`` stands for anything, also for several lines."""
    pattern = re.escape(re.sub(" +", " ", shown.strip())).replace(r"\.\.\.", ".*").replace(r"\ ", r"\s+")
    printed = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def test_ci_runs_the_set_up_commands() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    sed = re.search(r"< <\((sed .*)\)$", script, re.MULTILINE)
    assert sed is not None
    found = subprocess.run(["bash", "-c", sed[1]], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    demo, test = found.splitlines()
    assert [demo, test] == [command for command, _ in _commands(_BLOCKS[0])]
    assert demo.endswith("pip-pinned demo") and test.endswith("tox")


def test_the_other_console_blocks(tmp_path: Path) -> None:
    toml = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert toml is not None
    (tmp_path / "pyproject.toml").write_text(toml.group(1))
    script = tmp_path / "bin" / "pip-pinned"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m pip_pinned "$@"\n')
    script.chmod(0o755)
    environment = clean_environment(tmp_path / "home")
    environment.update(PATH=f"{script.parent}{os.pathsep}{environment['PATH']}", PYTHONPATH=f"{pips.pip_of(pips.NEWEST)}{os.pathsep}{SRC}", COLUMNS="200")
    ran = 0
    for block in _BLOCKS[1:]:
        for command, shown in _commands(block):
            done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert _matches(shown, done.stdout + done.stderr), f"$ {command}\n{done.stdout}{done.stderr}"
            assert done.returncode == (1 if "error:" in shown else 0)
            ran += 1
    assert ran >= 3


def test_the_readme_lists_exactly_the_error_codes_that_exist() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in SRC.rglob("*.py"))
    raised = set(re.findall(r'PipPinnedError\(\s*"([a-z-]+)"', source)) | set(re.findall(r'refusal\s*=\s*"([a-z-]+)"', source))
    raised |= set(re.findall(r'= "(index-[a-z-]+)"', source)) & {"index-auth-failed", "index-unavailable"}
    raised |= {"unsupported-python"}  # said by the launcher, which has no package yet
    table = README.partition("## Exit codes")[2].partition("## Security model")[0]
    listed = {code for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for code in re.findall(r"`([a-z-]+)`", row)}
    assert listed == raised


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200


@pytest.mark.parametrize("path", [p for p in ROOT.rglob("*") if p.is_file() and p.suffix in (".py", ".md", ".toml", ".ini", ".json", ".svg", ".txt")
                                  and not {".tox", ".venv", ".git", ".mypy_cache"} & set(p.parts)], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_names_the_host_of_a_registry(path: Path) -> None:
    hosts = ("python" + "hosted.", "registry." + "npmjs", "deb." + "debian.", "//py" + "pi.o")
    text = path.read_text(encoding="utf-8")
    assert not [host for host in hosts if host in text]
