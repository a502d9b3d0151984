"""What is installed in the environment that this command runs in."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_NEVER_REMOVED = ("pip", "setuptools", "wheel", "pip-pinned")


def installed() -> dict[str, metadata.Distribution]:
    """The distributions in this environment's own site-packages, by normalised name."""
    places = list(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))
    found: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions(path=places):
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(canonicalize_name(name), distribution)
    return found


def never_removed(everything: dict[str, metadata.Distribution]) -> set[str]:
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
