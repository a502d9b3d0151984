"""Indexes that are a page or a directory of files, as pip's ``--find-links`` reads it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pip_pinned.policy import names, urls

if TYPE_CHECKING:
    from pip_pinned.enforce.ledger import Question
    from pip_pinned.enforce.lookup import Asker
    from pip_pinned.policy.model import Index

Flat = tuple[list[Any], list[Any]]  # candidates, and files for the finder to evaluate


def ask_page(asker: Asker, index: Index, question: Question) -> Flat | None:
    """What a page of files, or a single file, has for the project."""
    from pip._internal.models.link import Link

    link = Link(index.bare)
    candidates: list[Any] | None = []
    files = []
    if names.file_belongs_to(link.filename, asker.decision.name):
        asker.run.ledger.list_file(asker.decision.name, link, index, index.bare)
        files.append(link)
    else:
        candidates = asker.fetch(index, question, index.bare)
    if candidates is None or not (files or question.lists_project):
        return None
    return candidates, files


def ask_directory(asker: Asker, index: Index, question: Question) -> Flat | None:
    """The same of a directory on this machine."""
    path = urls.local_path(index.bare) or ""
    candidates, files = [], []
    question.answered = True
    for source in _sources_of(asker, path):
        candidates += source.page_candidates()
        files += [
            link
            for link in source.file_links()
            if names.file_belongs_to(link.filename, asker.decision.name)
        ]
    listed = os.listdir(path) if os.path.isdir(path) else [os.path.basename(path)]
    links = [*(candidate.link for candidate in candidates), *files]
    asker.vouch(index, index.bare, links)
    asker.run.journal.links(asker.run, index, asker.decision.name, links)
    if not candidates and not any(
        names.file_belongs_to(name, asker.decision.name) for name in listed
    ):
        return None
    return candidates, files


def local_find_links(asker: Asker, locations: Iterable[str]) -> list[Any]:
    """Pip's sources of local find-links, for a name without a pin."""
    sources = list(_sources_of(asker, *locations)) if locations else []
    for source in sources:
        for link in source.file_links():
            asker.run.ledger.list_file(asker.decision.name, link, None, "")
        links = [candidate.link for candidate in source.page_candidates()]
        links += source.file_links()
        asker.run.journal.links(asker.run, None, asker.decision.name, links)
    return sources


def _sources_of(asker: Asker, *locations: str) -> Iterator[Any]:
    """Pip's own reading of local find-links: a scope with these locations and nothing else."""
    from pip._internal.index.collector import LinkCollector
    from pip._internal.models.search_scope import SearchScope

    fresh = LinkCollector(
        asker.collector.session,
        SearchScope(find_links=list(locations), index_urls=[], no_index=False),
    )
    for source in asker.original(fresh, asker.decision.name, asker.candidates_from_page).find_links:
        if source is not None:
            yield source
