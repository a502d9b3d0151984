"""TLS, HTTP caches and credentials: to the right index, over the wire that the policy allows (CONTRACT 2.2, 4.4, 4.10)."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer, Request
from tests.servers.projects import wheel


@pytest.mark.pips
def test_a_private_authority_is_given_by_pips_own_option(machine: Machine, authority: trustme.CA, secure: IndexServer, public: IndexServer) -> None:
    machine.write("pip-pinned.toml", POLICY.format(private=secure.url, public=public.url))
    certificate = machine.project / "ca.pem"
    authority.cert_pem.write_to_path(str(certificate))
    done = machine.pinned("install", "--target", "site", "acme-core", "--cert", str(certificate))
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0"}, done.text
    assert machine.pinned("install", "--target", "other", "acme-core").error == "index-unavailable"


@pytest.mark.pips
def test_verification_is_switched_off_for_one_origin_alone_and_said_every_time(machine: Machine, secure: IndexServer, public: IndexServer,
                                                                             authority: trustme.CA, serve: Callable[..., IndexServer]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    neighbour = serve("neighbour", tls=context).add(wheel("other-lib", "1.0"))
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{secure.url}"\nverify-ssl = false\n[[index]]\nname = "neighbour"\nurl = "{neighbour.url}"\n'
                  '[sources]\nacme-core = { index = "acme" }\nother-lib = { index = "neighbour" }\n')
    done = machine.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0"}, done.text
    assert done.err.count("verify-ssl = false") == 1
    assert machine.pinned("install", "--target", "other", "other-lib").error == "index-unavailable"


@pytest.mark.pips
def test_what_was_cached_without_verification_is_not_used(machine: Machine, secure: IndexServer, authority: trustme.CA, public: IndexServer) -> None:
    certificate = machine.project / "ca.pem"
    authority.cert_pem.write_to_path(str(certificate))
    good, evil = secure.projects["acme-core"][0], wheel("acme-core", "1.0", says="evil")
    forever = {"Cache-Control": "max-age=365000000, immutable", "ETag": '"the-same"'}

    def serve_file(request: Request) -> Answer:
        if request.headers.get("if-none-match") == '"the-same"':
            return Answer(304, headers=forever)
        return Answer(200, secure.projects["acme-core"][0].content, {**forever, "Content-Type": "application/octet-stream"})

    secure.answers[r"/files/.*\.whl"] = serve_file
    secure.hashes = False
    secure.projects["acme-core"] = [evil]
    for program in (machine.plain, machine.pinned):  # an earlier run over a wire that nobody checked
        done = program("install", "--target", program.__name__, "--index-url", secure.url, "--trusted-host", f"localhost:{secure.port}", "acme-core")
        assert done.code == 0, done.text
    secure.projects["acme-core"] = [good]
    machine.write("pip-pinned.toml", POLICY.format(private=secure.url, public=public.url))
    done = machine.pinned("install", "--target", "site", "acme-core", "--cert", str(certificate))
    assert done.code == 0 and machine.module("acme_core")["WHO"] == "private", done.text


def _two_on_one_host(server: IndexServer) -> None:
    """/a/simple wants a:one, /b/simple wants b:two, files lie below each; anything else is nobody's."""
    files = {"a": wheel("acme-core", "1.0", says="a"), "b": wheel("beta-lib", "1.0", says="b")}
    passwords = {"a": ("a", "one"), "b": ("b", "two")}

    def answer(request: Request) -> Answer:
        owner = request.path.split("/")[1]
        if request.authorization != passwords[owner]:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        file = files[owner]
        if request.path.endswith(file.filename):
            return Answer(200, file.content)
        return Answer(200, f'<!DOCTYPE html><a href="/{owner}/files/{file.filename}#sha256={file.sha256}">{file.filename}</a>'.encode(), {"Content-Type": "text/html"})

    server.answers[r"/[ab]/.*"] = answer


@pytest.mark.pips
def test_two_indexes_on_one_host_with_credentials_of_their_own(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    server = serve("host")
    _two_on_one_host(server)
    at = server.root.replace("://", "://{}@")
    machine.write("pip-pinned.toml", f'[[index]]\nname = "a"\nurl = "{at.format("a:one")}/a/simple"\n[[index]]\nname = "b"\nurl = "{at.format("b:two")}/b/simple"\n'
                  '[sources]\nacme-core = { index = "a" }\nbeta-lib = { index = "b" }\n')
    done = machine.pinned("install", "--target", "site", "acme-core", "beta-lib", "--no-input")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0", "beta-lib": "1.0"}, done.text
    assert {(r.path.split("/")[1], r.authorization) for r in server.requests} == {("a", ("a", "one")), ("b", ("b", "two"))}


@pytest.mark.pips
def test_netrc_answers_for_an_index_without_credentials_in_its_url(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("robot", "s3cret")
    netrc = Path(machine.environment["HOME"]) / ".netrc"
    netrc.write_text("machine 127.0.0.1 login robot password s3cret\n")
    netrc.chmod(0o600)
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    done = machine.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0 and "s3cret" not in done.text, done.text


def test_a_file_over_http_is_refused_where_the_page_was_https(machine: Machine, secure: IndexServer, public: IndexServer, authority: trustme.CA) -> None:
    certificate = machine.project / "ca.pem"
    authority.cert_pem.write_to_path(str(certificate))
    public.projects["acme-core"] = secure.projects["acme-core"]
    secure.files_at = f"{public.root}/files"
    machine.write("pip-pinned.toml", POLICY.format(private=secure.url, public=public.url))
    done = machine.pinned("install", "--target", "site", "acme-core", "--cert", str(certificate))
    assert (done.error, done.code) == ("off-origin-file", 1), done.text


def test_wrong_credentials_are_tried_once(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("robot", "right")
    url = private.url_with_credentials.replace("right", "wrong")
    machine.write("pip-pinned.toml", POLICY.format(private=url, public=public.url))
    assert machine.pinned("install", "--target", "site", "acme-core").error == "index-auth-failed"
    assert len(private.requests) <= 2


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("host", ["localhost", "localhost:{port}", "localhost:{port}/simple", "localhost:{port}/files", "LOCALHOST:{port}", "x@localhost:{port}", "*"])
def test_a_requirements_file_cannot_switch_off_the_verification_of_a_declared_index(host: str, machine: Machine, secure: IndexServer,
                                                                                   public: IndexServer) -> None:
    machine.write("pip-pinned.toml", POLICY.format(private=secure.url, public=public.url))
    machine.write("r.txt", f"--trusted-host {host.format(port=secure.port)}\nacme-core\n")
    done = machine.pinned("install", "--target", "site", "-r", "r.txt")
    assert (done.error, done.code) == ("index-unavailable", 1) and machine.installed() == {}, done.text


@pytest.mark.pips
def test_the_values_of_variables_are_shown_nowhere(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    """A token in the path of an index, as some hosts want it."""
    server = serve("host")
    file = wheel("acme-core", "1.0", says="private")
    page = f'<!DOCTYPE html><a href="../../files/{file.filename}#sha256={file.sha256}">{file.filename}</a>'
    server.answers["/t0ken-in-path/simple/acme-core/"] = Answer(200, page.encode(), {"Content-Type": "text/html"})
    server.answers[f"/t0ken-in-path/files/{file.filename}"] = Answer(200, file.content)
    server.answers["/t0ken-in-path/simple/acme-down/"] = Answer(503)
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{server.root}/${{ACME_TOKEN}}/simple"\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
    server.answers["/t0ken-in-path/simple/acme-gone/"] = Answer(200, page.replace(file.filename, "acme_gone-1.0-py3-none-any.whl").encode(), {"Content-Type": "text/html"})
    for name, code in (("acme-core", 0), ("acme-down", 1), ("acme-none", 1), ("acme-gone", 1)):
        for verbosity in ("-q", "-v", "-vvv"):
            done = machine.pinned("install", "--target", "site", verbosity, "--log", "log.txt", "--report", "report.json", name, ACME_TOKEN="t0ken-in-path")
            assert done.code == code, done.text
            report = machine.project / "report.json"
            assert "t0ken-in-path" not in done.text + (machine.project / "log.txt").read_text() + (report.read_text() if report.exists() else "")


@pytest.mark.pips
@pytest.mark.parametrize("value", ["short7", "t\u00f6ken-in-the-path", "tok~en|and more"])
def test_a_value_is_hidden_in_every_form_that_a_url_shows_it_in(value: str, machine: Machine, serve: Callable[..., IndexServer]) -> None:
    server = serve("host")
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{server.root}/${{ACME_TOKEN}}/simple"\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
    done = machine.pinned("install", "--target", "site", "-vvv", "--log", "log.txt", "acme-none", ACME_TOKEN=value)
    text = done.text + (machine.project / "log.txt").read_text()
    assert server.requests and not any(form in text for form in (value, quote(value), quote(value, safe=""), server.requests[0].path)), text


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("answer", [
    Answer(302, headers={"Location": "http://127.0.0.1:99999999/"}), Answer(302, headers={"Location": "//["}), Answer(302, headers={"Location": "ftp://elsewhere.example/"}),
    Answer(302, headers={"Location": "file:///etc/passwd"}), Answer(302, headers={"Location": "/simple/acme-core/"}),
    Answer(200, b"{", {"Content-Type": "application/vnd.pypi.simple.v1+json"}), Answer(200, b"[]", {"Content-Type": "application/vnd.pypi.simple.v1+json"}),
    Answer(200, b"<!DOCTYPE html>", {"Content-Type": "text/html; charset=no-such"}), Answer(200, b"not gzip", {"Content-Type": "text/html", "Content-Encoding": "gzip"}),
], ids=["bad-port", "bad-host", "ftp", "file", "loop", "json-cut", "json-list", "charset", "gzip"])
def test_an_answer_that_cannot_be_read_is_a_fault_and_nothing_else_is_asked(answer: Answer, machine: Machine, private: IndexServer,
                                                                           public: IndexServer) -> None:
    private.answers["/simple/pubdep/"] = answer
    machine.write("pip-pinned.toml", f'[[index]]\nname = "first"\nurl = "{private.url}"\n[[index]]\nname = "public"\nurl = "{public.url}"\ndefault = true\n')
    done = machine.pinned("install", "--target", "site", "pubdep")
    assert done.code == 1 and "Traceback" not in done.text, done.text
    assert public.requests == [] and machine.installed() == {}


@pytest.mark.pips
@pytest.mark.parametrize("location", ["http://127.0.0.1:abc/x", "http://[::1/x", "http://127.0.0.1:99999/", "http://\u00fc..x/", "http:///x"])
def test_a_file_redirected_to_no_address_is_an_error_and_no_crash(location: str, acme: Machine, private: IndexServer) -> None:
    private.answers["/files/.*"] = Answer(302, headers={"Location": location.encode().decode("latin-1")})
    done = acme.pinned("install", "--target", "site", "acme-core")
    assert done.code == 1 and "Traceback" not in done.text and acme.installed() == {}, done.text
