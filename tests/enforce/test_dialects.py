"""Poetry's and PDM's sources: pins hold as everywhere, and names without one keep the tool's own rule (CONTRACT 2.4, 2.5)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import sdist, wheel


def _poetry(machine: Machine, dependencies: str, **sources: tuple[IndexServer, str]) -> None:
    tables = "".join(f'[[tool.poetry.source]]\nname = "{name}"\nurl = "{server.url}"\npriority = "{priority}"\n' for name, (server, priority) in sources.items())
    machine.write("pyproject.toml", f"{tables}[tool.poetry.dependencies]\n{dependencies}\n")


def _pdm(machine: Machine, more: str = "", **sources: tuple[IndexServer, str]) -> None:
    tables = "".join(f'[[tool.pdm.source]]\nname = "{name}"\nurl = "{server.url}"\n{lines}\n' for name, (server, lines) in sources.items())
    machine.write("pyproject.toml", tables + more)


def _versions(machine: Machine, *words: str, **environment: str) -> dict[str, str]:
    target = f"site-{'-'.join(words)}"
    done = machine.pinned("install", "--target", target, *words, **environment)
    assert done.code == 0, done.text
    return machine.installed(target)


@pytest.mark.pips
def test_a_source_of_poetry_holds_for_transitive_and_build_dependencies(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("robot", "s3cret")
    public.add(sdist("pubapp", "1.0", requires=("acme-core",), build_requires=("acme-build",)))
    _poetry(machine, 'acme-core = { version = "*", source = "acme-prod" }\n[tool.poetry.group.dev.dependencies]\nacme-build = { source = "acme-prod" }',
            public=(public, "primary"), **{"acme-prod": (private, "explicit")})
    environment = {"POETRY_HTTP_BASIC_ACME_PROD_USERNAME": "robot", "POETRY_HTTP_BASIC_ACME_PROD_PASSWORD": "s3cret"}
    assert _versions(machine, "pubapp", **environment) == {"pubapp": "1.0", "acme-core": "1.0"}
    assert machine.module("pubapp", "site-pubapp")["BUILT_WITH"] == "private"


@pytest.mark.pips
def test_poetrys_primaries_then_supplemental(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    one = serve("one").add(wheel("lib", "1.0"), wheel("lib", "3.0"))
    two = serve("two").add(wheel("lib", "2.0"), wheel("only-two", "1.0"))
    more = serve("more").add(wheel("lib", "9.0"), wheel("only-more", "1.0"), wheel("twice", "1.0"))
    most = serve("most").add(wheel("lib", "99.0"), wheel("twice", "5.0"))
    _poetry(machine, "", more=(more, "supplemental"), most=(most, "supplemental"), one=(one, "primary"), two=(two, "primary"))
    assert _versions(machine, "lib", "only-two", "only-more", "twice") == {"lib": "3.0", "only-two": "1.0", "only-more": "1.0", "twice": "1.0"}
    assert _versions(machine, "lib>=4") == {"lib": "9.0"}
    assert _versions(machine, "lib<3") == {"lib": "2.0"}


@pytest.mark.pips
def test_pdms_includes_and_excludes(machine: Machine, serve: Callable[..., IndexServer], private: IndexServer, public: IndexServer) -> None:
    public.add(wheel("pubapp", "1.0", requires=("acme-core",)), wheel("lib", "2.0"), wheel("barred-lib", "9.0"))
    private.add(wheel("lib", "1.0"), wheel("barred-lib", "1.0"))
    pypi = serve("pypi")
    _pdm(machine, pypi=(pypi, ""), public=(public, 'exclude_packages = ["barred-*"]'), private=(private, 'include_packages = ["acme-*"]'))
    assert _versions(machine, "pubapp", "lib", "barred-lib") == {"pubapp": "1.0", "acme-core": "1.0", "lib": "2.0", "barred-lib": "1.0"}
    assert not any("acme" in name or "barred" in name for name in public.pages_asked())
    _pdm(machine, "[tool.pdm.resolution]\nrespect-source-order = true\n", pypi=(pypi, ""), private=(private, ""), public=(public, ""))
    assert _versions(machine, "lib", "pubdep") == {"lib": "1.0", "pubdep": "1.0"}


def test_pypi_is_pips_own_default_index_unless_the_project_says_otherwise(machine: Machine, private: IndexServer) -> None:
    _poetry(machine, "", acme=(private, "supplemental"))
    assert _indexes(machine) == 2
    _poetry(machine, "", acme=(private, "primary"))
    assert _indexes(machine) == 1
    _pdm(machine, acme=(private, ""))
    assert _indexes(machine) == 2


def _indexes(machine: Machine) -> int:
    return len(json.loads(machine.pinned("explain", "lib", "--format", "json").out)["indexes"])
