"""What ``migrate`` is about to do: indexes, names, and commands that people have to look at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from pip_pinned.report.screen import console
from pip_pinned.scan.facts import conceal
from pip_pinned.scan.rewriting import Replacement


class Line(NamedTuple):
    """A name that several indexes have, or whose index or version changes; ``tomorrow`` empty while it is open."""

    name: str
    where: str
    today: str
    tomorrow: str


def show_indexes(rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Each index: name, URL as it may be shown, where it is named now, how many of the names it has."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("index", "url", "named in", "has"):
        table.add_column(column, overflow="fold")
    for name, *rest in rows:
        table.add_row(Text(name, style="cyan"), *rest)
    console().print(table)


def show_pins(pins: Iterable[tuple[str, str]]) -> None:
    """The pins, a line for each."""
    for pattern, index in pins:
        console().print(f"{pattern} comes from {index}, and from nowhere else.")


def show_lines(title: str, lines: list[Line]) -> None:
    """Names with what pip takes today and what it is to take tomorrow."""
    if not lines:
        return
    screen = console()
    screen.print(f"\n{title}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("package", "is on", "today", "tomorrow"):
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(line.name, line.where, line.today, line.tomorrow or Text("?", style="red"))
    screen.print(table)


def show_commands(replacements: list[Replacement]) -> None:
    """Commands outside of requirements files, each with what it could be."""
    if not replacements:
        return
    screen = console()
    screen.print("\nCommands and settings that name these indexes stay as they are; write instead:")
    for one in replacements:
        screen.print(f"{one.place}:", style="bold")
        for row in _printable(one.before).split("\n"):
            screen.print(Text(f"- {row}", style="red"), soft_wrap=True)
        if one.after is None:
            screen.print("  (take the index out; the policy says where packages come from)")
        else:
            for row in _printable(one.after).split("\n"):
                screen.print(Text(f"+ {row}", style="green"), soft_wrap=True)


def show_diff(lines: Iterable[str]) -> None:
    """A unified diff, without secrets."""
    screen = console()
    for line in lines:
        style = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
        screen.print(Text(_printable(line), style=style), soft_wrap=True)


def _printable(text: str) -> str:
    """The text without secrets, and with ``?`` for bytes that are no text."""
    return conceal(text).encode("utf-8", "replace").decode()
