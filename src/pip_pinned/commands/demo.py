"""``pip-pinned demo``: dependency confusion against plain pip and against pip-pinned, on this machine, in seconds.

Two small index servers on loopback, temporary directories only, nothing from the internet. What is shown is what
the two programs did: the demo looks at what was installed, and exits 1 if an act did not go as promised.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pip_pinned.commands import demo_indexes
from pip_pinned.commands.demo_indexes import DemoIndex, sdist, wheel
from pip_pinned.report.story import Half, Stage

_TOML = """\
[[tool.pip-pinned.index]]
name = "acme"
url = "https://pypi.acme.example/simple"   # your private index
explicit = true                            # only pinned packages come from here

[tool.pip-pinned.sources]
"acme-*" = { index = "acme" }              # and these come from nowhere else
"""


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0 if every act went as promised, else 1; 2 for wrong usage."""
    parser = argparse.ArgumentParser("pip-pinned demo", description="Dependency confusion, against pip and against pip-pinned.")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="also draw the output as a picture")
    options = parser.parse_args(args)
    stage = Stage(picture=options.svg is not None)
    private, public = DemoIndex(), DemoIndex()
    with private, public, tempfile.TemporaryDirectory(prefix="pip-pinned-demo-") as directory:
        good = _Demo(stage, private, public, Path(directory)).play()
    if options.svg is not None:
        stage.save(options.svg)
    return 0 if good else 1


class _Demo:
    def __init__(self, stage: Stage, private: DemoIndex, public: DemoIndex, directory: Path) -> None:
        self.stage, self.private, self.public, self.directory = stage, private, public, directory
        (directory / "pip-pinned.toml").write_text(
            f'[[index]]\nname = "acme"\nurl = "{private.url}"\nexplicit = true\n'
            f'[[index]]\nname = "public"\nurl = "{public.url}"\ndefault = true\n[sources]\n"acme-*" = {{ index = "acme" }}\n', encoding="utf-8")

    def play(self) -> bool:
        self.private.files = [wheel("acme-core", "1.4.0", "the company"), wheel("acme-build", "1.4.0", "the company"),
                              sdist("acme-app", "1.0.0", build_requires="acme-build")]
        self.public.files = [wheel("acme-core", "99.0.0", "the attacker"), wheel("acme-build", "99.0.0", "the attacker")]
        self.stage.say("acme-core 1.4.0 is on your private index. Somebody has put acme-core 99.0.0 on the public one.", "bold")
        acts = [
            self.act(1, "the higher version wins", "acme-core", "acme_core"),
            self.act(2, "the private index answers 503, and nobody notices", "acme-core", "acme_core", broken=True),
            self.act(3, "a build requirement, in a process that pip starts", "acme-app", "acme_app"),
        ]
        self.stage.say("")
        self.stage.say("Paste into pyproject.toml, and type pip-pinned instead of pip:", "bold")
        self.stage.say(_TOML)
        return all(acts)

    def act(self, number: int, title: str, package: str, module: str, *, broken: bool = False) -> bool:
        self.private.status = 503 if broken else None
        sources = ["--index-url", self.private.url, "--extra-index-url", self.public.url]
        with ThreadPoolExecutor(2) as pool:
            plain = pool.submit(self.install, "pip", f"plain-{number}", module, [*sources, package])
            pinned = pool.submit(self.install, "pip_pinned", f"pinned-{number}", module, [package])
        author, _ = plain.result()
        first = Half(f"pip install --index-url $PRIVATE --extra-index-url $PUBLIC {package}",
                     self._outcome(package, author, number), author == "the company")
        author, errors = pinned.result()
        refused = broken and author is None and "index-unavailable" in errors
        outcome = "nothing was installed, and pip-pinned says why" if refused else self._outcome(package, author, number)
        second = Half(f"pip-pinned install {package}", outcome, refused or (author == "the company" and not broken),
                      self._excerpt(errors) if refused else ())
        self.stage.act(number, title, [first, second])
        return not first.good and second.good

    def install(self, program: str, name: str, module: str, words: list[str]) -> tuple[str | None, str]:
        """Whose code is in the installed module (or built it), and what was said on stderr."""
        target = self.directory / name
        command = [sys.executable, "-m", program, "install", "--target", str(target), "--no-cache-dir", "--retries", "0", *words]
        done = subprocess.run(command, cwd=self.directory, env=_environment(self.directory), capture_output=True, text=True, check=False)
        installed = target / module / "__init__.py"
        if not installed.exists():
            return None, done.stderr
        author = re.search(r'^AUTHOR = "(.*)"$', installed.read_text(encoding="utf-8"), re.MULTILINE)
        return author.group(1) if author else None, done.stderr

    @staticmethod
    def _outcome(package: str, author: str | None, number: int) -> str:
        if author is None:
            return f"{package} was not installed"
        if number == 3:
            return f"{package} 1.0.0 was built with code of {author}"
        version = "99.0.0" if author == "the attacker" else "1.4.0"
        return f"installed {package} {version}, code of {author}"

    def _excerpt(self, errors: str) -> tuple[str, ...]:
        text = errors.replace(self.private.url, "$PRIVATE")
        wanted = ("error:", "answer:", "not considered:")
        lines = (re.sub(r"^\W*", "", line) for line in text.splitlines())
        return tuple(line for line in lines if line.startswith(wanted))


def _environment(directory: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "_PIP")) and not name.lower().endswith("_proxy")}
    source = str(Path(demo_indexes.__file__).parents[2])
    path = os.pathsep.join([source, *filter(None, [kept.get("PYTHONPATH")])])
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONPATH": path,
            "PIP_ROOT_USER_ACTION": "ignore", "COLUMNS": "200", "NO_COLOR": "1", "TMPDIR": str(directory)}
