"""Index URLs of requirements files: checked as all others, and their variables shown nowhere
(CONTRACT 1.6, 2.7, 3.2, 4.9).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.enforce.test_visibility import _written
from tests.running import Machine
from tests.servers.index import Answer, IndexServer
from tests.servers.projects import sdist, wheel

SECRET = "s3cret-t0ken"


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("option", ["--index-url ", "--index-url=", "-i", "--extra-index-url "])
@pytest.mark.parametrize(
    "url",
    ["//user:{secret}@h.example/simple", "user:{secret}@h.example/simple", "http://a@b@c/simple"],
)
def test_what_is_no_url_is_refused_and_not_shown(url: str, option: str, machine: Machine) -> None:
    machine.write("requirements.txt", f"{option}{url.format(secret=SECRET)}\nacme-core\n")
    done = machine.pinned("install", "--target", "site", "-r", "requirements.txt")
    assert (done.code, done.error) == (1, "bad-url"), done.text
    assert SECRET not in done.text and "Traceback" not in done.text


_SPY = '''
import os
with open({seen!r}, "w") as seen:
    seen.write(repr(dict(os.environ)))
'''


@pytest.mark.pips
@pytest.mark.parametrize("place", ["path", "password", "query"])
def test_the_values_of_variables_are_shown_nowhere(
    place: str, machine: Machine, serve: Callable[..., IndexServer]
) -> None:
    server = serve("acme")
    seen = machine.project / "seen.txt"
    file = sdist("acme-app", "1.0", code=_SPY.format(seen=str(seen)))
    page = f'<!DOCTYPE html><a href="{file.filename}#sha256={file.sha256}">{file.filename}</a>'
    here = Answer(200, page.encode(), {"Content-Type": "text/html"})
    if place == "password":
        server.add(file).credentials = ("robot", SECRET)
        line = "--index-url " + server.url.replace("://", "://robot:${ACME_TOKEN}@")
    elif place == "path":
        server.answers[f"/{SECRET}/simple/acme-app/"] = here
        server.answers[f"/{SECRET}/simple/acme-app/{file.filename}"] = Answer(200, file.content)
        line = f"--extra-index-url {server.root}/${{ACME_TOKEN}}/simple"
    else:
        server.answers[re.escape(f"/links/?token={SECRET}")] = here
        server.answers[f"/links/{file.filename}"] = Answer(200, file.content)
        line = f"--no-index --find-links {server.root}/links/?token=${{ACME_TOKEN}}"
    machine.write("requirements.txt", f"{line}\nacme-app\n")
    words = ["-vv", "--log", "log.txt", "--report", "report.json", "--provenance", "from.jsonl"]
    command = ["install", "--target", "site", *words, "-r", "requirements.txt"]
    done = machine.pinned(*command, PIP_PYPI_URL="http://127.0.0.1:9/simple", ACME_TOKEN=SECRET)
    assert done.code == 0, done.text
    assert any(SECRET in str(request) for request in server.requests) or place == "password"
    assert SECRET not in done.text + str(done.decisions)
    for name, text in _written(machine):  # pip's cache has the URL of what a wheel was built from
        assert SECRET not in text or name.endswith("/origin.json"), name
    assert "PATH" in seen.read_text()


@pytest.mark.pips
def test_a_variable_does_not_move_the_host(
    machine: Machine, private: IndexServer, serve: Callable[..., IndexServer]
) -> None:
    evil = serve("evil")
    private.credentials = ("robot", "p@ss:/?#w")
    url = private.url.replace("://", "://robot:${ACME_TOKEN}@")
    machine.write("requirements.txt", f"--index-url {url}\nacme-core\n")
    command = ["install", "--target", "site", "-r", "requirements.txt"]
    done = machine.pinned(*command, ACME_TOKEN="p@ss:/?#w")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0"}, done.text
    token = f"x@127.0.0.1:{evil.port}/#"
    done = machine.pinned(*command[:2], "other", *command[3:], ACME_TOKEN=token)
    assert done.error == "index-auth-failed" and not evil.requests, done.text


@pytest.mark.pips
def test_other_options_of_the_line_are_filled_in_by_pip(
    machine: Machine, serve: Callable[..., IndexServer]
) -> None:
    server = serve("acme").add(sdist("acme-core", "1.0"))
    line = f"-f A --index-url {server.root}/${{PLACE}} --only-binary ${{NAMES}}\nacme-core\n"
    machine.write("requirements.txt", line)
    command = ["download", "--no-deps", "-d", "files", "-r", "requirements.txt"]
    done = machine.pinned(*command, PLACE="simple", NAMES="acme-core")
    assert done.code == 1 and "from versions: none" in done.text, done.text
    assert machine.pinned(*command, PLACE="simple", NAMES="other").code == 0


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("line", ["acme-core\0007\000", "-i http://h.example/${A} \0007\000"], ids=ascii)
def test_a_line_with_a_nul_is_no_traceback(line: str, machine: Machine) -> None:
    machine.write("requirements.txt", line + "\n")
    done = machine.pinned("download", "--no-index", "-r", "requirements.txt", A="simple")
    assert done.code and "Traceback" not in done.text, done.text


@pytest.mark.pips
def test_a_query_of_an_index_url_is_not_shown(
    machine: Machine, serve: Callable[..., IndexServer]
) -> None:
    server = serve("acme").add(wheel("other-lib", "1.0"))
    policy = '[[index]]\nname = "acme"\nurl = "{url}"\nformat = "flat"\n[sources]\nacme-core = {{ index = "acme" }}\n'
    url = f"{server.url}/other-lib/?token={SECRET}&v=1"
    machine.write("pip-pinned.toml", policy.format(url=url))
    done = machine.pinned("install", "--target", "site", "-vv", "--log", "log.txt", "acme-core")
    assert done.code == 1 and "token=****" in done.text, done.text
    assert SECRET not in done.text
    for name, text in _written(machine):
        assert SECRET not in text, name
