"""What leaves the machine: only announced URLs, no redirect to another origin.

pip's HTTP cache is keyed by URL alone and also holds what was fetched with TLS verification off;
ours is a directory of its own, into which such answers are never written (CONTRACT 4.10).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from itertools import pairwise
from typing import Any

from pip_pinned.enforce.egress import CrossOriginRedirect, owner
from pip_pinned.enforce.http_cache import keep_apart
from pip_pinned.enforce.run import Run
from pip_pinned.policy import urls
from pip_pinned.policy.model import Index
from pip_pinned.policy.urls import BadUrl, Url


def session_init(
    run: Run,
    original: Callable[..., Any],
    self: Any,
    *args: Any,
    trusted_hosts: Any = (),
    cache: str | None = None,
    **kwargs: Any,
) -> None:
    """A session with our cache directory; it sends no credentials of its own (``adapt`` has
    them).
    """
    if cache:
        parent, name = os.path.split(cache)
        cache = os.path.join(parent, "pip-pinned", name)
    original(self, *args, cache=cache, trusted_hosts=(), **kwargs)
    if cache:
        keep_apart(run, self)
    self._trusted_host_adapter = self.adapters[
        "http://"
    ]  # the one that neither verifies nor caches
    for host in trusted_hosts:
        self.add_trusted_host(host, suppress_logging=True)
    self.auth = _nobody  # in the place of pip's, and of what requests finds in netrc
    self.headers["Accept-Encoding"] = "gzip"  # and nothing else is decoded (limits)
    self.cookies.set_policy(
        DefaultCookiePolicy(allowed_domains=())
    )  # a cookie goes to every port and path of its host
    for index in run.indexes:
        if not index.verify_ssl:
            _trust(run, self, index)


def _nobody(request: Any) -> Any:
    return request


def _trust(run: Run, session: Any, index: Index) -> None:
    """``verify-ssl = false``: for this index's origin alone, and said on every run."""
    scheme, host, port = urls.origin(index.url)
    if scheme == "http":
        session.is_secure_origin = partial(
            _is_secure_origin, session.is_secure_origin, (scheme, host, port)
        )
    elif scheme == "https":
        session.mount(f"https://{host}:{port}/", session.adapters["http://"])
        if port == urls.DEFAULT_PORTS["https"]:
            session.mount(f"https://{host}/", session.adapters["http://"])
    told = "has verify-ssl = false: anybody on the way can answer in its place."
    run.journal.note(run, f"{index.name} ({index.origin}) {told}", "warning")


def _is_secure_origin(ordinary: Callable[[Any], Any], trusted: urls.Origin, location: Any) -> bool:
    """Pip compares ports as they are written: to its own list, a URL without one is never on port
    80.
    """
    try:
        return urls.origin(location.url) == trusted or bool(ordinary(location))
    except BadUrl:  # which nothing asks for
        return False


def request(
    run: Run,
    original: Callable[..., Any],
    self: Any,
    method: str,
    url: str,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Know by which grant a URL is asked for; note the status of a project page."""
    grant = run.ledger.granted(url)
    run.ledger.next_hop = None
    if grant is not None and grant.index is not None and grant.index.cache_api is not None:
        _relax(kwargs["headers"], grant.index.cache_api)
    before, run.ledger.following, run.ledger.strayed = run.ledger.following, grant, False
    try:
        response = original(self, method, url, *args, **kwargs)
    finally:
        run.ledger.following = before
    question = run.ledger.question
    if question is not None and (grant is None or grant.index is not None):
        question.status = response.status_code
        question.strayed = run.ledger.strayed
        steps = [*response.history, response]
        if not question.index.follow_redirects and any(
            not urls.same_origin(a.url, b.url) for a, b in pairwise(steps)
        ):
            raise CrossOriginRedirect(Url(response.url))  # followed past get_redirect_target
    return response


def _relax(headers: dict[str, str], cache_control: str) -> None:
    """Pip asks for most pages in a way that no cached one satisfies; ``cache-control.api`` decides
    in its place.
    """
    headers.pop("Cache-Control", None)
    if "max-age" not in cache_control:
        headers["Cache-Control"] = "max-age=0"


def rebuild_auth(
    run: Run, original: Callable[..., Any], self: Any, prepared_request: Any, response: Any
) -> None:
    """Where a redirect leads, credentials are looked up anew: requests would send those of netrc to
    any port of a host.
    """
    run.ledger.strayed = run.ledger.strayed or not urls.same_origin(
        response.url, prepared_request.url
    )
    prepared_request.headers.pop("Authorization", None)
    if owner(run, prepared_request.url) is not None:
        prepared_request.url = urls.without_credentials(
            prepared_request.url
        )  # a Location does not say who we are
    prepared_request.hooks = {"response": []}
    self.auth(prepared_request)
