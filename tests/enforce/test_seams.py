"""Seams are put in place and taken out exactly; a pip in which one has moved is refused (CONTRACT 1.3)."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import pips
from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import sdist, wheel

_IDENTITY = """
import importlib, sys
from pip_pinned.enforce.seams import Replace
from pip_pinned.start import launch
from pip_pinned.enforce.run import Run
from pip_pinned.policy.model import Policy
missing = object()
def raw():
    found = []
    for seam in (seam for table in launch.TABLES.values() for seams in table.values() for seam in seams if isinstance(seam, Replace)):
        try:
            owner = importlib.import_module(seam.module)
        except ImportError:
            continue
        *path, name = seam.attribute.split(".")
        for part in path:
            owner = getattr(owner, part, None)
        found.append(vars(owner).get(name, missing) if owner is not None else missing)
    return found
before = raw()
hooks = launch.install(Run(lambda: Policy(declared=True)))
during = raw()
patched = sum(a is not b for a, b in zip(before, during))
hooks.undo()
after = raw()
assert all(a is b for a, b in zip(before, after)), "undo left something behind"
assert hooks not in sys.meta_path
print(patched)
"""


@pytest.mark.pips(always=True)
def test_undo_restores_the_very_objects(pip_version: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path, pips.pip_of(pip_version))
    machine.write("identity.py", _IDENTITY)
    done = machine.run_script("identity.py")
    assert done.code == 0, done.text
    assert int(done.out) >= 20


# Each declared name of a pip, renamed in the modules themselves, one after the other.
_RENAMED = """
import importlib, json
from pip_pinned.enforce import diagnostics, table
from pip_pinned.enforce.run import Run
from pip_pinned.enforce.seams import Hooks, Reads
from pip_pinned.policy.model import Policy
from pip_pinned.start import launch

def declared():
    for tables in launch.TABLES.values():
        for seams in tables.values():
            for seam in seams:
                try:
                    module = importlib.import_module(seam.module)
                except ImportError:
                    assert seam.module in table.NEWER, seam.module
                    continue
                *path, name = seam.attribute.split(".")
                if isinstance(seam, Reads):
                    path, names = ([seam.attribute] if seam.attribute else []), seam.names
                else:
                    names = [name]
                owner = module
                for part in path:
                    owner = getattr(owner, part, None)
                for name in names:
                    if owner is not None:
                        yield seam, owner, name

def renamed(owner, name, everywhere=False):
    '''What puts it back; None where this pip does not have it.'''
    backs, is_found = [], False
    for place in getattr(owner, "__mro__", [owner]):
        init = vars(place).get("__init__")
        code = getattr(init, "__code__", None)
        if code is not None and name in code.co_names:
            init.__code__ = code.replace(co_names=tuple(n + "_moved" if n == name else n for n in code.co_names))
            backs.append(lambda init=init, code=code: setattr(init, "__code__", code))
        notes = vars(place).get("__annotations__", {})
        if name in notes:
            backs.append(lambda notes=notes, note=notes.pop(name): notes.update({name: note}))
        if name in vars(place) and (everywhere or not is_found):  # what a base has under that name is another one
            is_found, value = True, vars(place)[name]
            delattr(place, name)
            setattr(place, name + "_moved", value)
            backs.append(lambda place=place, value=value: (delattr(place, name + "_moved"), setattr(place, name, value)))
    return (lambda: [back() for back in backs]) if backs else None

def is_refused():
    hooks = Hooks(Run(lambda: Policy(declared=True)), launch.TABLES, lambda module: None, table.NEWER)
    try:
        hooks.install()
    except Exception as exc:
        error = diagnostics.ours(exc)
        assert error is not None and error.code == "unsupported-pip", exc
        return True
    finally:
        hooks.undo()
    return False

list(declared())
assert not is_refused()
count, ran_on = 0, []
for seam, owner, name in declared():
    backs = [back for back in [renamed(owner, one, seam.inherited) for one in name.split("|")] if back]
    if not backs:
        assert seam.beside, (seam.module, seam.attribute, name)
        continue
    count += 1
    if not is_refused():
        ran_on.append((seam.module, seam.attribute, name))
    for back in backs:
        back()
assert not is_refused(), "something was not put back"
print(json.dumps([count, [one for one in ran_on]]))
"""


@pytest.mark.pips(always=True)
def test_every_declared_name_that_is_renamed_is_missed(pip_version: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path, pips.pip_of(pip_version))
    machine.write("renamed.py", _RENAMED)
    done = machine.run_script("renamed.py")
    assert done.code == 0, done.text
    count, ran_on = json.loads(done.out)
    assert ran_on == [] and count >= 100


@pytest.mark.parametrize("name", ["handle_401", "_get_new_credentials", "_get_index_url"])
def test_a_pip_whose_authentication_has_moved_installs_nothing(name: str, tmp_path: Path, private: IndexServer, public: IndexServer) -> None:
    tree = tmp_path / "pip"
    shutil.copytree(pips.pip_of("23.2.1"), tree, ignore=shutil.ignore_patterns("bin"), copy_function=os.symlink)
    _rename(tree, name)
    machine = Machine(tmp_path / "machine", tree)
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    done = machine.pinned("install", "--target", "site", "acme-core")
    assert (done.error, done.code) == ("unsupported-pip", 1), done.text
    assert machine.installed() == {}


def _copy(tmp_path: Path) -> Path:
    """The newest pip, to be changed: linked, with what is compiled, so that only what is written anew is compiled anew."""
    tree = tmp_path / "pip"
    shutil.copytree(pips.pip_of(pips.NEWEST), tree, ignore=shutil.ignore_patterns("bin"), copy_function=os.symlink)
    return tree


def _write(path: Path, text: str) -> None:
    path.unlink()  # a link to the pip of all other tests
    path.write_text(text, encoding="utf-8")


def _rename(tree: Path, name: str, under: str = "pip/_internal") -> None:
    for path in (tree / under).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        changed = re.sub(rf"(?<![\w\"]){name}\b", name + "_moved", text)
        if changed != text:
            _write(path, changed)


def _edit(tree: Path, file: str, old: str, new: str) -> None:
    path = tree / "pip" / "_internal" / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}: adapt this test to the newest pip"
    _write(path, text.replace(old, new))


def _edit_twice(tree: Path, file: str, *edits: tuple[str, str]) -> None:
    for old, new in edits:
        _edit(tree, file, old, new)


def _move_module(tree: Path, old: str, new: str) -> None:
    base = tree / "pip" / "_internal"
    (base / (old.replace(".", "/") + ".py")).rename(base / (new.replace(".", "/") + ".py"))
    for path in base.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        _write(path, text.replace(f"pip._internal.{old}", f"pip._internal.{new}"))


_MOVED: dict[str, Callable[[Path], None]] = {
    # every other name: test_every_declared_name_that_is_renamed_is_missed
    **{name: (lambda tree, name=name: _rename(tree, name)) for name in (  # type: ignore[misc]
        "collect_sources", "fetch_response", "_handle_get_simple_fail", "prepare_linked_requirement", "get_cache_entry", "handle_option_line", "_parse_file")},
    "parse_args": lambda tree: _edit(tree, "cli/base_command.py", "def parse_args(self, args: list[str])", "def parse_args(self, args: list[str], more=None)"),
    "request": lambda tree: _edit(tree, "network/session.py", "def request(self, method: str, url: str, *args", "def request(self, method: str, target: str, url=None, *args"),
    "session": lambda tree: _edit(tree, "network/session.py", "cache: str | None = None,", "cached: str | None = None,"),
    "preparer": lambda tree: _edit(tree, "operations/prepare.py", "        build_dir: str,\n", "        built_dir: str,\n"),
    "index_urls": lambda tree: _edit(tree, "index/package_finder.py", "def index_urls(self)", "def the_index_urls(self)"),
    "find_links": lambda tree: _edit(tree, "index/package_finder.py", "def find_links(self)", "def the_find_links(self)"),
    "main_parser": lambda tree: _edit_twice(tree, "cli/main_parser.py", ("            get_runnable_pip(),", "            get_running_pip(),"),
                                            ("get_prog, get_runnable_pip", "get_prog, get_runnable_pip as get_running_pip")),
    "inprocess installer": lambda tree: _edit(tree, "build_env/installer.py", "    def install(\n        self,\n        requirements: Iterable[str],\n        prefix: Prefix,\n        *,\n"
                                              '        kind: str,\n        for_req: InstallRequirement | None,\n    ) -> None:\n        """Install entrypoint.',
                                              "    def put(\n        self,\n        requirements: Iterable[str],\n        prefix: Prefix,\n        *,\n"
                                              '        kind: str,\n        for_req: InstallRequirement | None,\n    ) -> None:\n        """Install entrypoint.'),
    "connection pool": lambda tree: _rename(tree, "urlopen", "pip/_vendor"),
    "redirects": lambda tree: _rename(tree, "get_redirect_target", "pip"),
    "collector module": lambda tree: _move_module(tree, "index.collector", "index.gathering"),
    "prepare module": lambda tree: _move_module(tree, "operations.prepare", "operations.preparing"),
    "finder reads pages itself": lambda tree: _edit(
        tree, "index/package_finder.py", "index_response = self._link_collector.fetch_response(\n            project_url, package_name=link_evaluator.project_name\n        )",
        "from pip._internal.index.collector import _get_index_content\n        index_response = _get_index_content(project_url, session=self._link_collector.session)"),
    "finder walks its scope itself": lambda tree: _edit(
        tree, "index/package_finder.py", "collected_sources = self._link_collector.collect_sources(",
        "from types import SimpleNamespace\n        collected_sources = SimpleNamespace(collect=lambda project_name, candidates_from_page: [[SimpleNamespace("
        "page_candidates=lambda: [c for u in self.search_scope.get_index_urls_locations(project_name) for c in candidates_from_page(Link(u))],"
        " file_links=lambda: [])]]).collect("),
    "downloads come from elsewhere": lambda tree: _edit(tree, "network/download.py", "target_url = link.url_without_fragment",
                                                        "target_url = link.url_without_fragment + '?from=elsewhere'"),
}


@pytest.mark.parametrize("what", sorted(_MOVED))
def test_a_pip_with_a_moved_seam_installs_nothing(what: str, tmp_path: Path, private: IndexServer, public: IndexServer) -> None:
    tree = _copy(tmp_path)
    _MOVED[what](tree)
    machine = Machine(tmp_path / "machine", tree)
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    done = machine.pinned("install", "--target", "site", "acme-core")
    assert (done.error, done.code) == ("unsupported-pip", 1), done.text
    assert "Traceback" not in done.text
    assert machine.installed() == {}


@pytest.mark.parametrize("call", ["os.path.join(os.path.dirname(__import__('pip').__file__), '__pip-runner__.py')", "'-m', 'pip'"])
def test_a_pip_that_starts_another_pip_past_the_seam_is_stopped(call: str, tmp_path: Path, private: IndexServer, public: IndexServer) -> None:
    tree = _copy(tmp_path)
    _edit(tree, "build_env/installer.py", "            get_runnable_pip(),\n", f"            {call},\n")
    _edit(tree, "build_env/installer.py", "import logging\n", "import logging\nimport os\n")
    private.add(sdist("acme-app", "1.0", build_requires=("acme-build",)))
    machine = Machine(tmp_path / "machine", tree)
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    done = machine.pinned("install", "--target", "site", "acme-app")
    assert done.code == 1 and "error: unsupported-pip" in done.text, done.text
    assert machine.installed() == {}


def test_a_newer_pip_runs_with_one_warning_unless_strict(tmp_path: Path, private: IndexServer, public: IndexServer) -> None:
    tree = _copy(tmp_path)
    init = tree / "pip" / "__init__.py"
    _write(init, init.read_text().replace(f'"{pips.NEWEST}"', '"27.0"'))
    machine = Machine(tmp_path / "machine", tree)
    policy = POLICY.format(private=private.url, public=public.url)
    machine.write("pip-pinned.toml", policy)
    done = machine.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0 and done.err.count("is newer than") == 1, done.text
    machine.write("pip-pinned.toml", "strict-pip = true\n" + policy)
    done = machine.pinned("install", "--target", "strict", "acme-core")
    assert (done.error, done.code) == ("unsupported-pip", 1), done.text


@pytest.mark.parametrize("more", [(), ("--use-feature=fast-deps",)])
def test_a_pip_that_checks_no_hash_installs_nothing_that_only_its_hash_vouches_for(
    more: tuple[str, ...], tmp_path: Path, private: IndexServer, public: IndexServer, serve: Callable[..., IndexServer]
) -> None:
    tree = _copy(tmp_path)
    _edit(tree, "utils/hashes.py", "        gots = {}\n        for hash_name in self._allowed.keys():", "        return\n        for hash_name in self._allowed.keys():")
    cdn = serve("cdn").add(wheel("acme-core", "1.0", says="evil"))
    private.files_at = f"{cdn.root}/files"
    machine = Machine(tmp_path / "machine", tree)
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    done = machine.pinned("install", "--target", "site", *more, "acme-core")
    assert (done.error, done.code) == ("unsupported-pip", 1) and machine.installed() == {}, done.text


def test_an_older_pip_is_refused(tmp_path: Path, private: IndexServer, public: IndexServer) -> None:
    tree = _copy(tmp_path)
    init = tree / "pip" / "__init__.py"
    _write(init, init.read_text().replace(f'"{pips.NEWEST}"', '"22.3.1"'))
    machine = Machine(tmp_path / "machine", tree)
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    done = machine.pinned("install", "--target", "site", "acme-core")
    assert (done.error, done.code) == ("unsupported-pip", 1), done.text
