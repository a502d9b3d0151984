"""Compare pip-pinned with the tools whose dialects it reads: ``python -m tests.dialects.compare [uv|pipenv|poetry|pdm ...] [--write]``.

Every case of ``cases`` is a project. The real tool locks it, pip-pinned resolves it, and hashes tell which index each file came from.
A tool is found on the PATH, beside the running Python, or in a ``*/bin`` of the directory that PIP_PINNED_DIALECT_TOOLS names.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.utils import canonicalize_name
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests import interpreters, pips
from tests.dialects import cases
from tests.dialects.cases import Case
from tests.running import Machine
from tests.servers.index import Answer, IndexServer, redirect

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

README = Path(__file__).with_name("README.md")
ERROR = "error"
_NOWHERE = "http://127.0.0.1:9"  # a proxy that refuses: what is asked outside of this machine fails


class World:
    """The indexes of ``cases.INDEXES`` as running servers, and an environment to lock in."""

    def __init__(self, servers: dict[str, IndexServer], directory: Path) -> None:
        self.servers = servers
        self.directory = directory
        self.owners = {file.sha256: name for name, server in servers.items() for files in server.projects.values() for file in files}
        self.venv = directory / "venv"
        interpreters.make_environment(self.venv)

    def fill(self, text: str) -> str:
        """``<acme>`` is the URL of that index, ``<acme/PATH>`` another page of its server, ``<acme:HOST>`` its host and port."""
        def replace(match: re.Match[str]) -> str:
            server = self.servers[match[1]]
            return server.url if not match[2] else f"127.0.0.1:{server.port}" if match[2] == ":HOST" else server.root + match[2]
        return re.sub(rf"<({'|'.join(self.servers)})(/[^>]*|:HOST)?>", replace, text)

    def owner(self, hashes: list[str]) -> str:
        """The index that all of the files with these hashes are from."""
        found = {self.owners.get(text.replace("=", ":").rpartition(":")[2], "?") for text in hashes}
        return "+".join(sorted(found)) or "?"

    def fetched(self, name: str, since: dict[str, int]) -> str:
        """The index that a file of this project was downloaded from."""
        path = re.compile(rf"/files/{name.replace('-', '_')}-[^/]*\.whl")
        found = sorted(who for who, server in self.servers.items() if any(path.fullmatch(r.path) for r in server.requests[since[who]:]))
        return "+".join(found) or "none"


@contextmanager
def world() -> Iterator[World]:
    """Start the indexes; they stop with the block."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        servers = {name: stack.enter_context(IndexServer(name, credentials=cases.CREDENTIALS if name == "private" else None)).add(*files)
                   for name, files in cases.INDEXES.items()}
        servers["moved"].answers[r"/simple/[^/]+/"] = lambda request: redirect(servers["public"].root + request.path)
        servers["locked"].answers[".*"] = Answer(401, headers={"WWW-Authenticate": 'Basic realm="index"'})
        servers["forbidden"].answers[".*"] = Answer(403)
        servers["down"].answers[".*"] = Answer(503)
        yield World(servers, directory)


Picks = dict[str, str]  # normalised name → index


Locked = tuple[str, str, list[str]]  # name, index, markers of which one must hold


def _holds(markers: list[str], *, extras: bool) -> bool:
    """Whether one of the markers holds here: with some extra of the project, or without any."""
    named = re.findall(r"""extra == ["']([^"']+)""", " ".join(markers)) if extras else [""]
    return not markers or any(Marker(marker).evaluate({"extra": extra}) for marker in markers for extra in named)


def _picked(locked: list[Locked]) -> Picks:
    """Where each name is from; from several indexes together if it is locked more than once, and extras count only if nothing holds without them."""
    picks = {}
    for name in {canonicalize_name(entry[0]) for entry in locked}:
        mine = [entry for entry in locked if canonicalize_name(entry[0]) == name]
        indexes = {index for _, index, markers in mine if _holds(markers, extras=False)} or {index for _, index, markers in mine if _holds(markers, extras=True)}
        if indexes:
            picks[str(name)] = "+".join(sorted(indexes))
    return picks


def _packages(lock: Path) -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = tomllib.loads(lock.read_text(encoding="utf-8")).get("package", [])
    return packages


def read_uv(project: Path, here: World) -> list[Locked]:
    """One entry per fork, told apart by ``resolution-markers``."""
    return [(p["name"], here.owner([f["hash"] for f in [*p.get("wheels", []), *([p["sdist"]] if "sdist" in p else [])]]), p.get("resolution-markers", []))
            for p in _packages(project / "uv.lock") if "registry" in p["source"]]


def read_poetry(project: Path, here: World) -> list[Locked]:
    """One entry per constraint, told apart by ``markers``: a text, or one for each group."""
    return [(p["name"], here.owner([f["hash"] for f in p["files"]]), [markers] if isinstance(markers := p.get("markers", {}), str) else list(markers.values()))
            for p in _packages(project / "poetry.lock")]


def read_pdm(project: Path, here: World) -> list[Locked]:
    """One entry per package; those with extras repeat its files."""
    return [(p["name"], here.owner([f["hash"] for f in p["files"]]), [p["marker"]] if "marker" in p else []) for p in _packages(project / "pdm.lock")]


def read_pipenv(project: Path, here: World) -> list[Locked]:
    """One table per category."""
    lock = json.loads((project / "Pipfile.lock").read_text(encoding="utf-8"))
    return [(name, here.owner(p.get("hashes", [])), []) for category in lock if category != "_meta" for name, p in lock[category].items()]


@dataclass(frozen=True)
class Tool:
    """How to run a tool so that it asks nobody but the case's indexes, and how to read what it locked."""

    name: str
    file: str
    read: Callable[[Path, World], list[Locked]]
    environment: dict[str, str]
    header: str = ""
    arguments: tuple[str, ...] = ("lock",)

    def command(self) -> str | None:
        """Where it is installed."""
        more = sorted(map(str, Path(os.environ.get("PIP_PINNED_DIALECT_TOOLS", os.devnull)).glob("*/bin")))
        path = os.pathsep.join([*more, os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
        return shutil.which(self.name, path=path)

    def version(self) -> str:
        """Its version, as it says itself."""
        command = self.command()
        assert command is not None
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run([command, "--version"], env={**Machine(Path(home)).environment, **self.environment}, capture_output=True, text=True, check=True)
        match = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
        return match[0] if match else "?"

    def lock(self, command: str, machine: Machine, here: World, env: dict[str, str]) -> tuple[Picks | None, str]:
        """What the tool locked, None if it refused, and what it said."""
        environment = {k: v for k, v in machine.environment.items() if not k.startswith(("POETRY_", "PDM_"))}
        environment.update(self.environment, HTTP_PROXY=_NOWHERE, HTTPS_PROXY=_NOWHERE, NO_PROXY="127.0.0.1", VIRTUAL_ENV=str(here.venv), **env)
        done = subprocess.run([command, *self.arguments], cwd=machine.project, env=environment, capture_output=True, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, check=False)
        return (_picked(self.read(machine.project, here)) if done.returncode == 0 else None), done.stdout + done.stderr


_PROJECT = '[project]\nname = "case"\nversion = "0"\nrequires-python = ">=3.10"\n'
TOOLS = {tool.name: tool for tool in (
    Tool("uv", "pyproject.toml", read_uv, {"UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never", "UV_HTTP_RETRIES": "0"}, _PROJECT),
    Tool("pipenv", "Pipfile", read_pipenv, {"PIPENV_VERBOSITY": "-1", "PIPENV_MAX_RETRIES": "0"}),
    Tool("poetry", "pyproject.toml", read_poetry, {"POETRY_VIRTUALENVS_CREATE": "false", "POETRY_REQUESTS_MAX_RETRIES": "0",
                                                   "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}),
    Tool("pdm", "pyproject.toml", read_pdm, {"PDM_PYTHON": sys.executable, "PDM_CHECK_UPDATE": "0"}, _PROJECT, ("lock", "-G:all")),
)}


@dataclass
class Outcome:
    """A case as it went: for every name the index that the tool and pip-pinned took it from."""

    case: Case
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)  # name, tool's, ours, verdict
    said: str = ""

    @property
    def ok(self) -> bool:
        return all(verdict in ("equal", "as recorded") for *_, verdict in self.rows)


def judge(case: Case, name: str, theirs: str, ours: str) -> str:
    """``equal`` / ``as recorded``; else what is wrong."""
    if name in case.differs:
        return "as recorded" if (theirs, ours) == case.differs[name] else f"recorded: {' / '.join(case.differs[name])}"
    expected = {**case.picks, **case.others}[name]
    plain = ERROR if ours.startswith(ERROR) else ours
    if theirs != plain:
        return "DIFFERS"
    return "equal" if theirs == expected else f"expected: {expected}"


def run(tool: Tool, command: str, case: Case, here: World) -> Outcome:
    """Both sides of one case, in a project of its own."""
    number = cases.CASES[tool.name].index(case)
    machine = Machine(here.directory / tool.name / str(number), pips.pip_of(pips.NEWEST))
    text = here.fill(case.text)
    if tool.header and "[project]" not in text:
        text = f"{tool.header}dependencies = {json.dumps(list(case.asks))}\n\n{text}"
    machine.write(tool.file, text)
    for path, content in case.files.items():
        machine.write(path, here.fill(content))
    env = {key: here.fill(value) for key, value in case.env.items()}
    start = {name: len(server.requests) for name, server in here.servers.items()}
    theirs, said = tool.lock(command, machine, here, env)
    if theirs is not None and case.built:
        theirs[case.built] = here.fetched(case.built, start)
    start = {name: len(server.requests) for name, server in here.servers.items()}
    done = machine.pinned("install", "-q", "--dry-run", "--ignore-installed", "--report", "-", *case.asks, **env)
    mine: Picks | None = None
    if done.code == 0:
        mine = {canonicalize_name(entry["metadata"]["name"]): here.owner([entry["download_info"]["archive_info"]["hash"]])
                for entry in json.loads(done.out)["install"]}
        if case.built:
            mine[case.built] = here.fetched(case.built, start)
    outcome = Outcome(case, said=f"{said}\n--- pip-pinned\n{done.text if done.code else done.err}")
    for name in [*case.picks, *case.others, *case.differs]:
        a = ERROR if theirs is None else theirs.get(name, "none")
        b = f"{ERROR}: {done.error}" if mine is None else mine.get(name, "none")
        outcome.rows.append((name, a, b, judge(case, name, a, b)))
    return outcome


def compare(tool: Tool, here: World, only: str = "") -> list[Outcome]:
    """All cases of a dialect, two at a time."""
    command = tool.command()
    assert command is not None
    chosen = [case for case in cases.CASES[tool.name] if only in case.title]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda case: run(tool, command, case, here), chosen))


def is_direct(case: Case) -> bool:
    """Whether the project pins a name that both sides take from one index."""
    return any(index != ERROR for index in case.picks.values())


def document(versions: dict[str, str]) -> str:
    """README.md, from what is recorded."""
    lines = [cases.FOREWORD.strip(), "", "| dialect | compared with | projects whose pins both take from one index | recorded differences |", "|---|---|---|---|"]
    for name, listed in cases.CASES.items():
        equal = sum(map(is_direct, listed))
        lines.append(f"| {name} | {name} {versions.get(name, '?')} | {equal} | {sum(bool(case.differs) for case in listed)} |")
    for name, listed in cases.CASES.items():
        lines += ["", f"## {name}", "", f"| kind | project | name | {name} | pip-pinned | reason |", "|---|---|---|---|---|---|"]
        for case in listed:
            for package, (theirs, ours) in case.differs.items():
                lines.append(f"| {case.kind} | {case.title} | {package} | {theirs} | {ours} | {case.reason} |")
    return "\n".join(lines) + "\n"


def versions_in(text: str) -> dict[str, str]:
    """The versions of tools that a README names."""
    return {name: match[1] for name in cases.CASES if (match := re.search(rf"^\| {name} \| {name} (\S+) \|", text, re.MULTILINE))}


def main(args: list[str]) -> int:
    """Compare, print, and with ``--write`` renew README.md. 0; 1 if anything is not as recorded."""
    parser = argparse.ArgumentParser(prog="python -m tests.dialects.compare", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=f"of {', '.join(TOOLS)}; all of them without any")
    parser.add_argument("--write", action="store_true", help="write README.md afresh, if everything is as recorded")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the cases with that text in their title, and what the tools said")
    options = parser.parse_args(args)
    unknown = [name for name in options.tools if name not in TOOLS]
    if unknown:
        parser.error(f"unknown tool: {', '.join(unknown)}")
    console = Console(width=150 if not sys.stdout.isatty() else None)
    versions, failed = versions_in(README.read_text(encoding="utf-8") if README.exists() else ""), False
    with world() as here:
        for tool in (TOOLS[name] for name in options.tools or TOOLS):
            if tool.command() is None:
                console.print(f"{tool.name}: not installed")
                continue
            versions[tool.name], start = tool.version(), time.monotonic()
            outcomes = compare(tool, here, options.only)
            table = Table(title=f"{tool.name} {versions[tool.name]}")
            for heading in ("case", "name", tool.name, "pip-pinned", "verdict"):
                table.add_column(heading, overflow="fold")
            for outcome in outcomes:
                for row in outcome.rows:
                    table.add_row(*map(escape, (outcome.case.title, *row)), style=None if outcome.ok else "bold red")
            console.print(table)
            for outcome in outcomes:
                if options.only or not outcome.ok:
                    console.print(f"--- {outcome.case.title}\n{outcome.said}", markup=False, highlight=False)
            wrong = sum(not outcome.ok for outcome in outcomes)
            failed = failed or wrong > 0
            console.print(f"{tool.name}: {len(outcomes)} cases, {sum(is_direct(o.case) for o in outcomes)} with pins that both take from one index, "
                          f"{sum(bool(o.case.differs) for o in outcomes)} with recorded differences, {wrong} not as recorded, {time.monotonic() - start:.0f} s")
    if options.write and not failed:
        README.write_text(document(versions), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
