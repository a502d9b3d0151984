"""The rooms keep their promises: the kernel runs alone, and pass-through commands load nothing they don't need."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interpreters import SRC
from tests.running import Machine, clean_environment
from tests.servers.index import IndexServer

_KERNEL_ALONE = """
import importlib, pkgutil, sys
sys.path[:] = [p for p in sys.path if "site-packages" not in p] + [sys.argv[1]]
import pip_pinned
for room in ("policy", "policy.merge", "enforce", "start", "adapt", "prefetch"):
    package = importlib.import_module("pip_pinned." + room)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "child":
            importlib.import_module(f"pip_pinned.{room}.{module.name}")
foreign = [name for name in sys.modules if name.partition(".")[0] not in sys.stdlib_module_names | {"pip_pinned", "__main__", "__mp_main__"}]
assert not foreign, foreign
"""


def test_the_kernel_imports_with_the_standard_library_alone(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-I", "-S", "-c", _KERNEL_ALONE, str(SRC)], check=True, env=clean_environment(tmp_path))


_LOADED = """
import atexit, sys
atexit.register(lambda: print("\\n" + " ".join(sorted(sys.modules)), file=sys.stderr))
from pip_pinned.cli import main
main()
"""


def _modules(machine: Machine, *args: str) -> set[str]:
    machine.write("loaded.py", _LOADED)
    done = machine.run_script("loaded.py", *args)
    assert done.code == 0, done.text
    return set(done.err.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["--version", "list", "freeze"])
def test_commands_that_search_nothing_load_no_configuration(command: str, acme: Machine) -> None:
    loaded = _modules(acme, command)
    assert not [name for name in loaded if name.startswith(("pip_pinned.config", "pip_pinned.report", "pip_pinned.commands"))]
    assert not loaded & {"rich", "requests", "keyring", "packaging", "tomlkit"}
    if command == "--version":
        assert not loaded & {"pip_pinned.policy.model", "pip_pinned.enforce.lookup"}


def test_without_prefetch_nothing_of_it_is_loaded(acme: Machine, private: IndexServer) -> None:
    parts = {"pip_pinned.enforce.answers", *(f"pip_pinned.prefetch.{name}" for name in ("lookahead", "plan", "projects", "wire"))}
    install = ("install", "--target", "site", "--upgrade", "acme-core")
    assert parts <= _modules(acme, *install)
    assert not parts & _modules(acme, *install, "--no-prefetch")


def test_an_install_loads_none_of_our_dependencies(acme: Machine, private: IndexServer) -> None:
    loaded = _modules(acme, "install", "--target", "site", "acme-core")
    assert "pip_pinned.enforce.lookup" in loaded
    assert not loaded & {"rich", "requests", "keyring", "packaging", "tomlkit", "pip_pinned.report", "pip_pinned.commands"}


def test_url_text_is_taken_apart_in_one_module() -> None:
    """What ``policy.urls`` has not read, nobody reads: a second parser may see another host (CONTRACT 1.6)."""
    for room in ("policy", "enforce", "start", "adapt", "prefetch"):
        for path in (SRC / "pip_pinned" / room).rglob("*.py"):
            if path.name != "urls.py":
                assert not re.findall(r"\burl(?:split|join|parse|unsplit|unparse|defrag)\b", path.read_text(encoding="utf-8")), path


def test_only_enforce_imports_pip_and_only_report_prints() -> None:
    for path in (SRC / "pip_pinned").rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        room = path.relative_to(SRC / "pip_pinned").parts[0]
        if room not in {"enforce", "adapt", "prefetch", "start", "pip_runner"}:
            assert not [line for line in lines if line.strip() == "import pip" or line.strip().startswith(("import pip.", "import pip ", "from pip ", "from pip."))], path
        if room != "report":
            assert not [line for line in lines if line.strip().startswith("print(")], path


def test_every_room_says_what_it_is_for_and_holds_nothing_else() -> None:
    import ast

    for room in ("policy", "policy/merge", "enforce", "start", "adapt", "prefetch", "pip_runner", "config", "report", "commands"):
        tree = ast.parse((SRC / "pip_pinned" / room / "__init__.py").read_text(encoding="utf-8"))
        assert ast.get_docstring(tree) and len(tree.body) == 1 and "Import rule" in (ast.get_docstring(tree) or ""), room


def test_no_module_is_longer_than_a_sitting() -> None:
    for path in (SRC / "pip_pinned").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, path


@pytest.mark.pips
def test_nothing_is_left_in_the_temporary_directory(acme: Machine) -> None:
    assert acme.pinned("install", "--target", "site", "acme-core").code == 0
    assert list((acme.directory / "home" / "tmp").iterdir()) == []
