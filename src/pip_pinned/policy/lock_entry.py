"""The one judge of what a lock says about a file (CONTRACT 4.6, 4.11).

It serves pylock.toml and Pipfile.lock, ``sync`` and ``install -r``. A lock is data that somebody
may have edited. Its strings are read into types here, or refused: a hash of a known algorithm and
exact length, a URL that every parser reads alike, a file name of that very project. So none of its
text can become anything else later: a second line of a requirements file, an option, a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pip_pinned.policy import hashes, names, urls
from pip_pinned.policy.hashes import Hash
from pip_pinned.policy.urls import BadUrl, Url

# What ``sync`` hands to the kernel, by normalised name: indexes that a file may come from, its
# hashes ("sha256:…"), its URL.
Locked = dict[str, tuple[list[str], list[str], str | None]]


class EntryRefused(ValueError):
    """Why an entry of a lock may not be used.

    Holds no secret and only printable text.
    """


class Root(NamedTuple):
    """A package of a lock that was judged, for the kernel to hand to pip."""

    name: str  # normalised
    version: str | None  # of what an index has
    place: str | None  # where it is from, if from no index: a URL as pip is given it
    is_editable: bool
    hashes: tuple[str, ...]  # "sha256:…"; a file has to have one of them

    @property
    def requirement(self) -> str:
        """What pip is asked for: a requirement (PEP 508), or the URL of an editable directory."""
        if self.place is None:
            return f"{self.name}=={self.version}"
        return (
            f"{self.place}#egg={self.name}" if self.is_editable else f"{self.name} @ {self.place}"
        )


def project_name(text: str) -> str:
    """The normalised name of a project.

    Raises EntryRefused.
    """
    if not names.is_project_name(text):
        raise EntryRefused(f"{text!a} is not the name of a project")
    return names.normalize(text)


def file_hashes(pairs: Iterable[tuple[str, str]]) -> tuple[Hash, ...]:
    """The hashes of one file, by algorithm; one of them has to vouch for it.

    Raises EntryRefused.
    """
    found = []
    for algorithm, digest in pairs:
        known = hashes.parse(algorithm, digest)
        if known is None:
            raise EntryRefused(f"{algorithm!a}: {digest!a} is no hash")
        found.append(known)
    if not any(known.vouches for known in found):
        raise EntryRefused("it has no hash" if not found else "it has no sha256, sha384 or sha512")
    return tuple(known for known in found if known.vouches)


def strongest(entry: Mapping[str, str] | None) -> Hash:
    """The hash that a locked file has to have.

    Raises EntryRefused for one that is none, and where none vouches.
    """
    found = hashes.strongest(
        (known.algorithm, known.digest) for known in file_hashes((entry or {}).items())
    )
    assert found is not None
    return found


def file_url(text: str) -> Url:
    """Where a locked file lies.

    Raises EntryRefused.
    """
    try:
        return Url(text)
    except BadUrl as exc:
        raise EntryRefused(f"its URL {urls.redact(text)!a} is refused: {exc}") from exc


def archive_url(text: str, subdirectory: str | None) -> str:
    """Where a file lies that comes from no index, with no hash in its fragment: pip would accept a
    file that fits that one.

    Raises EntryRefused.
    """
    file_url(text)
    place = urls.without_fragment(text)
    if set(place.partition("://")[2].partition("/")[2]) & set("[]"):
        raise EntryRefused("its URL ends in what pip may take for an extra")
    return place + _fragment(subdirectory)


def repository(kind: str, text: str, revision: str, subdirectory: str | None) -> str:
    """What pip calls the URL of a revision: ``git+https://…@revision``.

    Raises EntryRefused.
    """
    if kind not in ("git", "hg", "svn", "bzr"):
        raise EntryRefused(f"{kind!a} is no version control that pip knows")
    if text.startswith(("http:", "https:", "file:")):
        file_url(text)
    elif re.fullmatch(r"[a-z][a-z+]*://[\w.~%@:+-]+/[\w.~%@:+/-]*", text, re.ASCII) is None:
        raise EntryRefused(f"its URL {urls.redact(text)!a} is none of a repository")
    if set(text) & set("#?"):
        raise EntryRefused(f"its URL {urls.redact(text)!a} has more than a path")
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", revision) is None:
        raise EntryRefused(f"{revision!a} is no revision")
    return f"{kind}+{text}@{revision}{_fragment(subdirectory)}"


def _fragment(subdirectory: str | None) -> str:
    if not subdirectory:
        return ""
    parts = subdirectory.split("/")
    if ".." in parts or re.fullmatch(r"[A-Za-z0-9._+/-]+", subdirectory) is None or not parts[0]:
        raise EntryRefused(f"{subdirectory!a} is no directory below it")
    return f"#subdirectory={subdirectory}"


def file_name(text: str, project: str) -> str:
    """The name of a file of that project.

    Raises EntryRefused.
    """
    is_plain = text.isascii() and text.isprintable() and not set(text) & set("/\\ #?%")
    if not is_plain or not names.file_belongs_to(text, project):
        raise EntryRefused(f"the file {text!a} is not one of {project}")
    return text
