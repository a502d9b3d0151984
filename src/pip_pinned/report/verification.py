"""What ``verify`` found."""

from __future__ import annotations

from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from pip_pinned.report.screen import console


class Difference(NamedTuple):
    """One package that is not what it should be.

    ``code`` is other-index, unknown-origin, direct-reference (against the policy), or missing, other-version, not-locked (against the lock).
    """

    code: str
    name: str
    found: str
    wanted: str
    why: str


def as_json(differences: list[Difference], lock: str | None, installed: int) -> dict[str, Any]:
    """The differences as JSON types."""
    return {"ok": not differences, "lock": lock, "installed": installed, "differences": [difference._asdict() for difference in differences]}


def show(differences: list[Difference], lock: str | None, installed: int) -> None:
    """The differences as a table."""
    screen = console()
    if differences:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("", "package", "found", "wanted", "why"):
            table.add_column(column, overflow="fold")
        for difference in differences:
            table.add_row(Text(difference.code, style="red"), *difference[1:])
        screen.print(table)
    against = "the policy" if lock is None else f"the policy and {lock}"
    screen.print(f"{installed} packages compared with {against}: {len(differences) or 'no'} difference{'s' if len(differences) > 1 else ''}.")
