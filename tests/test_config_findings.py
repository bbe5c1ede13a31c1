"""Findings, and how they are written down."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.findings import CODES, FindingsError
from smartserial.errors import ConfigError
from smartserial.findings import ERROR, WARNING, Finding, as_json, did_you_mean

FINDING = Finding("x.yaml", 3, 7, "shares.plc.device", "CF02", ERROR, "unknown key", "did you mean port?")


class WordsTest(SynchronousTestCase):
    def test_text(self) -> None:
        for finding, text in (
            (FINDING, "x.yaml:3:7: CF02 error: shares.plc.device: unknown key (did you mean port?)"),
            (Finding("x.yaml", 3, 7, "", "CF01", ERROR, "not YAML"), "x.yaml:3:7: CF01 error: not YAML"),
            (Finding("x.yaml", 0, 0, "", "CF01", ERROR, "is gone"), "x.yaml: CF01 error: is gone"),
            (Finding("f", 1, 2, "a", "CF08", WARNING, "idle"), "f:1:2: CF08 warning: a: idle"),
        ):
            self.assertEqual(str(finding), text)

    def test_json(self) -> None:
        self.assertEqual(
            json.loads(as_json([FINDING])),
            {
                "findings": [
                    {
                        "file": "x.yaml",
                        "line": 3,
                        "column": 7,
                        "path": "shares.plc.device",
                        "code": "CF02",
                        "severity": "error",
                        "message": "unknown key",
                        "hint": "did you mean port?",
                    }
                ]
            },
        )
        self.assertEqual(json.loads(as_json([])), {"findings": []})

    def test_error(self) -> None:
        error = FindingsError([FINDING, FINDING])
        self.assertIsInstance(error, ConfigError)
        self.assertEqual(error.findings, (FINDING, FINDING))
        self.assertEqual(str(error).splitlines(), [str(FINDING)] * 2)

    def test_codes_are_in_order_and_have_words(self) -> None:
        self.assertEqual(list(CODES), [f"CF{n:02}" for n in range(1, len(CODES) + 1)])
        self.assertTrue(all(known.title and known.cure for known in CODES.values()))

    def test_did_you_mean(self) -> None:
        for word, known, hint in (
            ("baudrat", ["baudrate", "bytesize"], "did you mean baudrate?"),
            ("Port", ["port"], "did you mean port?"),
            ("zzz", ["port"], ""),
            ("", ["port"], ""),
            (None, ["none"], "did you mean none?"),
            (True, ["port"], ""),
            ("port", [], ""),
        ):
            self.assertEqual(did_you_mean(word, known), hint)
