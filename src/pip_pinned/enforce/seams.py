"""How pip is patched: what a seam is, and how all of them are put in place and taken out again.

A seam is one attribute of one module of pip, or of what pip has vendored, that this program relies
on. It is declared once, in the table of the room that uses it, under the reason why. There are
three kinds: what is replaced (``Replace``), what a class of ours overrides (``Override``), and what
is merely used (``Reads``). A pip in which one of them is missing, or takes other parameters, does
not run. A replacement is named, not imported: a command that searches nothing does not pay for it.
"""

from __future__ import annotations

import functools
import importlib.machinery
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import CodeType, ModuleType
from typing import Any

from pip_pinned.enforce import diagnostics

Signature = tuple[str, ...]
Table = Mapping[str, Sequence["Seam"]]  # by the reason why
_ABSENT = object()


class Seam:
    """One attribute: ``place`` is ``module:attribute``, below ``pip._internal`` unless the module
    is a vendored one.

    Each of ``signatures`` has the names of the parameters, with blanks between them, as some pip
    has them; one that ends in ``...`` is a beginning. None at all means a property. Where the
    module has no ``beside``, which comes and goes with it, it is no fault if it is missing. A
    method belongs to the class itself, and not to one above it, unless it is ``inherited``: there
    may be another one of that name.
    """

    def __init__(
        self, place: str, *signatures: str, beside: str = "", inherited: bool = False
    ) -> None:
        module, _, self.attribute = place.partition(":")
        is_vendored = module.startswith("_vendor.")
        self.module = f"pip.{module}" if is_vendored else f"pip._internal.{module}"
        self.signatures = tuple(tuple(signature.split()) for signature in signatures)
        self.beside = beside
        self.inherited = inherited

    def install(self, module: ModuleType, hooks: Hooks, room: str) -> str:
        """See that it is there as it is known, and put what is ours, out of that room, in its
        place; what is wrong with it, or an empty string.
        """
        owner: Any = module
        *path, name = self.attribute.split(".")
        for part in path:
            owner = getattr(owner, part, None)
        is_own = name in getattr(owner, "__dict__", ())
        original = getattr(owner, name, _ABSENT) if is_own or self.inherited else _ABSENT
        if original is _ABSENT:
            is_missed = not self.beside or hasattr(module, self.beside)
            return f"{module.__name__} has no {self.attribute}" if is_missed else ""
        known = parameters(original)
        if self.signatures and not any(_fits(known, signature) for signature in self.signatures):
            return f"{module.__name__}.{self.attribute} takes {known}, which is not known"
        self.replace(owner, name, original, hooks, room)
        return ""

    def replace(self, owner: Any, name: str, original: Any, hooks: Hooks, room: str) -> None:
        """Put what is ours in its place, if something of ours comes there."""


class Override(Seam):
    """A method of a class of pip's that a class of ours overrides: there is nothing to replace."""


class Replace(Seam):
    """A function, method or property, and the module in the room of the table that replaces it.

    Our function has the same name, without underscores in front, unless it is written behind the
    module: ``module.function``. It is called as ``replacement(run, original, *args, **kwargs)``.
    Several rooms may replace the same attribute: what is declared later is called first, and what
    is declared before it is its ``original``.
    """

    def __init__(
        self, place: str, by: str, *signatures: str, beside: str = "", inherited: bool = False
    ) -> None:
        super().__init__(place, *signatures, beside=beside, inherited=inherited)
        self._by = by

    def replace(self, owner: Any, name: str, original: Any, hooks: Hooks, room: str) -> None:
        """Patch it."""
        module, _, function = self._by.partition(".")
        ours = f"pip_pinned.{room}.{module}", function or name.lstrip("_")
        replacement = _bind(ours, hooks, original)
        hooks.set(owner, name, replacement if self.signatures else property(replacement))


class Reads(Seam):
    """Attributes of a module or a class that are used as they are; of ``a|b`` one is enough.

    Those of an instance are known by the names in its class's ``__init__``.
    """

    def __init__(self, place: str, *names: str) -> None:
        super().__init__(place)
        self.names = names

    def install(self, module: ModuleType, hooks: Hooks, room: str) -> str:
        """See that all of them are there; what is wrong, or an empty string."""
        owner = getattr(module, self.attribute, None) if self.attribute else module
        known = _names(owner)
        missing = [name for name in self.names if not known.intersection(name.split("|"))]
        where = f"{module.__name__}{'.' if self.attribute else ''}{self.attribute}"
        return f"{where} has no {' and no '.join(missing)}" if missing else ""


class Hooks:
    """Applies seams as their modules are imported (a meta path finder).

    ``tables`` are by room. ``run`` is handed to every replacement, and may be exchanged. ``after``
    runs once a module is patched, inside its import: an exception there fails the import. The
    modules ``newer`` are ones that some supported pips do not have.
    """

    def __init__(
        self,
        run: Any,
        tables: Mapping[str, Table],
        after: Callable[[ModuleType], None],
        newer: Sequence[str] = (),
    ) -> None:
        self.run = run
        self._after = after
        self._newer = newer
        self._by_module: dict[str, list[tuple[str, str, Seam]]] = {}
        for room, table in tables.items():
            for why, seams in table.items():
                for seam in seams:
                    self._by_module.setdefault(seam.module, []).append((room, why, seam))
        self._undo: list[tuple[Any, str, Any]] = []

    def install(self) -> None:
        """Watch for pip's modules; patch those that are loaded already."""
        sys.meta_path.insert(0, self)  # needs no base class, and importlib.abc is slow to import
        loaded = [sys.modules[name] for name in self._by_module if name in sys.modules]
        for module in loaded:
            self._patch(module)
        for module in loaded:
            self._after(module)

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Set an attribute until ``undo``."""
        self._undo.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def undo(self) -> None:
        """Put every original back, the very objects, and stop watching."""
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]
        for owner, name, original in reversed(self._undo):
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._undo.clear()
        while self.run.restored:
            self.run.restored.pop()()

    def check_modules(self) -> None:
        """Raise ``unsupported-pip`` unless every module with a required seam exists."""
        from importlib.util import find_spec

        for name in self._by_module:
            if name in sys.modules or name in self._newer:
                continue
            try:
                found = find_spec(name)
            except ImportError:
                found = None
            if found is None:
                diagnostics.unsupported(f"pip has no module {name}")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The ordinary spec of a module with seams, its loader extended by the patching; None for
        all others.
        """
        if fullname not in self._by_module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _PatchingLoader(spec.loader, self._apply)  # type: ignore[assignment]
        return spec

    def _apply(self, module: ModuleType) -> None:
        self._patch(module)
        self._after(module)

    def _patch(self, module: ModuleType) -> None:
        for room, why, seam in self._by_module[module.__name__]:
            fault = seam.install(module, self, room)
            if fault:
                diagnostics.unsupported(f"{fault} ({why})")


def parameters(function: Any) -> Signature | None:
    """The names of a function's parameters, looking through decorators; None for what is not a
    function.
    """
    code = _code(function)
    return None if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _code(function: Any) -> CodeType | None:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code if isinstance(code, CodeType) else None


def _fits(known: Signature | None, signature: Signature) -> bool:
    if known is not None and signature[-1:] == ("...",):
        return known[: len(signature) - 1] == signature[:-1]
    return known == signature


def _names(owner: Any) -> set[str]:
    """What a module has, or a class and its instances."""
    found: set[str] = set()
    for place in getattr(owner, "__mro__", (owner,)):
        found.update(getattr(place, "__dict__", ()), getattr(place, "__annotations__", ()))
        code = _code(vars(place).get("__init__")) if place is not None else None
        if code is not None:
            found.update(code.co_names)
    return found


def _bind(ours: tuple[str, str], hooks: Hooks, original: Any) -> Callable[..., Any]:
    replacement: Callable[..., Any] | None = None

    def patched(*args: Any, **kwargs: Any) -> Any:
        nonlocal replacement
        if replacement is None:
            replacement = getattr(import_module(ours[0]), ours[1])
        return replacement(hooks.run, original, *args, **kwargs)

    return functools.wraps(original)(patched) if callable(original) else patched


class _PatchingLoader:
    def __init__(self, loader: Any, apply: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._apply = apply

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._apply(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
