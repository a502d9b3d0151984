"""The places of pip at which something is asked ahead."""

from __future__ import annotations

from pip_pinned.enforce.seams import Reads, Replace, Table

_PREPARER = "operations.prepare:RequirementPreparer"
_FACTORY = "resolution.resolvelib.factory:Factory"

SEAMS: Table = {
    "what is asked ahead": (
        Replace(
            "resolution.resolvelib.resolver:Resolver.resolve",
            "hooks",
            "self root_reqs check_supported_wheels",
        ),
        Replace(f"{_FACTORY}.collect_root_requirements", "hooks", "self root_ireqs"),
        Replace(
            "index.package_finder:PackageFinder.find_all_candidates", "hooks", "self project_name"
        ),
        Replace(f"{_PREPARER}.prepare_linked_requirement", "hooks", "self req parallel_builds"),
        Replace(f"{_PREPARER}.prepare_editable_requirement", "hooks", "self req"),
        Replace(
            f"{_PREPARER}.prepare_linked_requirements_more", "hooks", "self reqs parallel_builds"
        ),
        Replace(
            "_vendor.urllib3.connectionpool:HTTPConnectionPool.urlopen",
            "hooks",
            "self method url body headers ...",
        ),
    ),
    "what of a long page is left out": (
        Replace(
            "index.collector:LinkCollector.fetch_response",
            "hooks",
            "self location",
            "self location package_name",
        ),
        Reads("models.target_python:TargetPython", "get_sorted_tags|get_tags"),
        Reads("index.package_finder:LinkEvaluator", "_target_python"),
    ),
    "what a look ahead has to know": (
        Reads(
            _FACTORY,
            "_finder",
            "_force_reinstall",
            "_ignore_requires_python",
            "_installed_dists",
            "_python_candidate",
        ),
        Reads("index.package_finder:PackageFinder", "_link_collector", "make_candidate_evaluator"),
        Reads("index.package_finder:PackageFinder", "_logged_links|_requires_python_skipped"),
        Reads("index.package_finder:CandidateEvaluator", "_project_name", "_hashes", "_specifier"),
        Reads(_PREPARER, "_session", "require_hashes", "use_lazy_wheel"),
        Reads("_vendor.urllib3._collections:RecentlyUsedContainer", "_maxsize", "dispose_func"),
        Reads("network.utils:", "HEADERS"),
        Reads("utils.hashes:", "Hashes"),
        Reads("metadata:", "get_metadata_distribution"),
    ),
}
