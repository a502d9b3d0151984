"""What a run tells of itself: its notes, what ``lock`` wants to know, and the words of its errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pip_pinned.adapt.notes import LOCK_LOG, Notes

if TYPE_CHECKING:
    from pip_pinned.enforce.run import Run
    from pip_pinned.policy.errors import PipPinnedError
    from pip_pinned.policy.model import Index


class Journal(Notes):
    """Of one run."""

    def page(self, run: Run, index: Index, name: str, content: Any) -> None:
        """For ``lock``: the files of a project page."""
        if run.settings.task.get(LOCK_LOG) and not run.is_build:
            from pip_pinned.adapt.locking import note_page

            note_page(run, index.name, name, content)

    def links(self, run: Run, index: Index | None, name: str, links: Sequence[Any]) -> None:
        """For ``lock``: the files of a local directory."""
        if run.settings.task.get(LOCK_LOG) and not run.is_build:
            from pip_pinned.adapt.locking import note_links

            note_links(run, None if index is None else index.name, name, "", links)

    def error(self, run: Run, code: str, facts: dict[str, Any]) -> PipPinnedError:
        """The error, with its next step (CONTRACT 4.3)."""
        from pip_pinned.adapt import messages

        return messages.error(run, code, facts)
