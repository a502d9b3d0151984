"""Long project pages without the wheels that this interpreter cannot use.

Most of a page of thousands of files is wheels for other platforms. pip makes a Link of each, then
leaves it alone, before it looks at anything but the file's name and tags. Here they are left out by
the tags in their names, for the same answer in less time. Where a log is to tell why each file is
skipped, pip sees the page as it is.
"""

from __future__ import annotations

import copy
import json
import logging
import re
from itertools import product
from typing import Any
from urllib.parse import unquote

_ANCHOR = re.compile(
    rb"<a\s([^<>]*)>[^<]*</a>", re.IGNORECASE
)  # linear: what does not fit ends at the next tag
_TAGS = re.compile(r"[^\s-]+-[^\s-]+(?:-\d[^\s-]*)?-([^\s-]+)-([^\s-]+)-([^\s-]+)\.whl")


def without_incompatible_wheels(content: Any, evaluator: Any) -> Any:
    """A page (pip's IndexContent) without the wheels that ``evaluator``, pip's LinkEvaluator, has
    no use for; the page itself where a log is to tell of each.
    """
    if logging.getLogger("pip").isEnabledFor(logging.DEBUG):
        return content
    target = getattr(evaluator, "_target_python", None)
    tags_of_target = getattr(target, "get_sorted_tags", None) or getattr(
        target, "get_tags", None
    )  # before pip 23.3
    if tags_of_target is None:
        return content
    supported = {str(tag) for tag in tags_of_target()}
    known: dict[tuple[str, ...], bool] = {}

    def is_incompatible(url: str) -> bool:
        found = _TAGS.fullmatch(unquote(url.partition("#")[0].partition("?")[0].rpartition("/")[2]))
        if found is None or "egg=" in url:  # pip takes the name from there
            return False
        tags = found.groups()
        if tags not in known:
            known[tags] = not any(
                "-".join(tag) in supported
                for tag in product(*(part.lower().split(".") for part in tags))
            )
        return known[tags]

    shorter = copy.copy(content)
    if content.content_type.lower().startswith("application/vnd.pypi.simple.v1+json"):
        page = json.loads(content.content)
        page["files"] = [
            file
            for file in page.get("files", [])
            if not ("url" in file and is_incompatible(file["url"]))
        ]
        _replace(shorter, json.dumps(page).encode())
    else:
        _replace(
            shorter,
            _ANCHOR.sub(
                lambda anchor: (
                    b"" if is_incompatible(_href(anchor[1]).decode("latin-1")) else anchor[0]
                ),
                content.content,
            ),
        )
    return shorter


def _href(attributes: bytes) -> bytes:
    """What a tag links to, if that is plain to see; empty if it is not."""
    parts = attributes.split(b'"')
    for before, value in zip(parts[::2], parts[1::2], strict=False):
        if b"'" in before:
            break
        if before[-5:].lower() == b"href=" and (len(before) == 5 or before[-6:-5].isspace()):
            return b"" if re.search(rb"[\s&]", value) else value
    return b""


def _replace(content: Any, text: bytes) -> None:
    object.__setattr__(content, "content", text)  # a frozen dataclass since pip 24.1
