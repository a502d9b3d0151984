"""Whether two environment markers can hold at once, decided by trying environments.

Markers compare variables with literals. For each variable the values that matter are the literals themselves,
their neighbours, and one that nobody wrote; every combination of them is evaluated. Variables that describe
the same platform vary together.
"""

from __future__ import annotations

from itertools import product

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName, default_environment
from packaging.version import InvalidVersion, Version

_PLATFORMS = (
    {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
    {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
    {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
    {"os_name": "posix", "sys_platform": "freebsd14", "platform_system": "FreeBSD"},
    {"os_name": "java", "sys_platform": "java", "platform_system": "Java"},
    {"os_name": "posix", "sys_platform": "emscripten", "platform_system": "Emscripten"},
)
_MOST = 50_000


def mistake(marker: str) -> str | None:
    """What is wrong with a marker, or None."""
    try:
        Marker(marker).evaluate()
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName) as exc:
        return str(exc).splitlines()[0]
    return None


def overlap(first: str | None, second: str | None) -> bool:
    """Whether some environment satisfies both markers; None holds everywhere. In doubt, yes."""
    if first is None or second is None:
        return True
    one, other = Marker(first), Marker(second)
    literals: dict[str, set[str]] = {}
    for marker in (one, other):
        _collect(marker._markers, literals)  # noqa: SLF001 (packaging offers no other view of a marker)
    # a platform that nobody listed may agree with any other
    odd = [{**platform, variable: value} for variable in _PLATFORMS[0] for value in literals.get(variable, ()) for platform in _PLATFORMS
           if all(value != known[variable] for known in _PLATFORMS)]
    axes: list[list[dict[str, str]]] = [[*_PLATFORMS, *odd]]
    versions = literals.pop("python_version", set()) | literals.pop("python_full_version", set())
    if versions:
        axes.append([{"python_version": ".".join(v.split(".")[:2]), "python_full_version": v} for v in _around(versions, 3)])
    for variable, values in literals.items():
        if variable not in _PLATFORMS[0]:
            axes.append([{variable: value} for value in _around(values, None)])
    size = 1
    for axis in axes:
        size *= len(axis)
    if size > _MOST:
        return True
    base = {key: str(value) for key, value in default_environment().items()}
    for choice in product(*axes):
        environment = dict(base)
        for part in choice:
            environment.update(part)
        if one.evaluate(environment) and other.evaluate(environment):
            return True
    return False


def _collect(node: object, literals: dict[str, set[str]]) -> None:
    if isinstance(node, list):
        for item in node:
            _collect(item, literals)
    elif isinstance(node, tuple):
        left, _, right = node
        variable, value = (left, right) if type(left).__name__ == "Variable" else (right, left)
        parts = str(value.value).replace(",", " ").split() if variable.value.endswith("version") else [str(value.value)]
        literals.setdefault(str(variable.value), set()).update(parts)


def _around(values: set[str], width: int | None) -> list[str]:
    found = set() if width else set(values) | {"something-else"}
    for value in values:
        try:
            release = list(Version(value.removesuffix(".*")).release)
        except InvalidVersion:
            continue
        release += [0] * ((width or len(release)) - len(release))
        for i in range(len(release)):
            for step in (-1, 0, 1):
                near = [*release[:i], release[i] + step, *release[i + 1:]]
                if near[i] >= 0:
                    found.add(".".join(map(str, near)))
    return sorted(found)
