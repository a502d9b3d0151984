"""The rooms keep their promises: the kernel runs alone, and pass-through commands load nothing they don't need."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
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
    for room in ("policy", "policy/merge", "enforce", "start", "adapt", "prefetch", "pip_runner", "config", "report", "commands"):
        tree = ast.parse((SRC / "pip_pinned" / room / "__init__.py").read_text(encoding="utf-8"))
        assert ast.get_docstring(tree) and len(tree.body) == 1 and "Import rule" in (ast.get_docstring(tree) or ""), room


def _modules_of(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((SRC / "pip_pinned" / room).glob("*.py"))]


def _lines_of_code(path: Path) -> int:
    """Lines with code on them: no comments, no docstrings, no blank lines."""
    text = path.read_text(encoding="utf-8")
    documented = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            documented |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    without = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines = {line for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in without
             for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - documented)


def test_what_has_to_be_trusted_is_read_in_one_sitting() -> None:
    """The trusted rooms, and in them what the proof stands on: what is decided, merged, looked up, used and sent."""
    trusted = {path: _lines_of_code(path) for path in _modules_of("policy", "enforce", "start")}
    proof = [SRC / "pip_pinned" / name for name in ("policy/decision.py", "policy/guard.py", "enforce/lookup.py", "enforce/artifacts.py", "enforce/egress.py")]
    assert sum(trusted.values()) <= 2900, trusted
    assert sum(trusted[path] for path in proof) <= 800, {path.name: trusted[path] for path in proof}
    for path in trusted:
        longer = [line for line in path.read_text(encoding="utf-8").splitlines() if len(line) > 100 and "# noqa" not in line]
        assert not longer, (path, longer)


def _imports() -> dict[str, set[str]]:
    """Each module's imports of others of ours, wherever in it they stand, but not those for types alone."""
    found: dict[str, set[str]] = {}
    names = {".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__") for path in (SRC / "pip_pinned").rglob("*.py")}
    for path in (SRC / "pip_pinned").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for_types = [node for block in ast.walk(tree) if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING" for node in ast.walk(block)]
        name = ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node not in for_types:
                wanted = {f"{node.module}.{alias.name}" for alias in node.names} & names or {node.module} & names
                found.setdefault(name, set()).update(wanted - {name})
    return found


def test_no_modules_import_one_another_in_a_circle() -> None:
    imports = _imports()
    assert len(imports) > 60
    while ends := {name for name in imports if not imports[name] & imports.keys()}:
        imports = {name: imports[name] for name in imports.keys() - ends}
    assert not imports, {name: sorted(used & imports.keys()) for name, used in imports.items()}


def _declared() -> tuple[set[str], set[str]]:
    """Names of attributes of pip, and ``module:name`` of what its modules have, that some seam declares."""
    from pip_pinned.enforce.seams import Reads
    from pip_pinned.start import launch

    names, places = set(), set()
    for seam in (seam for table in launch.TABLES.values() for seams in table.values() for seam in seams):
        for name in seam.names if isinstance(seam, Reads) else [seam.attribute.rpartition(".")[2]]:
            names |= set(name.split("|"))
            places |= {f"{seam.module}:{one}" for one in name.split("|") if "." not in seam.attribute}
        places.add(f"{seam.module}:{seam.attribute.partition('.')[0]}")
    return names, places


def test_every_private_name_of_pip_that_is_used_is_a_seam() -> None:
    """Attributes with an underscore in front that are none of ours, and whatever is imported from ``pip._internal``."""
    declared, places = _declared()
    ours = {"_asdict", "_replace", "_fields", "_content"}  # of named tuples, and of requests in the canary
    ours |= {"_get_creds", "_keyring_provider", "_locked_links", "_ssl_context"}  # asked for with a default: some supported pips have none
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in _modules_of("policy", "policy/merge", "enforce", "start", "adapt", "prefetch", "pip_runner")]
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                ours.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
                ours.add(node.attr)
    used = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr)}
    used |= {str(node.args[1].value) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)
             and ast.unparse(node.func) in {"getattr", "hasattr"} and isinstance(node.args[1], ast.Constant) and re.match("_[a-z]", str(node.args[1].value))}
    assert len(used) > 50 and not used - ours - declared, used - ours - declared
    imported = {f"{node.module}:{alias.name}" for tree in trees for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pip._internal") for alias in node.names}
    modules = {place.partition(":")[0] for place in places}
    missing = {one for one in imported if one not in places and one.replace(":", ".") not in modules}
    assert len(imported) > 20 and not missing, missing


def test_no_module_is_longer_than_a_sitting() -> None:
    for path in (SRC / "pip_pinned").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, path


@pytest.mark.pips
def test_nothing_is_left_in_the_temporary_directory(acme: Machine) -> None:
    assert acme.pinned("install", "--target", "site", "acme-core").code == 0
    assert list((acme.directory / "home" / "tmp").iterdir()) == []
