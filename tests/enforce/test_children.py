"""Children of pip run under the same policy; build backends see nothing of it (CONTRACT 1.3, 4.9)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import interpreters
from tests.conftest import POLICY
from tests.interpreters import SRC
from tests.running import Machine
from tests.servers.index import Answer, IndexServer, Request
from tests.servers.projects import sdist

_SPY = """
import json, os
def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace").split("\\0")
    except OSError:
        return []
parents, pid = [], os.getppid()
while pid > 1:
    parents.append(read("/proc/%d/cmdline" % pid))
    try:
        with open("/proc/%d/stat" % pid) as file:
            pid = int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        break
with open({path!r}, "w") as file:
    json.dump({{"environment": dict(os.environ), "parents": parents, "sealed": [n for n in os.listdir({tmp!r}) if n.startswith("pip-pinned-")]}}, file)
"""


def _impostor(machine: Machine, body: str) -> str:
    """An interpreter for --python that does something to the launcher's directory ($2) before Python starts."""
    path = machine.write("impostor", f'#!/bin/sh\ndirectory=$(dirname "$1")\n{body}\nexec {sys.executable} "$@"\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(("what", "body"), {
    "altered": 'sed -i "s/acme/evil/" "$directory/policy.json"',
    "missing": 'rm "$directory/policy.json"',
    "cut short": 'truncate -s 20 "$directory/policy.json"',
    "another schema": 'sed -i "s/\\"schema\\":1/\\"schema\\":2/" "$directory/policy.json"',
    "unreadable": 'rm "$directory/policy.json"; mkdir "$directory/policy.json"',
}.items())
@pytest.mark.pips
def test_a_policy_that_was_tampered_with_stops_the_child(what: str, body: str, acme: Machine) -> None:
    done = acme.pinned("--python", _impostor(acme, body), "install", "--target", "site", "acme-core")
    assert (done.error, done.code) == ("policy-missing", 1), done.text
    assert acme.installed() == {}


def test_another_schema_is_refused_even_with_the_right_digest(acme: Machine) -> None:
    body = ('sed -i "s/\\"schema\\":1/\\"schema\\":2/" "$directory/policy.json"\n'
            'new=$(sha256sum "$directory/policy.json" | cut -d" " -f1)\n'
            'sed -i "s/[0-9a-f]\\{64\\}/$new/" "$directory/run.py"')
    done = acme.pinned("--python", _impostor(acme, body), "install", "--target", "site", "acme-core")
    assert (done.error, done.code) == ("policy-missing", 1) and "schema 2" in done.text, done.text


def test_the_sealed_policy_is_private_and_short_lived(acme: Machine) -> None:
    body = f'stat -c "%a %n" "$directory" "$directory"/* > {acme.project}/modes'
    done = acme.pinned("--python", _impostor(acme, body), "install", "--target", "site", "acme-core")
    assert done.code == 0, done.text
    lines = (line.partition(" ") for line in (acme.project / "modes").read_text().splitlines())
    modes = {name: mode for mode, _, name in lines}
    directory = min(modes, key=len)
    assert modes[directory] == "700"
    assert {modes[name] for name in modes if name != directory} == {"600"}
    assert not os.path.exists(directory)


def test_the_sealed_policy_is_gone_when_the_child_never_starts(acme: Machine) -> None:
    broken = acme.write("broken", "#!/nonexistent/interpreter\n")
    broken.chmod(0o755)
    done = acme.pinned("--python", str(broken), "install", "--target", "site", "acme-core")
    assert done.code == 1, done.text
    assert not list((acme.directory / "home" / "tmp").glob("pip-pinned-*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_sealed_policy_is_gone_after_a_signal(number: signal.Signals, acme: Machine) -> None:
    fifo = acme.project / "fifo"
    os.mkfifo(fifo)
    impostor = acme.write("impostor", f"#!/bin/sh\necho $$ > {fifo}\nexec sleep 600\n")
    impostor.chmod(0o755)
    environment = {**acme.environment, "PYTHONPATH": f"{acme.pip}{os.pathsep}{SRC}"}
    process = subprocess.Popen([sys.executable, "-m", "pip_pinned", "--python", str(impostor), "install", "acme-core"], cwd=acme.project,
                               env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    child = int(fifo.read_text())
    assert list((acme.directory / "home" / "tmp").glob("pip-pinned-*"))
    process.send_signal(number)
    try:
        assert process.wait(timeout=30) != 0
    finally:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
    assert not list((acme.directory / "home" / "tmp").glob("pip-pinned-*"))


@pytest.mark.pips
@pytest.mark.parametrize("dialect", ["policy", "variables", "ambient"])
def test_a_build_backend_sees_neither_policy_nor_credentials(dialect: str, machine: Machine, private: IndexServer,
                                                             public: IndexServer) -> None:
    private.credentials = ("robot", "s3cret-password")
    seen = machine.project / "seen.json"
    spy = _SPY.format(path=str(seen), tmp=str(machine.directory / "home" / "tmp"))
    private.add(sdist("acme-app", "1.0", build_requires=("acme-build",), code=spy))
    if dialect == "policy":
        machine.write("pip-pinned.toml", POLICY.format(private=private.url_with_credentials, public=public.url))
        env = {"PIP_PINNED_INDEX_ACME_PASSWORD": "s3cret-password", "UV_INDEX_ACME_PASSWORD": "s3cret-password"}
    elif dialect == "variables":
        url = private.url_with_credentials.replace("s3cret-password", "${ACME_TOKEN}").replace("127.0.0.1", "${ACME_HOST}")
        machine.write("pip-pinned.toml", POLICY.format(private=url, public=public.url))
        env = {"ACME_TOKEN": "s3cret-password", "ACME_HOST": "127.0.0.1"}
    else:
        env = {"PIP_PYPI_URL": public.url, "PIP_EXTRA_INDEX_URL": private.url_with_credentials, "PIP_INDEX-URL": private.url_with_credentials,
               "pip_extra_index_url": private.url_with_credentials, "PIP_PROXY": ""}
    done = machine.pinned("install", "--target", "site", "acme-app", **env)
    assert done.code == 0, done.text
    assert machine.module("acme_app")["BUILT_WITH"] == "private"
    text = seen.read_text()
    assert "s3cret-password" not in text
    assert private.url.rpartition("/")[0] not in text
    found = json.loads(text)
    assert found["sealed"] == []
    assert found["environment"]["PIP_NO_INDEX"] == "1"
    assert "s3cret-password" not in done.text


def test_a_project_page_that_asks_for_credentials_gets_those_of_its_index_only(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("robot", "s3cret")
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url_with_credentials}"\nexplicit = true\n[[index]]\nname = "public"\n'
                  f'url = "{public.url}"\ndefault = true\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
    done = machine.pinned("install", "--target", "site", "acme-core", "pubdep", "-v")
    assert done.code == 0, done.text
    assert all(request.authorization == ("robot", "s3cret") for request in private.requests)
    assert all(request.authorization is None for request in public.requests)
    assert "s3cret" not in done.text


def test_builds_for_another_interpreter_work_without_pip_there(acme: Machine, private: IndexServer) -> None:
    interpreters.make_environment(acme.directory / "other")
    private.add(sdist("acme-app", "1.0", build_requires=("acme-build",)))
    done = acme.pinned("--python", str(acme.directory / "other"), "install", "acme-app")
    assert done.code == 0, done.text
    assert {d["role"] for d in done.decisions} == {"python", "build"}


def test_an_interpreter_that_is_too_old_is_told_so(acme: Machine) -> None:
    old = Path("/nonexistent")
    for version in ("2.7", "3.6", "3.7", "3.8", "3.9"):
        for home in Path.home().glob(f".pyenv/versions/{version}*"):
            if (home / "bin" / "python").exists():
                old = home / "bin" / "python"
    fake = acme.write("python-old", f'#!/bin/sh\nexec {old if old.exists() else sys.executable} "$@"\n')
    if not old.exists():  # the same check, with the version it compares lowered
        fake.write_text(f'#!/bin/sh\nsed -i "s/< (3, 10)/< (9, 9)/" "$1"\nexec {sys.executable} "$@"\n')
    fake.chmod(0o755)
    done = acme.pinned("--python", str(fake), "install", "--target", "site", "acme-core")
    assert (done.error, done.code) == ("unsupported-python", 1), done.text


def test_markers_of_pins_are_evaluated_by_the_interpreter_that_is_installed_for(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    machine.write("elsewhere/sitecustomize.py", "import platform\nplatform.machine = lambda: 'somewhere-else'\n")
    other = _impostor(machine, f"export PYTHONPATH={machine.project}/elsewhere")
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url).partition("[sources]")[0] + "[sources]\nacme-core = ["
                  "{ index = 'acme', marker = \"platform_machine == 'somewhere-else'\" }, "
                  "{ index = 'public', marker = \"platform_machine != 'somewhere-else'\" }]\n")
    assert machine.pinned("--python", other, "install", "--target", "there", "acme-core").code == 0
    assert machine.pinned("install", "--target", "here", "acme-core").code == 0
    assert (machine.installed("there"), machine.installed("here")) == ({"acme-core": "1.0"}, {"acme-core": "99.0"})


def test_a_fault_of_the_index_stops_a_build_too(acme: Machine, private: IndexServer) -> None:
    private.add(sdist("acme-app", "1.0", build_requires=("acme-build",)))
    private.answers["/simple/acme-build/"] = Answer(403)
    done = acme.pinned("install", "--target", "site", "acme-app")
    assert done.code == 1 and "error: index-auth-failed" in done.text, done.text
    assert acme.installed() == {}


def test_credentials_do_not_follow_a_redirect(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("robot", "s3cret")

    def forward(request: Request) -> Answer:
        return Answer(302, headers={"Location": f"{public.url}/acme-core/"})

    private.answers["/simple/acme-core/"] = forward
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url_with_credentials}"\nfollow-redirects = true\n'
                  '[sources]\n"acme-*" = { index = "acme" }\n')
    done = machine.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0 and machine.installed() == {"acme-core": "99.0"}, done.text  # the policy says so
    assert public.requests and all(request.authorization is None for request in public.requests)
