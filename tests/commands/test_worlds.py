"""lock and sync in larger worlds: sixty packages over five indexes, and small ones made at random."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commands.test_sync import Venv, venv
from tests.conftest import POLICY
from tests.servers.index import Answer, IndexServer, Request
from tests.servers.projects import wheel
from tests.servers.pypiserver import PypiServer

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["venv"]


@pytest.fixture
def teams(venv: Venv, serve: Callable[..., IndexServer]) -> list[IndexServer]:
    """Five indexes, twelve packages each, six levels deep across them; every index but the first has a higher version of the first one's too."""
    servers = [serve(f"team{i}", json_pages=i % 2 == 0, hashes=i != 3) for i in range(5)]
    for number in range(60):
        team, level = number % 5, number // 10
        requires = tuple(f"team{n % 5}-lib{n}" for n in (number + 10, number + 13) if n < 60 and n // 10 == level + 1)
        servers[team].add(wheel(f"team{team}-lib{number}", "1.0", requires=requires, says=f"team{team}"))
    for server in servers[1:]:
        server.add(*(wheel(f"team0-lib{number}", "99.0", says="evil") for number in range(0, 60, 5)))
    tables = "".join(f'[[index]]\nname = "team{i}"\nurl = "{server.url}"\n{"explicit" if i < 4 else "default"} = true\n' for i, server in enumerate(servers))
    venv.machine.write("pip-pinned.toml", tables + "[sources]\n" + "".join(f'"team{i}-*" = {{ index = "team{i}" }}\n' for i in range(4)))
    venv.machine.write("requirements.txt", "".join(f"team{n % 5}-lib{n}\n" for n in range(13)))
    return servers


@pytest.mark.pips
def test_sixty_packages_over_five_indexes(venv: Venv, teams: list[IndexServer]) -> None:
    done = venv.run("lock", "-r", "requirements.txt")
    assert done.code == 0, done.text
    lock = tomllib.loads((venv.machine.project / "pylock.toml").read_text())
    expected = {f"team{n % 5}-lib{n}" for n in range(60)}
    assert {package["name"]: package["index"] for package in lock["packages"]} == {name: teams[int(name[4])].url for name in expected}
    for i, server in enumerate(teams):
        assert sorted(server.pages_asked()) == sorted(name for name in expected if name.startswith(f"team{i}-"))  # one page for each project
    done = venv.run("sync")
    assert done.code == 0 and venv.installed() == dict.fromkeys(expected, "1.0"), done.text
    assert {name: venv.who(name.replace("-", "_")) for name in expected} == {name: name[:5] for name in expected}
    assert venv.run("verify").code == 0 and venv.run("lock", "--check", "-r", "requirements.txt").code == 0


NAMES = ["acme-a", "acme-b", "acme-c", "pub-a", "pub-b", "pub-c"]
VERSIONS = st.lists(st.sampled_from(["1.0", "1.5", "2.0"]), min_size=1, max_size=2, unique=True)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, list[tuple[str, str, tuple[str, ...]]]]:
    """For each of three indexes: name, version and requirements of its files. A package requires later ones only."""
    world: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {"acme": [], "second": [], "public": []}
    for place, name in enumerate(NAMES):
        for index in draw(st.sets(st.sampled_from(sorted(world)), min_size=1)):
            for version in draw(VERSIONS):
                later = draw(st.lists(st.sampled_from(NAMES[place + 1:]), max_size=2, unique=True)) if NAMES[place + 1:] else []
                bounds = [draw(st.sampled_from(["", "", "<2", ">=1.5", "==1.0"])) for _ in later]
                world[index].append((name, version, tuple(map("{}{}".format, later, bounds))))
    return world


@settings(max_examples=int(os.environ.get("PIP_PINNED_TEST_WORLDS", "8")), suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(world=worlds(), strategy=st.sampled_from(["first-index", "unsafe-best-match", "unsafe-first-match", "default-index"]),
       asked=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
def test_sync_of_lock_is_install(world: dict[str, list[tuple[str, str, tuple[str, ...]]]], strategy: str, asked: list[str], venv: Venv,
                                 serve: Callable[..., IndexServer]) -> None:
    servers = {name: serve(name) for name in world}
    for name, files in world.items():
        servers[name].add(*(wheel(project, version, requires=requires, says=name) for project, version, requires in files))
    tables = "".join(f'[[index]]\nname = "{name}"\nurl = "{server.url}"\n' for name, server in servers.items())
    venv.machine.write("pip-pinned.toml", f'index-strategy = "{strategy}"\n' + tables + 'default = true\n[sources]\n"acme-*" = { index = "acme" }\n')

    def environment() -> dict[str, tuple[str, str]]:
        found = {name: (version, venv.who(name.replace("-", "_"))) for name, version in venv.installed().items()}
        for entry in venv.site.iterdir():
            shutil.rmtree(entry)
        return found

    (venv.machine.project / "pylock.toml").unlink(missing_ok=True)
    installed = venv.run("install", *asked)
    expected = environment()
    locked = venv.run("lock", *asked)
    assert locked.code == installed.code, installed.text + locked.text
    if installed.code == 0:
        synced = venv.run("sync")
        assert synced.code == 0 and environment() == expected, installed.text + locked.text + synced.text
        assert not any(who != "acme" for name, (_, who) in expected.items() if name.startswith("acme-"))


def test_lock_and_sync_with_a_real_private_server(venv: Venv, public: IndexServer, tmp_path: Path) -> None:
    """pypiserver behind a password: the lock names it without, and sync finds the password again."""
    with PypiServer(tmp_path / "server", wheel("acme-core", "1.0", says="private"), wheel("acme-app", "2.0", requires=("acme-core", "pubdep"), says="private")) as server:
        venv.machine.write("pip-pinned.toml", POLICY.format(private=server.url, public=public.url))
        assert venv.run("lock", "acme-app").code == 0
        text = (venv.machine.project / "pylock.toml").read_text()
        assert "s3cret" not in text and {package["name"]: package["index"] for package in tomllib.loads(text)["packages"]} == {
            "acme-app": server.bare, "acme-core": server.bare, "pubdep": public.url}
        done = venv.run("sync")
        assert done.code == 0 and venv.installed() == {"acme-app": "2.0", "acme-core": "1.0", "pubdep": "1.0"} and venv.who("acme_core") == "private", done.text
        assert venv.run("verify").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_lock_leaves_the_old_one(number: signal.Signals, venv: Venv, private: IndexServer, public: IndexServer) -> None:
    path = venv.machine.write("pylock.toml", "")
    path.unlink()
    assert venv.run("lock", "acme-core").code == 0
    before = path.read_bytes()
    public.answers["/simple/pubdep/"] = Answer(hang=True)
    command = _start(venv, "lock", "acme-core", "pubdep")
    while "pubdep" not in public.pages_asked():
        time.sleep(0.05)
    os.killpg(command.pid, number)
    assert command.wait(20) != 0 and path.read_bytes() == before
    assert {entry.name for entry in venv.machine.project.iterdir()} == {"pip-pinned.toml", "pylock.toml"}


def _start(venv: Venv, *words: str, stdin: int = subprocess.DEVNULL, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    return subprocess.Popen([venv.machine.python, "-m", "pip_pinned", *words], cwd=venv.machine.project, start_new_session=True,
                            env={**venv.machine.environment, "PYTHONPATH": venv.machine.path}, stdin=stdin, stdout=subprocess.DEVNULL, stderr=stderr)


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal")
@pytest.mark.parametrize(("answer", "code", "left"), [(b"y\n", 0, {"acme-core"}), (b"n\n", 1, {"acme-core", "acme-build"}), (b"\n", 1, {"acme-core", "acme-build"}),
                                                      (b"\x04", 1, {"acme-core", "acme-build"})])
def test_sync_asks_before_it_removes(answer: bytes, code: int, left: set[str], venv: Venv) -> None:
    assert venv.run("lock", "acme-core").code == 0 and venv.run("install", "acme-core", "acme-build").code == 0
    import pty

    terminal, side = pty.openpty()
    command = _start(venv, "sync", stdin=side)
    os.write(terminal, answer)
    assert command.wait(30) == code and set(venv.installed()) == left
    os.close(terminal)
    os.close(side)


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal")
def test_on_a_terminal_pip_shows_what_it_does(venv: Venv) -> None:
    """Into a file there is our table only."""
    assert venv.run("lock", "acme-core").code == 0
    import pty

    terminal, side = pty.openpty()
    command = _start(venv, "sync", stderr=side)
    os.close(side)
    shown = b""
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        shown += chunk
        if not chunk:
            break
    os.close(terminal)
    assert command.wait(30) == 0 and b"Downloading" in shown and b"Successfully installed acme-core-1.0" in shown, shown
    assert "Downloading" not in venv.run("sync", "--verify-installed").text


def test_a_lock_that_cannot_be_written(venv: Venv, private: IndexServer) -> None:
    assert venv.run("lock", "acme-core").code == 0
    path = Path(venv.machine.project / "pylock.toml")
    before = path.read_bytes()

    def gone(request: Request) -> Answer:
        return Answer(503)

    private.answers["/simple/acme-core/"] = gone
    done = venv.run("lock", "acme-core", "--upgrade")
    assert (done.code, done.error) == (1, "index-unavailable") and path.read_bytes() == before
