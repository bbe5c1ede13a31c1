"""What an operator types: words in quotes, bytes with escapes, assignments."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.output import VerbError
from smartserial.console.words import assignments, hex_bytes, on_off, split, text_bytes


class SplitTest(SynchronousTestCase):
    def test_table(self) -> None:
        for line, words in (
            ("", []),
            ("  \t ", []),
            ("one", ["one"]),
            (" one  two\t", ["one", "two"]),
            ("'one two' three", ["one two", "three"]),
            ('"one \' two"', ["one ' two"]),
            ("'say \"so\"'", ['say "so"']),
            ("a''b \"\"", ["ab", ""]),
            ("line='300 7E1'", ["line=300 7E1"]),
            (r"\r \x02 \\", [r"\r", r"\x02", r"\\"]),
            (r'"\"', ["\\"]),
            ("# no; comment | here > x", ["#", "no;", "comment", "|", "here", ">", "x"]),
            ("Gerät €", ["Gerät", "€"]),
        ):
            self.assertEqual(split(line), words, line)

    def test_a_quote_that_is_not_closed(self) -> None:
        for line in ("'", '"', "a 'b", "it's", "'\"", "a\"b'"):
            with self.assertRaisesRegex(VerbError, "^expected a closing quote$"):
                split(line)

    @given(st.text(max_size=30))
    def test_any_line(self, line: str) -> None:
        with contextlib.suppress(VerbError):
            split(line)


class BytesTest(SynchronousTestCase):
    def test_text(self) -> None:
        for word, data in (
            ("", b""),
            ("plain", b"plain"),
            (r"\r\n\t\0\e", b"\r\n\t\0\x1b"),
            (r"\\r", b"\\r"),
            (r"\x02PING\x03", b"\x02PING\x03"),
            (r"\xfF\x00", b"\xff\0"),
            (r"\x411", b"A1"),
            ("Gerät", "Gerät".encode()),
            ("ä\\xe4", b"\xc3\xa4\xe4"),
            ("\udce4\\xe4", b"\xe4\xe4"),
        ):
            self.assertEqual(text_bytes(word), data, word)

    def test_other_escapes(self) -> None:
        for word, found in (
            (r"\q", r"\q"),
            (r"a\x", r"\x"),
            (r"\x1", r"\x"),
            (r"\xg0", r"\x"),
            ("\\ä", "\\ä"),
        ):
            with self.assertRaises(VerbError) as caught:
                text_bytes(word)
            expected = r"expected \r, \n, \t, \0, \e, \\ or \xNN, found "
            self.assertEqual(str(caught.exception), expected + found)

    @given(st.binary(max_size=30))
    def test_all_bytes_can_be_said(self, data: bytes) -> None:
        self.assertEqual(text_bytes("".join(rf"\x{byte:02x}" for byte in data)), data)
        self.assertEqual(hex_bytes([data.hex()]), data)
        self.assertEqual(hex_bytes(data.hex(" ").split()), data)

    @given(st.text(alphabet=st.sampled_from("\\x0fré€n"), max_size=12))
    def test_any_text(self, word: str) -> None:
        with contextlib.suppress(VerbError):
            self.assertIsInstance(text_bytes(word), bytes)

    def test_hex(self) -> None:
        for words in (["0"], ["zz"], ["02", "5"], ["0x02"], ["é"]):
            with self.assertRaises(VerbError) as caught:
                hex_bytes(words)
            expected = f"expected pairs of hexadecimal digits, found {' '.join(words)!r}"
            self.assertEqual(str(caught.exception), expected)
        self.assertEqual(hex_bytes([]), b"")


class AssignmentsTest(SynchronousTestCase):
    def test_table(self) -> None:
        self.assertEqual(assignments(["a=1", "b=x=y"], ("a", "b")), {"a": "1", "b": "x=y"})
        self.assertEqual(assignments(["a=1", "a=2"], ("a",)), {"a": "2"})

    def test_errors(self) -> None:
        for words, end in (
            ([], ""),
            (["a"], ", found a"),
            (["a="], ", found a="),
            (["=1"], ", found =1"),
            (["c=1"], ", found c=1"),
            (["a=1", "b"], ", found b"),
        ):
            with self.assertRaises(VerbError) as caught:
                assignments(words, ("a", "b"))
            self.assertEqual(str(caught.exception), f"expected NAME=VALUE with one of a, b{end}")

    def test_on_off(self) -> None:
        for word in ("on", "true", "1"):
            self.assertIs(on_off(word), True)
        for word in ("off", "false", "0"):
            self.assertIs(on_off(word), False)
        for word in ("", "On", "yes", "2"):
            with self.assertRaisesRegex(VerbError, f"^expected on or off, found {word}$"):
                on_off(word)
