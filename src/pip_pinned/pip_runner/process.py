"""Pip as a child of an own command, or as its last act: under the policy, with its words on
stderr.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from pip_pinned.adapt.journal import Journal
from pip_pinned.adapt.locking import PREFERRED, Preferred
from pip_pinned.adapt.notes import DECISION_LOG, LOCK_LOG, PROVENANCE
from pip_pinned.adapt.requirements_files import ROOTS
from pip_pinned.enforce.children import seal
from pip_pinned.enforce.run import PYTHON, Run, Settings
from pip_pinned.enforce.seams import Hooks
from pip_pinned.policy.lock_entry import Locked, Root
from pip_pinned.policy.model import Policy
from pip_pinned.start import launch


def quietly() -> list[str]:
    """``--quiet``, unless somebody is watching: pip's words and progress bars are for a
    terminal.
    """
    return [] if sys.stderr.isatty() else ["--quiet"]


def run_pip(
    load: Callable[[], Policy],
    args: list[str],
    *,
    decision_log: str | None = None,
    lock_log: str | None = None,
    preferred: Preferred | None = None,
    locked: Locked | None = None,
    roots: Sequence[Root] = (),
    provenance: str | None = None,
    here: Hooks | None = None,
) -> int:
    """Run pip with these arguments under the policy that ``load`` gives; its exit code.

    What is for ``lock`` (see ``adapt.locking``) and ``sync`` is described at ``Settings``. stdout of pip goes
    to stderr, so that ours is the command's own. With ``here``, the seams of this process, it
    becomes pip and exits as pip does: that saves the start of another Python.
    """
    import pip

    if roots:
        args = [*args, "-r", ROOTS]
    settings = Settings(
        locked=locked,
        roots=tuple(roots),
        guests={DECISION_LOG: decision_log},
        task={LOCK_LOG: lock_log, PREFERRED: preferred, PROVENANCE: provenance},
    )
    run = Run(load, settings, Journal())
    if here is not None:
        launch.become_pip(here, run, args)
    launcher = seal(run, PYTHON, os.path.join(os.path.dirname(pip.__file__), "__pip-runner__.py"))
    if sys.stdout is not None:
        sys.stdout.flush()
    return subprocess.run(
        [sys.executable, launcher, *args], stdout=sys.stderr.fileno(), check=False
    ).returncode
