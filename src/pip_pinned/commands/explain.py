"""``pip-pinned explain [NAME...]``: where each name is searched, and why, without installing anything."""

from __future__ import annotations

HELP = """\
Usage: pip-pinned explain [NAME...] [-r FILE] [--format table|json]
                          [options of pip install]

Show on which index each name is searched, under which strategy and why;
without names, all indexes and pins. The options of pip install that choose
indexes count here as they do there; nothing is downloaded.

  -r FILE                  the names of a requirements file, with its index lines and comments
  --format table|json      how to report (default: table)
  --project DIR            the project whose policy is read
"""


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0; 1 if the configuration is wrong; 2 for wrong usage."""
    from pip_pinned.report import explanation, screen

    if "-h" in args or "--help" in args:
        screen.console().print(HELP, end="")
        return 0
    from pip_pinned.commands.arguments import take_format
    from pip_pinned.config.project import load_policy
    from pip_pinned.pip_runner.settings import explain

    form, rest = take_format(args)
    policy, decisions = explain(lambda: load_policy(project), rest)
    if form == "json":
        screen.show_json(explanation.as_json(policy, decisions))
    else:
        explanation.show(policy, decisions)
    return 0
