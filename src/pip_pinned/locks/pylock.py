"""pylock.toml (PEP 751), through packaging's own model of it."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.markers import Marker
from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
    PylockUnsupportedVersionError,
    PylockValidationError,
    is_valid_pylock_path,
)
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy

if TYPE_CHECKING:
    from pip_pinned.locks.inputs import Inputs
    from pip_pinned.locks.resolution import LockedFile, LockedPackage, Resolution

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tar")


def build(resolution: Resolution, inputs: Inputs, facts: dict[str, Any], base: Path) -> Pylock:
    """The lock. ``facts`` go under ``[tool.pip-pinned]``; local paths are written relative to ``base``. Validated."""
    groups = inputs.names("group")
    lock = Pylock(
        lock_version=Version("1.0"), created_by="pip-pinned", requires_python=SpecifierSet(inputs.requires_python) if inputs.requires_python else None,
        extras=[canonicalize_name(name) for name in inputs.names("extra")] or None, dependency_groups=groups or None, default_groups=[] if groups else None,
        packages=[_package(package, base) for package in sorted(resolution.packages, key=lambda package: package.name)], tool={"pip-pinned": facts})
    lock.validate()
    return lock


def _package(package: LockedPackage, base: Path) -> Package:
    files = sorted(package.files, key=lambda file: file.filename)
    sdists = sorted((file for file in files if file.filename.endswith(_SDISTS)), key=lambda file: (not file.chosen, _SDISTS.index(_ending(file.filename))))
    wheels = [file for file in files if file.is_wheel]
    return Package(
        name=canonicalize_name(package.name), version=None if package.direct is not None and "dir_info" in package.direct else Version(package.version),
        marker=Marker(package.marker) if package.marker else None, requires_python=SpecifierSet(package.requires_python) if package.requires_python else None,
        dependencies=[{"name": name} for name in package.requires] or None, index=package.index_url,
        sdist=_sdist(sdists[0], base) if sdists else None, wheels=[_wheel(file, base) for file in wheels] or None,
        tool={"pip-pinned": {"because": package.because}} if package.because else None, **_direct(package, base))


def _ending(filename: str) -> str:
    return next(ending for ending in _SDISTS if filename.endswith(ending))


def _place(url: str, base: Path) -> dict[str, str]:
    """``url``, or a ``path`` relative to the lock for what lies on this machine."""
    path = urls.local_path(url)
    return {"url": url} if path is None else {"path": _relative(path, base)}


def _relative(path: str, base: Path) -> str:
    try:
        return Path(os.path.relpath(path, base)).as_posix()
    except ValueError:  # another drive
        return Path(path).as_posix()


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc).replace(microsecond=moment.microsecond)


def _sdist(file: LockedFile, base: Path) -> PackageSdist:
    return PackageSdist(name=file.filename, upload_time=_time(file.upload_time), size=file.size, hashes=file.hashes, **_place(file.url, base))


def _wheel(file: LockedFile, base: Path) -> PackageWheel:
    return PackageWheel(name=file.filename, upload_time=_time(file.upload_time), size=file.size, hashes=file.hashes, **_place(file.url, base))


def _direct(package: LockedPackage, base: Path) -> dict[str, Any]:
    info = package.direct
    if info is None:
        return {}
    subdirectory = info.get("subdirectory")
    if "vcs_info" in info:
        vcs = info["vcs_info"]
        return {"vcs": PackageVcs(type=vcs["vcs"], url=info["url"], requested_revision=vcs.get("requested_revision"), commit_id=vcs["commit_id"],
                                  subdirectory=subdirectory)}
    if "dir_info" in info:
        path = _relative(urls.local_path(info["url"]) or "", base)
        return {"directory": PackageDirectory(path=path, editable=bool(info["dir_info"].get("editable")), subdirectory=subdirectory)}
    place = _place(info["url"], base)
    return {"archive": PackageArchive(url=place.get("url"), path=place.get("path"), hashes=dict(info["archive_info"]["hashes"]), subdirectory=subdirectory)}


def dumps(lock: Pylock) -> str:
    """The text of a lock; the same lock always gives the same text."""
    import tomlkit  # what only reads a lock does not wait for it

    return tomlkit.dumps(lock.to_dict())


def read(path: Path) -> Pylock:
    """A lock from a file. Raises PipPinnedError ``bad-lock`` for what is none."""
    if not is_valid_pylock_path(path):
        raise PipPinnedError("bad-lock", f"{path.name} is not the name of a lock.", hint="pylock.toml, or pylock.NAME.toml.")
    try:
        return Pylock.from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, PylockValidationError, PylockUnsupportedVersionError) as exc:
        raise PipPinnedError("bad-lock", f"{path} cannot be read as a lock.", context=str(exc)) from exc


def facts_of(lock: Pylock) -> dict[str, Any]:
    """What pip-pinned noted under ``[tool.pip-pinned]``; nothing in a lock of another tool."""
    found = (lock.tool or {}).get("pip-pinned", {})
    return dict(found) if isinstance(found, dict) else {}


def pins_of(policy: Policy) -> dict[str, list[str]]:
    """The pins of a policy as a lock notes them, so that a later run can say which of them changed."""
    found: dict[str, list[str]] = {}
    for pin in policy.pins:
        found.setdefault(pin.pattern, []).append((pin.index_name or "") + (f" ; {pin.marker}" if pin.marker else ""))
    return {pattern: sorted(places) for pattern, places in sorted(found.items())}
