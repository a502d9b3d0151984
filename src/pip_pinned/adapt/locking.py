"""What a lock wants to know of a resolution and pip's report does not say: which files each index
lists, and what was asked for.

Lines of JSON in a file of the lock command's. It also has a say: of the versions that fit, the one
that is locked already comes first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from pip_pinned.adapt.notes import LOCK_LOG
from pip_pinned.enforce.run import Run
from pip_pinned.policy import hashes, names, urls

PREFERRED = "preferred"  # a key of ``Settings.task``
# By normalised name: the version that is locked, and the URL of the index that had it.
Preferred = dict[str, tuple[str, str | None]]


def note_page(run: Run, index_name: str, project: str, content: Any) -> None:
    """Note the files of a project page, for every platform; size and upload time where the page is
    JSON (PEP 700).
    """
    from pip._internal.index.collector import parse_links

    more = {}
    if content.content_type.lower().startswith("application/vnd.pypi.simple.v1+json"):
        more = {file.get("filename"): file for file in json.loads(content.content).get("files", ())}
    links = [link for link in parse_links(content) if names.file_belongs_to(link.filename, project)]
    note_links(run, index_name, project, content.url, links, more)


def note_links(
    run: Run,
    index_name: str | None,
    project: str,
    page: str,
    links: Iterable[Any],
    more: dict[str, Any] | None = None,
) -> None:
    """Note files that an index (None: a directory of find-links) has for a project."""
    details = more or {}
    files = [
        {
            "filename": link.filename,
            "url": urls.without_fragment(link.url),
            "hashes": _hashes(link),
            "requires_python": link.requires_python,
            "yanked": link.yanked_reason is not None,
            "size": details.get(link.filename, {}).get("size"),
            "upload_time": details.get(link.filename, {}).get("upload-time"),
        }
        for link in links
    ]
    _write(run, {"project": project, "index": index_name, "page": page, "files": files})


def _hashes(link: Any) -> dict[str, str]:
    """What of the hashes on a page is one: a lock is read by others."""
    found = [hashes.parse(*pair) for pair in (link._hashes or {}).items()]
    return {known.algorithm: known.digest for known in found if known is not None}


def note_requirements(run: Run, requirements: Iterable[Any]) -> None:
    """Note what the user asked for, with markers, and where each stands."""
    if not run.settings.task.get(LOCK_LOG):
        return
    for req in requirements:
        if not req.constraint:
            _write(
                run,
                {
                    "requirement": str(req.req) if req.req is not None else None,
                    "name": req.name,
                    "marker": str(req.markers) if req.markers else None,
                    "link": req.link.url if req.link is not None else None,
                    "from": req.comes_from if isinstance(req.comes_from, str) else None,
                },
            )


def get_applicable_candidates(
    run: Run, original: Callable[..., Any], self: Any, candidates: list[Any]
) -> list[Any]:
    """Candidates, best last as pip wants them, with the version that is locked already as the
    best.
    """
    applicable: list[Any] = original(self, candidates)
    preferred: Preferred = run.settings.task.get(PREFERRED) or {}
    if not preferred or not applicable or run.is_build:
        return applicable
    version, _ = preferred.get(names.normalize(applicable[0].name), (None, None))
    if version is None:
        return applicable
    return sorted(applicable, key=lambda candidate: str(candidate.version) == version)


def _write(run: Run, line: dict[str, Any]) -> None:
    with open(run.settings.task[LOCK_LOG], "a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
