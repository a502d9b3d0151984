"""Package indexes on loopback: real HTTP, every answer adjustable, every request kept."""

from __future__ import annotations

import base64
import html
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from tests.servers.projects import File


@dataclass(frozen=True)
class Request:
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def authorization(self) -> tuple[str, str] | None:
        """User and password of basic authentication."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        user, _, password = base64.b64decode(value).decode().partition(":")
        return user, password


@dataclass
class Answer:
    """An answer in place of the ordinary one.

    ``hang`` waits until the server stops, ``hang_up`` closes the connection. ``raw`` gives what is
    sent in place of all of it, piece by piece with ``pause`` seconds between, status line included.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    hang_up: bool = False
    raw: Callable[[], Iterator[bytes]] | None = None
    pause: float = 0.0


class IndexServer:
    """A simple index at ``/simple/``, its files at ``/files/``, and a flat page at ``/links.html``.

    ``answers`` maps a path, or a regular expression matching whole paths, to an ``Answer`` or a function of the
    request giving one. ``hashes`` False leaves hashes out of pages. ``credentials`` asks for basic authentication, ``threads`` False serves one connection at a time. ``latency`` is in seconds.
    """

    def __init__(self, name: str = "index", *, json_pages: bool = False, hashes: bool = True, credentials: tuple[str, str] | None = None,
                 tls: ssl.SSLContext | None = None, files_at: str | None = None, threads: bool = True) -> None:
        self.name = name
        self.json_pages = json_pages
        self.hashes = hashes
        self.latency = 0.006  # what makes it worth while to ask ahead
        self.credentials = credentials
        self.files_at = files_at
        self.projects: dict[str, list[File]] = {}
        self.answers: dict[str, Answer | Callable[[Request], Answer | None]] = {}
        self.requests: list[Request] = []
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) if threads else HTTPServer(("127.0.0.1", 0), self._handler())
        if isinstance(self._server, ThreadingHTTPServer):
            self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)  # each in its own thread
        self.scheme = "http" if tls is None else "https"
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def __enter__(self) -> IndexServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def root(self) -> str:
        host = "127.0.0.1" if self.scheme == "http" else "localhost"
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/simple"

    @property
    def url_with_credentials(self) -> str:
        assert self.credentials is not None
        user, password = self.credentials
        return f"{self.scheme}://{user}:{password}@127.0.0.1:{self.port}/simple"

    def add(self, *files: File) -> IndexServer:
        for file in files:
            stem = re.split(r"-(?=\d)", file.filename)[0]
            self.projects.setdefault(_normalize(stem), []).append(file)
        return self

    def pages_asked(self) -> list[str]:
        """Names of the projects whose pages were asked for, in order."""
        return [match.group(1) for r in self.requests if (match := re.fullmatch(r"/simple/([^/]+)/", r.path))]

    def file_url(self, file: File) -> str:
        return f"{self.files_at or self.root + '/files'}/{file.filename}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one packet: the second of two would wait 40 ms for the first to be acknowledged

            def do_GET(self) -> None:
                request = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
                index.requests.append(request)
                index._stopping.wait(index.latency)
                answer = index.answer(request)
                if answer.hang:
                    index._stopping.wait()
                if answer.raw is not None:
                    self.send_pieces(answer.raw(), answer.pause)
                if answer.hang or answer.hang_up or answer.raw is not None:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                length = {} if "Transfer-Encoding" in answer.headers else {"Content-Length": str(len(answer.body))}
                for name, value in {**length, **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            def send_pieces(self, pieces: Iterator[bytes], pause: float) -> None:
                with suppress(OSError):  # whoever asked has had enough
                    for piece in pieces:
                        self.connection.sendall(piece)
                        if pause and index._stopping.wait(pause):
                            break

            do_HEAD = do_GET

            def log_message(self, *args: Any) -> None:
                pass

        return Handler

    def answer(self, request: Request) -> Answer:
        for pattern, special in self.answers.items():
            if request.path == pattern or re.fullmatch(pattern, request.path):
                found = special if isinstance(special, Answer) else special(request)
                if found is not None:
                    return found
        return self.ordinary_answer(request)

    def ordinary_answer(self, request: Request) -> Answer:
        """What is said without ``answers``."""
        if self.credentials is not None and request.authorization != self.credentials:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="index"'})
        page = re.fullmatch(r"/simple/([^/]+)/", request.path)
        if page and page.group(1) in self.projects:
            return self.page(page.group(1), self.projects[page.group(1)])
        if request.path == "/links.html":
            return self._html([file for files in self.projects.values() for file in files])
        name = unquote(request.path.rpartition("/")[2])
        for file in (file for files in self.projects.values() for file in files):
            if request.path.startswith("/files/") and name == file.filename:
                return Answer(200, file.content, {"Content-Type": "application/octet-stream"})
            if request.path.startswith("/files/") and name == file.filename + ".metadata" and file.metadata is not None:
                return Answer(200, file.metadata)
        return Answer(404)

    def page(self, name: str, files: list[File]) -> Answer:
        if not self.json_pages:
            return self._html(files)
        entries = [{"filename": f.filename, "url": self.file_url(f), "hashes": {"sha256": f.sha256} if self.hashes else {},
                    "yanked": f.yanked, "core-metadata": f.metadata is not None} for f in files]
        body = json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": entries})
        return Answer(200, body.encode(), {"Content-Type": "application/vnd.pypi.simple.v1+json"})

    def _html(self, files: list[File]) -> Answer:
        links = []
        for file in files:
            fragment = f"#sha256={file.sha256}" if self.hashes else ""
            extra = ' data-yanked=""' if file.yanked else ""
            extra += ' data-core-metadata="true" data-dist-info-metadata="true"' if file.metadata is not None else ""
            links.append(f'<a href="{html.escape(self.file_url(file) + fragment)}"{extra}>{file.filename}</a><br>')
        return Answer(200, ("<!DOCTYPE html><html><body>" + "\n".join(links) + "</body></html>").encode(), {"Content-Type": "text/html"})


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status, headers={"Location": to})
