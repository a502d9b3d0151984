"""uv's dialect: ``[[tool.uv.index]]``, ``[tool.uv.sources]``, ``index-strategy``, ``index-url``, ``extra-index-url``.

Source: https://docs.astral.sh/uv/concepts/indexes/ and the settings reference. uv's unpinned names keep uv's strategy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pip_pinned.config import native
from pip_pinned.config.document import Document, Table
from pip_pinned.config.draft import Draft
from pip_pinned.policy import names
from pip_pinned.policy.model import Index, Pin, Strategy

_GOVERNING = ("index", "index-url", "extra-index-url", "index-strategy")
_STRATEGIES = ("first-index", "unsafe-first-match", "unsafe-best-match")


def governs(table: Table) -> bool:
    """Whether ``[tool.uv]`` says anything about indexes."""
    return any(key in table.data for key in (*_GOVERNING, "sources")) or any("sources" in member.data for member in _members(table))


def read(table: Table) -> Draft:
    """The draft of ``[tool.uv]``; keys that have nothing to do with indexes are uv's own affair."""
    strategy = table.choice("index-strategy", _STRATEGIES)
    draft = Draft(None if strategy is None else Strategy(strategy))
    root = table.document.path.parent
    for i, entry in enumerate(table.tables("index")):
        url = entry.url("url")
        if url is not None:
            name = entry.text("name")
            if name is None:
                name = f"uv-index-{i + 1}"
            elif not names.is_index_name(name):
                entry.problem("name", f"{name!r} cannot name an index", "Letters, digits, '.', '_' and '-'.")
                continue
            kind = entry.choice("format", ("simple", "flat")) or "simple"
            draft.indexes.append(native.read_common(entry)._replace(name=name, url=_absolute(url, root), written=entry.written("url", url), origin=entry.origin,
                                         format=kind, variable_prefixes=(f"UV_INDEX_{names.variable(name)}",)))
    for i, written in enumerate(_strings(table, "extra-index-url")):
        url = table.expanded("extra-index-url", written)
        draft.indexes.append(Index(name=f"uv-extra-index-{i + 1}", url=_absolute(url, root), written=None if url == written else written,
                                   origin=table.origin_of("extra-index-url")))
    default = table.url("index-url", required=False)
    if default is not None and not any(index.default for index in draft.indexes):
        draft.indexes.append(Index(name="uv-index-url", url=_absolute(default, root), written=table.written("index-url", default),
                                   origin=table.origin_of("index-url"), default=True))
    for part in (table, *_members(table)):
        sources = part.table("sources")
        for name in sources.data if sources is not None else ():
            assert sources is not None
            _read_source(draft, name, sources)
    return draft


def _members(table: Table) -> Iterator[Table]:
    """``[tool.uv]`` of every member of the workspace; all of them pin, and where they disagree it is a conflict."""
    workspace = table.table("workspace")
    root = table.document.path.parent
    if workspace is None:
        return
    for path in sorted(_matching(workspace, "members", root) - _matching(workspace, "exclude", root)):
        if (path / "pyproject.toml").is_file():
            tool = Document(path / "pyproject.toml", table.document.problems).root.table("tool")
            member = tool.table("uv") if tool is not None and "uv" in tool.data else None
            if member is not None:
                yield member


def _matching(workspace: Table, key: str, root: Path) -> set[Path]:
    found: set[Path] = set()
    for pattern in workspace.many(key, str, "paths") or ():
        try:
            found.update(root.glob(pattern))
        except (ValueError, NotImplementedError):
            workspace.problem(key, f"{pattern!r} is no glob below the project", 'As in "packages/*".')
    return found


def _read_source(draft: Draft, name: str, sources: Table) -> None:
    """``extra`` and ``group`` conditions mean nothing to pip: one index holds without them, several are a conflict."""
    pattern = names.normalize(name)
    entries = sources.table_or_tables(name)
    conditional = any("extra" in entry.data or "group" in entry.data for entry in entries)
    if conditional and all(entry.data.get("index") == entries[0].data.get("index") for entry in entries):
        entries = entries[:1]
    for entry in entries:
        # git, path, url, workspace: a place that no index is
        index = entry.text("index") if "index" in entry.data else None
        marker = None if conditional else entry.text("marker")
        draft.pins.append(Pin(pattern=pattern, index_name=index, marker=marker, origin=entry.origin))


def _strings(table: Table, key: str) -> tuple[str, ...]:
    return table.many(key, str, "URLs") or ()


def _absolute(url: str, root: Path) -> str:
    """uv also takes paths, relative to the project."""
    if "://" in url or url.startswith("file:") or "\0" in url:
        return url
    return (root / url).resolve().as_uri()
