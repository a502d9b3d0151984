"""``${VAR}`` in index URLs (CONTRACT 2.7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pip_pinned.policy import urls
from tests.config.projects import mistakes, read

INDEX = '[[{table}]]\nname = "acme"\nurl = "{url}"\n'
TABLES = [("index", "pip-pinned.toml"), ("tool.pip-pinned.index", "pyproject.toml"), ("tool.uv.index", "pyproject.toml"),
          ("source", "Pipfile")]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_HOST", "pypi.acme.example")
    monkeypatch.setenv("ACME_TOKEN", "secret${ACME_HOST}")
    monkeypatch.setenv("ACME_EMPTY", "")
    monkeypatch.delenv("ACME_UNSET", raising=False)


@pytest.mark.parametrize(("table", "name"), TABLES)
def test_variables_are_expanded_once(table: str, name: str, tmp_path: Path) -> None:
    policy = read(tmp_path, INDEX.format(table=table, url="https://u${ACME_EMPTY}:${ACME_TOKEN}@${ACME_HOST}/simple"), name)
    assert urls.credentials(policy.indexes[0].url) == ("u", "secret${ACME_HOST}")
    assert policy.indexes[0].bare == "https://pypi.acme.example/simple"


@pytest.mark.parametrize("value", ["a@evil.example/x", "a/b", "a?b", "a#b", "a:b@evil.example", "p\\w", "a b", "\n", "%", "p%40w"])
def test_the_value_of_a_variable_stays_where_it_is_written(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_VALUE", value)
    policy = read(tmp_path, INDEX.format(table="index", url="https://user:${ACME_VALUE}@pypi.acme.example/simple"))
    assert policy.indexes[0].bare == "https://pypi.acme.example/simple"
    assert urls.credentials(policy.indexes[0].url) == ("user", "p@w" if value == "p%40w" else value)
    monkeypatch.setenv("ACME_VALUE", "https://user:pw@other.example/simple")
    policy = read(tmp_path, INDEX.format(table="index", url="${ACME_VALUE}"))
    assert policy.indexes[0].bare == "https://other.example/simple"


@pytest.mark.parametrize(("table", "name"), TABLES)
def test_every_unset_variable_is_a_mistake(table: str, name: str, tmp_path: Path) -> None:
    found = mistakes(tmp_path, INDEX.format(table=table, url="https://${ACME_UNSET}:${ACME_HOST}@${ACME_UNSET_TOO}/simple"), name)
    assert [line.partition("the variable ")[2].split()[0] for line in found] == ["ACME_UNSET", "ACME_UNSET_TOO"]


def test_only_a_pipfile_has_variables_without_braces(tmp_path: Path) -> None:
    for (table, name), expected in zip(TABLES, ("$ACME_HOST", "$ACME_HOST", "$ACME_HOST", "pypi.acme.example"), strict=True):
        (tmp_path / table).mkdir()
        policy = read(tmp_path / table, INDEX.format(table=table, url="file:///$ACME_HOST/simple"), name)
        assert policy.indexes[0].url == f"file:///{expected}/simple"


@pytest.mark.parametrize("url", [
    "https://user:${ACME_TOKEN}@pypi.acme.example/simple", "https://${ACME_TOKEN}@pypi.acme.example/simple",
    "https://${ACME_TOKEN}:@pypi.acme.example/simple", "https://${ACME_TOKEN}:x@pypi.acme.example/simple",
    "https://pypi.acme.example/${ACME_TOKEN}/simple",
])
def test_the_value_of_a_variable_is_never_shown(url: str, tmp_path: Path) -> None:
    policy = read(tmp_path, INDEX.format(table="index", url=url))
    assert "secret" in policy.indexes[0].url
    assert "secret" not in policy.indexes[0].shown
