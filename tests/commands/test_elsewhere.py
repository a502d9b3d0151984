"""Locked files from other places than the locked index: any index of the policy, or a mirror of PyPI, held to their hashes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from pip._internal.models.index import PyPI

from tests.commands.test_sync import Venv, venv
from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import sdist, wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["venv"]
UNREACHABLE = {"HTTPS_PROXY": "http://127.0.0.1:9"}  # where PyPI is


@pytest.fixture
def lock(venv: Venv, private: IndexServer, public: IndexServer) -> Path:
    """A lock of acme-core, made while the private index had it; it has a newer version only by now, and the public index the locked one."""
    assert venv.run("lock", "acme-core").code == 0
    public.add(*private.projects["acme-core"])
    private.projects["acme-core"] = [wheel("acme-core", "2.0", says="private")]
    return venv.machine.project / "pylock.toml"


def _any_index(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    venv.machine.write("pip-pinned.toml", "sync-any-index = true\n" + POLICY.format(private=private.url, public=public.url))


@pytest.mark.pips
def test_with_sync_any_index_the_file_may_come_from_any_index(venv: Venv, lock: Path, private: IndexServer, public: IndexServer) -> None:
    assert venv.run("sync").code == 1 and venv.installed() == {} and "acme-core" not in public.pages_asked()
    _any_index(venv, private, public)
    done = venv.run("sync")
    assert done.code == 0 and venv.installed() == {"acme-core": "1.0"} and venv.who("acme_core") == "private", done.text


@pytest.mark.parametrize("what", ["another file", "lock", "install"])
def test_no_other_file_comes_from_there(what: str, venv: Venv, lock: Path, private: IndexServer, public: IndexServer) -> None:
    _any_index(venv, private, public)
    if what == "another file":
        public.projects["acme-core"] = [wheel("acme-core", "1.0", says="evil")]
        assert venv.run("sync").code == 1 and venv.installed() == {}
    elif what == "lock":
        lock.unlink()
        assert venv.run("lock", "acme-core").code == 0
        assert tomllib.loads(lock.read_text())["packages"][0]["version"] == "2.0" and public.pages_asked() == []
    else:
        assert venv.run("install", "acme-core").code == 0 and venv.installed() == {"acme-core": "2.0"} and public.pages_asked() == []


def test_the_other_indexes_are_not_asked_while_the_locked_one_has_the_file(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    assert venv.run("lock", "acme-core").code == 0
    _any_index(venv, private, public)
    assert venv.run("sync").code == 0 and public.pages_asked() == []


@pytest.mark.pips
def test_build_requirements_have_no_hashes_and_stay_pinned(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    private.projects["acme-core"] = [sdist("acme-core", "1.0", build_requires=("acme-build",))]
    assert venv.run("lock", "acme-core", "acme-build").code == 0
    public.add(*private.projects["acme-build"])
    private.projects["acme-build"] = [wheel("acme-build", "1.1", says="private")]
    _any_index(venv, private, public)
    done = venv.run("sync")
    assert done.code == 0 and venv.installed() == {"acme-core": "1.0", "acme-build": "1.0"}, done.text
    built = dict[str, str]()
    exec((venv.site / "acme_core" / "__init__.py").read_text(), built)
    assert built["BUILT_WITH"] == "private" and public.pages_asked() == ["acme-build"]  # for the locked one


@pytest.mark.parametrize("how", ["by name", "by URL", "from a mirror"])
@pytest.mark.pips(since="26.0")
def test_build_requirements_in_the_same_process_see_nothing_of_what_a_lock_opens(how: str, venv: Venv, private: IndexServer, public: IndexServer) -> None:
    """There pip's finder, and what it has cached, is the one that looked up the locked files."""
    url = f"acme-build @ {public.root}/files/{public.projects['acme-build'][0].filename}"
    public.add(sdist("pubapp", "1.0", build_requires=("acme-build" if how != "by URL" else url,)))
    words = ["sync", "--use-feature=inprocess-build-deps"]
    if how == "from a mirror":
        policy = f'[[index]]\nname = "acme"\nurl = "{private.url}"\nexplicit = true\n[[index]]\nname = "pypi"\nurl = "{PyPI.simple_url}"\n[sources]\nacme-build = {{ index = "pypi" }}\n'
        public.add(wheel("acme-build", "1.0", says="private"))
        venv.machine.write("pip-pinned.toml", policy)
        words += ["--pypi-mirror", public.url]
    else:
        assert venv.run("lock", "acme-build").code == 0
        public.add(*private.projects["acme-build"])
        private.projects["acme-build"] = [wheel("acme-build", "0.9", says="private 0.9")]
        _any_index(venv, private, public)
    file = public.projects["pubapp"][0]
    path = venv.machine.project / "pylock.toml"
    lock: dict[str, Any] = tomllib.loads(path.read_text()) if path.exists() else {"lock-version": "1.0", "created-by": "tests", "packages": []}
    index = PyPI.simple_url if how == "from a mirror" else public.url
    lock["packages"].append({"name": "pubapp", "version": "1.0", "index": index, "sdist": {"name": file.filename, "url": public.file_url(file), "hashes": {"sha256": file.sha256}}})
    if how == "from a mirror":
        one = public.projects["acme-build"][-1]
        lock["packages"].insert(0, {"name": "acme-build", "version": "1.0", "index": index, "wheels": [
            {"name": one.filename, "url": public.file_url(one), "hashes": {"sha256": one.sha256}}]})
    lock.pop("tool", None)
    path.write_text(tomlkit.dumps(lock))
    done = venv.run(*words, **UNREACHABLE)
    if how == "by name":
        assert done.code == 0, done.text
        built = dict[str, str]()
        exec((venv.site / "pubapp" / "__init__.py").read_text(), built)
        assert built["BUILT_WITH"] == "private 0.9"
    else:
        assert done.code == 1 and "pubapp" not in venv.installed(), done.text


def test_pipenv_has_a_setting_for_it(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    (venv.machine.project / "pip-pinned.toml").unlink()
    pipfile = f'[[source]]\nname = "public"\nurl = "{public.url}"\n[[source]]\nname = "acme"\nurl = "{private.url}"\n[packages]\nacme-core = {{ version = "*", index = "acme" }}\n'
    venv.machine.write("Pipfile", pipfile)
    assert venv.run("lock").code == 0
    public.add(*private.projects.pop("acme-core"))
    done = venv.run("sync")
    assert done.code == 1 and "acme-core" not in venv.installed()  # neither a page nor the file are there
    venv.machine.write("Pipfile", pipfile + "[pipenv]\ninstall_search_all_sources = true\n")
    done = venv.run("sync")
    assert done.code == 0 and venv.who("acme_core") == "private", done.text


@pytest.mark.parametrize("how", ["option", "variable", "pipenv"])
def test_a_mirror_stands_for_pypi_and_the_lock_says_pypi(how: str, venv: Venv, public: IndexServer) -> None:
    venv.machine.write("pip-pinned.toml", "[sources]\n")
    words, environment = [], dict(UNREACHABLE)
    if how == "option":
        words = ["--pypi-mirror", public.url]
    elif how == "variable":
        environment["PIP_PINNED_PYPI_MIRROR"] = public.url
    else:
        (venv.machine.project / "pip-pinned.toml").unlink()
        venv.machine.write("Pipfile", f'[[source]]\nname = "pypi"\nurl = "{PyPI.simple_url}"\n[packages]\npubdep = "*"\n')
        environment["PIPENV_PYPI_MIRROR"] = public.url
    done = venv.run("lock", *words, *(["pubdep"] if how != "pipenv" else []), **environment)
    assert done.code == 0, done.text
    text = (venv.machine.project / "pylock.toml").read_text()
    (package,) = tomllib.loads(text)["packages"]
    assert package["index"].rstrip("/") == PyPI.simple_url.rstrip("/") and public.pages_asked() == ["pubdep"]
    checked = venv.run("lock", "--check", *words, *(["pubdep"] if how != "pipenv" else []), **environment)
    assert checked.code == 0, checked.text
    done = venv.run("sync", *words, **environment)
    assert done.code == 0 and venv.installed() == {"pubdep": "1.0"} and public.pages_asked() == ["pubdep"] * 3, done.text


def test_what_is_pinned_to_pypi_is_not_locked_from_a_mirror_and_may_be_synced_from_it(venv: Venv, public: IndexServer) -> None:
    """CONTRACT 1.2: no variable widens a pin. A locked hash is no wider at a mirror."""
    mirror = {"PIP_PINNED_PYPI_MIRROR": public.url, **UNREACHABLE}
    venv.machine.write("pip-pinned.toml", "[sources]\n")
    assert venv.run("lock", "pubdep", **mirror).code == 0
    path = venv.machine.project / "pylock.toml"
    lock = tomllib.loads(path.read_text())
    path.unlink()
    venv.machine.write("pip-pinned.toml", f'[[index]]\nname = "pypi"\nurl = "{PyPI.simple_url}"\n[sources]\npubdep = {{ index = "pypi" }}\n')
    public.requests.clear()
    done = venv.run("lock", "pubdep", **mirror)
    assert done.error == "index-unavailable" and public.requests == [], done.text
    del lock["tool"]
    path.write_text(tomlkit.dumps(lock))
    done = venv.run("sync", **mirror)
    assert done.code == 0 and venv.installed() == {"pubdep": "1.0"}, done.text


def test_a_mirror_with_another_file_gives_nothing(venv: Venv, public: IndexServer) -> None:
    venv.machine.write("pip-pinned.toml", "[sources]\n")
    words = ["--pypi-mirror", public.url]
    assert venv.run("lock", "pubdep", *words, **UNREACHABLE).code == 0
    public.projects["pubdep"] = [wheel("pubdep", "1.0", says="evil")]
    assert venv.run("sync", *words, **UNREACHABLE).code == 1 and venv.installed() == {}


def test_mirrors_that_make_no_sense(acme: Machine, public: IndexServer) -> None:
    assert acme.pinned("lock", "acme-core", "--pypi-mirror", "pypi.example/simple").error == "bad-url"
    done = acme.pinned("lock", "acme-core", "--pypi-mirror", public.url)
    assert done.code == 0 and "changes nothing: PyPI is no index of this policy" in done.err


def test_pip_install_knows_no_mirror(venv: Venv, public: IndexServer) -> None:
    venv.machine.write("pip-pinned.toml", "[sources]\n")
    done = venv.run("install", "pubdep", PIP_PINNED_PYPI_MIRROR=public.url, **UNREACHABLE)
    assert done.error == "index-unavailable" and public.requests == []
