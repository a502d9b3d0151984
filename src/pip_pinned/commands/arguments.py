"""What own commands take from the command line before pip's parser gets the rest."""

from __future__ import annotations

from pip_pinned.policy.errors import PipPinnedError


def take_format(args: list[str]) -> tuple[str, list[str]]:
    """Take ``--format table|json`` out of the arguments. Raises PipPinnedError ``usage`` for another format."""
    form, rest, words = "table", [], iter(args)
    for word in words:
        if word == "--format" or word.startswith("--format="):
            form = word.partition("=")[2] or next(words, "")
        else:
            rest.append(word)
    if form not in ("table", "json"):
        raise PipPinnedError("usage", f"--format {form!r} is not known.", hint="One of: table, json.")
    return form, rest
