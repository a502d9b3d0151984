"""Projects to read, written for one test."""

from __future__ import annotations

from pathlib import Path

import pytest

from pip_pinned.config.project import load_policy
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy

ACME = '[[index]]\nname = "acme"\nurl = "https://pypi.acme.example/simple"\n'
CORP = '[[index]]\nname = "corp"\nurl = "https://pypi.corp.example/simple"\n'
UV = '[[tool.uv.index]]\nname = "acme"\nurl = "https://pypi.acme.example/simple"\n'
PIPFILE = '[[source]]\nname = "corp"\nurl = "https://pypi.corp.example/simple"\n'


def read(root: Path, text: str, name: str = "pip-pinned.toml") -> Policy:
    """The policy of a project with that one file."""
    (root / name).write_text(text, encoding="utf-8")
    return load_policy(str(root))


def mistakes(root: Path, text: str, name: str = "pip-pinned.toml") -> list[str]:
    """What is wrong with that one file."""
    with pytest.raises(PipPinnedError) as failure:
        read(root, text, name)
    assert failure.value.code == "bad-configuration"
    return failure.value.context.splitlines()
