"""``pip-pinned unpin NAME...``: take pins out of the files that govern the project."""

from __future__ import annotations

import argparse
from pathlib import Path

from pip_pinned.commands.pin import holding_after, show_written
from pip_pinned.commands.writing import write_atomically
from pip_pinned.config.edit import editor
from pip_pinned.pip_runner.settings import default_index_url
from pip_pinned.policy import names
from pip_pinned.policy.decision import Decider
from pip_pinned.policy.errors import PipPinnedError


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if a name has no pin of its own, and nothing was written; 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        "pip-pinned unpin", allow_abbrev=False, usage="pip-pinned unpin NAME... [--project DIR]",
        description="Take the pins of these packages, or of exactly these globs, out of the files that govern the project. The index stays declared.")
    parser.add_argument("names", nargs="+", metavar="NAME", help="a package or glob, as the pin is written")
    parser.add_argument("--project", metavar="DIR", help="the project")
    given = parser.parse_args(args)
    _unpin(given.names, project)
    return 0


def _unpin(patterns: list[str], project: str | None) -> None:
    from pip_pinned.config.project import find_root, governing, load_policy

    root = find_root(project) or Path.cwd()
    edit = editor(root, governing(root) or "native", default_index_url())
    missing = [name for name in patterns if not edit.unpin(name)]
    if missing:
        covering = Decider(load_policy(project), lambda _: True).pin(names.normalize(missing[0]))
        raise PipPinnedError("not-pinned", f"{missing[0]} has no pin of its own; nothing was written.",
                             context=f"{covering.pattern} at {covering.origin} pins it to {covering.index_name}" if covering is not None else "")
    edit.check()
    after = holding_after(edit, root, patterns)
    write_atomically(edit.path, edit.text)
    show_written(edit, [f"{name}: no longer pinned" if pin is None else f"{name}: pinned to {pin.index_name} by {pin.pattern} at {pin.origin}" for name, pin in after.items()])
