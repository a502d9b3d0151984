"""What pip will ask for next, asked ahead (``wire``): project pages, metadata files, and the files
that were chosen.

Whatever is asked ahead is asked by the very functions that pip will ask it by, in the main thread,
while it waits for an answer: the same decision, the same seams, the same checks, up to the point
where a request would leave. There the function is abandoned (``NotYet``), and the request is handed
to ``wire``; the function is called again when the answer is there. So an index is asked about a
name ahead only if it would be asked about it now: the second one once the first has said 404. What
a look ahead finds out serves to know what to ask next, and for nothing else (``lookahead``).

The names are those that pip's resolver will come to: of the requirements and constraints, of the
metadata of the candidates that pip's finder prefers, with markers and extras applied; not those
that are installed and will do, nor those that come from a URL. Nothing is built ahead, no sdist's
metadata is read, and a wheel is fetched ahead once it is chosen, or where its hash or exact version
is required and only the file itself can tell what it requires.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pip_pinned.enforce.answers import Answers
from pip_pinned.enforce.artifacts import announce
from pip_pinned.enforce.rehearsal import NotYet
from pip_pinned.enforce.run import Run
from pip_pinned.policy import names, urls
from pip_pinned.prefetch.lookahead import LookAhead
from pip_pinned.prefetch.projects import Project, evaluator_like
from pip_pinned.prefetch.wire import Wire, silence

_ROOT = ""


def note_fault(run: Run, fault: Exception) -> None:
    """Say with -v that nothing more is asked ahead, and why."""
    what = run.journal.discreet(run, str(fault))
    run.journal.detail(run, f"nothing more is fetched ahead: {type(fault).__name__}: {what}")


class Prefetcher:
    """Looks ahead of one resolution.

    Used by the main thread only.
    """

    def __init__(self, run: Run, resolver: Any, jobs: int) -> None:
        self._run = run
        self._resolver = resolver
        self._factory = resolver.factory
        self._finder = resolver.factory._finder
        self._preparer = resolver.factory.preparer
        self._session = self._preparer._session
        self._answers = Answers()
        self.wire = Wire(self._answers, jobs, self._look_at, self._begin_late)
        self._projects: dict[str, Project] = {}
        self._constraints: dict[str, Any] = {}
        self._requested: set[str] = set()
        self._given: set[str] = set()  # what comes from a URL
        self._done: set[Any] = set()
        self._tasks: deque[Any] = deque()
        self._on = self._off = False
        self.is_done = False
        self._ahead = LookAhead(run, self._session, self._finder)
        self._evaluator = self._finder.make_candidate_evaluator(project_name="")
        self.wire.attach(self._session)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While a resolver works.

        What is chosen by then may still be fetched by ``downloading``.
        """
        handlers = logging.getLogger().handlers
        for handler in handlers:
            handler.addFilter(self._silence)
        self._finder.make_candidate_evaluator = partial(evaluator_like, self._evaluator)
        self._run.answers = self._answers
        try:
            yield
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        self._off = self.is_done = True
        self.wire.forget()
        self._run.answers = None
        vars(self._finder).pop("make_candidate_evaluator", None)
        for handler in logging.getLogger().handlers:
            handler.removeFilter(self._silence)

    def _silence(self, record: logging.LogRecord) -> bool:
        return not self._run.ledger.is_ahead and silence(record)

    @contextmanager
    def downloading(self, reqs: Iterable[Any]) -> Iterator[None]:
        """While pip downloads what it has chosen."""
        try:
            with self._noting_faults():
                for req in reqs:
                    if req.needs_more_preparation and req.link is not None:
                        self._want_file(req.name, req.link)
                self._go_on()
            yield
        finally:
            self._stop()

    # -- what is known
    # ------------------------------------------------------------------------------------

    def begin(self, collected: Any) -> None:
        """Learn what was asked for: pip's CollectedRootRequirements."""
        with self._noting_faults():
            self._constraints = dict(collected.constraints)
            self._requested = {
                names.normalize(name.partition("[")[0]) for name in collected.user_requested
            }
            for requirement in collected.requirements:
                candidate, ireq = requirement.get_candidate_lookup()
                if candidate is not None:
                    self._given.add(requirement.project_name)
                elif ireq is not None and ireq.req is not None:
                    project = self._project(ireq.name)
                    project.required.setdefault(_ROOT, []).append(ireq.req)
                    project.locked = project.locked or getattr(
                        ireq, "locked_link", None
                    )  # of pip 26.1; the finder has it since 26.2
                    hashes = ireq.hashes(trust_internet=False)
                    project.hashes = hashes if project.hashes is None else project.hashes & hashes
            for requirement in collected.requirements:
                candidate, _ = requirement.get_candidate_lookup()
                if candidate is not None:
                    self._will_learn(
                        requirement.project_name,
                        candidate.dist if hasattr(candidate, "dist") else candidate.base.dist,
                    )
            for project in list(self._projects.values()):
                self._consider(project)
            for name, (_, index_url) in (
                self._run.settings.task.get("preferred") or {}
            ).items():  # of an earlier lock
                if index_url is not None and self._is_asked_only(index_url, name):
                    self._consider(self._project(name))
            self._go_on()

    def _is_asked_only(self, index_url: str, name: str) -> bool:
        """Whether the index that had a project when it was locked is the only one that would be
        asked now: no other learns a name that may not be required any more.
        """
        decision = self._run.decide(name)
        return [
            urls.same_index(self._run.policy.canonical(index).noted, index_url)
            for index in decision.indexes
        ] == [True] and decision.first is None

    def prepared(self, name: str, dist: Any) -> None:
        """Learn what pip itself has found out: the metadata of a candidate that it looks at."""
        with self._noting_faults():
            project = self._project(name)
            if project.dist is None or project.dist.version != dist.version:
                self._will_learn(name, dist)
                self._go_on()

    def saw(self, finder: Any, name: str, candidates: list[Any]) -> None:
        """Learn which candidates a project has, from pip's own look."""
        if finder is not self._finder:
            return
        with self._noting_faults():
            project = self._projects.get(name)
            if project is not None and project.candidates is None:
                project.asked, project.candidates = True, candidates
                self._tasks.append(("choose", object(), partial(self._choose, project)))
                self._go_on()

    def _will_learn(self, name: str, dist: Any) -> None:
        self._tasks.append(("learn", object(), partial(self._learn, self._project(name), dist)))

    def _project(self, name: str) -> Project:
        name = names.normalize(name)
        return self._projects.setdefault(name, Project(name))

    def _learn(self, project: Project, dist: Any) -> None:
        """The requirements of the candidate that would be chosen take the place of those of the one
        before.
        """
        project.dist = dist
        if self._resolver.ignore_dependencies or not self._fits_python(dist):
            return
        provided = {names.normalize(extra): extra for extra in dist.iter_provided_extras()}
        by_name: dict[str, list[Any]] = {}
        for requirement in dist.iter_dependencies(
            [provided[extra] for extra in map(names.normalize, project.extras) if extra in provided]
        ):
            if requirement.url is not None:
                self._given.add(names.normalize(requirement.name))
            by_name.setdefault(names.normalize(requirement.name), []).append(requirement)
        if any(self._excludes(name, project.name, required) for name, required in by_name.items()):
            return  # pip will come upon the conflict before it has asked for all of them
        for name, required in by_name.items():
            dependency = self._project(name)
            before = dependency.extras
            dependency.required[project.name] = required
            if dependency.dist is not None and dependency.extras != before:
                self._learn(dependency, dependency.dist)
            self._consider(dependency)

    def _excludes(self, name: str, by: str, required: list[Any]) -> bool:
        """Whether no candidate of a project would be left, if it were also required like this."""
        dependency = self._projects.get(name)
        if dependency is None or not dependency.candidates:
            return False
        specifier = self._specifier(dependency, {**dependency.required, by: required})
        candidates = (
            dependency.candidates
            if dependency.chosen is None
            else [dependency.chosen, *dependency.candidates]
        )
        return not any(
            specifier.contains(candidate.version, prereleases=True) for candidate in candidates
        )

    def _fits_python(self, dist: Any) -> bool:
        python = self._factory._python_candidate
        return bool(
            self._factory._ignore_requires_python
            or dist.requires_python.contains(python.version, prereleases=True)
        )

    def _consider(self, project: Project) -> None:
        """Ask for its page, if pip will; look for another candidate, if the one chosen before does
        not fit any more.
        """
        if project.name in self._given or getattr(
            self._constraints.get(project.name), "links", None
        ):
            return
        installed = self._installed(project)
        if installed is not None:
            if project.dist is None:
                self._will_learn(project.name, installed)
        elif not project.asked:
            if self._is_sure(project.name):
                project.asked = True
                self._tasks.append(("page", project.name, partial(self._ask_page, project)))
        elif project.candidates is not None and (
            project.chosen is None
            or not self._specifier(project).contains(project.chosen.version, prereleases=True)
        ):
            self._tasks.append(("choose", object(), partial(self._choose, project)))

    def _is_sure(self, name: str) -> bool:
        """Whether the decision about a name cannot change before pip comes to it: an index with
        ``inherit`` may still claim it.
        """
        return self._run.is_pinned(name) or not any(index.inherit for index in self._run.indexes)

    def _installed(self, project: Project) -> Any:
        """The installed distribution that pip will be content with, whatever there is besides."""
        strategy = self._resolver.upgrade_strategy
        upgraded = strategy == "eager" or (
            strategy == "only-if-needed" and project.name in self._requested
        )
        return None if upgraded else self._fitting(project)

    def _fitting(self, project: Project) -> Any:
        """The installed distribution, if it is a candidate."""
        dist = self._factory._installed_dists.get(project.name)
        if dist is None or self._factory._force_reinstall:
            return None
        return dist if self._specifier(project).contains(dist.version, prereleases=True) else None

    def _specifier(self, project: Project, by: dict[str, list[Any]] | None = None) -> Any:
        from pip._vendor.packaging.specifiers import SpecifierSet

        constraint = self._constraints.get(project.name)
        specifier = SpecifierSet() if constraint is None else constraint.specifier
        for required in (project.required if by is None else by).values():
            for requirement in required:
                specifier &= requirement.specifier
        return specifier

    # -- what is asked
    # ------------------------------------------------------------------------------------

    def _ask_page(self, project: Project) -> None:
        if project.candidates is not None:
            return
        finder = self._finder
        evaluator = finder.make_link_evaluator(project.name)
        locked = project.locked or getattr(finder, "_locked_links", {}).get(project.name)
        if locked is not None:
            project.candidates = finder.evaluate_links(evaluator, [locked])
        else:
            sources = finder._link_collector.collect_sources(
                project_name=project.name,
                candidates_from_page=partial(finder.process_project_url, link_evaluator=evaluator),
            )
            found = [source for group in sources for source in group if source is not None]
            files = sorted((link for source in found for link in source.file_links()), reverse=True)
            project.candidates = [
                *finder.evaluate_links(evaluator, files),
                *(candidate for source in found for candidate in source.page_candidates()),
            ]
        self._choose(project)

    def _choose(self, project: Project) -> None:
        """The candidate that pip will look at first (Factory._iter_found_candidates), and what it
        will want to read of it.
        """
        from pip._internal.utils.hashes import Hashes

        specifier = self._specifier(project)
        hashes = Hashes() if project.hashes is None else project.hashes
        constraint = self._constraints.get(project.name)
        if constraint is not None:
            hashes &= constraint.hashes
        evaluator = self._finder.make_candidate_evaluator(
            project_name=project.name, specifier=specifier, hashes=hashes
        )
        applicable = evaluator.get_applicable_candidates(project.candidates)
        exact = any(
            one.operator == "===" or (one.operator == "==" and not one.version.endswith(".*"))
            for one in specifier
        )
        takes_yanked = exact and all(candidate.link.is_yanked for candidate in applicable)
        best = next(
            (
                candidate
                for candidate in reversed(applicable)
                if takes_yanked or not candidate.link.is_yanked
            ),
            None,
        )
        if best is None or (project.chosen is not None and best.link == project.chosen.link):
            return
        project.chosen = best
        installed = self._fitting(project)
        if installed is not None and installed.version >= best.version:
            self._will_learn(project.name, installed)
            return
        link = best.link
        if link.is_file:
            return
        if link.is_wheel and not self._preparer.require_hashes and link.metadata_link() is not None:
            self._tasks.append(("metadata", link.url, partial(self._ask_metadata, project, best)))
        elif exact and not self._preparer.use_lazy_wheel and not self._is_built(link, project.name):
            self._want_file(project.name, link)

    def _is_built(self, link: Any, name: str) -> bool:
        return not link.is_wheel and self._factory.get_wheel_cache_entry(link, name) is not None

    def _ask_metadata(self, project: Project, candidate: Any) -> None:
        from pip._internal.metadata import get_metadata_distribution

        link = candidate.link.metadata_link()
        content = self._get(project.name, candidate.link, link.url).content
        hashes = link.as_hashes()
        if hashes:
            hashes.check_against_chunks([content])
        dist = get_metadata_distribution(content, candidate.link.filename, project.name)
        if (
            dist.canonical_name == project.name
            and dist.version == candidate.version
            and project.chosen is candidate
        ):
            self._learn(project, dist)

    def _want_file(self, name: str, link: Any) -> None:
        from os.path import exists, join

        if (
            link.is_file
            or link.is_vcs
            or (
                self._preparer.download_dir
                and exists(join(self._preparer.download_dir, link.filename))
            )
        ):
            return
        self._tasks.append(("file", link.url, partial(self._ask_file, name, link)))

    def _ask_file(self, name: str, link: Any) -> None:
        self._get(name, link, link.url).close()

    def _get(self, name: str, link: Any, url: str) -> Any:
        """A file, or its metadata, as pip's Downloader asks for it; a direct reference is left to
        pip.
        """
        from pip._internal.network.utils import HEADERS

        if announce(self._run, name, link) is None:
            raise NotYet
        response = self._session.get(url.partition("#")[0], headers=HEADERS, stream=True)
        response.raise_for_status()
        return response

    # -- how it is asked
    # ----------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Do what there is to do.

        The first request is a trial: as long as answers come at once, there is nothing to gain.
        """
        while self._tasks and not self._off and (self._on or not self.wire.has_sent):
            task = self._tasks.popleft()
            if task[:2] not in self._done:
                self._done.add(task[:2])
                self._try(task)
                if not self._on and self.wire.has_sent:
                    self._on = not self.wire.is_answered_at_once()

    def _begin_late(self) -> None:
        """Called by the wire when pip has had to wait for an answer."""
        if not self._on:
            self._on = True
            with self._noting_faults():
                self._go_on()

    def _look_at(self, task: Any) -> None:
        """Called by the wire when an answer is there for a task that waits for it, or when pip has
        said who it is.
        """
        with self._noting_faults():
            if not self._off:
                self._try(task)
                self._go_on()

    def _try(self, task: Any) -> None:
        from pip._internal.exceptions import PipError
        from pip._vendor.packaging.requirements import InvalidRequirement
        from pip._vendor.packaging.version import InvalidVersion
        from pip._vendor.requests.exceptions import RequestException

        from pip_pinned.enforce.egress import CrossOriginRedirect

        told = (PipError, RequestException, CrossOriginRedirect, InvalidRequirement, InvalidVersion)
        with self._ahead.state():
            try:
                task[2]()
            except NotYet as exc:
                ticket = exc.ticket
            except told:  # pip will come to it, and say it
                return
            else:
                return
        if ticket is not None:
            self.wire.queue(ticket, task)

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        """A fault of looking ahead is no fault of the run: pip goes on alone."""
        try:
            yield
        except Exception as exc:  # noqa: BLE001 (whatever it is, pip will do without)
            self._off = True
            self.wire.forget()
            note_fault(self._run, exc)
