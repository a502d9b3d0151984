"""What of all candidates for a name without a pin pip may choose from, under an unsafe strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pip_pinned.enforce.run import Run
from pip_pinned.policy.model import Index, Strategy


def get_applicable_candidates(
    run: Run, original: Callable[..., Any], self: Any, candidates: list[Any]
) -> list[Any]:
    """Under the two unsafe strategies, what an earlier index offers hides what a later one does."""
    applicable: list[Any] = original(self, candidates)
    if not applicable:
        return applicable
    decision = run.decide(applicable[0].name)
    if decision.strategy not in (Strategy.UNSAFE_FIRST_MATCH, Strategy.UNSAFE_BEST_MATCH):
        return applicable
    position = {index.name: i for i, index in enumerate(decision.indexes)}

    def rank(candidate: Any) -> int:
        listing = run.ledger.listing(decision.name, candidate.link.url)
        return (
            -1 if listing is None or listing.index is None else position.get(listing.index.name, -1)
        )

    if decision.strategy is Strategy.UNSAFE_BEST_MATCH:
        applicable = _without_supplements(applicable, decision.indexes, rank)
    if decision.strategy is Strategy.UNSAFE_FIRST_MATCH:
        best = min(max(rank(candidate), 0) for candidate in applicable)
        return [candidate for candidate in applicable if max(rank(candidate), 0) == best]
    first: dict[Any, int] = {}
    for candidate in applicable:
        first[candidate.version] = min(rank(candidate), first.get(candidate.version, len(position)))
    return [candidate for candidate in applicable if rank(candidate) == first[candidate.version]]


def _without_supplements(
    candidates: list[Any], indexes: tuple[Index, ...], rank: Callable[[Any], int]
) -> list[Any]:
    """Poetry's rule: what is not supplemental hides what is, and so does the first supplemental
    index the others.
    """

    def tier(candidate: Any) -> int:
        at = rank(candidate)
        return at if at >= 0 and indexes[at].supplemental else -1

    best = min(map(tier, candidates))
    return [candidate for candidate in candidates if tier(candidate) == best]
