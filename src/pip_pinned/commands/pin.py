"""``pip-pinned pin NAME... --index NAME[=URL]``: write a pin into the files that govern the project."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from pip_pinned.commands.arguments import words_and_options
from pip_pinned.commands.surveying import survey
from pip_pinned.commands.writing import write_atomically
from pip_pinned.config.edit import Editor, editor
from pip_pinned.pip_runner.settings import connected, default_index_url
from pip_pinned.policy import names, urls
from pip_pinned.policy.decision import Decider
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import sources, url_texts
from pip_pinned.policy.model import PYPI, Index, Pin, Policy
from pip_pinned.report import screen


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if nothing was written; 2 for wrong usage."""
    given, options = _parser().parse_known_args(args)
    given.names, options = words_and_options(options)
    return _pin(given, options, project)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "pip-pinned pin", allow_abbrev=False, usage="pip-pinned pin NAME... --index NAME[=URL] [options]",
        description="Pin packages to an index, in the dialect that governs the project: [tool.pip-pinned], uv's tables, Pipfile, Poetry's or PDM's. "
        "An index that is not declared yet is added; a URL without a name gets one from its host.", epilog="NAME is a package, or a glob over names.")
    parser.add_argument("--index", required=True, metavar="NAME[=URL]", help="the index; NAME=URL or URL declares it")
    parser.add_argument("--explicit", action=argparse.BooleanOptionalAction, default=True, help="whether a new index is for pinned packages only (default: yes)")
    parser.add_argument("--no-check", action="store_true", help="do not ask the index whether it has the packages")
    parser.add_argument("--project", metavar="DIR", help="the project")
    return parser


def _pin(given: argparse.Namespace, options: list[str], project: str | None) -> int:
    from pip_pinned.config.project import find_root, governing, load_policy

    if not given.names:
        raise PipPinnedError("usage", "Name what is to be pinned.", hint="For example: pip-pinned pin acme-core --index acme")
    wrong = [name for name in given.names if not names.is_valid_pattern(name)]
    if wrong:
        raise PipPinnedError("bad-pin", f"{wrong[0]!r} is not a project name or a glob over names.", hint="For example: pip-pinned pin acme-core --index acme")
    root = find_root(project) or Path.cwd()
    dialect = governing(root) or "native"
    policy = load_policy(project)
    index, new = _index(given.index, policy, given.explicit)
    edit = editor(root, dialect, default_index_url())
    if new:
        edit.add_index(index.name, index.written or index.url, explicit=index.explicit)
    for name in given.names:
        edit.pin(name, index.name)
    edit.check()
    if not given.no_check:
        _check(policy, index, given.names, options)
    for name, decided in holding_after(edit, root, given.names).items():
        if decided is not None and (decided.index_name or "").lower() != index.name.lower():
            raise PipPinnedError("pin-conflict", f"{name} would still be pinned to {decided.index_name}; nothing was written.", context=f"at: {decided.origin}", hint="Change that pin.")
    write_atomically(edit.path, edit.text)
    show_written(edit, [f"{name}: pinned to {index.name} {index.shown}" for name in given.names])
    return 0


def holding_after(edit: Editor, root: Path, patterns: list[str]) -> dict[str, Pin | None]:
    """The pins that hold for these names once the edited file is written; a name that no index may have is looked for by its own pattern."""
    from pip_pinned.config.project import FILES, load_policy

    with tempfile.TemporaryDirectory(prefix="pip-pinned-edit-") as directory:
        for name in FILES:
            if (root / name).is_file():
                shutil.copy(root / name, directory)
        write_atomically(Path(directory, edit.path.name), edit.text)
        decider = Decider(load_policy(directory), lambda _: True)
    return {name: next((pin for pin in decider.policy.pins if pin.pattern == names.normalize(name)), None) if names.is_glob(name) else decider.pin(names.normalize(name))
            for name in patterns}


def show_written(edit: Editor, lines: list[str]) -> None:
    """Say what stands in the file now."""
    for line in [*lines, *(f"note: {line}" for line in edit.lacking)]:
        screen.console().print(f"{edit.path}: {line}", soft_wrap=True)


def _index(value: str, policy: Policy, explicit: bool) -> tuple[Index, bool]:
    """The index that is meant, and whether it has to be declared."""
    name, url = sources.split_named(value)
    if name is None and "://" not in value:
        index = policy.index_named(value)
        if index is None:
            raise PipPinnedError("unknown-index", f"No index is named {value!r}.", context=f"declared: {', '.join(index.name for index in policy.indexes) or 'none'}",
                                 hint=f"Declare it: --index {value}=URL")
        return index, False
    expanded, missing = url_texts.filled(url, os.environ)
    if missing:
        raise PipPinnedError("bad-url", f"The variable {missing[0]} of {urls.redact(url)} is not set.", hint="Set it, so that the index can be asked.")
    if not urls.has_scheme(expanded):
        raise PipPinnedError("bad-url", f"{urls.redact(url)!r} is not an index URL.", hint="Write the whole URL, with https:// or file://.")
    known = next((index for index in policy.indexes if urls.same_index(default_index_url() if index.url == PYPI else index.url, expanded)), None)
    named = None if name is None else policy.index_named(name)
    if known is not None and (name is None or known.name.lower() == name.lower()):
        return known, False
    if named is not None or (known is not None and name is not None):
        other = named or known
        assert other is not None
        raise PipPinnedError("index-redefined", f"--index {value if named is None else name} is declared as {other.name} {other.shown}.", context=f"at: {other.origin}",
                             hint=f"Write --index {other.name}, or use another name.")
    fresh = name or sources.derived_name(expanded, {index.name.lower() for index in policy.indexes})
    return Index(name=fresh, url=expanded, origin="--index", explicit=explicit, written=url if url != expanded else None), True


def _check(policy: Policy, index: Index, patterns: list[str], options: list[str]) -> None:
    """Raises PipPinnedError ``pin-not-found``, ``index-unavailable`` or ``index-auth-failed`` unless the index has every package; globs are not asked for."""
    wanted = [names.normalize(name) for name in patterns if not names.is_glob(name)]
    if not wanted:
        return
    declared = policy._replace(indexes=(*(one for one in policy.indexes if one.name != index.name), index._replace(default=False, explicit=True)), declared=True)
    with connected(lambda: declared, options) as connection:
        mine = connection.policy.index_named(index.name) or index
        found = survey(connection, [mine], wanted)[mine.name]
    for name in wanted:
        holding = found[name]
        if holding.has is None:
            code = "index-auth-failed" if holding.words in ("HTTP 401", "HTTP 403") else "index-unavailable"
            raise PipPinnedError(code, f"{index.name} did not say whether it has {name}; nothing was written.", context=f"index: {index.shown}\nanswer: {holding.words}",
                                 hint="pip-pinned doctor says more; --no-check writes the pin without asking.")
        if not holding.has:
            raise PipPinnedError("pin-not-found", f"{index.name} does not have {name}; nothing was written.", context=f"index: {index.shown}\nanswer: "
                                 + (f"forwards to {holding.forwards_to}" if holding.forwards_to else holding.words), hint="Is the name right? --no-check writes the pin without asking.")
