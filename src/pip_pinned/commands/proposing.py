"""From the indexes and names that a project has now to pins: what ``migrate`` proposes."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pip_pinned.commands.audit import address_of, is_public
from pip_pinned.commands.resolving import ResolutionFailed, resolve
from pip_pinned.commands.surveying import JOBS, Survey, survey
from pip_pinned.locks import inputs as locked_inputs
from pip_pinned.locks.inputs import Inputs
from pip_pinned.locks.resolution import LockedPackage
from pip_pinned.pip_runner.settings import Connection, connected, default_index_url
from pip_pinned.policy import names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import sources
from pip_pinned.policy.model import Index, Pin, Policy, Strategy
from pip_pinned.scan.facts import INDEX, LINKS, Facts, conceal, literal_secret
from pip_pinned.scan.files import reader_of
from pip_pinned.scan.readers import read_document
from pip_pinned.scan.rewriting import is_index_option

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_GLOB_FROM = 3


class Found(NamedTuple):
    """What a resolution came to for one name; ``source`` is the name of its index, None for what is from no index."""

    version: str
    source: str | None


@dataclass
class Row:
    """One name: the indexes that have it, what pip takes ``today``, and the index that it is to come from; None while that is open, and ``why``."""

    name: str
    holders: list[str]
    newest: dict[str, str | None]
    today: Found | None
    tomorrow: str | None = None
    why: str = ""


@dataclass
class Proposal:
    """Indexes as they are to be declared, a row for each name, and pins. ``trouble`` is what keeps names from being decided.

    ``today`` is what pip takes now, by input and name; ``everywhere`` are all indexes that names were asked of,
    ``unresolved`` says which inputs may require names that nobody knows of.
    """

    indexes: list[Index]
    default: Index
    rows: list[Row]
    chosen: Mapping[str, str]
    today: dict[tuple[str, str], Found] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    everywhere: list[Index] = field(default_factory=list)

    @property
    def conflicts(self) -> list[Row]:
        """The names that several indexes have."""
        return [row for row in self.rows if len(row.holders) > 1]

    @property
    def undecided(self) -> list[Row]:
        """The names whose index is open."""
        return [row for row in self.rows if row.tomorrow is None and row.why]

    @property
    def policy(self) -> Policy:
        """What is proposed, as it will be in force."""
        default = [self.default] if self.default.url != default_index_url() else []
        return Policy(indexes=(*self.indexes, *default), declared=True,
                      pins=tuple(Pin(pattern=pattern, index_name=index, origin="migrate") for pattern, index in self.pins.items()))


def indexes_now(facts: Facts, connection: Connection) -> tuple[list[Index], Index, list[str]]:
    """The indexes that the project is searched on beside its default one, that one, and what is wrong with any of them.

    ``connection`` has what the environment and pip.conf add. An index that one command alone names with ``-i`` counts as an extra one.
    """
    trouble: list[str] = []
    defaults: list[Index] = []
    extras: list[Index] = [index for index in connection.policy.indexes if not index.default and not index.explicit]
    taken = {index.name.lower() for index in extras} | {"pypi"}
    for source in facts.sources:
        if not is_index_option(source) or source.program in ("uv", "pip-pinned"):
            continue
        url, why = address_of(facts, source)
        if url is None:
            trouble.append(f"{source.place}: {source.shown} cannot be asked: {why}")
            continue
        written = source.written if urls.variables(source.written) else None
        by_command = source.kind == INDEX and source.program == "pip" and source.text.strip()[:1] != "-" and "install" in source.text
        known = defaults if source.kind == INDEX and not by_command else extras
        if urls.same_index(url, default_index_url()) or any(urls.same_index(url, index.url) for index in known):
            continue
        known.append(Index(name=sources.derived_name(url, taken), url=url, written=written, origin=str(source.place), format="flat" if source.kind == LINKS else "simple"))
    ambient = connection.policy.default
    if len(defaults) > 1:
        raise PipPinnedError("migration-undecided", "The project has more than one default index.", context="\n".join(f"{index.origin}: {index.shown}" for index in defaults),
                             hint="Leave one of them, or say which one counts: --default-index URL")
    default = ambient if ambient is not None and ambient.origin == "--default-index" else defaults[0]._replace(default=True) if defaults else ambient
    assert default is not None
    extras = [index for index in extras if not urls.same_index(index.url, default.url)]
    return extras, default, list(dict.fromkeys(trouble))


def propose(facts: Facts, root: Path, options: list[str], chosen: Mapping[str, str], jobs: int = JOBS) -> Proposal:
    """Ask the indexes, and decide what can be decided. ``chosen`` maps names or globs to the names of indexes.

    Raises PipPinnedError ``migration-undecided`` or ``unknown-index``.
    """
    with connected(Policy, options) as connection:
        extras, default, trouble = indexes_now(facts, connection)
    before = Policy(indexes=(*extras, default), strategy=Strategy.UNSAFE_BEST_MATCH)
    proposal = Proposal(extras, default, [], chosen, trouble=trouble, everywhere=[*extras, default])
    own = _own_name(root)
    documents = {file for file in facts.files if reader_of(file) is read_document}
    wanted = [*(named.name for named in facts.names if named.url is None), *(entry.name for entry in facts.locked if not entry.direct)]
    written = {named.name for named in facts.names if named.place.file not in documents} | {entry.name for entry in facts.locked}
    with connected(lambda: before, options) as connection:
        answers = survey(connection, proposal.everywhere, wanted, jobs)
        there = {name for said in answers.values() for name, holding in said.items() if holding.has}
        proposal.today = resolved(before, connection, inputs_of(facts, root, root, there), options, proposal.unresolved)
    for index in proposal.everywhere:
        failed = {holding.words for holding in answers[index.name].values() if holding.has is None}
        if failed:
            trouble.append(f"{index.name} {index.shown} did not say what it has: {', '.join(sorted(failed))}")
    asked = [name for name in dict.fromkeys(wanted) if name in written | there and name != own]
    proposal.rows = [_row(name, answers, proposal.today) for name in asked]
    extend(proposal, {name for _, name in proposal.today} - {own}, options, jobs)
    return proposal


def extend(proposal: Proposal, found: Iterable[str], options: list[str], jobs: int = JOBS) -> bool:
    """Ask about names that were found since, and decide again; whether there were any."""
    known = {row.name for row in proposal.rows}
    fresh = sorted(set(found) - known)
    if fresh:
        policy = Policy(indexes=tuple(proposal.everywhere), strategy=Strategy.UNSAFE_BEST_MATCH)
        with connected(lambda: policy, options) as connection:
            answers = survey(connection, proposal.everywhere, fresh, jobs)
        proposal.rows += [_row(name, answers, proposal.today) for name in fresh]
    _choose(proposal)
    settle(proposal)
    return bool(fresh)


def _own_name(root: Path) -> str:
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return ""
    return names.normalize(str(project.get("name", ""))) if isinstance(project, dict) else ""


def inputs_of(facts: Facts, root: Path, files_at: Path, there: set[str]) -> list[tuple[str, Inputs]]:
    """What the project installs, piece by piece: its own requirements, each requirements file, and the names in commands that are anywhere.

    ``files_at`` is where the requirements files are, in the same places as below ``root``.
    """
    found: list[tuple[str, Inputs]] = []
    if (root / "pyproject.toml").is_file() or (root / "Pipfile").is_file():
        try:
            found.append(("the project", locked_inputs.of_project(root, [], None)))
        except PipPinnedError as exc:
            if exc.code != "nothing-to-lock":
                raise
    files = [file for file in facts.files if file in facts.requirements and "constraint" not in file.rpartition("/")[2].lower() and (root / file).is_file()]
    found = [one for one in found if not one[1].arguments or one[1].arguments[0] != "-r"]
    found += [(file, Inputs(arguments=["-r", str(files_at / file)])) for file in files]
    mentioned = sorted({named.name for named in facts.names if named.kind == "requirement" and named.name in there and named.url is None and named.place.file not in files
                        and named.place.file.rpartition("/")[2] not in ("pyproject.toml", "Pipfile")})
    return [*found, *([("commands", Inputs(arguments=mentioned))] if mentioned else [])]


def resolved(policy: Policy, connection: Connection, inputs: Iterable[tuple[str, Inputs]], options: list[str], trouble: list[str]) -> dict[tuple[str, str], Found]:
    """What pip takes under a policy, by input and name; an input that cannot be resolved is noted in ``trouble``."""
    found: dict[tuple[str, str], Found] = {}
    for what, one in inputs:
        try:
            packages: Sequence[LockedPackage] = resolve(lambda: policy, connection, one, options, {}, hashes=False).packages
        except ResolutionFailed:
            trouble.append(f"{what} cannot be resolved as it is, so names that it requires of others are not known")
            continue
        found.update({(what, package.name): Found(package.version, package.index) for package in packages})
    return found


def _row(name: str, answers: Survey, today: Mapping[tuple[str, str], Found]) -> Row:
    holders = [index for index, said in answers.items() if said[name].has]
    row = Row(name, holders, {index: said[name].newest for index, said in answers.items() if said[name].has},
              next((found for (_, known), found in today.items() if known == name), None))
    silent = [index for index, said in answers.items() if said[name].has is None]
    if silent:
        row.why = f"{' and '.join(silent)} did not say whether it has it"
    elif not holders:
        row.why = "no index has it"
    elif len(holders) > 1:
        row.why = f"it is on {' and '.join(holders)}"
    elif holders:
        row.tomorrow = holders[0]
    return row


def _choose(proposal: Proposal) -> None:
    known = {index.name.lower(): index.name for index in proposal.everywhere}
    for pattern, index in proposal.chosen.items():
        if index.lower() not in known:
            raise PipPinnedError("unknown-index", f"--choose {pattern}={index}: no index is named {index!r}.", context=f"found: {', '.join(known.values())}")
        for row in proposal.rows:
            if names.glob_regex(names.normalize(pattern)).fullmatch(row.name) and (row.why or row.tomorrow is None):
                row.tomorrow = known[index.lower()]


def settle(proposal: Proposal) -> None:
    """Pins for all rows: globs where a private prefix is plain, names otherwise; unpinned is what comes from the default index alone."""
    proposal.pins = {}
    pinned = [row for row in proposal.rows if row.tomorrow is not None and (row.tomorrow != proposal.default.name or len(row.holders) > 1)]
    by_prefix: dict[str, list[Row]] = {}
    for row in proposal.rows:
        if "-" in row.name:
            by_prefix.setdefault(row.name.partition("-")[0] + "-", []).append(row)
    covered: set[str] = set()
    for prefix, rows in sorted(by_prefix.items()):
        places = {row.tomorrow for row in rows if row.holders or row.tomorrow}
        mine = [row for row in rows if row in pinned]
        if len(mine) >= _GLOB_FROM and len(places) == 1 and all(len(row.holders) == 1 for row in mine) and places != {proposal.default.name}:
            proposal.pins[f"{prefix}*"] = mine[0].tomorrow or ""
            covered |= {row.name for row in mine}
    for row in sorted(pinned, key=lambda row: row.name):
        if row.name not in covered and row.tomorrow is not None and row.tomorrow != proposal.default.name:
            proposal.pins[row.name] = row.tomorrow
    used = {index.lower() for index in proposal.pins.values()}
    proposal.indexes = [index._replace(explicit=True, default=False) for index in proposal.everywhere if not index.default and index.name.lower() in used]


def as_written(index: Index) -> str:
    """The URL as it goes into a file: variables as they are, and no secret."""
    text = index.written or index.url
    return urls.without_credentials(text) if literal_secret(text) or not index.written else text


def comment_for(index: Index, proposal: Proposal) -> str:
    """What to think about for a company's index: one that has none of the names that others have."""
    company = not is_public(index) and not any(index.name in row.holders and len(row.holders) > 1 for row in proposal.rows)
    return "inherit = true    # would look here first for whatever its packages require" if company and index.format == "simple" else ""


def check_written(files: Mapping[Path, str], proposal: Proposal) -> None:
    """Read back what is about to be written: every name has to come out where it was decided to be. Raises PipPinnedError ``migration-undecided``."""
    from pip_pinned.config.project import load_policy

    with tempfile.TemporaryDirectory(prefix="pip-pinned-migrate-") as directory:
        for path, text in files.items():
            Path(directory, path.name).write_text(text, encoding="utf-8")
        policy = load_policy(directory)
    with connected(lambda: policy, []) as connection:
        for row in proposal.rows:
            decision = connection.decide(row.name)
            wanted = next((index for index in (*proposal.indexes, proposal.default) if index.name == row.tomorrow), None)
            if wanted is None or (not decision.pinned and not proposal.indexes):
                continue
            if not decision.indexes or not urls.same_index(decision.indexes[0].url, wanted.url):
                raise PipPinnedError("migration-undecided", f"{row.name} would come from {decision.indexes[0].name if decision.indexes else 'no index'}, not from {wanted.name}; nothing was written.",
                                     context=conceal(decision.because), hint="This is a mistake in pip-pinned; please report it.")


