"""The demo shows what the two programs really do, on loopback and in temporary directories only."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from tests import pips
from tests.running import Machine


def test_the_demo_goes_as_promised(tmp_path: Path) -> None:
    machine = Machine(tmp_path, pips.pip_of(pips.NEWEST))
    done = machine.pinned("demo", "--svg", "demo.svg")
    assert done.code == 0, done.text
    plain = re.findall(r"^  BAD (.*)$", done.out, re.MULTILINE)
    pinned = re.findall(r"^  ok  (.*)$", done.out, re.MULTILINE)
    assert plain == ["installed acme-core 99.0.0, code of the attacker", "installed acme-core 99.0.0, code of the attacker",
                     "acme-app 1.0.0 was built with code of the attacker"]
    assert pinned == ["installed acme-core 1.4.0, code of the company", "nothing was installed, and pip-pinned says why",
                      "acme-app 1.0.0 was built with code of the company"]
    assert "error: index-unavailable" in done.out and "answer: HTTP 503" in done.out
    assert list((tmp_path / "home" / "tmp").iterdir()) == []
    picture = (machine.project / "demo.svg").read_text()
    ET.fromstring(picture)
    assert not re.search(r"https?://(?!www\.w3\.org)(?!pypi\.acme\.example)", picture.replace("https://www.textualize.io", ""))
    toml = done.out.partition("instead of pip:\n")[2]
    assert "[tool.pip-pinned.sources]" in toml


def test_the_toml_that_the_demo_prints_is_a_policy(tmp_path: Path) -> None:
    machine = Machine(tmp_path, pips.pip_of(pips.NEWEST))
    toml = machine.pinned("demo").out.partition("instead of pip:\n")[2]
    machine.write("pyproject.toml", toml)
    done = machine.pinned("explain", "acme-core")
    assert done.code == 0 and "acme-core  acme" in done.out, done.text


def test_the_demo_fails_if_plain_pip_does_not_lose(tmp_path: Path) -> None:
    """The demo judges what was installed, by both programs: here plain pip is kept from its extra index."""
    machine = Machine(tmp_path, pips.pip_of(pips.NEWEST))
    machine.write("better/sitecustomize.py", 'import sys\nif sys.orig_argv[1:3] == ["-m", "pip"] and "--extra-index-url" in sys.argv:\n'
                  '    at = sys.argv.index("--extra-index-url")\n    del sys.argv[at:at + 2]\n')
    done = machine.run_script("-m", "pip_pinned", "demo", PYTHONPATH=f"{machine.project / 'better'}{os.pathsep}{machine.path}")
    assert done.code == 1 and done.out.count("ok  installed acme-core 1.4.0") == 2, done.text


def test_wrong_usage_is_exit_code_two(tmp_path: Path) -> None:
    assert Machine(tmp_path, pips.pip_of(pips.NEWEST)).pinned("demo", "--nonsense").code == 2
    help_text = Machine(tmp_path, pips.pip_of(pips.NEWEST)).pinned("demo", "--help")
    assert help_text.code == 0 and "--svg" in help_text.out
    assert Machine(tmp_path, pips.pip_of(pips.NEWEST)).pinned("help", "demo").out == help_text.out
