"""A command in a fork of a server says what it says in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import interpreters, pips
from tests.running import Machine

COMMANDS = (
    ("pip", "cache", "dir"),
    ("pip", "config", "debug"),
    ("pip_pinned", "cache", "dir"),
    ("pip_pinned", "install", "--dry-run", "--no-index", "--find-links", ".", "nothing"),
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("kind", ["", interpreters.WARM])
@pytest.mark.pips(rows=True)
def test_a_fork_and_an_interpreter_say_the_same(
    command: tuple[str, ...],
    kind: str,
    pip_version: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine(tmp_path, pips.pip_of(pip_version))
    environment = {**machine.environment, "PYTHONPATH": machine.path, "COLUMNS": "100"}
    module, *args = command
    fresh = subprocess.run(
        [machine.python, "-m", module, *args],
        cwd=machine.project,
        env=environment,
        capture_output=True,
        text=True,
    )
    server = interpreters.ForkServer(machine.python, environment, kind)
    try:
        forked = server.run(module, tuple(args), machine.project, environment)
    finally:
        server.close()
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        fresh.returncode,
        fresh.stdout,
        fresh.stderr,
    )
