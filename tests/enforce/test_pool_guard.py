"""The second guard on credentials, at the connection pool, where what is before it has failed
(CONTRACT 1.6, 4.11).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import wheel

# A requests that forgets whose credentials it carries, past all that the kernel sees of a request.
_LEAKING = """\
import runpy, sys
from pip._vendor.requests.adapters import HTTPAdapter

ordinary, latest = HTTPAdapter.send, {}

def send(self, request, *args, **kwargs):
    if "Authorization" in request.headers:
        latest["Authorization"] = request.headers["Authorization"]
    request.headers.update(latest)
    return ordinary(self, request, *args, **kwargs)

HTTPAdapter.send = send
sys.argv[0] = "pip-pinned"
runpy.run_module("pip_pinned", run_name="__main__")
"""


@pytest.mark.pips
@pytest.mark.parametrize("more", [(), ("--no-prefetch",)])
@pytest.mark.parametrize("where", ["another host", "another port", "another path"])
def test_credentials_that_requests_would_leak_are_not_sent(
    where: str,
    more: tuple[str, ...],
    machine: Machine,
    private: IndexServer,
    serve: Callable[..., IndexServer],
) -> None:
    private.credentials = ("robot", "s3cret-password")
    if where == "another path":
        neighbour, url = private, f"{private.root}/neighbour"
    else:
        neighbour = serve("neighbour").add(wheel("pubdep", "1.0", says="neighbour"))
        url = neighbour.url
        if where == "another host":
            url = url.replace("127.0.0.1", "localhost")
    policy = POLICY.format(private=private.url_with_credentials, public=url)
    machine.write("pip-pinned.toml", policy)
    machine.write("leaking.py", _LEAKING)
    done = machine.run_script("leaking.py", "install", "--target", "site", *more, "acme-core", "pubdep")
    assert done.code == 1 and "error: unsupported-pip" in done.text, done.text
    assert "s3cret" not in done.text and "Traceback" not in done.text, done.text
    beside = [r for r in neighbour.requests if not r.path.startswith(("/simple/acme", "/files/acme"))]
    assert not [request.path for request in beside if "authorization" in request.headers]
    assert machine.installed() == {}
