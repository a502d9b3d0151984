"""PDM's dialect: ``[[tool.pdm.source]]`` with ``include_packages`` and ``exclude_packages``. Source: https://pdm-project.org/latest/usage/config/

What a source includes is pinned to it. Other names come from every source that does not exclude them: the highest version,
or with ``respect-source-order`` the first source that has a compatible one. PyPI is the first source unless one is named ``pypi``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pip_pinned.config.document import Table
from pip_pinned.config.draft import Draft
from pip_pinned.policy import names, urls
from pip_pinned.policy.model import PYPI, Index, Pin, Strategy

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ROOT = "${PROJECT_ROOT}"


def read(table: Table) -> Draft:
    """The draft of ``[tool.pdm]``."""
    if configured(table.document.path.parent):
        table.problem("source", "pdm.toml has sources too, which only PDM reads", "Move [pypi.…] of pdm.toml into [[tool.pdm.source]].")
    resolution = table.table("resolution")
    in_order = resolution is not None and resolution.flag("respect-source-order", False)
    draft = Draft(Strategy.UNSAFE_FIRST_MATCH if in_order else Strategy.UNSAFE_BEST_MATCH)
    entries = table.tables("source")
    if not any(entry.data.get("name") == "pypi" for entry in entries):
        draft.indexes.append(Index(name="pypi", url=PYPI, origin="PDM's default source"))
    for entry in entries:
        name = entry.text("name", required=True)
        url, written = (PYPI, None) if name == "pypi" and "url" not in entry.data else _url(entry)
        kind = entry.choice("type", ("index", "find_links"))
        excluded = _patterns(entry, "exclude_packages")
        if name is None or url is None:
            continue
        if not names.is_index_name(name):
            entry.problem("name", f"{name!r} cannot name an index", "Letters, digits, '.', '_' and '-'.")
            continue
        draft.indexes.append(Index(name=name, url=url, written=written, origin=entry.origin,
                                   format="flat" if kind == "find_links" else "simple", verify_ssl=entry.flag("verify_ssl", True), excludes=excluded))
        draft.pins += [Pin(pattern=pattern, index_name=name, origin=entry.origin_of("include_packages")) for pattern in _patterns(entry, "include_packages")]
    if draft.indexes:
        draft.indexes[-1] = draft.indexes[-1]._replace(default=True)  # asked last, and nothing after it
    return draft


def configured(root: Path) -> bool:
    """Whether pdm.toml, PDM's settings for a project, names sources of its own: ``[pypi.NAME]``."""
    try:
        settings = tomllib.loads((root / "pdm.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):  # PDM does not start either
        return True
    pypi = settings.get("pypi")
    return isinstance(pypi, dict) and any(isinstance(value, dict) for value in pypi.values())


def _url(entry: Table) -> tuple[str | None, str | None]:
    """The URL with everything filled in, and as it is written if a variable was part of it."""
    text = entry.text("url", required=True)
    if text is None:
        return None, None
    text = text.replace(_ROOT, urlsplit(entry.document.path.parent.resolve().as_uri()).path.lstrip("/"))
    url = entry.expanded("url", text)
    user, password = entry.text("username"), entry.text("password")
    if user is not None and urls.credentials(url)[0] is None:
        secret = "" if password is None else ":" + quote(entry.expanded("password", password), safe="")
        url = _with_userinfo(url, quote(entry.expanded("username", user), safe="") + secret)
        text = _with_userinfo(text, user if password is None else f"{user}:{password}")
    return url, text if urls.variables(text) else None


def _with_userinfo(url: str, userinfo: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))


def _patterns(entry: Table, key: str) -> tuple[str, ...]:
    found = []
    for pattern in entry.many(key, str, "strings") or ():
        if names.is_valid_pattern(pattern):
            found.append(names.normalize(pattern))
        else:
            entry.problem(key, f"{pattern!r} is not a project name or a glob over names", "Letters, digits, '.', '_', '-', '*' and '?'.")
    return tuple(found)
