"""Nothing that pip logs shows what a variable of an index URL stands for (CONTRACT 2.7)."""

from __future__ import annotations

import logging
import re
from typing import Any

_URL = r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"]+"
_LONG = 8


def hide(text: str, secrets: dict[str, str]) -> str:
    """The text with every secret replaced, longer ones first.

    A short value may also be an ordinary word or a part of one: it is replaced within URLs only.
    """
    for value in sorted(secrets, key=len, reverse=True):
        if len(value) >= _LONG or "://" in value:
            text = text.replace(value, secrets[value])
        elif value in text:
            text = re.sub(_URL, lambda url, value=value: url.group().replace(value, secrets[value]), text)  # type: ignore[misc]
    return text


def hide_in_logs(secrets: dict[str, str]) -> None:
    """From here on every log record of this process is made without the secrets."""
    if not secrets:
        return
    ordinary = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = ordinary(*args, **kwargs)
        if isinstance(record.args, tuple) and any(hasattr(argument, "__rich_console__") for argument in record.args):
            return record  # one of our own errors, discreet by itself, or one of pip's, which names no URL; pip draws the object
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # a message that does not fit its arguments is logging's to report
            return record
        if any(value in text for value in secrets):
            record.msg, record.args = hide(text, secrets), ()
        return record

    logging.setLogRecordFactory(factory)
