"""What was seen in files: sources, requirements, entries of locks, each with file and line."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from pip_pinned.policy import urls

INDEX, EXTRA, LINKS, TRUSTED = "index-url", "extra-index-url", "find-links", "trusted-host"

# All lengths are bounded, so that no line, however long, takes more than linear time.
_VARIABLE = re.compile(r"\$\{\{.{0,200}?\}\}|\$\([^)]{0,200}\)|\$\{[^}]{0,200}\}|\$\$?[A-Za-z_]\w*|%[A-Za-z_]\w{0,100}%|\{\{.{0,200}?\}\}|\{[^{}@]{0,200}\}|<[^<>@]{0,200}>|\*{3,}")
_NO_PASSWORD = re.compile(r"(?i)x*|x-oauth-basic|x-token-auth|pypi|__token__|git|oauth2?|oauth2accesstoken|vsssessiontoken|aws|_json_key(_base64)?|user(name)?")
_NO_TOKEN = re.compile(r"[a-z]{1,12}")  # a bare user name, whose password is in a keyring or netrc
_PLACEHOLDER = re.compile(r"(?i)pass(word)?|secret|(your|my|api|access)[-_ ]?(token|key|pass(word)?|secret)|token|change-?me|\.\.\.|redacted")
_URL = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]{{0,30}}://(?:{_VARIABLE.pattern}|[^\s\"'`]){{0,1500}}")
_HOST = re.compile(r"(?:[\w-]+\.)+[A-Za-z]{2,}(?![\w.-])|localhost\b")


class Place(NamedTuple):
    """A line of a file; ``file`` is relative to where the scan began, ``line`` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        """``Dockerfile:12``."""
        return f"{self.file}:{self.line}"


class Source(NamedTuple):
    """A place that packages come from. ``kind`` is pip's name of the option, or ``declared`` for the index of a tool's own table.

    ``value`` is the URL, path or host as written, empty where it is set from outside. ``program`` is ``pip``, ``uv``, ``pip-pinned``…, or
    empty where the line names none, such as a variable's; ``text`` is the whole line, its continuations joined, and ``lines`` how many it has.
    """

    kind: str
    value: str
    place: Place
    program: str = ""
    text: str = ""
    lines: int = 1

    @property
    def url(self) -> str | None:
        """The URL without credentials, if it is one and stands there in full."""
        try:
            plain = urls.without_credentials(self.value) if urls.has_scheme(_VARIABLE.sub("x", self.value)) else None
        except ValueError:
            return None
        return None if plain is None or _VARIABLE.search(plain) else plain

    @property
    def written(self) -> str:
        """The value with its variables as ``${NAME}``, whatever shell, CI or template it was written for."""
        return re.sub(r"\$\{\{\s*(?:[a-z]+\.)?(\w+)\s*\}\}|\$\(([A-Za-z_]\w*)\)|\$env:(\w+)|\$([A-Za-z_]\w*)|%([A-Za-z_]\w*)%",
                      lambda found: "${" + next(filter(None, found.groups())) + "}", self.value)

    @property
    def shown(self) -> str:
        """The value as it may be shown."""
        return conceal_value(self.value) or "(set from outside)"


class Named(NamedTuple):
    """A requirement. ``kind`` is ``requirement``, ``constraint`` or ``build``; ``url`` is that of a direct reference, ``hashed`` whether the line has a hash."""

    name: str
    place: Place
    kind: str = "requirement"
    url: str | None = None
    hashed: bool = False
    exact: bool = False


class Locked(NamedTuple):
    """An entry of a lock. ``source`` is the URL (pylock.toml) or name (Pipfile.lock) of its index; ``direct`` says that it is from no index."""

    name: str
    version: str
    place: Place
    source: str | None
    hashed: bool
    direct: bool = False


class Note(NamedTuple):
    """Something else that is worth a finding, by that finding's code."""

    code: str
    place: Place
    text: str


class Facts:
    """Everything that was seen. ``ignored`` has for a place the codes that a comment there silences, ``unread`` what could not be read and why."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.sources: list[Source] = []
        self.names: list[Named] = []
        self.locked: list[Locked] = []
        self.notes: list[Note] = []
        self.ignored: dict[Place, set[str]] = {}
        self.unread: list[tuple[str, str]] = []
        self.requirements: set[str] = set()  # the files that were read as requirements files
        self.nested: list[tuple[str, str]] = []  # a requirements file, and the path that it names another one by


def literal_secret(value: str) -> bool:
    """Whether a URL has a password, or a token as user name, that is no variable and no placeholder."""
    parts = [value] if "://" in _marked(value) else [found.group() for found in _URL.finditer(value)]
    return any(_is_secret(userinfo) for part in parts if (userinfo := _split(part)[1]) is not None)


def _is_secret(userinfo: str) -> bool:
    marked = _marked(userinfo)
    at = marked.find(":")
    user, password = (userinfo, "") if at < 0 else (userinfo[:at], userinfo[at + 1:])
    if _is_literal(password):
        return True
    return _is_literal(user) and not _VARIABLE.search(password) and (_NO_TOKEN.fullmatch(user) is None if at < 0 else _NO_PASSWORD.fullmatch(password) is not None)


def _is_literal(text: str) -> bool:
    return _VARIABLE.sub("", text).strip("*.\\\"'") != "" and _NO_PASSWORD.fullmatch(text) is None and _PLACEHOLDER.fullmatch(text) is None


def conceal(text: str) -> str:
    """The text with whatever stands for a user in any URL taken out, variables too."""
    shown, done = [], 0
    while (found := _URL.search(text, done)) is not None:
        scheme, userinfo, rest = _split(found.group())
        shown.append(text[done:found.start()])
        done = found.end()
        if userinfo is not None:
            shown.append(f"{scheme}://****@")
            done -= len(rest)
        elif _half(rest):  # the password goes on behind a space or a quote: up to the last @ before another URL
            line = text[done:done + 300].partition("\n")[0].partition("://")[0]
            done += line.rfind("@") + 1
            shown.append(f"{scheme}://****" + ("@" if "@" in line else ""))
        else:  # nothing here, but perhaps in the default of a variable
            shown.append(f"{scheme}://")
            done -= len(rest)
    return "".join([*shown, text[done:]])


def conceal_value(value: str) -> str:
    """The same for a text that is one URL, path or host: spaces and quotes do not end it."""
    begin = re.search(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://", value)
    if begin is None:
        before, at, rest = value.rpartition("@")
        return value if before in ("", "git") else f"****{at}{rest}"
    scheme, userinfo, rest = _split(value[begin.start():])
    return value[:begin.start()] + f"{scheme}://****@{conceal(rest)}" if userinfo is not None else conceal(value)


def _marked(text: str) -> str:
    """The text with variables made as many ``x``."""
    return _VARIABLE.sub(lambda variable: "x" * len(variable.group()), text)


def _half(rest: str) -> bool:
    """Whether what follows the scheme begins with a user and a password, with no ``@`` before a slash: a port is a number or a variable."""
    netloc = re.split(r"[/?#]", _marked(rest), maxsplit=1)[0]
    colon = netloc.find(":")
    port = _VARIABLE.sub("", rest[colon + 1:len(netloc)])
    return colon > 0 and not netloc.startswith("[") and port != "" and not port.isdecimal()


def _split(url: str) -> tuple[str, str | None, str]:
    """Scheme, what stands before the host, and the rest. A slash within a variable, or within what must be a password, ends nothing."""
    marked = _marked(url)
    start = marked.index("://") + 3
    end = next((i for i in range(start, len(marked)) if marked[i] in "/?#"), len(marked))
    at = marked.rfind("@", start, end)
    if at < 0:  # user:pa/ss@host, to/ken@host, and after either perhaps @branch
        later = [found.start() for found in re.finditer("@", marked[end:])]
        hosts = [end + i for i in later if _HOST.match(marked, end + i + 1)]
        netloc = marked[start:end]
        if hosts and ("." not in netloc or ":" in netloc):
            at = hosts[-1]
        elif later and _half(url[start:]):
            at = end + later[-1]
    return (url[: start - 3], None, url[start:]) if at < 0 else (url[: start - 3], url[start:at], url[at + 1:])


def is_remote(location: str) -> bool:
    """Whether this is reached over the network."""
    return re.match(r"https?://", location, re.IGNORECASE) is not None


def is_loopback(url: str) -> bool:
    """Whether this is on the machine itself."""
    try:
        return (urlsplit(url).hostname or "") in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        return False
