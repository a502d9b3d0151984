from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from hypothesis import settings

from tests import pips
from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import wheel

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

POLICY = """\
[[index]]
name = "acme"
url = "{private}"
explicit = true

[[index]]
name = "public"
url = "{public}"
default = true

[sources]
"acme-*" = {{ index = "acme" }}
"""


@pytest.fixture
def serve() -> Iterator[Callable[..., IndexServer]]:
    """Start indexes; they stop with the test."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(IndexServer(*args, **options))


@pytest.fixture
def private(serve: Callable[..., IndexServer]) -> IndexServer:
    """The company's index: acme-core and acme-build 1.0."""
    return serve("private").add(wheel("acme-core", "1.0", says="private"), wheel("acme-build", "1.0", says="private"))


@pytest.fixture
def public(serve: Callable[..., IndexServer]) -> IndexServer:
    """Everybody's index: pubdep 1.0, and somebody else's acme-core and acme-build 99.0."""
    return serve("public").add(wheel("pubdep", "1.0", says="public"), wheel("acme-core", "99.0", says="evil"),
                               wheel("acme-build", "99.0", says="evil"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with the newest supported pip."""
    return Machine(tmp_path, pips.pip_of(pips.NEWEST))


@pytest.fixture
def acme(machine: Machine, private: IndexServer, public: IndexServer) -> Machine:
    """A machine in a project that pins acme-* to the private index."""
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    return machine


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA, serve: Callable[..., IndexServer]) -> IndexServer:
    """A private index behind TLS, with a certificate of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return serve("secure", tls=context).add(wheel("acme-core", "1.0", says="private"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the pips that this run is about."""
    kept: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        version = getattr(getattr(item, "callspec", None), "params", {}).get("pip_version")
        (kept if version is None or pips.wanted(version) else others).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = kept
