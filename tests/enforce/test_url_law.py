"""For any text: the origin that is judged is that of the request as it is prepared and sent, or the text is refused (CONTRACT 1.6)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from urllib3.util import parse_url

from pip_pinned.policy.urls import BadUrl, Url
from tests.running import Machine

PIECES = [
    "http",
    "https",
    "HTTP",
    "file",
    "://",
    ":",
    "/",
    "//",
    "@",
    "@@",
    "\\",
    "\t",
    "\n",
    "\r",
    " ",
    "\x0c",
    "\x85",
    "\u2028",
    "\u3000",
    "evil",
    "pinned",
    "a.example",
    "fa\xdf.example",
    "\u03c3",
    "x\u200dy",
    "\uff21",
    "\u3002",
    "\uff0f",
    "[",
    "]",
    "::1",
    "[::1]",
    "[::1%25eth0]",
    "127.0.0.1",
    "0x7f.1",
    ":80",
    ":080",
    ":443",
    ":99999",
    ":0",
    ":",
    ".",
    "..",
    "%2e%2e",
    "%2E",
    "%252e",
    "%2F",
    "%2f",
    "%5c",
    "%00",
    "%zz",
    "%",
    "%C3%9F",
    ";",
    "..;",
    ".;",
    "?",
    "?q=1",
    "#",
    "#f",
    "&",
    "=",
    "+simple",
    "group%2Fproject",
    "simple",
    "_",
    "-",
    "*",
    "|",
    "^",
    "`",
    "{",
    "}",
    "'",
    '"',
    "<",
    ">",
    "~",
    "%7e",
    "%41",
    "!",
    "$",
    "(",
    ")",
    ",",
]
_PIECE = st.sampled_from(PIECES)
TEXTS = st.one_of(
    st.text(),
    st.lists(_PIECE, max_size=12).map("".join),
    st.tuples(
        st.sampled_from(["http://", "https://"]), st.lists(_PIECE, max_size=10).map("".join)
    ).map("".join),
    st.tuples(
        st.sampled_from(
            ["https://h/", "https://a_b.example/", "https://u:p@h:8443/", "http://[::1]:80/"]
        ),
        st.lists(_PIECE, max_size=8).map("".join),
    ).map("".join),
)


@settings(max_examples=2000)
@given(TEXTS)
def test_what_is_judged_is_what_is_sent(text: str) -> None:
    try:
        url = Url(text)
    except BadUrl:
        return
    if url.scheme == "file":
        return
    prepared = requests.Session().prepare_request(requests.Request("GET", text)).url
    assert prepared is not None
    scheme, _, rest = prepared.partition("#")[0].partition("://")
    authority, slash, path = rest.partition("/")
    assert f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}" == url.text
    connected = parse_url(url.text)
    assert (
        connected.scheme,
        connected.host,
        connected.port or {"http": 80, "https": 443}[url.scheme],
    ) == url.origin
    assert (urlsplit(url.text).hostname or "") == url.host.strip("[]")
    sent = HTTPAdapter().request_url(requests.Request("GET", url.text).prepare(), {})
    assert sent == url.path + ("?" if url.query else "") + url.query
    assert Url(url.text) == url and Url(url.text).origin == url.origin


@given(TEXTS, TEXTS)
def test_a_reference_is_a_url_that_is_sent_as_it_was_judged_or_none(
    base: str, reference: str
) -> None:
    try:
        joined = Url(base).joined(reference)
    except BadUrl:
        return
    assert Url(joined.text) == joined


_LAW = """
import random, sys
from pip._vendor import requests
from pip._vendor.requests.adapters import HTTPAdapter
from pip._vendor.urllib3.util import parse_url
from pip_pinned.policy.urls import BadUrl, Url
dice, pieces, accepted = random.Random(1), {pieces!r}, 0
for _ in range(2000):
    text = dice.choice(["", "http://", "https://h/", "https://u:p@a_b.example:8443/", "http://[::1]/"]) + "".join(dice.choices(pieces, k=dice.randint(0, 6)))
    try:
        url = Url(text)
    except BadUrl:
        continue
    if url.scheme == "file":
        continue
    accepted += 1
    prepared = requests.Session().prepare_request(requests.Request("GET", text)).url.partition("#")[0]
    scheme, _, rest = prepared.partition("://")
    authority, slash, path = rest.partition("/")
    assert scheme + "://" + authority.rpartition("@")[2] + slash + path == url.text, (text, prepared, url.text)
    connected = parse_url(url.text)
    assert (connected.scheme, connected.host, connected.port or dict(http=80, https=443)[url.scheme]) == url.origin, text
    assert HTTPAdapter().request_url(requests.Request("GET", url.text).prepare(), dict()) == url.path + ("?" if url.query else "") + url.query, text
print(accepted)
"""


@pytest.mark.pips(always=True)
def test_the_requests_of_every_pip_reads_it_likewise(machine: Machine) -> None:
    machine.write("law.py", _LAW.format(pieces=PIECES))
    done = machine.run_script("law.py")
    assert done.code == 0 and int(done.out) > 300, done.text


@pytest.mark.parametrize(
    "text",
    [
        "http://evil\\@pinned/x",
        "http:\\\\evil/x",
        "http://pinned\\.evil/",
        "http://a@b@pinned/",
        "http://u:p/w@pinned/",
        "http://u:[p]@pinned/",
        "http://fa\xdf.example/",
        "http://\u03c3\u03c2.example/",
        "http://x\u200d.example/",
        "http://\uff21.example/",
        "http://pinned\u3002evil/",
        "http://pinned%2eevil/",
        "http://pinned:80:80/",
        "http://pinned:080/",
        "http://pinned:99999/",
        "http://pinned:/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://.pinned/",
        "http://pinned..evil/",
        "http:///x",
        "http://pin ned/",
        "http://pinned/\n",
        "http://pinned/a b",
        "http://pinned/a/../b",
        "http://pinned/a/%2e%2E/b",
        "http://pinned/a/%252e%252e/b",
        "http://pinned/acme/..;/pub/",
        "http://pinned/a/.;x=1/b",
        "http://pinned/a/..%2fb",
        "http://pinned/a/..%5cb",
        "http://pinned//evil/x",
        "http://pinned/%zz",
        "http://pinned/?%",
        "//pinned/x",
        "ftp://pinned/x",
        "git+https://pinned/x",
        "file://pinned/x",
        "http:pinned",
        "",
    ],
)
def test_what_two_parsers_may_read_differently_is_refused(text: str) -> None:
    with pytest.raises(BadUrl):
        Url(text)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("https://gitlab.example/api/v4/projects/group%2Fproject/packages/pypi/simple", None),
        ("https://devpi.example/root/acme/+simple/", None),
        ("https://a_b.example/x", None),
        ("https://h/@scope/x", None),
        ("https://h/x?X-Amz-Signature=a%2Fb&c=d+e", None),
        ("https://h./x", None),
        ("http://[::1]:3141/simple", None),
        ("HTTPS://User:p%40ss@A.Example:8443/x#sha256=0", "https://a.example:8443/x"),
        ("http://h", "http://h/"),
        ("http://h/%7euser/%2f", "http://h/~user/%2F"),
        ("http://h/\xfc?", "http://h/%C3%BC"),
        ("http://h/a//b", None),
        ("http://h/x..whl", None),
        ("http://h/a;b=1/c", None),
        ("http://127.1/x", None),
    ],
)
def test_what_is_usual_stays(text: str, sent: str | None) -> None:
    assert Url(text).text == (sent or text)
