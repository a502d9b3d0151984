"""A policy in the terms of other tools, and what these terms cannot say.

Sources: https://docs.astral.sh/uv/concepts/indexes/, https://pipenv.pypa.io/en/latest/indexes.html, https://python-poetry.org/docs/repositories/,
https://pdm-project.org/latest/usage/config/, simpleindex by its own documentation, https://devpi.net/docs/devpi/devpi/stable/ (mirror_whitelist),
https://help.sonatype.com/en/routing-rules.html, https://jfrog.com/help/r/how-to-use-include-and-exclude-patterns-on-pypi-repositories
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from pip_pinned.config.edit import editor
from pip_pinned.policy import names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index, Pin, Policy, Strategy


class Export(NamedTuple):
    """What to write, and a line for everything that it does not say."""

    text: str
    lacking: tuple[str, ...]


class _Target(NamedTuple):
    write: Callable[[Policy, str], tuple[str, list[str]]]
    says: frozenset[str]
    strategies: tuple[Strategy, ...]


# What a policy may hold, and what a tool does with it that cannot say it.
_ALWAYS = {
    "transitive": "Pins hold for what the project itself requires; a dependency of a dependency comes from wherever unpinned names do.",
    "builds": "Build requirements are not pinned.",
    "redirects": "A page that is redirected to another host counts as the index's own.",
}
_FEATURES: Mapping[str, tuple[Callable[[Policy], object], str]] = {
    "globs": (lambda policy: [pin.pattern for pin in policy.pins if names.is_glob(pin.pattern)], "Globs are left out: {found}."),
    "markers": (lambda policy: [pin.pattern for pin in policy.pins if pin.marker], "Pins that hold under a marker only are left out: {found}."),
    "explicit": (lambda policy: [index.name for index in policy.indexes if index.explicit], "Indexes that are explicit answer for every name there: {found}."),
    "flat": (lambda policy: [index.name for index in policy.indexes if index.format == "flat"], "Flat indexes are left out: {found}."),
    "inherit": (lambda policy: [index.name for index in policy.indexes if index.inherit], "inherit is not known: unpinned dependencies of packages from {found} are searched like all others."),
    "verify-ssl": (lambda policy: [index.name for index in policy.indexes if not index.verify_ssl], "verify-ssl = false is left out: {found}."),
    "authenticate": (lambda policy: [index.name for index in policy.indexes if index.authenticate], "authenticate is left out: {found}."),
    "ignore-error-codes": (lambda policy: [index.name for index in policy.indexes if index.ignore_error_codes is not None], "ignore-error-codes is left out: {found}."),
    "cache-control": (lambda policy: [index.name for index in policy.indexes if index.cache_api or index.cache_files], "cache-control is left out: {found}."),
    "allow-file-hosts": (lambda policy: policy.allow_file_hosts, "Files without a hash may be on any host, not on {found} only."),
    "explicit-default": (lambda policy: [index.name for index in policy.indexes if index.default and index.explicit],
                         "Names without a pin are not refused: {found} is the default index, for pinned packages only."),
    "excludes": (lambda policy: [index.name for index in policy.indexes if index.excludes], "That {found} is not asked for some names is left out."),
    "supplemental": (lambda policy: [index.name for index in policy.indexes if index.supplemental], "{found} would be asked like any other index, not only for what the others lack."),
    "nowhere": (lambda policy: [pin.pattern for pin in policy.pins if pin.index_name is None], "That these come from no index is not said: {found}."),
}


def export(policy: Policy, target: str, pypi: str) -> Export:
    """The policy for one of ``TARGETS``; ``pypi`` is the URL of pip's default index. Raises PipPinnedError ``usage`` for another one."""
    if target not in _TARGETS:
        raise PipPinnedError("usage", f"--to {target!r} is not known.", hint=f"One of: {', '.join(_TARGETS)}.")
    tool = _TARGETS[target]
    lacking = [text for code, text in _ALWAYS.items() if code not in tool.says]
    for code, (find, text) in _FEATURES.items():
        found = find(policy)
        if found and code not in tool.says:
            lacking.append(text.format(found=", ".join(map(str, found))))  # type: ignore[call-overload]
    if policy.strategy not in tool.strategies:
        lacking.append(f"index-strategy {policy.strategy.value} is not known: names without a pin are searched as the tool does by itself.")
    text, more = tool.write(_sayable(policy, tool.says), pypi)
    return Export(text, (*lacking, *more))


def _sayable(policy: Policy, says: frozenset[str]) -> Policy:
    """The policy without what the tool has no words for."""
    indexes = tuple(index for index in policy.indexes if index.format != "flat" or "flat" in says)
    known = {index.name.lower() for index in indexes}
    pins = tuple(pin for pin in policy.pins if pin.index_name is not None and pin.index_name.lower() in known
                 and ("globs" in says or not names.is_glob(pin.pattern)) and ("markers" in says or not pin.marker))
    return policy._replace(indexes=indexes, pins=pins)


# -- tools that read a file of the project ----------------------------------------------------------------------


def _with_editor(dialect: str) -> Callable[[Policy, str], tuple[str, list[str]]]:
    def write(policy: Policy, pypi: str) -> tuple[str, list[str]]:
        edit = editor(Path("/nonexistent"), dialect, pypi)
        for index in sorted(policy.indexes, key=lambda index: not index.default):
            edit.add_index(index.name, urls.without_credentials(index.noted), explicit=index.explicit, default=index.default, kind=index.format)
        for pin in policy.pins:
            edit.pin(pin.pattern, pin.index_name or "")
        return edit.text, edit.lacking

    return write


def _uv(policy: Policy, pypi: str) -> tuple[str, list[str]]:
    """uv knows markers: a name with several places is a list."""
    text, lacking = _with_editor("uv")(policy._replace(pins=tuple(pin for pin in policy.pins if not pin.marker)), pypi)
    by_name: dict[str, list[Pin]] = {}
    for pin in policy.pins:
        if pin.marker:
            by_name.setdefault(pin.pattern, []).append(pin)
    if policy.strategy.value in ("unsafe-first-match", "unsafe-best-match"):
        text = f'[tool.uv]\nindex-strategy = "{policy.strategy.value}"\n\n{text}'
    if by_name:
        text += "" if "[tool.uv.sources]" in text else "\n[tool.uv.sources]\n"
    for name, pins in by_name.items():
        text += f"{name} = [\n" + "".join(f"  {{ index = {json.dumps(pin.index_name)}, marker = {json.dumps(pin.marker)} }},\n" for pin in pins) + "]\n"
    return text, lacking


def _pip_conf(policy: Policy, pypi: str) -> tuple[str, list[str]]:
    default = next((index.noted for index in policy.indexes if index.default), pypi)
    lacking = [f"{pin.pattern} is not pinned to {pin.index_name}." for pin in policy.pins]
    lacking += [f"{index.name} {index.shown} is left out: as an extra-index-url it would answer for every name." for index in policy.indexes if not index.default]
    return f"[global]\nindex-url = {urls.without_credentials(default)}\n", lacking


# -- servers that stand in front of the indexes -------------------------------------------------------------------


def _open_index(policy: Policy, pypi: str) -> tuple[str, str, list[str]]:
    """Name and URL of the one index that unpinned names come from, and what is said about the others."""
    default = next((index for index in policy.indexes if index.default), None)
    name, url = ("pypi", pypi) if default is None else (default.name, urls.without_credentials(default.noted))
    others = [index for index in policy.indexes if not index.explicit and not index.default]
    return name, url, [f"{index.name} {index.shown} is asked for pinned names only, not for others." for index in others]


def _ordered(policy: Policy) -> list[tuple[Pin, Index]]:
    """The pins, exact ones first, then by the length of their literal prefix, each with its index."""
    found = [(pin, index) for pin in policy.pins if (index := policy.index_named(pin.index_name or "")) is not None]
    return sorted(found, key=lambda one: (names.is_glob(one[0].pattern), -len(names.literal_prefix(one[0].pattern)), one[0].pattern))


def _overlaps(policy: Policy) -> list[str]:
    """Globs that also let through names which a more specific pin sends elsewhere."""
    return [f"{glob.pattern} lets {pin.pattern} come from {glob.index_name} too, and it is pinned to {pin.index_name}."
            for glob in policy.pins if names.is_glob(glob.pattern) for pin in policy.pins
            if pin.index_name != glob.index_name and pin.pattern != glob.pattern and names.globs_overlap(glob.pattern, pin.pattern)]


def _simpleindex(policy: Policy, pypi: str) -> tuple[str, list[str]]:
    _, url, lacking = _open_index(policy, pypi)
    text = ""
    for pin, index in _ordered(policy):
        prefix = names.literal_prefix(pin.pattern)
        if names.is_glob(pin.pattern) and pin.pattern != prefix + "*":
            lacking.append(f"{pin.pattern} is left out: only globs that end in one * can be routes.")
            continue
        route = f"{prefix}{{rest}}" if names.is_glob(pin.pattern) else pin.pattern
        text += f'[routes.{json.dumps(route)}]\nsource = "http"\nto = {json.dumps(urls.without_credentials(index.noted).rstrip("/") + f"/{route}/")}\n\n'
    text += f'[routes."{{project}}"]\nsource = "http"\nto = {json.dumps(url.rstrip("/") + "/{project}/")}\n\n[server]\nhost = "127.0.0.1"\nport = 8000\n'
    return text, [*lacking, "Pages are redirected, so pip asks the indexes themselves, with its own credentials for them."]


def _devpi(policy: Policy, pypi: str) -> tuple[str, list[str]]:
    """A devpi index takes nothing from a mirror for a name that was uploaded to it or to one of its bases; pins to mirrors it does not have."""
    name, url, lacking = _open_index(policy, pypi)
    commands, bases = [f"devpi index -c root/{name} type=mirror mirror_url={url}"], []
    for index in policy.indexes:
        mine = sorted(pin.pattern for pin in policy.pins if (pin.index_name or "").lower() == index.name.lower())
        if not index.default and mine:
            commands.append(f"devpi index -c root/{index.name} type=stage volatile=False mirror_whitelist=")
            bases.append(f"root/{index.name}")
            lacking.append(f"What is pinned to {index.name} has to be uploaded to root/{index.name}; until then {', '.join(mine)} may come from {name}.")
    commands.append(f"devpi index -c root/policy type=stage volatile=False mirror_whitelist= bases={','.join([*bases, f'root/{name}'])}")
    return "# after: devpi login root\n" + "\n".join(commands) + "\n", lacking


def _nexus_matcher(pattern: str) -> str:
    parts = ".*" if pattern == "*" else "".join({"*": ".*", "?": "."}.get(part, r"[-_.]+" if part == "-" else re.escape(part)) for part in re.split(r"([*?-])", pattern) if part)
    end = "" if pattern.endswith("*") else r"([-/].*)?"
    return rf"(?i)^/(simple|packages)/(.*/)?{parts}{end}$"


def _nexus(policy: Policy, pypi: str) -> tuple[str, list[str]]:
    """Routing rules for the proxy repositories, as its REST API takes them (POST /service/rest/v1/routing-rules)."""
    name, _, lacking = _open_index(policy, pypi)
    rules = []
    foreign = [pin.pattern for pin in policy.pins if (pin.index_name or "").lower() != name.lower()]
    if foreign:
        rules.append({"name": f"pip-pinned-{name}", "description": f"for the proxy of {name}: names that are pinned elsewhere are not asked for", "mode": "BLOCK",
                      "matchers": [_nexus_matcher(pattern) for pattern in foreign]})
    for index in policy.indexes:
        mine = [pin.pattern for pin in policy.pins if (pin.index_name or "").lower() == index.name.lower()]
        if not index.default and mine:
            rules.append({"name": f"pip-pinned-{index.name}", "description": f"for the proxy of {index.name}: nothing but what is pinned to it", "mode": "ALLOW",
                          "matchers": [_nexus_matcher(pattern) for pattern in mine]})
    return json.dumps(rules, indent=2) + "\n", [*lacking, *_overlaps(policy), "A rule acts on proxy repositories; a hosted one needs none."]


def _artifactory(policy: Policy, pypi: str) -> tuple[str, list[str]]:
    """Patterns for the remote repositories, by index: they go by the project page, ``.pypi/NAME.html``."""
    name, url, lacking = _open_index(policy, pypi)
    found = {}
    foreign = [f".pypi/{pin.pattern}.*" for pin in policy.pins if (pin.index_name or "").lower() != name.lower()]
    found[name] = {"rclass": "remote", "packageType": "pypi", "url": url, "excludesPattern": ",".join(foreign)}
    for index in policy.indexes:
        mine = [f".pypi/{pin.pattern}.*" for pin in policy.pins if (pin.index_name or "").lower() == index.name.lower()]
        if not index.default and mine:
            found[index.name] = {"rclass": "remote", "packageType": "pypi", "url": urls.without_credentials(index.noted), "includesPattern": ",".join([*mine, "packages/**", "**/*.whl", "**/*.tar.gz"])}
    return json.dumps(found, indent=2) + "\n", [*lacking, *_overlaps(policy), "Patterns act on remote repositories; a local one has priority with priorityResolution = true."]


_SERVER = frozenset(("transitive", "builds", "explicit"))
_TARGETS: Mapping[str, _Target] = {
    "uv": _Target(_uv, frozenset(("markers", "explicit", "explicit-default", "flat")), (Strategy.FIRST_INDEX, Strategy.UNSAFE_FIRST_MATCH, Strategy.UNSAFE_BEST_MATCH)),
    "pipfile": _Target(_with_editor("pipfile"), frozenset(("explicit",)), (Strategy.DEFAULT_INDEX,)),
    "poetry": _Target(_with_editor("poetry"), frozenset(("explicit",)), ()),
    "pdm": _Target(_with_editor("pdm"), frozenset(("explicit", "globs", "flat", "transitive")), (Strategy.UNSAFE_BEST_MATCH,)),
    "pip-conf": _Target(_pip_conf, frozenset(("transitive", "builds", "globs", "markers", "explicit", "flat")), (Strategy.DEFAULT_INDEX,)),
    "simpleindex": _Target(_simpleindex, _SERVER | {"globs"}, (Strategy.DEFAULT_INDEX, Strategy.FIRST_INDEX)),
    "devpi": _Target(_devpi, _SERVER | {"globs"}, (Strategy.DEFAULT_INDEX, Strategy.FIRST_INDEX)),
    "nexus": _Target(_nexus, _SERVER | {"globs"}, (Strategy.DEFAULT_INDEX, Strategy.FIRST_INDEX)),
    "artifactory": _Target(_artifactory, _SERVER | {"globs"}, (Strategy.DEFAULT_INDEX, Strategy.FIRST_INDEX)),
}
TARGETS = tuple(_TARGETS)
