"""Text from elsewhere, in one line that can be printed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.printable import printable


class PrintableTest(SynchronousTestCase):
    def test_table(self) -> None:
        for text, expected in (
            ("", ""),
            ("plain text", "plain text"),
            ("Gerät µ €", "Gerät µ €"),
            ("a\nb\r\tc", r"a\nb\r\tc"),
            ("\x1b[2J\x00\x7f", r"\x1b[2J\x00\x7f"),
            ("\x85\u2028\u202e\udcff", r"\x85\u2028\u202e\udcff"),
            ("\U000e0001", r"\U000e0001"),
        ):
            self.assertEqual(printable(text), expected)

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        done = printable(text)
        self.assertTrue(done.isprintable())
        self.assertEqual(len(done.splitlines()), 1 if text else 0)
        self.assertEqual(printable(done), done)
        self.assertTrue(done == text or not text.isprintable())
        done.encode("utf-8")
