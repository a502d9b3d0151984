"""pip-pinned with no own verb is pip: exit codes, stdout, help, completion (CONTRACT 5, 2.8)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from pip_pinned.cli import VERBS
from tests import pips
from tests.running import Machine
from tests.servers.index import IndexServer

_OWN_OPTIONS = ("--index <", "--default-index", "--index-strategy", "--pin <", "--speed-limit", "--speed-time", "--max-page-size", "--max-metadata-size")


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("arguments", ["--version", "list", "freeze", "check", "show pip", "nosuchcommand", "install", "install --nosuch", "help",
                                       "config list", "cache dir", "debug", "inspect", "hash pip-pinned.toml", "list --format json", "uninstall -y nothing-here",
                                       "download", "index", "index versions"])
def test_commands_that_search_nothing_are_pips(arguments: str, machine: Machine) -> None:
    plain, pinned = machine.plain(*arguments.split()), machine.pinned(*arguments.split())
    assert pinned.code == plain.code, pinned.text
    assert _without_names(pinned.out) == _without_names(plain.out)
    own = f"pip-pinned: besides pip's own commands there are {', '.join(VERBS)} (each with --help), and --project DIR.\n" if arguments == "help" else ""
    assert _without_names(pinned.err) == _without_names(own + plain.err)


def _without_names(text: str) -> str:
    text = re.sub(r"pip-pinned(?!\.toml)|python\S* -m pip\b|\S*python\S* -m pip", "pip", text)
    text = re.sub(r"PIP_PINNED_\w+: \S+|pinned_\w+", "", text)
    return re.sub(r"\s+", " ", text)  # pip wraps its usage lines by the length of the program's name


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize("arguments", [
    "install --target site {u} pubdep", "install --target site {u} -q pubdep", "install --dry-run --ignore-installed {u} pubdep", "install --target site {u} nosuch",
    "install --target site {u} pubdep==9", "download -d down {u} pubdep", "wheel -w wheels {u} pubdep", "index versions {u} pubdep",
    "index versions {u} nosuch", "install --target site {u} --no-input --log log.txt pubdep", "--isolated install --target site {u} pubdep",
    "install --dry-run --ignore-installed --report - --quiet {u} pubdep", "install --target site {u} -r missing.txt",
])
def test_without_a_policy_it_behaves_as_pip(arguments: str, pip_version: str, tmp_path: Path, public: IndexServer) -> None:
    words = arguments.format(u=f"--index-url {public.url}").split()
    plain = Machine(tmp_path / "plain", pips.pip_of(pip_version))
    pinned = Machine(tmp_path / "pinned", pips.pip_of(pip_version))
    one, other = plain.plain(*words), pinned.pinned(*words)
    assert other.code == one.code, other.text
    assert _without_paths(other.out) == _without_paths(one.out)
    assert _without_names(_without_paths(other.err)) == _without_names(_without_paths(one.err))
    files = [sorted(str(path.relative_to(m.project)) for path in m.project.rglob("*") if "__pycache__" not in path.parts) for m in (plain, pinned)]
    assert files[0] == files[1]


def _without_paths(text: str) -> str:
    return re.sub(r"/\S*/(plain|pinned)/", "", re.sub(r"0x[0-9a-f]+", "", text))


@pytest.mark.pips
@pytest.mark.parametrize("command", ["install", "download", "wheel", "index", "list"])
def test_help_is_pips_with_our_options_added(command: str, machine: Machine) -> None:
    plain, pinned = machine.plain(command, "--help", COLUMNS="200"), machine.pinned(command, "--help", COLUMNS="200")
    added = [line for line in pinned.out.splitlines() if line not in plain.out.splitlines()]
    assert pinned.code == 0 and all(any(option in line for line in added) for option in _OWN_OPTIONS), pinned.out
    removed = [line for line in plain.out.splitlines() if _without_names(line) not in _without_names(pinned.out)]
    assert removed == []


@pytest.mark.pips
def test_completion_offers_pips_words_and_our_options(machine: Machine) -> None:
    environment = {"PIP_AUTO_COMPLETE": "1", "COMP_WORDS": "pip-pinned install --ind", "COMP_CWORD": "2"}
    assert set(machine.pinned(**environment).out.split()) == {"--index-url=", "--index=", "--index-strategy="}
    environment = {"PIP_AUTO_COMPLETE": "1", "COMP_WORDS": "pip-pinned dow", "COMP_CWORD": "1"}
    assert machine.pinned(**environment).out.split() == ["download"]
    script = machine.pinned("completion", "--bash")
    assert script.code == 0 and "pip-pinned" in script.out


def test_a_broken_configuration_stops_what_searches_and_nothing_else(machine: Machine) -> None:
    machine.write("pip-pinned.toml", "[[index]]\nname = 'acme'\nexplict = true\n")
    for arguments in ("--version", "list", "freeze", "show pip", "config list", "help install", "cache dir"):
        assert machine.pinned(*arguments.split()).code == 0, arguments
    for arguments in ("install x", "download x", "wheel x", "index versions x", "list --outdated"):
        done = machine.pinned(*arguments.split())
        assert (done.error, done.code) == ("bad-configuration", 1), done.text
        assert "pip-pinned.toml:3: index[0].explict: unknown key. Did you mean 'explicit'?" in done.err
        assert "url: missing" in done.err and "Traceback" not in done.err


def test_a_broken_configuration_does_not_stop_list_under_another_interpreter(machine: Machine) -> None:
    machine.write("pip-pinned.toml", "nonsense = 1\n")
    assert machine.pinned("--python", sys.executable, "list").code == 0
    done = machine.pinned("--python", sys.executable, "install", "x")
    assert (done.error, done.code) == ("bad-configuration", 1), done.text


def test_the_project_can_be_named_anywhere_on_the_command_line(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    machine.write("elsewhere/pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url}"\ndefault = true\n')
    for arguments in (["--project", "elsewhere", "install", "acme-core"], ["install", "acme-core", "--project=elsewhere"]):
        done = machine.pinned(*arguments, "--dry-run", "--ignore-installed")
        assert done.code == 0 and "acme-core-1.0" in done.out, done.text
    assert machine.pinned("install", "acme-core", "--dry-run", "--ignore-installed", PIP_PINNED_PROJECT="elsewhere").code == 0
    done = machine.pinned("--project", "nowhere", "install", "acme-core")
    assert (done.error, done.code) == ("no-project", 1)


def test_extra_indexes_without_a_policy_give_one_line_of_advice(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    done = machine.pinned("install", "--target", "site", "--index-url", public.url, "--extra-index-url", private.url, "acme-core")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0"}, done.text
    assert len([line for line in done.err.splitlines() if line.startswith("hint: ")]) == 1


def test_a_machine_without_pip_is_told_how_to_get_one(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    done = machine.run_script("-S", "-c", "from pip_pinned.cli import main; main()", "list")
    assert (done.error, done.code) == ("unsupported-pip", 1), done.text


def test_a_legacy_machine_is_served(acme: Machine, public: IndexServer) -> None:
    """A pip.conf with extra-index-url and find-links, PIP_FIND_LINKS and PIP_CERT, as they are found in the wild."""
    config = acme.write("pip.conf", "[global]\nextra-index-url = file:///opt/some/simple file:///opt/other/simple\nfind-links = /opt/wheels\n")
    done = acme.pinned("install", "--target", "site", "acme-core", "pubdep", PIP_CONFIG_FILE=str(config), PIP_FIND_LINKS="/opt/wheels",
                       PIP_CERT="/etc/ssl/certs/ca-certificates.crt")
    assert done.code == 0 and acme.installed() == {"acme-core": "1.0", "pubdep": "1.0"}, done.text
    assert "file:///opt/some/simple file:///opt/other/simple" in done.err
