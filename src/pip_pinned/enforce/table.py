"""The seams of pip that enforcement stands on."""

from __future__ import annotations

from pip_pinned.enforce.seams import Override, Reads, Replace, Table

NEWER = "pip._internal.build_env.installer"  # modules since 26.2; required where they exist

_LINK = "index.collector:LinkCollector"
_PREPARER = "operations.prepare:RequirementPreparer"
_SESSION = "network.session:PipSession"
_CONTROLLER = "_vendor.cachecontrol.controller:CacheController"
_SERIALIZER = "_vendor.cachecontrol.serialize:Serializer"
_INPROCESS = "InprocessBuildEnvironmentInstaller.install"
_INSTALL = "self requirements prefix kind for_req"

SEAMS: Table = {
    "where a name is looked up": (
        Replace(f"{_LINK}.collect_sources", "lookup", "self project_name candidates_from_page"),
        Reads("index.collector:", "CollectedSources", "parse_links"),
        Reads("models.search_scope:", "SearchScope"),
        Reads("models.link:", "Link"),
        Reads(
            "models.link:Link", "_hashes", "metadata_file_data|dist_info_metadata", "yanked_reason"
        ),
        Reads("exceptions:", "PipError", "DiagnosticPipError", "MetadataInconsistent"),
    ),
    "what an index answered": (
        Replace(f"{_LINK}.fetch_response", "lookup", "self location", "self location package_name"),
        Replace("index.collector:_handle_get_simple_fail", "lookup", "link reason meth"),
        Reads("index.collector:IndexContent", "content", "content_type", "url"),
    ),
    "what pip may choose from": (
        Replace(
            "index.package_finder:PackageFinder.find_all_candidates",
            "lookup",
            "self project_name",
        ),
    ),
    "any artifact that is about to be used": (
        Replace(f"{_PREPARER}.prepare_linked_requirement", "artifacts", "self req parallel_builds"),
        Replace(f"{_PREPARER}.prepare_editable_requirement", "artifacts", "self req"),
        Replace(
            f"{_PREPARER}._prepare_linked_requirement",
            "artifacts.confirm_digest",
            "self req parallel_builds",
        ),
        Replace(
            f"{_PREPARER}._fetch_metadata_using_link_data_attr",
            "artifacts.fetch_metadata",
            "self req",
        ),
        Replace(
            f"{_PREPARER}.prepare_linked_requirements_more",
            "artifacts",
            "self reqs parallel_builds",
        ),
    ),
    "what lies about: files of the right name, wheels built earlier": (
        Replace(
            "operations.prepare:_check_download_dir",
            "leftovers",
            "link download_dir hashes",
            "link download_dir hashes warn_on_hash_mismatch",
        ),
        Replace(f"{_PREPARER}.save_linked_requirement", "leftovers", "self req"),
        Reads(_PREPARER, "download_dir"),
        Replace("cache:SimpleWheelCache.get_path_for_link", "leftovers", "self link"),
        Replace(
            "cache:WheelCache.get_cache_entry", "leftovers", "self link package_name supported_tags"
        ),
        Reads("cache:SimpleWheelCache", "cache_dir"),
    ),
    "every request that leaves": (
        Reads(_SESSION, "_trusted_host_adapter", "add_trusted_host", "is_secure_origin", "auth"),
        Replace(
            f"{_SESSION}.__init__",
            "transport.session_init",
            "self retries cache trusted_hosts index_urls ...",
            "self retries resume_retries cache trusted_hosts index_urls ...",
        ),
        Replace(f"{_SESSION}.request", "transport", "self method url"),
        Replace(f"{_SESSION}.get_redirect_target", "redirects", "self resp", inherited=True),
        Replace(f"{_SESSION}.send", "egress", "self request", inherited=True),
        Replace(
            f"{_SESSION}.rebuild_auth",
            "transport",
            "self prepared_request response",
            inherited=True,
        ),
        Replace(
            "_vendor.urllib3.connectionpool:HTTPConnectionPool.urlopen",
            "egress",
            "self method url body headers ...",
        ),
    ),
    "what is kept of an answer, and for whom": (
        Override(f"{_CONTROLLER}.cached_request", "self request"),
        Override(f"{_CONTROLLER}.conditional_headers", "self request"),
        Override(f"{_CONTROLLER}.update_cached_response", "self request response"),
        Override(
            f"{_CONTROLLER}.cache_response",
            "self request response ...",
            "self request response_or_ref ...",
        ),
        Override(f"{_SERIALIZER}.dumps", "self request response ..."),
        Override(f"{_SERIALIZER}.loads", "self request data ..."),
        Reads("_vendor.cachecontrol.adapter:CacheControlAdapter", "controller", "cache"),
    ),
    # get_runnable_pip moved from build_env to utils.misc in pip 26.2, and is imported by value
    "both kinds of children that pip starts": (
        Replace("cli.main_parser:get_runnable_pip", "children.runnable_pip_for_python", ""),
        Replace(
            "build_env:get_runnable_pip",
            "children.runnable_pip_for_build",
            "",
            beside="_Prefix",
        ),
        Replace("build_env.installer:get_runnable_pip", "children.runnable_pip_for_build", ""),
        Replace(
            f"build_env:{_INPROCESS}",
            "children.install_inprocess",
            _INSTALL,
            beside="InprocessBuildEnvironmentInstaller",
        ),
        Replace(f"build_env.installer:{_INPROCESS}", "children.install_inprocess", _INSTALL),
        Replace("index.package_finder:PackageFinder.index_urls", "children.finder_index_urls"),
        Replace("index.package_finder:PackageFinder.find_links", "children.finder_find_links"),
        Replace(
            f"{_PREPARER}.__init__",
            "children.preparer_init",
            "self build_dir download_dir src_dir build_isolation ...",
        ),
    ),
    "the canary's question": (
        Reads("index.package_finder:PackageFinder", "create", "find_best_candidate"),
        Reads("models.selection_prefs:", "SelectionPreferences"),
        Reads("models.target_python:", "TargetPython"),
    ),
}
