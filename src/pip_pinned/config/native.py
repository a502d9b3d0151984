"""The native dialect: ``[tool.pip-pinned]`` in pyproject.toml, or the same keys in pip-pinned.toml (CONTRACT 2.2)."""

from __future__ import annotations

import re

from pip_pinned.config.document import Table
from pip_pinned.config.draft import Draft
from pip_pinned.policy import names
from pip_pinned.policy.model import Index, Pin, Strategy

_DIRECTIVE = r"(max-age|s-maxage)=\d{1,10}|no-cache|no-store|no-transform|must-revalidate|proxy-revalidate|private|public|immutable"

DIALECTS = ("uv", "pipfile", "poetry", "pdm")
STRATEGIES = tuple(strategy.value for strategy in Strategy)
_KEYS = ("index", "sources", "index-strategy", "dialect", "ambient-indexes", "allow-file-hosts", "strict-pip", "sync-any-index")
_INDEX_KEYS = ("name", "url", "explicit", "default", "format", "authenticate", "ignore-error-codes", "follow-redirects",
               "verify-ssl", "cache-control", "inherit", "sentinel")


def governs(table: Table) -> bool:
    """Whether the table declares a policy by itself, and does not only choose a dialect."""
    return any(key != "dialect" for key in table.data)


def read(table: Table) -> Draft:
    """The draft of a native table."""
    if not table.path and "tool" in table.data:
        table.problem("tool", "the keys stand at top level in this file", 'Leave "tool.pip-pinned." out.')
        return Draft()
    table.check_keys(_KEYS)
    strategy = table.choice("index-strategy", STRATEGIES)
    draft = Draft(None if strategy is None else Strategy(strategy))
    draft.ambient_indexes = table.flag("ambient-indexes", False)
    draft.allow_file_hosts = table.many("allow-file-hosts", str, "strings") or ()
    draft.strict_pip = table.flag("strict-pip", False)
    draft.sync_any_index = table.flag("sync-any-index", False)
    for entry in table.tables("index"):
        index = _index(entry)
        if index is not None:
            draft.indexes.append(index)
    sources = table.table("sources")
    if sources is not None:
        _read_sources(draft, sources)
    return draft


def _read_sources(draft: Draft, sources: Table) -> None:
    for pattern, value in sources.data.items():
        if not names.is_valid_pattern(pattern):
            sources.problem(pattern, "not a project name or a glob over names", "Letters, digits, '.', '_', '-', '*' and '?'.")
        elif isinstance(value, dict) and len(value) == 1 and isinstance(value.get("index"), str):  # as nearly all of them are
            draft.pins.append(Pin(pattern=names.normalize(pattern), index_name=value["index"], origin=sources.origin_of(pattern)))
        elif isinstance(value, str):
            sources.problem(pattern, "a text", f'Write {{ index = "{value}" }}.')
        else:
            for entry in sources.table_or_tables(pattern):
                entry.check_keys(("index", "marker"))
                index_name, marker = entry.text("index", required=True), entry.text("marker")
                if index_name is not None:
                    draft.pins.append(Pin(pattern=names.normalize(pattern), index_name=index_name, marker=marker, origin=entry.origin))


def _index(entry: Table) -> Index | None:
    entry.check_keys(_INDEX_KEYS)
    name, url = entry.text("name", required=True), entry.url("url")
    kind = entry.choice("format", ("simple", "flat"))
    common = read_common(entry)
    index = common._replace(name=name or "", url=url or "", written=entry.written("url", url or ""), origin=entry.origin, format=kind or "simple", verify_ssl=entry.flag("verify-ssl", True),
                    follow_redirects=entry.flag("follow-redirects", False), inherit=entry.flag("inherit", False), sentinel=entry.text("sentinel"))
    if index.sentinel is not None and not names.is_project_name(index.sentinel):
        entry.problem("sentinel", f"{index.sentinel!r} is not the name of a project", "A project that the index always has.")
    if name is not None and not names.is_index_name(name):
        entry.problem("name", f"{name!r} cannot name an index", "Letters, digits, '.', '_' and '-'.")
        return None
    return None if name is None or url is None else index


def read_common(entry: Table) -> Index:
    """The keys of an index that the native dialect shares with uv's; name, url and origin are left empty."""
    cache = entry.table("cache-control")
    if cache is not None:
        cache.check_keys(("api", "files"))
    return Index(name="", url="", origin="", explicit=entry.flag("explicit", False), default=entry.flag("default", False),
                 authenticate=entry.choice("authenticate", ("always", "never", "auto")),
                 ignore_error_codes=entry.many("ignore-error-codes", int, "HTTP status codes"),
                 cache_api=None if cache is None else _cache_control(cache, "api"), cache_files=None if cache is None else _cache_control(cache, "files"))


def _cache_control(table: Table, key: str) -> str | None:
    """A Cache-Control value: directives of an answer (RFC 9111 and 8246), of which the HTTP cache heeds those about age."""
    value = table.text(key)
    for directive in [] if value is None else value.split(","):
        if re.fullmatch(_DIRECTIVE, directive.strip()) is None:
            table.problem(key, f"{directive.strip()!r} is no Cache-Control directive", 'As in "max-age=600", "no-cache", "no-store" or "max-age=365000000, immutable".')
    return value
