"""Pipfile's dialect: ``[[source]]``, and ``index =`` in any category. Source: https://pipenv.pypa.io/en/latest/indexes.html

Unpinned names come from the first source only, pipenv's index-restricted rule.
"""

from __future__ import annotations

from pip_pinned.config.document import Document
from pip_pinned.config.draft import Draft
from pip_pinned.policy import names
from pip_pinned.policy.model import Index, Pin, Strategy

_NOT_CATEGORIES = ("source", "requires", "scripts", "pipenv", "build-system")
_ELSEWHERE = ("git", "hg", "svn", "bzr", "path", "file", "uri")


def read(document: Document) -> Draft:
    """The draft of a Pipfile; the pins of all categories are united."""
    root = document.root
    draft = Draft(Strategy.DEFAULT_INDEX)
    for i, entry in enumerate(root.tables("source")):
        name, url = entry.text("name", required=True), entry.url("url", bare_variables=True)
        if name is not None and not names.is_index_name(name):
            entry.problem("name", f"{name!r} cannot name an index", "Letters, digits, '.', '_' and '-'.")
        elif name is not None and url is not None:
            draft.indexes.append(Index(name=name, url=url, written=entry.written("url", url), origin=entry.origin, default=i == 0, explicit=i > 0,
                                       verify_ssl=entry.flag("verify_ssl", True)))
    settings = root.table("pipenv")
    draft.sync_any_index = settings is not None and settings.flag("install_search_all_sources", False)
    for category, packages in root.data.items():
        if category in _NOT_CATEGORIES or not isinstance(packages, dict):
            continue
        table = root.table(category)
        assert table is not None
        for package, requirement in packages.items():
            if not isinstance(requirement, dict):
                continue
            origin, pattern = table.origin_of(package), names.normalize(package)
            if "index" in requirement:
                listed = table.table(package)
                index = None if listed is None else listed.text("index")
                if index is not None and not any(pin.pattern == pattern and pin.index_name == index for pin in draft.pins):
                    draft.pins.append(Pin(pattern=pattern, index_name=index, origin=origin))
            elif any(key in requirement for key in _ELSEWHERE):
                draft.pins.append(Pin(pattern=pattern, index_name=None, origin=origin))
    return draft
