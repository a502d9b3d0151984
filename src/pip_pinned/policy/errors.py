"""The one error of pip-pinned: a code to look up, what happened, where, and what to do next."""

from __future__ import annotations


class PipPinnedError(Exception):
    """An expected failure.

    ``code`` is kebab-case and listed in the README. ``context`` says what was found, line by line;
    ``hint`` is the next step. None of the texts holds markup or a secret.
    """

    def __init__(self, code: str, message: str, *, context: str = "", hint: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.context = context
        self.hint = hint

    def render(self) -> str:
        """Plain text in the shape of pip's own diagnostics, for places where pip cannot draw it."""
        lines = [f"error: {self.code}", "", f"  {self.message}"]
        lines += [f"    {line}" for line in self.context.splitlines()]
        if self.hint:
            lines += ["", *(f"hint: {line}" for line in self.hint.splitlines())]
        return "\n".join(lines) + "\n"
