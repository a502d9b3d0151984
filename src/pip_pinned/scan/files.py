"""Which files of a project are read, and how."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import translate
from functools import partial
from itertools import count
from pathlib import Path

from pip_pinned.scan import readers, text
from pip_pinned.scan.facts import Facts, conceal

Reader = Callable[[Facts, str, str], None]

_LARGEST = 2_000_000
_SKIPPED = frozenset((".git", ".hg", ".svn", "node_modules", "__pycache__", ".tox", ".nox", ".venv", "venv", ".mypy_cache", ".ruff_cache", ".pytest_cache",
                      "site-packages", ".eggs", "dist", "build"))
_SHELL: Reader = text.read
_YAML: Reader = partial(text.read, folded=True)

# By the path's last part, or by the whole of it where there is a slash; the first that matches counts.
_READERS: tuple[tuple[str, Reader], ...] = (
    (r"pylock(\.[^.]+)?\.toml", readers.read_pylock),
    (r"pipfile\.lock", readers.read_pipfile_lock),
    (r"pipfile", readers.read_pipfile),
    (r"(pyproject|uv|pip-pinned|tox)\.toml", readers.read_toml),
    (r"pip\.(conf|ini)", readers.read_pip_conf),
    (r"setup\.cfg|tox\.ini", readers.read_ini),
    (r"(.*[-_.])?(requirements?|constraints?|reqs)([-_.].*)?\.(txt|in|pip)", readers.read_requirements),
    (r".*/(requirements?|constraints?|reqs)/[^/]+\.(txt|in|pip)", readers.read_requirements),
    (r"(.*[.-])?(dockerfile|containerfile)([.-].*)?", _SHELL),
    (r"(conda-?)?env(ironment)?[-_.\w]*\.ya?ml", readers.read_conda),
    (r"((docker-)?compose|azure-pipelines|[-_.\w]*gitlab-ci)[-_.\w]*\.ya?ml", _YAML),
    (r"\.?(travis|appveyor|buildspec|cloudbuild|bitbucket-pipelines|readthedocs|pre-commit-config|cirrus|drone|taskfile|action)\.ya?ml", _YAML),
    (r".*\.(github|gitlab|circleci|buildkite|azure|azure-pipelines|woodpecker)/.*\.ya?ml", _YAML),
    (r"jenkinsfile.*|.*\.groovy", readers.read_groovy),
    (r"(gnu)?makefile|.*\.mk|\.?justfile", _SHELL),
    (r".*\.(sh|bash|zsh)|.*\.env(\..*)?|\.envrc", _SHELL),
    (r".*\.(ps1|psm1)", partial(text.read, continuation="`")),
    (r".*\.(bat|cmd)", partial(text.read, comment=("rem ", "REM ", "::"), continuation="^")),
    (r"noxfile\.py|tasks\.py|fabfile\.py|setup\.py|conftest\.py|dodo\.py", readers.read_python),
    (r"(readme|contributing|install|hacking|development)[^/]*\.(md|rst|txt)|readme", readers.read_document),
)


def reader_of(path: str) -> Reader | None:
    """The reader for a path with forward slashes; None for what is not read."""
    whole = path.lower()
    last = whole.rpartition("/")[2]
    return next((reader for pattern, reader in _READERS if re.fullmatch(pattern, f"/{whole}" if "/" in pattern.replace("(/", "") and "/" in whole else last)), None)


def scan(paths: Iterable[Path], base: Path, exclude: Iterable[str] = ()) -> Facts:
    """The facts of these files and of everything under these directories; places are relative to ``base`` where they can be.

    What matches one of the globs of ``exclude``, or is below what does, is left out.
    """
    left_out = re.compile("|".join(f"(?:{translate(pattern.rstrip('/'))}|{translate(pattern.rstrip('/') + '/*')})" for pattern in exclude) or r"(?!)")
    facts = Facts()
    for path in paths:
        for file in _files(path):
            shown = _shown(file, base)
            reader = reader_of(shown) or (text.read if file == path else None)
            if reader is not None and shown not in facts.files and not left_out.match(shown):
                _read(facts, file, shown, reader)
    for number in count():  # requirements files that others name, whatever they are called
        if number == len(facts.nested):
            return facts
        outer, inner = facts.nested[number]
        nested = base / Path(outer).parent / inner
        shown = _shown(nested, base)
        if nested.is_file() and shown not in facts.files:
            _read(facts, nested, shown, readers.read_requirements)
    return facts


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for directory, directories, names in os.walk(path):
        directories[:] = sorted(name for name in directories if name not in _SKIPPED and not Path(directory, name, "pyvenv.cfg").exists())
        yield from (Path(directory, name) for name in sorted(names))


def _shown(file: Path, base: Path) -> str:
    try:
        return Path(os.path.abspath(file)).relative_to(os.path.abspath(base)).as_posix()
    except ValueError:
        return file.as_posix()


def _read(facts: Facts, file: Path, shown: str, reader: Reader) -> None:
    facts.files.append(shown)
    try:
        if file.stat().st_size > _LARGEST:
            facts.unread.append((shown, f"larger than {_LARGEST // 1_000_000} MB"))
            return
        content = file.read_bytes()
    except OSError as exc:
        facts.unread.append((shown, exc.strerror or type(exc).__name__))
        return
    read_text(facts, shown, content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace"), reader)


def read_text(facts: Facts, shown: str, content: str, reader: Reader) -> None:
    """Read one text; what cannot be parsed is noted, and searched as text nevertheless."""
    try:
        reader(facts, shown, content)
    except readers.Unreadable as exc:
        facts.unread.append((shown, conceal(str(exc))))
        text.read(facts, shown, content)
