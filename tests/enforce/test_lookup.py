"""Which index is asked for what, how often, and what its answer does (CONTRACT 1.1, 3, 4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import POLICY
from tests.running import Machine
from tests.servers.index import Answer, IndexServer, redirect
from tests.servers.projects import sdist, wheel


def _policy(strategy: str, *indexes: IndexServer, sources: str = "", extra: str = "") -> str:
    tables = "".join(f'[[index]]\nname = "{index.name}"\nurl = "{index.url}"\n{"default = true" if i == len(indexes) - 1 else ""}\n{extra}\n'
                     for i, index in enumerate(indexes))
    return f'index-strategy = "{strategy}"\n{tables}[sources]\n{sources}\n'


@pytest.fixture
def three(serve: Callable[..., IndexServer]) -> tuple[IndexServer, IndexServer, IndexServer]:
    """a: lib 1.0; b: lib 2.0 and only-b 1.0; c (default): lib 3.0, only-c 1.0."""
    a = serve("a").add(wheel("lib", "1.0", says="a"))
    b = serve("b").add(wheel("lib", "2.0", says="b"), wheel("only-b", "1.0", says="b"))
    c = serve("c").add(wheel("lib", "3.0", says="c"), wheel("only-c", "1.0", says="c"), wheel("only-b", "0.5", says="c"))
    return a, b, c


@pytest.mark.pips(rows=True)
@pytest.mark.parametrize(("strategy", "requirement", "expected"), [
    ("first-index", "lib", "1.0"), ("first-index", "lib>=2", "PIP"), ("first-index", "only-c", "1.0"),
    ("unsafe-first-match", "lib", "1.0"), ("unsafe-first-match", "lib>=2", "2.0"), ("unsafe-first-match", "lib>2", "3.0"),
    ("unsafe-best-match", "lib", "3.0"), ("unsafe-best-match", "lib<3", "2.0"),
    ("default-index", "lib", "3.0"), ("default-index", "only-b", "0.5"), ("default-index", "lib<3", "PIP"),
    ("unique-index", "only-c", "1.0"), ("unique-index", "lib", "name-on-several-indexes"),
    ("pinned-only", "lib", "name-not-pinned"),
])
def test_strategies(strategy: str, requirement: str, expected: str, machine: Machine,
                    three: tuple[IndexServer, IndexServer, IndexServer]) -> None:
    machine.write("pip-pinned.toml", _policy(strategy, *three))
    done = machine.pinned("install", "--target", "site", requirement)
    if expected[0].isdigit():
        assert done.code == 0, done.text
        assert list(machine.installed().values()) == [expected]
    else:
        assert done.code == 1 and machine.installed() == {}, done.text
        assert expected == "PIP" or done.error == expected


@pytest.mark.pips
def test_best_match_takes_the_earlier_index_of_equal_versions(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    a, b = serve("a").add(sdist("lib", "1.0", says="a")), serve("b").add(wheel("lib", "1.0", says="b"))
    machine.write("pip-pinned.toml", _policy("unsafe-best-match", a, b))
    done = machine.pinned("install", "--target", "site", "lib")
    assert done.code == 0 and machine.module("lib")["WHO"] == "a", done.text


@pytest.mark.pips
def test_one_page_request_per_pinned_project_whatever_else_is_declared(machine: Machine, serve: Callable[..., IndexServer]) -> None:
    others = [serve(f"other-{i}").add(wheel("acme-core", "99.0"), wheel("acme-app", "99.0")) for i in range(5)]
    private = serve("acme").add(wheel("acme-app", "1.0", requires=("acme-core",)), wheel("acme-core", "1.0"))
    machine.write("pip-pinned.toml", _policy("first-index", *others, private, sources='"acme-*" = { index = "acme" }'))
    done = machine.pinned("install", "--target", "site", "acme-app")
    assert done.code == 0, done.text
    assert sorted(private.pages_asked()) == ["acme-app", "acme-core"]
    assert all(other.requests == [] for other in others)


def test_an_explicit_index_is_never_asked_for_an_unpinned_name(acme: Machine, private: IndexServer) -> None:
    private.add(wheel("pubdep", "9.0", says="private"))
    done = acme.pinned("install", "--target", "site", "pubdep")
    assert done.code == 0 and acme.installed() == {"pubdep": "1.0"}
    assert private.requests == []


def test_an_explicit_default_leaves_nothing_for_unpinned_names(machine: Machine, private: IndexServer) -> None:
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url}"\ndefault = true\nexplicit = true\n[sources]\nacme-core = {{ index = "acme" }}\n')
    assert machine.pinned("install", "--target", "site", "acme-core").code == 0
    done = machine.pinned("install", "--target", "other", "pubdep")
    assert done.code == 1 and "No matching distribution" in done.text, done.text
    assert "pubdep" not in private.pages_asked()


def test_verbose_output_says_index_and_reason_once_a_name(acme: Machine) -> None:
    done = acme.pinned("install", "--target", "site", "-v", "acme-core", "pubdep")
    lines = [line for line in done.err.splitlines() if line.startswith("pip-pinned: ")]
    assert lines == ["pip-pinned: acme-core: present on acme (glob 'acme-*' at pip-pinned.toml:12)",
                     "pip-pinned: pubdep: present on public (no pin; index-strategy first-index)"]


def test_an_error_names_package_index_answer_and_what_was_not_asked(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.credentials = ("robot", "s3cret")
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url_with_credentials.replace("s3cret", "wr0ng")}"\nexplicit = true\n'
                  f'[[index]]\nname = "public"\nurl = "{public.url}"\ndefault = true\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
    done = machine.pinned("install", "--target", "site", "acme-core")
    said = " ".join(done.text.replace("│", " ").split())
    for part in ("error: index-auth-failed", "acme-core", f"index: acme {private.url.replace('://', '://robot:****@')}", "answer: HTTP 401",
                 "not considered: public (acme-core is pinned to acme)", "hint:"):
        assert part in said
    assert "wr0ng" not in done.text and "s3cret" not in done.text


def test_ignored_error_codes_mean_absent(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.answers["/simple/pubdep/"] = Answer(403)
    private.answers["/simple/acme-core/"] = Answer(503)
    policy = _policy("first-index", private, public)
    machine.write("pip-pinned.toml", policy)
    assert machine.pinned("install", "--target", "site", "pubdep").error == "index-auth-failed"
    machine.write("pip-pinned.toml", policy.replace('name = "private"', 'name = "private"\nignore-error-codes = [403, 503]'))
    assert machine.pinned("install", "--target", "site", "pubdep", "acme-core").code == 0
    assert machine.installed() == {"pubdep": "1.0", "acme-core": "99.0"}


def test_a_redirect_on_the_same_origin_is_followed(acme: Machine, private: IndexServer) -> None:
    private.answers["/simple/acme-core/"] = redirect("/moved/acme-core/")
    private.answers["/moved/acme-core/"] = private.page("acme-core", private.projects["acme-core"])
    done = acme.pinned("install", "--target", "site", "acme-core")
    assert done.code == 0 and acme.installed() == {"acme-core": "1.0"}, done.text


def test_a_forwarded_unpinned_name_is_absent_there_and_nothing_is_sent_on(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.answers["/simple/pubdep/"] = redirect(f"{public.url}/pubdep/")
    machine.write("pip-pinned.toml", _policy("first-index", private, public))
    done = machine.pinned("install", "--target", "site", "pubdep")
    assert done.code == 0, done.text
    assert public.pages_asked() == ["pubdep"]
    assert [d["outcome"] for d in done.decisions] == ["absent", "present"]


@pytest.mark.parametrize("json_pages", [False, True])
def test_a_file_on_another_origin_is_taken_with_a_hash_or_by_allowance(json_pages: bool, acme: Machine, private: IndexServer, public: IndexServer) -> None:
    public.projects["acme-core"] = private.projects["acme-core"]
    private.json_pages = json_pages
    private.files_at = f"{public.root}/files"
    assert acme.pinned("install", "--target", "hashed", "acme-core").code == 0
    private.hashes = False
    assert acme.pinned("install", "--target", "unhashed", "acme-core").error == "off-origin-file"
    acme.write("pip-pinned.toml", 'allow-file-hosts = ["127.0.0.1"]\n' + (acme.project / "pip-pinned.toml").read_text())
    assert acme.pinned("install", "--target", "allowed", "acme-core").code == 0


@pytest.mark.pips
def test_a_file_with_the_wrong_hash_is_refused(acme: Machine, private: IndexServer) -> None:
    page = private.page("acme-core", private.projects["acme-core"])
    start = page.body.index(b"sha256=") + len(b"sha256=")
    private.answers["/simple/acme-core/"] = Answer(200, page.body[:start] + b"0" * 64 + page.body[start + 64:], page.headers)
    done = acme.pinned("install", "--target", "site", "acme-core")
    assert done.code == 1 and acme.installed() == {}, done.text


@pytest.mark.pips
def test_flat_indexes(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    wheels = machine.project / "wheelhouse"
    wheels.mkdir()
    file = wheel("local-lib", "1.0")
    (wheels / file.filename).write_bytes(file.content)
    machine.write("pip-pinned.toml", f'[[index]]\nname = "page"\nurl = "{private.root}/links.html"\nformat = "flat"\nexplicit = true\n'
                  f'[[index]]\nname = "house"\nurl = "{wheels.as_uri()}"\nformat = "flat"\nexplicit = true\n[[index]]\nname = "public"\nurl = "{public.url}"\n'
                  'default = true\n[sources]\n"acme-*" = { index = "page" }\n"local-*" = { index = "house" }\n')
    done = machine.pinned("install", "--target", "site", "acme-core", "local-lib", "pubdep")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0", "local-lib": "1.0", "pubdep": "1.0"}, done.text
    done = machine.pinned("install", "--target", "offline", "--no-index", "acme-core", "local-lib")
    assert done.code == 0, done.text
    for name in ("acme-none", "local-none"):
        assert machine.pinned("install", "--target", "none", name).error == "pin-not-found"


def test_a_flat_directory_that_is_gone_is_a_fault(machine: Machine, public: IndexServer) -> None:
    machine.write("pip-pinned.toml", f'[[index]]\nname = "house"\nurl = "file:///nowhere/at/all"\nformat = "flat"\n[[index]]\nname = "files"\n'
                  f'url = "file:///nowhere/either"\n[[index]]\nname = "public"\nurl = "{public.url}"\ndefault = true\n[sources]\n'
                  'acme-core = { index = "house" }\nacme-build = { index = "files" }\n')
    for name in ("acme-core", "acme-build", "pubdep"):
        assert machine.pinned("install", "--target", "site", name).error == "index-unavailable"


def test_local_find_links_add_to_unpinned_names_only(acme: Machine) -> None:
    for file in (wheel("acme-core", "99.0", says="evil"), wheel("pubdep", "2.0", says="local")):
        (acme.project / file.filename).write_bytes(file.content)
    done = acme.pinned("install", "--target", "site", "--find-links", ".", "acme-core", "pubdep")
    assert done.code == 0 and acme.installed() == {"acme-core": "1.0", "pubdep": "2.0"}, done.text


def test_inherit_does_not_depend_on_the_resolvers_order(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.add(wheel("acme-app", "1.0", requires=("pubdep",)), wheel("pubdep", "0.1", says="private"))
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url}"\nexplicit = true\ninherit = true\n[[index]]\nname = "public"\n'
                  f'url = "{public.url}"\ndefault = true\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
    done = machine.pinned("install", "--target", "one", "acme-app")
    assert done.code == 0 and machine.installed("one") == {"acme-app": "1.0", "pubdep": "0.1"}, done.text
    done = machine.pinned("install", "--target", "two", "pubdep", "acme-app")
    assert done.error == "inherit-conflict" and machine.installed("two") == {}, done.text


def test_inherit_falls_back_where_the_index_does_not_have_the_name(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    private.add(wheel("acme-app", "1.0", requires=("pubdep",)))
    machine.write("pip-pinned.toml", f'[[index]]\nname = "acme"\nurl = "{private.url}"\nexplicit = true\ninherit = true\n[[index]]\nname = "public"\n'
                  f'url = "{public.url}"\ndefault = true\n[sources]\n"acme-*" = {{ index = "acme" }}\n')
    done = machine.pinned("install", "--target", "site", "acme-app")
    assert done.code == 0 and machine.installed() == {"acme-app": "1.0", "pubdep": "1.0"}, done.text
    private.answers["/simple/pubdep/"] = Answer(503)
    assert machine.pinned("install", "--target", "other", "acme-app").error == "index-unavailable"


@pytest.mark.pips
def test_a_release_that_was_taken_down_is_gone_at_once(acme: Machine, private: IndexServer) -> None:
    private.add(wheel("acme-core", "1.1", says="private"))
    assert acme.pinned("install", "--target", "before", "acme-core").code == 0
    private.projects["acme-core"].pop()
    assert acme.pinned("install", "--target", "after", "acme-core").code == 0
    assert acme.installed("after") == {"acme-core": "1.0"}


@pytest.mark.pips
def test_a_directory_can_be_the_pinned_index(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    file = private.projects["acme-core"][0]
    machine.write("mirror/simple/acme-core/index.html", f'<!DOCTYPE html><a href="../../files/{file.filename}">{file.filename}</a>')
    (machine.project / "mirror" / "files").mkdir()
    (machine.project / "mirror" / "files" / file.filename).write_bytes(file.content)
    machine.write("pip-pinned.toml", POLICY.format(private=(machine.project / "mirror" / "simple").as_uri(), public=public.url))
    done = machine.pinned("install", "--target", "site", "acme-core", "pubdep")
    assert done.code == 0 and machine.installed() == {"acme-core": "1.0", "pubdep": "1.0"}, done.text
    assert machine.pinned("install", "--target", "other", "acme-build").error == "pin-not-found"
