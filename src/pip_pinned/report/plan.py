"""What ``sync`` is about to do."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from pip_pinned.report.screen import console

_STYLES = {"install": "green", "change": "yellow", "reinstall": "yellow", "remove": "red"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One package: ``action`` is install, change, reinstall or remove; versions are None where there is none."""

    action: str
    name: str
    now: str | None
    then: str | None
    index: str | None = None


def show(steps: list[Step]) -> None:
    """The steps as a table."""
    screen = console()
    if not steps:
        screen.print("Nothing to do: the environment is what the lock says.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "package", "now", "then", "from"):
        table.add_column(column, overflow="fold")
    for step in steps:
        table.add_row(Text(step.action, style=_STYLES[step.action]), step.name, step.now or "", step.then or "", step.index or "")
    screen.print(table)
