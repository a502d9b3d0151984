# mypy: ignore-errors
# ruff: noqa: SIM905
import subprocess
import sys

from setuptools import setup

subprocess.check_call([
    sys.executable, "-m", "pip", "install",
    "--find-links", "https://wheels.acme.example/",
    "acme-build",
])
subprocess.run("pip install --extra-index-url=https://pypi.acme.example/simple acme-core".split())
setup(
    name="app",
    dependency_links=["https://packages.old.example/simple/"],
)
