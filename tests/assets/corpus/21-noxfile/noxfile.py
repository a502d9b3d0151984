# mypy: ignore-errors
# ruff: noqa: ERA001
import os

import nox


@nox.session
def tests(session):
    session.install("--extra-index-url", os.environ["ACME_INDEX"], "acme-core")
    session.install(
        "-r", "requirements.txt",  # what we need
        "--extra-index-url", f"https://{os.environ['USER']}:{os.environ['TOKEN']}@pypi.acme.example/simple",
        "acme-tools",
    )
    session.run("pytest", "-i", "-f", env={"PIP_EXTRA_INDEX_URL": "https://pypi.tools.example/simple"})
    # session.install("--index-url", "http://packages.old.example/simple", "acme-old")
    session.install("-i", "http://mirror.acme.example/simple", "flake8")
