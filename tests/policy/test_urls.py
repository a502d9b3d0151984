"""Where index URLs point, and what of them may be shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pip_pinned.policy import urls
from pip_pinned.policy.merge import url_texts

HOST = "https://pypi.acme.example"


@pytest.mark.parametrize(("url", "shown"), [
    (f"{HOST}/simple", f"{HOST}/simple"),
    ("https://user:secret@pypi.acme.example/simple", "https://user:****@pypi.acme.example/simple"),
    ("https://user:@pypi.acme.example/simple", "https://****@pypi.acme.example/simple"),
    ("https://secret@pypi.acme.example:8443/simple?a=b#c", "https://****@pypi.acme.example:8443/simple?a=****#c"),
    ("https://user:sec@ret@pypi.acme.example/simple", "https://****@pypi.acme.example/simple"),  # is no URL (urls.Url)
    ("https://user:s:e:c@pypi.acme.example/simple", "https://user:****@pypi.acme.example/simple"),
    (f"{HOST}/@scope/simple", f"{HOST}/@scope/simple"),
    ("file:///srv/wheels", "file:///srv/wheels"),
])
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    assert urls.redact(url) == shown


@pytest.mark.parametrize(("text", "shown"), [
    ("no URL here, mail me@acme.example", "no URL here, mail me@acme.example"),
    (f"see {HOST}/simple.", f"see {HOST}/simple."),
    ("at https://user:secret@a.example/x and http://token@b.example/y", "at https://****@a.example/x and http://****@b.example/y"),
    ("git+https://user:secret@a.example/x.git", "git+https://****@a.example/x.git"),
    ("https://a.example/@scope/pkg", "https://a.example/@scope/pkg"),
    ("https://user:sec@ret@a.example/x", "https://****@a.example/x"),
])
def test_text_is_shown_without_user_information(text: str, shown: str) -> None:
    assert url_texts.redact_text(text) == shown


@given(st.text("abc:@%.", min_size=1), st.sampled_from(("/simple", "", "/x/y?z")))
def test_no_password_of_any_shape_is_shown(password: str, path: str) -> None:
    secret = f"begin{password}end"
    url = f"https://user:{secret}@pypi.acme.example{path}"
    for shown in (urls.redact(url), urls.without_credentials(url), url_texts.redact_text(f"failed: {url}")):
        assert "begin" not in shown
        assert "end" not in shown


def test_credentials_are_decoded() -> None:
    assert urls.credentials("https://us%40er:p%2Fw@pypi.acme.example/simple") == ("us@er", "p/w")
    assert urls.credentials("https://token@pypi.acme.example/simple") == ("token", None)
    assert urls.credentials("https://user:@pypi.acme.example/simple") == ("user", "")
    assert urls.credentials(f"{HOST}/@scope") == (None, None)
    assert urls.without_credentials("https://user:secret@pypi.acme.example:8443/simple#x") == "https://pypi.acme.example:8443/simple#x"
    assert urls.without_fragment(f"{HOST}/a.whl#sha256=0#1") == f"{HOST}/a.whl"


@pytest.mark.parametrize(("asked", "answered", "same"), [
    ("https://a.example/x", "https://a.example:443/y", True),
    ("https://A.example/x", "HTTPS://user:pw@a.EXAMPLE/y", True),
    ("http://a.example/x", "http://a.example:80/x", True),
    ("http://a.example/x", "https://a.example/x", True),
    ("http://a.example:80/x", "https://a.example:443/x", True),
    ("https://a.example/x", "http://a.example/x", False),
    ("http://a.example:8080/x", "https://a.example/x", False),
    ("http://a.example/x", "https://a.example:8443/x", False),
    ("http://a.example:8080/x", "https://a.example:8080/x", False),
    ("http://a.example:443/x", "https://a.example:443/x", False),
    ("https://a.example/x", "https://a.example:8443/x", False),
    ("https://a.example/x", "https://b.example/x", False),
    ("http://a.example/x", "https://b.example/x", False),
    ("https://a.example/x", "https://sub.a.example/x", False),
    ("https://a.example/x", "https://a.example@b.example/x", False),
    ("https://a.example/x", "file:///x", False),
])
def test_origins_are_compared_by_scheme_host_and_port(asked: str, answered: str, same: bool) -> None:
    assert urls.same_origin(asked, answered) is same


def test_a_port_that_is_no_number_has_no_origin() -> None:
    with pytest.raises(ValueError, match="[Pp]ort"):
        urls.origin("https://a.example:port/x")


@pytest.mark.parametrize(("url", "accepted"), [
    (f"{HOST}/simple", True), ("http://127.0.0.1:3141", True), ("file:///srv/wheels", True), ("HTTPS://A.example", True),
    ("https://[::1]:3141/simple", True),
    ("pypi.acme.example/simple", False), ("//pypi.acme.example/simple", False), ("https:///simple", False), ("ftp://a.example/x", False),
    ("git+https://a.example/x", False), ("./wheels", False), ("", False), ("localhost:3141/simple", False), ("C:\\wheels", False),
    ("https://[::1/simple", False),
])
def test_an_index_url_has_a_scheme_and_a_host(url: str, accepted: bool) -> None:
    assert urls.has_scheme(url) is accepted


@pytest.mark.parametrize(("first", "second", "same"), [
    (f"{HOST}/simple", f"{HOST}/simple/", True),
    (f"{HOST}/simple", "https://user:secret@pypi.acme.example/simple", True),
    (f"{HOST}/simple", f"{HOST}/other", False),
    (f"{HOST}/simple", "http://pypi.acme.example/simple", False),
    (f"{HOST}/simple", "https://pypi.acme.example:8443/simple", False),
])
def test_one_index_may_be_written_in_several_ways(first: str, second: str, same: bool) -> None:
    assert urls.same_index(first, second) is same


@pytest.mark.parametrize(("location", "path"), [
    ("wheels", "wheels"), ("./wheels", "./wheels"), ("/srv/wheels", "/srv/wheels"), ("C:\\wheels", "C:\\wheels"),
    ("file:///srv/my%20wheels", "/srv/my wheels"), ("FILE:///srv/wheels", "/srv/wheels"),
    (f"{HOST}/files.html", None), ("http://a.example/x", None), ("ftp://a.example/x", None),
])
def test_a_local_path_is_what_no_network_is_needed_for(location: str, path: str | None) -> None:
    assert urls.local_path(location) == path


def test_a_file_url_leads_back_to_its_path(tmp_path: Path) -> None:
    found = urls.local_path((tmp_path / "my wheels").as_uri())
    assert found is not None
    assert os.path.normcase(Path(found)) == os.path.normcase(tmp_path / "my wheels")


@pytest.mark.parametrize(("url", "scope"), [
    (f"{HOST}/simple", ()), (f"{HOST}/simple/", ()), (HOST, ()), (f"{HOST}/", ()),
    (f"{HOST}/root/acme/+simple/", ("root", "acme")), (f"{HOST}/api/packages/simple", ("api", "packages")),
    (f"{HOST}/acme", ("acme",)), (f"{HOST}/mysimple", ("mysimple",)), (f"{HOST}/simple/simple", ("simple",)),
    (f"{HOST}/t%7Eam//x/../simple", ("t~am",)), (f"{HOST}/group%2Fproject/simple", ("group/project",)),
])
def test_credentials_belong_below_the_index(url: str, scope: tuple[str, ...]) -> None:
    assert urls.credential_scope(url) == scope


@pytest.mark.parametrize(("path", "segments"), [
    ("/a/b/x.whl", ("a", "b", "x.whl")), ("//a///b", ("a", "b")), ("/a/%62", ("a", "b")), ("/a/b%2Fc", ("a", "b/c")), ("/a/x..whl", ("a", "x..whl")),
    ("/a/../b", None), ("/a/./b", None), ("/a/%2e%2e/b", None), ("/a/..%2fb", None), ("/a/%252e%252e%252fb", None), ("/a/..%5Cb", None), ("/a/b%2f..", None),
])
def test_a_path_that_may_lead_up_has_no_segments(path: str, segments: tuple[str, ...] | None) -> None:
    assert urls.path_segments(HOST + path) == segments


@pytest.mark.parametrize(("text", "shown"), [
    ("http://u:s3cret/x@h/", "http://****@h/"), ("http://u:x#s3cret@h/", "http://****@h/"), ("http://a:s3cret@[::1/", "http://****@[::1/"),
    ("http://u:[s3cret]@h/", "http://****@h/"), ("u:s3cret@h/simple", "****@h/simple"), ("http:u:s3cret@h/", "****@h/"), ("https://s3cret:@h/", "https://****@h/"),
])
def test_what_is_no_url_is_shown_without_what_may_be_a_secret(text: str, shown: str) -> None:
    assert urls.redact(text) == shown
