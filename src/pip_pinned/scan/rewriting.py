"""Lines without their index options: requirements files as they are to be, and commands as they could be."""

from __future__ import annotations

import re
from typing import NamedTuple

from pip_pinned.scan import text as commands
from pip_pinned.scan.facts import EXTRA, INDEX, LINKS, Place, Source, is_remote

_GAP = r"(?:\s|\\\r?\n)+"
_OPTION = re.compile(
    rf"""(?P<before>(?:[ \t]|\\\r?\n)*)(?<![\w-])(?:--(?:index-url|pypi-url|extra-index-url|find-links)|-[if])(?:=|{_GAP}|(?<=-i)(?=https?:))(?P<value>{commands.VALUE})""", re.VERBOSE)
_PIP = re.compile(r"(?<![\w./-])(?:(?P<python>python[0-9.]*|py)\s+-m\s+pip|pip[0-9.]*)(?=\s+(?:-[\w-]+\s+)*(?:install|download|wheel)\b)")


class Replacement(NamedTuple):
    """What ``lines`` lines from ``place`` on could be instead; ``after`` None where that is left to people."""

    place: Place
    lines: int
    before: str
    after: str | None


def is_index_option(source: Source) -> bool:
    """Whether a source says where names are searched, and not only whom to trust."""
    return source.kind in (INDEX, EXTRA) or (source.kind == LINKS and is_remote(source.value))


def without_index_lines(text: str) -> str:
    """A requirements file without its index options. Comments, and a line that also has a requirement, stay as they are."""
    if text.startswith("\ufeff"):
        return "\ufeff" + without_index_lines(text[1:])
    rows = text.splitlines(keepends=True)  # as pip counts lines
    kept: list[str] = []
    at = 0
    for line in commands.logical_lines("\n".join(text.splitlines())):
        kept += rows[at:line.number - 1]
        block = "".join(rows[line.number - 1:line.number - 1 + line.span])
        at = line.number - 1 + line.span
        left = _stripped(block) if line.text.lstrip().startswith("-") and commands.dropped(line.text.strip(), Place("", 1)) is None else block
        if left == block or "".join(line.text for line in commands.logical_lines(left)).strip():
            kept.append(left if left.endswith(("\n", "\r")) or not block.endswith(("\n", "\r")) else left + "\n")
    return "".join([*kept, *rows[at:]])


def _rows(text: str) -> list[str]:
    """The lines with their ends, counted as the scanner counts them."""
    return re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$", text)


def _stripped(block: str) -> str:
    full = commands.in_full(block)
    left = _OPTION.sub(lambda found: "" if _is_removed(found) else found.group(), full)
    return block if left == full else left.lstrip(" ")


def _is_removed(found: re.Match[str]) -> bool:
    option = found.group().strip().lstrip("\\").strip()
    return not option.startswith(("--find-links", "-f")) or is_remote(found["value"].strip("\"'"))


def replacement(text: str, source: Source) -> Replacement:
    """What a command could be: pip-pinned in place of pip, without its index options. Only a plain ``pip install`` gets one."""
    block = "\n".join(commands.lines_of(text)[source.place.line - 1:source.place.line - 1 + source.lines])
    if source.program != "pip" or _PIP.search(block) is None or "$(" in block or "`" in block.replace("`\n", ""):
        return Replacement(source.place, source.lines, block, None)
    after = _PIP.sub(lambda found: f"{found['python']} -m pip_pinned" if found["python"] else "pip-pinned", _stripped(block))
    after = "\n".join(row for row in after.split("\n") if row.strip() not in ("", "\\"))
    if not block.rstrip().endswith("\\"):
        after = re.sub(r"[ \t]*\\\s*$", "", after)
    indent = re.match(r"[ \t]*", block)
    after = (indent.group() if indent else "") + after.lstrip(" \t")
    left = list(commands.sources_of(next((line.text for line in commands.logical_lines(after)), ""), source.place))
    if any(is_index_option(one) for one in left) or after == block:
        return Replacement(source.place, source.lines, block, None)
    return Replacement(source.place, source.lines, block, after)


def apply(text: str, replacements: list[Replacement]) -> str:
    """The text with these replacements made."""
    rows = _rows(text)
    for one in sorted(set(replacements), key=lambda one: -one.place.line):
        if one.after is not None:
            start = one.place.line - 1
            end = re.search(r"[\r\n]*$", rows[start + one.lines - 1])
            ending = end.group() if end else ""
            rows[start:start + one.lines] = [one.after.replace("\n", ending or "\n") + ending]
    return "".join(rows)
