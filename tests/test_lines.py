"""The values of a serial line: the short form both ways, their words, and one set of lines over another."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import Flow, LineProfile, Lines, LineSettings, Parity, Rs485, parse_short_form

STATES = st.sampled_from([None, False, True])
LINES = st.builds(Lines, STATES, STATES, STATES)

SHORT_FORMS: list[tuple[str, dict[str, Any]]] = [
    ("9600", {"baudrate": 9600}),
    (" 9600 ", {"baudrate": 9600}),
    ("19200 8E1", {"baudrate": 19200, "bytesize": 8, "parity": "even", "stopbits": 1}),
    ("19200,8E1", {"baudrate": 19200, "bytesize": 8, "parity": "even", "stopbits": 1}),
    ("1200 7o2", {"baudrate": 1200, "bytesize": 7, "parity": "odd", "stopbits": 2}),
    ("50 5N1.5", {"baudrate": 50, "bytesize": 5, "parity": "none", "stopbits": 1.5}),
    ("300 6M1", {"baudrate": 300, "bytesize": 6, "parity": "mark", "stopbits": 1}),
    ("250000 8s2", {"baudrate": 250000, "bytesize": 8, "parity": "space", "stopbits": 2}),
]
NOT_SHORT_FORMS = (
    "",
    " ",
    "8N1",
    "9600 8N",
    "9600 8N3",
    "9600 9N1",
    "9600 4N1",
    "9600 8X1",
    "9600  8N1",
    "9600 8N1 x",
    "9600\n8N1",
    "-9600",
    "+9600",
    "9600.5",
    "9k6",
    "9600 8N1.25",
    "9600;8N1",
    "0x100",
)


class ShortFormTest(SynchronousTestCase):
    def test_read(self) -> None:
        for text, expected in SHORT_FORMS:
            self.assertEqual(parse_short_form(text), expected, text)

    def test_refused_with_what_came(self) -> None:
        for text in NOT_SHORT_FORMS:
            with self.assertRaises(ValueError) as caught:
                parse_short_form(text)
            self.assertIn("expected a form like '19200 8E1'", str(caught.exception))
            self.assertIn(repr(text), str(caught.exception))

    @given(
        st.integers(1, 50_000_000),
        st.sampled_from([5, 6, 7, 8]),
        st.sampled_from(Parity),
        st.sampled_from([1, 1.5, 2]),
    )
    def test_both_ways(self, baudrate: int, bytesize: int, parity: Parity, stopbits: float) -> None:
        settings = LineSettings(baudrate, bytesize, parity, stopbits)
        named = parse_short_form(str(settings))
        self.assertEqual(
            named,
            {"baudrate": baudrate, "bytesize": bytesize, "parity": parity.value, "stopbits": stopbits},
        )

    @given(st.text(max_size=20))
    def test_nothing_but_value_error(self, text: str) -> None:
        try:
            named = parse_short_form(text)
        except ValueError:
            return
        self.assertIn("baudrate", named)

    def test_stopbits_are_an_integer_where_they_are_whole(self) -> None:
        self.assertIsInstance(parse_short_form("9600 8N2")["stopbits"], int)
        self.assertIsInstance(parse_short_form("9600 5N1.5")["stopbits"], float)


class WordsTest(SynchronousTestCase):
    def test_settings(self) -> None:
        for settings, text in (
            (LineSettings(), "9600 8N1"),
            (LineSettings(stopbits=1.0), "9600 8N1"),
            (LineSettings(stopbits=2.0), "9600 8N2"),
            (LineSettings(45, 5, Parity.ODD, 1.5), "45 5O1.5"),
            (LineSettings(1200, 7, Parity.MARK, 2, Flow.RTSCTS), "1200 7M2 rtscts"),
            (LineSettings(flow=Flow.XONXOFF), "9600 8N1 xonxoff"),
            (LineSettings(parity=Parity.SPACE, rs485=Rs485()), "9600 8S1 rs485"),
            (LineSettings(parity=Parity.EVEN, flow=Flow.RTSCTS, rs485=Rs485()), "9600 8E1 rtscts rs485"),
        ):
            self.assertEqual(str(settings), text)

    def test_letters(self) -> None:
        self.assertEqual([parity.letter for parity in Parity], list("NOEMS"))

    def test_lines(self) -> None:
        for lines, text in (
            (Lines(), ""),
            (Lines(dtr=True), "dtr=on"),
            (Lines(rts=False), "rts=off"),
            (Lines(brk=True), "break=on"),
            (Lines(True, False, False), "dtr=on rts=off break=off"),
        ):
            self.assertEqual(str(lines), text)


class LinesTest(SynchronousTestCase):
    def test_over(self) -> None:
        self.assertEqual(Lines(dtr=True).over(Lines(dtr=False, rts=False)), Lines(dtr=True, rts=False))
        self.assertEqual(Lines(brk=False).over(Lines(brk=True)), Lines(brk=False))
        self.assertEqual(Lines().over(Lines(True, True, True)), Lines(True, True, True))

    def test_false_where_nothing_is_said(self) -> None:
        self.assertFalse(Lines())
        self.assertTrue(Lines(dtr=False))
        self.assertTrue(Lines(brk=False))

    @given(LINES, LINES)
    def test_over_prefers_what_is_said(self, upper: Lines, lower: Lines) -> None:
        merged = upper.over(lower)
        for name in ("dtr", "rts", "brk"):
            said = [getattr(lines, name) for lines in (upper, lower) if getattr(lines, name) is not None]
            self.assertEqual(getattr(merged, name), said[0] if said else None)

    @given(LINES, LINES, LINES)
    def test_over_is_associative_and_has_a_neutral_value(self, a: Lines, b: Lines, c: Lines) -> None:
        self.assertEqual(a.over(b).over(c), a.over(b.over(c)))
        self.assertEqual(a.over(Lines()), a)
        self.assertEqual(Lines().over(a), a)

    def test_a_profile_says_nothing_by_default(self) -> None:
        self.assertEqual(LineProfile(), LineProfile(Lines(), Lines()))
