"""Where a name is looked up, and what an index's answer does to it.

``LinkCollector.collect_sources`` is the only producer of places to look, in every supported pip.
Its replacement asks the indexes of ``decide`` and no others, whatever search scope pip has put
together from options, environment, pip.conf and requirements files. pip turns every fault of an
index into "no such project" one level below; ``_handle_get_simple_fail`` and ``fetch_response`` are
where the difference is still known.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn
from urllib.parse import quote

from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.directories import ask_directory, ask_page, local_find_links
from pip_pinned.enforce.egress import CrossOriginRedirect, judged
from pip_pinned.enforce.ledger import Grant, Listing, Question
from pip_pinned.enforce.links import settle
from pip_pinned.enforce.rehearsal import leave_to_pip
from pip_pinned.enforce.run import Run
from pip_pinned.policy import hashes, names, urls
from pip_pinned.policy.model import Decision, Index, Strategy
from pip_pinned.policy.ownership import owner_of
from pip_pinned.policy.status import Verdict, judge
from pip_pinned.policy.urls import Url

CandidatesFromPage = Callable[[Any], Iterable[Any]]
_RETRIED = r"too many (\d{3}) error responses"
_ASK_ALL = (Strategy.UNSAFE_BEST_MATCH, Strategy.UNSAFE_FIRST_MATCH, Strategy.UNIQUE_INDEX)


class Found:
    """What one index has for a project, in the shape of pip's ``LinkSource``."""

    link = None

    def __init__(self, candidates: list[Any], files: list[Any]) -> None:
        self._candidates = candidates
        self._files = files

    def page_candidates(self) -> list[Any]:
        """Candidates from the index's page."""
        return self._candidates

    def file_links(self) -> list[Any]:
        """Files found directly, for the finder to evaluate."""
        return self._files


def collect_sources(
    run: Run,
    original: Callable[..., Any],
    self: Any,
    project_name: str,
    candidates_from_page: CandidatesFromPage,
) -> Any:
    """Ask the indexes that the policy names for this project, in its order."""
    from pip._internal.index.collector import CollectedSources

    decision = run.decide(project_name)
    if decision.refusal is not None:
        _refuse(run, decision.refusal, decision)
    run.ledger.decided.setdefault(decision.name, decision)
    asker = Asker(run, original, self, decision, candidates_from_page)
    found = asker.ask_all()
    local = [] if decision.pinned else local_find_links(asker, run.policy.find_links)
    return CollectedSources(find_links=local, index_urls=found)


class Asker:
    """Asks indexes about one project, under one decision."""

    def __init__(
        self,
        run: Run,
        original: Callable[..., Any],
        collector: Any,
        decision: Decision,
        candidates_from_page: CandidatesFromPage,
    ) -> None:
        self.run = run
        self.original = original
        self.collector = collector
        self.decision = decision
        self.candidates_from_page = candidates_from_page
        self.absent: list[Question] = []

    def ask_all(self) -> list[Found]:
        """What the indexes have, in their order."""
        decision = self.decision
        if decision.first is not None:
            found = self.ask(decision.first)
            if found is not None:
                return [found]
        present: list[Found] = []
        having: list[Question] = []
        for index in decision.indexes:
            found = self.ask(index)
            if found is not None:
                present.append(found)
                having.append(Question(decision, index))
                if decision.strategy not in _ASK_ALL and not self.lacks_what_is_locked(found):
                    break
        if decision.pinned and not present:
            if self.run.command != "list":
                _refuse(self.run, "pin-not-found", decision, self.absent)
            told = f"pin-not-found: {decision.name} is not on {decision.indexes[0].name}."
            self.run.journal.note(self.run, told, "warning")  # it need not be on any index
        if decision.strategy is Strategy.UNIQUE_INDEX and len(present) > 1:
            _refuse(self.run, "name-on-several-indexes", decision, having)
        return present

    def lacks_what_is_locked(self, found: Found) -> bool:
        """Whether an index that has the project has no file with a hash that the lock names."""
        locked = self.run.locked(self.decision.name)
        listed = () if locked is None else locked[1]
        links = [*(candidate.link for candidate in found.page_candidates()), *found.file_links()]
        return bool(listed) and not any(
            f"{name}:{value}" in listed
            for link in links
            for name, value in (link._hashes or {}).items()
        )

    def ask(self, index: Index) -> Found | None:
        """What the index has for the project; None where it does not have the project.

        Stops for any fault.
        """
        question = Question(self.decision, index)
        if index.format != "flat":
            known = getattr(self.candidates_from_page, "keywords", {})
            question.evaluator = known.get("link_evaluator")
        with self.run.ledger.asking(question):
            found = self._ask(index, question)
        if found is None and question.status == 404:
            self._doubt(index, question)
        outcome = "absent" if found is None else "present"
        self.run.journal.record(self.run, self.decision, index, outcome)
        if found is None:
            self.absent.append(question)
        return found

    def _doubt(self, index: Index, question: Question) -> None:
        """Some servers say 404 to whom they do not know: a missing sentinel makes it a refusal
        (CONTRACT 4.14).
        """
        if index.sentinel is None or index.format == "flat":
            return
        sentinels = self.run.ledger.sentinels
        if index.name not in sentinels:
            leave_to_pip(self.run.ledger)
            sentinels[index.name] = self._has(index, names.normalize(index.sentinel))
        if not sentinels[index.name]:
            question.missing_sentinel = index.sentinel
            self.fail(question, Verdict.AUTH_FAILED)

    def _has(self, index: Index, name: str) -> bool:
        found: list[bool] = []

        def read(location: Any) -> list[Any]:
            found.append(self.collector.fetch_response(location) is not None)
            return []

        decision = self.decision._replace(name=name, indexes=(index,))
        Asker(self.run, self.original, self.collector, decision, read).ask_page(index)
        return any(found)

    def ask_page(self, index: Index) -> None:
        """Ask for the page of the project, whatever a lock says of its file."""
        question = Question(self.decision, index)
        with self.run.ledger.asking(question):
            self.fetch(index, question, index.bare if index.format == "flat" else self._page(index))

    def _ask(self, index: Index, question: Question) -> Found | None:
        path = urls.local_path(index.bare)
        if path is not None and not os.path.exists(path):
            question.failure = f"{path} does not exist"
            self.fail(question, Verdict.UNAVAILABLE)
        locked = self._locked_file(index)
        if locked is not None:
            question.answered = True
            return Found([], [locked])
        if index.format != "flat":
            candidates = self.fetch(index, question, self._page(index))
            return None if candidates is None else Found(candidates, [])
        ask_flat = ask_page if path is None else ask_directory
        found = ask_flat(self, index, question)
        return None if found is None else Found(*found)

    def _locked_file(self, index: Index) -> Any:
        """The file that a lock names, if the index's page has nothing to say about it: it lies
        below the index, and its hash is known.
        """
        from pip._internal.models.link import Link

        indexes, listed, text = self.run.locked(self.decision.name) or ([], [], None)
        known = hashes.parse_pair(listed[0]) if listed else None
        if text is None or known is None or indexes != [index.name] or "${" in text:
            return None
        url = Url(text)
        owner = owner_of(self.run.indexes, url.text, None)
        if owner is None or owner.name != index.name:  # only this one's page can vouch for it
            return None
        link = Link(f"{url}#{known.algorithm}={known.digest}")
        if not names.file_belongs_to(link.filename, self.decision.name):
            return None
        self.run.ledger.listings[self.decision.name, url.text] = Listing(
            self.decision.name, index, url.text, locked=known
        )
        return link

    def _page(self, index: Index) -> str:
        return posixpath.join(index.bare, quote(self.decision.name)) + "/"

    def fetch(self, index: Index, question: Question, page: str) -> list[Any] | None:
        """The candidates on a page; None where the index says that it has none."""
        from pip._internal.models.link import Link

        link = Link(page, cache_link_parsing=index.format == "flat")
        if not page.startswith("file:") and not self.collector.session.is_secure_origin(link):
            question.failure = "pip does not trust it: use https, or --trusted-host for its host"
            self.fail(question, Verdict.UNAVAILABLE)
        self.run.ledger.grant(page, Grant(index=index))
        candidates = self._read(link, question)
        if not question.answered:
            diagnostics.unsupported("it read a project page past LinkCollector.fetch_response")
        if question.final_url == "":
            return None
        self.vouch(index, question.final_url, [candidate.link for candidate in candidates])
        return candidates

    def _read(self, link: Any, question: Question) -> list[Any]:
        from pip._internal.exceptions import PipError

        try:
            return list(self.candidates_from_page(link))
        except PipError:
            raise
        except Exception as exc:  # noqa: BLE001 (whatever a page does to a parser)
            told = f"the answer cannot be read: {type(exc).__name__}: {exc}"
            question.failure = self.run.journal.discreet(self.run, told)
            self.fail(question, Verdict.UNAVAILABLE)

    def vouch(self, index: Index, page: str, links: Iterable[Any]) -> None:
        """Remember that a page has listed these links (pip's), as far as pip will check them."""
        where = judged(page, f"the page of {self.decision.name} is")
        locked = self.run.locked(self.decision.name)
        listed = () if locked is None else locked[1]
        wanted = {algorithm for algorithm, _, _ in (value.partition(":") for value in listed)}
        for link in links:
            settle(link, where, wanted)
            self.run.ledger.list_file(self.decision.name, link, index, page)

    def fail(self, question: Question, verdict: Verdict) -> NoReturn:
        """Stop for a fault of the index."""
        _fail(self.run, question, verdict)


def _fail(run: Run, question: Question, verdict: Verdict) -> NoReturn:
    run.journal.record(run, question.decision, question.index, verdict.value)
    facts = {"decision": question.decision, "questions": [question]}
    diagnostics.refuse(run, verdict.value, **facts)


def _refuse(
    run: Run, code: str, decision: Decision, questions: Sequence[Question] = ()
) -> NoReturn:
    if not questions:
        run.journal.record(run, decision, None, code)
    diagnostics.refuse(run, code, decision=decision, questions=questions)


def find_all_candidates(
    run: Run, original: Callable[..., Any], self: Any, project_name: str
) -> list[Any]:
    """Everything the finder returns that no index listed came from local find-links, which only
    unpinned names see.
    """
    candidates: list[Any] = original(self, project_name)
    name = names.normalize(project_name)
    if not run.is_pinned(name):
        for candidate in candidates:
            if not getattr(candidate, "locked", False):
                run.ledger.list_file(name, candidate.link, None, "")
    return candidates


def fetch_response(
    run: Run, original: Callable[..., Any], self: Any, location: Any, *args: Any, **kwargs: Any
) -> Any:
    """Read a project page and judge the answer: a fault stops, and only a page of this index's own
    origin counts.
    """
    question = run.ledger.question
    if question is None or question.answered:
        return original(self, location, *args, **kwargs)
    question.answered = True
    name = question.decision.name
    refresh = getattr(self.session, "refresh_package", None)
    if question.decision.pinned and refresh is not None and question.index.cache_api is None:
        refresh.add(name)  # CONTRACT 4.7: pips since 26.2 would serve the page from their cache
    try:
        content = original(self, location, *args, **kwargs)
    except CrossOriginRedirect as exc:
        question.redirected_to = exc.target.text
        if names.normalize(exc.target.last_segment) != name:  # to sign in (CONTRACT 4.4)
            _fail(run, question, Verdict.AUTH_FAILED)
        return None
    verdict = Verdict.UNAVAILABLE
    if question.status is not None:
        verdict = judge(question.status, question.index)
    if content is None and verdict is Verdict.PRESENT:
        question.failure = question.failure or "the answer is not a project page"
        verdict = Verdict.UNAVAILABLE
    if verdict is Verdict.ABSENT:
        return None
    if verdict is not Verdict.PRESENT:
        _fail(run, question, verdict)
    question.final_url = content.url
    run.journal.page(run, question.index, name, content)
    if question.index.format == "flat":
        question.lists_project = _lists_project(content, name)
    return content


def _lists_project(content: Any, name: str) -> bool:
    from pip._internal.index.collector import parse_links

    return any(names.file_belongs_to(link.filename, name) for link in parse_links(content))


def handle_get_simple_fail(
    run: Run, original: Callable[..., Any], link: Any, reason: Any, meth: Any = None
) -> None:
    """Keep what pip is about to turn into "no such project"."""
    question = run.ledger.question
    if question is not None:
        question.failure = run.journal.discreet(run, str(reason))
        retried = re.search(_RETRIED, str(reason))  # Retry hides the last answer in its message
        if question.status is None and retried is not None:
            question.status = int(retried.group(1))
    original(link, reason, meth)
