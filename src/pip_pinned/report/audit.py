"""The findings of an audit: for people, for programs, for code scanning (SARIF 2.1.0), and for comments."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from pip_pinned import __version__
from pip_pinned.report.screen import console, show_json
from pip_pinned.scan.findings import CODES, Finding

_STYLES = {"high": "red", "medium": "yellow", "low": "cyan"}
_LEVELS = {"high": "error", "medium": "warning", "low": "note"}
_SCORES = {"high": "8.0", "medium": "5.0", "low": "2.0"}


class Report(NamedTuple):
    """Findings, the worst first; how many files were read, how many findings a baseline has, and what no index would say."""

    findings: tuple[Finding, ...]
    files: int
    known: int
    unanswered: tuple[str, ...]


def show(report: Report) -> None:
    """A table, then what each code means, once."""
    screen = console()
    if report.findings:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("", "finding", "where", "what"):
            table.add_column(column, overflow="fold")
        for finding in report.findings:
            table.add_row(Text(finding.severity, style=_STYLES[finding.severity]), finding.code, str(finding.place), finding.message)
        screen.print(table)
        for code in dict.fromkeys(finding.code for finding in report.findings):
            screen.print(f"\n{code}: {CODES[code].risk}\n  {CODES[code].fix}")
        screen.print()
    screen.print(f"{_counted(report)} in {report.files} files{f'; {report.known} more are in the baseline' if report.known else ''}.")
    for line in report.unanswered:
        screen.print(f"not answered: {line}")


def _counted(report: Report) -> str:
    by_severity = [f"{count} {severity}" for severity in _STYLES if (count := sum(finding.severity == severity for finding in report.findings))]
    return ", ".join(by_severity) + " findings" if by_severity else "No findings"


def _show_json(report: Report) -> None:
    show_json({"ok": not report.findings, "files": report.files, "unanswered": list(report.unanswered), "findings": [
        {"code": finding.code, "severity": finding.severity, "file": finding.place.file, "line": finding.place.line, "about": finding.about, "message": finding.message,
         "risk": CODES[finding.code].risk, "fix": CODES[finding.code].fix, "fingerprint": finding.fingerprint} for finding in report.findings]})


def _show_markdown(report: Report) -> None:
    lines = [f"**pip-pinned audit**: {_counted(report)} in {report.files} files.", ""]
    if report.findings:
        lines += ["| severity | finding | where | what | fix |", "|---|---|---|---|---|"]
        lines += [f"| {finding.severity} | `{finding.code}` | `{_cell(str(finding.place))}` | {_cell(finding.message)} | {_cell(CODES[finding.code].fix)} |" for finding in report.findings]
    lines += [f"- not answered: {_cell(line)}" for line in report.unanswered]
    sys.stdout.write("\n".join(lines).rstrip() + "\n")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _show_sarif(report: Report) -> None:
    codes = list(dict.fromkeys(finding.code for finding in report.findings))
    rules = [{"id": code, "shortDescription": {"text": CODES[code].risk}, "help": {"text": CODES[code].fix},
              "defaultConfiguration": {"level": _LEVELS[CODES[code].severity]}, "properties": {"tags": ["security"], "security-severity": _SCORES[CODES[code].severity]}} for code in codes]
    results: list[dict[str, Any]] = [
        {"ruleId": finding.code, "ruleIndex": codes.index(finding.code), "level": _LEVELS[finding.severity], "message": {"text": f"{finding.message}. {CODES[finding.code].risk} {CODES[finding.code].fix}"},
         "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(finding.place.file)}, "region": {"startLine": finding.place.line}}}],
         "partialFingerprints": {"pipPinned/v1": finding.fingerprint}} for finding in report.findings]
    show_json({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [
        {"tool": {"driver": {"name": "pip-pinned", "semanticVersion": __version__, "rules": rules}}, "results": results,
         "invocations": [{"executionSuccessful": not report.unanswered, "toolExecutionNotifications": [{"level": "error", "message": {"text": line}} for line in report.unanswered]}]}]})


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


FORMATS: Mapping[str, Callable[[Report], None]] = {"table": show, "json": _show_json, "sarif": _show_sarif, "markdown": _show_markdown}
