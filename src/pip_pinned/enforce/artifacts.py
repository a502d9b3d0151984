"""What is about to be used: a file that an index listed for this project, or a direct reference
(CONTRACT 4.4-4.6, 4.10).

Every artifact of every command and both resolvers passes ``prepare_linked_requirement`` or
``prepare_editable_requirement``. A link that no index listed for the name is a direct reference,
whoever wrote it: a requirements file, a constraint, a build requirement, or the metadata of another
package.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.egress import CrossOriginRedirect, judged
from pip_pinned.enforce.ledger import Grant, Listing
from pip_pinned.enforce.links import hash_of, metadata_vouches, vouches
from pip_pinned.enforce.redirects import refuse_off_origin
from pip_pinned.enforce.run import Run
from pip_pinned.policy import names, urls
from pip_pinned.policy.model import Index


def prepare_linked_requirement(
    run: Run, original: Callable[..., Any], self: Any, req: Any, parallel_builds: bool = False
) -> Any:
    """Check where an artifact comes from before anything of it is fetched, and whose it is once
    that is known.
    """
    return _prepare(run, req, lambda: original(self, req, parallel_builds))


def prepare_editable_requirement(
    run: Run, original: Callable[..., Any], self: Any, req: Any
) -> Any:
    """The same for editable requirements, which are always direct references."""
    return _prepare(run, req, lambda: original(self, req))


def _prepare(run: Run, req: Any, prepare: Callable[[], Any]) -> Any:
    name = req.name  # preparing an unnamed requirement gives it one
    if run.settings.roots and not run.is_build:
        _refuse_beside_the_lock(run, name)
    listing = announce(run, name, req.link)
    if listing is None:
        _check_direct_reference(run, req, name)
        run.ledger.grant(req.link.url, Grant())
    run.ledger.prepared[req] = listing
    run.ledger.building.append(None if listing is None else listing.index)
    try:
        with naming_faults(run, listing):
            dist = prepare()
    finally:
        run.ledger.building.pop()
    if listing is None:
        _check_direct_reference(run, req, dist.canonical_name)
    else:
        _check_name(req, listing.name, dist)
        if listing.index is not None and listing.index.inherit:
            inherit(run, listing.index, _required_names(dist))
    return dist


def prepare_linked_requirements_more(
    run: Run, original: Callable[..., Any], self: Any, reqs: Any, parallel_builds: bool = False
) -> None:
    """Files that are fetched now, after their metadata."""
    with naming_faults(run):
        original(self, reqs, parallel_builds)


@contextmanager
def naming_faults(run: Run, listing: Listing | None = None) -> Iterator[None]:
    """A file that does not come stops the run, with the words of an index (CONTRACT 4.13): pip ends
    in a traceback. ``listing`` is that of the file, where there is one only.
    """
    from pip._vendor.requests.exceptions import RequestException
    from pip._vendor.urllib3.exceptions import HTTPError

    try:
        yield
    except (RequestException, HTTPError) as exc:
        grant = run.ledger.granted(getattr(getattr(exc, "request", None), "url", None) or "")
        known = listing if grant is None else grant.listing
        if known is None or known.index is None:
            raise
        told = f"{type(exc).__name__}: {exc}"
        diagnostics.refuse(run, "index-unavailable", listing=known, answer=told)


def _refuse_beside_the_lock(run: Run, name: str | None) -> None:
    """With a lock in force pip prepares what was judged of it, and nothing else (CONTRACT 4.11)."""
    if name is None or names.normalize(name) not in {root.name for root in run.settings.roots}:
        diagnostics.refuse(run, "lock-entry-refused", beside=name)


def announce(run: Run, name: str | None, link: Any) -> Listing | None:
    """Allow requests of a listed file, and of its metadata, if it may live where it is; None for a
    direct reference.
    """
    listing = run.ledger.listing(name, link.url)
    if listing is not None:
        grant = Grant(listing=listing, hashed=vouches(link))
        if listing.index is not None:
            page = judged(listing.page, f"the page of {listing.name} is")
            refuse_off_origin(run, grant, page, judged(link.url, f"{page} lists"), "lists")
        run.ledger.grant(link.url, grant)
        metadata = Grant(listing=listing, hashed=metadata_vouches(link), is_metadata=True)
        run.ledger.grant(urls.without_fragment(link.url) + ".metadata", metadata)
    return listing


def fetch_metadata(run: Run, original: Callable[..., Any], self: Any, req: Any) -> Any:
    """A metadata file that is redirected to another origin, and has no hash of its own, is not
    read: pip gets the whole file (CONTRACT 4.12).
    """
    try:
        return original(self, req)
    except CrossOriginRedirect:
        return None


def confirm_digest(
    run: Run, original: Callable[..., Any], self: Any, req: Any, parallel_builds: bool
) -> Any:
    """A file that only its hash vouches for, as it lies elsewhere, is compared with it once more:
    that pip does so is not taken for granted (CONTRACT 1.6).
    """
    listing = run.ledger.listing(req.name, req.link.url)
    known = hash_of(req.link)
    dist = original(self, req, parallel_builds)
    if (
        known is None
        or listing is None
        or req.local_file_path is None
        or not _is_elsewhere(listing, req.link.url)
    ):
        return dist
    found = hashlib.new(known.algorithm)
    with open(req.local_file_path, "rb") as file:
        while chunk := file.read(1 << 20):
            found.update(chunk)
    if found.hexdigest() != known.digest:
        diagnostics.unsupported(
            f"it has prepared a file of {listing.name} with another hash than the one that "
            "vouches for it"
        )
    return dist


def _is_elsewhere(listing: Listing, url: str) -> bool:
    return listing.index is not None and (
        listing.locked is not None or not urls.same_origin(listing.page, url)
    )


def _check_name(req: Any, name: str, dist: Any) -> None:
    """CONTRACT 4.8: pip's new resolver discards such a file; its legacy resolver would install it
    under its other name.
    """
    from pip._internal.exceptions import MetadataInconsistent

    for says in (dist.raw_name, dist.canonical_name):
        if names.normalize(says) != name:
            raise MetadataInconsistent(req, "name", name, names.normalize(says))


def _required_names(dist: Any) -> list[str]:
    """The projects that a distribution requires, with any of its extras; what is no requirement is
    pip's to refuse.
    """
    from pip._vendor.packaging.requirements import InvalidRequirement

    try:
        return [
            requirement.name
            for requirement in dist.iter_dependencies(list(dist.iter_provided_extras()))
        ]
    except InvalidRequirement:
        return []


def inherit(run: Run, index: Index, required: list[str]) -> None:
    """Names that a package from an index with ``inherit`` requires are searched there first
    (CONTRACT 3.7).

    A name that was looked up elsewhere before this became known stops the run: which index it comes
    from must not depend on the order in which a resolver works.
    """
    if not index.inherit:
        return
    for name in map(names.normalize, required):
        if name in run.ledger.inherited:
            continue
        commented, origin = run.ledger.commented.get(name, (index.name, ""))
        if commented.lower() != index.name.lower():
            told = f"a comment pins it to {commented}"
            diagnostics.refuse(run, "inherit-conflict", name=name, index=index, why=told, at=origin)
        run.ledger.inherited[name] = index
        before = run.ledger.decided.get(name)
        if (
            before is not None
            and not before.pinned
            and before.first is None
            and index not in before.indexes[:1]
        ):
            told, at = "it was looked up as an unpinned name before that", before.because
            diagnostics.refuse(run, "inherit-conflict", name=name, index=index, why=told, at=at)


def _check_direct_reference(run: Run, req: Any, project: str | None) -> None:
    if project is None:
        return
    decision = run.decide(project)
    by_user = bool(req.user_supplied) and not run.is_build and not _from_afar(req)
    by_user = by_user and urls.without_fragment(req.link.url) not in run.ledger.constraint_urls
    if not decision.pinned or (
        by_user and (req.link.is_file or decision.refusal == "not-on-an-index")
    ):
        return
    code = "direct-reference-refused"
    run.journal.record(run, decision, None, code)
    diagnostics.refuse(run, code, decision=decision, url=req.link.url, origin=req.comes_from)


_REMOTE_FILE = (
    r"-[rc] (?!file:)[A-Za-z][A-Za-z0-9+.-]*://"  # as pip writes it: "-r https://… (line 3)"
)


def _from_afar(req: Any) -> bool:
    """Whether a requirement stands in a requirements file that was fetched from somewhere, or in a
    lock file.
    """
    origin = req.comes_from
    return isinstance(origin, str) and (
        re.match(_REMOTE_FILE, origin) is not None or origin.endswith(".toml")
    )
