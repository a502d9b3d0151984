"""Files that have a format of their own: requirements, pip.conf, TOML tables, locks, documents."""

from __future__ import annotations

import configparser
import json
import re
import sys
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.requirements import Requirement

from pip_pinned.policy import names
from pip_pinned.scan import text as commands
from pip_pinned.scan.facts import EXTRA, INDEX, LINKS, TRUSTED, Facts, Locked, Named, Note, Place, Source, conceal

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KEYS = ("index-url", "extra-index-url", "find-links", "trusted-host")
_NOT_CATEGORIES = ("source", "requires", "scripts", "pipenv", "build-system", "pipfile")
_ELSEWHERE = ("git", "hg", "svn", "bzr", "path", "file", "uri", "url")


class Unreadable(Exception):
    """A file is not what its name says."""


class _Lines:
    """Where a value stands: the first line with it, comments apart, that no earlier question about it has taken."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._starts = [0, *(match.end() for match in re.finditer("\n", self._text))]
        self._taken: set[tuple[str, int]] = set()

    def of(self, *needles: str, key: str = "", start: int = 0) -> Place:
        """The line of the first needle that is there; from ``key =`` on if that is there, and from line ``start`` on."""
        begin = self._starts[min(start, len(self._starts) - 1)]
        if key:
            match = re.compile(rf"^[ \t]*[\"']?{re.escape(key).replace('_', '[-_]').replace(re.escape('-'), '[-_]')}[\"']?[ \t]*[=:]", re.MULTILINE | re.IGNORECASE).search(self._text, begin)
            begin = begin if match is None else match.start()
        for needle in filter(None, needles):
            first = None
            for number in self._having(needle, begin):
                if (needle, number) not in self._taken:
                    self._taken.add((needle, number))
                    return Place(self._file, number)
                first = first or number
            if first is not None:
                return Place(self._file, first)
        return Place(self._file, bisect(self._starts, begin))

    def _having(self, needle: str, begin: int) -> Iterator[int]:
        """The lines with it as a whole, then those where more follows it."""
        longer = []
        at = self._text.find(needle, begin)
        while at >= 0:
            number = bisect(self._starts, at)
            end = self._starts[number] if number < len(self._starts) else len(self._text) + 1
            if not self._text[self._starts[number - 1]:at].lstrip().startswith(("#", ";")):
                if re.match(r"[\w./-]", self._text[at + len(needle):at + len(needle) + 1]) and re.match(r"[\w/]", needle[-1:]):
                    longer.append(number)
                else:
                    yield number
            at = self._text.find(needle, end) if end <= len(self._text) else -1
        yield from longer


# -- requirements files -------------------------------------------------------------------------------------------


def read_requirements(facts: Facts, file: str, text: str) -> None:
    """A requirements or constraints file, its lines counted as pip counts them: a form feed ends one, too."""
    facts.requirements.add(file)
    text = "\n".join(text.splitlines())
    commands.read_pragmas(facts, file, text)
    kind = "constraint" if "constraint" in file.rpartition("/")[2].lower() else "requirement"
    for line in commands.logical_lines(text):
        place, content = Place(file, line.number), commands.in_full(line.text.strip())
        nested = re.match(r"(?:-r|-c|--requirement|--constraint)[=\s]*(\S+)", content)
        if nested is not None and "://" not in nested[1]:
            facts.nested.append((file, nested[1]))
        facts.sources += [source._replace(program="pip", text=content) for source in commands.sources_of(f"pip {content}", place, line.span)]
        note = commands.dropped(content, place)
        if note is not None:
            facts.notes.append(note)
        if not content.startswith("-") or content.startswith(("-e", "--editable")):
            named = requirement(re.sub(r"^(-e|--editable)[\s=]*", "", content), place, kind)
            if named is not None:
                facts.names.append(named)


def requirement(content: str, place: Place, kind: str = "requirement") -> Named | None:
    """A requirement, without the options behind it; a bare URL is one with its file's name or its fragment's."""
    hashed = "--hash" in content
    content = re.split(r"(?<!\s)\s+--?[A-Za-z]", content, maxsplit=1)[0].strip()
    try:
        found = Requirement(content)
    except (ValueError, RecursionError):
        match = re.match(r"(?:\w+\+)?(?:https?|ssh|git|file)://\S+|git@\S+", content)
        if match is None:
            return None
        egg = re.search(r"(?:^|&)egg=([\w.-]+)", content.partition("#")[2])
        path = conceal(match.group()).partition("#")[0].rpartition("****@")[2].rstrip("/")
        stem = re.split(r"-\d|@|\.git\b", path.rpartition("/")[2])[0]
        return Named(names.normalize(egg.group(1) if egg else stem), place, kind, match.group(), hashed or "#sha" in content)
    exact = any(specifier.operator in ("==", "===") and not specifier.version.endswith(".*") for specifier in found.specifier)
    return Named(names.normalize(found.name), place, kind, found.url, hashed or "#sha" in (found.url or ""), exact)


# -- INI files -----------------------------------------------------------------------------------------------------


def _ini(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError) as exc:  # AttributeError: a key without a value, and an indented line below it (python/cpython#107625)
        raise Unreadable(str(exc).partition("\n")[0] if isinstance(exc, configparser.Error) else "a key without a value is continued") from exc
    return parser


def read_pip_conf(facts: Facts, file: str, text: str) -> None:
    """pip.conf: every section counts, as it does for pip."""
    commands.read_pragmas(facts, file, text)
    lines, parser = _Lines(file, text), _ini(text)
    for section in parser.sections():
        for key, value in parser.items(section):
            kind = key.replace("_", "-")
            for one in _uncommented(value) if kind in _KEYS else ():
                facts.sources.append(Source(kind, one, lines.of(one, key=key), "pip", f"{key} = {one}"))


def _uncommented(value: str | None) -> Iterator[str]:
    """The words of a value, each once. What is meant as a comment behind it is part of it for pip, but no place to look for packages."""
    for line in (value or "").split("\n"):
        yield from dict.fromkeys(commands.words_of(line))


def read_ini(facts: Facts, file: str, text: str) -> None:
    """setup.cfg and tox.ini: requirements, dependency links, and commands and variables anywhere."""
    commands.read(facts, file, text)
    lines, parser = _Lines(file, text), _ini(text)
    known = {(source.kind, source.value, source.place) for source in facts.sources}
    for section in parser.sections():
        for key, value in parser.items(section):
            kind = "build" if key in ("setup_requires", "requires") and section == "options" else "requirement"
            wanted = key in ("install_requires", "setup_requires", "tests_require", "deps") or section == "options.extras_require"
            for one in (value or "").splitlines() if wanted else ():
                named = requirement(one.rpartition(": ")[2].strip(), lines.of(one.strip()), kind) if one.strip() and not one.strip().startswith(("-", "{", "#")) else None
                if named is not None:
                    facts.names.append(named)
            for one in (value or "").splitlines() if key == "deps" else ():
                if one.strip().startswith("-"):  # options of pip among the requirements
                    found = commands.sources_of(f"pip {one.strip()}", lines.of(one.strip()))
                    facts.sources += [source._replace(text=one.strip()) for source in found if (source.kind, source.value, source.place) not in known]
            if key == "dependency_links" or (section == "easy_install" and key in ("index_url", "find_links")):
                facts.sources += [Source(INDEX if key == "index_url" else LINKS, one, lines.of(one), "easy_install", one) for one in (value or "").split()]
            if section == "tox:indexserver" or (section.startswith("tox") and key == "indexserver"):
                facts.sources += [Source(INDEX, one, lines.of(one), "tox", one) for one in re.findall(r"https?://\S+", value or "")]


# -- TOML ------------------------------------------------------------------------------------------------------------


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as exc:
        raise Unreadable(str(exc).partition("\n")[0]) from exc


def _table(data: object, *path: str) -> dict[str, Any]:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _tables(data: object) -> list[dict[str, Any]]:
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def _texts(data: object) -> list[str]:
    return [data] if isinstance(data, str) else [one for one in data if isinstance(one, str)] if isinstance(data, list) else []


def read_toml(facts: Facts, file: str, text: str) -> None:
    """pyproject.toml, uv.toml, pip-pinned.toml: requirements, and the indexes of every tool's table."""
    data, lines = _toml(text), _Lines(file, text)
    commands.read(facts, file, text, settings=False)  # commands and variables of hatch, tox, poe, cibuildwheel…
    last = file.rpartition("/")[2].lower()
    tables = {"uv": data if last == "uv.toml" else _table(data, "tool", "uv"), "pip-pinned": data if last == "pip-pinned.toml" else _table(data, "tool", "pip-pinned"),
              "poetry": _table(data, "tool", "poetry"), "pdm": _table(data, "tool", "pdm")}
    _read_uv(facts, tables["uv"], lines)
    for key, kind in (("index-url", INDEX), ("extra-index-urls", EXTRA)):
        for value in _texts(_table(data, "tool", "pixi", "pypi-options").get(key)):
            facts.sources.append(Source(kind, value, lines.of(value, key=key), "pixi", key))
    for tool, key in (("uv", "index"), ("pip-pinned", "index"), ("poetry", "source"), ("pdm", "source")):
        for entry in _tables(tables[tool].get(key)):
            if isinstance(entry.get("url"), str):
                place = lines.of(entry["url"])
                facts.sources.append(Source("declared", entry["url"], place, tool, str(entry.get("name", ""))))
                if entry.get("verify_ssl", entry.get("verify-ssl")) is False:
                    facts.notes.append(Note("trusted-host", place, f"{entry.get('name', 'an index')} is asked without verifying who answers"))
    project = _table(data, "project")
    groups = [project.get("dependencies"), *_table(project, "optional-dependencies").values(), *_table(data, "dependency-groups").values(), tables["uv"].get("dev-dependencies")]
    groups += [*_table(tables["pdm"], "dev-dependencies").values()]
    _add(facts, (one for group in groups for one in _texts(group)), lines, "requirement")
    _add(facts, _texts(_table(data, "build-system").get("requires")), lines, "build")
    _add(facts, [*_texts(tables["uv"].get("constraint-dependencies")), *_texts(tables["uv"].get("override-dependencies"))], lines, "constraint")
    poetry = tables["poetry"]
    for group in (poetry, *(_table(group) for group in _table(poetry, "group").values())):
        for key in ("dependencies", "dev-dependencies"):
            _read_entries(facts, _table(group, key), lines)


def _read_uv(facts: Facts, uv: Mapping[str, Any], lines: _Lines) -> None:
    for table in (uv, _table(uv, "pip")):
        for key, kind in (("index-url", INDEX), ("extra-index-url", EXTRA), ("find-links", LINKS), ("allow-insecure-host", TRUSTED), ("trusted-host", TRUSTED)):
            facts.sources += [Source(kind, value, lines.of(value, key=key), "uv", key) for value in _texts(table.get(key))]


def _add(facts: Facts, texts: Iterable[str], lines: _Lines, kind: str) -> None:
    for text in texts:
        named = requirement(text, lines.of(f'"{text}"', f"'{text}'", text), kind)
        if named is not None:
            facts.names.append(named)


def _read_entries(facts: Facts, entries: Mapping[str, Any], lines: _Lines) -> None:
    """``name = "1.0"`` or ``name = { … }``, as Pipfile and Poetry write requirements."""
    for name, entry in entries.items():
        if names.is_project_name(name) and name.lower() != "python":
            place = lines.of(name, key=name)
            url = next((str(entry[key]) for key in _ELSEWHERE if key in entry), None) if isinstance(entry, dict) else None
            facts.names.append(Named(names.normalize(name), place, url=url if url and "://" in url else None))


def read_pipfile(facts: Facts, file: str, text: str) -> None:
    """A Pipfile."""
    commands.read_pragmas(facts, file, text)
    data, lines = _toml(text), _Lines(file, text)
    for entry in _tables(data.get("source")):
        if isinstance(entry.get("url"), str):
            place = lines.of(entry["url"])
            facts.sources.append(Source("declared", entry["url"], place, "pipenv", str(entry.get("name", ""))))
            if entry.get("verify_ssl") is False:
                facts.notes.append(Note("trusted-host", place, f"{entry.get('name', 'an index')} is asked without verifying who answers"))
    for category in data:
        if category not in _NOT_CATEGORIES:
            _read_entries(facts, _table(data, category), lines)
    if _table(data, "pipenv").get("install_search_all_sources") is True:
        facts.notes.append(Note("sync-any-index", lines.of("install_search_all_sources"), "pipenv takes a locked file from any source"))


# -- locks -------------------------------------------------------------------------------------------------------


def read_pylock(facts: Facts, file: str, text: str) -> None:
    """pylock.toml (PEP 751)."""
    commands.read_pragmas(facts, file, text)
    data, lines = _toml(text), _Lines(file, text)
    packages = _tables(data.get("packages"))
    headers = [number for number, line in enumerate(commands.lines_of(text)) if re.match(r"\s*\[\[\s*packages\s*\]\]", line)]
    at = 0
    for number, package in enumerate(packages):
        name = package.get("name")
        if not isinstance(name, str):
            continue
        at = headers[number] if len(headers) == len(packages) else at
        place = lines.of(f'name = "{name}"', name, start=at)
        at = place.line - 1
        files = [*_tables(package.get("wheels")), *([package["sdist"]] if isinstance(package.get("sdist"), dict) else [])]
        archive = _table(package, "archive")
        direct = any(key in package for key in ("vcs", "directory", "archive"))
        hashed = all(_table(one, "hashes") for one in [*files, *([archive] if archive else [])]) and bool(files or archive or direct)
        index = package.get("index")
        facts.locked.append(Locked(names.normalize(name), str(package.get("version", "")), place, index if isinstance(index, str) else None, hashed, direct))


def read_pipfile_lock(facts: Facts, file: str, text: str) -> None:
    """Pipfile.lock. With one source an entry without ``index`` can only be from there."""
    try:
        data = json.loads(text)
        json.dumps(data, ensure_ascii=False).encode()  # refuses half a character
    except (ValueError, RecursionError) as exc:
        raise Unreadable(str(exc).partition("\n")[0]) from exc
    lines = _Lines(file, text)
    sources = _tables(_table(data, "_meta").get("sources"))
    for entry in sources:
        if isinstance(entry.get("url"), str):
            facts.sources.append(Source("declared", entry["url"], lines.of(entry["url"]), "pipenv", str(entry.get("name", ""))))
    only = str(sources[0].get("name")) if len(sources) == 1 else None
    at = 0
    for category, entries in data.items() if isinstance(data, dict) else ():
        for name, entry in entries.items() if category != "_meta" and isinstance(entries, dict) else ():
            if isinstance(entry, dict):
                index = entry.get("index")
                direct = any(key in entry for key in _ELSEWHERE)
                place = lines.of(f'"{name}": {{', f'"{name}"', start=at)
                at = place.line - 1
                facts.locked.append(Locked(names.normalize(name), str(entry.get("version", "")).removeprefix("=="), place,
                                           index if isinstance(index, str) else only, bool(entry.get("hashes")) or direct, direct))


# -- what holds commands among other things -----------------------------------------------------------------------


def read_conda(facts: Facts, file: str, text: str) -> None:
    """A conda environment: the entries under ``pip:``, and variables."""
    commands.read(facts, file, text, folded=True)
    inside = None
    for number, full in enumerate(commands.lines_of(text), 1):
        line = commands.without_comment(full, "#")
        indent, content = len(line) - len(line.lstrip()), line.strip()
        if re.fullmatch(r"-\s*pip:", content):
            inside = indent
        elif inside is not None and content:
            if indent <= inside:
                inside = None
                continue
            word = content.removeprefix("-").strip().strip("\"'")
            place = Place(file, number)
            named = None if word.startswith("-") else requirement(word, place)
            if named is not None:
                facts.names.append(named)
            for source in commands.sources_of(f"pip {word}", place):
                if source.value not in [known.value for known in facts.sources if known.place == place]:
                    facts.sources.append(source._replace(text=word))


def read_python(facts: Facts, file: str, text: str) -> None:
    """A Python file that runs installers: arguments in calls may go over several lines."""
    commands.read(facts, file, re.sub(r"\b(?:session\.(?:install|run)|subprocess\.\w+|run|check_call|check_output)\([^()]*\)", _continued, "\n".join(commands.lines_of(text))))


def _continued(call: re.Match[str]) -> str:
    """A call over several lines, each continued as a command is."""
    lines = call.group().split("\n")
    return "\n".join([*(commands.without_comment(line, "#") + " \\" for line in lines[:-1]), lines[-1]])


def read_groovy(facts: Facts, file: str, text: str) -> None:
    """A Jenkinsfile: comments of Groovy, and of the shell in its strings."""
    kept, inside = [], False
    for line in commands.lines_of(text):
        inside = inside or line.lstrip().startswith("/*")
        kept.append("" if inside else line)
        inside = inside and "*/" not in line
    commands.read(facts, file, "\n".join(kept), comment=("//", "#"))


def read_document(facts: Facts, file: str, text: str) -> None:
    """Code blocks of a document: fenced ones, and lines that begin like a prompt or are indented by four."""
    indented = "   " if file.lower().endswith(".rst") else "    "
    kept, fence = [], ""
    for line in commands.lines_of(text):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark is not None:
            fence = "" if fence and line.strip().startswith(fence) else fence or mark.group(1)
            kept.append("")
        else:
            kept.append(re.sub(r"^\s*[$>]\s", "", line) if fence or line.startswith((indented, "\t")) or re.match(r"\s*\$ ", line) else "")
    commands.read(facts, file, "\n".join(kept))
    commands.read_pragmas(facts, file, text)
