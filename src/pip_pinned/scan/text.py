"""Options, variables and settings in text that is, holds or generates commands: Dockerfiles, shell scripts, CI files, code blocks.

Nothing here understands a shell. Lines are joined where they are continued, comments taken out, and what is left is searched for
the options of pip and uv, the variables that they read, and the lines of a pip.conf.
"""

from __future__ import annotations

import re
from bisect import bisect, bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from pip_pinned.policy import names
from pip_pinned.scan.facts import EXTRA, INDEX, LINKS, TRUSTED, Facts, Named, Note, Place, Source

_KINDS = {"index-url": INDEX, "pypi-url": INDEX, "default-index": INDEX, "i": INDEX, "extra-index-url": EXTRA, "index": EXTRA, "find-links": LINKS, "f": LINKS,
          "trusted-host": TRUSTED, "allow-insecure-host": TRUSTED}
# All lengths are bounded, so that no line, however long, takes more than linear time.
_IN_URL = r"[A-Za-z][A-Za-z0-9+.-]{0,20}://(?:\$\{\{[^{}\n]{0,200}\}\}|(?!\$\{\{)[^\s\"'`/]){0,300}@"  # a password may have what ends a word
VALUE = rf"""(?:"[^"\n]*"|'[^'\n]*'|\\"[^"\\\n]*\\"|(?:{_IN_URL}|\$\{{\{{.{{0,200}}?\}}\}}|\$\([^)\n]{{0,200}}\)|\$\{{[^}}\n]{{0,200}}\}}|\{{\{{.{{0,200}}?\}}\}}|\{{[^{{}}\n]{{0,200}}\}}
    |<[^<>\s]{{0,100}}>|["']{{1,2}}\$\{{?\w+\}}?["']{{1,2}}|\[[0-9A-Fa-f:.]+\]|\\(?=\$)|[^\s"'`;|&<>()\[\]{{}},\\])+)""".replace("\n    ", "")
_OPTION = re.compile(
    rf"""(?<![\w-])-{{1,2}}(?P<flag>(?<=--)(?:index-url|pypi-url|extra-index-url|extra-index|default-index|index|find-links|trusted-host|allow-insecure-host)|(?<!--)[if])
    (?:\s*=\s*|["']\s*,\s*(?:[fFrRbB]{{1,2}}(?=["'])|(?=["']|[A-Za-z_][\w.]*\s*[\[(\]),+]))|\s+|(?<=-[if])(?=https?:|file:|\$))(?!["']?--?[A-Za-z])(?P<value>{VALUE})""", re.VERBOSE)
_BARE = re.compile(r"""(?<![\w-])--(?:index-url|extra-index-url|find-links|trusted-host)["']?,?\s*$""")
_VARIABLE_NAMES = "EXTRA_INDEX_URL|INDEX_URL|DEFAULT_INDEX|INDEX|FIND_LINKS|TRUSTED_HOST|INSECURE_HOST|PYPI_MIRROR"
_VARIABLE = re.compile(
    rf"""(?<![\w$])(?:\$env:)?(?P<name>(?:PIP|UV|PIPENV)_(?:{_VARIABLE_NAMES}))
    (?P<assign>["']?\]?\s*(?:=(?!=)|:=|\?=|:|,)\s*|(?:;\w+=\w+)*\]|\s+(?=\S))(?P<value>{VALUE})?(?=(?P<more>(?:[ \t]+{VALUE}){{0,20}}))""", re.VERBOSE)
_KEY = re.compile(r"""(?:^|[{,\[(?-])\s*["']?$""")
_SETTER = re.compile(r"""(?:\b(?:set|put)\w*\(\s*|\.set\w*\(\s*)["']?$""", re.IGNORECASE)
_WORD_BEFORE = re.compile(r"""(?:^|[;&|]|\bRUN)\s*(?:ENV|setx|set(?:\s+-\w+){0,4})\s+["']?$""", re.IGNORECASE)
_PRINTED = re.compile(r"(?<![\w.-])(?:echo|printf|Write-(?:Host|Output|Verbose))\b[^;&|]{0,200}$", re.IGNORECASE)
_DECLARED = re.compile(rf"^\s*(?:ARG\s+|-\s+[\"']?)(?P<name>(?:PIP|UV)_(?:{_VARIABLE_NAMES}))[\"']?\s*$", re.IGNORECASE)
_ADDED = re.compile(r"^\s*onlyAddExtraIndex:\s*['\"]?true\b", re.IGNORECASE)  # PipAuthenticate of Azure Pipelines sets PIP_EXTRA_INDEX_URL
_SETTING = re.compile(rf"(?:(?<![\w$-])|(?<=\\n))(?P<key>(?:extra[-_]index|index)[-_]url|find[-_]links|trusted[-_]host)\s*=(?!=)\s*(?P<value>{VALUE}(?:[ \t]+{VALUE})*)")
_CONFIG_SET = re.compile(rf"""\bconfig\b[^\n;|&]{{0,100}}?\bset\s+["']?[\w-]+\.(?P<key>index-url|extra-index-url|find-links|trusted-host)["']?\s+(?P<value>{VALUE})""")
_PATH = r"(?<![\w./-])(?:[\w./${}-]{0,200}/)?"
_PROGRAM = re.compile(
    rf"""{_PATH}(?P<name>pip[-_]pinned|pip-compile|pip-sync|pip-tools|pipenv|pipx|pip[0-9]*(?:\.[0-9]+)*|uvx|uv(?!\s+run\s(?:.{{0,100}}\s)?pip\s)|easy_install)(?:\.exe)?(?![\w-]|[./]\w)
    |(?i:\$[({{]?pip[0-9]?\b[)}}]?|\{{\{{\s*pip\s*\}}\}})|\bsession\.install\b|\binstall_command\b""", re.VERBOSE)
_PRAGMA = re.compile(r"(?:#|//|<!--)\s*pip-pinned:\s*ignore(?:\[(?P<codes>[\w\s,-]*)\])?")
_INSTALL = re.compile(rf"{_PATH}(?:pip[0-9.]*|pip[-_]pinned|uv\s+pip)[\"']?(?:,?\s+[\"']?(?!install)-[\w-]+[\"']?)*,?\s+[\"']?(?:install|download|wheel)\b[\"']?(?P<words>[^\n;|&]*)")
_TAKES_VALUE = frozenset(("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host",
                          "-t", "--target", "--prefix", "--root", "-d", "--dest", "-w", "--wheel-dir", "--platform", "--python-version", "--implementation", "--abi",
                          "--cache-dir", "--retries", "--timeout", "--proxy", "--cert", "--client-cert", "--progress-bar", "--report", "--src", "--only-binary", "--no-binary",
                          "--index", "--default-index", "--index-strategy", "--pin", "--upgrade-strategy", "--log", "--python", "-p"))
_BLOCK = re.compile(r"[:=][ \t]{0,20}(?P<style>[>|][-+0-9]{0,3}|)$")
_NAMED = re.compile(rf"(?:^|[\s\"'])(?:PIP|UV)_(?:{_VARIABLE_NAMES})[\"']?$")
_PAIR = re.compile(rf"(?P<before>\s*-\s+)name:\s*[\"']?(?P<name>(?:PIP|UV)_(?:{_VARIABLE_NAMES}))[\"']?\s*$")
_LIST = re.compile(r"\s*(?:extra-index-url|find-links)\s*=")
_SEGMENT = re.compile(r"&&|\|\||;|(?<![|&])\|(?!\|)")


class Line(NamedTuple):
    """A logical line: number of its first line, text with continuations joined, and how many lines it has."""

    number: int
    text: str
    span: int = 1


def lines_of(text: str) -> list[str]:
    """The lines of a text as editors count them: a form feed or a Unicode separator ends none."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def logical_lines(text: str, *, comment: str | tuple[str, ...] = "#", continuation: str = "\\", folded: bool = False) -> Iterator[Line]:
    """Lines without comments, joined where the last character continues them; ``folded`` joins the values of a YAML key over several lines too."""
    lines = lines_of(text)
    at = 0
    while at < len(lines):
        number, parts = at + 1, [without_comment(lines[at], comment)]
        at += 1
        while at < len(lines) and (parts[-1].rstrip().endswith(continuation) or _BARE.search(parts[-1])):
            parts[-1] = parts[-1].rstrip().removesuffix(continuation)
            following = without_comment(lines[at], comment)
            if following.strip() == "" and lines[at].strip() != "":  # a comment among the lines of one command
                following = continuation
            parts.append(re.sub(r"^\s*-\s+", " ", following) if _BARE.search(parts[-1]) else following)
            at += 1
        pair = _PAIR.match(parts[-1]) if folded and at < len(lines) and re.match(r"\s*value:", lines[at]) else None
        if pair is not None:  # - name: NAME, and below it value: VALUE
            parts[-1:] = [f"{pair['before']}{pair['name']}:", re.sub(r"^\s*value:", "", without_comment(lines[at], comment))]
            at += 1
        parts[-1] = parts[-1].rstrip()
        block = _BLOCK.search(parts[-1]) if folded else None
        if block is not None and (block["style"].startswith(">") or _NAMED.search(parts[-1][: block.start()])):
            parts[-1] = parts[-1][: block.start() + 1]
            following_lines = _deeper(lines, number - 1, at)
        else:
            following_lines = _values_below(lines, at) if len(parts) == 1 and _LIST.match(parts[0]) else 0
        parts += [without_comment(line, comment) for line in lines[at:at + following_lines]]
        at += following_lines
        joined = " ".join(part.strip() if i else part for i, part in enumerate(parts))
        if joined.strip():
            yield Line(number, joined, at - number + 1)


def _deeper(lines: list[str], first: int, at: int) -> int:
    """How many lines from ``at`` on are indented more than line ``first``."""
    indent, end = _indent(lines[first]), at
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > indent):
        end += 1
    while end > at and not lines[end - 1].strip():
        end -= 1
    return end - at


def _values_below(lines: list[str], at: int) -> int:
    """How many lines from ``at`` on are the URLs of a setting of a pip.conf."""
    end = at
    while end < len(lines) and re.fullmatch(r"\s+\S+://\S+\s*", lines[end]):
        end += 1
    return end - at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def without_comment(line: str, comment: str | tuple[str, ...]) -> str:
    """The line up to its comment. A quote that nothing closes, such as an apostrophe, quotes nothing."""
    if not any(mark in line for mark in ((comment,) if isinstance(comment, str) else comment)):
        return line
    quote = ""
    for i, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character if line.find(character, i + 1) > 0 else ""
        elif line.startswith(comment, i) and (i == 0 or line[i - 1].isspace()):
            return line[:i]
    return line


def read(facts: Facts, file: str, text: str, *, comment: str | tuple[str, ...] = "#", continuation: str = "\\", folded: bool = False, settings: bool = True) -> None:
    """Note everything that a text of commands says; ``settings`` are the lines of a pip.conf."""
    read_pragmas(facts, file, text)
    seen = set(facts.sources)
    for line in logical_lines(text, comment=comment, continuation=continuation, folded=folded):
        place = Place(file, line.number)
        for found in sources_of(line.text, place, line.span, settings=settings):
            if found not in seen:
                seen.add(found)
                facts.sources.append(found)
        for match in _INSTALL.finditer(line.text):
            facts.names += _names_of(match.group("words"), place)


def read_pragmas(facts: Facts, file: str, text: str) -> None:
    """``# pip-pinned: ignore[code] reason`` silences its own line and the next one."""
    for number, line in enumerate(lines_of(text), 1):
        match = _PRAGMA.search(line)
        if match is not None:
            codes = {code.strip() for code in (match.group("codes") or "*").split(",")}
            alone = not line[:match.start()].strip()
            for place in (Place(file, number), *((Place(file, number + 1),) if alone else ())):
                facts.ignored.setdefault(place, set()).update(codes)


def sources_of(text: str, place: Place, count: int = 1, *, settings: bool = True) -> Iterator[Source]:
    """The sources that a logical line names."""
    whole = text.strip()
    yield from _of_options(text, Source("", "", place, "", whole, count))
    for match in _VARIABLE.finditer(text):
        for value in _of_variable(match, text):
            yield Source(_kind_of_variable(match["name"]), value, place, match["name"].partition("_")[0].lower(), whole, count)
    declared = _DECLARED.match(text)
    if declared is not None:
        yield Source(_kind_of_variable(declared["name"].upper()), "", place, declared["name"].partition("_")[0].lower(), whole, count)
    if _ADDED.match(text):
        yield Source(EXTRA, "", place, "pip", whole, count)
    for pattern in (_SETTING, _CONFIG_SET) if settings else (_CONFIG_SET,):
        for match in pattern.finditer(text):
            values = _values(match["value"])
            for value in values if "-" in match["key"] else values[:1]:  # with an underscore it is a variable of the shell
                yield Source(_KINDS[match["key"].replace("_", "-")], value, place, "pip", whole, count)


def _of_options(text: str, like: Source) -> Iterator[Source]:
    """Options; the short ones only behind a program that has them, in the same command of the line."""
    found = list(_OPTION.finditer(text))
    ends = [match.start() for match in _SEGMENT.finditer(text)] if found else []
    programs = list(_PROGRAM.finditer(text)) if found else []
    starts = [match.start() for match in programs]
    for match in found:
        segment = ends[bisect(ends, match.start()) - 1] if bisect(ends, match.start()) else 0
        first = bisect_left(starts, segment)
        program = _name_of(programs[first]) if first < len(programs) and starts[first] < match.start() else ""
        flag = "extra-index-url" if match["flag"] == "extra-index" else match["flag"]
        value = _unquoted(match["value"])
        if value and ((len(flag) > 1 and flag not in ("index", "default-index")) or program):
            yield like._replace(kind=_KINDS[flag], value=_without_name(value), program=program)


def _name_of(program: re.Match[str]) -> str:
    name = (program["name"] or "pip").replace("_", "-")
    return "pip" if re.fullmatch(r"pip[0-9.]*", name) else "uv" if name == "uvx" else name


def _without_name(value: str) -> str:
    """uv takes ``name=URL`` for an index."""
    return re.sub(r"^[\w.-]{1,100}=(?=[A-Za-z][A-Za-z0-9+.-]*://)", "", value)


def _kind_of_variable(name: str) -> str:
    return {"INDEX": EXTRA, "PYPI_MIRROR": INDEX, "DEFAULT_INDEX": INDEX, "INSECURE_HOST": TRUSTED}.get(
        name.partition("_")[2], name.partition("_")[2].lower().replace("_", "-"))


def _of_variable(match: re.Match[str], text: str) -> list[str]:
    """The values that a variable is given; none where it is only mentioned, read, printed or emptied."""
    before, assign, value = text[max(0, match.start() - 300):match.start()], match["assign"], match["value"]
    sign = assign.strip("\"' \t")
    if value is None:
        return []
    if before.rstrip().endswith(("${", "$(")):
        return _values(value) if sign == ":=" else []
    if assign.isspace() and not _WORD_BEFORE.search(before):
        return []
    if sign.endswith("]") and not before.endswith("variable="):
        return []
    if (sign.endswith(":") and not _KEY.search(before)) or (sign.endswith(",") and not _SETTER.search(before)):
        return []
    if sign.startswith("=") and assign[0] == "=" and assign != "=" and not re.search(r"://|^[\"'$]", value):  # X= command
        return []
    if _PRINTED.search(before) and not re.search(r"[>|]|\btee\b|##vso", text[max(0, match.start() - 300):match.end() + 1000]):
        return []
    if assign.isspace() or sign.endswith(":"):  # in a shell the value ends with the word, and the next one is a command or another variable
        value += match["more"]
    return [_without_name(one) for one in _values(value)]


def _values(text: str) -> list[str]:
    """The words of a value: pip takes several URLs from one variable or setting."""
    words = words_of(" ".join(_unquoted(part) for part in re.findall(VALUE, text)))
    return [word for word in (word.split("\\n")[0] for word in words) if word and not re.match(r"--?[A-Za-z]", word)]


def words_of(text: str) -> list[str]:
    """The words up to a comment. What has an ``@`` and is no URL of its own is the rest of a password with a space in it."""
    words: list[str] = []
    url = 0
    for word in re.findall(r"(?:\$\{\{.{0,200}?\}\}|\{\{.{0,200}?\}\}|\$\([^)\n]{0,200}\)|\S)+", text):
        if word.startswith(("#", ";")):
            break
        if "@" in word and "://" not in word and words and "://" in words[url] and "@" not in words[url]:
            words[url:] = [" ".join([*words[url:], word])]
        else:
            url = len(words) if "://" in word else url
            words.append(word)
    return words


def _unquoted(value: str) -> str:
    return value.removeprefix("\\").removesuffix("\\").strip("\"'").removesuffix("\\n")


def _names_of(words: str, place: Place) -> Iterator[Named]:
    skip = False
    for word in re.findall(VALUE, words.replace('",', '" ').replace("',", "' ")):
        text = _unquoted(word)
        takes, skip = skip, text in _TAKES_VALUE
        if takes or text.startswith("-") or "$" in text or "/" in text:
            continue
        match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?((?:[<>=!~]=?.*)?)", text)
        if match is not None and names.is_project_name(match[1]) and match[1] != "." and not match[1].endswith((".txt", ".whl", ".gz", ".zip")):
            yield Named(names.normalize(match[1]), place, exact=match[2].startswith("=="))


# What pip knows in a requirements file; like all of its options they may be shortened as long as they are clear.
_LONG_OPTIONS = ("index-url", "pypi-url", "extra-index-url", "no-index", "find-links", "trusted-host", "requirement", "constraint", "editable", "no-binary", "only-binary",
                 "prefer-binary", "require-hashes", "pre", "all-releases", "only-final", "use-feature", "hash", "config-settings", "global-option")


def in_full(text: str) -> str:
    """A line of a requirements file with its shortened options for sources written out."""
    def full(found: re.Match[str]) -> str:
        meant = [name for name in _LONG_OPTIONS if name.startswith(found[1])]
        return f"--{meant[0]}" if len(meant) == 1 and meant[0] in _KINDS else found.group()

    return re.sub(r"(?<!\S)--([a-z-]{2,})(?=[\s=])", full, text)


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
