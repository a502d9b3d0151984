"""Thousands of pins in a row are read without tomllib, to the same effect."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pip_pinned.config.document import Document, Problems

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HEAD = '[[index]]\nname = "a"\nurl = "https://a.example/simple"\n'
PINS = "".join(f'name-{i} = {{ index = "a" }}\n' for i in range(600)) + '"acme.core" = { index = "a" }\n"acme-*" = { index = "a" }\n'


@pytest.mark.parametrize("text", [
    f"{HEAD}[sources]\n{PINS}", f"{HEAD}[sources]\n{PINS}\n\n", f"[sources]\n{PINS}{HEAD}", f"[tool.pip-pinned.sources]\n{PINS}[project]\nname = 'x'\n",
    f"x = 1\n[sources]\n{PINS}[sources.other]\nindex = 'a'\n", f"[sources]\n{PINS}last = {{ index = 'a', marker = 'x' }}\n",
    f"[sources]\n{PINS}[sources.name-7]\nindex = 'b'\n", f'[sources]\n{PINS}name-7 = {{ index = "a" }}\n', f"[sources]\n{PINS}[sources]\n", f'[sources]\n{PINS}"name-7" = {{ index = "b" }}\n',
    f"x = [\n[sources]\n{PINS}]\n", f"x = '''\n[sources]\n{PINS}'''\n", f"[sources]\n{PINS}x = \n", f"[a]\nsources = 1\n[tool.pip-pinned.sources]\n{PINS}[tool]\npip-pinned = 3\n",
    f"sources = {{ name-7 = 1 }}\n[sources]\n{PINS}", f"[sources]\r\n{PINS}",
])
def test_as_tomllib_reads_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "pip-pinned.toml"
    path.write_bytes(text.encode())
    problems = Problems()
    found = Document(path, problems).root.data
    try:
        expected = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError:
        assert problems.found and found == {}
    else:
        assert found == expected and not problems.found
