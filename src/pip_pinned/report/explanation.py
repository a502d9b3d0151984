"""What ``explain`` shows: the indexes, and for each name where it is searched and why."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from pip_pinned.policy.model import Decision, Index, Policy
from pip_pinned.report.screen import console


def as_json(policy: Policy, decisions: list[Decision]) -> dict[str, Any]:
    """The explanation as JSON types; URLs are redacted."""
    return {
        "index-strategy": policy.strategy.value,
        "declared": policy.declared,
        "find-links": list(policy.find_links),
        "no-index": policy.no_index,
        "indexes": [{"name": i.name, "url": i.shown, "kind": _kind(i), "format": i.format, "origin": i.origin} for i in policy.indexes],
        "pins": [{"package": p.pattern, "index": p.index_name, "marker": p.marker, "origin": p.origin} for p in policy.pins],
        "packages": [{
            "name": d.name, "indexes": [i.name for i in _asked(d)], "pinned": d.pinned,
            "index-strategy": None if d.strategy is None else d.strategy.value, "because": d.because, "error": d.refusal,
            "not-considered": [{"index": name, "why": why} for name, why in d.not_considered],
        } for d in decisions],
    }


def show(policy: Policy, decisions: list[Decision]) -> None:
    """The explanation as tables."""
    screen = console()
    screen.print(_indexes(policy))
    if decisions:
        screen.print(_packages(policy, decisions))
    elif policy.pins:
        screen.print(_pins(policy))
    else:
        screen.print("No package is pinned.")
    if policy.find_links:
        screen.print(f"Local find-links, for names without a pin: {' '.join(policy.find_links)}")
    if policy.no_index:
        screen.print("No index is asked: --no-index.")
    screen.print(f"Names without a pin: index-strategy {policy.strategy.value}.")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _indexes(policy: Policy) -> Table:
    table = _table("index", "url", "", "declared at")
    for index in policy.indexes:
        table.add_row(Text(index.name, style="cyan"), index.shown, _kind(index), index.origin)
    return table


def _pins(policy: Policy) -> Table:
    table = _table("package", "index", "where", "declared at")
    for pin in policy.pins:
        table.add_row(pin.pattern, Text(pin.index_name or "no index", style="cyan"), pin.marker or "", pin.origin)
    return table


def _packages(policy: Policy, decisions: list[Decision]) -> Table:
    table = _table("package", "searched on", "because")
    for decision in decisions:
        where = Text(", then ".join(index.name for index in _asked(decision)), style="cyan")
        if not where.plain:
            where = Text("local find-links only" if policy.find_links and not decision.pinned else "nothing")
        if decision.refusal is not None:
            where = Text(f"nothing: error {decision.refusal}", style="red")
        table.add_row(decision.name, where, decision.because)
    return table


def _asked(decision: Decision) -> list[Index]:
    return [*([decision.first] if decision.first is not None else []), *decision.indexes]


def _kind(index: Index) -> str:
    words = [word for word, holds in (("explicit", index.explicit), ("default", index.default), ("flat", index.format == "flat"),
                                      ("inherit", index.inherit)) if holds]
    return ", ".join(words)
