"""One run's policy, out of a declared policy, the command line, and what surrounds it."""

from __future__ import annotations

import pytest

from pip_pinned.policy.decision import Decider
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge.sources import Options, combine
from pip_pinned.policy.model import Decision, Policy
from tests.policy.building import PYPI, index, pin

ACME = "https://acme.example/simple"
NEW = "https://new.example/simple"
OTHER = "https://user:secret@other.example/simple"  # credentials, which no message may show
NOTHING = Options()

DROP_IN = Policy()
PINS = Policy(indexes=(index("acme", explicit=True),), pins=(pin("acme-*", "acme"),), declared=True)
CLOSED = Policy(indexes=(index("acme", explicit=True), index("corp", default=True)), pins=(pin("acme-*", "acme"),), declared=True)


def run(declared: Policy, flags: Options = NOTHING, ambient: Options = NOTHING, *,
        no_index: bool = False) -> tuple[Policy, tuple[str, ...]]:
    """The run's policy and notices; none of them shows a secret."""
    policy, notices = combine(declared, flags, ambient, no_index=no_index, pypi=PYPI)
    assert "secret" not in " ".join(notices)
    return policy, notices


def refusal(code: str, declared: Policy, flags: Options = NOTHING, ambient: Options = NOTHING) -> PipPinnedError:
    """The error that a run ends in."""
    with pytest.raises(PipPinnedError) as failure:
        run(declared, flags, ambient)
    assert failure.value.code == code
    assert "secret" not in failure.value.render()
    return failure.value


def listed(policy: Policy) -> list[str]:
    """The names of the indexes, in the order in which they are asked."""
    return [one.name for one in policy.indexes]


def decide(policy: Policy, name: str) -> Decision:
    """Where a name is searched; no marker holds."""
    return Decider(policy, lambda _: False).decide(name)


def places(policy: Policy, name: str) -> list[str]:
    """The URLs, without credentials, that a name is searched on."""
    return [one.bare for one in decide(policy, name).indexes]
