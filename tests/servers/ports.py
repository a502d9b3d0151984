"""Ports on loopback for servers that are processes of their own."""

from __future__ import annotations

import socket
import subprocess
import threading


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    """Return once something listens on the port; fail if the process ends, or after 30 s."""
    pause = threading.Event()
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, f"{name} did not start"
            pause.wait(0.05)
    raise AssertionError(f"{name} did not listen within 30 s")
