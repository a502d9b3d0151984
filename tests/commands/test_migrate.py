"""migrate finds what a legacy project takes from where, writes that down as pins, and changes nothing that was right."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import Machine, Result
from tests.servers.index import Answer, IndexServer, redirect
from tests.servers.projects import wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


PRIVATE, PUBLIC = "127.0.0.1", "127.0.0.1-2"  # both are called after their host; the Dockerfile is read first


class Legacy:
    """A project with a private index beside the default one, as pip takes it today."""

    def __init__(self, machine: Machine, private: IndexServer, public: IndexServer) -> None:
        self.machine = machine
        self.private = private
        self.public = public
        public.projects.pop("acme-core")
        public.projects.pop("acme-build")
        private.add(wheel("acme-app", "2.0", requires=("acme-core", "acme-hidden", "idna-like"), says="private"), wheel("acme-hidden", "1.0", says="private"))
        public.add(wheel("idna-like", "3.0", says="public"))
        self.write_requirements("acme-app\npubdep  # theirs\n")
        machine.write("Dockerfile", f"FROM python\nRUN pip3 install --no-cache-dir \\\n      --extra-index-url {private.url} \\\n      acme-build\nENV PIP_EXTRA_INDEX_URL={private.url}\n")

    def write_requirements(self, text: str) -> Path:
        return self.machine.write("requirements.txt", f"# our requirements\n-i {self.public.url}\n--extra-index-url {self.private.url}   # ours\n{text}")

    def migrate(self, *words: str) -> Result:
        return self.machine.pinned("migrate", *words)

    @property
    def policy(self) -> dict[str, object]:
        return tomllib.loads((self.machine.project / "pip-pinned.toml").read_text())


@pytest.fixture
def legacy(machine: Machine, private: IndexServer, public: IndexServer) -> Legacy:
    return Legacy(machine, private, public)


def test_a_legacy_project_gets_pins(legacy: Legacy) -> None:
    before = legacy.machine.plain("install", "--target", "before", "-r", "requirements.txt", "acme-build")
    assert before.code == 0, before.text
    done = legacy.migrate("--yes", "--verify")
    assert done.code == 0, done.text
    assert legacy.policy == {
        "index": [{"name": PUBLIC, "url": legacy.public.url, "default": True}, {"name": PRIVATE, "url": legacy.private.url, "explicit": True}],
        "sources": {"acme-*": {"index": PRIVATE}}}
    assert (legacy.machine.project / "requirements.txt").read_text() == "# our requirements\nacme-app\npubdep  # theirs\n"
    assert "0 of them other than today" in done.out
    assert "--extra-index-url" in (legacy.machine.project / "Dockerfile").read_text()
    assert "+ RUN pip-pinned install --no-cache-dir \\\n+       acme-build" in done.out and "Dockerfile:5" in done.out
    after = legacy.machine.pinned("install", "--target", "after", "-r", "requirements.txt", "acme-build")
    assert after.code == 0 and legacy.machine.installed("after") == legacy.machine.installed("before"), after.text
    legacy.public.add(wheel("acme-hidden", "99.0", says="evil"), wheel("acme-app", "99.0", says="evil"))
    legacy.public.requests.clear()
    assert legacy.machine.pinned("install", "--target", "later", "-r", "requirements.txt").code == 0
    assert legacy.machine.installed("later")["acme-hidden"] == "1.0" and set(legacy.public.pages_asked()) == {"pubdep", "idna-like"}
    assert legacy.migrate().error == "already-declared"  # the Dockerfile still names the index


@pytest.mark.parametrize("words", [("--dry-run",), ("--check",), ()])
def test_nothing_is_written_before_it_is_wanted(words: tuple[str, ...], legacy: Legacy) -> None:
    def files() -> dict[str, str]:
        return {str(path): path.read_text() for path in legacy.machine.project.rglob("*") if path.is_file()}

    before = files()
    done = legacy.migrate(*words)
    assert done.code == (0 if words == ("--dry-run",) else 1) and files() == before, done.text
    assert f'+"acme-*" = {{ index = "{PRIVATE}" }}' in done.out and "---" in done.out


def test_a_name_on_both_indexes_is_settled_by_people(legacy: Legacy) -> None:
    legacy.public.add(wheel("acme-core", "99.0", says="evil"))
    before = (legacy.machine.project / "requirements.txt").read_text()
    done = legacy.migrate("--yes")
    assert done.code == 1 and done.error == "migration-undecided", done.text
    assert "acme-core" in done.out and f"99.0 from {PUBLIC}" in done.out and (legacy.machine.project / "requirements.txt").read_text() == before
    assert not (legacy.machine.project / "pip-pinned.toml").exists()
    done = legacy.migrate("--yes", "--verify", "--choose", f"acme-core={PRIVATE}")
    assert done.code == 0 and f"1.0 from {PRIVATE}" in done.out and "1 of them other than today, as chosen" in done.out, done.text
    assert legacy.machine.pinned("install", "--target", "after", "-r", "requirements.txt").code == 0 and legacy.machine.module("acme_core", "after")["WHO"] == "private"
    assert legacy.migrate("--choose", "acme-core=nowhere").code == 1 and legacy.migrate("--choose", "acme-core").code == 2


def test_globs_need_three_names_and_none_elsewhere(legacy: Legacy) -> None:
    legacy.public.add(wheel("acme-public", "1.0", says="public"))
    legacy.write_requirements("acme-app\nacme-public\n")
    assert legacy.migrate("--yes").code == 0
    assert legacy.policy["sources"] == {name: {"index": PRIVATE} for name in ("acme-app", "acme-build", "acme-core", "acme-hidden")}


@pytest.mark.parametrize("answer", [Answer(503), Answer(401), Answer(200, b"what?")])
def test_an_index_that_does_not_answer_is_no_answer(answer: Answer, legacy: Legacy) -> None:
    legacy.private.answers["/simple/.*"] = answer
    done = legacy.migrate("--yes", "--retries", "0")
    assert done.code == 1 and "error: migration-undecided" in done.err and "acme-app" in done.text and "pubdep" in done.text, done.text
    assert not (legacy.machine.project / "pip-pinned.toml").exists()


def test_a_variable_that_is_not_set(legacy: Legacy) -> None:
    legacy.machine.write("more-requirements.txt", "--extra-index-url https://${ACME_TOKEN}@pypi.acme.example/simple\nacme-other\n")
    done = legacy.migrate("--dry-run")
    assert "more-requirements.txt:1" in done.text and "ACME_TOKEN not set" in " ".join(done.text.split()), done.text


def test_credentials_are_used_and_not_written(machine: Machine, serve: Callable[..., IndexServer], public: IndexServer) -> None:
    private = serve("locked", credentials=("robot", "s3cret-word")).add(wheel("acme-core", "1.0", says="private"))
    public.projects.pop("acme-core")
    url = private.url.replace("://", "://robot:s3cret-word@")
    machine.write("requirements.txt", f"--index-url {public.url}\n--extra-index-url {url}\nacme-core\n")
    done = machine.pinned("migrate", "--yes", "--verify", "--backup")
    assert done.code == 0 and "s3cret" not in done.text, done.text
    assert "s3cret" not in (machine.project / "pip-pinned.toml").read_text() + (machine.project / "requirements.txt").read_text()
    assert (machine.project / "requirements.txt.orig").read_text().count("s3cret") == 1
    words = ("install", "--target", "site", "-r", "requirements.txt")
    assert machine.pinned(*words).error == "index-auth-failed"
    assert machine.pinned(*words, PIP_PINNED_INDEX_127_0_0_1_2_USERNAME="robot", PIP_PINNED_INDEX_127_0_0_1_2_PASSWORD="s3cret-word").code == 0


def test_variables_stay_variables(machine: Machine, serve: Callable[..., IndexServer], public: IndexServer) -> None:
    private = serve("locked", credentials=("robot", "s3cret-word")).add(wheel("acme-core", "1.0", says="private"))
    public.projects.pop("acme-core")
    machine.write("requirements.txt", f"--index-url {public.url}\n--extra-index-url {private.url.replace('://', '://robot:${ACME_TOKEN}@')}\nacme-core\n")
    done = machine.pinned("migrate", "--yes", ACME_TOKEN="s3cret-word")
    assert done.code == 0 and "s3cret" not in done.text and "robot:${ACME_TOKEN}@" in (machine.project / "pip-pinned.toml").read_text(), done.text
    assert machine.pinned("install", "--target", "site", "-r", "requirements.txt", ACME_TOKEN="s3cret-word").code == 0


PYPROJECT = """\
[project]   # the app
name = "app"
version = "1"
dependencies = [
    "acme-app",   # ours
    "pubdep",
]

[tool.black]
line-length = 9
"""


@pytest.mark.parametrize("dialect", ["native", "uv", "pdm", "poetry", "pipfile"])
def test_each_dialect_says_the_same(dialect: str, legacy: Legacy) -> None:
    legacy.machine.write("pyproject.toml", PYPROJECT)
    done = legacy.migrate("--yes", "--to", dialect)
    assert done.code == 0, done.text
    text = (legacy.machine.project / "pyproject.toml").read_text()
    assert text.startswith(PYPROJECT) if dialect != "pipfile" else text == PYPROJECT
    legacy.public.add(wheel("acme-core", "99.0", says="evil"), wheel("acme-hidden", "99.0", says="evil"))
    after = legacy.machine.pinned("install", "--target", "after", "-r", "requirements.txt")
    assert after.code == 0 and legacy.machine.module("acme_hidden", "after")["WHO"] == "private", after.text + text


def test_commands_are_rewritten_on_request(legacy: Legacy) -> None:
    legacy.machine.write("ci.sh", f"set -e\npython -m pip install -i {legacy.public.url} --extra-index-url={legacy.private.url} acme-core && echo done\n"
                         f"pip install $(cat list) --extra-index-url {legacy.private.url}\n")
    done = legacy.migrate("--yes", "--rewrite-commands")
    assert done.code == 0, done.text
    assert (legacy.machine.project / "ci.sh").read_text() == (
        f"set -e\npython -m pip_pinned install acme-core && echo done\npip install $(cat list) --extra-index-url {legacy.private.url}\n")
    assert (legacy.machine.project / "Dockerfile").read_text() == (
        f"FROM python\nRUN pip-pinned install --no-cache-dir \\\n      acme-build\nENV PIP_EXTRA_INDEX_URL={legacy.private.url}\n")


def test_indexes_of_the_environment_count(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    """As pip has them today; a declared policy ignores them from then on, and says so."""
    public.projects.pop("acme-core")
    machine.write("requirements.txt", "acme-core\npubdep\n")
    environment = {"PIP_INDEX_URL": public.url, "PIP_EXTRA_INDEX_URL": private.url}
    done = machine.pinned("migrate", "--yes", "--verify", **environment)
    assert done.code == 0, done.text
    policy = tomllib.loads((machine.project / "pip-pinned.toml").read_text())
    assert [(index["url"], index.get("explicit", False)) for index in policy["index"]] == [(public.url, False), (private.url, True)] and list(policy["sources"]) == ["acme-core"]
    assert machine.pinned("install", "--target", "site", "-r", "requirements.txt").code == 0 and machine.module("acme_core")["WHO"] == "private"


def test_nothing_to_migrate(machine: Machine) -> None:
    machine.write("requirements.txt", "idna\n")
    done = machine.pinned("migrate", "--check")
    assert done.code == 0 and "Nothing to migrate" in done.out


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_links_and_odd_bytes_stay(ending: str, legacy: Legacy) -> None:
    project = legacy.machine.project
    (project / "pyproject.toml").write_bytes(PYPROJECT.replace("\n", ending).encode())
    text = f"# -*- coding: latin-1 -*- caf\udce9\n--index-url {legacy.public.url}\n--extra-index-url {legacy.private.url} --prefer-binary\nacme-app\n"
    (project / "real.txt").write_bytes(text.replace("\n", ending).encode("utf-8", "surrogateescape"))
    (project / "requirements.txt").unlink()
    (project / "requirements.txt").symlink_to("real.txt")
    done = legacy.migrate("--yes")
    assert done.code == 0, done.text
    assert (project / "real.txt").read_bytes() == f"# -*- coding: latin-1 -*- caf\udce9{ending}--prefer-binary{ending}acme-app{ending}".encode("utf-8", "surrogateescape")
    assert (project / "requirements.txt").is_symlink()
    after = (project / "pyproject.toml").read_bytes()
    assert after.count(b"\n") == after.count(ending.encode()) and after.startswith(PYPROJECT.replace("\n", ending).encode())


@pytest.mark.parametrize("what", ["a share that is not mounted", "a portal"])
def test_an_index_that_has_nothing_is_not_taken_at_its_word(what: str, machine: Machine, private: IndexServer, public: IndexServer) -> None:
    """Whoever registered acme-core on the public index would get it."""
    url = "file:///nonexistent/simple" if what != "a portal" else private.url
    private.answers[".*"] = redirect("https://login.example/")
    machine.write("requirements.txt", f"--index-url {public.url}\n--extra-index-url {url}\nacme-core\npubdep\n")
    done = machine.pinned("migrate", "--yes", "--retries", "0")
    assert done.code == 1 and "error: migration-undecided" in done.err and not (machine.project / "pip-pinned.toml").exists(), done.text


def test_a_name_that_no_index_has_is_nobodys(legacy: Legacy) -> None:
    legacy.write_requirements("acme-app\nacme-nowhere\n")
    done = legacy.migrate("--yes")
    assert done.code == 1 and "acme-nowhere: no index has it" in done.text
    done = legacy.migrate("--yes", "--choose", f"acme-nowhere={PRIVATE}")  # the names that acme-app requires are still not known
    assert done.code == 1 and "requirements.txt cannot be resolved" in done.err and not (legacy.machine.project / "pip-pinned.toml").exists(), done.text
    legacy.private.add(wheel("acme-nowhere", "1.0"))
    assert legacy.migrate("--yes").code == 0 and legacy.policy["sources"] == {"acme-*": {"index": PRIVATE}}


def test_names_that_turn_up_with_a_choice_are_decided_too(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.add(wheel("lib3", "1.0", requires=("newdep",)), wheel("newdep", "1.0", says="private"))
    public.add(wheel("lib3", "9.0"), wheel("newdep", "99.0", says="evil"))
    machine.write("requirements.txt", f"--index-url {public.url}\n--extra-index-url {private.url}\nlib3\n")
    done = machine.pinned("migrate", "--verify", "--yes", "--choose", "lib3=127.0.0.1-2")
    assert done.code == 1 and "newdep: it is on" in done.text and not (machine.project / "pip-pinned.toml").exists(), done.text
    done = machine.pinned("migrate", "--verify", "--yes", "--choose", "lib3=127.0.0.1-2", "--choose", "newdep=127.0.0.1-2")
    assert done.code == 0 and "as chosen" in done.out, done.text
    assert machine.pinned("install", "--target", "site", "-r", "requirements.txt").code == 0 and machine.module("newdep")["WHO"] == "private"


def test_each_file_is_compared_with_itself(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.add(wheel("lib", "1.0"))
    public.add(wheel("lib", "9.0"))
    for name, line in (("a", "lib==1.0"), ("b", "lib")):
        machine.write(f"{name}/requirements.txt", f"--index-url {public.url}\n--extra-index-url {private.url}\n{line}\n")
    done = machine.pinned("migrate", "--verify", "--dry-run", "--choose", "lib=127.0.0.1-2")
    assert done.code == 0 and "1 of them other than today" in done.out and "9.0 from 127.0.0.1" in done.out, done.text


@pytest.mark.parametrize("line", ["--extra {url}", "--fi {url}", "\ufeff--extra-index-url {url}", "# x\x0c--extra-index-url {url}", "-r deps.in"])
def test_lines_that_pip_reads_in_its_own_way(line: str, legacy: Legacy) -> None:
    deps = legacy.machine.write("deps.in", f"--extra-index-url {legacy.private.url}\nacme-app\n" if "deps.in" in line else "")
    legacy.machine.write("Dockerfile", "FROM python\n")
    url = legacy.private.url if "--fi" not in line else f"{legacy.private.root}/links.html"
    path = legacy.machine.project / "requirements.txt"
    path.write_text(f"{line.format(url=url)}\n-i {legacy.public.url}\nacme-app\n")
    done = legacy.migrate("--yes")
    assert done.code == 0 and "acme" in str(legacy.policy["sources"]), done.text
    assert legacy.private.root not in path.read_text() + deps.read_text()


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal")
@pytest.mark.parametrize(("answers", "code", "pinned"), [(f"nowhere\n{PRIVATE}\ny\n", 0, True), (f"{PRIVATE}\nn\n", 1, False), ("\x04", 1, False)])
def test_people_are_asked_on_a_terminal(answers: str, code: int, pinned: bool, legacy: Legacy) -> None:
    legacy.public.add(wheel("acme-core", "99.0", says="evil"))
    import pty

    terminal, side = pty.openpty()
    machine = legacy.machine
    environment = {**machine.environment, "PYTHONPATH": machine.path}
    command = subprocess.Popen([machine.python, "-m", "pip_pinned", "migrate"], cwd=machine.project, env=environment, stdin=side, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    os.write(terminal, answers.encode())
    assert command.wait(60) == code and (machine.project / "pip-pinned.toml").exists() == pinned
    if pinned:
        assert "acme-core" in str(legacy.policy["sources"])
    os.close(terminal)
    os.close(side)
