"""The interpreters that commands run in: empty ones, without what the tests themselves need, and
started once.

A command sees what a user's machine has: an environment with pip, pip-pinned and its dependencies,
and none of pytest, mypy and their hundred packages, of which pip would read the metadata after each
install.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import venv
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TypeVar

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_T = TypeVar("_T")
SRC = Path(__file__).parent.parent / "src"
_READ_AT_START = re.compile(r"PYTHON|LC_|LANG|LD_|MALLOC")
FRESH, WARM = "fresh", "warm"
KIND = os.environ.get("PIP_PINNED_TEST_PROCESSES", "")  # of the processes that commands run in: these, or forks of a server
_KEPT = 20  # servers beside one another: one for each pip, of some 40 MB
_TIMEOUT = 120


@dataclass
class Ended:
    """A command's exit code and what it printed."""

    returncode: int
    stdout: str
    stderr: str


_making = threading.RLock()


def _once(make: Callable[[], _T]) -> Callable[[], _T]:
    """Make something once for all threads of this process."""
    made = functools.cache(make)

    def wrapper() -> _T:
        with _making:
            return made()

    return wrapper


@_once
def home() -> Path:
    """This process's directory for what is made once a run; removed at its exit."""
    path = tempfile.mkdtemp(prefix="tests-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


@_once
def bare() -> str:
    """The interpreter that commands run in, of an environment with nothing installed
    (``emptied_environment``)."""
    environment = make_environment(home() / "env")
    _made[environment] = frozenset([environment, *environment.rglob("*")])
    return python_of(environment)


_made: dict[Path, frozenset[Path]] = {}


def make_environment(directory: Path) -> Path:
    """A virtual environment without pip."""
    venv.EnvBuilder(symlinks=os.name != "nt").create(directory)
    return directory


def emptied_environment() -> Path:
    """The environment of ``bare``, without what a test has installed there: for tests that do,
    before and after."""
    directory = Path(bare()).parents[1]
    for path in directory.rglob("*"):
        if path in _made[directory] or path.parent not in _made[directory]:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return directory


def python_of(environment: Path) -> str:
    """The interpreter of a virtual environment."""
    return str(environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


@_once
def dependencies() -> Path:
    """A directory to import pip-pinned's dependencies from, and theirs: links to those that the
    tests have.

    Their metadata are name, version and entry points. pip reads those of all that is installed
    after each install, and the rest, extras of extras and descriptions, took half of the time of
    the oldest pips.
    """
    directory = home() / "dependencies"
    directory.mkdir()
    todo = [Requirement(line) for line in _declared()]
    seen: set[str] = {"pip"}
    while todo:
        requirement = todo.pop()
        if canonicalize_name(requirement.name) in seen or (
            requirement.marker is not None and not requirement.marker.evaluate({"extra": ""})
        ):
            continue
        seen.add(canonicalize_name(requirement.name))
        found = metadata.distribution(requirement.name)
        todo += map(Requirement, found.requires or ())
        escaped = found.name.replace("-", "_")  # as pip reads it back
        information = directory / f"{escaped}-{found.version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {found.name}\nVersion: {found.version}\n",
            encoding="utf-8",
        )
        (information / "entry_points.txt").write_text(
            found.read_text("entry_points.txt") or "", encoding="utf-8"
        )
        for top in {file.parts[0] for file in found.files or ()}:
            origin = Path(str(found.locate_file(top)))
            if (
                top not in ("..", "__pycache__")
                and origin.suffix != ".dist-info"
                and not (directory / top).exists()
            ):  # jaraco is of several
                (directory / top).symlink_to(origin, target_is_directory=origin.is_dir())
    return directory


@_once
def search_path() -> str:
    """``PATH`` without the programs that pip asks for their versions at each start, for its User-
    Agent: they take 70 ms together."""
    places = []
    for number, place in enumerate(os.environ["PATH"].split(os.pathsep)):
        listed = set(os.listdir(place)) if os.path.isdir(place) else set()
        if listed & _ASKED:
            links = home() / f"bin-{number}"
            links.mkdir()
            for name in listed - _ASKED:
                (links / name).symlink_to(Path(place, name))
            place = str(links)  # noqa: PLW2901
        places.append(place)
    return os.pathsep.join(places)


_ASKED = {"rustc", "lsb_release", "uname"}


def _declared() -> list[str]:
    """What pip-pinned requires, out of its pyproject.toml: it need not be installed to be
    tested."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    found: list[str] = tomllib.loads((SRC.parent / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]["dependencies"]
    return found


class ForkServer:
    """One process of tests/forkserver.py, and where its commands write."""

    def __init__(self, python: str, environment: dict[str, str], kind: str = "") -> None:
        self._directory = Path(tempfile.mkdtemp(dir=home()))
        self._process = subprocess.Popen(
            [python, str(Path(__file__).with_name("forkserver.py")), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environment, "HOME": str(self._directory)},
            cwd=self._directory,
        )

    def run(
        self, module: str, args: tuple[str, ...], cwd: Path, environment: dict[str, str]
    ) -> Ended:
        """``python -m module args``; stopped after two minutes, as ``subprocess.run`` would."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        out, err = self._directory / "out", self._directory / "err"
        json.dump(
            {
                "module": module,
                "args": args,
                "cwd": str(cwd),
                "environment": environment,
                "out": str(out),
                "err": str(err),
            },
            self._process.stdin,
        )
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        timer = threading.Timer(_TIMEOUT, os.kill, (pid, signal.SIGKILL))
        timer.start()
        try:
            code = int(self._process.stdout.readline())
        finally:
            timer.cancel()
        ended = Ended(code, out.read_text(), err.read_text())
        out.unlink()
        err.unlink()
        return ended

    def close(self) -> None:
        self._process.communicate()


class _Servers(threading.local):
    """A thread's own servers, the latest used last; each serves one command at a time."""

    def __init__(self) -> None:
        self.known: OrderedDict[tuple[str, ...], ForkServer] = OrderedDict()
        _all.append(self.known)


_all: list[OrderedDict[tuple[str, ...], ForkServer]] = []
_servers = _Servers()


def run(
    python: str, module: str, args: tuple[str, ...], cwd: Path, environment: dict[str, str]
) -> Ended:
    """``python -m module args`` in a fork of an interpreter that was started with the same
    ``PYTHON*`` and locale."""
    read = {name: value for name, value in environment.items() if _READ_AT_START.match(name)}
    key = (python, *(f"{name}={read[name]}" for name in sorted(read)))
    known = _servers.known
    if key not in known:
        while len(known) >= _KEPT:
            known.popitem(last=False)[1].close()
        known[key] = ForkServer(python, {**read, "PATH": environment["PATH"]}, KIND)
    known.move_to_end(key)
    return known[key].run(module, args, cwd, environment)


@atexit.register
def _close_all() -> None:
    for known in _all:
        while known:
            known.popitem()[1].close()
