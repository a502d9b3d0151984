"""A long page loses the wheels of other platforms before pip makes links of them: the same choice as pip's, with every pip."""

from __future__ import annotations

import re
import time

import pytest

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer
from tests.servers.projects import File, sdist, wheel

pytestmark = pytest.mark.pips
_FOREIGN = [f"cp3{minor}-cp3{minor}-{platform}" for minor in (2, 3, 4) for platform in ("win_amd64", "macosx_10_9_x86_64.macosx_11_0_arm64", "manylinux1_i686")]


@pytest.fixture(params=[False, True], ids=["html", "json"])
def long(request: pytest.FixtureRequest, machine: Machine, private: IndexServer) -> IndexServer:
    """Pages of more than 100 kB, with what can be used between what cannot."""
    private.json_pages = request.param
    stub = wheel("acme-core", "1.0").content
    for number in range(60):
        private.add(*(File(f"acme_core-1.{number}-{tag}.whl", stub) for tag in _FOREIGN))
        if number in (7, 20):
            private.add(wheel("acme-core", f"1.{number}", says="any"))
    private.add(wheel("acme-core", "1.30", tag="py2.py3-none-any", says="both"), sdist("acme-core", "1.9"),
                wheel("acme-core", "2.40", tag="cp32-cp32-win_amd64", says="windows"), wheel("acme-core", "1.50", tag="py3-none-any", yanked=True))
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url}"\nexplicit = true\n[sources]\nacme-core = {{ index = "acme" }}\n')
    return private


def test_what_can_be_used_is_used(machine: Machine, long: IndexServer) -> None:
    assert len(long.page("acme-core", long.projects["acme-core"]).body) > 100_000
    done = machine.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0 and machine.module("acme_core")["WHO"] == "both", done.text
    older = machine.pinned("install", "--target", "older", "acme-core<1.30")
    assert older.code == 0 and machine.installed("older") == {"acme-core": "1.20"}, older.text
    source = machine.pinned("download", "--no-deps", "--no-binary", ":all:", "-d", "files", "acme-core")
    assert source.code == 0 and [path.name for path in (machine.project / "files").iterdir()] == ["acme_core-1.9.tar.gz"], source.text


def test_foreign_is_what_the_target_cannot_use(machine: Machine, long: IndexServer) -> None:
    target = ("--platform", "win_amd64", "--python-version", "3.2", "--implementation", "cp", "--abi", "cp32", "--only-binary", ":all:")
    done = machine.pinned("download", "--no-deps", *target, "-d", "files", "acme-core==2.40")
    assert done.code == 0 and [path.name for path in (machine.project / "files").iterdir()] == ["acme_core-2.40-cp32-cp32-win_amd64.whl"], done.text


def test_pip_says_the_same_of_what_cannot_be_used(machine: Machine, long: IndexServer) -> None:
    ours = machine.pinned("install", "--target", "site", "acme-core==1.59")
    pips_own = machine.plain("install", "--target", "site", "--index-url", long.url, "acme-core==1.59")
    versions = re.findall(r"from versions: .*", pips_own.text)
    assert ours.code == pips_own.code == 1 and versions and re.findall(r"from versions: .*", ours.text) == versions, ours.text


@pytest.mark.parametrize("piece", ['<a href="', ' href="x"', '"'], ids=ascii)
def test_no_page_takes_longer_than_it_is_long(piece: str, machine: Machine, private: IndexServer, public: IndexServer) -> None:
    """Tags that never end, and that might begin anywhere: a page of 200 kB that a backtracking search reads for minutes."""
    text = "<!DOCTYPE html><a " + piece * (200_000 // len(piece))
    private.answers["/simple/acme-core/"] = Answer(200, text.encode(), {"Content-Type": "text/html"})
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    begun = time.monotonic()
    done = machine.pinned("install", "--target", "site", "acme-core")
    assert done.code == 1 and time.monotonic() - begun < 20, done.text
