"""The first code of a pip that pip started: run by path, in an interpreter that may have neither
pip nor pip-pinned.

Executed by the launcher that ``children.seal`` writes, never imported. Only the standard library
until the sealed policy has been read, taken off the disk and found unaltered.
"""

from __future__ import annotations

import importlib.util
import os
import sys


def main(kernel: str, policy: str, digest: str) -> None:
    """Run pip under the sealed policy; exit 1 with ``policy-missing`` if there is none to rely
    on.
    """
    if sys.path[:1] == [os.path.dirname(os.path.abspath(sys.argv[0]))]:
        sys.path.pop(0)  # the launcher's own directory
    try:
        with open(policy, "rb") as file:
            raw = file.read()
    except OSError:
        raw = b""
    for leftover in (policy, sys.argv[0]):
        try:
            os.unlink(leftover)
        except (
            OSError
        ):  # gone already, or (Windows) still open: the parent removes the directory at its exit
            pass
    try:
        os.rmdir(os.path.dirname(policy))
    except OSError:
        pass
    spec = importlib.util.spec_from_file_location(
        "pip_pinned", os.path.join(kernel, "__init__.py"), submodule_search_locations=[kernel]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["pip_pinned"] = package
    spec.loader.exec_module(package)

    from pip_pinned.start import launch

    launch.run_child(raw, digest)
