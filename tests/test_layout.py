"""Headings, lists and tables, as text and as Markdown; foreign words are never markup."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.layout import Entries, Entry, Grid, Heading, Paragraph, as_markdown, as_text

BLOCKS = (
    Heading(0, "A device"),
    Paragraph("It measures."),
    Heading(1, "Fields"),
    Grid(("at", "name"), (("0", "start|end"), ("12", "x"))),
    Entries((Entry("first"), Entry("below", 1))),
)
TEXT = """\
A device
========

It measures.

Fields
------

at  name
0   start|end
12  x

- first
  - below"""
MARKDOWN = """\
# A device

It measures.

## Fields

| at | name |
| --- | --- |
| 0 | start\\|end |
| 12 | x |

- first
  - below"""


class LayoutTest(SynchronousTestCase):
    maxDiff = None

    def test_text(self) -> None:
        self.assertEqual(as_text(BLOCKS), TEXT)

    def test_markdown(self) -> None:
        self.assertEqual(as_markdown(BLOCKS), MARKDOWN)

    def test_nothing_can_act_on_a_terminal_or_a_page(self) -> None:
        evil = "\x1b[2J<script>*a*\n# b"
        for written in (as_text([Paragraph(evil)]), as_markdown([Paragraph(evil)])):
            self.assertNotIn("\x1b", written)
            self.assertEqual(len(written.splitlines()), 1)
        self.assertIn("\\<script\\>\\*a\\*", as_markdown([Paragraph(evil)]))

    @given(st.lists(st.tuples(st.text(), st.text()), min_size=1))
    def test_each_row_is_a_line(self, rows: list[tuple[str, str]]) -> None:
        grid = Grid(("a", "b"), tuple(rows))
        self.assertEqual(len(as_text([grid]).split("\n")), len(rows) + 1)
        self.assertEqual(len(as_markdown([grid]).split("\n")), len(rows) + 2)
