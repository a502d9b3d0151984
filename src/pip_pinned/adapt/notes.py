"""What a run notes and tells of itself: lines on stderr, the decision log, and what of it is not
shown.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from pip_pinned.adapt.hiding import hide
from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.journal import Journal
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import url_texts

if TYPE_CHECKING:
    from pip_pinned.enforce.run import Run
    from pip_pinned.policy.model import Decision, Index

DECISION_LOG = "decision_log"  # a key of ``Settings.guests``: a file
# Keys of ``Settings.task``: files that get a line for each project page, and each installed package.
LOCK_LOG, PROVENANCE = "lock_log", "provenance"


class Notes(Journal):
    """Of one run. ``tried`` is where the credentials of an index came from, ``has_keyring_failed``
    says that keyring is not to be asked again, and that this was said.
    """

    def __init__(self) -> None:
        self.verbosity = 0
        self.tried: dict[str, str] = {}
        self.has_keyring_failed = False
        self._noted: set[str] = set()
        self._secrets: dict[str, str] = {}
        self._secrets_of: Any = None

    def note(self, run: Run, text: str, level: str = "pip-pinned") -> None:
        """One line on stderr, once a run."""
        if text not in self._noted:
            self._noted.add(text)
            sys.stderr.write(f"{level}: {text}\n")

    def detail(self, run: Run, text: str) -> None:
        """A line with -v, once a run."""
        if self.verbosity > 0:
            self.note(run, text)

    def record(self, run: Run, decision: Decision, index: Index | None, outcome: str) -> None:
        """A line in the decision log and, with -v, on stderr."""
        key = f"{decision.name} {index.name if index else '-'} {outcome}"
        if self.verbosity > 0 and key not in self._noted:
            self._noted.add(key)
            sys.stderr.write(
                f"pip-pinned: {decision.name}: {outcome} on "
                f"{index.name if index else 'no index'} ({decision.because})\n"
            )
        path = run.settings.guests.get(DECISION_LOG)
        if path:
            import json

            line = json.dumps(
                {
                    "name": decision.name,
                    "index": index.name if index else None,
                    "outcome": outcome,
                    "because": decision.because,
                    "role": run.settings.role,
                }
            )
            with open(path, "a", encoding="utf-8") as log:
                log.write(line + "\n")

    def begin_provenance(self, run: Run, path: str) -> None:
        """Write the lines of ``--provenance`` to this file, from its beginning; to the one that is
        known already, if there is one.
        """
        if run.settings.task.get(PROVENANCE):
            return
        try:
            open(path, "w", encoding="utf-8").close()
        except OSError as exc:
            diagnostics.stop(
                PipPinnedError("usage", f"--provenance {path!r} cannot be written: {exc.strerror}.")
            )
        run.settings.task[PROVENANCE] = os.path.abspath(path)

    def discreet(self, run: Run, text: str) -> str:
        """The text without credentials, and without the values of variables."""
        return hide(url_texts.redact_text(text), self.secrets(run))

    def secrets(self, run: Run) -> dict[str, str]:
        """The values of the variables that index URLs are written with, each with what is shown in
        its place (CONTRACT 2.7).
        """
        if run.indexes is not self._secrets_of:
            self._secrets, self._secrets_of = _secrets(run), run.indexes
        return self._secrets


def _secrets(run: Run) -> dict[str, str]:
    found: dict[str, str] = {}
    for index in run.indexes:
        for name in urls.variables(index.written or ""):
            value = run.settings.variable(name)
            if value:  # in every form that a URL may show it in
                for form in (quote(value, safe=""), quote(value), unquote(value), value):
                    found[form] = "${" + name + "}"
        for query in (index.url.partition("?")[2], url_texts.query(index.url)):
            found.update(
                (pair, pair.partition("=")[0] + "=****") for pair in query.split("&") if "=" in pair
            )
    return found


def of(run: Run) -> Notes:
    """Those of a run that was started by ``start``."""
    journal = run._journal
    assert isinstance(journal, Notes)
    return journal
