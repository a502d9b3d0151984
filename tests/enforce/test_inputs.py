"""What people tell pip about sources, and what of it counts (CONTRACT 2.9, 2.10, 3.2-3.6, 4.5, 4.6)."""

from __future__ import annotations

import pytest

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer
from tests.servers.projects import source_tree, wheel


@pytest.mark.pips
@pytest.mark.parametrize("line", ["acme-core --index-url {u}", "--index-url {u} acme-core", "acme-core --extra-index-url {u}", "-i {u} acme-core",
                                  "acme-core --find-links {u}", "--no-index acme-core"])
def test_an_option_and_a_requirement_on_one_line_is_an_error(line: str, acme: Machine, public: IndexServer) -> None:
    acme.write("r.txt", line.format(u=public.url) + "\n")
    done = acme.pinned("install", "--target", "site", "-r", "r.txt")
    assert (done.error, done.code) == ("option-dropped-by-pip", 1), done.text


def test_hashes_and_options_for_one_requirement_still_work(acme: Machine, private: IndexServer) -> None:
    file = private.projects["acme-core"][0]
    acme.write("r.txt", f"acme-core==1.0 --hash=sha256:{file.sha256}  # a comment\n--pre\n--prefer-binary --only-binary :all:\n")
    assert acme.pinned("install", "--target", "site", "-r", "r.txt").code == 0


@pytest.mark.pips
def test_a_comment_pins_its_line_and_is_inert_for_pip(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url).partition("[sources]")[0])
    machine.write("r.txt", "-r more.txt\npubdep\n")
    machine.write("more.txt", "Acme_Core>=1  # pip-pinned: index=acme\n")
    done = machine.pinned("install", "--target", "site", "-r", "r.txt", "-v")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0", "pubdep": "1.0"}, done.text
    assert "more.txt:1" in done.err
    assert machine.plain("install", "--target", "plain", "--index-url", public.url, "-r", "r.txt").code == 0


def test_a_comment_that_names_no_index_or_no_requirement_is_an_error(acme: Machine) -> None:
    acme.write("r.txt", "acme-core  # pip-pinned: index=amce\n")
    assert acme.pinned("install", "--target", "site", "-r", "r.txt").error == "unknown-index"
    acme.write("r.txt", "# pip-pinned: index=acme\n")
    assert acme.pinned("install", "--target", "site", "-r", "r.txt").error == "bad-pin"


@pytest.mark.pips
def test_an_index_line_that_disagrees_with_the_declared_default_is_an_error(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    acme.write("r.txt", f"--index-url {private.url}\npubdep\n")
    done = acme.pinned("install", "--target", "site", "-r", "r.txt")
    assert (done.error, done.code) == ("index-disagrees", 1) and "r.txt:1" in done.text, done.text
    acme.write("r.txt", f"--index-url {public.url}/\npubdep\n")
    assert acme.pinned("install", "--target", "site", "-r", "r.txt").code == 0


def test_an_index_line_names_the_default_index_where_none_is_declared(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url}"\nexplicit = true\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
    machine.write("r.txt", f"--index-url {public.url}\npubdep\nacme-core\n")
    done = machine.pinned("install", "--target", "site", "-r", "r.txt")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0", "pubdep": "1.0"}, done.text


def test_trusted_host_in_a_requirements_file_does_not_reach_a_declared_index(acme: Machine) -> None:
    acme.write("r.txt", "--trusted-host 127.0.0.1\nacme-core\n")
    done = acme.pinned("install", "--target", "site", "-r", "r.txt")
    assert done.code == 0 and "--trusted-host 127.0.0.1 is ignored" in done.err, done.text


def test_index_url_on_the_command_line_replaces_the_default_with_a_notice(acme: Machine, public: IndexServer, private: IndexServer) -> None:
    private.add(wheel("pubdep", "5.0", says="private"))
    done = acme.pinned("install", "--target", "site", "--index-url", private.url, "pubdep")
    assert done.code == 0 and acme.installed() == {"pubdep": "5.0"}, done.text
    assert "replaces the default index public" in done.err


def test_ambient_sources_are_ignored_with_one_warning_unless_kept(acme: Machine, public: IndexServer, private: IndexServer) -> None:
    private.add(wheel("pubdep", "5.0"))
    environment = {"PIP_EXTRA_INDEX_URL": f"{private.url}/", "PIP_INDEX_URL": "https://elsewhere.example/simple",
                   "PIP_FIND_LINKS": f"{private.root}/links.html"}
    done = acme.pinned("install", "--target", "site", "pubdep", **{**environment, "PIP_EXTRA_INDEX_URL": "https://extra.example/simple"})
    assert done.code == 0 and acme.installed() == {"pubdep": "1.0"}, done.text
    warnings = [line for line in done.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2 and "index-url https://elsewhere.example/simple" in warnings[0], done.err
    assert f"https://extra.example/simple {private.root}/links.html" in warnings[1]
    policy = (acme.project / "pip-pinned.toml").read_text()
    acme.write("pip-pinned.toml", "ambient-indexes = true\n" + policy.replace('[[index]]\nname = "acme"', '[[index]]\nname = "unused"', 1)
               .replace('"acme-*" = { index = "acme" }', "").replace(f"{private.url}", "https://unused.example/simple"))
    done = acme.pinned("install", "--target", "kept", "pubdep", PIP_EXTRA_INDEX_URL=private.url)
    assert done.code == 0 and acme.installed("kept") == {"pubdep": "5.0"}, done.text


def test_options_of_ours_come_from_flags_environment_and_pip_conf(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    flags = ["--index", f"acme={private.url}", "--default-index", f"public={public.url}", "--pin", "acme-core=acme", "--index-strategy", "first-index"]
    assert machine.pinned("install", "--target", "flags", *flags, "acme-core", "pubdep").code == 0
    environment = {"PIP_INDEX": f"acme={private.url}", "PIP_DEFAULT_INDEX": public.url, "PIP_PIN": "acme-core=acme acme-build=acme",
                   "PIP_INDEX_STRATEGY": "pinned-only"}
    done = machine.pinned("install", "--target", "env", "acme-core", "acme-build", **environment)
    assert done.code == 0 and machine.installed("env") == {"acme-core": "1.0", "acme-build": "1.0"}, done.text
    assert machine.pinned("install", "--target", "env2", "pubdep", **environment).error == "name-not-pinned"
    config = machine.write("pip.conf", f"[global]\nindex = acme={private.url}\npin = acme-core=acme\nindex-url = {public.url}\n")
    done = machine.pinned("install", "--target", "conf", "acme-core", "pubdep", PIP_CONFIG_FILE=str(config))
    assert done.code == 0 and machine.installed("conf") == {"acme-core": "1.0", "pubdep": "1.0"}, done.text


def test_the_index_setting_of_pip_search_in_pip_conf_is_left_alone(acme: Machine) -> None:
    config = acme.write("pip.conf", "[global]\nindex = https://nexus.example/repository/pypi/pypi\n")
    assert acme.pinned("install", "--target", "site", "acme-core", PIP_CONFIG_FILE=str(config)).code == 0


@pytest.mark.parametrize(("arguments", "code"), [
    (["--index", "https://x.example/simple"], "index-without-name"), (["--index", "acme=https://x.example/simple"], "index-redefined"),
    (["--index", "new=x.example/simple"], "bad-url"), (["--pin", "acme-core=nowhere"], "unknown-index"), (["--pin", "acme-core"], "bad-pin"),
    (["--index-strategy", "any"], "unknown-strategy"),
])
def test_options_that_make_no_sense_stop_before_anything_is_asked(arguments: list[str], code: str, acme: Machine, private: IndexServer, public: IndexServer) -> None:
    done = acme.pinned("install", "--target", "site", *arguments, "acme-core")
    assert (done.error, done.code) == (code, 1) and "Traceback" not in done.text, done.text
    assert private.requests == public.requests == []


def test_pin_on_the_command_line_replaces_one_pin_for_one_run_loudly(acme: Machine) -> None:
    done = acme.pinned("install", "--target", "site", "--pin", "acme-core=public", "acme-core", "acme-build")
    assert done.code == 0 and acme.installed() == {"acme-core": "99.0", "acme-build": "1.0"}, done.text
    assert "--pin acme-core=public replaces the pin to acme (pip-pinned.toml:12)" in done.err


@pytest.mark.pips
def test_local_paths_and_editables_of_the_user_are_allowed(acme: Machine) -> None:
    file = wheel("acme-core", "7.0", says="mine")
    (acme.project / file.filename).write_bytes(file.content)
    for path, text in source_tree("acme-build", "8.0").items():
        acme.write(f"tree/{path}", text)
    done = acme.pinned("install", "--target", "site", f"./{file.filename}", "./tree")
    assert done.code == 0 and acme.installed() == {"acme-core": "7.0", "acme-build": "8.0"}, done.text


@pytest.mark.pips
def test_direct_references_of_unpinned_names_are_as_in_pip(acme: Machine, public: IndexServer) -> None:
    url = public.file_url(public.projects["pubdep"][0])
    assert acme.pinned("install", "--target", "one", url).code == 0
    acme.write("r.txt", f"pubdep @ {url}\n")
    assert acme.pinned("install", "--target", "two", "-r", "r.txt").code == 0
    assert acme.installed("two") == {"pubdep": "1.0"}


def test_an_editable_from_version_control_is_refused_for_a_pinned_name(acme: Machine) -> None:
    for requirement in ("git+https://git.example/acme/core.git#egg=acme-core", "acme-core @ git+https://git.example/acme/core.git"):
        acme.write("r.txt", ("-e " if "#egg" in requirement else "") + requirement + "\n")
        done = acme.pinned("install", "--target", "site", "-r", "r.txt")
        assert (done.error, done.code) == ("direct-reference-refused", 1), done.text


_LOCK = """
lock-version = "1.0"
created-by = "tests"
[[packages]]
name = "acme-core"
version = "1.0"
index = "{index}"
[[packages.wheels]]
name = "acme_core-1.0-py3-none-any.whl"
url = "{url}"
hashes = {{ sha256 = "{sha256}" }}
"""


@pytest.mark.pips(since="26.1")
def test_a_lock_entry_that_carries_the_pins_index_and_a_hash_is_installed(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    file = private.projects["acme-core"][0]
    acme.write("pylock.toml", _LOCK.format(index=private.url + "/", url=private.file_url(file), sha256=file.sha256))
    done = acme.pinned("install", "--target", "site", "-r", "pylock.toml")
    assert done.code == 0 and acme.module("acme_core")["WHO"] == "private", done.text
    assert private.pages_asked() == []


@pytest.mark.pips(since="26.1")
def test_a_lock_entry_on_another_origin_has_to_be_on_the_indexs_own_page(acme: Machine, private: IndexServer, public: IndexServer) -> None:
    file = private.projects["acme-core"][0]
    public.projects["acme-core"] = [file]
    private.files_at = f"{public.root}/files"
    lock = _LOCK.format(index=private.url, url=private.file_url(file), sha256=file.sha256)
    acme.write("pylock.toml", lock)
    done = acme.pinned("install", "--target", "site", "-r", "pylock.toml")
    assert done.code == 0 and acme.installed() == {"acme-core": "1.0"}, done.text
    acme.write("pylock.toml", lock.replace(file.sha256, "0" * 64))
    assert acme.pinned("install", "--target", "bad", "-r", "pylock.toml").error == "lock-entry-refused"
    private.answers["/simple/acme-core/"] = Answer(503)
    acme.write("pylock.toml", lock)
    assert acme.pinned("install", "--target", "bad", "-r", "pylock.toml").error == "index-unavailable"
    assert acme.installed("bad") == {}


@pytest.mark.pips
def test_a_comment_behind_hashes_pins_and_one_in_a_commented_line_does_not(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    file = private.projects["acme-core"][0]
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url).partition("[sources]")[0])
    machine.write("r.txt", f"# acme-build  # pip-pinned: index=nowhere\nacme-core==1.0 \\\n    --hash=sha256:{file.sha256}  # pip-pinned: index=acme\n")
    done = machine.pinned("install", "--target", "site", "-r", "r.txt")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0"}, done.text


def test_uninstall_from_a_file_with_index_lines_is_pips(acme: Machine, private: IndexServer) -> None:
    acme.write("r.txt", f"--extra-index-url {private.url}\nnosuch-project  # pip-pinned: index=acme\n")
    done = acme.pinned("uninstall", "-y", "-r", "r.txt")
    assert done.code == 0 and "not installed" in done.text, done.text


@pytest.mark.pips
def test_a_directory_is_an_index_and_a_home_is_a_home(machine: Machine, private: IndexServer) -> None:
    file = private.projects["acme-core"][0]
    machine.write("mirror/simple/acme-core/index.html", f'<!DOCTYPE html><a href="../../files/{file.filename}">{file.filename}</a>')
    (machine.project / "mirror" / "files").mkdir()
    (machine.project / "mirror" / "files" / file.filename).write_bytes(file.content)
    done = machine.pinned("install", "--target", "site", "--index-url", str(machine.project / "mirror" / "simple"), "acme-core")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0"}, done.text
    wheels = machine.directory / "home" / "wheelhouse"
    wheels.mkdir()
    (wheels / file.filename).write_bytes(file.content)
    assert machine.pinned("install", "--target", "home", "--no-index", "--find-links", "~/wheelhouse", "acme-core").code == 0


@pytest.mark.parametrize("how", ["PIP_EXTRA_INDEX_URL", "--extra-index-url"])
def test_credentials_given_to_pip_complete_a_declared_index(how: str, machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("robot", "s3cret")
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    option = [how, private.url_with_credentials] if how.startswith("--") else []
    environment = {} if option else {how: private.url_with_credentials}
    done = machine.pinned("install", "--target", "site", *option, "acme-core", **environment)
    assert done.code == 0 and "s3cret" not in done.text, done.text


@pytest.mark.pips
def test_metadata_that_pip_can_do_without_is_pips_to_judge(acme: Machine, private: IndexServer) -> None:
    private.add(wheel("acme-core", "1.1", requires=("this is (no) requirement",)))
    assert acme.pinned("install", "--target", "site", "--no-deps", "acme-core==1.1").code == acme.plain(
        "install", "--target", "plain", "--index-url", private.url, "--no-deps", "acme-core==1.1").code


def test_outdated_lists_what_is_installed_from_nowhere(acme: Machine, private: IndexServer) -> None:
    private.add(wheel("acme-core", "1.2"))
    for file in (wheel("acme-mine", "1.0"), wheel("acme-core", "1.0")):
        (acme.project / file.filename).write_bytes(file.content)
        assert acme.pinned("install", "--target", "site", f"./{file.filename}").code == 0
    done = acme.pinned("list", "--outdated", "--path", "site")
    assert done.code == 0 and "1.2" in done.out and "acme-mine is not on acme" in done.err, done.text


def test_a_nearer_project_without_a_policy_does_not_switch_it_off(acme: Machine) -> None:
    acme.write("member/pyproject.toml", '[project]\nname = "member"\nversion = "1"\n')
    here = {"PIP_PINNED_PROJECT": ""}
    member = Machine(acme.directory, acme.pip, environment=acme.environment)
    script = acme.write("inside.py", "import os, sys\nos.chdir('member')\nfrom pip_pinned.cli import main\nmain()\n").name
    done = member.run_script(script, "install", "--target", "site", "acme-core", **here)
    assert (done.error, done.code) == ("policy-passed-over", 1) and str(acme.project) in done.text, done.text
    assert member.run_script(script, "install", "--project", "..", "--target", "site", "acme-core").code == 0
    assert acme.installed("member/site") == {"acme-core": "1.0"}
    acme.write("member/pyproject.toml", "[tool.pip-pinned]\n")
    assert member.run_script(script, "install", "--target", "none", "--no-index", "acme-core").error != "policy-passed-over"


def test_a_policy_file_that_cannot_be_read_is_a_mistake(acme: Machine) -> None:
    path = acme.project / "pip-pinned.toml"
    path.unlink()
    path.symlink_to("nowhere")
    done = acme.pinned("install", "--target", "site", "acme-core")
    assert (done.error, done.code) == ("bad-configuration", 1), done.text


def test_modules_in_the_working_directory_are_not_imported(acme: Machine) -> None:
    for name in ("typing", "urllib", "json", "tomllib", "optparse", "signal"):
        acme.write(f"{name}.py", "raise SystemExit('imported from the working directory')\n")
    done = acme.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0, done.text
