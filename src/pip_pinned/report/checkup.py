"""What ``doctor`` found: each index, and what surrounds the project."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from pip_pinned.report.screen import console


@dataclass(frozen=True, kw_only=True)
class IndexHealth:
    """One index. ``error`` is the code that an install would end in, None if all is well; ``answer`` is what came back in words.

    ``user`` is the user name that was sent, never a token; ``pages`` is ``json`` or ``html``; ``milliseconds`` the time of the
    first answer; ``forwards_to`` the origin that names unknown here are sent on to.
    """

    name: str
    url: str
    answer: str
    error: str | None = None
    user: str | None = None
    credentials: str | None = None
    pages: str | None = None
    milliseconds: int | None = None
    tls: str | None = None
    forwards_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class Health:
    """The whole check-up. ``notices`` are settings around the project that are ignored, and why, and other things to know."""

    pip_version: str
    keyring: str
    indexes: tuple[IndexHealth, ...]
    notices: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not any(index.error for index in self.indexes)


def as_json(health: Health) -> dict[str, Any]:
    """The check-up as JSON types."""
    return {
        "ok": health.ok, "pip": {"version": health.pip_version, "canary": "ok"}, "keyring": health.keyring,
        "indexes": [{key.replace("_", "-"): value for key, value in asdict(index).items()} for index in health.indexes],
        "notices": list(health.notices),
    }


def show(health: Health) -> None:
    """The check-up as a table and a few lines."""
    screen = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("index", "state", "credentials", "pages", "ms", "TLS", "unknown names"):
        table.add_column(column, overflow="fold")
    for index in health.indexes:
        state = Text(index.error, style="red") if index.error else Text(index.answer, style="green")
        who = " ".join(filter(None, (index.user, index.credentials))) or "none"
        table.add_row(Text(index.name, style="cyan"), state, who, index.pages or "?", "" if index.milliseconds is None else str(index.milliseconds),
                      index.tls or "none", f"sent on to {index.forwards_to}, not followed" if index.forwards_to else "")
    screen.print(table)
    for index in health.indexes:
        if index.error:
            screen.print(f"{index.name} {index.url}: {index.answer}")
    screen.print(f"pip {health.pip_version}: its patched finder does what the policy says.")
    screen.print(f"keyring: {health.keyring}")
    for notice in health.notices:
        screen.print(f"note: {notice}")
