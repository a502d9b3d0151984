"""The comparison as data: the indexes, and for each dialect the projects with what the tool and pip-pinned take from where."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.servers.projects import File, metadata_of, sdist, wheel

CREDENTIALS = ("robot", "s3cret")
_FAST = ("acme-utils; extra == 'fast'\nProvides-Extra: fast",)  # the second line is one of METADATA


def _files(who: str, *released: str, requires: tuple[str, ...] = ()) -> list[File]:
    """Wheels of an index. acme-build has its metadata beside it: only a build downloads the file."""
    return [wheel(name, version, says=who, requires=requires if name == "acme-core" else (), sidecar=metadata_of(name, version) if name == "acme-build" else None)
            for name, version in (text.split("==") for text in released)]


#: The indexes: ``moved`` redirects every page to ``public``; ``locked``, ``forbidden`` and ``down`` answer 401, 403 and 503.
INDEXES: dict[str, list[File]] = {
    "public": [*_files("public", "acme-core==99.0", "acme-core==0.1", "acme-utils==99.0", "acme-build==99.0", "shared==9.0", "lib==2.0", "torch==2.0", "twin==1.0",
                       "only-public==1.0", requires=_FAST), wheel("app", "1.0", requires=("acme-core",), says="public"), wheel("twin-app", "1.0",
         requires=("twin",), says="public"),
               sdist("srcapp", "1.0", says="public", build_requires=("acme-build",))],
    "acme": [*_files("acme", "acme-core==1.0", "acme-core==0.5", "acme-utils==1.0", "acme-build==1.0", "shared==1.0", "lib==1.0", "twin==1.0", "only-acme==1.0",
                     requires=_FAST), wheel("acme-app", "1.0", requires=("acme-core", "shared"), says="acme")],
    "mirror": _files("mirror", "acme-core==50.0", "acme-utils==50.0", "shared==5.0", "lib==3.0", "twin==1.0", "only-mirror==1.0", requires=_FAST),
    "cpu": _files("cpu", "torch==2.0+cpu", "torch==1.0+cpu", "shared==2.0", "twin==1.0"),
    "cuda": _files("cuda", "torch==2.0+cu126", "torch==1.0+cu126", "shared==3.0", "twin==1.0"),
    "private": _files("private", "acme-core==1.5", "acme-utils==1.5", "twin==1.0"),
    "moved": [], "locked": [], "forbidden": [], "down": [], "empty": [],
}


@dataclass(frozen=True)
class Case:
    """A project and what becomes of names in it.

    ``text`` is its file; ``<acme>`` stands for the URL of that index. uv's and PDM's get a ``[project]`` that depends on ``asks``, if they have none.
    ``picks`` are the names that the project pins and the index that both sides take them from (``error``: both refuse);
    ``others`` the same for names without a pin; ``differs`` what the tool and what pip-pinned do where they differ, of which ``kind`` and ``reason`` tell more.
    ``built`` names a build requirement, whose index is the one that its file was downloaded from.
    """

    title: str
    text: str
    asks: tuple[str, ...]
    picks: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    differs: dict[str, tuple[str, str]] = field(default_factory=dict)
    kind: str = ""
    reason: str = ""
    built: str = ""
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)


def _table(header: str, name: str, *lines: str, at: str = "") -> str:
    return "\n".join([f"[[{header}]]", f'name = "{name}"', f'url = "{at or f"<{name}>"}"', *lines]) + "\n\n"


_CORE = ("acme-core",)
_ACME, _PUBLIC = {"acme-core": "acme"}, {"acme-core": "public"}


# --- uv


def _uv(name: str, *lines: str, at: str = "") -> str:
    return _table("tool.uv.index", name, *lines, at=at)


_UV = _uv("acme", "explicit = true") + _uv("public", "default = true")
_UV_OPEN = _uv("acme") + _uv("public", "default = true")
_UV_THREE = _uv("mirror", "explicit = true") + _UV
_UV_TORCH = _uv("cpu", "explicit = true") + _uv("cuda", "explicit = true") + _uv("public", "default = true")
_SOURCES = "[tool.uv.sources]\n"
_UV_PIN = _SOURCES + 'acme-core = { index = "acme" }\n'
_UV_PROJECT = '[project]\nname = "case"\nversion = "0"\nrequires-python = ">=3.10"\n'

UV = [
    Case("an explicit index", _UV + _UV_PIN, ("acme-core", "shared"), _ACME, {"shared": "public"}),
    Case("an index that is searched for everything", _UV_OPEN + _UV_PIN, ("acme-core", "shared", "only-public"), _ACME, {"shared": "acme", "only-public": "public"}),
    Case("a pin to the default index past an earlier one", _UV_OPEN + _SOURCES + 'acme-core = { index = "public" }\n', _CORE, _PUBLIC),
    Case("a pin to the last of three", _uv("mirror") + _uv("cpu") + _uv("acme") + _uv("public", "default = true") + _UV_PIN, ("acme-core", "lib"), _ACME,
         {"lib": "mirror"}),
    Case("the default index declared first", _uv("public", "default = true") + _uv("acme") + _UV_PIN, ("acme-core", "lib"), _ACME, {"lib": "acme"}),
    Case("Acme_Core pinned, acme-core required", _UV + _SOURCES + 'Acme_Core = { index = "acme" }\n', _CORE, _ACME),
    Case("acme-core pinned, Acme.Core required", _UV + _UV_PIN, ("Acme.Core",), _ACME),
    Case("ACME-CORE pinned and required", _UV + _SOURCES + '"ACME-CORE" = { index = "acme" }\n', ("ACME-CORE",), _ACME),
    Case("an index name in capitals", _uv("ACME", "explicit = true", at="<acme>") + _uv("public", "default = true") + _SOURCES
         + 'acme-core = { index = "ACME" }\n', _CORE, _ACME),
    Case("an index name of several words", _uv("acme-prod_1", "explicit = true", at="<acme>") + _uv("public", "default = true")
         + _SOURCES + 'acme-core = { index = "acme-prod_1" }\n', _CORE, _ACME),
    Case("two pins to two indexes", _UV_THREE + _UV_PIN + 'acme-utils = { index = "mirror" }\n', ("acme-core", "acme-utils"), {"acme-core": "acme",
         "acme-utils": "mirror"}),
    Case("two pins to one index", _UV_THREE + _UV_PIN + 'acme-utils = { index = "acme" }\n', ("acme-core", "acme-utils"), {"acme-core": "acme",
         "acme-utils": "acme"}),
    Case("one index for each platform", _UV_TORCH + _SOURCES + "torch = [\n  { index = \"cpu\", marker = \"sys_platform == 'linux'\" },\n"
         "  { index = \"cuda\", marker = \"sys_platform != 'linux'\" },\n]\n", ("torch", "shared"), {"torch": "cpu"}, {"shared": "public"}),
    Case("one index for each version of Python", _UV_TORCH + _SOURCES + "torch = [\n  { index = \"cpu\", marker = \"python_version >= '3.99'\" },\n"
         "  { index = \"cuda\", marker = \"python_version < '3.99'\" },\n]\n", ("torch",), {"torch": "cuda"}),
    Case("a marker that holds", _UV + _SOURCES + "acme-core = { index = \"acme\", marker = \"sys_platform == 'linux'\" }\n", _CORE, _ACME),
    Case("a marker that does not hold here", _UV + _SOURCES + "acme-core = { index = \"acme\", marker = \"sys_platform == 'win32'\" }\n", _CORE, _PUBLIC),
    Case("a list of one", _UV + _SOURCES + 'acme-core = [{ index = "acme" }]\n', _CORE, _ACME),
    Case("an extra of the pinned package", _UV + _UV_PIN + 'acme-utils = { index = "acme" }\n', ("acme-core[fast]", "acme-utils"), {"acme-core": "acme",
         "acme-utils": "acme"}),
    Case("a range of versions", _UV + _UV_PIN, ("acme-core<1",), _ACME),
    Case("a version that both indexes have", _UV + _SOURCES + 'twin = { index = "acme" }\n', ("twin==1.0",), {"twin": "acme"}),
    Case("a version that only another index has", _UV + _UV_PIN, ("acme-core>=2",), {"acme-core": "error"}),
    Case("a name that only another index has", _UV + _SOURCES + 'only-public = { index = "acme" }\n', ("only-public",), {"only-public": "error"}),
    Case("an optional dependency", _UV_PROJECT + '[project.optional-dependencies]\nfast = ["acme-core"]\n\n' + _UV + _UV_PIN, _CORE, _ACME),
    Case("a dependency group", _UV_PROJECT + '[dependency-groups]\ndev = ["acme-core"]\n\n' + _UV + _UV_PIN, _CORE, _ACME),
    Case("dev-dependencies of uv's own", _UV_PROJECT + '[tool.uv]\ndev-dependencies = ["acme-core"]\n\n' + _UV + _UV_PIN, _CORE, _ACME),
    Case("a pin for one group", _UV_PROJECT + '[dependency-groups]\ndev = ["acme-core"]\n\n' + _UV + _SOURCES + 'acme-core = { index = "acme", group = "dev" }\n',
         _CORE, _ACME),
    Case("index-strategy unsafe-best-match", '[tool.uv]\nindex-strategy = "unsafe-best-match"\n\n' + _UV_OPEN + _UV_PIN, ("acme-core", "shared"), _ACME,
         {"shared": "public"}),
    Case("index-strategy unsafe-first-match", '[tool.uv]\nindex-strategy = "unsafe-first-match"\n\n' + _UV_OPEN + _UV_PIN, ("acme-core", "shared>5"), _ACME,
         {"shared": "public"}),
    Case("index-strategy first-index, written out", '[tool.uv]\nindex-strategy = "first-index"\n\n' + _UV_OPEN + _UV_PIN, ("acme-core", "shared"), _ACME,
         {"shared": "acme"}),
    Case("index-url for the default index", '[tool.uv]\nindex-url = "<public>"\n\n' + _uv("acme", "explicit = true") + _UV_PIN, ("acme-core", "shared"), _ACME,
         {"shared": "public"}),
    Case("index-url and extra-index-url", '[tool.uv]\nindex-url = "<public>"\nextra-index-url = ["<mirror>"]\n\n' + _uv("acme", "explicit = true") + _UV_PIN,
         ("acme-core", "lib", "only-public"), _ACME, {"lib": "mirror", "only-public": "public"}),
    Case("index-url and extra-index-url behind a named index", '[tool.uv]\nindex-url = "<public>"\nextra-index-url = ["<mirror>", "<cpu>"]\n\n' + _uv("acme")
         + _SOURCES + 'acme-core = { index = "acme" }\n', ("acme-core", "lib", "only-mirror", "torch", "only-public"), _ACME,
         {"lib": "acme", "only-mirror": "mirror", "torch": "cpu", "only-public": "public"}),
    Case("index-url beside a default index", '[tool.uv]\nindex-url = "<mirror>"\n\n' + _UV + _UV_PIN, ("acme-core", "lib"), _ACME, {"lib": "public"}),
    Case("an index without a name before the others", '[[tool.uv.index]]\nurl = "<mirror>"\n\n' + _UV + _UV_PIN, ("acme-core", "lib"), _ACME, {"lib": "mirror"}),
    Case("a flat index", _uv("acme", 'format = "flat"', "explicit = true", at="<acme/links.html>") + _uv("public", "default = true") + _UV_PIN, ("acme-core",
         "shared"),
         _ACME, {"shared": "public"}),
    Case("default and explicit at once", _uv("mirror") + _uv("acme", "default = true", "explicit = true") + _UV_PIN, ("acme-core", "lib"), _ACME, {"lib": "mirror"}),
    Case("credentials in variables", _uv("private", "explicit = true") + _uv("public", "default = true") + _SOURCES + 'acme-core = { index = "private" }\n', _CORE,
         {"acme-core": "private"}, env={"UV_INDEX_PRIVATE_USERNAME": "robot", "UV_INDEX_PRIVATE_PASSWORD": "s3cret"}),
    Case("credentials in the URL", _uv("private", "explicit = true", at="http://robot:s3cret@<private:HOST>/simple") + _uv("public", "default = true")
         + _SOURCES + 'acme-core = { index = "private" }\n', _CORE, {"acme-core": "private"}),
    Case("a pinned name that another dependency requires too", _UV + _UV_PIN, ("acme-core", "app"), _ACME, {"app": "public"}),
    Case("constraint-dependencies", '[tool.uv]\nconstraint-dependencies = ["acme-core<1"]\n\n' + _UV + _UV_PIN, _CORE, _ACME),
    Case("a workspace whose root pins", _UV_PROJECT + 'dependencies = ["acme-core", "member"]\n\n[tool.uv.workspace]\nmembers = ["member"]\n\n' + _UV + _UV_PIN
         + "member = { workspace = true }\n", _CORE, _ACME, files={"member/pyproject.toml": _UV_PROJECT.replace("case", "member")}),
    Case("a dependency from a path beside the pin", _UV_PROJECT + 'dependencies = ["acme-core", "member"]\n\n' + _UV + _UV_PIN + 'member = { path = "member" }\n',
         _CORE, _ACME,
         files={"member/pyproject.toml": _UV_PROJECT.replace("case", "member")}),
    Case("403 ignored on an index before the default", _uv("forbidden", "ignore-error-codes = [403]") + _UV + _UV_PIN, ("acme-core", "shared"), _ACME,
         {"shared": "public"}),
    Case("authenticate and cache-control", _uv("acme", "explicit = true", 'authenticate = "never"', 'cache-control = { api = "max-age=600" }')
         + _uv("public", "default = true") + _UV_PIN, _CORE, _ACME),
    Case("indexes as an array of inline tables",
         '[tool.uv]\nindex = [{ name = "acme", url = "<acme>", explicit = true }, { name = "public", url = "<public>", default = true }]\n'
         'sources.acme-core.index = "acme"\n', _CORE, _ACME),
    Case("an index of [tool.uv.pip], which is none of the project's", _UV + '[tool.uv.pip]\nextra-index-url = ["<mirror>"]\n\n' + _UV_PIN, ("acme-core", "lib"),
         _ACME,
         {"lib": "public"}),
    Case("one index for versions of Python that the project excludes", _UV_TORCH + _SOURCES
         + "torch = [\n  { index = \"cpu\", marker = \"python_version < '3.8'\" },\n"
         "  { index = \"cuda\", marker = \"python_version >= '3.8'\" },\n]\n", ("torch",), differs={"torch": ("error", "cuda")}, kind="accepted",
         reason="uv simplifies the markers by requires-python first and finds the two indexes in conflict; for pip-pinned they exclude each other as they are "
                "written."),
    Case("a page of find-links that has the pinned name too", '[tool.uv]\nfind-links = ["<mirror/links.html>"]\n\n' + _UV + _UV_PIN, _CORE, _ACME),
    Case("indexes in uv.toml", _UV_PIN, _CORE, {"acme-core": "error"}, files={"uv.toml": _UV.replace("tool.uv.", "")}),
    Case("two indexes of one name", _UV + _uv("acme", "explicit = true", at="<mirror>") + _UV_PIN, _CORE, {"acme-core": "error"}),
    Case("two default indexes", _UV + _uv("mirror", "default = true") + _UV_PIN, _CORE, {"acme-core": "error"}),
    Case("no-sources", "[tool.uv]\nno-sources = true\n\n" + _UV + _UV_PIN, _CORE, differs={"acme-core": ("public", "acme")}, kind="setting",
         reason="uv's switch that turns its pins off is not read: a pin that is written holds."),
    Case("no-index", "[tool.uv]\nno-index = true\n\n" + _UV + _UV_PIN, _CORE, differs={"acme-core": ("error", "acme")}, kind="setting",
         reason="uv's switch that turns its indexes off is not read: give --no-index."),
    Case("a workspace whose member pins", _UV_PROJECT + 'dependencies = ["member"]\n\n[tool.uv.workspace]\nmembers = ["member"]\n\n' + _UV + _SOURCES
         + "member = { workspace = true }\n", _CORE, _ACME, files={"member/pyproject.toml": _UV_PROJECT.replace("case", "member") + 'dependencies = ["acme-core"]\n\n' + _UV_PIN}),
    Case("a pinned name that only another dependency requires", _UV + _UV_PIN, ("app",), differs={"acme-core": ("public", "acme")}, kind="transitive",
         reason="uv's pins hold for direct dependencies; pip-pinned's for every dependency."),
    Case("a build requirement", _UV + _SOURCES + 'acme-build = { index = "acme" }\n', ("srcapp",), built="acme-build",
         differs={"acme-build": ("public", "acme")}, kind="build",
         reason="uv searches the build requirements of a dependency on the indexes that are open to all; pip-pinned's pins hold for builds too."),
    Case("a misspelt index", _UV + _SOURCES + 'acme-core = { index = "amce" }\n', _CORE, {"acme-core": "error"}),
    Case("an index name in another case", _UV + _SOURCES + 'acme-core = { index = "Acme" }\n', _CORE, differs={"acme-core": ("error", "acme")}, kind="misspelt",
         reason="Names of indexes are compared without regard to case; uv's are exact."),
    Case("a pinned index that redirects", _uv("moved", "explicit = true") + _uv("public", "default = true") + _SOURCES + 'acme-core = { index = "moved" }\n', _CORE,
         differs={"acme-core": ("public", "error: pin-not-found")}, kind="redirect",
         reason="uv follows; a page on another origin counts as absent for pip-pinned, unless follow-redirects."),
    Case("an earlier index that redirects", _uv("moved") + _uv("acme", "default = true"), _CORE, differs={"acme-core": ("public", "acme")}, kind="redirect",
         reason="uv follows; a page on another origin counts as absent for pip-pinned, so the next index is asked."),
    *(Case(f"a pinned index that answers {code}", _uv(name, "explicit = true") + _uv("public", "default = true") + _SOURCES
           + f'acme-core = {{ index = "{name}" }}\n', _CORE,
           {"acme-core": "error"}) for name, code in (("empty", 404), ("locked", 401), ("forbidden", 403), ("down", 503))),
    *(Case(f"an earlier index that answers {code}", _uv(name) + _uv("public", "default = true"), _CORE, others={"acme-core": result})
      for name, code, result in (("empty", 404, "public"), ("locked", 401, "error"), ("forbidden", 403, "error"), ("down", 503, "error"))),
    *(Case(f"unsafe-best-match and an earlier index that answers {code}", '[tool.uv]\nindex-strategy = "unsafe-best-match"\n\n' + _uv(name) + _uv("public",
           "default = true"), _CORE,
           others={"acme-core": result}) for name, code, result in (("empty", 404, "public"), ("down", 503, "error"))),
    *(Case(f"unsafe-best-match and an earlier index that answers {code}", '[tool.uv]\nindex-strategy = "unsafe-best-match"\n\n' + _uv(name) + _uv("public",
           "default = true"), _CORE,
           differs={"acme-core": ("public", "error: index-auth-failed")}, kind="fault",
           reason="Under this strategy uv goes on without the index; for pip-pinned a refusal is no answer to whether the project is there.")
      for name, code in (("locked", 401), ("forbidden", 403))),
    Case("one index for each extra", _UV_PROJECT
         + '[project.optional-dependencies]\ncpu = ["torch"]\ncuda = ["torch"]\n\n[tool.uv]\nconflicts = [[{ extra = "cpu" }, { extra = "cuda" }]]\n\n'
         + _UV_TORCH + _SOURCES + 'torch = [{ index = "cpu", extra = "cpu" }, { index = "cuda", extra = "cuda" }]\n', ("torch",),
         differs={"torch": ("cpu+cuda", "error: bad-configuration")}, kind="refused",
         reason="pip knows no extras of the project: the entries overlap, and pip-pinned asks for markers that exclude each other."),
]


# --- Pipfile


def _pip(name: str, *lines: str, at: str = "") -> str:
    return _table("source", name, *lines, at=at)


_PIP = _pip("public") + _pip("acme")
_PIP_THREE = _PIP + _pip("mirror")
_PACKAGES = "[packages]\n"
_PIP_PIN = _PACKAGES + 'acme-core = { version = "*", index = "acme" }\n'

PIPENV = [
    Case("a pin in packages", _PIP + _PIP_PIN + 'shared = "*"\n', ("acme-core", "shared"), _ACME, {"shared": "public"}),
    Case("a pin in dev-packages", _PIP + '[dev-packages]\nacme-core = { version = "*", index = "acme" }\n', _CORE, _ACME),
    Case("a pin in a category of one's own", _PIP + '[docs]\nacme-core = { version = "*", index = "acme" }\n', _CORE, _ACME),
    Case("one pin in each category", _PIP_THREE + _PIP_PIN + '[dev-packages]\nacme-utils = { version = "*", index = "mirror" }\n', ("acme-core", "acme-utils"),
         {"acme-core": "acme", "acme-utils": "mirror"}),
    Case("the same pin in two categories", _PIP + _PIP_PIN + '[dev-packages]\nacme-core = { version = "*", index = "acme" }\n', _CORE, _ACME),
    Case("no version beside the index", _PIP + _PACKAGES + 'acme-core = { index = "acme" }\n', _CORE, _ACME),
    Case("Acme_Core", _PIP + _PACKAGES + 'Acme_Core = { version = "*", index = "acme" }\n', ("acme-core",), _ACME),
    Case("acme.core", _PIP + _PACKAGES + '"acme.core" = { version = "*", index = "acme" }\n', ("acme-core",), _ACME),
    Case("ACME-CORE", _PIP + _PACKAGES + 'ACME-CORE = { version = "*", index = "acme" }\n', ("ACME-CORE",), _ACME),
    Case("a range of versions", _PIP + _PACKAGES + 'acme-core = { version = "<1", index = "acme" }\n', ("acme-core<1",), _ACME),
    Case("an exact version", _PIP + _PACKAGES + 'acme-core = { version = "==0.5", index = "acme" }\n', ("acme-core==0.5",), _ACME),
    Case("a version that both sources have", _PIP + _PACKAGES + 'twin = { version = "==1.0", index = "acme" }\n', ("twin==1.0",), {"twin": "acme"}),
    Case("a version that only another source has", _PIP + _PACKAGES + 'acme-core = { version = ">=2", index = "acme" }\n', ("acme-core>=2",),
         {"acme-core": "error"}),
    Case("a name that only another source has", _PIP + _PACKAGES + 'only-public = { version = "*", index = "acme" }\n', ("only-public",), {"only-public": "error"}),
    Case("extras", _PIP + _PACKAGES + 'acme-core = { version = "*", extras = ["fast"], index = "acme" }\nacme-utils = { version = "*", index = "acme" }\n',
         ("acme-core[fast]", "acme-utils"), {"acme-core": "acme", "acme-utils": "acme"}),
    Case("a marker", _PIP + _PACKAGES + "acme-core = { version = \"*\", markers = \"sys_platform == 'linux'\", index = \"acme\" }\n", _CORE, _ACME),
    Case("a marker as a key", _PIP + _PACKAGES + "acme-core = { version = \"*\", sys_platform = \"== 'linux'\", index = \"acme\" }\n", _CORE, _ACME),
    Case("two pins to two sources", _PIP_THREE + _PIP_PIN + 'acme-utils = { version = "*", index = "mirror" }\n', ("acme-core", "acme-utils"),
         {"acme-core": "acme", "acme-utils": "mirror"}),
    Case("three pins, one to the first source", _PIP_THREE + _PIP_PIN
         + 'acme-utils = { version = "*", index = "mirror" }\nlib = { version = "*", index = "public" }\n',
         ("acme-core", "acme-utils", "lib"), {"acme-core": "acme", "acme-utils": "mirror", "lib": "public"}),
    Case("a pin to the first source", _pip("acme") + _pip("public") + _PIP_PIN + 'shared = "*"\n', ("acme-core", "shared"), _ACME, {"shared": "acme"}),
    Case("the company's source first, a pin to the other", _pip("acme") + _pip("public") + _PACKAGES + 'acme-core = { version = "*", index = "public" }\n', _CORE,
         _PUBLIC),
    Case("an unpinned name that the first source lacks", _PIP + _PIP_PIN + 'only-acme = "*"\n', ("acme-core", "only-acme"), {"acme-core": "error"},
         {"only-acme": "error"}),
    Case("a variable in the URL", _pip("public") + _pip("acme", at="${ACME_URL}/simple") + _PIP_PIN, _CORE, _ACME, env={"ACME_URL": "http://<acme:HOST>"}),
    Case("a variable without braces in the URL", _pip("public") + _pip("acme", at="$ACME_URL/simple") + _PIP_PIN, _CORE, _ACME,
         env={"ACME_URL": "http://<acme:HOST>"}),
    Case("credentials in variables", _pip("public") + _pip("private", at="http://${ACME_USER}:${ACME_PASSWORD}@<private:HOST>/simple")
         + _PACKAGES + 'acme-core = { version = "*", index = "private" }\n', _CORE, {"acme-core": "private"}, env={"ACME_USER": "robot", "ACME_PASSWORD": "s3cret"}),
    Case("credentials in the URL", _pip("public") + _pip("private", at="http://robot:s3cret@<private:HOST>/simple")
         + _PACKAGES + 'acme-core = { version = "*", index = "private" }\n', _CORE, {"acme-core": "private"}),
    Case("a pinned name that another package requires too", _PIP + _PIP_PIN + 'app = "*"\n', ("acme-core", "app"), _ACME, {"app": "public"}),
    Case("a pin of packages that a dev-package requires", _PIP + _PIP_PIN + '[dev-packages]\napp = "*"\n', ("acme-core", "app"), _ACME, {"app": "public"}),
    Case("a pinned name that a pinned package requires too", _PIP + _PIP_PIN + 'acme-app = { version = "*", index = "acme" }\n', ("acme-core", "acme-app"),
         {"acme-core": "acme", "acme-app": "acme"}, {"shared": "public"}),
    Case("install_search_all_sources", _PIP + _PIP_PIN + 'shared = "*"\n\n[pipenv]\ninstall_search_all_sources = true\n', ("acme-core", "shared"), _ACME,
         {"shared": "public"}),
    Case("allow_prereleases", _PIP + _PIP_PIN + "\n[pipenv]\nallow_prereleases = true\n", _CORE, _ACME),
    Case("verify_ssl", _pip("public", "verify_ssl = true") + _pip("acme", "verify_ssl = false") + _PIP_PIN, _CORE, _ACME),
    Case("scripts and requires beside the packages", _PIP + _PIP_PIN + '\n[scripts]\nrun = "python -V"\n\n[requires]\n', _CORE, _ACME),
    Case("a package as a table of its own", _PIP + '[packages.acme-core]\nversion = "*"\nindex = "acme"\n', _CORE, _ACME),
    Case("dotted keys", _PIP + _PACKAGES + 'acme-core.version = "*"\nacme-core.index = "acme"\n', _CORE, _ACME),
    Case("a source name of several words", _pip("public") + _pip("acme-prod_1.x", at="<acme>") + _PACKAGES
         + 'acme-core = { version = "*", index = "acme-prod_1.x" }\n', _CORE, _ACME),
    Case("a source name in capitals", _pip("public") + _pip("ACME", at="<acme>") + _PACKAGES + 'acme-core = { version = "*", index = "ACME" }\n', _CORE, _ACME),
    Case("a URL with a slash at its end", _pip("public", at="<public>/") + _pip("acme", at="<acme>/") + _PIP_PIN, _CORE, _ACME),
    Case("sources after the packages", _PIP_PIN + "\n" + _PIP, _CORE, _ACME),
    Case("a pin of dev-packages, and packages require the name", _PIP + _PACKAGES + 'twin-app = "*"\n\n[dev-packages]\ntwin = { version = "*", index = "acme" }\n',
         ("twin-app",),
         differs={"twin": ("public", "acme")}, kind="transitive",
         reason="pipenv locks packages first, without the pins of dev-packages, and its result replaces theirs; pip-pinned unites the pins of all categories."),
    Case("a pin of dev-packages, and packages require the name at a version that the pin has not", _PIP + _PACKAGES + 'app = "*"\n\n'
         '[dev-packages]\nacme-core = { version = "*", index = "acme" }\n', ("app",), differs={"acme-core": ("error", "acme")}, kind="transitive",
         reason="pipenv locks packages without the pins of dev-packages, and these then cannot have the version it found; pip-pinned unites the pins of all "
                "categories."),
    Case("a source without a name", _pip("public") + '[[source]]\nurl = "<mirror>"\n\n' + _pip("acme") + _PIP_PIN, _CORE, {"acme-core": "error"}),
    Case("a build requirement", _PIP + _PACKAGES + 'srcapp = "*"\nacme-build = { version = "*", index = "acme" }\n', ("srcapp",), built="acme-build",
         differs={"acme-build": ("public", "acme")}, kind="build",
         reason="pipenv's pins do not reach builds; pip-pinned's do."),
    Case("a misspelt source", _PIP + _PACKAGES + 'acme-core = { version = "*", index = "amce" }\n', _CORE,
         differs={"acme-core": ("public", "error: bad-configuration")}, kind="misspelt",
         reason="pipenv silently takes the first source; pip-pinned refuses the Pipfile."),
    Case("a source name in another case", _PIP + _PACKAGES + 'acme-core = { version = "*", index = "Acme" }\n', _CORE,
         differs={"acme-core": ("public", "acme")}, kind="misspelt",
         reason="pipenv's names are exact, and a name that it does not know silently means the first source; pip-pinned compares without regard to case."),
    Case("a URL in place of a source's name", _PIP + _PACKAGES + 'acme-core = { version = "*", index = "<acme>" }\n', _CORE,
         differs={"acme-core": ("public", "error: bad-configuration")}, kind="misspelt",
         reason="pipenv silently takes the first source; pip-pinned refuses the Pipfile."),
    Case("two pins that disagree", _PIP_THREE + _PIP_PIN + '\n[dev-packages]\nacme-core = { version = "*", index = "mirror" }\n', _CORE, {"acme-core": "error"}),
    Case("two pins that disagree about a version that both have", _PIP_THREE + _PACKAGES + 'twin = { version = "*", index = "acme" }\n\n'
         '[dev-packages]\ntwin = { version = "*", index = "mirror" }\n', ("twin",), differs={"twin": ("acme", "error: bad-configuration")}, kind="refused",
         reason="pipenv lets packages win without a word; pip-pinned refuses a name with two indexes."),
    Case("a pinned source that redirects", _pip("public") + _pip("moved") + _PACKAGES + 'acme-core = { version = "*", index = "moved" }\n', _CORE,
         differs={"acme-core": ("public", "error: pin-not-found")}, kind="redirect",
         reason="pipenv follows; a page on another origin counts as absent for pip-pinned."),
    *(Case(f"a pinned source that answers {code}", _pip("public") + _pip(name) + _PACKAGES + f'acme-core = {{ version = "*", index = "{name}" }}\n', _CORE,
           {"acme-core": "error"})
      for name, code in (("empty", 404), ("locked", 401), ("forbidden", 403), ("down", 503))),
    *(Case(f"a first source that answers {code}", _pip(name) + _pip("public") + _PACKAGES + 'acme-core = "*"\n', _CORE, others={"acme-core": "error"})
      for name, code in (("empty", 404), ("locked", 401), ("forbidden", 403), ("down", 503))),
]


# --- Poetry


def _poetry(name: str, *lines: str, at: str = "") -> str:
    return _table("tool.poetry.source", name, *lines, at=at)


_MODE = "[tool.poetry]\npackage-mode = false\n\n"
_EXPLICIT, _SUPPLEMENTAL, _PRIMARY = ('priority = "explicit"',), ('priority = "supplemental"',), ('priority = "primary"',)
_TWO = _MODE + _poetry("public") + _poetry("acme", *_EXPLICIT)
_THREE = _TWO + _poetry("mirror", *_EXPLICIT)
_DEPENDENCIES = '[tool.poetry.dependencies]\npython = ">=3.10"\n'
_POETRY_PIN = _DEPENDENCIES + 'acme-core = { version = "*", source = "acme" }\n'
_PEP621 = '[project]\nname = "case"\nversion = "0"\nrequires-python = ">=3.10"\n'
_TORCH = _MODE + _poetry("public") + _poetry("cpu", *_EXPLICIT) + _poetry("cuda", *_EXPLICIT) + _DEPENDENCIES

POETRY = [
    Case("an explicit source", _TWO + _POETRY_PIN + 'shared = "*"\n', ("acme-core", "shared"), _ACME, {"shared": "public"}),
    Case("the second of two primary sources", _MODE + _poetry("public", *_PRIMARY) + _poetry("acme", *_PRIMARY) + _POETRY_PIN + 'lib = "*"\n', ("acme-core",
         "lib"), _ACME, {"lib": "public"}),
    Case("the first of two primary sources", _MODE + _poetry("acme") + _poetry("public") + _POETRY_PIN + 'lib = "*"\n', ("acme-core", "lib"), _ACME,
         {"lib": "public"}),
    Case("a supplemental source", _MODE + _poetry("public") + _poetry("acme", *_SUPPLEMENTAL) + _POETRY_PIN + 'lib = "*"\nonly-acme = "*"\n',
         ("acme-core", "lib", "only-acme"), _ACME, {"lib": "public", "only-acme": "acme"}),
    Case("a supplemental source declared first", _MODE + _poetry("acme", *_SUPPLEMENTAL) + _poetry("public") + _POETRY_PIN + 'lib = "*"\n', ("acme-core", "lib"),
         _ACME, {"lib": "public"}),
    Case("a pin to the primary source beside a supplemental one", _MODE + _poetry("acme") + _poetry("mirror", *_SUPPLEMENTAL) + _POETRY_PIN, _CORE, _ACME),
    Case("all three priorities", _MODE + _poetry("public") + _poetry("mirror", *_SUPPLEMENTAL) + _poetry("acme", *_EXPLICIT) + _POETRY_PIN
         + 'acme-utils = { version = "*", source = "mirror" }\nlib = { version = "*", source = "public" }\nshared = "*"\n', ("acme-core", "acme-utils", "lib",
         "shared"),
         {"acme-core": "acme", "acme-utils": "mirror", "lib": "public"}, {"shared": "public"}),
    Case("Acme_Core", _TWO + _DEPENDENCIES + 'Acme_Core = { version = "*", source = "acme" }\n', ("acme-core",), _ACME),
    Case("acme.core", _TWO + _DEPENDENCIES + '"acme.core" = { version = "*", source = "acme" }\n', ("Acme-Core",), _ACME),
    Case("a source name in another case", _TWO + _DEPENDENCIES + 'acme-core = { version = "*", source = "Acme" }\n', _CORE, _ACME),
    Case("a source name in capitals", _MODE + _poetry("public") + _poetry("ACME", *_EXPLICIT, at="<acme>") + _POETRY_PIN, _CORE, _ACME),
    Case("a source name of several words", _MODE + _poetry("public") + _poetry("acme-prod_1.x", *_EXPLICIT, at="<acme>")
         + _DEPENDENCIES + 'acme-core = { version = "*", source = "acme-prod_1.x" }\n', _CORE, _ACME),
    Case("a dependency group", _TWO + _DEPENDENCIES + '\n[tool.poetry.group.dev.dependencies]\nacme-core = { version = "*", source = "acme" }\n', _CORE, _ACME),
    Case("an optional dependency group", _TWO + _DEPENDENCIES + '\n[tool.poetry.group.docs]\noptional = true\n\n[tool.poetry.group.docs.dependencies]\n'
         'acme-core = { version = "*", source = "acme" }\n', _CORE, _ACME),
    Case("dev-dependencies", _TWO + _DEPENDENCIES + '\n[tool.poetry.dev-dependencies]\nacme-core = { version = "*", source = "acme" }\n', _CORE, _ACME),
    Case("the same pin in two groups", _TWO + _POETRY_PIN + '\n[tool.poetry.group.dev.dependencies]\nacme-core = { version = "<1", source = "acme" }\n',
         ("acme-core<1",), _ACME),
    Case("an optional dependency", _TWO + _DEPENDENCIES
         + 'acme-core = { version = "*", source = "acme", optional = true }\n\n[tool.poetry.extras]\nfast = ["acme-core"]\n', _CORE, _ACME),
    Case("extras", _TWO + _DEPENDENCIES + 'acme-core = { version = "*", extras = ["fast"], source = "acme" }\nacme-utils = { version = "*", source = "acme" }\n',
         ("acme-core[fast]", "acme-utils"), {"acme-core": "acme", "acme-utils": "acme"}),
    Case("one source for each platform, by markers", _TORCH + "torch = [\n  { version = \"*\", source = \"cpu\", markers = \"sys_platform == 'linux'\" },\n"
         "  { version = \"*\", source = \"cuda\", markers = \"sys_platform != 'linux'\" },\n]\n", ("torch",), {"torch": "cpu"}),
    Case("one source for each platform, by platform", _TORCH + 'torch = [\n  { version = "*", source = "cpu", platform = "!=linux" },\n'
         '  { version = "*", source = "cuda", platform = "linux" },\n]\n', ("torch",), {"torch": "cuda"}),
    Case("one source for each version of Python", _TORCH + 'torch = [\n  { version = "*", source = "cpu", python = "<3.10.1" },\n'
         '  { version = "*", source = "cuda", python = ">=3.10.1" },\n]\n', ("torch",), {"torch": "cuda"}),
    Case("a list of one source and two versions", _TWO + _DEPENDENCIES
         + "acme-core = [\n  { version = \"<1\", source = \"acme\", markers = \"sys_platform == 'linux'\" },\n"
         "  { version = \">=1\", source = \"acme\", markers = \"sys_platform != 'linux'\" },\n]\n", ("acme-core<1",), _ACME),
    Case("a marker that holds", _TWO + _DEPENDENCIES + "acme-core = { version = \"*\", source = \"acme\", markers = \"sys_platform == 'linux'\" }\n", _CORE, _ACME),
    Case("dependencies of [project], a source of [tool.poetry]", _PEP621 + 'dependencies = ["acme-core>=0.5"]\n\n' + _TWO
         + '[tool.poetry.dependencies]\nacme-core = { source = "acme" }\n',
         ("acme-core>=0.5",), _ACME),
    Case("optional dependencies of [project], a source of [tool.poetry]", _PEP621 + '[project.optional-dependencies]\nfast = ["acme-core"]\n\n'
         + _TWO + '[tool.poetry.dependencies]\nacme-core = { source = "acme" }\n', _CORE, _ACME),
    Case("a [dependency-groups] table, a source of [tool.poetry]", _PEP621 + '[dependency-groups]\ndev = ["acme-core"]\n\n'
         + _TWO + '[tool.poetry.group.dev.dependencies]\nacme-core = { source = "acme" }\n', _CORE, _ACME),
    Case("two pins to two sources", _THREE + _POETRY_PIN + 'acme-utils = { version = "*", source = "mirror" }\n', ("acme-core", "acme-utils"),
         {"acme-core": "acme", "acme-utils": "mirror"}),
    Case("a version that both sources have", _TWO + _DEPENDENCIES + 'twin = { version = "1.0", source = "acme" }\n', ("twin==1.0",), {"twin": "acme"}),
    Case("a caret", _TWO + _DEPENDENCIES + 'acme-core = { version = "^0.5", source = "acme" }\n', ("acme-core<0.6",), _ACME),
    Case("a version that only another source has", _TWO + _DEPENDENCIES + 'acme-core = { version = ">=2", source = "acme" }\n', ("acme-core>=2",),
         {"acme-core": "error"}),
    Case("a name that only another source has", _TWO + _DEPENDENCIES + 'only-public = { version = "*", source = "acme" }\n', ("only-public",),
         {"only-public": "error"}),
    Case("a dependency as a table of its own", _TWO + _DEPENDENCIES + '\n[tool.poetry.dependencies.acme-core]\nversion = "*"\nsource = "acme"\n', _CORE, _ACME),
    Case("credentials in variables", _MODE + _poetry("public") + _poetry("private", *_EXPLICIT) + _DEPENDENCIES
         + 'acme-core = { version = "*", source = "private" }\n', _CORE,
         {"acme-core": "private"}, env={"POETRY_HTTP_BASIC_PRIVATE_USERNAME": "robot", "POETRY_HTTP_BASIC_PRIVATE_PASSWORD": "s3cret"}),
    Case("a URL with a slash at its end", _MODE + _poetry("public", at="<public>/") + _poetry("acme", *_EXPLICIT, at="<acme>/") + _POETRY_PIN, _CORE, _ACME),
    Case("a pinned name that another dependency requires too", _TWO + _POETRY_PIN + 'app = "*"\n', ("acme-core", "app"), _ACME, {"app": "public"}),
    Case("a pin of a group that a dependency requires", _TWO + _DEPENDENCIES
         + 'app = "*"\n\n[tool.poetry.group.dev.dependencies]\nacme-core = { version = "*", source = "acme" }\n',
         ("acme-core", "app"), _ACME, {"app": "public"}),
    Case("a dependency from a path beside the pin", _TWO + _POETRY_PIN + 'member = { path = "member" }\n', _CORE, _ACME,
         files={"member/pyproject.toml": _PEP621.replace("case", "member")}),
    Case("a package with a name", '[tool.poetry]\nname = "case"\nversion = "0"\ndescription = ""\nauthors = []\n\n' + _TWO.removeprefix(_MODE) + _POETRY_PIN,
         _CORE, _ACME),
    Case("a pin without a version", _TWO + _DEPENDENCIES + 'acme-core = { source = "acme" }\n', _CORE, _ACME),
    Case("a misspelt source", _TWO + _DEPENDENCIES + 'acme-core = { version = "*", source = "amce" }\n', _CORE, {"acme-core": "error"}),
    Case("a pin for another platform, and a dependency requires the name", _TWO + _DEPENDENCIES
         + "acme-core = { version = \"*\", source = \"acme\", markers = \"sys_platform == 'win32'\" }\napp = \"*\"\n", ("acme-core", "app"), _ACME),
    Case("a source on Linux, none elsewhere", _TORCH + "torch = [\n  { version = \"*\", source = \"cpu\", markers = \"sys_platform == 'linux'\" },\n"
         "  { version = \"*\", markers = \"sys_platform != 'linux'\" },\n]\n", ("torch",), {"torch": "cpu"}),
    Case("a source elsewhere, none on Linux", _TORCH + 'torch = [\n  { version = "*", source = "cpu", platform = "darwin" },\n'
         '  { version = "*", platform = "!=darwin" },\n]\n', ("torch",), {"torch": "public"}),
    Case("a dependency of [project], a source of [tool.poetry] for each platform", _PEP621 + 'dependencies = ["torch"]\n\n' + _TORCH.replace('python = ">=3.10"\n',
         "")
         + "torch = [\n  { markers = \"sys_platform == 'linux'\", source = \"cpu\" },\n  { markers = \"sys_platform != 'linux'\", source = \"cuda\" },\n]\n",
         ("torch",), {"torch": "cpu"}),
    Case("Acme_Core in one group, acme-core in another", _TWO + _DEPENDENCIES + 'Acme_Core = { version = "*", source = "acme" }\n\n'
         '[tool.poetry.group.dev.dependencies]\nacme-core = { version = "*", source = "acme" }\n', _CORE, _ACME),
    Case("one source for each extra", _MODE.replace("package-mode = false", 'name = "case"\nversion = "0"\ndescription = ""\nauthors = []')
         + _TORCH.removeprefix(_MODE)
         + "torch = [\n  { version = \"*\", source = \"cpu\", optional = true, markers = \"extra == 'cpu' and extra != 'cuda'\" },\n"
         "  { version = \"*\", source = \"cuda\", optional = true, markers = \"extra == 'cuda' and extra != 'cpu'\" },\n]\n\n"
         '[tool.poetry.extras]\ncpu = ["torch"]\ncuda = ["torch"]\n', ("torch",), differs={"torch": ("cpu+cuda", "error: bad-configuration")}, kind="refused",
         reason="pip knows no extras of the project, so which of the two indexes counts is not clear."),
    Case("credentials in the URL", _MODE + _poetry("public") + _poetry("private", *_EXPLICIT, at="http://robot:s3cret@<private:HOST>/simple")
         + _DEPENDENCIES + 'acme-core = { version = "*", source = "private" }\n', _CORE, differs={"acme-core": ("error", "private")}, kind="accepted",
         reason="Poetry uses them for the page and not for the files; pip-pinned for everything on the index's origin."),
    Case("a page of links as a source", _MODE + _poetry("public") + _poetry("acme", *_EXPLICIT, at="<acme/links.html>") + _POETRY_PIN, _CORE, _ACME),
    Case("a source named PyPI with a URL", _MODE + _poetry("PyPI", at="<public>") + _poetry("acme", *_EXPLICIT) + _POETRY_PIN, _CORE,
         differs={"acme-core": ("error", "acme")}, kind="accepted",
         reason="Poetry reserves the name; pip-pinned takes the URL that is written."),
    Case("a pin of an optional dependency that no extra names, and a dependency requires the name", _TWO + _DEPENDENCIES
         + 'acme-core = { version = "*", source = "acme", optional = true }\napp = "*"\n', ("app",), _ACME),
    Case("a pin for versions of Python that the project excludes, and a dependency requires the name", _TWO + _DEPENDENCIES
         + 'acme-core = { version = "*", source = "acme", python = "<3.9" }\napp = "*"\n', ("app",), differs={"acme-core": ("public", "acme")}, kind="transitive",
         reason="Poetry drops the dependency with its source; pip-pinned's single pin holds everywhere."),
    Case("a build requirement", _TWO + _DEPENDENCIES + 'srcapp = "*"\nacme-build = { version = "*", source = "acme" }\n', ("srcapp",), built="acme-build",
         differs={"acme-build": ("public", "acme")}, kind="build",
         reason="Poetry's sources of dependencies do not reach builds; pip-pinned's pins do."),
    Case("two groups that disagree", _THREE + _POETRY_PIN + '\n[tool.poetry.group.dev.dependencies]\nacme-core = { version = "*", source = "mirror" }\n', _CORE,
         {"acme-core": "error"}),
    Case("a group that leaves the source out", _TWO + _POETRY_PIN + '\n[tool.poetry.group.dev.dependencies]\nacme-core = "*"\n', _CORE, _ACME),
    Case("a pinned source that redirects", _MODE + _poetry("public") + _poetry("moved", *_EXPLICIT) + _DEPENDENCIES
         + 'acme-core = { version = "*", source = "moved" }\n', _CORE,
         differs={"acme-core": ("public", "error: pin-not-found")}, kind="redirect",
         reason="Poetry follows; a page on another origin counts as absent for pip-pinned."),
    Case("the priorities of Poetry 1", _MODE + _poetry("public", 'priority = "default"') + _poetry("acme", 'priority = "secondary"') + _POETRY_PIN, _CORE,
         differs={"acme-core": ("error", "acme")}, kind="accepted",
         reason="Poetry 2 knows them no more; pip-pinned reads the projects of Poetry 1 too."),
    *(Case(f"a pinned source that answers {code}", _MODE + _poetry("public") + _poetry(name, *_EXPLICIT) + _DEPENDENCIES
           + f'acme-core = {{ version = "*", source = "{name}" }}\n', _CORE,
           {"acme-core": "error"}) for name, code in (("empty", 404), ("locked", 401), ("forbidden", 403), ("down", 503))),
    *(Case(f"another primary source that answers {code}", _MODE + _poetry(name) + _poetry("public") + _DEPENDENCIES + 'acme-core = "*"\n', _CORE,
           others={"acme-core": result})
      for name, code, result in (("empty", 404, "public"), ("down", 503, "error"))),
    *(Case(f"another primary source that answers {code}", _MODE + _poetry(name) + _poetry("public") + _DEPENDENCIES + 'acme-core = "*"\n', _CORE,
           differs={"acme-core": ("public", "error: index-auth-failed")}, kind="fault",
         reason="Poetry warns and goes on to the next source; for pip-pinned a refusal is no answer to whether the project is there.") for name,
         code in (("locked", 401), ("forbidden", 403))),
]


# --- PDM


def _pdm(name: str, *lines: str, at: str = "") -> str:
    return _table("tool.pdm.source", name, *lines, at=at)


def _include(*patterns: str) -> str:
    return f"include_packages = {list(patterns)}".replace("'", '"')


def _exclude(*patterns: str) -> str:
    return f"exclude_packages = {list(patterns)}".replace("'", '"')


_PYPI = _pdm("pypi", at="<public>")
_PDM_PROJECT = _UV_PROJECT
_ONLY = _exclude("*")
_LOCAL = INDEXES["acme"][0]
_IN_ORDER = "[tool.pdm.resolution]\nrespect-source-order = true\n"

PDM = [
    Case("a name included", _PYPI + _pdm("acme", _include("acme-core")), ("acme-core", "lib"), _ACME, {"lib": "public"}),
    Case("a glob included", _PYPI + _pdm("acme", _include("acme-*")), ("acme-core", "acme-utils", "lib"), {"acme-core": "acme", "acme-utils": "acme"},
         {"lib": "public"}),
    Case("a glob included, everything else excluded", _PYPI + _pdm("mirror", _include("acme-*"), _ONLY), ("acme-core", "lib"), {"acme-core": "mirror"},
         {"lib": "public"}),
    Case("a source for everything, and a name included", _PYPI + _pdm("mirror", _include("acme-core")), ("acme-core", "lib"), {"acme-core": "mirror"},
         {"lib": "mirror"}),
    Case("several names included", _PYPI + _pdm("acme", _include("acme-core", "shared"), _ONLY), ("acme-core", "shared", "lib"), {"acme-core": "acme",
         "shared": "acme"}, {"lib": "public"}),
    Case("Acme_Core included", _PYPI + _pdm("acme", _include("Acme_Core")), ("acme-core",), _ACME),
    Case("acme-core included, Acme.Core required", _PYPI + _pdm("acme", _include("acme-core")), ("Acme.Core",), _ACME),
    Case("ACME_* included", _PYPI + _pdm("acme", _include("ACME_*")), ("acme-core", "acme-utils"), {"acme-core": "acme", "acme-utils": "acme"}),
    Case("a question mark", _PYPI + _pdm("acme", _include("acme-cor?")), ("acme-core", "acme-utils"), _ACME, {"acme-utils": "public"}),
    Case("a star in the middle", _PYPI + _pdm("acme", _include("a*core")), ("acme-core", "acme-utils"), _ACME, {"acme-utils": "public"}),
    Case("a name included by the first source", _pdm("pypi", _include("acme-core"), at="<acme>") + _pdm("public"), ("acme-core", "lib"), _ACME, {"lib": "public"}),
    Case("two sources, two names", _PYPI + _pdm("acme", _include("acme-core"), _ONLY) + _pdm("mirror", _include("acme-utils"), _ONLY), ("acme-core", "acme-utils",
         "lib"),
         {"acme-core": "acme", "acme-utils": "mirror"}, {"lib": "public"}),
    Case("everything included", _PYPI + _pdm("acme", _include("*")), ("acme-core", "shared"), {"acme-core": "acme", "shared": "acme"}),
    Case("excluded from the first source", _pdm("pypi", _exclude("acme-*"), at="<public>") + _pdm("acme", _include("acme-*")), ("acme-core", "lib"), _ACME,
         {"lib": "public"}),
    Case("excluded without being included", _pdm("pypi", _exclude("acme-*"), at="<public>") + _pdm("acme"), ("acme-core", "lib"), others={"acme-core": "acme",
         "lib": "public"}),
    Case("included and excluded by one source", _PYPI + _pdm("acme", _include("acme-core"), _exclude("acme-*")), ("acme-core", "acme-utils"), _ACME,
         {"acme-utils": "public"}),
    Case("respect-source-order", _PYPI + _pdm("acme", _include("acme-core")) + _IN_ORDER, ("acme-core", "lib"), _ACME, {"lib": "public"}),
    Case("respect-source-order, the company's source first", _pdm("acme", _exclude("lib")) + _pdm("mirror", _include("acme-core")) + _PYPI + _IN_ORDER,
         ("acme-core", "lib", "shared"),
         {"acme-core": "mirror"}, {"lib": "mirror", "shared": "acme"}),
    Case("a page of links", _PYPI + _pdm("acme", 'type = "find_links"', _include("acme-*"), at="<acme/links.html>"), ("acme-core", "lib"), _ACME, {"lib": "public"}),
    Case("a local page of links", _PYPI + _pdm("acme", 'type = "find_links"', _include("acme-*"), at="file:///${PROJECT_ROOT}/links.html"), _CORE, _ACME,
         files={"links.html": f'<a href="<acme/files/{_LOCAL.filename}>#sha256={_LOCAL.sha256}">{_LOCAL.filename}</a>\n'}),
    Case("a name that is only the beginning of others", _PYPI + _pdm("acme", _include("acme", "shared")), ("acme-core", "shared"), {"shared": "acme"},
         {"acme-core": "public"}),
    Case("type written out", _PYPI + _pdm("acme", 'type = "index"', _include("acme-*")), _CORE, _ACME),
    Case("a range of versions", _PYPI + _pdm("acme", _include("acme-core")), ("acme-core<1",), _ACME),
    Case("an extra of the included package", _PYPI + _pdm("acme", _include("acme-*")), ("acme-core[fast]", "acme-utils"), {"acme-core": "acme",
         "acme-utils": "acme"}),
    Case("an optional dependency", _PDM_PROJECT + '[project.optional-dependencies]\nfast = ["acme-core"]\n\n' + _PYPI + _pdm("acme", _include("acme-core")), _CORE,
         _ACME),
    Case("a dependency group", _PDM_PROJECT + '[dependency-groups]\ndev = ["acme-core"]\n\n' + _PYPI + _pdm("acme", _include("acme-core")), _CORE, _ACME),
    Case("dev-dependencies", _PDM_PROJECT + '[tool.pdm.dev-dependencies]\ntest = ["acme-core"]\n\n' + _PYPI + _pdm("acme", _include("acme-core")), _CORE, _ACME),
    Case("a dependency with a marker", _PDM_PROJECT + "dependencies = [\"acme-core; sys_platform == 'linux'\"]\n\n" + _PYPI + _pdm("acme", _include("acme-core")),
         _CORE, _ACME),
    Case("a version that both sources have", _PYPI + _pdm("acme", _include("twin")), ("twin==1.0",), {"twin": "acme"}),
    Case("a version that only another source has", _PYPI + _pdm("acme", _include("acme-core")), ("acme-core>=2",), {"acme-core": "error"}),
    Case("a name that only another source has", _PYPI + _pdm("acme", _include("only-*")), ("only-public",), {"only-public": "error"}),
    Case("username and password", _PYPI + _pdm("private", 'username = "robot"', 'password = "s3cret"', _include("acme-core")), _CORE, {"acme-core": "private"}),
    Case("credentials in variables", _PYPI + _pdm("private", _include("acme-core"), at="http://${ACME_USER}:${ACME_PASSWORD}@<private:HOST>/simple"), _CORE,
         {"acme-core": "private"},
         env={"ACME_USER": "robot", "ACME_PASSWORD": "s3cret"}),
    Case("credentials in the URL", _PYPI + _pdm("private", _include("acme-core"), at="http://robot:s3cret@<private:HOST>/simple"), _CORE, {"acme-core": "private"}),
    Case("verify_ssl", _PYPI + _pdm("acme", "verify_ssl = false", _include("acme-core")), _CORE, _ACME),
    Case("a source name in capitals", _PYPI + _pdm("ACME", _include("acme-core"), at="<acme>"), _CORE, _ACME),
    Case("a URL with a slash at its end", _PYPI + _pdm("acme", _include("acme-core"), at="<acme>/"), _CORE, _ACME),
    Case("an included name that another dependency requires", _PYPI + _pdm("acme", _include("acme-core")), ("app",), _ACME, {"app": "public"}),
    Case("an override", _PYPI + _pdm("acme", _include("acme-core")) + '[tool.pdm.resolution.overrides]\nacme-core = "<1"\n', ("acme-core<1",), _ACME),
    Case("a package of its own", _PDM_PROJECT + 'dependencies = ["acme-core"]\n\n[tool.pdm]\ndistribution = false\n\n' + _PYPI + _pdm("acme",
         _include("acme-core")), _CORE, _ACME),
    Case("a build requirement", _PYPI + _pdm("acme", _include("acme-build")), ("srcapp",), {"acme-build": "acme"}, built="acme-build"),
    Case("two sources include one name", _PYPI + _pdm("acme", _include("acme-core")) + _pdm("mirror", _include("acme-core")), _CORE,
         differs={"acme-core": ("mirror", "error: bad-configuration")}, kind="refused",
         reason="PDM takes the highest version of the sources that include a name; pip-pinned refuses a name with two indexes."),
    Case("one source includes the name, another a glob", _PYPI + _pdm("acme", _include("acme-core")) + _pdm("mirror", _include("acme-*")), _CORE,
         differs={"acme-core": ("mirror", "acme")}, kind="pin",
         reason="PDM takes the highest version of the sources that include a name in any way; for pip-pinned the exact name goes before the glob."),
    Case("a pattern with a set of characters", _PYPI + _pdm("acme", _include("acme-[bc]*")), _CORE,
         differs={"acme-core": ("acme", "error: bad-configuration")}, kind="refused",
         reason="pip-pinned's globs have * and ? only."),
    Case("a source of pdm.toml", _PYPI, _CORE, files={"pdm.toml": '[pypi.acme]\nurl = "<acme>"\ninclude_packages = ["acme-core"]\n'},
         differs={"acme-core": ("acme", "error: bad-configuration")}, kind="refused",
         reason="PDM merges the sources of its configuration files; pip-pinned reads [[tool.pdm.source]] of pyproject.toml and says what to move."),
    Case("a source that includes and redirects", _PYPI + _pdm("moved", _include("acme-core")), _CORE,
         differs={"acme-core": ("public", "error: pin-not-found")}, kind="redirect",
         reason="PDM follows; a page on another origin counts as absent for pip-pinned."),
    *(Case(f"a source that includes and answers {code}", _PYPI + _pdm(name, _include("acme-core")), _CORE, {"acme-core": "error"})
      for name, code in (("empty", 404), ("locked", 401), ("forbidden", 403), ("down", 503))),
    Case("another source that answers 404", _PYPI + _pdm("empty"), _CORE, others={"acme-core": "public"}),
    *(Case(f"another source that answers {code}", _PYPI + _pdm(name), _CORE, differs={"acme-core": ("public", f"error: index-{what}")}, kind="fault",
         reason="PDM goes on without the source; for pip-pinned a fault is no answer to whether the project is there.")
      for name, code, what in (("locked", 401, "auth-failed"), ("forbidden", 403, "auth-failed"), ("down", 503, "unavailable"))),
]

CASES: dict[str, list[Case]] = {"uv": UV, "pipenv": PIPENV, "poetry": POETRY, "pdm": PDM}

KINDS = {
    "transitive": "the tool's pin does not reach a dependency of a dependency",
    "build": "the tool's pin does not reach a build requirement",
    "misspelt": "a name of an index that is not declared like this",
    "redirect": "an index that sends the client to another origin",
    "fault": "an index that refuses or fails to answer",
    "setting": "a switch of the tool that pip-pinned does not read",
    "refused": "pip-pinned refuses the project, and nothing is installed",
    "accepted": "the tool refuses the project",
    "pin": "a name that the project pins, which the two take from different indexes",
}

FOREWORD = f"""\
# Dialects compared

The tools whose dialects pip-pinned reads, and where it does otherwise. Every project of [cases.py](cases.py) is locked by the tool itself
and resolved by pip-pinned, against indexes on 127.0.0.1 that have the same names; the hashes tell which index each file came from.
All names that are not listed here were taken from the same index, or refused by both.
This file is written by `python -m tests.dialects.compare --write`, which fails where anything is not as recorded.

What the kinds mean:

{chr(10).join(f"- *{kind}*: {meaning}." for kind, meaning in KINDS.items())}
"""
