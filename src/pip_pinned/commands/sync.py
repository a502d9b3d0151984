"""``pip-pinned sync [LOCK]``: make this environment equal to a lock, every file by its hash and from its recorded index."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pip_pinned.commands import environment
from pip_pinned.commands.arguments import add_mirror, with_mirror
from pip_pinned.commands.judging import Judge, lock_here
from pip_pinned.enforce.seams import Hooks
from pip_pinned.locks.wanted import Wanted
from pip_pinned.pip_runner.process import quietly, run_pip
from pip_pinned.pip_runner.settings import Connection, connected
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.lock_entry import Root
from pip_pinned.policy.model import Index, Policy
from pip_pinned.report import plan
from pip_pinned.report.plan import Step


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if the lock is refused or something could not be installed; 2 for wrong usage."""
    given, options = _parser().parse_known_args(args)
    from pip_pinned.config.project import find_root, load_policy

    def load() -> Policy:
        return load_policy(project)

    mirrored = with_mirror(load, given.pypi_mirror, find_root(project) or Path.cwd())
    with connected(load, options, words_too=True) as connection:
        return _Sync(mirrored, connection, [word for word in options if word not in connection.words], given).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "pip-pinned sync", allow_abbrev=False, usage="pip-pinned sync [LOCK] [options] [options of pip install]",
        epilog="LOCK is pylock.toml or Pipfile.lock in this directory unless it is named.",
        description="Make this environment equal to a lock: pylock.toml (of any tool) or Pipfile.lock. Every file comes by its hash and from its recorded index "
        "(build requirements of sdists, which no lock has, as the policy says). What the lock does not name is removed, but for pip, setuptools, wheel, pip-pinned and what it needs.")
    parser.add_argument("--group", action="append", default=None, metavar="NAME", help="a dependency group, or a category of Pipfile.lock")
    parser.add_argument("--extra", action="append", default=[], metavar="NAME", help="an extra")
    parser.add_argument("--inexact", action="store_true", help="remove nothing")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the environment is not what the lock says")
    parser.add_argument("--yes", action="store_true", help="remove without asking")
    parser.add_argument("--trust-lock-indexes", action="store_true", help="accept indexes that the policy does not know, for names without a pin")
    parser.add_argument("--verify-installed", action="store_true", help="reinstall what is installed in the right version, but not from the locked files")
    add_mirror(parser)
    parser.add_argument("--project", metavar="DIR", help="the project whose policy is read")
    return parser


class _Sync:
    def __init__(self, load: Callable[[], Policy], connection: Connection, options: list[str], given: argparse.Namespace) -> None:
        self._load = load
        self._connection = connection
        self._options = options
        self._given = given
        self._judge = Judge(connection, trusting=given.trust_lock_indexes)

    def run(self) -> int:
        self._check_usage()
        path = lock_here(self._connection.words)
        if path is None:
            raise PipPinnedError("bad-lock", "There is no pylock.toml and no Pipfile.lock here.", hint="pip-pinned lock writes one.")
        everything = self._judge.read(path, self._given.extra, self._given.group)
        indexes = self._judge.judge(everything, path)
        here = environment.installed()
        present = [want for want in everything if environment.is_there(want, here)]
        missing = [want for want in everything if want not in present]
        wrong = {want.name for want in present if environment.is_from_another_index(want, here, self._connection, indexes)}
        if self._given.verify_installed:
            wrong |= self._unverified(present, indexes, here)
        again = [want for want in present if want.name in wrong]
        surplus = [] if self._given.inexact else environment.surplus(everything, here)
        steps = [*(_step("change" if want.name in here else "install", want, here, indexes) for want in missing), *(_step("reinstall", want, here, indexes) for want in again),
                 *(Step(action="remove", name=name, now=here[name].version, then=None) for name in surplus)]
        plan.show(steps)
        if self._given.check:
            return 1 if steps else 0
        if self._given.dry_run:
            return 0
        if surplus and not self._may_remove(len(surplus)):
            return 1
        if self._connection.provenance:
            try:
                Path(self._connection.provenance).write_text("", encoding="utf-8")
            except OSError as exc:
                raise PipPinnedError("usage", f"--provenance {self._connection.provenance!r} cannot be written: {exc.strerror}.") from exc
        jobs = [*self._jobs(missing, indexes), *self._jobs(again, indexes, "--force-reinstall")]
        if surplus:
            jobs.append(partial(run_pip, self._load, ["uninstall", "--yes", "--quiet", *surplus]))
        if len(jobs) == 1:
            return jobs[0](here=self._connection.hooks)  # not after another one, which may have exchanged the pip that is loaded here
        return next((code for job in jobs if (code := job())), 0)

    def _check_usage(self) -> None:
        if self._connection.elsewhere:
            raise PipPinnedError("usage", "sync makes the environment that it runs in equal to the lock, and an option, PIP_* or pip.conf "
                                 f"leads pip to another place ({', '.join(self._connection.elsewhere)}).")

    def _may_remove(self, count: int) -> bool:
        if self._given.yes or not sys.stdin.isatty():
            return True
        try:
            answer = input(f"Remove {count} packages? [y/N] ")
        except EOFError:
            answer = ""
        if answer.strip().lower() in ("y", "yes"):
            return True
        sys.stderr.write("pip-pinned: nothing was changed; --inexact removes nothing.\n")
        return False

    def _jobs(self, wants: list[Wanted], indexes: dict[str, Index], *more: str) -> list[Callable[..., int]]:
        """The runs of pip that install these."""
        hashed = [want for want in wants if want.kind in ("index", "archive")]
        others = [want for want in wants if want.kind in ("vcs", "directory")]  # which have none
        return [partial(self._run_pip, "install", some, indexes, *options, *more) for some, options in ((hashed, ["--require-hashes"]), (others, [])) if some]

    def _run_pip(self, command: str, wants: list[Wanted], indexes: dict[str, Index], *more: str, here: Hooks | None = None) -> int:
        locked = {want.name: (self._searched(indexes[want.name].name), list(want.hashes), want.file_url) for want in wants if want.name in indexes}
        return run_pip(lambda: self._judge.add_trusted(self._load()), [command, *quietly(), "--no-deps", *more, *self._options],
                       locked=locked, roots=[_root(want) for want in wants], provenance=self._connection.provenance, here=here)

    def _searched(self, index_name: str) -> list[str]:
        """The locked index; with ``sync-any-index`` every other one after it."""
        policy = self._connection.policy
        return [index_name, *(index.name for index in policy.indexes if policy.sync_any_index and index.name != index_name)]

    def _unverified(self, present: list[Wanted], indexes: dict[str, Index], here: environment.Installed) -> set[str]:
        """What is installed in the right version, and not from the file that the lock selects."""
        hashed = [want for want in present if want.kind == "index"]
        with tempfile.TemporaryDirectory(prefix="pip-pinned-verify-") as directory:
            code = self._run_pip("download", hashed, indexes, "--require-hashes", "--dest", directory) if hashed else 0
            if code:
                raise PipPinnedError("verify-failed", "The locked files could not be fetched; nothing was changed.")
            wheels = {path.name: path for path in Path(directory).glob("*.whl")}
            return {want.name for want in hashed if want.filename not in wheels or not environment.is_from_wheel(here[want.name], wheels[want.filename])}


def _step(action: str, want: Wanted, here: environment.Installed, indexes: dict[str, Index]) -> Step:
    index = indexes.get(want.name)
    return Step(action=action, name=want.name, now=here[want.name].version if want.name in here else None, then=want.version or want.place,
                index=None if index is None else index.name)


def _root(want: Wanted) -> Root:
    return Root(want.name, want.version, want.place, want.editable, want.hashes)
