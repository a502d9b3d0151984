"""Every supported pip, unpacked into a directory of its own and run by path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SUPPORTED = ("23.0.1", "23.1.2", "23.2.1", "23.3.2", "24.0", "24.1.2", "24.2", "24.3.1", "25.0.1", "25.1.1", "25.2", "25.3",
             "26.0.1", "26.1.2", "26.2.1", "26.3")
OLDEST, NEWEST = SUPPORTED[0], SUPPORTED[-1]
RUN = "PIP_PINNED_TEST_RUN"  # names the directory in memory that a run works in, if there is one (tests/conftest.py)
_HOME = Path(os.environ.get("PIP_PINNED_TEST_PIPS") or Path(tempfile.gettempdir()) / "pip-pinned-test-pips")


def between(since: str = "0", until: str = "99") -> list[str]:
    """The supported pips of a range, both ends included, that run on this Python.

    pip 23.0 needs pkgutil.ImpImporter, which Python 3.12 removed.
    """
    floor = "0" if sys.version_info < (3, 12) else "23.1"
    low, high = max(as_numbers(since), as_numbers(floor)), as_numbers(until)
    return [version for version in SUPPORTED if low <= as_numbers(version) and as_numbers(version)[:len(high)] <= high]


def pip_of(version: str) -> Path:
    """The directory that holds this pip, for this run."""
    if RUN not in os.environ:
        return _unpacked(version)
    here = Path(os.environ[RUN], version)
    if not here.exists():
        fresh = tempfile.mkdtemp(dir=here.parent)
        shutil.copytree(_unpacked(version), fresh, dirs_exist_ok=True)
        _put(fresh, here)
    return here


def _unpacked(version: str) -> Path:
    """A pip that is kept between runs; fetched from the registry that the ambient pip uses, once."""
    home = _HOME / version
    if not home.exists():
        _HOME.mkdir(parents=True, exist_ok=True)
        fresh = tempfile.mkdtemp(dir=_HOME)
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--disable-pip-version-check",
                        "-t", fresh, f"pip=={version}"], check=True)
        subprocess.run([sys.executable, "-m", "compileall", "-q", fresh], check=False)
        _put(fresh, home)
    return home


def _put(fresh: str, home: Path) -> None:
    try:
        os.rename(fresh, home)
    except OSError:  # another worker was first
        shutil.rmtree(fresh)


def is_untouched(directory: Path) -> bool:
    """Whether this is a pip as it was released, and not one that a test has changed."""
    return directory.parent in (_HOME, Path(os.environ.get(RUN, _HOME)))


def as_numbers(version: str) -> tuple[int, ...]:
    """For comparisons: ``24.3.1`` is ``(24, 3, 1)``."""
    return tuple(map(int, version.split(".")))
