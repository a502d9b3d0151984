"""Every dialect, as files: each folder of ``assets`` is a project, and ``expected.json`` what is read from it.

``expected.json`` is the policy as ``codec.encode`` gives it, or the sorted list of mistakes. ``{root}`` stands for the
folder's ``file:`` URL; the variables of ``ENVIRONMENT`` are set.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pip_pinned.config.project import load_policy
from pip_pinned.policy import codec
from pip_pinned.policy.errors import PipPinnedError

ASSETS = Path(__file__).parent / "assets"
ENVIRONMENT = {"ACME_USER": "build", "ACME_TOKEN": "secret"}
UNSET = "ACME_UNSET"


def read(project: Path) -> Any:
    """The policy of a project as JSON, or its mistakes."""
    try:
        return codec.encode(load_policy(str(project)))
    except PipPinnedError as error:
        assert error.code == "bad-configuration"
        return error.context.splitlines()


@pytest.mark.parametrize("project", [pytest.param(path, id=path.name) for path in sorted(ASSETS.iterdir())])
def test_a_project_is_read_as_expected(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(UNSET, raising=False)
    expected = (project / "expected.json").read_text(encoding="utf-8").replace("{root}", project.resolve().as_uri())
    found = json.loads(json.dumps(read(project)))
    assert (sorted(found) if isinstance(found, list) else found) == json.loads(expected)
