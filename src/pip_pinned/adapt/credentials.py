"""Which secret a request carries: that of the index whose path it is under, and nobody else's.

The order of sources is the URL, ``PIP_PINNED_INDEX_<NAME>_USERNAME`` and ``_PASSWORD`` (and what
the dialect has of that kind), netrc, keyring, a prompt. The last three are pip's own machinery,
with one memory per index instead of one per host.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from typing import Any

from pip_pinned.adapt import notes
from pip_pinned.enforce import diagnostics, egress
from pip_pinned.enforce.run import Run
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import url_texts
from pip_pinned.policy.model import Index
from pip_pinned.policy.ownership import given, variable_prefixes
from pip_pinned.policy.urls import Url


def session_init(
    run: Run, original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any
) -> None:
    """A session whose credentials are looked up by index instead of by host."""
    original(self, *args, **kwargs)
    _read_environment_once(self)
    self.auth = _auth_by_index(run)


def _read_environment_once(session: Any) -> None:
    """Requests goes through all variables twice for each request, in search of proxies; once for
    each origin will do.
    """
    ordinary, known = session.merge_environment_settings, {}

    def merge_environment_settings(
        url: str, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        if proxies or session.proxies:
            return ordinary(url, proxies, stream, verify, cert)
        key = urls.origin(url), stream, verify, cert
        if key not in known:
            known[key] = ordinary(url, proxies, stream, verify, cert)
        return {**known[key], "proxies": copy.copy(known[key]["proxies"])}

    session.merge_environment_settings = merge_environment_settings


def described(run: Run, index: Index) -> str:
    """Where this index's credentials come from, for a message; never what they are."""
    if index.authenticate == "never":
        return 'none are sent (authenticate = "never")'
    if index.name in notes.of(run).tried:
        return notes.of(run).tried[index.name]
    source = given(index, run.settings.variable)[2]
    if source is not None:
        return f"from {source}"
    netrc = _netrc(index)
    return (
        netrc
        or f"none in the index URL, {variable_prefixes(index)[0]}_USERNAME and _PASSWORD, or netrc"
    )


def _netrc_places() -> list[str]:
    places = [os.environ["NETRC"]] if "NETRC" in os.environ else ["~/.netrc", "~/_netrc"]
    return [os.path.expanduser(place) for place in places]


def _netrc(index: Index) -> str:
    from netrc import NetrcParseError, netrc

    for place in _netrc_places():
        try:
            if os.path.exists(place) and netrc(place).authenticators(urls.origin(index.url)[1]):
                return f"from {place}"
        except NetrcParseError as exc:
            return f"{place}:{exc.lineno} cannot be read: {exc.msg}"
        except OSError as exc:
            return f"{place} cannot be read: {exc.strerror}"
        except ValueError as exc:  # not UTF-8
            return f"{place} cannot be read: {exc}"
    return ""


def _url_with_credentials(run: Run, index: Index) -> str:
    user, password, _ = given(index, run.settings.variable)
    if user is None:
        return index.bare
    return url_texts.with_credentials(index.bare, user, password)


def _auth_by_index(run: Run) -> Any:
    """What stands in the place of a session's own authentication."""
    from pip._internal.network.auth import MultiDomainBasicAuth
    from pip._vendor.requests.utils import get_netrc_auth

    def in_netrc(url: str) -> tuple[str, str] | None:
        try:
            found: tuple[str, str] | None = get_netrc_auth(url)
        except UnicodeDecodeError:
            return None
        return found

    class IssuingAuth(MultiDomainBasicAuth):  # type: ignore[misc]
        """Pip's own; ``egress`` learns what gets credentials, and whose they are."""

        _index: Index | None = None

        def __call__(self, request: Any) -> Any:
            request = super().__call__(request)
            egress.issue(run, request, self._index)
            return request

        def handle_401(self, resp: Any, **kwargs: Any) -> Any:
            resp.connection = egress.SecondRequest(run, resp, self._index)
            return super().handle_401(resp, **kwargs)

    class OneIndexAuth(IssuingAuth):
        """Pip's own look-up, for one index.

        What the index has refused once is not sent again.
        """

        _index: Index
        _credentials_to_save: Any

        def __init__(self, index: Index) -> None:
            self._index = index
            self._given = given(index, run.settings.variable)[:2]
            self._refused: set[tuple[str, str]] = set()
            self._url = _url_with_credentials(run, index).rstrip("/") + "/"
            super().__init__(index_urls=[self._url])

        def _get_index_url(self, url: str) -> str:
            return self._url  # also for a file outside of the index's path

        def _get_new_credentials(
            self, original_url: str, *, allow_netrc: bool = True, allow_keyring: bool = False
        ) -> tuple[str | None, str | None]:
            user, password = self._given
            if (
                user is not None and password is None and allow_netrc
            ):  # a user name is no reason to try an empty password first
                netrc = in_netrc(original_url)
                allow_netrc = netrc is not None and netrc[0] == user
                allow_keyring = allow_keyring or self._may_use_keyring()
            try:
                found = super()._get_new_credentials(
                    original_url, allow_netrc=allow_netrc, allow_keyring=allow_keyring
                )
            except UnicodeDecodeError:  # a netrc in another encoding
                found = super()._get_new_credentials(
                    original_url, allow_netrc=False, allow_keyring=allow_keyring
                )
            user, password = map(transmissible, found)
            if (user or "", password or "") in self._refused:
                return None, None
            if password is not None and None in self._given:
                from_netrc = allow_netrc and in_netrc(original_url) == found
                notes.of(run).tried[self._index.name] = (
                    _netrc(self._index) if from_netrc else "from keyring"
                )
            return user, password

        def save_credentials(self, resp: Any, **kwargs: Any) -> None:
            pending: Any = self._credentials_to_save
            if pending is not None:  # pip would save them for the whole host
                self._credentials_to_save = pending._replace(
                    url=urls.without_credentials(self._url)
                )
            super().save_credentials(resp, **kwargs)

        def _prompt_for_password(self, netloc: str) -> Any:
            notes.of(run).tried[self._index.name] = "from the prompt"
            return super()._prompt_for_password(netloc)

        def _may_use_keyring(self) -> bool:
            return bool(getattr(self, "use_keyring", self.prompting))

        def handle_401(self, resp: Any, **kwargs: Any) -> Any:
            owner = egress.owner(run, resp.url)
            if resp.status_code != 401 or owner is None or owner.name != self._index.name:
                return resp
            if "Authorization" in resp.request.headers:
                self._refused.add(self.passwords.pop(Url(resp.url).authority, ("", "")))
                if (
                    None not in self._given
                ):  # nobody is asked for others where both are written down
                    return resp
            try:
                return super().handle_401(resp, **kwargs)
            except EOFError:  # a prompt, and nobody there to answer it
                notes.of(run).tried.pop(self._index.name)
                return resp

    class AuthByIndex(IssuingAuth):
        """One memory of credentials per index instead of one per host."""

        def __init__(self) -> None:
            self._by_index: dict[str, OneIndexAuth] = {}
            super().__init__()

        @property
        def index_urls(self) -> list[str]:
            return []  # what pip would share among all URLs of a host belongs to one index here

        @index_urls.setter
        def index_urls(self, value: object) -> None:
            pass

        def __call__(self, request: Any) -> Any:
            index = egress.owner(run, request.url)
            if index is not None:
                return request if index.authenticate == "never" else self._of(index)(request)
            if _is_beside_an_index(run, request.url) or _only_by_default(run, request.url):
                return request
            return super().__call__(request)

        def _of(self, index: Index) -> OneIndexAuth:
            auth = self._by_index.get(index.name) or OneIndexAuth(index)
            auth.prompting = self.prompting
            if hasattr(self, "_keyring_provider"):
                auth.keyring_provider = self._keyring_provider
            if index.name not in self._by_index and index.authenticate == "always":
                _look_up_first(run, auth, index)
            self._by_index[index.name] = auth
            return auth

    return AuthByIndex()


def look_up(
    run: Run, auth: Any, index: Index, *, refused: bool
) -> tuple[str | None, str | None, str | None]:
    """User name, password and their source, as a session with ``auth`` would send them, but for its
    prompt.

    ``refused`` is for an index that has answered 401: only then pip asks keyring, unless a user
    name waits for its password.
    """
    if index.authenticate == "never":
        return None, None, None
    own = auth._of(index)
    found = own.passwords.get(Url(index.bare).authority)
    user, password = found or own._get_new_credentials(
        index.bare, allow_netrc=True, allow_keyring=refused and own._may_use_keyring()
    )
    source = notes.of(run).tried.get(index.name) or (
        None if user is None else f"from {given(index, run.settings.variable)[2]}"
    )
    return user, password, source


def _is_beside_an_index(run: Run, url: str) -> bool:
    """Whether a URL without credentials of its own is on an index's host, but another port or
    scheme: netrc and keyring know hosts only.
    """
    host = urls.origin(url)[1].rstrip(".")
    return urls.credentials(url)[0] is None and any(
        urls.origin(index.url)[1].rstrip(".") == host for index in run.indexes
    )


def _only_by_default(run: Run, url: str) -> bool:
    """Whether a file that a page lists elsewhere would get the credentials of netrc's ``default``:
    the page chose who that is.
    """
    from netrc import NetrcParseError, netrc

    grant = run.ledger.granted(url) or run.ledger.following
    if grant is None or grant.listing is None:
        return False
    for place in _netrc_places():
        try:
            if os.path.exists(place):
                hosts = netrc(place).hosts
                return "default" in hosts and urls.origin(url)[1] not in hosts
        except (NetrcParseError, OSError, ValueError):
            return True
    return False


def transmissible(text: str | None) -> str | None:
    """A text that requests, which encodes credentials in Latin-1, sends in UTF-8 (RFC 7617) where
    Latin-1 has no word for it.
    """
    if text is None:
        return None
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode().decode("latin-1")
    return text


def _look_up_first(run: Run, auth: Any, index: Index) -> None:
    """``authenticate = "always"``: no request without credentials, for hosts that answer 404 to a
    stranger.
    """
    user, password = auth._get_new_credentials(
        index.bare, allow_netrc=True, allow_keyring=auth._may_use_keyring()
    )
    if user is None and password is None:
        diagnostics.stop(
            PipPinnedError(
                "index-auth-failed",
                f"{index.name} is to be asked with credentials only, and there are none.",
                context=f"index: {index.name} {index.shown} ({index.origin}, authenticate = "
                f'"always")\ncredentials: {described(run, index)}',
                hint=f"Put them into the index URL, into {variable_prefixes(index)[0]}_USERNAME "
                "and _PASSWORD, or into netrc or keyring.",
            )
        )
    auth.passwords[Url(index.bare).authority] = (user or "", password or "")
