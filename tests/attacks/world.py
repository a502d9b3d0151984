"""A scenario: two indexes, a project, what is run, and what happens. Each is one TOML file in ``scenarios/``.

Keys, of which ``title``, ``plain`` and ``pinned`` are required:

- ``title``
- ``since`` / ``until``: the pips on which the way in exists
- ``policy``: pip-pinned.toml, in place of the usual one
- ``files``: name to text, written into the project; ``trees``: directory to a source tree; ``local-wheels``: directory to a wheel
- ``env``: environment variables; ``config``: pip.conf; ``python``: true makes ``{other}``, an empty virtual environment
- ``before``: commands of plain pip that prepare the machine
- ``private`` / ``public``: ``wheels`` and ``sdists`` to add (tables with the arguments of tests.servers.projects),
  ``remove`` (names), ``hashes``, ``json``, ``answers`` (path to status, headers, body, redirect, hang), ``tls``,
  ``files-at`` (where its pages say that files are)
- ``plain``: ``args``, and ``loses`` false where plain pip holds too
- ``pinned``: ``args``; ``installed``, ``left`` (files that are there afterwards), ``says``; or ``error``: a code, PIP for an error of
  pip's own, ANY for direct-reference-refused in the output of a build

Placeholders: {private} {public} (simple indexes), {private_root} {public_root}, {evil} (URL of acme-core 99.0 on the
public index), {evil_sha256}, {project}, {other}, {closed} (nobody listens there).
"""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import trustme

from tests import interpreters, pips
from tests.conftest import POLICY
from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer, redirect
from tests.servers.projects import File, sdist, source_tree, wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCENARIOS = Path(__file__).parent / "scenarios"
_EVIL = (b"WHO = 'evil'", b"BUILT_WITH = 'evil'")
_KEYS = {"title", "since", "until", "policy", "files", "trees", "local-wheels", "env", "config", "python", "before", "private", "public", "plain", "pinned"}
_SIDE_KEYS = {"wheels", "sdists", "remove", "hashes", "json", "answers", "tls", "files-at"}
OUTPUTS = ("site", "down", "wheels")


def load(path: Path) -> dict[str, Any]:
    scenario = tomllib.loads(path.read_text())
    unknown = set(scenario) - _KEYS | {key for side in ("private", "public") for key in set(scenario.get(side, {})) - _SIDE_KEYS}
    assert not unknown, f"{path.name}: {unknown}"
    return scenario


def versions(scenario: dict[str, Any]) -> list[str]:
    """The pips on which the way in exists; which of them run is the tier's business."""
    return pips.between(scenario.get("since", "0"), scenario.get("until", "99"))


class World:
    """Both halves of a scenario run in worlds of their own, so that neither leaves anything for the other."""

    def __init__(self, scenario: dict[str, Any], directory: Path, pip_version: str) -> None:
        self.scenario = scenario
        self.stack = ExitStack()
        self.machine = Machine(directory, pips.pip_of(pip_version))
        self.evil_file = wheel("acme-core", "99.0", says="evil")
        self.private = self._index("private", wheel("acme-core", "1.0", says="private"), wheel("acme-build", "1.0", says="private"))
        self.public = self._index("public", wheel("pubdep", "1.0", says="public"), self.evil_file, wheel("acme-build", "99.0", says="evil"))
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            closed = unused.getsockname()[1]
        self.names = {
            "private": self.private.url, "public": self.public.url, "private_root": self.private.root, "public_root": self.public.root,
            "evil": self.public.file_url(self.evil_file), "evil_sha256": self.evil_file.sha256, "project": str(self.machine.project),
            "closed": f"http://127.0.0.1:{closed}/simple", "other": str(directory / "other"), "pip": str(self.machine.pip),
        }
        self._furnish(directory)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stack.close()

    def _index(self, side: str, *files: File) -> IndexServer:
        options = self.scenario.get(side, {})
        tls = None
        if options.get("tls"):
            import ssl

            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trustme.CA().issue_cert("localhost").configure_cert(tls)
        index = self.stack.enter_context(IndexServer(side, hashes=options.get("hashes", True), json_pages=options.get("json", False), tls=tls))
        index.add(*files)
        return index

    def _furnish(self, directory: Path) -> None:
        scenario, machine = self.scenario, self.machine
        for side, index in (("private", self.private), ("public", self.public)):
            options = self.fill(scenario.get(side, {}))
            for name in options.get("remove", ()):
                index.projects.pop(name, None)
            for arguments in options.get("wheels", ()):
                index.add(wheel(**_arguments(arguments)))
            for arguments in options.get("sdists", ()):
                index.add(sdist(**_arguments(arguments)))
            for path, answer in options.get("answers", {}).items():
                index.answers[path] = _answer(answer)
            if "files-at" in options:
                index.files_at = options["files-at"]
        for name, text in self.fill(scenario.get("files", {})).items():
            machine.write(name, text)
        for name, arguments in self.fill(scenario.get("trees", {})).items():
            for path, text in source_tree(**_arguments(arguments)).items():
                machine.write(f"{name}/{path}", text)
        for name, arguments in self.fill(scenario.get("local-wheels", {})).items():
            file = wheel(**_arguments(arguments))
            (machine.project / name).mkdir(parents=True, exist_ok=True)
            (machine.project / name / file.filename).write_bytes(file.content)
        machine.environment.update(self.fill(scenario.get("env", {})))
        if "config" in scenario:
            machine.environment["PIP_CONFIG_FILE"] = str(machine.write("pip.conf", self.fill(scenario["config"])))
        if scenario.get("python"):
            interpreters.make_environment(directory / "other")
        for command in scenario.get("before", ()):
            done = machine.plain(*self.fill(command).split())
            assert done.code == 0, done.text

    def fill(self, value: Any) -> Any:
        """Placeholders replaced, at any depth."""
        if isinstance(value, str):
            for name, text in self.names.items():
                value = value.replace("{" + name + "}", text)
            return value
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        return value

    def plain(self) -> Result:
        return self.machine.plain(*self.fill(self.scenario["plain"]["args"]).split())

    def pinned(self) -> Result:
        policy = self.scenario.get("policy", POLICY.replace("{{", "{").replace("}}", "}"))
        self.machine.write("pip-pinned.toml", self.fill(policy))
        return self.machine.pinned(*self.fill(self.scenario["pinned"]["args"]).split())

    def evil_reached(self, result: Result) -> bool:
        """Whether anything of the attacker's was installed, saved, built with, run, locked or offered."""
        shown = "\n".join(line for line in result.out.splitlines() if not line.startswith("Looking in"))
        if "99.0" in shown or "+evil" in shown:
            return True
        roots = [self.machine.project / name for name in OUTPUTS] + [self.machine.directory / "other" / "lib"]
        files = [path for root in roots for path in root.rglob("*") if path.is_file()]
        lock = self.machine.project / "pylock.toml"
        if lock.exists() and self.scenario["plain"]["args"].startswith("lock "):
            files.append(lock)
        return any(mark in path.read_bytes() for path in files for mark in (*_EVIL, b"99.0"))

    def installed(self) -> dict[str, str]:
        found = self.machine.installed("site")
        if self.scenario.get("python"):
            for info in (self.machine.directory / "other").rglob("*.dist-info"):
                name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
                found[name.replace("_", "-").lower()] = version
        return found


def _arguments(table: dict[str, Any]) -> Any:
    """Keyword arguments out of a TOML table: its arrays as tuples, a metadata file as bytes."""
    arguments: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    return {**arguments, "sidecar": arguments["sidecar"].lstrip().encode()} if "sidecar" in arguments else arguments


def _answer(spec: dict[str, Any]) -> Answer:
    if "redirect" in spec:
        return redirect(spec["redirect"], spec.get("status", 302))
    return Answer(spec.get("status", 200), spec.get("body", "").encode(), spec.get("headers", {}), spec.get("hang", False))
