"""YAML as it comes: odd bytes, aliases and merges, too much of everything, and the place of each value."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.findings import FindingsError
from smartserial.config.source import MOST_BYTES, Source, parse_source, path_text, read_source
from smartserial.settings import LoopDevice, PortDevice

from .configs import Row, device, differences, in_short, judged, listen

GOOD = device("{loop: true}")

NOT_YAML: list[tuple[str | bytes, str, str]] = [
    ("shares: {a: [\n", "2:1", "expected the node content"),
    ('shares:\n  a: "x\n', "3:1", "end of stream"),
    ("shares:\n\ta: 1\n", "2:1", "cannot start any token"),
    ("shares: *x\n", "1:9", "undefined alias"),
    ("a: 1\na: 2\n", "2:1", 'duplicate key "a"'),
    ("shares: {}\n---\nshares: {}\n", "2:1", "another document"),
    ("shares: {<<: 3}\n", "1:14", "merging"),
    ("shares: &a {<<: *a}\n", "1:1", ""),
    ("%YAML 3.0\n---\nshares: {}\n", "1:1", "incompatible YAML document"),
    (b"shares: \x00\n", "1:1", "#x0000"),
    (b"shares: \xff\xfe\n", "1:1", "utf-8"),
    (GOOD.encode("utf-16"), "1:1", "utf-8"),
    (device('{port: "é"}').encode("latin-1"), "1:1", "utf-8"),
    (bytes(range(256)), "1:1", ""),
    (bytes(4096), "1:1", "#x0000"),
    ("shares: " + "[" * 60 + "]" * 60, "1:9", "nested too deeply"),
]


def _bomb(levels: int) -> str:
    """Aliases of aliases, nine each: nine to the power of `levels` values in a few lines."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(levels)]
    return "\n".join(lines)


def _merge_bomb(levels: int) -> str:
    lines = ["a0: &a0 {x: 1}"]
    for n in range(levels):
        merged = ", ".join([f"*a{n}"] * 9)
        lines.append(f"a{n + 1}: &a{n + 1} {{<<: [{merged}], y{n}: *a{n}}}")
    return "\n".join(lines)


class OddFilesTest(SynchronousTestCase):
    maxDiff = None

    def test_not_yaml(self) -> None:
        for text, place, words in NOT_YAML:
            settings, findings = judged(text)
            self.assertIsNone(settings)
            self.assertEqual(in_short(findings), [f"{place} CF01"], repr(text[:80]))
            self.assertIn(words, findings[0].message)
            self.assertEqual(len(findings[0].message.splitlines()), 1)

    def test_deep_nesting(self) -> None:
        """Who notices it first depends on the stack; that it is noticed does not."""
        for text in (
            "shares: " + "[" * 300 + "]" * 300,
            "shares: " + "{a: " * 300 + "1" + "}" * 300,
            "".join(" " * n + "a:\n" for n in range(900)),
            "- " * 5000,
            "? " * 5000,
        ):
            _, findings = judged(text)
            self.assertEqual([finding.code for finding in findings], ["CF01"])
            self.assertIn("nested too deeply", findings[0].message)

    def test_words_of_our_own(self) -> None:
        """A message is about the file, not about the insides of the library."""
        for text, foreign in (
            ("shares: &a {<<: *a}\n", "NoneType"),
            (listen("{port: 2001-99-01}"), "month must be"),
            (listen("{port: " + "9" * 5000 + "}"), "set_int_max_str_digits"),
        ):
            _, findings = judged(text)
            self.assertTrue(findings, text[:80])
            for finding in findings:
                self.assertNotIn(foreign, str(finding))

    def test_bombs_are_refused(self) -> None:
        for text in (_bomb(9), _bomb(40), _merge_bomb(40)):
            settings, findings = judged(text)
            self.assertIsNone(settings)
            self.assertEqual([finding.code for finding in findings], ["CF01"])
            self.assertIn("too many values", findings[0].message)

    def test_no_mapping(self) -> None:
        rows: list[Row] = [
            (text, [("1:1 CF03", "expected a mapping, found ")])
            for text in (
                "",
                "# nothing\n",
                "\n\n",
                "---\n",
                "null",
                "hello",
                "3",
                "[]",
                "- shares\n",
                "shares",
            )
        ]
        self.assertEqual(differences(rows), "")

    def test_a_list_that_contains_itself(self) -> None:
        _, findings = judged("shares: &a [*a]\n")
        self.assertTrue(findings)
        _, findings = judged("shares: &a {b: *a}\n")
        self.assertTrue(findings)

    @given(st.binary(max_size=200))
    def test_any_bytes(self, data: bytes) -> None:
        settings, findings = judged(data)
        self.assertTrue(settings is not None or findings)

    @given(st.text(alphabet="ab:-?{}[]&*!|>'\"%@`#,<\n \t1.~", max_size=60))
    def test_any_text(self, text: str) -> None:
        settings, findings = judged(text)
        self.assertTrue(settings is not None or findings)


class SameFileTest(SynchronousTestCase):
    """A file means the same, however its lines end."""

    def test_byte_order_mark_and_line_ends(self) -> None:
        expected = judged(GOOD)
        self.assertEqual(expected[1], [])
        for data in (
            b"\xef\xbb\xbf" + GOOD.encode(),
            GOOD.replace("\n", "\r\n").encode(),
            GOOD.replace("\n", "\r").encode(),
            b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode(),
            GOOD.rstrip("\n").encode(),
            b"---\n" + GOOD.encode() + b"...\n",
            b"%YAML 1.2\n---\n" + GOOD.encode(),
        ):
            self.assertEqual(judged(data), expected, repr(data[:20]))

    def test_places_with_other_line_ends(self) -> None:
        text = listen("{port: 1, host: any}, {prot: 2}")
        places = ["4:30 CF07 shares.a.listen[0].host", "4:37 CF02 shares.a.listen[1].prot"]
        for data in (
            text.encode(),
            b"\xef\xbb\xbf" + text.encode(),
            text.replace("\n", "\r\n").encode(),
            text.replace("\n", "\r").encode(),
        ):
            self.assertEqual(in_short(judged(data)[1]), places)

    def test_a_column_counts_characters(self) -> None:
        text = 'shares: {"ä€😀": 1, a: {device: {loop: true}, listen: [{port: x}]}}'
        _, findings = judged(text)
        column = text.index("x}") + 1
        self.assertIn(f"1:{column} CF03 shares.a.listen[0].port", in_short(findings))

    def test_words_of_yaml_1_2(self) -> None:
        """`no` is a text, 010 is ten and 1:30 no number; 0o and 0x are numbers."""
        _, findings = judged(listen("{port: 1, nodelay: no}"))
        self.assertEqual(in_short(findings), ["4:33 CF03 shares.a.listen[0].nodelay"])
        for text, number in (("0o17", 15), ("0x1F", 31), ("010", 10), ("7001", 7001)):
            settings, findings = judged(listen(f"{{port: {text}}}"))
            assert settings is not None, findings
            self.assertEqual(settings.shares[0].listeners[0].address.port, number)
        self.assertEqual(in_short(judged(listen("{port: 1:30}"))[1]), ["4:21 CF03 shares.a.listen[0].port"])

    def test_no_share_hides_another(self) -> None:
        """Keys that are the same text are the same key, however they are written."""
        good = "{device: {loop: true}, listen: [{port: 0}]}"
        for first, second in (("1", '"1"'), ("a", '"a"'), ("1.5", "'1.5'"), ("0x1", "1")):
            settings, findings = judged(f"shares: {{{first}: {good}, {second}: {good}}}\n")
            self.assertIsNone(settings, (first, second))
            self.assertTrue(findings)

    def test_a_name_is_what_was_written(self) -> None:
        """`true` is no share of the name True, and `~` none of the name None."""
        for name in ("0", "7", "00", "0_0", "1_0", "true", "~", "null", "1.50", "0x10", "0o7"):
            settings, findings = judged(
                f"shares: {{{name}: {{device: {{loop: true}}, listen: [{{port: 0}}]}}}}\n"
            )
            if settings is not None:
                self.assertEqual(settings.shares[0].name, name)
            else:
                self.assertTrue(findings)

    def test_a_number_may_be_a_name(self) -> None:
        """Those of connections are."""
        for name in ("0", "7", "12"):
            settings, _ = judged(f"shares: {{{name}: {{device: {{loop: true}}, listen: [{{port: 0}}]}}}}\n")
            assert settings is not None
            self.assertEqual(settings.shares[0].name, name)

    def test_tags_run_nothing(self) -> None:
        for text in (
            "shares: !!python/object/apply:os.system [ls]\n",
            "shares: !!python/name:os.system\n",
            "shares: !!binary aGVsbG8=\n",
            "shares: !!set {a, b}\n",
            listen("{port: !port 7}"),
        ):
            settings, findings = judged(text)
            self.assertIsNone(settings)
            self.assertEqual([finding.code for finding in findings], ["CF03"], text)


class PlacesTest(SynchronousTestCase):
    def test_keys_and_values(self) -> None:
        source = parse_source(
            "x", b"shares:\n  plc:   # comment\n    device: {loop: true}\n    listen:\n      - port: 7\n"
        )
        expected = {
            ("shares",): ((1, 1), (2, 3)),
            ("shares", "plc"): ((2, 3), (3, 5)),
            ("shares", "plc", "device"): ((3, 5), (3, 13)),
            ("shares", "plc", "device", "loop"): ((3, 14), (3, 20)),
            ("shares", "plc", "listen"): ((4, 5), (5, 7)),
            ("shares", "plc", "listen", 0, "port"): ((5, 9), (5, 15)),
        }
        self.assertEqual({place: (source.keys[place], source.places[place]) for place in expected}, expected)
        self.assertEqual(source.places["shares", "plc", "listen", 0], (5, 9))

    def test_block_style(self) -> None:
        text = (
            "shares:\n"
            "  a:\n"
            "    device:\n"
            "      port: tty1\n"
            "      baudrate:   fast   # comment\n"
            "      parety: odd\n"
            "    listen:\n"
            "      - port: 1\n"
            "      - port: 2\n"
            "        host: any\n"
        )
        self.assertEqual(
            in_short(judged(text)[1]),
            [
                "5:19 CF03 shares.a.device.baudrate",
                "6:7 CF02 shares.a.device.parety",
                "10:15 CF07 shares.a.listen[1].host",
            ],
        )

    def test_a_value_that_is_not_there(self) -> None:
        """Where nothing stands, the place is that of the key's line, not of whatever comes next."""
        for text, line in (
            ("shares:\n", 1),
            ("shares:\n\n\n# end\n", 1),
            (device("{loop: true}") + "    sharing:\n", 5),
            ("shares:\n  a:\n  b: {device: {loop: true}, listen: [{port: 1}]}\n", 2),
        ):
            _, findings = judged(text)
            self.assertEqual([finding.line for finding in findings], [line], text)

    def test_a_finding_falls_back_on_what_is_around_it(self) -> None:
        source = parse_source("x", b"a: {b: 1}")
        for place, at_key, expected in (
            (("a", "b"), False, (1, 8)),
            (("a", "b"), True, (1, 5)),
            (("a", "b", "c"), False, (1, 8)),
            (("a", "z"), False, (1, 4)),
            (("z",), False, (1, 1)),
        ):
            finding = source.finding(place, "CF03", "wrong", at_key=at_key)
            self.assertEqual((finding.line, finding.column), expected)

    def test_values_from_elsewhere_have_no_line(self) -> None:
        finding = Source("flags", {"a": 1}).finding(("a",), "CF03", "wrong")
        self.assertEqual((finding.line, finding.column), (0, 0))
        self.assertEqual(str(finding), "flags: CF03 error: a: wrong")

    def test_path_text(self) -> None:
        for place, text in (
            ((), ""),
            (("shares",), "shares"),
            (("shares", "plc", "listen", 0, "port"), "shares.plc.listen[0].port"),
            (("script", 2, "answer", 1), "script[2].answer[1]"),
        ):
            self.assertEqual(path_text(place), text)


class AliasesTest(SynchronousTestCase):
    def test_anchors_and_merges(self) -> None:
        settings, findings = judged(
            "shares:\n"
            "  a:\n"
            "    device: &d {port: tty1, baudrate: 1200, parity: odd}\n"
            "    listen: [&l {port: 1, keepalive: false}]\n"
            "  b:\n"
            "    device: {<<: *d, port: tty2, parity: even}\n"
            "    listen: [{<<: *l, port: 2}]\n"
            "  c:\n"
            "    device: {loop: true}\n"
            "    listen:\n"
            "      - <<: [*l]\n"
            "        port: 3\n"
        )
        assert settings is not None, findings
        first, second, third = settings.shares
        assert isinstance(first.device, PortDevice) and isinstance(second.device, PortDevice)
        self.assertEqual(second.device.port, "tty2")
        self.assertEqual(str(first.device.line), "1200 8O1")
        self.assertEqual(str(second.device.line), "1200 8E1")
        self.assertEqual(third.device, LoopDevice())
        listeners = [share.listeners[0] for share in settings.shares]
        self.assertEqual([listener.address.port for listener in listeners], [1, 2, 3])
        self.assertEqual([listener.keepalive for listener in listeners], [None] * 3)

    def test_what_is_merged_in_has_the_place_of_the_mapping(self) -> None:
        text = (
            "shares:\n"
            "  a:\n"
            "    device: {loop: true}\n"
            "    listen:\n"
            "      - &l {port: 1, host: nowhere, foo: 1}\n"
            "      - {<<: *l, port: 2}\n"
        )
        self.assertEqual(
            in_short(judged(text)[1]),
            [
                "5:28 CF03 shares.a.listen[0].host",
                "5:37 CF02 shares.a.listen[0].foo",
                "6:9 CF03 shares.a.listen[1].host",
                "6:9 CF02 shares.a.listen[1].foo",
            ],
        )

    def test_an_alias_is_judged_at_both_places(self) -> None:
        text = "shares:\n  a: &a {device: {loop: true}, listen: [{port: 0, host: nowhere}]}\n  b: *a\n"
        self.assertEqual(
            [finding.path for finding in judged(text)[1]],
            ["shares.a.listen[0].host", "shares.b.listen[0].host"],
        )


class ReadTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def _refused(self, path: Path) -> str:
        with self.assertRaises(FindingsError) as caught:
            read_source(path)
        (finding,) = caught.exception.findings
        self.assertEqual((finding.code, finding.line, finding.file), ("CF01", 0, str(path)))
        return str(finding)

    def test_unreadable(self) -> None:
        path = self.folder / "none.yaml"
        self.assertEqual(self._refused(path), f"{path}: CF01 error: No such file or directory")
        self.assertEqual(self._refused(self.folder), f"{self.folder}: CF01 error: Is a directory")

    def test_size(self) -> None:
        path = self.folder / "large.yaml"
        path.write_bytes(b"a: 1 #" + b"x" * (MOST_BYTES - 6))
        self.assertEqual(read_source(path).values, {"a": 1})
        path.write_bytes(b"a: 1 #" + b"x" * (MOST_BYTES - 5))
        self.assertIn(f"expected at most {MOST_BYTES} bytes", self._refused(path))

    def test_endless(self) -> None:
        self.assertIn("expected at most", self._refused(Path("/dev/zero")))

    def test_shown_under_another_name(self) -> None:
        path = self.folder / "x.yaml"
        path.write_text("a: [")
        with self.assertRaises(FindingsError) as caught:
            read_source(path, "relative/x.yaml")
        self.assertEqual(caught.exception.findings[0].file, "relative/x.yaml")
