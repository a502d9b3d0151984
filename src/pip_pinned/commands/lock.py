"""``pip-pinned lock``: resolve under the policy, and write down which index each file came from."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from packaging.pylock import Package, Pylock, PylockValidationError, is_valid_pylock_path
from packaging.utils import canonicalize_name

from pip_pinned.adapt.locking import Preferred
from pip_pinned.commands.arguments import add_mirror, with_mirror
from pip_pinned.commands.resolving import ResolutionFailed, resolve
from pip_pinned.commands.writing import write_atomically
from pip_pinned.locks import inputs as locked_inputs
from pip_pinned.locks import pipfile_lock, pylock, requirements
from pip_pinned.locks.inputs import Inputs
from pip_pinned.pip_runner.settings import Connection, connected
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy

_OUTPUTS = {"pylock": "pylock.toml", "requirements": "requirements.lock.txt", "pipfile-lock": "Pipfile.lock"}


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if nothing was written, or with --check if the lock no longer fits; 2 for wrong usage."""
    given, options = _parser().parse_known_args(args)
    from pip_pinned.config.project import find_root, load_policy

    def load() -> Policy:
        return load_policy(project)

    try:
        root = find_root(project) or Path.cwd()
        mirrored = with_mirror(load, given.pypi_mirror, root)
        with connected(mirrored, options, words_too=True) as connection:
            if given.format == "requirements" and given.group is None:
                given.group = []  # a requirements file has no groups to choose from
            return _lock(mirrored, connection, _inputs(given, bool(connection.words), root), options, given, root)
    except ResolutionFailed as exc:
        return exc.code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "pip-pinned lock", allow_abbrev=False, usage="pip-pinned lock [-r FILE] [-c FILE] [-e PATH] [NAME...] [options of pip install]",
        description="Resolve under the policy and write pylock.toml: every file with its index and its hash. "
        "Without names, files or paths it is the project that is locked: [project] and its dependency groups, else Pipfile, else requirements.in or requirements.txt.")
    parser.add_argument("-r", "--requirement", action="append", default=[], metavar="FILE", help="lock the requirements of a file")
    parser.add_argument("-c", "--constraint", action="append", default=[], metavar="FILE", help="constrain versions by a file")
    parser.add_argument("-e", "--editable", action="append", default=[], metavar="PATH", help="lock a local project, editable")
    parser.add_argument("--group", action="append", default=None, metavar="NAME", help="a dependency group (default for the project: all of them)")
    parser.add_argument("--extra", action="append", default=[], metavar="NAME", help="an extra of the project")
    parser.add_argument("-o", "--output", default=None, metavar="FILE", help="where to write (default: pylock.toml; - for standard output)")
    parser.add_argument("--format", choices=tuple(_OUTPUTS), help="pylock.toml, a requirements file with hashes, or Pipfile.lock "
                        "(default: pylock; where there is a Pipfile.lock, that)")
    parser.add_argument("--upgrade", action="store_true", help="do not keep the versions that are locked now")
    parser.add_argument("--upgrade-package", action="append", default=[], metavar="NAME", help="do not keep the locked version of this package")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 with the difference if the lock no longer fits")
    add_mirror(parser)
    parser.add_argument("--project", metavar="DIR", help="the project whose policy is read")
    return parser


def _inputs(given: argparse.Namespace, named: bool, root: Path) -> Inputs:
    """What is to be locked; ``named`` says that names stand among the arguments that pip gets anyway."""
    if named or given.requirement or given.editable:
        arguments = [*(word for file in given.requirement for word in ("-r", file)), *(word for path in given.editable for word in ("-e", path))]
        inputs = Inputs(arguments=arguments, requirements=locked_inputs.groups_of(root, given.group or []))
    else:
        inputs = locked_inputs.of_project(root, given.extra, given.group)
    inputs.arguments += [word for file in given.constraint for word in ("-c", file)]
    return inputs


def _lock(load: Callable[[], Policy], connection: Connection, inputs: Inputs, options: list[str], given: argparse.Namespace, root: Path) -> int:
    form = given.format or ("pipfile-lock" if inputs.pipfile is not None and (root / "Pipfile.lock").is_file() else "pylock")
    if form == "pipfile-lock" and inputs.pipfile is None:
        raise PipPinnedError("usage", "Pipfile.lock is the lock of a Pipfile.", hint="Lock the project, without names or files; it needs a Pipfile and no [project].")
    output = given.output or _OUTPUTS[form]
    path = Path(output)
    if form == "pylock" and output != "-" and not is_valid_pylock_path(path):
        raise PipPinnedError("usage", f"{output!r} is not the name of a lock.", hint="pylock.toml, or pylock.NAME.toml.")
    text, count = _text(load, connection, inputs, options, given, root, form, path)
    if given.check:
        return _show_difference(path, text)
    if output == "-":
        sys.stdout.write(text)
    else:
        write_atomically(path, text)
        sys.stderr.write(f"pip-pinned: locked {count} packages in {output}.\n")
    return 0


def _text(load: Callable[[], Policy], connection: Connection, inputs: Inputs, options: list[str], given: argparse.Namespace, root: Path, form: str,
          path: Path) -> tuple[str, int]:
    """The new lock and the number of its packages."""
    if form == "pipfile-lock":
        was = pipfile_lock.read(path) if path.is_file() else {}
        resolution = resolve(load, connection, inputs, options, {} if given.upgrade else _freed({name: (version, None) for name, version in pipfile_lock.versions(was).items()}, given.upgrade_package))
        text = pipfile_lock.dumps(resolution, inputs.pipfile or {})
        _refuse_lost_hashes(pipfile_lock.hashes(was), pipfile_lock.hashes(json.loads(text)))
        return text, len(resolution.packages)
    old = pylock.read(old_path) if (old_path := path if form == "pylock" and path.name != "-" else Path("pylock.toml")).is_file() else None
    written = requirements.hashes(path) if form == "requirements" and path.is_file() else {}
    facts: dict[str, Any] = {"policy": connection.fingerprint, "inputs": locked_inputs.digest(inputs, options, root), "pins": pylock.pins_of(connection.policy)}
    versions: Preferred = {name: (version, None) for name, version in written} if written else {} if old is None else _versions(old)
    resolution = resolve(load, connection, inputs, options, {} if given.upgrade else _freed(versions, given.upgrade_package))
    facts["environment"] = {key: resolution.environment[key] for key in ("python_version", "sys_platform", "platform_machine") if key in resolution.environment}
    try:
        lock = pylock.build(resolution, inputs, facts, Path.cwd() if path.name == "-" else path.resolve().parent)
    except (PylockValidationError, ValueError) as exc:
        raise PipPinnedError("lock-failed", "What was resolved does not make a valid lock.", context=str(exc)) from exc
    if written:
        _refuse_lost_hashes(written, _all_hashes(lock))
    elif old is not None:
        _refuse_changed_hashes(old, lock)
    return (pylock.dumps(lock) if form == "pylock" else requirements.dumps(lock, connection.policy)), len(lock.packages)


def _versions(old: Pylock) -> Preferred:
    return {package.name: (str(package.version), package.index) for package in old.packages if package.version is not None and not package.is_direct}


def _freed(versions: Preferred, names: list[str]) -> Preferred:
    freed = set(map(canonicalize_name, names))
    return {name: version for name, version in versions.items() if name not in freed}


def _hashes(package: Package) -> dict[str, Mapping[str, str]]:
    files = [*(package.wheels or ()), *([package.sdist] if package.sdist else ())]
    if package.archive is not None:
        return {package.archive.url or package.archive.path or "": package.archive.hashes}
    return {file.filename: file.hashes for file in files}


def _all_hashes(lock: Pylock) -> dict[tuple[str, str], set[str]]:
    return {(package.name, str(package.version)): {f"{name}:{value}" for hashes in _hashes(package).values() for name, value in hashes.items()} for package in lock.packages}


def _refuse_changed_hashes(old: Pylock, new: Pylock) -> None:
    before = {(package.name, package.version): package for package in old.packages}
    changed = []
    for package in new.packages:
        was = before.get((package.name, package.version))
        if was is None or was.index != package.index:
            continue
        known = _hashes(was)
        for filename, hashes in _hashes(package).items():
            if any(known.get(filename, {}).get(name, value) != value for name, value in hashes.items()):
                changed.append(f"{package.name} {package.version}: {filename}")
    _refuse(changed)


def _refuse_lost_hashes(old: Mapping[tuple[str, str], set[str]], new: Mapping[tuple[str, str], set[str]]) -> None:
    """Where a lock names no files, a hash that is gone is one that changed."""
    _refuse([f"{name} {version.removeprefix('==')}: {value}" for (name, version), values in old.items() if (name, version) in new for value in sorted(values - new[name, version])])


def _refuse(changed: list[str]) -> None:
    if changed:
        raise PipPinnedError("hash-changed", "Files that are locked already have other hashes on their index now; the lock was left as it is.", context="\n".join(changed),
                             hint="A published file never changes. Find out who changed it; to accept it, remove the package from the lock first.")


def _show_difference(path: Path, text: str) -> int:
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = list(difflib.unified_diff(old.splitlines(), text.splitlines(), f"{path} (now)", f"{path} (locked again)", lineterm=""))
    for line in lines:
        sys.stdout.write(line + "\n")
    return 1 if lines else 0
