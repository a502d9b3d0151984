"""What pip-pinned costs: start-up, one install from a local index, and a policy of 10,000 pins.

    python benchmarks/overhead.py [RUNS]

Plain pip and pip-pinned run interleaved, in this interpreter's environment; medians are printed, and
the fastest runs, which a busy machine disturbs least.
"""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pip_pinned.commands.demo_indexes import DemoIndex, wheel
from pip_pinned.config.project import load_policy
from pip_pinned.enforce.children import seal
from pip_pinned.enforce.run import BUILD, Run
from pip_pinned.policy import codec
from pip_pinned.policy.decision import Decider
from pip_pinned.policy.model import Index, Pin, Policy
from pip_pinned.start.launch import GC_THRESHOLD

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def timed(command: list[str], environment: dict[str, str], directory: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, cwd=directory, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


def compare(what: str, words: list[str], runs: int, environment: dict[str, str], directory: str, pinned_words: list[str]) -> None:
    plain: list[float] = []
    pinned: list[float] = []
    for i in range(runs + 2):
        pairs: list[tuple[list[float], str, list[str]]] = [(plain, "pip", words), (pinned, "pip_pinned", pinned_words)]
        for times, program, arguments in pairs if i % 2 else reversed(pairs):
            spent = timed([sys.executable, "-m", program, *arguments], environment, directory)
            if i >= 2:
                times.append(spent)
    ratio = median(b / a for a, b in zip(plain, pinned, strict=True))
    print(f"{what}: pip {median(plain):.0f} ms, pip-pinned {median(pinned):.0f} ms, "
          f"difference {median(b - a for a, b in zip(plain, pinned, strict=True)):+.1f} ms, ratio {ratio:.3f}; "
          f"fastest {min(plain):.0f} and {min(pinned):.0f} ms, ratio {min(pinned) / min(plain):.3f}")


def large_policy(exact: int, globs: int) -> Policy:
    indexes = tuple(Index(name=f"index-{i}", url=f"https://index-{i}.example/simple", origin=f"pyproject.toml:{i}") for i in range(10))
    pins = [Pin(pattern=f"package-{i:05}", index_name=f"index-{i % 10}", origin=f"pyproject.toml:{i}") for i in range(exact)]
    pins += [Pin(pattern=f"team-{i:04}-*", index_name=f"index-{i % 10}", origin=f"pyproject.toml:{i}") for i in range(globs)]
    return Policy(indexes=indexes, pins=tuple(pins), declared=True)


def policy_costs() -> None:
    policy = large_policy(10_000, 1_000)
    decider = Decider(policy, bool)
    chosen = random.Random(1)
    names = [chosen.choice((f"package-{chosen.randrange(12_000):05}", f"team-{chosen.randrange(1_200):04}-lib", "requests")) for _ in range(20_000)]
    spent = []
    for name in names:
        start = time.perf_counter()
        decider.decide(name)
        spent.append((time.perf_counter() - start) * 1e6)
    print(f"decide() among 10,000 exact pins and 1,000 globs: {median(spent):.1f} µs median")

    lines = ["[[index]]", 'name = "acme"', 'url = "https://pypi.acme.example/simple"', "[sources]"]
    lines += [f'"{pin.pattern}" = {{ index = "acme" }}' for pin in policy.pins]

    def load_seal_open() -> None:
        run = Run(lambda: load_policy(project))
        run.declare()
        raw = Path(seal(run, BUILD, "runner")).with_name("policy.json").read_bytes()
        Run(lambda: codec.decode(codec.open_sealed(raw, codec.digest(raw))["policy"])).declare()

    gc.set_threshold(*GC_THRESHOLD)  # as in every process of pip-pinned
    with tempfile.TemporaryDirectory() as project:
        Path(project, "pip-pinned.toml").write_text("\n".join(lines))
        print(f"load, seal and open them: {median(repeat(load_seal_open, 15)):.0f} ms median, "
              f"{median(repeat(lambda: tomllib.loads(chr(10).join(lines)), 15)):.0f} ms of it the TOML parser")


def repeat(work: Callable[[], object], times: int) -> list[float]:
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1000)
    return spent


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    with tempfile.TemporaryDirectory() as directory, (index := DemoIndex()):
        index.files = [wheel("acme-core", "1.4.0", "the company")]
        Path(directory, "pip-pinned.toml").write_text(
            f'[[index]]\nname = "acme"\nurl = "{index.url}"\ndefault = true\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # both are measured as they are once installed
        environment.update(PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
        compare("pip --version", ["--version"], runs, environment, directory, ["--version"])
        install = ["install", "--dry-run", "--ignore-installed"]
        compare("pip install --dry-run, one package, local index", [*install, "--index-url", index.url, "acme-core"], runs, environment,
                directory, [*install, "acme-core"])
    policy_costs()


if __name__ == "__main__":
    main()
