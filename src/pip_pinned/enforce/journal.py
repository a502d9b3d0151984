"""What a run tells of itself, and in which words: here nothing, and the bare code of an error.

``adapt.journal`` has the words, the files and the redaction. What is decided does not depend on
them: who is asked and what ends the run is settled before anything is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pip_pinned.policy.errors import PipPinnedError

if TYPE_CHECKING:
    from pip_pinned.enforce.run import Run
    from pip_pinned.policy.model import Decision, Index


class Journal:
    """Tells nobody anything."""

    def note(self, run: Run, text: str, level: str = "pip-pinned") -> None:
        """One line for the user, once a run."""

    def detail(self, run: Run, text: str) -> None:
        """A line for a user who wants to know more (-v)."""

    def record(self, run: Run, decision: Decision, index: Index | None, outcome: str) -> None:
        """What came of asking an index, or of not asking one, about a name."""

    def page(self, run: Run, index: Index, name: str, content: Any) -> None:
        """A project page (pip's IndexContent), as it came."""

    def links(self, run: Run, index: Index | None, name: str, links: Sequence[Any]) -> None:
        """Files of a local directory (pip's Link)."""

    def discreet(self, run: Run, text: str) -> str:
        """A text of pip's as it may be shown: no credentials, no values of variables."""
        return ""

    def error(self, run: Run, code: str, facts: dict[str, Any]) -> PipPinnedError:
        """The error in which the run ends, in words."""
        return PipPinnedError(code, code)


SILENT = Journal()
