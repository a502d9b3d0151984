"""A warm interpreter that forks for each command, so that no test pays again for what every command
imports.

Most of what ``pip install`` of one small wheel takes is the start of an interpreter and the import
of the standard library and of pip's vendored packages, the same each time. A fork server has done
that, and nothing more: neither ``pip._internal`` nor ``pip_pinned`` is imported in it. Each command
still imports them, through the seams, in a process of its own, with its own environment, directory,
descriptors, ``atexit`` and exit code. With the argument ``warm`` the server imports them too, and
the seams are put into modules that are loaded already, as in our own commands: a fifth less time.

What a fork cannot have is what an interpreter reads as it starts: ``PYTHON*``, the locale, its
prefix. So there is one server for each combination of these (``interpreters.run`` chooses). What
pip itself starts, builds and ``--python``, are ordinary processes in any case.

This file is executed by path, never imported.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import sys
import sysconfig
import tempfile
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from typing import Any

_TYPICAL = (
    "pip._internal.cli.main",
    "pip._internal.commands.install",
    "pip._internal.commands.lock",
    "pip._internal.network.session",
    "pip._internal.resolution.resolvelib.resolver",
    "pip._internal.operations.install.wheel",
    "pip._internal.operations.build.wheel",
    "pip._internal.metadata.importlib",
    *(("pip._vendor.pkg_resources",) if sys.version_info >= (3, 11) else ()),  # for eggs
    "pip._vendor.distro",
    "encodings.ascii",
    "encodings.cp437",
    "netrc",
    "plistlib",
    "pip_pinned.prefetch.plan",
    "pip_pinned.prefetch.hooks",
    "pip_pinned.prefetch.lookahead",
    "pip_pinned.adapt.messages",
    "pip_pinned.enforce.canary",
    "pip_pinned.enforce.http_cache",
    "pip_pinned.adapt.options",
    "pip_pinned.enforce.transport",
    "pip_pinned.policy.guard",
    "pip_pinned.config.native",
    "pip_pinned.commands.lock",
    "pip_pinned.commands.sync",
    "pip_pinned.commands.migrate",
    "pip_pinned.commands.audit",
    "rich.table",
    "rich.progress",
)
_IMPORTED_BY_EACH_COMMAND = ("pip._internal", "pip_pinned")
_IS_WARM = sys.argv[1:] == ["warm"]


def serve() -> dict[str, Any] | None:
    """Fork for each line of standard input: the parent returns None at its end, a child returns its
    command.

    A line is a JSON object: ``module``, ``args``, ``cwd``, ``environment``, ``out`` and ``err`` (paths). Each is answered by two
    lines: the child's process id, and, when it has ended, its exit code as ``subprocess`` gives it.
    """
    for name in _typical():
        if name == "__main__":
            continue
        if not _IS_WARM and name.startswith(_IMPORTED_BY_EACH_COMMAND):
            _keep_code(name)
            continue
        with suppress(ImportError):  # names that only exist inside other modules (six.moves)
            importlib.import_module(name)
    sys.modules.setdefault("_manylinux", None)  # type: ignore[arg-type]  # pip looks for it 200 times
    SourceFileLoader.get_code = _get_code  # type: ignore[method-assign, assignment]
    gc.collect()
    gc.freeze()
    gc.set_threshold(
        100_000, 50, 50
    )  # a tenth of a command's time; pip-pinned sets the same for itself
    requests, answers = (
        os.fdopen(os.dup(0), encoding="utf-8"),
        os.fdopen(os.dup(1), "w", encoding="utf-8"),
    )
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    with requests, answers:
        for line in requests:
            pid = os.fork()
            if pid == 0:
                command: dict[str, Any] = json.loads(line)
                return command
            print(pid, file=answers, flush=True)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), file=answers, flush=True)
    return None


def _keep_code(name: str) -> None:
    """Keep the compiled code of a module that each command imports anew: it is executed each time,
    and read once."""
    path = os.path.join(*name.split("."))
    for directory in sys.path:
        for file in (
            os.path.join(directory, path + ".py"),
            os.path.join(directory, path, "__init__.py"),
        ):
            if file not in _code and os.path.isfile(file):
                _code[file] = _read_code(SourceFileLoader(name, file), name)
                return


_code: dict[str, Any] = {}
_read_code = SourceFileLoader.get_code


def _get_code(loader: Any, fullname: str) -> Any:
    """In place of ``SourceFileLoader.get_code``."""
    kept = _code.get(loader.path)
    return _read_code(loader, fullname) if kept is None else kept


def _typical() -> list[str]:
    """The modules that an install imports, in that order; kept beside the pip, for its next server."""
    import pip

    kept = f"{os.path.dirname(pip.__path__[0])}.imports-{sys.version_info[0]}.{sys.version_info[1]}"
    if not os.path.exists(kept):
        found = _scout()
        with open(f"{kept}-{os.getpid()}", "w", encoding="utf-8") as file:
            file.write(found)
        os.replace(file.name, kept)
    with open(kept, encoding="utf-8") as file:
        return file.read().split()


def _scout() -> str:
    """A fork finds out what an install imports, and takes it with it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        for name in _TYPICAL:
            with suppress(ImportError):
                importlib.import_module(name)
        os.write(writing, "\n".join(sys.modules).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as found:
        names = found.read()
    os.waitpid(pid, 0)
    return names


def become(command: dict[str, Any]) -> None:
    """In a child: what is different in an interpreter that was started for the command, then
    ``python -m module``."""
    os.chdir(command["cwd"])
    for descriptor, path in ((1, command["out"]), (2, command["err"])):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(command["environment"])
    tempfile.tempdir = None
    variables = sysconfig.get_config_vars()
    if "userbase" in variables:
        variables["userbase"] = os.path.expanduser("~/.local")
    if _IS_WARM:
        _find_cache()
    sys.path[0] = os.getcwd()
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    sys.argv[:] = ["-m", *command["args"]]
    runpy._run_module_as_main(command["module"])  # type: ignore[attr-defined]  # what -m calls


def _find_cache() -> None:
    """The one thing that ``pip._internal`` reads from the environment when it is imported."""
    from pip._internal import locations
    from pip._internal.cli import cmdoptions
    from pip._internal.utils import appdirs

    place = appdirs.user_cache_dir("pip")
    for module in (locations, locations.base, cmdoptions):
        module.USER_CACHE_DIR = place
    cmdoptions.cache_dir.keywords["default"] = place


class _End:
    """What is done last in a child: its exit code without the teardown of all modules, of which no
    test sees anything, and which takes 20 ms."""

    code: int | None = None

    def __call__(self) -> None:
        if self.code is not None:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(self.code)


if __name__ == "__main__":
    end = _End()
    atexit.register(end)  # before all others, so that it is called after them
    received = serve()
    if received is not None:
        end.code = 1
        try:
            become(received)
            end.code = 0
        except SystemExit as exc:
            end.code = 0 if exc.code is None else exc.code if isinstance(exc.code, int) else 1
            raise
