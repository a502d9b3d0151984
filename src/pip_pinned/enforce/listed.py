"""Does an index's page list a file that a lock names? (CONTRACT 4.6, 4.11)"""

from __future__ import annotations

from typing import Any

from pip_pinned.enforce.lookup import Asker
from pip_pinned.enforce.run import Run
from pip_pinned.policy import hashes
from pip_pinned.policy.hashes import Hash
from pip_pinned.policy.model import Index
from pip_pinned.policy.urls import BadUrl, Url


def lists_file(run: Run, session: Any, index: Index, name: str, url: Url, locked: Hash) -> bool:
    """Whether an index's page lists this very URL with this hash.

    Reads the page; stops for a fault of the index.
    """
    from pip._internal.index.collector import LinkCollector, parse_links
    from pip._internal.models.search_scope import SearchScope

    found: list[bool] = []

    def read(location: Any) -> list[Any]:
        content = collector.fetch_response(location)
        for link in parse_links(content) if content is not None else ():
            pairs = (link._hashes or {}).items()
            found.append(
                _is_url(link.url, url) and locked in {hashes.parse(*pair) for pair in pairs}
            )
        return []

    collector = LinkCollector(session, SearchScope(find_links=[], index_urls=[], no_index=False))
    decision = run.decide(name)._replace(indexes=(index,), first=None)
    Asker(run, LinkCollector.collect_sources, collector, decision, read).ask_page(index)
    return any(found)


def _is_url(text: str, url: Url) -> bool:
    try:
        return Url(text) == url
    except BadUrl:
        return False
