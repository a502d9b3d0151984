"""pin and unpin write into the dialect that governs, keep its style, and what they write is what install does."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer
from tests.servers.projects import wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NATIVE = """\
# ours
[[tool.pip-pinned.index]]
name = "public"     # everybody's
url = "{public}"
default = true

[tool.other]
x = [1,2]
"""
UV = """\
[project]
name = "app"
version = "1"
dependencies = ["acme-core"]

[tool.uv]
# a comment
index-strategy = "first-index"

[[tool.uv.index]]
name = "public"
url = "{public}"
default = true

[tool.black]
line-length = 9
"""
PIPFILE = """\
[[source]]
url = "{public}"
verify_ssl = true
name = "public"

[packages]
idna = "*"  # as it is
acme-core = ">=1"

[dev-packages]
"""
POETRY = """\
[tool.poetry]
name = "app"

[[tool.poetry.source]]
name = "public"
url = "{public}"
priority = "primary"

[tool.poetry.dependencies]
python = "^3.10"
acme-core = {{ version = "^1", optional = true }} # theirs
"""
PDM = """\
[project]
name = "app"

[[tool.pdm.source]]
name = "pypi"
url = "{public}"

[tool.pdm]
distribution = false
"""

PROJECTS = {"native": ("pyproject.toml", NATIVE), "uv": ("pyproject.toml", UV), "pipfile": ("Pipfile", PIPFILE), "poetry": ("pyproject.toml", POETRY), "pdm": ("pyproject.toml", PDM)}


def _write(machine: Machine, dialect: str, public: IndexServer) -> Path:
    name, text = PROJECTS[dialect]
    return machine.write(name, text.format(public=public.url))


@pytest.mark.parametrize("dialect", PROJECTS)
def test_a_pin_is_added_to_what_governs_and_holds(dialect: str, machine: Machine, private: IndexServer, public: IndexServer) -> None:
    path = _write(machine, dialect, public)
    before = path.read_text()
    assert machine.pinned("install", "--target", "a", "acme-core").code == 0 and machine.module("acme_core", "a")["WHO"] == "evil"
    done = machine.pinned("pin", "acme-core", "--index", f"acme={private.url}")
    assert done.code == 0 and "acme-core: pinned to acme" in done.out, done.text
    after = path.read_text()
    removed = [line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- ")]
    assert len(removed) <= 1 and all("acme-core" in line for line in removed), after  # nothing else has changed
    assert machine.pinned("install", "--target", "b", "acme-core").code == 0 and machine.module("acme_core", "b")["WHO"] == "private", after
    assert machine.pinned("pin", "acme-build", "--index", "acme").code == 0
    assert machine.pinned("install", "--target", "c", "acme-build").code == 0 and machine.module("acme_build", "c")["WHO"] == "private"
    done = machine.pinned("unpin", "acme-build", "Acme_Core")
    assert done.code == 0, done.text
    assert machine.pinned("install", "--target", "d", "acme-core").code == 0 and machine.module("acme_core", "d")["WHO"] == "evil"
    assert machine.pinned("unpin", "acme-core").error == "not-pinned"


@pytest.mark.parametrize("dialect", ["native", "uv", "pipfile", "poetry"])
def test_the_text_of_it(dialect: str, machine: Machine, private: IndexServer, public: IndexServer) -> None:
    path = _write(machine, dialect, public)
    before = path.read_text().splitlines()
    assert machine.pinned("pin", "acme-core", "--index", f"acme={private.url}").code == 0
    added = [line[2:] for line in difflib.ndiff(before, path.read_text().splitlines()) if line.startswith("+ ") and line.strip() != "+"]
    explicit = ["explicit = true"]
    index = [f"[[tool.{'pip-pinned' if dialect == 'native' else dialect}.index]]", 'name = "acme"', f'url = "{private.url}"']
    assert added == {
        "native": [*index, *explicit, "[tool.pip-pinned.sources]", 'acme-core = { index = "acme" }'],
        "uv": [*index, *explicit, "[tool.uv.sources]", 'acme-core = { index = "acme" }'],
        "pipfile": ["[[source]]", f'url = "{private.url}"', "verify_ssl = true", 'name = "acme"', 'acme-core = { version = ">=1", index = "acme" }'],
        "poetry": ["[[tool.poetry.source]]", 'name = "acme"', f'url = "{private.url}"', 'priority = "explicit"',
                   'acme-core = { version = "^1", optional = true, source = "acme"} # theirs'],
    }[dialect], path.read_text()


def test_where_nothing_is_declared_yet(machine: Machine, private: IndexServer) -> None:
    assert machine.pinned("pin", "acme-core", "acme-*", "--index", private.url).code == 0
    assert (machine.project / "pip-pinned.toml").read_text() == (
        f'[[index]]\nname = "127.0.0.1"\nurl = "{private.url}"\nexplicit = true\n\n[sources]\nacme-core = {{ index = "127.0.0.1" }}\n"acme-*" = {{ index = "127.0.0.1" }}\n')
    machine.write("pyproject.toml", '[project]\nname = "app"\n')
    (machine.project / "pip-pinned.toml").unlink()
    assert machine.pinned("pin", "acme-core", "--index", f"acme={private.url}", "--no-explicit").code == 0
    text = (machine.project / "pyproject.toml").read_text()
    assert text.startswith('[project]\nname = "app"\n\n[[tool.pip-pinned.index]]\n') and "explicit" not in text


def test_a_url_that_is_declared_keeps_its_name(acme: Machine, private: IndexServer) -> None:
    assert acme.pinned("pin", "other-lib", "--index", private.url + "/", "--no-check").code == 0
    assert 'other-lib = { index = "acme" }' in (acme.project / "pip-pinned.toml").read_text()


@pytest.mark.parametrize(("words", "error"), [
    (["nowhere-lib", "--index", "acme"], "pin-not-found"), (["acme-core", "--index", "acmee"], "unknown-index"), (["acme core", "--index", "acme"], "bad-pin"),
    (["acme-core", "--index", "acme=https://other.example/simple"], "index-redefined"), (["acme-core", "--index", "second=https://user:s3cret@other.example/simple"], "bad-url"),
    (["acme-core", "--index", "second=https://${UNSET}@other.example/simple"], "bad-url"), (["acme-core", "--index", "second=other.example/simple"], "bad-url")])
def test_what_is_not_written(words: list[str], error: str, acme: Machine, private: IndexServer) -> None:
    before = (acme.project / "pip-pinned.toml").read_text()
    done = acme.pinned("pin", *words)
    assert done.error == error and done.code == 1 and "s3cret" not in done.text, done.text
    assert (acme.project / "pip-pinned.toml").read_text() == before


@pytest.mark.parametrize(("answer", "error"), [(Answer(500), "index-unavailable"), (Answer(401), "index-auth-failed"), (Answer(200, b"hello"), "index-unavailable")])
def test_an_index_that_does_not_say(answer: Answer, error: str, acme: Machine, private: IndexServer) -> None:
    before = (acme.project / "pip-pinned.toml").read_text()
    private.answers["/simple/acme-new/"] = answer
    assert acme.pinned("pin", "acme-new", "--index", "acme").error == error and (acme.project / "pip-pinned.toml").read_text() == before
    assert acme.pinned("pin", "acme-new", "--index", "acme", "--no-check").code == 0 and "acme-new" in (acme.project / "pip-pinned.toml").read_text()


def test_unpin_says_which_glob_covers_a_name(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    done = acme.pinned("unpin", "acme-core")
    assert done.error == "not-pinned" and "acme-* at pip-pinned.toml" in done.text
    assert acme.pinned("unpin", "acme-*").code == 0
    assert (acme.project / "pip-pinned.toml").read_text() == POLICY.format(private=private.url, public=public.url).replace('"acme-*" = { index = "acme" }\n', "")


def test_variables_stay_variables(acme: Machine, serve: Callable[..., IndexServer]) -> None:
    second = serve("second", credentials=("robot", "s3cret")).add(wheel("acme-core", "1.0"))
    url = second.url.replace("://", "://robot:${ACME_TOKEN}@")
    done = acme.pinned("pin", "acme-core", "--index", f"second={url}", ACME_TOKEN="s3cret")
    assert done.code == 0, done.text
    assert "${ACME_TOKEN}" in (acme.project / "pip-pinned.toml").read_text() and "s3cret" not in done.text


@pytest.mark.parametrize("dialect", ["uv", "pipfile", "poetry"])
def test_globs_that_a_dialect_does_not_have(dialect: str, machine: Machine, public: IndexServer) -> None:
    path = _write(machine, dialect, public)
    before = path.read_text()
    done = machine.pinned("pin", "acme-*", "--index", "acme=https://pypi.acme.example/simple", "--no-check")
    assert done.error == "bad-pin" and path.read_text() == before


@pytest.mark.parametrize(("text", "error"), [
    ('[[index]]\nname = "a"\nurl = "https://a.example/simple"\n[index.cache-control]\napi = "no-cache"\n', None),
    ('x = """\n[[index]]\n"""\n', "bad-configuration"),
    ('index = [{ name = "a", url = "https://a.example/simple" }]\n[sources]\n', "bad-configuration")])
def test_what_is_there_keeps_its_meaning(text: str, error: str | None, machine: Machine) -> None:
    path = machine.write("pip-pinned.toml", text)
    done = machine.pinned("pin", "acme-core", "--index", "b=https://b.example/simple", "--no-check")
    assert "Traceback" not in done.text and done.error == error, done.text
    if error is None:
        first, second = tomllib.loads(path.read_text())["index"]
        assert first["cache-control"] == {"api": "no-cache"} and second == {"name": "b", "url": "https://b.example/simple", "explicit": True}
    else:
        assert path.read_text() == text


def test_a_pin_that_would_not_hold_is_not_written(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    """Native keys win over a dialect that was chosen."""
    text = f'[tool.pip-pinned]\ndialect = "uv"\n[[tool.pip-pinned.index]]\nname = "a"\nurl = "{private.url}"\n[tool.pip-pinned.sources]\nacme-core = {{ index = "a" }}\n'
    path = machine.write("pyproject.toml", text + f'[[tool.uv.index]]\nname = "b"\nurl = "{public.url}"\n')
    before = path.read_text()
    done = machine.pinned("pin", "acme-core", "--index", "b")
    assert done.error == "pin-conflict" and path.read_text() == before, done.text
    path.write_text(before + '[tool.uv.sources]\nacme-core = { index = "b" }\nlib = { git = "https://git.example/lib" }\n')
    assert "pinned to a by acme-core" in machine.pinned("unpin", "acme-core").out
    assert machine.pinned("pin", "lib", "--index", "b", "--no-check").error == "pin-conflict"


def test_pdm_can_pin_to_its_own_default(machine: Machine, public: IndexServer) -> None:
    path = machine.write("pyproject.toml", f'[project]\nname = "app"\n[[tool.pdm.source]]\nname = "acme"\nurl = "{public.url}"\n')
    done = machine.pinned("pin", "idna", "--index", "pypi", "--no-check")
    assert done.code == 0 and [entry.get("include_packages") for entry in tomllib.loads(path.read_text())["tool"]["pdm"]["source"]] == [None, ["idna"]], done.text


@pytest.mark.parametrize("url", ["https://user:hunter2@${PLACE}/simple", "https://${USER_NAME}:hunter2@pypi.acme.example/simple"])
def test_a_secret_beside_a_variable_is_still_a_secret(url: str, machine: Machine) -> None:
    done = machine.pinned("pin", "acme-core", "--index", f"acme={url}", "--no-check", PLACE="pypi.acme.example", USER_NAME="robot")
    assert done.error == "bad-url" and "hunter2" not in done.text and not (machine.project / "pip-pinned.toml").exists()
