"""What leaves the machine: each hop of each request, judged as it is prepared (CONTRACT 1.6, 4.4).

requests reads a URL when it prepares it, urllib3 when it sends it, and a server's Location again at
each redirect. So there is one place that all of them pass, ``Session.send``, and what passes is a
``Url``: the text that was judged is the text that is sent. A first hop has to be granted, by a
look-up, a lock or the user. A further hop has to be the very target that ``redirects`` has judged
just before. Whoever attaches credentials says to ``issue`` whose they are; at the connection pool,
past everything that requests does in between, ``urlopen`` asks what was issued.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.rehearsal import NotYet
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.ownership import owner_of
from pip_pinned.policy.urls import Address, BadUrl, Url

if TYPE_CHECKING:
    from pip_pinned.enforce.run import Run
    from pip_pinned.policy.model import Index


# What is sent ahead is sent once, and not past what it asks for.
_ONCE = {"retries": False, "redirect": False, "assert_same_host": False}


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
        diagnostics.unsupported(told)
    if expected is not None and expected != url:
        diagnostics.unsupported("a redirect leads elsewhere than where it was judged")
    request.url = url.text
    return original(self, request, **kwargs)


def owner(run: Run, url: str) -> Index | None:
    """The index whose credentials a request may carry, by what has led to it."""
    grant = run.ledger.grant_of(url)
    return owner_of(run.indexes, url, None if grant is None else grant.owner)


class SecondRequest:
    """The connection of an answer 401: pip sends the request there again, with credentials, past
    ``Session.send``.
    """

    def __init__(self, run: Run, response: Any, index: Index | None) -> None:
        self._run = run
        self._connection = response.connection
        self._url = response.request.url
        self._index = index

    def send(self, request: Any, **kwargs: Any) -> Any:
        """Send the same request once more, and no other."""
        if request.url != self._url:
            told = "pip answers a 401 with a request of another URL"
            diagnostics.unsupported(told)
        issue(self._run, request, self._index)
        return self._connection.send(request, **kwargs)


def issue(run: Run, request: Any, index: Index | None) -> None:
    """Note for which URL a request got the credentials that it carries, if any, which are those of
    the index, or (None) nobody's. Stops unless the URL is as much.
    """
    authorization = request.headers.get("Authorization")
    if authorization is None:
        return
    url = judged(request.url, "credentials are for")
    names = [None if one is None else one.name for one in (owner(run, url.text), index)]
    if names[0] != names[1]:
        told = " and not ".join(name or "no index" for name in names)
        diagnostics.unsupported(f"credentials go to a URL of {told}")
    run.ledger.issued.add((authorization, url.address))


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
    """At a connection pool: credentials go to the URL for which they were issued, and nowhere else;
    a rehearsal ends; and pip gets the answer to this very request that has come ahead, if there is
    one.

    ``url`` is a path with its query, or, for a proxy that is told it, a whole URL.
    """
    sent = [value for name, value in (headers or {}).items() if name.lower() == "authorization"]
    if any((value, _address(self, url)) not in run.ledger.issued for value in sent):
        told = "credentials are about to be sent to a URL for which they were not issued"
        diagnostics.unsupported(told)
    if run.ledger.is_ahead:
        more = {"timeout": kwargs.get("timeout"), "preload_content": False, "decode_content": False}
        once = partial(original, self, method, url, None, dict(headers or {}), **_ONCE, **more)
        is_plain = run.answers is not None and method == "GET" and body is None and not args
        return _rehearse(run, self, method, url, headers, once if is_plain else None)
    if run.answers is not None and not args:  # with more of them urllib3 tries again
        from pip_pinned.enforce.answers import key_of

        answer = run.answers.take(key_of(self, method, url, headers))
        if answer is not None:
            return answer.as_response(method)
    return original(self, method, url, body, headers, *args, **kwargs)


def _rehearse(
    run: Run, pool: Any, method: str, url: str, headers: Any, send: Callable[[], Any] | None
) -> Any:
    """The answer that has come ahead. Raises NotYet for one that pip has to see first (401, 407),
    and, with the ticket for it, where there is none.
    """
    if run.answers is None or send is None:
        raise NotYet
    from pip_pinned.enforce.answers import Ticket, key_of

    key = key_of(pool, method, url, headers)
    answer = run.answers.peek(key)
    if answer is None:
        raise NotYet(Ticket(run.answers, pool, key, send))
    if answer.status in (401, 407):
        raise NotYet
    return answer.as_response(method)


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
    diagnostics.stop(
        PipPinnedError(
            "bad-url",
            f"A URL is refused: {why}.",
            context=f"{what} {visible(text)}",
            hint="Two programs may read it differently, so it is not asked for.",
        )
    )


def visible(url: str) -> str:
    """A URL that is none, as it may be shown: printable ASCII, without credentials."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in urls.redact(url))
