"""The console on a terminal: keys, history, completion, pages, and whatever bytes somebody sends."""

from __future__ import annotations

import tracemalloc
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.session import MOST_LINE, PROMPT
from smartserial.console.terminal import EditingTerminal, editing
from smartserial.console.verbs import VERBS
from tests.consolestage import ConsoleStage, Transport

P = PROMPT.encode()
LEFT, RIGHT, UP, DOWN = b"\x1b[D", b"\x1b[C", b"\x1b[A", b"\x1b[B"
HOME, END, DELETE, INSERT = b"\x1b[H", b"\x1b[F", b"\x1b[3~", b"\x1b[2~"
BACK, TAB, CTRL_A, CTRL_C, CTRL_D, CTRL_E = b"\x7f", b"\t", b"\x01", b"\x03", b"\x04", b"\x05"
MORE = b"-- more: any key, or q --"
ANSWER = b"who\r\nWho sits at a console.\r\n"


class TerminalCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.roomy = True
        self.open()

    def open(self, columns: int = 200, rows: int = 50) -> None:
        self.transport = Transport()
        terminal = editing(self.stage.desk, self.stage.operator(), (columns, rows), lambda: self.roomy)
        assert isinstance(terminal, EditingTerminal)
        self.console = terminal
        terminal.makeConnection(self.transport)
        self.shown()

    def keys(self, typed: bytes) -> bytes:
        """Type; return what is shown for that."""
        self.console.dataReceived(typed)
        return self.shown()

    def shown(self) -> bytes:
        return self.transport.shown()

    @property
    def terminal(self) -> Any:
        return self.console.terminalProtocol

    def line(self, typed: bytes) -> str:
        """Type a line; return what it was when it was done, by the error that it is."""
        shown = self.keys(typed + b"\r").decode("ascii")
        return shown.partition("unknown verb ")[2].partition(" (")[0]


class EditTest(TerminalCase):
    def test_it_begins_with_a_prompt_and_clears_nothing(self) -> None:
        transport = Transport()
        editing(self.stage.desk, self.stage.operator(), (80, 24), lambda: True).makeConnection(transport)
        self.assertEqual(transport.value(), b"\x1b[4h" + P)

    def test_keys(self) -> None:
        for typed, line in (
            (b"xyz", "xyz"),
            (b"xyzz" + BACK, "xyz"),
            (b"xyzz\x08", "xyz"),
            (b"xz" + LEFT + b"y", "xyz"),
            (b"xz" + LEFT + b"y" + RIGHT + b"w", "xyzw"),
            (b"yz" + HOME + b"x", "xyz"),
            (b"yz" + CTRL_A + b"x", "xyz"),
            (b"yz\x1b[1~x", "xyz"),
            (b"xy" + HOME + END + b"z", "xyz"),
            (b"xy" + CTRL_A + CTRL_E + b"z", "xyz"),
            (b"xy" + HOME + b"\x1b[4~z", "xyz"),
            (b"axyz" + HOME + DELETE, "xyz"),
            (b"xyz" + DELETE + RIGHT + END, "xyz"),
            (HOME + LEFT + BACK + b"xyz", "xyz"),
            (b"xaz" + LEFT * 2 + INSERT + b"y" + INSERT, "xyz"),
            (b"nonsense" + CTRL_C + b"xyz", "xyz"),
            (b"x" + CTRL_D + b"yz", "xyz"),
            (b"x\x00\x02\x1a\x80\xff\xc3\xa4yz", "xyz"),
            (b"x\x0by\x0cz", "xyz"),
            (b"x\x1bOP\x1b[15~\x1b[Zyz", "xyz"),
        ):
            self.open()
            self.assertEqual(self.line(typed), line, typed)

    def test_what_is_typed_is_shown(self) -> None:
        self.assertEqual(self.keys(b"ab"), b"ab")
        self.assertEqual(self.keys(BACK), b"\x1b[1D\x1b[1P")
        self.assertEqual(self.keys(CTRL_C), b"\r\n" + P)
        self.assertEqual(self.keys(b"help who\r"), b"help who\r\n" + ANSWER + P)

    def test_line_ends_count_once(self) -> None:
        for end in (b"\r", b"\n", b"\r\n", b"\r\0"):
            self.open()
            self.assertEqual(self.keys(b"help who" + end), b"help who\r\n" + ANSWER + P, end)
            typed = b"".join(self.keys(bytes([byte])) for byte in b"help who" + end)
            self.assertEqual(typed, b"help who\r\n" + ANSWER + P, end)
            self.assertEqual(self.keys(end * 3), (b"\r\n" + P) * 3)

    def test_ctrl_d_and_quit_leave(self) -> None:
        for typed in (CTRL_D, b"quit\r"):
            self.open()
            shown = self.keys(typed)
            self.assertTrue(self.transport.disconnecting)
            self.assertTrue(shown.endswith(b"\x1b[4l"), shown)  # as it was
            self.assertNotIn(b"\x1bc", shown)  # a reset would clear the screen

    def test_a_line_is_no_longer_than_a_plain_one(self) -> None:
        for _ in range(10):
            self.keys(b"x" * 1000)
        self.assertEqual(len(self.line(b"")), MOST_LINE)

    def test_a_completion_makes_no_line_longer(self) -> None:
        self.keys(b"y " * (MOST_LINE // 2))
        self.keys(HOME + b"share" + TAB)
        self.assertLess(len(self.terminal.lineBuffer), MOST_LINE + 10)

    def test_the_end(self) -> None:
        self.keys(b"monitor plc\r")
        self.console.connectionLost(None)
        self.assertEqual((self.stage.desk.operators, self.stage.share().taps), ({}, {}))

    def test_the_end_while_a_verb_is_done(self) -> None:
        self.keys(b"pulse plc dtr\r")
        self.console.connectionLost(None)
        self.stage.turn(1)
        self.assertEqual(self.stage.desk.operators, {})


class HistoryTest(TerminalCase):
    def test_up_and_down(self) -> None:
        for word in (b"one", b"two", b"three"):
            self.line(word)
        for typed, line in (
            (UP, "three"),
            (UP * 2, "three"),
            (UP * 3 + DOWN, "three"),
            (UP + BACK, "thre"),
            (DOWN, ""),
            (UP + DOWN + b"new", "new"),
            (UP * 99 + b"s", "ones"),
        ):
            self.assertEqual(self.line(typed), line, typed)

    def test_empty_lines_are_not_kept(self) -> None:
        self.line(b"one")
        self.line(b"")
        self.assertEqual(self.line(UP), "one")

    def test_so_many(self) -> None:
        for number in range(500):
            self.line(b"x%d" % number)
        self.assertLessEqual(len(self.terminal.historyLines), 200)
        self.assertEqual(self.line(UP * 3), "x497")
        for _ in range(500):
            self.keys(b"y" + UP + CTRL_C)  # what was begun is kept too
        self.line(b"z")
        self.assertLessEqual(len(self.terminal.historyLines), 200)


class TabTest(TerminalCase):
    def test_completion(self) -> None:
        for typed, shown in (
            (b"ki" + TAB, b"kick "),
            (b"sha" + TAB, b"share"),
            (b"share p" + TAB, b"share plc "),
            (b"disable m" + TAB, b"disable meter "),
            (b"zzz" + TAB, b"zzz"),
            (b"who " + TAB, b"who "),
        ):
            self.open()
            self.assertEqual(self.keys(typed), shown, typed)

    def test_choices(self) -> None:
        self.assertEqual(self.keys(b"share" + TAB), b"share\r\nshare  shares\r\n" + P + b"share")
        self.assertEqual(self.keys(b" " + TAB), b" \r\nmeter  plc\r\n" + P + b"share ")

    def test_in_the_middle(self) -> None:
        self.assertEqual(self.line(b"x" + HOME + b"ki" + TAB), "")
        self.open()
        self.keys(b" all" + HOME + b"kick p" + TAB)
        self.assertEqual(b"".join(self.terminal.lineBuffer), b"kick plc  all")

    def test_choices_in_the_middle_leave_the_cursor(self) -> None:
        self.keys(b"z" + HOME + b"share" + TAB)
        self.assertEqual(self.line(b"-"), "share-z")
        shown = self.keys(b"z" + HOME + b"share" + TAB)
        self.assertTrue(shown.endswith(P + b"sharez\x1b[1D"), shown)


class PageTest(TerminalCase):
    def setUp(self) -> None:
        super().setUp()
        self.open(200, 10)

    def test_a_page_at_a_time(self) -> None:
        first = self.keys(b"help\r")
        self.assertTrue(first.endswith(b"\r\n" + MORE), first)
        self.assertEqual(first.count(b"\r\n"), 1 + 9)
        pages = (len(VERBS) - 1) // 9
        rest = len(VERBS) - 9 * pages
        for _ in range(pages - 1):
            page = self.keys(b" ")
            self.assertTrue(page.startswith(b"\x1b[2K\r"), page)
            self.assertEqual(page.count(b"\r\n"), 9)
        last = self.keys(b"\r")
        self.assertEqual(last.count(b"\r\n"), rest)
        self.assertTrue(last.endswith(b"Leave.\r\n" + P), last)

    def test_enough(self) -> None:
        for key in (b"q", CTRL_C, CTRL_D):
            self.keys(b"help\r")
            self.assertEqual(self.keys(key), b"\x1b[2K\r" + P)
            self.assertFalse(self.transport.disconnecting)
            self.assertEqual(self.keys(b"help who\r"), b"help who\r\n" + ANSWER + P)

    def test_a_page_that_fits(self) -> None:
        self.open(200, len(VERBS) + 1)
        self.assertNotIn(MORE, self.keys(b"help\r"))

    def test_lines_that_are_wider_than_the_screen(self) -> None:
        self.open(40, 10)
        first = self.keys(b"help\r").removesuffix(MORE).split(b"\r\n")[1:-1]
        rows = sum(-(-len(line) // 40) for line in first)
        self.assertLessEqual(rows, 12)
        self.assertGreaterEqual(rows, 8)

    def test_a_screen_that_is_none(self) -> None:
        self.open(0, 0)
        self.assertIn(MORE, self.keys(b"help\r"))
        self.assertIn(P, self.keys(b" " * len(VERBS)))

    def test_what_was_typed_ahead_waits_for_the_last_page(self) -> None:
        for typed in (b"pulse plc dtr\r", b"help\r", b"help who\r", b"monitor plc\r"):
            self.keys(typed)
        self.stage.turn(1)
        self.assertTrue(self.shown().endswith(MORE))
        self.stage.device().say(b"x")
        self.assertEqual(self.shown(), b"")
        self.assertTrue(self.keys(b" ").endswith(MORE))
        self.assertTrue(self.keys(b"q").endswith(ANSWER.removeprefix(b"who\r\n") + P))
        self.stage.device().say(b"x")
        self.assertEqual(self.shown(), b"up device x\r\n")

    def test_what_comes_by_waits_for_nobody(self) -> None:
        self.keys(b"monitor plc\r")
        for _ in range(50):
            self.stage.device().say(b"x")
        self.assertEqual(self.shown(), b"up device x\r\n" * 50)
        self.assertEqual(self.keys(b"a"), P)
        self.stage.device().say(b"x")
        self.assertEqual(self.shown(), b"")
        self.assertEqual(self.keys(b"help who\r"), b"help who\r\n" + ANSWER + P)

    def test_any_key_ends_what_comes_by(self) -> None:
        for key in (b"\r", b"\r\n", b"q", CTRL_C, CTRL_D, UP, b" "):
            self.keys(b"events\r")
            self.assertEqual(self.keys(key), P, key)
            self.assertFalse(self.transport.disconnecting)

    def test_a_terminal_that_is_slow(self) -> None:
        self.keys(b"monitor plc\r")
        self.roomy = False
        self.stage.device().say(b"x")
        self.assertEqual(self.shown(), b"")
        self.roomy = True
        self.stage.device().say(b"y")
        self.assertEqual(self.shown(), b"1 skipped\r\nup device y\r\n")

    def test_an_error_is_on_the_page(self) -> None:
        self.assertEqual(self.keys(b"zzz\r"), b"zzz\r\nunknown verb zzz (`help` tells all)\r\n" + P)


class HostileTest(TerminalCase):
    def test_a_sequence_that_does_not_end(self) -> None:
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for _ in range(1000):
            self.keys(b"\x1b[" + b"1" * 1000)
        self.assertLess(tracemalloc.get_traced_memory()[0], 3_000_000)
        self.keys(CTRL_C)
        self.assertIn(ANSWER, self.keys(CTRL_C + b"help who\r"))

    def test_strange_sequences(self) -> None:
        for typed in (
            b"\x1b\x1b\x1b[A",
            b"\x1b[99999999999999999999~",
            b"\x1b[;;;~",
            b"\x1b[~",
            b"\x1b[1;5D",
            b"\x1b[6R",
            b"\x1b[1;1R",
            b"\x1b[\xffA",
            b"\x1b[OO",
            b"\x1bO\xff",
            b"\x1b[?1049h",
            b"\x1b]0;title\x07",
            b"\x1b[e\x1b[_\x1b[tilde~",
            b"\x1b[" + b"\x1b[" * 50 + b"x",
        ):
            self.open()
            self.keys(typed)
            self.assertIn(ANSWER, self.keys(CTRL_C + b"x" + CTRL_C + b"help who\r"), typed)

    @given(
        st.lists(
            st.binary(max_size=30) | st.sampled_from([UP, LEFT, TAB, b"\r", b"share", b"\x1b["]), max_size=20
        )
    )
    @settings(max_examples=100)
    def test_any_bytes(self, pieces: list[bytes]) -> None:
        self.console.connectionLost(None)
        self.open(30, 6)
        for piece in pieces:
            self.keys(piece)
        self.assertEqual(len(self.stage.desk.operators), 1)
