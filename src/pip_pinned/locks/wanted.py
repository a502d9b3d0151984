"""What a lock wants to be installed here: of pylock.toml by its own rules of selection, of Pipfile.lock by markers and categories."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.pylock import PackageArchive, PackageDirectory, PackageVcs, Pylock, PylockSelectError
from packaging.version import Version

from pip_pinned.policy import lock_entry, names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.lock_entry import EntryRefused


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One package. ``kind`` is ``index``, ``archive``, ``vcs`` or ``directory``.

    ``hashes`` are ``sha256:…`` of the files that will do; ``index_url`` or ``index_name`` is where they are from. ``place`` is
    what pip is given for what is not from an index, and ``url`` the same in the words of PEP 610; ``filename`` and ``file_url`` are those of the file that was selected, where one was.
    """

    name: str
    version: str | None
    kind: str = "index"
    hashes: tuple[str, ...] = ()
    index_url: str | None = None
    index_name: str | None = None
    place: str | None = None
    editable: bool = False
    url: str | None = None
    filename: str | None = None
    file_url: str | None = None


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
        return _directory(package.name, version, base / dist.path / (dist.subdirectory or ""), editable=bool(dist.editable))
    if isinstance(dist, PackageVcs):
        url = dist.url or (base / (dist.path or "")).resolve().as_uri()
        with _judged(package.name):
            place = lock_entry.repository(dist.type, url, dist.commit_id, dist.subdirectory)
        return _elsewhere(package.name, version, "vcs", url, place)
    with _judged(package.name):
        hashes = (str(lock_entry.strongest(dist.hashes)),)
    if isinstance(dist, PackageArchive) or not package.index:
        url = (base / dist.path).resolve().as_uri() if dist.path is not None else str(dist.url)
        with _judged(package.name):
            place = lock_entry.archive_url(url, getattr(dist, "subdirectory", None))
        return _elsewhere(package.name, version, "archive", urls.without_fragment(url), place, hashes)
    with _judged(package.name):
        filename = lock_entry.file_name(dist.filename, package.name)
        file_url = None if dist.url is None or "${" in dist.url else lock_entry.file_url(dist.url).text
    return Wanted(name=package.name, version=version, hashes=hashes, index_url=package.index, filename=filename, file_url=file_url)


@contextmanager
def _judged(name: str) -> Iterator[None]:
    """Raises PipPinnedError ``lock-entry-refused`` for what the judge of entries refuses."""
    try:
        yield
    except EntryRefused as exc:
        raise PipPinnedError("lock-entry-refused", f"The lock's entry of {name!a} is refused; nothing was changed.", context=str(exc),
                             hint="Lock again under the policy.") from exc


def _hashes(name: str, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """``sha256:…`` of each hash that vouches."""
    with _judged(name):
        return tuple(sorted(map(str, lock_entry.file_hashes(pairs))))


def _directory(name: str, version: str | None, path: Path, *, editable: bool) -> Wanted:
    if not path.is_dir():
        raise PipPinnedError("bad-lock", f"{name} is to come from the directory {path}, which is none.")
    url = path.resolve().as_uri()
    return replace(_elsewhere(name, version, "directory", url, url), editable=editable)


def _elsewhere(name: str, version: str | None, kind: str, url: str, place: str, hashes: tuple[str, ...] = ()) -> Wanted:
    """A requirement at a URL, which pip would read on: a marker begins behind ``;``, and ``${VAR}`` is filled in."""
    if not place.isprintable() or set(place) & set(" ;") or "${" in place or names.normalize(name) != name or not names.is_project_name(name):
        raise PipPinnedError("bad-lock", f"The place of {name} is no URL that can be passed on.", context=urls.redact(repr(place)))
    return Wanted(name=name, version=version, kind=kind, hashes=hashes, place=place, url=url)


def of_pipfile_lock(path: Path, categories: Iterable[str]) -> list[Wanted]:
    """The entries of ``default`` and of these categories, whose markers hold. Raises PipPinnedError ``bad-lock``."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        sources = data["_meta"]["sources"]
        found: dict[str, Wanted] = {}
        for category in ("default", *categories):
            if category not in data:
                raise PipPinnedError("lock-does-not-fit", f"The lock has no category {category!r}.", hint=f"It has: {', '.join(sorted(data.keys() - {'_meta'}))}.")
            for name, entry in data[category].items():
                if not entry.get("markers") or Marker(entry["markers"]).evaluate():
                    with _judged(name):
                        project = lock_entry.project_name(name)
                    want = _of_pipfile_entry(project, entry, sources, path.resolve().parent)
                    if found.setdefault(want.name, want) != want:
                        raise PipPinnedError("lock-does-not-fit", f"The categories that are asked for disagree about {want.name}.", hint="Lock again.")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise PipPinnedError("bad-lock", f"{path} cannot be read as a lock.", context=f"{type(exc).__name__}: {exc}") from exc
    return [found[name] for name in sorted(found)]


def _of_pipfile_entry(name: str, entry: Mapping[str, Any], sources: list[Mapping[str, Any]], base: Path) -> Wanted:
    for vcs in ("git", "hg", "svn", "bzr"):
        if vcs in entry:
            with _judged(name):
                place = lock_entry.repository(vcs, entry[vcs], entry["ref"], entry.get("subdirectory"))
            return _elsewhere(name, None, "vcs", entry[vcs], place)
    if "path" in entry:
        return _directory(name, None, base / entry["path"], editable=bool(entry.get("editable")))
    hashes = _hashes(name, [(value.partition(":")[0], value.partition(":")[2]) for value in map(str, entry.get("hashes", ()))])
    if "file" in entry:
        url = entry["file"] if "://" in entry["file"] else (base / entry["file"]).resolve().as_uri()
        with _judged(name):
            place = lock_entry.archive_url(url, None)
        return _elsewhere(name, None, "archive", urls.without_fragment(url), place, hashes)
    index = entry.get("index") or (sources[0]["name"] if sources else None)  # pipenv leaves it out for the first source
    return Wanted(name=name, version=str(Version(entry["version"].removeprefix("=="))), hashes=hashes, index_name=index)


def is_same_index(wanted: Wanted, name: str, url: str) -> bool:
    """Whether an index of the policy, with its URL as it stands in a lock, is the one that this lock names."""
    if wanted.index_name is not None:
        return wanted.index_name.lower() == name.lower()
    return wanted.index_url is not None and urls.same_index(wanted.index_url, url)
