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
_HOME = Path(os.environ.get("PIP_PINNED_TEST_PIPS") or Path(tempfile.gettempdir()) / "pip-pinned-test-pips")


def between(since: str = "0", until: str = "99") -> list[str]:
    """The supported pips of a range, both ends included, that run on this Python.

    pip 23.0 needs pkgutil.ImpImporter, which Python 3.12 removed.
    """
    floor = "0" if sys.version_info < (3, 12) else "23.1"
    low, high = max(as_numbers(since), as_numbers(floor)), as_numbers(until)
    return [version for version in SUPPORTED if low <= as_numbers(version) and as_numbers(version)[:len(high)] <= high]


def pip_of(version: str) -> Path:
    """The directory that holds this pip; fetched from the registry that the ambient pip uses, once."""
    home = _HOME / version
    if not home.exists():
        _HOME.mkdir(parents=True, exist_ok=True)
        fresh = tempfile.mkdtemp(dir=_HOME)
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--disable-pip-version-check",
                        "-t", fresh, f"pip=={version}"], check=True)
        subprocess.run([sys.executable, "-m", "compileall", "-q", fresh], check=False)
        try:
            os.rename(fresh, home)
        except OSError:  # another worker was first
            shutil.rmtree(fresh)
    return home


def is_untouched(directory: Path) -> bool:
    """Whether this is a pip as it was released, and not one that a test has changed."""
    return directory.parent == _HOME


def as_numbers(version: str) -> tuple[int, ...]:
    """For comparisons: ``24.3.1`` is ``(24, 3, 1)``."""
    return tuple(map(int, version.split(".")))
