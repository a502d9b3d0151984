"""A keyring that raises, hangs or is locked costs one warning and ten seconds at most, and the next
source is asked.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from pip_pinned.adapt import notes
from pip_pinned.enforce.rehearsal import leave_to_pip
from pip_pinned.enforce.run import Run
from pip_pinned.policy.urls import Url

SECONDS, SECONDS_FOR_A_NAME = 9.0, 1.0


def get_auth_info(
    run: Run, original: Callable[..., Any], self: Any, url: str, username: str | None
) -> Any:
    """User name and password from the keyring; None if it has none, or has failed before in this
    run.
    """
    leave_to_pip(run.ledger)
    if notes.of(run).has_keyring_failed or (
        "://" not in url and sum(Url(index.bare).authority == url for index in run.indexes) > 1
    ):
        return None  # a secret of the whole host belongs to none of several indexes there
    try:
        is_program = isinstance(self.keyring, str)
        named = (
            None if is_program and hasattr(self, "_get_creds") else username
        )  # a user name may be a token, and command lines are public
        found = (_with_patience if is_program else in_time)(lambda: original(self, url, named))
        if found is not None and username is not None and named is None and found[0] != username:
            found = None
        if found is not None and not all(isinstance(text, str) for text in found):
            raise TypeError("it gave something that is no text")  # noqa: TRY301
        return found
    except (Exception, SystemExit) as exc:  # noqa: BLE001 (a keyring backend may raise anything)
        notes.of(run).has_keyring_failed = True
        if type(exc).__name__ != "NoKeyringError":  # a machine without one is no fault
            told = f"keyring ({backend_name(self.keyring)}) is skipped: {_reason(run, exc)}"
            run.journal.note(run, told, "warning")
        return None


def load(run: Run, original: Callable[..., Any], self: Any) -> None:
    """Import the keyring package; pip turns what is raised into its own warning and tries the
    keyring program.
    """
    try:
        in_time(lambda: original(self))
    except TimeoutError:
        notes.of(run).has_keyring_failed = True
        raise


def in_time(ask: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What the function returns or raises; TimeoutError once the time is over."""
    outcome: list[Any] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(ask())
        except BaseException as exc:  # noqa: BLE001 (raised again where it is waited for)
            failed.append(exc)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not outcome:
        raise TimeoutError(f"no answer within {seconds:.0f} seconds")
    return outcome[0]


def _with_patience(ask: Callable[[], Any]) -> Any:
    """Pip waits for the keyring program for ever; here it is stopped in time."""

    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return subprocess.run(*args, **{"timeout": SECONDS, **kwargs})  # noqa: PLW1510
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"no answer within {SECONDS:.0f} seconds") from None

    module: Any = sys.modules["pip._internal.network.auth"]
    module.subprocess = SimpleNamespace(**{**vars(subprocess), "run": run})
    try:
        return ask()
    finally:
        module.subprocess = subprocess


def backend_name(keyring: Any) -> str:
    """The name of the backend behind a keyring module or program; what cannot be asked for its
    name, within time, is just keyring.
    """
    if isinstance(keyring, str):
        return keyring
    try:
        backend = type(in_time(keyring.get_keyring, SECONDS_FOR_A_NAME))
    except (Exception, SystemExit):  # noqa: BLE001 (it has failed already; this is for the message)
        return "keyring"
    return f"{backend.__module__}.{backend.__qualname__}"


def _reason(run: Run, exc: BaseException) -> str:
    text = run.journal.discreet(run, str(exc)).strip()
    return (
        text
        if isinstance(exc, TimeoutError)
        else f"{type(exc).__name__}{': ' + text if text else ''}"
    )
