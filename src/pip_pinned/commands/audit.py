"""``pip-pinned audit [PATH...]``: where a project is exposed, by its files alone, or with what its indexes say."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packaging.markers import InvalidMarker, Marker

from pip_pinned.commands import environment
from pip_pinned.commands.arguments import words_and_options
from pip_pinned.commands.surveying import JOBS, Survey, survey
from pip_pinned.pip_runner.settings import Connection, connected, default_index_url
from pip_pinned.policy import urls
from pip_pinned.policy.decision import Decider
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import sources, url_texts
from pip_pinned.policy.model import PYPI, Index, Policy
from pip_pinned.report import audit as reporting
from pip_pinned.scan import findings
from pip_pinned.scan.facts import TRUSTED, Facts, Place, Source, conceal
from pip_pinned.scan.files import reader_of, scan
from pip_pinned.scan.findings import Finding
from pip_pinned.scan.readers import read_pip_conf, read_pipfile, read_toml

_FAIL_ON = (*findings.SEVERITIES, "never")


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if anything is at least as bad as ``--fail-on``, or if an index that was to be asked did not answer; 2 for wrong usage."""
    given, options = _parser().parse_known_args(args)
    given.paths, options = words_and_options(options)
    return _Audit(given, options, project).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "pip-pinned audit", allow_abbrev=False, usage="pip-pinned audit [PATH...] [options]",
        description="Find where packages may come from an index that you did not mean: extra indexes, find-links, trusted hosts, secrets and locks in requirements files, "
        "pip.conf, pyproject.toml, Pipfile, Dockerfiles, CI files, scripts and code blocks. Files are read, never run, and nobody is asked unless you say --online.",
        epilog="PATH is a file or a directory; by default this directory.")
    parser.add_argument("--online", action="store_true", help="ask the indexes of the project which of its packages they have; options of pip install count then")
    parser.add_argument("--probe-public", action="store_true", help="ask PyPI too. This tells PyPI, and whoever is on the way, the names of your private packages")
    parser.add_argument("--jobs", type=int, default=JOBS, metavar="N", help=f"questions at once (default: {JOBS})")
    parser.add_argument("--format", choices=tuple(reporting.FORMATS), default="table", help="how to report (default: table)")
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="leave out files and directories, as in --exclude 'tests/*'")
    parser.add_argument("--fail-on", choices=_FAIL_ON, default="high", help="exit 1 from this severity on (default: high)")
    parser.add_argument("--baseline", metavar="FILE", help="leave out the findings that this file has; it is an earlier report with --format json")
    parser.add_argument("--project", metavar="DIR", help="the project whose policy is read")
    return parser


class _Audit:
    def __init__(self, given: argparse.Namespace, options: list[str], project: str | None) -> None:
        self._given = given
        self._options = options
        self._project = project
        self._base = Path.cwd()
        self._unanswered: list[str] = []

    def run(self) -> int:
        given = self._given
        if given.probe_public and not given.online:
            raise PipPinnedError("usage", "--probe-public needs --online.")
        paths = [Path(path) for path in given.paths or ["."]]
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise PipPinnedError("usage", f"There is no {' and no '.join(missing)}.")
        known = _baseline(given.baseline)
        facts = scan(paths, self._base, given.exclude)
        with _variables_set(facts if not given.online else Facts()):
            policy, problems = self._policy()
        found = [*problems, *findings.judge(facts, policy, _holds, environment.installed())]
        if given.online:
            found += self._ask(facts, policy)
        everything = findings.ordered(facts, found)
        fresh = [finding for finding in everything if finding.fingerprint not in known]
        reporting.FORMATS[given.format](reporting.Report(tuple(fresh), len(facts.files), len(everything) - len(fresh), tuple(self._unanswered)))
        limit = _FAIL_ON.index(given.fail_on)
        bad = given.fail_on != "never" and any(findings.SEVERITIES.index(finding.severity) <= limit for finding in fresh)
        return 1 if bad or self._unanswered else 0

    def _policy(self) -> tuple[Policy, list[Finding]]:
        from pip_pinned.config.project import load_policy

        try:
            policy = load_policy(self._project)
        except PipPinnedError as exc:
            what = re.sub(r"\s+", " ", f"{exc.message} {exc.context}").strip()
            where = re.match(r"(\S+):(\d+):", exc.context)
            place = Place(where[1], int(where[2])) if where else Place("pyproject.toml", 1)
            return Policy(), [Finding("unreadable", findings.HIGH, place, exc.code, f"the policy cannot be read: {conceal(what)}")]
        return policy._replace(indexes=tuple(index._replace(url=default_index_url()) if index.url == PYPI else index for index in policy.indexes)), []

    def _ask(self, facts: Facts, policy: Policy) -> list[Finding]:
        mentioned = indexes_of(facts, policy)
        names = [*(named.name for named in facts.names if named.url is None), *(entry.name for entry in facts.locked if not entry.direct)]
        with connected(lambda: policy._replace(indexes=(*policy.indexes, *mentioned)), self._options) as connection:
            public = [index for index in connection.policy.indexes if is_public(index)]
            asked = [index if self._given.probe_public else index._replace(follow_redirects=False) for index in connection.policy.indexes
                     if self._given.probe_public or index not in public]
            answers = survey(connection, asked, names, self._given.jobs)
            self._unanswered = unanswered(connection, answers)
            said = {index: {name: findings.Answer(holding.has, holding.forwards_to) for name, holding in holdings.items()} for index, holdings in answers.items()}
            shown = {index.name: index.shown for index in connection.policy.indexes}
            return findings.judge_answers(facts, said, shown, [index.name for index in public], Decider(connection.policy, _holds))


@contextmanager
def _variables_set(facts: Facts) -> Iterator[None]:
    """While nobody is asked it does not matter what the variables of index URLs stand for; those that are not set count as set."""
    missing = {name for source in facts.sources for name in urls.variables(source.written)} - os.environ.keys()
    os.environ.update(dict.fromkeys(missing, "unset"))
    try:
        yield
    finally:
        for name in missing:
            del os.environ[name]


def indexes_of(facts: Facts, policy: Policy) -> list[Index]:
    """The indexes that files name and the policy does not have, with variables filled in; those with unset variables are left out."""
    found: list[Index] = []
    taken = {index.name.lower() for index in policy.indexes} | {"pypi"}
    for source in facts.sources:
        url = _expanded(facts, source)
        if url is not None and not any(urls.same_index(index.url, url) for index in (*policy.indexes, *found)):
            kind = "flat" if source.kind == "find-links" else "simple"
            found.append(Index(name=sources.derived_name(url, taken), url=url, origin=str(source.place), explicit=True, format=kind, written=source.written if urls.variables(source.written) else None))
    return found


def _expanded(facts: Facts, source: Source) -> str | None:
    value = None if source.kind == TRUSTED else address_of(facts, source)[0]
    return value if value is not None and value.startswith("http") else None


def address_of(facts: Facts, source: Source) -> tuple[str | None, str]:
    """The URL that a source can be asked at, or None and why not.

    Variables are filled in where pip itself would: in a requirements file, pip.conf or Pipfile in the project's own directory. Any
    other file could send them to any host: there those of a user name and password are left out, and those of a host or path are not asked.
    """
    if not source.value:
        return None, "it is set from outside"
    trusted = "/" not in source.place.file and (source.place.file in facts.requirements or reader_of(source.place.file) in (read_pip_conf, read_pipfile, read_toml))
    written = source.written if trusted else urls.without_credentials(source.written) if urls.variables(source.written) else source.value
    if not trusted and urls.variables(written):
        return None, "it names a variable, which is not sent to where this file says"
    value, missing = url_texts.filled(written, os.environ)
    if missing:
        return None, f"{' and '.join(missing)} not set"
    return (value, "") if urls.has_scheme(value) else (None, "it is no index URL")


def is_public(index: Index) -> bool:
    """Whether everybody may publish there: PyPI, by its domain."""
    try:
        domain = ".".join(urls.origin(default_index_url())[1].split(".")[-2:])
        host = urls.origin(index.url)[1].rstrip(".")
        return host == domain or host.endswith(f".{domain}")
    except ValueError:
        return False


def unanswered(connection: Connection, answers: Survey) -> list[str]:
    """What could not be found out, a line for each index."""
    lines = []
    for index in connection.policy.indexes:
        failed = [(name, holding.words) for name, holding in answers.get(index.name, {}).items() if holding.has is None]
        if failed:
            named = ", ".join(name for name, _ in failed if name) or "any name"
            lines.append(f"{index.name} {index.shown} did not say whether it has {named}: {failed[0][1]}")
    return lines


def _holds(marker: str) -> bool:
    try:
        return Marker(marker).evaluate()
    except InvalidMarker:
        return True


def _baseline(path: str | None) -> set[str]:
    if path is None:
        return set()
    try:
        return {str(finding["fingerprint"]) for finding in json.loads(Path(path).read_text(encoding="utf-8"))["findings"]}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise PipPinnedError("usage", f"--baseline {path} is no report of an audit.", hint="Make one: pip-pinned audit --format json --fail-on never > FILE") from exc


