"""Find the project, choose the dialect that governs it, and read its policy (CONTRACT 2.1, 2.4)."""

from __future__ import annotations

from pathlib import Path

from pip_pinned.config import native
from pip_pinned.config.document import Document, Problems, Table
from pip_pinned.config.draft import Draft
from pip_pinned.policy import names
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy

FILES = ("pip-pinned.toml", "pyproject.toml", "Pipfile")


def find_root(project: str | None) -> Path | None:
    """The project's root: the directory that is given, else the nearest one upwards that holds one of ``FILES``.

    Raises PipPinnedError ``no-project`` if the given directory holds none.
    """
    if project is not None:
        root = Path(project)
        if not project or not _holds_any(root):
            raise PipPinnedError("no-project", f"{project or 'the empty path'} is no project: it holds none of {', '.join(FILES)}.",
                                 hint="Correct --project or PIP_PINNED_PROJECT.")
        return root
    here = Path.cwd()
    return next((root for root in (here, *here.parents) if _holds_any(root)), None)


def _holds_any(root: Path) -> bool:
    return any(_is_there(root / name) for name in FILES)


def _is_there(file: Path) -> bool:
    """Whether the file exists, be it readable or not: a dangling link is a mistake, not an absence."""
    return file.is_file() or file.is_symlink()


def load_policy(project: str | None) -> Policy:
    """The declared policy, or the empty one where nothing declares any.

    Raises PipPinnedError ``bad-configuration`` with every mistake that was found; ``no-project`` or ``several-dialects`` if it is not clear what to read, and ``policy-passed-over`` if a project around this one declares a policy.
    """
    root = find_root(project)
    if root is None:
        return Policy()
    problems = Problems()
    tables = _Tables(root, problems)
    problems.raise_if_any()
    draft = tables.draft()
    policy = Policy() if draft is None else draft.policy(problems)
    problems.raise_if_any()
    if draft is None and tables.native is None and project is None:
        _refuse_to_pass_over(root)
    return policy


def governing(root: Path) -> str | None:
    """The dialect whose pins count in a project: ``native``, or the name of a foreign one; None where nothing declares any.

    Raises PipPinnedError ``bad-configuration`` or ``several-dialects``.
    """
    problems = Problems()
    tables = _Tables(root, problems)
    problems.raise_if_any()
    return tables.governing()


def _refuse_to_pass_over(root: Path) -> None:
    """A nearer file that says nothing about indexes does not silently switch off the policy of a project around it."""
    for around in root.parents:
        if not _holds_any(around):
            continue
        problems = Problems()
        tables = _Tables(around, problems)
        if problems.found or tables.native is not None or tables.foreign:
            raise PipPinnedError(
                "policy-passed-over", f"{root} declares no policy, and {around} around it does.",
                hint=f"Add --project {around} to use that policy here, or an empty [tool.pip-pinned] to {root / 'pyproject.toml'} to have none.")


class _Tables:
    """The tables of a project that may declare a policy."""

    def __init__(self, root: Path, problems: Problems) -> None:
        self.foreign: dict[str, Document | Table] = {}
        pyproject = root / "pyproject.toml"
        tool = Document(pyproject, problems).root.table("tool") if _is_there(pyproject) else None
        for key in tool.data if tool is not None else ():
            if key != "pip-pinned" and names.normalize(key) == "pip-pinned" and tool is not None:
                tool.problem(key, "unknown table", "Write [tool.pip-pinned].")
        self.native = None if tool is None else tool.table("pip-pinned")
        if tool is not None:
            self._read_tool(tool)
        own = root / "pip-pinned.toml"
        if _is_there(own):
            if self.native is not None:
                problems.add(own.name, "file", f"{self.native.origin} has [tool.pip-pinned] too", "Keep one of them.")
            self.native = Document(own, problems).root
        if _is_there(root / "Pipfile"):
            self.foreign["pipfile"] = Document(root / "Pipfile", problems)
        if _is_there(root / "pdm.toml"):
            from pip_pinned.config import pdm

            if pdm.configured(root):
                self.foreign.setdefault("pdm", Document(root / "pdm.toml", problems).root)

    def _read_tool(self, tool: Table) -> None:
        table = tool.table("uv") if "uv" in tool.data else None
        if table is not None:
            from pip_pinned.config import uv

            if uv.governs(table):
                self.foreign["uv"] = table
        for name in ("poetry", "pdm"):
            table = tool.table(name) if name in tool.data else None
            if table is not None and "source" in table.data:
                self.foreign[name] = table

    def governing(self) -> str | None:
        """The dialect that counts."""
        chosen = None if self.native is None else self.native.data.get("dialect")
        if isinstance(chosen, str) and chosen in self.foreign:
            return chosen
        if self.native is not None and native.governs(self.native):
            return "native"
        if len(self.foreign) > 1:
            origins = {name: (found.origin if isinstance(found, Table) else found.path.name) for name, found in self.foreign.items()}
            raise PipPinnedError(
                "several-dialects", "The tables of more than one tool say where packages come from.",
                context="\n".join(f"{origin}: {name}" for name, origin in origins.items()),
                hint="Choose one in pyproject.toml:\n[tool.pip-pinned]\n" + "\n".join(f'dialect = "{name}"' for name in origins if name in native.DIALECTS))
        return next(iter(self.foreign), None)

    def draft(self) -> Draft | None:
        """What the dialect that counts says, with native keys over a foreign one that was chosen."""
        own = None if self.native is None or not native.governs(self.native) else native.read(self.native)
        chosen = None if self.native is None else self.native.choice("dialect", native.DIALECTS)
        if self.native is not None and own is None:
            self.native.check_keys(("dialect",))
        if self.native is not None and chosen is not None and chosen not in self.foreign:
            self.native.problem("dialect", f"nothing in this project is written in {chosen!r}", "Leave the key out.")
            return own
        governing = self.governing()
        if governing is None or governing == "native":
            return own
        theirs = self._read(governing)
        if own is not None:
            theirs.overlay(own)
        return theirs

    def _read(self, name: str) -> Draft:
        found = self.foreign[name]
        if isinstance(found, Document):
            from pip_pinned.config import pipfile

            return pipfile.read(found)
        if name == "uv":
            from pip_pinned.config import uv

            return uv.read(found)
        if name == "poetry":
            from pip_pinned.config import poetry

            return poetry.read(found)
        from pip_pinned.config import pdm

        return pdm.read(found)
