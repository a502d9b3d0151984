"""Pip's own sources and our command-line options, combined with the declared policy (CONTRACT 2.9,
3.2, 3.3).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pip_pinned.policy import names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import url_texts
from pip_pinned.policy.merge.given_pins import with_pins
from pip_pinned.policy.model import PYPI, Index, Policy, Strategy

_FLAG_INDEX, _AMBIENT_INDEX = "--index", "PIP_INDEX or pip.conf"


class Options(NamedTuple):
    """What one layer (the command line; or environment and pip.conf together) says about sources.

    ``indexes`` and ``default_index`` are ``[NAME=]URL``, ``pins`` ``PACKAGE=INDEX``, the rest as
    pip's options. ``written`` are the URLs among these that were written with variables, as they
    were.
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    default_index: str | None = None
    strategy: str | None = None
    pins: tuple[str, ...] = ()
    written: Mapping[str, str] = MappingProxyType({})


def combine(
    declared: Policy, flags: Options, ambient: Options, *, no_index: bool, pypi: str
) -> tuple[Policy, tuple[str, ...]]:
    """The policy of one run, and the notices that the user should see.

    ``pypi`` is pip's built-in default index. Raises PipPinnedError for options that name unknown
    indexes, lack a name, or would move a pin from anywhere but the command line.
    """
    notices: list[str] = []
    declared = declared._replace(
        indexes=tuple(
            index._replace(url=pypi) if index.url == PYPI else index for index in declared.indexes
        )
    )
    for layer in (flags, ambient):
        _check_urls(layer)
    declared = _with_credentials_of(
        declared,
        (*flags.extra_index_urls, *ambient.extra_index_urls, flags.index_url, ambient.index_url),
    )
    taken = {index.name.lower() for index in declared.indexes}
    ignored: list[str] = []
    around = _named(ambient.indexes, _AMBIENT_INDEX, declared.indexes, required=False)
    if declared.declared and not declared.ambient_indexes:
        ignored += [index.shown for index in around]
        around = []
    named = [
        *around,
        *_named(flags.indexes, _FLAG_INDEX, (*declared.indexes, *around), required=True),
    ]
    taken |= {index.name.lower() for index in named}
    known = [*named, *declared.indexes]

    default, others = _default(declared, flags, ambient, pypi, taken, notices)
    extra = _extra(declared, flags, ambient, [*known, default], taken, notices, ignored)
    local, remote = _find_links(declared, flags, ambient, [*known, *extra, default], taken, ignored)
    if ignored:
        notices.append(
            f"{' '.join(ignored)} from the environment or pip.conf: ignored, because the policy "
            "is declared "
            "(ambient-indexes = true would keep them)."
        )
    theirs = _strategy(ambient.strategy)
    if theirs is not None and declared.declared and theirs is not declared.strategy:
        notices.append(
            f"index-strategy {theirs.value} from the environment or pip.conf is ignored: the "
            "policy is declared."
        )
        theirs = None
    strategy = _strategy(flags.strategy) or theirs or declared.strategy
    indexes = (*named, *others, *extra, *remote, default)
    policy = declared._replace(
        indexes=indexes,
        strategy=strategy,
        no_index=no_index or declared.no_index,
        find_links=(*declared.find_links, *local),
    )
    policy = with_pins(policy, ambient.pins, "PIP_PIN or pip.conf", notices, may_replace=False)
    policy = with_pins(policy, flags.pins, "--pin", notices, may_replace=True)
    return _with_mirror(policy, pypi, taken, notices), tuple(notices)


def _with_mirror(policy: Policy, pypi: str, taken: set[str], notices: list[str]) -> Policy:
    """``policy.pypi_mirror`` stands where PyPI stood; PyPI itself stays for the names that are
    pinned to it (CONTRACT 1.2).
    """
    if policy.pypi_mirror is None:
        return policy
    indexes: list[Index] = []
    for index in policy.indexes:
        if urls.same_index(index.url, pypi):
            mirror = index._replace(
                name=_free(f"{index.name}-mirror", taken),
                url=policy.pypi_mirror,
                written=None,
                origin="--pypi-mirror",
                mirror_of=index.name,
            )
            indexes += [mirror, index._replace(explicit=True, default=False)]
        else:
            indexes.append(index)
    if len(indexes) == len(policy.indexes):
        notices.append(
            f"--pypi-mirror {urls.redact(policy.pypi_mirror)} changes nothing: PyPI is no index "
            "of this policy."
        )
    return policy._replace(indexes=tuple(indexes))


def add_requirements_line(
    policy: Policy, declared: Policy, origin: str, line: Options, *, no_index: bool
) -> Policy:
    """The policy after an option line of a requirements or constraints file; ``find_links`` already
    resolved.

    As in pip, ``--index-url`` there replaces the indexes that pip's options named. Raises
    PipPinnedError ``index-disagrees`` if the policy declares another default index.
    """
    _check_urls(line)
    indexes = list(policy.indexes)
    taken = {index.name.lower() for index in indexes}
    mirrored = [
        policy.index_named(index.mirror_of) for index in indexes if index.mirror_of is not None
    ]
    if line.index_url and not any(
        index is not None and urls.same_index(index.url, line.index_url) for index in mirrored
    ):
        url = line.index_url
        current = policy.default
        if (
            declared.default is not None
            and current is not None
            and not urls.same_index(current.url, url)
        ):
            raise PipPinnedError(
                "index-disagrees",
                f"{origin} names another default index than the policy.",
                context=f"{origin}: --index-url {urls.redact(url)}\n{current.origin}: "
                f"{current.name} {current.shown}",
                hint="Remove the line from the requirements file, or declare that index in the "
                "policy.",
            )
        if declared.default is None:
            pinned = {pin.index_name.lower() for pin in policy.pins if pin.index_name is not None}
            ours = {index.name.lower() for index in declared.indexes} | pinned
            # a default index that names are pinned to stays for them alone
            indexes = [
                index._replace(default=False, explicit=True) if index.default else index
                for index in indexes
                if index.name.lower() in (pinned if index.default else ours)
                or index.format == "flat"
                or index.origin in (_FLAG_INDEX, _AMBIENT_INDEX)
            ]
            indexes.append(_anonymous(url, origin, taken, default=True, written=line.written))
    for url in line.extra_index_urls:
        if not any(urls.same_index(index.url, url) for index in indexes):
            _insert(indexes, _anonymous(url, origin, taken, written=line.written))
    local = []
    for location in line.find_links:
        if urls.local_path(location) is not None:
            local.append(location)
        elif not any(urls.same_index(index.url, location) for index in indexes):
            _insert(indexes, _anonymous(location, origin, taken, kind="flat", written=line.written))
    return policy._replace(
        indexes=tuple(indexes),
        find_links=(*policy.find_links, *local),
        no_index=policy.no_index or no_index,
    )


def add_pragma(policy: Policy, name: str, index: str, origin: str) -> Policy:
    """The policy with the pin of a ``# pip-pinned: index=`` comment (CONTRACT 2.10).

    It may pin a free name or repeat a pin. Raises PipPinnedError ``pin-conflict`` if it would move
    one.
    """
    return with_pins(policy, (f"{name}={index}",), origin, [], may_replace=False)


def _insert(indexes: list[Index], index: Index) -> None:
    at = next((i for i, other in enumerate(indexes) if other.default), len(indexes))
    indexes.insert(at, index)


def _named(
    values: Iterable[str], origin: str, others: Iterable[Index], *, required: bool
) -> list[Index]:
    found: list[Index] = []
    for value in values:
        name, url = split_named(value)
        if name is None:
            if not required:
                continue  # `index = URL` in pip.conf is the setting of `pip search`, not ours
            shown = urls.redact(value)
            raise PipPinnedError(
                "index-without-name",
                f"--index {shown} has no name.",
                context="pip would read it as short for --index-url, uv as one more index.",
                hint=f"Write --index NAME={shown} for one more index, or --index-url {shown} for "
                "the default index.",
            )
        _check_url(url, f"{origin} {name}")
        known = next(
            (index for index in (*others, *found) if index.name.lower() == name.lower()), None
        )
        if known is not None:
            if not urls.same_index(known.url, url):
                raise PipPinnedError(
                    "index-redefined",
                    f"{origin} {name}={urls.redact(url)} would move an index of the policy.",
                    context=f"{known.origin}: {known.name} {known.shown}",
                    hint="Use another name, or change the declared policy.",
                )
            continue
        found.append(Index(name=name, url=url, origin=origin))
    return found


def split_named(value: str) -> tuple[str | None, str]:
    """The name and the URL of ``[NAME=]URL``."""
    name, equals, url = value.partition("=")
    return (name, url) if equals and names.is_index_name(name) else (None, value)


def _check_urls(layer: Options) -> None:
    """Everything that is meant as a URL is one: a mistyped one may hold a secret, and would be
    taken for a path.
    """
    named = [
        split_named(value)[1]
        for value in (*layer.indexes, layer.default_index)
        if value is not None
    ]
    for value in (*named, layer.index_url, *layer.extra_index_urls, *layer.find_links):
        if (
            value is not None
            and ("://" in value or "@" in value)
            and not urls.has_scheme(value)
            and not os.path.exists(os.path.expanduser(value))
        ):
            raise PipPinnedError(
                "bad-url",
                f"{urls.redact(value)!r} is not an index URL.",
                hint="Write the whole URL, with https:// or file://; "
                "in user names and passwords write @ : / ? # and % as %40 %3A %2F %3F %23 and %25.",
            )


def _check_url(url: str, origin: str) -> None:
    if not urls.has_scheme(url):
        raise PipPinnedError(
            "bad-url",
            f"{origin}: {urls.redact(url)!r} is not an index URL.",
            hint="Write the whole URL, with https:// or file://.",
        )


def _anonymous(
    url: str,
    origin: str,
    taken: set[str],
    *,
    default: bool = False,
    kind: str = "simple",
    written: Mapping[str, str] | None = None,
) -> Index:
    text = (written or {}).get(url)
    if kind == "simple" and urls.local_path(url) == url:  # pip takes the path of a directory too
        url = url_texts.file_url(os.path.abspath(url))
    return Index(
        name=derived_name(url, taken),
        url=url,
        written=text,
        origin=origin,
        default=default,
        format=kind,
    )


def _host(url: str) -> str:
    try:
        return urls.origin(url)[1]
    except urls.BadUrl:
        return ""


def derived_name(url: str, taken: set[str]) -> str:
    """A name for an index that has none: its host, which no other index is called; it is taken from
    now on.
    """
    base = re.sub(r"[^A-Za-z0-9._-]+", "-", _host(url) or urls.local_path(url) or "index").strip(
        "-"
    )
    return _free(base, taken)


def _free(base: str, taken: set[str]) -> str:
    """The name, or the first one like it that no index has; it is taken from now on."""
    name, count = base, 1
    while name.lower() in taken:
        count += 1
        name = f"{base}-{count}"
    taken.add(name.lower())
    return name


def _with_credentials_of(declared: Policy, options: Iterable[str | None]) -> Policy:
    """A declared index without credentials takes those that pip was given for the very same URL."""
    given = [
        option
        for option in options
        if option is not None and urls.credentials(option)[0] is not None
    ]

    def completed(index: Index) -> Index:
        url = next((url for url in given if urls.same_index(url, index.url)), None)
        return (
            index
            if url is None or urls.credentials(index.url)[0] is not None
            else index._replace(url=url, written=index.shown)
        )

    return declared._replace(indexes=tuple(map(completed, declared.indexes))) if given else declared


def _default(
    declared: Policy,
    flags: Options,
    ambient: Options,
    pypi: str,
    taken: set[str],
    notices: list[str],
) -> tuple[Index, list[Index]]:
    """The default index in force, and the declared indexes that stand ahead of it."""
    mine = declared.default
    others = [index for index in declared.indexes if not index.default]
    flag = flags.default_index or flags.index_url
    if mine is not None:
        if flag is not None and not urls.same_index(split_named(flag)[1], mine.url):
            option = "--default-index" if flags.default_index else "--index-url"
            new = _from_option(flag, option, taken)
            notices.append(
                f"{option} {new.shown} replaces the default index {mine.name} ({mine.origin}) "
                "for this run."
            )
            return new, [*others, mine._replace(default=False, explicit=True)]
        theirs = ambient.default_index or ambient.index_url
        if theirs is not None and not urls.same_index(split_named(theirs)[1], mine.url):
            notices.append(
                f"index-url {urls.redact(split_named(theirs)[1])} from the environment or "
                "pip.conf is ignored: "
                f"{mine.origin} declares {mine.name} as the default index."
            )
        return mine, others
    _refuse_explicit_default(declared, flag or ambient.default_index or ambient.index_url)
    if flag is not None:
        return _from_option(
            flag, "--default-index" if flags.default_index else "--index-url", taken
        ), others
    theirs = ambient.default_index or ambient.index_url
    if theirs is not None:
        return _from_option(theirs, "index-url in the environment or pip.conf", taken), others
    name = _free("pypi" if "pypi" not in taken else "pip-default", taken)
    return Index(name=name, url=pypi, origin="pip's built-in default", default=True), others


def _refuse_explicit_default(declared: Policy, option: str | None) -> None:
    """An explicit index is never asked for unpinned names (CONTRACT 3.1), so no option can make it
    the default.
    """
    explicit = (
        None
        if option is None
        else next(
            (
                i
                for i in declared.indexes
                if i.explicit and urls.same_index(i.url, split_named(option)[1])
            ),
            None,
        )
    )
    if explicit is not None:
        raise PipPinnedError(
            "index-disagrees",
            f"{explicit.name} is to be the default index, and the policy declares it as explicit.",
            context=f"{explicit.origin}: {explicit.name} {explicit.shown}, explicit = true\nthe "
            "default index of pip's options, environment or pip.conf is the same URL",
            hint=f"Leave explicit out if names without a pin come from {explicit.name} too, or "
            "declare another index with default = true.",
        )


def _from_option(value: str, origin: str, taken: set[str]) -> Index:
    name, url = split_named(value)
    if name is None:
        return _anonymous(url, origin, taken, default=True)
    _check_url(url, origin)
    if name.lower() in taken:
        raise PipPinnedError(
            "index-redefined",
            f"{origin} {name}={urls.redact(url)} takes the name of another index.",
            hint="Use another name, or change the declared policy.",
        )
    taken.add(name.lower())
    return Index(name=name, url=url, origin=origin, default=True)


def _extra(
    declared: Policy,
    flags: Options,
    ambient: Options,
    known: list[Index],
    taken: set[str],
    notices: list[str],
    ignored: list[str],
) -> list[Index]:
    found: list[Index] = []
    for url in ambient.extra_index_urls:
        if any(urls.same_index(index.url, url) for index in [*known, *found]):
            continue
        if declared.declared and not declared.ambient_indexes:
            ignored.append(urls.redact(url))
        else:
            found.append(_anonymous(url, "extra-index-url in the environment or pip.conf", taken))
    for url in flags.extra_index_urls:
        same = next((index for index in [*known, *found] if urls.same_index(index.url, url)), None)
        if same is None:
            found.append(_anonymous(url, "--extra-index-url", taken))
        elif same.explicit:
            notices.append(
                f"--extra-index-url {same.shown} changes nothing: {same.origin} declares "
                f"{same.name} as explicit."
            )
    return found


def _find_links(
    declared: Policy,
    flags: Options,
    ambient: Options,
    known: list[Index],
    taken: set[str],
    ignored: list[str],
) -> tuple[list[str], list[Index]]:
    local: list[str] = []
    remote: list[Index] = []
    layers = (
        (
            ambient.find_links,
            "find-links in the environment or pip.conf",
            declared.declared and not declared.ambient_indexes,
        ),
        (flags.find_links, "--find-links", False),
    )
    for locations, origin, ignore in layers:
        for location in locations:
            if urls.local_path(location) is not None:
                local.append(os.path.expanduser(location))
            elif any(urls.same_index(index.url, location) for index in [*known, *remote]):
                continue
            elif ignore:
                ignored.append(urls.redact(location))
            else:
                remote.append(_anonymous(location, origin, taken, kind="flat"))
    return local, remote


def _strategy(value: str | None) -> Strategy | None:
    if value is None:
        return None
    try:
        return Strategy(value)
    except ValueError:
        known = ", ".join(strategy.value for strategy in Strategy)
        raise PipPinnedError(
            "unknown-strategy", f"There is no index strategy {value!r}.", hint=f"One of: {known}."
        ) from None
