"""Requests that are sent ahead: threads that carry bytes, and the one place where the main thread
picks them up.

A request is known by where it goes, method, path and every header. When pip, in the main thread, is
about to send a request of which an equal one was sent ahead, it gets the answer to that one: the
same bytes, earlier. Whatever comes of it (status table, redirects, credentials, cache, messages) is
done by pip and by this kernel in the main thread as if it had just come. Where there is no answer
(no connection, a body that was cut, too large a file, HTTP 429 or 5xx, a worker that had something
to log) the main thread sends the request itself, with all its retries, and nothing more is sent
ahead to that origin: it may be that it bears one request at a time only. So nothing counts as
absent, nor as broken, but what pip has asked for.

Shared between threads: the queue, the answers, and the origins that want to be left alone. They are
changed under one lock; the main thread, which alone adds to what is fetched, looks without it
whether there is something for it. A worker also uses urllib3's connection pool, whose queue of
connections is made for threads, and the pool's TLS context. That is truststore's since pip 24.2,
which changes it in every handshake, and has had a lock that suffices since pip 26.3 only: here one
handshake at a time is made with a context, the main thread's among them. Not shared: everything
else. A worker runs no code of pip's beneath ``pip._internal``, no code of this kernel but this
module's, reads no credentials (they are in the headers that it is given), asks nobody, and logs
nothing. That is sound for every supported pip because it asks only for what urllib3 1.26 and 2
promise.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pip_pinned.enforce import answers
from pip_pinned.enforce.answers import Answer, Key, NotYet, Room, Store

AT_ONCE = 0.005  # seconds for an answer, below which threads cost more than they save
LONGEST_WAIT = 120.0  # seconds of a Retry-After that are waited for
# Seconds that a request which is sent ahead may take in all, and bytes a second of a larger file.
TOTAL, SLOW = 60.0, 64 << 10
_CHUNK = 256 << 10
_NAME = "pip-pinned-prefetch"
OPEN_FILES = 64  # what pip needs besides connections
Origin = tuple[str, str, int]
Place = tuple[
    Origin, tuple[str, ...]
]  # an origin, or the proxy that wants to know who asks it, and the credentials that are sent there


class Fetch:
    """One request sent ahead.

    ``tasks`` are told when it is over; ``answer`` is None if there is none that counts.
    """

    def __init__(self, key: Key, place: Place, send: Callable[[], Any]) -> None:
        self.key = key
        self.place = place
        self.origin = place[0]
        self.send = send
        self.tasks: list[Any] = []
        self.state = "queued"  # then "sent", then "over"
        self.answer: Answer | None = None
        self.logged = False
        self.deadline = float("inf")  # once it is sent; the main thread waits no longer
        self.is_given_up = False


class Wire:
    """The requests that were sent ahead of the main thread, which alone calls these methods."""

    def __init__(
        self, jobs: int, look_at: Callable[[Any, int], None], is_slow: Callable[[], None]
    ) -> None:
        self._jobs = jobs
        self._look_at = look_at
        self._is_slow = is_slow
        self.has_sent = False
        self.task: Any = None  # what is being asked ahead, while it is
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._news = threading.Condition(self._lock)
        self._queue: deque[Fetch] = deque()
        self._fetches: dict[Key, Fetch] = {}
        self._asked: set[Key] = set()
        self._arrived: deque[Fetch] = deque()
        self._threads = self._idle = self._busy = 0
        self._closed = False
        self._left_alone: dict[Origin, float] = {}
        self._crowded: set[Origin] = (
            set()
        )  # left alone, and connections of workers may still be open
        self._held: dict[Place, list[Any]] = {}
        self._welcome: set[Place] = set()
        self._room = Room(self._lock)

    # -- the main thread
    # ----------------------------------------------------------------------------------

    def attach(self, session: Any) -> None:
        """Let a session's connection pools ask here first, and keep as many connections as there
        are jobs.
        """
        for adapter in {id(adapter): adapter for adapter in session.adapters.values()}.values():
            if hasattr(adapter, "poolmanager"):
                self._equip(adapter.poolmanager)
                adapter.proxy_manager_for = self._equipped(adapter.proxy_manager_for)

    def _equipped(self, proxy_manager_for: Callable[..., Any]) -> Callable[..., Any]:
        def equipped(*args: Any, **kwargs: Any) -> Any:
            manager = proxy_manager_for(*args, **kwargs)
            self._equip(manager)
            return manager

        return equipped

    def _equip(self, manager: Any) -> None:
        if getattr(manager, "pip_pinned_wire", None) is self:
            return
        manager.pip_pinned_wire = self
        manager.clear()
        manager.pools._maxsize = max(manager.pools._maxsize, _many_pools(self._jobs))
        manager.connection_pool_kw["maxsize"] = self._jobs + 1
        manager.pool_classes_by_scheme = {
            scheme: self._listening(kind) for scheme, kind in manager.pool_classes_by_scheme.items()
        }

    def _listening(self, kind: Any) -> Any:
        kind = getattr(kind, "pip_pinned_base", kind)
        wire = self

        def urlopen(
            self: Any,
            method: str,
            url: str,
            body: Any = None,
            headers: Any = None,
            *args: Any,
            **kwargs: Any,
        ) -> Any:
            return wire._urlopen(self, kind.urlopen, method, url, body, headers, args, kwargs)

        return type(
            kind.__name__,
            (kind,),
            {"urlopen": urlopen, "pip_pinned_base": kind, "__doc__": kind.__doc__},
        )  # its name stands in errors

    def _urlopen(
        self,
        pool: Any,
        urlopen: Callable[..., Any],
        method: str,
        url: str,
        body: Any,
        headers: Any,
        args: Any,
        kwargs: Any,
    ) -> Any:
        place = _place(pool, headers or {})
        origin = place[0]
        key = (
            (pool.scheme, pool.host, pool.port, getattr(pool, "cert_reqs", None)),
            method,
            url,
            frozenset((headers or {}).items()),
        )
        if self.task is not None:
            if method != "GET" or body is not None or args:
                raise NotYet
            return self._ask_ahead(
                key,
                place,
                lambda: urlopen(
                    pool,
                    method,
                    url,
                    None,
                    dict(headers),
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    timeout=kwargs.get("timeout"),
                    preload_content=False,
                    decode_content=False,
                ),
                pool,
            )
        self.look()
        fetch = None if args else self._taken(key)  # positional: urllib3 tries again
        if fetch is not None and fetch.answer is not None:
            return fetch.answer.as_response(method)
        self._wait_until_welcome(origin)
        if origin in self._crowded:
            self._crowded.discard(origin)
            _close_idle(pool)
        begun = time.monotonic()
        response = urlopen(pool, method, url, body, headers, *args, **kwargs)
        if time.monotonic() - begun > AT_ONCE:
            self._is_slow()
        if response.status not in (401, 407):
            for held in [held for held in self._held if held[0] == origin]:
                for task in self._held.pop(held):
                    self._look_at(task, 401)
        return response

    def _ask_ahead(self, key: Key, place: Place, send: Callable[[], Any], pool: Any) -> Any:
        if self._closed or key in self._asked:
            raise NotYet
        _one_handshake_at_a_time(getattr(pool, "conn_kw", {}).get("ssl_context"))
        if place in self._held and key not in self._fetches:
            self._held[place].append(self.task)
            raise NotYet
        with self._lock:
            fetch = self._fetches.get(key)
            if fetch is None:
                if place[0] in self._left_alone:
                    raise NotYet
                if self._threads < self._jobs and self._idle <= len(self._queue):
                    threading.Thread(
                        target=self._carry, name=_NAME, daemon=True
                    ).start()  # it comes to work once the lock is free
                    self._threads += 1
                fetch = self._fetches[key] = Fetch(key, place, send)
                if place[1] and place not in self._welcome:
                    self._held[place] = []  # a wrong password is sent once
                self.has_sent = True
                self._queue.append(fetch)
                self._work.notify()
            if fetch.state != "over":
                fetch.tasks.append(self.task)
                raise NotYet
        if fetch.answer is None or fetch.answer.status in (401, 407):
            raise NotYet
        return fetch.answer.as_response(key[1])

    def is_answered_at_once(self) -> bool:
        """Whether the first answer comes so soon that it does not pay to ask ahead."""
        with self._lock:
            return bool(self._arrived) or self._news.wait(AT_ONCE)

    def look(self) -> None:
        """Let those who wait for what has arrived have a look at it."""
        while self._arrived:
            fetch = self._arrived.popleft()
            if fetch.answer is not None and fetch.answer.status in (401, 407):
                self._hold(fetch)
            elif fetch.answer is not None:
                self._welcome.add(fetch.place)
                for task in [*fetch.tasks, *self._held.pop(fetch.place, ())]:
                    self._look_at(task, fetch.answer.status)

    def _hold(self, fetch: Fetch) -> None:
        """Nobody else knocks where the main thread has to say who it is."""
        held = self._held.setdefault(fetch.place, [])
        held += fetch.tasks
        with self._lock:
            for other in [other for other in self._queue if other.place == fetch.place]:
                self._queue.remove(other)
                del self._fetches[other.key]
                other.state = "over"  # the main thread may be waiting for it
                held += other.tasks

    def _taken(self, key: Key) -> Fetch | None:
        self._asked.add(key)
        fetch = self._fetches.get(key)
        if fetch is None:
            return None
        while fetch.state != "over":
            with self._lock:
                if self._closed:
                    break
                if fetch.state == "queued":
                    self._queue.remove(fetch)
                    is_closed = self._room.is_full or fetch.origin in self._left_alone
                    if is_closed or self._busy >= self._threads:  # its turn may never come
                        break
                    self._queue.appendleft(fetch)
                    self._work.notify()
                if time.monotonic() > fetch.deadline:
                    fetch.is_given_up = True
                    break
                if not self._arrived:
                    self._news.wait(
                        0.25
                    )  # a wait without an end could not be interrupted on Windows
            self.look()
        with self._lock:
            self._fetches.pop(key, None)
            self._release(fetch.answer)
        return fetch

    def _wait_until_welcome(self, origin: Origin) -> None:
        until = self._left_alone.get(origin)
        if until is not None:
            time.sleep(max(0.0, until - time.monotonic()))

    def drop(self, response: Any) -> None:
        """The answer behind a response (``Answer.as_response``) has been taken, whichever way."""
        answer = getattr(response, "pip_pinned_answer", None)
        with self._lock:
            if answer is not None and self._fetches.pop(answer.key, None) is not None:
                self._asked.add(answer.key)
                self._release(answer)

    def forget(self) -> None:
        """Send nothing more ahead, and drop what has come for nobody."""
        with self._lock:
            self._closed = True
            self._queue.clear()
            for fetch in self._fetches.values():
                self._release(fetch.answer)
            self._fetches.clear()
            self._arrived.clear()
            self._work.notify_all()

    # -- the workers
    # --------------------------------------------------------------------------------------

    def _carry(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
                while (not self._queue or self._room.is_full) and not self._closed:
                    self._work.wait()
                self._idle -= 1
                if self._closed:
                    self._threads -= 1
                    return
                fetch = self._queue.popleft()
                self._busy += 1
                fetch.state = "sent"
                fetch.deadline = time.monotonic() + TOTAL
            answer = None
            _now_sending.fetch = fetch
            try:
                answer = self._read(fetch)
            except Exception:  # noqa: BLE001 (the main thread meets it itself)
                with self._lock:
                    self._leave_alone(fetch.origin)
            finally:
                _now_sending.fetch = None
            with self._lock:
                self._busy -= 1
                if answer is not None and (fetch.logged or fetch.is_given_up):
                    self._release(answer)
                    answer = None
                if fetch.origin in self._left_alone:
                    self._crowded.add(fetch.origin)
                fetch.answer, fetch.state = answer, "over"
                self._arrived.append(fetch)
                self._news.notify_all()

    def _read(self, fetch: Fetch) -> Answer | None:
        response = fetch.send()
        body = Store(self._room)
        try:
            if response.status in (413, 429) or response.status >= 500:
                with self._lock:
                    self._leave_alone(fetch.origin, _seconds(response))
            elif self._fill(body, response, fetch):
                response.release_conn()
                return Answer(fetch.key, response, body.file, body.size)
        except BaseException:
            body.give_up()
            response.close()
            raise
        body.give_up()
        response.close()
        return None

    def _fill(self, body: Store, response: Any, fetch: Fetch) -> bool:
        """Whether there was room for the body.

        Raises EOFError if it was cut, TimeoutError if it took too long.
        """
        declared = response.headers.get("Content-Length", "")
        size = int(declared) if declared.isdigit() else None
        if size is not None and size > answers.LARGEST:
            return False
        fetch.deadline += (size or 0) / SLOW
        for chunk in iter(lambda: response.read(_CHUNK, decode_content=False), b""):
            if time.monotonic() > fetch.deadline:
                raise TimeoutError
            if not body.write(chunk):
                return False
        if size not in (None, body.size):
            raise EOFError
        return True

    def _leave_alone(self, origin: Origin, seconds: float = 0.0) -> None:
        """Send nothing more ahead to an origin, and nothing at all for some time.

        Called with the lock.
        """
        self._left_alone[origin] = max(
            self._left_alone.get(origin, 0.0), time.monotonic() + seconds
        )
        for other in [other for other in self._queue if other.origin == origin]:
            self._queue.remove(other)
            other.state = "over"

    def _release(self, answer: Answer | None) -> None:
        if answer is not None:
            self._room.account(answer.body, -answer.size)
            if not self._room.is_full:
                self._work.notify_all()


def _place(pool: Any, headers: Any) -> Place:
    asked_by = pool.proxy if "Proxy-Authorization" in pool.proxy_headers else pool
    return (asked_by.scheme, asked_by.host, asked_by.port), tuple(
        sent[name]
        for sent, name in ((headers, "Authorization"), (pool.proxy_headers, "Proxy-Authorization"))
        if name in sent
    )


def _close_idle(pool: Any) -> None:
    """Leave a server that bears one connection at a time to the one that is about to be made."""
    held = []
    with suppress(queue.Empty):
        while True:
            held.append(pool.pool.get(block=False))
    for connection in held:
        if connection is not None:
            connection.close()
        with suppress(queue.Full):
            pool.pool.put(None, block=False)


def _seconds(response: Any) -> float:
    """How long an origin wants to be left alone, as far as it will be; Retry-After is a number of
    seconds or a date.

    HTTP 429 without it: a while.
    """
    from pip._vendor.urllib3.exceptions import HTTPError
    from pip._vendor.urllib3.util.retry import Retry

    try:
        wished = Retry().get_retry_after(response)
    except (HTTPError, ValueError, OverflowError):
        wished = None
    return min((5.0 if response.status == 429 else 0.0) if wished is None else wished, LONGEST_WAIT)


def _many_pools(jobs: int) -> int:
    """How many origins may keep their connections open, so that no limit of open files is
    reached.
    """
    if sys.platform == "win32":
        return 64
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        64 if limit == resource.RLIM_INFINITY else min(64, max(limit - OPEN_FILES, 0) // (jobs + 1))
    )


class _NowSending(threading.local):
    fetch: Fetch | None = None


_now_sending = _NowSending()


def silence(record: logging.LogRecord) -> bool:
    """A filter of log handlers: a worker that has something to say has failed; the main thread will
    say it in its time.
    """
    fetch = _now_sending.fetch
    if fetch is not None:
        fetch.logged = True
    return threading.current_thread().name != _NAME


def _one_handshake_at_a_time(context: Any) -> None:
    """Make a context of truststore's fit for threads (macOS, Windows: two handshakes at a time
    could leave it without verification).
    """
    if not type(context).__module__.endswith("truststore._api") or hasattr(
        context, "pip_pinned_lock"
    ):
        return
    lock = context.pip_pinned_lock = threading.RLock()
    for name in ("wrap_socket", "wrap_bio"):
        setattr(context, name, _locked(lock, getattr(context, name)))


def _locked(lock: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    def locked(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return original(*args, **kwargs)

    return locked
