"""explain says what install would do, by the same decide(), without a request."""

from __future__ import annotations

import json

from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import wheel


def _explain(machine: Machine, *words: str, **env: str) -> dict[str, dict[str, object]]:
    done = machine.pinned("explain", "--format", "json", *words, **env)
    assert done.code == 0, done.text
    return {package["name"]: package for package in json.loads(done.out)["packages"]}


def test_index_strategy_and_reason(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    found = _explain(acme, "Acme.Core", "pubdep>=1")
    assert found["acme-core"]["indexes"] == ["acme"] and found["acme-core"]["pinned"] is True
    assert found["acme-core"]["because"] == "glob 'acme-*' at pip-pinned.toml:12"
    assert found["pubdep"]["indexes"] == ["public"] and found["pubdep"]["index-strategy"] == "first-index"
    assert found["pubdep"]["not-considered"] == [{"index": "acme", "why": "explicit: only for packages pinned to it"}]
    assert private.requests == public.requests == []


def test_it_agrees_with_what_install_does(acme: Machine, private: IndexServer) -> None:
    private.add(wheel("acme-app", "1.0", requires=("acme-core", "pubdep")))
    done = acme.pinned("install", "--target", "site", "acme-app")
    found = _explain(acme, "acme-app", "acme-core", "pubdep")
    assert {d["name"]: [d["index"]] for d in done.decisions} == {name: package["indexes"] for name, package in found.items()}


def test_options_environment_and_requirements_files_count_as_in_install(acme: Machine, public: IndexServer) -> None:
    acme.write("r.txt", "--extra-index-url https://extra.example/simple\nother  # pip-pinned: index=acme\n")
    found = _explain(acme, "-r", "r.txt", "lib", "--index", "mine=https://mine.example/simple", PIP_EXTRA_INDEX_URL="https://ignored.example/simple")
    assert found["other"]["indexes"] == ["acme"] and found["other"]["because"] == "pin at r.txt:2"
    assert found["lib"]["indexes"] == ["mine", "extra.example", "public"]


def test_what_would_be_refused_is_said(machine: Machine) -> None:
    machine.write("pyproject.toml", "[tool.uv.sources]\nacme-core = { workspace = true }\n")
    assert _explain(machine, "acme-core")["acme-core"]["error"] == "not-on-an-index"
    assert _explain(machine, "lib", "--index-strategy", "pinned-only")["lib"]["error"] == "name-not-pinned"
    assert "error not-on-an-index" in machine.pinned("explain", "acme-core").out


def test_without_names_it_shows_indexes_and_pins_and_no_secret(machine: Machine) -> None:
    machine.write("pip-pinned.toml", '[[index]]\nname = "acme"\nurl = "https://robot:${TOKEN}@pypi.acme.example/simple"\nexplicit = true\n[sources]\n'
                  '"acme-*" = { index = "acme" }\n')
    for form in ("table", "json"):
        done = machine.pinned("explain", f"--format={form}", TOKEN="s3cret", COLUMNS="200")
        assert done.code == 0 and "acme-*" in done.out and "robot:****@pypi.acme.example" in done.out, done.text
        assert "s3cret" not in done.text


def test_mistakes_and_wrong_usage(machine: Machine) -> None:
    assert machine.pinned("explain", "--format", "xml").code == 2
    done = machine.pinned("explain", "!!!")
    assert (done.error, done.code) == ("bad-requirement", 1)
    machine.write("pip-pinned.toml", "nonsense = 1\n")
    done = machine.pinned("explain", "acme-core")
    assert (done.error, done.code) == ("bad-configuration", 1) and "Traceback" not in done.text
    assert machine.pinned("explain", "--help").code == 0
