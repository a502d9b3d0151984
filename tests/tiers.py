"""What runs when: three tiers, of which each contains the one before (docs/CONTRIBUTING.md has the
table).

A scenario is a test without its version of pip. ``first`` is for every change, ``ci`` is what the
other Pythons and the tools beside us add to it, ``every-pip`` is the full product, for a release
and for whoever touches a seam.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import pytest

from tests import pips

FIRST, CI, EVERY_PIP = "first", "ci", "every-pip"
TIERS = {
    FIRST: "three pips a scenario: newest, oldest, and one between by the scenario's name",
    CI: "the newest pip",
    EVERY_PIP: "every pip a scenario",
}


def selected(tier: str, items: Iterable[pytest.Item]) -> set[pytest.Item]:
    """The tests that a tier runs, of all that pytest has collected.

    What is marked ``pips(always=True)`` meets every pip in the first tier, too.
    """
    scenarios: dict[str, dict[str, pytest.Item]] = {}
    kept = set()
    for item in items:
        version = getattr(getattr(item, "callspec", None), "params", {}).get("pip_version")
        if version is None:
            kept.add(item)
        else:
            scenarios.setdefault(item.nodeid.replace(version, "*"), {})[version] = item
    for scenario, tests in scenarios.items():
        mark = next(iter(tests.values())).get_closest_marker("pips")
        said = {} if mark is None else mark.kwargs
        always = tier == FIRST and said.get("always", False)
        is_row = said.get("rows", False)
        versions = chosen(EVERY_PIP if always else tier, scenario, tests, is_row=is_row)
        kept |= {tests[version] for version in versions}
    return kept


def version_of(test: pytest.Item) -> tuple[int, ...]:
    """The pip of a test, for comparisons; what has none comes first."""
    version = getattr(getattr(test, "callspec", None), "params", {}).get("pip_version")
    return pips.as_numbers(version or "0")


def chosen(tier: str, scenario: str, versions: Iterable[str], *, is_row: bool = False) -> set[str]:
    """The pips, of those that a scenario is about, on which it runs in a tier.

    A row is one of many sets of values that one test is run with: in the first tier every second
    row, by its name, meets the newest pip and each of the others one by its name, so that the rows
    together meet them all.
    """
    known = sorted(versions, key=pips.as_numbers)
    if tier == EVERY_PIP:
        return set(known)
    if tier == CI:
        return set(known[-1:])
    by_name = zlib.crc32(scenario.encode())
    if is_row:
        return {known[-1] if by_name % 2 or len(known) == 1 else known[by_name // 2 % (len(known) - 1)]}
    between = known[1:-1]
    return {known[0], known[-1], *([between[by_name % len(between)]] if between else [])}
