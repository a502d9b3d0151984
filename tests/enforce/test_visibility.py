"""A secret is sent to its index and written nowhere; where none is found, pip's own prompt asks for one."""

from __future__ import annotations

import base64
import os
import pty
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import POLICY
from tests.interpreters import SRC
from tests.running import Machine
from tests.servers.index import Answer, IndexServer
from tests.servers.projects import sdist

SECRET = "s3cret-of-acme"
_WATCH = '''
import glob
commands = []
for place in glob.glob("/proc/[0-9]*/"):
    try:
        if {home!r} in open(place + "environ", "rb").read().decode("latin-1"):
            commands.append(open(place + "cmdline", "rb").read().decode("latin-1"))
    except OSError:
        pass
with open({log!r}, "w") as log:
    log.write("\\n".join(commands))
'''


def _written(machine: Machine) -> Iterator[tuple[str, str]]:
    """Every file below the machine's directory that a run has written, but for those that hold the secret by the user's will."""
    for path in machine.directory.rglob("*"):
        if path.is_file() and path.name not in (".netrc", "pip-pinned.toml"):
            yield str(path), path.read_bytes().decode("latin-1")


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("source", ["url", "environment", "netrc"])
@pytest.mark.parametrize("ends", ["well", "refused", "down", "broken"])
def test_a_secret_is_written_nowhere(ends: str, source: str, machine: Machine, private: IndexServer, public: IndexServer) -> None:
    """Output, log, report, decision log, caches, temporary files, command lines of every process while a build runs."""
    private.credentials = ("robot", SECRET)
    log = machine.directory / "watch.log"
    watch = _WATCH.format(log=str(log), home=machine.environment["HOME"])
    private.add(sdist("acme-app", "1.0", build_requires=("acme-build",), code=watch))
    environment = {}
    if source == "environment":
        environment = {"PIP_PINNED_INDEX_ACME_USERNAME": "robot", "PIP_PINNED_INDEX_ACME_PASSWORD": SECRET}
    elif source == "netrc":
        path = Path(machine.environment["HOME"]) / ".netrc"
        path.write_text(f"machine 127.0.0.1 login robot password {SECRET}\n")
        path.chmod(0o600)
    machine.write("pip-pinned.toml", POLICY.format(private=private.url_with_credentials if source == "url" else private.url, public=public.url))
    if ends == "refused":
        private.credentials = ("robot", "another")
    elif ends == "down":
        private.answers["/simple/.*"] = Answer(503)
    elif ends == "broken":
        private.answers["/files/.*"] = Answer(200, b"neither zip nor tar", {"Content-Type": "application/octet-stream"})
    done = machine.pinned("install", "--target", "site", "-vvv", "--log", "log.txt", "--report", "report.json", "acme-app", **environment)
    assert done.code == (0 if ends == "well" else 1), done.text
    hidden = (SECRET, base64.b64encode(f"robot:{SECRET}".encode()).decode())
    assert not any(secret in done.text or secret in str(done.decisions) for secret in hidden)
    for path_name, text in _written(machine):
        assert not any(secret in text for secret in hidden), path_name
    if ends == "well" and sys.platform == "linux":
        assert "pip" in log.read_text()


def _converse(machine: Machine, *answers: tuple[str, str]) -> tuple[int, str]:
    """Run an install on a terminal of its own; wait for each prompt and answer it. Exit code and everything printed."""
    environment = {**machine.environment, "PYTHONPATH": f"{machine.pip}{os.pathsep}{SRC}"}
    environment.pop("PIP_NO_INPUT")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(machine.project)
        os.execve(sys.executable, [sys.executable, "-m", "pip_pinned", "install", "--target", "site", "--keyring-provider", "disabled", "acme-core"], environment)
    printed, waiting = "", list(answers)
    while True:
        if not select.select([terminal], [], [], 60)[0]:
            os.kill(child, 9)
            raise AssertionError(f"no prompt, no end: {printed}")
        try:
            printed += os.read(terminal, 4096).decode()
        except OSError:  # the other side is closed
            break
        if waiting and printed.rstrip().endswith(waiting[0][0]):
            os.write(terminal, waiting.pop(0)[1].encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), printed


@pytest.mark.pips(since="23.1")
def test_pips_prompt_asks_for_what_no_source_has(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("robot", SECRET)
    code, printed = _converse(acme, (f"User for 127.0.0.1:{private.port}:", "robot"), ("Password:", SECRET))
    assert code == 0 and acme.installed() == {"acme-core": "1.0"}, printed
    assert SECRET not in printed
    assert [request.authorization for request in private.requests][:2] == [None, ("robot", SECRET)]
    assert {request.authorization for request in public.requests} <= {None}


@pytest.mark.pips
def test_a_prompt_that_nobody_answers_is_a_refusal(acme: Machine, private: IndexServer) -> None:
    private.credentials = ("robot", SECRET)
    acme.environment.pop("PIP_NO_INPUT")
    done = acme.pinned("install", "--target", "site", "acme-core")
    assert done.code == 1 and "error: index-auth-failed" in done.text and "Traceback" not in done.text, done.text
