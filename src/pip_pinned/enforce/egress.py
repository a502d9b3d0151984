"""What leaves the machine: each hop of each request, judged as it is prepared (CONTRACT 1.6, 4.4).

requests reads a URL when it prepares it, urllib3 when it sends it, and a server's Location again at
each redirect. So there is one place that all of them pass, ``Session.send``, and what passes is a
``Url``: the text that was judged is the text that is sent. A first hop has to be granted, by a
look-up, a lock or the user. A further hop has to be the very target that ``get_redirect_target``
has judged just before. Credentials are attached by ``credentials``, which says so to ``issue``; at
the connection pool, past everything that requests does in between, ``urlopen`` asks what was
issued.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from pip_pinned.enforce import failures
from pip_pinned.enforce.ledger import Grant, Listing
from pip_pinned.enforce.run import Run
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.urls import Address, BadUrl, Url


class CrossOriginRedirect(Exception):
    """A project page or a metadata file was redirected to another origin; nothing was sent
    there.
    """

    def __init__(self, target: Url) -> None:
        super().__init__(target.text)
        self.target = target


def send(run: Run, original: Callable[..., Any], self: Any, request: Any, **kwargs: Any) -> Any:
    """Send one prepared request, of the URL that was judged and of no other.

    pip's ``file:`` goes nowhere.
    """
    if request.url.startswith("file:"):
        return original(self, request, **kwargs)
    url = judged(request.url, "pip is about to ask for")
    expected, run.ledger.next_hop = run.ledger.next_hop, None
    if expected is None and run.gate_closed and run.ledger.granted(url.text) is None:
        told = f"pip asks for {urls.redact(request.url)}, which none of its known seams announced"
        failures.stop(failures.unsupported_pip(told))
    if expected is not None and expected != url:
        failures.stop(
            failures.unsupported_pip("a redirect leads elsewhere than where it was judged")
        )
    request.url = url.text
    return original(self, request, **kwargs)


class SecondRequest:
    """The connection of an answer 401: pip sends the request there again, with credentials, past
    ``Session.send``.
    """

    def __init__(self, run: Run, response: Any) -> None:
        self._run = run
        self._connection = response.connection
        self._url = response.request.url

    def send(self, request: Any, **kwargs: Any) -> Any:
        """Send the same request once more, and no other."""
        if request.url != self._url:
            told = "pip answers a 401 with a request of another URL"
            failures.stop(failures.unsupported_pip(told))
        issue(self._run, request)
        return self._connection.send(request, **kwargs)


def issue(run: Run, request: Any) -> None:
    """Note for which URL a request got the credentials that it carries, if any."""
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        run.issued.add((authorization, judged(request.url, "credentials are for").address))


def urlopen(
    run: Run,
    original: Callable[..., Any],
    self: Any,
    method: str,
    url: str,
    body: Any = None,
    headers: Any = None,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """At a connection pool: credentials go to the URL for which they were issued, and nowhere else.

    ``url`` is a path with its query, or, for a proxy that is told it, a whole URL.
    """
    authorization = (headers or {}).get("Authorization")
    if authorization is not None and (authorization, _address(self, url)) not in run.issued:
        told = "credentials are about to be sent to a URL for which they were not issued"
        failures.stop(failures.unsupported_pip(told))
    return original(self, method, url, body, headers, *args, **kwargs)


def _address(pool: Any, url: str) -> Address:
    if url.startswith("/"):
        host = f"[{pool.host}]" if ":" in pool.host else pool.host
        port = "" if pool.port is None else f":{pool.port}"
        url = f"{pool.scheme}://{host}{port}{url}"
    return judged(url, "a connection is used for").address


def judged(text: str, what: str) -> Url:
    """The URL.

    Stops the run with ``bad-url`` for a text that two programs may read differently.
    """
    try:
        return Url(text)
    except BadUrl as exc:
        _refuse(text, what, exc)


def _refuse(text: str, what: str, why: BadUrl) -> NoReturn:
    shown = "".join(map(_visible, urls.redact(text)))
    failures.stop(
        PipPinnedError(
            "bad-url",
            f"A URL is refused: {why}.",
            context=f"{what} {shown}",
            hint="Two programs may read it differently, so it is not asked for.",
        )
    )


def _visible(character: str) -> str:
    return character if " " <= character <= "~" else ascii(character)[1:-1]


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
    there = _target(grant, here, location)
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
    if run.looking_ahead:
        raise CrossOriginRedirect(there)
    from pip_pinned.enforce.lookup import lists_file

    url = Url(listing.page)
    if not lists_file(run, session, listing.index, listing.name, url, listing.locked):
        failures.stop(
            PipPinnedError(
                "lock-entry-refused",
                f"The locked file of {listing.name} is redirected to another origin, and "
                f"{listing.index.name} does not list it with this hash.",
                context=f"file: {url}\nredirected to: {there}",
                hint="Lock again under the policy.",
            )
        )


def _target(grant: Grant, here: Url, location: str) -> Url:
    """The address that a Location stands for.

    If it is none on a network, stops for a file, and raises ValueError for a page.
    """
    try:
        there = here.joined(location.partition("#")[0])
    except BadUrl as exc:
        shown = "".join(map(_visible, urls.redact(location)))
        if grant.listing is None:
            raise ValueError(f"a redirect to {shown}: {exc}") from exc
        failures.stop(
            PipPinnedError(
                "off-origin-file",
                f"A file of {grant.listing.name} is redirected to what is no address on a network.",
                context=f"page: {urls.redact(grant.listing.page)}\nredirected to: {shown} ({exc})",
            )
        )
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
    name = grant.listing.name
    why = "is secure and the file is not" if grant.hashed else "gives no hash for it"
    failures.stop(
        PipPinnedError(
            "off-origin-file",
            f"A file of {name} is on another origin than its index, and the index {why}.",
            context=f"package: {name}\npage: {page} {how}\nfile: {url}",
            hint="Let the index give a hash of it (sha256, sha384 or sha512), or set "
            f'allow-file-hosts = ["{url.host}"] in the policy.'
            if url.host
            else "",
        )
    )
