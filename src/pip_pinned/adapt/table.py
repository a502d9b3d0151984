"""The seams of pip by which our options, credentials, messages and records fit into it."""

from __future__ import annotations

from pip_pinned.enforce.seams import Override, Reads, Replace, Table

_AUTH = "network.auth:MultiDomainBasicAuth"
_KEYRING = "adapt.keyrings.get_auth_info"

SEAMS: Table = {
    "with which secret a request is sent": (
        Replace(
            "network.session:PipSession.__init__",
            "adapt.credentials.session_init",
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
        Replace("network.auth:KeyRingPythonProvider.__init__", "adapt.keyrings.load", "self"),
        Replace("network.auth:KeyRingPythonProvider.get_auth_info", _KEYRING, "self url username"),
        Replace("network.auth:KeyRingCliProvider.get_auth_info", _KEYRING, "self url username"),
        Reads("network.auth:KeyRingPythonProvider", "keyring"),
        Reads("network.auth:KeyRingCliProvider", "keyring"),
        Reads("network.auth:", "subprocess"),
    ),
    "what pip writes down": (
        Replace(
            "models.installation_report:InstallationReport.to_dict",
            "adapt.redaction.report_to_dict",
            "self",
        ),
        Replace(
            "req.req_install:InstallRequirement.install", "adapt.provenance.install", "self ..."
        ),
    ),
    "what a lock has to say": (
        Replace(
            "index.package_finder:CandidateEvaluator.get_applicable_candidates",
            "adapt.locking.get_applicable_candidates",
            "self candidates",
        ),
    ),
    "what people tell pip about sources": (
        Replace(
            "cli.cmdoptions:make_option_group", "adapt.options.make_option_group", "group parser"
        ),
        Replace("cli.base_command:Command.parse_args", "adapt.options.parse_args", "self args"),
        Reads("models.index:", "PyPI"),
    ),
    "what requirements files and locks say about sources": (
        Replace(
            "req.req_file:get_file_content",
            "adapt.requirements_files.get_file_content",
            "url session",
            "url session constraint",
        ),
        Replace(
            "req.req_file:RequirementsFileParser._parse_file",
            "adapt.requirements_files.parse_file",
            "self filename constraint",
        ),
        Replace(
            "req.req_file:expand_env_variables",
            "adapt.requirements_files.expand_env_variables",
            "lines_enum",
        ),
        Replace(
            "req.req_file:get_line_parser", "adapt.requirements_files.get_line_parser", "finder"
        ),
        Replace(
            "req.req_file:handle_option_line",
            "adapt.requirements_files.handle_option_line",
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
            "adapt.requirements_files.parse_requirements",
            "filename session finder options constraint",
        ),
        Replace(
            "cli.req_command:RequirementCommand.get_requirements",
            "adapt.requirements_files.get_requirements",
            "self args options finder session",
        ),
        Replace(
            "cli.req_command:select_from_pylock_path_or_url",
            "adapt.requirements_files.select_from_pylock",
            "pylock_path_or_url session ...",
            optional="before 26.1",
        ),
    ),
}
