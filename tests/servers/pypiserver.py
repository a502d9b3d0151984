"""A real pypiserver, with basic authentication, as a process of its own on loopback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType

from passlib.apache import HtpasswdFile

from tests.servers.ports import free_port, wait_for
from tests.servers.projects import File


class PypiServer:
    """pypiserver serving files from a directory; nobody gets anything without the user name and password."""

    def __init__(self, directory: Path, *files: File, user: str = "robot", password: str = "s3cret") -> None:
        packages = directory / "packages"
        packages.mkdir(parents=True)
        for file in files:
            (packages / file.filename).write_bytes(file.content)
        accounts = HtpasswdFile(str(directory / "htpasswd"), new=True, default_scheme="apr_md5_crypt")
        accounts.set_password(user, password)
        accounts.save()
        self.port = free_port()
        self.url = f"http://{user}:{password}@127.0.0.1:{self.port}/simple/"
        self.bare = f"http://127.0.0.1:{self.port}/simple/"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(self.port), "-a", "update,download,list",
             "-P", str(directory / "htpasswd"), "--disable-fallback", str(packages)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port, self._process, "pypiserver")

    def __enter__(self) -> PypiServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(30)
