"""Limits of every answer (CONTRACT 4.13): no server makes a run wait for ever or fill the memory.

pip's ``--timeout`` bounds the wait for each piece of an answer, not the answer: a byte every ten
seconds is never late. Here the time that is spent waiting is counted where bytes come in, below
http.client, so that it holds for the status line, the headers and the body, in every thread. How
much comes out of a page or a metadata file is counted where requests takes it, after decompression.
"""

from __future__ import annotations

import io
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, NamedTuple

from pip_pinned.enforce import diagnostics

if TYPE_CHECKING:
    from pip_pinned.enforce.ledger import Grant
    from pip_pinned.enforce.run import Run

HEADERS = 1 << 20  # bytes of status line and headers
FILES = 100_000  # on one page; the longest pages that are known have a third of that
RETRY_AFTER = 120.0  # seconds that a server may ask a client to wait
_CHUNK = 64 << 10


LIMITS = "limits"  # a key of ``Settings.guests``: a list of them


class Limits(NamedTuple):
    """What an answer may take. Named after curl's options."""

    speed_limit: int = 1024  # bytes a second, over a time of
    speed_time: float = 60.0  # seconds of waiting; pip's --timeout, if that is longer
    max_page_size: int = 64 << 20  # bytes, of a project page; before and after decompression
    max_metadata_size: int = 16 << 20  # bytes, of a metadata file (PEP 658)


def _limits_of(run: Run) -> Limits:
    return Limits(*run.settings.guests.get(LIMITS) or ())


class TooSlow(TimeoutError):
    """An answer has kept us waiting, and brought too little."""


class TooLarge(Exception):
    """An answer, or what comes out of it, is larger than it may be."""


# -- time ---------------------------------------------------------------------------------------


def response_class(run: Run, original: Any, self: Any) -> Callable[..., HTTPResponse]:
    """In place of http.client's, for every connection of urllib3."""
    return partial(_PacedResponse, _limits_of(run))


class _PacedResponse(HTTPResponse):
    """http.client's response over a file that counts."""

    def __init__(self, limits: Limits, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        seconds = max(limits.speed_time, sock.gettimeout() or 0.0)
        self._paced = _Paced(self.fp.detach(), limits.speed_limit, seconds)
        self.fp = io.BufferedReader(self._paced)

    def begin(self) -> None:
        """Read status line and headers."""
        super().begin()
        self._paced.left = None


class _Paced(io.RawIOBase):
    """A socket's file. Raises TooSlow, and HTTPException for what is larger than headers are."""

    def __init__(self, raw: Any, least: int, seconds: float) -> None:
        self._raw = raw
        self._least = least
        self._seconds = seconds
        self._waited = 0.0
        self._received = 0
        self.left: int | None = HEADERS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        begun = time.monotonic()
        count: int | None = self._raw.readinto(buffer)
        self._waited += time.monotonic() - begun
        self._received += count or 0
        if self.left is not None:
            self.left -= count or 0
            if self.left < 0:
                raise HTTPException(f"headers of more than {HEADERS} bytes")
        if self._waited > self._seconds:
            if count and self._received < self._least * self._seconds:
                told = f"less than {self._least} bytes a second, for {self._seconds:.0f} seconds"
                raise TooSlow(told)
            self._waited, self._received = 0.0, 0
        return count

    def close(self) -> None:
        super().close()
        self._raw.close()


def get_retry_after(run: Run, original: Callable[..., Any], self: Any, response: Any) -> Any:
    """How long a server wants to be left alone; one that wants more than two minutes has failed."""
    seconds = original(self, response)
    if seconds is not None and seconds > RETRY_AFTER:
        from pip._vendor.urllib3.exceptions import MaxRetryError, ResponseError

        reason = ResponseError.SPECIFIC_ERROR.format(status_code=response.status)
        raise MaxRetryError(None, response.geturl(), ResponseError(reason))
    return seconds


# -- size ---------------------------------------------------------------------------------------


def build_response(run: Run, original: Callable[..., Any], self: Any, req: Any, resp: Any) -> Any:
    """Bound what comes out of an answer, be it from the network or from the cache."""
    grant = run.ledger.grant_of(req.url)
    if grant is not None and resp is not None:
        resp.stream = partial(_stream, run, grant, resp, resp.stream)
    return original(self, req, resp)


def _stream(
    run: Run,
    grant: Grant,
    response: Any,
    original: Callable[..., Iterator[bytes]],
    amt: int = _CHUNK,
    decode_content: bool | None = None,
) -> Iterator[bytes]:
    """What ``HTTPResponse.stream`` gives, within the limits of a page, metadata or a file."""
    limit = _limit(_limits_of(run), grant, response.status)
    try:
        if limit is None:
            yield from original(amt, decode_content)
        else:
            yield from _bounded(response, original, amt, limit, decode=decode_content is not False)
    except Exception as exc:
        told = next((one for one in _chain(exc) if isinstance(one, (TooSlow, TooLarge))), None)
        if told is None or grant.listing is None:
            raise
        facts = {"listing": grant.listing, "answer": str(told)}
        diagnostics.refuse(run, "index-unavailable", **facts)


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


def _limit(limits: Limits, grant: Grant, status: int) -> int | None:
    """The greatest size; None for a file, and for what the user has named."""
    if grant.is_metadata:
        return limits.max_metadata_size
    return limits.max_page_size if grant.index is not None or status >= 300 else None


def _bounded(
    response: Any, original: Callable[..., Iterator[bytes]], amt: int, limit: int, *, decode: bool
) -> Iterator[bytes]:
    encoding = response.headers.get("Content-Encoding", "").strip().lower() if decode else ""
    received = given = 0
    decompress = _decompress(encoding)
    for chunk in original(min(amt, _CHUNK), False):
        received += len(chunk)
        if received > limit:
            raise TooLarge(f"more than {limit} bytes")
        for piece in decompress(chunk):
            given += len(piece)
            if given > limit:
                raise TooLarge(f"more than {limit} bytes, once they are decompressed")
            yield piece


def _decompress(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    """What decodes an answer in small pieces. Raises TooLarge for an encoding that is not asked for
    (``transport``): how much would come out of it, nobody knows.
    """
    if encoding in ("", "identity"):
        return lambda chunk: iter((chunk,))
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise TooLarge(f"Content-Encoding {encoding!a}, which was not asked for")
    from pip._vendor.urllib3.exceptions import DecodeError

    decoder = zlib.decompressobj(32 + zlib.MAX_WBITS)  # of gzip and zlib, whichever it is
    members = 0

    def decompress(chunk: bytes) -> Iterator[bytes]:
        nonlocal decoder, members
        while chunk:
            if decoder.eof:  # gzip files may stand one behind the other (RFC 1952)
                decoder, members = zlib.decompressobj(32 + zlib.MAX_WBITS), members + 1
            try:
                yield decoder.decompress(chunk, _CHUNK)
            except zlib.error as exc:
                if members:  # whatever follows is none
                    return
                raise DecodeError(f"it is not {encoding}: {exc}") from exc
            chunk = decoder.unused_data if decoder.eof else decoder.unconsumed_tail

    return decompress


def get_index_content(run: Run, original: Callable[..., Any], link: Any, **kwargs: Any) -> Any:
    """Raise TooLarge for a page with more files, or more of anything, than a page has.

    Each of them becomes an object of pip's, or of the JSON reader's, many times its size.
    """
    content = original(link, **kwargs)
    text: bytes = b"" if content is None else content.content
    files = max(text.count(b"<a") + text.count(b"<A"), text.count(b'"filename"'))
    parts = text.count(b"[") + text.count(b"{")
    if files > FILES or parts > 8 * FILES or text.count(b",") > 64 * FILES:
        raise TooLarge(f"more than {FILES} files")
    return content
