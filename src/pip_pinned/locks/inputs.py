"""What is to be locked: requirements that are named, or those of the project itself (PEP 621, PEP 735, Pipfile, requirements files)."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.dependency_groups import DependencyGroupResolver
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pip_pinned.policy.errors import PipPinnedError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NOT_CATEGORIES = ("source", "requires", "scripts", "pipenv", "build-system")
_MARKER_KEYS = ("os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release", "platform_system", "platform_version",
                "python_version", "python_full_version", "implementation_name", "implementation_version")
_NESTED = r"(?m)^\s*(?:-r|-c|--requirement|--constraint)[=\s]*(\S+)"


@dataclass
class Inputs:
    """``arguments`` are for pip as they stand; ``requirements`` are lines by category: ``""``, ``extra:NAME`` and ``group:NAME``.
    ``pipfile`` is the Pipfile that they come from, if they do.
    """

    arguments: list[str] = field(default_factory=list)
    requirements: dict[str, list[str]] = field(default_factory=dict)
    requires_python: str | None = None
    pipfile: Mapping[str, Any] | None = None

    def names(self, kind: str) -> list[str]:
        """The extras or groups among the categories, sorted."""
        return sorted(category.partition(":")[2] for category in self.requirements if category.startswith(kind + ":"))


def of_project(root: Path, extras: list[str], groups: list[str] | None) -> Inputs:
    """The project's own requirements: ``[project]`` with dependency groups, else Pipfile, else requirements.in or requirements.txt.

    ``groups`` None means all of them. Raises PipPinnedError ``nothing-to-lock`` if there is none of these.
    """
    document = _toml(root / "pyproject.toml")
    if "project" in document or (document.get("dependency-groups") and groups):
        return _of_pyproject(document, extras, groups)
    if (root / "Pipfile").is_file():
        return _of_pipfile(_toml(root / "Pipfile"), groups, root)
    for name in ("requirements.in", "requirements.txt"):
        if (root / name).is_file():
            return Inputs(arguments=["-r", str(root / name)])
    raise PipPinnedError("nothing-to-lock", f"{root} has no [project], no Pipfile and no requirements file.", hint="Name what to lock, as in: pip-pinned lock -r FILE.")


def groups_of(root: Path, groups: list[str]) -> dict[str, list[str]]:
    """The requirements of these dependency groups (PEP 735), by category."""
    found = _toml(root / "pyproject.toml").get("dependency-groups", {})
    return {f"group:{name}": _group(found, name) for name in groups}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError) as exc:
        raise PipPinnedError("bad-configuration", f"{path} cannot be read.", context=str(exc)) from exc


def _of_pyproject(document: Mapping[str, Any], extras: list[str], groups: list[str] | None) -> Inputs:
    project = document.get("project", {})
    dynamic = {"dependencies", "optional-dependencies"} & set(project.get("dynamic", ()))
    if dynamic:
        raise PipPinnedError("nothing-to-lock", f"The project's {min(dynamic)} are dynamic: only building it tells them.", hint="Lock it by building it: pip-pinned lock -e .")
    inputs = Inputs(requirements={"": list(project.get("dependencies", ()))}, requires_python=project.get("requires-python"))
    optional = {canonicalize_name(name): lines for name, lines in project.get("optional-dependencies", {}).items()}
    for extra in map(canonicalize_name, extras):
        if extra not in optional:
            raise PipPinnedError("nothing-to-lock", f"The project has no extra {extra!r}.", hint=f"It has: {', '.join(optional) or 'none'}.")
        inputs.requirements[f"extra:{extra}"] = list(optional[extra])
    found = document.get("dependency-groups", {})
    for name in found if groups is None else groups:
        inputs.requirements[f"group:{name}"] = _group(found, name)
    return inputs


def _group(found: Mapping[str, Any], name: str) -> list[str]:
    try:
        return [str(requirement) for requirement in DependencyGroupResolver(found).resolve(name)]
    except (LookupError, ValueError, TypeError) as exc:
        raise PipPinnedError("nothing-to-lock", f"The dependency group {name!r} cannot be read.", context=str(exc)) from exc


def _of_pipfile(document: Mapping[str, Any], groups: list[str] | None, root: Path) -> Inputs:
    inputs = Inputs(pipfile=document)
    for category, packages in document.items():
        if category in _NOT_CATEGORIES or not isinstance(packages, dict):
            continue
        name = "" if category == "packages" else f"group:{'dev' if category == 'dev-packages' else category}"
        if name == "" or groups is None or name.partition(":")[2] in groups:
            inputs.requirements[name] = [_pipfile_line(package, entry, root) for package, entry in packages.items()]
    version = document.get("requires", {}).get("python_version")
    inputs.requires_python = f"=={version}.*" if version else None
    return inputs


def _pipfile_line(package: str, entry: Any, root: Path) -> str:
    """A Pipfile entry as a line of a requirements file. Source: https://pipenv.pypa.io/en/latest/pipfile.html

    Raises PipPinnedError ``bad-configuration`` for what does not come out as a requirement of that very project.
    """
    if not isinstance(entry, (str, dict)):
        raise _bad_entry(package, "neither a version nor a table")
    entry = {"version": entry} if isinstance(entry, str) else entry
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    markers = [f"({entry['markers']})"] if entry.get("markers") else []
    markers += [f"{key} {entry[key]}" for key in _MARKER_KEYS if key in entry]
    condition = f" ; {' and '.join(markers)}" if markers else ""
    if "path" in entry:
        return ("-e " if entry.get("editable") else "") + (root / str(entry["path"])).resolve().as_uri() + condition
    place = next((f"{vcs}+{entry[vcs]}" for vcs in ("git", "hg", "svn", "bzr") if vcs in entry), None)
    if place is not None:
        place += (f"@{entry['ref']}" if entry.get("ref") else "") + (f"#subdirectory={entry['subdirectory']}" if entry.get("subdirectory") else "")
    elif "file" in entry or "uri" in entry:
        place = str(entry.get("file") or entry.get("uri"))
        place = place if "://" in place else (root / place).resolve().as_uri()
    version = str(entry.get("version", "*")).strip()
    if version and version != "*" and version[0] not in "<>=!~":
        version = "==" + version
    line = f"{package}{extras}" + (f" @ {place}" if place is not None else "" if version == "*" else version) + condition
    try:
        requirement = Requirement(line)
    except InvalidRequirement as exc:
        raise _bad_entry(package, str(exc).splitlines()[0]) from exc
    if canonicalize_name(requirement.name) != canonicalize_name(package):
        raise _bad_entry(package, f"it reads as {line!r}")
    return line


def _bad_entry(package: str, why: str) -> PipPinnedError:
    return PipPinnedError("bad-configuration", f"The entry of {package} in the Pipfile cannot be read.", context=why)


def digest(inputs: Inputs, options: list[str], root: Path) -> str:
    """Sixteen hexadecimal digits over everything that was asked for: lines, options, and the contents of every file that is named.

    Empty if part of it is somewhere that cannot be known without asking, such as a requirements file on a server.
    """
    parts: list[str] = [json.dumps(inputs.requirements, sort_keys=True), json.dumps(options), str(inputs.requires_python)]
    words = iter([*inputs.arguments, *options])
    for word in words:
        parts.append(word if not Path(word).is_absolute() else Path(word).name)
        if word in ("-r", "-c", "--requirement", "--constraint", "-e", "--editable"):
            path = next(words, "")
            if "://" in path:
                return ""
            parts += _contents(Path(path), set())
        elif Path(word).exists():
            parts += _contents(Path(word), set())
    for line in (line for lines in inputs.requirements.values() for line in lines):
        path = line.removeprefix("-e ").partition(" ; ")[0].partition("[")[0]
        if (root / path).exists():
            parts += _contents(root / path, set())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _contents(path: Path, seen: set[Path]) -> Iterator[str]:
    """The text of a requirements file and of those that it names; of a directory, what says which dependencies it has."""
    if path.is_dir():
        for name in ("pyproject.toml", "setup.cfg", "setup.py"):
            if (path / name).is_file():
                yield (path / name).read_text(encoding="utf-8", errors="replace")
    elif path.is_file() and path.resolve() not in seen:
        seen.add(path.resolve())
        text = path.read_bytes().decode("utf-8", "replace")
        yield text
        for nested in re.findall(_NESTED, text):
            yield from [f"remote {nested}"] if "://" in nested else _contents(path.parent / nested, seen)
