"""What lies about and has the right name: wheels built earlier, files of an earlier download
(CONTRACT 4.10).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from pip_pinned.enforce.artifacts import announce
from pip_pinned.enforce.run import Run


def get_path_for_link(run: Run, original: Callable[..., Any], self: Any, link: Any) -> str:
    """Wheels built under this policy only: pip's key is the URL, whoever built from it and with
    what.
    """
    below = os.path.relpath(original(self, link), self.cache_dir)
    return os.path.join(self.cache_dir, "pip-pinned", run.fingerprint, below)


def get_cache_entry(
    run: Run,
    original: Callable[..., Any],
    self: Any,
    link: Any,
    package_name: str | None,
    supported_tags: Any,
) -> Any:
    """A wheel from the cache stands for the sdist that it was built from."""
    entry = original(self, link, package_name, supported_tags)
    if entry is None or package_name is None:
        return entry
    listing = run.ledger.listing(package_name, link.url)
    if listing is not None:
        if listing.index is not None:
            announce(run, package_name, link)
        run.ledger.list_file(listing.name, entry.link, listing.index, entry.link.url)
    elif run.is_pinned(package_name):
        return None
    return entry


def check_download_dir(
    run: Run,
    original: Callable[..., Any],
    link: Any,
    download_dir: str,
    hashes: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """A file of the right name counts as downloaded only if a hash says so."""
    return original(link, download_dir, hashes, *args, **kwargs) if hashes else None


def save_linked_requirement(run: Run, original: Callable[..., Any], self: Any, req: Any) -> None:
    """Pip leaves a same-named file in place; what was downloaded now replaces it."""
    original(self, req)
    source = req.local_file_path
    if source is None or req.link is None or req.link.is_existing_dir() or req.link.is_vcs:
        return
    import filecmp

    saved = os.path.join(self.download_dir, os.path.basename(req.link.filename))
    if os.path.isfile(saved) and not filecmp.cmp(source, saved, shallow=False):
        told = "was another file of the same name; it is replaced by the one from the index."
        run.journal.note(run, f"{saved} {told}")
        from shutil import copy

        copy(source, saved)
