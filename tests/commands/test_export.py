"""export says the same in other tools' terms, and says aloud what they cannot say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import POLICY
from tests.running import Machine, clean_environment
from tests.servers.index import IndexServer
from tests.servers.ports import free_port, wait_for

EVERYTHING = """\
index-strategy = "unique-index"
allow-file-hosts = ["cdn.example"]
[[index]]
name = "acme"
url = "https://robot:${ACME_TOKEN}@pypi.acme.example/simple"
explicit = true
inherit = true
authenticate = "always"
[[index]]
name = "files"
url = "https://files.example/links.html"
format = "flat"
explicit = true
verify-ssl = false
[sources]
"acme-*" = { index = "acme" }
jax = { index = "acme", marker = "sys_platform == 'linux'" }
torch = { index = "files" }
"""


def _export(machine: Machine, target: str) -> tuple[str, str]:
    done = machine.pinned("export", "--to", target, ACME_TOKEN="s3cret-word")
    assert done.code == 0 and "s3cret" not in done.text and "robot" not in done.out, done.text
    return done.out, done.err


@pytest.mark.parametrize("target", ["uv", "pipfile", "poetry", "pdm"])
def test_what_is_exported_is_read_back_as_the_same(target: str, machine: Machine, private: IndexServer, public: IndexServer) -> None:
    policy = POLICY.format(private=private.url, public=public.url).replace('"acme-*"', "acme-core")
    machine.write("pip-pinned.toml", policy)
    text, lacking = _export(machine, target)
    assert ("dependency of a dependency" in lacking) == (target != "pdm")
    (machine.project / "pip-pinned.toml").unlink()
    machine.write("Pipfile" if target == "pipfile" else "pyproject.toml", text)
    for name in ("acme-core", "pubdep"):
        assert machine.pinned("install", "--no-deps", "--target", "site", name).code == 0
    assert (machine.module("acme_core")["WHO"], machine.module("pubdep")["WHO"]) == ("private", "public"), text


@pytest.mark.parametrize(("target", "missing"), [
    ("uv", ["Globs are left out: acme-*", "inherit", "verify-ssl", "authenticate", "cdn.example", "unique-index", "dependency of a dependency"]),
    ("pipfile", ["Globs", "marker", "Flat indexes are left out: files", "unique-index"]), ("poetry", ["Globs", "marker", "Flat"]), ("pdm", ["marker", "inherit"]),
    ("pip-conf", ["acme-* is not pinned to acme", "acme https://robot:****@pypi.acme.example/simple is left out"]),
    ("simpleindex", ["marker", "Flat", "redirected"]), ("devpi", ["marker", "uploaded"]), ("nexus", ["marker", "hosted"]), ("artifactory", ["marker", "local one"])])
def test_what_a_tool_cannot_say_is_said_aloud(target: str, missing: list[str], machine: Machine) -> None:
    machine.write("pip-pinned.toml", EVERYTHING)
    _, lacking = _export(machine, target)
    for text in missing:
        assert text in lacking, lacking
    assert machine.pinned("export", "--to", target, "--strict", ACME_TOKEN="x").code == 1


@contextmanager
def _simpleindex(directory: Path, text: str) -> Iterator[str]:
    port = free_port()
    config = directory / "simpleindex.toml"
    config.write_text(text.replace("port = 8000", f"port = {port}"))
    server = subprocess.Popen([sys.executable, "-W", "ignore", "-m", "simpleindex", str(config)], env=clean_environment(directory / "home"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, server, "simpleindex")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def test_plain_pip_behind_simpleindex_has_the_same_pins(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    """Real simpleindex, real pip without any pins of its own."""
    text, _ = _export(acme, "simpleindex")
    with _simpleindex(acme.directory, text) as url:
        done = acme.plain("install", "--index-url", url, "--target", "site", "acme-core", "pubdep")
    assert done.code == 0 and (acme.module("acme_core")["WHO"], acme.module("pubdep")["WHO"]) == ("private", "public"), done.text
    assert public.pages_asked() == ["pubdep"]


def test_nexus_rules_match_what_they_should(acme: Machine) -> None:
    rules = {rule["name"]: rule for rule in json.loads(_export(acme, "nexus")[0])}
    assert {name: rule["mode"] for name, rule in rules.items()} == {"pip-pinned-public": "BLOCK", "pip-pinned-acme": "ALLOW"}
    (matcher,) = rules["pip-pinned-public"]["matchers"]
    for path in ("/simple/acme-core/", "/simple/acme-core", "/packages/acme-core/1.0/acme_core-1.0-py3-none-any.whl", "/packages/ab/cd/Acme_Core-1.0.tar.gz"):
        assert re.search(matcher, path), path
    for path in ("/simple/pubdep/", "/simple/my-acme/", "/packages/pubdep/1.0/pubdep-1.0.tar.gz"):
        assert not re.search(matcher, path), path


def test_artifactory_and_devpi(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    found = json.loads(_export(acme, "artifactory")[0])
    assert found["public"]["excludesPattern"] == ".pypi/acme-*.*" and found["acme"]["includesPattern"].startswith(".pypi/acme-*.*,") and found["acme"]["url"] == private.url
    text, lacking = _export(acme, "devpi")
    assert text.splitlines()[1:] == [
        f"devpi index -c root/public type=mirror mirror_url={public.url}", "devpi index -c root/acme type=stage volatile=False mirror_whitelist=",
        "devpi index -c root/policy type=stage volatile=False mirror_whitelist= bases=root/acme,root/public"]
    assert "has to be uploaded to root/acme; until then acme-* may come from public" in lacking


def test_nothing_to_export(machine: Machine) -> None:
    assert machine.pinned("export", "--to", "uv").error == "nothing-declared" and machine.pinned("export", "--to", "npm").code == 2


def test_less_obvious_losses_are_said_too(machine: Machine) -> None:
    machine.write("pip-pinned.toml", '[[index]]\nname = "acme"\nurl = "https://pypi.acme.example/simple"\ndefault = true\nexplicit = true\n[[index]]\nname = "other"\nurl = "https://other.example/simple"\n'
                  'explicit = true\n[sources]\n"acme-*" = { index = "acme" }\nacme-core = { index = "other" }\n')
    for target in ("pip-conf", "poetry", "nexus", "devpi"):
        assert "Names without a pin are not refused" in _export(machine, target)[1]
    assert "acme-* lets acme-core come from acme too" in _export(machine, "artifactory")[1]
    assert 'include_packages = ["acme-*"]' in _export(machine, "pdm")[0]
    machine.write("pyproject.toml", '[[tool.pdm.source]]\nname = "pypi"\nurl = "https://public.example/simple"\nexclude_packages = ["acme-*"]\n')
    (machine.project / "pip-pinned.toml").unlink()
    assert "is not asked for some names is left out" in _export(machine, "nexus")[1]
