"""What was resolved: for each package its version, where it comes from, and every file of that version there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class LockedFile:
    """A wheel or sdist. ``size`` in bytes, ``upload_time`` as in PEP 700, ``hashes`` by algorithm; ``chosen`` is the one pip would install."""

    filename: str
    url: str
    hashes: Mapping[str, str]
    size: int | None = None
    upload_time: str | None = None
    chosen: bool = False

    @property
    def is_wheel(self) -> bool:
        """Whether this is a wheel; everything else is an sdist."""
        return self.filename.endswith(".whl")


@dataclass(frozen=True, kw_only=True)
class LockedPackage:
    """One package. ``index`` is the name of its index and ``index_url`` the URL, without credentials and with variables as written.

    ``direct`` is pip's ``download_info`` (PEP 610) for a package from a URL, a repository or a directory; it has no files then.
    ``requires`` are the names of its dependencies in this resolution, ``marker`` is where it is needed at all;
    ``categories`` says for each category of the inputs that needs it where it does, None for everywhere.
    """

    name: str
    version: str
    because: str = ""
    index: str | None = None
    index_url: str | None = None
    files: tuple[LockedFile, ...] = ()
    direct: Mapping[str, Any] | None = None
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    marker: str | None = None
    categories: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The whole of it. ``environment`` is the marker environment that it was made for (PEP 508)."""

    packages: tuple[LockedPackage, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
