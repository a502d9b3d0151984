"""Requests that are sent ahead of pip, and their answers until pip sends the very same request.

A request is known by where it goes, method, path and every header. What may be sent ahead is a
``Ticket``: it was granted, and its credentials were attached, by the seams that every request
passes. Whoever has it says when it is sent and when it is given up, and sees status and headers;
the bytes are kept here, under the ticket's own key, in memory while there is room, then on the
disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any

MEMORY = 4 << 20  # bytes of an answer that waits in memory; a longer one waits on the disk
ENOUGH = 64 << 20  # bytes of all that wait, beyond which nothing more should come
LARGEST = 512 << 20  # bytes of a file that is fetched ahead
ALL = 1 << 30  # bytes of all answers that wait or are under way
_CHUNK = 256 << 10

Key = tuple[Any, str, str, frozenset[tuple[str, str]]]  # connection, method, URL, headers


class NoRoom(Exception):
    """An answer is too large to wait for pip."""


def key_of(pool: Any, method: str, url: str, headers: Any) -> Key:
    """What tells a request from all others; with the TLS mode of its connection pool."""
    where = (pool.scheme, pool.host, pool.port, getattr(pool, "cert_reqs", None))
    return where, method, url, frozenset((headers or {}).items())


class Answers:
    """What has come and was not asked for yet: ``size`` bytes, changed under ``lock``."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.size = 0
        self._answers: dict[Key, Answer] = {}

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the main thread that nothing more should come."""
        return self.size >= ENOUGH

    def peek(self, key: Key) -> Answer | None:
        """The answer to a request."""
        return self._answers.get(key)

    def take(self, key: Key) -> Answer | None:
        """The same, for pip; it is handed out once."""
        with self.lock:
            answer = self._answers.pop(key, None)
            self.size -= 0 if answer is None else answer.size
        return answer

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep an answer until it is taken."""
        with self.lock:
            self._answers[key] = answer

    def clear(self) -> None:
        """Forget what nobody has asked for."""
        for key in list(self._answers):
            self.take(key)


class Ticket:
    """A request that may be sent ahead: exactly the one that pip would send on this pool."""

    def __init__(self, answers: Answers, pool: Any, key: Key, send: Callable[[], Any]) -> None:
        self.pool = pool
        self.key = key
        self._answers = answers
        self._send = send

    def send(self) -> Arrival:
        """Send it, in any thread; raises what urllib3 raises."""
        return Arrival(self._answers, self.key, self._send())


class Arrival:
    """An answer under way; its body comes by ``receive``, and then it is kept or dropped."""

    def __init__(self, answers: Answers, key: Key, response: Any) -> None:
        self.status: int = response.status
        self.headers = response.headers
        self._answers = answers
        self._key = key
        self._response = response
        self._file: Any = SpooledTemporaryFile(MEMORY)  # noqa: SIM115 (closed when it is dropped)
        self._size = 0

    @property
    def declared(self) -> int | None:
        """The size of the body, as far as the server says it."""
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isdigit() else None

    def receive(self) -> bool:
        """One more piece of the body; False at its end.

        Raises NoRoom, EOFError for a body that was cut, and what urllib3 raises.
        """
        if (self.declared or 0) > LARGEST:
            raise NoRoom
        chunk = self._response.read(_CHUNK, decode_content=False)
        if not chunk:
            if self.declared not in (None, self._size):
                raise EOFError
            return False
        with self._answers.lock:
            self._answers.size += len(chunk)
            self._size += len(chunk)
            if self._answers.size > ALL or self._size > LARGEST:
                raise NoRoom
        self._file.write(chunk)
        return True

    def keep(self) -> None:
        """It is whole: pip gets it."""
        self._response.release_conn()
        answer = Answer(self._response, self._file, self._size)
        self._answers.keep(self._key, answer)

    def drop(self) -> None:
        """Nobody gets it."""
        with self._answers.lock:
            self._answers.size -= self._size
        self._response.close()


class Answer:
    """What a server said: status line, headers, and the body as it came over the wire."""

    def __init__(self, response: Any, body: Any, size: int) -> None:
        self.status: int = response.status
        self.reason, self.version = response.reason, response.version
        self.headers = response.headers
        self.body = body
        self.size = size

    def as_response(self, method: str) -> Any:
        """The answer as urllib3 would have returned it; as often as it is wanted, one after the
        other.
        """
        from pip._vendor.urllib3.response import HTTPResponse

        self.body.seek(0)
        return HTTPResponse(
            body=_Body(self.body, self.size),
            headers=self.headers.copy(),
            status=self.status,
            reason=self.reason,
            version=self.version,
            preload_content=False,
            decode_content=False,
            request_method=method,
        )


class _Body:
    """A body that behaves like http.client's: it is closed once its last byte was read, which is
    when CacheControl stores it.
    """

    def __init__(self, file: Any, size: int) -> None:
        self._file = file
        self._left = size
        self.closed = size == 0

    def read(self, amt: int | None = None) -> bytes:
        size = self._left if amt is None else min(amt, self._left)
        data: bytes = b"" if self.closed else self._file.read(size)
        self._left -= len(data)
        self.closed = self.closed or self._left <= 0
        return data

    def close(self) -> None:
        self.closed = True
