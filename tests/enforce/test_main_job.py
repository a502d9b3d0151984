"""The main job on real input: a real pypiserver with authentication, and real packages from the registry that pip reaches."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pips, registry
from tests.running import Machine
from tests.servers.projects import sdist, wheel
from tests.servers.pypiserver import PypiServer

EXAMPLES = Path(__file__).parents[2] / "examples"

_NATIVE = """
[project]
name = "shop"
version = "1.0"

[[tool.pip-pinned.index]]
name = "company"
url = "{url}"
explicit = true

[tool.pip-pinned.sources]
"acme-*" = {{ index = "company" }}
acme = {{ index = "company" }}
"""
_UV = """
[[tool.uv.index]]
name = "company"
url = "{url}"
explicit = true

[tool.uv.sources]
acme = {{ index = "company" }}
acme-app = {{ index = "company" }}
acme-build = {{ index = "company" }}
"""
_PIPFILE = """
[[source]]
name = "default"
url = "{default}"
verify_ssl = true

[[source]]
name = "company"
url = "{url}"
verify_ssl = false

[packages]
acme = {{ version = "*", index = "company" }}
acme-app = {{ version = "*", index = "company" }}
idna = "*"

[dev-packages]
acme-build = {{ version = "*", index = "company" }}
"""


@pytest.fixture
def company(tmp_path: Path) -> Iterator[PypiServer]:
    """acme 0.1 (the registry has a public project of that name, with higher versions), acme-app (an sdist) and acme-build."""
    with PypiServer(tmp_path / "company", wheel("acme", "0.1", says="private"), wheel("acme-build", "1.0", says="private"),
                    sdist("acme-app", "1.0", requires=("acme", "idna"), build_requires=("acme-build",), says="private")) as server:
        yield server


def _machine(tmp_path: Path, pip_version: str) -> Machine:
    return Machine(tmp_path / "machine", pips.released(pip_version), environment=registry.transport())


@pytest.mark.pips
@pytest.mark.parametrize(("file", "text"), [("pyproject.toml", _NATIVE), ("pyproject.toml", _UV), ("Pipfile", _PIPFILE)], ids=["native", "uv", "pipfile"])
def test_private_packages_from_pypiserver_and_the_rest_from_the_registry(file: str, text: str, pip_version: str, tmp_path: Path, company: PypiServer) -> None:
    machine = _machine(tmp_path, pip_version)
    machine.write(file, text.format(url=company.url, default=registry.default_index()))
    machine.write("requirements.txt", "acme-app\nidna>=3\n")
    done = machine.pinned("install", "--target", "site", "-r", "requirements.txt")
    assert done.code == 0, done.text
    installed = machine.installed()
    assert set(installed) == {"acme-app", "acme", "idna"} and installed["acme"] == "0.1"
    assert machine.module("acme_app")["BUILT_WITH"] == "private"
    assert "s3cret" not in done.text


def test_plain_pip_takes_the_public_project_of_the_same_name(tmp_path: Path, company: PypiServer) -> None:
    machine = _machine(tmp_path, pips.NEWEST)
    done = machine.plain("download", "--no-deps", "-d", "down", "--index-url", registry.default_index(), "--extra-index-url", company.url, "acme")
    assert done.code == 0, done.text
    assert not list((machine.project / "down").glob("acme-0.1-*"))


@pytest.mark.parametrize("example", ["requirements", "pyproject", "uv", "pipfile"])
def test_examples_run(example: str, tmp_path: Path) -> None:
    machine = _machine(tmp_path, pips.NEWEST)
    shutil.copytree(EXAMPLES / example, machine.project, dirs_exist_ok=True)
    server = subprocess.Popen([sys.executable, str(EXAMPLES / "serve.py"), "0"], stdout=subprocess.PIPE, text=True,
                              env={**machine.environment, "PYTHONPATH": str(EXAMPLES.parent / "src")})
    try:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        for path in machine.project.iterdir():
            path.write_text(path.read_text().replace("http://127.0.0.1:8765/simple", url))
        done = machine.pinned("install", "--target", "site", "-r", "requirements.txt", DEFAULT_INDEX=registry.default_index())
    finally:
        server.terminate()
        server.wait(30)
        if server.stdout is not None:
            server.stdout.close()
    assert done.code == 0, done.text
    assert machine.installed()["acme-core"] == "1.4.0" and "idna" in machine.installed()
