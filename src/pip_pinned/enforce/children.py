"""What pip starts: its own children run under the same policy, build backends see nothing of it.

pip has two ways to start itself, ``--python`` and the installation of build requirements, and both
ask ``get_runnable_pip`` for the script to run. Ours is written for one child: it names the kernel,
the sealed policy and its digest, so that nothing of it stands in an environment variable that a
build backend inherits. The child takes both files off the disk before it does anything else.
"""

from __future__ import annotations

import atexit
import inspect
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.run import BUILD, PYTHON, Run, Settings
from pip_pinned.policy import codec, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.lock_entry import Root

_KERNEL = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LAUNCHER = """\
# Started by pip-pinned in place of pip's own runner; runs once, then it is gone.
import sys
if sys.version_info[:2] < (3, 10):
    version = ".".join(str(v) for v in sys.version_info[:2])
    needs = "pip-pinned needs Python 3.10 or later, and this is " + version
    raise SystemExit("error: unsupported-python\\n\\n  " + needs)
kernel, policy, digest = {values}
with open(kernel + "/start/child.py") as source:
    exec(compile(source.read(), kernel + "/start/child.py", "exec"))
main(kernel, policy, digest)
"""

_sealed: set[str] = set()


def seal(run: Run, role: str, pip_runner: str, building: str | None = None) -> str:
    """Write a launcher for one child; returns its path.

    The files are 0600 in a directory that is 0700.     ``pip_runner`` is the script or zip that pip
    would have started. ``building`` names the index whose package     is being built, if what it
    requires is looked for there first.
    """
    settings = run.settings
    data: dict[str, Any] = {
        "role": role,
        "pip_runner": pip_runner,
        "hidden": settings.hidden,
        "are_sources_hidden": settings.are_sources_hidden,
        "inherited_by": building,
        "locked": settings.locked if role == PYTHON else {},
        "roots": settings.roots if role == PYTHON else [],
        "guests": settings.guests,
        "task": settings.task if role == PYTHON else {},
    }
    try:
        data["policy"] = codec.encode(run.declare() if role == PYTHON else run.policy)
    except (
        PipPinnedError
    ) as exc:  # told by the child, if it comes to search anything (CONTRACT 2.8)
        data["error"] = [exc.code, exc.message, exc.context, exc.hint]
    raw = codec.canonical(data)
    directory = tempfile.mkdtemp(prefix="pip-pinned-")
    _clean_up_at_exit()
    _sealed.add(directory)
    policy, launcher = os.path.join(directory, "policy.json"), os.path.join(directory, "run.py")
    _write(policy, raw)
    _write(launcher, _LAUNCHER.format(values=repr((_KERNEL, policy, codec.digest(raw)))).encode())
    return launcher


def _write(path: str, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _clean_up_at_exit() -> None:
    if _sealed:
        return
    atexit.register(_remove_sealed)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def _remove_sealed() -> None:
    while _sealed:
        shutil.rmtree(_sealed.pop(), ignore_errors=True)


def _terminated(number: int, frame: object) -> None:
    _remove_sealed()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def runnable_pip_for_python(run: Run, original: Callable[..., Any]) -> str:
    """The child of ``--python``: it reads its own options, over the policy that is declared
    here.
    """
    return seal(
        run, PYTHON, inspect.unwrap(original)()
    )  # before pip 26.2 it comes from build_env, where ours stands already


def runnable_pip_for_build(run: Run, original: Callable[..., Any]) -> str:
    """The child that installs build requirements: the policy as it is now, and nothing else about
    sources.
    """
    index = run.ledger.building[-1] if run.ledger.building else None
    return seal(run, BUILD, original(), index.name if index is not None and index.inherit else None)


def finder_index_urls(run: Run, original: Any, self: Any) -> list[str]:
    """What pip would put on a child's command line: nothing, so that it says ``--no-index``
    there.
    """
    return []


def finder_find_links(run: Run, original: Any, self: Any) -> list[str]:
    """The same for find-links: the child has its policy, and the command line shows no URL."""
    return []


def install_inprocess(
    run: Run, original: Callable[..., Any], self: Any, requirements: Any, *args: Any, **kwargs: Any
) -> Any:
    """Build requirements installed by this very process (``--use-feature=inprocess-build-
    deps``).
    """
    from pip._vendor.packaging.requirements import Requirement

    from pip_pinned.enforce.artifacts import inherit

    required = list(requirements)
    index = run.ledger.building[-1] if run.ledger.building else None
    if index is not None:
        inherit(run, index, [Requirement(text).name for text in required])
    with _as_if_nothing_were_locked(run, self):
        run.build_depth += 1
        try:
            return original(self, required, *args, **kwargs)
        finally:
            run.build_depth -= 1


@contextmanager
def _as_if_nothing_were_locked(run: Run, installer: Any) -> Iterator[None]:
    """What a lock has opened, it has opened for its own files: build requirements are looked up as
    if none of that had been asked.
    """
    if not run.settings.locked or run.build_depth:
        yield
        return
    finder = getattr(installer, "_finder", None)
    caches = [getattr(finder, name, None) for name in ("_all_candidates", "_best_candidates")]
    if not all(isinstance(cache, dict) for cache in caches):
        diagnostics.unsupported("its finder keeps candidates in another place")
    kept = [dict(cache) for cache in caches if cache is not None]
    for cache in caches:
        cache.clear()  # type: ignore[union-attr]
    try:
        with run.using(run.ledger.without_listings()):
            yield
    finally:
        for cache, content in zip(caches, kept, strict=True):
            cache.clear()  # type: ignore[union-attr]
            cache.update(content)  # type: ignore[union-attr]


def preparer_init(
    run: Run, original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any
) -> None:
    """From here on build backends may run: take indexes and credentials out of what they inherit
    (CONTRACT 4.9).
    """
    hide_sources(run)
    original(self, *args, **kwargs)


_SOURCES = (
    "(pypi-|extra-)?index-url|find-links|no-index|(default-)?index|pin|index-strategy|requirement|"
    "(build-)?constraint|config-file|trusted-host|python|proxy"
)
_CREDENTIALS = (
    "PIP_PINNED_|UV_(INDEX|EXTRA_INDEX_URL|DEFAULT_INDEX|FIND_LINKS)|POETRY_HTTP_BASIC_|"
    "POETRY_PYPI_TOKEN_|PIPENV_PYPI_MIRROR"
)
# Variables that say where things are; backends need them, and they are no secrets.
_PLACES = "HOME|PATH|USER|USERNAME|USERPROFILE|TMPDIR|TEMP|TMP|PWD|HOSTNAME"


def hide_sources(run: Run) -> None:
    """A pip started by a build backend finds no index; pip's own children get the variables back by
    their seal.
    """
    if run.settings.are_sources_hidden:
        return
    run.settings.are_sources_hidden = True
    written = [name for index in run.indexes for name in urls.variables(index.written or "")]
    expanded = {name for name in written if not re.fullmatch(_PLACES, name)}
    run.settings.hide([name for name in os.environ if name in expanded or _is_for_pip(name)])
    os.environ["PIP_NO_INDEX"] = "1"
    os.environ["PIP_CONFIG_FILE"] = os.devnull


def _is_for_pip(variable: str) -> bool:
    """Whether pip or we would read a source or a secret from the variable; pip takes
    ``PIP_INDEX-URL`` for ``PIP_INDEX_URL``.
    """
    name = variable.upper()
    option = name.removeprefix("PIP_").lower().replace("_", "-") if name[:4] == "PIP_" else ""
    return re.fullmatch(_SOURCES, option) is not None or re.match(_CREDENTIALS, name) is not None


def settings_of(data: dict[str, Any]) -> Settings:
    """In a child: the settings that it was sealed with; what was hidden from build backends is in
    the environment again.
    """
    if data["are_sources_hidden"]:
        for name in ("PIP_NO_INDEX", "PIP_CONFIG_FILE"):
            os.environ.pop(name, None)
    os.environ.update(data["hidden"])
    return Settings(
        data["role"],
        locked=data["locked"],
        roots=tuple(Root(*root) for root in data["roots"]),
        inherited_by=data["inherited_by"],
        guests=data["guests"],
        task=data["task"],
    )
