"""Let pip resolve under the policy, and put together what was resolved from its report and the kernel's log."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pip_pinned.adapt.locking import Preferred
from pip_pinned.commands.probing import Prober
from pip_pinned.locks.inputs import Inputs
from pip_pinned.locks.resolution import LockedFile, LockedPackage, Resolution
from pip_pinned.pip_runner.process import quietly, run_pip
from pip_pinned.pip_runner.settings import Connection
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index, Policy
from pip_pinned.report import screen

_AT_ONCE = 16


class ResolutionFailed(Exception):
    """pip did not resolve; it has said why. ``code`` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def resolve(load: Callable[[], Policy], connection: Connection, inputs: Inputs, options: list[str], preferred: Preferred, *, hashes: bool = True) -> Resolution:
    """Everything that the inputs come to in this environment, with every file of the chosen versions.

    ``preferred`` versions are taken where they fit; without ``hashes`` none is computed that an index does not give. Raises ResolutionFailed, and PipPinnedError for files that cannot be locked.
    """
    with tempfile.TemporaryDirectory(prefix="pip-pinned-lock-") as directory:
        place = Path(directory)
        arguments = list(inputs.arguments)
        for number, asked in enumerate(inputs.requirements.values()):
            file = place / f"{number}.txt"
            file.write_text("\n".join(asked) + "\n", encoding="utf-8")
            arguments += ["-r", str(file)]
        report, log, decisions = (place / name for name in ("report.json", "lock.jsonl", "decisions.jsonl"))
        log.touch()
        code = run_pip(load, ["install", "--dry-run", "--ignore-installed", *quietly(), *options, *arguments, "--report", str(report)],
                       decision_log=str(decisions), lock_log=str(log), preferred=preferred)
        if code:
            raise ResolutionFailed(code)
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        if not report.exists() and any(line.get("requirement") or line.get("link") for line in lines):
            raise PipPinnedError("lock-failed", "pip resolved, and wrote no report.", hint="Leave --report out.")
        found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"install": [], "environment": {}}
        because = {line["name"]: line["because"] for line in map(json.loads, decisions.read_text(encoding="utf-8").splitlines())} if decisions.exists() else {}
        categories = {str(place / f"{number}.txt"): category for number, category in enumerate(inputs.requirements)}
    try:
        packages = [_package(connection, item, lines, because) for item in found["install"]]
        packages = _related(packages, found, [line for line in lines if "requirement" in line], categories)
    except (InvalidRequirement, InvalidVersion) as exc:
        raise PipPinnedError("lock-failed", "Something that was resolved has metadata that no lock can hold.", context=str(exc).splitlines()[0]) from exc
    completed = _with_hashes(connection, packages) if hashes else packages
    return Resolution(packages=tuple(completed), environment=found.get("environment", {}))


# -- what the report and the pages say ---------------------------------------------------------------------------


def _package(connection: Connection, item: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], because: Mapping[str, str]) -> LockedPackage:
    metadata, info = item["metadata"], item["download_info"]
    name = canonicalize_name(metadata["name"])
    package = LockedPackage(name=name, version=metadata["version"], requires_python=metadata.get("requires_python"))
    if item["is_direct"]:
        return replace(package, direct=_direct(info), because="direct reference")
    url = urls.without_fragment(info["url"])  # concealed, as everything that pip reports

    def is_chosen(file: Mapping[str, Any]) -> bool:
        return connection.hidden(file["url"]) == url

    page = next((line for line in lines if line.get("project") == name and any(map(is_chosen, line["files"]))), None)
    if page is None:
        raise PipPinnedError("lock-failed", f"No index has listed the file of {name} that pip chose.", context=f"file: {urls.redact(url)}",
                             hint="This is a mistake in pip-pinned; please report it.")
    index = connection.policy.index_named(page["index"]) if page["index"] is not None else None
    files = tuple(_file(file, chosen=is_chosen(file)) for file in page["files"]
                  if is_chosen(file) or (not file["yanked"] and _version_of(file["filename"]) == Version(package.version)))
    return replace(package, index=page["index"], index_url=None if index is None else connection.lock_url(index),
                   files=_checked(name, files, info), because=because.get(name, ""))


def _direct(info: Mapping[str, Any]) -> Mapping[str, Any]:
    """``download_info`` with the older spelling of its hash made the newer one; no credentials."""
    found = {**info, "url": urls.without_credentials(info["url"])}
    archive = info.get("archive_info")
    if archive is not None and not archive.get("hashes") and archive.get("hash"):
        algorithm, _, value = archive["hash"].partition("=")
        found["archive_info"] = {"hashes": {algorithm: value}}
    return found


def _file(file: Mapping[str, Any], *, chosen: bool) -> LockedFile:
    strong = {name: value for name, value in file["hashes"].items() if name in ("sha256", "sha384", "sha512")}
    return LockedFile(filename=file["filename"], url=file["url"], hashes=strong, size=file["size"], upload_time=file["upload_time"], chosen=chosen)


def _version_of(filename: str) -> Version | None:
    try:
        return parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def _checked(name: str, files: tuple[LockedFile, ...], info: Mapping[str, Any]) -> tuple[LockedFile, ...]:
    """The chosen file has the hash that pip saw; it is that one that counts where the page gives none."""
    seen = (_direct(info).get("archive_info") or {}).get("hashes") or {}
    checked = []
    for file in files:
        if file.chosen and any(file.hashes[algorithm] != seen[algorithm] for algorithm in file.hashes.keys() & seen.keys()):
            raise PipPinnedError("hash-changed", f"The index changed the hash of {file.filename} while {name} was locked.", context=f"file: {urls.redact(file.url)}")
        checked.append(replace(file, hashes={"sha256": seen["sha256"]}) if file.chosen and not file.hashes and "sha256" in seen else file)
    return tuple(checked)


# -- hashes that the index does not give ---------------------------------------------------------------------------


def _with_hashes(connection: Connection, packages: list[LockedPackage]) -> list[LockedPackage]:
    missing = [(package, file) for package in packages for file in package.files if not file.hashes]
    if not missing:
        return [_concealed(connection, package) for package in packages]
    probers: dict[str, Prober] = {}
    for package, file in missing:  # credentials one after the other, in this thread
        index = connection.policy.index_named(package.index or "")
        if index is not None and index.name not in probers:
            probers[index.name] = Prober(connection, index, *connection.credentials(index, refused=False)[:2])
        _refuse_off_origin(connection.policy, package, file, index)
    with screen.progress("hashing files", len(missing)) as step, ThreadPoolExecutor(_AT_ONCE) as pool:

        def measure(one: tuple[LockedPackage, LockedFile]) -> tuple[str, int]:
            package, file = one
            path = urls.local_path(file.url)
            content = Path(path).read_bytes() if path is not None else probers[package.index or ""].download(file.url)
            step()
            return sha256(content).hexdigest(), len(content)

        measured = {file.url: result for (_, file), result in zip(missing, pool.map(measure, missing), strict=True)}
    completed = [replace(package, files=tuple(
        file if file.hashes else replace(file, hashes={"sha256": measured[file.url][0]}, size=measured[file.url][1]) for file in package.files)) for package in packages]
    return [_concealed(connection, package) for package in completed]


def _refuse_off_origin(policy: Policy, package: LockedPackage, file: LockedFile, index: Index | None) -> None:
    """CONTRACT 4.4: without a hash from its page a file has to be on the index's origin."""
    if index is None:
        if urls.local_path(file.url) is None:
            raise PipPinnedError("lock-failed", f"A file of {package.name} is on no index, and nothing gives its hash.", context=f"file: {urls.redact(file.url)}")
        return
    if urls.has_scheme(file.url) and (urls.same_origin(index.url, file.url) or urlsplit(file.url).hostname in policy.allow_file_hosts):
        return
    raise PipPinnedError("off-origin-file", f"A file of {package.name} is on another origin than its index, and the index gives no hash for it.",
                         context=f"index: {index.name} {index.shown}\nfile: {urls.redact(file.url)}", hint="Let the index give hashes, or set allow-file-hosts in the policy.")


def _concealed(connection: Connection, package: LockedPackage) -> LockedPackage:
    """The values of variables are no part of a lock (CONTRACT 2.7), and a mirror is none either."""
    index = None if package.index is None else connection.policy.index_named(package.index)
    return replace(package, index=package.index if index is None else connection.policy.canonical(index).name,
                   files=tuple(replace(file, url=connection.lock_file_url(file.url)) for file in package.files))


# -- who requires whom, and where -------------------------------------------------------------------------------


def _related(packages: list[LockedPackage], report: Mapping[str, Any], roots: list[Mapping[str, Any]], categories: Mapping[str, str]) -> list[LockedPackage]:
    """Dependencies by name, and markers: of the requirement, and of the extra or group, that a package is there for."""
    environment = report.get("environment", {})
    metadata: dict[str, Any] = {canonicalize_name(item["metadata"]["name"]): item["metadata"] for item in report["install"]}
    edges: dict[str, set[str]] = {name: set() for name in metadata}
    needed: dict[str, dict[str, set[str | None]]] = {name: {} for name in metadata}  # by category: where
    for root in roots:
        name, extras = _root_of(root, report)
        if name in metadata:
            category = next((category for path, category in categories.items() if f"-r {path} " in (root["from"] or "")), "")
            for reached in _reach(name, extras, metadata, environment, edges):
                needed[reached].setdefault(category, set()).add(root["marker"])
    lost = sorted(name for name, by_category in needed.items() if not by_category)
    if lost:
        raise PipPinnedError("lock-failed", f"Nothing that was asked for requires {', '.join(lost)}.", hint="Name direct references, as in: name @ git+https://…")
    related = []
    for package in packages:
        by_category = {category: _any_of(where) for category, where in needed[package.name].items()}
        marker = _any_of({_condition(category, where) for category, where in by_category.items()})
        related.append(replace(package, requires=tuple(sorted(edges[package.name])), marker=marker, categories=by_category))
    return related


def _any_of(markers: set[str | None]) -> str | None:
    """A marker that holds where any of these does; None holds everywhere."""
    texts = sorted(text for text in markers if text is not None)
    if len(texts) < len(markers):
        return None
    return texts[0] if len(texts) == 1 else " or ".join(f"({text})" for text in texts)


def _condition(category: str, marker: str | None) -> str | None:
    """The marker, and the extra or group that the category stands for."""
    kind, _, name = category.partition(":")
    if not kind:
        return marker
    chosen = f"'{name}' in {'extras' if kind == 'extra' else 'dependency_groups'}"
    return chosen if marker is None else f"({marker}) and {chosen}"


def _root_of(root: Mapping[str, Any], report: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    if root["requirement"] is not None:
        requirement = Requirement(root["requirement"])
        return canonicalize_name(requirement.name), frozenset(map(canonicalize_name, requirement.extras))
    for item in report["install"]:  # a path or URL without a name
        if item["is_direct"] and urls.without_fragment(root["link"] or "").rstrip("/") == item["download_info"]["url"].rstrip("/"):
            return canonicalize_name(item["metadata"]["name"]), frozenset(map(canonicalize_name, item.get("requested_extras", ())))
    return "", frozenset()


def _reach(name: str, extras: frozenset[str], metadata: Mapping[str, Any], environment: Mapping[str, str], edges: dict[str, set[str]]) -> set[str]:
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(name, extras)]
    while waiting:
        node = waiting.pop()
        if node in seen or node[0] not in metadata:
            continue
        seen.add(node)
        for text in metadata[node[0]].get("requires_dist", ()):
            requirement = Requirement(text)
            if requirement.marker is None or any(requirement.marker.evaluate({**environment, "extra": extra}) for extra in ("", *node[1])):
                target = canonicalize_name(requirement.name)
                if target in metadata:
                    edges[node[0]].add(target)
                    waiting.append((target, frozenset(map(canonicalize_name, requirement.extras))))
    return {reached for reached, _ in seen}
