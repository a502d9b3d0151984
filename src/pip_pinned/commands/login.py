"""``pip-pinned login INDEX``: try credentials on the index, then store them in keyring, where pip finds them."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys
from typing import Any

from pip_pinned.adapt.keyrings import backend_name, in_time
from pip_pinned.commands.probing import Prober, Reply
from pip_pinned.pip_runner.settings import Connection, connected
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index
from pip_pinned.policy.status import Verdict

_TOKEN_USER = "__token__"  # noqa: S105 (what most hosts call the user of a token)


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if nothing was stored; 2 for wrong usage."""
    parser = argparse.ArgumentParser("pip-pinned login", description="Try a user name and a token (or password) on an index and store them in keyring. "
                                     "Nothing is stored if the index refuses them.")
    parser.add_argument("index", metavar="INDEX", help="the name of the index in the project's policy")
    parser.add_argument("--username", metavar="U", help=f"the user name (default: that of the index URL, else {_TOKEN_USER})")
    parser.add_argument("--token-stdin", action="store_true", help="read the token from standard input instead of asking for it")
    parser.add_argument("--project", metavar="DIR", help="the project whose policy is read")
    given = parser.parse_args(args)
    from pip_pinned.config.project import load_policy

    with connected(lambda: load_policy(project), []) as connection:
        _log_in(connection, index_named(connection, given.index), given.username, token_stdin=given.token_stdin)
    return 0


def index_named(connection: Connection, name: str) -> Index:
    """The index of the policy that has this name. Raises PipPinnedError ``unknown-index``."""
    index = connection.policy.index_named(name)
    if index is None:
        known = ", ".join(index.name for index in connection.policy.indexes)
        raise PipPinnedError("unknown-index", f"There is no index {name!r} in the policy.", hint=f"One of: {known}.")
    return index


def service_of(index: Index) -> str:
    """The name under which pip asks keyring for an index: its URL without credentials, and with a slash at the end."""
    return index.bare.rstrip("/") + "/"


def backend() -> Any:
    """The keyring module. Raises PipPinnedError ``no-keyring`` where it has no backend to store anything in."""
    def load() -> tuple[Any, bool]:
        import keyring
        from keyring.backends import fail, null

        return keyring, isinstance(keyring.get_keyring(), (fail.Keyring, null.Keyring))

    try:
        keyring, is_empty = in_time(load)
    except (Exception, SystemExit) as exc:
        raise PipPinnedError("no-keyring", "keyring cannot be used.", context=f"{type(exc).__name__}: {exc}") from exc
    if is_empty:
        raise PipPinnedError("no-keyring", "This machine has no keyring to store secrets in.",
                             hint="Install one of keyring's backends, or give the credentials in PIP_PINNED_INDEX_<NAME>_USERNAME and _PASSWORD, or in netrc.")
    return keyring


def _log_in(connection: Connection, index: Index, username: str | None, *, token_stdin: bool) -> None:
    url_user, url_password = urls.credentials(index.url)
    if index.authenticate == "never" or url_password is not None:
        why = 'says authenticate = "never"' if url_password is None else "has credentials in its URL, which come first"
        raise PipPinnedError("login-without-effect", f"{index.name} {why}: what keyring holds is not used.", context=f"index: {index.name} {index.shown} ({index.origin})")
    keyring = backend()
    user = username or url_user or _TOKEN_USER
    shown = "the user name in its URL" if user == url_user else user  # which may be a token
    token = _read_token(index, shown, token_stdin=token_stdin)
    name = f"pip-pinned-login-{secrets.token_hex(8)}"
    _check(index, shown, Prober(connection, index, user, token).page_of(name))
    anonymous = Prober(connection, index).page_of(name)
    try:
        in_time(lambda: keyring.set_password(service_of(index), user, token))
        found = in_time(lambda: keyring.get_credential(service_of(index), None))
    except (Exception, SystemExit) as exc:
        raise PipPinnedError("no-keyring", "keyring did not store the credentials.", context=f"{backend_name(keyring)}: {type(exc).__name__}: {exc}") from exc
    sys.stdout.write(f"Stored the credentials of {shown} for {index.name} ({index.shown}) in {backend_name(keyring)}.\n")
    if anonymous.verdict in (Verdict.PRESENT, Verdict.ABSENT):
        sys.stdout.write(f"{index.name} answers without credentials too, so that they could not be verified.\n")
    if found is None:
        sys.stdout.write(f"This keyring finds a secret by its user name only: write the user name into the URL of {index.name} ({index.origin}).\n")
    sys.stdout.write("pip asks keyring where it may also prompt; with --no-input, as in CI, add --keyring-provider import.\n")


def _read_token(index: Index, user: str, *, token_stdin: bool) -> str:
    if token_stdin:
        token = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        token = getpass.getpass(f"Token or password of {user} for {index.name}: ")
    else:
        raise PipPinnedError("usage", "There is nobody to ask for the token.", hint="Give it on standard input, with --token-stdin.")
    if not token:
        raise PipPinnedError("usage", "The token is empty.")
    return token


def _check(index: Index, user: str, reply: Reply) -> None:
    if reply.verdict not in (Verdict.PRESENT, Verdict.ABSENT):
        refused = reply.verdict is Verdict.AUTH_FAILED
        raise PipPinnedError(
            reply.verdict.value, f"{index.name} refused these credentials; nothing was stored." if refused else f"{index.name} did not answer; nothing was stored.",
            context=f"index: {index.name} {index.shown}\nuser: {user}\nanswer: {reply.words}")
