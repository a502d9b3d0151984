"""What a reader makes of a file: a policy whose parts have not been held against one another yet."""

from __future__ import annotations

from itertools import combinations

from pip_pinned.config.document import Problems
from pip_pinned.policy import names, urls
from pip_pinned.policy.merge import url_texts
from pip_pinned.policy.model import PYPI, Index, Pin, Policy, Strategy


class Draft:
    """Indexes in order, pins, and the settings that a dialect knows; None where the file says nothing."""

    def __init__(self, strategy: Strategy | None = None) -> None:
        self.indexes: list[Index] = []
        self.pins: list[Pin] = []
        self.strategy = strategy
        self.ambient_indexes = False
        self.allow_file_hosts: tuple[str, ...] = ()
        self.strict_pip = False
        self.sync_any_index = False

    def overlay(self, other: Draft) -> None:
        """Add another draft to this one; it wins wherever both speak (CONTRACT 2.4)."""
        mine = {index.name.lower() for index in other.indexes}
        theirs = [pin for pin in self.pins if not any(_matches(p.pattern, pin.pattern) for p in other.pins)]
        kept = [index for index in self.indexes if index.name.lower() not in mine]
        if any(index.default for index in other.indexes):
            kept = [index._replace(default=False, explicit=True) if index.default else index for index in kept]
        self.indexes = [*other.indexes, *kept]
        self.pins = [*theirs, *other.pins]
        self.strategy = other.strategy or self.strategy
        self.ambient_indexes, self.allow_file_hosts, self.strict_pip = other.ambient_indexes, other.allow_file_hosts, other.strict_pip
        self.sync_any_index = self.sync_any_index or other.sync_any_index

    def policy(self, problems: Problems) -> Policy:
        """The policy, default index last. Everything that does not fit together is added to ``problems``."""
        self._check_indexes(problems)
        self._check_pins(problems)
        ordered = sorted(self.indexes, key=lambda index: index.default)
        return Policy(indexes=tuple(ordered), pins=tuple(self.pins), strategy=self.strategy or Strategy.FIRST_INDEX, declared=True,
                      ambient_indexes=self.ambient_indexes, allow_file_hosts=self.allow_file_hosts, strict_pip=self.strict_pip, sync_any_index=self.sync_any_index)

    def _check_indexes(self, problems: Problems) -> None:
        for index in self.indexes:
            mistake = None if index.url == PYPI else url_texts.mistake(index.url)
            if mistake is not None:
                problems.add(index.origin, f"{index.name}.url", mistake, "Write https://… or file://…")
            if index.authenticate == "never" and urls.credentials(index.url)[0] is not None:
                problems.add(index.origin, "authenticate", '"never", and the URL has credentials', "Take one of them out.")
        for first, second in combinations(self.indexes, 2):
            if first.name.lower() == second.name.lower():
                problems.add(second.origin, "name", f"{second.name!r} is the name of the index at {first.origin} too", "Give each index its own name.")
            elif names.variable(first.name) == names.variable(second.name):
                problems.add(second.origin, "name", f"{second.name!r} and {first.name!r} ({first.origin}) are one name as environment variables, "
                             f"{names.variable(first.name)}", "Rename one of them.")
        defaults = [index for index in self.indexes if index.default]
        for index in defaults[1:]:
            problems.add(index.origin, "default", f"{defaults[0].name!r} ({defaults[0].origin}) is the default index already", "Keep one default.")

    def _check_pins(self, problems: Problems) -> None:
        known = {index.name.lower(): index.name for index in self.indexes}
        groups: dict[str, list[Pin]] = {}
        globs: dict[str, list[list[Pin]]] = {}
        for pin in self.pins:
            if pin.index_name is not None and pin.index_name.lower() not in known:
                problems.add(pin.origin, pin.pattern, f"there is no index {pin.index_name!r}", _suggest(pin.index_name, known))
            groups.setdefault(pin.pattern, []).append(pin)
        for pattern, pins in groups.items():
            _check_markers(pins, problems)
            if names.is_glob(pattern):
                globs.setdefault(names.literal_prefix(pattern), []).append(pins)
        for tied in globs.values():
            for ones, others in combinations(tied, 2):
                first, second = ones[0], others[0]
                places = {(pin.index_name or "").lower() for pin in (*ones, *others)}
                if len(places) > 1 and names.globs_overlap(first.pattern, second.pattern):
                    problems.add(second.origin, second.pattern, f"ties with {first.pattern!r} ({first.origin}): both match some name, "
                                 "and neither is more specific", "Make one prefix longer, or pin those names exactly.")


def _check_markers(pins: list[Pin], problems: Problems) -> None:
    if len(pins) == 1 and pins[0].marker is None:
        return
    from pip_pinned.config import markers

    valid = []
    for pin in pins:
        mistake = None if pin.marker is None else markers.mistake(pin.marker)
        if mistake is None:
            valid.append(pin)
        else:
            problems.add(pin.origin, pin.pattern, f"the marker {pin.marker!r} is not valid ({mistake})", "See PEP 508, environment markers.")
    for first, second in combinations(valid, 2):
        if (first.index_name or "").lower() == (second.index_name or "").lower():
            continue
        if markers.overlap(first.marker, second.marker):
            problems.add(second.origin, second.pattern, f"pinned to {second.index_name!r} and ({first.origin}) to {first.index_name!r} where both markers hold",
                         "Give the entries markers that exclude each other.")


def _suggest(name: str, known: dict[str, str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known, 1)
    if close:
        return f"Did you mean {known[close[0]]!r}?"
    return f"Declared indexes: {', '.join(known.values()) or 'none'}."


def _matches(pattern: str, name: str) -> bool:
    return pattern == name or (names.is_glob(pattern) and names.glob_regex(pattern).fullmatch(name) is not None)
