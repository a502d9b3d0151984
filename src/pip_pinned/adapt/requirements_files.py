"""What requirements files, constraints files and pylock.toml say about sources (CONTRACT 2.10, 3.2,
3.6, 4.5, 4.6).
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

from pip_pinned.adapt.notes import LOCK_LOG
from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.artifacts import inherit
from pip_pinned.enforce.ledger import Grant, Listing
from pip_pinned.enforce.listed import lists_file
from pip_pinned.enforce.run import BUILD, Run
from pip_pinned.policy import hashes, lock_entry, names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.lock_entry import EntryRefused
from pip_pinned.policy.merge import sources, url_texts
from pip_pinned.policy.model import Decision
from pip_pinned.policy.ownership import owner_of

_PRAGMA = r"#\s*pip-pinned:\s*index=(\S+)\s*$"
_REQUIREMENT_NAME = r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)"


def get_file_content(
    run: Run, original: Callable[..., Any], url: str, session: Any, **kwargs: Any
) -> Any:
    """Read a requirements or constraints file, and the pins in its comments (CONTRACT 2.10)."""
    if not run.gate_closed:  # a command that searches nothing, such as uninstall -r
        return original(url, session, **kwargs)
    run.ledger.grant(url, Grant())
    location, content = original(url, session, **kwargs)
    if run.settings.role != BUILD and not url.endswith(".toml"):
        try:
            for number, name, index in _pragmas(content, urls.redact(url)):
                _pin_by_comment(
                    run,
                    name,
                    index,
                    f"{urls.redact(url)}:{number}",
                    is_local=urls.local_path(url) is not None,
                )
        except PipPinnedError as exc:
            diagnostics.stop(exc)
    return location, content


def _pin_by_comment(run: Run, name: str, index: str, origin: str, *, is_local: bool) -> None:
    """A comment pins a name that is free: only the user's own files may, and not what the policy
    refuses (CONTRACT 2.10).
    """
    if _reading.constraints or not is_local:
        kind = "a constraints file" if _reading.constraints else "a remote file"
        raise PipPinnedError(
            "bad-pin",
            f"{origin}: {kind} pins no package, and this comment would pin {name} to {index}.",
            hint="Pin it in the policy, in a requirements file of your own, or with --pin.",
        )
    if run.decide(name).refusal == "name-not-pinned":
        raise PipPinnedError(
            "pin-conflict",
            f"{origin}: index-strategy pinned-only is declared, and this comment would open it "
            f"for {name}.",
            hint="Pin it in the policy, or for one run with --pin.",
        )
    run.enforce_policy(sources.add_pragma(run.policy, name, index, origin))
    run.ledger.commented[names.normalize(name)] = (index, origin)


class _Reading:
    constraints = False  # whether the file that is being read has constraints


_reading = _Reading()


def parse_file(
    run: Run, original: Callable[..., Any], self: Any, filename: str, constraint: bool
) -> list[Any]:
    """Know for what a file is read; its lines."""
    before, _reading.constraints = _reading.constraints, bool(constraint)
    try:
        return list(original(self, filename, constraint))
    finally:
        _reading.constraints = before


def _pragmas(content: str, origin: str) -> Iterator[tuple[int, str, str]]:
    from pip._internal.req.req_file import join_lines

    if "pip-pinned:" not in content:
        return
    for number, line in join_lines(enumerate(content.splitlines(), 1)):
        pragma = re.search(_PRAGMA, line)
        if pragma is None or (
            line.lstrip().startswith("#") and not re.match(r"\s*#\s*pip-pinned:", line)
        ):
            continue  # none, or behind a requirement that is commented out
        name = re.match(_REQUIREMENT_NAME, line)
        if name is None:
            raise PipPinnedError(
                "bad-pin",
                f"{origin}:{number}: this comment pins no requirement: {line.strip()}",
                hint="Write it behind a requirement: acme-core==1.4  # pip-pinned: index=acme",
            )
        yield number, name.group(1), pragma.group(1)


def get_line_parser(run: Run, original: Callable[..., Any], finder: Any) -> Any:
    """Refuse a line on which pip would silently drop the option or the requirement (CONTRACT
    3.6).
    """
    parse = original(finder)

    def parse_line(line: str) -> Any:
        text, options = parse(line)
        index_options = [
            name
            for name, value in (
                ("--index-url", options.index_url),
                ("--extra-index-url", options.extra_index_urls),
                ("--find-links", options.find_links),
                ("--no-index", options.no_index),
                ("--trusted-host", options.trusted_hosts),
            )
            if value
        ]
        if index_options and (text.strip() or _leftover(line)):
            diagnostics.stop(
                PipPinnedError(
                    "option-dropped-by-pip",
                    f"{', '.join(index_options)} and a requirement share a line, and pip drops "
                    "one of them.",
                    context=url_texts.redact_text(line),
                    hint="Write the option on a line of its own; to pin one package write `NAME  "
                    "# pip-pinned: index=INDEX`.",
                )
            )
        return text, options

    return parse_line


def expand_env_variables(
    run: Run, original: Callable[..., Any], lines_enum: Iterable[tuple[int, str]]
) -> Iterator[tuple[int, str]]:
    """Variables of lines that name indexes are filled in after the URL was taken apart
    (``handle_option_line``), and are not shown.
    """
    for number, line in lines_enum:
        is_ours = (
            run.gate_closed and run.settings.role != BUILD and "${" in line and "\0" not in line
        )
        kept = [text for text in _locations(line) if "${" in text] if is_ours else []
        if not kept:
            yield from original(iter([(number, line)]))
            continue
        for place, text in enumerate(kept):
            line = line.replace(text, f"\0{place}\0")  # noqa: PLW2901
        for same, filled in original(iter([(number, line)])):
            yield same, re.sub(r"\0(\d+)\0", lambda place: kept[int(place[1])], filled)  # noqa: B023


def _options(line: str) -> tuple[Any, list[str]]:
    """What pip reads of an option line, and the words that no option takes."""
    from pip._internal.req import req_file

    parser = req_file.build_parser()
    defaults = parser.get_default_values()
    defaults.index_url = None
    options, rest = parser.parse_args(shlex.split(req_file.break_args_options(line)[1]), defaults)
    return options, list(rest)


def _locations(line: str) -> list[str]:
    """The indexes and hosts that an option line names, as they are written."""
    from pip._internal.req.req_file import OptionParsingError

    try:
        options, _ = _options(line)
    except (OptionParsingError, ValueError):  # which pip is about to say, too
        return []
    found = [options.index_url, *(options.extra_index_urls or ()), *(options.find_links or ())]
    return [*filter(None, found), *(options.trusted_hosts or ())]


def _leftover(line: str) -> list[str]:
    """The words of an option line that no option takes; pip ignores them."""
    return _options(line)[1]


def handle_option_line(
    run: Run,
    original: Callable[..., Any],
    opts: Any,
    filename: str,
    lineno: int,
    finder: Any = None,
    options: Any = None,
    session: Any = None,
) -> None:
    """Index lines: into the policy, as far as CONTRACT 3.2 lets them; everything else as pip
    does.
    """
    if not run.gate_closed:
        original(opts, filename, lineno, finder, options, session)
        return
    origin = f"{urls.redact(filename)}:{lineno}"
    if run.settings.role != BUILD:
        written = _fill_in(run, opts)
        line = sources.Options(
            index_url=opts.index_url,
            extra_index_urls=tuple(opts.extra_index_urls or ()),
            find_links=tuple(_beside(filename, location) for location in opts.find_links or ()),
            written=written,
        )
        try:
            run.enforce_policy(
                sources.add_requirements_line(
                    run.policy, run.declare(), origin, line, no_index=bool(opts.no_index)
                )
            )
        except PipPinnedError as exc:
            diagnostics.stop(exc)
    declared = {urls.origin(index.url)[1] for index in run.declare().indexes}
    for host in list(opts.trusted_hosts or ()):
        if not _names_another_host(host, declared):
            told = (
                f"{origin}: --trusted-host {host} is ignored: only verify-ssl = false of a "
                "declared index can switch off its verification."
            )
            run.journal.note(run, told, "warning")
            opts.trusted_hosts.remove(host)
    original(opts, filename, lineno, finder, options, session)


_VARIABLE = r"\$\{([A-Z0-9_]+)\}"  # as pip has it; one that is unset or empty stays as it is


def _fill_in(run: Run, opts: Any) -> dict[str, str]:
    """Fill in the variables of an option line, and say how its URLs were written."""
    written: dict[str, str] = {}

    def filled(text: str) -> str:
        found = url_texts.filled_in(
            text, _VARIABLE, lambda match: run.settings.variable(match[1]) or match[0]
        )
        if found != text:
            written[found] = text
        return found

    for name in ("extra_index_urls", "find_links", "trusted_hosts"):
        setattr(opts, name, [filled(text) for text in getattr(opts, name) or ()])
    opts.index_url = None if opts.index_url is None else filled(opts.index_url)
    return written


def _names_another_host(text: str, declared: set[str]) -> bool:
    """Whether a --trusted-host is plainly a host, with or without a port, of no declared index.

    pip makes a URL prefix of the text: with a path, a wildcard or user information it would mean
    more than a host.
    """
    if any(c in text for c in "/@?#*\\%") or text != text.strip():
        return False
    try:
        _, host, _ = urls.origin(f"https://{text}")
    except ValueError:
        return False
    return host.rstrip(".") not in declared


def _beside(filename: str, location: str) -> str:
    """A path relative to the requirements file if there is one, as pip resolves it."""
    beside = os.path.join(os.path.dirname(os.path.abspath(filename)), location)
    return beside if urls.local_path(location) is not None and os.path.exists(beside) else location


ROOTS = "the lock"  # in place of the name of a requirements file


def parse_requirements(
    run: Run, original: Callable[..., Any], filename: str, *args: Any, **kwargs: Any
) -> Iterable[Any]:
    """What ``sync`` has judged, as pip's parsed requirements: no text of a lock is ever a
    requirements file (CONTRACT 4.11).
    """
    if not run.settings.roots or filename != ROOTS:
        yield from original(filename, *args, **kwargs)
        return
    from pip._internal.req.req_file import ParsedRequirement

    for root in run.settings.roots:
        listed: dict[str, list[str]] = {}
        for algorithm, _, digest in (pair.partition(":") for pair in root.hashes):
            listed.setdefault(algorithm, []).append(digest)
        yield ParsedRequirement(
            requirement=root.requirement,
            is_editable=root.is_editable,
            comes_from=ROOTS,
            constraint=False,
            options={"hashes": listed} if listed else {},
            line_source=None,
        )


def get_requirements(
    run: Run,
    original: Callable[..., Any],
    self: Any,
    args: Any,
    options: Any,
    finder: Any,
    session: Any,
) -> Any:
    """Know the links of constraints for what they are; in a build child, let what it asks for
    inherit (CONTRACT 3.7).
    """
    requirements = original(self, args, options, finder, session)
    if run.settings.task.get(LOCK_LOG):
        from pip_pinned.adapt.locking import note_requirements

        note_requirements(run, requirements)
    run.ledger.constraint_urls |= {
        urls.without_fragment(req.link.url)
        for req in requirements
        if req.constraint and req.link is not None
    }
    inherited_by = run.settings.inherited_by
    index = run.policy.index_named(inherited_by) if inherited_by else None
    if index is not None:
        inherit(run, index, [req.name for req in requirements if req.name and not req.constraint])
    return requirements


# -- pylock.toml (pip 26.1 and later)
# --------------------------------------------------------------------------


def select_from_pylock(
    run: Run, original: Callable[..., Any], location: str, session: Any, *args: Any, **kwargs: Any
) -> Iterable[Any]:
    """A lock's entry for a pinned package has to say the pin's index (CONTRACT 4.6)."""
    run.ledger.grant(location, Grant())
    for package, dist in original(location, session, *args, **kwargs):
        decision = run.decide(package.name)
        if decision.pinned:
            _check_lock_entry(run, decision, package, dist, location, session)
        yield package, _with_strongest_hash(dist)


def _with_strongest_hash(dist: Any) -> Any:
    """Pip accepts a file that fits any one of several hashes: it gets the one that counted
    (CONTRACT 1.6).
    """
    known = hashes.strongest((getattr(dist, "hashes", None) or {}).items())
    if known is None:
        return dist
    from dataclasses import replace

    return replace(dist, hashes={known.algorithm: known.digest})


def _check_lock_entry(
    run: Run, decision: Decision, package: Any, dist: Any, location: str, session: Any
) -> None:
    def refuse(why: str) -> NoReturn:
        diagnostics.stop(
            PipPinnedError(
                "lock-entry-refused",
                f"{location} may not say where {decision.name} comes from.",
                context=f"package: {decision.name} ({decision.because})\n{why}",
                hint="Lock again under the policy.",
            )
        )

    index = decision.indexes[0] if decision.indexes else None
    text = getattr(dist, "url", None)
    if index is None or not hasattr(dist, "filename") or text is None or dist.path is not None:
        url = text or str(getattr(dist, "path", ""))
        code = "direct-reference-refused"
        diagnostics.refuse(run, code, decision=decision, url=url, origin=location)
    if not package.index or not urls.same_index(package.index, index.url):
        refuse(
            f"packages.index is {urls.redact(package.index) if package.index else 'missing'}, "
            f"the pin's index is {index.shown}"
        )
    try:
        locked = lock_entry.strongest(dist.hashes)
        lock_entry.file_name(dist.filename, decision.name)
        url = lock_entry.file_url(text)
    except EntryRefused as exc:
        refuse(str(exc))
    owner = owner_of(run.indexes, url.text, None)
    is_below = owner is not None and owner.name == index.name
    if not is_below and not lists_file(run, session, index, decision.name, url, locked):
        refuse(
            f"the file {url} is not below {index.name}, and its page does not list it with this "
            "hash"
        )
    run.ledger.listings[decision.name, urls.without_fragment(text)] = Listing(
        decision.name, index, url.text, locked=locked if is_below else None
    )
