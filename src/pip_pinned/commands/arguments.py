"""What own commands take from the command line before pip's parser gets the rest."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy


def take_format(args: list[str]) -> tuple[str, list[str]]:
    """Take ``--format table|json`` out of the arguments. Raises PipPinnedError ``usage`` for another format."""
    form, rest, words = "table", [], iter(args)
    for word in words:
        if word == "--format" or word.startswith("--format="):
            form = word.partition("=")[2] or next(words, "")
        else:
            rest.append(word)
    if form not in ("table", "json"):
        raise PipPinnedError("usage", f"--format {form!r} is not known.", hint="One of: table, json.")
    return form, rest


def words_and_options(args: list[str]) -> tuple[list[str], list[str]]:
    """The arguments that are no options of pip install, nor values of such, and the options."""
    from pip_pinned.pip_runner.settings import connected

    with connected(Policy, args, words_too=True) as connection:
        return connection.words, [word for word in args if word not in connection.words]


def add_mirror(parser: argparse.ArgumentParser) -> None:
    """Add ``--pypi-mirror``."""
    parser.add_argument("--pypi-mirror", metavar="URL", help="ask this index in place of PyPI (or PIP_PINNED_PYPI_MIRROR; with a Pipfile PIPENV_PYPI_MIRROR too); "
                        "a lock names PyPI nevertheless")


def with_mirror(load: Callable[[], Policy], given: str | None, root: Path) -> Callable[[], Policy]:
    """The loader of a policy, with the mirror of the option or the environment. Raises PipPinnedError ``bad-url``."""
    variables = ("PIP_PINNED_PYPI_MIRROR", *(("PIPENV_PYPI_MIRROR",) if (root / "Pipfile").is_file() else ()))
    origin, mirror = next(((name, value) for name, value in (("--pypi-mirror", given), *((name, os.environ.get(name)) for name in variables)) if value), ("", None))
    if mirror is not None and not urls.has_scheme(mirror):
        raise PipPinnedError("bad-url", f"{origin}: {urls.redact(mirror)!r} is not an index URL.", hint="Write the whole URL, with https:// or file://.")
    return lambda: load()._replace(pypi_mirror=mirror)
