"""Every known way around a pinned index: plain pip loses, pip-pinned holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import tiers
from tests.attacks.world import SCENARIOS, World, load, versions

CASES = [pytest.param(path, version, id=f"{path.stem}-{version}") for path in sorted(SCENARIOS.glob("*.toml")) for version in versions(load(path))]


@pytest.mark.parametrize(("path", "pip_version"), CASES)
def test_attack(path: Path, pip_version: str, tmp_path: Path, tier: str) -> None:
    scenario = load(path)
    if pip_version == versions(scenario)[-1] or tier == tiers.EVERY_PIP:
        with World(scenario, tmp_path / "plain", pip_version) as world:
            result = world.plain()
            assert world.evil_reached(result) is scenario["plain"].get("loses", True), result.text
    with World(scenario, tmp_path / "pinned", pip_version) as world:
        result = world.pinned()
        assert "Traceback" not in result.text, result.text
        assert not world.evil_reached(result), result.text
        expected = scenario["pinned"]
        error = expected.get("error")
        if error in ("PIP", "ANY"):
            assert result.code != 0, result.text
            assert error == "PIP" or "error: direct-reference-refused" in result.text
        elif error is not None:
            assert (result.error, result.code) == (error, 1), result.text
        else:
            assert result.code == 0, result.text
        if "installed" in expected:
            assert world.installed() == expected["installed"], result.text
        for left in expected.get("left", ()):
            assert (world.machine.project / left).is_file(), result.text
        for wanted in expected.get("says", ()):
            assert world.fill(wanted) in " ".join(result.text.split()), result.text
