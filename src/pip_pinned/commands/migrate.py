"""``pip-pinned migrate``: from ``--extra-index-url`` to pins, shown first, and proved if asked."""

from __future__ import annotations

import argparse
import difflib
import shutil
import sys
import tempfile
from pathlib import Path

from pip_pinned.commands.proposing import Found, Proposal, Row, as_written, check_written, comment_for, extend, inputs_of, propose, resolved, settle
from pip_pinned.commands.surveying import JOBS
from pip_pinned.commands.writing import read_as_it_is, write_atomically
from pip_pinned.config.edit import editor
from pip_pinned.pip_runner.settings import connected, default_index_url
from pip_pinned.policy import names
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy
from pip_pinned.report import migration, screen
from pip_pinned.report.migration import Line
from pip_pinned.scan.facts import Facts
from pip_pinned.scan.files import scan
from pip_pinned.scan.readers import read_requirements
from pip_pinned.scan.rewriting import Replacement, apply, is_index_option, replacement, without_index_lines

DIALECTS = ("native", "uv", "pipfile", "poetry", "pdm")


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if a name could not be decided, nothing was written, or with --check there is something to do; 2 for wrong usage."""
    given, options = _parser().parse_known_args(args)
    from pip_pinned.config.project import find_root

    return _Migration(given, options, find_root(project) or Path.cwd()).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "pip-pinned migrate", allow_abbrev=False, usage="pip-pinned migrate [options] [options of pip install]",
        description="Find the indexes that this project's files name, ask each of them which of the project's packages it has, and write pins in their place: "
        "[tool.pip-pinned] into pyproject.toml, or pip-pinned.toml. Index lines of requirements files are removed; commands elsewhere are shown with what they could be. "
        "The indexes are asked what an install asks them now, so each learns of all names.")
    parser.add_argument("--choose", action="append", default=[], metavar="NAME=INDEX", help="where a package comes from that several indexes have; NAME may be a glob")
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="leave out files and directories, as in --exclude 'tests/*'")
    parser.add_argument("--to", choices=DIALECTS, default="native", help="the dialect to write (default: native)")
    parser.add_argument("--yes", action="store_true", help="write without asking")
    parser.add_argument("--dry-run", action="store_true", help="show everything, write nothing")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if there is something to migrate")
    parser.add_argument("--verify", action="store_true", help="resolve before and after, show what changes, and write only if nothing does that was decided otherwise")
    parser.add_argument("--rewrite-commands", action="store_true", help="also rewrite commands that are a plain pip install")
    parser.add_argument("--backup", action="store_true", help="keep each changed file as FILE.orig")
    parser.add_argument("--jobs", type=int, default=JOBS, metavar="N", help=f"questions at once (default: {JOBS})")
    parser.add_argument("--project", metavar="DIR", help="the project")
    return parser


class _Migration:
    def __init__(self, given: argparse.Namespace, options: list[str], root: Path) -> None:
        self._given = given
        self._options = options
        self._root = root
        self._chosen = _chosen(given.choose)

    def run(self) -> int:
        facts = scan([self._root], self._root, self._given.exclude)
        commands, rest = self._texts(facts)
        if not any(is_index_option(source) and source.program not in ("pip-pinned", "uv") for source in facts.sources):
            with connected(_no_policy, self._options) as connection:
                if not [index for index in connection.policy.indexes if not index.default]:
                    screen.console().print("Nothing to migrate: no file of this project names an extra index.")
                    return 0
        from pip_pinned.config.project import governing

        dialect = governing(self._root)
        if dialect is not None:
            raise PipPinnedError("already-declared", f"{self._root} declares a policy already ({dialect}).", hint="pip-pinned pin adds to it; pip-pinned audit says which index options are left.")
        proposal = propose(facts, self._root, self._options, self._chosen, self._given.jobs)
        self._ask_people(proposal)
        settle(proposal)
        trouble: list[str] = []
        after = self._resolve_after(proposal, facts, trouble) if self._given.verify and not proposal.undecided else {}
        self._show(proposal, facts)
        if proposal.unresolved and not proposal.undecided:  # what it requires of others would go unpinned
            raise PipPinnedError("migration-undecided", "Not all names are known; nothing was written.", context="\n".join(proposal.unresolved),
                                 hint="Correct what is required there, or leave the file out: --exclude FILE")
        if proposal.undecided:
            raise PipPinnedError("migration-undecided", f"{len(proposal.undecided)} names could not be decided; nothing was written.",
                                 context="\n".join(f"{row.name}: {row.why}" for row in proposal.undecided), hint="Say where they come from: --choose NAME=INDEX")
        changed = self._changed(proposal, facts, commands)
        migration.show_diff(line for path, (before, text) in changed.items()
                            for line in difflib.unified_diff(before.splitlines(), text.splitlines(), _shown(path, self._root), _shown(path, self._root), lineterm=""))
        migration.show_commands(rest if self._given.rewrite_commands else [*commands, *rest])
        if self._given.verify and not self._verify(proposal, after, trouble):
            return 1
        if self._given.check:
            return 1 if changed else 0
        if self._given.dry_run or not changed:
            return 0
        if not self._may_write(len(changed)):
            return 1
        for path, (before, text) in changed.items():
            if self._given.backup and before:
                shutil.copy2(path, path.with_name(path.name + ".orig"))
            write_atomically(path, text)
        screen.console().print(f"Wrote {', '.join(_shown(path, self._root) for path in changed)}.")
        return 0

    def _texts(self, facts: Facts) -> tuple[list[Replacement], list[Replacement]]:
        """Commands outside of requirements files that can be rewritten, and what only people can."""
        found: dict[Replacement, None] = {}
        for source in facts.sources:
            if is_index_option(source) and source.program not in ("uv", "pip-pinned") and source.place.file not in facts.requirements:
                found[replacement(self._read(source.place.file), source)] = None
        return [one for one in found if one.after is not None], [one for one in found if one.after is None]

    def _read(self, file: str) -> str:
        return read_as_it_is(self._root / file)

    def _ask_people(self, proposal: Proposal) -> None:
        if not sys.stdin.isatty() or self._given.yes or self._given.check:
            return
        for row in proposal.conflicts:
            while row.tomorrow is None:
                known = [f"{name} ({row.newest[name]})" for name in row.holders]
                try:
                    answer = input(f"{row.name} is on {' and '.join(known)}. Where does it come from? ").strip()
                except EOFError:
                    return
                row.tomorrow = next((name for name in row.holders if name.lower() == answer.lower()), None)

    def _show(self, proposal: Proposal, facts: Facts) -> None:
        named = {index.name: ", ".join(dict.fromkeys(str(source.place) for source in facts.sources if source.url is not None and source.url.rstrip("/") == index.bare.rstrip("/")))
                 for index in (*proposal.indexes, proposal.default)}
        migration.show_indexes((index.name, index.shown, named[index.name] or index.origin, str(sum(index.name in row.holders for row in proposal.rows)))
                               for index in (*proposal.indexes, proposal.default))
        migration.show_pins(proposal.pins.items())
        lines = [Line(row.name, " and ".join(f"{name} ({row.newest[name] or 'no file'})" for name in row.holders), _today(row), row.tomorrow or "") for row in proposal.conflicts]
        migration.show_lines("Names that several indexes have:", lines)
        nowhere = [row.name for row in proposal.rows if not row.holders and not row.why]
        for line in [*proposal.trouble, *proposal.unresolved, *([f"on none of these indexes: {', '.join(nowhere)}"] if nowhere else [])]:
            screen.console().print(f"note: {line}")

    def _changed(self, proposal: Proposal, facts: Facts, commands: list[Replacement]) -> dict[Path, tuple[str, str]]:
        """Before and after of every file that is to change."""
        edit = editor(self._root, self._given.to, default_index_url())
        if proposal.default.url != default_index_url():
            edit.add_index(proposal.default.name, as_written(proposal.default), explicit=False, default=True)
        for index in proposal.indexes:
            edit.add_index(index.name, as_written(index), explicit=True, kind=index.format, comment=comment_for(index, proposal))
        for pattern, index_name in self._patterns(proposal):
            edit.pin(pattern, index_name)
        edit.check()
        for line in edit.lacking:
            screen.console().print(f"note: {line}")
        changed = {edit.path: (edit.before, edit.text)}
        check_written({edit.path: edit.text}, proposal)
        for file in facts.files:
            if file in facts.requirements and not Path(file).is_absolute():  # what is outside of the project is not ours to change
                before = self._read(file)
                after = without_index_lines(before)
                if after != before:
                    changed[self._root / file] = (before, after)
                left = Facts()
                read_requirements(left, file, after)
                if "\0" in before or any(map(is_index_option, left.sources)):
                    screen.console().print(f"note: {file} has index options that are to be taken out by hand.")
        if self._given.rewrite_commands:
            for file in dict.fromkeys(one.place.file for one in commands):
                before = self._read(file)
                changed[self._root / file] = (before, apply(before, [one for one in commands if one.place.file == file]))
        return {path: texts for path, texts in changed.items() if texts[0] != texts[1]}

    def _patterns(self, proposal: Proposal) -> list[tuple[str, str]]:
        """The pins, each name by itself where the dialect has no globs."""
        if self._given.to in ("native", "pdm"):
            return list(proposal.pins.items())
        pinned = []
        for pattern, index in proposal.pins.items():
            matching = [row.name for row in proposal.rows if row.holders and names.glob_regex(pattern).fullmatch(row.name)] if names.is_glob(pattern) else [pattern]
            pinned += [(name, index) for name in matching]
        return pinned

    def _resolve_after(self, proposal: Proposal, facts: Facts, trouble: list[str]) -> dict[tuple[str, str], Found]:
        """What pip takes under what is proposed, from the files as they are to be. Names that turn up only then are asked about, too."""
        with tempfile.TemporaryDirectory(prefix="pip-pinned-migrate-") as directory:
            for file in facts.files:
                if file in facts.requirements and not Path(file).is_absolute():
                    copy = Path(directory, file)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    write_atomically(copy, without_index_lines(self._read(file)))
            while True:
                trouble.clear()
                there = {row.name for row in proposal.rows if row.holders}
                policy = proposal.policy
                with connected(lambda: policy, self._options) as connection:  # noqa: B023 (used before the next round)
                    after = resolved(policy, connection, inputs_of(facts, self._root, Path(directory), there), self._options, trouble)
                if not extend(proposal, {name for _, name in after}, self._options, self._given.jobs) or proposal.undecided:
                    return after

    def _verify(self, proposal: Proposal, after: dict[tuple[str, str], Found], trouble: list[str]) -> bool:
        """Compare before and after; False if anything changes that was not decided so."""
        lines, wrong = [], list(trouble)
        rows = {row.name: row for row in proposal.rows}
        changed = sorted(key for key in proposal.today.keys() | after.keys() if proposal.today.get(key) != after.get(key))
        touched = {what for what, name in changed if name in rows and len(rows[name].holders) > 1}  # where a choice has consequences
        for what, name in changed:
            now, then, row = proposal.today.get((what, name)), after.get((what, name)), rows.get(name)
            if row is None or what not in touched or (then is not None and then.source != row.tomorrow):
                wrong.append(f"{what}: {name} would change, and nobody chose that")
            lines.append(Line(name, " and ".join(row.holders) if row else "", _found(now), _found(then)))
        migration.show_lines("What an install takes, today and tomorrow:", lines)
        screen.console().print(f"\nResolved before and after: {len(after)} packages, {len(lines)} of them other than today{', as chosen' if lines and not wrong else ''}.")
        for line in wrong:
            screen.console().print(f"note: {line}")
        return not wrong

    def _may_write(self, count: int) -> bool:
        if self._given.yes:
            return True
        if sys.stdin.isatty():
            try:
                if input(f"Write {count} files? [y/N] ").strip().lower() in ("y", "yes"):
                    return True
            except EOFError:
                pass
        sys.stderr.write("pip-pinned: nothing was written; --yes writes without asking.\n")
        return False


def _no_policy() -> Policy:
    return Policy()


def _chosen(values: list[str]) -> dict[str, str]:
    found = {}
    for value in values:
        name, equals, index = value.partition("=")
        if not equals or (not names.is_valid_pattern(name.strip()) and name.strip() != "*"):
            raise PipPinnedError("usage", f"--choose {value!r} is not NAME=INDEX.")
        found[name.strip()] = index.strip()
    return found


def _today(row: Row) -> str:
    return _found(row.today)


def _found(found: Found | None) -> str:
    return f"{found.version} from {found.source or 'no index'}" if found else "not installed"


def _shown(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)
