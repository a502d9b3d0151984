"""sync makes an environment equal to a lock, or refuses the lock."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import interpreters
from tests.conftest import POLICY
from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer
from tests.servers.projects import sdist, source_tree, wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib



class Venv:
    """A virtual environment with nothing in it; pip, pip-pinned and what it needs are on its path only."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.home = interpreters.emptied_environment()

    @property
    def site(self) -> Path:
        return next(self.home.glob("lib/python*/site-packages"))

    def run(self, *words: str, **environment: str) -> Result:
        return self.machine.pinned(*words, **environment)

    def installed(self) -> dict[str, str]:
        found = [info.name.removesuffix(".dist-info").rpartition("-") for info in self.site.glob("*.dist-info")]
        return {name.replace("_", "-"): version for name, _, version in found}

    def who(self, module: str) -> str:
        values: dict[str, str] = {}
        exec((self.site / module / "__init__.py").read_text(), values)
        return values["WHO"]


@pytest.fixture
def venv(acme: Machine, private: IndexServer) -> Iterator[Venv]:
    private.add(wheel("acme-app", "2.0", requires=("acme-core", "pubdep"), says="private"))
    yield Venv(acme)
    interpreters.emptied_environment()


def _lock(venv: Venv, *words: str) -> dict[str, Any]:
    done = venv.run("lock", *words)
    assert done.code == 0, done.text
    return tomllib.loads((venv.machine.project / "pylock.toml").read_text())


@pytest.mark.pips
def test_the_environment_becomes_what_the_lock_says(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    _lock(venv, "acme-app")
    private.add(wheel("acme-core", "3.0"), wheel("acme-old", "1.0"))
    assert venv.run("install", "acme-old", "acme-core").code == 0
    assert venv.installed() == {"acme-old": "1.0", "acme-core": "3.0"}
    shown = venv.run("sync", "--dry-run")
    assert shown.code == 0 and all(word in shown.out for word in ("change", "acme-core", "3.0", "install", "acme-app", "remove", "acme-old")), shown.text
    assert venv.installed() == {"acme-old": "1.0", "acme-core": "3.0"}
    assert venv.run("sync", "--inexact").code == 0
    assert venv.installed() == {"acme-old": "1.0", "acme-core": "1.0", "acme-app": "2.0", "pubdep": "1.0"}
    done = venv.run("sync")
    assert done.code == 0 and venv.installed() == {"acme-core": "1.0", "acme-app": "2.0", "pubdep": "1.0"}, done.text
    assert "Nothing to do" in venv.run("sync").out and venv.run("sync", "--check").code == 0
    assert venv.run("uninstall", "-y", "pubdep").code == 0 and venv.run("sync", "--check").code == 1 and "pubdep" not in venv.installed()
    assert "acme-core" not in public.pages_asked()


@pytest.mark.pips
def test_extras_groups_and_markers_select(venv: Venv) -> None:
    venv.machine.write("pyproject.toml", '[project]\nname = "app"\nversion = "1"\ndependencies = ["acme-core"]\n'
                       '[project.optional-dependencies]\nmore = ["pubdep"]\n[dependency-groups]\ndev = ["acme-build"]\n')
    _lock(venv, "--extra", "more")
    for words, expected in (((), {"acme-core"}), (("--extra", "more"), {"acme-core", "pubdep"}), (("--group", "dev"), {"acme-core", "acme-build"})):
        done = venv.run("sync", *words)
        assert done.code == 0 and set(venv.installed()) == expected, done.text
    assert venv.run("sync", "--group", "docs").error == "lock-does-not-fit"


def _rewrite(venv: Venv, lock: dict[str, Any]) -> None:
    venv.machine.write("pylock.toml", tomlkit.dumps(lock))


@pytest.mark.parametrize("what", ["no index", "another index", "unknown index", "no hash", "path", "archive", "name", "pins", "python"])
def test_a_lock_that_says_something_else_is_refused(what: str, venv: Venv, private: IndexServer, public: IndexServer) -> None:
    lock = _lock(venv, "acme-core", "pubdep")
    core, pubdep = lock["packages"]
    error = "lock-entry-refused"
    if what == "no index":
        del core["index"]
    elif what == "another index":
        core["index"] = public.url
    elif what == "unknown index":
        pubdep["index"] = "https://elsewhere.example/simple"
    elif what == "no hash":
        core["wheels"][0]["hashes"] = {}
        error = "bad-lock"
    elif what == "path":
        evil = wheel("acme-core", "1.0", says="evil")
        venv.machine.project.joinpath(evil.filename).write_bytes(evil.content)
        core["wheels"][0] = {"name": evil.filename, "path": evil.filename, "hashes": {"sha256": evil.sha256}}
    elif what == "archive":
        evil = public.projects["acme-core"][0]
        lock["packages"][0] = {"name": "acme-core", "archive": {"url": f"{public.root}/files/{evil.filename}", "hashes": {"sha256": evil.sha256}}}
    elif what == "name":
        core["wheels"][0]["name"] = "other_lib-1.0-py3-none-any.whl"
        error = "bad-lock"
    elif what == "pins":
        lock["tool"]["pip-pinned"]["pins"]["acme-*"] = ["public"]
        error = "pins-changed"
    else:
        lock["requires-python"] = ">=99"
        error = "lock-does-not-fit"
    _rewrite(venv, lock)
    done = venv.run("sync")
    assert (done.code, venv.installed()) == (1, {}) and (done.error == error or what == "path"), done.text  # a path beside an index is not looked at
    if what == "pins":
        assert "acme-*: public when it was locked, acme now" in done.text
    if what == "unknown index":
        pubdep["index"] = f"{public.root}/simple/"
        venv.machine.write("pip-pinned.toml", POLICY.format(private=private.url, public="https://public.example/simple"))
        _rewrite(venv, lock)
        assert venv.run("sync").error == "lock-entry-refused"
        assert venv.run("sync", "--trust-lock-indexes").code == 0 and venv.installed() == {"acme-core": "1.0", "pubdep": "1.0"}


def test_another_hash_than_the_locked_one_is_not_installed(venv: Venv, private: IndexServer) -> None:
    _lock(venv, "acme-core")
    private.projects["acme-core"] = [wheel("acme-core", "1.0", says="somebody else")]
    done = venv.run("sync")
    assert done.code == 1 and venv.installed() == {}, done.text


@pytest.mark.parametrize("place", ["/b/files/", "/b/simple/acme-core/", "/a/%2e%2e/b/files/", "/a/../b/files/"])
def test_a_hash_does_not_vouch_for_what_lies_below_another_index_of_the_same_host(place: str, venv: Venv, serve: Callable[..., IndexServer]) -> None:
    right, evil = wheel("acme-core", "1.0", says="private"), wheel("acme-core", "1.0", says="evil")
    host = serve("host")
    for repository, file in (("a", right), ("b", evil)):
        host.answers[f"/{repository}/simple/acme-core/"] = Answer(
            200, f'<a href="/{repository}/files/{file.filename}#sha256={file.sha256}">{file.filename}</a>'.encode(), {"Content-Type": "text/html"})
        host.answers[f"/{repository}/files/{file.filename}"] = Answer(200, file.content)
    host.answers[f"/(b/simple/acme-core|a/.*/b/files)/{evil.filename}"] = Answer(200, evil.content)
    venv.machine.write("pip-pinned.toml", POLICY.format(private=f"{host.root}/a/simple", public=f"{host.root}/b/simple"))
    lock = _lock(venv, "acme-core")
    host.requests.clear()
    assert venv.run("sync").code == 0 and venv.who("acme_core") == "private"
    assert [request.path for request in host.requests] == [f"/a/files/{right.filename}"]  # no page
    shutil.rmtree(venv.site / "acme_core")
    shutil.rmtree(venv.site / "acme_core-1.0.dist-info")
    host.requests.clear()
    lock["packages"][0]["wheels"][0] |= {"url": f"{host.root}{place}{evil.filename}", "hashes": {"sha256": evil.sha256}}
    _rewrite(venv, lock)
    done = venv.run("sync")
    assert (done.code, venv.installed()) == (1, {}), done.text
    if "/a/" in place:  # which may mean two places
        assert done.error == "lock-entry-refused" and not host.requests, done.text
    else:
        assert [request.path for request in host.requests] == ["/a/simple/acme-core/", f"/a/files/{right.filename}"]  # pip says itself that this one does not match


def test_an_installed_package_of_other_origin_is_found_and_replaced(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    _lock(venv, "acme-core", "pubdep")
    evil = wheel("acme-core", "1.0", says="evil")
    venv.machine.write("evil/placeholder", "")
    (venv.machine.project / "evil" / evil.filename).write_bytes(evil.content)
    plain = venv.machine.plain("install", "--no-deps", "--no-index", f"evil/{evil.filename}")
    assert plain.code == 0 and venv.who("acme_core") == "evil", plain.text
    assert venv.run("sync").code == 0 and venv.who("acme_core") == "evil"  # the version is right
    done = venv.run("sync", "--verify-installed")
    assert done.code == 0 and "reinstall" in done.out and venv.who("acme_core") == "private", done.text
    assert "Nothing to do" in venv.run("sync", "--verify-installed").out
    (venv.site / "pubdep" / "__init__.py").write_text("WHO = 'edited'\n")
    assert "pubdep" in venv.run("sync", "--verify-installed").out and venv.who("pubdep") == "public"


def test_locks_of_other_tools(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    """uv writes neither our facts nor a marker; Pipfile.lock has names of indexes and all hashes of a version."""
    lock = _lock(venv, "acme-core", "pubdep")
    del lock["tool"]
    for package in lock["packages"]:
        del package["tool"]
    lock["created-by"] = "uv"
    _rewrite(venv, lock)
    assert venv.run("sync").code == 0 and venv.installed() == {"acme-core": "1.0", "pubdep": "1.0"}
    entries = {name: {"version": "==1.0", "hashes": [f"sha256:{server.projects[name][0].sha256}"], **extra} for name, server, extra in (
        ("acme-core", private, {"index": "acme"}), ("pubdep", public, {"index": "public"}), ("acme-build", private, {"index": "acme", "markers": "sys_platform == 'nowhere'"}))}
    data = {"_meta": {"hash": {"sha256": ""}, "sources": [{"name": "public", "url": public.url}]}, "default": entries, "develop": {"acme-app": {
        "version": "==2.0", "hashes": [f"sha256:{private.projects['acme-app'][0].sha256}"], "index": "acme"}}}
    venv.machine.write("Pipfile.lock", json.dumps(data))
    done = venv.run("sync", "Pipfile.lock", "--group", "dev")
    assert done.code == 0 and set(venv.installed()) == {"acme-core", "pubdep", "acme-app"}, done.text
    entries["acme-core"]["index"] = "public"
    venv.machine.write("Pipfile.lock", json.dumps(data))
    assert venv.run("sync", "Pipfile.lock").error == "lock-entry-refused"


@pytest.mark.parametrize("what", ["line break", "variable", "archive without a hash", "no directory", "strategy", "explicit", "words", "elsewhere"])
def test_what_a_lock_may_not_smuggle_in(what: str, venv: Venv, private: IndexServer, public: IndexServer) -> None:
    lock = _lock(venv, "pubdep")
    words, error, environment = ["sync"], "lock-entry-refused", dict[str, str]()
    archive: dict[str, Any] = {"url": f"{public.root}/files/pubdep-1.0-py3-none-any.whl", "hashes": {"sha256": public.projects["pubdep"][0].sha256}}
    if what == "line break":
        lock["packages"] = [{"name": "pubdep", "archive": {**archive, "url": archive["url"] + "#x\n--index-url https://evil.example/simple"}}]
    elif what == "variable":
        lock["packages"] = [{"name": "pubdep", "archive": {**archive, "url": f"{public.root}/${{HOME}}/pubdep-1.0-py3-none-any.whl"}}]
        error = "bad-lock"
    elif what == "archive without a hash":
        venv.machine.write("Pipfile.lock", json.dumps({"_meta": {"sources": []}, "default": {"pubdep": {"file": archive["url"]}}}))
        words.append("Pipfile.lock")
    elif what == "no directory":
        lock["packages"] = [{"name": "pubdep", "directory": {"path": "pip-pinned.toml"}}]
        error = "bad-lock"
    elif what in ("strategy", "explicit"):
        lock["packages"][0]["index"] = private.url  # explicit, and pubdep has no pin
        if what == "strategy":
            lock["packages"][0]["index"] = public.url
            text = (venv.machine.project / "pip-pinned.toml").read_text()
            venv.machine.write("pip-pinned.toml", 'index-strategy = "pinned-only"\n' + text)
    elif what == "words":
        words += ["pylock.toml", "other.toml"]
        error = "usage"
    else:
        environment = {"PIP_TARGET": "elsewhere"}
        error = "usage"
    _rewrite(venv, lock)
    done = venv.run(*words, **environment)
    assert done.error == error and venv.installed() == {} and not (venv.machine.project / "elsewhere").exists(), done.text


def test_directories_archives_and_repositories(venv: Venv, public: IndexServer) -> None:
    for path, text in source_tree("local-lib", "1.0").items():
        venv.machine.write(f"a local/{path}", text)
    lock = _lock(venv, "-e", "a local", f"pubdep @ {public.root}/files/pubdep-1.0-py3-none-any.whl")
    assert venv.run("sync").code == 0 and set(venv.installed()) == {"local-lib", "pubdep"}
    assert venv.run("sync", "--check").code == 0
    lock["packages"][0]["name"] = "other-lib"
    _rewrite(venv, lock)
    assert venv.run("sync").code == 1  # the directory is another project's


@pytest.mark.pips
def test_what_a_locked_sdist_is_built_with_comes_from_its_index(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    private.add(sdist("acme-lib", "1.0", build_requires=("acme-build",), says="private"))
    public.add(wheel("acme-build", "99.0", says="evil"))
    _lock(venv, "acme-lib")
    public.requests.clear()
    assert venv.run("sync").code == 0
    values: dict[str, str] = {}
    exec((venv.site / "acme_lib" / "__init__.py").read_text(), values)
    assert (values["WHO"], values["BUILT_WITH"]) == ("private", "private")
    assert public.requests == []


@pytest.mark.pips
def test_an_index_url_may_be_written_with_a_variable_of_pip_pinned(venv: Venv, serve: Callable[..., IndexServer]) -> None:
    """Which is out of the environment by the time that pip searches."""
    guarded = serve("guarded", credentials=("user", "s3cr3t")).add(wheel("acme-core", "1.0", says="private"))
    url = guarded.url.replace("//", "//user:${PIP_PINNED_INDEX_TOKEN}@")
    venv.machine.write("pip-pinned.toml", POLICY.format(private=url, public="https://public.example/simple"))
    venv.machine.environment["PIP_PINNED_INDEX_TOKEN"] = "s3cr3t"
    _lock(venv, "acme-core")
    assert venv.run("sync").code == 0 and venv.who("acme_core") == "private"
    assert venv.run("install", "--target", "site", "acme-core").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_nobody_reads_what_it_says(venv: Venv) -> None:
    _lock(venv, "acme-core")
    done = subprocess.run(["sh", "-c", f'"{venv.machine.python}" -m pip_pinned sync >&-'], cwd=venv.machine.project, check=False, capture_output=True,
                          text=True, env={**venv.machine.environment, "PYTHONPATH": venv.machine.path})
    assert done.returncode == 0 and venv.installed() == {"acme-core": "1.0"}, done.stderr


def test_a_lock_that_was_made_elsewhere_is_said_to_be_one(venv: Venv) -> None:
    lock = _lock(venv, "acme-core")
    assert "was made for" not in venv.run("sync", "--dry-run").err
    lock["tool"]["pip-pinned"]["environment"]["sys_platform"] = "plan9"
    _rewrite(venv, lock)
    done = venv.run("sync")
    assert done.code == 0 and "warning: the lock was made for sys_platform plan9" in done.err, done.text


def test_nothing_to_read(venv: Venv) -> None:
    assert venv.run("sync").error == "bad-lock"
    venv.machine.write("pylock.toml", "lock-version = 1")
    assert venv.run("sync").error == "bad-lock"
    assert venv.run("sync", "nowhere.toml").error == "bad-lock"


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where strings stand in a lock."""
    if isinstance(value, dict):
        return [place for key, item in value.items() for place in _places(item, (*path, key))]
    if isinstance(value, list):
        return [place for i, item in enumerate(value) for place in _places(item, (*path, i))]
    return [path] if isinstance(value, str) else []


class Tampered:
    """A lock with one field changed: it is synced, and what is installed then is looked at."""

    def __init__(self, venv: Venv) -> None:
        self.venv = venv
        self.original = _lock(venv, "acme-app")

    def check(self, path: tuple[Any, ...], value: str) -> None:
        lock = copy.deepcopy(self.original)
        place: Any = lock
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        _rewrite(self.venv, lock)
        for entry in self.venv.site.iterdir():  # what is installed in the right version would not be looked at again
            shutil.rmtree(entry)
        done = self.venv.run("sync", "--yes")
        assert "Traceback" not in done.text, done.text
        for name in self.venv.installed():
            assert self.venv.who(name.replace("-", "_")) == {"pubdep": "public"}.get(name, "private"), (path, value, done.text)


@pytest.fixture
def tampered(venv: Venv, public: IndexServer) -> Tampered:
    public.add(wheel("acme-core", "1.0", says="evil"), wheel("acme-app", "2.0", says="evil"))
    return Tampered(venv)


@settings(max_examples=int(os.environ.get("PIP_PINNED_TEST_MUTATIONS", "40")), suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(data=st.data())
def test_no_change_of_one_field_brings_anything_else_in(data: st.DataObject, venv: Venv, tampered: Tampered, private: IndexServer, public: IndexServer) -> None:
    path = data.draw(st.sampled_from([place for place in _places(tampered.original) if place[0] == "packages"]))
    evil = public.projects["acme-core"][-1]
    value = data.draw(st.sampled_from([public.url, private.url, f"{public.root}/files/{evil.filename}", evil.sha256, evil.filename, "99.0", "acme-core", "pubdep", "acme-app",
                                       "", "0" * 64, "acme_core-99.0-py3-none-any.whl", f"file://{venv.machine.project}/evil.whl", "../evil"]) | st.text(max_size=12))
    tampered.check(path, value)
