"""Where the credentials of an index come from, in which order, and what is said when there are none (CONTRACT 2.2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer, Request
from tests.servers.projects import sdist

_USER, _PASSWORD = "PIP_PINNED_INDEX_ACME_USERNAME", "PIP_PINNED_INDEX_ACME_PASSWORD"


@pytest.fixture
def guarded(machine: Machine, private: IndexServer, public: IndexServer) -> Machine:
    """A project whose private index wants robot and s3cret, and says so nowhere."""
    private.credentials = ("robot", "s3cret")
    machine.write("pip-pinned.toml", POLICY.format(private=private.url, public=public.url))
    return machine


def _netrc(machine: Machine, text: str) -> None:
    path = Path(machine.environment["HOME"]) / ".netrc"
    path.write_text(text)
    path.chmod(0o600)


@pytest.mark.pips
def test_variables_named_after_the_index(guarded: Machine, private: IndexServer) -> None:
    private.add(sdist("acme-app", "1.0", build_requires=("acme-build",)))
    done = guarded.pinned("install", "--target", "site", "acme-app", **{_USER: "robot", _PASSWORD: "s3cret"})
    assert done.code == 0 and guarded.module("acme_app")["BUILT_WITH"] == "private", done.text
    assert all(request.authorization == ("robot", "s3cret") for request in private.requests)
    assert "s3cret" not in done.text


def test_the_url_comes_before_variables_and_variables_before_netrc(guarded: Machine, private: IndexServer, public: IndexServer) -> None:
    _netrc(guarded, "machine 127.0.0.1 login netrc password wrong\n")
    assert guarded.pinned("install", "--target", "one", "acme-core", **{_USER: "robot", _PASSWORD: "s3cret"}).code == 0
    guarded.write("pip-pinned.toml", POLICY.format(private=private.url_with_credentials, public=public.url))
    assert guarded.pinned("install", "--target", "two", "acme-core", **{_USER: "variable", _PASSWORD: "wrong"}).code == 0
    assert {request.authorization for request in private.requests} == {("robot", "s3cret")}


def test_a_user_name_in_the_url_is_completed_by_a_password_from_a_variable(guarded: Machine, private: IndexServer, public: IndexServer) -> None:
    guarded.write("pip-pinned.toml", POLICY.format(private=private.url.replace("://", "://robot@"), public=public.url))
    assert guarded.pinned("install", "--target", "site", "acme-core", **{_PASSWORD: "s3cret"}).code == 0


@pytest.mark.parametrize(("user", "password"), [("t0ken", ""), ("__token__", "p@ss/word:with%signs"), ("", "password-alone")])
def test_unusual_credentials_arrive_as_they_are(user: str, password: str, guarded: Machine, private: IndexServer) -> None:
    private.credentials = (user, password)
    done = guarded.pinned("install", "--target", "site", "acme-core", **{_USER: user, _PASSWORD: password})
    assert done.code == 0, done.text


@pytest.mark.parametrize(("userinfo", "credentials"), [("robot:@", ("robot", "")), ("t0ken@", ("t0ken", "")), ("p%40ss:%3A%2F%25@", ("p@ss", ":/%"))])
def test_unusual_credentials_in_the_url(userinfo: str, credentials: tuple[str, str], guarded: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = credentials
    guarded.write("pip-pinned.toml", POLICY.format(private=private.url.replace("://", f"://{userinfo}"), public=public.url))
    done = guarded.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0, done.text


def test_uvs_own_variables_count_in_uvs_dialect_only(machine: Machine, private: IndexServer) -> None:
    private.credentials = ("robot", "s3cret")
    uv = {"UV_INDEX_ACME_PROD_USERNAME": "robot", "UV_INDEX_ACME_PROD_PASSWORD": "s3cret"}
    machine.write("pyproject.toml", f'[[tool.uv.index]]\nname = "acme-prod"\nurl = "{private.url}"\n[tool.uv.sources]\nacme-core = {{ index = "acme-prod" }}\n')
    assert machine.pinned("install", "--target", "uv", "acme-core", **uv).code == 0
    machine.write("pyproject.toml", f'[[tool.pip-pinned.index]]\nname = "acme-prod"\nurl = "{private.url}"\n[tool.pip-pinned.sources]\nacme-core = {{ index = "acme-prod" }}\n')
    assert machine.pinned("install", "--target", "native", "acme-core", **uv).error == "index-auth-failed"


@pytest.mark.pips
def test_always_asks_no_question_without_credentials(guarded: Machine, private: IndexServer, public: IndexServer) -> None:
    """Some hosts answer 404 to a stranger, which would read as absent."""

    def hide_from_strangers(request: Request) -> Answer | None:
        return None if request.authorization == ("robot", "s3cret") else Answer(404)

    private.answers["/simple/.*"] = hide_from_strangers
    policy = POLICY.format(private=private.url, public=public.url).replace("explicit = true", 'explicit = true\nauthenticate = "always"')
    guarded.write("pip-pinned.toml", policy)
    done = guarded.pinned("install", "--target", "site", "acme-core")
    assert (done.error, done.code) == ("index-auth-failed", 1) and _USER in done.text and "netrc" in done.text, done.text
    assert private.requests == []
    _netrc(guarded, "machine 127.0.0.1 login robot password s3cret\n")
    done = guarded.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0 and all(request.authorization for request in private.requests), done.text


def test_never_sends_nothing_and_looks_nothing_up(guarded: Machine, private: IndexServer, public: IndexServer) -> None:
    _netrc(guarded, "machine 127.0.0.1 login robot password s3cret\n")
    policy = POLICY.format(private=private.url, public=public.url).replace("explicit = true", 'explicit = true\nauthenticate = "never"')
    guarded.write("pip-pinned.toml", policy)
    done = guarded.pinned("install", "--target", "site", "acme-core", **{_USER: "robot", _PASSWORD: "s3cret"})
    assert done.error == "index-auth-failed" and "never" in done.text, done.text
    assert [request.authorization for request in private.requests] == [None]
    guarded.write("pip-pinned.toml", policy.replace(private.url, private.url_with_credentials))
    assert guarded.pinned("install", "--target", "site", "acme-core").error == "bad-configuration"


@pytest.mark.parametrize(("environment", "netrc", "said"), [
    ({_USER: "robot", _PASSWORD: "wr0ng"}, "", f"credentials: from {_PASSWORD}"),
    ({}, "machine 127.0.0.1 login robot password wr0ng\n", ".netrc"),
    ({}, "machine 127.0.0.1 login robot password wr0ng\nnonsense here\n", ".netrc:2 cannot be read"),
    ({}, "", "credentials: none in the index URL"),
])
def test_a_refusal_names_the_source_that_was_tried(environment: dict[str, str], netrc: str, said: str, guarded: Machine, private: IndexServer) -> None:
    if netrc:
        _netrc(guarded, netrc)
    done = guarded.pinned("install", "--target", "site", "acme-core", COLUMNS="300", **environment)
    text = " ".join(done.text.replace("│", " ").split())
    assert done.error == "index-auth-failed" and said in text, done.text
    assert "wr0ng" not in done.text and len(private.requests) <= 2
