"""Poetry's dialect: ``[[tool.poetry.source]]`` and ``source =`` of dependencies. Source: https://python-poetry.org/docs/repositories/

Names without a source come from the primary sources, the highest version of all of them, and from a supplemental one only
where these have no compatible version. PyPI is a primary source where no other is declared, or where it is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pip_pinned.config.document import Table
from pip_pinned.config.draft import Draft
from pip_pinned.policy import names
from pip_pinned.policy.model import PYPI, Index, Pin, Strategy

_PRIORITIES = ("primary", "supplemental", "explicit", "default", "secondary")
_ELSEWHERE = ("git", "path", "url", "file")


def read(table: Table) -> Draft:
    """The draft of ``[tool.poetry]``; the pins of all dependency groups are united."""
    draft = Draft(Strategy.UNSAFE_BEST_MATCH)
    primary = []
    for entry in table.tables("source"):
        name = entry.text("name", required=True)
        pypi = name is not None and name.lower() == "pypi"
        url = PYPI if pypi and "url" not in entry.data else entry.url("url")
        priority = entry.choice("priority", _PRIORITIES) or "primary"
        if name is None or url is None:
            continue
        if not names.is_index_name(name):
            entry.problem("name", f"{name!r} cannot name an index", "Letters, digits, '.', '_' and '-'.")
            continue
        secondary = priority in ("supplemental", "secondary")
        if not secondary and priority != "explicit":
            primary.append(name)
        page = "flat" if re.search(r"\.html?$", url) else "simple"  # Poetry takes such a source for a single page of links
        draft.indexes.append(Index(name=name, url=url, written=entry.written("url", url) if url != PYPI else None, origin=entry.origin, format=page,
                                   explicit=priority == "explicit", supplemental=secondary, variable_prefixes=(f"POETRY_HTTP_BASIC_{names.variable(name)}",)))
    draft.indexes.sort(key=lambda index: index.supplemental)
    if primary:  # the last of them is asked last in place of PyPI
        draft.indexes = [index._replace(default=index.name == primary[-1]) for index in draft.indexes]
    elif any(index.name.lower() == "pypi" for index in draft.indexes) and all(index.explicit for index in draft.indexes):
        table.problem("source", "every source is explicit, and PyPI is one of them", "Make one of them a primary source, as Poetry asks too.")
    for dependencies in _dependencies(table):
        for package in dependencies.data:
            if package != "python":
                _read_dependency(draft, package, dependencies)
    return draft


def _dependencies(table: Table) -> Iterator[Table]:
    groups = table.table("group")
    named = [group.table("dependencies") for name in (groups.data if groups is not None else ())
             if groups is not None and (group := groups.table(name)) is not None]
    yield from (found for found in (table.table("dependencies"), table.table("dev-dependencies"), *named) if found is not None)


def _read_dependency(draft: Draft, package: str, dependencies: Table) -> None:
    """One source holds wherever the dependency does; several need conditions that exclude each other.

    pip knows no extras of the project, so sources that depend on them are a conflict.
    """
    value = dependencies.data[package]
    if not isinstance(value, (dict, list)):
        return
    entries = dependencies.table_or_tables(package)
    pattern = names.normalize(package)
    sources = {(entry.data.get("source"), any(key in entry.data for key in _ELSEWHERE)) for entry in entries}
    by_extra = any(re.search(r"\bextra\b", str(entry.data.get("markers", ""))) for entry in entries)
    for entry in entries[:1] if len(sources) == 1 else entries:
        source = entry.text("source")
        if source is None and not any(key in entry.data for key in _ELSEWHERE):
            continue
        pin = Pin(pattern=pattern, index_name=source, origin=entry.origin, marker=None if len(sources) == 1 or by_extra else _marker(entry))
        if not any(pin._replace(origin=other.origin) == other for other in draft.pins):
            draft.pins.append(pin)


def _marker(entry: Table) -> str | None:
    """``markers``, ``platform`` and ``python`` of a dependency as one environment marker."""
    parts = [f"({markers})"] if (markers := entry.text("markers")) else []
    platform = entry.text("platform")
    if platform:
        match = re.fullmatch(r"(==|!=)?\s*([A-Za-z0-9]+)", platform.strip())
        if match is None:
            entry.problem("platform", f"{platform!r} cannot be read", 'Write it as markers = "sys_platform == …".')
        else:
            parts.append(f"sys_platform {match[1] or '=='} '{match[2]}'")
    python = entry.text("python")
    if python and python.strip() != "*":
        versions = _python_marker(python)
        if versions is None:
            entry.problem("python", f"{python!r} cannot be read", 'Write it as markers = "python_version …".')
        else:
            parts.append(versions)
    return " and ".join(parts) or None


def _python_marker(constraint: str) -> str | None:
    """Poetry's version constraint as a marker; None for what is none."""
    choices = []
    for choice in constraint.split("||"):
        clauses = []
        for part in re.split(r",|(?<=\d)\s+(?=[<>=!^~])", choice.strip()):
            bounds = _bounds(part.strip())
            if bounds is None:
                return None
            clauses += [f"python_full_version {operator} '{version}'" for operator, version in bounds]
        choices.append(" and ".join(clauses))
    return choices[0] if len(choices) == 1 else "(" + " or ".join(f"({choice})" for choice in choices) + ")"


def _bounds(part: str) -> list[tuple[str, str]] | None:
    match = re.fullmatch(r"(\^|~=|~|===?|!=|<=|>=|<|>)?\s*(\d+(?:\.\d+)*)(\.\*)?", part)
    if match is None:
        return None
    operator, version, wild = match[1] or "==", match[2], match[3] or ""
    numbers = [int(number) for number in version.split(".")]
    if operator == "^":
        kept = next((i for i, number in enumerate(numbers) if number), len(numbers) - 1) + 1
    elif operator == "~":
        kept = min(2, len(numbers))
    elif operator == "=" or (wild and operator not in ("==", "!=")):
        return None
    else:
        exact = operator == "==" and not wild and len(numbers) < 3
        return [("==" if operator == "===" else operator, version + (wild or ".*" * exact))]
    upper = [*numbers[: kept - 1], numbers[kept - 1] + 1]
    return [(">=", version), ("<", ".".join(map(str, upper)))]
