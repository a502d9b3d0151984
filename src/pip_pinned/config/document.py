"""One configuration file: typed access to its values, and the list of everything wrong with them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path as FilePath
from typing import Any

from pip_pinned.config.toml_lines import Lines, Path
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import url_texts

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_BRACED = r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}"
_BARE_TOO = _BRACED + r"|\$([A-Za-z_][A-Za-z0-9_]*)"


class Problems:
    """Mistakes, collected so that they can be shown at once."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, origin: str, key: str, what: str, fix: str) -> None:
        """One mistake: where, at which key, what it is, and what to write instead."""
        self.found.append(f"{origin}: {key}: {what}. {fix}")

    def raise_if_any(self) -> None:
        """Raise PipPinnedError ``bad-configuration`` with everything that was found."""
        if self.found:
            count = "one mistake" if len(self.found) == 1 else f"{len(self.found)} mistakes"
            raise PipPinnedError("bad-configuration", f"Nothing was started: {count} in the configuration.", context="\n".join(self.found))


class Table:
    """A table of a configuration file, which knows where it stands."""

    def __init__(self, data: dict[str, Any], path: Path, document: Document) -> None:
        self.data = data
        self.path = path
        self.document = document

    @property
    def origin(self) -> str:
        """``pyproject.toml:12``."""
        return self.document.origin(self.path)

    def origin_of(self, key: str) -> str:
        """The origin of one of the table's keys."""
        return self.document.origin((*self.path, key))

    def problem(self, key: str, what: str, fix: str) -> None:
        """Report a mistake at one of the table's keys."""
        self.document.problems.add(self.origin_of(key), _dotted((*self.path, key)), what, fix)

    def check_keys(self, known: tuple[str, ...]) -> None:
        """Report every key that is not known, with the nearest one that is."""
        for key in self.data:
            if key not in known:
                from difflib import get_close_matches

                close = get_close_matches(key, known, 1)
                self.problem(key, "unknown key", f"Did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(known)}.")

    def text(self, key: str, *, required: bool = False) -> str | None:
        """A string."""
        value: str | None = self._typed(key, str, "a string", required)
        return value

    def flag(self, key: str, default: bool) -> bool:
        """A boolean."""
        value = self._typed(key, bool, "true or false", False)
        return default if value is None else value

    def choice(self, key: str, options: tuple[str, ...]) -> str | None:
        """A string out of a few."""
        value = self.text(key)
        if value is not None and value not in options:
            self.problem(key, f"{value!r} is not known", f"One of: {', '.join(options)}.")
            return None
        return value

    def many(self, key: str, kind: type, what: str) -> tuple[Any, ...] | None:
        """An array of strings or numbers."""
        value = self._typed(key, list, f"an array of {what}", False)
        if value is None:
            return None
        if any(not isinstance(item, kind) or isinstance(item, bool) for item in value):
            self.problem(key, f"not an array of {what}", f"Write an array of {what}.")
            return None
        return tuple(value)

    def table(self, key: str) -> Table | None:
        """A table within this one."""
        value = self._typed(key, dict, "a table", False)
        return None if value is None else Table(value, (*self.path, key), self.document)

    def tables(self, key: str) -> list[Table]:
        """An array of tables within this one."""
        value = self._typed(key, list, "an array of tables", False) or []
        return [Table(item, (*self.path, key, i), self.document) for i, item in enumerate(value) if self._is_table(key, item)]

    def table_or_tables(self, key: str) -> list[Table]:
        """A table, or an array of them, as the values of ``sources`` are."""
        if isinstance(self.data.get(key), list):
            return self.tables(key)
        table = self.table(key)
        return [] if table is None else [table]

    def url(self, key: str, *, required: bool = True, bare_variables: bool = False) -> str | None:
        """A URL with ``${VAR}`` (and ``$VAR``, if so wished) expanded; an unset variable is a mistake."""
        value = self.text(key, required=required)
        if value is None:
            return None
        return self.expanded(key, value, bare_variables=bare_variables)

    def written(self, key: str, url: str) -> str | None:
        """The text of a URL, if expanding its variables changed it."""
        value = self.data.get(key)
        return value if isinstance(value, str) and value != url else None

    def expanded(self, key: str, value: str, *, bare_variables: bool = False) -> str:
        """A text with its variables filled in; as it stands, and with a mistake for each, where some are not set."""
        unset: list[str] = []

        def expand(match: re.Match[str]) -> str:
            name = next(group for group in match.groups() if group is not None)
            if name not in os.environ:
                unset.append(name)
                return ""
            return os.environ[name]

        filled = url_texts.filled_in(value, _BARE_TOO if bare_variables else _BRACED, expand) if "$" in value else value
        for name in unset:
            self.problem(key, f"the variable {name} is not set", f"Set {name} in the environment.")
        return "https://unset.invalid" if unset else filled  # reported already: a URL that passes the other checks

    def _is_table(self, key: str, item: object) -> bool:
        if not isinstance(item, dict):
            self.problem(key, "not an array of tables", "Write [[…]] or an array of { … }.")
            return False
        return True

    def _typed(self, key: str, kind: type, what: str, required: bool) -> Any:
        value = self.data.get(key)
        if value is None:
            if required:
                self.problem(key, "missing", f"Give {what}.")
            return None
        if not isinstance(value, kind):
            self.problem(key, f"not {what}", f"Write {what}.")
            return None
        return value


class Document:
    """A TOML file. A file that cannot be read, or is no TOML, is a mistake like any other."""

    def __init__(self, path: FilePath, problems: Problems) -> None:
        self.path = path
        self._name = path.name
        self.problems = problems
        text, data = "", {}
        try:
            text = path.read_text(encoding="utf-8")
            data = _loads(text)
        except OSError as exc:
            problems.add(path.name, "file", f"cannot be read ({exc.strerror})", "Make it readable.")
        except RecursionError:
            problems.add(path.name, "file", "nested too deeply", "Flatten it.")
        except ValueError as exc:  # TOMLDecodeError or UnicodeDecodeError
            problems.add(path.name, "file", f"not valid TOML ({exc})", "Correct the syntax.")
        self._text = text
        self._lines: Lines | None = None
        self.root = Table(data, (), self)

    def origin(self, path: Path) -> str:
        """File and, where known, line of a key."""
        if self._lines is None:
            self._lines = Lines(self._text)
        line = self._lines.of(path)
        return self._name if line is None else f"{self._name}:{line}"


_PINS = re.compile(r'(?m)^\[(?P<header>(?:tool\.pip-pinned\.)?sources)\]\n(?P<lines>(?:(?:[A-Za-z0-9_-]+|"[A-Za-z0-9_.*?-]+") = \{ index = "[A-Za-z0-9._-]+" \}\n){500,})(?=\[|\n*\Z)')


def _loads(text: str) -> dict[str, Any]:
    """TOML, like tomllib, which would take 10 us for each of thousands of pins in a row; written plainly, they are read here.

    A key that stands there twice, or in another table too, is left to tomllib, which says so.
    """
    found = None if '"""' in text or "'''" in text else _PINS.search(text)
    if found is None:
        return tomllib.loads(text)
    rows = [line.split(" = ", 1) for line in found["lines"].splitlines()]
    pins = {key.strip('"'): {"index": value.split('"')[1]} for key, value in rows}
    data = tomllib.loads(text[: found.start("lines")] + "\n" * len(rows) + text[found.end("lines") :])
    table = data
    for part in found["header"].split("."):
        table = table[part]
    if table or len(pins) < len(rows):
        return tomllib.loads(text)
    table.update(pins)
    return data


def _dotted(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
