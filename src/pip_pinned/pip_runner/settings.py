"""What a run of ``pip install`` with these options would be like, without running it: its policy,
its connections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any, NamedTuple

from pip_pinned.adapt import credentials
from pip_pinned.adapt.hiding import hide
from pip_pinned.adapt.journal import Journal
from pip_pinned.adapt.notes import PROVENANCE, of
from pip_pinned.enforce import diagnostics
from pip_pinned.enforce.run import Run
from pip_pinned.enforce.seams import Hooks
from pip_pinned.policy import names, urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Decision, Index, Policy
from pip_pinned.policy.ownership import owner_of
from pip_pinned.start.launch import install


def explain(load: Callable[[], Policy], args: list[str]) -> tuple[Policy, list[Decision]]:
    """The policy under these options of ``pip install``, and the decision for each name among them.

    Raises PipPinnedError for a broken configuration, and ``bad-requirement`` for what names no
    project.
    """
    run = Run(load, journal=_Reading())
    with _parsed(run, args) as (_, _, options, words):
        decisions = [run.decide(_name(word)) for word in (*words, *_in_files(options))]
        return run.policy, decisions


_ELSEWHERE = ("python", "target_dir", "prefix_path", "root_path", "use_user_site")


class _Reading(Journal):
    """The journal of a command that installs nothing by itself."""

    def begin_provenance(self, run: Run, path: str) -> None:
        """Know the file, and leave it alone."""
        run.settings.task[PROVENANCE] = path


class _Listening(_Reading):
    def __init__(self) -> None:
        super().__init__()
        self.notices: list[str] = []

    def note(self, run: Run, text: str, level: str = "") -> None:
        """Keep what an install would print."""
        if text not in self.notices:
            self.notices.append(text)


class Settings(NamedTuple):
    """Settings of a requests session; ``timeout`` is in seconds, ``retries`` urllib3's Retry."""

    verify: bool | str
    cert: str | tuple[str, str] | None
    proxies: dict[str, str]
    trust_env: bool
    timeout: float | None
    headers: dict[str, str]
    retries: Any
    ssl_context: Any


class Connection:
    """How pip would talk to indexes: its session's settings, whatever they come from, and the
    credentials of each index.

    ``verify``, ``cert``, ``proxies``, ``trust_env`` and ``headers`` are those of requests;
    ``timeout`` in seconds; ``retries`` has urllib3's ``total``, ``backoff_factor`` and
    ``status_forcelist``. ``notices`` is what pip-pinned has to say about the surroundings: settings
    that are ignored, and why. ``words`` are the arguments that are no options, ``elsewhere`` the
    options by which pip would install into another place than this environment, ``provenance`` the
    file of that option, ``hooks`` pip's seams in this process.
    """

    def __init__(
        self,
        run: Run,
        notices: list[str],
        hooks: Hooks,
        build_session: Callable[[], Any],
        words: list[str],
        elsewhere: list[str],
    ) -> None:
        import pip

        self._run = run
        self.hooks = hooks
        self._build_session = build_session
        self.pip_version: str = pip.__version__
        self.policy = run.policy
        self.words = words
        self.elsewhere = elsewhere
        self.notices = notices
        self.provenance: str | None = run.settings.task.get(PROVENANCE)

    @cached_property
    def _session(self) -> Any:
        """Pip's session; to make one, pip starts two programs."""
        return self._build_session()

    @cached_property
    def settings(self) -> Settings:
        """How pip's session sends requests."""
        session, adapter = self._session, self._session.adapters["https://"]
        return Settings(
            session.verify,
            session.cert,
            session.proxies,
            session.trust_env,
            session.timeout,
            {"User-Agent": session.headers["User-Agent"]},
            adapter.max_retries,
            getattr(adapter, "_ssl_context", None),
        )

    def hidden(self, text: str) -> str:
        """A text as pip reports it under this policy: without the value of any variable of an index
        URL.
        """
        return hide(text, of(self._run).secrets(self._run))

    def lock_url(self, index: Index) -> str:
        """The URL of an index as it may stand in a lock: no credentials, variables as written
        (CONTRACT 2.7).
        """
        return self.policy.canonical(index).noted

    def lock_file_url(self, url: str) -> str:
        """The URL of a file as it may stand in a lock: the values of variables in paths and hosts
        are replaced by their names.
        """
        placed = {
            name
            for index in self.policy.indexes
            for name in urls.variables(urls.without_credentials(index.written or ""))
        }
        return hide(
            url,
            {
                value: name
                for value, name in of(self._run).secrets(self._run).items()
                if name[2:-1] in placed
            },
        )

    def decide(self, name: str) -> Decision:
        """Where a name is searched."""
        return self._run.decide(name)

    @property
    def fingerprint(self) -> str:
        """``codec.fingerprint`` of the policy, mirror or not."""
        from pip_pinned.policy import codec

        return codec.fingerprint(_without_mirror(self.policy))

    def owner_of(self, url: str, asked: Index) -> Index | None:
        """The index whose credentials a request may carry that ``asked`` has led to."""
        return owner_of(self.policy.indexes, url, asked)

    def verifies(self, url: str) -> bool:
        """Whether pip makes sure who answers for this URL."""
        return (
            url.startswith("https:")
            and self._session.get_adapter(url) is not self._session._trusted_host_adapter
        )

    def accepts(self, url: str) -> bool:
        """Whether pip asks this origin at all: https, this machine, or a trusted host."""
        from pip._internal.models.link import Link

        return bool(self._session.is_secure_origin(Link(url)))

    def credentials(
        self, index: Index, *, refused: bool
    ) -> tuple[str | None, str | None, str | None]:
        """User name, password, and where they come from. Keyring is asked once the index has
        ``refused``, or as pip would; nobody is prompted.

        Raises PipPinnedError ``index-auth-failed`` where ``authenticate = "always"`` and there are
        none.
        """
        with _plain_errors():
            return credentials.look_up(self._run, self._session.auth, index, refused=refused)


def _without_mirror(policy: Policy) -> Policy:
    """The policy as it is where there is no mirror: what a lock is written for."""
    mirrors = {index.mirror_of: index for index in policy.indexes if index.mirror_of is not None}
    return policy._replace(
        pypi_mirror=None,
        indexes=tuple(
            index._replace(
                explicit=mirrors[index.name].explicit, default=mirrors[index.name].default
            )
            if index.name in mirrors
            else index
            for index in policy.indexes
            if index.mirror_of is None
        ),
    )


@contextmanager
def connected(
    load: Callable[[], Policy], args: list[str], *, words_too: bool = False
) -> Iterator[Connection]:
    """The connection that ``pip install`` would make with these options.

    Raises PipPinnedError for a broken configuration, an unsupported pip, and, unless ``words_too``,
    ``usage`` for words that are no options.
    """
    listening = _Listening()
    run = Run(load, journal=listening)
    with _parsed(run, args) as (hooks, command, options, words):
        if words and not words_too:
            raise PipPinnedError("usage", f"{words[0]!r} is no option of pip install.")
        yield Connection(
            run,
            listening.notices,
            hooks,
            partial(command._build_session, options),
            words,
            [name for name in _ELSEWHERE if getattr(options, name, None)],
        )


def default_index_url() -> str:
    """The URL of pip's built-in default index."""
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url)


@contextmanager
def _parsed(run: Run, args: list[str]) -> Iterator[tuple[Hooks, Any, Any, list[str]]]:
    hooks = install(run)
    try:
        with _plain_errors():
            from pip._internal.commands import create_command

            command = create_command("install")
            yield hooks, command, *command.parse_args(args)
    finally:
        hooks.undo()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Our errors as they were before pip's diagnostics were made of them."""
    try:
        yield
    except Exception as exc:
        error = diagnostics.ours(exc)
        if error is None:
            raise
        raise error from None


def _in_files(options: object) -> list[str]:
    from pip._internal.network.session import PipSession
    from pip._internal.req.req_file import parse_requirements

    session = PipSession()
    return [
        parsed.requirement
        for filename in getattr(options, "requirements", ())
        for parsed in parse_requirements(filename, session, options=options)
        if not parsed.is_editable
    ]


def _name(word: str) -> str:
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement

    try:
        return names.normalize(Requirement(word).name)
    except InvalidRequirement:
        raise PipPinnedError(
            "bad-requirement",
            f"{word!r} names no project.",
            hint="Give a name, as in: pip-pinned explain acme-core",
        ) from None
