"""Run plain pip and pip-pinned of any version, isolated from the machine's own configuration."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests import interpreters, pips

FORKS = hasattr(os, "fork") and interpreters.KIND != interpreters.FRESH
_AMBIENT = ("PIP_", "UV_", "XDG_", "_PIP", "PYTHON", "PIPENV_")
_NAMES = ("NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy",
          "https_proxy", "ALL_PROXY", "all_proxy", "VIRTUAL_ENV")


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """The environment without anything that configures pip, with a home of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_AMBIENT) and k not in _NAMES}
    kept.update(PATH=interpreters.search_path(), HOME=str(home), USERPROFILE=str(home), PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1",
                PIP_ROOT_USER_ACTION="ignore", PYTHONDONTWRITEBYTECODE="", NO_COLOR="1", PIP_RETRIES="0", PIP_DEFAULT_TIMEOUT="5",
                TMPDIR=str(home / "tmp"))
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    kept.update(extra)
    return kept


@dataclass
class Result:
    """What a command printed and left."""

    code: int
    out: str
    err: str
    decisions: list[dict[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def error(self) -> str | None:
        """The code behind the first ``error:``."""
        for line in self.text.splitlines():
            if line.strip().lower().startswith("error: "):
                return line.strip()[len("error: "):].strip()
        return None


@dataclass
class Machine:
    """A directory to work in, a pip version, and an environment."""

    directory: Path
    pip: Path | None = None
    python: str = field(default_factory=interpreters.bare)
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.project.mkdir(parents=True, exist_ok=True)
        self.environment = {**clean_environment(self.directory / "home"), **self.environment}

    @property
    def project(self) -> Path:
        return self.directory / "project"

    @property
    def path(self) -> str:
        """``PYTHONPATH`` of what runs here: pip, pip-pinned, and what that requires."""
        return os.pathsep.join(map(str, [*([] if self.pip is None else [self.pip]), interpreters.SRC, interpreters.dependencies()]))

    def write(self, name: str, text: str) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def plain(self, *args: str, **env: str) -> Result:
        """Plain pip."""
        return self._run("pip", args, env)

    def pinned(self, *args: str, **env: str) -> Result:
        """pip-pinned."""
        return self._run("pip_pinned", args, env)

    def run_script(self, *args: str, **env: str) -> Result:
        """A Python script of the project, with pip and pip-pinned importable."""
        return self._run(None, args, env)

    def _run(self, module: str | None, args: tuple[str, ...], env: dict[str, str]) -> Result:
        log = self.directory / "decisions.jsonl"
        log.unlink(missing_ok=True)
        environment = {**self.environment, "PYTHONPATH": self.path, "PIP_PINNED_DECISION_LOG": str(log), **env}
        done: interpreters.Ended | subprocess.CompletedProcess[str]
        if FORKS and module is not None and self.pip is not None and pips.is_untouched(self.pip):
            done = interpreters.run(self.python, module, args, self.project, environment)
        else:
            done = subprocess.run([self.python, *(["-m", module] if module else []), *args], cwd=self.project, env=environment, capture_output=True,
                                  text=True, timeout=120, stdin=subprocess.DEVNULL)
        decisions = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return Result(done.returncode, done.stdout, done.stderr, decisions)

    def installed(self, target: str = "site") -> dict[str, str]:
        """What ``install --target`` put there: normalised names and versions."""
        found = {}
        for info in (self.project / target).glob("*.dist-info"):
            name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
            found[name.replace("_", "-").lower()] = version
        return found

    def module(self, name: str, target: str = "site") -> dict[str, str]:
        """The variables of an installed module."""
        values: dict[str, str] = {}
        exec((self.project / target / name / "__init__.py").read_text(), values)
        return values
