"""A proxy changes the connection, not what a request is sent to: the same origins, the same
credentials, the same pins (CONTRACT 1.6, 4.4).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest
import trustme

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer, Request
from tests.servers.projects import wheel
from tests.servers.tunnel import Tunnel

SECRET = "s3cret-password"


@pytest.mark.pips
@pytest.mark.parametrize("more", [(), ("--no-prefetch",)])
def test_without_tls_the_proxy_is_told_whole_urls(
    more: tuple[str, ...], machine: Machine, serve: Callable[..., IndexServer]
) -> None:
    """An index on port 80, which is trusted by its own key; a CDN beside it gets no credentials."""
    proxy, file = serve("proxy"), wheel("acme-core", "1.0", says="private")
    href = f"http://cdn.example/f/{file.filename}#sha256={file.sha256}"
    page = Answer(
        200, f'<a href="{href}">{file.filename}</a>'.encode(), {"Content-Type": "text/html"}
    )

    def answer(request: Request) -> Answer:
        if request.path == f"http://cdn.example/f/{file.filename}":
            return Answer(200, file.content)
        if request.authorization != ("robot", SECRET):
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        asked = request.path == "http://acme.example/simple/acme-core/"
        return page if asked else Answer(404)

    proxy.answers[".*"] = answer
    url = f"http://robot:{SECRET}@acme.example/simple"
    policy = POLICY.format(private=url, public="http://public.example/simple")
    command = ["install", "--proxy", proxy.root, *more, "--target", "site", "acme-core"]
    machine.write("pip-pinned.toml", policy)
    done = machine.pinned(*command)
    assert done.error == "index-unavailable" and not proxy.requests, done.text
    policy = policy.replace("explicit = true\n", "explicit = true\nverify-ssl = false\n")
    machine.write("pip-pinned.toml", policy)
    done = machine.pinned(*command)
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0"}, done.text
    assert {request.path.partition("/f/")[0] for request in proxy.requests} == {
        "http://acme.example/simple/acme-core/",
        "http://cdn.example",
    }
    at_cdn = [request for request in proxy.requests if "cdn.example" in request.path]
    assert at_cdn and all("authorization" not in request.headers for request in at_cdn)


@pytest.mark.pips
@pytest.mark.parametrize("more", [(), ("--no-prefetch",)])
def test_through_tls_the_proxy_sees_no_credentials(
    more: tuple[str, ...],
    machine: Machine,
    authority: trustme.CA,
    serve: Callable[..., IndexServer],
    public: IndexServer,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("acme.example").configure_cert(context)
    acme = serve("acme", tls=context).add(wheel("acme-core", "1.0", says="private"))
    acme.credentials, acme.files_at = ("robot", SECRET), "https://acme.example/files"
    url = f"https://robot:{SECRET}@acme.example/simple"
    machine.write("pip-pinned.toml", POLICY.format(private=url, public=public.url))
    certificate = machine.project / "ca.pem"
    authority.cert_pem.write_to_path(str(certificate))
    command = ["install", "--cert", str(certificate), *more, "--target", "site", "acme-core"]
    with Tunnel(acme.port) as tunnel:
        done = machine.pinned(*command, "--proxy", tunnel.url)
    assert done.code == 0 and machine.module("acme_core")["WHO"] == "private", done.text
    assert tunnel.asked and all(asked.startswith("CONNECT acme.example:443 ") for asked in tunnel.asked)
    assert "authorization" not in "".join(tunnel.asked).lower()
    assert any(request.authorization == ("robot", SECRET) for request in acme.requests)
    assert public.requests == []
