"""Which line of a TOML file a key stands on; tomllib does not tell, and messages should."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*\.?""")


class Lines:
    """Line numbers, from 1, by key path; an array of tables counts its elements from 0."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        counts: dict[Path, int] = {}
        table: Path = ()
        for number, line in enumerate(text.splitlines(), 1):
            header = _HEADER.match(line) if "[" in line else None
            key = _KEY.match(line) if "=" in line else None
            if header is not None:
                table = self._resolve(_parts(header.group(2)), counts)
                if header.group(1) == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                self._lines.setdefault(table, number)
            elif key is not None:
                name = key.group(1)
                parts = (name.strip("\"'"),) if "." not in name else _parts(name)
                self._lines.setdefault((*table, *parts), number)

    def of(self, path: Path) -> int | None:
        """The line of the key, or of the nearest table or key around it."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return None

    @staticmethod
    def _resolve(parts: Path, counts: dict[Path, int]) -> Path:
        resolved: Path = ()
        for i, part in enumerate(parts):
            resolved = (*resolved, part)
            if resolved in counts and i < len(parts) - 1:
                resolved = (*resolved, counts[resolved])
        return resolved


def _parts(dotted: str) -> Path:
    return tuple(next(group for group in match.groups() if group is not None) for match in _PART.finditer(dotted))
