"""Nothing that pip logs shows what a variable of an index URL stands for (CONTRACT 2.7)."""

from __future__ import annotations

import logging
from typing import Any


def hide(text: str, secrets: dict[str, str]) -> str:
    """The text with every secret replaced, longer ones first."""
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, secrets[value])
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
