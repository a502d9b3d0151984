"""The corpus: small projects as people write them, each with the findings that it must give."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CORPUS = Path(__file__).parents[1] / "assets" / "corpus"
EXPECTED = "expected.toml"


class Expectation(NamedTuple):
    """A finding: ``at`` is ``file:line``."""

    code: str
    severity: str
    at: str
    about: str


class Case(NamedTuple):
    """A directory of the corpus."""

    path: Path

    @property
    def expected(self) -> list[Expectation]:
        return sorted(Expectation(**finding) for finding in tomllib.loads((self.path / EXPECTED).read_text(encoding="utf-8"))["finding"])

    @property
    def files(self) -> list[Path]:
        return sorted(path for path in self.path.rglob("*") if path.is_file() and path.name != EXPECTED and "__pycache__" not in path.parts)

    def copy(self, to: Path) -> None:
        """The case's files without what is expected of them."""
        for file in self.files:
            target = to / file.relative_to(self.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


CASES = [Case(path) for path in sorted(CORPUS.iterdir()) if path.is_dir()]
