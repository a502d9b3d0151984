"""``pip-pinned doctor``: whether each index can be reached as pip would reach it, as whom, and what else is noteworthy."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pip_pinned.commands.arguments import take_format
from pip_pinned.commands.probing import Prober, Reply
from pip_pinned.pip_runner.settings import Connection, connected
from pip_pinned.policy import names
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index
from pip_pinned.policy.status import Verdict
from pip_pinned.report import checkup, screen

HELP = """\
Usage: pip-pinned doctor [--format table|json] [options of pip install]

Ask each index of the project for a name that nobody has, with the
certificates, proxies, timeouts and credentials that pip would use, and
report what came back. Keyring is asked where the index asks for
credentials. Nothing is downloaded. Exit code 1 if anything is wrong.

  --format table|json      how to report (default: table)
  --project DIR            the project whose policy is read
"""
_AT_ONCE = 16
Credentials = tuple[str | None, str | None, str | None]


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if anything is wrong; 2 for wrong usage."""
    if "-h" in args or "--help" in args:
        screen.console().print(HELP, end="")
        return 0
    from pip_pinned.config.project import load_policy

    form, rest = take_format(args)
    with connected(lambda: load_policy(project), rest) as connection:
        health = checkup.Health(pip_version=connection.pip_version, keyring=keyring_name(), indexes=_examine(connection), notices=tuple(connection.notices))
    if form == "json":
        screen.show_json(checkup.as_json(health))
    else:
        checkup.show(health)
    return 0 if health.ok else 1


def keyring_name() -> str:
    """The keyring backend of this machine."""
    from pip_pinned.adapt.keyrings import backend_name, in_time

    def load() -> Any:
        import keyring

        return keyring

    try:
        return backend_name(in_time(load))
    except (Exception, SystemExit) as exc:  # noqa: BLE001 (a broken installation or backend may raise anything)
        return f"cannot be imported ({type(exc).__name__})"


def _examine(connection: Connection) -> tuple[checkup.IndexHealth, ...]:
    indexes = connection.policy.indexes
    found: dict[str, checkup.IndexHealth] = {}
    known: dict[str, Credentials] = {}
    for index in indexes:
        try:
            known[index.name] = connection.credentials(index, refused=False)
        except PipPinnedError as exc:
            found[index.name] = checkup.IndexHealth(name=index.name, url=index.shown, answer="no credentials", error=exc.code)
    with screen.progress("asking the indexes", len(known)) as step, ThreadPoolExecutor(_AT_ONCE) as pool:

        def ask(index: Index) -> tuple[Reply, str | None]:
            replies = _ask(connection, index, known[index.name])
            step()
            return replies

        asked = [index for index in indexes if index.name in known]
        replies = dict(zip((index.name for index in asked), pool.map(ask, asked), strict=True))
    for index in asked:
        reply, pages = replies[index.name]
        if reply.status == 401 and known[index.name][0] is None:  # keyring may want to talk to somebody: one after the other
            known[index.name] = connection.credentials(index, refused=True)
            if known[index.name][0] is not None:
                reply, pages = _ask(connection, index, known[index.name])
        found[index.name] = _judge(connection, index, reply, pages, known[index.name])
    return tuple(found[index.name] for index in indexes)


def _ask(connection: Connection, index: Index, credentials: Credentials) -> tuple[Reply, str | None]:
    """The answer for a name that nobody has, and the kind of page that the index gives for what it has."""
    prober = Prober(connection, index, *credentials[:2])
    reply = prober.page_of(f"pip-pinned-doctor-{secrets.token_hex(8)}")
    if reply.status is None or reply.verdict not in (Verdict.PRESENT, Verdict.ABSENT):
        return reply, None
    pinned = next((pin.pattern for pin in connection.policy.pins if pin.index_name == index.name and not names.is_glob(pin.pattern)), None)
    return reply, (prober.page_of(pinned) if pinned else prober.ask(index.bare.rstrip("/") + "/")).pages


def _judge(connection: Connection, index: Index, reply: Reply, pages: str | None, credentials: Credentials) -> checkup.IndexHealth:
    user, password, source = credentials
    words, error = reply.words, None
    if reply.verdict not in (Verdict.PRESENT, Verdict.ABSENT):
        error = reply.verdict.value
    elif index.format != "flat" and reply.verdict is Verdict.PRESENT and reply.status is not None:
        words = "ok, and has a page for any name"
    else:
        words = "ok"
    return checkup.IndexHealth(
        name=index.name, url=index.shown, answer=words, error=error, user=(user if password else "a token") if user is not None else None,
        credentials=source, pages=pages, milliseconds=reply.milliseconds, tls=reply.tls if reply.tls is None or connection.verifies(index.bare) else f"{reply.tls}, not verified", forwards_to=reply.redirected_to)
