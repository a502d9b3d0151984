"""What runs when: three tiers, of which each contains the one before (docs/CONTRIBUTING.md has the table).

A scenario is a test without its version of pip. ``first`` is for every change, ``ci`` is what the other Pythons and the
tools beside us add to it, ``every-pip`` is the full product, for a release and for whoever touches a seam.
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


def chosen(tier: str, scenario: str, versions: Iterable[str]) -> set[str]:
    """The pips, of those that a scenario is about, on which it runs in a tier."""
    known = sorted(versions, key=pips.as_numbers)
    if tier == EVERY_PIP:
        return set(known)
    if tier == CI:
        return set(known[-1:])
    between = known[1:-1]
    return {known[0], known[-1], *between[(zlib.crc32(scenario.encode()) % len(between) if between else 0):][:1]}
