"""Pip's HTTP cache, kept apart by index and credentials, and told by the policy how long an answer
is good.

pip's cache is keyed by URL alone. Here an answer is found again only for the index that it was
asked for, under the same credentials. These are part of the key as a slow hash: who reads the cache
directory, or a copy of it that CI keeps, does not read a password out of its file names.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import weakref
from typing import Any

from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.egress import owner
from pip_pinned.enforce.run import Run
from pip_pinned.policy.urls import Url

_ROUNDS = 10_000  # about 4 ms, once for each secret that is sent


def keep_apart(run: Run, session: Any) -> None:
    """Replace the controller of a session's cache by one that knows the indexes."""
    from pip._vendor.cachecontrol.controller import CacheController
    from pip._vendor.cachecontrol.serialize import Serializer

    class ByIndexSerializer(Serializer):  # type: ignore[misc]
        """Reads an entry as fresh for as long as the policy says, whatever the index said when it
        was stored.
        """

        def dumps(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
            _forget_varying_credentials(response.headers)
            return super().dumps(request, response, *args, **kwargs)

        def loads(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            response = super().loads(request, *args, **kwargs)
            if response is not None:
                _override(response.headers, request.cache_control)
            return response

    class ByIndexController(CacheController):  # type: ignore[misc]
        """Pip's own controller, on requests whose URL names index and credentials too."""

        def cached_request(self, request: Any) -> Any:
            request.keyed = _keyed(run, session, request)
            return super().cached_request(request.keyed)

        def conditional_headers(self, request: Any) -> Any:
            return super().conditional_headers(request.keyed)

        def update_cached_response(self, request: Any, response: Any) -> Any:
            return super().update_cached_response(request.keyed, response)

        def cache_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> None:
            response = response() if isinstance(response, weakref.ref) else response
            if response is not None:
                _override(response.headers, request.keyed.cache_control)
                super().cache_response(request.keyed, response, *args, **kwargs)

    adapter = session.adapters["https://"]
    if not hasattr(adapter, "controller"):
        diagnostics.unsupported("its HTTP cache is not controlled by CacheControl")
    adapter.controller = ByIndexController(adapter.cache, serializer=ByIndexSerializer())


def _keyed(run: Run, session: Any, request: Any) -> Any:
    """The request as the cache is to see it: its key in ``url``, the policy's Cache-Control in
    ``cache_control``.
    """
    grant = run.ledger.grant_of(request.url)
    index = owner(run, request.url) if grant is None else grant.owner
    keyed = copy.copy(request)
    keyed.cache_control = None
    if index is not None and grant is not None:
        keyed.cache_control = index.cache_files if grant.index is None else index.cache_api
    place = "" if index is None else index.bare
    secret = _slow_hash(request.headers.get("Authorization") or "", place)
    key = hashlib.sha256("\n".join((place, str(session.cert or ""), secret)).encode()).hexdigest()
    begin = "&" if Url(request.url).query else "?"
    keyed.url = f"{request.url}{begin}pip-pinned={key[:32]}"
    return keyed


@functools.lru_cache
def _slow_hash(secret: str, salt: str) -> str:
    if not secret:
        return ""
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), salt.encode(), _ROUNDS).hex()


def _override(headers: Any, cache_control: str | None) -> None:
    if cache_control is not None:
        headers["Cache-Control"] = cache_control
        headers.pop("Expires", None)


def _forget_varying_credentials(headers: Any) -> None:
    """``Vary: Authorization`` would store the header itself beside the answer."""
    if "Vary" in headers:
        headers["Vary"] = ", ".join(
            name for name in headers["Vary"].split(",") if name.strip().lower() != "authorization"
        )
