"""Where an installed package came from: a file beside its metadata, and the lines of
``--provenance``.

The file is ``pip-pinned.json`` in the package's ``.dist-info``, listed in RECORD, so that it goes
when the package goes. It is written under a declared policy only: a drop-in run leaves what pip
leaves.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import inspect
import io
import json
import os
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

from pip_pinned.adapt import notes
from pip_pinned.adapt.hiding import hide
from pip_pinned.enforce.run import Run

NAME = "pip-pinned.json"


def install(run: Run, original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> None:
    """Install a package, and note where it came from."""
    original(self, *args, **kwargs)
    path = run.settings.task.get(notes.PROVENANCE)
    if run.is_build or not (run.policy.declared or path):
        return
    note = _provenance_of(run, self)
    if run.policy.declared and self.is_wheel and self.local_file_path:
        try:
            _write_beside_metadata(
                self, inspect.signature(original).bind(self, *args, **kwargs).arguments, note
            )
        except OSError as exc:  # verify will say that the origin is unknown
            told = f"where {note['name']} came from could not be noted beside it: {exc.strerror}."
            run.journal.note(run, told, "warning")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(note) + "\n")


def _provenance_of(run: Run, req: Any) -> dict[str, Any]:
    """Name, version, file URL, hashes, index (name and URL; None for a direct reference) and why:
    no credentials, no values of variables.
    """
    secrets = notes.of(run).secrets(run)
    info = req.download_info.to_dict()
    archive = info.get("archive_info") or {}
    algorithm, _, value = archive.get("hash", "").partition("=")
    listing = run.ledger.prepared.get(req)
    index = (
        None if listing is None or listing.index is None else run.policy.canonical(listing.index)
    )
    decision = run.decide(req.name)
    dist = req.get_dist()
    return {
        "name": decision.name,
        "version": str(dist.version),
        "url": hide(info["url"], secrets),
        "hashes": archive.get("hashes") or ({algorithm: value} if value else {}),
        "index": None if index is None else index.name,
        "index-url": None if index is None else index.noted,
        "because": "direct reference"
        if listing is None
        else decision.because
        if index is not None
        else "find-links",
    }


@cache
def _libraries(
    isolated: bool, user: bool, home: str | None, root: str | None, prefix: str | None
) -> tuple[str, str]:
    from pip._internal.locations import get_scheme

    scheme = get_scheme("any", isolated=isolated, user=user, home=home, root=root, prefix=prefix)
    return scheme.purelib, scheme.platlib


def _write_beside_metadata(req: Any, given: dict[str, Any], note: dict[str, Any]) -> None:
    libraries = _libraries(
        req.isolated,
        given.get("use_user_site", False),
        *(given.get(key) for key in ("home", "root", "prefix")),
    )
    with zipfile.ZipFile(req.local_file_path) as wheel:
        metadata = next(
            name
            for name in wheel.namelist()
            if name.count("/") == 1 and name.endswith(".dist-info/METADATA")
        )
    relative = metadata.rpartition("/")[0]
    place = next(
        os.path.join(path, relative)
        for path in libraries
        if os.path.isdir(os.path.join(path, relative))
    )
    content = (json.dumps(note, indent=1) + "\n").encode()
    with open(os.path.join(place, NAME), "wb") as file:
        file.write(content)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    path = os.path.join(place, "RECORD")
    with open(path, "r+", encoding="utf-8", newline="") as record:
        written = record.read()
        if NAME in written:  # a wheel may have brought such a file along
            rows = [
                row
                for row in csv.reader(io.StringIO(written, newline=""))
                if row and row[0] != f"{relative}/{NAME}"
            ]
            record.seek(0)
            record.truncate()
            csv.writer(record).writerows(rows)
        csv.writer(record).writerow([f"{relative}/{NAME}", f"sha256={digest}", str(len(content))])
