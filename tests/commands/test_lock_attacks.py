"""A lock is data: whatever its strings hold, pip gets the judged entries and nothing else (CONTRACT 4.6, 4.11)."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import tomlkit

from tests.commands.test_sync import Venv, venv
from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer, Request, redirect
from tests.servers.projects import File, wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["venv"]

EVIL = wheel("acme-core", "1.0", says="evil")
BREAKS = ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]


def _pylock(machine: Machine, index: str, url: str, sha256: str, **more: Any) -> Path:
    entry = {
        "name": "acme-core",
        "version": "1.0",
        "index": index,
        "wheels": [{"name": EVIL.filename, "url": url, "hashes": {"sha256": sha256}}],
    } | more
    return machine.write(
        "pylock.toml",
        tomlkit.dumps({"lock-version": "1.0", "created-by": "somebody", "packages": [entry]}),
    )


def _refused(venv: Venv, evil: IndexServer | None = None) -> None:
    done = venv.run("sync", "--yes")
    assert done.code == 1 and venv.installed() == {} and "Traceback" not in done.text, done.text
    assert done.error in ("lock-entry-refused", "bad-lock", "direct-reference-refused"), done.text
    assert evil is None or not evil.requests


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("at", BREAKS, ids=ascii)
@pytest.mark.parametrize("field", ["digest", "algorithm", "archive", "pipfile"])
def test_a_hash_with_a_line_break_is_no_hash(
    field: str, at: str, venv: Venv, private: IndexServer, serve: Callable[..., IndexServer]
) -> None:
    """As a line of a requirements file, what stands behind the break would be installed from a path, or sent somewhere."""
    evil = serve("evil").add(EVIL)
    venv.machine.write(EVIL.filename, "").write_bytes(EVIL.content)
    right = private.projects["acme-core"][0]
    added = f"{at}{(venv.machine.project / EVIL.filename).as_uri()} --hash=sha256:{EVIL.sha256}"
    url = private.file_url(right)
    if field == "digest":
        _pylock(venv.machine, private.url, url, right.sha256 + added)
    elif field == "algorithm":
        _pylock(
            venv.machine,
            private.url,
            url,
            right.sha256,
            wheels=[
                {
                    "name": right.filename,
                    "url": url,
                    "hashes": {"sha256": right.sha256, "x" + added: "00"},
                }
            ],
        )
    elif field == "archive":
        entry = {
            "name": "pubapp",
            "archive": {
                "url": f"{evil.root}/files/pubapp-1.0.tar.gz",
                "hashes": {"sha256": "0" * 64 + added},
            },
        }
        venv.machine.write(
            "pylock.toml",
            tomlkit.dumps({"lock-version": "1.0", "created-by": "somebody", "packages": [entry]}),
        )
    else:
        lock = {
            "_meta": {"sources": [{"name": "acme", "url": private.url}]},
            "default": {
                "acme-core": {
                    "version": "==1.0",
                    "index": "acme",
                    "hashes": [f"sha256:{right.sha256}{added}"],
                }
            },
        }
        venv.machine.write("Pipfile.lock", json.dumps(lock))
    _refused(venv, evil)


@pytest.mark.parametrize(
    "name",
    [
        "-r /etc/passwd\npubapp",
        "acme core",
        "acme-core @ file:///x",
        "acme-core\u2028six",
        "--index-url",
        "${HOME}",
        "",
    ],
)
def test_a_name_that_is_none_is_refused(name: str, venv: Venv, private: IndexServer) -> None:
    right = private.projects["acme-core"][0]
    lock = {
        "_meta": {"sources": [{"name": "acme", "url": private.url}]},
        "default": {
            name: {"version": "==1.0", "index": "acme", "hashes": [f"sha256:{right.sha256}"]}
        },
    }
    venv.machine.write("Pipfile.lock", json.dumps(lock))
    _refused(venv)


@pytest.mark.pips
def test_a_locked_url_with_two_hosts_is_asked_of_neither(
    venv: Venv, private: IndexServer, serve: Callable[..., IndexServer]
) -> None:
    evil = serve("evil").add(EVIL)
    away, host = evil.root.removeprefix("http://"), private.root.removeprefix("http://")
    _pylock(venv.machine, private.url, f"http://{away}\\@{host}/files/{EVIL.filename}", EVIL.sha256)
    _refused(venv, evil)


@pytest.mark.pips
def test_a_locked_file_is_not_followed_through_an_open_redirect(
    venv: Venv, private: IndexServer, serve: Callable[..., IndexServer]
) -> None:
    evil = serve("evil").add(EVIL)
    private.answers[f"/open/{EVIL.filename}"] = redirect(f"{evil.root}/files/{EVIL.filename}")
    _pylock(venv.machine, private.url, f"{private.root}/open/{EVIL.filename}", EVIL.sha256)
    _refused(venv, evil)


@pytest.mark.pips
def test_a_locked_file_that_its_page_lists_may_lie_behind_a_redirect(
    venv: Venv, private: IndexServer, public: IndexServer, serve: Callable[..., IndexServer]
) -> None:
    """As registries do that redirect to presigned URLs of a storage."""
    private.credentials = ("robot", "s3cret")
    venv.machine.write(
        "pip-pinned.toml", POLICY.format(private=private.url_with_credentials, public=public.url)
    )
    storage = serve("storage")
    right = private.projects["acme-core"][0]
    storage.answers["/bucket/.*"] = Answer(200, right.content)
    private.answers[f"/files/{right.filename}"] = lambda request: (
        None
        if request.authorization is None
        else redirect(f"{storage.root}/bucket/x?signature=a%2Fb&expires=1")
    )
    _pylock(venv.machine, private.url, private.file_url(right), right.sha256)
    done = venv.run("sync", "--yes")
    assert done.code == 0 and venv.who("acme_core") == "private", done.text
    assert storage.requests and all(request.authorization is None for request in storage.requests)


def _two_tenants(venv: Venv, host: IndexServer) -> File:
    """One server with the indexes /acme/simple, behind a password, and /pub/simple; /acme has acme-core, /pub has somebody else's."""
    right = wheel("acme-core", "1.0", says="private")
    for tenant, file in (("acme", right), ("pub", EVIL)):
        page = f'<a href="/{tenant}/files/{file.filename}#sha256={file.sha256}">{file.filename}</a>'
        host.answers[f"/{tenant}/simple/acme-core/"] = Answer(
            200, page.encode(), {"Content-Type": "text/html"}
        )
        host.answers[f"/{tenant}/files/{file.filename}"] = Answer(200, file.content)
    host.answers[f"/elsewhere/{EVIL.filename}"] = Answer(200, EVIL.content)
    url = host.root.replace("://", "://robot:s3cret@")
    venv.machine.write(
        "pip-pinned.toml",
        POLICY.format(private=f"{url}/acme/simple", public=f"{host.root}/pub/simple"),
    )
    return right


@pytest.mark.pips
@pytest.mark.parametrize("place", ["/elsewhere", "/pub/files"])
def test_a_locked_url_elsewhere_on_the_host_gets_no_password(
    place: str, venv: Venv, serve: Callable[..., IndexServer]
) -> None:
    host = serve("host")
    _two_tenants(venv, host)
    _pylock(
        venv.machine, f"{host.root}/acme/simple", f"{host.root}{place}/{EVIL.filename}", EVIL.sha256
    )
    done = venv.run("sync", "--yes")
    assert done.code == 1 and venv.installed() == {}, done.text
    assert not [request.path for request in host.requests if request.path.startswith(place)], (
        done.text
    )


@pytest.mark.pips(since="26.1")
@pytest.mark.parametrize("place", ["/elsewhere", "/pub/files"])
def test_install_refuses_the_entries_that_sync_refuses(
    place: str, venv: Venv, serve: Callable[..., IndexServer]
) -> None:
    host = serve("host")
    right = _two_tenants(venv, host)
    lock = _pylock(
        venv.machine, f"{host.root}/acme/simple", f"{host.root}{place}/{EVIL.filename}", EVIL.sha256
    )
    done = venv.run("install", "-r", lock.name)
    assert done.error == "lock-entry-refused" and venv.installed() == {}, done.text
    assert not [request.path for request in host.requests if request.path.startswith(place)]
    _pylock(
        venv.machine,
        f"{host.root}/acme/simple",
        f"{host.root}/acme/files/{right.filename}",
        right.sha256,
    )
    assert venv.run("install", "-r", lock.name).code == 0 and venv.who("acme_core") == "private"


@pytest.mark.pips(since="23.2")
def test_an_index_puts_nothing_but_hashes_into_a_lock(venv: Venv, private: IndexServer) -> None:
    """The dry run of newer pips reads metadata only, and checks no hash of the wheel."""
    right = private.projects["acme-core"][0]
    file = {
        "filename": right.filename,
        "url": private.file_url(right),
        "hashes": {"sha256": f"{right.sha256}\n-r /etc/passwd", "x\ny": "0"},
        "core-metadata": True,
    }
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "acme-core", "files": [file]})
    private.answers["/simple/acme-core/"] = Answer(
        200, body.encode(), {"Content-Type": "application/vnd.pypi.simple.v1+json"}
    )
    private.answers[f"/files/{right.filename}.metadata"] = Answer(
        200, b"Metadata-Version: 2.1\nName: acme-core\nVersion: 1.0\n"
    )
    done = venv.run("lock", "acme-core")
    path = venv.machine.project / "pylock.toml"
    assert "Traceback" not in done.text and (done.code == 0 or not path.exists()), done.text
    if done.code == 0:
        (package,) = tomllib.loads(path.read_text())["packages"]
        assert package["wheels"][0]["hashes"] == {"sha256": right.sha256}


@pytest.mark.pips
@pytest.mark.parametrize("where", ["remote requirements", "remote constraints", "constraints"])
def test_a_comment_of_somebody_else_pins_nothing(
    where: str, acme: Machine, private: IndexServer, public: IndexServer
) -> None:
    text = "pubdep  # pip-pinned: index=acme\n"
    private.add(wheel("pubdep", "9.0", says="evil"))
    acme.write("c.txt", text)
    public.answers["/c.txt"] = Answer(200, text.encode())
    option, place = {
        "remote requirements": ("-r", f"{public.root}/c.txt"),
        "remote constraints": ("-c", f"{public.root}/c.txt"),
        "constraints": ("-c", "c.txt"),
    }[where]
    done = acme.pinned("install", "--target", "site", "pubdep", option, place)
    assert done.error == "bad-pin" and acme.installed() == {} and private.pages_asked() == [], (
        done.text
    )


@pytest.mark.pips
def test_a_comment_opens_neither_pinned_only_nor_inherit(
    machine: Machine, private: IndexServer, public: IndexServer
) -> None:
    policy = POLICY.format(private=private.url, public=public.url)
    machine.write("pip-pinned.toml", 'index-strategy = "pinned-only"\n' + policy)
    machine.write("r.txt", "pubdep  # pip-pinned: index=public\n")
    done = machine.pinned("install", "--target", "site", "-r", "r.txt")
    assert done.error == "pin-conflict" and machine.installed() == {}, done.text
    machine.write(
        "pip-pinned.toml", policy.replace("explicit = true", "explicit = true\ninherit = true")
    )
    private.add(
        wheel("acme-app", "1.0", requires=("pubdep",)), wheel("pubdep", "1.0", says="private")
    )
    machine.write("r.txt", "acme-app\npubdep  # pip-pinned: index=public\n")
    done = machine.pinned("install", "--target", "site", "-r", "r.txt")
    assert done.error == "inherit-conflict" and machine.installed() == {}, done.text


@pytest.mark.pips(since="26.1")
def test_of_several_locked_hashes_pip_checks_the_strongest(venv: Venv, private: IndexServer) -> None:
    """pip takes a file that fits any one of them."""
    md5 = hashlib.md5(EVIL.content).hexdigest()
    right = private.projects["acme-core"][0]
    url = private.file_url(right)
    private.answers[f"/files/{right.filename}"] = Answer(200, EVIL.content)
    hashes = {"md5": md5, "sha256": right.sha256}
    _pylock(venv.machine, private.url, url, right.sha256, wheels=[{"name": right.filename, "url": url, "hashes": hashes}])
    done = venv.run("install", "-r", "pylock.toml")
    assert done.code == 1 and venv.installed() == {}, done.text


@pytest.mark.pips
@pytest.mark.parametrize(
    ("index", "files"),
    [
        ("/org/_packaging/feed/pypi/simple", "/org/_packaging/8a2f-11/pypi/download/acme-core/1"),
        ("/acme/dev/+simple", "/root/base/+f/ab1/2c"),
    ],
    ids=["azure", "devpi"],
)
def test_files_beside_the_index_come_with_its_password_where_its_page_lists_them(
    index: str, files: str, venv: Venv, public: IndexServer, serve: Callable[..., IndexServer]
) -> None:
    """As Azure Artifacts names them, which sends on to a storage, and devpi those of an index's bases."""
    host, storage = serve("host"), serve("storage")
    right = wheel("acme-core", "1.0", says="private")
    page = f'<a href="{files}/{right.filename}#sha256={right.sha256}">{right.filename}</a>'
    storage.answers["/blob/.*"] = Answer(200, right.content)
    answers = {
        f"{index}/acme-core/": Answer(200, page.encode(), {"Content-Type": "text/html"}),
        f"{files}/{right.filename}": redirect(f"{storage.root}/blob/x?sig=a%2Bb")
        if "_packaging" in files
        else Answer(200, right.content),
    }

    def answer(request: Request) -> Answer:
        if request.authorization != ("robot", "s3cret"):
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return answers.get(unquote(request.path), Answer(404))  # pip writes + as %2B

    host.answers[".*"] = answer
    url = f"{host.root}{index}".replace("://", "://robot:s3cret@")
    venv.machine.write("pip-pinned.toml", POLICY.format(private=url, public=public.url))
    done = venv.run("install", "--target", "site", "acme-core")
    assert done.code == 0 and venv.machine.module("acme_core")["WHO"] == "private", done.text
    assert venv.run("lock", "acme-core").code == 0
    done = venv.run("sync", "--yes")
    assert done.code == 0 and venv.who("acme_core") == "private", done.text
    assert all(request.authorization is None for request in storage.requests)
