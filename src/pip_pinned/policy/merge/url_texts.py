"""URLs as people write them, with variables; what comes out is read by ``policy.urls``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from pip_pinned.policy.urls import USER_INFORMATION, BadUrl, Url


def file_url(path: str) -> str:
    """The ``file:`` URL of an absolute path."""
    return "file://" + quote(
        path if path.startswith("/") else "/" + path.replace(os.sep, "/"), safe="/:"
    )


def filled(text: str, variables_set: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with every ``${NAME}`` replaced, and the names that are not set."""
    pattern = r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}"
    wanted = dict.fromkeys(re.findall(pattern, text))
    found = filled_in(text, pattern, lambda match: variables_set.get(match[1], ""))
    return found, [name for name in wanted if name not in variables_set]


def filled_in(text: str, variable: str, value_of: Callable[[re.Match[str]], str]) -> str:
    """A URL with its variables (a regular expression) filled in after it was taken apart.

    A value stays in the part of the URL that it is written in: what would end user information,
    path or query is percent-encoded. A text that is no URL as it is written may be one in a
    variable.
    """
    shape = re.fullmatch(r"([^:/?#]+://)(?:([^/?#]*)@)?([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", text)
    if shape is None:
        return re.sub(variable, value_of, text)
    scheme, information, host, path, query, fragment = shape.groups(default="")
    user = re.sub(variable, lambda match: _as_information(value_of(match)), information)
    parts = [
        re.sub(variable, lambda match: _without(r"[?#\s\\]", value_of(match)), path),
        re.sub(variable, lambda match: _without(r"[#\s\\]", value_of(match)), query),
    ]
    place = re.sub(variable, value_of, host)
    return f"{scheme}{user}{'@' if shape[2] is not None else ''}{place}{''.join(parts)}{fragment}"


def _as_information(value: str) -> str:
    return value if re.fullmatch(USER_INFORMATION, value) else quote(value, safe=":")


def _without(characters: str, value: str) -> str:
    return re.sub(characters, lambda found: quote(found[0], safe=""), value)


def mistake(url: str) -> str | None:
    """Why this cannot be the URL of an index; None if it can."""
    try:
        Url(url)
    except BadUrl as exc:
        return (
            str(exc)
            if re.match(r"(https?|file)://", url, re.IGNORECASE)
            else "no scheme that pip can open"
        )
    return None


def with_credentials(url: str, user: str, password: str | None) -> str:
    """The URL with user name and password, percent-encoded, in place of what is there.

    Raises BadUrl.
    """
    scheme, _, rest = Url(url).text.partition("://")
    secret = "" if password is None else ":" + quote(password, safe="")
    return f"{scheme}://{quote(user, safe='')}{secret}@{rest}"


def query(url: str) -> str:
    """The query as it is sent, without its question mark; empty for what is no URL."""
    try:
        return Url(url).query
    except BadUrl:
        return ""


_USERINFO = r"(?<=://)[^/\s]+@"


def redact_text(text: str) -> str:
    """Text with the user information taken out of every URL in it."""
    return re.sub(_USERINFO, "****@", text)
