"""The seams of pip, all of them, and how our functions are put in their place and taken out again.

A seam is an attribute of a module of ``pip._internal``, or of what pip has vendored, with the
parameters that it has in every supported pip. Its replacement is named, not imported: a command
that searches nothing does not pay for the rest of the kernel.
"""

from __future__ import annotations

import functools
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from types import CodeType, ModuleType
from typing import Any

from pip_pinned.enforce import failures

Signature = tuple[str, ...]
_ABSENT = object()


class Seam:
    """One attribute of one module of pip, and ``module.function`` of this room that replaces it.

    The function is called as ``replacement(run, original, *args, **kwargs)``. A signature that ends
    in ``...`` is a beginning, for a constructor whose further arguments are passed on unseen; no
    signature means a property. ``optional`` is for a function or class that some supported pips do
    not have; a method of a class that is there is required.
    """

    def __init__(
        self,
        module: str,
        attribute: str,
        replacement: str,
        signatures: tuple[Signature, ...] = (),
        *,
        optional: bool = False,
    ) -> None:
        self.module = (
            f"pip.{module}" if module.startswith("_vendor.") else f"pip._internal.{module}"
        )
        self.attribute = attribute
        self.replacement = replacement
        self.signatures = signatures
        self.optional = optional


_PREPARER = "RequirementPreparer."
_INPROCESS = ("self", "requirements", "prefix", "kind", "for_req")

SEAMS = (
    # where a name is looked up, and what an index answered
    Seam(
        "index.collector",
        "LinkCollector.collect_sources",
        "lookup.collect_sources",
        (("self", "project_name", "candidates_from_page"),),
    ),
    Seam(
        "index.collector",
        "LinkCollector.fetch_response",
        "lookup.fetch_response",
        (("self", "location"), ("self", "location", "package_name")),
    ),
    Seam(
        "index.collector",
        "_handle_get_simple_fail",
        "lookup.handle_get_simple_fail",
        (("link", "reason", "meth"),),
    ),
    Seam(
        "index.package_finder",
        "PackageFinder.find_all_candidates",
        "candidates.find_all_candidates",
        (("self", "project_name"),),
    ),
    Seam(
        "index.package_finder",
        "CandidateEvaluator.get_applicable_candidates",
        "candidates.get_applicable_candidates",
        (("self", "candidates"),),
    ),
    # any artifact that is about to be used
    Seam(
        "operations.prepare",
        _PREPARER + "prepare_linked_requirement",
        "artifacts.prepare_linked_requirement",
        (("self", "req", "parallel_builds"),),
    ),
    Seam(
        "operations.prepare",
        _PREPARER + "prepare_editable_requirement",
        "artifacts.prepare_editable_requirement",
        (("self", "req"),),
    ),
    Seam(
        "operations.prepare",
        _PREPARER + "_prepare_linked_requirement",
        "artifacts.confirm_digest",
        (("self", "req", "parallel_builds"),),
    ),
    Seam(
        "operations.prepare",
        _PREPARER + "_fetch_metadata_using_link_data_attr",
        "artifacts.fetch_metadata",
        (("self", "req"),),
    ),
    # what lies about: files of the right name, wheels built earlier
    Seam(
        "operations.prepare",
        "_check_download_dir",
        "artifacts.check_download_dir",
        (
            ("link", "download_dir", "hashes"),
            ("link", "download_dir", "hashes", "warn_on_hash_mismatch"),
        ),
    ),
    Seam(
        "operations.prepare",
        _PREPARER + "save_linked_requirement",
        "artifacts.save_linked_requirement",
        (("self", "req"),),
    ),
    Seam(
        "cache",
        "SimpleWheelCache.get_path_for_link",
        "artifacts.get_path_for_link",
        (("self", "link"),),
    ),
    Seam(
        "cache",
        "WheelCache.get_cache_entry",
        "artifacts.get_cache_entry",
        (("self", "link", "package_name", "supported_tags"),),
    ),
    # every request that leaves
    Seam(
        "network.session",
        "PipSession.__init__",
        "transport.session_init",
        (
            ("self", "retries", "cache", "trusted_hosts", "index_urls", "..."),
            ("self", "retries", "resume_retries", "cache", "trusted_hosts", "index_urls", "..."),
        ),
    ),
    Seam(
        "network.session", "PipSession.request", "transport.request", (("self", "method", "url"),)
    ),
    Seam(
        "network.session",
        "PipSession.get_redirect_target",
        "egress.get_redirect_target",
        (("self", "resp"),),
    ),
    Seam("network.session", "PipSession.send", "egress.send", (("self", "request"),)),
    Seam(
        "network.session",
        "PipSession.rebuild_auth",
        "transport.rebuild_auth",
        (("self", "prepared_request", "response"),),
    ),
    Seam(
        "_vendor.urllib3.connectionpool",
        "HTTPConnectionPool.urlopen",
        "egress.urlopen",
        (("self", "method", "url", "body", "headers", "..."),),
    ),
    # how long an answer may take, and how large it may be
    Seam("_vendor.urllib3.connection", "HTTPConnection.response_class", "limits.response_class"),
    Seam(
        "_vendor.urllib3.util.retry",
        "Retry.get_retry_after",
        "limits.get_retry_after",
        (("self", "response"),),
    ),
    Seam(
        "_vendor.requests.adapters",
        "HTTPAdapter.build_response",
        "limits.build_response",
        (("self", "req", "resp"),),
    ),
    # credentials out of a keyring that may fail
    Seam("network.auth", "KeyRingPythonProvider.__init__", "keyrings.load", (("self",),)),
    Seam(
        "network.auth",
        "KeyRingPythonProvider.get_auth_info",
        "keyrings.get_auth_info",
        (("self", "url", "username"),),
    ),
    Seam(
        "network.auth",
        "KeyRingCliProvider.get_auth_info",
        "keyrings.get_auth_info",
        (("self", "url", "username"),),
    ),
    # both kinds of children; get_runnable_pip moved from build_env to utils.misc in pip 26.2, and
    # is imported by value
    Seam("cli.main_parser", "get_runnable_pip", "children.runnable_pip_for_python", ((),)),
    Seam("build_env", "get_runnable_pip", "children.runnable_pip_for_build", ((),), optional=True),
    Seam("build_env.installer", "get_runnable_pip", "children.runnable_pip_for_build", ((),)),
    Seam(
        "build_env",
        "InprocessBuildEnvironmentInstaller.install",
        "children.install_inprocess",
        (_INPROCESS,),
        optional=True,
    ),
    Seam(
        "build_env.installer",
        "InprocessBuildEnvironmentInstaller.install",
        "children.install_inprocess",
        (_INPROCESS,),
    ),
    Seam("index.package_finder", "PackageFinder.index_urls", "children.finder_index_urls"),
    Seam("index.package_finder", "PackageFinder.find_links", "children.finder_find_links"),
    Seam(
        "operations.prepare",
        _PREPARER + "__init__",
        "children.preparer_init",
        (("self", "build_dir", "download_dir", "src_dir", "build_isolation", "..."),),
    ),
    # what is asked ahead
    Seam(
        "resolution.resolvelib.resolver",
        "Resolver.resolve",
        "prefetch.resolve",
        (("self", "root_reqs", "check_supported_wheels"),),
    ),
    Seam(
        "resolution.resolvelib.factory",
        "Factory.collect_root_requirements",
        "prefetch.collect_root_requirements",
        (("self", "root_ireqs"),),
    ),
    Seam(
        "operations.prepare",
        _PREPARER + "prepare_linked_requirements_more",
        "prefetch.prepare_linked_requirements_more",
        (("self", "reqs", "parallel_builds"),),
    ),
    # what pip writes down
    Seam(
        "models.installation_report",
        "InstallationReport.to_dict",
        "discretion.report_to_dict",
        (("self",),),
    ),
    Seam("req.req_install", "InstallRequirement.install", "provenance.install", (("self", "..."),)),
    # what people tell pip about sources
    Seam(
        "cli.cmdoptions", "make_option_group", "options.make_option_group", (("group", "parser"),)
    ),
    Seam("cli.base_command", "Command.parse_args", "options.parse_args", (("self", "args"),)),
    Seam(
        "req.req_file",
        "get_file_content",
        "requirements.get_file_content",
        (("url", "session"), ("url", "session", "constraint")),
    ),
    Seam(
        "req.req_file",
        "RequirementsFileParser._parse_file",
        "requirements.parse_file",
        (("self", "filename", "constraint"),),
    ),
    Seam(
        "req.req_file",
        "expand_env_variables",
        "requirements.expand_env_variables",
        (("lines_enum",),),
    ),
    Seam("req.req_file", "get_line_parser", "requirements.get_line_parser", (("finder",),)),
    Seam(
        "req.req_file",
        "handle_option_line",
        "requirements.handle_option_line",
        (("opts", "filename", "lineno", "finder", "options", "session"),),
    ),
    Seam(
        "cli.req_command",
        "parse_requirements",
        "requirements.parse_requirements",
        (("filename", "session", "finder", "options", "constraint"),),
    ),
    Seam(
        "cli.req_command",
        "RequirementCommand.get_requirements",
        "requirements.get_requirements",
        (("self", "args", "options", "finder", "session"),),
    ),
    Seam(
        "cli.req_command",
        "select_from_pylock_path_or_url",
        "requirements.select_from_pylock",
        (("pylock_path_or_url", "session", "..."),),
        optional=True,
    ),
)

_NEWER_MODULES = (
    "pip._internal.build_env.installer",
)  # since pip 26.2; what they hold is required where they exist


class Hooks:
    """Applies the seams as their modules are imported (a meta path finder).

    ``run`` is handed to every replacement, and may be exchanged.     ``after`` runs once a module
    is patched, inside its import: an exception there fails the import.
    """

    def __init__(self, run: Any, after: Callable[[ModuleType], None]) -> None:
        self.run = run
        self._after = after
        self._by_module: dict[str, list[Seam]] = {}
        for seam in SEAMS:
            self._by_module.setdefault(seam.module, []).append(seam)
        self._undo: list[tuple[Any, str, Any]] = []

    def install(self) -> None:
        """Watch for pip's modules; patch those that are loaded already."""
        sys.meta_path.insert(
            0, self
        )  # a finder needs no base class, and importlib.abc is slow to import
        loaded = [sys.modules[name] for name in self._by_module if name in sys.modules]
        for module in loaded:
            self._patch_all(module)
        for module in loaded:
            self._after(module)

    def undo(self) -> None:
        """Put every original back, the very objects, and stop watching."""
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]
        for owner, name, original in reversed(self._undo):
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._undo.clear()

    def check_modules(self) -> None:
        """Raise ``unsupported-pip`` unless every module with a required seam exists."""
        from importlib.util import find_spec

        for name, seams in self._by_module.items():
            if name in sys.modules or seams[0].module in _NEWER_MODULES:
                continue
            try:
                found = find_spec(name)
            except ImportError:
                found = None
            if found is None:
                failures.stop(failures.unsupported_pip(f"pip has no module {name}"))

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
            if seam.optional and (not path or owner is None):
                return
            failures.stop(failures.unsupported_pip(f"{module.__name__} has no {seam.attribute}"))
        known = parameters(original)
        if seam.signatures and not any(_fits(known, signature) for signature in seam.signatures):
            failures.stop(
                failures.unsupported_pip(
                    f"{module.__name__}.{seam.attribute} takes {known}, which is not known"
                )
            )
        self._undo.append((owner, name, vars(owner).get(name, _ABSENT)))
        replacement = _bind(seam.replacement, self, original)
        setattr(owner, name, replacement if seam.signatures else property(replacement))


def parameters(function: Any) -> Signature | None:
    """The names of a function's parameters, looking through decorators; None for what is not a
    function.
    """
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return None
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _fits(known: Signature | None, signature: Signature) -> bool:
    if known is not None and signature[-1:] == ("...",):
        return known[: len(signature) - 1] == signature[:-1]
    return known == signature


def _bind(name: str, hooks: Hooks, original: Any) -> Callable[..., Any]:
    module, _, function = name.partition(".")
    replacement: Callable[..., Any] | None = None

    def patched(*args: Any, **kwargs: Any) -> Any:
        nonlocal replacement
        if replacement is None:
            replacement = getattr(import_module(f"pip_pinned.enforce.{module}"), function)
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
