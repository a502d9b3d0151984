"""Which versions of pip were tested: they choose messages, never trust (CONTRACT 1.3)."""

from __future__ import annotations

import re

from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.diagnostics import NEWEST, OLDEST
from pip_pinned.enforce.run import Run
from pip_pinned.policy.errors import PipPinnedError


def check(run: Run) -> None:
    """Stop for an older pip, and under strict-pip for a newer one; warn of a newer one else."""
    import pip

    version = tuple(map(int, re.findall(r"\d+", pip.__version__)[:2]))
    newest = f"{NEWEST[0]}.{NEWEST[1]}"
    if version < OLDEST:
        diagnostics.unsupported(f"pip {pip.__version__} is older than {OLDEST[0]}.{OLDEST[1]}")
    if version > NEWEST and _is_strict(run):
        diagnostics.stop(
            PipPinnedError(
                "unsupported-pip",
                f"pip {pip.__version__} is newer than the newest tested one, and strict-pip is set.",
                hint=f"Use pip {newest} or an older one, or a newer pip-pinned.",
            )
        )
    if version > NEWEST:
        told = f"newer than {newest}, the newest tested one; every known seam is in place."
        run.journal.note(run, f"pip {pip.__version__} is {told}", "warning")


def _is_strict(run: Run) -> bool:
    """``strict-pip``; a configuration that cannot be read is told when something is searched
    (CONTRACT 2.8).
    """
    try:
        return run.declare().strict_pip
    except PipPinnedError:
        return False
