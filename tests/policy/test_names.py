"""Names as PEP 503 compares them, globs over them, and the files that belong to them."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pip_pinned.policy import names

GLOBS = st.text("ab*?", max_size=4)


@pytest.mark.parametrize("name", ["acme-core", "Acme_Core", "acme.core", "ACME--CORE", "acme-_.core"])
def test_spellings_of_one_name_are_equal(name: str) -> None:
    assert names.normalize(name) == "acme-core"


@given(st.text("aZ0-_.", max_size=8))
def test_normalising_twice_changes_nothing(name: str) -> None:
    assert names.normalize(names.normalize(name)) == names.normalize(name)


@pytest.mark.parametrize(("pattern", "valid"), [
    ("acme-core", True), ("Acme.Core_2", True), ("a", True), ("7", True), ("*", True), ("acme-*", True), ("?cme", True), ("*-acme", True),
    ("acme.*", True), ("", False), ("-acme", False), ("acme-", False), ("acme core", False), ("acme/core", False), ("acme[extra]", False),
    ("acme-*==1", False), ("-*", False), ("acme\n", False), ("äcme", False), ("acme-[ab]", False),
])
def test_what_may_be_pinned(pattern: str, valid: bool) -> None:
    assert names.is_valid_pattern(pattern) is valid


@pytest.mark.parametrize(("name", "valid"), [
    ("acme", True), ("Acme-1.x_y", True), ("-", True), ("", False), ("a b", False), ("a/b", False), ("a=b", False), ("a:b", False),
    ("acme\n", False), ("äcme", False),
])
def test_what_may_name_an_index(name: str, valid: bool) -> None:
    assert names.is_index_name(name) is valid


@pytest.mark.parametrize(("pattern", "prefix"), [("acme-*", "acme-"), ("*", ""), ("a?b*", "a"), ("acme", "acme")])
def test_the_literal_prefix_ends_at_the_first_wildcard(pattern: str, prefix: str) -> None:
    assert names.literal_prefix(pattern) == prefix


@cache
def _matched(pattern: str) -> frozenset[str]:
    """All names over two letters that a glob matches, long enough for what two globs can have in common."""
    regex = names.glob_regex(pattern)
    words = ("".join(letters) for size in range(9) for letters in product("ab", repeat=size))
    return frozenset(word for word in words if regex.fullmatch(word))


@given(GLOBS, GLOBS)
def test_globs_overlap_where_some_name_matches_both(first: str, second: str) -> None:
    assert names.globs_overlap(first, second) is bool(_matched(first) & _matched(second))


@given(GLOBS, GLOBS)
def test_overlapping_is_symmetric(first: str, second: str) -> None:
    assert names.globs_overlap(first, second) is names.globs_overlap(second, first)


@pytest.mark.parametrize(("filename", "name", "belongs"), [
    ("acme_core-1.4-py3-none-any.whl", "acme-core", True),
    ("Acme.Core-1.4-py3-none-any.whl", "acme-core", True),
    ("acme-core-1.4.tar.gz", "acme-core", True),
    ("acme_core-1.4.zip", "acme-core", True),
    ("acme_core-1!2.0.tar.gz", "acme-core", True),
    ("acme_core-1.4-1-py3-none-any.whl", "acme-core", True),
    ("acme_core-1.4-py3-none-any.whl", "acme", False),
    ("acme-1.4-py3-none-any.whl", "acme-core", False),
    ("acme_core_evil-1.4-py3-none-any.whl", "acme-core", False),
    ("acme_core_evil-1.4.tar.gz", "acme-core", False),
    ("evil-acme_core-1.4.tar.gz", "acme-core", False),
    ("xacme_core-1.4.tar.gz", "acme-core", False),
    ("acme_core.tar.gz", "acme-core", False),
    ("acme_core-", "acme-core", False),
    ("", "acme-core", False),
    ("acme_2fa-1.0-py3-none-any.whl", "acme", False),
    ("acme_2fa-1.0-py3-none-any.whl", "acme-2fa", True),
])
def test_a_file_belongs_to_the_project_that_it_is_named_after(filename: str, name: str, belongs: bool) -> None:
    assert names.file_belongs_to(filename, name) is belongs
