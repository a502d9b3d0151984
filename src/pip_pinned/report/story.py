"""What ``demo`` shows: acts, each with what plain pip did and what pip-pinned did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from pip_pinned.report.screen import console


@dataclass(frozen=True)
class Half:
    """One command of an act, what came of it in one line, and whether that is what one would want."""

    command: str
    outcome: str
    good: bool
    lines: tuple[str, ...] = ()


class Stage:
    """Draws the demo on the terminal, and as a picture if asked to."""

    def __init__(self, *, picture: bool) -> None:
        self._console: Console = console(record=picture, width=100 if picture else None)

    def say(self, text: str, style: str = "") -> None:
        """A line."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def act(self, number: int, title: str, halves: list[Half]) -> None:
        """One act."""
        self._console.print()
        self._console.print(Text(f"Act {number}: {title}", style="bold"))
        for half in halves:
            self._console.print(Text("$ ", style="dim") + Text(half.command, style="cyan"))
            for line in half.lines:
                self._console.print(Text(f"    {line}", style="dim"))
            mark, style = ("ok ", "green") if half.good else ("BAD", "bold red")
            self._console.print(Text(f"  {mark} ", style=style) + Text(half.outcome))

    def save(self, path: Path) -> None:
        """The picture: an SVG that loads nothing from anywhere."""
        svg = self._console.export_svg(title="pip-pinned demo", theme=MONOKAI, unique_id="demo", clear=False)
        svg = re.sub(r"\s*@font-face \{.*?\n\s*\}", "", svg, flags=re.DOTALL)
        path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")
