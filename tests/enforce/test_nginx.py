"""The same promises against a web server that nobody wrote for a test: TLS, basic authentication, refusals, redirects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.running import Machine, Result
from tests.servers.index import IndexServer
from tests.servers.nginx import Nginx
from tests.servers.projects import wheel

_LOCATIONS = """\
        location /a/ { auth_basic a; auth_basic_user_file {home}/a.users; }
        location /b/ { auth_basic b; auth_basic_user_file {home}/b.users; try_files $uri $uri/index.html @elsewhere; }
        location @elsewhere { return 302 ELSEWHERE$uri; }
        location /a/simple/forbidden-lib/ { return 403; }
        location /a/simple/down-lib/ { return 503; }
        location /old/ { rewrite ^/old/(.*)$ /a/$1 permanent; }
"""


@pytest.fixture
def nginx(tmp_path: Path, authority: trustme.CA, public: IndexServer) -> Iterator[Nginx]:
    certificate = authority.issue_cert("localhost").private_key_and_cert_chain_pem.bytes()
    with Nginx(tmp_path / "nginx", certificate, _LOCATIONS.replace("ELSEWHERE", public.root)) as server:
        server.account("a.users", "robot-a", "secret-a")
        server.account("b.users", "robot-b", "secret-b")
        server.publish("a", "acme-core", wheel("acme-core", "1.0", says="private"))
        server.publish("b", "beta-lib", wheel("beta-lib", "1.0", says="beta"))
        yield server


def _install(machine: Machine, authority: trustme.CA, nginx: Nginx, *words: str, a: str = "robot-a:secret-a", at: str = "a") -> Result:
    certificate = machine.project / "ca.pem"
    authority.cert_pem.write_to_path(str(certificate))
    url = nginx.root.replace("://", "://{}@")
    machine.write("pip-pinned.toml", f'[[index]]\nname = "a"\nurl = "{url.format(a)}/{at}/simple"\nexplicit = true\n'
                  f'[[index]]\nname = "b"\nurl = "{url.format("robot-b:secret-b")}/b/simple"\ndefault = true\n'
                  '[sources]\nacme-core = { index = "a" }\nforbidden-lib = { index = "a" }\ndown-lib = { index = "a" }\nacme-build = { index = "b" }\n')
    done = machine.pinned("install", "--target", "site", "--cert", str(certificate), *words)
    assert "secret" not in done.text
    return done


@pytest.mark.pips
def test_two_indexes_of_one_server_with_accounts_of_their_own(machine: Machine, authority: trustme.CA, nginx: Nginx) -> None:
    done = _install(machine, authority, nginx, "acme-core", "beta-lib")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0", "beta-lib": "1.0"}, done.text
    assert {(user, path.split("/")[1]) for user, _, path in nginx.seen()} == {("robot-a", "a"), ("robot-b", "b")}


@pytest.mark.pips
@pytest.mark.parametrize(("word", "error"), [("forbidden-lib", "index-auth-failed"), ("down-lib", "index-unavailable"), ("acme-build", "pin-not-found")])
def test_a_refusal_a_fault_and_a_name_that_is_sent_on(word: str, error: str, machine: Machine, authority: trustme.CA, nginx: Nginx,
                                                      public: IndexServer) -> None:
    done = _install(machine, authority, nginx, word)
    assert (done.error, machine.installed(), public.requests) == (error, {}, []), done.text


@pytest.mark.pips
def test_wrong_credentials(machine: Machine, authority: trustme.CA, nginx: Nginx) -> None:
    assert _install(machine, authority, nginx, "acme-core", a="robot-a:secret-b").error == "index-auth-failed"
    assert [status for _, status, _ in nginx.seen()] == [401]


@pytest.mark.pips
def test_an_index_that_moved_on_its_server(machine: Machine, authority: trustme.CA, nginx: Nginx) -> None:
    """A permanent redirect within the origin is followed, with the credentials of the index that was asked."""
    done = _install(machine, authority, nginx, "acme-core", at="old")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0"}, done.text
