r"""URLs: what a text means to every parser, or that it may mean two things.

A URL is judged here and sent by requests and urllib3, which read it again. ``urlsplit`` sees the
host ``pinned`` in ``http://evil\@pinned/``, urllib3 connects to ``evil``; ``faß.example`` is
``fass.example`` to one library and ``xn--fa-hia.example`` to another. So a ``Url`` is made once, at
the border, from a text that leaves no room for that. It holds the text that requests would send,
and that text is what is judged, compared and sent. A text that requests would change in host, port
or number of path segments, or that some server may take for a way up, is no ``Url`` at all.

The grammar is RFC 3986, narrowed: http, https and file; hosts in ASCII; no raw reserved character
in user information; no dot segment, in any encoding, nor one with parameters (``..;``), which Java
servers strip. What is usual stays: ``%2F`` within a segment (GitLab's ``group%2Fproject``),
``+simple``, ``@`` in paths, ``_`` in hosts, queries.
"""

from __future__ import annotations

import functools
import os
import re
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

Origin = tuple[str, str, int]
Address = tuple[Origin, str, str]

DEFAULT_PORTS = {"http": 80, "https": 443}
_SHAPE = r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?"
USER_INFORMATION = r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*"
_HOST = r"(?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+\.?"
_PORT = r"[1-9][0-9]{0,4}"
_KEPT_IN_PATH = "!$&'()*+,;=:@/~"  # beside letters, digits and -._ (RFC 3986, pchar)


class BadUrl(ValueError):
    """A text that is no URL, or that two programs may read differently.

    Says why, and nothing of the text.
    """


class Url:
    """A URL that every parser reads in one way.

    Equal if the requests are equal: ``str`` gives the text that is sent, without user information
    and fragment.
    """

    __slots__ = ("host", "password", "path", "port", "query", "scheme", "text", "user")

    scheme: str  # http, https or file
    host: str  # lower case; an IPv6 address in brackets; empty for file
    port: int  # the scheme's own if none is written, 0 for file
    path: str  # begins with a slash; percent-encoded as requests would
    query: str  # without its question mark; empty if there is none
    user: str | None  # decoded, as is the password; None if there is none
    password: str | None
    text: str

    def __init__(self, text: str) -> None:
        """Read a URL.

        Raises BadUrl.
        """
        parts = _parts(text)
        self.scheme, self.user, self.password, self.host, written, self.path, self.query = parts
        self.port = int(written) if written else DEFAULT_PORTS.get(self.scheme, 0)
        place = f"{self.host}:{written}" if written else self.host
        self.text = f"{self.scheme}://{place}{self.path}{'?' if self.query else ''}{self.query}"

    @property
    def authority(self) -> str:
        """Host and port as they are sent, which pip calls netloc."""
        return self.text.partition("://")[2].partition("/")[0]

    @property
    def last_segment(self) -> str:
        """The last segment of the path that is not empty, decoded; empty if there is none."""
        return _decoded(self.path.rstrip("/").rpartition("/")[2])

    @property
    def origin(self) -> Origin:
        """Scheme, host and port (RFC 6454)."""
        return self.scheme, self.host, self.port

    @property
    def address(self) -> Address:
        """What is asked for, and of whom: origin, path and query."""
        return self.origin, self.path, self.query

    def is_same_origin(self, answered: Url) -> bool:
        """Whether an answer from there counts as this origin's: equal, or http:80 upgraded to
        https:443 (CONTRACT 4.4).
        """
        upgraded = self.origin == ("http", self.host, 80) and answered.origin == (
            "https",
            self.host,
            443,
        )
        return self.origin == answered.origin or upgraded

    def joined(self, reference: str) -> Url:
        """The URL that a reference (RFC 3986) stands for here.

        Raises BadUrl, also where it leads from a network to a file.
        """
        if not reference.isprintable() or "\\" in reference:
            raise BadUrl("it has a backslash or a control character in it")
        try:
            text = urljoin(self.text, reference)
        except ValueError as exc:  # brackets that hold no address
            raise BadUrl(str(exc)) from exc
        found = Url(text)
        if found.scheme == "file" != self.scheme:
            raise BadUrl("it is a file on this machine")
        return found

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Url({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Url) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@functools.lru_cache(maxsize=1024)  # each is read many times on its way
def _parts(text: str) -> tuple[str, str | None, str | None, str, str, str, str]:
    """Scheme, user name, password, host, port as it is written, path, query.

    Raises BadUrl.
    """
    shape = re.fullmatch(_SHAPE, text) if text.isprintable() else None
    if shape is None or " " in text or "\\" in text:
        raise BadUrl("it has no scheme, or a space, a backslash or a control character in it")
    scheme, authority, path, query = shape.groups(default="")
    information, at, place = authority.rpartition("@")
    if re.fullmatch(USER_INFORMATION, information) is None:
        raise BadUrl("its user name or password has characters that have to be percent-encoded")
    user, colon, password = information.partition(":")
    host, port = _host_and_port(scheme.lower(), place)
    path, query = _encoded(path or "/", ""), _encoded(query, "?")
    _refuse_ways_up(path)
    return (
        scheme.lower(),
        unquote(user) if at else None,
        unquote(password) if colon else None,
        host,
        port,
        path,
        query,
    )


def _host_and_port(scheme: str, place: str) -> tuple[str, str]:
    """The host in lower case, and the port as it is written.

    Raises BadUrl.
    """
    if scheme == "file":
        if place.lower() not in ("", "localhost"):
            raise BadUrl("it names a file on another machine")
        return "", ""
    if scheme not in DEFAULT_PORTS:
        raise BadUrl("its scheme is none of http, https and file")
    host, colon, port = place.rpartition(":") if re.search(r":[^\]]*$", place) else (place, "", "")
    if colon and (re.fullmatch(_PORT, port) is None or int(port) > 65535):
        raise BadUrl("its port is none")
    if host.startswith("[") and host.endswith("]"):
        from ipaddress import AddressValueError, IPv6Address

        try:
            IPv6Address(host[1:-1].partition("%")[0] if "%" not in host else "")
        except AddressValueError:
            raise BadUrl("its host is no IPv6 address") from None
    elif re.fullmatch(_HOST, host) is None:
        raise BadUrl(
            "its host is not written in ASCII letters, digits, hyphens, underscores and dots"
        )
    return host.lower(), port


def _encoded(text: str, kept: str) -> str:
    """A path or query as requests sends it: unreserved characters plain, all others but the
    reserved ones percent-encoded.
    """
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise BadUrl("it has a percent sign that begins no encoding")
    try:
        text = quote(text, safe="%" + _KEPT_IN_PATH + kept)
    except UnicodeEncodeError:
        raise BadUrl("it has characters that cannot be encoded") from None
    return re.sub("%[0-9A-Fa-f]{2}", lambda found: _unreserved(found[0]), text)


def _unreserved(encoded: str) -> str:
    character = chr(int(encoded[1:], 16))
    plain = character.isascii() and (character.isalnum() or character in "-._~")
    return character if plain else encoded.upper()


def _refuse_ways_up(path: str) -> None:
    if path.startswith("//"):  # some versions of requests send one slash for it
        raise BadUrl("its path begins with two slashes")
    for segment in path.split("/"):
        for part in re.split(r"[/\\]", _decoded(segment)):
            if part.partition(";")[0] in (".", ".."):
                raise BadUrl("its path has a dot segment, which a server may take for a way up")


def _decoded(segment: str) -> str:
    """Percent-decoded until nothing changes: some servers do it twice."""
    decoded = unquote(segment)
    while decoded != segment:
        segment, decoded = decoded, unquote(decoded)
    return decoded


def origin(url: str) -> Origin:
    """Scheme, host and port of a URL.

    Raises BadUrl.
    """
    return Url(url).origin


def same_origin(requested: str, answered: str) -> bool:
    """Whether an answer counts as the same origin: equal, or http:80 upgraded to https:443
    (CONTRACT 4.4). Raises BadUrl.
    """
    return Url(requested).is_same_origin(Url(answered))


def without_credentials(url: str) -> str:
    """The URL with user name and password taken out, otherwise unchanged."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def without_fragment(url: str) -> str:
    """The URL up to its ``#``: what is requested, and what identifies a file."""
    return url.partition("#")[0]


def credentials(url: str) -> tuple[str | None, str | None]:
    """User name and password written into a URL, percent-decoded; None where there is none."""
    userinfo, at, _ = urlsplit(url).netloc.rpartition("@")
    if not at:
        return None, None
    user, colon, password = userinfo.partition(":")
    return unquote(user), unquote(password) if colon else None


def redact(url: str) -> str:
    """The URL as it may be shown: ``https://user:****@host/``, or ``https://****@host/`` for a bare
    token.

    Whatever is no URL and may hold a secret nevertheless is shown without everything up to its last
    ``@``.
    """
    if not has_scheme(re.sub(r"\$\{?\w+\}?", "x", url)) and "@" in url:
        scheme, separator, _ = url.partition("://")
        begins = scheme + separator if separator and "@" not in scheme else ""
        return f"{begins}****@{url.rpartition('@')[2]}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    userinfo, at, host = parts.netloc.rpartition("@")
    parts = parts._replace(query=re.sub("=[^&]*", "=****", parts.query))
    if not at:
        return urlunsplit(parts) if parts.query else url
    user, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}:****@{host}" if password else f"****@{host}"))


def without_query(url: str) -> str:
    """The URL up to its ``?``: what names an index, whose query is for who may read it."""
    return without_fragment(url).partition("?")[0]


def has_scheme(url: str) -> bool:
    """Whether this is an absolute URL that pip can open as an index: http(s) with a host, or
    file.
    """
    try:
        Url(url)
    except BadUrl:
        return False
    return True


def same_index(first: str, second: str) -> bool:
    """Whether two URLs name one index: equal but for credentials and a trailing slash."""
    return without_credentials(first).rstrip("/") == without_credentials(second).rstrip("/")


def local_path(location: str) -> str | None:
    """The path of a ``file:`` URL or of a plain path; None for anything that is reached over the
    network.
    """
    parts = urlsplit(location)
    if parts.scheme == "file":
        path = unquote(parts.path)
        return path.lstrip("/") if os.name == "nt" and path[2:3] == ":" else path
    return None if "://" in location else location


def credential_scope(url: str) -> tuple[str, ...]:
    """The path below which an index's credentials belong, as segments: its URL's, minus a trailing
    ``simple`` or ``+simple``.
    """
    segments: list[str] = []
    for segment in _segments(url):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return tuple(segments[:-1] if segments[-1:] in (["simple"], ["+simple"]) else segments)


def path_segments(url: str) -> tuple[str, ...] | None:
    """The segments of a URL's path, fully decoded; None if a server may take part of it for a way
    up (``..``).
    """
    segments = _segments(url)
    if any(part in (".", "..") for segment in segments for part in re.split(r"[/\\]", segment)):
        return None
    return tuple(segment for segment in segments if segment)


def _segments(url: str) -> list[str]:
    found = []
    for segment in urlsplit(url).path.split("/"):
        decoded, before = unquote(segment), segment
        while decoded != before:
            decoded, before = unquote(decoded), decoded
        found.append(decoded)
    return found


def variables(text: str) -> list[str]:
    """The names of the variables that a text is written with, ``${NAME}`` or ``$NAME``."""
    return re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text)
