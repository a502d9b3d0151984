"""A look ahead: pip's own functions run early, in a state that is thrown away, and what of it pip
gets later all the same.

What is found out is known to nobody but ``prefetch``: listings, grants, decisions, what pip's
finder notes. Two things are handed on, so that they are not done twice: an index's whole answer
about a project, when pip asks that index about it under the same decision, and the response to a
request, when pip makes the very same request. Each is handed on once; what pip has had already, it
gets anew. Where a debug log is to tell of every step, nothing is handed on, nor an answer about
which pip warns.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pip_pinned.enforce.answers import NotYet
from pip_pinned.enforce.ledger import Grants, Listings, Question
from pip_pinned.enforce.run import Run
from pip_pinned.enforce.wire import Wire
from pip_pinned.policy.model import Decision, Index


class Kept:
    """An index's answer about a project, the decision by which it was asked, and what pip's finder
    notes of files that it skips.
    """

    def __init__(
        self,
        decision: Decision,
        question: Question,
        candidates: list[Any] | None,
        skipped: dict[str, set[Any]],
    ) -> None:
        self.decision = decision
        self.question = question
        self.candidates = candidates
        self.skipped = skipped


class LookAhead:
    """The state of all looks ahead of one resolution, and what they leave for pip."""

    def __init__(self, run: Run, session: Any, finder: Any, wire: Wire) -> None:
        self._run = run
        self._session = session
        self._finder = finder
        self._wire = wire
        self._listings: Listings = {}
        self._grants: Grants = {}
        self._shares = not logging.getLogger("pip").isEnabledFor(logging.DEBUG)
        self._keeps = (
            self._shares and run.lock_log is None
        )  # for which pip has to read every page itself
        self.has_warned = False  # since the look that is going on has begun
        self._kept: dict[tuple[str, str], Kept] = {}
        self._of_finder = [
            name for name in ("_logged_links", "_requires_python_skipped") if hasattr(finder, name)
        ]
        self._preparing: Any = None
        self._unanswered: dict[
            Any, tuple[Any, dict[str, Any]]
        ] = {}  # prepared requests, and how they are sent
        self._passed: set[Any] = set()
        self._latest: Any = None
        self._finished: dict[
            Any, tuple[Any, bool]
        ] = {}  # responses, and whether they have left their origin

    def begin(self) -> None:
        """See what the session sends."""
        self._session.send = partial(self._send, self._session.send)

    def end(self) -> None:
        """Leave the session alone."""
        vars(self._session).pop("send", None)

    def prepare_anew(self) -> None:
        """Pip has said who it is: requests that were prepared before do not count."""
        self._unanswered.clear()

    def request(
        self, request: Callable[..., Any], method: str, url: str, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """A request of pip's session.

        A response that a look ahead has got already is the one that pip gets: it is not made twice.
        """
        run = self._run
        key = (
            method,
            url,
            frozenset((kwargs.get("headers") or {}).items()),
            bool(kwargs.get("stream")),
        )
        if args or not self._shares:
            return request(method, url, *args, **kwargs)
        if not run.looking_ahead:
            self._passed.add(key)
            if key not in self._finished:
                return request(method, url, **kwargs)
            response, run.ledger.strayed = self._finished.pop(key)
            self._drop(response)
            return response
        if key in self._unanswered:
            prepared, more = self._unanswered[key]
            response = self._session.send(prepared, **more)
        else:
            self._preparing = key
            try:
                response = request(method, url, **kwargs)
            finally:
                self._preparing = None
        # what pip has got already, it gets anew if it asks again (pip 23.1 and before load files
        # twice); a response out of pip's cache would keep a file open
        anew = key in self._passed
        if hasattr(response.raw, "pip_pinned_answer") and not anew and not self.has_warned:
            self._finished[key] = response, run.ledger.strayed
        self._latest = key
        return response

    def _note_warning(self, *_: object, **__: object) -> None:
        self.has_warned = True

    def keep(self, decision: Decision, question: Question, candidates: list[Any] | None) -> None:
        """An index's answer about a project (None: it does not have it), found out ahead, for the
        time when pip asks.
        """
        if self._run.looking_ahead and self._keeps and not self.has_warned:
            if self._latest in self._finished:
                self._drop(self._finished.pop(self._latest)[0])
            self._kept[question.name, question.index.name] = Kept(
                decision,
                question,
                candidates,
                {name: getattr(self._finder, name) for name in self._of_finder},
            )

    def _drop(self, response: Any) -> None:
        for step in [*response.history, response]:
            self._wire.drop(step.raw)

    def kept(self, decision: Decision, index: Index, collector: Any) -> Kept | None:
        """What was found out ahead, if it was found out under the decision that holds now and for
        the finder that asks; pip asks once.
        """
        if (
            self._run.looking_ahead or collector is not self._finder._link_collector
        ):  # what builds have may be told other things
            return None
        kept = self._kept.pop((decision.name, index.name), None)
        if kept is None or kept.decision != decision:
            return None
        for name, skipped in kept.skipped.items():
            getattr(self._finder, name).update(skipped)
        return kept

    def _send(self, send: Callable[..., Any], prepared: Any, **kwargs: Any) -> Any:
        key, self._preparing = (
            self._preparing,
            None,
        )  # what a redirect sends after it is not prepared by a caller
        try:
            return send(prepared, **kwargs)
        except NotYet:
            if key is not None:
                self._unanswered[key] = prepared, kwargs
            raise

    def read(self, response: Any) -> bytes:
        """The body of a response, of which pip, which may get it too, is to see nothing."""
        answer = getattr(response.raw, "pip_pinned_answer", None)
        if answer is not None and self._shares:
            if answer.size > self._run.limits.max_metadata_size:
                raise NotYet
            return bytes(answer.content)
        self._finished = {
            key: value for key, value in self._finished.items() if value[0] is not response
        }
        return bytes(response.content)

    def leave(self, response: Any) -> None:
        """A response is here for pip, or for nobody."""
        if all(kept is not response for kept, _ in self._finished.values()):
            response.close()

    @contextmanager
    def state(self, task: Any) -> Iterator[None]:
        """In a state of its own: nothing that is found out ahead is known to pip or to the rest of
        the kernel.
        """
        run, finder = self._run, self._finder
        logged = {name: getattr(finder, name) for name in self._of_finder}
        caching = (
            []
            if self._shares
            else [
                (adapter, adapter.controller, adapter.cache)
                for adapter in self._session.adapters.values()
                if hasattr(adapter, "controller")
            ]
        )
        vars(finder).update({name: set() for name in logged})
        for adapter, controller, cache in caching:
            adapter.cache = controller.cache = _read_only(cache)
        self._wire.task = task
        self.has_warned = False
        warn, warnings.warn = (
            warnings.warn,
            self._note_warning,
        )  # a warning that is given is not given again
        try:
            with run.using(run.ledger.fork(self._listings, self._grants)):
                yield
        finally:
            warnings.warn = warn
            self._wire.task = None
            for adapter, controller, cache in caching:
                adapter.cache = controller.cache = cache
            vars(finder).update(logged)


def _read_only(cache: Any) -> Any:
    """Pip's HTTP cache, from which a look ahead may read."""
    ours = copy.copy(cache)
    ours.set = ours.set_body = ours.delete = _store_nothing
    return ours


def _store_nothing(*_: object, **__: object) -> None:
    pass
