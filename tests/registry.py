"""How the registry is reached that pip reaches on this machine: its URL comes from pip, its certificates from the environment."""

from __future__ import annotations

import os
import subprocess
import sys

_TRANSPORT = ("PIP_CERT", "PIP_PROXY", "PIP_CLIENT_CERT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
              "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "ALL_PROXY", "all_proxy")


def transport() -> dict[str, str]:
    """What the ambient environment says about reaching the network, and nothing about indexes."""
    return {name: os.environ[name] for name in _TRANSPORT if name in os.environ} | {"PIP_DEFAULT_TIMEOUT": "60", "PIP_RETRIES": "3"}


def default_index() -> str:
    """The default index of the ambient pip: as configured, else pip's own."""
    configured = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False)
    if configured.returncode == 0 and configured.stdout.strip():
        return configured.stdout.strip()
    code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
