"""Secrets out of a keyring: whose, in which order, and what a keyring that fails does to a run."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from tests import pips
from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import IndexServer

_BACKEND = '''
import json, threading
from pathlib import Path
from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential
from keyring.errors import KeyringLocked, NoKeyringError
class Keyring(KeyringBackend):
    priority = 9
    def get_credential(self, service, username):
        with open({log!r}, "a") as log:
            log.write(service + "\\n")
        {body}
        found = json.loads(Path({secrets!r}).read_text()).get(service)
        return SimpleCredential(*found) if found and username in (None, found[0]) else None
    def get_password(self, service, username):
        found = self.get_credential(service, username)
        return found and found.password
    def set_password(self, service, username, password):
        raise NotImplementedError
    delete_password = set_password
'''


class Secrets:
    """The keyring of a machine: a backend of our own, chosen in keyring's own configuration file."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.home = machine.directory / "backends"
        self.home.mkdir()
        self.log = machine.directory / "keyring.log"
        configuration = Path(machine.environment["HOME"]) / ".config" / "python_keyring" / "keyringrc.cfg"
        configuration.parent.mkdir(parents=True)
        configuration.write_text(f"[backend]\ndefault-keyring=company_keyring.Keyring\nkeyring-path={self.home}\n")
        self.write("pass")
        self.hold({})

    def write(self, body: str) -> None:
        """Make the backend do something when it is asked."""
        text = _BACKEND.format(body=body, secrets=str(self.home / "secrets.json"), log=str(self.log))
        (self.home / "company_keyring.py").write_text(text)

    def hold(self, secrets: dict[str, tuple[str, str]]) -> None:
        (self.home / "secrets.json").write_text(json.dumps(secrets))

    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def secrets(machine: Machine, private: IndexServer, public: IndexServer) -> Secrets:
    private.credentials = ("robot", "s3cret")
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    return Secrets(machine)


@pytest.mark.pips(since="23.1")  # pip 23.0 asks no keyring under --no-input
def test_the_keyring_is_asked_for_the_index_after_a_refusal(secrets: Secrets, private: IndexServer, public: IndexServer) -> None:
    machine = secrets.machine
    secrets.hold({f"{private.url}/": ("robot", "s3cret"), f"{public.url}/": ("robot", "other")})
    done = machine.pinned("install", "--target", "site", "acme-core", "pubdep", "--keyring-provider", "import")
    assert done.code == 0 and "s3cret" not in done.text, done.text
    assert [request.authorization for request in private.requests] == [None, *[("robot", "s3cret")] * (len(private.requests) - 1)]
    assert {request.authorization for request in public.requests} == {None}
    assert secrets.asked() == [f"{private.url}/"]


@pytest.mark.pips(since="23.1")
def test_wrong_ones_of_netrc_then_right_ones_of_the_keyring(secrets: Secrets, private: IndexServer) -> None:
    netrc = Path(secrets.machine.environment["HOME"]) / ".netrc"
    netrc.write_text("machine 127.0.0.1 login robot password wr0ng\n")
    netrc.chmod(0o600)
    secrets.hold({f"{private.url}/": ("robot", "s3cret")})
    done = secrets.machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.code == 0, done.text
    sent = [request.authorization for request in private.requests]
    assert sent[:2] == [("robot", "wr0ng"), ("robot", "s3cret")] and sent.count(("robot", "wr0ng")) == 1, sent


@pytest.mark.parametrize("user", ["__token__", "oauth2accesstoken", "aws", "VssSessionToken"])
def test_a_well_known_user_name_alone_is_completed_from_the_keyring(user: str, secrets: Secrets, private: IndexServer, public: IndexServer) -> None:
    private.credentials = (user, "s3cret")
    secrets.hold({f"{private.url}/": (user, "s3cret")})
    secrets.machine.write("pip-pinned.toml", POLICY.format(private=private.url.replace("://", f"://{user}@"), public=public.url))
    done = secrets.machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.code == 0 and {request.authorization for request in private.requests} == {(user, "s3cret")}, done.text


@pytest.mark.pips(since="23.1")
def test_a_user_name_in_the_url_is_completed_from_the_keyring_before_anything_is_sent(secrets: Secrets, private: IndexServer, public: IndexServer) -> None:
    machine = secrets.machine
    secrets.hold({f"{private.url}/": ("robot", "s3cret")})
    machine.write("pip-pinned.toml", POLICY.format(private=private.url.replace("://", "://robot@"), public=public.url))
    done = machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.code == 0, done.text
    assert {request.authorization for request in private.requests} == {("robot", "s3cret")}


@pytest.mark.pips(since="23.1")
def test_a_refusal_of_what_the_keyring_gave_says_so_and_is_final(secrets: Secrets, private: IndexServer) -> None:
    secrets.hold({f"{private.url}/": ("robot", "wr0ng")})
    done = secrets.machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.error == "index-auth-failed" and "credentials: from keyring" in done.text and "wr0ng" not in done.text, done.text
    assert [request.authorization for request in private.requests] == [None, ("robot", "wr0ng")]


@pytest.mark.pips(since="23.1")
def test_the_keyring_program_is_asked_too(pip_version: str, secrets: Secrets, private: IndexServer) -> None:
    machine = secrets.machine
    secrets.hold({f"{private.url}/": ("robot", "s3cret")})
    program = machine.write("programs/keyring", f'#!/bin/sh\nunset PYTHONPATH\nexec {sys.executable} -m keyring "$@"\n')
    program.chmod(0o755)
    if pips.as_numbers(pip_version) < (25, 1):  # before, pip asked the program for passwords only, never for user names
        machine.write("pip-pinned.toml", (machine.project / "pip-pinned.toml").read_text().replace("://", "://robot@", 1))
    done = machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "subprocess", PATH=f"{program.parent}:/usr/bin:/bin")
    assert done.code == 0 and private.requests[-1].authorization == ("robot", "s3cret"), done.text


def test_a_token_in_the_url_is_not_on_the_command_line_of_the_keyring_program(secrets: Secrets, private: IndexServer) -> None:
    machine = secrets.machine
    private.credentials = ("t0ken", "")
    program = machine.write("programs/keyring", f'#!/bin/sh\necho "$@" >> {machine.project}/argv\nexit 1\n')
    program.chmod(0o755)
    machine.write("pip-pinned.toml", (machine.project / "pip-pinned.toml").read_text().replace("://", "://t0ken@", 1))
    done = machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "subprocess", PATH=f"{program.parent}:/usr/bin:/bin")
    assert done.code == 0 and "t0ken" not in (machine.project / "argv").read_text() + done.text, done.text


@pytest.mark.pips(since="23.1")
def test_a_disabled_keyring_is_not_asked(secrets: Secrets, private: IndexServer) -> None:
    secrets.hold({f"{private.url}/": ("robot", "s3cret")})
    for provider in ("disabled", "auto"):  # auto: not under --no-input
        assert secrets.machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", provider).error == "index-auth-failed"
    assert secrets.asked() == []


@pytest.mark.pips(since="23.1")
@pytest.mark.parametrize(("body", "said"), [
    ('raise OSError("https://robot:s3cret@vault.example is down")', "OSError: https://****@vault.example is down"), ('raise KeyringLocked("unlock it")', "KeyringLocked: unlock it"),
], ids=["raises", "locked"])
def test_a_keyring_that_fails_is_named_once_and_not_asked_again(body: str, said: str, secrets: Secrets, private: IndexServer) -> None:
    secrets.write(body)
    done = secrets.machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.error == "index-auth-failed", done.text
    assert done.err.count(f"warning: keyring (company_keyring.Keyring) is skipped: {said}") == 1, done.err
    assert len(secrets.asked()) == 1 and "Traceback" not in done.text and "s3cret" not in done.text


@pytest.mark.parametrize(("body", "said"), [("raise SystemExit(3)", "SystemExit: 3"), ("return SimpleCredential('robot', b's3cret')", "TypeError: it gave something that is no text")])
def test_a_keyring_that_misbehaves_is_no_fault_of_the_index(body: str, said: str, secrets: Secrets) -> None:
    secrets.write(body)
    done = secrets.machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.error == "index-auth-failed" and said in done.err and "s3cret" not in done.text, done.text


def test_a_secret_of_the_whole_host_is_given_to_none_of_several_indexes(secrets: Secrets, private: IndexServer) -> None:
    host = f"127.0.0.1:{private.port}"
    secrets.hold({host: ("robot", "s3cret")})
    done = secrets.machine.pinned("install", "--target", "one", "acme-core", "--keyring-provider", "import")
    assert done.code == 0, done.text  # the only index there
    private.requests.clear()
    secrets.machine.write("pip-pinned.toml", (secrets.machine.project / "pip-pinned.toml").read_text().replace(
        "[sources]", f'[[index]]\nname = "other"\nurl = "http://{host}/other/simple"\nexplicit = true\n[sources]'))
    done = secrets.machine.pinned("install", "--target", "two", "acme-core", "--keyring-provider", "import")
    assert done.error == "index-auth-failed" and {request.authorization for request in private.requests} == {None}, done.text


def test_always_sends_what_the_keyring_has_also_to_a_host_in_capitals(secrets: Secrets, private: IndexServer) -> None:
    url = private.url.replace("127.0.0.1", "LOCALHOST")
    private.files_at = f"http://localhost:{private.port}/files"
    secrets.hold({f"{url}/": ("robot", "s3cret"), f"{url.lower()}/": ("robot", "s3cret")})
    secrets.machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{url}"\ndefault = true\nauthenticate = "always"\n')
    done = secrets.machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.code == 0 and {request.authorization for request in private.requests} == {("robot", "s3cret")}, done.text
    private.requests.clear()
    done = secrets.machine.pinned("doctor", "--keyring-provider", "import")
    assert done.code == 0 and {request.authorization for request in private.requests} == {("robot", "s3cret")}, done.text


def test_a_machine_without_a_keyring_is_no_fault(secrets: Secrets) -> None:
    secrets.write("raise NoKeyringError('none')")
    done = secrets.machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.error == "index-auth-failed" and "keyring (" not in done.text, done.text


def test_a_keyring_that_hangs_costs_ten_seconds_at_most(secrets: Secrets) -> None:
    secrets.write("threading.Event().wait()")
    start = time.monotonic()
    done = secrets.machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.error == "index-auth-failed" and "keyring (company_keyring.Keyring) is skipped: no answer within 9 seconds" in done.err, done.text
    assert time.monotonic() - start < 15


def test_a_keyring_program_that_hangs_is_stopped(secrets: Secrets) -> None:
    machine = secrets.machine
    program = machine.write("programs/keyring", f"#!/bin/sh\necho $$ > {machine.project}/pid\nexec sleep 600\n")
    program.chmod(0o755)
    done = machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "subprocess", PATH=f"{program.parent}:/usr/bin:/bin")
    assert done.error == "index-auth-failed" and f"keyring ({program}) is skipped: no answer within 9 seconds" in done.err, done.text
    assert not Path(f"/proc/{(machine.project / 'pid').read_text().strip()}").exists()
