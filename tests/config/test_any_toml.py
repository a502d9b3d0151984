"""Whatever TOML a project holds, reading it ends in a policy or in an error that explains itself."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pip_pinned.config.project import FILES, load_policy
from pip_pinned.config.toml_lines import Lines
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def toml(value: Any) -> str:
    """A value as TOML; tables are inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def document(data: dict[str, Any]) -> str:
    """A TOML document."""
    return "".join(f"{toml(key)} = {toml(value)}\n" for key, value in data.items())


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
MARKERS = ("sys_platform == 'linux'", "sys_platform != 'linux'", "python_version < '3.10'", "extra == 'a'", "'a' in extras", "os_name",
           "not a marker")
URLS = ("https://pypi.acme.example/simple", "https://${ACME_UNSET}@a.example", "https://[::1", "./wheels",
        "https://a.example:port/", "file:")
STRINGS = st.sampled_from(("acme", "corp", "pr-iv", "pr.iv", "", "always", "flat", "first-index", "uv", "pipfile", *MARKERS, *URLS)) | TEXTS
SCALARS = STRINGS | st.booleans() | st.integers(-2, 600) | st.floats(allow_nan=False, allow_infinity=False)
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6)


def table(*keys: str, values: st.SearchStrategy[Any] = ANYTHING) -> st.SearchStrategy[dict[str, Any]]:
    """A table with some of these keys, and some others."""
    return st.dictionaries(st.sampled_from(keys) | TEXTS, values, max_size=6)


def likely(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what belongs here."""
    return st.integers(0, 9).flatmap(lambda chance: ANYTHING if chance == 9 else usual)


NAMES = st.sampled_from(("acme-core", "Acme_Core", "acme-*", "a*b", "a*c*", "*", "not a name")) | TEXTS
FLAGS = ("explicit", "default", "format", "authenticate", "ignore-error-codes", "follow-redirects", "verify-ssl", "verify_ssl",
         "cache-control", "inherit", "explict")
INDEX = st.fixed_dictionaries({"name": likely(STRINGS), "url": likely(st.sampled_from(URLS))}, optional=dict.fromkeys(FLAGS, ANYTHING))
ENTRY = st.fixed_dictionaries({"index": likely(st.sampled_from(("acme", "corp")))}, optional={
    "marker": likely(st.sampled_from(MARKERS)), "extra": STRINGS, "git": STRINGS, "workspace": st.booleans()})
SOURCES = st.dictionaries(NAMES, likely(ENTRY | st.lists(likely(ENTRY), max_size=3)), max_size=4)
NATIVE = st.fixed_dictionaries({}, optional={
    "index": likely(st.lists(likely(INDEX), max_size=3)), "sources": likely(SOURCES), "index-strategy": STRINGS, "dialect": likely(STRINGS),
    "ambient-indexes": ANYTHING, "allow-file-hosts": ANYTHING, "strict-pip": ANYTHING, "sorces": ANYTHING})
UV = st.fixed_dictionaries({}, optional={
    "index": likely(st.lists(likely(INDEX), max_size=3)), "sources": likely(SOURCES), "index-strategy": STRINGS,
    "index-url": likely(STRINGS), "extra-index-url": likely(st.lists(STRINGS, max_size=2)), "package": ANYTHING})
PYPROJECT = st.fixed_dictionaries({"tool": likely(st.fixed_dictionaries({}, optional={
    "pip-pinned": likely(NATIVE), "uv": likely(UV), "poetry": table("source"), "pdm": table("source")}))})
PIPFILE = st.fixed_dictionaries({}, optional={
    "source": likely(st.lists(likely(INDEX), max_size=3)), "packages": likely(SOURCES), "dev-packages": likely(SOURCES),
    "scripts": ANYTHING})
FILE_CONTENTS = {"pip-pinned.toml": likely(NATIVE), "pyproject.toml": PYPROJECT, "Pipfile": PIPFILE}


def read(files: dict[str, str]) -> None:
    """Read a project; whatever comes out of it is a policy or an error with an explanation."""
    with TemporaryDirectory() as root:
        for name, text in files.items():
            (Path(root) / name).write_text(text, encoding="utf-8")
        try:
            policy = load_policy(root)
        except PipPinnedError as error:
            assert error.context
        else:
            assert isinstance(policy, Policy)
            names = [index.name.lower() for index in policy.indexes]
            assert len(set(names)) == len(names)
            assert all(pin.index_name is None or pin.index_name.lower() in names for pin in policy.pins)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=int(os.environ.get("PIP_PINNED_TEST_EXAMPLES", "100")))
@given(st.data())
def test_any_file_is_read_or_explained(name: str, data: st.DataObject) -> None:
    content = data.draw(FILE_CONTENTS[name])
    read({name: document(content if isinstance(content, dict) else {"x": content})})


@given(PYPROJECT, PIPFILE)
def test_any_two_files_are_read_or_explained(pyproject: dict[str, Any], pipfile: dict[str, Any]) -> None:
    read({"pyproject.toml": document(pyproject), "Pipfile": document(pipfile)})


@given(st.sampled_from(FILES), st.text(st.sampled_from("[]{}=.,\"'#ab1 \n\t\\") | st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_read_or_explained(name: str, text: str) -> None:
    read({name: text})


@given(st.dictionaries(TEXTS, ANYTHING, max_size=4))
def test_the_tests_write_what_they_mean(data: dict[str, Any]) -> None:
    assert tomllib.loads(document(data)) == data


@given(st.text(st.sampled_from("[]{}=.,\"'#ab1 \n\t") | st.characters(codec="utf-8"), max_size=60))
def test_lines_of_any_text_can_be_asked_for(text: str) -> None:
    line = Lines(text).of(("a", 0, "b"))
    assert line is None or 1 <= line <= len(text.splitlines())


def test_a_key_stands_on_its_own_line_or_on_that_of_what_is_around_it() -> None:
    lines = Lines('top = 1  # [not.a.header]\n[a."b.c"]\nd.e = 2\n\n[[x]]\ny = 1\n[x.sub]\nz = 1\n[[x]]\n  "y" = [\n  { q = 1 },\n]\n')
    asked = {("top",): 1, ("a", "b.c"): 2, ("a", "b.c", "d", "e"): 3, ("x", 0): 5, ("x", 0, "y"): 6, ("x", 0, "sub", "z"): 8, ("x", 1): 9,
             ("x", 1, "y"): 10, ("x", 1, "y", 0, "q"): 10, ("x", 1, "missing"): 9, ("missing",): None, (): None}
    assert {path: lines.of(path) for path in asked} == asked
