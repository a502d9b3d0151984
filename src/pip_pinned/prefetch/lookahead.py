"""A look ahead: pip's own functions run early, on a fork of the ledger, and leave no trace.

Nothing of it reaches pip or the kernel but the answers to requests, which wait in
``enforce.answers`` until pip makes the very same requests. What pip's finder notes of the files
that it skips, what is logged or warned of, and what would be written to the HTTP cache is dropped:
pip comes to all of it itself.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pip_pinned.enforce.ledger import Grants, Listings
from pip_pinned.enforce.run import Run

# What pip's finder keeps of the files that it skips, to log each once, and for an error message.
_NOTES = ("_logged_links", "_requires_python_skipped")


class LookAhead:
    """The state of all looks ahead of one resolution: what they have found out serves the next."""

    def __init__(self, run: Run, session: Any, finder: Any) -> None:
        self._run = run
        self._finder = finder
        self._notes = [name for name in _NOTES if hasattr(finder, name)]
        self._listings: Listings = {}
        self._grants: Grants = {}
        self._caches = [
            (adapter, adapter.controller, adapter.cache, _read_only(adapter.cache))
            for adapter in session.adapters.values()
            if hasattr(adapter, "controller")
        ]

    @contextmanager
    def state(self) -> Iterator[None]:
        """While it goes on."""
        notes = {name: getattr(self._finder, name) for name in self._notes}
        vars(self._finder).update({name: set() for name in notes})
        for adapter, controller, _, readable in self._caches:
            adapter.cache = controller.cache = readable
        warn, warnings.warn = warnings.warn, _nothing
        try:
            with self._run.using(self._run.ledger.fork(self._listings, self._grants)):
                yield
        finally:
            warnings.warn = warn
            for adapter, controller, cache, _ in self._caches:
                adapter.cache = controller.cache = cache
            vars(self._finder).update(notes)


def _read_only(cache: Any) -> Any:
    ours = copy.copy(cache)
    ours.set = ours.set_body = ours.delete = _nothing
    return ours


def _nothing(*_: object, **__: object) -> None:
    pass
