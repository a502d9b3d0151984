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
OLDEST, MIDDLE, NEWEST = "23.0.1", "25.0.1", "26.3"
WHICH = os.environ.get("PIP_PINNED_TEST_WHICH", "all")
_HOME = Path(os.environ.get("PIP_PINNED_TEST_PIPS") or Path(tempfile.gettempdir()) / "pip-pinned-test-pips")


def wanted(version: str) -> bool:
    """Whether this run is about that pip: ``PIP_PINNED_TEST_WHICH`` is ``all`` or ``newest``.

    pip 23.0 needs pkgutil.ImpImporter, which Python 3.12 removed.
    """
    if WHICH == "newest":
        return version == NEWEST
    return sys.version_info < (3, 12) or not version.startswith("23.0")


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


def as_numbers(version: str) -> tuple[int, ...]:
    """For comparisons: ``24.3.1`` is ``(24, 3, 1)``."""
    return tuple(map(int, version.split(".")))
