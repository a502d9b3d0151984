"""The policy: indexes, pins and a strategy, each knowing where it was written.

Named tuples, because they cannot be changed and cost least to define: every start of pip pays for
it.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from pip_pinned.policy import urls


class Strategy(str, Enum):
    """What happens with a name that nobody pinned (CONTRACT 3; PEP 766 for the first three)."""

    FIRST_INDEX = "first-index"
    UNSAFE_FIRST_MATCH = "unsafe-first-match"
    UNSAFE_BEST_MATCH = "unsafe-best-match"
    DEFAULT_INDEX = "default-index"
    UNIQUE_INDEX = "unique-index"
    PINNED_ONLY = "pinned-only"


PYPI = "pypi:"  # in a declared policy: whatever pip's built-in default index is


class Index(NamedTuple):
    """One place that packages come from.

    ``url`` may hold credentials; show ``shown``, request ``bare``. ``format`` is ``simple`` (PEP
    503/691) or ``flat`` (a directory or page of files, pip's find-links). ``ignore_error_codes``
    None means the default of ``answers.judge``. ``written`` is the URL before its variables were
    expanded, if it has any. ``variable_prefixes`` begin the names of further environment variables
    with credentials, as ``UV_INDEX_ACME`` does. ``cache_api`` / ``cache_files`` are Cache-Control
    values. ``excludes`` are globs over names without a pin that are not asked for here (PDM). Under
    ``unsafe-best-match`` a ``supplemental`` index counts only where the others have nothing
    compatible (Poetry). ``mirror_of`` is the name of the index that this one is asked in place of.
    """

    name: str
    url: str
    origin: str
    explicit: bool = False
    default: bool = False
    format: str = "simple"
    authenticate: str | None = None
    ignore_error_codes: tuple[int, ...] | None = None
    follow_redirects: bool = False
    verify_ssl: bool = True
    cache_api: str | None = None
    cache_files: str | None = None
    inherit: bool = False
    written: str | None = None
    variable_prefixes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    supplemental: bool = False
    mirror_of: str | None = None
    sentinel: str | None = (
        None  # a project that is there: where it is missing too, a 404 means 401 (CONTRACT 4.14)
    )

    @property
    def bare(self) -> str:
        """The URL without credentials."""
        return urls.without_credentials(self.url)

    @property
    def shown(self) -> str:
        """The URL with its password replaced, and its variables as they were written (CONTRACT
        2.7).
        """
        return urls.redact(self.written or self.url)

    @property
    def noted(self) -> str:
        """The URL as it may stand in a file: no credentials, no query, variables as they were
        written (CONTRACT 2.7).
        """
        written = urls.without_query(urls.without_credentials(self.written or ""))
        return written if urls.variables(written) else urls.without_query(self.bare)


class Pin(NamedTuple):
    """A name or glob (normalised) and the one index it comes from, where ``marker`` (PEP 508)
    holds.

    ``index_name`` None means that the name is declared to come from no index at all, such as uv's
    ``{ workspace = true }``: it is refused on every index.
    """

    pattern: str
    index_name: str | None
    origin: str
    marker: str | None = None


class Policy(NamedTuple):
    """What is declared, or in force for a run.

    ``indexes`` stand in the order in which they are asked. ``declared`` is False for a drop-in run
    over pip's own sources. ``find_links`` are local paths and ``file:`` URLs that add to the files
    of unpinned names. ``no_index`` is pip's ``--no-index``. ``sync_any_index`` lets ``sync`` take a
    file with a locked hash from any index; ``pypi_mirror`` is a URL that unpinned names are asked
    at in place of PyPI.
    """

    indexes: tuple[Index, ...] = ()
    pins: tuple[Pin, ...] = ()
    strategy: Strategy = Strategy.FIRST_INDEX
    declared: bool = False
    ambient_indexes: bool = False
    allow_file_hosts: tuple[str, ...] = ()
    strict_pip: bool = False
    no_index: bool = False
    find_links: tuple[str, ...] = ()
    sync_any_index: bool = False
    pypi_mirror: str | None = None

    def index_named(self, name: str) -> Index | None:
        """The index of that name; case does not count."""
        return next((i for i in self.indexes if i.name.lower() == name.lower()), None)

    def canonical(self, index: Index) -> Index:
        """The index that this one is the mirror of, if it is one."""
        return index if index.mirror_of is None else self.index_named(index.mirror_of) or index

    @property
    def default(self) -> Index | None:
        """The default index, if one is declared."""
        return next((i for i in self.indexes if i.default), None)


class Decision(NamedTuple):
    """Where one name is searched, and why.

    ``indexes`` in the order in which they are asked. ``first`` is asked before them and, where it
    has the project, alone (``inherit``). ``strategy`` None means pinned. ``refusal`` is the code of
    the error that a search for this name ends in.
    """

    name: str
    because: str
    indexes: tuple[Index, ...] = ()
    strategy: Strategy | None = None
    first: Index | None = None
    refusal: str | None = None
    not_considered: tuple[tuple[str, str], ...] = ()

    @property
    def pinned(self) -> bool:
        """Whether CONTRACT 1.1 applies to the name."""
        return self.strategy is None
