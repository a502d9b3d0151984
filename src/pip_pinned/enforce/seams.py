"""Putting our functions in the place of pip's, when pip's modules are first imported, and taking them out again."""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from pip_pinned.enforce import failures

Signature = tuple[str, ...]
_ABSENT = object()


@dataclass(frozen=True)
class Seam:
    """One attribute of one module of pip, the parameter names it may have, and what replaces it.

    ``replacement(run, original, *args, **kwargs)``. A signature that ends in ``...`` is a beginning, for a
    constructor whose further arguments are passed on unseen. ``signatures`` empty means a property.
    ``optional`` is for an attribute that some supported pips do not have.
    """

    module: str
    attribute: str
    signatures: tuple[Signature, ...]
    replacement: Callable[..., Any]
    optional: bool = False


SEAMS: list[Seam] = []


def replaces(module: str, attribute: str, *signatures: Signature, optional: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function for a seam of ``pip._internal``."""

    def register(replacement: Callable[..., Any]) -> Callable[..., Any]:
        SEAMS.append(Seam(f"pip._internal.{module}", attribute, signatures, replacement, optional))
        return replacement

    return register


def parameters(function: Any) -> Signature | None:
    """The names of a function's parameters, looking through decorators; None for what is not a function."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return None
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


class Hooks(importlib.abc.MetaPathFinder):
    """Applies seams as their modules are imported. ``run`` is handed to every replacement.

    ``after`` runs once a module is patched, inside its import: an exception there fails the import.
    """

    def __init__(self, run: object, seams: Iterable[Seam], after: Callable[[ModuleType], None]) -> None:
        self._run = run
        self._after = after
        self._by_module: dict[str, list[Seam]] = {}
        for seam in seams:
            self._by_module.setdefault(seam.module, []).append(seam)
        self._undo: list[tuple[Any, str, Any]] = []

    def install(self) -> None:
        """Watch for pip's modules; patch those that are loaded already."""
        sys.meta_path.insert(0, self)
        loaded = [sys.modules[name] for name in self._by_module if name in sys.modules]
        for module in loaded:
            self._patch_all(module)
        for module in loaded:
            self._after(module)

    def undo(self) -> None:
        """Put every original back, the very objects, and stop watching."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for owner, name, original in reversed(self._undo):
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._undo.clear()

    def check_modules(self) -> None:
        """Raise ``unsupported-pip`` unless every module with a required seam exists."""
        for name, seams in self._by_module.items():
            if name in sys.modules or all(seam.optional for seam in seams):
                continue
            try:
                found = importlib.util.find_spec(name)
            except ImportError:
                found = None
            if found is None:
                failures.stop(failures.unsupported_pip(f"pip has no module {name}"))

    def find_spec(self, fullname: str, path: Sequence[str] | None = None,
                  target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        """The ordinary spec of a module with seams, its loader extended by the patching; None for all others."""
        if fullname not in self._by_module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _PatchingLoader(spec.loader, self._apply)
        return spec

    def _apply(self, module: ModuleType) -> None:
        self._patch_all(module)
        self._after(module)

    def _patch_all(self, module: ModuleType) -> None:
        for seam in self._by_module[module.__name__]:
            self._patch(module, seam)

    def _patch(self, module: ModuleType, seam: Seam) -> None:
        owner: Any = module
        *path, name = seam.attribute.split(".")
        for part in path:
            owner = getattr(owner, part, None)
        original = getattr(owner, name, _ABSENT)
        if original is _ABSENT:
            if seam.optional:
                return
            failures.stop(failures.unsupported_pip(f"{seam.module} has no {seam.attribute}"))
        raw = vars(owner).get(name, _ABSENT)
        if not seam.signatures:
            replacement: Any = property(functools.partial(seam.replacement, self._run))
        else:
            known = parameters(original)
            if not any(_fits(known, signature) for signature in seam.signatures):
                failures.stop(failures.unsupported_pip(f"{seam.module}.{seam.attribute} takes {known}, which is not known"))
            replacement = _bind(seam.replacement, self._run, original)
        self._undo.append((owner, name, raw))
        setattr(owner, name, replacement)


def _fits(known: Signature | None, signature: Signature) -> bool:
    if known is not None and signature[-1:] == ("...",):
        return known[: len(signature) - 1] == signature[:-1]
    return known == signature


def _bind(replacement: Callable[..., Any], run: object, original: Any) -> Callable[..., Any]:
    @functools.wraps(original)
    def patched(*args: Any, **kwargs: Any) -> Any:
        return replacement(run, original, *args, **kwargs)

    return patched


class _PatchingLoader(importlib.abc.Loader):
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
