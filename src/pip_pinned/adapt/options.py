"""What pip's options, environment and pip.conf say about sources, and the options that are ours."""

from __future__ import annotations

import copy
import optparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pip_pinned.adapt import notes
from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.run import BUILD, Run
from pip_pinned.policy.errors import PipPinnedError

if TYPE_CHECKING:
    from pip_pinned.policy.merge.sources import Options
    from pip_pinned.policy.model import Index, Policy

JOBS, MOST_JOBS = 16, 64


def add_options(group: dict[str, Any]) -> None:
    """Add our options to pip's group of package index options, so that PIP_* and pip.conf set them
    too.
    """
    from pip_pinned.adapt.limits import Limits
    from pip_pinned.policy.model import Strategy

    strategies = ", ".join(strategy.value for strategy in Strategy)

    def option(*flags: str, **attributes: Any) -> Callable[[], optparse.Option]:
        return lambda: optparse.Option(*flags, **attributes)

    group["options"] += [
        option(
            "--index",
            dest="pinned_indexes",
            metavar="NAME=URL",
            action="append",
            default=[],
            help="One more index, asked before all others for packages without a pin. Can be "
            "given several times.",
        ),
        option(
            "--default-index",
            dest="default_index",
            metavar="[NAME=]URL",
            default=None,
            help="The index that is asked last, in place of PyPI.",
        ),
        option(
            "--index-strategy",
            dest="index_strategy",
            metavar="STRATEGY",
            default=None,
            help=f"How packages without a pin are searched: {strategies}.",
        ),
        option(
            "--pin",
            dest="pins",
            metavar="PACKAGE=INDEX",
            action="append",
            default=[],
            help="Search a package on this index only, for this run. Can be given several times.",
        ),
        option(
            "--speed-limit",
            dest="speed_limit",
            metavar="BYTES",
            type="int",
            default=Limits().speed_limit,
            help="Give an answer up that brings less than this a second over --speed-time "
            "(default: %default).",
        ),
        option(
            "--speed-time",
            dest="speed_time",
            metavar="SECONDS",
            type="float",
            default=Limits().speed_time,
            help="How long an answer may be that slow (default: %default, or --timeout if that is "
            "longer).",
        ),
        option(
            "--max-page-size",
            dest="max_page_size",
            metavar="BYTES",
            type="int",
            default=Limits().max_page_size,
            help="The greatest size of a project page (default: %default).",
        ),
        option(
            "--max-metadata-size",
            dest="max_metadata_size",
            metavar="BYTES",
            type="int",
            default=Limits().max_metadata_size,
            help="The greatest size of a metadata file (default: %default).",
        ),
        option(
            "--prefetch-jobs",
            dest="prefetch_jobs",
            metavar="N",
            type="int",
            default=JOBS,
            help="How many requests may be under way at once, beside pip's own (default: "
            "%default).",
        ),
        option(
            "--no-prefetch",
            dest="no_prefetch",
            action="store_true",
            default=False,
            help="Ask for one thing after the other, as pip does.",
        ),
    ]


def _provenance() -> optparse.Option:
    return optparse.Option(
        "--provenance",
        dest="provenance",
        metavar="FILE",
        default=None,
        help="Write a line of JSON for each installed package: name, version, file URL, hashes, "
        "index, and why it came from there.",
    )


def make_option_group(
    run: Run, original: Callable[..., Any], group: dict[str, Any], parser: Any
) -> Any:
    """Pip's option group, the one for indexes with our options at its end."""
    if group.get("name") == "Package Index Options":
        group = {**group, "options": list(group["options"])}
        add_options(group)
        if parser.name == "install":
            group["options"].append(_provenance)
    return original(group, parser)


def parse_args(run: Run, original: Callable[..., Any], self: Any, args: list[str]) -> Any:
    """Read the policy once pip's parser has run, and combine it with what pip was told about
    sources.

    The arguments are parsed a second time over pip's bare defaults: what differs from those came
    from the command line, all else from the environment or pip.conf.
    """
    bare = optparse.Values(copy.deepcopy(self.parser.defaults))
    options, rest = original(self, list(args))
    notes.of(run).verbosity = options.verbose - options.quiet
    if not _searches(self.name, options):
        return options, rest
    from pip_pinned.adapt.redaction import hide_in_logs
    from pip_pinned.policy import names
    from pip_pinned.policy.merge import sources

    run.gate_closed = True
    is_build = run.settings.role == BUILD
    if not is_build:
        run.settings.guests["prefetch_jobs"] = _prefetch_jobs(options)
        run.settings.guests["limits"] = _limits(options)
    run.command = self.name
    if self.name == "install" and not options.dry_run:
        from pip_pinned.adapt import provenance  # noqa: F401 (pip 26.3 imports nothing late)
    if is_build:
        hide_in_logs(run)
        return options, rest
    declared = run.declare()
    flags, _ = self.parser.parse_args(list(args), values=bare)
    policy, notices = sources.combine(
        declared,
        _layer(flags, None),
        _layer(options, flags),
        no_index=bool(options.no_index),
        pypi=_pypi(),
    )
    run.moved = frozenset(
        names.normalize(value.partition("=")[0].strip()) for value in _layer(flags, None).pins
    )
    run.enforce_policy(policy)
    hide_in_logs(run)
    for notice in notices:
        run.journal.note(run, notice, "warning")
    if run.settings.locked and not options.require_hashes:
        diagnostics.unsupported("it does not require the hashes of a lock")
    if getattr(options, "provenance", None) and not options.dry_run:
        notes.of(run).begin_provenance(run, options.provenance)
    _hint(run, declared, policy)
    _show(policy, options)
    return options, rest


def _prefetch_jobs(options: Any) -> int:
    if not 1 <= options.prefetch_jobs <= MOST_JOBS:
        diagnostics.stop(
            PipPinnedError(
                "usage",
                f"--prefetch-jobs {options.prefetch_jobs} is not between 1 and {MOST_JOBS}.",
                hint="--no-prefetch asks for one thing after the other.",
            )
        )
    return 0 if options.no_prefetch else int(options.prefetch_jobs)


def _limits(options: Any) -> list[float]:
    from pip_pinned.adapt.limits import Limits

    given = Limits(*(getattr(options, name) for name in Limits._fields))
    for name, value in zip(Limits._fields, given, strict=True):
        if value <= 0:
            option = f"--{name.replace('_', '-')}"
            diagnostics.stop(PipPinnedError("usage", f"{option} {value:g} is not greater than 0."))
    return list(given)


def _searches(command: str, options: Any) -> bool:
    if not hasattr(options, "pinned_indexes"):
        return False
    return command != "list" or bool(options.outdated or options.uptodate)


def _pypi() -> str:
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url)


def _layer(values: Any, flags: Any) -> Options:
    """The options of the command line (``flags`` None), or those that environment and pip.conf add
    to it.
    """

    def one(name: str, unset: object = None) -> str | None:
        value = getattr(values, name)
        if value == unset or (flags is not None and getattr(flags, name) not in (unset, None)):
            return None
        return str(value)

    def many(name: str) -> tuple[str, ...]:
        found = list(getattr(values, name) or ())
        given = [] if flags is None else list(getattr(flags, name) or ())
        return tuple(found[: len(found) - len(given)] if given else found)

    from pip_pinned.policy.merge.sources import Options

    return Options(
        index_url=one("index_url", _pypi()),
        extra_index_urls=many("extra_index_urls"),
        find_links=many("find_links"),
        indexes=many("pinned_indexes"),
        default_index=one("default_index"),
        strategy=one("index_strategy"),
        pins=many("pins"),
    )


def _hint(run: Run, declared: Policy, policy: Policy) -> None:
    is_for_lock = run.settings.task.get(notes.LOCK_LOG) is not None
    if not declared.declared and len(policy.indexes) > 1 and not is_for_lock:
        told = (
            "no pins are declared: packages come from the first index that has them. "
            "`pip-pinned migrate` pins them to where they come from now."
        )
        run.journal.note(run, told, "hint")


def _show(policy: Policy, options: Any) -> None:
    """Let pip's own lines ("Looking in indexes") name what is asked; nothing is searched by these
    options.
    """
    from pip_pinned.policy.model import Strategy

    simple = [index for index in policy.indexes if index.format != "flat"]
    default = policy.default
    if policy.declared and simple:
        first = default or simple[-1]
        options.index_url = _with_scheme(first)
        options.extra_index_urls = [_with_scheme(index) for index in simple if index is not first]
        options.find_links = [
            *policy.find_links,
            *(_with_scheme(index) for index in policy.indexes if index.format == "flat"),
        ]
    if policy.strategy is Strategy.PINNED_ONLY:
        options.disable_pip_version_check = True


def _with_scheme(index: Index) -> str:
    """What pip shows of an index; it complains about a URL that is nothing but a variable."""
    shown = index.shown
    return shown if "://" in shown else f"{index.url.partition(':')[0]}://{shown}"
