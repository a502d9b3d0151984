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

from pip_pinned.enforce.answers import Answers, Arrival, Key, NoRoom, Ticket

AT_ONCE = 0.005  # seconds for an answer, below which threads cost more than they save
LONGEST_WAIT = 120.0  # seconds of a Retry-After that are waited for
# Seconds that a request which is sent ahead may take in all, and bytes a second of a larger file.
TOTAL, SLOW = 60.0, 64 << 10
_NAME = "pip-pinned-prefetch"
OPEN_FILES = 64  # what pip needs besides connections
Origin = tuple[str, str, int]
Place = tuple[
    Origin, tuple[str, ...]
]  # an origin, or the proxy that wants to know who asks it, and the credentials that are sent there


class Fetch:
    """One request sent ahead; ``tasks`` are told when it is over."""

    def __init__(self, ticket: Ticket, place: Place) -> None:
        self.ticket: Ticket | None = ticket  # until it was sent
        self.key = ticket.key
        self.place = place
        self.origin = place[0]
        self.tasks: list[Any] = []
        self.state = "queued"  # then "sent", then "over"
        self.logged = False
        self.deadline = float("inf")  # once it is sent; the main thread waits no longer
        self.is_given_up = False
        self.status: int | None = None  # of an answer that counts, once it is over


class Wire:
    """The requests that were sent ahead of the main thread, which alone calls these methods.

    ``look_at`` is called with a task once what it waits for is there, ``is_slow`` when pip has had
    to wait for an answer.
    """

    def __init__(
        self,
        answers: Answers,
        jobs: int,
        look_at: Callable[[Any], None],
        is_slow: Callable[[], None],
    ) -> None:
        self._answers = answers
        self._jobs = jobs
        self._look_at = look_at
        self._is_slow = is_slow
        self.has_sent = False
        self._lock = answers.lock
        self._work = threading.Condition(self._lock)
        self._news = threading.Condition(self._lock)
        self._queue: deque[Fetch] = deque()
        self._fetches: dict[Key, Fetch] = {}
        self._asked: set[Key] = set()
        self._arrived: deque[Fetch] = deque()
        self._threads = self._idle = self._busy = 0
        self._closed = False
        self._left_alone: dict[Origin, float] = {}
        # left alone, and connections of workers may still be open
        self._crowded: set[Origin] = set()
        self._held: dict[Place, list[Any]] = {}
        self._welcome: set[Place] = set()

    # -- the main thread
    # ----------------------------------------------------------------------------------

    def attach(self, session: Any) -> None:
        """Let a session keep as many connections as there are jobs."""
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
        if manager.connection_pool_kw.get("maxsize") == self._jobs + 1:
            return
        manager.clear()
        # what falls out of it is closed when no queued request needs it any more
        manager.pools.dispose_func = None
        manager.pools._maxsize = max(manager.pools._maxsize, _many_pools(self._jobs))
        manager.connection_pool_kw["maxsize"] = self._jobs + 1

    def ask(self, pool: Any, key: Key | None, headers: Any, send: Callable[[], Any]) -> Any:
        """A request of pip's own, which ``send`` sends, or answers by what has come ahead.

        ``key`` is None for one that urllib3 sends again.
        """
        self.look()
        if key is not None:
            self._wait_for(key)
            if self._answers.peek(key) is not None:
                response = send()
                self._go_on()
                return response
        origin = _place(pool, headers or {})[0]
        self._wait_until_welcome(origin)
        if origin in self._crowded:
            self._crowded.discard(origin)
            _close_idle(pool)
        begun = time.monotonic()
        response = send()
        if time.monotonic() - begun > AT_ONCE:
            self._is_slow()
        if response.status not in (401, 407):
            for held in [held for held in self._held if held[0] == origin]:
                for task in self._held.pop(held):
                    self._look_at(task)
        return response

    def _go_on(self) -> None:
        """Let threads work for which there was no room."""
        with self._lock:
            if self._queue and not self._answers.is_full:
                self._work.notify_all()

    def queue(self, ticket: Ticket, task: Any) -> None:
        """Send a request ahead, unless it was, or pip has asked already."""
        pool, key = ticket.pool, ticket.key
        if self._closed or key in self._asked:
            return
        place = _place(pool, dict(key[3]))
        _one_handshake_at_a_time(getattr(pool, "conn_kw", {}).get("ssl_context"))
        if place in self._held and key not in self._fetches:
            self._held[place].append(task)
            return
        with self._lock:
            fetch = self._fetches.get(key)
            if fetch is None:
                if place[0] in self._left_alone:
                    return
                if self._threads < self._jobs and self._idle <= len(self._queue):
                    worker = threading.Thread(target=self._carry, name=_NAME, daemon=True)
                    worker.start()  # it comes to work once the lock is free
                    self._threads += 1
                fetch = self._fetches[key] = Fetch(ticket, place)
                if place[1] and place not in self._welcome:
                    self._held[place] = []  # a wrong password is sent once
                self.has_sent = True
                self._queue.append(fetch)
                self._work.notify()
            if fetch.state != "over":
                fetch.tasks.append(task)

    def is_answered_at_once(self) -> bool:
        """Whether the first answer comes so soon that it does not pay to ask ahead."""
        with self._lock:
            return bool(self._arrived) or self._news.wait(AT_ONCE)

    def look(self) -> None:
        """Let those who wait for what has arrived have a look at it."""
        while self._arrived:
            fetch = self._arrived.popleft()
            if fetch.status in (401, 407):
                self._hold(fetch)
            elif fetch.status is not None:
                self._welcome.add(fetch.place)
                for task in [*fetch.tasks, *self._held.pop(fetch.place, ())]:
                    self._look_at(task)

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

    def _wait_for(self, key: Key) -> None:
        """While a request is under way that pip is about to make. It is asked ahead no more."""
        self._asked.add(key)
        fetch = self._fetches.pop(key, None)
        while fetch is not None and fetch.state != "over":
            with self._lock:
                if self._closed:
                    return
                if fetch.state == "queued":
                    self._queue.remove(fetch)
                    is_closed = self._answers.is_full or fetch.origin in self._left_alone
                    if is_closed or self._busy >= self._threads:  # its turn may never come
                        return
                    self._queue.appendleft(fetch)
                    self._work.notify()
                if time.monotonic() > fetch.deadline:
                    fetch.is_given_up = True
                    return
                if not self._arrived:  # a wait without an end cannot be interrupted on Windows
                    self._news.wait(0.25)
            self.look()

    def _wait_until_welcome(self, origin: Origin) -> None:
        until = self._left_alone.get(origin)
        if until is not None:
            time.sleep(max(0.0, until - time.monotonic()))

    def forget(self) -> None:
        """Send nothing more ahead, and drop what has come for nobody."""
        with self._lock:
            self._closed = True
            self._queue.clear()
            self._fetches.clear()
            self._arrived.clear()
            self._work.notify_all()
        self._answers.clear()

    # -- the workers
    # --------------------------------------------------------------------------------------

    def _carry(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
                while (not self._queue or self._answers.is_full) and not self._closed:
                    self._work.wait()
                self._idle -= 1
                if self._closed:
                    self._threads -= 1
                    return
                fetch = self._queue.popleft()
                self._busy += 1
                fetch.state = "sent"
                fetch.deadline = time.monotonic() + TOTAL
            status = None
            _now_sending.fetch = fetch
            try:
                status = self._receive(fetch)
            except Exception:  # noqa: BLE001 (the main thread meets it itself)
                with self._lock:
                    self._leave_alone(fetch.origin)
            finally:
                _now_sending.fetch = None
            with self._lock:
                self._busy -= 1
                if fetch.origin in self._left_alone:
                    self._crowded.add(fetch.origin)
                fetch.status, fetch.state = status, "over"
                self._arrived.append(fetch)
                self._news.notify_all()

    def _receive(self, fetch: Fetch) -> int | None:
        """The status of an answer that is kept, body and all; None for one that does not count."""
        assert fetch.ticket is not None
        arrival, fetch.ticket = fetch.ticket.send(), None
        try:
            if arrival.status in (413, 429) or arrival.status >= 500:
                with self._lock:
                    self._leave_alone(fetch.origin, _seconds(arrival))
                arrival.drop()
                return None
            fetch.deadline += (arrival.declared or 0) / SLOW
            while arrival.receive():
                if time.monotonic() > fetch.deadline:
                    raise TimeoutError  # noqa: TRY301
        except NoRoom:
            arrival.drop()
            return None
        except BaseException:
            arrival.drop()
            raise
        if fetch.logged or fetch.is_given_up or self._closed:
            arrival.drop()
            return None
        arrival.keep()
        return arrival.status

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


def _seconds(arrival: Arrival) -> float:
    """How long an origin wants to be left alone, as far as it will be; Retry-After is a number of
    seconds or a date.

    HTTP 429 without it: a while.
    """
    from pip._vendor.urllib3.exceptions import HTTPError
    from pip._vendor.urllib3.util.retry import Retry

    text = arrival.headers.get("Retry-After")
    try:
        wished = None if text is None else Retry().parse_retry_after(text)
    except (HTTPError, ValueError, OverflowError):
        wished = None
    if wished is None or wished > LONGEST_WAIT:  # which pip will not wait for, either
        return 5.0 if arrival.status == 429 else 0.0
    return float(wished)


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
