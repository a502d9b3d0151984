"""Every supported pip, unpacked into a directory of its own and run by path."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

SUPPORTED = ("23.0.1", "23.1.2", "23.2.1", "23.3.2", "24.0", "24.1.2", "24.2", "24.3.1", "25.0.1", "25.1.1", "25.2", "25.3",
             "26.0.1", "26.1.2", "26.2.1", "26.3")
OLDEST, NEWEST = SUPPORTED[0], SUPPORTED[-1]
RUN = "PIP_PINNED_TEST_RUN"  # names the directory that a run works in (tests/conftest.py)
_HOME = Path(os.environ.get("PIP_PINNED_TEST_PIPS") or Path(tempfile.gettempdir()) / "pip-pinned-test-pips")


def between(since: str = "0", until: str = "99") -> list[str]:
    """The supported pips of a range, both ends included, that run on this Python.

    pip 23.0 needs pkgutil.ImpImporter, which Python 3.12 removed.
    """
    floor = "0" if sys.version_info < (3, 12) else "23.1"
    low, high = max(as_numbers(since), as_numbers(floor)), as_numbers(until)
    return [version for version in SUPPORTED if low <= as_numbers(version) and as_numbers(version)[:len(high)] <= high]


def pip_of(version: str) -> Path:
    """The directory that holds this pip, for this run.

    Of the authorities that it trusts it has one: reading all of them is a fifth of what a command
    takes, and the tests have authorities of their own (``released`` is for those that reach the
    registry).
    """
    here = _run() / version
    if not here.exists():
        fresh = _unpacked(version, here.parent)
        authorities = fresh / "pip" / "_vendor" / "certifi" / "cacert.pem"
        first, end, _ = authorities.read_text(encoding="utf-8").partition(_END)
        authorities.write_text(first + end, encoding="utf-8")
        _put(fresh, here)
    return here


_END = "-----END CERTIFICATE-----\n"


def released(version: str) -> Path:
    """The same pip with all of its authorities."""
    here = _run() / "released" / version
    if not here.exists():
        here.parent.mkdir(exist_ok=True)
        _put(_unpacked(version, here.parent), here)
    return here


def _run() -> Path:
    """The directory of this run; without one (tests/conftest.py), a process has its own."""
    if RUN not in os.environ:
        os.environ[RUN] = tempfile.mkdtemp(prefix="pips-")
        atexit.register(shutil.rmtree, os.environ[RUN], ignore_errors=True)
    return Path(os.environ[RUN])


def _unpacked(version: str, beside: Path) -> Path:
    """A pip in a fresh directory. It is compiled as it is imported: half of it never is."""
    fresh = Path(tempfile.mkdtemp(dir=beside))
    with zipfile.ZipFile(_wheel(version)) as wheel:
        wheel.extractall(fresh)
    return fresh


def _wheel(version: str) -> Path:
    """The wheel of a pip, kept between runs; from the registry that the ambient pip uses, once."""
    wheel = _HOME / f"pip-{version}-py3-none-any.whl"
    if not wheel.exists():
        _HOME.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_HOME) as fresh:
            subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"),
                    *("--no-deps", "--only-binary", ":all:", "-d", fresh, f"pip=={version}"),
                ],
                check=True,
            )
            os.replace(Path(fresh, wheel.name), wheel)
    return wheel


def _put(fresh: Path, home: Path) -> None:
    try:
        os.rename(fresh, home)
    except OSError:  # another worker was first
        shutil.rmtree(fresh)


def is_untouched(directory: Path) -> bool:
    """Whether this is a pip as it was released, and not one that a test has changed."""
    return directory.parent in (_run(), _run() / "released")


def as_numbers(version: str) -> tuple[int, ...]:
    """For comparisons: ``24.3.1`` is ``(24, 3, 1)``."""
    return tuple(map(int, version.split(".")))
