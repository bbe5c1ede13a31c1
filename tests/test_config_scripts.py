"""Scripts of simulated devices: found by name or by path, and judged like the configuration itself."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from smartserial import config
from smartserial.config.build import SIMULATIONS
from smartserial.script import Check, Hole, Rule, Script, Unasked
from smartserial.settings import SimDevice

from .configs import device, in_short, judged, the_share

P = "shares.a.device.sim"
BYTES = "expected a text of characters up to \\xff, each one a byte, found "

WRONG: list[tuple[str, list[tuple[str, str]]]] = [
    ("", [("1:1 CF03", "expected a mapping, found nothing")]),
    ("script: [", [("1:10 CF01", "expected the node content")]),
    ("script: 3", [("1:9 CF03 script", "expected a list, found 3")]),
    ("script: []", [("1:9 CF03 script", "expected at least one")]),
    ("script: [3]", [("1:10 CF03 script[0]", "expected a mapping, found 3")]),
    ("script: [{}]", [("1:10 CF04 script[0].answer", "missing")]),
    ("script: [{answer: []}]", [("1:19 CF03 script[0].answer", "expected at least one")]),
    ("script: [{answer: 3}]", [("1:19 CF03 script[0].answer[0]", f"{BYTES}3")]),
    ("script: [{answer: null}]", [("1:19 CF03 script[0].answer[0]", BYTES)]),
    ("script: [{answer: [a, {b: c}]}]", [("1:23 CF03 script[0].answer[1]", BYTES)]),
    ('script: [{expect: "€", answer: a}]', [("1:19 CF03 script[0].expect", f"{BYTES}'€'")]),
    ("terminator: 3\nscript: [{answer: a}]", [("1:13 CF03 terminator[0]", f"{BYTES}3")]),
    ("ignore: [a]\nscript: [{answer: a}]", [("1:9 CF03 ignore", BYTES)]),
    ("script: [{expect: a, answer: b, delay: 5}]", [("1:40 CF03 script[0].delay", "a time with its unit")]),
    ("script: [{answer: a, every: 0s}]", [("1:29 CF03 script[0].every", "expected at least 0.001")]),
    ("script: [{answer: a, every: 1s, expect: b}]", [("1:33 CF05 script[0].expect", "excluded by `every`")]),
    ("script: [{answer: a, every: 1s, delay: 1s}]", [("1:33 CF05 script[0].delay", "excluded by `every`")]),
    ('terminator: ""\nscript: [{answer: a}]', [("2:10 CF08 script[0]", "cannot act: without a terminator")]),
    ('terminator: ""\nscript: [{expect: "", answer: a}]', [("2:10 CF08 script[0]", "cannot act")]),
]
WRONG += [
    ("values: 3\nscript: [{answer: a}]", [("1:9 CF03 values", "expected a mapping, found 3")]),
    (
        "values: {A: a}\nscript: [{answer: a}]",
        [("1:13 CF03 values.A", "a name of a-z, digits and _, found 'A'")],
    ),
    ("values: {a: 3}\nscript: [{answer: a}]", [("1:13 CF03 values.a", f"{BYTES}3")]),
    (
        "values: {a: x}\nscript: [{answer: '{b}'}]",
        [("2:19 CF03 script[0].answer[0]", "there is no value 'b'")],
    ),
    (
        "values: {a: x}\nscript: [{answer: [a, '{'], expect: '{c}'}]",
        [
            ("2:23 CF03 script[0].answer[1]", "a brace stands alone"),
            ("2:37 CF03 script[0].expect", "there is no value 'c'"),
        ],
    ),
    (
        "values: {a: x}\nscript: [{expect: '{a}{a}', answer: a}]",
        [("2:19 CF08 script[0].expect", "a value stands in it twice")],
    ),
    (
        "values: {a: '', b: ''}\nscript: [{expect: '{a},{b}', answer: a}]",
        [("2:19 CF08 script[0].expect", "one value of any length")],
    ),
    (
        "values: {a: ''}\nterminator: ''\nscript: [{expect: '({a})', answer: a}]",
        [("3:19 CF08 script[0].expect", "none without a terminator")],
    ),
    (
        'values: {a: "x"}\nscript: [{expect: "{a}\\n", answer: a}]',
        [("2:19 CF08 script[0].expect", "it holds the terminator")],
    ),
    (
        "values: {a: xx}\nscript: [{expect: a, answer: a, set: {a: x}}]",
        [("2:42 CF03 script[0].set.a", "expected 2 bytes, as in `values`, found 1")],
    ),
    (
        "script: [{expect: a, answer: a, set: {a: x}}]",
        [("1:42 CF03 script[0].set.a", "there is no value 'a'")],
    ),
    (
        "values: {a: x}\nscript: [{every: 1s, answer: a, set: {a: x}}]",
        [("2:33 CF05 script[0].set", "excluded by `every`")],
    ),
    ("checksum: sum\nscript: [{answer: a}]", [("1:11 CF03 checksum", "expected a mapping, found 'sum'")]),
    ("checksum: {type: md5}\nscript: [{answer: a}]", [("1:18 CF03 checksum.type", "modbus")]),
    (
        "checksum: {type: sum, width: 9}\nscript: [{answer: a}]",
        [("1:30 CF03 checksum.width", "expected at most 4")],
    ),
]
UNKNOWN: list[tuple[str, list[tuple[str, str]]]] = [
    ("scrpt: []", [("1:1 CF04 script", "missing"), ("1:1 CF02 scrpt", "did you mean script?")]),
    ("shares: {}", [("1:1 CF04 script", "missing"), ("1:1 CF02 shares", "known here: terminator")]),
    ("script: [{answer: a, delai: 1s}]", [("1:22 CF02 script[0].delai", "did you mean delay?")]),
    (
        "script: [{answer: a, device: 1}]",
        [("1:22 CF02 script[0].device", "known here: expect, every, answer, delay")],
    ),
    (
        "script: [{answer: a}, {answer: a, listen: {port: 1}}]",
        [("1:35 CF02 script[1].listen", "known here: expect, every, answer, delay")],
    ),
]


class ScriptsTest(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def _write(self, text: str) -> Path:
        path = self.folder / "device.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def _compare(self, rows: list[tuple[str, list[tuple[str, str]]]]) -> None:
        for text, expected in rows:
            path = self._write(text)
            settings, (first, *findings) = judged(device("{sim: ./device.yaml}"), self.folder)
            self.assertIsNone(settings)
            self.assertEqual(in_short([first]), [f"3:19 CF09 {P}"])
            self.assertEqual(first.message, f"the script {path} cannot be used")
            self.assertEqual(in_short(findings), [short for short, _ in expected], text)
            self.assertEqual({finding.file for finding in findings}, {str(path)})
            for finding, (_, words) in zip(findings, expected, strict=True):
                self.assertIn(words, str(finding))

    def test_wrong_scripts(self) -> None:
        self._compare(WRONG)

    def test_unknown_keys(self) -> None:
        self._compare(UNKNOWN)

    def test_a_script(self) -> None:
        self._write(
            'terminator: "\\r\\n"\n'
            'ignore: " "\n'
            "script:\n"
            '  - {expect: "A", answer: "\\x06\\xff", delay: 20ms}\n'
            "  - {expect: B, answer: [one, two]}\n"
            '  - {every: 2s, answer: ["", tick]}\n'
            "  - {answer: what}\n"
        )
        settings, findings = judged(device("{sim: device.yaml}"), self.folder)
        assert settings is not None, findings
        self.assertEqual(findings, [])
        script = Script(
            rules=(
                Rule(b"A", (b"\x06\xff",), 0.02),
                Rule(b"B", (b"one", b"two")),
                Rule(None, (b"what",)),
            ),
            unasked=(Unasked(2.0, (b"", b"tick")),),
            terminators=(b"\r\n",),
            ignore=b" ",
        )
        self.assertEqual(settings.shares[0].device, SimDevice("device.yaml", script))

    def test_a_script_that_remembers(self) -> None:
        self._write(
            'terminator: ""\n'
            'values: {x: "\\0\\0", any: ""}\n'
            "checksum: {type: modbus, width: 2, endian: little, skip: 1}\n"
            "script:\n"
            "  - {expect: 'a{x}', answer: ['{x}{{', b], set: {any: c}}\n"
            "  - {every: 1s, answer: '{any}'}\n"
        )
        settings, findings = judged(device("{sim: device.yaml}"), self.folder)
        assert settings is not None, findings
        x = Hole("x", 2)
        script = Script(
            rules=(Rule((b"a", x), ((x, b"{"), b"b"), sets=(("any", b"c"),)),),
            unasked=(Unasked(1.0, ((Hole("any"),),)),),
            terminators=(),
            values=(("x", b"\0\0"), ("any", b"")),
            check=Check("modbus", 2, little=True, skip=1),
        )
        self.assertEqual(settings.shares[0].device, SimDevice("device.yaml", script))

    def test_braces_are_themselves_where_nothing_is_remembered(self) -> None:
        self._write("script: [{expect: '{a', answer: '{\"b\": 1}'}]")
        settings, _ = judged(device("{sim: device.yaml}"), self.folder)
        assert settings is not None
        script = Script(rules=(Rule(b"{a", (b'{"b": 1}',)),))
        self.assertEqual(settings.shares[0].device, SimDevice("device.yaml", script))

    def test_spellings_of_a_path(self) -> None:
        path = self._write("script: [{answer: a}]")
        (self.folder / "other.yml").write_text("script: [{answer: a}]")
        (self.folder / "plain").write_text("script: [{answer: a}]")
        for name in ("device.yaml", "./device.yaml", str(path), "other.yml", "./plain"):
            settings, findings = judged(device(f"{{sim: {name}}}"), self.folder)
            self.assertEqual((settings is not None, findings), (True, []), name)

    def test_not_there(self) -> None:
        path = self.folder / "none.yaml"
        _, findings = judged(device("{sim: none.yaml}"), self.folder)
        self.assertEqual(in_short(findings), [f"3:19 CF09 {P}", "0:0 CF01"])
        self.assertEqual(str(findings[1]), f"{path}: CF01 error: No such file or directory")

    def test_findings_of_a_script_come_after_those_of_the_file(self) -> None:
        self._write("script: 3")
        text = device("{sim: device.yaml}").replace("port: 1", "prot: 1")
        _, findings = judged(text, self.folder)
        self.assertEqual(
            in_short(findings),
            [f"3:19 CF09 {P}", "4:15 CF02 shares.a.listen[0].prot", "1:9 CF03 script"],
        )


class BundledTest(SynchronousTestCase):
    def _names(self) -> list[str]:
        return sorted(path.name.removesuffix(".yaml") for path in SIMULATIONS.iterdir())

    def test_all_can_be_used(self) -> None:
        self.assertIn("scpi-meter", self._names())
        for name in self._names():
            found = the_share(device(f"{{sim: {name}}}")).device
            assert isinstance(found, SimDevice)
            self.assertEqual(found.name, name)
            self.assertTrue(found.script.rules or found.script.unasked)

    def test_unknown_names(self) -> None:
        for name, hint in (
            ("scpi-metr", "no simulation 'scpi-metr' (did you mean scpi-meter?)"),
            ("zzz", f"no simulation 'zzz' (known: {', '.join(self._names())})"),
            ("..", "no simulation '..' (known: "),
            ("demo", "no simulation 'demo' (known: "),
        ):
            settings, findings = judged(device(f"{{sim: {name}}}"))
            self.assertIsNone(settings)
            self.assertEqual(in_short(findings), [f"3:19 CF09 {P}"])
            self.assertIn(hint, str(findings[0]))

    def test_the_demo_is_made_of_them(self) -> None:
        settings, findings = config.load(config.config_path("demo"))
        self.assertEqual(findings, [])
        self.assertTrue(any(isinstance(share.device, SimDevice) for share in settings.shares))
