"""Answers that have come ahead of the request for them, in memory while there is room, then on the
disk.
"""

from __future__ import annotations

import tempfile
import threading
from io import BytesIO
from typing import Any

MEMORY = 64 << 20  # bytes of answers that wait in memory; what is beyond waits in a temporary file
LARGEST = 512 << 20  # bytes of a file that is fetched ahead
DISK = 1 << 30  # bytes of all answers that wait on the disk

Key = tuple[Any, str, str, frozenset[tuple[str, str]]]  # connection, method, URL, headers


class NotYet(BaseException):
    """What is asked ahead has no usable answer now.

    No fault, and nothing that pip may catch.
    """


class Answer:
    """What a server said: status line, headers, and the body as it came over the wire."""

    def __init__(self, key: Key, response: Any, body: Any, size: int) -> None:
        self.key = key
        self.status: int = response.status
        self.reason, self.version, self.headers = (
            response.reason,
            response.version,
            response.headers,
        )
        self.body = body
        self.size = size

    def as_response(self, method: str) -> Any:
        """The answer as urllib3 would have returned it; as often as it is wanted, one after the
        other.
        """
        from pip._vendor.urllib3.response import HTTPResponse

        self.body.seek(0)
        response = HTTPResponse(
            body=_Body(self.body, self.size),
            headers=self.headers.copy(),
            status=self.status,
            reason=self.reason,
            version=self.version,
            preload_content=False,
            decode_content=False,
            request_method=method,
        )
        response.pip_pinned_answer = self
        return response

    @property
    def content(self) -> bytes:
        """The whole body; who reads it from a response is not disturbed."""
        place = self.body.tell()
        self.body.seek(0)
        content: bytes = self.body.read()
        self.body.seek(place)
        return content


class _Body:
    """A body that behaves like http.client's: it is closed once its last byte was read, which is
    when CacheControl stores it.
    """

    def __init__(self, file: Any, size: int) -> None:
        self._file = file
        self._left = size
        self.closed = size == 0

    def read(self, amt: int | None = None) -> bytes:
        data: bytes = (
            b""
            if self.closed
            else self._file.read(self._left if amt is None else min(amt, self._left))
        )
        self._left -= len(data)
        self.closed = self.closed or self._left <= 0
        return data

    def close(self) -> None:
        self.closed = True


class Room:
    """How much waits. Changed under the lock of whoever shares it."""

    def __init__(self, lock: threading.Lock) -> None:
        self.lock = lock
        self.memory = self.disk = 0

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the main thread that nothing more should come."""
        return self.memory + self.disk >= MEMORY

    def account(self, file: Any, size: int) -> None:
        """Count bytes that a file has got, or has lost."""
        if isinstance(file, BytesIO):
            self.memory += size
        else:
            self.disk += size


class Store:
    """Takes a body, in memory while there is room in it, then on the disk."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.file: Any = BytesIO()
        self.size = 0

    def write(self, chunk: bytes) -> bool:
        """Whether there was room for it."""
        room, size = self._room, len(chunk)
        with room.lock:
            if isinstance(self.file, BytesIO) and room.memory + size > MEMORY:
                self._move_to_disk()
            if not isinstance(self.file, BytesIO) and (
                room.disk + size > DISK or self.size + size > LARGEST
            ):
                return False
            room.account(self.file, size)
            self.size += size
        self.file.write(chunk)
        return True

    def _move_to_disk(self) -> None:
        self._room.account(self.file, -self.size)
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it is dropped)
        file.write(self.file.getbuffer())
        self.file = file
        self._room.account(self.file, self.size)

    def give_up(self) -> None:
        """Make room again."""
        with self._room.lock:
            self._room.account(self.file, -self.size)
            self.size = 0
