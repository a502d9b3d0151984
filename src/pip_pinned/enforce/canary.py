"""Ask the patched finder something with a known answer, before it is asked anything real.

pip's own search scope holds decoys: an index and a find-links page that the policy does not know.
The finder has to ask the one pinned index, return the one file that is there, and stop for a fault
and for an absent project. A pip whose finder has come to work in another way fails here, whatever
its version number says.
"""

from __future__ import annotations

from typing import Any

from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.run import Run
from pip_pinned.enforce.seams import Hooks
from pip_pinned.policy.model import Index, Pin, Policy

_NAME = "pip-pinned-canary"
_PINNED = "https://pinned.invalid/simple"
_DECOY = "https://decoy.invalid/simple"
_FILE = "pip_pinned_canary-1.0-py3-none-any.whl"
_PAGE = f'<!DOCTYPE html><a href="/files/{_FILE}#sha256={"0" * 64}">{_FILE}</a>'
_POLICY = Policy(
    declared=True,
    pins=(Pin(pattern=f"{_NAME}*", index_name="canary", origin="canary"),),
    indexes=(
        Index(name="canary", url=_PINNED, origin="canary", explicit=True),
        Index(name="other", url=_DECOY, origin="canary", default=True),
    ),
)


def sing(hooks: Hooks) -> None:
    """Raise ``unsupported-pip`` unless the patched finder does exactly what the policy says."""
    run = hooks.run
    rehearsal = Run(lambda: _POLICY)
    rehearsal.declare()
    session = _Session(rehearsal)
    hooks.run = rehearsal
    try:
        finder = _finder(session)
        found = [candidate.link.filename for candidate in finder.find_all_candidates(_NAME)]
        best = finder.find_best_candidate(_NAME).best_candidate
        if found != [_FILE] or best is None or best.link.filename != _FILE:
            _refuse(f"its finder returned {found} where the pinned index has {_FILE}")
        if rehearsal.ledger.listing(_NAME, best.link.url) is None:
            _refuse("its finder returned a file past the seam that vouches for it")
        for suffix, code in (("-503", "index-unavailable"), ("-404", "pin-not-found")):
            try:
                finder.find_all_candidates(_NAME + suffix)
            except Exception as exc:  # noqa: BLE001 (but for the expected stop, this pip is refused)
                error = diagnostics.ours(exc)
                if error is None or error.code != code:
                    _refuse(f"its finder answered HTTP {suffix[1:]} with {exc!r}")
            else:
                _refuse(f"its finder went on after HTTP {suffix[1:]} from the pinned index")
    finally:
        hooks.run = run
    asked = [f"{_PINNED}/{_NAME}{suffix}/" for suffix in ("", "-503", "-404")]
    if session.asked != asked:
        _refuse(f"its finder asked {session.asked}, not {asked}")


def _refuse(what: str) -> None:
    diagnostics.unsupported(what)


def _finder(session: _Session) -> Any:
    from pip._internal.index.collector import LinkCollector
    from pip._internal.index.package_finder import PackageFinder
    from pip._internal.models.search_scope import SearchScope
    from pip._internal.models.selection_prefs import SelectionPreferences
    from pip._internal.models.target_python import TargetPython

    scope = SearchScope(find_links=[_DECOY + "/links.html"], index_urls=[_DECOY], no_index=False)
    target = TargetPython(
        platforms=["any"], py_version_info=(3,), abis=["none"], implementation="py"
    )
    return PackageFinder.create(
        link_collector=LinkCollector(session=session, search_scope=scope),
        selection_prefs=SelectionPreferences(allow_yanked=True),
        target_python=target,
    )


class _Session:
    """Stands for a network on which every URL answers; keeps what was asked."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.asked: list[str] = []
        self.refresh_package: set[str] = set()

    def is_secure_origin(self, location: object) -> bool:
        return True

    def get(self, url: str, **kwargs: object) -> Any:
        from pip._vendor.requests.models import Response

        self.asked.append(url)
        answer = Response()
        last = url.rstrip("/").rpartition("-")[2]
        answer.status_code = int(last) if last.isdigit() else 200
        answer.url, answer.reason = url, "canary"
        answer.headers["Content-Type"] = "text/html"
        answer._content = _PAGE.encode()
        if self._run.ledger.question is not None:
            self._run.ledger.question.status = answer.status_code
        return answer

    head = get
