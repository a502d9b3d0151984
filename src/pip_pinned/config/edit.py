"""Write indexes and pins into a project's files, in the dialect that governs it; order, comments and style stay."""

from __future__ import annotations

import sys
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from pip_pinned.policy import names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.scan.facts import literal_secret

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Table = MutableMapping[str, Any]


def editor(root: Path, dialect: str, pypi: str) -> Editor:
    """The editor of a project's file for ``native``, ``uv``, ``pipfile``, ``poetry`` or ``pdm``; ``pypi`` is the URL of pip's default index.

    Raises PipPinnedError ``bad-configuration`` for a file that cannot be read.
    """
    own = root / "pip-pinned.toml"
    if dialect == "pipfile":
        return _Pipfile(root / "Pipfile", (), pypi)
    if dialect == "native" and (own.is_file() or not (root / "pyproject.toml").is_file()):
        return _Native(own, (), pypi)
    return _BY_NAME[dialect](root / "pyproject.toml", ("tool", "pip-pinned" if dialect == "native" else dialect), pypi)


class Editor:
    """One file. ``before`` is its text, empty where there is none yet; ``text`` what it is to become; ``lacking`` what its dialect could not say."""

    def __init__(self, path: Path, prefix: tuple[str, ...], pypi: str) -> None:
        self.path = path
        self._pypi = pypi
        self._prefix = prefix
        try:
            self.before = path.read_bytes().decode("utf-8") if path.is_file() else ""
            tomllib.loads(self.before)
        except (OSError, ValueError) as exc:
            raise PipPinnedError("bad-configuration", f"{path} cannot be read.", context=str(exc)) from exc
        self._ending = "\r\n" if "\r\n" in self.before else "\n"
        self.text = self.before.replace("\r\n", "\n")
        self.lacking: list[str] = []

    # -- what every dialect does ------------------------------------------------------------------------------

    def add_index(self, name: str, url: str, *, explicit: bool, default: bool = False, kind: str = "simple", comment: str = "") -> None:
        """Add an index. Raises PipPinnedError ``bad-url`` for a URL with a secret in it."""
        if literal_secret(url):
            raise PipPinnedError("bad-url", f"{urls.redact(url)} has a secret in it, and the file is for everybody to read.",
                                 hint="Write ${VARIABLE} in its place, or leave it out: pip-pinned login, netrc, keyring.")
        self._add_index(name, url, explicit=explicit, default=default, kind=kind, comment=comment)

    def pin(self, pattern: str, index_name: str) -> None:
        """Pin a name or glob to an index of the file."""
        raise NotImplementedError

    def unpin(self, pattern: str) -> bool:
        """Remove the pin that is written for exactly this name or glob; whether there was one."""
        raise NotImplementedError

    def _add_index(self, name: str, url: str, *, explicit: bool, default: bool, kind: str, comment: str) -> None:
        raise NotImplementedError

    def check(self) -> None:
        """Check that the result is TOML, to its last line. Raises PipPinnedError ``bad-configuration`` if it is not: nothing is written then."""
        self.text = (self.text + ("" if self.text.endswith("\n") else "\n")).replace("\n", self._ending)
        self._data()

    # -- tools -----------------------------------------------------------------------------------------------------

    def _header(self, *keys: str) -> str:
        return ".".join((*self._prefix, *keys))

    def _has(self, *keys: str) -> bool:
        data: Any = self._data()
        for key in (*self._prefix, *keys):
            if not isinstance(data, dict) or key not in data:
                return False
            data = data[key]
        return True

    def _data(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text)
        except ValueError as exc:
            raise self._unextendable(exc) from exc

    def _unextendable(self, why: object) -> PipPinnedError:
        return PipPinnedError("bad-configuration", f"{self.path.name} is written in a way that cannot be extended; nothing was written.", context=str(why))

    def _append(self, block: str) -> None:
        self.text = (self.text.rstrip("\n") + "\n\n" if self.text.strip() else "") + block

    def _append_entry(self, key: str, lines: Iterable[str]) -> None:
        """One more element of an array of tables: behind the last one, or at the end of the file."""
        entry = f"[[{self._header(key)}]]\n" + "".join(f"{line}\n" for line in lines)
        expected = self._data()
        table: Any = expected
        for part in self._prefix:
            table = table.setdefault(part, {})
        table.setdefault(key, []).append(tomllib.loads("".join(f"{line}\n" for line in lines)))
        self._insert(key, entry)
        if self._data() != expected:
            raise self._unextendable(f"another [[{self._header(key)}]] cannot be told apart from what is there")

    def _insert(self, key: str, entry: str) -> None:
        rows = self.text.splitlines(keepends=True)
        last = max((i for i, row in enumerate(rows) if row.split("#")[0].strip().replace(" ", "").replace('"', "") == f"[[{self._header(key)}]]"), default=None)
        if last is None:
            self._append(entry)
            return
        within = f"[{self._header(key)}."
        end = next((i for i in range(last + 1, len(rows)) if rows[i].lstrip().startswith("[") and not rows[i].lstrip().lstrip("[").startswith(within[1:])), len(rows))
        while end > last + 1 and (not rows[end - 1].strip() or rows[end - 1].lstrip().startswith("#")):
            end -= 1
        before, after = "".join(rows[:end]), "".join(rows[end:])
        self.text = before.rstrip("\n") + "\n\n" + entry + ("\n" + after.lstrip("\n") if after.strip() else "")

    def _edit(self, change: Any, *keys: str) -> Any:
        """Let ``change`` work on a table that exists, with its style kept."""
        try:
            document = tomlkit.parse(self.text)
            table: Any = document
            for key in (*self._prefix, *keys):
                table = table[key]
            result = change(table)
            self.text = tomlkit.dumps(document)
        except (TOMLKitError, KeyError, TypeError) as exc:
            raise self._unextendable(exc) from exc
        return result


def _inline(**values: str) -> Any:
    """``{ key = "value" }``, with the spaces that people write."""
    return tomlkit.parse(f"x = {{ {', '.join(f'{key} = {_quoted(value)}' for key, value in values.items())} }}")["x"]


def _quoted(text: str) -> str:
    return tomlkit.item(text).as_string()


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else _quoted(name)


def _same(table: Iterable[str], pattern: str) -> str | None:
    """The key of a table that names the same project or glob."""
    return next((key for key in table if names.normalize(key) == names.normalize(pattern)), None)


class _WithSources(Editor):
    """``[[index]]`` and ``[sources]``: the native dialect and uv's."""

    def pin(self, pattern: str, index_name: str) -> None:
        if not self._has("sources"):
            self._append(f"[{self._header('sources')}]\n{_key(pattern)} = {{ index = {_quoted(index_name)} }}\n")
            return

        def change(sources: Table) -> None:
            key = _same(sources, pattern) or pattern
            entries = sources.get(key, [])
            for entry in entries if isinstance(entries, list) else [entries]:
                if not isinstance(entry, MutableMapping) or "index" not in entry:
                    raise PipPinnedError("pin-conflict", f"{pattern} is declared to come from elsewhere: {dict(entry) if isinstance(entry, MutableMapping) else entry}.",
                                         hint="Take that entry out first.")
            sources[key] = _inline(index=index_name)

        self._edit(change, "sources")

    def unpin(self, pattern: str) -> bool:
        if not self._has("sources"):
            return False

        def change(sources: Table) -> bool:
            key = _same(sources, pattern)
            if key is not None:
                del sources[key]
            return key is not None

        return bool(self._edit(change, "sources"))


class _Native(_WithSources):
    def _add_index(self, name: str, url: str, *, explicit: bool, default: bool, kind: str, comment: str) -> None:
        lines = [f"name = {_quoted(name)}", f"url = {_quoted(url)}"]
        lines += ["explicit = true"] * explicit + ["default = true"] * default + ['format = "flat"'] * (kind == "flat")
        self._append_entry("index", [*lines, *([f"# {comment}"] if comment else [])])


class _Uv(_WithSources):
    def _add_index(self, name: str, url: str, *, explicit: bool, default: bool, kind: str, comment: str) -> None:
        lines = [f"name = {_quoted(name)}", f"url = {_quoted(url)}"]
        self._append_entry("index", [*lines, *["explicit = true"] * explicit, *["default = true"] * default, *['format = "flat"'] * (kind == "flat")])

    def pin(self, pattern: str, index_name: str) -> None:
        if names.is_glob(pattern):
            raise PipPinnedError("bad-pin", f"uv has no globs: {pattern}", hint="Name the packages, or use [tool.pip-pinned].")
        super().pin(pattern, index_name)


class _Pipfile(Editor):
    def _add_index(self, name: str, url: str, *, explicit: bool, default: bool, kind: str, comment: str) -> None:
        if kind == "flat":
            raise PipPinnedError("bad-configuration", "A Pipfile cannot have a directory or page of files as a source.", hint="Use [tool.pip-pinned].")
        lines = [f"url = {_quoted(url)}", "verify_ssl = true", f"name = {_quoted(name)}"]
        if not self._has("source") and not default:
            # the first source is the one of names without a pin
            self.text = f'[[source]]\nurl = "{self._pypi}"\nverify_ssl = true\nname = "pypi"\n\n{self.text}'
        if default:
            block = "[[source]]\n" + "\n".join(lines) + "\n\n"
            self.text = block + self.text
        else:
            self._append_entry("source", lines)

    def pin(self, pattern: str, index_name: str) -> None:
        if names.is_glob(pattern):
            raise PipPinnedError("bad-pin", f"A Pipfile has no globs: {pattern}", hint="Name the packages, or use [tool.pip-pinned].")
        data = tomllib.loads(self.text)
        categories = [key for key, table in data.items() if isinstance(table, dict) and key not in ("requires", "scripts", "pipenv") and _same(table, pattern)]
        if not categories:
            self.lacking.append(f"{pattern} is a requirement of the project now: a Pipfile pins only what it requires.")
            if "packages" not in data:
                self._append(f'[packages]\n{_key(pattern)} = {{ version = "*", index = {_quoted(index_name)} }}\n')
                return
        for category in categories or ["packages"]:
            self._edit(lambda table: _set_entry(table, pattern, "index", index_name), category)

    def unpin(self, pattern: str) -> bool:
        data = tomllib.loads(self.text)
        found = [key for key, table in data.items() if isinstance(table, dict) and (name := _same(table, pattern)) and isinstance(table[name], dict) and "index" in table[name]]
        for category in found:
            self._edit(lambda table: _remove_from_entry(table, pattern, "index"), category)
        return bool(found)


class _Poetry(Editor):
    def _add_index(self, name: str, url: str, *, explicit: bool, default: bool, kind: str, comment: str) -> None:
        if kind == "flat":
            raise PipPinnedError("bad-configuration", "Poetry cannot have a directory of files as a source.", hint="Use [tool.pip-pinned].")
        priority = "explicit" if explicit else "primary" if default else "supplemental"
        self._append_entry("source", [f"name = {_quoted(name)}", f"url = {_quoted(url)}", f'priority = "{priority}"'])

    def _tables(self, pattern: str) -> list[tuple[str, ...]]:
        poetry = tomllib.loads(self.text).get("tool", {}).get("poetry", {})
        groups = [("group", name, "dependencies") for name in poetry.get("group", {})]
        return [path for path in [("dependencies",), ("dev-dependencies",), *groups] if _same(_walk(poetry, path), pattern)]

    def pin(self, pattern: str, index_name: str) -> None:
        if names.is_glob(pattern):
            raise PipPinnedError("bad-pin", f"Poetry has no globs: {pattern}", hint="Name the packages, or use [tool.pip-pinned].")
        tables = self._tables(pattern)
        if not tables:
            self.lacking.append(f"{pattern} gets an entry of its own: Poetry pins only what the project requires.")
            if not self._has("dependencies"):
                self._append(f"[{self._header('dependencies')}]\n{_key(pattern)} = {{ source = {_quoted(index_name)} }}\n")
                return
            self._edit(lambda table: table.__setitem__(pattern, _inline(source=index_name)), "dependencies")
        for path in tables:
            self._edit(lambda table: _set_entry(table, pattern, "source", index_name), *path)

    def unpin(self, pattern: str) -> bool:
        found = False
        for path in self._tables(pattern):
            found = bool(self._edit(lambda table: _remove_from_entry(table, pattern, "source"), *path)) or found
        return found


class _Pdm(Editor):
    def _add_index(self, name: str, url: str, *, explicit: bool, default: bool, kind: str, comment: str) -> None:
        name = "pypi" if default else name  # by which PDM knows what stands in PyPI's place
        lines = [f"name = {_quoted(name)}", f"url = {_quoted(url)}", *['type = "find_links"'] * (kind == "flat")]
        self._append_entry("source", [*lines, *['exclude_packages = ["*"]'] * explicit])

    def pin(self, pattern: str, index_name: str) -> None:
        self.unpin(pattern)

        wanted = (index_name.lower(), "pypi")  # the default index is called pypi here
        listed = [str(entry.get("name", "")).lower() for entry in _walk_list(self._data(), (*self._prefix, "source"))]
        if not set(wanted) & set(listed):
            self.add_index("pypi", self._pypi, explicit=False)

        def change(sources: list[Table]) -> None:
            named = {str(entry.get("name", "")).lower(): entry for entry in sources}
            entry = next(named[name] for name in wanted if name in named)
            entry.setdefault("include_packages", tomlkit.array()).append(pattern)

        self._edit(change, "source")

    def unpin(self, pattern: str) -> bool:
        def change(sources: list[Table]) -> bool:
            found = False
            for entry in sources:
                included = entry.get("include_packages", [])
                for i in reversed(range(len(included))):
                    if names.normalize(included[i]) == names.normalize(pattern):
                        del included[i]
                        found = True
                if "include_packages" in entry and not included:
                    del entry["include_packages"]
            return found

        return self._has("source") and bool(self._edit(change, "source"))


def _walk_list(table: Any, path: Iterable[str]) -> list[dict[str, Any]]:
    for key in path:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return table if isinstance(table, list) else []


def _walk(table: Any, path: Iterable[str]) -> dict[str, Any]:
    for key in path:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return table if isinstance(table, dict) else {}


def _set_entry(table: Table, pattern: str, key: str, value: str) -> None:
    """Give a requirement, a version or a table of settings, one more setting."""
    name = _same(table, pattern) or pattern
    entry = table.get(name)
    if isinstance(entry, MutableMapping):
        entry[key] = value
    elif isinstance(entry, list):
        for one in entry:
            one[key] = value
    else:
        table[name] = _inline(version=str(entry) if entry is not None else "*", **{key: value})


def _remove_from_entry(table: Table, pattern: str, key: str) -> bool:
    name = _same(table, pattern)
    entry = None if name is None else table[name]
    entries = entry if isinstance(entry, list) else [entry]
    found = False
    for one in entries:
        if isinstance(one, MutableMapping) and key in one:
            del one[key]
            found = True
    if found and isinstance(entry, MutableMapping) and list(entry) == ["version"] and name is not None:
        table[name] = entry["version"]
    return found


_BY_NAME: dict[str, type[Editor]] = {"native": _Native, "uv": _Uv, "poetry": _Poetry, "pdm": _Pdm}
