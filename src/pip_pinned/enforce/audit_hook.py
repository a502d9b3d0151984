"""The last line: an audit hook (PEP 578), which nothing can take out again, stops any pip that pip
starts without us.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from typing import Any

from pip_pinned.enforce import diagnostics


def watch_children() -> None:
    """Watch every process that this one starts, until it ends."""
    runner = os.path.normcase("__pip-runner__.py")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "subprocess.Popen":
            return
        command = arguments[1]
        words = [command] if isinstance(command, (str, bytes)) else list(command)
        texts = [os.fsdecode(word) for word in words if isinstance(word, (str, bytes, os.PathLike))]
        if any(os.path.basename(text) == runner for text in texts) or _runs_pip_module(texts):
            diagnostics.unsupported("pip starts another pip in a way that is not known")

    sys.addaudithook(hook)


def _runs_pip_module(words: list[str]) -> bool:
    return any(
        first == "-m" and second in ("pip", "pip._internal") for first, second in pairwise(words)
    )
