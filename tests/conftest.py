from __future__ import annotations

import atexit
import os
import shutil
import signal
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from hypothesis import settings

from tests import pips, tiers
from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import wheel

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell: its children would ignore it, too
    signal.signal(signal.SIGINT, signal.default_int_handler)

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


@pytest.fixture(scope="session")
def tier(request: pytest.FixtureRequest) -> str:
    """The tier that runs (tests/tiers.py)."""
    chosen: str = request.config.getoption("tier")
    return chosen


@pytest.fixture
def pip_version() -> str:
    """The pip of a test: the newest one, but for a test that is marked ``pips``."""
    return pips.NEWEST


@pytest.fixture
def machine(tmp_path: Path, pip_version: str) -> Machine:
    """A machine with that pip."""
    return Machine(tmp_path, pips.pip_of(pip_version))


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


_BEGUN = pytest.StashKey[float]()
_MEMORY, _ROOM = Path("/dev/shm"), 4 << 30


def _work_in_memory() -> Path | None:
    """Temporary files are for seconds: where there is a file system in memory with room, they do not wait for a disk.

    ``TMPDIR`` says otherwise. What is returned belongs to this run.
    """
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ROOM:
        return None
    run = tempfile.mkdtemp(prefix="pip-", dir=_MEMORY)
    os.environ["TMPDIR"] = os.environ[pips.RUN] = run
    tempfile.tempdir = None
    return Path(run)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tier", choices=list(tiers.TIERS), default=tiers.FIRST, help="how many pips each scenario meets (tests/tiers.py)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "pips(since, until, always, rows): with every supported pip of a range; always: in the first tier, too; rows: each row of data with one there")
    config.stash[_BEGUN] = time.monotonic()
    run = None if hasattr(config, "workerinput") else _work_in_memory()
    if run is not None:
        atexit.register(_leave, config, run)


def _leave(config: pytest.Config, run: Path) -> None:
    if config.stash.get(_FAILED, True):
        sys.stderr.write(f"kept for a look at what failed: {run}\n")
    else:
        shutil.rmtree(run, ignore_errors=True)


_FAILED = pytest.StashKey[bool]()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_FAILED] = exitstatus in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERNAL_ERROR)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each pip, where the mark ``pips`` asks for it; ``since`` and ``until`` bound them."""
    mark = metafunc.definition.get_closest_marker("pips")
    if mark is not None:
        bounds = {name: value for name, value in mark.kwargs.items() if name in ("since", "until")}
        metafunc.parametrize("pip_version", pips.between(**bounds))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept = tiers.selected(config.getoption("tier"), items)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    # workers begin with a piece each: with few pips in it, they start few fork servers
    items[:] = sorted((item for item in items if item in kept), key=tiers.version_of)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tier: str = config.getoption("tier")
    python = ".".join(map(str, sys.version_info[:2]))
    terminalreporter.write_line(f"tier {tier} ({tiers.TIERS[tier]}), Python {python}: {time.monotonic() - config.stash[_BEGUN]:.0f} s")
