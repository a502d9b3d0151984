"""Start pip in this process, with the seams in place."""

from __future__ import annotations

import gc
import os
import runpy
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from pip_pinned.adapt.journal import Journal
from pip_pinned.adapt.notes import DECISION_LOG
from pip_pinned.adapt.table import SEAMS as ADAPTED
from pip_pinned.enforce import diagnostics, table
from pip_pinned.enforce.audit_hook import watch_children
from pip_pinned.enforce.run import BUILD, Run, Settings
from pip_pinned.enforce.seams import Hooks
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.prefetch.table import SEAMS as PREFETCHED

if TYPE_CHECKING:
    from pip_pinned.policy.model import Policy

# Of one attribute, that of the kernel comes first: it is the last before pip's own.
TABLES = {"enforce": table.SEAMS, "adapt": ADAPTED, "prefetch": PREFETCHED}
# pip makes many objects and few cycles: this saves as much time as our start-up takes.
GC_THRESHOLD = (100_000, 50, 50)


def run_pip(load: Callable[[], Policy]) -> NoReturn:
    """Run pip with ``sys.argv`` under the policy that ``load`` gives when pip comes to search;
    never returns.
    """
    try:
        import pip  # noqa: F401
    except ImportError:
        _exit(
            PipPinnedError(
                "unsupported-pip",
                f"There is no pip in {sys.executable}.",
                hint="python -m ensurepip installs one.",
            )
        )
    guests = {DECISION_LOG: os.environ.get("PIP_PINNED_DECISION_LOG")}
    run = Run(load, Settings(guests=guests), Journal())
    _run(run, lambda: runpy.run_module("pip", run_name="__main__"))


def run_child(raw: bytes, digest: str) -> NoReturn:
    """Run a pip that pip started, under the sealed policy in ``raw``."""
    from pip_pinned.enforce import children
    from pip_pinned.policy import codec

    try:
        data = codec.open_sealed(raw, digest)
    except PipPinnedError as exc:
        _exit(exc)
    run = Run(_loader(data), children.settings_of(data), Journal())
    if run.settings.role == BUILD:
        run.declare()
    sys.argv[0] = data["pip_runner"]
    _run(run, lambda: runpy.run_path(data["pip_runner"], run_name="__main__"))


def _loader(data: dict[str, Any]) -> Callable[[], Policy]:
    def load() -> Policy:
        if "error" in data:
            code, message, context, hint = data["error"]
            raise PipPinnedError(code, message, context=context, hint=hint)
        from pip_pinned.policy import codec

        return codec.decode(data["policy"])

    return load


def install(run: Run) -> Hooks:
    """Put every seam in place; ``undo`` of what is returned takes them out again."""

    def after(module: ModuleType) -> None:
        if module.__name__ == "pip._internal.index.package_finder":
            from pip_pinned.adapt import versions
            from pip_pinned.enforce import canary

            versions.check(run)
            hooks.check_modules()
            canary.sing(hooks)

    hooks = Hooks(run, TABLES, after, table.NEWER)
    hooks.install()
    return hooks


def become_pip(hooks: Hooks, run: Run, args: list[str]) -> NoReturn:
    """Run pip in a process of an own command, where the seams are in place already: the last thing
    that it does.

    What it prints on stdout goes to stderr, for subprocesses, too.
    """
    from pip_pinned.enforce import canary

    hooks.run = run
    canary.sing(hooks)
    if sys.stdout is not None:
        sys.stdout.flush()
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.argv[1:] = args
    _start(run, lambda: runpy.run_module("pip", run_name="__main__"))


def _run(run: Run, start: Callable[[], object]) -> NoReturn:
    gc.set_threshold(*GC_THRESHOLD)
    install(run)
    _start(run, start)


def _start(run: Run, start: Callable[[], object]) -> NoReturn:
    # `pip config list` shows every PIP_*
    run.settings.hide([name for name in os.environ if name.startswith("PIP_PINNED_INDEX_")])
    watch_children()
    try:
        _with_room(start)
    except Exception as exc:
        error = diagnostics.ours(exc)
        if error is None:
            raise
        _exit(error)
    sys.exit(0)


def _with_room(start: Callable[[], object]) -> None:
    start()


# CPython 3.11+ keeps Python's frames in chunks of 16 KB. Where a chunk happens to end at the depth
# of a busy call, that call allocates and frees a chunk each time: up to 4,000 times in an install,
# depending on how deep pip was started. A frame that asks for half a megabyte gets a chunk of one
# megabyte, and all of pip runs in the other half.
_with_room.__code__ = _with_room.__code__.replace(co_stacksize=66_000)


def _exit(error: PipPinnedError) -> NoReturn:
    sys.stderr.write(error.render())
    sys.exit(1)
