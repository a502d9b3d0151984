"""verify compares an environment with the policy and a lock; it asks nothing and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_sync import Venv, venv
from tests.conftest import POLICY
from tests.servers.index import IndexServer
from tests.servers.projects import source_tree, wheel

__all__ = ["venv"]


def _verify(venv: Venv, *words: str) -> tuple[int, dict[str, str]]:
    """The exit code, and by package what is wrong with it."""
    done = venv.run("verify", "--format", "json", *words)
    found: dict[str, Any] = json.loads(done.out)
    assert found["ok"] == (done.code == 0) == (not found["differences"]), done.text
    return done.code, {difference["name"]: difference["code"] for difference in found["differences"]}


@pytest.mark.pips
def test_all_is_well_and_nothing_is_asked(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    assert venv.run("lock", "acme-app").code == 0 and venv.run("sync").code == 0
    for server in (private, public):
        server.requests.clear()
    done = venv.run("verify")
    assert done.code == 0 and "3 packages compared with the policy and pylock.toml: no difference." in done.out, done.text
    assert private.requests == public.requests == []
    (venv.machine.project / "pylock.toml").unlink()
    assert "3 packages compared with the policy: no difference." in venv.run("verify").out


def test_what_came_from_elsewhere(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    for path, text in source_tree("acme-local", "1.0").items():
        venv.machine.write(f"local/{path}", text)
    assert venv.run("install", "--no-deps", "acme-core", "pubdep", "./local").code == 0
    assert _verify(venv) == (0, {})
    moved = POLICY.format(private="https://pypi.acme.example/simple", public=public.url)
    venv.machine.write("pip-pinned.toml", moved)
    assert _verify(venv) == (1, {"acme-core": "other-index"})
    venv.machine.write("pip-pinned.toml", POLICY.format(private=private.url, public="https://public.example/simple"))
    assert _verify(venv) == (1, {"pubdep": "other-index"})
    shown = venv.run("verify", COLUMNS="200").out
    assert f"other-index  pubdep   public {public.url}" in shown and "no pin; index-strategy first-index" in shown and "1 difference." in shown


@pytest.mark.parametrize(("word", "code"), [("acme-core", "unknown-origin"), ("{root}/files/acme_core-99.0-py3-none-any.whl", "direct-reference")])
def test_what_another_program_installed(word: str, code: str, venv: Venv, public: IndexServer) -> None:
    done = venv.machine.plain("install", "--index-url", public.url, word.format(root=public.root))
    assert done.code == 0 and venv.who("acme_core") == "evil", done.text
    assert _verify(venv) == (1, {"acme-core": code})


def test_a_lock_is_compared_too(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    venv.machine.write("pyproject.toml", '[project]\nname = "app"\nversion = "1"\ndependencies = ["acme-core"]\n[project.optional-dependencies]\nmore = ["pubdep"]\n')
    assert venv.run("lock", "--extra", "more").code == 0
    private.add(wheel("acme-core", "3.0", says="private"))
    assert venv.run("install", "acme-core", "acme-build").code == 0
    assert _verify(venv) == (1, {"acme-core": "other-version", "acme-build": "not-locked"})
    assert _verify(venv, "--extra", "more") == (1, {"acme-core": "other-version", "acme-build": "not-locked", "pubdep": "missing"})
    assert _verify(venv, "pylock.toml")[0] == 1 and venv.run("verify", "nowhere.toml").error == "bad-lock"
    assert venv.run("verify", "--format", "yaml").code == 2


@pytest.mark.pips
def test_what_pip_pinned_had_from_another_index_is_found_and_replaced(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    """The right version, noted as from elsewhere: sync does not take it for the locked one."""
    public.add(wheel("acme-core", "1.0", says="evil"))
    assert venv.run("install", "acme-core==1.0", "--pin", "acme-core=public").code == 0
    assert venv.who("acme_core") == "evil" and _verify(venv) == (1, {"acme-core": "other-index"})
    assert venv.run("lock", "acme-core").code == 0
    assert venv.run("sync", "--check").code == 1
    done = venv.run("sync")
    assert done.code == 0 and "reinstall" in done.out and venv.who("acme_core") == "private", done.text
    assert venv.run("sync", "--check").code == 0 and _verify(venv) == (0, {})


def test_the_same_file_from_another_index_is_the_locked_one(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    assert venv.run("lock", "pubdep").code == 0
    private.add(*public.projects["pubdep"])
    assert venv.run("install", "pubdep", "--pin", "pubdep=acme").code == 0
    assert venv.run("sync", "--check").code == 0
    assert _verify(venv) == (1, {"pubdep": "other-index"})  # by today's policy it comes from there no more


def test_notes_that_cannot_be_read(venv: Venv, private: IndexServer) -> None:
    assert venv.run("install", "acme-core").code == 0
    note = venv.site / "acme_core-1.0.dist-info" / "pip-pinned.json"
    for text in ("", "[]", "{", '{"index-url": 3}', '{"index-url": "${HOME}"}'):
        note.write_text(text)
        assert _verify(venv)[1]["acme-core"] in ("unknown-origin", "other-index"), text


def test_pipfile_lock(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    (venv.machine.project / "pip-pinned.toml").unlink()
    venv.machine.write("Pipfile", f'[[source]]\nname = "public"\nurl = "{public.url}"\n[[source]]\nname = "acme"\nurl = "{private.url}"\n[packages]\nacme-core = {{ version = "*", index = "acme" }}\n')
    assert venv.run("lock", "--format", "pipfile-lock").code == 0 and venv.run("sync").code == 0
    assert _verify(venv) == (0, {})
    assert venv.run("uninstall", "-y", "acme-core").code == 0 and _verify(venv) == (1, {"acme-core": "missing"})


def test_a_lock_under_other_pins_is_refused(venv: Venv, private: IndexServer) -> None:
    assert venv.run("lock", "acme-core").code == 0
    path = Path(venv.machine.project / "pylock.toml")
    path.write_text(path.read_text().replace('"acme-*" = ["acme"]', '"acme-*" = ["public"]'))
    done = venv.run("verify")
    assert (done.code, done.error) == (1, "pins-changed")
