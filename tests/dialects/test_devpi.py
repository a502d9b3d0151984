"""What ``export --to devpi`` prints, carried out by a real devpi: plain pip behind it gets the private package."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.running import Machine, clean_environment
from tests.servers.index import Answer, IndexServer
from tests.servers.ports import free_port, wait_for

TOOLS = os.environ.get("PIP_PINNED_DIALECT_TOOLS")


@pytest.mark.skipif(TOOLS is None, reason="tox -e dialects has devpi")
def test_plain_pip_behind_devpi(acme: Machine, private: IndexServer, public: IndexServer, tmp_path: Path) -> None:
    links = "".join(f'<a href="{name}/">{name}</a>' for name in public.projects)
    public.answers["/simple/"] = Answer(200, f"<!DOCTYPE html>{links}".encode(), {"Content-Type": "text/html"})  # devpi reads the list of a mirror's projects
    commands = acme.pinned("export", "--to", "devpi").out
    programs = Path(TOOLS or "", "devpi", "bin")
    home = tmp_path / "devpi"
    environment = clean_environment(home)
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    wheel = home / private.projects["acme-core"][0].filename
    wheel.write_bytes(private.projects["acme-core"][0].content)
    subprocess.run([programs / "devpi-init", "--serverdir", home / "server", "--no-root-pypi"], env=environment, check=True, capture_output=True)
    port = free_port()
    with subprocess.Popen([programs / "devpi-server", "--serverdir", home / "server", "--port", str(port)], env=environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port, server, "devpi-server")
            url = f"http://127.0.0.1:{port}"
            script = f"devpi use {url}\ndevpi login root --password=\n{commands}\ndevpi use {url}/root/acme\ndevpi upload {wheel}\n"
            done = subprocess.run(["bash", "-e", "-c", script], env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            installed = acme.plain("install", "--index-url", f"{url}/root/policy/+simple/", "--target", "site", "acme-core", "pubdep")
        finally:
            server.terminate()
    assert installed.code == 0 and (acme.module("acme_core")["WHO"], acme.module("pubdep")["WHO"]) == ("private", "public"), installed.text
    assert "acme-core" not in public.pages_asked()
