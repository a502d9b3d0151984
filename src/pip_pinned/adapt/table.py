"""The seams of pip by which our options, credentials, messages and records fit into it."""

from __future__ import annotations

from pip_pinned.enforce.seams import Override, Reads, Replace, Table

_AUTH = "network.auth:MultiDomainBasicAuth"

_EVALUATOR = "index.package_finder:CandidateEvaluator.get_applicable_candidates"

SEAMS: Table = {
    "how long an answer may take, and how large it may be": (
        Replace(
            "_vendor.urllib3.connection:HTTPConnection.response_class", "limits", inherited=True
        ),
        Replace("_vendor.urllib3.util.retry:Retry.get_retry_after", "limits", "self response"),
        Replace("_vendor.requests.adapters:HTTPAdapter.build_response", "limits", "self req resp"),
        Replace(
            "index.collector:_get_index_content",
            "limits",
            "link session",
            "link session force_revalidate",
        ),
    ),
    "with which secret a request is sent": (
        Replace(
            "network.session:PipSession.__init__",
            "credentials.session_init",
            "self retries cache trusted_hosts index_urls ...",
            "self retries resume_retries cache trusted_hosts index_urls ...",
        ),
        Override(f"{_AUTH}.__init__", "self prompting index_urls ..."),
        Override(f"{_AUTH}.__call__", "self req"),
        Override(f"{_AUTH}._get_index_url", "self url"),
        Override(f"{_AUTH}._get_new_credentials", "self original_url allow_netrc allow_keyring"),
        Override(f"{_AUTH}._prompt_for_password", "self netloc"),
        Override(f"{_AUTH}.handle_401", "self resp"),
        Override(f"{_AUTH}.save_credentials", "self resp"),
        Reads(_AUTH, "prompting", "index_urls", "passwords", "_credentials_to_save"),
    ),
    "credentials out of a keyring that may fail": (
        Replace("network.auth:KeyRingPythonProvider.__init__", "keyrings.load", "self"),
        Replace(
            "network.auth:KeyRingPythonProvider.get_auth_info", "keyrings", "self url username"
        ),
        Replace("network.auth:KeyRingCliProvider.get_auth_info", "keyrings", "self url username"),
        Reads("network.auth:KeyRingPythonProvider", "keyring"),
        Reads("network.auth:KeyRingCliProvider", "keyring"),
        Reads("network.auth:", "subprocess"),
    ),
    "what pip writes down": (
        Replace(
            "models.installation_report:InstallationReport.to_dict",
            "redaction.report_to_dict",
            "self",
        ),
        Replace("req.req_install:InstallRequirement.install", "provenance", "self ..."),
        Reads("locations:", "get_scheme"),
    ),
    "what pip may choose from": (
        Replace(_EVALUATOR, "strategies", "self candidates"),
        Replace(_EVALUATOR, "locking", "self candidates"),
    ),
    "what people tell pip about sources": (
        Replace("cli.cmdoptions:make_option_group", "options", "group parser"),
        Replace("cli.base_command:Command.parse_args", "options", "self args"),
        Reads("models.index:", "PyPI"),
        Reads("commands:", "create_command"),
    ),
    "what requirements files and locks say about sources": (
        Replace(
            "req.req_file:get_file_content",
            "requirements_files",
            "url session",
            "url session constraint",
        ),
        Replace(
            "req.req_file:RequirementsFileParser._parse_file",
            "requirements_files",
            "self filename constraint",
        ),
        Replace("req.req_file:expand_env_variables", "requirements_files", "lines_enum"),
        Replace("req.req_file:get_line_parser", "requirements_files", "finder"),
        Replace(
            "req.req_file:handle_option_line",
            "requirements_files",
            "opts filename lineno finder options session",
        ),
        Reads(
            "req.req_file:",
            "ParsedRequirement",
            "OptionParsingError",
            "join_lines",
            "build_parser",
            "break_args_options",
            "parse_requirements",
        ),
        Replace(
            "cli.req_command:parse_requirements",
            "requirements_files",
            "filename session finder options constraint",
        ),
        Replace(
            "cli.req_command:RequirementCommand.get_requirements",
            "requirements_files",
            "self args options finder session",
        ),
        Replace(
            "cli.req_command:select_from_pylock_path_or_url",
            "requirements_files.select_from_pylock",
            "pylock_path_or_url session ...",
            beside="is_valid_pylock_filename",
        ),
    ),
}
