"""Did anything widen a declared pin? The last look at what merging has made of options, environment
and files (CONTRACT 1.2).

``sources`` merges what people tell pip with what is declared. It need not be trusted: whatever it
makes is compared with the declared policy here before it is in force. No declared index may be
gone, lead elsewhere, or be opened; no declared pin may be gone, and none may be added that takes
names from it. Only ``--pin`` may move one, by its name.
"""

from __future__ import annotations

from collections.abc import Collection

from pip_pinned.policy import names, urls
from pip_pinned.policy.model import PYPI, Index, Pin, Policy

# What a run may say of a declared index: who asks, and whether names without a pin come from it.
_MAY_DIFFER = ("url", "written", "default", "explicit")


def widened(declared: Policy, now: Policy, moved: Collection[str] = ()) -> str | None:
    """What of the declared policy the policy of a run has widened; None if nothing.

    ``moved`` are the names given to ``--pin``.
    """
    if declared.declared and not now.declared:
        return "the policy is no longer a declared one"
    for index in declared.indexes:
        why = _changed(index, now.index_named(index.name))
        if why is not None:
            return f"{index.name} ({index.origin}) {why}"
    if not set(now.allow_file_hosts) <= set(declared.allow_file_hosts):
        return "allow-file-hosts has grown"
    if now.sync_any_index and not declared.sync_any_index:
        return "sync-any-index has been switched on"
    return None if now.pins == declared.pins else _widened_pins(declared, now, moved)


def _widened_pins(declared: Policy, now: Policy, moved: Collection[str]) -> str | None:
    was, kept = set(declared.pins), set(now.pins)
    if [pin for pin in declared.pins if pin in kept] != [pin for pin in now.pins if pin in was]:
        return "its pins stand in another order"
    for pin in declared.pins:
        is_kept = pin in kept or pin.pattern in moved or any(_is_kept(pin, one) for one in now.pins)
        if not is_kept:
            return f"{pin.pattern} ({pin.origin}) is no longer pinned to {pin.index_name}"
    for pin in now.pins:
        follows = pin in was or pin.pattern in moved
        follows = follows or any(_covers(one, pin) for one in now.pins if one.pattern in moved)
        taken = None if follows else _takes_from(pin, declared.pins, moved)
        if taken is not None:
            return f"{pin.pattern} ({pin.origin}) takes names from {taken.pattern} ({taken.origin})"
    return None


def _changed(was: Index, now: Index | None) -> str | None:
    if now is None:
        return "is gone"
    if was.url != PYPI and not urls.same_index(was.url, now.url):
        return "has another URL"
    if was.explicit and not now.explicit:
        return "is no longer explicit"
    same = {name: getattr(was, name) for name in _MAY_DIFFER}
    return None if now._replace(**same) == was else "has other settings"


def _covers(moved: Pin, pin: Pin) -> bool:
    """Whether a pin says of its names what ``--pin`` has said of them already."""
    if not _is_same_index(moved, pin):
        return False
    if not names.is_glob(pin.pattern):
        return names.glob_regex(moved.pattern).fullmatch(pin.pattern) is not None
    prefix = names.literal_prefix(moved.pattern)
    return moved.pattern == prefix + "*" and names.literal_prefix(pin.pattern).startswith(prefix)


def _is_kept(was: Pin, now: Pin) -> bool:
    """The same pin, or the same without its marker, as somebody has repeated it."""
    return (
        was.pattern == now.pattern and _is_same_index(was, now) and now.marker in (was.marker, None)
    )


def _takes_from(pin: Pin, declared: tuple[Pin, ...], moved: Collection[str]) -> Pin | None:
    """A declared pin, not moved itself, that another one, which is not declared, would take names
    from.
    """
    if not names.is_glob(pin.pattern):
        deciding = _deciding(pin.pattern, declared)
        is_same = any(_is_same_index(one, pin) or one.pattern in moved for one in deciding)
        return None if is_same or not deciding else deciding[0]
    same = [one for one in declared if _covers(one, pin)]
    others = (one for one in declared if not _is_same_index(one, pin) and one.pattern not in moved)
    taken = (one for one in others if _outranks(pin.pattern, one.pattern))
    return next(
        (one for one in taken if not any(_outranks(two.pattern, one.pattern) for two in same)), None
    )


def _deciding(name: str, declared: tuple[Pin, ...]) -> list[Pin]:
    """The pins of the pattern that decides a name: the name itself, else the glob with the longest
    literal prefix.
    """
    exact = [pin for pin in declared if pin.pattern == name]
    globs = [
        pin
        for pin in declared
        if names.is_glob(pin.pattern) and names.glob_regex(pin.pattern).fullmatch(name)
    ]
    longest = max((len(names.literal_prefix(pin.pattern)) for pin in globs), default=0)
    return exact or [pin for pin in globs if len(names.literal_prefix(pin.pattern)) == longest]


def _is_same_index(one: Pin, other: Pin) -> bool:
    return (one.index_name or "").lower() == (other.index_name or "").lower()


def _outranks(pattern: str, other: str) -> bool:
    """Whether a pattern decides some name that another one would decide without it (CONTRACT 2.3),
    or ties with it.
    """
    if not names.is_glob(other):
        return pattern == other
    if not names.globs_overlap(pattern, other):
        return False
    shorter = len(names.literal_prefix(pattern)) < len(names.literal_prefix(other))
    return not (names.is_glob(pattern) and shorter)
