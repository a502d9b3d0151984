"""Pip's ``Link``: what an index says of a file, as far as pip will check it.

pip counts ``#sha256=`` as a hash and compares nothing, takes an md5 where a sha256 stands beside
it, and reads a metadata file without a hash wherever the wheel lies, because the wheel has one.
What pip would not check is taken off the link here, once, when an index lists it: from then on,
that a link has a hash means that pip compares the file with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from pip_pinned.policy import hashes
from pip_pinned.policy.hashes import Hash
from pip_pinned.policy.urls import BadUrl, Url


def hash_of(link: Any) -> Hash | None:
    """The one hash that pip will check, after ``settle``."""
    return hashes.strongest((link._hashes or {}).items())


def settle(link: Any, page: Url, wanted: Collection[str] = ()) -> None:
    """Leave a link its strongest hash alone, and its metadata file only where that is to be trusted
    (CONTRACT 1.6, 4.12).

    ``wanted`` are the algorithms of the hashes that a lock has for the file: one of these is left,
    if there is one.
    """
    found = (link._hashes or {}).items()
    known = hashes.strongest(pair for pair in found if pair[0] in wanted) or hashes.strongest(found)
    link._hashes = {} if known is None else {known.algorithm: known.digest}
    _settle_metadata(link, page)


def vouches(link: Any) -> bool:
    """Whether pip will check the file against a hash that is strong enough to stand for it,
    wherever it lies.
    """
    known = hash_of(link)
    return known is not None and known.vouches


def metadata_vouches(link: Any) -> bool:
    """The same for its metadata file."""
    known = _metadata_hash(link)
    return known is not None and known.vouches


def _settle_metadata(link: Any, page: Url) -> None:
    if not _has_metadata(link):
        return
    known = _metadata_hash(link)
    if known is not None and known.vouches:
        _set_metadata(link, known)
        return
    try:
        is_beside = page.is_same_origin(Url(link.url))
    except BadUrl:
        is_beside = False
    _set_metadata(link, known, keep=is_beside)


# pip 23.2 replaced the attribute ``dist_info_metadata`` (``"true"`` or ``"sha256=…"``) by
# ``metadata_file_data``
# (pypa/pip#12078).


def _has_metadata(link: Any) -> bool:
    if hasattr(link, "metadata_file_data"):
        return link.metadata_file_data is not None
    return link.dist_info_metadata is not None


def _metadata_hash(link: Any) -> Hash | None:
    pairs: Iterable[tuple[str, str]] = ()
    if hasattr(link, "metadata_file_data"):
        if link.metadata_file_data is not None:
            pairs = (link.metadata_file_data.hashes or {}).items()
    elif isinstance(link.dist_info_metadata, str):
        algorithm, _, digest = link.dist_info_metadata.partition("=")
        pairs = [(algorithm, digest)]
    return hashes.strongest(pairs)


def _set_metadata(link: Any, known: Hash | None, *, keep: bool = True) -> None:
    if hasattr(link, "metadata_file_data"):
        values = None if known is None else {known.algorithm: known.digest}
        link.metadata_file_data = type(link.metadata_file_data)(values) if keep else None
    else:
        text = "true" if known is None else f"{known.algorithm}={known.digest}"
        link.dist_info_metadata = text if keep else None
