"""The consoles that own commands draw on."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console


def console(*, record: bool = False, width: int | None = None) -> Console:
    """Standard output; no markup and no highlighting unless asked for."""
    return Console(highlight=False, markup=False, record=record, width=width, soft_wrap=False)


def show_json(data: Any) -> None:
    """A report for programs, on stdout."""
    sys.stdout.write(json.dumps(data, indent=2) + "\n")


@contextmanager
def progress(what: str, steps: int) -> Iterator[Callable[[], None]]:
    """A progress bar on stderr, if that is a terminal; what it yields is called after each step, from any thread."""
    from rich.progress import Progress

    screen = Console(stderr=True, highlight=False)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(what, total=steps)
        yield lambda: bar.advance(task)
