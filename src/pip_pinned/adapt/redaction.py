"""Nothing that pip logs shows what a variable of an index URL stands for (CONTRACT 2.7)."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from pip_pinned.adapt import journal
from pip_pinned.enforce.run import Run

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


def hide_in_logs(run: Run) -> None:
    """From here on every log record of this process is made without the run's secrets, also those
    of a requirements file that is read later.
    """
    known = journal.of(run)
    ordinary = logging.getLogRecordFactory()
    run.restored.append(partial(logging.setLogRecordFactory, ordinary))

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = ordinary(*args, **kwargs)
        secrets = known.secrets(run)
        if not secrets:
            return record
        if isinstance(record.args, tuple) and any(
            hasattr(argument, "__rich_console__") for argument in record.args
        ):
            # one of our own errors, discreet by itself, or one of pip's, which names no URL; pip
            # draws the object
            return record
        if record.exc_info and record.exc_info[0] is not None:
            shown = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            if any(value in shown for value in secrets):
                record.exc_text = hide(
                    shown, secrets
                )  # what formatters take instead of formatting it themselves
        try:
            text = record.getMessage()
        except (
            TypeError,
            ValueError,
        ):  # a message that does not fit its arguments is logging's to report
            return record
        if any(value in text for value in secrets):
            record.msg, record.args = hide(text, secrets), ()
        return record

    logging.setLogRecordFactory(factory)


def report_to_dict(run: Run, original: Callable[..., Any], self: Any) -> Any:
    """Pip's report, without the values of variables."""
    return _concealed(original(self), journal.of(run).secrets(run))


def _concealed(value: Any, secrets: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _concealed(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_concealed(item, secrets) for item in value]
    return hide(value, secrets) if isinstance(value, str) and secrets else value
