"""Ours or pip's? Own verbs go to ``commands``; everything else is pip, in this process, under the policy."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from pip_pinned.policy.model import Policy

VERBS = ("audit", "demo", "doctor", "explain", "export", "lock", "login", "logout", "migrate", "pin", "sync", "unpin", "verify")


def main() -> NoReturn:
    """The console script. Exits with pip's code, or with that of an own verb."""
    args = sys.argv[1:]
    project, args = take_project(args)
    sys.argv[:] = ["pip-pinned", *args]
    verb = own_verb(args)
    if verb is not None and "PIP_AUTO_COMPLETE" not in os.environ:
        import gc
        from importlib import import_module

        from pip_pinned.policy.errors import PipPinnedError
        from pip_pinned.start.launch import GC_THRESHOLD

        gc.set_threshold(*GC_THRESHOLD)
        command = import_module(f"pip_pinned.commands.{verb}")
        try:
            code = command.main(["--help"] if args[0] == "help" else args[1:], project)
        except PipPinnedError as exc:
            sys.stderr.write(exc.render())
            code = 2 if exc.code == "usage" else 1
        sys.exit(code)

    if args in ([], ["help"], ["--help"], ["-h"]) and "PIP_AUTO_COMPLETE" not in os.environ:
        sys.stderr.write(f"pip-pinned: besides pip's own commands there are {', '.join(VERBS)} (each with --help), and --project DIR.\n")
    from pip_pinned.start.launch import run_pip

    def load() -> Policy:
        from pip_pinned.config.project import load_policy

        return load_policy(project)

    run_pip(load)


def take_project(args: list[str]) -> tuple[str | None, list[str]]:
    """Take ``--project DIR`` out of the arguments, wherever it stands before ``--``; the rest stays as it is."""
    project = os.environ.get("PIP_PINNED_PROJECT") or None
    rest: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--project":
            project = next(words, "")
        elif word.startswith("--project="):
            project = word.partition("=")[2]
        else:
            rest.append(word)
    return project, rest


def own_verb(args: list[str]) -> str | None:
    """The own verb that these arguments call or ask help for, if any: the first word, or the second after ``help``."""
    words = args[1:2] if args[:1] == ["help"] else args[:1]
    return words[0] if words and words[0] in VERBS else None
