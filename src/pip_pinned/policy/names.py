"""Project names as PEP 503 compares them, and the globs that pins may use over them."""

from __future__ import annotations

import re
from functools import cache

_SEPARATORS = re.compile(r"[-_.]+")
_PROJECT = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)
_INDEX = re.compile(r"[A-Za-z0-9._-]+")
_WILD = re.compile(r"[*?]")
_GLOB = re.compile(r"[A-Z0-9*?][A-Z0-9._*?-]*", re.IGNORECASE)


def normalize(name: str) -> str:
    """PEP 503: runs of ``-``, ``_`` and ``.`` are one ``-``; case does not count."""
    return _SEPARATORS.sub("-", name).lower()


def is_project_name(text: str) -> bool:
    """Whether this is a valid name of a project (core metadata, Name)."""
    return _PROJECT.fullmatch(text) is not None


def is_index_name(text: str) -> bool:
    """Whether this may name an index: letters, digits, ``.``, ``_`` and ``-``."""
    return _INDEX.fullmatch(text) is not None


def is_glob(pattern: str) -> bool:
    """Whether the pattern has a wildcard; ``*`` is any run of characters, ``?`` any one."""
    return _WILD.search(pattern) is not None


def is_valid_pattern(pattern: str) -> bool:
    """Whether this may stand on the left of a pin: a project name, or a glob over such names."""
    return _GLOB.fullmatch(pattern) is not None if is_glob(pattern) else is_project_name(pattern)


def literal_prefix(pattern: str) -> str:
    """The part before the first wildcard; longer means more specific (CONTRACT 2.3)."""
    wild = _WILD.search(pattern)
    return pattern if wild is None else pattern[: wild.start()]


def glob_regex(pattern: str) -> re.Pattern[str]:
    """The regular expression for a glob over normalised names."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.DOTALL)


def globs_overlap(first: str, second: str) -> bool:
    """Whether some name could match both globs."""

    @cache
    def meet(i: int, j: int) -> bool:
        if i == len(first) and j == len(second):
            return True
        if i < len(first) and first[i] == "*":
            return meet(i + 1, j) or (j < len(second) and meet(i, j + 1))
        if j < len(second) and second[j] == "*":
            return meet(i, j + 1) or (i < len(first) and meet(i + 1, j))
        if i == len(first) or j == len(second):
            return False
        return (first[i] == second[j] or "?" in (first[i], second[j])) and meet(i + 1, j + 1)

    return meet(0, 0)


def file_belongs_to(filename: str, name: str) -> bool:
    """Whether a wheel's or sdist's file name is one of the (normalised) project's."""
    stem, dash, rest = normalize(filename).partition(name + "-")
    return stem == "" and dash != "" and rest[:1].isdigit()
