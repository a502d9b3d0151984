"""Pins that a command line, the environment or a comment gives for one run (CONTRACT 1.2, 2.9)."""

from __future__ import annotations

from collections.abc import Iterable

from pip_pinned.policy import names
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Pin, Policy


def with_pins(
    policy: Policy, values: Iterable[str], origin: str, notices: list[str], *, may_replace: bool
) -> Policy:
    """The policy with further pins, as ``PACKAGE=INDEX``. Those that ``may_replace`` move the pins
    that stand in their way, which ``notices`` say; the others may not.

    Raises PipPinnedError ``bad-pin``, ``unknown-index`` or ``pin-conflict``.
    """
    pins = list(policy.pins)
    for value in values:
        package, equals, index_name = value.partition("=")
        package, index_name = package.strip(), index_name.strip()
        if not equals or not names.is_valid_pattern(package):
            raise PipPinnedError(
                "bad-pin",
                f"{origin}: {value!r} is not PACKAGE=INDEX.",
                hint="For example: --pin acme-core=acme",
            )
        index = policy.index_named(index_name)
        if index is None:
            known = ", ".join(i.name for i in policy.indexes)
            raise PipPinnedError(
                "unknown-index",
                f"{origin}: {package} is pinned to {index_name!r}, which no index is named.",
                hint=f"Declared indexes: {known}.",
            )
        pattern = names.normalize(package)
        moved = [
            pin
            for pin in _displaced(pins, pattern)
            if (pin.index_name or "").lower() != index.name.lower()
        ]
        if moved and not may_replace:
            raise PipPinnedError(
                "pin-conflict",
                f"{origin} would move {package} from {_place(moved[0])} to {index.name}.",
                context=f"{moved[0].origin}: {moved[0].pattern} is pinned to {_place(moved[0])}",
                hint="Change the declared policy, or use --pin on the command line for one run.",
            )
        tied = [
            pin
            for pin in moved
            if pin.pattern != pattern
            and names.is_glob(pattern)
            and names.literal_prefix(pin.pattern) == names.literal_prefix(pattern)
        ]
        if tied:
            raise PipPinnedError(
                "bad-pin",
                f"{origin}: {package} ties with {tied[0].pattern} ({tied[0].origin}); neither is "
                "more specific.",
                hint=f"Write {origin} {tied[0].pattern}={index.name}, or name the packages.",
            )
        for pin in moved:
            notices.append(
                f"--pin {package}={index.name} replaces the pin to {_place(pin)} ({pin.origin}) "
                "for this run."
            )
        pins = [pin for pin in pins if pin.pattern != pattern]
        pins.append(Pin(pattern=pattern, index_name=index.name, origin=origin))
    return policy._replace(pins=tuple(pins))


def _displaced(pins: list[Pin], pattern: str) -> list[Pin]:
    """The pins that decide a name now, and would not if ``pattern`` were pinned too."""
    same = [pin for pin in pins if pin.pattern == pattern]
    if any(pin.marker is None for pin in same):
        return same
    globs = [
        pin
        for pin in pins
        if pin not in same
        and names.is_glob(pin.pattern)
        and names.globs_overlap(pin.pattern, pattern)
    ]
    if names.is_glob(pattern):
        reach = len(names.literal_prefix(pattern))
        return same + [pin for pin in globs if len(names.literal_prefix(pin.pattern)) <= reach]
    # with a marker, the next shorter glob may decide instead
    longest = max(
        (len(names.literal_prefix(pin.pattern)) for pin in globs if pin.marker is None), default=0
    )
    return same + [pin for pin in globs if len(names.literal_prefix(pin.pattern)) >= longest]


def _place(pin: Pin) -> str:
    return pin.index_name or "no index"
