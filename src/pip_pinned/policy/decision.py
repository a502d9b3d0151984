"""``decide``: the one place that says where a name is searched.

Install, explain, audit and lock all ask it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from pip_pinned.policy import names
from pip_pinned.policy.model import Decision, Index, Pin, Policy, Strategy

MarkerHolds = Callable[[str], bool]
_NOTHING: Mapping[str, Index] = {}


class Decider:
    """A policy, arranged for look-up: exact pins by name, globs by their literal prefix.

    ``holds`` evaluates a PEP 508 marker in the interpreter that packages are installed for. A look-
    up costs one dictionary access for an exact pin and at most one per character of the name for
    globs.
    """

    def __init__(self, policy: Policy, holds: MarkerHolds) -> None:
        self.policy = policy
        self._holds = holds
        self._exact: dict[str, list[Pin]] = {}
        self._globs: dict[str, list[tuple[Pin, re.Pattern[str] | None]]] = {}
        self._by_name = {index.name.lower(): index for index in policy.indexes}
        for pin in policy.pins:
            if names.is_glob(pin.pattern):
                prefix = names.literal_prefix(pin.pattern)
                plain = pin.pattern == prefix + "*"
                self._globs.setdefault(prefix, []).append(
                    (pin, None if plain else names.glob_regex(pin.pattern))
                )
            else:
                self._exact.setdefault(pin.pattern, []).append(pin)
        self._excludes = {
            index.name: [names.glob_regex(pattern) for pattern in index.excludes]
            for index in policy.indexes
            if index.excludes
        }
        self._longest = max(map(len, self._globs), default=-1)
        self._locked: dict[tuple[str, ...], Decision] = {}

    def pin(self, name: str) -> Pin | None:
        """The pin that applies to a normalised name: exact, else the glob with the longest literal
        prefix.
        """
        for pin in self._exact.get(name, ()):
            if pin.marker is None or self._holds(pin.marker):
                return pin
        for end in range(min(len(name), self._longest), -1, -1):
            for pin, regex in self._globs.get(name[:end], ()):
                matches = regex is None or regex.fullmatch(name) is not None
                if matches and (pin.marker is None or self._holds(pin.marker)):
                    return pin
        return None

    def decide(self, project: str, inherited: Mapping[str, Index] = _NOTHING) -> Decision:
        """Where ``project`` is searched.

        ``inherited`` maps normalised names to the index whose packages require them (CONTRACT 3.7).
        Never raises for a policy that the readers accepted; what may not be searched has a
        ``refusal``.
        """
        name = names.normalize(project)
        pin = self.pin(name)
        if pin is not None:
            return self._pinned(name, pin)
        return self._unpinned(name, inherited.get(name))

    def locked(self, project: str, index_names: Iterable[str]) -> Decision:
        """Where a file that a lock names by its hash is searched: on these indexes in their order,
        or on their mirrors.
        """
        asked = (project, *index_names)
        if asked not in self._locked:
            self._locked[asked] = self._decide_locked(*asked)
        return self._locked[asked]

    def _decide_locked(self, project: str, *index_names: str) -> Decision:
        decided = self.decide(project)
        mirrors = {
            index.mirror_of: index for index in self.policy.indexes if index.mirror_of is not None
        }
        indexes = tuple(mirrors.get(name) or self._by_name[name.lower()] for name in index_names)
        because = f"locked, by its hash; {decided.because}"
        return Decision(
            name=decided.name,
            indexes=indexes,
            because=because,
            refusal=decided.refusal,
            not_considered=self._others(indexes, because),
        )

    def _pinned(self, name: str, pin: Pin) -> Decision:
        how = f"glob {pin.pattern!r}" if names.is_glob(pin.pattern) else "pin"
        if pin.marker is not None:
            how += f" where {pin.marker}"
        if pin.index_name is None:
            because = f"declared to come from no index at {pin.origin}"
            return Decision(
                name=name,
                because=because,
                refusal="not-on-an-index",
                not_considered=self._others((), because),
            )
        index = self._by_name[pin.index_name.lower()]
        because = f"{how} at {pin.origin}"
        refusal = None
        if self.policy.no_index and index.format != "flat":
            refusal = "no-index-pinned"
        others = self._others((index,), f"{name} is pinned to {index.name}")
        return Decision(
            name=name, indexes=(index,), because=because, refusal=refusal, not_considered=others
        )

    def _unpinned(self, name: str, first: Index | None) -> Decision:
        policy = self.policy
        strategy = policy.strategy
        if first is not None and policy.no_index and first.format != "flat":
            first = None
        if strategy is Strategy.PINNED_ONLY and first is None:
            because = "index-strategy pinned-only: names without a pin are refused"
            return Decision(
                name=name,
                because=because,
                strategy=strategy,
                refusal="name-not-pinned",
                not_considered=self._others((), because),
            )
        indexes = tuple(
            index
            for index in policy.indexes
            if self._open_to_unpinned(index, strategy) and not self._is_excluded(name, index)
        )
        because = f"no pin; index-strategy {strategy.value}"
        if first is not None:
            because = (
                f"no pin; required by a package from {first.name} (inherit), then "
                f"index-strategy {strategy.value}"
            )
        considered = indexes if first is None else (first, *indexes)
        return Decision(
            name=name,
            indexes=indexes,
            because=because,
            strategy=strategy,
            first=first,
            not_considered=self._others(considered, "", name),
        )

    def _open_to_unpinned(self, index: Index, strategy: Strategy) -> bool:
        if index.explicit or (self.policy.no_index and index.format != "flat"):
            return False
        return strategy is not Strategy.PINNED_ONLY and (
            index.default or strategy is not Strategy.DEFAULT_INDEX
        )

    def _is_excluded(self, name: str, index: Index) -> bool:
        return index.name in self._excludes and any(
            glob.fullmatch(name) for glob in self._excludes[index.name]
        )

    def _others(
        self, considered: tuple[Index, ...], why: str, name: str = ""
    ) -> tuple[tuple[str, str], ...]:
        def reason(index: Index) -> str:
            if why:
                return why
            if index.explicit:
                return "explicit: only for packages pinned to it"
            if self.policy.no_index:
                return "--no-index"
            if self._is_excluded(name, index):
                return "excludes it"
            return f"index-strategy {self.policy.strategy.value}"

        return tuple(
            (index.name, reason(index)) for index in self.policy.indexes if index not in considered
        )
