"""Files are replaced whole, or stay as they were."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def read_as_it_is(path: Path) -> str:
    """The text of a file with its own line ends; bytes that are no UTF-8 survive being written back."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def write_atomically(path: Path, text: str) -> None:
    """The whole new text, or the old file; behind a symbolic link it is the file that it leads to. Line ends stay as they are in ``text``."""
    path = Path(os.path.realpath(path))
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o777)
        else:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
