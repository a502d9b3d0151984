"""A lock as a requirements file that any pip can read: hashes, and the pin of each line in a comment."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.pylock import Package, Pylock
from packaging.utils import canonicalize_name

from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy


def dumps(lock: Pylock, policy: Policy) -> str:
    """One requirement a package, with all its hashes and ``# pip-pinned: index=NAME`` (CONTRACT 2.10)."""
    return "".join(_requirement(package, policy) for package in lock.packages)


def _requirement(package: Package, policy: Policy) -> str:
    if package.directory is not None or package.vcs is not None or (package.archive is not None and package.archive.url is None):
        raise PipPinnedError("lock-failed", f"{package.name} is from a directory or a repository, which a requirements file with hashes cannot hold.",
                             hint="Use pylock.toml.")
    if package.marker and ("dependency_groups" in str(package.marker) or "extras" in str(package.marker)):
        raise PipPinnedError("lock-failed", f"{package.name} is there for an extra or a group only, which a requirements file cannot say.",
                             hint="Use pylock.toml, or leave --extra and --group out.")
    marker = f" ; {package.marker}" if package.marker else ""
    if package.archive is not None:
        return f"{package.name} @ {package.archive.url}{marker} \\\n    " + " \\\n    ".join(
            f"--hash={name}:{value}" for name, value in sorted(package.archive.hashes.items())) + "\n"
    files = [*(package.wheels or ()), *([package.sdist] if package.sdist else ())]
    hashes = sorted({f"--hash={name}:{value}" for file in files for name, value in file.hashes.items()})
    index = next((index for index in policy.indexes if package.index and urls.same_index(index.noted, package.index)), None)
    comment = f"  # pip-pinned: index={index.name}" if index is not None else ""
    return f"{package.name}=={package.version}{marker} \\\n    " + " \\\n    ".join(hashes) + comment + "\n"


def hashes(path: Path) -> dict[tuple[str, str], set[str]]:
    """The hashes of each name and version that such a file holds. Raises PipPinnedError ``bad-lock`` if it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    except (OSError, ValueError) as exc:
        raise PipPinnedError("bad-lock", f"{path} cannot be read as a lock.", context=str(exc)) from exc
    found = [(re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line), re.findall(r"--hash=(\S+)", line)) for line in lines]
    return {(canonicalize_name(match[1]), match[2]): set(values) for match, values in found if match is not None}
