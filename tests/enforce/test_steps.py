"""Round trips: how long the chain of requests is that have to wait for one another (benchmarks/loopback.py counts them)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests import pips
from tests.running import Machine


@pytest.fixture(scope="module")
def loopback() -> ModuleType:
    """The benchmarks' server; they are no package."""
    spec = importlib.util.spec_from_file_location("loopback", Path(__file__).parents[2] / "benchmarks" / "loopback.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["loopback"] = module
    spec.loader.exec_module(module)
    return module


SLACK = 5  # a busy machine sends some requests later than it could; alone it takes 72 steps


@pytest.mark.pips(since="23.2", rows=True)  # before, pip sees no metadata in JSON pages
@pytest.mark.parametrize("indexes", [1, 3])
def test_two_steps_a_layer_and_one_for_the_files(indexes: int, pip_version: str, machine: Machine, loopback: ModuleType) -> None:
    world = loopback.layered(24, 3, indexes=indexes, latency=0.1)
    with loopback.Server(world) as server:
        machine.write("pip-pinned.toml", "".join(f'[[index]]\nname = "i{i}"\nurl = "{server.url(i)}"\nexplicit = true\n' for i in range(indexes))
                      + "[sources]\n" + "".join(f'{project.name} = {{ index = "i{project.index}" }}\n' for project in world.projects))
        done = machine.pinned("install", "--dry-run", "--ignore-installed", *world.roots)
        count = server.report()
        downloads = pips.as_numbers(pip_version) < (25, 3)  # in a dry run, too
        assert done.code == 0 and (count.pages, count.metadata, count.files) == (24, 24, 24 * downloads), done.text
        assert count.steps <= 2 * 3 + 2 * downloads + SLACK
        server.reset()
        done = machine.pinned("install", "--target", "site", *world.roots)
        count = server.report()
        assert done.code == 0 and count.requests == 3 * 24 and count.absent == 0, done.text
        assert count.steps <= 2 * 3 + 2 + SLACK  # 24 files, 16 at a time
        server.reset()
        alone = machine.pinned("install", "--target", "alone", "--no-prefetch", *world.roots)
        assert alone.code == 0 and server.report().steps == 3 * 24
