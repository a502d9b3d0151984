"""``pip-pinned export --to TOOL``: the project's policy in another tool's terms, and what that tool cannot say."""

from __future__ import annotations

import argparse
import sys

from pip_pinned.config.export import TARGETS, export
from pip_pinned.pip_runner.settings import default_index_url
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import PYPI, Policy


def main(args: list[str], project: str | None) -> int:
    """Run the verb. 0, also if the tool cannot say everything; 1 if there is no policy, or with --strict; 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        "pip-pinned export", allow_abbrev=False, usage="pip-pinned export --to TOOL [--strict] [--project DIR]",
        description="Print the policy as the configuration of another tool, or of the repository manager that stands in front of the indexes. "
        "What that tool cannot say goes to stderr, a line for each thing. No credentials are printed.")
    parser.add_argument("--to", required=True, choices=TARGETS, help=", ".join(TARGETS))
    parser.add_argument("--strict", action="store_true", help="exit 1 if anything is left out")
    parser.add_argument("--project", metavar="DIR", help="the project")
    given = parser.parse_args(args)
    exported = export(_policy(project), given.to, default_index_url())
    sys.stdout.write(exported.text)
    sys.stdout.flush()
    for line in exported.lacking:
        sys.stderr.write(f"warning: {given.to}: {line}\n")
    return 1 if given.strict and exported.lacking else 0


def _policy(project: str | None) -> Policy:
    from pip_pinned.config.project import load_policy

    policy = load_policy(project)
    if not policy.declared:
        raise PipPinnedError("nothing-declared", "This project declares no policy.", hint="pip-pinned migrate makes one, pip-pinned pin adds to one.")
    return policy._replace(indexes=tuple(index._replace(url=default_index_url()) if index.url == PYPI else index for index in policy.indexes))
