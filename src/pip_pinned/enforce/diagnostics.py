"""Our errors as pip's own diagnostics, which pip draws and turns into exit code 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from pip_pinned.policy.errors import PipPinnedError

if TYPE_CHECKING:
    from pip_pinned.enforce.run import Run

OLDEST, NEWEST = (23, 0), (26, 3)


def stop(error: PipPinnedError) -> NoReturn:
    """Raise the error as a ``DiagnosticPipError`` (pip's reference, message, context, hint), or,
    in a pip that has none, as it is.
    """
    try:
        from pip._internal.exceptions import DiagnosticPipError
        from pip._vendor.rich.text import Text
    except ImportError:
        raise error from None

    class Stopped(DiagnosticPipError):  # type: ignore[misc]
        reference = error.code
        pip_pinned_error = error

        def __str__(self) -> str:  # where pip prints an error instead of drawing it
            return error.render().removeprefix("error: ").rstrip()

    raise Stopped(
        message=Text(error.message),
        context=Text(error.context) if error.context else None,
        hint_stmt=Text(error.hint) if error.hint else None,
    ) from error


def ours(exception: BaseException) -> PipPinnedError | None:
    """The error inside an exception that ``stop`` raised, or that is one; None for anything
    else.
    """
    if isinstance(exception, PipPinnedError):
        return exception
    found = getattr(exception, "pip_pinned_error", None)
    return found if isinstance(found, PipPinnedError) else None


def refuse(run: Run, code: str, **facts: Any) -> NoReturn:
    """Stop the run with this code; the journal has the words for it."""
    stop(run.journal.error(run, code, facts))


def unsupported(what: str) -> NoReturn:
    """CONTRACT 1.3: the running pip is not one that can be enforced."""
    hint = f"Use a pip that this pip-pinned supports ({OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}."
    stop(
        PipPinnedError(
            "unsupported-pip",
            "Nothing is installed: pip-pinned cannot make this pip obey the policy.",
            context=what,
            hint=f"{hint}{NEWEST[1]}), or a newer pip-pinned.",
        )
    )
