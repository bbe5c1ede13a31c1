"""From values to settings, with everything that is wrong on the way."""

from __future__ import annotations

from pathlib import Path

from smartserial.config.build import Builder
from smartserial.config.findings import ERROR, Finding
from smartserial.config.models import ConfigModel
from smartserial.config.rules import RULES
from smartserial.config.source import Source
from smartserial.config.translate import validate
from smartserial.settings import GatewaySettings


def judge(source: Source, folder: Path) -> tuple[GatewaySettings | None, list[Finding]]:
    """Judge values from anywhere.

    Args:
        source: the values.
        folder: relative paths begin here.

    Returns:
        The settings, or None if there are errors; and all findings, in the order of their lines.
    """
    config, findings = validate(ConfigModel, source)
    settings = None
    if config is not None:
        for rule in RULES:
            findings += rule(config, source)
        builder = Builder(source, folder)
        settings = builder.gateway(config)
        findings += builder.findings
    findings.sort(
        key=lambda finding: (finding.file != source.name, finding.file, finding.line, finding.column)
    )
    wrong = any(finding.severity == ERROR for finding in findings)
    return (None if wrong else settings), findings
