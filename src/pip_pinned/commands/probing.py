"""Ask indexes something outside of pip, side by side, with the settings and credentials that pip would use."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3 import Retry

from pip_pinned.adapt.credentials import transmissible
from pip_pinned.pip_runner.settings import Connection
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import url_texts
from pip_pinned.policy.model import Index
from pip_pinned.policy.status import Verdict, judge

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
_MOST_REDIRECTS = 10


class Reply(NamedTuple):
    """What an index said about one of its URLs.

    ``verdict`` as in an install; ``status`` None if there was no answer, with the reason in ``words``. ``redirected_to`` is an
    origin that the answer leads to and that was not followed (CONTRACT 4.4). ``pages`` is ``json`` or ``html``; ``filenames`` are those
    of a project page.
    """

    verdict: Verdict
    words: str
    status: int | None = None
    milliseconds: int | None = None
    pages: str | None = None
    tls: str | None = None
    redirected_to: str | None = None
    filenames: tuple[str, ...] = ()


class Prober:
    """A session of requests set up as pip's is. One of them serves one index, so that nothing is shared between indexes."""

    def __init__(self, connection: Connection, index: Index, user: str | None = None, password: str | None = None) -> None:
        self._connection = connection
        self._index = index
        self._own = _auth(user, password)
        self._verify = None if connection.verifies(index.bare) else False
        self._timeout = connection.settings.timeout
        self.session = requests.Session()
        self.session.headers.update(connection.settings.headers)
        self.session.verify = connection.settings.verify
        self.session.cert = connection.settings.cert
        self.session.proxies.update(connection.settings.proxies)
        self.session.trust_env = connection.settings.trust_env
        retries = Retry(total=connection.settings.retries.total, backoff_factor=connection.settings.retries.backoff_factor,
                        status_forcelist=connection.settings.retries.status_forcelist)
        self.session.mount("https://", _Adapter(connection.settings.ssl_context if self._verify is None else None, retries))
        self.session.mount("http://", HTTPAdapter(max_retries=retries))

    def page_of(self, project: str) -> Reply:
        """Ask for a project page (for a flat index: for its only page, for a local one: whether it is there)."""
        if self._index.format == "flat" or urls.local_path(self._index.bare) is not None:
            return self.ask(self._index.bare)
        return self.ask(f"{self._index.bare.rstrip('/')}/{project}/", read_files=True)

    def ask(self, url: str, *, read_files: bool = False) -> Reply:
        """Ask for a page below the index; redirects are followed on its own origin, and further only if the index may do so."""
        path = urls.local_path(url)
        if path is not None:
            there = os.path.exists(path)
            return Reply(Verdict.PRESENT if there else Verdict.UNAVAILABLE, "a local directory" if there else f"{path} does not exist")
        milliseconds = None
        try:
            for _ in range(_MOST_REDIRECTS):
                with self._get(url) as response:
                    milliseconds = int(response.elapsed.total_seconds() * 1000) if milliseconds is None else milliseconds
                    target = urljoin(url, response.headers["Location"]) if response.is_redirect else None
                    if target is None:
                        return self._read(response, milliseconds, read_files=read_files)
                    if not urls.same_origin(url, target) and not self._index.follow_redirects:
                        return Reply(Verdict.ABSENT, "forwards", response.status_code, milliseconds, tls=_tls(response), redirected_to=_origin(target))
                    url = target
        except (requests.RequestException, ValueError, OSError) as exc:
            return Reply(Verdict.UNAVAILABLE, _reason(exc), milliseconds=milliseconds)
        return Reply(Verdict.UNAVAILABLE, f"more than {_MOST_REDIRECTS} redirects", milliseconds=milliseconds)

    def download(self, url: str) -> bytes:
        """The bytes of a file that its page gives no hash for, so that it has to be on the index's origin (CONTRACT 4.4).

        Raises PipPinnedError ``off-origin-file``, ``index-unavailable`` or ``index-auth-failed``.
        """
        at, verdict, words = url, Verdict.UNAVAILABLE, f"more than {_MOST_REDIRECTS} redirects"
        try:
            for _ in range(_MOST_REDIRECTS):
                with self._get(at) as response:
                    if not response.is_redirect:
                        verdict, words = judge(response.status_code, self._index), f"HTTP {response.status_code}"
                        if verdict is Verdict.PRESENT:
                            return response.content
                        break
                    target = urljoin(at, response.headers["Location"])
                if not urls.same_origin(at, target):
                    raise PipPinnedError("off-origin-file", f"A file of {self._index.name} is redirected to another origin, and the index gives no hash for it.",
                                         context=f"file: {urls.redact(url)}\nredirected to: {_origin(target)}")
                at = target
        except (requests.RequestException, ValueError, OSError) as exc:
            words = _reason(exc)
        code = Verdict.UNAVAILABLE.value if verdict is Verdict.ABSENT else verdict.value
        raise PipPinnedError(code, f"A file of {self._index.name} could not be read.", context=f"file: {urls.redact(url)}\nanswer: {words}")

    @contextlib.contextmanager
    def _get(self, url: str) -> Iterator[requests.Response]:
        """One request with the credentials of whose path it is, as in an install. Raises ValueError for a place that pip would not ask."""
        if not self._connection.accepts(url):
            raise ValueError("pip does not trust it: use https, or --trusted-host for its host")
        if (None if self._connection.verifies(url) else False) is not self._verify:
            raise ValueError(f"it leads to {_origin(url)}, where TLS verification is another")
        owner = self._connection.owner_of(url, self._index)
        auth = _auth(None, None)
        if owner is not None:
            auth = self._own if owner == self._index else _auth(*self._connection.credentials(owner, refused=False)[:2])
        with self.session.get(urls.without_credentials(url), headers={"Accept": ACCEPT}, timeout=self._timeout, verify=self._verify, auth=auth,
                              allow_redirects=False, stream=True) as response:
            yield response

    def _read(self, response: requests.Response, milliseconds: int | None, *, read_files: bool) -> Reply:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        pages = "json" if kind.endswith("json") else "html" if kind.endswith("html") else None
        verdict = judge(response.status_code, self._index)
        reply = Reply(verdict, f"HTTP {response.status_code}", response.status_code, milliseconds, pages, _tls(response))
        if not read_files or verdict is not Verdict.PRESENT:
            return reply
        if pages is None:
            return reply._replace(verdict=Verdict.UNAVAILABLE, words="the answer is not a project page")
        return reply._replace(filenames=_files_of_json(response.json()) if pages == "json" else _files_of_html(response.text))


def _files_of_json(page: Any) -> tuple[str, ...]:
    """The names of the files of a page (PEP 691). Raises ValueError for what is none."""
    try:
        return tuple(str(file["filename"]) for file in page["files"])
    except (KeyError, TypeError) as exc:
        raise ValueError("the answer is not a project page") from exc


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the file that a link leads to."""
        href = dict(attrs).get("href") if tag == "a" else None
        if href:
            self.found.append(unquote(urlsplit(href).path.rpartition("/")[2]))


def _files_of_html(page: str) -> tuple[str, ...]:
    """The names of the files of a page (PEP 503)."""
    anchors = _Anchors()
    anchors.feed(page)
    return tuple(anchors.found)


def _auth(user: str | None, password: str | None) -> Callable[[Any], Any]:
    """Basic authentication, or none: requests by itself would look into netrc."""
    if user is None:
        return lambda request: request
    return HTTPBasicAuth(transmissible(user) or "", transmissible(password) or "")


class _Adapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext | None, retries: Retry) -> None:
        self._context = context
        super().__init__(max_retries=retries)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._context is not None:
            kwargs["ssl_context"] = self._context
        super().init_poolmanager(*args, **kwargs)


def _tls(response: requests.Response) -> str | None:
    """The protocol's version, while the connection is open."""
    if not response.url.startswith("https:"):
        return None
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)
    version = getattr(sock, "version", None)
    return str(version()) if callable(version) else "TLS"


def _origin(url: str) -> str:
    scheme, host, port = urls.origin(url)
    return f"{scheme}://{host}" + ("" if urls.DEFAULT_PORTS.get(scheme) == port else f":{port}")


def _reason(exc: BaseException) -> str:
    """The innermost cause: requests and urllib3 wrap it in the URL and in one another."""
    cause: Any = exc
    while True:
        inner = getattr(cause, "reason", None) or next((argument for argument in getattr(cause, "args", ()) if isinstance(argument, BaseException)), None)
        if not isinstance(inner, BaseException):
            break
        cause = inner
    return url_texts.redact_text(str(cause) if type(cause) is ValueError else f"{type(cause).__name__}: {cause}")
