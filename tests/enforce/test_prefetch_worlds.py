"""Random worlds with random faults: with and without prefetch everything comes out the same.

``PIP_PINNED_TEST_SEEDS`` and ``PIP_PINNED_TEST_PROJECTS`` make more and larger ones (50 and 500 were run before a release).
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable

import pytest

from tests.enforce.test_prefetch import all_pinned, both, described
from tests.running import Machine
from tests.servers.index import Answer, IndexServer, Request, redirect
from tests.servers.projects import wheel

SEEDS = int(os.environ.get("PIP_PINNED_TEST_SEEDS", "4"))
PROJECTS = int(os.environ.get("PIP_PINNED_TEST_PROJECTS", "40"))
MARKERS = ("", "", "; python_version >= '3'", "; python_version < '3'")
FAULTS = (Answer(500), Answer(404), Answer(403), Answer(200, b"{", {"Content-Type": "application/vnd.pypi.simple.v1+json"}),
          Answer(200, b"<html>", {"Content-Type": "text/html", "Content-Length": "4000"}), Answer(hang_up=True), Answer(429, headers={"Retry-After": "0"}),
          Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'}), redirect("http://127.0.0.1:9/elsewhere"))


def fill(dice: random.Random, indexes: list[IndexServer], *, conflicts: bool) -> list[str]:
    """Projects that require some of those after them; what is to be installed. Without conflicts the newest version always fits."""
    names = [f"{dice.choice(indexes).name}-p{number}" for number in range(PROJECTS)]
    by_name = {index.name: index for index in indexes}
    for number, name in enumerate(names):
        for version in range(1, dice.randint(2, 4)):
            below = dice.sample(names[number + 1 : number + 30], min(dice.randint(0, 3), len(names) - number - 1))
            bounds = (">=1", "", "!=7", *(("<3", "==2", "<=1") if conflicts and dice.random() < 0.2 else ()))
            requires = tuple(f"{required}{dice.choice(bounds)}{dice.choice(MARKERS)}" for required in below)
            file = described(name, f"{version}.0", *requires) if dice.random() < 0.8 else wheel(name, f"{version}.0", requires=requires)
            by_name[name.partition("-")[0]].add(file)
    return dice.sample(names[: PROJECTS // 3], 6)


def hinder(dice: random.Random, index: IndexServer, *, faults: bool) -> None:
    """Let answers come out of order, and some of them be faults, for good or the first time only."""
    lock = threading.Lock()
    seed = dice.random()
    seen: set[str] = set()

    def answer(request: Request) -> Answer | None:
        own = random.Random(f"{seed} {request.path}")
        threading.Event().wait(0.004 + own.random() / 50)
        with lock:
            first = request.path not in seen
            seen.add(request.path)
        if faults and own.random() < 2 / PROJECTS:
            return own.choice(FAULTS)
        return Answer(503) if faults and first and own.random() < 0.05 else None

    index.answers[r".*"] = answer


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("kind", ["smooth", "faults", "conflicts"])
def test_a_random_world(kind: str, seed: int, machine: Machine, serve: Callable[..., IndexServer]) -> None:
    dice = random.Random(f"{kind} {seed}")
    indexes = [serve("one", json_pages=True), serve("two"), serve("three", json_pages=True)]
    roots = fill(dice, indexes, conflicts=kind == "conflicts")
    all_pinned(machine, *indexes)
    for index in indexes:
        hinder(random.Random(f"{seed} {index.name}"), index, faults=kind == "faults")
    machine.environment |= {"PIP_RETRIES": "2", "PIP_DEFAULT_TIMEOUT": "1" if kind == "faults" else "15"}
    both(machine, indexes, *roots, requests_too=kind == "smooth")
