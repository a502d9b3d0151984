"""The demo shows what the two programs really do, on loopback and in temporary directories only."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.running import SRC, Machine


def test_the_demo_goes_as_promised(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
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
    machine = Machine(tmp_path)
    toml = machine.pinned("demo").out.partition("instead of pip:\n")[2]
    machine.write("pyproject.toml", toml)
    done = machine.pinned("explain", "acme-core")
    assert done.code == 0 and "acme-core  acme" in done.out, done.text


def test_the_demo_fails_if_plain_pip_does_not_lose(tmp_path: Path) -> None:
    """The demo judges what was installed: with a pip that is pip-pinned in disguise, its acts do not go as promised."""
    machine = Machine(tmp_path)
    disguise = machine.write("disguise/pip/__main__.py", f"import sys\nsys.path.insert(0, {str(SRC)!r})\nsys.exit('no pip here')\n")
    machine.write("disguise/pip/__init__.py", "__version__ = '26.3'\n")
    done = machine.run_script("-m", "pip_pinned", "demo", PYTHONPATH=f"{disguise.parents[1]}:{SRC}")
    assert done.code == 1 and "was not installed" in done.out, done.text


def test_wrong_usage_is_exit_code_two(tmp_path: Path) -> None:
    assert Machine(tmp_path).pinned("demo", "--nonsense").code == 2
    help_text = Machine(tmp_path).pinned("demo", "--help")
    assert help_text.code == 0 and "--svg" in help_text.out
    assert Machine(tmp_path).pinned("help", "demo").out == help_text.out
    assert sys.version_info >= (3, 10)
