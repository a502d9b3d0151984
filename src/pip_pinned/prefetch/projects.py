"""What is known of a project while it is found out what pip will ask for next (``plan``)."""

from __future__ import annotations

import copy
from typing import Any


class Project:
    """What is known of a project: who requires what of it, which candidates it has, and which one
    would be chosen.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.required: dict[str, list[Any]] = {}  # by project: its requirements
        self.hashes: Any = None
        self.locked: Any = None  # the file that a pylock.toml names: pip asks for no page
        self.asked = False
        self.candidates: list[Any] | None = None
        self.chosen: Any = None
        self.dist: Any = None

    @property
    def extras(self) -> set[str]:
        """The extras that it is required with."""
        return {
            extra
            for required in self.required.values()
            for requirement in required
            for extra in requirement.extras
        }


def evaluator_like(model: Any, project_name: str, specifier: Any = None, hashes: Any = None) -> Any:
    """Pip's evaluator of candidates, which differs by these three only; to make one means to number
    all tags of this Python.
    """
    evaluator = copy.copy(model)
    evaluator._project_name, evaluator._hashes = project_name, hashes
    if specifier is not None:
        evaluator._specifier = specifier
    return evaluator
