"""The page on RFC 2217 says what the program's tables say."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.telnet.layer import PATIENCE
from smartserial.share.breaklimit import LONGEST_BREAK, TELNET_BREAK
from smartserial.share.modemwatch import LOOK
from smartserial.telnet.codec import MOST_SUBNEGOTIATION
from smartserial.telnet.codes import Option
from smartserial.telnet.comport import Code
from smartserial.telnet.options import MOST_ANSWERS, WINDOW, State

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "rfc2217.md"
NUMBERS = (
    (MOST_SUBNEGOTIATION, 512, "may have 512 bytes"),
    (MOST_ANSWERS, 20, "No more than 20 option requests"),
    (WINDOW, 2, "in any two seconds"),
    (PATIENCE, 1, "for a second at most"),
    (LOOK, 1 / 20, "twenty times a second"),
    (LONGEST_BREAK, 10, "no longer than 10 seconds"),
    (TELNET_BREAK, 0.25, "lasts 250 ms"),
)
_LINK = re.compile(r"\]\(([\w.-]*)#([\w-]+)\)")


def drawer() -> ModuleType:
    """Return docs/draw.py as a module."""
    spec = spec_from_file_location("draw", DOCS / "draw.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def anchors(text: str) -> set[str]:
    """Return where one may link to in a page."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


class DrawingsTest(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.text = PAGE.read_text(encoding="utf-8")
        self.draw = drawer()

    def test_the_page_is_drawn_from_the_tables(self) -> None:
        self.assertEqual(self.text, self.draw.draw(self.text), "run: python docs/draw.py")

    def test_what_was_changed_by_hand_is_drawn_anew(self) -> None:
        for drawing in self.draw.DRAWINGS.values():
            drawn = drawing()
            self.assertEqual(self.text.count(drawn), 1)
            self.assertEqual(self.draw.draw(self.text.replace(drawn, "")), self.text)

    def test_nothing_is_missing(self) -> None:
        for drawing, names in (
            (self.draw.options(), [option.name.replace("_", "-") for option in Option]),
            (self.draw.negotiation(), [f" {state.name} -->" for state in State]),
            (self.draw.messages(), [f"| {code.value} | {code + 100} |" for code in Code]),
            (self.draw.controls(), [f"\n| {value} |" for value in range(20)]),
            (self.draw.DRAWINGS["line_state"](), [f"| {1 << place} |" for place in range(8)]),
            (self.draw.DRAWINGS["modem_state"](), [f"| {1 << place} |" for place in range(8)]),
        ):
            self.assertEqual([name for name in names if drawing.count(name) < 1], [])

    def test_the_numbers_in_the_text(self) -> None:
        text = " ".join(self.text.split())
        for number, expected, words in NUMBERS:
            self.assertEqual(number, expected, words)
            self.assertIn(words, text)

    def test_links_lead_somewhere(self) -> None:
        for page, anchor in _LINK.findall(self.text):
            path = DOCS / page if page else PAGE
            self.assertIn(anchor, anchors(path.read_text(encoding="utf-8")), page)
