"""What install and sync note about where a package came from."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_sync import Venv, venv
from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import sdist, source_tree, wheel

__all__ = ["venv"]


def _lines(machine: Machine, name: str = "provenance.jsonl") -> dict[str, dict[str, Any]]:
    return {line["name"]: line for line in map(json.loads, (machine.project / name).read_text().splitlines())}


def _noted(venv: Venv, info: str) -> dict[str, Any]:
    found = json.loads((venv.site / info / "pip-pinned.json").read_text())
    assert isinstance(found, dict)
    return found


@pytest.mark.pips
def test_a_line_and_a_file_for_each_package(venv: Venv, private: IndexServer, public: IndexServer) -> None:
    built = sdist("acme-built", "1.0", build_requires=("acme-build",))
    private.add(built)
    for path, text in source_tree("local-lib", "1.0").items():
        venv.machine.write(f"local/{path}", text)
    words = ("install", "--provenance", "provenance.jsonl", "acme-core", "acme-built", "pubdep", "./local")
    done = venv.run(*words)
    assert done.code == 0, done.text
    lines = _lines(venv.machine)
    assert set(lines) == {"acme-core", "acme-built", "pubdep", "local-lib"}  # build requirements are not installed
    core = private.projects["acme-core"][0]
    assert lines["acme-core"] == {
        "name": "acme-core", "version": "1.0", "url": private.file_url(core), "hashes": {"sha256": core.sha256}, "index": "acme", "index-url": private.url,
        "because": "glob 'acme-*' at pip-pinned.toml:12"}
    assert (lines["acme-built"]["url"], lines["acme-built"]["hashes"]) == (private.file_url(built), {"sha256": built.sha256})
    assert (lines["pubdep"]["index"], lines["pubdep"]["because"]) == ("public", "no pin; index-strategy first-index")
    assert (lines["local-lib"]["index"], lines["local-lib"]["because"]) == (None, "direct reference")
    for name, line in lines.items():
        info = f"{name.replace('-', '_')}-1.0.dist-info"
        assert _noted(venv, info) == line
        rows = list(csv.reader((venv.site / info / "RECORD").read_text().splitlines()))
        assert [row[0] for row in rows].count(f"{info}/pip-pinned.json") == 1 and all(len(row) == 3 for row in rows)
    assert venv.run("uninstall", "-y", *lines).code == 0 and not list(venv.site.glob("*.dist-info"))
    assert venv.run(*words).code == 0
    assert _lines(venv.machine) == lines  # out of the wheel cache, over the old file


@pytest.mark.pips
@pytest.mark.parametrize("words", [("--target", "site"), ("--prefix", "site"), ("--root", "site")])
def test_wherever_it_is_installed(words: tuple[str, ...], venv: Venv) -> None:
    assert venv.run("install", *words, "acme-core").code == 0
    (note,) = (venv.machine.project / "site").glob("**/acme_core-1.0.dist-info/pip-pinned.json")
    assert json.loads(note.read_text())["index"] == "acme"


@pytest.mark.pips
def test_a_drop_in_run_leaves_what_pip_leaves(machine: Machine, public: IndexServer) -> None:
    words = ("install", "--index-url", public.url, "--target")
    assert machine.pinned(*words, "ours", "pubdep").code == 0 and machine.plain(*words, "theirs", "pubdep").code == 0

    def files(directory: str) -> dict[str, str]:
        found = (machine.project / directory).rglob("*")
        return {str(path.relative_to(machine.project / directory)): path.read_text() for path in found if path.is_file() and path.suffix != ".pyc"}

    assert files("ours") == files("theirs")
    assert machine.pinned(*words, "again", "--provenance", "p.jsonl", "pubdep").code == 0 and _lines(machine, "p.jsonl")["pubdep"]["index-url"] == public.url


def test_the_file_is_of_this_run(acme: Machine) -> None:
    acme.write("p.jsonl", "old\n")
    assert acme.pinned("install", "--dry-run", "acme-core", "--provenance", "p.jsonl").code == 0 and (acme.project / "p.jsonl").read_text() == "old\n"
    done = acme.pinned("install", "--target", "site", "acme-core", "--provenance", "nowhere/p.jsonl")
    assert (done.code, done.error) == (1, "usage") and acme.installed() == {}
    assert acme.pinned("install", "--target", "site", "acme-core", PIP_PROVENANCE="p.jsonl").code == 0 and set(_lines(acme, "p.jsonl")) == {"acme-core"}


def test_other_commands_have_no_such_option(acme: Machine) -> None:
    assert acme.pinned("download", "acme-core", "--provenance", "p.jsonl").code == 2
    assert acme.pinned("explain", "acme-core", "--provenance", "p.jsonl").code == 0 and not (acme.project / "p.jsonl").exists()


def test_no_secrets_in_it(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("user", "s3cret-word")
    place = private.url_with_credentials.replace("s3cret-word", "${TOKEN}").replace("/simple", "/${PLACE}")
    acme.write("pip-pinned.toml", POLICY.format(private=place, public=public.url))
    done = acme.pinned("install", "--target", "site", "acme-core", "--provenance", "p.jsonl", TOKEN="s3cret-word", PLACE="simple")
    assert done.code == 0, done.text
    text = (acme.project / "p.jsonl").read_text() + (acme.project / "site/acme_core-1.0.dist-info/pip-pinned.json").read_text()
    assert "s3cret" not in text and "user" not in text and _lines(acme, "p.jsonl")["acme-core"]["index-url"] == f"{private.root}/${{PLACE}}"


@pytest.mark.pips
def test_under_another_python(acme: Machine, tmp_path: Path, venv: Venv) -> None:
    done = venv.run("--python", venv.machine.python, "install", "acme-core", "--provenance", "p.jsonl")
    assert done.code == 0 and set(_lines(acme, "p.jsonl")) == {"acme-core"} and _noted(venv, "acme_core-1.0.dist-info")["index"] == "acme", done.text


@pytest.mark.pips
def test_sync_writes_one_file(venv: Venv, private: IndexServer) -> None:
    for path, text in source_tree("local-lib", "1.0").items():
        venv.machine.write(f"local/{path}", text)
    assert venv.run("lock", "acme-core", "pubdep", "./local").code == 0
    assert venv.run("sync", "--dry-run", "--provenance", "p.jsonl").code == 0 and not (venv.machine.project / "p.jsonl").exists()
    done = venv.run("sync", "--provenance", "p.jsonl")
    assert done.code == 0, done.text
    lines = _lines(venv.machine, "p.jsonl")
    assert set(lines) == {"acme-core", "pubdep", "local-lib"} and lines["acme-core"]["because"] == "locked, by its hash; glob 'acme-*' at pip-pinned.toml:12"
    assert venv.run("sync", "--provenance", "p.jsonl").code == 0 and (venv.machine.project / "p.jsonl").read_text() == ""


def test_a_wheel_that_brings_such_a_file_is_not_believed(venv: Venv, private: IndexServer) -> None:
    """Ours takes the place of one that a package brings along."""
    import io
    import zipfile

    original = wheel("acme-core", "1.0", says="private")
    buffer = io.BytesIO(original.content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("acme_core-1.0.dist-info/pip-pinned.json", '{"index": "public"}')
    private.projects["acme-core"] = [type(original)(original.filename, buffer.getvalue())]
    done = venv.run("install", "acme-core")
    assert done.code == 0 and _noted(venv, "acme_core-1.0.dist-info")["index"] == "acme", done.text
    rows = (venv.site / "acme_core-1.0.dist-info" / "RECORD").read_text().splitlines()
    assert len([row for row in rows if "pip-pinned.json" in row]) == 1
