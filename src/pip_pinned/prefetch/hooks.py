"""The places of pip at which something is asked ahead (``plan``), or left out of a page
(``incompatible_wheels``).

They stand before those of the kernel, which do not know of them: without them nothing else is
chosen, asked or said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pip_pinned.enforce.run import Run

if TYPE_CHECKING:
    from pip_pinned.prefetch.plan import Prefetcher

JOBS = "prefetch_jobs"  # a key of ``Settings.guests``: requests under way beside pip's own; or 0
LONG = 50_000  # bytes of a page


class _AtWork:
    latest: Prefetcher | None = None  # of the resolution that this process is in, or was

    @property
    def prefetcher(self) -> Prefetcher | None:
        return None if self.latest is None or self.latest.is_done else self.latest


_at_work = _AtWork()


def _prefetcher(run: Run) -> Prefetcher | None:
    """What looks ahead of what is going on; of a look ahead, and of a build, nobody does."""
    return None if run.build_depth or run.ledger.is_ahead else _at_work.prefetcher


def resolve(
    run: Run, original: Callable[..., Any], self: Any, root_reqs: Any, check_supported_wheels: bool
) -> Any:
    """Resolve with a look ahead, unless there is none: by option, within another resolution, or
    where a log tells of every request.
    """
    jobs = run.settings.guests.get(JOBS, 0)
    if not jobs or _is_every_request_told() or run.build_depth or _at_work.prefetcher:
        return original(self, root_reqs, check_supported_wheels)
    from pip_pinned.prefetch.plan import Prefetcher, note_fault

    try:
        prefetcher = Prefetcher(run, self, jobs)
    except Exception as exc:  # noqa: BLE001 (whatever it is, pip will do without)
        note_fault(run, exc)
        return original(self, root_reqs, check_supported_wheels)
    _at_work.latest = prefetcher
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
    prefetcher = _prefetcher(run)
    if prefetcher is not None:
        prefetcher.begin(collected)
    return collected


def find_all_candidates(
    run: Run, original: Callable[..., Any], self: Any, project_name: str
) -> Any:
    """Learn which candidates a project has."""
    candidates = original(self, project_name)
    prefetcher = _prefetcher(run)
    if prefetcher is not None:
        prefetcher.saw(self, project_name, candidates)
    return candidates


def prepare_linked_requirement(
    run: Run, original: Callable[..., Any], self: Any, req: Any, parallel_builds: bool = False
) -> Any:
    """Learn what a candidate requires."""
    return _learning_from(run, original(self, req, parallel_builds))


def prepare_editable_requirement(
    run: Run, original: Callable[..., Any], self: Any, req: Any
) -> Any:
    """The same."""
    return _learning_from(run, original(self, req))


def _learning_from(run: Run, dist: Any) -> Any:
    prefetcher = _prefetcher(run)
    if prefetcher is not None:
        prefetcher.prepared(dist.canonical_name, dist)
    return dist


def prepare_linked_requirements_more(
    run: Run, original: Callable[..., Any], self: Any, reqs: Any, parallel_builds: bool = False
) -> None:
    """All files that were chosen, at once; pip then takes them one by one."""
    reqs = list(reqs)
    prefetcher = _prefetcher(run)
    if prefetcher is None:
        original(self, reqs, parallel_builds)
        return
    with prefetcher.downloading(reqs):
        original(self, reqs, parallel_builds)


def urlopen(
    run: Run,
    original: Callable[..., Any],
    self: Any,
    method: str,
    url: str,
    body: Any = None,
    headers: Any = None,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Wait for what is under way; the kernel hands it over, or sends the request."""

    def send() -> Any:
        return original(self, method, url, body, headers, *args, **kwargs)

    prefetcher = _at_work.prefetcher
    if prefetcher is None or run.ledger.is_ahead:
        return send()
    from pip_pinned.enforce.answers import key_of

    key = None if args else key_of(self, method, url, headers)  # with them urllib3 tries again
    return prefetcher.wire.ask(self, key, headers, send)


def fetch_response(
    run: Run, original: Callable[..., Any], self: Any, location: Any, *args: Any, **kwargs: Any
) -> Any:
    """A long project page without the wheels that this Python has no use for."""
    content = original(self, location, *args, **kwargs)
    question = run.ledger.question
    evaluator = None if question is None else question.evaluator
    if content is None or evaluator is None or len(content.content) < LONG:
        return content
    from pip_pinned.prefetch.incompatible_wheels import without_incompatible_wheels

    return without_incompatible_wheels(content, evaluator)
