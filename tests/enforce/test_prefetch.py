"""What is asked ahead changes nothing but time: same files, same words, same requests (CONTRACT 1.1, 3, 4; ``--no-prefetch``)."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from tests import pips
from tests.enforce.test_keyring import Secrets
from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer, Request, redirect
from tests.servers.projects import File, metadata_of, sdist, wheel

TOGETHER = 20.0  # seconds that a request waits for another one that should be under way


def described(name: str, version: str = "1.0", *requires: str, says: str = "", extras: tuple[str, ...] = ()) -> File:
    """A wheel with a metadata file beside it."""
    return wheel(name, version, requires=requires, says=says, extras=extras, sidecar=metadata_of(name, version, requires, extras))


def tree(index: IndexServer, prefix: str = "acme") -> IndexServer:
    """Three layers: a and b require c and d, these e; of each an older version too. It answers late enough to be asked ahead."""
    index.latency = 0.01
    for version in ("1.0", "2.0"):
        index.add(described(f"{prefix}-a", version, f"{prefix}-c", f"{prefix}-d"), described(f"{prefix}-b", version, f"{prefix}-d[more]<3"),
                  described(f"{prefix}-c", version, f"{prefix}-e>1", "never; python_version < '3'"),
                  described(f"{prefix}-d", version, f"{prefix}-e", f"{prefix}-f; extra == 'more'", extras=("more",)),
                  described(f"{prefix}-e", version), described(f"{prefix}-f", version))
    return index


def all_pinned(machine: Machine, *indexes: IndexServer, more: str = "") -> None:
    """Names are pinned by their prefix, which is the index's name."""
    machine.write("pip-pinned.toml", "".join(f'[[index]]\nname = "{index.name}"\nurl = "{index.url}"\nexplicit = true\n{more}\n' for index in indexes)
                  + "[sources]\n" + "".join(f'"{index.name}-*" = {{ index = "{index.name}" }}\n' for index in indexes))


class Meeting:
    """Requests that are answered once as many of them as expected are there at a time."""

    def __init__(self, count: int) -> None:
        self._barrier = threading.Barrier(count)
        self.met = False

    def __call__(self, request: Request) -> Answer | None:
        if not self.met:
            try:
                self._barrier.wait(TOGETHER)
                self.met = True
            except threading.BrokenBarrierError:
                pass
        return None


def requests(index: IndexServer) -> Counter[str]:
    return Counter(f"{r.method} {r.path}" for r in index.requests)


def both(machine: Machine, indexes: list[IndexServer], *args: str, requests_too: bool = True, **env: str) -> tuple[Result, list[Counter[str]]]:
    """Run with and without prefetch; everything that can be seen is the same. The result, and each index's requests."""
    seen = []
    for more in ((), ("--no-prefetch",)):
        for index in indexes:
            index.requests.clear()
        subprocess.run(["rm", "-rf", str(machine.project / "site"), str(Path(machine.environment["HOME"]) / ".cache")], check=True)
        done = machine.pinned("install", "--target", "site", *more, *args, **env)
        seen.append((done, [requests(index) for index in indexes], machine.installed()))
    (ahead, asked, installed), (alone, asked_alone, installed_alone) = seen
    assert installed == installed_alone
    assert (ahead.code, _plain(ahead.out), _plain(ahead.err)) == (alone.code, _plain(alone.out), _plain(alone.err))
    if ahead.code == 0 and requests_too:
        assert asked == asked_alone
    return ahead, asked


def _plain(text: str) -> str:
    """Without addresses of objects, speeds, directories for one run and what is built in them, and a traceback's own lines."""
    text = re.sub(r'(?m)^ *File "[^"]*", line \d+, in .*\n(?: .*\n)*?(?= *File |\S)', "", text)
    return re.sub(r"0x[0-9a-f]+|[\d.]+ [kM]B/s|\d:\d\d:\d\d|/\S*pip-\S*|s(?:ize|ha256)=\w+", "", text)


@pytest.mark.pips(rows=True)
def test_nothing_changes_but_time(pip_version: str, machine: Machine, serve: Callable[..., IndexServer]) -> None:
    one, two = tree(serve("one"), "one"), tree(serve("two", json_pages=True), "two")
    all_pinned(machine, one, two)
    done, asked = both(machine, [one, two], "one-a", "two-a", "one-b", "two-b<2", "-v")
    assert done.code == 0, done.text
    assert machine.installed() == {f"{index}-{letter}": "1.0" if f"{index}-{letter}" == "two-b" else "2.0" for index in ("one", "two") for letter in "abcdef"}
    old = pips.as_numbers(pip_version) < (23, 2)  # those pips see no metadata in JSON pages, and load a file with metadata a second time
    for index, counted in zip((one, two), asked, strict=True):
        assert len(counted) == (12 if old and index.json_pages else 18), counted  # page, metadata and wheel of six projects
        assert all(count == 1 + (old and not index.json_pages and path.endswith(".whl")) for path, count in counted.items()), counted


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize(("what", "count"), [(r"/simple/acme-[ab]/", 2), (r"/files/acme_[ab]-2.0.*\.metadata", 2), (r"/simple/acme-[cd]/", 2),
                                             (r"/files/acme_[a-f]-2.0.*\.whl", 6)])
def test_what_is_known_is_asked_for_together(what: str, count: int, machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    acme.answers[what] = meeting = Meeting(count)
    all_pinned(machine, acme)
    done = machine.pinned("install", "--target", "site", "acme-a", "acme-b", PIP_DEFAULT_TIMEOUT="60")
    assert done.code == 0 and meeting.met, done.text


@pytest.mark.parametrize("off", [("--no-prefetch", {}), ("", {"PIP_NO_PREFETCH": "1"}), ("-vv", {})])
def test_without_prefetch_requests_come_one_by_one(off: tuple[str, dict[str, str]], machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    open_now, most = [0], [0]
    lock = threading.Lock()

    def count(request: Request) -> Answer | None:
        with lock:
            open_now[0] += 1
            most[0] = max(most[0], open_now[0])
        threading.Event().wait(0.01)
        with lock:
            open_now[0] -= 1
        return None

    acme.answers[".*"] = count
    all_pinned(machine, acme)
    done = machine.pinned("install", "--target", "site", *filter(None, [off[0]]), "acme-a", "acme-b", **off[1])
    assert done.code == 0 and most[0] == 1, done.text
    most[0] = 0
    done = machine.pinned("install", "--target", "site", "--upgrade", "--prefetch-jobs", "3", "acme-a", "acme-b")
    assert done.code == 0 and 1 < most[0] <= 4, (most, done.text)  # the main thread's own request may be one more


def test_prefetch_jobs_is_a_number_of_requests(acme: Machine) -> None:
    done = acme.pinned("install", "--prefetch-jobs", "0", "acme-core")
    assert done.code == 1 and done.error == "usage"
    assert acme.pinned("install", "--prefetch-jobs", "20000000", "acme-core").error == "usage"


@pytest.mark.pips(rows=True)
def test_the_second_index_is_asked_once_the_first_has_said_404(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    """No name reaches an index that the strategy would not have asked."""
    first, second = serve("first"), serve("second")
    first.latency = second.latency = 0.01
    for name in ("a", "b"):
        first.add(described(f"mine-{name}", "1.0", f"theirs-{name}", "mine-c"))
        second.add(described(f"mine-{name}", "9.0"), described(f"theirs-{name}"))
    first.add(described("mine-c"))
    second.add(described("mine-c", "9.0"))
    machine.write("pip-pinned.toml", f'[[index]]\nname = "first"\nurl = "{first.url}"\n[[index]]\nname = "second"\nurl = "{second.url}"\ndefault = true\n')
    done, _ = both(machine, [first, second], "mine-a", "mine-b")
    assert done.code == 0, done.text
    assert sorted(second.pages_asked()) == ["theirs-a", "theirs-b"]


@pytest.mark.pips(rows=True)
def test_a_name_that_inherits_its_index_is_not_asked_elsewhere_ahead(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    company = serve("company").add(described("acme-a", "1.0", "helper"), described("helper", "1.0"))
    public = serve("public").add(described("helper", "9.0"), described("other", "1.0"))
    company.latency = public.latency = 0.01
    machine.write("pip-pinned.toml", f'[[index]]\nname = "company"\nurl = "{company.url}"\nexplicit = true\ninherit = true\n'
                  f'[[index]]\nname = "public"\nurl = "{public.url}"\ndefault = true\n[sources]\n"acme-*" = {{ index = "company" }}\n')
    done, _ = both(machine, [company, public], "acme-a", "other")
    assert done.code == 0 and public.pages_asked() == ["other"], done.text


def cut(index: IndexServer) -> Answer:
    return Answer(200, b"<html>", {"Content-Type": "text/html", "Content-Length": "4000"})


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("where", ["/simple/acme-b/", "/simple/acme-e/", r"/files/acme_c-2.0-py3-none-any.whl.metadata", r"/files/acme_d-2.0-py3-none-any.whl"])
@pytest.mark.parametrize("answer", [
    Answer(500), Answer(503, headers={"Retry-After": "0"}), Answer(404), Answer(403), Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'}), Answer(410),
    Answer(200, b"no page, no wheel", {"Content-Type": "text/plain"}), Answer(200, b"{", {"Content-Type": "application/vnd.pypi.simple.v1+json"}),
    Answer(302, headers={"Location": "http://127.0.0.1:9/elsewhere"}), Answer(200, b"<html>", {"Content-Type": "text/html", "Content-Length": "4000"}),
], ids=["500", "503", "404", "403", "401", "410", "other", "broken", "away", "cut"])
def test_faults_are_told_in_the_same_words(answer: Answer, where: str, machine: Machine, serve: Callable[..., IndexServer]) -> None:
    if answer.headers.get("Content-Length") == "4000":
        machine.environment |= {"PIP_DEFAULT_TIMEOUT": "1", "PIP_RESUME_RETRIES": "1"}
    acme = tree(serve("acme"))
    acme.answers[where] = answer
    all_pinned(machine, acme)
    both(machine, [acme], "acme-a", "acme-b")


def test_a_wheel_or_metadata_with_another_hash_is_refused_as_ever(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    acme.answers[r"/files/acme_d-2.0-py3-none-any.whl"] = Answer(200, described("acme-d", "2.0", says="somebody else").content)
    all_pinned(machine, acme)
    done, _ = both(machine, [acme], "acme-a", "acme-b")
    assert done.code == 1 and machine.installed() == {}


@pytest.mark.pips(rows=True)
def test_an_index_that_forwards_within_its_origin(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    acme.answers[r"/simple/acme-([a-f])/"] = lambda request: redirect(request.path.replace("/simple/", "/moved/"))
    acme.answers[r"/moved/acme-([a-f])/"] = lambda request: acme.answer(Request("GET", request.path.replace("/moved/", "/unmoved/"), request.headers))
    acme.answers[r"/unmoved/acme-([a-f])/"] = lambda request: acme.page(request.path.split("/")[2], acme.projects[request.path.split("/")[2]])
    acme.answers[r"/files/acme_c.*\.whl"] = lambda request: redirect(request.path.replace("/files/", "/storage/"))
    acme.answers[r"/storage/.*"] = lambda request: next(Answer(200, f.content) for fs in acme.projects.values() for f in fs if request.path.endswith(f.filename))
    all_pinned(machine, acme)
    done, asked = both(machine, [acme], "acme-a", "acme-b")
    assert done.code == 0, done.text
    assert asked[0]["GET /moved/acme-e/"] == 1 and asked[0]["GET /storage/acme_c-2.0-py3-none-any.whl"]


@pytest.mark.pips(rows=True)
def test_only_what_pip_would_ask_for(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    """Not what is installed and will do, not what comes from a URL, not what --no-deps leaves out."""
    acme = tree(serve("acme"))
    all_pinned(machine, acme)
    done, asked = both(machine, [acme], "--no-deps", "acme-a", "acme-b")
    assert done.code == 0 and {path for path in asked[0] if "/simple/" in path} == {"GET /simple/acme-a/", "GET /simple/acme-b/"}
    local = machine.directory / "acme_c-2.0-py3-none-any.whl"
    local.write_bytes(described("acme-c", "2.0", "acme-e").content)
    done, asked = both(machine, [acme], "acme-a", str(local))
    assert done.code == 0 and asked[0]["GET /simple/acme-c/"] == 0, done.text
    assert asked[0]["GET /simple/acme-e/"] == 1
    machine.write("c.txt", "acme-a<2\nacme-e==1.0\n")
    done, asked = both(machine, [acme], "acme-a", "-c", "c.txt")
    assert done.code == 1 and not any("acme_a-2.0" in path for path in asked[0])  # acme-c wants acme-e>1


@pytest.mark.pips(rows=True)
def test_required_hashes_read_no_metadata(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    acme.answers[r"/files/acme_[a-f]-2.0.*\.whl"] = meeting = Meeting(6)
    all_pinned(machine, acme)
    machine.write("requirements.txt", "".join(f"acme-{letter}==2.0 --hash=sha256:{acme.projects[f'acme-{letter}'][1].sha256}\n" for letter in "abcdef"))
    done = machine.pinned("install", "--target", "site", "-r", "requirements.txt", PIP_DEFAULT_TIMEOUT="60")
    assert done.code == 0 and meeting.met, done.text
    meeting.met = True
    done, asked = both(machine, [acme], "-r", "requirements.txt")
    assert done.code == 0 and not any(path.endswith(".metadata") for path in asked[0])


@pytest.mark.pips(rows=True)
def test_sdists_are_neither_built_nor_described_ahead(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme")).add(sdist("acme-g", "1.0", requires=("acme-a", "acme-b")))
    all_pinned(machine, acme)
    done, asked = both(machine, [acme], "acme-g")
    assert done.code == 0 and asked[0]["GET /files/acme_g-1.0.tar.gz"] == 1, done.text


@pytest.mark.pips(rows=True)
def test_backtracking_asks_for_no_more_than_pip_does(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = serve("acme")
    acme.latency = 0.01
    for version in range(1, 6):
        acme.add(described("acme-a", f"{version}.0", f"acme-c=={version}.0"), described("acme-b", f"{version}.0", f"acme-c<={max(1, version - 2)}.0"),
                 described("acme-c", f"{version}.0"))
    all_pinned(machine, acme)
    ahead = machine.pinned("install", "--target", "site", "acme-a", "acme-b")
    asked, versions = requests(acme), machine.installed()
    acme.requests.clear()
    alone = machine.pinned("install", "--target", "other", "--no-prefetch", "acme-a", "acme-b")
    assert ahead.code == alone.code == 0, ahead.text
    assert machine.installed("other") == versions and set(versions) == {"acme-a", "acme-b", "acme-c"}
    assert {path for path in asked if path.startswith("GET /simple/")} == {path for path in requests(acme) if path.startswith("GET /simple/")}
    assert sum(asked.values()) <= sum(requests(acme).values()) + 2  # under load: of candidates that pip rejects meanwhile (SECURITY.md)


@pytest.mark.pips(since="23.1", rows=True)  # pip 23.0 asks no keyring under --no-input
def test_a_keyring_is_asked_once_and_by_nobody_but_pip(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme", credentials=("user", "hunter2")))
    secrets = Secrets(machine)
    secrets.hold({acme.url + "/": ("user", "hunter2"), acme.url: ("user", "hunter2")})
    all_pinned(machine, acme)
    done = machine.pinned("install", "--target", "site", "--keyring-provider", "import", "acme-a", "acme-b")
    assert done.code == 0, done.text
    asked = secrets.log.read_text().splitlines()
    secrets.log.unlink()
    subprocess.run(["rm", "-rf", str(machine.project / "site")], check=True)
    done = machine.pinned("install", "--target", "site", "--no-prefetch", "--keyring-provider", "import", "acme-a", "acme-b")
    assert done.code == 0 and asked == secrets.log.read_text().splitlines()


def test_an_index_that_has_had_enough_is_left_alone(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    refused: list[float] = []
    too_early: list[str] = []

    def answer(request: Request) -> Answer | None:
        if not refused:
            refused.append(time.monotonic())
            return Answer(429, headers={"Retry-After": "2"})
        if request.path == "/simple/acme-f/" and time.monotonic() - refused[0] < 1.9:
            too_early.append(request.path)
        return None

    acme.answers[r"/simple/acme-b/"] = answer
    acme.answers[r"/simple/acme-f/"] = answer
    all_pinned(machine, acme)
    done = machine.pinned("install", "--target", "site", "acme-a", "acme-b")
    assert done.code == 0 and not too_early, done.text
    assert requests(acme)["GET /simple/acme-b/"] == 2


def test_what_is_queued_for_an_index_that_has_had_enough_is_not_sent(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = serve("acme")
    roots = [f"acme-{number}" for number in range(40)]
    acme.add(*(described(name) for name in roots))
    times: list[float] = []

    def answer(request: Request) -> Answer | None:
        times.append(time.monotonic())
        return Answer(429, headers={"Retry-After": "2"}) if len(times) == 1 else None

    acme.answers[r"/simple/.*"] = answer
    all_pinned(machine, acme)
    done = machine.pinned("install", "--target", "site", *roots)
    assert done.code == 0 and len(machine.installed()) == 40, done.text
    assert sum(1.0 < moment - times[0] < 1.9 for moment in times) == 0  # nor later, before it may
    assert sum(moment - times[0] < 1.9 for moment in times) <= 17  # those that were under way


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("more", [("-v", "--log", "log"), ("-q", "--log", "log"), ("--log", "log"), ("-vv",)])
def test_a_log_file_changes_no_request(more: tuple[str, ...], machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    all_pinned(machine, acme)
    done = machine.pinned("install", "--target", "site", "acme-a", "acme-b", *more)
    assert done.code == 0, done.text
    asked = requests(acme)
    acme.requests.clear()
    shutil.rmtree(Path(machine.environment["HOME"]) / ".cache", ignore_errors=True)
    assert machine.pinned("install", "--target", "other", "--no-prefetch", "acme-a", "acme-b", *more).code == 0
    assert asked == requests(acme)


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("where", ["/simple/acme-b/", r"/files/acme_c-2.0-py3-none-any.whl.metadata", r"/files/acme_d-2.0-py3-none-any.whl"])
def test_a_connection_that_breaks_is_told_in_the_same_words(where: str, machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    acme.answers[where] = Answer(hang_up=True)
    all_pinned(machine, acme)
    done, _ = both(machine, [acme], "acme-a", "acme-b", PIP_RETRIES="1")
    assert done.code == 1 and "RemoteDisconnected" in done.text, done.text


@pytest.mark.pips(rows=True)
def test_pip_warns_of_what_it_finds_on_a_page_all_the_same(pip_version: str, machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    odd = described("acme-c", "0.9")
    acme.add(File("acme_c-0.9_1-py3-none-any.whl", odd.content), File("acme_e-0.9_1-py3-none-any.whl", odd.content))
    all_pinned(machine, acme)
    done, _ = both(machine, [acme], "acme-a", "acme-b")  # pip 25.1 and 25.2 come to grief over such a name
    assert ("DEPRECATION" in done.err) == ((24, 3) <= pips.as_numbers(pip_version) < (25, 3)), done.err


@pytest.mark.pips(rows=True)
def test_a_wrong_password_is_sent_once(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = serve("acme", credentials=("user", "right")).add(*(described(f"acme-{number}") for number in range(20)))
    wrong = acme.url_with_credentials.replace("right", "wrong")
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{wrong}"\nexplicit = true\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
    done = machine.pinned("install", "--target", "site", *(f"acme-{number}" for number in range(20)))
    assert done.error == "index-auth-failed" and [request.authorization for request in acme.requests] == [("user", "wrong")], done.text
    machine.write("pip-pinned.toml", (machine.project / "pip-pinned.toml").read_text().replace("wrong", "right"))
    acme.answers["/simple/acme-1[0-9]/"] = meeting = Meeting(10)
    done = machine.pinned("install", "--target", "site", *(f"acme-{number}" for number in range(20)), PIP_DEFAULT_TIMEOUT="60")
    assert done.code == 0 and meeting.met, done.text  # the right one opens the door to all


@pytest.mark.pips(rows=True)
def test_a_wrong_password_is_sent_once_to_a_proxy_too(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme, proxy = tree(serve("acme")), serve("proxy")

    def forward(request: Request) -> Answer:
        if request.headers.get("proxy-authorization") != "Basic dXNlcjpyaWdodA==":
            return Answer(407, headers={"Proxy-Authenticate": 'Basic realm="proxy"'})
        return acme.answer(replace(request, path=request.path.removeprefix(acme.root)))

    proxy.answers[".*"] = forward
    all_pinned(machine, acme)
    address = proxy.root.removeprefix("http://")
    alone = machine.pinned("install", "--target", "site", "--no-prefetch", "acme-a", "acme-b", "acme-c", http_proxy=f"http://user:wrong@{address}", PIP_RETRIES="0")
    tries = len(proxy.requests)
    done = machine.pinned("install", "--target", "site", "acme-a", "acme-b", "acme-c", http_proxy=f"http://user:wrong@{address}", PIP_RETRIES="0")
    assert alone.code == done.code == 1 and (alone.error, tries) == (done.error, len(proxy.requests) - tries), done.text
    done = machine.pinned("install", "--target", "site", "acme-a", "acme-b", http_proxy=f"http://user:right@{address}")
    assert done.code == 0 and len(machine.installed()) == 6 and acme.requests == [], done.text


@pytest.mark.pips(rows=True)
def test_a_server_of_one_connection_at_a_time(machine: Machine) -> None:
    """Idle connections of workers would keep it from everybody else."""
    with IndexServer("acme", threads=False) as acme:
        tree(acme)
        all_pinned(machine, acme)
        done = machine.pinned("install", "--target", "site", "acme-a", "acme-b", PIP_DEFAULT_TIMEOUT="3", PIP_RETRIES="2")
        assert done.code == 0 and len(machine.installed()) == 6, done.text


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit")
@pytest.mark.pips(rows=True)
def test_what_is_in_the_cache_keeps_no_files_open(machine: Machine, secure: IndexServer, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(str(machine.directory / "ca.pem"))
    machine.environment["PIP_CERT"] = str(machine.directory / "ca.pem")
    names = [f"acme-{number}" for number in range(60)]
    secure.add(*(described(name) for name in names))
    secure.answers["/files/.*"] = lambda request: replace(secure.ordinary_answer(request), headers={"Cache-Control": "max-age=10000000, immutable"})
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{secure.url}"\nexplicit = true\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
    assert machine.pinned("download", "-d", "first", *names).code == 0
    asked = len(secure.requests)
    machine.write("few.py", "import resource, runpy, sys\nresource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))\n"
                  "sys.argv[0] = 'pip-pinned'\nrunpy.run_module('pip_pinned', run_name='__main__')\n")
    done = machine.run_script("few.py", "download", "-d", "second", *names)
    assert done.code == 0 and len(list((machine.project / "second").iterdir())) == 60, done.text
    assert len(secure.requests) - asked == 60 and len(secure.pages_asked()) == 120  # the pages only


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit")
def test_more_origins_than_connections_that_may_be_kept(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    indexes = [tree(serve(name), name) for name in ("ab", "cd", "ef", "gh", "ij", "kl", "mn", "op", "qr", "st", "uv", "wx")]
    all_pinned(machine, *indexes)
    machine.write("few.py", "import resource, runpy, sys\nresource.setrlimit(resource.RLIMIT_NOFILE, (120, 120))\n"
                  "sys.argv[0] = 'pip-pinned'\nrunpy.run_module('pip_pinned', run_name='__main__')\n")
    done = machine.run_script("few.py", "install", "--target", "site", *(f"{index.name}-{letter}" for letter in "ab" for index in indexes))
    assert done.code == 0 and len(machine.installed()) == 72, done.text
    assert [sum(requests(index).values()) for index in indexes] == [18] * 12


@pytest.mark.pips(since="26.0", rows=True)
def test_build_requirements_in_process_do_not_take_the_place_of_what_was_asked_for(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = serve("acme").add(sdist("acme-g", "1.0", build_requires=("acme-build",), requires=("acme-e",)), described("acme-build"),
                             described("acme-e", "1.0"), described("acme-e", "2.0", "acme-never"), described("acme-never"))
    all_pinned(machine, acme)
    machine.write("constraints.txt", "acme-e<2\n")
    done, asked = both(machine, [acme], "--use-feature=inprocess-build-deps", "acme-g", "-c", "constraints.txt")
    assert done.code == 0 and asked[0]["GET /simple/acme-never/"] == 0, done.text


@pytest.mark.pips(rows=True)
def test_the_names_of_a_lock_are_hints(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    all_pinned(machine, acme)
    assert machine.pinned("lock", "acme-a", "acme-b").code == 0
    acme.answers["/simple/acme-[a-f]/"] = meeting = Meeting(6)
    done = machine.pinned("lock", "acme-a", "acme-b", PIP_DEFAULT_TIMEOUT="60")
    assert done.code == 0 and meeting.met, done.text


def test_a_hint_reaches_no_index_but_the_one_that_had_it(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme, other = tree(serve("acme")), serve("other").add(described("plain", "1.0"))
    declared = f'[[index]]\nname = "acme"\nurl = "{acme.url}"\n{{explicit}}\n[[index]]\nname = "other"\nurl = "{other.url}"\ndefault = true\n'
    machine.write("pip-pinned.toml", declared.format(explicit="explicit = true") + '[sources]\n"acme-*" = { index = "acme" }\n')
    assert machine.pinned("lock", "acme-a", "plain").code == 0
    before = (machine.project / "pylock.toml").read_text()
    for policy in (declared.format(explicit=""), declared.format(explicit="explicit = true")):  # both indexes are asked now, or another one
        machine.write("pip-pinned.toml", policy)
        machine.write("pylock.toml", before)
        acme.requests.clear()
        other.requests.clear()
        assert machine.pinned("lock", "plain").code == 0
        assert (acme.pages_asked(), other.pages_asked()) in ((["plain"], ["plain"]), ([], ["plain"]))


_HANDSHAKES = """
import contextlib, socket, ssl, sys, threading
from pip._vendor.truststore import _api
from pip_pinned.prefetch.wire import _one_handshake_at_a_time

@contextlib.contextmanager
def as_on_macos(context):  # what truststore does there, and on Windows
    before = context.check_hostname, context.verify_mode
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        threading.Event().wait(0.02)
        yield
    finally:
        context.check_hostname, context.verify_mode = before

_api._configure_context = as_on_macos
_api._verify_peercerts = lambda *args, **kwargs: None
context = _api.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_one_handshake_at_a_time(context)
ready = threading.Barrier(8)

def connect():
    plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    ready.wait()
    context.wrap_socket(plain, server_hostname="localhost").close()

threads = [threading.Thread(target=connect) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(context.check_hostname, context.verify_mode == ssl.CERT_REQUIRED)
"""


@pytest.mark.pips(since="24.2", rows=True)  # which verify by truststore
def test_handshakes_of_threads_leave_verification_as_it_was(machine: Machine, secure: IndexServer) -> None:
    machine.write("handshakes.py", _HANDSHAKES)
    done = machine.run_script("handshakes.py", str(secure.port))
    assert (done.out.split(), done.err) == (["True", "True"], ""), done.text


def test_without_a_thread_pip_asks_by_itself(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    all_pinned(machine, acme)
    machine.write("broken.py", "import runpy, sys, threading\nstart = threading.Thread.start\ndef start_others(self):\n    if self.name == 'pip-pinned-prefetch':\n"
                  "        raise RuntimeError(\"can't start new thread\")\n    start(self)\nthreading.Thread.start = start_others\nsys.argv[0] = 'pip-pinned'\nrunpy.run_module('pip_pinned', run_name='__main__')\n")
    done = machine.run_script("broken.py", "install", "-v", "--target", "site", "acme-a", "acme-b")
    assert done.code == 0 and len(machine.installed()) == 6, done.text
    assert "nothing more is fetched ahead: RuntimeError" in done.err


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("coding", ["chunked", "gzip"])
def test_bodies_in_every_coding(coding: str, machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))

    def coded(request: Request) -> Answer:
        plain = acme.ordinary_answer(request)
        if coding == "gzip":
            return Answer(plain.status, gzip.compress(plain.body), {**plain.headers, "Content-Encoding": "gzip"})
        halves = plain.body[: len(plain.body) // 2], plain.body[len(plain.body) // 2 :]
        body = b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in halves if half) + b"0\r\n\r\n"
        return Answer(plain.status, body, {**plain.headers, "Transfer-Encoding": "chunked"})

    acme.answers["/simple/.*" if coding == "gzip" else ".*"] = coded
    all_pinned(machine, acme)
    done, _ = both(machine, [acme], "acme-a", "acme-b", PIP_PROGRESS_BAR="off")
    assert done.code == 0 and len(machine.installed()) == 6, done.text


_ONE_BY_ONE: dict[str, tuple[tuple[str, ...], set[str]]] = {  # arguments, and the pages that are asked for
    "yanked": (("acme-y", "acme-b"), {"y", "b", "d", "e", "f"}),
    "only-binary": (("acme-s", "--only-binary", ":all:"), {"s", "e"}),
    "no-binary": (("acme-s", "--no-binary", "acme-s"), {"s"}),
    "constraint": (("acme-a", "-c", "constraints.txt"), {"a", "c", "d", "e"}),
    "marker": (("acme-a ; python_version < '3'", "acme-e"), {"e"}),
    "extra": (("acme-d[more]",), {"d", "e", "f"}),
    "url": (("helper @ {url}",), {"e"}),
    "pre": (("acme-p", "--pre"), {"p", "f"}),
    "no pre": (("acme-p",), {"p", "e"}),
}


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("what", _ONE_BY_ONE)
def test_what_pip_would_not_choose_leads_nowhere(what: str, machine: Machine, serve: Callable[..., IndexServer]) -> None:
    """The candidate that pip's own finder takes says which names come next; what will do is not asked for."""
    acme = tree(serve("acme"))
    acme.add(described("acme-y", "1.0"), replace(described("acme-y", "2.0", "acme-never"), yanked=True),
             described("acme-s", "1.0", "acme-e"), sdist("acme-s", "2.0"),
             described("acme-p", "1.0", "acme-e"), described("acme-p", "2.0rc1", "acme-f"))
    all_pinned(machine, acme)
    machine.write("constraints.txt", "acme-c==1.0\nacme-d<2\nacme-nothing==1.0\n")
    arguments, letters = _ONE_BY_ONE[what]
    if what == "constraint":
        acme.projects["acme-e"] = [described("acme-e", "1.5")]
    url = acme.file_url(acme.add(described("helper", "1.0", "acme-e")).projects["helper"][0])
    done, asked = both(machine, [acme], *(word.format(url=url) for word in arguments))
    pages = {path.split("/")[2].removeprefix("acme-") for path in asked[0] if "/simple/" in path}
    assert pages == letters, done.text


@pytest.mark.pips(rows=True)
def test_what_is_installed_and_will_do_is_not_asked_for(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    all_pinned(machine, acme)
    library = machine.directory / "library"
    assert machine.pinned("install", "--target", str(library), "--no-deps", "acme-d==1.0", "acme-e==2.0").code == 0
    path = os.pathsep.join([machine.path, str(library)])
    for more, letters in (((), "acf"), (("--upgrade", "acme-d"), "acdf"), (("--upgrade", "--upgrade-strategy", "eager"), "acdef"), (("acme-d>1",), "acdf")):
        seen = []
        for off in ((), ("--no-prefetch",)):
            acme.requests.clear()
            done = machine.pinned("install", "--dry-run", "--no-cache-dir", *off, "acme-a", "acme-d[more]", *more, PYTHONPATH=path)
            assert done.code == 0, done.text
            seen.append(requests(acme))
        assert seen[0] == seen[1]
        assert sorted(set(acme.pages_asked())) == [f"acme-{letter}" for letter in letters], (more, done.text)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_it_at_once(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    arrived = threading.Semaphore(0)

    def hang(request: Request) -> Answer:
        arrived.release()
        return Answer(hang=True)

    acme.answers[r"/simple/.*"] = hang
    all_pinned(machine, acme)
    environment = {**machine.environment, "PYTHONPATH": machine.path, "PIP_DEFAULT_TIMEOUT": "60"}
    begin = "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); sys.argv[0] = 'pip-pinned'; runpy.run_module('pip_pinned', run_name='__main__')"
    process = subprocess.Popen([sys.executable, "-c", begin, "install", "--target", "site", "acme-a", "acme-b"], cwd=machine.project, env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert arrived.acquire(timeout=20) and arrived.acquire(timeout=20)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1 and "cancelled by user" in err and time.monotonic() - begun < 5


def test_a_fault_of_the_prefetcher_is_no_fault_of_the_run(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = tree(serve("acme"))
    all_pinned(machine, acme)
    machine.write("broken.py", "import runpy, sys\nfrom pip_pinned.prefetch import plan\n"
                  "def choose(self, project):\n    raise RuntimeError('of all things')\nplan.Prefetcher._choose = choose\n"
                  "sys.argv[0] = 'pip-pinned'\nrunpy.run_module('pip_pinned', run_name='__main__')\n")
    done = machine.run_script("broken.py", "install", "-v", "--target", "site", "acme-a", "acme-b")
    assert done.code == 0 and len(machine.installed()) == 6, done.text
    assert "nothing more is fetched ahead: RuntimeError: of all things" in done.err


@pytest.mark.pips(rows=True)
def test_the_cache_is_filled_and_asked_as_ever(machine: Machine, serve: Callable[..., IndexServer], authority: trustme.CA) -> None:
    """Over TLS, where pip caches: pages are revalidated by their ETag, files come from the cache, and the second run says so."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    acme = tree(serve("acme", tls=context))
    authority.cert_pem.write_to_path(str(machine.directory / "ca.pem"))
    machine.environment["PIP_CERT"] = str(machine.directory / "ca.pem")

    def page(request: Request) -> Answer:
        if request.headers.get("if-none-match") == '"1"':
            return Answer(304, headers={"ETag": '"1"'})
        name = request.path.split("/")[2]
        found = acme.page(name, acme.projects[name])
        return Answer(200, found.body, {**found.headers, "ETag": '"1"'})

    def file(request: Request) -> Answer:
        files = {entry.filename: entry for entries in acme.projects.values() for entry in entries}
        name = request.path.removeprefix("/files/")
        content = files[name].content if name in files else files[name.removesuffix(".metadata")].metadata
        return Answer(200, content or b"", {"Cache-Control": "max-age=365000000, immutable"})

    acme.answers[r"/simple/acme-[a-f]/"] = page
    acme.answers[r"/files/.*"] = file
    all_pinned(machine, acme)
    seen = []
    for more in ((), ("--no-prefetch",)):
        subprocess.run(["rm", "-rf", str(Path(machine.environment["HOME"]) / ".cache")], check=True)
        for _ in range(2):
            subprocess.run(["rm", "-rf", str(machine.project / "site")], check=True)
            acme.requests.clear()
            done = machine.pinned("install", "--target", "site", *more, "acme-a", "acme-b")
            assert done.code == 0, done.text
            cached = sorted(path.name for path in Path(machine.environment["HOME"], ".cache").rglob("*") if path.is_file())
            seen.append((_plain(done.out), sorted((r.path, r.headers.get("if-none-match")) for r in acme.requests), cached))
    assert seen[:2] == seen[2:]
    assert len(seen[1][1]) == 6 and all(path.startswith("/simple/") and tag == '"1"' for path, tag in seen[1][1])


def test_answers_that_wait_stay_within_their_room(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    """Eight wheels of 12 MB: what is beyond 64 MiB waits on the disk, and every file is whole."""
    acme = serve("acme")
    acme.latency = 0.01
    for letter in "abcdefgh":
        acme.add(wheel(f"acme-{letter}", "1.0", says=letter * (12 << 20)))
    all_pinned(machine, acme)
    done, _ = both(machine, [acme], "--progress-bar", "off", *(f"acme-{letter}==1.0" for letter in "abcdefgh"))
    assert done.code == 0 and all(machine.module(f"acme_{letter}")["WHO"] == letter * (12 << 20) for letter in "ah"), done.text


def test_a_file_beyond_the_room_is_left_to_pip(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    acme = serve("acme").add(wheel("acme-a", "1.0", says="a" * 3_000_000), described("acme-b"))
    acme.latency = 0.01
    all_pinned(machine, acme)
    machine.write("small.py", "import runpy, sys\nfrom pip_pinned.enforce import answers\nanswers.MEMORY, answers.LARGEST, answers.ALL = 1 << 20, 2 << 20, 2 << 20\n"
                  "sys.argv[0] = 'pip-pinned'\nrunpy.run_module('pip_pinned', run_name='__main__')\n")
    done = machine.run_script("small.py", "install", "--target", "site", "acme-a==1.0", "acme-b")
    assert done.code == 0 and machine.module("acme_a")["WHO"] == "a" * 3_000_000, done.text
