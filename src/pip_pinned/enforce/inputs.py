"""What people tell pip about sources: options, environment and pip.conf, requirements files, pylock.toml."""

from __future__ import annotations

import copy
import optparse
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pip_pinned.enforce import failures
from pip_pinned.enforce.artifacts import direct_reference_refused, inherit
from pip_pinned.enforce.run import BUILD, Grant, Listing, Run
from pip_pinned.enforce.seams import replaces
from pip_pinned.policy import names, sources, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Decision, Policy, Strategy

# -- options ---------------------------------------------------------------------------------------------------


def add_options(group: dict[str, Any]) -> None:
    """Add our four options to pip's group of package index options, so that PIP_* and pip.conf set them too."""
    strategies = ", ".join(strategy.value for strategy in Strategy)

    def option(*flags: str, **attributes: Any) -> Callable[[], optparse.Option]:
        return lambda: optparse.Option(*flags, **attributes)

    group["options"] += [
        option("--index", dest="pinned_indexes", metavar="NAME=URL", action="append", default=[],
               help="One more index, asked before all others for packages without a pin. Can be given several times."),
        option("--default-index", dest="default_index", metavar="[NAME=]URL", default=None,
               help="The index that is asked last, in place of PyPI."),
        option("--index-strategy", dest="index_strategy", metavar="STRATEGY", default=None,
               help=f"How packages without a pin are searched: {strategies}."),
        option("--pin", dest="pins", metavar="PACKAGE=INDEX", action="append", default=[],
               help="Search a package on this index only, for this run. Can be given several times."),
    ]


@replaces("cli.cmdoptions", "make_option_group", ("group", "parser"))
def make_option_group(run: Run, original: Callable[..., Any], group: dict[str, Any], parser: Any) -> Any:
    """pip's option group, the one for indexes with our options at its end."""
    if group.get("name") == "Package Index Options":
        group = {**group, "options": list(group["options"])}
        add_options(group)
    return original(group, parser)


@replaces("cli.base_command", "Command.parse_args", ("self", "args"))
def parse_args(run: Run, original: Callable[..., Any], self: Any, args: list[str]) -> Any:
    """Read the policy once pip's parser has run, and combine it with what pip was told about sources.

    The arguments are parsed a second time over pip's bare defaults: what differs from those came from the
    command line, all else from the environment or pip.conf.
    """
    bare = optparse.Values(copy.deepcopy(self.parser.defaults))
    options, rest = original(self, list(args))
    run.verbosity = options.verbose - options.quiet
    if not _searches(self.name, options):
        return options, rest
    run.gate_closed = True
    if run.role == BUILD:
        return options, rest
    declared = run.declare()
    flags, _ = self.parser.parse_args(list(args), values=bare)
    policy, notices = sources.combine(declared, _layer(flags, None), _layer(options, flags), no_index=bool(options.no_index), pypi=_pypi())
    run.enforce_policy(policy)
    for notice in notices:
        run.note(notice, "warning")
    _hint(run, declared, policy)
    _show(policy, options)
    return options, rest


def _searches(command: str, options: Any) -> bool:
    if not hasattr(options, "pinned_indexes"):
        return False
    return command != "list" or bool(options.outdated or options.uptodate)


def _pypi() -> str:
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url)


def _layer(values: Any, flags: Any) -> sources.Options:
    """The options of the command line (``flags`` None), or those that environment and pip.conf add to it."""

    def one(name: str, unset: object = None) -> str | None:
        value = getattr(values, name)
        if value == unset or (flags is not None and getattr(flags, name) not in (unset, None)):
            return None
        return str(value)

    def many(name: str) -> tuple[str, ...]:
        found = list(getattr(values, name) or ())
        given = [] if flags is None else list(getattr(flags, name) or ())
        return tuple(found[: len(found) - len(given)] if given else found)

    return sources.Options(
        index_url=one("index_url", _pypi()), extra_index_urls=many("extra_index_urls"), find_links=many("find_links"),
        indexes=many("pinned_indexes"), default_index=one("default_index"), strategy=one("index_strategy"), pins=many("pins"))


def _hint(run: Run, declared: Policy, policy: Policy) -> None:
    if not declared.declared and len(policy.indexes) > 1:
        run.note("no pins are declared: packages come from the first index that has them. "
                 "`pip-pinned demo` shows how to pin private packages to their index.", "hint")


def _show(policy: Policy, options: Any) -> None:
    """Let pip's own lines ("Looking in indexes") name what is asked; nothing is searched by these options."""
    simple = [index for index in policy.indexes if index.format != "flat"]
    default = policy.default
    if policy.declared and simple:
        first = default or simple[-1]
        options.index_url = first.url
        options.extra_index_urls = [index.url for index in simple if index is not first]
        options.find_links = [*policy.find_links, *(index.url for index in policy.indexes if index.format == "flat")]
    if policy.strategy is Strategy.PINNED_ONLY:
        options.disable_pip_version_check = True


# -- requirements files ----------------------------------------------------------------------------------------

_PRAGMA = re.compile(r"#\s*pip-pinned:\s*index=(\S+)\s*$")
_REQUIREMENT_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@replaces("req.req_file", "get_file_content", ("url", "session"), ("url", "session", "constraint"))
def get_file_content(run: Run, original: Callable[..., Any], url: str, session: Any, **kwargs: Any) -> Any:
    """Read a requirements or constraints file, and the pins in its comments (CONTRACT 2.10)."""
    run.grant(url, Grant())
    location, content = original(url, session, **kwargs)
    if run.role != BUILD and not url.endswith(".toml"):
        try:
            for number, name, index in _pragmas(content):
                run.enforce_policy(sources.add_pragma(run.policy, name, index, f"{urls.redact(url)}:{number}"))
        except PipPinnedError as exc:
            failures.stop(exc)
    return location, content


def _pragmas(content: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(content.splitlines(), 1):
        pragma = _PRAGMA.search(line)
        name = _REQUIREMENT_NAME.match(line)
        if pragma is not None:
            if name is None:
                raise PipPinnedError("bad-pin", f"line {number}: this comment pins no requirement: {line.strip()}",
                                     hint="Write it behind a requirement: acme-core==1.4  # pip-pinned: index=acme")
            yield number, name.group(1), pragma.group(1)


@replaces("req.req_file", "get_line_parser", ("finder",))
def get_line_parser(run: Run, original: Callable[..., Any], finder: Any) -> Any:
    """Refuse a line on which pip would silently drop the option or the requirement (CONTRACT 3.6)."""
    parse = original(finder)

    def parse_line(line: str) -> Any:
        text, options = parse(line)
        index_options = [name for name, value in (
            ("--index-url", options.index_url), ("--extra-index-url", options.extra_index_urls), ("--find-links", options.find_links),
            ("--no-index", options.no_index), ("--trusted-host", options.trusted_hosts)) if value]
        if index_options and (text.strip() or _leftover(line)):
            failures.stop(PipPinnedError(
                "option-dropped-by-pip", f"{', '.join(index_options)} and a requirement share a line, and pip drops one of them.",
                context=urls.redact_text(line),
                hint="Write the option on a line of its own; to pin one package write `NAME  # pip-pinned: index=INDEX`."))
        return text, options

    return parse_line


def _leftover(line: str) -> list[str]:
    """The words of an option line that no option takes; pip ignores them."""
    from pip._internal.req import req_file

    _, rest = req_file.build_parser().parse_args(shlex.split(req_file.break_args_options(line)[1]))
    return list(rest)


@replaces("req.req_file", "handle_option_line", ("opts", "filename", "lineno", "finder", "options", "session"))
def handle_option_line(run: Run, original: Callable[..., Any], opts: Any, filename: str, lineno: int, finder: Any = None,
                       options: Any = None, session: Any = None) -> None:
    """Index lines: into the policy, as far as CONTRACT 3.2 lets them; everything else as pip does."""
    origin = f"{urls.redact(filename)}:{lineno}"
    if run.role != BUILD:
        line = sources.Options(index_url=opts.index_url, extra_index_urls=tuple(opts.extra_index_urls or ()),
                               find_links=tuple(_beside(filename, location) for location in opts.find_links or ()))
        try:
            run.enforce_policy(sources.add_requirements_line(run.policy, run.declared, origin, line, no_index=bool(opts.no_index)))
        except PipPinnedError as exc:
            failures.stop(exc)
    declared = {urls.origin(index.url)[1] for index in run.declared.indexes}
    for host in list(opts.trusted_hosts or ()):
        if host.partition(":")[0].lower() in declared:
            run.note(f"{origin}: --trusted-host {host} is ignored: it is the host of a declared index (verify-ssl = false there would count).", "warning")
            opts.trusted_hosts.remove(host)
    original(opts, filename, lineno, finder, options, session)


def _beside(filename: str, location: str) -> str:
    """A path relative to the requirements file if there is one, as pip resolves it."""
    beside = os.path.join(os.path.dirname(os.path.abspath(filename)), location)
    return beside if urls.local_path(location) is not None and os.path.exists(beside) else location


@replaces("req.req_file", "handle_requirement_line", ("line", "options"))
def handle_requirement_line(run: Run, original: Callable[..., Any], line: Any, options: Any = None) -> Any:
    """A URL in a constraints file was not given by the user as a requirement: remember it as what it is."""
    if line.constraint:
        _, at, url = line.requirement.partition("@")
        location = url.strip() if at else line.requirement
        run.constraint_urls.add(urls.without_fragment(location.split(" ")[0]))
    return original(line, options)


@replaces("cli.req_command", "RequirementCommand.get_requirements", ("self", "args", "options", "finder", "session"))
def get_requirements(run: Run, original: Callable[..., Any], self: Any, args: Any, options: Any, finder: Any, session: Any) -> Any:
    """In a build child for a package from an index with ``inherit``: what it asks for is inherited."""
    requirements = original(self, args, options, finder, session)
    index = run.policy.index(run.inherited_by_roots) if run.inherited_by_roots else None
    if index is not None:
        inherit(run, index, [req.name for req in requirements if req.name and not req.constraint])
    return requirements


# -- pylock.toml (pip 26.1 and later) --------------------------------------------------------------------------


def _select(run: Run, original: Callable[..., Any], location: str, session: Any, *args: Any, **kwargs: Any) -> Iterable[Any]:
    """A lock's entry for a pinned package has to say the pin's index (CONTRACT 4.6)."""
    run.grant(location, Grant())
    for package, dist in original(location, session, *args, **kwargs):
        decision = run.decide(package.name)
        if decision.pinned:
            _check_lock_entry(run, decision, package, dist, location, session)
        yield package, dist


replaces("cli.req_command", "select_from_pylock_path_or_url",
         ("pylock_path_or_url", "session"), ("pylock_path_or_url", "session", "format_control", "..."), ("pylock_path_or_url", "session", "..."),
         optional=True)(_select)


def _check_lock_entry(run: Run, decision: Decision, package: Any, dist: Any, location: str, session: Any) -> None:
    def refuse(why: str) -> None:
        failures.stop(PipPinnedError(
            "lock-entry-refused", f"{location} may not say where {decision.name} comes from.",
            context=f"package: {decision.name} ({decision.because})\n{why}", hint="Lock again under the policy."))

    index = decision.indexes[0] if decision.indexes else None
    url = getattr(dist, "url", None)
    if index is None or not hasattr(dist, "filename") or url is None:
        failures.stop(direct_reference_refused(decision, url or str(getattr(dist, "path", "")), location))
    if not package.index or not urls.same_index(package.index, index.url):
        refuse(f"packages.index is {urls.redact(package.index) if package.index else 'missing'}, the pin's index is {index.shown}")
    hashes = {f"{name}={value}" for name, value in (dist.hashes or {}).items()}
    if not hashes:
        refuse("it has no hash")
    if not names.file_belongs_to(dist.filename, decision.name):
        refuse(f"the file {dist.filename} is not one of {decision.name}")
    page = f"{index.bare.rstrip('/')}/{decision.name}/"
    if not urls.same_origin(index.url, url) and not hashes & _hashes_on_page(run, decision, page, url, session):
        refuse(f"the file {urls.redact(url)} is on another origin, and {index.name} does not list it with this hash")
    run.listings[decision.name, urls.without_fragment(url)] = Listing(decision.name, index, urls.without_fragment(url))


def _hashes_on_page(run: Run, decision: Decision, page: str, url: str, session: Any) -> set[str]:
    """Hashes (``sha256=…``) that the pinned index's page gives for a file of this URL."""
    from pip._internal.index.collector import LinkCollector, parse_links
    from pip._internal.models.search_scope import SearchScope

    found: set[str] = set()

    def read(location: Any) -> list[Any]:
        content = collector.fetch_response(location)
        for link in parse_links(content) if content is not None else ():
            if urls.without_fragment(link.url) == urls.without_fragment(url):
                found.update(f"{name}={value}" for name, value in link._hashes.items())
        return []

    collector = LinkCollector(session, SearchScope(find_links=[], index_urls=[], no_index=False))
    collector.collect_sources(decision.name, read)
    return found
