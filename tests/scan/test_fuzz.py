"""Texts that nobody would write: the scanner never fails, never points outside a file, never shows a secret, and is never slow."""

from __future__ import annotations

import contextlib
import io
import itertools
import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pip_pinned.policy.model import Policy
from pip_pinned.report.audit import FORMATS, Report
from pip_pinned.scan import files, findings
from pip_pinned.scan.facts import Facts, Note, Place, conceal, conceal_value
from tests.scan.corpus import CASES

# One path for each reader, and for each way in which a reader is used.
PATHS = ("pylock.toml", "Pipfile.lock", "Pipfile", "pyproject.toml", "uv.toml", "pip.conf", "setup.cfg", "tox.ini", "requirements.txt", "constraints.txt",
         "Dockerfile",
         "environment.yml", "docker-compose.yml", ".github/workflows/ci.yml", "Jenkinsfile", "Makefile", "install.sh", "setup.ps1", "setup.bat", "noxfile.py",
         "README.md", "README.rst")
_COUNT = 150
_FUZZ = settings(max_examples=_COUNT, derandomize=True, deadline=None)

# A secret is two marks with something between them that people have to escape, or forget to; neither mark may be shown.
FIRST, SECOND = "Zq7Vx81mA9", "tT20kWp5Lb"
_BETWEEN = ("", "-", "_", "%40", "%2F", "/", "@", "#", "?", "+", "=", "!", ":", "~", "é", "\N{SNOWMAN}", ",", "[", "]", "&", "*", "$x", "${X}", "%USER%")
_QUOTED_ONLY = (" ", "'", "(", ")", ";", "|", "<", ">", "{", "}", "`")  # where these stand unquoted, no shell takes them for a part of the URL
_SCHEMES = ("https://", "http://", "HTTPS://", "git+https://", "ssh://")
_USERS = ("{secret}@", "{secret}:@", "ci:{secret}@", "{secret}:x-oauth-basic@", "__token__:{secret}@", ":{secret}@", "first.last%40acme.example:{secret}@",
          "{secret}:{secret}@",
          "${{USER}}:{secret}@", "{secret}:$PASSWORD@", "${{{{ secrets.USER }}}}:{secret}@")
_HOSTS = ("pypi.acme.example", "pypi.acme.example:8443", "127.0.0.1:3141", "[::1]:8080", "localhost", "${HOST}")
_TAILS = ("", "/", "/simple", "/simple/", "/a@b/simple", "/simple?x=1#egg=y")


def _urls(between: tuple[str, ...]) -> st.SearchStrategy[str]:
    secret = st.builds(f"{FIRST}{{}}{SECOND}".format, st.sampled_from(between))
    parts = st.tuples(st.sampled_from(_SCHEMES), st.sampled_from(_USERS), secret, st.sampled_from(_HOSTS), st.sampled_from(_TAILS))
    return parts.filter(_can_be_told).map(lambda part: part[0] + part[1].format(secret=part[2]) + part[3] + part[4])


def _can_be_told(part: tuple[str, str, str, str, str]) -> bool:
    """Behind a bare token with a raw slash, only a name with dots is known to be a host."""
    return not any(sign in part[2] for sign in "/#?") or (part[3].startswith("pypi.") and not part[1].startswith(("{secret}:", "$")))


_PLAIN = _urls(_BETWEEN)
_QUOTABLE = _urls((*_BETWEEN, *_QUOTED_ONLY))
_PLACED = ("{url}\n", "-i {url}\n", "--extra-index-url {url} ", "--extra-index-url={url}\n", "pip install -i {url} foo\n", "pip install {url}\n",
           "foo @ {url}\n", "-e {url}\n",
           "RUN pip install \\\n  --extra-index-url {url} \\\n  foo\n", "ENV PIP_EXTRA_INDEX_URL={url}\n", "ENV PIP_EXTRA_INDEX_URL {url}\n",
           "export UV_INDEX=acme={url}\n",
           "PIP_EXTRA_INDEX_URL: {url}\n", "extra-index-url = {url}\n", "[global]\nfind-links =\n  {url}\n  {url}\n", "- --find-links {url}\n",
           "  - pip:\n    - -f {url}\n",
           "pip config set global.index-url {url}\n", "--trusted-host {url}\n", "foo==1 --index-url {url}\n", "$env:PIP_INDEX_URL = {url}\n",
           "[tox:indexserver]\ndefault = {url}\n")
_PLACED_QUOTED = ('--extra-index-url "{url}"\n', '--index-url="{url}"\n', 'ENV PIP_INDEX_URL="{url}"\n', 'PIP_EXTRA_INDEX_URL: "{url}"\n',
                  '["pip", "install", "-i", "{url}"]\n',
                  'session.install("--extra-index-url", "{url}")\n', '[[source]]\nname = "a"\nurl = "{url}"\nverify_ssl = false\n',
                  '[tool.uv]\nextra-index-url = ["{url}"]\n',
                  '[[tool.poetry.source]]\nname = "a"\nurl = "{url}"\n', 'index-url = "{url}"\n', '[[packages]]\nname = "a"\nindex = "{url}"\n',
                  '[project]\nname = "a"\ndependencies = ["foo @ {url}"]\n',
                  '{{"_meta": {{"sources": [{{"name": "a", "url": "{url}"}}]}}, "default": {{"a": {{"index": "{url}"}}}}}}\n')
_WITH_SECRETS = st.one_of(st.builds(lambda form, url: form.format(url=url), st.sampled_from(_PLACED), _PLAIN),
                          st.builds(lambda form, url: form.format(url=url), st.sampled_from(_PLACED_QUOTED), _QUOTABLE))

_FRAGMENTS = st.sampled_from((
    "pip", "pip3", "python -m pip", "uv pip", "uv", "pipenv", "install", "RUN", "ENV", "ARG", "env:", "- pip:", "- ", "  ", "\t", "    ", "\n", "\r\n", "\r",
    "\x0c", "\u2028", "\x00", "\ufeff",
    "\\\n", "`\n", "^\n", "\\", "#", "//", "/*", "*/", "# pip-pinned: ignore", "# pip-pinned: ignore[extra-index]", "<!-- pip-pinned: ignore -->", "```\n",
    "~~~\n", "<<EOF\n", "EOF\n", "$ ",
    "-i", "-f", "-r", "-c", "-e", "--index-url", "--extra-index-url", "--extra-index-url=", "--find-links", "--trusted-host", "--index", "--hash=sha256:00",
    "--", "-",
    "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "UV_INDEX", "PIP_TRUSTED_HOST", "extra-index-url", "find-links", "trusted-host", "index_url", "=", " = ", ":",
    ": >-\n", ": |\n", ",", ";", "|", "&&",
    "'", '"', "'''", '\\"', "(", ")", "[", "]", "{", "}", "${", "${{", "}}", "$(", "$", "%", "<", ">", "@", "://", "https://", "http://[",
    "https://a.example/simple", "https://[/x]@b", "file:///x",
    "[global]\n", "[[packages]]\n", "[[source]]\n", "[tool.uv]\n", "[tool.poetry.dependencies]\n", "[options]\n", "deps =", "name = ", "- name: ", "value: ",
    '{"default": {"a": {}}}', '"\\ud800"', "[/bold]",
    "session.install(", "subprocess.run(", "config set global.index-url", "foo==1", "foo[bar] @ ", "git+", "git@", "#egg=", "é", "\N{SNOWMAN}", "\U0001f600",
    "9" * 30, "x" * 300))
_TEXTS = st.lists(st.one_of(_FRAGMENTS, _FRAGMENTS, st.text(max_size=5), _WITH_SECRETS), max_size=25).map("".join)


def _scan(path: str, text: str) -> Facts:
    reader = files.reader_of(path)
    assert reader is not None, path
    facts = Facts()
    facts.files.append(path)
    files.read_text(facts, path, text, reader)
    return facts


def _check(path: str, text: str) -> tuple[Facts, tuple[findings.Finding, ...]]:
    """What was seen and found, after it was seen that everything stands within the file."""
    facts = _scan(path, text)
    found = tuple(findings.judge(facts, Policy(), lambda _: True))
    last = max(text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1, len(text.splitlines()))  # the latter is how pip counts
    places = [*(source.place for source in facts.sources), *(name.place for name in facts.names), *(entry.place for entry in facts.locked),
              *(note.place for note in facts.notes)]
    assert all(place.file == path and 1 <= place.line <= last for place in [*places, *(finding.place for finding in found)])
    assert all(1 <= source.lines <= last - source.place.line + 1 for source in facts.sources)
    assert all(isinstance(source.url, str | None) and isinstance(source.shown, str) for source in facts.sources)
    return facts, found


def _reports(found: tuple[findings.Finding, ...]) -> str:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        for show in FORMATS.values():
            show(Report(found, 1, 0, ()))
    shown.getvalue().encode()
    return shown.getvalue()


def _has_secret(text: str) -> bool:
    return FIRST in text or SECOND in text


@pytest.mark.parametrize("path", PATHS)
@settings(_FUZZ, max_examples=_COUNT // 5)
@given(text=_TEXTS)
def test_any_text_can_be_read(path: str, text: str) -> None:
    _reports(_check(path, text)[1])


@settings(_FUZZ)
@given(path=st.sampled_from(PATHS), text=st.lists(_WITH_SECRETS, min_size=1, max_size=4).map("".join))
def test_no_secret_is_shown(path: str, text: str) -> None:
    facts, found = _check(path, text)
    assert not [source.shown for source in facts.sources if _has_secret(source.shown)]
    assert not _has_secret(_reports(found).replace("\n", ""))


@settings(_FUZZ)
@given(url=_QUOTABLE, around=st.sampled_from(("{}", " {} ", "x={}", "${{X:-{}}}")))
def test_no_secret_is_left_in_a_concealed_value(url: str, around: str) -> None:
    assert not _has_secret(conceal_value(around.format(url)))


@settings(_FUZZ)
@given(first=_PLAIN, second=_PLAIN, between=st.sampled_from((" ", " and ", '", "', "\n", " # ")))
def test_no_secret_is_left_in_a_concealed_text(first: str, second: str, between: str) -> None:
    assert not _has_secret(conceal(f"{first}{between}{second}"))


@settings(_FUZZ)
@given(url=_PLAIN)
def test_no_secret_is_shown_of_what_else_is_worth_a_finding(url: str) -> None:
    facts = Facts()
    facts.notes.append(Note("trusted-host", Place("pip.conf", 1), f"{url} is asked"))
    facts.unread.append(("pip.conf", conceal(f"no {url}")))
    assert not _has_secret(_reports(tuple(findings.judge(facts, Policy(), lambda _: True))).replace("\n", ""))


_CORPUS = [(file.relative_to(case.path).as_posix(), file.read_text(encoding="utf-8")) for case in CASES for file in case.files
           if files.reader_of(file.relative_to(case.path).as_posix()) is not None]
_KEPT = ("Hunter2", "Sommer-2024", "Kx93-mvQ0", "Vx81-qmA9", "ssw%2Frd-1234", "word-12", "0123456789abcdef0123", "ghp_0123456789")


@settings(_FUZZ, max_examples=2 * _COUNT)
@given(data=st.data(), entry=st.sampled_from(_CORPUS), by_line=st.booleans())
def test_files_of_the_corpus_with_mistakes_can_be_read(data: st.DataObject, entry: tuple[str, str], by_line: bool) -> None:
    """Lines or characters left out, written twice, or exchanged."""
    path, text = entry
    parts = text.splitlines(keepends=True) if by_line else list(text)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(parts) - 1)) if parts else 0
        change = data.draw(st.sampled_from(("delete", "duplicate", "swap")))
        if change == "swap" and parts:
            other = data.draw(st.integers(0, len(parts) - 1))
            parts[at], parts[other] = parts[other], parts[at]
        else:
            parts[at:at + 1] = parts[at:at + 1] * (0 if change == "delete" else 2)
    facts, found = _check(path, "".join(parts))
    shown = _reports(found).replace("\n", "") + " ".join(source.shown for source in facts.sources)
    if by_line:
        assert not [secret for secret in _KEPT if secret in shown]


_LONG = 100_000
_REPEATED = ("a", " ", "\t", "-", "/", "(", "[", "{", "<", '"', "'", "\\", "$", "${", "${{", "$(", "{{", "@", ":", "://", "https://", "https://a@",
             "https://a:b", "--index-url ", "--index-url=https://a.example ",
             "-i ", "pip ", "pip -x ", "pip install a ", "pip install -i x ", "config ", "config set ", "PIP_INDEX_URL=a ", "PIP_INDEX_URL ",
             "PIP_INDEX_URL: a ", "extra-index-url = a ", "index_url=",
             "a, ", "a;", "a|", "echo ", "# ", "#", "egg=", "#egg=a&", "a/", "a.", "$a/", "session.install(", "run(\t", "uv run ", "<a>", "%a%", "é", "\\n", "'\",")
_HEADS = ("", "pip install ", "--extra-index-url ", "foo @ https://", "PIP_EXTRA_INDEX_URL: ", "[global]\nextra-index-url = ")


@pytest.mark.parametrize("path", ["requirements.txt", "pip.conf", "tox.ini", "Dockerfile", ".github/workflows/ci.yml", "Jenkinsfile", "noxfile.py",
                                  "environment.yml", "README.md", "pyproject.toml"])
def test_long_lines_take_no_long_time(path: str) -> None:
    """A part of the length, for everything that may be repeated."""
    _in_time(path, zip(itertools.cycle(_HEADS), (one for one in _REPEATED for _ in range(2)), strict=False), _LONG // 40)


@pytest.mark.parametrize("head", ["", "--extra-index-url ", "[global]\nextra-index-url = "])
def test_the_longest_lines(head: str) -> None:
    _in_time("install.sh", itertools.product([head], ("a", "${", "https://a/", "--index-url=https://a.example ", "PIP_INDEX_URL=a ", " ")), _LONG)


def _in_time(path: str, made: Iterable[tuple[str, str]], length: int) -> None:
    for head, repeated in made:
        start = time.process_time()
        findings.judge(_scan(path, head + repeated * (length // len(repeated)) + "\n"), Policy(), lambda _: True)
        assert time.process_time() - start < 5, (path, head, repeated)
