"""What an index's answer means: one pure table from HTTP status to decision (CONTRACT 4.1)."""

from __future__ import annotations

from enum import Enum

from pip_pinned.policy import urls
from pip_pinned.policy.model import Index


class Verdict(str, Enum):
    """Present and absent are facts about a project; the other two are faults, and a fault never
    sends a name on.
    """

    PRESENT = "present"
    ABSENT = "absent"
    AUTH_FAILED = "index-auth-failed"
    UNAVAILABLE = "index-unavailable"


# The PyTorch index answers 403 for a project that it does not have (uv status_code_strategy.rs has
# the same exception).
_ABSENT_BY_HOST = {"download.pytorch.org": (403,)}


def judge(status: int, index: Index) -> Verdict:
    """What a final HTTP status says about a project on an index.

    404 is always absent; ``ignore-error-codes`` says which others are, in place of the default set.
    """
    ignored = index.ignore_error_codes
    if ignored is None:
        ignored = _ABSENT_BY_HOST.get(urls.origin(index.url)[1], ())
    if status == 200:
        return Verdict.PRESENT
    if status == 404 or status in ignored:
        return Verdict.ABSENT
    if status in (401, 403):
        return Verdict.AUTH_FAILED
    return Verdict.UNAVAILABLE
