"""For any lock, the requirements that pip gets are the judged entries, whatever its strings hold
(CONTRACT 1.6, 4.11).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.pylock import Pylock, PylockValidationError
from packaging.utils import canonicalize_name
from packaging.version import Version

from pip_pinned.commands.sync import _root
from pip_pinned.locks import wanted
from pip_pinned.locks.wanted import Wanted
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.urls import Url
from tests.running import Machine

# What a string of a lock may turn into elsewhere: a line, an option, a variable, another URL.
_PIECES = [
    "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\t", " ", "\\\n", "\x00", "\ud800",
    "-r /etc/passwd", "--hash=sha256:", "--index-url http://evil/", "-e ", "# ", "#", "${HOME}",
    "; ", ";", "@", " @ ", "==", "~=1", "[extra]", ",", "&", "?", "%", "%2e%2e", "..", "/", "//",
    "\\", '"', "'", "=", "#egg=evil", "#sha256=" + "0" * 64, "&subdirectory=..", "file:///evil",
    "http://evil/", "git+http://evil/x", ".whl", "\u0131", "\u0660", "--upload-pack=x", "*",
]  # fmt: skip
_DIGEST = hashlib.sha256(b"good").hexdigest()


def _odd(dice: Random, usual: str) -> str:
    """Mostly the usual text; else with something in it that has no place there."""
    if dice.random() < 0.8:
        return usual
    at = dice.choice([0, len(usual), dice.randint(0, len(usual))])
    return usual[:at] + "".join(dice.choices(_PIECES, k=dice.randint(1, 2))) + usual[at:]


def _hashes(dice: Random) -> dict[str, str]:
    pairs = [(_odd(dice, dice.choice(["sha256", "sha512", "md5"])), dice.choice([128, 64, 32]))]
    found = {name: _odd(dice, (_DIGEST * 2)[:digits]) for name, digits in pairs}
    return found | {_odd(dice, "sha256"): _odd(dice, _DIGEST)}


def _file(dice: Random, name: str) -> dict[str, Any]:
    name = f"{name.replace('-', '_')}-1.0{dice.choice(['-py3-none-any.whl', '.tar.gz'])}"
    url = _odd(dice, f"https://h.example/f/{name}")
    place = {"url": url} if dice.random() < 0.9 else {"path": _odd(dice, "files/" + name)}
    return {"name": _odd(dice, name), "hashes": _hashes(dice), **place}


def _pylock_entry(dice: Random) -> dict[str, Any]:
    name = _odd(dice, dice.choice(["acme-core", "pubapp"]))
    entry: dict[str, Any] = {"name": name, "version": _odd(dice, "1.0")}
    kind = dice.choice(["wheels", "wheels", "wheels", "sdist", "archive", "vcs", "directory"])
    more = {"subdirectory": _odd(dice, "src/x")} if dice.random() < 0.3 else {}
    if kind in ("wheels", "sdist"):
        if dice.random() < 0.9:
            entry["index"] = _odd(dice, "https://h.example/simple")
        file = _file(dice, "acme-core")
        entry[kind] = [file] if kind == "wheels" else file
    elif kind == "archive":
        file = _file(dice, "acme-core")
        entry[kind] = {key: value for key, value in file.items() if key != "name"} | more
    elif kind == "vcs":
        url, commit = _odd(dice, "https://h.example/x.git"), _odd(dice, "0" * 40)
        entry[kind] = {"type": _odd(dice, "git"), "url": url, "commit-id": commit} | more
    else:
        entry[kind] = {"path": _odd(dice, "."), "editable": dice.random() < 0.5}
    if dice.random() < 0.2:
        entry["marker"] = _odd(dice, "python_version > '3'")
    return entry


def _pipfile_entry(dice: Random) -> tuple[str, dict[str, Any]]:
    name = _odd(dice, dice.choice(["acme-core", "Acme.Core", "pubapp"]))
    hashes = [f"{algorithm}:{digest}" for algorithm, digest in _hashes(dice).items()]
    more = {"subdirectory": _odd(dice, "src/x")} if dice.random() < 0.3 else {}
    entries: list[dict[str, Any]] = [
        {"version": _odd(dice, "==1.0"), "hashes": hashes, "index": _odd(dice, "acme")},
        {"version": _odd(dice, "==1.0"), "hashes": hashes},
        {"file": _odd(dice, "https://h.example/f/acme_core-1.0.tar.gz"), "hashes": hashes},
        {"git": _odd(dice, "https://h.example/x.git"), "ref": _odd(dice, "0" * 40), **more},
        {"path": _odd(dice, "."), "editable": dice.random() < 0.5},
    ]  # fmt: skip
    entry = dice.choice(entries)
    if dice.random() < 0.2:
        entry["markers"] = _odd(dice, "python_version > '3'")
    return name, entry


def _example(dice: Random, base: Path) -> tuple[dict[str, Any], list[Wanted]] | None:
    """An entry of a lock and what is taken from it, or None if it is refused."""
    try:
        if dice.random() < 0.7:
            entry = _pylock_entry(dice)
            lock = {"lock-version": "1.0", "created-by": "x", "packages": [entry]}
            try:
                read = Pylock.from_dict(lock)
            except PylockValidationError:  # as locks.pylock.read
                return None
            return entry, wanted.of_pylock(read, base, [], None)
        name, entry = _pipfile_entry(dice)
        meta = {"sources": [{"name": "acme", "url": "https://h.example/simple"}]}
        path = base / "Pipfile.lock"
        path.write_text(json.dumps({"_meta": meta, "default": {name: entry}}))
        return {"name": name, **entry}, wanted.of_pipfile_lock(path, [])
    except PipPinnedError as exc:
        assert exc.code in ("bad-lock", "lock-entry-refused", "lock-does-not-fit"), exc
        return None


def _expected(entry: dict[str, Any], want: Wanted, base: Path) -> dict[str, Any]:
    """The one requirement that an entry stands for, read from the entry itself."""
    name = str(canonicalize_name(entry["name"]))
    files = [*entry.get("wheels", ()), *([entry["sdist"]] if "sdist" in entry else ())]
    found: dict[str, Any] = {"name": name, "editable": False, "version": None, "url": None}
    listed = entry.get("hashes") or (entry.get("archive") or (files or [{}])[0]).get("hashes", {})
    pairs = listed.items() if isinstance(listed, dict) else (text.split(":", 1) for text in listed)
    found["hashes"] = sorted(f"{algorithm}:{digest}".lower() for algorithm, digest in pairs)
    subdirectory = (entry.get("archive") or entry.get("vcs") or entry).get("subdirectory")
    fragment = f"#subdirectory={subdirectory}" if subdirectory else ""
    path = entry.get("path") or (entry.get("directory") or {}).get("path")
    archive = entry.get("archive") or (files[0] if files and "index" not in entry else None)
    if "vcs" in entry:
        vcs = entry["vcs"]
        found["url"] = f"{vcs['type']}+{vcs['url']}@{vcs['commit-id']}{fragment}"
    elif "git" in entry:
        found["url"] = f"git+{entry['git']}@{entry['ref']}{fragment}"
    elif path is not None:
        editable = (entry.get("directory") or entry).get("editable")
        egg = f"#egg={name}" if editable else ""
        found |= {"url": (base / path).resolve().as_uri() + egg, "editable": bool(editable)}
    elif "file" in entry:
        text = entry["file"]
        text = text if "://" in text else (base / text).resolve().as_uri()
        found["url"] = text.partition("#")[0]
    elif archive is not None:
        text = archive.get("url") or (base / archive["path"]).resolve().as_uri()
        found["url"] = text.partition("#")[0] + fragment
    else:
        found["version"] = str(Version(entry["version"].removeprefix("==")))
        if files:
            assert want.filename == files[0]["name"]
            url = files[0].get("url")
            assert want.file_url == (None if url is None or "${" in url else Url(url).text)
            assert want.index_url == entry["index"]
    return found


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, dict[str, Any]]]:
    """What sync gives the kernel for entries that were accepted, and what they stand for."""
    base, dice = tmp_path_factory.mktemp("locks"), Random(1)
    found: list[tuple[Any, dict[str, Any]]] = []
    while len(found) < 500:
        example = _example(dice, base)
        if example is not None:
            found += ((_root(want), _expected(example[0], want, base)) for want in example[1])
    return found


# Everything about the one requirement that pip makes of a root; run in each pip.
_CHECK = """
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip_pinned.adapt import requirements_files
from pip_pinned.enforce.run import Run, Settings
from pip_pinned.policy.lock_entry import Root
from pip_pinned.policy.model import Policy

def check(root, expected):
    run = Run(lambda: Policy(declared=True), Settings(roots=(root,)))
    parsed = list(requirements_files.parse_requirements(run, None, requirements_files.ROOTS))
    assert len(parsed) == 1, parsed
    made = install_req_from_parsed_requirement(parsed[0], user_supplied=True)
    hashes = [f"{algorithm}:{digest}" for algorithm, digests in made.hash_options.items() for digest in digests]
    assert made.name == expected["name"] and made.editable == expected["editable"], (root, made.name)
    assert set(hashes) <= set(expected["hashes"]) and bool(hashes) == bool(expected["hashes"]), (root, hashes)
    assert not made.extras and made.markers is None and not made.constraint, root
    if expected["url"] is None:
        assert made.link is None and str(made.specifier) == "==" + expected["version"], root
    else:
        assert made.link.url == expected["url"], (made.link.url, expected)
        assert not made.link.has_hash, root
"""


@settings(max_examples=2000)
@given(st.integers(0, 2**32))
@example(67638021)  # an archive whose path ends in [extra]
def test_pip_gets_what_was_judged(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    base = tmp_path_factory.getbasetemp()
    check: dict[str, Any] = {}
    exec(_CHECK, check)
    example = _example(Random(seed), base)
    for want in () if example is None else example[1]:
        assert example is not None
        check["check"](_root(want), _expected(example[0], want, base))


@pytest.mark.pips
def test_every_pip_gets_what_was_judged(
    examples: list[tuple[Any, dict[str, Any]]], machine: Machine
) -> None:
    machine.write("examples.json", json.dumps(examples))
    run = "import json\nfor root, expected in json.load(open('examples.json')):\n    check(Root(*root), expected)\n"
    machine.write("law.py", _CHECK + run)
    done = machine.run_script("law.py")
    assert done.code == 0, done.text
