"""Whose a URL is: the index whose credentials a request of it may carry, and which are given for
it.
"""

from __future__ import annotations

from collections.abc import Callable

from pip_pinned.policy import names, urls
from pip_pinned.policy.model import Index


def owner_of(indexes: tuple[Index, ...], url: str, asked: Index | None) -> Index | None:
    """The index whose credentials a request may carry: the longest path prefix on the same origin.

    ``asked`` is the index whose page or file the URL is, or that has redirected there: what it
    names on its own origin counts as its own, wherever on it that is. A path that a server may read
    in more than one way counts as nobody's.
    """
    path, here = urls.path_segments(url), urls.origin(url)
    if path is None:
        return None
    if asked is not None and urls.origin(asked.url) != here:
        asked = None
    scopes = [
        (urls.credential_scope(index.url), index)
        for index in indexes
        if urls.origin(index.url) == here
    ]
    around = [(len(scope), index) for scope, index in scopes if path[: len(scope)] == scope]
    if not around:
        return asked
    longest = max(length for length, _ in around)
    nearest = [index for length, index in around if length == longest]
    if asked is not None and any(index.name == asked.name for index in nearest):
        return asked
    return nearest[0] if len(nearest) == 1 else None


def given(
    index: Index, variable: Callable[[str], str | None]
) -> tuple[str | None, str | None, str | None]:
    """User name, password, and where the last of them was found; None for what neither URL nor
    environment has.
    """
    user, password = urls.credentials(index.url)
    source = None if user is None else "the index URL"
    for prefix in variable_prefixes(index):
        if user is None and variable(f"{prefix}_USERNAME") is not None:
            user, source = variable(f"{prefix}_USERNAME"), f"{prefix}_USERNAME"
        if password is None and variable(f"{prefix}_PASSWORD") is not None:
            password, source = variable(f"{prefix}_PASSWORD"), f"{prefix}_PASSWORD"
    if password is not None and user is None:
        user = ""
    return user, password, source


def variable_prefixes(index: Index) -> tuple[str, ...]:
    """What the names of the variables with this index's credentials begin with."""
    return f"PIP_PINNED_INDEX_{names.variable(index.name)}", *index.variable_prefixes
