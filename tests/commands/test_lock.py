"""lock writes what pip resolves under the policy: every file, its index and its hash (CONTRACT 4.6; PEP 751)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from packaging.pylock import Pylock

from tests.conftest import POLICY
from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer
from tests.servers.projects import sdist, source_tree, wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib



def _lock(machine: Machine, *words: str, **environment: str) -> dict[str, Any]:
    done = machine.pinned("lock", *words, **environment)
    assert done.code == 0, done.text
    return _read(machine)


def _read(machine: Machine, name: str = "pylock.toml") -> dict[str, Any]:
    data = tomllib.loads((machine.project / name).read_text())
    Pylock.from_dict(data).validate()
    return data


def _by_name(lock: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {package["name"]: package for package in lock["packages"]}


@pytest.mark.pips
def test_what_a_build_requires_is_not_locked_nor_held_by_the_lock(acme: Machine, private: IndexServer) -> None:
    """A child that installs build requirements knows nothing of what the user has asked to lock."""
    private.add(sdist("acme-app", "1.0", build_requires=("acme-build",), requires=("acme-core",)))
    assert set(_by_name(_lock(acme, "acme-app"))) == {"acme-app", "acme-core"}
    private.add(wheel("acme-build", "2.0"), wheel("acme-core", "2.0"), sdist("acme-app", "2.0", build_requires=("acme-core",)))
    lock = _by_name(_lock(acme, "--upgrade-package", "acme-app", "acme-app"))
    assert lock["acme-app"]["version"] == "2.0" and set(lock) == {"acme-app"}
    assert any(request.path.startswith("/files/acme_core-2.0") for request in private.requests)  # as build requirement, the newest


@pytest.mark.pips
def test_every_file_of_the_chosen_version_with_index_and_hash(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    private.json_pages = True
    other = wheel("acme-core", "1.0", tag="cp39-cp39-win_amd64")
    private.add(sdist("acme-core", "1.0"), other, wheel("acme-core", "0.9"), wheel("acme-app", "2.0", requires=("acme-core", "pubdep")))
    acme.write("requirements.txt", "acme-app\n")
    lock = _lock(acme, "-r", "requirements.txt")
    found = _by_name(lock)
    assert {name: (package["version"], package["index"]) for name, package in found.items()} == {
        "acme-app": ("2.0", private.url), "acme-core": ("1.0", private.url), "pubdep": ("1.0", public.url)}
    core = found["acme-core"]
    assert [file["name"] for file in core["wheels"]] == [other.filename, "acme_core-1.0-py3-none-any.whl"]
    assert core["wheels"][0]["hashes"] == {"sha256": other.sha256} and core["sdist"]["name"] == "acme_core-1.0.tar.gz"
    assert [dependency["name"] for dependency in found["acme-app"]["dependencies"]] == ["acme-core", "pubdep"]
    assert core["tool"]["pip-pinned"]["because"] == "glob 'acme-*' at pip-pinned.toml:12"
    assert lock["created-by"] == "pip-pinned" and lock["tool"]["pip-pinned"]["pins"] == {"acme-*": ["acme"]}
    assert public.pages_asked() == ["pubdep"]
    first = (acme.project / "pylock.toml").read_bytes()
    (acme.project / "pylock.toml").unlink()
    _lock(acme, "-r", "requirements.txt")
    assert (acme.project / "pylock.toml").read_bytes() == first


def test_hashes_that_the_index_does_not_give_are_computed(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    public.hashes = False
    public.add(sdist("pubdep", "1.0"))
    package = _by_name(_lock(acme, "pubdep"))["pubdep"]
    files = {file.filename: file for file in public.projects["pubdep"]}
    for entry in (*package["wheels"], package["sdist"]):
        assert entry["hashes"] == {"sha256": files[entry["name"]].sha256} and entry.get("size", len(files[entry["name"]].content)) == len(files[entry["name"]].content)


def test_a_file_elsewhere_without_a_hash_is_not_locked(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    private.hashes = False
    private.files_at = f"{public.root}/files"
    done = acme.pinned("lock", "acme-core")
    assert (done.code, done.error) == (1, "off-origin-file") and not (acme.project / "pylock.toml").exists(), done.text


@pytest.mark.pips(since="26.1")
def test_pip_reads_the_lock(acme: Machine, private: IndexServer) -> None:
    private.add(wheel("acme-app", "2.0", requires=("acme-core", "pubdep")))
    _lock(acme, "acme-app")
    for program in (acme.plain, acme.pinned):
        done = program("install", "--target", program.__name__, "-r", "pylock.toml")
        assert done.code == 0 and acme.installed(program.__name__) == {"acme-app": "2.0", "acme-core": "1.0", "pubdep": "1.0"}, done.text


PROJECT = """
[project]
name = "app"
version = "1.0"
requires-python = ">=3.8"
dependencies = ["acme-app", "pubdep; sys_platform != 'nowhere'", "acme-win; sys_platform == 'win32'"]
[project.optional-dependencies]
More_Speed = ["acme-fast"]
[dependency-groups]
test = ["acme-test"]
dev = [{ include-group = "test" }, "acme-core"]
"""


def test_the_project_itself_with_extras_and_groups(acme: Machine, private: IndexServer) -> None:
    private.add(wheel("acme-app", "1.0", requires=("acme-core",)), wheel("acme-fast", "1.0", requires=("acme-c",)), wheel("acme-c", "1.0"), wheel("acme-test", "1.0"))
    acme.write("pyproject.toml", PROJECT)
    lock = _lock(acme, "--extra", "more-speed")
    assert (lock["extras"], lock["dependency-groups"], lock["default-groups"], lock["requires-python"]) == (["more-speed"], ["dev", "test"], [], ">=3.8")
    markers = {name: package.get("marker") for name, package in _by_name(lock).items()}
    assert markers == {"acme-app": None, "acme-core": None, "pubdep": 'sys_platform != "nowhere"', "acme-fast": '"more-speed" in extras', "acme-c": '"more-speed" in extras',
                       "acme-test": '"dev" in dependency_groups or "test" in dependency_groups'}
    assert set(_by_name(_lock(acme, "--group", "dev"))) == {"acme-app", "acme-core", "pubdep", "acme-test"}
    done = acme.pinned("lock", "--extra", "less")
    assert done.error == "nothing-to-lock"


def test_a_pipfile_and_requirements_files_are_projects_too(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    acme.write("requirements.in", "acme-core\n")
    assert set(_by_name(_lock(acme))) == {"acme-core"}
    acme.write("Pipfile", f'[[source]]\nname = "acme"\nurl = "{private.url}"\n[packages]\nacme-core = "*"\npubdep = {{version = "==1.0", markers = "os_name != \'x\'"}}\n'
               '[dev-packages]\nacme-build = "~=1.0"\n')
    markers = {name: package.get("marker") for name, package in _by_name(_lock(acme)).items()}
    assert markers == {"acme-core": None, "pubdep": 'os_name != "x"', "acme-build": '"dev" in dependency_groups'}


def test_a_pipfile_means_what_pipenv_reads(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    """A bare version is an exact one; a path is a place beside the Pipfile, and no name on an index."""
    public.add(wheel("vendored", "6.6"))
    for path, text in source_tree("local-lib", "1.0").items():
        acme.write(f"vendored/{path}", text)
    acme.write("Pipfile", f'[[source]]\nname = "public"\nurl = "{public.url}"\n[packages]\npubdep = "1.0"\nlocal-lib = {{ path = "vendored" }}\n')
    (acme.project / "below").mkdir()
    acme.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    found = _by_name(_lock(acme))
    assert {name: package.get("version") for name, package in found.items()} == {"pubdep": "1.0", "local-lib": None} and found["local-lib"]["directory"]["path"] == "vendored"
    for entry in ("true", '"1.0 ; import os"', '{ version = "1.0\\nevil" }'):
        acme.write("Pipfile", f"[packages]\npubdep = {entry}\n")
        assert acme.pinned("lock").error == "bad-configuration"


def test_dynamic_dependencies_are_not_read_as_none(acme: Machine) -> None:
    acme.write("pyproject.toml", '[project]\nname = "app"\nversion = "1"\ndynamic = ["dependencies"]\n')
    assert acme.pinned("lock").error == "nothing-to-lock"


@pytest.mark.pips
def test_locked_versions_are_kept_until_an_upgrade(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    _lock(acme, "acme-core", "pubdep")
    private.add(wheel("acme-core", "2.0"))
    public.add(wheel("pubdep", "2.0"))

    def versions(*words: str) -> dict[str, str]:
        return {name: package["version"] for name, package in _by_name(_lock(acme, *words)).items()}

    assert versions("acme-core", "pubdep") == {"acme-core": "1.0", "pubdep": "1.0"}
    assert versions("acme-core", "pubdep", "--upgrade-package", "Acme.Core") == {"acme-core": "2.0", "pubdep": "1.0"}
    assert versions("acme-core", "pubdep>1") == {"acme-core": "2.0", "pubdep": "2.0"}
    private.add(wheel("acme-core", "3.0"))
    assert versions("acme-core", "pubdep", "--upgrade") == {"acme-core": "3.0", "pubdep": "2.0"}


def test_a_hash_that_changed_is_never_rewritten(acme: Machine, private: IndexServer) -> None:
    _lock(acme, "acme-core")
    before = (acme.project / "pylock.toml").read_bytes()
    private.projects["acme-core"] = [wheel("acme-core", "1.0", says="somebody else")]
    for words in ((), ("--upgrade",)):
        done = acme.pinned("lock", "acme-core", *words)
        assert (done.code, done.error) == (1, "hash-changed") and "acme_core-1.0-py3-none-any.whl" in done.text, done.text
    assert (acme.project / "pylock.toml").read_bytes() == before


def test_check_compares_with_the_indexes(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    acme.write("requirements.txt", "-r more.txt\nacme-core\n")
    acme.write("more.txt", "pubdep\n")
    _lock(acme, "-r", "requirements.txt")
    private.requests.clear()
    assert acme.pinned("lock", "-r", "requirements.txt", "--check").code == 0 and private.pages_asked() == ["acme-core"]
    private.add(wheel("acme-core", "2.0"))
    acme.write("more.txt", "pubdep\nacme-core>1\n")
    before = (acme.project / "pylock.toml").read_bytes()
    done = acme.pinned("lock", "-r", "requirements.txt", "--check")
    assert done.code == 1 and '-version = "1.0"' in done.out and '+version = "2.0"' in done.out, done.text
    assert (acme.project / "pylock.toml").read_bytes() == before
    acme.write("more.txt", "pubdep\n")
    lock = acme.project / "pylock.toml"
    lock.write_text(lock.read_text().replace(private.projects["acme-core"][0].sha256, "0" * 64))
    assert acme.pinned("lock", "-r", "requirements.txt", "--check").code == 1  # somebody edited it
    lock.write_bytes(before)
    acme.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url) + 'pubdep = { index = "public" }\n')
    assert acme.pinned("lock", "-r", "requirements.txt", "--check").code == 1  # the policy changed


def _failing(machine: Machine, *words: str) -> Result:
    machine.write("pylock.toml", 'lock-version = "1.0"\ncreated-by = "before"\npackages = []\n')
    done = machine.pinned("lock", *words)
    assert done.code != 0 and "before" in (machine.project / "pylock.toml").read_text() and "Traceback" not in done.text, done.text
    return done


def test_what_fails_leaves_the_old_lock(acme: Machine, private: IndexServer) -> None:
    assert "pin-not-found" in _failing(acme, "acme-none").text
    private.answers["/simple/acme-core/"] = Answer(503)
    assert "index-unavailable" in _failing(acme, "acme-core").text
    assert _failing(acme, "acme-core", "-o", "lock.toml").error == "usage"
    acme.write("pylock.toml", "nonsense")
    assert acme.pinned("lock", "pubdep").error == "bad-lock"
    (acme.project / "pylock.toml").unlink()
    done = acme.pinned("lock")
    assert done.error == "nothing-to-lock" and list(acme.project.glob(".pylock*")) == []


def test_direct_references_as_pep_751_has_them(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    for path, text in source_tree("local-lib", "1.0", requires=("acme-core",)).items():
        acme.write(f"local/{path}", text)
    file = wheel("direct-lib", "1.0")
    public.add(file)
    found = _by_name(_lock(acme, "-e", "local", f"direct-lib @ {public.root}/files/{file.filename}"))
    assert found["local-lib"]["directory"] == {"path": "local", "editable": True} and "version" not in found["local-lib"]
    assert found["direct-lib"]["archive"]["hashes"] == {"sha256": file.sha256} and found["acme-core"]["index"] == private.url
    evil = public.projects["acme-core"][0].filename
    assert acme.pinned("lock", f"acme-core @ {public.root}/files/{evil}").error == "direct-reference-refused"


def test_a_repository_is_locked_by_its_commit(acme: Machine) -> None:
    for path, text in source_tree("git-lib", "1.0", requires=("pubdep",)).items():
        acme.write(f"repository/{path}", text)
    repository = acme.project / "repository"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x.example", "-C", str(repository)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"], ["tag", "v1"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    found = _by_name(_lock(acme, f"git-lib @ git+{repository.as_uri()}@v1"))
    assert found["git-lib"]["vcs"] == {"type": "git", "url": repository.as_uri(), "requested-revision": "v1", "commit-id": commit} and "pubdep" in found


def test_size_and_upload_time_are_those_of_the_page(acme: Machine, private: IndexServer) -> None:
    private.json_pages = True
    file = private.projects["acme-core"][0]
    page = private.page("acme-core", [file])
    data = json.loads(page.body)
    data["files"][0].update({"size": len(file.content), "upload-time": "2026-01-02T03:04:05.678901Z"})
    private.answers["/simple/acme-core/"] = Answer(200, json.dumps(data).encode(), page.headers)
    wheel_entry = _by_name(_lock(acme, "acme-core"))["acme-core"]["wheels"][0]
    assert wheel_entry["size"] == len(file.content) and wheel_entry["upload-time"].isoformat() == "2026-01-02T03:04:05.678901+00:00"


def test_requirements_with_hashes_and_pins(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    private.add(sdist("acme-core", "1.0"))
    done = acme.pinned("lock", "acme-core", "pubdep", "--format", "requirements", "-o", "locked.txt")
    assert done.code == 0, done.text
    text = (acme.project / "locked.txt").read_text()
    assert "# pip-pinned: index=acme" in text and text.count("--hash=sha256:") == 3
    installed = acme.pinned("install", "--target", "site", "--no-deps", "--require-hashes", "-r", "locked.txt")
    assert installed.code == 0 and acme.installed() == {"acme-core": "1.0", "pubdep": "1.0"}, installed.text


def test_a_locked_requirements_file_keeps_its_versions_and_hashes(acme: Machine, private: IndexServer) -> None:
    words = ("lock", "acme-core", "--format", "requirements")
    path = acme.project / "requirements.lock.txt"
    assert acme.pinned(*words).code == 0 and "acme-core==1.0" in path.read_text()
    before = path.read_bytes()
    private.add(wheel("acme-core", "2.0", says="private"))
    assert acme.pinned(*words).code == 0 and path.read_bytes() == before and acme.pinned(*words, "--check").code == 0
    assert acme.pinned(*words, "--upgrade-package", "Acme.Core").code == 0 and "acme-core==2.0" in path.read_text()
    path.write_bytes(before)
    private.projects["acme-core"] = [wheel("acme-core", "1.0", says="somebody else")]
    done = acme.pinned(*words)
    assert (done.code, done.error) == (1, "hash-changed") and path.read_bytes() == before


def test_variables_and_credentials_are_no_part_of_a_lock(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    server = serve("host")
    file = wheel("acme-core", "1.0")
    page = f'<!DOCTYPE html><a href="../../files/{file.filename}#sha256={file.sha256}">{file.filename}</a>'
    server.answers["/t0ken-in-path/simple/acme-core/"] = Answer(200, page.encode(), {"Content-Type": "text/html"})
    server.answers[f"/t0ken-in-path/files/{file.filename}"] = Answer(200, file.content)
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{server.root.replace("://", "://robot:s3cret@")}/${{ACME_TOKEN}}/simple"\n'
                  '[sources]\nacme-core = { index = "acme" }\n')
    package = _by_name(_lock(machine, "acme-core", ACME_TOKEN="t0ken-in-path"))["acme-core"]
    assert package["index"] == f"{server.root}/${{ACME_TOKEN}}/simple"
    text = (machine.project / "pylock.toml").read_text()
    assert "t0ken" not in text and "s3cret" not in text and "${ACME_TOKEN}/files/" in text


def test_standard_output_carries_the_lock_alone(acme: Machine) -> None:
    done = acme.pinned("lock", "acme-core", "-o", "-")
    assert done.code == 0 and set(_by_name(tomllib.loads(done.out))) == {"acme-core"}
    assert not (acme.project / "pylock.toml").exists()
