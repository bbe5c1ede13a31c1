"""Findings as SARIF 2.1.0, the form that code hosts and editors read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from smartserial import __version__
from smartserial.findings import ERROR, INFO, WARNING, Explanation, Finding

_LEVELS = {ERROR: "error", WARNING: "warning", INFO: "note"}


def as_sarif(findings: Iterable[Finding], known: Iterable[Explanation]) -> str:
    """Write findings as one SARIF log of one run.

    Args:
        findings: what was found.
        known: what the codes mean; those that were found are described.
    """
    results = [_result(finding) for finding in findings]
    found = {result["ruleId"] for result in results}
    driver = {
        "name": "smartserial",
        "version": __version__,
        "rules": [_rule(rule) for rule in known if rule.code in found],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2)


def _rule(rule: Explanation) -> Mapping[str, object]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "help": {"text": rule.cure},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding) -> Mapping[str, object]:
    where: dict[str, object] = {"artifactLocation": {"uri": quote(os.fsencode(finding.file))}}
    if finding.line:
        where["region"] = {"startLine": finding.line, "startColumn": max(1, finding.column)}
    location: dict[str, object] = {"physicalLocation": where}
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
    hint = f" ({finding.hint})" if finding.hint else ""
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}{hint}"},
        "locations": [location],
    }
