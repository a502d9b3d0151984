"""``pip-pinned sync [LOCK]``: make this environment equal to a lock, every file by its hash and from its recorded index."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.version import Version

from pip_pinned.commands import environment
from pip_pinned.commands.arguments import add_mirror, with_mirror
from pip_pinned.enforce.effective import Connection, connected
from pip_pinned.enforce.worker import run_pip
from pip_pinned.locks import pylock, wanted
from pip_pinned.locks.wanted import Wanted
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index, Policy
from pip_pinned.report import plan, screen
from pip_pinned.report.plan import Step


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if the lock is refused or something could not be installed; 2 for wrong usage."""
    given, options = _parser().parse_known_args(args)
    from pip_pinned.config.project import find_root, load_policy

    def load() -> Policy:
        return load_policy(project)

    try:
        mirrored = with_mirror(load, given.pypi_mirror, find_root(project) or Path.cwd())
        with connected(load, options, words_too=True) as connection:
            return _Sync(mirrored, connection, [word for word in options if word not in connection.words], given).run()
    except PipPinnedError as exc:
        screen.show_error(exc)
        return 2 if exc.code == "usage" else 1


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


class _Refused(Exception):
    """Why an entry of a lock may not be."""


class _Sync:
    def __init__(self, load: Callable[[], Policy], connection: Connection, options: list[str], given: argparse.Namespace) -> None:
        self._load = load
        self._connection = connection
        self._options = options
        self._given = given
        self._trusted: dict[str, Index] = {}  # by URL: indexes that only the lock knows

    def run(self) -> int:
        self._check_usage()
        path = self._path()
        everything = self._wanted(path)
        indexes = self._judge(everything, path)
        here = environment.installed()
        present = [want for want in everything if _is_there(want, here)]
        wrong = self._unverified(present, indexes, here) if self._given.verify_installed else []
        missing = [want for want in everything if want not in present]
        surplus = [] if self._given.inexact else sorted(here.keys() - {want.name for want in everything} - environment.never_removed(here))
        steps = [Step(action="change" if want.name in here else "install", name=want.name, now=here[want.name].version if want.name in here else None,
                      then=want.version or want.line, index=indexes.get(want.name)) for want in missing]
        steps += [Step(action="reinstall", name=want.name, now=want.version, then=want.version, index=indexes.get(want.name)) for want in wrong]
        steps += [Step(action="remove", name=name, now=here[name].version, then=None) for name in surplus]
        plan.show(steps)
        if self._given.check:
            return 1 if steps else 0
        if self._given.dry_run or not steps:
            return 0
        if surplus and not self._may_remove(len(surplus)):
            return 1
        code = self._install(missing, indexes) or self._install(wrong, indexes, "--force-reinstall")
        if code == 0 and surplus:
            code = run_pip(self._load, ["uninstall", "--yes", "--quiet", *surplus])
        return code

    def _check_usage(self) -> None:
        if len(self._connection.words) > 1:
            raise PipPinnedError("usage", f"One lock at a time, not {' and '.join(self._connection.words)}.")
        if self._connection.elsewhere:
            raise PipPinnedError("usage", "sync makes the environment that it runs in equal to the lock, and an option, PIP_* or pip.conf "
                                 f"leads pip to another place ({', '.join(self._connection.elsewhere)}).")

    def _path(self) -> Path:
        if self._connection.words:
            return Path(self._connection.words[0])
        path = next((Path(name) for name in ("pylock.toml", "Pipfile.lock") if Path(name).is_file()), None)
        if path is None:
            raise PipPinnedError("bad-lock", "There is no pylock.toml and no Pipfile.lock here.", hint="pip-pinned lock writes one.")
        return path

    def _wanted(self, path: Path) -> list[Wanted]:
        if path.name == "Pipfile.lock":
            if self._given.extra:
                raise PipPinnedError("usage", "A Pipfile.lock has no extras.")
            names = {"dev": "develop", "dev-packages": "develop"}
            return wanted.of_pipfile_lock(path, [names.get(group, group) for group in self._given.group or ()])
        lock = pylock.read(path)
        facts = pylock.facts_of(lock)
        self._refuse_other_pins(facts)
        _warn_of_another_place(facts.get("environment"))
        return wanted.of_pylock(lock, path.resolve().parent, self._given.extra, self._given.group)

    def _refuse_other_pins(self, facts: dict[str, Any]) -> None:
        """A lock of ours says which pins it was made under."""
        then, now = facts.get("pins"), pylock.pins_of(self._connection.policy)
        if not isinstance(then, dict) or then == now:
            return
        changed = [f"{pattern}: {_places(then.get(pattern))} when it was locked, {_places(now.get(pattern))} now"
                   for pattern in sorted(then.keys() | now.keys()) if then.get(pattern) != now.get(pattern)]
        raise PipPinnedError("pins-changed", "The pins changed since the lock was made.", context="\n".join(changed), hint="Lock again: pip-pinned lock")

    def _judge(self, everything: list[Wanted], path: Path) -> dict[str, str]:
        """The index of each package. Raises PipPinnedError ``lock-entry-refused`` with every entry that may not be (CONTRACT 4.6)."""
        found: dict[str, str] = {}
        refused: list[str] = []
        for want in everything:
            try:
                index = self._judge_one(want)
            except _Refused as exc:
                refused.append(f"{want.name}: {exc}")
            else:
                if index is not None:
                    found[want.name] = index.name
        if refused:
            raise PipPinnedError("lock-entry-refused", f"{path} may not say where these packages come from; nothing was changed.", context="\n".join(refused),
                                 hint="Lock again under the policy.")
        return found

    def _judge_one(self, want: Wanted) -> Index | None:
        """The index that the package is to come from; None for one from somewhere else. Raises _Refused."""
        decision = self._connection.decide(want.name)
        if want.kind in ("index", "archive") and not want.hashes:
            raise _Refused("it has no hash")
        if want.kind != "index":
            declared = decision.refusal == "not-on-an-index" and want.kind in ("vcs", "directory")
            if decision.pinned and not declared:
                raise _Refused(f"{urls.redact_text(want.line or '')}, and it is pinned ({decision.because})")
            return None
        index = next((index for index in self._connection.policy.indexes if wanted.is_same_index(want, index.name, self._connection.lock_url(index))), None)
        allowed = [each.name for each in (*decision.indexes, *([decision.first] if decision.first else []))]
        if decision.refusal is not None or (decision.pinned and (index is None or index.name not in allowed)):
            pin = decision.indexes[0].shown if decision.indexes else "no index"
            raise _Refused(f"the lock says {_said(want)}, the policy {pin} ({decision.because})")
        if index is not None:
            if index.name not in allowed:
                raise _Refused(f"the lock says {_said(want)}, and names without a pin do not come from there ({decision.because})")
            return index
        if not self._given.trust_lock_indexes or want.index_url is None or not urls.has_scheme(want.index_url) or urls.credentials(want.index_url)[0] is not None:
            raise _Refused(f"{_said(want)} is not in the policy (--trust-lock-indexes accepts it)")
        fresh = Index(name=f"lock-index-{len(self._trusted) + 1}", url=want.index_url, origin="the lock", explicit=True)
        return self._trusted.setdefault(want.index_url, fresh)

    def _policy(self) -> Policy:
        """The declared policy, with the indexes that only the lock knows: for what it pins to them, and nothing else."""
        declared = self._load()
        return declared._replace(indexes=(*self._trusted.values(), *declared.indexes))

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

    def _install(self, wants: list[Wanted], indexes: dict[str, str], *more: str) -> int:
        hashed = [want for want in wants if want.kind in ("index", "archive")]
        others = [want for want in wants if want.kind in ("vcs", "directory")]  # which have none
        code = self._run_pip("install", hashed, indexes, "--require-hashes", *more) if hashed else 0
        return code or (self._run_pip("install", others, indexes, *more) if others else 0)

    def _run_pip(self, command: str, wants: list[Wanted], indexes: dict[str, str], *more: str) -> int:
        with tempfile.TemporaryDirectory(prefix="pip-pinned-sync-") as directory:
            file = Path(directory, "requirements.txt")
            file.write_text("".join(_line(want) for want in wants), encoding="utf-8")
            locked = {want.name: (self._searched(indexes[want.name]), list(want.hashes)) for want in wants if want.name in indexes}
            return run_pip(self._policy, [command, "--quiet", "--no-deps", "-r", str(file), *more, *self._options], locked=locked)

    def _searched(self, index_name: str) -> list[str]:
        """The locked index; with ``sync-any-index`` every other one after it."""
        policy = self._connection.policy
        return [index_name, *(index.name for index in policy.indexes if policy.sync_any_index and index.name != index_name)]

    def _unverified(self, present: list[Wanted], indexes: dict[str, str], here: dict[str, Any]) -> list[Wanted]:
        """What is installed in the right version, and not from the file that the lock selects."""
        hashed = [want for want in present if want.kind == "index"]
        with tempfile.TemporaryDirectory(prefix="pip-pinned-verify-") as directory:
            code = self._run_pip("download", hashed, indexes, "--require-hashes", "--dest", directory) if hashed else 0
            if code:
                raise PipPinnedError("verify-failed", "The locked files could not be fetched; nothing was changed.")
            wheels = {path.name: path for path in Path(directory).glob("*.whl")}
            return [want for want in hashed if want.filename not in wheels or not environment.is_from_wheel(here[want.name], wheels[want.filename])]


def _warn_of_another_place(made_for: Any) -> None:
    """A lock holds what its resolution came to; elsewhere something else may be needed."""
    here = {key: str(value) for key, value in default_environment().items()}
    other = [f"{key} {value}" for key, value in sorted(made_for.items()) if here.get(key) != value] if isinstance(made_for, dict) else []
    if other:
        sys.stderr.write(f"warning: the lock was made for {', '.join(other)}; what is needed here only is not in it.\n")


def _is_there(want: Wanted, here: dict[str, Any]) -> bool:
    """Whether that version is installed, and for what is not from an index, whether it was installed from that place."""
    distribution = here.get(want.name)
    if distribution is None:
        return False
    if want.kind == "index":
        return want.version is not None and Version(distribution.version) == Version(want.version)
    said = json.loads(distribution.read_text("direct_url.json") or "{}")
    commit = said.get("vcs_info", {}).get("commit_id")
    return said.get("url", "").rstrip("/") == (want.url or "").rstrip("/") and (commit is None or f"@{commit}" in (want.line or ""))


def _line(want: Wanted) -> str:
    hashes = "".join(f" --hash={value}" for value in want.hashes)
    return f"{want.line or f'{want.name}=={want.version}'}{hashes}\n"


def _said(want: Wanted) -> str:
    return urls.redact(want.index_url) if want.index_url else want.index_name or "no index"


def _places(places: Any) -> str:
    return " and ".join(place or "no index" for place in places) if places else "not pinned"
