"""Pipfile.lock, as pipenv writes it; with the index of transitive packages too. Source: pipenv's lock of the same Pipfile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pip_pinned.locks.resolution import LockedPackage, Resolution
from pip_pinned.policy.errors import PipPinnedError

_SPECIFICATION = 6
_SECTIONS = ("source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop")
_NAMES = {"": "default", "group:dev": "develop"}


def dumps(resolution: Resolution, pipfile: Mapping[str, Any]) -> str:
    """The text of the lock: ``_meta`` with pipenv's hash of the Pipfile and its sources as written, then each category."""
    requires = dict(pipfile.get("requires", {}))
    data: dict[str, Any] = {
        "_meta": {"hash": {"sha256": hash_of(pipfile)}, "pipfile-spec": _SPECIFICATION, "requires": requires, "sources": list(pipfile.get("source", ()))},
        "default": {}, "develop": {}}
    for package in resolution.packages:
        for category, marker in package.categories.items():
            name = _NAMES.get(category, category.partition(":")[2])
            data.setdefault(name, {})[package.name] = _entry(package, marker, pipfile.get(_section(category), {}))
    return json.dumps(data, indent=4, sort_keys=True, separators=(",", ": ")) + "\n"


def hash_of(pipfile: Mapping[str, Any]) -> str:
    """pipenv's hash of a Pipfile, by which it tells whether a lock is up to date."""
    data: dict[str, Any] = {"_meta": {"sources": pipfile.get("source", []), "requires": pipfile.get("requires", {})},
                            "default": pipfile.get("packages", {}), "develop": pipfile.get("dev-packages", {})}
    data.update({name: values for name, values in pipfile.items() if name not in _SECTIONS})
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _section(category: str) -> str:
    return {"": "packages", "group:dev": "dev-packages"}.get(category, category.partition(":")[2])


def _entry(package: LockedPackage, marker: str | None, asked: Mapping[str, Any]) -> dict[str, Any]:
    own = next((value for name, value in asked.items() if canonicalize_name(name) == package.name), None)
    entry: dict[str, Any] = {"extras": sorted(own["extras"])} if isinstance(own, dict) and own.get("extras") else {}
    if marker is not None:
        entry["markers"] = marker.replace('"', "'")
    info = package.direct
    if info is None:
        hashes = sorted({f"{name}:{value}" for file in package.files for name, value in file.hashes.items()})
        return {**entry, "hashes": hashes, "version": f"=={package.version}", **({"index": package.index} if package.index else {})}
    if "vcs_info" in info:
        vcs = info["vcs_info"]
        return {**entry, vcs["vcs"]: info["url"], "ref": vcs["commit_id"], **({"subdirectory": info["subdirectory"]} if info.get("subdirectory") else {})}
    if isinstance(own, dict) and "path" in own:
        return {**entry, "path": own["path"], **({"editable": True} if own.get("editable") else {})}
    return {**entry, "file": info["url"], "hashes": sorted(f"{name}:{value}" for name, value in (info.get("archive_info") or {}).get("hashes", {}).items())}


def read(path: Path) -> dict[str, Any]:
    """A lock from a file. Raises PipPinnedError ``bad-lock``."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise PipPinnedError("bad-lock", f"{path} cannot be read as a lock.", context=str(exc)) from exc
    if not isinstance(data, dict) or not all(isinstance(value, dict) for value in data.values()):
        raise PipPinnedError("bad-lock", f"{path} cannot be read as a lock.", context="not an object of objects")
    return data


def versions(lock: Mapping[str, Any]) -> dict[str, str]:
    """The locked version of each package from an index."""
    return {canonicalize_name(name): entry["version"].removeprefix("==") for category, entries in lock.items() if category != "_meta"
            for name, entry in entries.items() if isinstance(entry.get("version"), str)}


def hashes(lock: Mapping[str, Any]) -> dict[tuple[str, str], set[str]]:
    """The locked hashes of each package and version."""
    found: dict[tuple[str, str], set[str]] = {}
    for category, entries in lock.items():
        for name, entry in entries.items() if category != "_meta" else ():
            if isinstance(entry.get("version"), str):
                found.setdefault((canonicalize_name(name), entry["version"]), set()).update(entry.get("hashes", ()))
    return found
