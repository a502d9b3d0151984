"""What every supported pip has to do in every tier: the main job, in each kind of process that it may be done in."""

from __future__ import annotations

import pytest

from tests import interpreters
from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import sdist, wheel

pytestmark = pytest.mark.pips(always=True)


def test_a_pinned_package_asked_for_by_name(acme: Machine) -> None:
    done = acme.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0 and acme.module("acme_core")["WHO"] == "private", done.text


def test_a_pinned_package_that_an_unpinned_one_requires(acme: Machine, public: IndexServer) -> None:
    public.add(wheel("pubapp", "1.0", requires=("acme-core",)))
    done = acme.pinned("install", "--target", "site", "pubapp")
    assert done.code == 0 and acme.module("acme_core")["WHO"] == "private", done.text


def test_a_pinned_build_requirement(acme: Machine, public: IndexServer) -> None:
    public.add(sdist("pubapp", "1.0", build_requires=("acme-build",)))
    done = acme.pinned("install", "--target", "site", "pubapp")
    assert done.code == 0 and acme.module("pubapp")["BUILT_WITH"] == "private", done.text


def test_a_pinned_package_for_another_interpreter(acme: Machine) -> None:
    other = interpreters.make_environment(acme.directory / "other")
    done = acme.pinned("--python", str(other), "install", "acme-core")
    (module,) = other.rglob("acme_core/__init__.py")
    assert done.code == 0 and "'private'" in module.read_text(), done.text
