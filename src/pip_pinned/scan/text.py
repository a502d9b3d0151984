"""Options, variables and settings in text that is, holds or generates commands: Dockerfiles, shell scripts, CI files, code blocks.

Nothing here understands a shell. Lines are joined where they are continued, comments taken out, and what is left is searched for
the options of pip and uv, the variables that they read, and the lines of a pip.conf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pip_pinned.policy import names
from pip_pinned.scan.facts import EXTRA, INDEX, LINKS, TRUSTED, Facts, Named, Note, Place, Source

_KINDS = {"index-url": INDEX, "pypi-url": INDEX, "default-index": INDEX, "i": INDEX, "extra-index-url": EXTRA, "index": EXTRA, "find-links": LINKS, "f": LINKS,
          "trusted-host": TRUSTED, "allow-insecure-host": TRUSTED}
_VALUE = r"""(?:"[^"\n]*"|'[^'\n]*'|\\"[^"\\\n]*\\"|(?:\$\{\{.*?\}\}|\$\([^)\n]*\)|\$\{[^}\n]*\}|\{\{.*?\}\}|[^\s"'`;|&<>()\[\]{},\\])+)"""
_OPTION = re.compile(
    rf"""(?<![\w-])-{{1,2}}(?P<flag>(?<=--)(?:index-url|pypi-url|extra-index-url|extra-index|default-index|index|find-links|trusted-host|allow-insecure-host)|(?<!--)[if])
    (?:\s*=\s*|["']\s*,\s*(?=["'])|\s+|(?<=-i)(?=https?:))(?P<value>{_VALUE})""", re.VERBOSE)
_BARE = re.compile(r"""(?<![\w-])--(?:index-url|extra-index-url|find-links|trusted-host)["']?,?\s*$""")
_VARIABLE = re.compile(
    rf"""(?<![\w$])(?:\$env:)?(?P<name>(?:PIP|UV|PIPENV)_(?:EXTRA_INDEX_URL|INDEX_URL|DEFAULT_INDEX|INDEX|FIND_LINKS|TRUSTED_HOST|INSECURE_HOST|PYPI_MIRROR))
    (?P<assign>["']?\]?\s*(?:=|:=|\?=|:|,)\s*|\s+(?=\S))(?P<value>{_VALUE})?(?=(?P<more>(?:[ \t]+{_VALUE})*))""", re.VERBOSE)
_DECLARED = re.compile(r"^\s*ARG\s+(?P<name>(?:PIP|UV)_(?:EXTRA_INDEX_URL|INDEX_URL|DEFAULT_INDEX|INDEX|FIND_LINKS|TRUSTED_HOST))\s*$", re.IGNORECASE)
_SETTING = re.compile(rf"(?:(?<![\w$-])|(?<=\\n))(?P<key>(?:extra[-_]index|index)[-_]url|find[-_]links|trusted[-_]host)\s*=(?!=)\s*(?P<value>{_VALUE}(?:[ \t]+{_VALUE})*)")
_CONFIG_SET = re.compile(rf"""\bconfig\b[^\n;|&]*?\bset\s+["']?[\w-]+\.(?P<key>index-url|extra-index-url|find-links|trusted-host)["']?\s+(?P<value>{_VALUE})""")
_PROGRAM = re.compile(r"(?<![\w./-])(?:[\w./${}-]*/)?(?P<name>pip[-_]pinned|pip-compile|pip-sync|pip-tools|pipenv|pipx|pip[0-9.]*|uv|easy_install)(?![\w-])|\bsession\.install\b|\binstall_command\b")
_PRAGMA = re.compile(r"(?:#|//|<!--)\s*pip-pinned:\s*ignore(?:\[(?P<codes>[\w\s,-]*)\])?")
_INSTALL = re.compile(r"(?<![\w./-])(?:[\w./${}-]*/)?(?:pip[0-9.]*|pip[-_]pinned|uv\s+pip)[\"']?(?:,?\s+[\"']?(?!install)-[\w-]+[\"']?)*,?\s+[\"']?(?:install|download|wheel)\b[\"']?(?P<words>[^\n;|&]*)")
_TAKES_VALUE = frozenset(("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host",
                          "-t", "--target", "--prefix", "--root", "-d", "--dest", "-w", "--wheel-dir", "--platform", "--python-version", "--implementation", "--abi",
                          "--cache-dir", "--retries", "--timeout", "--proxy", "--cert", "--client-cert", "--progress-bar", "--report", "--src", "--only-binary", "--no-binary",
                          "--index", "--default-index", "--index-strategy", "--pin", "--upgrade-strategy", "--log", "--python", "-p"))
_SEGMENT = re.compile(r"&&|\|\||;|(?<![|&])\|(?!\|)")


class Line(NamedTuple):
    """A logical line: number of its first line, text with continuations joined, and how many lines it has."""

    number: int
    text: str
    span: int = 1


def logical_lines(text: str, *, comment: str = "#", continuation: str = "\\", folded: bool = False) -> Iterator[Line]:
    """Lines without comments, joined where the last character continues them; ``folded`` joins YAML's ``>`` blocks too."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        number, parts = at + 1, [_without_comment(lines[at], comment)]
        at += 1
        while at < len(lines) and (parts[-1].rstrip().endswith((continuation, "`") if continuation == "`" else continuation) or _BARE.search(parts[-1])):
            parts[-1] = parts[-1].rstrip().removesuffix(continuation)
            following = _without_comment(lines[at], comment)
            if following.strip() == "" and lines[at].strip() != "":  # a comment among the lines of one command
                following = continuation
            parts.append(re.sub(r"^\s*-\s+", " ", following) if _BARE.search(parts[-1]) else following)
            at += 1
        if folded and re.search(r":\s*>[-+0-9]*\s*$", parts[-1]):
            indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
            while at < len(lines) and (not lines[at].strip() or len(lines[at]) - len(lines[at].lstrip()) > indent):
                parts.append(_without_comment(lines[at], comment))
                at += 1
        joined = " ".join(part.strip() if i else part for i, part in enumerate(parts))
        if joined.strip():
            yield Line(number, joined, at - number + 1)


def _without_comment(line: str, comment: str) -> str:
    if comment not in line:
        return line
    quote = ""
    for i, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif line.startswith(comment, i) and (i == 0 or line[i - 1].isspace()):
            return line[:i]
    return line


def read(facts: Facts, file: str, text: str, *, comment: str = "#", continuation: str = "\\", folded: bool = False, first: int = 0) -> None:
    """Note everything that a text of commands says; ``first`` is how many lines stand before it in its file."""
    read_pragmas(facts, file, text, first)
    for line in logical_lines(text, comment=comment, continuation=continuation, folded=folded):
        place = Place(file, first + line.number)
        for found in sources_of(line.text, place, line.span):
            if found not in facts.sources:
                facts.sources.append(found)
        for match in _INSTALL.finditer(line.text):
            facts.names += _names_of(match.group("words"), place)


def read_pragmas(facts: Facts, file: str, text: str, first: int = 0) -> None:
    """``# pip-pinned: ignore[code] reason`` silences its own line and the next one."""
    for number, line in enumerate(text.splitlines(), first + 1):
        match = _PRAGMA.search(line)
        if match is not None:
            codes = {code.strip() for code in (match.group("codes") or "*").split(",")}
            alone = not line[:match.start()].strip()
            for place in (Place(file, number), *((Place(file, number + 1),) if alone else ())):
                facts.ignored.setdefault(place, set()).update(codes)


def sources_of(text: str, place: Place, count: int = 1) -> Iterator[Source]:
    """The sources that a logical line names."""
    start = 0
    for end in [*(match.start() for match in _SEGMENT.finditer(text)), len(text)]:
        segment = text[start:end]
        program = _program(segment)
        for match in _OPTION.finditer(segment):
            flag = "extra-index-url" if match["flag"] == "extra-index" else match["flag"]
            if (len(flag) > 1 and flag not in ("index", "default-index")) or program:
                yield Source(_KINDS[flag], _unquoted(match["value"]), place, program, text.strip(), count)
        start = end
    for match in _VARIABLE.finditer(text):
        yield from _of_variable(match, text, place, count)
    declared = _DECLARED.match(text)
    if declared is not None:
        yield Source(_kind_of_variable(declared["name"]), "", place, declared["name"].partition("_")[0].lower(), text.strip(), count)
    for pattern in (_SETTING, _CONFIG_SET):
        for match in pattern.finditer(text):
            for value in _values(match["value"]):
                yield Source(_KINDS[match["key"].replace("_", "-")], value, place, "pip", text.strip(), count)


def _program(segment: str) -> str:
    match = _PROGRAM.search(segment)
    name = "" if match is None else (match["name"] or "pip").replace("_", "-")
    return "pip" if re.fullmatch(r"pip[0-9.]*", name) else name


def _kind_of_variable(name: str) -> str:
    return {"INDEX": EXTRA, "PYPI_MIRROR": INDEX, "DEFAULT_INDEX": INDEX, "INSECURE_HOST": TRUSTED}.get(
        name.partition("_")[2], name.partition("_")[2].lower().replace("_", "-"))


def _of_variable(match: re.Match[str], text: str, place: Place, count: int) -> Iterator[Source]:
    if match["assign"].isspace() and not re.match(r"\s*(?:ENV|ARG|set|setx|-e|--env)\b", text[: match.start()] or " ", re.IGNORECASE):
        return  # only mentioned
    before = text[: match.start()].rstrip()
    if match["value"] is None or before.endswith(("${", "$(")):
        return
    value = match["value"]
    if "=" not in match["assign"]:  # in a shell the value ends with the word, and the next one is a command or another variable
        value += match["more"]
    for one in _values(value):
        yield Source(_kind_of_variable(match["name"]), one, place, match["name"].partition("_")[0].lower(), text.strip(), count)


def _values(text: str) -> list[str]:
    """The words of a value: pip takes several URLs from one variable or setting."""
    found = [word for part in re.findall(_VALUE, text) for word in re.findall(r"(?:\$\{\{.*?\}\}|\{\{.*?\}\}|\S)+", _unquoted(part))]
    return [word.split("\\n")[0] for word in found if word.split("\\n")[0]]


def _unquoted(value: str) -> str:
    return value.removeprefix("\\").removesuffix("\\").strip("\"'").removesuffix("\\n")


def _names_of(words: str, place: Place) -> Iterator[Named]:
    skip = False
    for word in re.findall(_VALUE, words.replace('",', '" ').replace("',", "' ")):
        text = _unquoted(word)
        takes, skip = skip, text in _TAKES_VALUE
        if takes or text.startswith("-") or "$" in text or "/" in text:
            continue
        match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?((?:[<>=!~]=?.*)?)", text)
        if match is not None and names.is_project_name(match[1]) and match[1] != "." and not match[1].endswith((".txt", ".whl", ".gz", ".zip")):
            yield Named(names.normalize(match[1]), place, exact=match[2].startswith("=="))


def dropped(text: str, place: Place) -> Note | None:
    """A requirement and an index option on one line of a requirements file: pip drops the one that stands second (CONTRACT 3.6)."""
    words = text.split()
    options = [word for word in words if _OPTION.match(word + " x") and not word.startswith(("--hash", "--config"))]
    first = words[0] if words else ""
    if not options or len(words) < 2:
        return None
    if not first.startswith("-"):
        return Note("option-dropped-by-pip", place, f"pip ignores {options[0].partition('=')[0]} behind a requirement")
    rest = words[1:] if "=" in first else words[2:]
    if rest and not rest[0].startswith("-"):
        return Note("option-dropped-by-pip", place, f"pip ignores what stands behind {first.partition('=')[0]}")
    return None
