"""Where a page or a file may lead: each redirect is judged before it is followed, and each file
that lies elsewhere than its page (CONTRACT 4.4, 4.5, 4.11, 4.12).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.egress import CrossOriginRedirect, visible
from pip_pinned.enforce.ledger import Grant, Listing
from pip_pinned.enforce.listed import lists_file
from pip_pinned.enforce.rehearsal import leave_to_pip
from pip_pinned.enforce.run import Run
from pip_pinned.policy.urls import BadUrl, Url


def get_redirect_target(run: Run, original: Callable[..., Any], self: Any, resp: Any) -> str | None:
    """Judge a redirect before it is followed (CONTRACT 4.4), and say where exactly it leads."""
    location: str | None
    try:
        location = original(self, resp)
    except ValueError:  # pip itself refuses it
        location = resp.headers["Location"]
    if location is None or resp.url.startswith("file:"):
        return location
    grant = run.ledger.following or Grant()
    here = Url(resp.url)
    there = _target(run, grant, here, location)
    if grant.index is not None:
        if not grant.index.follow_redirects and not here.is_same_origin(there):
            raise CrossOriginRedirect(there)
    elif grant.listing is not None:
        _confirm_locked(run, self, grant.listing, here, there)
        refuse_off_origin(run, grant, here, there, "redirects to")
    run.ledger.next_hop = there
    return there.text


def _confirm_locked(run: Run, session: Any, listing: Listing, here: Url, there: Url) -> None:
    """A locked file leaves its origin only if its index's page lists the locked URL with this hash
    (CONTRACT 4.11).
    """
    if listing.locked is None or listing.index is None or here.is_same_origin(there):
        return
    leave_to_pip(run.ledger)
    url = Url(listing.page)
    if not lists_file(run, session, listing.index, listing.name, url, listing.locked):
        diagnostics.refuse(run, "lock-entry-refused", listing=listing, url=url, there=there)


def _target(run: Run, grant: Grant, here: Url, location: str) -> Url:
    """The address that a Location stands for.

    If it is none on a network, stops for a file, and raises ValueError for a page.
    """
    try:
        there = here.joined(location.partition("#")[0])
    except BadUrl as exc:
        shown = visible(location)
        if grant.listing is None:
            raise ValueError(f"a redirect to {shown}: {exc}") from exc
        facts = {"listing": grant.listing, "shown": shown, "why": str(exc)}
        diagnostics.refuse(run, "off-origin-file", **facts)
    return there


def refuse_off_origin(run: Run, grant: Grant, page: Url, url: Url, how: str) -> None:
    """Stop unless a file may live where it is: on its page's origin, or elsewhere if the page gives
    its hash.
    """
    if page.is_same_origin(url) or url.host in run.policy.allow_file_hosts:
        return
    is_as_safe = url.scheme == "https" or (url.scheme == "http" and page.scheme in ("http", "file"))
    if grant.hashed and is_as_safe:
        return
    if grant.is_metadata:
        raise CrossOriginRedirect(url)
    assert grant.listing is not None
    facts = {"listing": grant.listing, "page": page, "how": how, "url": url}
    diagnostics.refuse(run, "off-origin-file", is_hashed=grant.hashed, **facts)
