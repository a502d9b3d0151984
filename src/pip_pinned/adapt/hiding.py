"""What may be shown of a text: no value of a variable that an index URL is written with (CONTRACT
2.7).
"""

from __future__ import annotations

import re

_URL = r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"]+"
_LONG = 8


def hide(text: str, secrets: dict[str, str]) -> str:
    """The text with every secret replaced, longer ones first.

    A short value may also be an ordinary word or a part of one: it is replaced within URLs and
    between slashes only.
    """
    for value in sorted(secrets, key=len, reverse=True):
        if len(value) >= _LONG or "://" in value:
            text = text.replace(value, secrets[value])
        elif value in text:
            shown = secrets[value]
            for url in set(re.findall(_URL, text)):
                text = text.replace(url, url.replace(value, shown))
            between = rf"(?<=/){re.escape(value)}(?=[/\s?#\"']|$)"
            text = re.sub(between, shown.replace("\\", r"\\"), text)
    return text
