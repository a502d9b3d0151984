"""The guards behind the first ones, where what is before them has failed (CONTRACT 1.2, 1.6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import IndexServer, Request, redirect
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


@pytest.mark.pips(rows=True)
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


# A merge of options that loses what is declared, past every check of its own.
_MOVING = """\
import runpy, sys
from pip_pinned.policy.merge import sources

ordinary = sources.combine

def combine(*args, **kwargs):
    policy, notices = ordinary(*args, **kwargs)
    return policy._replace({change}), notices

sources.combine = combine
sys.argv[0] = "pip-pinned"
runpy.run_module("pip_pinned", run_name="__main__")
"""


@pytest.mark.pips
@pytest.mark.parametrize(
    "change",
    [
        "pins=()",
        "pins=tuple(pin._replace(index_name='public') for pin in policy.pins)",
        "indexes=tuple(index._replace(url=policy.default.url) for index in policy.indexes)",
        "indexes=tuple(index._replace(explicit=False) for index in policy.indexes)",
    ],
)
def test_a_merge_that_widens_a_declared_pin_is_not_put_in_force(
    change: str, acme: Machine, private: IndexServer, public: IndexServer
) -> None:
    acme.write("moving.py", _MOVING.format(change=change))
    done = acme.run_script("moving.py", "install", "--target", "site", "acme-core")
    assert (done.code, done.error) == (1, "pin-conflict"), done.text
    assert acme.installed() == {} and private.requests == public.requests == []


# A requests that follows a redirect to another place than the one that was judged.
_STRAYING = """\
import runpy, sys
from pip._vendor.requests.sessions import SessionRedirectMixin

ordinary = SessionRedirectMixin.rebuild_method

def rebuild_method(self, prepared_request, response):
    prepared_request.url = sys.argv.pop()
    ordinary(self, prepared_request, response)

SessionRedirectMixin.rebuild_method = rebuild_method
sys.argv[0] = "pip-pinned"
runpy.run_module("pip_pinned", run_name="__main__")
"""


@pytest.mark.pips
@pytest.mark.parametrize("what", ["page", "file"])
def test_a_hop_leads_where_it_was_judged_to_lead(
    what: str, acme: Machine, private: IndexServer, serve: Callable[..., IndexServer]
) -> None:
    evil = serve("evil").add(wheel("acme-core", "1.0", says="evil"))
    (file,) = private.projects["acme-core"]
    at = "/simple/acme-core/" if what == "page" else f"/files/{file.filename}"
    private.answers[at] = redirect("/moved" + at)
    private.answers[f"/moved{at}"] = lambda request: private.ordinary_answer(
        Request(request.method, at, request.headers)
    )
    command = ["install", "--no-prefetch", "--target", "site", "acme-core"]
    acme.write("straying.py", _STRAYING.replace("sys.argv.pop()", repr(evil.root + at)))
    done = acme.run_script("straying.py", *command)
    assert done.code == 1 and "error: unsupported-pip" in done.text, done.text
    assert acme.installed() == {} and evil.requests == []
    assert acme.pinned(*command).code == 0
