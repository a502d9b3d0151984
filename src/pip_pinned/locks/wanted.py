"""What a lock wants to be installed here: of pylock.toml by its own rules of selection, of Pipfile.lock by markers and categories."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.pylock import PackageArchive, PackageDirectory, PackageVcs, Pylock, PylockSelectError
from packaging.utils import canonicalize_name

from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One package. ``hashes`` are ``sha256:…`` of the files that will do; ``index_url`` or ``index_name`` is where they are from.

    ``line`` is the requirement for a package from a URL, a repository or a directory, None for one from an index;
    ``filename`` is the file that was selected, where one was.
    """

    name: str
    version: str | None
    hashes: tuple[str, ...] = ()
    index_url: str | None = None
    index_name: str | None = None
    line: str | None = None
    filename: str | None = None


def of_pylock(lock: Pylock, base: Path, extras: Iterable[str], groups: Iterable[str] | None) -> list[Wanted]:
    """The selection of PEP 751 for this interpreter. Raises PipPinnedError ``lock-does-not-fit``."""
    for known, asked, what in ((lock.extras, extras, "extra"), (lock.dependency_groups, groups or (), "group")):
        missing = set(asked) - set(known or ())
        if missing:
            raise PipPinnedError("lock-does-not-fit", f"The lock has no {what} {min(missing)!r}.", hint=f"It has: {', '.join(known or ()) or 'none'}.")
    try:
        selected = list(lock.select(extras=set(extras), dependency_groups=None if groups is None else set(groups)))
    except PylockSelectError as exc:
        raise PipPinnedError("lock-does-not-fit", "The lock does not fit this Python or platform.", context=str(exc), hint="Lock again here.") from exc
    return [_of_package(package, dist, base) for package, dist in selected]


def _of_package(package: Any, dist: Any, base: Path) -> Wanted:
    version = None if package.version is None else str(package.version)
    if isinstance(dist, PackageDirectory):
        path = (base / dist.path / (dist.subdirectory or "")).resolve()
        return Wanted(name=package.name, version=version, line=f"-e {path}" if dist.editable else str(path))
    if isinstance(dist, PackageVcs):
        subdirectory = f"#subdirectory={dist.subdirectory}" if dist.subdirectory else ""
        url = dist.url or (base / (dist.path or "")).resolve().as_uri()
        return Wanted(name=package.name, version=version, line=f"{package.name} @ {dist.type}+{url}@{dist.commit_id}{subdirectory}")
    hashes = tuple(f"{name}:{value}" for name, value in sorted(dist.hashes.items()))
    local = dist.path is not None
    if local or isinstance(dist, PackageArchive) or not package.index:
        url = (base / dist.path).resolve().as_uri() if local else dist.url
        return Wanted(name=package.name, version=version, hashes=hashes, line=f"{package.name} @ {url}")
    return Wanted(name=package.name, version=version, hashes=hashes, index_url=package.index, filename=dist.filename)


def of_pipfile_lock(path: Path, categories: Iterable[str]) -> list[Wanted]:
    """The entries of ``default`` and of these categories, whose markers hold. Raises PipPinnedError ``bad-lock``."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        sources = data["_meta"]["sources"]
        found: dict[str, Wanted] = {}
        for category in ("default", *categories):
            for name, entry in data.get(category, {}).items():
                if not entry.get("markers") or Marker(entry["markers"]).evaluate():
                    found[canonicalize_name(name)] = _of_pipfile_entry(canonicalize_name(name), entry, sources)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise PipPinnedError("bad-lock", f"{path} cannot be read as a lock.", context=f"{type(exc).__name__}: {exc}") from exc
    return [found[name] for name in sorted(found)]


def _of_pipfile_entry(name: str, entry: Mapping[str, Any], sources: list[Mapping[str, Any]]) -> Wanted:
    for vcs in ("git", "hg", "svn", "bzr"):
        if vcs in entry:
            subdirectory = f"#subdirectory={entry['subdirectory']}" if entry.get("subdirectory") else ""
            return Wanted(name=name, version=None, line=f"{'-e ' if entry.get('editable') else ''}{vcs}+{entry[vcs]}@{entry['ref']}#egg={name}{subdirectory.replace('#', '&')}")
    if "path" in entry:
        return Wanted(name=name, version=None, line=("-e " if entry.get("editable") else "") + str(entry["path"]))
    hashes = tuple(entry.get("hashes", ()))
    if "file" in entry:
        return Wanted(name=name, version=None, hashes=hashes, line=f"{name} @ {entry['file']}")
    index = entry.get("index") or (sources[0]["name"] if sources else None)  # pipenv leaves it out for the first source
    return Wanted(name=name, version=entry["version"].removeprefix("=="), hashes=hashes, index_name=index)


def is_same_index(wanted: Wanted, name: str, url: str, revealed: str | None) -> bool:
    """Whether an index of the policy is the one that the lock names; ``revealed`` is the lock's URL with its variables filled in."""
    if wanted.index_name is not None:
        return wanted.index_name.lower() == name.lower()
    return revealed is not None and urls.same_index(revealed, url)
