"""What is installed in the environment that this command runs in."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pip_pinned.adapt import provenance
from pip_pinned.locks.wanted import Wanted
from pip_pinned.pip_runner.settings import Connection
from pip_pinned.policy import urls
from pip_pinned.policy.model import Index

Installed = dict[str, metadata.Distribution]
_NEVER_REMOVED = ("pip", "setuptools", "wheel", "pip-pinned")


def installed() -> Installed:
    """The distributions in this environment's own site-packages, by normalised name."""
    places = list(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))
    found: Installed = {}
    for distribution in metadata.distributions(path=places):
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(canonicalize_name(name), distribution)
    return found


def never_removed(everything: Installed) -> set[str]:
    """pip, setuptools, wheel, pip-pinned, and what pip-pinned needs, directly or not."""
    kept, waiting = set(_NEVER_REMOVED), ["pip-pinned"]
    while waiting:
        distribution = everything.get(waiting.pop())
        for text in (distribution.requires or ()) if distribution is not None else ():
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            name = canonicalize_name(requirement.name)
            if name not in kept and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
                kept.add(name)
                waiting.append(name)
    return kept


def surplus(everything: list[Wanted], here: Installed) -> list[str]:
    """The names of what is installed and not wanted."""
    return sorted(here.keys() - {want.name for want in everything} - never_removed(here))


def direct_url(distribution: metadata.Distribution) -> dict[str, Any]:
    """What was noted about a package from a URL, a repository or a directory (PEP 610); empty for all others."""
    return _read_json(distribution, "direct_url.json")


def origin(distribution: metadata.Distribution) -> dict[str, Any]:
    """What pip-pinned noted as it installed the package (see ``enforce.provenance``); empty where something else did."""
    return _read_json(distribution, provenance.NAME)


def _read_json(distribution: metadata.Distribution, name: str) -> dict[str, Any]:
    try:
        data = json.loads(distribution.read_text(name) or "{}")
    except ValueError:  # edited, or half written: nothing is known then
        return {}
    return data if isinstance(data, dict) else {}


def is_there(want: Wanted, here: Installed) -> bool:
    """Whether that version is installed, and for what is not from an index, whether it was installed from that place."""
    distribution = here.get(want.name)
    if distribution is None:
        return False
    if want.kind == "index":
        try:
            return want.version is not None and Version(distribution.version) == Version(want.version)
        except InvalidVersion:
            return False
    said = direct_url(distribution)
    commit = said.get("vcs_info", {}).get("commit_id")
    return bool(said.get("url", "").rstrip("/") == (want.url or "").rstrip("/")) and (commit is None or f"@{commit}" in (want.place or ""))


def is_from_another_index(want: Wanted, here: Installed, connection: Connection, indexes: dict[str, Index]) -> bool:
    """Whether pip-pinned noted another index than the locked one, and a file that is not one of the locked ones."""
    noted, index = origin(here[want.name]), indexes.get(want.name)
    if not noted or index is None or is_noted(noted, connection, index):
        return False
    hashes = noted.get("hashes")
    return not isinstance(hashes, dict) or not any(f"{name}:{value}" in want.hashes for name, value in hashes.items())


def is_noted(noted: dict[str, Any], connection: Connection, index: Index) -> bool:
    """Whether this is the index that was noted."""
    url = noted.get("index-url")
    return isinstance(url, str) and urls.same_index(url, connection.lock_url(index))


def is_from_wheel(distribution: metadata.Distribution, wheel: Path) -> bool:
    """Whether what is installed is what this wheel holds: every file of its RECORD is there, unchanged."""
    if distribution.read_text("direct_url.json") is not None:
        return False
    with zipfile.ZipFile(wheel) as archive:
        record = next(name for name in archive.namelist() if name.endswith(".dist-info/RECORD") and name.count("/") == 1)
        rows = list(csv.reader(io.StringIO(archive.read(record).decode("utf-8"))))
    for path, expected, *_ in rows:
        if not expected or ".data/" in path:
            continue
        algorithm, _, value = expected.partition("=")
        try:
            content = Path(str(distribution.locate_file(path))).read_bytes()
            actual = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).rstrip(b"=").decode()
        except (OSError, ValueError):
            return False
        if actual != value:
            return False
    return True
