"""``pip-pinned logout INDEX``: remove what ``login`` stored."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import Any

from pip_pinned.adapt.keyrings import in_time
from pip_pinned.commands.login import backend, index_named, service_of
from pip_pinned.pip_runner.settings import connected
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0, also if nothing was stored; 1 if it could not be removed; 2 for wrong usage."""
    parser = argparse.ArgumentParser("pip-pinned logout", description="Remove the credentials of an index from keyring.")
    parser.add_argument("index", metavar="INDEX", help="the name of the index in the project's policy")
    parser.add_argument("--username", metavar="U", help="the user name that they were stored with (default: whatever is found)")
    parser.add_argument("--project", metavar="DIR", help="the project whose policy is read")
    given = parser.parse_args(args)
    from pip_pinned.config.project import load_policy

    with connected(lambda: load_policy(project), []) as connection:
        index = index_named(connection, given.index)
    removed = _remove(backend(), index, given.username)
    sys.stdout.write(f"Removed the credentials of {', '.join(_shown(index, user) for user in removed)} for {index.name} ({index.shown}).\n" if removed
                     else f"No credentials were stored for {index.name} ({index.shown}).\n")
    return 0


def _remove(keyring: Any, index: Index, username: str | None) -> list[str]:
    removed: list[str] = []
    try:
        while (found := _find(keyring, index, username)) is not None and found not in removed:
            in_time(partial(keyring.delete_password, service_of(index), found))
            removed.append(found)
    except (Exception, SystemExit) as exc:
        raise PipPinnedError("no-keyring", "keyring did not remove the credentials.", context=f"{type(exc).__name__}: {exc}") from exc
    return removed


def _find(keyring: Any, index: Index, username: str | None) -> str | None:
    """A user name that credentials are stored with. A keyring that finds nothing without one is asked for those that are likely."""
    for user in (username,) if username else (None, urls.credentials(index.url)[0], "__token__"):
        found = in_time(partial(keyring.get_credential, service_of(index), user))
        if found is not None:
            return str(found.username)
    return None


def _shown(index: Index, user: str) -> str:
    return "the user name in its URL" if user == urls.credentials(index.url)[0] else user
