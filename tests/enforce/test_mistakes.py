"""What is outside of the trusted rooms may be wrong: a guard stops it, or it changes nothing (docs/CONTRIBUTING.md).

Each mistake is made in a copy of the package, which then runs as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import interpreters
from tests.conftest import POLICY
from tests.running import Machine, Result
from tests.servers.index import IndexServer

UNHARMED = ""


@dataclass(frozen=True)
class Mistake:
    """In a file of the package, and the error that it ends in; none where the outcome is as it should be."""

    file: str
    right: str
    wrong: str
    ends_in: str
    requirements: str = "acme-core\npubdep\n"
    more: tuple[str, ...] = ()


MISTAKES = {
    "options lose the declared pins": Mistake(
        "policy/merge/sources.py", "return _with_mirror(policy, pypi, taken, notices), tuple(notices)",
        "return _with_mirror(policy._replace(pins=()), pypi, taken, notices), tuple(notices)", "pin-conflict"),
    "a comment moves a declared pin": Mistake(
        "policy/merge/sources.py", 'return with_pins(policy, (f"{name}={index}",), origin, [], may_replace=False)',
        "return policy._replace(pins=tuple(pin._replace(index_name=index) for pin in policy.pins))", "pin-conflict",
        "acme-core  # pip-pinned: index=public\npubdep\n"),
    "an option that is merged leads a declared index elsewhere": Mistake(
        "policy/merge/sources.py", "return _with_mirror(policy, pypi, taken, notices), tuple(notices)",
        "return policy._replace(indexes=tuple(index._replace(url=policy.default.url) for index in policy.indexes)), ()", "pin-conflict"),
    "the policy is never put in force": Mistake("adapt/options.py", "    declared = run.declare()\n", "    return options, rest\n", "policy-missing"),
    "an index line is left to pip": Mistake(
        "adapt/requirements_files.py", "    if not run.gate_closed:\n        original(opts, filename", "    if True:\n        original(opts, filename", UNHARMED,
        "--extra-index-url {public}\nacme-core\npubdep\n"),
    "a credential is looked up for another index": Mistake(
        "adapt/credentials.py", "else self._of(index)(request)", "else self._of(run.indexes[0])(request)", "unsupported-pip"),
    "credentials are attached and nobody is told": Mistake(
        "adapt/credentials.py", "            egress.issue(run, request, self._index)\n", "", "unsupported-pip"),
    "pip's own authentication stays": Mistake("adapt/credentials.py", "    self.auth = _auth_by_index(run)\n", "", "index-auth-failed"),
    "the journal fails": Mistake(
        "adapt/notes.py", '        key = f"{decision.name} ', '        raise OSError("no space left")\n        key = f"{decision.name} ', "OSError"),
    "the words of an error fail as a network does": Mistake(
        "adapt/messages.py", "    words: dict", "    from pip._vendor.requests.exceptions import ConnectionError\n    raise ConnectionError\n    words: dict",
        "OSError", more=("acme-none",)),
    "a lock's preference is a file of somebody else's": Mistake(
        "adapt/locking.py", "    applicable: list[Any] = original(self, candidates)\n",
        "    applicable: list[Any] = original(self, candidates)\n    from pip._internal.models.link import Link\n"
        "    for one in applicable:\n        object.__setattr__(one, 'link', Link(one.link.url.replace('/files/', '/elsewhere/')))\n", "unsupported-pip"),
    "a look ahead works on the ledger of the run": Mistake(
        "prefetch/lookahead.py", "with self._run.using(self._run.ledger.fork(self._listings, self._grants)):", "with self._run.using(self._run.ledger):", UNHARMED),
    "a look ahead works on a stale fork": Mistake(
        "prefetch/lookahead.py", "with self._run.using(self._run.ledger.fork(self._listings, self._grants)):",
        "self.fork = getattr(self, 'fork', self._run.ledger.fork({}, {}))\n            with self._run.using(self.fork):", UNHARMED),
    "the prefetcher swaps two requests": Mistake(
        "prefetch/wire.py", "                fetch = self._fetches[key] = Fetch(ticket, place)\n",
        "                self.one, ticket = ticket, getattr(self, 'one', ticket)\n                fetch = self._fetches[key] = Fetch(ticket, place)\n", UNHARMED),
    "the prefetcher swaps two answers": Mistake(
        "prefetch/wire.py", "        arrival.keep()\n",
        "        arrival.keep()\n        kept = self._answers._answers\n        if len(kept) > 1:\n"
        "            one, other = list(kept)[-2:]\n            kept[one], kept[other] = kept[other], kept[one]\n        time.sleep(0.2)\n", "ERROR"),
}


def _run(machine: Machine, package: Path, *args: str) -> Result:
    path = os.pathsep.join(map(str, [machine.pip, package, interpreters.dependencies()]))
    done = subprocess.run([machine.python, "-m", "pip_pinned", *args], cwd=machine.project, env={**machine.environment, "PYTHONPATH": path},
                          capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_outside_of_the_trusted_rooms_is_stopped(what: str, machine: Machine, private: IndexServer, public: IndexServer) -> None:
    mistake = MISTAKES[what]
    package = machine.directory / "copy"
    shutil.copytree(interpreters.SRC, package, ignore=shutil.ignore_patterns("__pycache__"))
    place = package / "pip_pinned" / mistake.file
    text = place.read_text(encoding="utf-8")
    assert text.count(mistake.right) == 1, "the code has changed: make the mistake anew"
    place.write_text(text.replace(mistake.right, mistake.wrong), encoding="utf-8")
    private.credentials = ("robot", "s3cret-password")
    private.latency = public.latency = 0.02  # for which something is asked ahead
    machine.write("pip-pinned.toml", POLICY.format(private=private.url_with_credentials, public=public.url))
    machine.write("requirements.txt", mistake.requirements.format(public=public.url))
    done = _run(machine, package, "install", "--target", "site", "-r", "requirements.txt", *mistake.more)
    assert not any(path.startswith(("/simple/acme", "/files/acme")) for path in (request.path for request in public.requests)), done.text
    assert not any("authorization" in request.headers for request in public.requests)
    assert "s3cret" not in done.text
    if mistake.ends_in == UNHARMED:
        assert done.code == 0 and machine.installed()["acme-core"] == "1.0" and machine.module("acme_core")["WHO"] == "private", done.text
    else:
        assert done.code != 0 and machine.installed() == {}, done.text
        assert mistake.ends_in in done.text, done.text
