"""Nothing that pip logs shows what a variable of an index URL stands for (CONTRACT 2.7)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from pip_pinned.adapt import notes
from pip_pinned.adapt.hiding import hide
from pip_pinned.enforce.run import Run


def hide_in_logs(run: Run) -> None:
    """From here on every log record of this process is made without the run's secrets, also those
    of a requirements file that is read later.
    """
    known = notes.of(run)
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
    return _concealed(original(self), notes.of(run).secrets(run))


def _concealed(value: Any, secrets: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _concealed(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_concealed(item, secrets) for item in value]
    return hide(value, secrets) if isinstance(value, str) and secrets else value
