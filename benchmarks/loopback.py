"""A world of packages on loopback, served with a latency by a process of its own, which counts requests and round trips.

Every request is answered ``latency`` seconds after it has arrived. A request's *step* is one more than the latest step
among the requests that had been answered before it arrived: the length of the chain that it had to wait for, whatever the
clock says. ``python -m benchmarks.loopback`` speaks JSON lines: a world comes in on the first line, the ports go out; then
``reset`` begins a new count and ``report`` gives it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(kw_only=True)
class Project:
    """A project on one index (by number), with the requirements of each of its versions; ``foreign`` is how many more wheels, for
    other platforms, each version has.
    """

    name: str
    index: int
    versions: dict[str, list[str]]
    foreign: int = 0


@dataclass(kw_only=True)
class World:
    """Projects on a number of indexes. ``roots`` are what is asked for, ``latency`` is in seconds."""

    projects: list[Project]
    roots: list[str]
    indexes: int = 1
    latency: float = 0.0


def layered(count: int = 60, depth: int = 5, *, indexes: int = 1, latency: float = 0.0, versions: int = 5) -> World:
    """Projects in equal layers, each of which becomes known with the layer above; project number i is on index i mod ``indexes``."""
    width = count // depth
    projects = []
    for number in range(count):
        layer, place = divmod(number, width)
        below = [(layer + 1) * width + place, (layer + 1) * width + (place + 1) % width] if layer + 1 < depth else []
        requires = [f"package-{i:03}>=1" for i in below]
        projects.append(Project(name=f"package-{number:03}", index=number % indexes, versions={f"{v}.0": requires for v in range(1, versions + 1)}))
    return World(projects=projects, roots=[project.name for project in projects[:width]], indexes=indexes, latency=latency)


@dataclass
class Count:
    """What the server saw: requests by kind, by index, and in how many steps."""

    pages: int = 0
    metadata: int = 0
    files: int = 0
    steps: int = 0
    absent: int = 0
    sent: int = 0  # bytes of bodies
    asked: dict[str, list[int]] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """All of them."""
        return self.pages + self.metadata + self.files


class Server:
    """The server process, as its user sees it."""

    def __init__(self, world: World) -> None:
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._say(json.dumps(asdict(world)))
        self.ports: list[int] = json.loads(self._line())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        with self._process as process:
            process.terminate()

    def url(self, index: int) -> str:
        """The simple index with this number."""
        return f"http://127.0.0.1:{self.ports[index]}/simple"

    def reset(self) -> None:
        """Count from zero."""
        self._say("reset")
        self._line()

    def report(self) -> Count:
        """What has been counted since."""
        self._say("report")
        return Count(**json.loads(self._line()))

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def _metadata(name: str, version: str, requires: list[str]) -> bytes:
    return "".join([f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", *(f"Requires-Dist: {line}\n" for line in requires)]).encode()


def _wheel(name: str, version: str, requires: list[str]) -> bytes:
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    files = {f"{module}.py": b"", f"{info}/METADATA": _metadata(name, version, requires),
             f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: loopback\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    record = "".join(f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},{len(data)}\n" for path, data in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
    return packed.getvalue()


class _Service:
    def __init__(self, world: dict[str, Any]) -> None:
        self._latency = world["latency"]
        self._count, self._step = Count(), 0
        self._answers: list[dict[str, tuple[str, bytes]]] = [{} for _ in range(world["indexes"])]
        for project in world["projects"]:
            self._add(project, self._answers[project["index"]])

    def _add(self, project: dict[str, Any], answers: dict[str, tuple[str, bytes]]) -> None:
        name, files = project["name"], []
        for version, requires in project["versions"].items():
            stem = f"{name.replace('-', '_')}-{version}"
            wheel, metadata = _wheel(name, version, requires), _metadata(name, version, requires)
            answers[f"/files/{stem}-py3-none-any.whl"] = "application/octet-stream", wheel
            answers[f"/files/{stem}-py3-none-any.whl.metadata"] = "application/octet-stream", metadata
            tags = ["py3-none-any", *(f"cp3{minor % 20}-cp3{minor % 20}-win_arm{minor}" for minor in range(project["foreign"]))]
            files += [{"filename": f"{stem}-{tag}.whl", "url": f"../../files/{stem}-{tag}.whl", "hashes": {"sha256": hashlib.sha256(wheel).hexdigest()},
                       "core-metadata": {"sha256": hashlib.sha256(metadata).hexdigest()}, "requires-python": ">=3.8"} for tag in tags]
        page = {"meta": {"api-version": "1.0"}, "name": name, "files": files}
        answers[f"/simple/{name}/"] = "application/vnd.pypi.simple.v1+json", json.dumps(page).encode()

    async def serve(self) -> list[int]:
        ports = []
        for number in range(len(self._answers)):
            server = await asyncio.start_server(lambda r, w, number=number: self._talk(number, r, w), "127.0.0.1", 0, backlog=256)  # type: ignore[misc]
            ports.append(server.sockets[0].getsockname()[1])
        return ports

    async def _talk(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                await self._answer(number, path, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, number: int, path: str, writer: asyncio.StreamWriter) -> None:
        count, step = self._count, self._step + 1
        kind = "pages" if path.startswith("/simple/") else "metadata" if path.endswith(".metadata") else "files"
        setattr(count, kind, getattr(count, kind) + 1)
        count.asked.setdefault(path, []).append(number)
        if self._latency:
            await asyncio.sleep(self._latency)
        found = self._answers[number].get(path)
        count.absent += found is None
        content_type, body = found or ("text/plain", b"not here")
        count.sent += len(body)
        self._step = count.steps = max(count.steps, step)
        writer.write(f"HTTP/1.1 {'200 OK' if found else '404 Not Found'}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    def reset(self) -> None:
        self._count, self._step = Count(), 0

    def report(self) -> dict[str, Any]:
        return asdict(self._count)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    service = _Service(json.loads(await loop.run_in_executor(None, sys.stdin.readline)))
    print(json.dumps(await service.serve()), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "reset":
            service.reset()
        print(json.dumps(service.report()), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
