"""Findings in SARIF, as the standard asks for."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import smartserial
from smartserial.findings import ERROR, INFO, WARNING, Explanation, Finding
from smartserial.sarif import as_sarif

KNOWN = (
    Explanation("AA01", ERROR, "a is wrong", "mend a"),
    Explanation("BB01", WARNING, "b is odd", "look at b"),
    Explanation("CC01", INFO, "c is unusual", "think of c"),
)
FINDINGS = (
    Finding("a b/é.xml", 3, 7, "Protocol/Name", "AA01", ERROR, "expected x, found y", "try x"),
    Finding("c.xml", 0, 0, "", "CC01", INFO, "hm"),
)


def log(*findings: Finding) -> dict[str, Any]:
    loaded = json.loads(as_sarif(findings, KNOWN))
    assert isinstance(loaded, dict)
    return loaded


class SarifTest(SynchronousTestCase):
    maxDiff = None

    def test_version_and_tool(self) -> None:
        written = log()
        self.assertEqual(written["version"], "2.1.0")
        [run] = written["runs"]
        self.assertEqual(run["results"], [])
        self.assertEqual(run["columnKind"], "unicodeCodePoints")
        self.assertEqual(
            run["tool"]["driver"], {"name": "smartserial", "version": smartserial.__version__, "rules": []}
        )

    def test_results(self) -> None:
        [run] = log(*FINDINGS)["runs"]
        self.assertEqual(
            run["results"],
            [
                {
                    "ruleId": "AA01",
                    "level": "error",
                    "message": {"text": "expected x, found y (try x)"},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "a%20b/%C3%A9.xml"},
                                "region": {"startLine": 3, "startColumn": 7},
                            },
                            "logicalLocations": [{"fullyQualifiedName": "Protocol/Name"}],
                        }
                    ],
                },
                {
                    "ruleId": "CC01",
                    "level": "note",
                    "message": {"text": "hm"},
                    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "c.xml"}}}],
                },
            ],
        )

    def test_only_the_rules_that_were_broken_are_described(self) -> None:
        [run] = log(*FINDINGS)["runs"]
        self.assertEqual(
            run["tool"]["driver"]["rules"],
            [
                {
                    "id": "AA01",
                    "shortDescription": {"text": "a is wrong"},
                    "help": {"text": "mend a"},
                    "defaultConfiguration": {"level": "error"},
                },
                {
                    "id": "CC01",
                    "shortDescription": {"text": "c is unusual"},
                    "help": {"text": "think of c"},
                    "defaultConfiguration": {"level": "note"},
                },
            ],
        )
