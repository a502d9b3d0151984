"""Hashes of files: a known algorithm and hex digits of its exact length, or no hash at all.

``#sha256=`` has an algorithm and nothing to compare with: pip counts the link as hashed, and checks
nothing. So what is no ``Hash`` is dropped where it is read, and never counts. Of several, only the
strongest is left for pip, which would accept a file that fits any one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

# Hex digits by algorithm, strongest first: what pip reads on pages (PEP 503, PEP 691) and in
# locks (PEP 751).
_DIGITS = {"sha512": 128, "sha384": 96, "sha256": 64, "sha224": 56, "sha1": 40, "md5": 32}
_STRENGTH = {algorithm: place for place, algorithm in enumerate(_DIGITS)}
_VOUCHING = frozenset(("sha512", "sha384", "sha256"))  # pip's STRONG_HASHES


class Hash(NamedTuple):
    """The hash that a file has to have.

    Make one with ``parse`` or ``strongest``.
    """

    algorithm: str
    digest: str  # lower case

    @property
    def vouches(self) -> bool:
        """Whether it stands for the file wherever that lies (CONTRACT 1.6); a weaker one is
        checked, and no more.
        """
        return self.algorithm in _VOUCHING

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digest}"


def parse(algorithm: object, digest: object) -> Hash | None:
    """The hash, or None for an unknown algorithm, a wrong number of digits, or anything that is no
    digit, as a page may have.
    """
    if not isinstance(algorithm, str) or not isinstance(digest, str):
        return None
    algorithm = algorithm.lower()
    if re.fullmatch("[0-9A-Fa-f]*", digest) is None or _DIGITS.get(algorithm) != len(digest):
        return None
    return Hash(algorithm, digest.lower())


def parse_pair(text: str) -> Hash | None:
    """The hash written as ``sha256:…``, as in Pipfile.lock and behind ``--hash=``."""
    algorithm, _, digest = text.partition(":")
    return parse(algorithm, digest)


def strongest(found: Iterable[tuple[object, object]]) -> Hash | None:
    """The strongest hash among pairs of algorithm and digits; None if none of them is one.

    Equal algorithms cannot both be right: the first counts.
    """
    hashes = [
        known for algorithm, digest in found if (known := parse(algorithm, digest)) is not None
    ]
    return min(hashes, key=lambda known: _STRENGTH[known.algorithm], default=None)
