"""login stores what the index accepts, where pip finds it; logout removes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import POLICY
from tests.interpreters import SRC
from tests.running import Machine
from tests.servers.index import Answer, IndexServer

_BACKEND = '''
import json
from pathlib import Path
from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential
from keyring.errors import PasswordDeleteError, PasswordSetError
class Keyring(KeyringBackend):
    priority = 9
    path = Path({path!r})
    def _all(self):
        return json.loads(self.path.read_text())
    def get_credential(self, service, username):
        users = self._all().get(service, {{}})
        if username is None and {by_name}:
            return None
        user = username or next(iter(users), None)
        return SimpleCredential(user, users[user]) if user in users else None
    def get_password(self, service, username):
        return self._all().get(service, {{}}).get(username)
    def set_password(self, service, username, password):
        if {locked}:
            raise PasswordSetError("locked")
        everything = self._all()
        everything.setdefault(service, {{}})[username] = password
        self.path.write_text(json.dumps(everything))
    def delete_password(self, service, username):
        everything = self._all()
        if username not in everything.get(service, {{}}):
            raise PasswordDeleteError("not found")
        del everything[service][username]
        self.path.write_text(json.dumps(everything))
'''


class Vault:
    """A machine with a keyring that works, in a project whose private index wants credentials."""

    def __init__(self, machine: Machine, private: IndexServer, public: IndexServer) -> None:
        self.machine = machine
        self.path = machine.directory / "vault.json"
        self.path.write_text("{}")
        configuration = Path(machine.environment["HOME"]) / ".config" / "python_keyring" / "keyringrc.cfg"
        configuration.parent.mkdir(parents=True)
        configuration.write_text(f"[backend]\ndefault-keyring=vault_keyring.Keyring\nkeyring-path={machine.directory}\n")
        self.behave()
        private.credentials = ("robot", "s3cret")
        machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))

    def behave(self, *, by_name: bool = False, locked: bool = False) -> None:
        (self.machine.directory / "vault_keyring.py").write_text(_BACKEND.format(path=str(self.path), by_name=by_name, locked=locked))

    @property
    def holds(self) -> dict[str, dict[str, str]]:
        return {service: users for service, users in json.loads(self.path.read_text()).items() if users}

    def run(self, *words: str, token: str | None = None) -> tuple[int, str]:
        """Exit code and everything printed."""
        environment = {**self.machine.environment, "PYTHONPATH": f"{self.machine.pip}{os.pathsep}{SRC}"}
        done = subprocess.run([sys.executable, "-m", "pip_pinned", *words], cwd=self.machine.project, env=environment, capture_output=True, text=True,
                              **({"stdin": subprocess.DEVNULL} if token is None else {"input": token + "\n"}))
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def vault(machine: Machine, private: IndexServer, public: IndexServer) -> Vault:
    return Vault(machine, private, public)


@pytest.mark.pips(since="23.1")
def test_what_login_stores_pip_finds_and_logout_removes(vault: Vault, private: IndexServer) -> None:
    machine = vault.machine
    assert machine.pinned("install", "--target", "none", "acme-core").error == "index-auth-failed"
    code, text = vault.run("login", "ACME", "--username", "robot", "--token-stdin", token="s3cret")
    assert code == 0 and "Stored the credentials of robot for acme" in text and "vault_keyring.Keyring" in text and "s3cret" not in text, text
    assert vault.holds == {f"{private.url}/": {"robot": "s3cret"}}
    done = machine.pinned("install", "--target", "site", "acme-core", "--keyring-provider", "import")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0"}, done.text
    plain = machine.plain("install", "--target", "plain", "--index-url", private.url, "acme-core", "--keyring-provider", "import")
    assert plain.code == 0, plain.text  # and so does pip without us
    code, text = vault.run("logout", "acme")
    assert (code, vault.holds) == (0, {}) and "Removed the credentials of robot for acme" in text, text
    code, text = vault.run("logout", "acme")
    assert code == 0 and "No credentials were stored" in text


def test_refused_credentials_are_not_stored(vault: Vault, private: IndexServer) -> None:
    code, text = vault.run("login", "acme", "--username", "robot", "--token-stdin", token="wr0ng")
    assert code == 1 and "error: index-auth-failed" in text and "nothing was stored" in text and "wr0ng" not in text, text
    assert [request.authorization for request in private.requests] == [("robot", "wr0ng")] and vault.holds == {}


def test_an_index_that_does_not_answer_verifies_nothing(vault: Vault, private: IndexServer) -> None:
    private.answers[".*"] = Answer(500)
    code, text = vault.run("login", "acme", "--token-stdin", token="s3cret")
    assert code == 1 and "error: index-unavailable" in text and vault.holds == {}, text


def test_the_user_name_is_that_of_the_url_or_that_of_a_token(vault: Vault, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("__token__", "s3cret")
    assert vault.run("login", "acme", "--token-stdin", token="s3cret")[0] == 0
    private.credentials = ("robot", "s3cret")
    vault.machine.write("pip-pinned.toml", POLICY.format(private=private.url.replace("://", "://robot@"), public=public.url))
    assert vault.run("login", "acme", "--token-stdin", token="s3cret")[0] == 0
    assert vault.holds == {f"{private.url}/": {"__token__": "s3cret", "robot": "s3cret"}}
    assert vault.run("logout", "acme")[0] == 0 and vault.holds == {}


def test_an_index_that_asks_nobody_for_credentials_is_said_to_be_one(vault: Vault, public: IndexServer) -> None:
    code, text = vault.run("login", "public", "--token-stdin", token="s3cret")
    assert code == 0 and "could not be verified" in text


def test_a_keyring_that_needs_the_user_name(vault: Vault, private: IndexServer) -> None:
    vault.behave(by_name=True)
    code, text = vault.run("login", "acme", "--token-stdin", "--username", "robot", token="s3cret")
    assert code == 0 and "by its user name only" in text, text
    assert vault.run("logout", "acme", "--username", "robot") == (0, f"Removed the credentials of robot for acme ({private.url}).\n")


@pytest.mark.parametrize("what", ["locked", "none", "never", "password in the URL", "unknown index", "empty token", "no token"])
def test_what_stops_it(what: str, vault: Vault, private: IndexServer, public: IndexServer) -> None:
    words, token, code, error = ["login", "acme", "--username", "robot", "--token-stdin"], "s3cret", 1, "no-keyring"
    if what == "locked":
        vault.behave(locked=True)
    elif what == "none":
        vault.machine.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    elif what == "never":
        vault.machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url}"\nauthenticate = "never"\n')
        error = "login-without-effect"
    elif what == "password in the URL":
        vault.machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url_with_credentials}"\n')
        error = "login-without-effect"
    elif what == "unknown index":
        words[1], error = "akme", "unknown-index"
    else:
        code, error = 2, "usage"
        if what == "no token":
            words.remove("--token-stdin")
        else:
            token = ""
    found, text = vault.run(*words, token=token)
    assert (found, vault.holds) == (code, {}) and f"error: {error}" in text and "Traceback" not in text, text
    assert token == "" or token not in text
