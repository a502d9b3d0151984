"""Whatever a server answers, a run ends, in bounded time and memory (CONTRACT 4.13)."""

from __future__ import annotations

import gzip
import itertools
import sys
import time
import zlib
from collections.abc import Callable, Iterator

import pytest

from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer, Request, redirect
from tests.servers.projects import File, metadata_of, wheel

pytestmark = pytest.mark.pips(rows=True)
PAGE = "/simple/acme-core/"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
SLOW = {"PIP_SPEED_TIME": "1", "PIP_DEFAULT_TIMEOUT": "1"}
SECONDS = 20.0

Kind = Callable[[], Iterator[bytes]]


def _drip(begin: bytes) -> Kind:
    return lambda: itertools.chain([begin], itertools.repeat(b" "))


def _flood(begin: bytes, line: bytes) -> Kind:
    return lambda: itertools.chain([begin], itertools.repeat(line * 100))


def _install(machine: Machine, *args: str, **env: str) -> Result:
    begun = time.monotonic()
    done = machine.pinned("install", "--target", "site", *args, "acme-core", **env)
    assert time.monotonic() - begun < SECONDS, done.text
    assert "Traceback" not in done.text, done.text
    return done


@pytest.mark.parametrize(
    "answer",
    [
        Answer(raw=_drip(OK + b"Content-Length: 90000\r\n\r\n"), pause=0.1),
        Answer(raw=_drip(OK + b"Transfer-Encoding: chunked\r\n\r\n10000\r\n"), pause=0.1),
        Answer(raw=_drip(OK + b"X: "), pause=0.1),
        Answer(raw=_drip(b"HTTP/1.1 "), pause=0.1),
        Answer(raw=_flood(OK, b"X: %s\r\n" % (b"x" * 60_000))),
        Answer(raw=_flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
        redirect(PAGE),
        Answer(429, headers={"Retry-After": "86400"}),
        Answer(503, headers={"Retry-After": "Wed, 01 Jan 2099 00:00:00 GMT"}),
        Answer(200, b"x" * 3000, {"Content-Type": "text/html", "Content-Encoding": "br"}),
        Answer(200, b"x" * 3000, {"Content-Type": "text/html", "Content-Encoding": "gzip"}),
    ],
    ids=[
        *("body-drips", "chunk-drips", "header-drips", "status-drips"),
        *("endless-headers", "endless-100", "circle", "429", "503", "br", "no-gzip"),
    ],
)
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "alone"])
def test_a_page_that_has_no_end_ends_the_run(
    answer: Answer, prefetch: bool, acme: Machine, private: IndexServer
) -> None:
    private.answers[PAGE] = answer
    more = () if prefetch else ("--no-prefetch",)
    done = _install(acme, *more, **SLOW, PIP_RETRIES="1")
    assert done.error == "index-unavailable", done.text
    assert acme.installed() == {}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(raw=_drip(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n"), pause=0.1),
        Answer(raw=_drip(b"HTTP/1.1 200 OK\r\nX: "), pause=0.1),
        redirect("/files/acme_core-1.0-py3-none-any.whl"),
        Answer(503, headers={"Retry-After": "86400"}),
    ],
    ids=["body-drips", "header-drips", "circle", "503"],
)
def test_a_file_that_has_no_end_ends_the_run(
    answer: Answer, acme: Machine, private: IndexServer
) -> None:
    private.answers["/files/acme_core-1.0-py3-none-any.whl"] = answer
    done = _install(acme, **SLOW)
    in_pips_words = "connection-timeout"  # since pip 26: nothing has come when its time is over
    assert done.error in ("index-unavailable", in_pips_words), done.text
    assert acme.installed() == {}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(raw=_drip(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n"), pause=0.1),
        Answer(200, metadata_of("acme-core", "1.0") + b"\nx" * (9 << 20)),
    ],
    ids=["drips", "large"],
)
def test_metadata_that_have_no_end_end_the_run(
    answer: Answer, acme: Machine, private: IndexServer
) -> None:
    described = wheel("acme-core", "2.0", sidecar=metadata_of("acme-core", "2.0"))
    private.add(described)
    private.answers[f"/files/{described.filename}.metadata"] = answer
    done = _install(acme, **SLOW)
    if "2.0" in acme.installed().values():  # pips before 23.2 know another name of the attribute
        assert not any(asked.path.endswith(".metadata") for asked in private.requests)
    else:
        assert done.error == "index-unavailable", done.text


# ru_maxrss would be that of the process that has started this one, if that was larger.
_MEASURED = """
import runpy, sys
sys.argv = ["pip-pinned", *sys.argv[1:]]
try:
    runpy.run_module("pip_pinned", run_name="__main__")
finally:
    with open("/proc/self/status") as status:
        print("peak:", [int(line.split()[1]) // 1024 for line in status if "VmHWM" in line][0])
"""


def _gigabyte() -> bytes:
    return gzip.compress(b"\0" * (1 << 24)) * 64  # one behind the other, as gzip allows


def _many_links() -> bytes:
    return gzip.compress(b"".join(b"<a href=x%d></a>" % number for number in range(10**6)))


def _deep() -> bytes:
    return gzip.compress(b"[" * (60 << 20))


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc elsewhere")
@pytest.mark.parametrize(
    ("make", "encoding", "kind"),
    [
        (_gigabyte, "gzip", "text/html"),
        (lambda: gzip.compress(_gigabyte()), "gzip, gzip", "text/html"),
        (_many_links, "gzip", "text/html"),
        (_deep, "gzip", "application/vnd.pypi.simple.v1+json"),
    ],
    ids=["gigabyte", "twice", "links", "deep"],
)
def test_no_page_fills_the_memory(
    make: Callable[[], bytes], encoding: str, kind: str, acme: Machine, private: IndexServer
) -> None:
    headers = {"Content-Type": kind, "Content-Encoding": encoding}
    private.answers[PAGE] = Answer(200, make(), headers)
    acme.write("measured.py", _MEASURED)
    begun = time.monotonic()
    done = acme.run_script("measured.py", "install", "--target", "site", "acme-core")
    assert time.monotonic() - begun < SECONDS
    assert done.error == "index-unavailable", done.text
    peak = int(done.out.partition("peak: ")[2].split()[0])
    assert peak < 300, peak


def test_what_is_usual_is_read(acme: Machine, private: IndexServer) -> None:
    """Compressed pages of one member and of several, deflated ones too."""
    body = private.page("acme-core", private.projects["acme-core"]).body
    half = len(body) // 2
    for encoding, sent in (
        ("gzip", gzip.compress(body)),
        ("gzip", gzip.compress(body[:half]) + gzip.compress(body[half:])),
        ("gzip", gzip.compress(body) + b"whatever"),
        ("deflate", zlib.compress(body)),
        ("identity", body),
    ):
        headers = {"Content-Type": "text/html", "Content-Encoding": encoding}
        private.answers[PAGE] = Answer(200, sent, headers)
        done = acme.pinned("download", "-d", f"down-{len(sent)}", "--no-cache-dir", "acme-core")
        assert done.code == 0, done.text


def test_silent_pages_that_are_asked_ahead_keep_nobody_waiting(
    machine: Machine, private: IndexServer
) -> None:
    """Letter S: what pip wants it asks for by itself, however much is under way.

    20 pages that never come are asked for ahead, because of ``wide``, before the metadata of
    ``narrow`` can be; pip looks at that first, and ends.
    """
    silent = [f"silent-{number:02}" for number in range(20)]
    wide, narrow = _described("wide", *silent), _described("narrow", "missing")
    private.add(wide, narrow, *(wheel(name, "1.0") for name in silent))
    for name in silent:
        private.answers[f"/simple/{name}/"] = Answer(hang=True)

    def late(_: Request) -> None:
        time.sleep(0.5)

    private.answers["/simple/narrow/"] = late
    machine.write(
        "pip-pinned.toml",
        f'[[index]]\nname = "a"\nurl = "{private.url}"\ndefault = true\n'
        '[sources]\nmissing = { index = "a" }\n',
    )
    begun = time.monotonic()
    done = machine.pinned(
        "install", "--target", "site", "wide", "narrow==1.0", PIP_DEFAULT_TIMEOUT="60"
    )
    assert time.monotonic() - begun < 40.0
    assert done.error == "pin-not-found", done.text


def _described(name: str, *requires: str) -> File:
    return wheel(name, "1.0", requires=requires, sidecar=metadata_of(name, "1.0", requires))
