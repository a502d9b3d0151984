"""The policy that a run of ``pip install`` with these options would be under, without running it."""

from __future__ import annotations

from collections.abc import Callable

from pip_pinned.enforce import failures
from pip_pinned.enforce.launch import install
from pip_pinned.enforce.run import Run
from pip_pinned.policy import names
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Decision, Policy


def explain(load: Callable[[], Policy], args: list[str]) -> tuple[Policy, list[Decision]]:
    """The policy under these options of ``pip install``, and the decision for each name among them.

    Raises PipPinnedError for a broken configuration, and ``bad-requirement`` for what names no project.
    """
    run = Run(load)
    hooks = install(run)
    try:
        from pip._internal.commands import create_command

        command = create_command("install")
        options, words = command.parse_args(args)
        words += _in_files(options)
        decisions = [run.decide(_name(word)) for word in words]
        return run.policy, decisions
    except Exception as exc:
        error = failures.ours(exc)
        if error is None:
            raise
        raise error from None
    finally:
        hooks.undo()


def _in_files(options: object) -> list[str]:
    from pip._internal.network.session import PipSession
    from pip._internal.req.req_file import parse_requirements

    session = PipSession()
    return [parsed.requirement for filename in getattr(options, "requirements", ())
            for parsed in parse_requirements(filename, session, options=options) if not parsed.is_editable]


def _name(word: str) -> str:
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement

    try:
        return names.normalize(Requirement(word).name)
    except InvalidRequirement:
        raise PipPinnedError("bad-requirement", f"{word!r} names no project.", hint="Give a name, as in: pip-pinned explain acme-core") from None
