"""A hash is a known algorithm and its exact number of digits; nothing else counts (CONTRACT 1.6, 4.12)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pip_pinned.policy import hashes
from pip_pinned.policy.hashes import Hash

SHA256 = hashlib.sha256(b"x").hexdigest()
MD5 = hashlib.md5(b"x").hexdigest()


@pytest.mark.parametrize("algorithm", ["sha512", "sha384", "sha256", "sha224", "sha1", "md5"])
def test_a_digest_of_a_known_algorithm_is_a_hash(algorithm: str) -> None:
    digest = hashlib.new(algorithm, b"x").hexdigest()
    found = hashes.parse(algorithm.upper(), digest.upper())
    assert found == Hash(algorithm, digest)
    assert found.vouches is (algorithm in ("sha512", "sha384", "sha256"))


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("sha256", ""),
        ("sha256", SHA256[:-1]),
        ("sha256", SHA256 + "0"),
        ("sha256", SHA256 + "\n"),
        ("sha256", SHA256[:-1] + "\n"),
        ("sha256", "g" * 64),
        ("sha256", "\N{FULLWIDTH DIGIT ONE}" * 64),
        ("sha255", SHA256),
        ("", SHA256),
        ("sha256\n", SHA256),
        ("sha256", " " + SHA256[1:]),
    ],
)
def test_anything_else_is_none(algorithm: str, digest: str) -> None:
    assert hashes.parse(algorithm, digest) is None


@given(st.text(), st.text())
def test_a_hash_is_one_word_whatever_it_was_read_from(algorithm: str, digest: str) -> None:
    found = hashes.parse(algorithm, digest)
    assert found is None or (
        str(found).isascii() and str(found).isprintable() and " " not in str(found)
    )


def test_the_strongest_of_several_counts() -> None:
    assert hashes.strongest([("md5", MD5), ("sha256", SHA256), ("sha512", "")]) == Hash(
        "sha256", SHA256
    )
    assert hashes.strongest([("md5", MD5), ("blake2b", "0" * 128)]) == Hash("md5", MD5)
    assert hashes.strongest([]) is None and hashes.strongest([("sha256", "")]) is None
    assert (
        hashes.parse_pair(f"sha256:{SHA256}") == Hash("sha256", SHA256)
        and hashes.parse_pair("sha256") is None
    )
