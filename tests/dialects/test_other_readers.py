"""The locks that pip-pinned writes are read by the tools that they are for: uv reads pylock.toml, pipenv reads Pipfile.lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import Machine, clean_environment
from tests.servers.index import IndexServer
from tests.servers.projects import sdist, wheel

PIPFILE = """\
[[source]]
name = "public"
url = "{public}"
verify_ssl = true

[[source]]
name = "acme"
url = "http://${{ACME_USER}}:${{ACME_TOKEN}}@127.0.0.1:{port}/simple"
verify_ssl = true

[packages]
acme-app = {{ version = "*", index = "acme", markers = "os_name != 'x'" }}
acme-core = {{ version = "*", index = "acme" }}
acme-dep = {{ version = "*", index = "acme" }}
pubdep = "*"

[dev-packages]
tool = "*"

[docs]
tool = "==1.0"

[requires]
python_version = "{python}"
"""


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


pytestmark = pytest.mark.skipif("PIP_PINNED_DIALECT_TOOLS" not in os.environ, reason="tox -e dialects has uv and pipenv")


def test_uv_installs_from_the_lock(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    private.add(wheel("acme-app", "2.0", requires=("acme-core", "pubdep")), sdist("acme-core", "1.0"))
    assert acme.pinned("lock", "acme-app").code == 0
    target = acme.project / "site"
    environment = clean_environment(acme.directory / "home", UV_CACHE_DIR=str(acme.directory / "uv"), UV_NO_CONFIG="1", UV_PYTHON_DOWNLOADS="never", UV_OFFLINE="0")
    done = subprocess.run([_program("uv"), "pip", "install", "--python", sys.executable, "--target", str(target), "-r", "pylock.toml", "--preview"], cwd=acme.project, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0 and acme.installed() == {"acme-app": "2.0", "acme-core": "1.0", "pubdep": "1.0"}, done.stdout + done.stderr
    assert acme.module("acme_core")["WHO"] == "private"


@pytest.mark.pips
def test_pipenv_verifies_and_installs_from_the_lock(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("robot", "s3cret")
    private.add(wheel("acme-app", "2.0", requires=("acme-core", "acme-dep")), wheel("acme-dep", "1.0"), sdist("acme-core", "1.0"))
    public.add(wheel("tool", "1.0"), wheel("tool", "2.0"), wheel("acme-dep", "0.1"))
    machine.write("Pipfile", PIPFILE.format(public=public.url, port=private.port, python=f"{sys.version_info[0]}.{sys.version_info[1]}"))
    secrets = {"ACME_USER": "robot", "ACME_TOKEN": "s3cret"}
    done = machine.pinned("lock", "--format", "pipfile-lock", **secrets)
    assert done.code == 0, done.text
    lock = json.loads((machine.project / "Pipfile.lock").read_text())
    assert {name: entry["index"] for name, entry in lock["default"].items()} == {"acme-app": "acme", "acme-core": "acme", "acme-dep": "acme", "pubdep": "public"}
    assert lock["default"]["acme-app"]["markers"] == "os_name != 'x'" and len(lock["default"]["acme-core"]["hashes"]) == 2
    assert lock["develop"]["tool"]["version"] == lock["docs"]["tool"]["version"] == "==1.0"
    assert "s3cret" not in json.dumps(lock) and lock["_meta"]["sources"][1]["url"].startswith("http://${ACME_USER}:${ACME_TOKEN}@")
    environment = clean_environment(machine.directory / "home", PIPENV_VENV_IN_PROJECT="1", PIPENV_IGNORE_VIRTUALENVS="1", PIPENV_YES="1", LANG="C.UTF-8", LC_ALL="C.UTF-8", **secrets)
    for words in (("verify",), ("sync", "--python", sys.executable)):
        pipenv = subprocess.run([_program("pipenv"), *words], cwd=machine.project, env=environment, capture_output=True, text=True)
        assert pipenv.returncode == 0, pipenv.stdout + pipenv.stderr
    site = next((machine.project / ".venv").glob("lib/python*/site-packages"))
    assert {path.name for path in site.glob("*.dist-info")} >= {"acme_app-2.0.dist-info", "acme_core-1.0.dist-info", "acme_dep-1.0.dist-info", "pubdep-1.0.dist-info"}
