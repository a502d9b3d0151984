"""The places of pip at which something is asked ahead (``plan``)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pip_pinned.enforce.artifacts import naming_faults
from pip_pinned.enforce.run import Run


def resolve(
    run: Run, original: Callable[..., Any], self: Any, root_reqs: Any, check_supported_wheels: bool
) -> Any:
    """Resolve with a look ahead, unless there is none: by option, within another resolution, or
    where a log tells of every request.
    """
    if (
        run.prefetch_jobs == 0
        or _is_every_request_told()
        or run.build_depth
        or run.prefetcher is not None
    ):
        return original(self, root_reqs, check_supported_wheels)
    from pip_pinned.enforce.plan import Prefetcher, note_fault

    try:
        prefetcher = Prefetcher(run, self)
    except Exception as exc:  # noqa: BLE001 (whatever it is, pip will do without)
        note_fault(run, exc)
        return original(self, root_reqs, check_supported_wheels)
    with prefetcher.at_work():
        return original(self, root_reqs, check_supported_wheels)


def _is_every_request_told() -> bool:
    """Whether urllib3 tells of requests as it sends them: with -vv, and with --log where -v or -q
    go with it.
    """
    told = logging.getLogger("pip._vendor.urllib3").isEnabledFor(logging.DEBUG)
    return told and any(handler.level <= logging.DEBUG for handler in logging.getLogger().handlers)


def collect_root_requirements(
    run: Run, original: Callable[..., Any], self: Any, root_ireqs: Any
) -> Any:
    """Begin with what was asked for, as the resolver has understood it."""
    collected = original(self, root_ireqs)
    if run.prefetcher is not None and run.build_depth == 0:
        run.prefetcher.begin(collected)
    return collected


def prepare_linked_requirements_more(
    run: Run, original: Callable[..., Any], self: Any, reqs: Any, parallel_builds: bool = False
) -> None:
    """All files that were chosen, at once; pip then takes them one by one."""
    reqs = list(reqs)
    with naming_faults(run):
        if run.prefetcher is None or run.build_depth:
            original(self, reqs, parallel_builds)
            return
        with run.prefetcher.downloading(self, reqs):
            original(self, reqs, parallel_builds)
