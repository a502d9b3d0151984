"""``pip-pinned verify [LOCK]``: whether what is installed is what the lock says, and came from where the policy says."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib.metadata import Distribution

from pip_pinned.commands import environment
from pip_pinned.commands.judging import Judge, lock_here
from pip_pinned.locks.wanted import Wanted
from pip_pinned.pip_runner.settings import Connection, connected
from pip_pinned.policy import urls
from pip_pinned.policy.model import Decision, Index
from pip_pinned.report import screen, verification
from pip_pinned.report.verification import Difference


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if anything differs or the lock is refused; 2 for wrong usage."""
    given, options = _parser().parse_known_args(args)
    from pip_pinned.config.project import load_policy

    with connected(lambda: load_policy(project), options, words_too=True) as connection:
        lock = lock_here(connection.words)
        judge = Judge(connection, trusting=given.trust_lock_indexes)
        wants = None if lock is None else judge.read(lock, given.extra, given.group)
        indexes = judge.judge(wants, lock) if wants is not None and lock is not None else {}
        here = environment.installed()
        differences = [*_from_policy(connection, here), *(() if wants is None else _from_lock(connection, wants, indexes, here))]
    if given.format == "json":
        screen.show_json(verification.as_json(differences, None if lock is None else str(lock), len(here)))
    else:
        verification.show(differences, None if lock is None else str(lock), len(here))
    return 1 if differences else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "pip-pinned verify", allow_abbrev=False, usage="pip-pinned verify [LOCK] [options]", epilog="LOCK is pylock.toml or Pipfile.lock in this directory, if there is one.",
        description="Compare this environment with the policy, and with a lock: versions, packages that are missing or too many, and the index that pip-pinned noted "
        "as it installed each package. Nothing is asked and nothing changed; sync --verify-installed compares files with hashes.")
    parser.add_argument("--group", action="append", default=None, metavar="NAME", help="a dependency group, or a category of Pipfile.lock")
    parser.add_argument("--extra", action="append", default=[], metavar="NAME", help="an extra")
    parser.add_argument("--trust-lock-indexes", action="store_true", help="accept indexes that the policy does not know, for names without a pin")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to report (default: table)")
    parser.add_argument("--project", metavar="DIR", help="the project whose policy is read")
    return parser


def _from_policy(connection: Connection, here: environment.Installed) -> Iterator[Difference]:
    for name, distribution in sorted(here.items()):
        decision = connection.decide(name)
        allowed = [*decision.indexes, *([decision.first] if decision.first else [])]
        noted = environment.origin(distribution)
        if noted.get("index-url"):
            if not any(environment.is_noted(noted, connection, index) for index in allowed):
                yield Difference("other-index", name, found=_shown(noted), wanted=_names(allowed), why=decision.because)
        elif decision.pinned and not _may_be_local(decision, distribution):
            direct = environment.direct_url(distribution).get("url")
            yield Difference("direct-reference" if direct else "unknown-origin", name, found=urls.redact(direct) if direct else distribution.version,
                             wanted=_names(allowed), why=decision.because)


def _may_be_local(decision: Decision, distribution: Distribution) -> bool:
    """CONTRACT 4.5: the user may install a pinned name from a path, and from anywhere if no index has it."""
    url = environment.direct_url(distribution).get("url", "")
    return url.startswith("file:") or (bool(url) and decision.refusal == "not-on-an-index")


def _from_lock(connection: Connection, wants: list[Wanted], indexes: dict[str, Index], here: environment.Installed) -> Iterator[Difference]:
    for want in wants:
        version = want.version or want.url or ""
        if want.name not in here:
            yield Difference("missing", want.name, found="", wanted=version, why="locked")
        elif not environment.is_there(want, here):
            yield Difference("other-version", want.name, found=here[want.name].version, wanted=version, why="locked")
        elif environment.is_from_another_index(want, here, connection, indexes) and any(
                environment.is_noted(environment.origin(here[want.name]), connection, index) for index in connection.decide(want.name).indexes):
            yield Difference("other-index", want.name, found=_shown(environment.origin(here[want.name])), wanted=indexes[want.name].name, why="locked")
    for name in environment.surplus(wants, here):
        yield Difference("not-locked", name, found=here[name].version, wanted="", why="the lock does not have it")


def _shown(noted: dict[str, object]) -> str:
    return f"{noted.get('index')} {urls.redact(str(noted.get('index-url')))}"


def _names(indexes: list[Index]) -> str:
    return ", ".join(index.name for index in indexes) or "no index"
