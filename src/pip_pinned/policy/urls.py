"""Index URLs: where they point, without ever showing the secret inside them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

Origin = tuple[str, str, int]

DEFAULT_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> Origin:
    """Scheme, host and port of a URL (RFC 6454), the port filled in where the scheme implies it.

    Raises ValueError for a port that is not a number, or a host that no name server could know.
    """
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if not host.isascii():  # requests asks for it in this form, and that is how it appears in answers
        host = host.encode("idna").decode()
    return scheme, host, parts.port or DEFAULT_PORTS.get(scheme, 0)


def same_origin(requested: str, answered: str) -> bool:
    """Whether an answer counts as the same origin: equal, or http:80 upgraded to https:443 (CONTRACT 4.4)."""
    asked, got = origin(requested), origin(answered)
    return asked == got or (asked[1] == got[1] and (asked[0], asked[2], got[0], got[2]) == ("http", 80, "https", 443))


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
    """The URL as it may be shown: ``https://user:****@host/``, or ``https://****@host/`` for a bare token.

    Whatever is no URL and may hold a secret nevertheless is shown without everything up to its last ``@``.
    """
    if not has_scheme(url) and "@" in url:
        scheme, separator, _ = url.partition("://")
        return f"{scheme if separator and '@' not in scheme else ''}{separator if '@' not in scheme else ''}****@{url.rpartition('@')[2]}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url
    user, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}:****@{host}" if password else f"****@{host}"))


def has_scheme(url: str) -> bool:
    """Whether this is an absolute URL that pip can open as an index: http(s) with a host, or file."""
    try:
        parts: SplitResult = urlsplit(url)
        origin(url)  # raises for a port that is no number, and for a host that cannot be asked for
    except ValueError:
        return False
    if any(bracket in parts.netloc.rpartition("@")[0] for bracket in "[]"):  # which newer Pythons refuse
        return False
    return parts.scheme == "file" or (parts.scheme in ("http", "https") and bool(parts.hostname))


def same_index(first: str, second: str) -> bool:
    """Whether two URLs name one index: equal but for credentials and a trailing slash."""
    return without_credentials(first).rstrip("/") == without_credentials(second).rstrip("/")


def local_path(location: str) -> str | None:
    """The path of a ``file:`` URL or of a plain path; None for anything that is reached over the network."""
    parts = urlsplit(location)
    if parts.scheme == "file":
        path = unquote(parts.path)
        return path.lstrip("/") if os.name == "nt" and path[2:3] == ":" else path
    return None if "://" in location else location


_USERINFO = r"(?<=://)[^/\s]+@"


def redact_text(text: str) -> str:
    """Text with the user information taken out of every URL in it."""
    return re.sub(_USERINFO, "****@", text)


def credential_scope(url: str) -> tuple[str, ...]:
    """The path below which an index's credentials belong, as segments: its URL's, minus a trailing ``simple`` or ``+simple``."""
    segments: list[str] = []
    for segment in _segments(url):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return tuple(segments[:-1] if segments[-1:] in (["simple"], ["+simple"]) else segments)


def path_segments(url: str) -> tuple[str, ...] | None:
    """The segments of a URL's path, fully decoded; None if a server may take part of it for a way up (``..``)."""
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


def file_url(path: str) -> str:
    """The ``file:`` URL of an absolute path."""
    return "file://" + quote(path if path.startswith("/") else "/" + path.replace(os.sep, "/"), safe="/:")


def variables(text: str) -> list[str]:
    """The names of the variables that a text is written with, ``${NAME}`` or ``$NAME``."""
    return re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text)


def filled(text: str, variables_set: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with every ``${NAME}`` replaced, and the names that are not set."""
    wanted = re.findall(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", text)
    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", lambda found: variables_set.get(found[1], ""), text), [name for name in dict.fromkeys(wanted) if name not in variables_set]
