"""The state of one run: the policy in force, and what the run knows beside what indexes have said
(``ledger``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pip_pinned.enforce import failures
from pip_pinned.enforce.ledger import Ledger
from pip_pinned.policy import names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.urls import Address

if TYPE_CHECKING:
    from pip_pinned.enforce.plan import Prefetcher
    from pip_pinned.policy.decision import Decider
    from pip_pinned.policy.lock_entry import Root
    from pip_pinned.policy.model import Decision, Index, Limits, Policy

# Roles: "user" is what people start; "python" is pip's child for --python; "build" installs build
# requirements.
USER, PYTHON, BUILD = "user", "python", "build"

Preferred = dict[
    str, tuple[str, str | None]
]  # by normalised name: the version that is locked, and the URL of the index that had it
# by name: indexes, hashes, URL of the file
Locked = dict[str, tuple[list[str], list[str], str | None]]


class Run:
    """One process of pip under a policy.

    ``load`` gives the declared policy when it is first needed, or raises PipPinnedError. In a build
    child the policy is final: nothing that pip is told there about sources counts.

    What indexes have said stands in ``ledger``. ``gate_closed`` says that the command searches.
    ``build_depth`` counts build requirements installed in this process, ``inherited_by_roots``
    serves ``inherit``. ``constraint_urls`` are links out of constraints files, ``hidden`` the
    variables that build backends must not see, ``keyring_failed`` says that keyring is not to be
    asked again, and ``tried`` where the credentials of an index came from. ``lock_log`` and
    ``preferred`` serve ``lock``; ``locked`` serves ``sync``: by normalised name the indexes that a
    locked file may come from, its hashes (``sha256:…``), one of which pip is made to require, and
    its URL, if the lock has it; ``roots`` are what it has judged, and all that pip may prepare.
    ``provenance`` is the file that gets a line for each package that is installed.
    ``prefetch_jobs`` is how many requests may be under way beside pip's own (0: nothing is asked
    ahead), ``prefetcher`` is what asks ahead, while there is something to do.
    """

    def __init__(
        self,
        load: Callable[[], Policy],
        role: str = USER,
        *,
        decision_log: str | None = None,
        inherited_by_roots: str | None = None,
        lock_log: str | None = None,
        preferred: Preferred | None = None,
        locked: Locked | None = None,
        roots: Sequence[Root] = (),
        provenance: str | None = None,
    ) -> None:
        self._load = load
        self.role = role
        self.decision_log = decision_log
        self.inherited_by_roots = inherited_by_roots
        self._lock_log = lock_log
        self.preferred = preferred or {}
        self.locked = locked or {}
        self.roots = tuple(roots)
        self.provenance = provenance
        self.prefetch_jobs = 0
        self._limits: Limits | None = None
        self.prefetcher: Prefetcher | None = None
        self.verbosity = 0
        self.command = ""
        self.declared: Policy | None = None
        self.moved: frozenset[str] = frozenset()  # names and globs that --pin moves, normalised
        self._decider: Decider | None = None
        self._secrets: dict[str, str] | None = (
            None  # of the policy in force, once they were asked for
        )
        self._fingerprint = ""
        self.ledger = Ledger()
        self.issued: set[tuple[str, Address]] = (
            set()
        )  # the Authorization header of each request that got one, and its target
        self.gate_closed = False
        self.build_depth = 0
        self.constraint_urls: set[str] = set()
        self.reads_constraints = False  # the requirements file that is being read has constraints
        self.commented: dict[
            str, tuple[str, str]
        ] = {}  # by name: the index that a comment pins it to, and where
        self.hidden: dict[str, str] = {}
        self.sources_hidden = False
        self.keyring_failed = False
        self.tried: dict[str, str] = {}
        self.sentinels: dict[str, bool] = {}  # by index: whether its sentinel is there
        self._noted: set[str] = set()

    # -- the policy
    # ---------------------------------------------------------------------------------------

    def declare(self) -> Policy:
        """Load the declared policy, once; it is in force until ``enforce_policy`` replaces it."""
        if self.declared is None:
            shadowed = {name: os.environ.get(name) for name in self.hidden}
            os.environ.update(self.hidden)  # an index URL may be written with any of them
            try:
                self.declared = self._load()
            finally:
                for name, value in shadowed.items():
                    os.environ.pop(name)
                    if value is not None:
                        os.environ[name] = value
            self.enforce_policy(self.declared)
        return self.declared

    @property
    def policy(self) -> Policy:
        """The policy in force.

        Raises ``policy-missing`` if there is none.
        """
        return self.decider.policy

    @property
    def indexes(self) -> tuple[Index, ...]:
        """The indexes of the policy in force; none for a command that searches nothing and has a
        session nevertheless.
        """
        return () if self._decider is None else self._decider.policy.indexes

    @property
    def decider(self) -> Decider:
        """The policy in force, arranged for look-up.

        Raises ``policy-missing`` if there is none.
        """
        if self._decider is None:
            failures.stop(
                PipPinnedError(
                    "policy-missing",
                    "Nothing is installed: pip asked for a package before its policy was read.",
                )
            )
        return self._decider

    def enforce_policy(self, policy: Policy) -> None:
        """Put a policy in force, unless it would widen a declared pin (CONTRACT 1.2)."""
        from pip_pinned.policy.decision import Decider
        from pip_pinned.policy.guard import widened

        why = (
            None
            if self.declared is None or policy is self.declared
            else widened(self.declared, policy, self.moved)
        )
        if why is not None:
            failures.stop(
                PipPinnedError(
                    "pin-conflict",
                    "Nothing is installed: options, environment or files would widen the "
                    f"declared policy: {why}.",
                )
            )
        self._decider = Decider(policy, marker_holds)
        self._fingerprint = ""
        self._secrets = None

    @property
    def fingerprint(self) -> str:
        """``codec.fingerprint`` of the policy in force."""
        from pip_pinned.policy import codec

        if not self._fingerprint:
            self._fingerprint = codec.fingerprint(self.policy)
        return self._fingerprint

    def decide(self, project: str) -> Decision:
        """Where a project is searched, under everything that is known so far."""
        locked = None if self.build_depth else self.locked.get(names.normalize(project))
        return (
            self.decider.decide(project, self.ledger.inherited)
            if locked is None
            else self.decider.locked(project, locked[0])
        )

    @property
    def limits(self) -> Limits:
        """What an answer may take."""
        if self._limits is None:
            from pip_pinned.policy.model import Limits

            self._limits = Limits()
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits

    def is_pinned(self, project: str) -> bool:
        """Whether CONTRACT 1.1 applies to the project."""
        return self.decide(project).pinned

    @contextmanager
    def using(self, ledger: Ledger) -> Iterator[None]:
        """With another ledger, which is thrown away."""
        before, self.ledger = self.ledger, ledger
        try:
            yield
        finally:
            self.ledger = before

    @property
    def looking_ahead(self) -> bool:
        """Whether a look ahead is going on."""
        return self.ledger.is_ahead

    @property
    def lock_log(self) -> str | None:
        """The file that ``lock`` reads; None while a look ahead is going on."""
        return None if self.looking_ahead else self._lock_log

    # -- the environment
    # ----------------------------------------------------------------------------------

    def variable(self, name: str) -> str | None:
        """An environment variable as the user set it, also where it is hidden from build backends
        by now.
        """
        return os.environ.get(name, self.hidden.get(name))

    def hide(self, variables: list[str]) -> None:
        """Take variables out of the environment; ``variable`` still knows them."""
        self.hidden.update((name, os.environ.pop(name)) for name in variables)

    def secrets(self) -> dict[str, str]:
        """The values of the variables that index URLs are written with, each with what is shown in
        its place (CONTRACT 2.7).
        """
        if self._secrets is not None:
            return self._secrets
        self._secrets = found = dict[str, str]()
        for index in self.indexes:
            for name in urls.variables(index.written or ""):
                value = self.variable(name)
                if value:  # in every form that a URL may show it in
                    for form in (quote(value, safe=""), quote(value), unquote(value), value):
                        found[form] = "${" + name + "}"
            for query in (index.url.partition("?")[2], urls.query(index.url)):
                found.update(
                    (pair, pair.partition("=")[0] + "=****")
                    for pair in query.split("&")
                    if "=" in pair
                )
        return found

    # -- what people see
    # ----------------------------------------------------------------------------------

    def begin_provenance(self, path: str) -> None:
        """Write the lines of ``--provenance`` to this file, from its beginning; to the one that is
        known already, if there is one.
        """
        if self.provenance is None:
            try:
                open(path, "w", encoding="utf-8").close()
            except OSError as exc:
                failures.stop(
                    PipPinnedError(
                        "usage", f"--provenance {path!r} cannot be written: {exc.strerror}."
                    )
                )
            self.provenance = os.path.abspath(path)

    def discreet(self, text: str) -> str:
        """A text of pip's as it may be shown: no credentials, no values of variables."""
        from pip_pinned.enforce.discretion import hide

        return hide(urls.redact_text(text), self.secrets())

    def note(self, text: str, level: str = "pip-pinned") -> None:
        """One line on stderr, once a run."""
        if text not in self._noted and not self.looking_ahead:
            self._noted.add(text)
            sys.stderr.write(f"{level}: {text}\n")

    def record(self, decision: Decision, index: Index | None, outcome: str) -> None:
        """A line in the decision log and, with -v, on stderr."""
        if self.looking_ahead:
            return
        key = f"{decision.name} {index.name if index else '-'} {outcome}"
        if self.verbosity > 0 and key not in self._noted:
            self._noted.add(key)
            sys.stderr.write(
                f"pip-pinned: {decision.name}: {outcome} on "
                f"{index.name if index else 'no index'} ({decision.because})\n"
            )
        if self.decision_log:
            import json

            line = json.dumps(
                {
                    "name": decision.name,
                    "index": index.name if index else None,
                    "outcome": outcome,
                    "because": decision.because,
                    "role": self.role,
                }
            )
            with open(self.decision_log, "a", encoding="utf-8") as log:
                log.write(line + "\n")


def marker_holds(marker: str) -> bool:
    """Evaluate a PEP 508 marker in this interpreter, which is the one that packages are installed
    for.
    """
    from pip._vendor.packaging.markers import Marker

    return bool(Marker(marker).evaluate())
