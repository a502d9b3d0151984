"""Who gets which secret: every request of every server is looked at (CONTRACT 4.4; the scope of credentials).

Each topology arranges indexes, file hosts and credentials, and says where each secret may be seen: below one path of one
server. Afterwards no server has seen a secret anywhere else, and every index that needs one got it.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pytest
import trustme

from tests import interpreters
from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer, Request, redirect
from tests.servers.projects import File, sdist, wheel


@dataclass
class Place:
    """What lies below a path of a server, and the one pair of credentials that may be sent there."""

    server: IndexServer
    prefix: str
    credentials: tuple[str, str] | None

    @property
    def url(self) -> str:
        return f"{self.server.root}{self.prefix}simple"

    @property
    def url_with_credentials(self) -> str:
        assert self.credentials is not None
        return self.url.replace("://", "://{}:{}@".format(*self.credentials))


@dataclass
class World:
    """Servers with places on them, and a machine."""

    machine: Machine
    serve: Callable[..., IndexServer]
    places: list[Place] = field(default_factory=list)
    servers: list[IndexServer] = field(default_factory=list)
    arguments: tuple[str, ...] = ("install", "--target", "site", "acme-core")

    def server(self, **options: ssl.SSLContext) -> IndexServer:
        self.servers.append(self.serve("topology", **options))
        return self.servers[-1]

    def index(self, server: IndexServer, prefix: str, credentials: tuple[str, str] | None, *files: File, files_at: str | None = None,
              hashes: bool = True) -> Place:
        """An index below ``prefix`` whose pages and files ask for credentials; files at ``files_at`` are not here."""
        place = Place(server, prefix, credentials)
        self.places.append(place)

        def answer(request: Request) -> Answer | None:
            if credentials is not None and request.authorization != credentials:
                return Answer(401, headers={"WWW-Authenticate": 'Basic realm="index"'})
            project = re.fullmatch(f"{re.escape(prefix)}simple/([^/]+)/", request.path)
            mine = [f for f in files if project and re.split(r"-(?=\d)", f.filename)[0].replace("_", "-") == project[1]]
            if mine:
                links = [f'<a href="{files_at or server.root + prefix + "files/"}{f.filename}{"#sha256=" + f.sha256 if hashes else ""}">{f.filename}</a>' for f in mine]
                return Answer(200, ("<!DOCTYPE html>" + "".join(links)).encode(), {"Content-Type": "text/html"})
            found = next((f for f in files if request.path == f"{prefix}files/{f.filename}"), None)
            return Answer(404) if found is None else Answer(200, found.content)

        server.answers[re.escape(prefix) + ".*"] = answer
        return place

    def policy(self, *indexes: tuple[str, str], more: str = "", **pins: str) -> None:
        tables = "".join(f'[[index]]\nname = "{name}"\nurl = "{url}"\n{more}\n' for name, url in indexes)
        self.machine.write("pip-pinned.toml", tables + "[sources]\n" + "".join(f'{package.replace("_", "-")} = {{ index = "{index}" }}\n' for package, index in pins.items()))

    def netrc(self, text: str) -> None:
        path = Path(self.machine.environment["HOME"]) / ".netrc"
        path.write_text(text)
        path.chmod(0o600)

    def run(self, **environment: str) -> Result:
        return self.machine.pinned(*self.arguments, **environment)

    def check(self) -> None:
        """No secret was seen out of its place; every place that has one got it."""
        secrets = {place.credentials[1] for place in self.places if place.credentials}
        for server in self.servers:
            here = sorted((place for place in self.places if place.server is server), key=lambda place: -len(place.prefix))
            for request in server.requests:
                place = next((place for place in here if request.path.startswith(place.prefix)), None)
                allowed = None if place is None or ".." in unquote(request.path) else place.credentials
                assert request.authorization in (None, allowed), f"{request.authorization} was sent to {server.root}{request.path}"
                leaked = [secret for secret in secrets if secret in request.path or any(secret in value for value in request.headers.values())]
                assert not leaked, request
        for place in self.places:
            if place.credentials:
                assert any(r.authorization == place.credentials for r in place.server.requests if r.path.startswith(place.prefix)), f"{place.url} got nothing"


@pytest.fixture
def world(machine: Machine, serve: Callable[..., IndexServer]) -> World:
    return World(machine, serve)


CORE = wheel("acme-core", "1.0", says="private")
BETA = wheel("beta-lib", "1.0", says="beta")
A, B = ("a", "secret-of-a"), ("b", "secret-of-b")


def two_on_one_host(world: World) -> None:
    server = world.server()
    a, b = world.index(server, "/a/", A, CORE), world.index(server, "/b/", B, BETA)
    world.policy(("a", a.url_with_credentials), ("b", b.url_with_credentials), acme_core="a", beta_lib="b")
    world.arguments = ("install", "--target", "site", "acme-core", "beta-lib")


def one_below_the_other(world: World) -> None:
    server = world.server()
    b, a = world.index(server, "/team/b/", B, BETA), world.index(server, "/team/", A, CORE)
    world.policy(("a", a.url_with_credentials), ("b", b.url_with_credentials), acme_core="a", beta_lib="b")
    world.arguments = ("install", "--target", "site", "beta-lib", "acme-core")


def a_name_that_only_begins_alike(world: World) -> None:
    server = world.server()
    a, b = world.index(server, "/team/", A, CORE), world.index(server, "/team-two/", None, BETA)
    world.policy(("a", a.url_with_credentials), ("b", b.url), acme_core="a", beta_lib="b")
    world.arguments = ("install", "--target", "site", "acme-core", "beta-lib")


def a_public_index_on_the_same_host(world: World) -> None:
    server = world.server()
    a, b = world.index(server, "/a/", A, CORE), world.index(server, "/b/", None, BETA)
    world.policy(("a", a.url_with_credentials), ("b", b.url), acme_core="a", beta_lib="b")
    world.arguments = ("install", "--target", "site", "acme-core", "beta-lib")


def files_on_another_port(world: World) -> None:
    files = world.server()
    world.index(files, "/", None, CORE)
    a = world.index(world.server(), "/a/", A, CORE, files_at=f"{files.root}/files/")
    world.policy(("a", a.url_with_credentials), acme_core="a")


def files_on_another_host_name(world: World) -> None:
    files = world.server()
    world.index(files, "/", None, CORE)
    a = world.index(world.server(), "/a/", A, CORE, files_at=f"{files.root.replace('127.0.0.1', 'localhost')}/files/")
    world.policy(("a", a.url_with_credentials), acme_core="a")


def files_elsewhere_on_the_same_origin(world: World) -> None:
    server = world.server()
    a = world.index(server, "/a/", A, CORE, files_at=f"{server.root}/blobs/files/")
    world.index(server, "/blobs/", A, CORE)
    world.policy(("a", a.url_with_credentials), acme_core="a")


def a_file_redirected_within_the_origin(world: World) -> None:
    server = world.server()
    server.answers["/a/files/.*"] = redirect("/blobs/files/" + CORE.filename)
    a = world.index(server, "/a/", A, CORE)
    world.index(server, "/blobs/", A, CORE)
    world.policy(("a", a.url_with_credentials), acme_core="a")


def a_file_redirected_to_another_port(world: World) -> None:
    files = world.server()
    world.index(files, "/", None, CORE)
    server = world.server()
    server.answers["/a/files/.*"] = redirect(f"{files.root}/files/{CORE.filename}")
    a = world.index(server, "/a/", A, CORE)
    world.policy(("a", a.url_with_credentials), acme_core="a")


def a_file_redirected_below_another_index(world: World) -> None:
    server = world.server()
    server.answers["/a/files/.*"] = redirect(f"/b/files/{CORE.filename}")
    a, b = world.index(server, "/a/", A, CORE), world.index(server, "/b/", B, CORE)
    world.policy(("a", a.url_with_credentials), ("b", b.url_with_credentials), acme_core="a")


def a_page_redirected_to_another_port(world: World) -> None:
    other = world.server()
    world.index(other, "/a/", None, CORE)
    server = world.server()
    server.answers["/a/simple/beta-lib/"] = redirect(f"{other.root}/a/simple/beta-lib/")
    a = world.index(server, "/a/", A, CORE)
    world.policy(("a", a.url_with_credentials), acme_core="a", beta_lib="a")
    world.arguments = ("install", "--target", "site", "acme-core", "beta-lib")


def a_page_redirected_by_permission(world: World) -> None:
    other = world.server()
    world.index(other, "/a/", None, CORE)
    server = world.server()
    server.answers["/a/simple/acme-core/"] = lambda r: redirect(f"{other.root}/a/simple/acme-core/") if r.authorization == A else None
    a = world.index(server, "/a/", A)
    world.policy(("a", a.url_with_credentials), more="follow-redirects = true", acme_core="a")


def netrc_and_a_file_on_another_port(world: World) -> None:
    files_on_another_port(world)
    world.policy(("a", world.places[-1].url), acme_core="a")
    world.netrc("machine 127.0.0.1 login a password secret-of-a\n")


def netrc_and_a_file_redirected_to_another_port(world: World) -> None:
    a_file_redirected_to_another_port(world)
    world.policy(("a", world.places[-1].url), acme_core="a")
    world.netrc("machine 127.0.0.1 login a password secret-of-a\n")


def netrc_for_another_host(world: World) -> None:
    a = world.index(world.server(), "/a/", None, CORE)
    world.policy(("a", a.url), acme_core="a")
    world.netrc("machine localhost login a password secret-of-a\n")


def a_file_host_that_asks_for_credentials(world: World) -> None:
    files = world.server()
    files.answers[".*"] = Answer(401, headers={"WWW-Authenticate": 'Basic realm="please"'})
    a = world.index(world.server(), "/a/", A, CORE, files_at=f"{files.root}/files/")
    world.policy(("a", a.url_with_credentials), acme_core="a")


def an_index_that_sets_a_cookie(world: World) -> None:
    server, other = world.server(), world.server()
    first = world.index(server, "/a/", A, wheel("acme-core", "1.0", requires=("beta-lib",)))
    ordinary = server.answers.pop("/a/.*")

    def with_cookie(request: Request) -> Answer | None:
        assert callable(ordinary)
        answer = ordinary(request)
        if answer is not None:
            answer.headers["Set-Cookie"] = "session=secret-of-a; Path=/"
        return answer

    server.answers["/a/.*"] = with_cookie
    second = world.index(other, "/b/", None, BETA)
    world.policy(("a", first.url_with_credentials), ("b", second.url), acme_core="a", beta_lib="b")


def a_build_child(world: World) -> None:
    a = world.index(world.server(), "/a/", A, sdist("acme-core", "1.0", build_requires=("acme-build",)), wheel("acme-build", "1.0", says="private"))
    b = world.index(world.server(), "/b/", B, BETA)
    world.policy(("a", a.url_with_credentials), ("b", b.url_with_credentials), acme_core="a", acme_build="a", beta_lib="b")
    world.arguments = ("install", "--target", "site", "acme-core", "beta-lib")


def another_interpreter(world: World) -> None:
    two_on_one_host(world)
    other = world.machine.directory / "other"
    interpreters.make_environment(other)
    world.arguments = ("--python", str(other), *world.arguments)


def a_direct_url_beside_the_index(world: World) -> None:
    server = world.server()
    world.index(server, "/", None, BETA)
    a = world.index(world.server(), "/a/", A, CORE)
    world.policy(("a", a.url), acme_core="a")
    world.netrc("machine 127.0.0.1 login a password secret-of-a\n")
    world.arguments = ("install", "--target", "site", "acme-core", f"beta-lib @ {server.root}/files/{BETA.filename}")


def _evil_index(world: World, at: str) -> None:
    """An index that lists, with its hash, a file on the private index's host."""
    evil = world.index(world.server(), "/", None, BETA, files_at=at)
    world.policy(("a", world.places[0].url_with_credentials), ("evil", evil.url), acme_core="a", beta_lib="evil")
    world.arguments = ("install", "--target", "site", "acme-core", "beta-lib")


def a_path_that_leads_up(world: World) -> None:
    server = world.server()
    server.answers[r"/a/\.\.%2[fF]evil/.*"] = Answer(200, BETA.content)
    world.index(server, "/a/", A, CORE)
    _evil_index(world, f"{server.root}/a/..%2fevil/")


def a_redirect_that_leads_up(world: World) -> None:
    server, other = world.server(), world.server()
    server.answers[r"/a/.*\.\./.*"] = Answer(200, BETA.content)
    other.answers["/files/.*"] = redirect(f"{server.root}/a/%2e%2e/evil/{BETA.filename}")
    world.index(server, "/a/", A, CORE)
    _evil_index(world, f"{other.root}/files/")


def a_file_that_another_origin_sends_back(world: World) -> None:
    cdn, server = world.server(), world.server()
    cdn.answers["/files/.*"] = redirect(f"{server.root}/evil/{CORE.filename}")
    server.answers["/evil/.*"] = Answer(200, CORE.content)
    a = world.index(server, "/a/", A, CORE, files_at=f"{cdn.root}/files/")
    world.policy(("a", a.url_with_credentials), acme_core="a")


def a_page_that_another_origin_sends_back(world: World) -> None:
    other, server = world.server(), world.server()
    other.answers[".*"] = redirect(f"{server.root}/evil/acme-core/")
    server.answers["/evil/acme-core/"] = Answer(200, f'<a href="/evil/{CORE.filename}">{CORE.filename}</a>'.encode(), {"Content-Type": "text/html"})
    server.answers["/evil/.*whl"] = Answer(200, CORE.content)
    server.answers["/a/simple/acme-core/"] = lambda r: redirect(f"{other.root}/") if r.authorization == A else None
    a = world.index(server, "/a/", A)
    world.policy(("a", a.url_with_credentials), more="follow-redirects = true", acme_core="a")


def netrc_default_and_a_file_on_another_host_name(world: World) -> None:
    files_on_another_host_name(world)
    world.policy(("a", world.places[-1].url), acme_core="a")
    world.netrc("default login a password secret-of-a\n")


SUCCEED = [a_file_that_another_origin_sends_back, a_page_that_another_origin_sends_back,
           netrc_default_and_a_file_on_another_host_name, two_on_one_host, one_below_the_other, a_name_that_only_begins_alike, a_public_index_on_the_same_host, files_on_another_port, files_on_another_host_name,
           files_elsewhere_on_the_same_origin, a_file_redirected_within_the_origin, a_file_redirected_to_another_port, a_file_redirected_below_another_index,
           a_page_redirected_by_permission, netrc_and_a_file_on_another_port, netrc_and_a_file_redirected_to_another_port, netrc_for_another_host,
           an_index_that_sets_a_cookie, a_build_child, another_interpreter, a_direct_url_beside_the_index]
FAIL = {a_path_that_leads_up: "bad-url", a_redirect_that_leads_up: "off-origin-file", a_page_redirected_to_another_port: "pin-not-found", a_file_host_that_asks_for_credentials: None}


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("arrange", [*SUCCEED, *FAIL], ids=lambda arrange: arrange.__name__)
def test_every_secret_stays_in_its_place(arrange: Callable[[World], None], world: World) -> None:
    arrange(world)
    done = world.run()
    world.check()
    if arrange in FAIL:
        assert (done.error == FAIL[arrange] or FAIL[arrange] is None) and done.code == 1, done.text
    else:
        assert done.code == 0, done.text
    assert "secret-of" not in done.text


@pytest.mark.pips
def test_no_secret_goes_over_http_after_https(world: World) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    secure, bare = world.server(tls=context), world.server()
    world.index(bare, "/", None, CORE)
    secure.answers["/a/files/.*"] = redirect(f"{bare.root.replace('127.0.0.1', 'localhost')}/files/{CORE.filename}")
    a = world.index(secure, "/a/", A, CORE)
    world.policy(("a", a.url), acme_core="a")
    world.netrc("machine localhost login a password secret-of-a\n")
    certificate = world.machine.project / "ca.pem"
    authority.cert_pem.write_to_path(str(certificate))
    world.arguments += ("--cert", str(certificate))
    done = world.run()
    world.check()
    assert done.error == "off-origin-file" and bare.requests == [], done.text


@pytest.mark.parametrize("how", ["url", "environment", "netrc"])
@pytest.mark.pips
def test_wrong_credentials_are_sent_once(how: str, world: World) -> None:
    """Hosts lock an account after a few."""
    a = world.index(world.server(), "/a/", A, CORE)
    wrong = Place(a.server, a.prefix, ("a", "wrong"))
    environment = {}
    world.policy(("a", wrong.url_with_credentials if how == "url" else a.url), acme_core="a")
    if how == "netrc":
        world.netrc("machine 127.0.0.1 login a password wrong\n")
    elif how == "environment":
        environment = {"PIP_PINNED_INDEX_A_USERNAME": "a", "PIP_PINNED_INDEX_A_PASSWORD": "wrong"}
    done = world.run(**environment)
    assert done.error == "index-auth-failed", done.text
    assert [request.authorization for request in a.server.requests] == [("a", "wrong")]


@pytest.mark.pips
@pytest.mark.parametrize(("first", "second"), [("/team/simple", "/team/"), ("/team/simple", "/team/+simple"), ("/team/simple", "/team/simple/"), ("/simple", "/t%7Eam/simple"),
                                               ("/simple", "/b%2dx/simple")])
def test_each_of_two_indexes_is_asked_with_its_own_secret(first: str, second: str, world: World) -> None:
    """Their paths are one within the other, or the same but for their spelling."""
    server = world.server()

    def answer(request: Request) -> Answer:
        file = BETA if "beta" in request.path else CORE
        if request.path.endswith(".whl"):
            return Answer(200, file.content)
        return Answer(200, f'<a href="{file.filename}#sha256={file.sha256}">{file.filename}</a>'.encode(), {"Content-Type": "text/html"})

    server.answers[".*"] = answer
    a, b = (server.root.replace("://", f"://{user}:{password}@") for user, password in (A, B))
    world.policy(("a", a + first), ("b", b + second), acme_core="a", beta_lib="b")
    world.arguments = ("install", "--target", "site", "acme-core", "beta-lib")
    done = world.run()
    assert done.code == 0, done.text
    assert {("beta" in request.path, request.authorization) for request in server.requests} == {(False, A), (True, B)}
