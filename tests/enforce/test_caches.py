"""The HTTP cache: by index and credentials, and as fresh as ``cache-control`` says (CONTRACT 2.2, 4.7)."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer, Request
from tests.servers.projects import wheel

FOREVER = "max-age=365000000, immutable"


class Shop:
    """An index behind TLS whose pages and files bear the same Cache-Control, and a machine that trusts its authority."""

    def __init__(self, machine: Machine, authority: trustme.CA, secure: IndexServer) -> None:
        self.machine = machine
        self.server = secure
        self.says = {"api": "", "files": ""}
        self.vary = ""
        certificate = machine.project / "ca.pem"
        authority.cert_pem.write_to_path(str(certificate))
        machine.environment["PIP_CERT"] = str(certificate)
        secure.answers[".*"] = self.answer

    def answer(self, request: Request) -> Answer:
        if self.server.credentials is not None and request.authorization != self.server.credentials:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="index"'})
        tag = f'"{len(self.server.projects)}"'
        kind = "files" if request.path.startswith("/files/") else "api"
        headers = {"ETag": tag} | ({"Cache-Control": self.says[kind]} if self.says[kind] else {}) | ({"Vary": self.vary} if self.vary else {})
        if request.headers.get("if-none-match") == tag:
            return Answer(304, headers=headers)
        file = self.server.projects["acme-core"][0]
        answer = Answer(200, file.content) if kind == "files" else self.server.page("acme-core", [file])
        answer.headers.update(headers)
        return answer

    def declare(self, cache_control: str = "", *, url: str = "", pinned: bool = True) -> None:
        pin = '[sources]\nacme-core = { index = "acme" }\n' if pinned else ""
        control = f"cache-control = {cache_control}\n" if cache_control else ""
        self.machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{url or self.server.url}"\ndefault = true\n{control}{pin}')

    def asked(self, **environment: str) -> list[str]:
        """Install once more; what the server was asked for: api, files."""
        before = len(self.server.requests)
        done = self.machine.pinned("install", "--ignore-installed", "--target", f"site{before}", "acme-core", **environment)
        assert done.code == 0, done.text
        return ["files" if request.path.startswith("/files/") else "api" for request in self.server.requests[before:]]

    def cached(self) -> bytes:
        """Everything in the cache directory, names and contents."""
        cache = Path(self.machine.environment["HOME"]) / ".cache" / "pip"
        return b"".join(str(path).encode() + (path.read_bytes() if path.is_file() else b"") for path in cache.rglob("*"))


@pytest.fixture
def shop(machine: Machine, authority: trustme.CA, secure: IndexServer) -> Shop:
    return Shop(machine, authority, secure)


@pytest.mark.pips
def test_a_pinned_page_is_asked_for_again_unless_the_policy_relaxes_it(shop: Shop) -> None:
    shop.says = {"api": "max-age=600", "files": "max-age=600"}
    shop.declare()
    assert shop.asked() == ["api", "files"]
    assert shop.asked() == ["api"]
    shop.declare('{ api = "max-age=600" }')
    assert shop.asked() == []


@pytest.mark.pips
def test_max_age_holds_where_the_index_forbids_to_cache(shop: Shop) -> None:
    shop.says = {"api": "no-store, max-age=0, private", "files": "no-store"}
    shop.declare(f'{{ api = "max-age=600", files = "{FOREVER}" }}')
    assert (shop.asked(), shop.asked()) == (["api", "files"], [])


@pytest.mark.pips
def test_no_cache_holds_where_the_index_allows_it(shop: Shop) -> None:
    """Also for what was cached before the policy said so, and for names without a pin."""
    shop.says = {"api": "max-age=600", "files": FOREVER}
    shop.declare(pinned=False)
    assert shop.asked() == ["api", "files"]
    shop.declare('{ api = "no-cache", files = "no-cache" }', pinned=False)
    assert shop.asked() == ["api", "files"]
    shop.declare('{ files = "no-store" }')
    assert shop.asked() == ["api", "files"]


@pytest.mark.pips
def test_what_was_cached_under_other_credentials_is_not_found(shop: Shop) -> None:
    shop.says = {"api": "max-age=600", "files": FOREVER}
    shop.vary = "Authorization"
    shop.declare('{ api = "max-age=600" }')

    def asked_as(user: str, password: str) -> list[str]:
        shop.server.credentials = (user, password)
        return shop.asked(PIP_PINNED_INDEX_ACME_USERNAME=user, PIP_PINNED_INDEX_ACME_PASSWORD=password)

    assert asked_as("__token__", "secret-one") == ["api", "files"]
    assert asked_as("__token__", "secret-two") == ["api", "files"]
    assert asked_as("__token__", "secret-one") == []
    shop.server.credentials = None
    assert shop.asked() == ["api", "files"]
    shop.declare('{ api = "no-cache", files = "no-cache" }')
    assert asked_as("__token__", "secret-one") == ["api", "files"]  # revalidated: 304, with the same Vary
    cached = shop.cached()
    assert b"acme_core" in cached and b"secret" not in cached
    assert not any(base64.b64encode(f"__token__:{secret}".encode()) in cached for secret in ("secret-one", "secret-two"))


@pytest.mark.pips
def test_what_one_index_vouched_for_is_not_found_for_another(shop: Shop, serve: Callable[..., IndexServer], authority: trustme.CA) -> None:
    """One file host, as a CDN is; plain pip keeps one answer for each URL there."""
    shop.says["files"] = FOREVER
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    for _ in range(2):
        index = serve("index", tls=tls, files_at=f"{shop.server.root}/files").add(wheel("acme-core", "1.0", says="private"))
        shop.declare(url=index.url)
        assert (shop.asked(), shop.asked()) == (["files"], [])


@pytest.mark.pips
def test_a_client_certificate_counts_as_credentials_and_goes_where_pip_sends_it(machine: Machine, authority: trustme.CA,
                                                                               serve: Callable[..., IndexServer], tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    shop = Shop(machine, authority, serve("private", tls=tls).add(wheel("acme-core", "1.0", says="private")))
    shop.says = {"api": "max-age=600", "files": FOREVER}
    shop.declare('{ api = "max-age=600" }')
    certificates = [str(tmp_path / name) for name in ("one.pem", "two.pem")]
    for certificate in certificates:
        authority.issue_cert("robot@acme.example").private_key_and_cert_chain_pem.write_to_path(certificate)
    refused: Result = machine.pinned("install", "--target", "site", "acme-core")
    assert refused.error == "index-unavailable", refused.text
    assert [shop.asked(PIP_CLIENT_CERT=certificate) for certificate in (*certificates, certificates[0])] == [["api", "files"], ["api", "files"], []]
