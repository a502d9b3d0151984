"""What a lock wants here, and whether the policy lets it (CONTRACT 4.6)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.markers import default_environment

from pip_pinned.locks import pylock, wanted
from pip_pinned.locks.wanted import Wanted
from pip_pinned.pip_runner.settings import Connection
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import url_texts
from pip_pinned.policy.model import Index, Policy

LOCKS = ("pylock.toml", "Pipfile.lock")


def lock_here(words: list[str]) -> Path | None:
    """The lock that is named, or the one in this directory, if there is one. Raises PipPinnedError ``usage`` for several names."""
    if len(words) > 1:
        raise PipPinnedError("usage", f"One lock at a time, not {' and '.join(words)}.")
    return Path(words[0]) if words else next((Path(name) for name in LOCKS if Path(name).is_file()), None)


class _Refused(Exception):
    """Why an entry of a lock may not be."""


class Judge:
    """Reads locks under a policy. ``trusting`` accepts indexes that only the lock knows; they are in ``trusted``, by URL."""

    def __init__(self, connection: Connection, *, trusting: bool = False) -> None:
        self._connection = connection
        self._trusting = trusting
        self.trusted: dict[str, Index] = {}

    def read(self, path: Path, extras: Iterable[str], groups: list[str] | None) -> list[Wanted]:
        """What is to be installed here. Raises PipPinnedError ``bad-lock``, ``lock-does-not-fit`` or ``pins-changed``."""
        if path.name == "Pipfile.lock":
            if list(extras):
                raise PipPinnedError("usage", "A Pipfile.lock has no extras.")
            names = {"dev": "develop", "dev-packages": "develop"}
            return wanted.of_pipfile_lock(path, [names.get(group, group) for group in groups or ()])
        lock = pylock.read(path)
        facts = pylock.facts_of(lock)
        self._refuse_other_pins(facts)
        _warn_of_another_place(facts.get("environment"))
        return wanted.of_pylock(lock, path.resolve().parent, extras, groups)

    def _refuse_other_pins(self, facts: dict[str, Any]) -> None:
        """A lock of ours says which pins it was made under."""
        then, now = facts.get("pins"), pylock.pins_of(self._connection.policy)
        if not isinstance(then, dict) or then == now:
            return
        changed = [f"{pattern}: {_places(then.get(pattern))} when it was locked, {_places(now.get(pattern))} now"
                   for pattern in sorted(then.keys() | now.keys()) if then.get(pattern) != now.get(pattern)]
        raise PipPinnedError("pins-changed", "The pins changed since the lock was made.", context="\n".join(changed), hint="Lock again: pip-pinned lock")

    def judge(self, everything: list[Wanted], path: Path) -> dict[str, Index]:
        """The index of each package that is to come from one. Raises PipPinnedError ``lock-entry-refused`` with every entry that may not be (CONTRACT 4.6)."""
        found: dict[str, Index] = {}
        refused: list[str] = []
        for want in everything:
            try:
                index = self._judge_one(want)
            except _Refused as exc:
                refused.append(f"{want.name}: {exc}")
            else:
                if index is not None:
                    found[want.name] = index
        if refused:
            raise PipPinnedError("lock-entry-refused", f"{path} may not say where these packages come from; nothing was changed.", context="\n".join(refused),
                                 hint="Lock again under the policy.")
        return found

    def _judge_one(self, want: Wanted) -> Index | None:
        """The index that the package is to come from; None for one from somewhere else. Raises _Refused."""
        decision = self._connection.decide(want.name)
        if want.kind in ("index", "archive") and not want.hashes:
            raise _Refused("it has no hash")
        if want.kind != "index":
            declared = decision.refusal == "not-on-an-index" and want.kind in ("vcs", "directory")
            if decision.pinned and not declared:
                raise _Refused(f"{url_texts.redact_text(want.place or '')}, and it is pinned ({decision.because})")
            return None
        index = next((index for index in self._connection.policy.indexes if wanted.is_same_index(want, index.name, self._connection.lock_url(index))), None)
        allowed = [each.name for each in (*decision.indexes, *([decision.first] if decision.first else []))]
        if decision.refusal is not None or (decision.pinned and (index is None or index.name not in allowed)):
            pin = decision.indexes[0].shown if decision.indexes else "no index"
            raise _Refused(f"the lock says {_said(want)}, the policy {pin} ({decision.because})")
        if index is not None:
            if index.name not in allowed:
                raise _Refused(f"the lock says {_said(want)}, and names without a pin do not come from there ({decision.because})")
            return index
        if not self._trusting or want.index_url is None or not urls.has_scheme(want.index_url) or urls.credentials(want.index_url)[0] is not None:
            raise _Refused(f"{_said(want)} is not in the policy (--trust-lock-indexes accepts it)")
        fresh = Index(name=f"lock-index-{len(self.trusted) + 1}", url=want.index_url, origin="the lock", explicit=True)
        return self.trusted.setdefault(want.index_url, fresh)

    def add_trusted(self, declared: Policy) -> Policy:
        """The policy with the indexes that only the lock knows: for what it says is there, and nothing else."""
        return declared._replace(indexes=(*self.trusted.values(), *declared.indexes))


def _warn_of_another_place(made_for: Any) -> None:
    """A lock holds what its resolution came to; elsewhere something else may be needed."""
    here = {key: str(value) for key, value in default_environment().items()}
    other = [f"{key} {value}" for key, value in sorted(made_for.items()) if here.get(key) != value] if isinstance(made_for, dict) else []
    if other:
        sys.stderr.write(f"warning: the lock was made for {', '.join(other)}; what is needed here only is not in it.\n")


def _said(want: Wanted) -> str:
    return urls.redact(want.index_url) if want.index_url else want.index_name or "no index"


def _places(places: Any) -> str:
    return " and ".join(place or "no index" for place in places) if places else "not pinned"
