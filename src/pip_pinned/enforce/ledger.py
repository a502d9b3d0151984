"""What has been found out in one resolution: what was decided, what indexes have listed, what may
be requested.

Whatever is used later, a file, a redirect, credentials, is judged by what stands here. A look ahead
works on a ``fork``, of which nothing comes back, and builds within this process on one that knows
of no listing.
"""

from __future__ import annotations

import copy
from collections import ChainMap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pip_pinned.policy import names, urls
from pip_pinned.policy.urls import Address, BadUrl, Url

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from pip_pinned.policy.hashes import Hash
    from pip_pinned.policy.model import Decision, Index

Listings = dict[tuple[str, str], "Listing"]  # by normalised name and URL
Grants = dict[str, "Grant"]  # by URL


class Question:
    """One index asked about one project, under a decision, and what came back.

    ``evaluator`` is pip's, of the files on the page.
    """

    def __init__(self, decision: Decision, index: Index) -> None:
        self.decision = decision
        self.index = index
        self.status: int | None = None
        self.failure = ""
        self.redirected_to = ""
        self.missing_sentinel = ""
        self.final_url = ""
        self.lists_project = True
        self.strayed = False
        self.answered = False
        self.evaluator: Any = None


class Listing:
    """A file that an index (None: a local directory of find-links) listed for a project, on that
    page.

    ``strayed`` says that the page was reached by way of another origin.
    """

    def __init__(
        self,
        name: str,
        index: Index | None,
        page: str,
        *,
        strayed: bool = False,
        locked: Hash | None = None,
    ) -> None:
        self.name = name
        self.index = index
        self.page = page
        self.strayed = strayed
        self.locked = locked  # the hash by which a lock names the file, where no page was read


class Grant:
    """A URL that may be requested, and what a redirect of it may do.

    ``index`` is set for an index's page, ``listing`` for one of its files; both None: as pip does.
    """

    def __init__(
        self,
        *,
        index: Index | None = None,
        listing: Listing | None = None,
        hashed: bool = False,
        is_metadata: bool = False,
    ) -> None:
        self.index = index
        self.listing = listing
        self.hashed = hashed  # pip will check what comes against a hash that vouches
        self.is_metadata = is_metadata  # of the listed file (PEP 658)

    @property
    def owner(self) -> Index | None:
        """The index that the URL is asked of, if only that index itself has led there."""
        if self.listing is None:
            return self.index
        is_its_own = not self.listing.strayed and self.listing.locked is None
        return self.listing.index if is_its_own else None


class Ledger:
    """What has been found out, and the request that is under way.

    ``question`` is being asked, ``following`` allows the request whose redirects are judged,
    ``next_hop`` is where the latest of them leads, ``strayed`` says that they have left its origin.
    ``decided`` is by name; ``inherited`` are the names of CONTRACT 3.7 with their indexes,
    ``commented`` those that a comment in a requirements file pins, with index and place;
    ``sentinels`` says by index whether its sentinel is there. ``prepared`` gives the listing of
    pip's requirements (None: a direct reference), ``constraint_urls`` are links out of constraints
    files; ``building`` holds the indexes of the packages being prepared, innermost last. ``issued``
    has the Authorization header of each request that got one, and its target.
    """

    def __init__(self) -> None:
        self.is_ahead = False  # a fork for a look ahead
        self.question: Question | None = None
        self.decided: dict[str, Decision] = {}
        self.inherited: dict[str, Index] = {}
        self.commented: dict[str, tuple[str, str]] = {}
        self.constraint_urls: set[str] = set()
        self.sentinels: dict[str, bool] = {}
        self.listings: MutableMapping[tuple[str, str], Listing] = {}
        self.prepared: WeakKeyDictionary[Any, Listing | None] = WeakKeyDictionary()
        self.building: list[Index | None] = []
        self.grants: MutableMapping[str, Grant] = {}
        self.issued: set[tuple[str, Address]] = set()
        self.following: Grant | None = None
        self.strayed = False
        self.next_hop: Url | None = None

    def fork(self, listings: Listings, grants: Grants) -> Ledger:
        """A ledger that knows what this one knows; what is new to it is written to these alone."""
        ahead = Ledger()
        ahead.is_ahead = True
        ahead.inherited = dict(self.inherited)
        ahead.commented = self.commented
        ahead.sentinels = self.sentinels
        ahead.issued = self.issued
        ahead.listings = ChainMap(listings, self.listings)
        ahead.grants = ChainMap(grants, self.grants)
        return ahead

    def without_listings(self) -> Ledger:
        """The same, but that no index has been asked yet."""
        other = copy.copy(self)
        other.listings, other.decided = {}, {}
        return other

    def list_file(self, name: str, link: Any, index: Index | None, page: str) -> None:
        """Remember that a page listed a file for a project; the first listing of a file counts."""
        strayed = self.question is not None and self.question.strayed
        listing = Listing(name, index, page, strayed=strayed)
        self.listings.setdefault((name, urls.without_fragment(link.url)), listing)

    def listing(self, name: str | None, url: str) -> Listing | None:
        """The listing of a file for a project, if any index gave one."""
        if name is None:
            return None
        return self.listings.get((names.normalize(name), urls.without_fragment(url)))

    def grant(self, url: str, grant: Grant) -> None:
        """Allow requests of a URL."""
        self.grants[_key(url)] = grant

    def granted(self, url: str) -> Grant | None:
        """What allows a request of this very URL."""
        return self.grants.get(_key(url))

    def grant_of(self, url: str) -> Grant | None:
        """What allowed a request of this URL, or of the one that was redirected to it without
        leaving its origin.
        """
        return self.granted(url) or (None if self.strayed else self.following)

    @contextmanager
    def asking(self, question: Question) -> Iterator[Question]:
        """While an index is asked, what comes back belongs to this question."""
        before, self.question = self.question, question
        try:
            yield question
        finally:
            self.question = before


def _key(url: str) -> str:
    """A URL as it is sent; what is no URL is never sent (``egress``)."""
    try:
        return Url(url).text
    except BadUrl:
        return url
