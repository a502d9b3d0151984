"""What people tell pip about sources, and what of it counts (CONTRACT 2.9, 2.10, 3.2-3.6, 4.5, 4.6)."""

from __future__ import annotations

import pytest

from tests import pips
from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer
from tests.servers.projects import source_tree, wheel

ACROSS = [pips.OLDEST, pips.MIDDLE, pips.NEWEST]


@pytest.mark.parametrize("pip_version", pips.SUPPORTED)
@pytest.mark.parametrize("line", ["acme-core --index-url {u}", "--index-url {u} acme-core", "acme-core --extra-index-url {u}", "-i {u} acme-core",
                                  "acme-core --find-links {u}", "--no-index acme-core"])
def test_an_option_and_a_requirement_on_one_line_is_an_error(line: str, pip_version: str, acme: Machine, public: IndexServer) -> None:
    acme.pip = pips.pip_of(pip_version)
    acme.write("r.txt", line.format(u=public.url) + "\n")
    done = acme.pinned("install", "--target", "site", "-r", "r.txt")
    assert (done.error, done.code) == ("option-dropped-by-pip", 1), done.text


def test_hashes_and_options_for_one_requirement_still_work(acme: Machine, private: IndexServer) -> None:
    file = private.projects["acme-core"][0]
    acme.write("r.txt", f"acme-core==1.0 --hash=sha256:{file.sha256}  # a comment\n--pre\n--prefer-binary --only-binary :all:\n")
    assert acme.pinned("install", "--target", "site", "-r", "r.txt").code == 0


@pytest.mark.parametrize("pip_version", ACROSS)
def test_a_comment_pins_its_line_and_is_inert_for_pip(pip_version: str, machine: Machine, private: IndexServer, public: IndexServer) -> None:
    machine.pip = pips.pip_of(pip_version)
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


@pytest.mark.parametrize("pip_version", ACROSS)
def test_an_index_line_that_disagrees_with_the_declared_default_is_an_error(pip_version: str, acme: Machine, private: IndexServer, public: IndexServer) -> None:
    acme.pip = pips.pip_of(pip_version)
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


@pytest.mark.parametrize("pip_version", ACROSS)
def test_local_paths_and_editables_of_the_user_are_allowed(pip_version: str, acme: Machine) -> None:
    acme.pip = pips.pip_of(pip_version)
    file = wheel("acme-core", "7.0", says="mine")
    (acme.project / file.filename).write_bytes(file.content)
    for path, text in source_tree("acme-build", "8.0").items():
        acme.write(f"tree/{path}", text)
    done = acme.pinned("install", "--target", "site", f"./{file.filename}", "./tree")
    assert done.code == 0 and acme.installed() == {"acme-core": "7.0", "acme-build": "8.0"}, done.text


@pytest.mark.parametrize("pip_version", ACROSS)
def test_direct_references_of_unpinned_names_are_as_in_pip(pip_version: str, acme: Machine, public: IndexServer) -> None:
    acme.pip = pips.pip_of(pip_version)
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


@pytest.mark.parametrize("pip_version", ["26.1.2", "26.2.1", "26.3"])
def test_a_lock_entry_that_carries_the_pins_index_and_a_hash_is_installed(pip_version: str, acme: Machine, private: IndexServer, public: IndexServer) -> None:
    acme.pip = pips.pip_of(pip_version)
    file = private.projects["acme-core"][0]
    acme.write("pylock.toml", _LOCK.format(index=private.url + "/", url=private.file_url(file), sha256=file.sha256))
    done = acme.pinned("install", "--target", "site", "-r", "pylock.toml")
    assert done.code == 0 and acme.module("acme_core")["WHO"] == "private", done.text
    assert private.pages_asked() == []


@pytest.mark.parametrize("pip_version", ["26.1.2", "26.2.1", "26.3"])
def test_a_lock_entry_on_another_origin_has_to_be_on_the_indexs_own_page(pip_version: str, acme: Machine, private: IndexServer, public: IndexServer) -> None:
    acme.pip = pips.pip_of(pip_version)
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
