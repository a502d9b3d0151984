"""Which index has which projects: many questions, side by side."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pip_pinned.commands.probing import Prober, Reply
from pip_pinned.pip_runner.settings import Connection
from pip_pinned.policy import names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index
from pip_pinned.policy.status import Verdict
from pip_pinned.report import screen

JOBS = 16


class Holding(NamedTuple):
    """What an index said about one project: ``has`` is None where it did not say, with the answer in ``words``.

    ``forwards_to`` is the origin that it sent the question on to, ``newest`` its highest version that is no pre-release, if it has any.
    """

    has: bool | None
    words: str
    forwards_to: str = ""
    newest: str | None = None


Survey = dict[str, dict[str, Holding]]


def survey(connection: Connection, indexes: Sequence[Index], projects: Iterable[str], jobs: int = JOBS) -> Survey:
    """Ask each index about each project (normalised), and about one that nobody has, whose answer is under ``""``.

    Credentials are found as an install would find them, nobody is prompted. Nothing is raised for an index that does not answer.
    """
    found: Survey = {index.name: {} for index in indexes}
    assert len(found) == len(indexes), "each index has a name of its own"
    wanted = ["", *dict.fromkeys(projects)]
    probers: dict[str, _Probers] = {}
    for index in indexes:
        try:
            probers[index.name] = _Probers(connection, index)
        except PipPinnedError as exc:
            found[index.name] = {name: Holding(None, exc.code) for name in wanted}
    asked = [(index, name) for index in indexes if index.name in probers for name in wanted]
    with screen.progress("asking the indexes", len(asked)) as step, ThreadPoolExecutor(jobs) as pool:

        def ask(one: tuple[Index, str]) -> Holding:
            index, name = one
            holding = _ask(probers[index.name].mine(), index, name)
            step()
            return holding

        for (index, name), holding in zip(asked, pool.map(ask, asked), strict=True):
            found[index.name][name] = holding
    return {name: _doubted(said) for name, said in found.items()}


def _doubted(said: dict[str, Holding]) -> dict[str, Holding]:
    """Answers that an index would give for anything say nothing: a page for any name, or every question sent on to another origin."""
    if said[""].has:
        empty = False if any(holding.newest for name, holding in said.items() if name) and said[""].newest is None else None
        return {name: holding if holding.newest and empty is False else Holding(empty, "it has a page for any name") for name, holding in said.items()}
    if said[""].forwards_to and not any(holding.has for holding in said.values()):
        return {name: Holding(None, f"it sends every question on to {said[''].forwards_to}", said[""].forwards_to) for name in said}
    return said


class _Probers:
    """One session for each thread, all with the credentials that were found in the first one."""

    def __init__(self, connection: Connection, index: Index) -> None:
        self._connection = connection
        self._index = index
        self._local = threading.local()
        self._credentials = connection.credentials(index, refused=False)[:2]
        if self._credentials[0] is None and urls.local_path(index.bare) is None and self.mine().ask(index.bare.rstrip("/") + "/").status == 401:
            self._credentials = connection.credentials(index, refused=True)[:2]
            self._local = threading.local()

    def mine(self) -> Prober:
        """The session of this thread."""
        prober: Prober | None = getattr(self._local, "prober", None)
        if prober is None:
            prober = self._local.prober = Prober(self._connection, self._index, *self._credentials)
        return prober


def _ask(prober: Prober, index: Index, name: str) -> Holding:
    path = urls.local_path(index.bare)
    if path is not None and not os.path.exists(path):
        return Holding(None, f"{path} does not exist")
    if path is not None and index.format == "flat":
        files = tuple(sorted(os.listdir(path))) if os.path.isdir(path) else ()
        return _holding(Reply(Verdict.PRESENT, "a local directory", filenames=files), name)
    if path is not None:
        return Holding(name != "" and os.path.isdir(os.path.join(path, name)), "a local directory")
    if index.format == "flat":
        return _holding(prober.ask(index.bare, read_files=True), name)
    reply = prober.page_of(name or f"pip-pinned-survey-{secrets.token_hex(8)}")
    if reply.verdict is Verdict.PRESENT:
        return Holding(True, reply.words, newest=_newest(reply.filenames, name))
    return Holding(False if reply.verdict is Verdict.ABSENT else None, reply.words, reply.redirected_to or "")


def _holding(reply: Reply, name: str) -> Holding:
    """What a flat page says about one project."""
    if reply.verdict is not Verdict.PRESENT:
        return Holding(None, reply.words)
    files = [file for file in reply.filenames if name and names.file_belongs_to(file, name)]
    return Holding(bool(files), reply.words, newest=_newest(files, name))


def _newest(filenames: Iterable[str], name: str) -> str | None:
    versions = [version for version in (_version(file) for file in filenames if names.file_belongs_to(file, name)) if version is not None]
    final = [version for version in versions if not version.is_prerelease] or versions
    return str(max(final)) if final else None


def _version(filename: str) -> Version | None:
    try:
        return parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None
