"""A real nginx on loopback, as a process of its own, with a configuration of the test's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

import pytest
from passlib.apache import HtpasswdFile

from tests.servers.ports import free_port, wait_for
from tests.servers.projects import File

_CONFIGURATION = """\
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ }}
http {{
    access_log {home}/access.log;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    types {{ text/html html; application/octet-stream whl; }}
    log_format users '$remote_user $status $uri';
    access_log {home}/users.log users;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {home}/server.pem;
        ssl_certificate_key {home}/server.pem;
        root {home}/www;
        index index.html;
        absolute_redirect off;
{locations}
    }}
}}
"""


def find() -> str:
    """The program; without it the test is skipped, unless ``PIP_PINNED_TEST_NGINX`` is ``required``."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if found is None and os.environ.get("PIP_PINNED_TEST_NGINX") == "required":
        raise AssertionError("nginx is required and not installed")
    if found is None:
        pytest.skip("nginx is not installed (Debian: nginx-light)")
    return found


class Nginx:
    """nginx behind TLS; ``home/www`` is served, ``locations`` is nginx's own language with ``{home}`` filled in."""

    def __init__(self, home: Path, certificate: bytes, locations: str) -> None:
        program = find()
        self.home = home
        (home / "www").mkdir(parents=True, exist_ok=True)
        (home / "server.pem").write_bytes(certificate)
        self.port = free_port()
        self.root = f"https://localhost:{self.port}"
        (home / "nginx.conf").write_text(_CONFIGURATION.format(home=home, port=self.port, locations=locations.replace("{home}", str(home))))
        self._process = subprocess.Popen([program, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port, self._process, "nginx")

    def account(self, name: str, user: str, password: str) -> None:
        """One account in a file for auth_basic_user_file."""
        accounts = HtpasswdFile(str(self.home / name), new=True, default_scheme="apr_md5_crypt")
        accounts.set_password(user, password)
        accounts.save()

    def publish(self, index: str, project: str, *files: File) -> None:
        """A project page and its files below a directory of the web root."""
        page = self.home / "www" / index / "simple" / project
        page.mkdir(parents=True)
        links = "".join(f'<a href="../../files/{file.filename}#sha256={file.sha256}">{file.filename}</a>' for file in files)
        (page / "index.html").write_text(f"<!DOCTYPE html>{links}")
        (self.home / "www" / index / "files").mkdir(exist_ok=True)
        for file in files:
            (self.home / "www" / index / "files" / file.filename).write_bytes(file.content)

    def seen(self) -> list[tuple[str, int, str]]:
        """User, status and path of every request; ``-`` is nobody."""
        lines = (self.home / "users.log").read_text().splitlines()
        return [(user, int(status), path) for user, status, path in (line.split(" ", 2) for line in lines)]

    def __enter__(self) -> Nginx:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(30)
