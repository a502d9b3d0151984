"""One process of pip under a policy: what it was started with (``Settings``), the policy in force,
what indexes have said (``ledger``), and what is told of it (``journal``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.journal import SILENT, Journal
from pip_pinned.enforce.ledger import Ledger
from pip_pinned.policy import names

if TYPE_CHECKING:
    from pip_pinned.enforce.answers import Answers
    from pip_pinned.policy.decision import Decider
    from pip_pinned.policy.lock_entry import Locked, Root
    from pip_pinned.policy.model import Decision, Index, Policy

# Roles: "user" is what people start; "python" is pip's child for --python; "build" installs build
# requirements.
USER, PYTHON, BUILD = "user", "python", "build"


class Settings:
    """With what a process is started, and starts its children.

    ``locked`` serves ``sync``: by normalised name the indexes that a locked file may come from, its
    hashes (``sha256:…``), one of which pip is made to require, and its URL, if the lock has it;
    ``roots`` are what it has judged, and all that pip may prepare. ``inherited_by`` is the index
    whose package is being built, if what that requires is looked for there first. ``hidden`` are
    the variables that build backends must not see, with their values; ``are_sources_hidden`` says
    that all of them are gone. ``guests`` is what other rooms hand to their own in every child,
    ``task`` what they hand to those that do what the user has asked for, and build nothing:
    JSON types.
    """

    def __init__(
        self,
        role: str = USER,
        *,
        locked: Locked | None = None,
        roots: tuple[Root, ...] = (),
        inherited_by: str | None = None,
        guests: dict[str, Any] | None = None,
        task: dict[str, Any] | None = None,
    ) -> None:
        self.role = role
        self.locked = locked or {}
        self.roots = roots
        self.inherited_by = inherited_by
        self.guests = guests or {}
        self.task = task or {}
        self.hidden: dict[str, str] = {}
        self.are_sources_hidden = False

    def variable(self, name: str) -> str | None:
        """An environment variable as the user set it, also where it is hidden by now."""
        return os.environ.get(name, self.hidden.get(name))

    def hide(self, variables: list[str]) -> None:
        """Take variables out of the environment; ``variable`` still knows them."""
        self.hidden.update((name, os.environ.pop(name)) for name in variables)


class Run:
    """``load`` gives the declared policy when it is first needed, or raises PipPinnedError.

    In a build child the policy is final: nothing that pip is told there about sources counts.
    ``moved`` are names and globs that ``--pin`` moves, normalised. ``gate_closed`` says that the
    command, whose name is ``command``, searches. ``build_depth`` counts build requirements
    installed in this process.
    """

    def __init__(
        self,
        load: Callable[[], Policy],
        settings: Settings | None = None,
        journal: Journal = SILENT,
    ) -> None:
        self._load = load
        self.settings = settings or Settings()
        self._journal = journal
        self.ledger = Ledger()
        self.declared: Policy | None = None
        self.moved: frozenset[str] = frozenset()
        self._decider: Decider | None = None
        self._fingerprint = ""
        self.gate_closed = False
        self.command = ""
        self.build_depth = 0
        self.answers: Answers | None = None  # that have come ahead, while something is asked ahead
        self.restored: list[Callable[[], object]] = []  # called when the seams are taken out

    @property
    def journal(self) -> Journal:
        """What tells of the run; of a rehearsal nothing is told."""
        return SILENT if self.ledger.is_ahead else self._journal

    def declare(self) -> Policy:
        """Load the declared policy, once; it is in force until ``enforce_policy`` replaces it."""
        if self.declared is None:
            hidden = self.settings.hidden
            shadowed = {name: os.environ.get(name) for name in hidden}
            os.environ.update(hidden)  # an index URL may be written with any of them
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
        return self._in_force.policy

    @property
    def indexes(self) -> tuple[Index, ...]:
        """The indexes of the policy in force; none for a command that searches nothing and has a
        session nevertheless.
        """
        return () if self._decider is None else self._decider.policy.indexes

    @property
    def _in_force(self) -> Decider:
        if self._decider is None:
            diagnostics.refuse(self, "policy-missing")
        return self._decider

    def enforce_policy(self, policy: Policy) -> None:
        """Put a policy in force, unless it would widen a declared pin (CONTRACT 1.2)."""
        from pip_pinned.policy.decision import Decider
        from pip_pinned.policy.guard import widened

        why = None
        if self.declared is not None and policy is not self.declared:
            why = widened(self.declared, policy, self.moved)
        if why is not None:
            diagnostics.refuse(self, "pin-conflict", why=why)
        self._decider = Decider(policy, marker_holds)
        self._fingerprint = ""

    @property
    def fingerprint(self) -> str:
        """``codec.fingerprint`` of the policy in force."""
        from pip_pinned.policy import codec

        if not self._fingerprint:
            self._fingerprint = codec.fingerprint(self.policy)
        return self._fingerprint

    def locked(self, project: str) -> tuple[list[str], list[str], str | None] | None:
        """What a lock says of a project; nothing of build requirements."""
        locked = self.settings.locked
        return locked.get(names.normalize(project)) if locked and not self.build_depth else None

    def decide(self, project: str) -> Decision:
        """Where a project is searched, under everything that is known so far."""
        locked = self.locked(project)
        if locked is not None:
            return self._in_force.locked(project, locked[0])
        return self._in_force.decide(project, self.ledger.inherited)

    def is_pinned(self, project: str) -> bool:
        """Whether CONTRACT 1.1 applies to the project."""
        return self.decide(project).pinned

    @property
    def is_build(self) -> bool:
        """Whether build requirements are installed, here or by this process alone."""
        return self.settings.role == BUILD or self.build_depth > 0

    @contextmanager
    def using(self, ledger: Ledger) -> Iterator[None]:
        """With another ledger, which is thrown away."""
        before, self.ledger = self.ledger, ledger
        try:
            yield
        finally:
            self.ledger = before


def marker_holds(marker: str) -> bool:
    """Evaluate a PEP 508 marker in this interpreter, which is the one that packages are installed
    for.
    """
    from pip._vendor.packaging.markers import Marker

    return bool(Marker(marker).evaluate())
