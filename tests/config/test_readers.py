"""Every dialect, as files: each folder of ``assets`` is a project, and ``expected.json`` what is read from it.

``expected.json`` is the policy as ``codec.encode`` gives it, less what is at its default, or the sorted list of
mistakes. ``{root}`` stands for the folder's ``file:`` URL; the variables of ``ENVIRONMENT`` are set.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pip_pinned.config.project import load_policy
from pip_pinned.policy import codec
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index, Policy

ASSETS = Path(__file__).parent / "assets"
ENVIRONMENT = {"ACME_USER": "build", "ACME_TOKEN": "secret"}
UNSET = "ACME_UNSET"


DEFAULTS = codec.encode(Policy(indexes=(Index(name="", url="", origin=""),)))


def _unusual(data: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value != defaults[key]}


def read(project: Path) -> Any:
    """The policy of a project as JSON, or its mistakes."""
    try:
        data = codec.encode(load_policy(str(project)))
    except PipPinnedError as error:
        assert error.code == "bad-configuration"
        return sorted(error.context.splitlines())
    data["indexes"] = [_unusual(index, DEFAULTS["indexes"][0]) for index in data["indexes"]]
    return json.loads(json.dumps(_unusual(data, {**DEFAULTS, "indexes": []})))


@pytest.mark.parametrize("project", [pytest.param(path, id=path.name) for path in sorted(ASSETS.iterdir())])
def test_a_project_is_read_as_expected(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(UNSET, raising=False)
    expected = (project / "expected.json").read_text(encoding="utf-8").replace("{root}", project.resolve().as_uri())
    assert read(project) == json.loads(expected)
