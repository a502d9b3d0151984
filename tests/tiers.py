"""What runs when: three tiers, of which each contains the one before (docs/CONTRIBUTING.md has the
table).

A scenario is a test without its version of pip. ``first`` is for every change, ``ci`` is what the
other Pythons and the tools beside us add to it, ``every-pip`` is the full product, for a release
and for whoever touches a seam.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from tests import pips

FIRST, CI, EVERY_PIP = "first", "ci", "every-pip"
TIERS = {
    FIRST: "three pips a scenario: newest, oldest, and one between by the scenario's name",
    CI: "the newest pip",
    EVERY_PIP: "every pip a scenario",
}


def chosen(tier: str, scenario: str, versions: Iterable[str], *, is_row: bool = False) -> set[str]:
    """The pips, of those that a scenario is about, on which it runs in a tier.

    A row is one of many sets of values that one test is run with: in the first tier each row meets the newest pip and another one
    by its name, so that the rows together meet the oldest and most of those between.
    """
    known = sorted(versions, key=pips.as_numbers)
    if tier == EVERY_PIP:
        return set(known)
    if tier == CI:
        return set(known[-1:])
    others = known[:-1] if is_row else known[1:-1]
    by_name = {others[zlib.crc32(scenario.encode()) % len(others)]} if others else set()
    return by_name | ({known[-1]} if is_row else {known[0], known[-1]})
