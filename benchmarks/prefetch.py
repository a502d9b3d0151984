"""What asking ahead is worth: requests, round trips and time, beside pip and uv, on loopback.

    python -m pip install -r benchmarks/requirements.txt
    python benchmarks/prefetch.py [--rounds 5] [--only counts,steps,…] [--chart FILE.svg]

Counts and steps are exact, times are medians of ratios of runs that took turns. Every run has a home, a cache and a target of its own.
A step is a round trip that had to wait for another one (``loopback``). The limit for D layers of names is 2·D steps to resolve.
"""

from __future__ import annotations

import argparse
import json
import os
import pstats
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from loopback import Count, Project, Server, World, layered  # noqa: E402

AHEAD, ALONE, PIP, UV = "pip-pinned", "pip-pinned --no-prefetch", "pip", "uv"
SLOW = 0.01  # seconds for an answer, at which requests are sent ahead
_FAILED: list[str] = []


@dataclass
class Ran:
    """One run of one tool: seconds of wall and processor time, function calls if they were counted, and what the server saw."""

    wall: float
    cpu: float
    calls: int
    count: Count


class Place:
    """A directory to run tools in, against one world."""

    def __init__(self, world: World, server: Server, *, unused_pins: int = 0) -> None:
        self.world, self.server = world, server
        self.unused_pins = unused_pins

    def run(self, tool: str, verb: str = "install", *, calls: bool = False) -> Ran:
        """Run a tool once, from nothing. Verbs: install, resolve, sync."""
        with tempfile.TemporaryDirectory(prefix="prefetch-") as home:
            directory = Path(home, "project")
            directory.mkdir()
            self._write(directory, tool)
            environment = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "UV_", "PYTHON"))}
            environment |= {"HOME": home, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1",
                            "PYTHONPATH": str(HERE.parent / "src"), "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
            python = sys.executable
            if verb == "sync":
                python = self._prepare_sync(directory, tool, environment)
            profile = Path(home, "profile")
            command = self._command(python, tool, verb, ["-m", "cProfile", "-o", str(profile)] if calls else [], directory)
            self.server.reset()
            before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
            wall = time.perf_counter() - begun
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode:
                raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
            total = pstats.Stats(str(profile)).total_calls if calls else 0  # type: ignore[attr-defined]
            return Ran(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, total, self.server.report())

    def _write(self, directory: Path, tool: str) -> None:
        world, server = self.world, self.server
        if tool == UV:  # uv takes a pin for what the project itself requires, so it requires all of them
            indexes = "".join(f'[[tool.uv.index]]\nname = "i{i}"\nurl = "{server.url(i)}"\nexplicit = true\n' for i in range(world.indexes))
            sources = "".join(f'"{project.name}" = {{ index = "i{project.index}" }}\n' for project in world.projects)
            required = json.dumps([project.name for project in world.projects])
            Path(directory, "pyproject.toml").write_text(
                f'[project]\nname = "world"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = {required}\n{indexes}[tool.uv.sources]\n{sources}')
        elif tool != PIP:
            indexes = "".join(f'[[index]]\nname = "i{i}"\nurl = "{server.url(i)}"\nexplicit = true\n' for i in range(world.indexes))
            pins = [(project.name, project.index) for project in world.projects] + [(f"unused-{number}", 0) for number in range(self.unused_pins)]
            Path(directory, "pip-pinned.toml").write_text(indexes + "[sources]\n" + "".join(f'{name} = {{ index = "i{index}" }}\n' for name, index in pins))

    def _prepare_sync(self, directory: Path, tool: str, environment: dict[str, str]) -> str:
        """A lock, and an environment with nothing in it; its interpreter."""
        self._write(directory, AHEAD)
        subprocess.run([sys.executable, "-m", "pip_pinned", "lock", *self.world.roots], cwd=directory, env=environment, check=True, capture_output=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory / "venv")], check=True)
        installed = [path for path in sys.path if path.endswith("-packages")]
        environment["PYTHONPATH"] = os.pathsep.join([environment["PYTHONPATH"], *installed])
        shutil.rmtree(Path(environment["HOME"], ".cache"), ignore_errors=True)
        if tool == PIP:
            (directory / "pip-pinned.toml").unlink()
        return str(directory / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python")

    def _command(self, python: str, tool: str, verb: str, profiler: list[str], directory: Path) -> list[str]:
        world, server = self.world, self.server
        if tool == UV:
            return [_uv(), "lock", "--quiet"]
        sources = ["--index-url", server.url(0), *(word for i in range(1, world.indexes) for word in ("--extra-index-url", server.url(i)))] if tool == PIP else []
        more = ["--no-prefetch"] if tool == ALONE else []
        words = [python, *profiler, "-m", "pip" if tool == PIP else "pip_pinned"]
        if verb == "sync":
            return [*words, "install", "--quiet", "-r", "pylock.toml"] if tool == PIP else [*words, "sync", "--inexact", *more]
        return [*words, "install", "--quiet", *(["--dry-run"] if verb == "resolve" else []), "--target", str(directory / "target"), *sources, *more, *world.roots]


def _uv() -> str:
    found = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        raise SystemExit("uv is missing: python -m pip install -r benchmarks/requirements.txt")
    return found


@contextmanager
def served(world: World, **more: int) -> Iterator[Place]:
    """A place in front of a server of this world."""
    with Server(world) as server:
        yield Place(world, server, **more)


def say(what: str, value: float, bound: float, *, show: Callable[[float], str] = str, exact: bool = False) -> None:
    """One line of the result: a value that must not exceed a bound, or has to be just that."""
    holds = value == bound if exact else value <= bound
    if not holds:
        _FAILED.append(what)
    print(f"{'ok  ' if holds else 'MISS'} {what:<86} {show(value):>9}   ({'exactly' if exact else 'at most'} {show(bound)})", flush=True)


def ratios(place: Place, tools: tuple[str, str], rounds: int, verb: str = "install") -> tuple[float, float, float, float]:
    """Medians over rounds in which both tools took turns: wall and processor time of the first by the second, and their walls."""
    runs = []
    for number in range(rounds):
        order = tools if number % 2 == 0 else tools[::-1]
        ran = {tool: place.run(tool, verb) for tool in order}
        runs.append([ran[tool] for tool in tools])
    return (median(a.wall / b.wall for a, b in runs), median(a.cpu / b.cpu for a, b in runs), median(a.wall for a, _ in runs), median(b.wall for _, b in runs))


def counts(rounds: int) -> None:
    """Requests: one page, one metadata file, one wheel a package, whatever else is declared."""
    for indexes in (1, 2, 5, 10):
        world = layered(indexes=indexes, latency=SLOW)
        decoys = [Project(name=project.name, index=(project.index + 1) % indexes, versions={"99.0": []}) for project in world.projects] if indexes > 1 else []
        with served(replace(world, projects=[*world.projects, *decoys])) as place:
            place.world = world
            for number in range(10):
                count = place.run(AHEAD).count
                if number == 0 or (count.pages, count.requests) != (60, 180):
                    say(f"{indexes} indexes: page requests", count.pages, 60, exact=True)
                    say(f"{indexes} indexes: requests, 3 a package, the same in 10 runs", count.requests, 180, exact=True)
                pinned = {f"/simple/{project.name}/": project.index for project in world.projects}
                elsewhere = sum(number != pinned[path] for path, asked in count.asked.items() if path in pinned for number in asked)
                if number == 0 or elsewhere:
                    say(f"{indexes} indexes: pages asked of another index, which has version 99 of all", elsewhere, 0)


def steps(rounds: int) -> None:
    """Round trips at 200 ms."""
    for indexes in (1, 5):
        with served(layered(indexes=indexes, latency=0.2)) as place:
            say(f"{indexes} indexes, 200 ms: steps of an install", place.run(AHEAD).count.steps, 14)
            say(f"{indexes} indexes, 200 ms: steps of a resolution (limit 10)", place.run(AHEAD, "resolve").count.steps, 12)
            count = place.run(AHEAD, "sync").count
            say(f"{indexes} indexes, 200 ms: steps of sync", count.steps, 4)
            say(f"{indexes} indexes, 200 ms: requests of sync", count.requests, 60, exact=True)
    with served(layered(indexes=5, latency=SLOW)) as place:
        say("5 indexes: bytes fetched ahead and never read", place.run(AHEAD).count.sent - place.run(ALONE).count.sent, 0)
    world = _backtracking()
    with served(world) as place:
        ahead, alone = place.run(AHEAD).count, place.run(ALONE).count
        say("a world that forces backtracking: requests, and those of pip with one index", ahead.requests, place.run(PIP).count.requests)
        say("the same: bytes fetched ahead and never read, by all bytes", (ahead.sent - alone.sent) / alone.sent, 0, show="{:.2f}".format)


def _backtracking() -> World:
    versions = range(1, 11)
    conflict = [Project(name="app", index=0, versions={f"{v}.0": [f"lib=={v}.0", f"tool-{v % 3}"] for v in versions}),
                Project(name="other", index=0, versions={f"{v}.0": [f"lib<={max(1, v - 4)}.0", "tool-0"] for v in versions}),
                Project(name="lib", index=0, versions={f"{v}.0": ["base"] for v in versions}), Project(name="base", index=0, versions={"1.0": []}),
                *(Project(name=f"tool-{i}", index=0, versions={"1.0": ["base"]}) for i in range(3))]
    return World(projects=conflict, roots=["app", "other"], latency=SLOW)


def walls(rounds: int) -> None:
    """Times with a latency."""
    for indexes, bound in ((5, 0.20), (1, 0.40)):
        with served(layered(indexes=indexes, latency=0.03)) as place:
            say(f"{indexes} indexes, 30 ms: wall of an install, by pip's", ratios(place, (AHEAD, PIP), rounds)[0], bound, show="{:.2f}".format)
    with served(layered(indexes=1, latency=0.03)) as place:
        say("1 index, 30 ms: wall of sync, by that of pip install -r pylock.toml", ratios(place, (AHEAD, PIP), rounds, "sync")[0], 0.50, show="{:.2f}".format)
    with served(layered(indexes=5, latency=0.2)) as place:
        say("5 indexes, 200 ms: wall of a resolution, by uv's with the same pins", ratios(place, (AHEAD, UV), rounds, "resolve")[0], 0.60, show="{:.2f}".format)


def cost(rounds: int) -> None:
    """What it costs where there is nothing to gain."""
    with served(layered()) as place:
        say("1 index, 0 ms: function calls, by pip's", place.run(AHEAD, calls=True).calls / place.run(PIP, calls=True).calls, 1.02, show="{:.3f}".format)
        say("1 index, 0 ms: processor time, by pip's", ratios(place, (AHEAD, PIP), 3 * rounds)[1], 1.10, show="{:.3f}".format)
        laden = Place(place.world, place.server, unused_pins=10_000)
        pairs = [(laden.run(AHEAD).cpu, place.run(AHEAD).cpu) for _ in range(3 * rounds)]
        say("10,000 unused pins: processor time, by that without", median(a / b for a, b in pairs), 1.10, show="{:.3f}".format)
    with served(World(projects=[Project(name=f"package-{i}", index=0, versions={f"{v}.0": [] for v in range(50)}, foreign=69) for i in range(4)],
                      roots=[f"package-{i}" for i in range(4)])) as place:
        say("pages of 3,500 files: function calls, by pip's", place.run(AHEAD, "resolve", calls=True).calls / place.run(PIP, "resolve", calls=True).calls, 0.50, show="{:.3f}".format)


def chart(path: Path, rounds: int) -> None:
    """Draw the wall times of a resolution at 200 ms over five indexes."""
    with served(layered(indexes=5, latency=0.2)) as place:
        runs = [[place.run(tool, "resolve").wall for tool in (PIP, UV, ALONE, AHEAD)] for _ in range(rounds)]
        found = list(zip((PIP, UV, ALONE, AHEAD), map(median, zip(*runs, strict=True)), strict=True))
    limit, longest, height = 10 * 0.2, max(seconds for _, seconds in found), 26
    scale = 470 / longest
    rows = "".join(
        f'<text x="182" y="{y + 16}" text-anchor="end">{tool}</text><rect x="190" y="{y + 3}" width="{seconds * scale:.0f}" height="18" rx="2" fill="{"#2a7d4f" if tool == AHEAD else "#9aa5b1"}"/>'
        f'<text x="{196 + seconds * scale:.0f}" y="{y + 16}">{seconds:.1f} s</text>' for (tool, seconds), y in zip(found, range(30, 30 + 4 * height, height), strict=True))
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="740" height="166" viewBox="0 0 740 166" font-family="sans-serif" font-size="13">\n<rect width="740" height="166" fill="#ffffff"/>\n'
        f'<text x="10" y="18" font-weight="bold">Resolving 60 packages, 5 layers deep, pinned to 5 indexes, 200 ms a request</text>\n{rows}\n'
        f'<line x1="{190 + limit * scale:.0f}" x2="{190 + limit * scale:.0f}" y1="26" y2="140" stroke="#c0392b" stroke-dasharray="4 3"/>\n'
        f'<text x="{190 + limit * scale:.0f}" y="156" fill="#c0392b" text-anchor="middle">limit: 10 round trips, {limit:.1f} s</text>\n</svg>\n', encoding="utf-8")


def main() -> int:
    """Run what is asked for; 1 if a bound does not hold."""
    parts = {"counts": counts, "steps": steps, "walls": walls, "cost": cost}
    parser = argparse.ArgumentParser(description="Requests, round trips and time, beside pip and uv.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(parts))
    parser.add_argument("--chart", type=Path)
    given = parser.parse_args()
    for name in filter(None, given.only.split(",")):
        parts[name](given.rounds)
    if given.chart:
        chart(given.chart, given.rounds)
    return 1 if _FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
