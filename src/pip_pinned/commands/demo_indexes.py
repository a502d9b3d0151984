"""The demo's world: an index server on loopback, and distribution files made in memory."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import threading
import zipfile
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class DemoFile:
    """A distribution file."""

    filename: str
    content: bytes


def wheel(name: str, version: str, author: str) -> DemoFile:
    """A wheel with one module that names its author."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{module}/__init__.py", f'AUTHOR = "{author}"\n')
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: pip-pinned demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return DemoFile(f"{module}-{version}-py3-none-any.whl", buffer.getvalue())


_BACKEND = """\
import os
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import {helper}, zipfile
    name = "{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as archive:
        archive.writestr("{module}/__init__.py", 'AUTHOR = "%s"\\n' % {helper}.AUTHOR)
        info = "{module}-{version}.dist-info/"
        archive.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: pip-pinned demo\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(info + "RECORD", "")
    return name
"""


def sdist(name: str, version: str, *, build_requires: str) -> DemoFile:
    """An sdist with a backend of its own, which names the author of its build requirement."""
    module, helper = name.replace("-", "_"), build_requires.replace("-", "_")
    files = {
        "pyproject.toml": f'[build-system]\nrequires = ["{build_requires}"]\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": _BACKEND.format(name=name, module=module, version=version, helper=helper),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{module}-{version}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return DemoFile(f"{module}-{version}.tar.gz", buffer.getvalue())


class DemoIndex:
    """A simple index (PEP 503) on loopback; port 0 is any free one. ``status`` is answered to everything, if it is set."""

    def __init__(self, port: int = 0) -> None:
        self.files: list[DemoFile] = []
        self.status: int | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/simple"

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, body = index.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Nothing on the terminal."""

        return Handler

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a path."""
        if self.status is not None:
            return self.status, "text/plain", b""
        page = re.fullmatch(r"/simple/([a-z-]+)/", path)
        if page is not None:
            prefix = page.group(1).replace("-", "_") + "-"
            links = [f'<a href="/files/{f.filename}#sha256={hashlib.sha256(f.content).hexdigest()}">{f.filename}</a>'
                     for f in self.files if f.filename.startswith(prefix)]
            if links:
                return 200, "text/html", ("<!DOCTYPE html>" + "\n".join(links)).encode()
        for file in self.files:
            if path == f"/files/{file.filename}":
                return 200, "application/octet-stream", file.content
        return 404, "text/plain", b""
