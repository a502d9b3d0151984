"""What is judged is what is used: URLs that parsers read differently, hashes that nobody checks, metadata without a hash of their own.

CONTRACT 1.6, 4.4, 4.12. Each is an answer of an index; ``evil`` is a server that is to get no request at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from tests.conftest import POLICY
from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer, redirect
from tests.servers.projects import File, metadata_of, sdist, wheel

EVIL = wheel("acme-core", "9.0", says="evil")
MD5 = hashlib.md5(EVIL.content).hexdigest()


@pytest.fixture
def evil(serve: Callable[..., IndexServer]) -> IndexServer:
    return serve("evil").add(EVIL)


def lists(index: IndexServer, *links: str) -> None:
    """acme-core's page, as HTML with these links, each with its attributes."""
    page = "<!DOCTYPE html>" + "".join(
        f"<a {link}>acme_core-9.0-py3-none-any.whl</a>" for link in links
    )
    index.answers["/simple/acme-core/"] = Answer(200, page.encode(), {"Content-Type": "text/html"})


def lists_json(index: IndexServer, url: str, **more: object) -> None:
    """acme-core's page, as JSON with one file."""
    file = {"filename": EVIL.filename, "url": url, "hashes": {}, **more}
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "acme-core", "files": [file]})
    index.answers["/simple/acme-core/"] = Answer(
        200, body.encode(), {"Content-Type": "application/vnd.pypi.simple.v1+json"}
    )


def install(machine: Machine, *names: str) -> Result:
    return machine.pinned("install", "--target", "site", *(names or ("acme-core",)))


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("form", ["href", "entity", "base", "json", "user", "tab"])
def test_a_url_with_two_hosts_is_asked_of_neither(
    form: str, acme: Machine, private: IndexServer, evil: IndexServer
) -> None:
    host, away = private.root.removeprefix("http://"), evil.root.removeprefix("http://")
    url = f"http://{away}\\@{host}/files/{EVIL.filename}"
    if form == "json":
        lists_json(private, url)
    elif form == "base":
        page = f'<base href="http://{away}\\@{host}/files/"><a href="{EVIL.filename}">{EVIL.filename}</a>'
        private.answers["/simple/acme-core/"] = Answer(
            200, page.encode(), {"Content-Type": "text/html"}
        )
    else:
        written = {
            "href": url,
            "entity": url.replace("\\", "&#92;"),
            "user": f"http://{host}@{away}/files/{EVIL.filename}",
            "tab": f"http://{away}&#9;\\@{host}/files/{EVIL.filename}",
        }[form]
        lists(private, f'href="{written}"')
    done = install(acme)
    assert done.code == 1 and done.error in (
        "bad-url",
        "off-origin-file",
        "index-unavailable",
        "pin-not-found",
        None,
    ), done.text
    assert not evil.requests and acme.installed() == {} and "Traceback" not in done.text


@pytest.mark.pips
def test_an_allowed_file_host_is_compared_with_the_host_that_is_asked(
    acme: Machine, private: IndexServer, public: IndexServer, evil: IndexServer
) -> None:
    acme.write(
        "pip-pinned.toml",
        'allow-file-hosts = ["cdn.example"]\n'
        + POLICY.format(private=private.url, public=public.url),
    )
    away = evil.root.removeprefix("http://")
    lists(private, f'href="http://{away}\\@cdn.example/files/{EVIL.filename}"')
    done = install(acme)
    assert done.error == "bad-url" and not evil.requests and acme.installed() == {}, done.text


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("path", ["/..;/pub/files/", "/x/..;a=b/pub/files/", "/%2e%2e;/pub/files/"])
def test_a_dot_segment_with_parameters_is_no_path(
    path: str, acme: Machine, private: IndexServer
) -> None:
    lists(private, f'href="{private.root}/acme{path}{EVIL.filename}"')
    before = len(private.requests)
    done = install(acme)
    assert done.error == "bad-url" and [r.path for r in private.requests[before:]] == [
        "/simple/acme-core/"
    ], done.text


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize(
    "fragment",
    [
        "#sha256=",
        "#sha256=0",
        f"#sha256={'0' * 63}",
        "#md5=",
        f"#md5={MD5}",
        f"#sha1={hashlib.sha1(EVIL.content).hexdigest()}",
        "#sha256=\N{FULLWIDTH DIGIT ONE}",
    ],
)
def test_what_is_no_strong_hash_vouches_for_nothing(
    fragment: str, acme: Machine, private: IndexServer, evil: IndexServer
) -> None:
    lists(private, f'href="{evil.file_url(EVIL)}{fragment}"')
    done = install(acme)
    assert done.error == "off-origin-file" and not evil.requests and acme.installed() == {}, (
        done.text
    )


@pytest.mark.pips(rows=True, since="23.1")
@pytest.mark.parametrize(
    "hashes",
    [
        {"sha256": ""},
        {"md5": MD5},
        {"sha256": "0" * 63},
        {"blake2b": "0" * 128},
        {"sha224": hashlib.sha224(EVIL.content).hexdigest()},
    ],
)
def test_nor_does_it_on_a_json_page(
    hashes: dict[str, str], acme: Machine, private: IndexServer, evil: IndexServer
) -> None:
    lists_json(private, evil.file_url(EVIL), hashes=hashes)
    done = install(acme)
    assert done.error == "off-origin-file" and not evil.requests and acme.installed() == {}, (
        done.text
    )


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("fragment", ["#sha256=", "#sha256=xyz"])
@pytest.mark.parametrize("optimize", ["", "1"])
def test_a_file_beside_its_index_with_an_empty_hash_is_as_one_without(
    fragment: str, optimize: str, acme: Machine, private: IndexServer
) -> None:
    file = private.projects["acme-core"][0]
    page = f'<a href="{private.file_url(file)}{fragment}">{file.filename}</a>'
    private.answers["/simple/acme-core/"] = Answer(
        200, page.encode(), {"Content-Type": "text/html"}
    )
    done = acme.pinned("install", "--target", "site", "acme-core", PYTHONOPTIMIZE=optimize)
    assert done.code == 0 and acme.installed() == {"acme-core": "1.0"}, done.text


@pytest.mark.pips(since="23.1")
def test_of_several_hashes_pip_checks_the_strongest(
    acme: Machine, private: IndexServer, evil: IndexServer
) -> None:
    """pip itself takes the first one that it reads, here an md5 that fits."""
    lists_json(private, evil.file_url(EVIL), hashes={"md5": MD5, "sha256": "0" * 64})
    done = install(acme)
    assert done.code == 1 and acme.installed() == {} and "0" * 64 in done.text.replace("\n", ""), (
        done.text
    )


def _with_lying_metadata(evil: IndexServer, trap: IndexServer) -> File:
    """A wheel whose metadata file, beside it, requires an sdist: its build runs code."""
    sidecar = metadata_of("acme-core", "9.0", (f"trap @ {trap.root}/files/trap-1.0.tar.gz",))
    trap.add(sdist("trap", "1.0", says="evil"))
    lying = wheel("acme-core", "9.0", says="private", sidecar=sidecar)
    evil.projects["acme-core"] = [lying]
    return lying


@pytest.mark.pips(since="23.2")
@pytest.mark.parametrize("where", ["elsewhere", "redirected"])
def test_metadata_that_are_elsewhere_need_a_hash_of_their_own(
    where: str,
    acme: Machine,
    private: IndexServer,
    evil: IndexServer,
    serve: Callable[..., IndexServer],
) -> None:
    trap = serve("trap")
    file = _with_lying_metadata(evil, trap)
    if where == "elsewhere":
        lists_json(
            private, evil.file_url(file), hashes={"sha256": file.sha256}, **{"core-metadata": True}
        )
    else:
        private.projects["acme-core"] = [file]
        private.answers[f"/files/{file.filename}.metadata"] = redirect(
            f"{evil.root}/files/{file.filename}.metadata"
        )
        lists_json(
            private,
            private.file_url(file),
            hashes={"sha256": file.sha256},
            **{"core-metadata": True},
        )
    done = install(acme)
    assert not trap.requests and not [r for r in evil.requests if r.path.endswith(".metadata")], (
        done.text
    )
    assert done.code == 0 and acme.installed() == {"acme-core": "9.0"}, done.text


@pytest.mark.pips(since="23.2")
def test_metadata_elsewhere_with_a_hash_are_read_there(
    acme: Machine, private: IndexServer, evil: IndexServer
) -> None:
    sidecar = metadata_of("acme-core", "9.0")
    file = wheel("acme-core", "9.0", says="private", sidecar=sidecar)
    evil.projects["acme-core"] = [file]
    lists_json(
        private,
        evil.file_url(file),
        hashes={"sha256": file.sha256},
        **{"core-metadata": {"sha256": hashlib.sha256(sidecar).hexdigest()}},
    )
    done = install(acme)
    assert done.code == 0 and acme.installed() == {"acme-core": "9.0"}, done.text
    assert [r for r in evil.requests if r.path.endswith(".metadata")]


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("/simple/acme-core/", "pin-not-found"),
        ("/simple/Acme_Core", "pin-not-found"),
        ("/users/sign_in", "index-auth-failed"),
        ("/", "index-auth-failed"),
        ("/simple/acme-core/login", "index-auth-failed"),
    ],
)
def test_a_sign_in_page_is_no_answer_about_a_project(
    target: str, error: str, acme: Machine, private: IndexServer, evil: IndexServer
) -> None:
    private.answers["/simple/acme-core/"] = redirect(f"{evil.root}{target}")
    done = install(acme)
    assert done.error == error and not evil.requests and acme.installed() == {}, done.text


@pytest.mark.pips
def test_a_sign_in_page_sends_no_unpinned_name_to_the_next_index(
    machine: Machine, private: IndexServer, public: IndexServer, evil: IndexServer
) -> None:
    machine.write(
        "pip-pinned.toml",
        f'[[index]]\nname = "acme"\nurl = "{private.url}"\n[[index]]\nname = "public"\nurl = "{public.url}"\ndefault = true\n',
    )
    private.answers["/simple/pubdep/"] = redirect(f"{evil.root}/users/sign_in")
    done = install(machine, "pubdep")
    assert done.error == "index-auth-failed" and not public.requests and not evil.requests, (
        done.text
    )


@pytest.mark.pips
def test_a_page_on_the_network_lists_no_file_of_this_machine(acme: Machine, private: IndexServer) -> None:
    path = acme.project / EVIL.filename
    path.write_bytes(EVIL.content)
    lists(private, f'href="{path.as_uri()}#sha256={EVIL.sha256}"')
    done = install(acme)
    assert done.code == 1 and acme.installed() == {}, done.text
