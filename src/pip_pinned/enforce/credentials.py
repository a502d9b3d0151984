"""Which secret a request carries: that of the index whose path it is under, and nobody else's.

The order of sources is the URL, ``PIP_PINNED_INDEX_<NAME>_USERNAME`` and ``_PASSWORD`` (and what the dialect has of that
kind), netrc, keyring, a prompt. The last three are pip's own machinery, with one memory per index instead of one per host.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from pip_pinned.enforce import failures
from pip_pinned.enforce.run import Run
from pip_pinned.policy import names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index


def index_of(run: Run, url: str) -> Index | None:
    """The index whose credentials a request may carry: the longest path prefix on the same origin.

    A file on its index's own origin counts as the index's, wherever on it the page says it is.
    """
    here = urls.origin(url)
    path = urlsplit(url).path
    best: tuple[int, Index] | None = None
    for index in run.indexes:
        prefix = urls.credential_prefix(index.url)
        if urls.origin(index.url) == here and path.startswith(prefix) and (best is None or len(prefix) > best[0]):
            best = len(prefix), index
    if best is not None:
        return best[1]
    grant = run.grants.get(urls.without_fragment(urls.without_credentials(url)))
    listed_by = None if grant is None or grant.listing is None else grant.listing.index
    return listed_by if listed_by is not None and urls.origin(listed_by.url) == here else None


def find(run: Run, index: Index) -> tuple[str | None, str | None, str | None]:
    """User name, password, and where the last of them was found; None for what neither URL nor environment has."""
    user, password = urls.credentials(index.url)
    source = None if user is None else "the index URL"
    for prefix in variable_prefixes(index):
        if user is None and run.variable(f"{prefix}_USERNAME") is not None:
            user, source = run.variable(f"{prefix}_USERNAME"), f"{prefix}_USERNAME"
        if password is None and run.variable(f"{prefix}_PASSWORD") is not None:
            password, source = run.variable(f"{prefix}_PASSWORD"), f"{prefix}_PASSWORD"
    if password is not None and user is None:
        user = ""
    return user, password, source


def variable_prefixes(index: Index) -> tuple[str, ...]:
    """What the names of the variables with this index's credentials begin with."""
    return f"PIP_PINNED_INDEX_{names.variable(index.name)}", *index.variable_prefixes


def described(run: Run, index: Index) -> str:
    """Where this index's credentials come from, for a message; never what they are."""
    if index.authenticate == "never":
        return 'none are sent (authenticate = "never")'
    source = find(run, index)[2]
    if source is not None:
        return f"from {source}"
    netrc = _netrc(index)
    return netrc or f"none in the index URL, {variable_prefixes(index)[0]}_USERNAME and _PASSWORD, or netrc"


def _netrc(index: Index) -> str:
    from netrc import NetrcParseError, netrc

    places = [os.environ["NETRC"]] if "NETRC" in os.environ else ["~/.netrc", "~/_netrc"]
    for place in map(os.path.expanduser, places):
        try:
            if os.path.exists(place) and netrc(place).authenticators(urls.origin(index.url)[1]):
                return f"from {place}"
        except NetrcParseError as exc:
            return f"{place}:{exc.lineno} cannot be read: {exc.msg}"
        except OSError as exc:
            return f"{place} cannot be read: {exc.strerror}"
    return ""


def _url_with_credentials(run: Run, index: Index) -> str:
    user, password, _ = find(run, index)
    if user is None:
        return index.bare
    userinfo = quote(user, safe="") + ("" if password is None else ":" + quote(password, safe=""))
    parts = urlsplit(index.bare)
    return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))


def auth_by_index(run: Run, ordinary: Any) -> Any:
    """What stands in the place of a session's own authentication, ``ordinary``."""
    from pip._internal.network.auth import MultiDomainBasicAuth

    class AuthByIndex(MultiDomainBasicAuth):  # type: ignore[misc]
        """pip's own look-up of credentials, one memory of them per index instead of one per host."""

        def __init__(self) -> None:
            self._by_index: dict[str, Any] = {}
            super().__init__(prompting=ordinary.prompting)

        @property
        def index_urls(self) -> list[str]:
            return []  # what pip would share among all URLs of a host belongs to one index here

        @index_urls.setter
        def index_urls(self, value: object) -> None:
            pass

        def __call__(self, request: Any) -> Any:
            index = index_of(run, request.url)
            if index is None:
                return super().__call__(request)
            return request if index.authenticate == "never" else self._for(index)(request)

        def _for(self, index: Index) -> Any:
            auth = self._by_index.get(index.name)
            first_time = auth is None
            if auth is None:
                auth = self._by_index[index.name] = MultiDomainBasicAuth(index_urls=[_url_with_credentials(run, index)])
            auth.prompting = self.prompting
            if hasattr(self, "_keyring_provider"):
                auth.keyring_provider = self._keyring_provider
            if first_time and index.authenticate == "always":
                _look_up_first(run, auth, index)
            return auth

    return AuthByIndex()


def _look_up_first(run: Run, auth: Any, index: Index) -> None:
    """``authenticate = "always"``: no request without credentials, for hosts that answer 404 to a stranger."""
    user, password = auth._get_new_credentials(index.bare, allow_netrc=True, allow_keyring=getattr(auth, "use_keyring", auth.prompting))
    if user is None and password is None:
        failures.stop(PipPinnedError(
            "index-auth-failed", f"{index.name} is to be asked with credentials only, and there are none.",
            context=f'index: {index.name} {index.shown} ({index.origin}, authenticate = "always")\ncredentials: {described(run, index)}',
            hint=f"Put them into the index URL, into {variable_prefixes(index)[0]}_USERNAME and _PASSWORD, or into netrc or keyring."))
    auth.passwords[urlsplit(index.bare).netloc] = (user or "", password or "")
