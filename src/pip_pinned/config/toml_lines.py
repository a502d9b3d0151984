"""Which line of a TOML file a key stands on; tomllib does not tell, and messages should."""

from __future__ import annotations

Path = tuple[str | int, ...]


class Lines:
    """Line numbers, from 1, by key path; an array of tables counts its elements from 0."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        counts: dict[Path, int] = {}
        table: Path = ()
        for number, line in enumerate(text.splitlines(), 1):
            if line.lstrip().startswith("["):
                brackets, dotted = _header(line)
                table = self._resolve(_parts(dotted), counts)
                if brackets == 2:
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                for end in range(1, len(table) + 1):
                    self._lines.setdefault(table[:end], number)
                continue
            key, equals, _ = line.partition("=")
            key = key.strip()
            if equals and key and key[0] != "#":
                parts = _parts(key) if "." in key else (key.strip("\"'"),)
                self._lines.setdefault((*table, *parts), number)

    def of(self, path: Path) -> int | None:
        """The line of the key, or of the nearest table or key around it."""
        while path:
            line = self._lines.get(path)
            if line is not None:
                return line
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


def _header(line: str) -> tuple[int, str]:
    """How many brackets open a table's header, and the dotted key between them."""
    line = line.strip()
    brackets = 2 if line.startswith("[[") else 1
    return brackets, line[brackets:].partition("]")[0]


def _parts(dotted: str) -> Path:
    """The parts of a dotted key; a quoted one is one part. Good enough for saying where something stands."""
    dotted = dotted.strip()
    if "." not in dotted or (dotted[0] in "\"'" and dotted.count(dotted[0]) == 2 and dotted[-1] == dotted[0]):
        return (dotted.strip("\"'"),)
    parts, current, quote = [], "", ""
    for c in dotted:
        if c == quote or (not quote and c in "\"'"):
            quote = "" if quote else c
        elif c == "." and not quote:
            parts.append(current.strip())
            current = ""
        else:
            current += c
    return (*parts, current.strip())
