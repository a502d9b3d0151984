"""doctor asks as pip asks, and says what an install would meet."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests import pips
from tests.enforce.test_keyring import Secrets
from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer, Request, redirect
from tests.servers.projects import wheel


def _declare(machine: Machine, url: str, more: str = "") -> None:
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{url}"\ndefault = true\n{more}\n')


def _doctor(machine: Machine, *words: str, **environment: str) -> tuple[Result, dict[str, Any]]:
    done = machine.pinned("doctor", "--format", "json", *words, **environment)
    assert done.out.startswith("{"), done.text
    report: dict[str, Any] = json.loads(done.out)
    assert done.code == (0 if report["ok"] else 1)
    return done, report


class Place:
    """Servers, and how the settings that point to them are given: in each case pip and doctor have to agree."""

    def __init__(self, machine: Machine, serve: Callable[..., IndexServer], authority: trustme.CA) -> None:
        self.machine = machine
        self.serve = serve
        self.authority = authority
        self.server = serve("plain")
        self.certificate = str(machine.project / "ca.pem")
        authority.cert_pem.write_to_path(self.certificate)

    def secure(self, *, ask_client: bool = False) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("localhost").configure_cert(context)
        if ask_client:
            self.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        self.server = self.serve("secure", tls=context)

    def client_certificate(self) -> str:
        path = str(self.machine.project / "client.pem")
        self.authority.issue_cert("robot@acme.example").private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def netrc(self, text: str) -> None:
        path = Path(self.machine.environment["HOME"]) / ".netrc"
        path.write_text(text)
        path.chmod(0o600)


def _ca_by_option(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.secure()
    return ("--cert", place.certificate), {}


def _ca_by_variable(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.secure()
    return (), {"PIP_CERT": place.certificate}


def _ca_of_requests(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.secure()
    return (), {"REQUESTS_CA_BUNDLE": place.certificate}


def _ca_of_requests_before_the_option(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    """The variable wins: pip's own quirk."""
    place.secure()
    other = str(place.machine.project / "other.pem")
    trustme.CA().cert_pem.write_to_path(other)
    return ("--cert", place.certificate), {"REQUESTS_CA_BUNDLE": other}


def _unknown_authority(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.secure()
    return (), {}


def _client_certificate(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.secure(ask_client=True)
    return ("--cert", place.certificate, "--client-cert", place.client_certificate()), {}


def _no_client_certificate(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.secure(ask_client=True)
    return ("--cert", place.certificate), {}


def _trusted_host(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.secure()
    return ("--trusted-host", f"localhost:{place.server.port}"), {}


def _proxy_by_option(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    proxy, place.server = place.server, place.serve("behind")
    proxy.answers[".*"] = Answer(403)
    return ("--proxy", proxy.root), {"NO_PROXY": ""}


def _proxy_by_variable(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    proxy, place.server = place.server, place.serve("behind")
    proxy.answers[".*"] = Answer(403)
    return (), {"http_proxy": proxy.root, "NO_PROXY": "elsewhere.example", "no_proxy": "elsewhere.example"}


def _no_proxy(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    proxy, place.server = place.server, place.serve("behind")
    proxy.answers[".*"] = Answer(403)
    return (), {"http_proxy": proxy.root, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def _retries(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.server.answers[".*"] = Answer(503)
    return ("--retries", "2"), {}


def _timeout(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.server.answers[".*"] = Answer(hang=True)
    return ("--timeout", "1", "--retries", "1"), {}


def _credentials_in_variables(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.server.credentials = ("robot", "s3cret")
    return (), {"PIP_PINNED_INDEX_ACME_USERNAME": "robot", "PIP_PINNED_INDEX_ACME_PASSWORD": "s3cret"}


def _credentials_in_netrc(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.server.credentials = ("robot", "s3cret")
    place.netrc("machine 127.0.0.1 login robot password s3cret\n")
    return (), {}


def _netrc_of_another_host(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.server.credentials = ("robot", "s3cret")
    place.netrc("machine localhost login robot password s3cret\n")
    return (), {}


def _wrong_credentials(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    place.server.credentials = ("robot", "s3cret")
    return (), {"PIP_PINNED_INDEX_ACME_USERNAME": "robot", "PIP_PINNED_INDEX_ACME_PASSWORD": "wr0ng"}


SETTINGS = [_ca_by_option, _ca_by_variable, _ca_of_requests, _ca_of_requests_before_the_option, _unknown_authority, _client_certificate, _no_client_certificate,
            _trusted_host, _proxy_by_option, _proxy_by_variable, _no_proxy, _retries, _timeout, _credentials_in_variables, _credentials_in_netrc,
            _netrc_of_another_host, _wrong_credentials]


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("arrange", SETTINGS, ids=lambda arrange: arrange.__name__.strip("_"))
def test_it_agrees_with_pip(arrange: Callable[[Place], tuple[tuple[str, ...], dict[str, str]]], machine: Machine,
                            serve: Callable[..., IndexServer], authority: trustme.CA) -> None:
    """The same answer, after the same number of questions, with the same credentials."""
    place = Place(machine, serve, authority)
    first = place.server
    options, environment = arrange(place)
    servers = {first.port: first, place.server.port: place.server}.values()
    _declare(machine, place.server.url)

    def seen() -> list[tuple[int, str, tuple[str, str] | None]]:
        found = [(server.port, "page", request.authorization) for server in servers for request in server.requests if "/simple/" in request.path
                 and not request.path.endswith("/simple/")]
        for server in servers:
            server.requests.clear()
        return found

    installed = machine.pinned("install", "--target", "site", "--no-input", "--no-prefetch", "nobody-has-this", *options, **environment)  # asked ahead counts for nothing if it fails
    by_pip = seen()
    _, report = _doctor(machine, *options, **environment)
    assert seen() == by_pip
    error = installed.error if installed.error in ("index-auth-failed", "index-unavailable") else None
    assert report["indexes"][0]["error"] == error, installed.text
    assert "s3cret" not in str(report)


def test_each_index_is_reported(machine: Machine, serve: Callable[..., IndexServer], secure: IndexServer) -> None:
    private = serve("private", credentials=("robot", "s3cret"), json_pages=True).add(wheel("acme-core", "1.0"))
    gitlab, public = serve("gitlab"), serve("public")
    gitlab.answers["/simple/[^/]+/"] = redirect(f"http://localhost:{public.port}/simple/")
    machine.write("pip-pinned.toml", f"""
[[index]]
name = "private"
url = "{private.url_with_credentials}"
explicit = true
[[index]]
name = "wrong"
url = "{private.url_with_credentials.replace('s3cret', 'wr0ng')}"
explicit = true
[[index]]
name = "secure"
url = "{secure.url}"
verify-ssl = false
[[index]]
name = "gitlab"
url = "{gitlab.url}"
[[index]]
name = "down"
url = "http://127.0.0.1:9/simple"
[[index]]
name = "folder"
url = "file://{machine.project}"
[[index]]
name = "nowhere"
url = "file:///no/such/folder"
[sources]
acme-core = {{ index = "private" }}
""")
    done, report = _doctor(machine, PIP_EXTRA_INDEX_URL="https://robot:t0ken@extra.example/simple")
    found = {index["name"]: index for index in report["indexes"]}
    assert {name: index["error"] for name, index in found.items()} == {
        "private": None, "wrong": "index-auth-failed", "secure": None, "gitlab": None, "down": "index-unavailable", "folder": None, "nowhere": "index-unavailable",
    } | ({pypi: found[pypi]["error"] for pypi in found.keys() & {"pypi", "PyPI"}})
    assert (found["private"]["user"], found["private"]["credentials"], found["private"]["pages"]) == ("robot", "from the index URL", "json")
    assert found["secure"]["tls"].startswith("TLS") and found["secure"]["tls"].endswith("not verified")
    assert found["gitlab"]["forwards-to"] == f"http://localhost:{public.port}" and public.requests == []
    assert report["pip"] == {"version": pips.NEWEST, "canary": "ok"}
    assert any("extra.example" in notice and "ignored" in notice for notice in report["notices"])
    assert not any(secret in done.text for secret in ("s3cret", "wr0ng", "t0ken"))
    assert private.pages_asked().count("acme-core") == 1 and not any("acme-core" in server.pages_asked() for server in (gitlab, public, secure))
    table = machine.pinned("doctor")
    assert table.code == 1 and "keyring: " in table.out and "s3cret" not in table.text


@pytest.mark.parametrize("verb", ["doctor", "login"])
def test_a_redirect_below_another_index_takes_no_secret_along(verb: str, machine: Machine, private: IndexServer) -> None:
    if verb == "login":
        Secrets(machine)
    private.answers["/a/simple/.*"] = lambda request: redirect(request.path.replace("/a/", "/b/"))
    private.answers["/b/.*"] = lambda request: Answer(404 if request.authorization == ("b", "secret-b") else 401)
    url = private.root.replace("://", "://{}@")
    a = url.format("a:secret-a") if verb == "doctor" else private.root
    machine.write("pip-pinned.toml", f'[[index]]\nname = "a"\nurl = "{a}/a/simple"\n[[index]]\nname = "b"\nurl = "{url.format("b:secret-b")}/b/simple"\ndefault = true\n')
    if verb == "doctor":
        _, report = _doctor(machine)
        assert report["ok"], report
    else:
        path = machine.write("token", "secret-a\n")
        machine.run_script("-c", f"import subprocess, sys; subprocess.run([sys.executable, '-m', 'pip_pinned', 'login', 'a', '--username', 'a', '--token-stdin'], stdin=open({str(path)!r}))")
    assert {request.authorization for request in private.requests if request.path.startswith("/b/")} == {("b", "secret-b")}


def test_a_token_is_not_taken_for_a_user_name(machine: Machine, private: IndexServer) -> None:
    private.credentials = ("t0ken", "")
    _declare(machine, private.url.replace("://", "://t0ken@"))
    done, report = _doctor(machine)
    assert report["ok"] and report["indexes"][0]["user"] == "a token" and "t0ken" not in done.text


def test_keyring_is_asked_only_after_a_refusal(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    secrets = Secrets(machine)
    private.credentials = ("robot", "s3cret")
    secrets.hold({f"{private.url}/": ("robot", "s3cret")})
    machine.write("pip-pinned.toml", f'[[index]]\nname = "a"\nurl = "{private.url}"\n[[index]]\nname = "b"\nurl = "{public.url}"\ndefault = true\n')
    _, report = _doctor(machine, "--keyring-provider", "import")
    assert report["ok"] and report["indexes"][0]["credentials"] == "from keyring" and report["keyring"] == "company_keyring.Keyring"
    assert secrets.asked() == [f"{private.url}/"]


def test_always_without_credentials_asks_nothing(machine: Machine, private: IndexServer) -> None:
    _declare(machine, private.url, 'authenticate = "always"')
    _, report = _doctor(machine)
    assert report["indexes"][0]["error"] == "index-auth-failed" and private.requests == []


def test_the_indexes_are_asked_at_the_same_time(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    """The first answers only once the last has been asked."""
    servers = [serve(f"index-{i}") for i in range(4)]

    def wait_for_the_last(request: Request) -> Answer | None:
        for _ in range(200):
            if servers[-1].requests:
                return Answer(404)
            servers[0]._stopping.wait(0.02)
        return Answer(500)

    servers[0].answers[".*"] = wait_for_the_last
    machine.write("pip-pinned.toml", "".join(f'[[index]]\nname = "i{i}"\nurl = "{server.url}"\ndefault = {str(i == 3).lower()}\n' for i, server in enumerate(servers)))
    _, report = _doctor(machine)
    assert report["ok"], report


def test_mistakes_and_wrong_usage(machine: Machine) -> None:
    machine.write("pip-pinned.toml", '[[index]]\nname = "a"\nurl = "nowhere"\n')
    done = machine.pinned("doctor")
    assert (done.code, done.error) == (1, "bad-configuration")
    _declare(machine, "http://127.0.0.1:9/simple")
    assert machine.pinned("doctor", "acme-core").code == machine.pinned("doctor", "--format", "xml").code == 2
    assert machine.pinned("doctor", "--help").code == 0


def test_a_pip_that_cannot_be_enforced_is_reported(machine: Machine, private: IndexServer, tmp_path: Path) -> None:
    import shutil

    doctored = tmp_path / "pip"
    shutil.copytree(pips.pip_of(pips.NEWEST), doctored)
    finder = doctored / "pip" / "_internal" / "index" / "collector.py"
    finder.write_text(finder.read_text().replace("def collect_sources", "def gather_sources"))
    machine.pip = doctored
    _declare(machine, private.url)
    done = machine.pinned("doctor")
    assert (done.code, done.error) == (1, "unsupported-pip"), done.text
