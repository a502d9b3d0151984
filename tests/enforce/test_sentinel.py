"""``sentinel``: an index that answers 404 to whom it does not know is not believed (CONTRACT 4.14)."""

from __future__ import annotations

import pytest

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer
from tests.servers.projects import wheel


@pytest.fixture
def watched(acme: Machine, private: IndexServer, public: IndexServer) -> Machine:
    """A project whose private index, asked first for every name, has acme-core as its sentinel."""
    policy = POLICY.format(private=private.url, public=public.url)
    acme.write("pip-pinned.toml", policy.replace("explicit = true", 'sentinel = "Acme_Core"'))
    return acme


@pytest.mark.pips
@pytest.mark.parametrize("name", ["pubdep", "acme-new"])
def test_a_server_that_knows_nobody_stops_the_run(
    name: str, watched: Machine, private: IndexServer, public: IndexServer
) -> None:
    public.add(wheel("acme-new", "1.0", says="evil"))
    private.answers["/simple/.*"] = Answer(404)  # an expired token
    done = watched.pinned("install", "--target", "site", name)
    assert done.error == "index-auth-failed" and "sentinel Acme_Core is missing too" in " ".join(
        done.text.split()
    ), done.text
    assert watched.installed() == {} and public.requests == []


@pytest.mark.pips
def test_the_sentinel_is_asked_once_and_then_absent_is_believed(
    watched: Machine, private: IndexServer, public: IndexServer
) -> None:
    public.add(wheel("pubapp", "1.0", requires=("pubdep", "pubother")), wheel("pubother", "1.0"))
    done = watched.pinned("install", "--target", "site", "pubapp")
    assert done.code == 0 and set(watched.installed()) == {"pubapp", "pubdep", "pubother"}, (
        done.text
    )
    assert private.pages_asked().count("acme-core") == 1


def test_the_sentinel_itself_may_not_be_missing(
    watched: Machine, private: IndexServer, public: IndexServer
) -> None:
    del private.projects["acme-core"]
    done = watched.pinned("install", "--target", "site", "acme-core")
    assert done.error == "index-auth-failed" and public.requests == [], done.text


def test_a_sentinel_is_the_name_of_a_project(watched: Machine) -> None:
    path = watched.project / "pip-pinned.toml"
    path.write_text(path.read_text().replace("Acme_Core", "acme core"))
    assert watched.pinned("install", "acme-core").error == "bad-configuration"
