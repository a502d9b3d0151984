"""Mutation check of the trusted rooms: does the first tier notice when one condition of the kernel
is wrong?

``python -m tests.mutants --number 60`` (``tox -e mutants``) lets cosmic-ray list every mutant of
``policy`` and ``enforce``, takes a sample by a seed, and runs the first tier against each until a
test fails. It works in a copy of the checkout. By hand, before and after the kernel changes: 60
mutants take one to two hours on two cores.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkItem, WorkResult

ROOT = Path(__file__).parents[1]
ROOMS = ("policy", "enforce", "start")
# What a slip of the hand does to a decision. Not: arithmetic, which reads every `str | None` of an annotation as a number.
OPERATORS = (
    "AddNot",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceContinueWithBreak",
    "ZeroIterationForLoop",
)
# Those first that are about the kernel: most mutants die in the first minute.
_TESTS = (
    "tests/policy",
    "tests/enforce/test_every_pip.py",
    "tests/attacks",
    "tests/enforce",
    "tests/commands",
    "tests/config",
    "tests/meta",
)
_CONFIGURATION = """\
[cosmic-ray]
module-path = [{modules}]
timeout = {timeout}
excluded-modules = []
test-command = "{python} -m pytest -q -x -n 4 --dist worksteal --no-header -p no:cacheprovider {tests}"
distributor.name = "local"
"""


def main() -> int:
    """Exit 0 with a report, whatever survives: survivors are for people to look at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=60, help="how many mutants are tried")
    parser.add_argument("--seed", type=int, default=0, help="which of them")
    parser.add_argument(
        "--timeout",
        type=int,
        default=1200,
        help="seconds for one mutant; beyond them it counts as killed",
    )
    parser.add_argument("--tests", nargs="+", default=_TESTS, help="a part of the first tier")
    parser.add_argument(
        "--minutes", type=float, help="stop then; what was not tried does not count"
    )
    options = parser.parse_args()
    limit = None if options.minutes is None else 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="pip-pinned-mutants-") as name:
        copy = Path(name) / "checkout"
        _copy_checkout(copy)
        (copy / "mutants.toml").write_text(
            _CONFIGURATION.format(
                modules=", ".join(f'"src/pip_pinned/{room}"' for room in ROOMS),
                timeout=options.timeout,
                python=sys.executable,
                tests=" ".join(options.tests),
            )
        )
        environment = {**os.environ, "PYTHONPATH": str(copy / "src")}  # before the installed one

        def run(*words: str, timeout: float | None = None) -> None:
            command = ["cosmic-ray", *words]
            subprocess.run(command, cwd=copy, env=environment, check=True, timeout=timeout)

        run("baseline", "mutants.toml")  # what fails anyway would kill every mutant
        run("init", "mutants.toml", "mutants.sqlite")
        with use_db(copy / "mutants.sqlite") as database:
            known = _leave_only_a_sample(database, options.number, options.seed)
        with suppress(subprocess.TimeoutExpired):
            run("exec", "mutants.toml", "mutants.sqlite", timeout=limit)
        with use_db(copy / "mutants.sqlite", WorkDB.Mode.open) as database:
            _report(database, known)
    return 0


def _copy_checkout(to: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for file in filter(None, listed.split("\0")):
        (to / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, to / file)


def _leave_only_a_sample(database: WorkDB, number: int, seed: int) -> int:
    """Mark all mutants but a sample as skipped; how many there are of the kinds that count."""
    items = sorted(
        database.work_items, key=lambda item: (_place(item), item.mutations[0].operator_name)
    )
    wanted = [
        item for item in items if item.mutations[0].operator_name.partition("/")[2] in OPERATORS
    ]
    sample = {item.job_id for item in random.Random(seed).sample(wanted, min(number, len(wanted)))}
    database.set_multiple_results(
        [item.job_id for item in items if item.job_id not in sample],
        WorkResult(worker_outcome=WorkerOutcome.SKIPPED),
    )
    return len(wanted)


def _place(item: WorkItem) -> tuple[str, int]:
    mutation = item.mutations[0]
    return mutation.module_path.as_posix(), mutation.start_pos[0]


def _report(database: WorkDB, known: int) -> None:
    tried: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    for item, result in database.completed_work_items:
        if result.worker_outcome is WorkerOutcome.SKIPPED:
            continue
        module = Path(item.mutations[0].module_path).as_posix().removeprefix("src/pip_pinned/")
        tried[module] += 1
        killed[module] += result.test_outcome is not TestOutcome.SURVIVED
        if result.test_outcome is TestOutcome.SURVIVED:
            print(
                f"survived: {module}:{item.mutations[0].start_pos[0]} {item.mutations[0].operator_name}\n{result.diff}"
            )
    for module in sorted(tried):
        print(f"{module}: {killed[module]} of {tried[module]} killed")
    print(
        f"{sum(killed.values())} of {sum(tried.values())} mutants killed, of {known} that there are"
    )


if __name__ == "__main__":
    sys.exit(main())
