"""Project names as PEP 503 compares them, and the globs that pins may use over them."""

from __future__ import annotations

import re
from functools import cache

_PUNCTUATION = frozenset("._-")
_ALLOWED = _PUNCTUATION.union("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ALLOWED_IN_GLOBS = _ALLOWED.union("*?")


def normalize(name: str) -> str:
    """PEP 503: runs of ``-``, ``_`` and ``.`` are one ``-``; case does not count."""
    name = name.lower().replace("_", "-").replace(".", "-")
    while "--" in name:
        name = name.replace("--", "-")
    return name


def is_project_name(text: str) -> bool:
    """Whether this is a valid name of a project (core metadata, Name)."""
    return is_index_name(text) and text[0] not in _PUNCTUATION and text[-1] not in _PUNCTUATION


def is_index_name(text: str) -> bool:
    """Whether this may name an index: letters, digits, ``.``, ``_`` and ``-``."""
    return text != "" and _ALLOWED.issuperset(text)


def variable(index_name: str) -> str:
    """An index's name as a part of the names of environment variables: upper case, everything else
    ``_``.
    """
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in index_name).upper()


def is_glob(pattern: str) -> bool:
    """Whether the pattern has a wildcard; ``*`` is any run of characters, ``?`` any one."""
    return "*" in pattern or "?" in pattern


def is_valid_pattern(pattern: str) -> bool:
    """Whether this may stand on the left of a pin: a project name, or a glob over such names."""
    if not is_glob(pattern):
        return is_project_name(pattern)
    return _ALLOWED_IN_GLOBS.issuperset(pattern) and pattern[0] not in _PUNCTUATION


def literal_prefix(pattern: str) -> str:
    """The part before the first wildcard; longer means more specific (CONTRACT 2.3)."""
    return pattern.partition("*")[0].partition("?")[0]


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
    if filename.lower().endswith(
        ".whl"
    ):  # the name of a wheel ends at its first dash; that of an old sdist may hold some
        return normalize(filename.partition("-")[0]) == name
    stem, dash, rest = normalize(filename).partition(name + "-")
    return stem == "" and dash != "" and rest[:1].isdigit()
