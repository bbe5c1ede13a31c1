"""The console without a terminal: prompts, line ends, and the two first lines that are no verbs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.plain import PlainConsole
from smartserial.console.session import MOST_LINE, PROMPT
from tests.consolestage import ConsoleStage, Transport
from tests.fakes import FakeTransport

P = PROMPT.encode()


class PlainCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = ConsoleStage(self)

    def open(self, *, local: bool = False) -> PlainConsole:
        """Begin a session; `shown` tells what is shown there."""
        console = PlainConsole(self.stage.desk, self.stage.operator(), local=local)
        self.transport = Transport(lenient=True)
        console.makeConnection(self.transport)
        return console

    def shown(self) -> bytes:
        return self.transport.shown()


class LinesTest(PlainCase):
    def test_a_prompt_and_an_answer(self) -> None:
        console = self.open()
        self.assertEqual(self.shown(), P)
        console.dataReceived(b"help who\n")
        self.assertEqual(self.shown(), b"who\r\nWho sits at a console.\r\n" + P)
        console.dataReceived(b"zzz\n")
        self.assertEqual(self.shown(), b"unknown verb zzz (`help` tells all)\r\n" + P)
        console.dataReceived(b"\n")
        self.assertEqual(self.shown(), P)

    def test_line_ends(self) -> None:
        answer = b"who\r\nWho sits at a console.\r\n" + P
        for end in (b"\n", b"\r\n", b"\r"):
            console = self.open()
            self.shown()
            console.dataReceived(b"help who" + end + b"help who" + end)
            self.assertEqual(self.shown(), answer * 2, end)
            for character in b"help who":
                console.dataReceived(bytes([character]))
            self.assertEqual(self.shown(), b"")
            console.dataReceived(end)
            self.assertEqual(self.shown(), answer, end)

    def test_a_line_end_that_comes_in_two_pieces_is_one(self) -> None:
        console = self.open()
        self.shown()
        console.dataReceived(b"monitor plc\r")
        console.dataReceived(b"\n")
        self.assertEqual(self.shown(), b"")
        self.stage.device().say(b"x")
        self.assertEqual(self.shown(), b"up device x\r\n")

    def test_a_line_that_is_too_long(self) -> None:
        for data in (b"x" * (MOST_LINE + 1), b"x" * (MOST_LINE + 1) + b"\n"):
            console = self.open()
            console.dataReceived(data)
            self.assertTrue(self.transport.disconnecting)
        console = self.open()
        console.dataReceived(b"x" * MOST_LINE + b"\n")
        self.assertFalse(self.transport.disconnecting)

    def test_what_acts_on_a_terminal(self) -> None:
        console = self.open()
        self.shown()
        for typed in (
            b"\x1b[2J\n",
            b"\xff\x00\x9b\n",
            "ä€\n".encode(),
            b"share '\x07'\n",
            b"kick plc \x7f\n",
        ):
            console.dataReceived(typed)
            shown = self.shown()
            self.assertTrue(shown.endswith(b"\r\n" + P), shown)
            self.assertTrue(all(0x20 <= byte <= 0x7E for byte in shown.removesuffix(b"\r\n" + P)), shown)

    def test_a_device_cannot_act_on_it_either(self) -> None:
        console = self.open()
        self.shown()
        console.dataReceived(b"monitor plc\n")
        self.stage.device().say(bytes(range(256)))
        shown = self.shown()
        self.assertTrue(all(0x20 <= byte <= 0x7E for byte in shown.removesuffix(b"\r\n")), shown)

    def test_quit(self) -> None:
        console = self.open()
        console.dataReceived(b"quit\ntake plc\n")
        self.assertTrue(self.transport.disconnecting)
        self.assertFalse(self.stage.share().ports.desk.seized)
        self.assertEqual(self.shown(), P)

    def test_the_end(self) -> None:
        console = self.open()
        console.dataReceived(b"monitor plc\n")
        console.connectionLost()
        self.assertEqual((self.stage.desk.operators, self.stage.share().taps), ({}, {}))

    def test_the_end_while_a_verb_is_done(self) -> None:
        console = self.open()
        console.dataReceived(b"pulse plc dtr\n")
        console.connectionLost()
        self.stage.turn(1)
        self.assertEqual(self.stage.desk.operators, {})

    def test_the_end_of_what_is_typed(self) -> None:
        """A pipe: what was typed is still done, and answered."""
        for typed, shown in (
            (b"", P),
            (b"help who\n", P + b"who\r\nWho sits at a console.\r\n" + P),
            (
                b"pulse plc dtr\nhelp quit\n",
                P + b"plc: dtr was off for 0.1 s\r\n" + P + b"quit\r\nLeave.\r\n" + P,
            ),
            (b"monitor plc\n", P + P),
        ):
            console = self.open()
            console.dataReceived(typed)
            console.readConnectionLost()
            self.stage.turn(1)
            self.assertEqual(self.shown(), shown, typed)
            self.assertTrue(self.transport.disconnecting)

    def test_many_lines_typed_ahead_wait(self) -> None:
        console = self.open()
        console.dataReceived(b"pulse plc dtr\n")
        for _ in range(20):
            console.dataReceived(b"log info\n" * 10)
            if self.transport.producerState == "paused":
                break
        self.assertEqual(self.transport.producerState, "paused")
        self.stage.turn(1)
        self.assertEqual(self.transport.producerState, "producing")
        self.assertEqual(self.shown().count(b"all: log level info\r\n"), 100)

    @given(st.binary(max_size=80).map(lambda data: data.replace(b"quit", b"")), st.integers(1, 80))
    @settings(max_examples=60)
    def test_any_bytes_in_any_pieces(self, data: bytes, size: int) -> None:
        console = self.open()
        for place in range(0, len(data), size):
            console.dataReceived(data[place : place + size])
        console.connectionLost()
        self.assertEqual(self.stage.desk.operators, {})


class SlowTest(PlainCase):
    """Somebody who does not read."""

    def slow(self) -> tuple[PlainConsole, FakeTransport]:
        console = PlainConsole(self.stage.desk, self.stage.operator())
        transport = FakeTransport(console)
        transport.disconnecting = False  # type: ignore[attr-defined]
        console.makeConnection(transport)
        return console, transport

    def drain(self, transport: FakeTransport) -> None:
        while transport.pending:
            transport.take(transport.pending)

    def test_it_is_not_read_from(self) -> None:
        _, transport = self.slow()
        while transport.reading:
            transport.say(b"help\n")
        self.assertLess(transport.pending, transport.high + 10_000)
        self.drain(transport)
        self.assertTrue(transport.reading)

    def test_rows_are_skipped_and_told_of(self) -> None:
        _, transport = self.slow()
        transport.say(b"monitor plc\n")
        for _ in range(6000):
            self.stage.device().say(b"x" * 50)
        self.assertLess(transport.pending, transport.high + 1000)
        self.drain(transport)
        self.assertTrue(transport.reading)
        self.stage.device().say(b"last")
        self.drain(transport)
        self.assertRegex(transport.taken[-50:], rb"(?:^|\r\n)\d+ skipped\r\nup device last\r\n$")

    def test_it_is_closed_all_the_same(self) -> None:
        """What was typed in one piece ends in `quit`; a transport waits for its producer before it closes."""
        for first in (b"", b"terminal 80x24\n"):
            console = PlainConsole(self.stage.desk, self.stage.operator(), local=True)
            transport = Transport(lenient=True)
            console.makeConnection(transport)
            console.dataReceived(first + b"who\n")
            console.pauseProducing()
            console.dataReceived(b"quit\r")
            self.assertTrue(transport.disconnecting)
            self.assertIsNone(transport.producer, first)


class CtlTest(PlainCase):
    """`smartserial ctl`: one verb, no prompt, and how it ended."""

    def ask(self, line: bytes) -> bytes:
        console = self.open(local=True)
        self.assertEqual(self.shown(), b"")
        console.dataReceived(line)
        self.stage.turn(1)
        return self.shown()

    def test_done(self) -> None:
        for words, answer in (
            (b'["text", "help", "who"]', b"who\r\nWho sits at a console.\r\n=ok\r\n"),
            (b'["text", "log", "info"]', b"all: log level info\r\n=ok\r\n"),
            (b'["json", "help", "quit"]', b'{"text": "quit"}\r\n{"text": "Leave."}\r\n=ok\r\n'),
            (b'["text", "pulse", "plc", "dtr"]', b"plc: dtr was off for 0.1 s\r\n=ok\r\n"),
            (b'["text", "send", "plc", "it\'s \\"so\\" "]', b"plc: sent 10 bytes\r\n=ok\r\n"),
            (b'["text", "send", "plc", "\\udce4\\n"]', b"plc: sent 2 bytes\r\n=ok\r\n"),
            (b'["text", "send", "plc", "--format", "xml"]', b"plc: sent 12 bytes\r\n=ok\r\n"),
            (b"[]", b"=ok\r\n"),
            (b'["text"]', b"=ok\r\n"),
            (b'["text", "quit"]', b""),
        ):
            for end in (b"\n", b"\r\n"):
                self.assertEqual(self.ask(b"ctl " + words + end), answer, words)
                self.assertTrue(self.transport.disconnecting)

    def test_not_done(self) -> None:
        for words, error in (
            (b'["text", "zzz"]', b"unknown verb zzz (`help` tells all)"),
            (b'["text", "share", "plk"]', b"there is no share plk (did you mean plc?)"),
            (b'["text", "share"]', b"expected: share SHARE"),
            (b'["text", "zzz\\n=ok"]', b"unknown verb zzz\\n=ok (`help` tells all)"),
            (b"who all", b"unknown verb who all (did you mean who?)"),
            (b'{"who": 1}', b'unknown verb {"who": 1} (`help` tells all)'),
            (b'["xml", "who"]', b"expected --format text or json"),
            (b"[1]", b"unknown verb [1] (`help` tells all)"),
            (b"[" * 2000, b"unknown verb " + b"[" * 2000 + b" (`help` tells all)"),
            (b"", b"unknown verb  (`help` tells all)"),
        ):
            self.assertEqual(self.ask(b"ctl " + words + b"\n"), b"=error " + error + b"\r\n")
            self.assertTrue(self.transport.disconnecting)

    def test_just_one(self) -> None:
        for line in (b'ctl ["text", "who"]\ntake plc\n', b'ctl ["text", "pulse", "plc", "dtr"]\ntake plc\n'):
            self.ask(line)
            self.assertFalse(self.stage.share().ports.desk.seized, line)

    def test_following(self) -> None:
        console = self.open(local=True)
        console.dataReceived(b'ctl ["text", "monitor", "plc"]\n')
        self.stage.device().say(b"x")
        self.assertEqual(self.shown(), b"up device x\r\n")
        console.connectionLost()
        self.assertEqual(self.stage.share().taps, {})

    def test_an_end_of_what_is_typed_ends_nothing_but_what_comes_by(self) -> None:
        for words, answer in (
            (b'["text", "pulse", "plc", "dtr"]', b"plc: dtr was off for 0.1 s\r\n=ok\r\n"),
            (b'["text", "monitor", "plc"]', b"=ok\r\n"),
        ):
            console = self.open(local=True)
            console.dataReceived(b"ctl " + words + b"\n")
            console.readConnectionLost()
            self.stage.turn(1)
            self.assertEqual(self.shown(), answer)
            self.assertTrue(self.transport.disconnecting)

    def test_only_as_the_first_line_and_only_here(self) -> None:
        console = self.open(local=True)
        console.dataReceived(b"\nctl who\n")
        self.assertEqual(self.shown(), P + b"unknown verb ctl (`help` tells all)\r\n" + P)
        console = self.open()
        console.dataReceived(b"ctl who\n")
        self.assertIn(b"unknown verb ctl", self.shown())
        console.dataReceived(b"terminal 80x24\n")
        self.assertIn(b"unknown verb terminal", self.shown())


class EditingTest(PlainCase):
    """`smartserial console` on a terminal."""

    def test_it_goes_over(self) -> None:
        console = self.open(local=True)
        console.dataReceived(b"terminal 100x40\n")
        self.assertTrue(self.shown().endswith(P))
        console.dataReceived(b"help whx\x7fo\r")
        self.assertIn(b"Who sits at a console.\r\n" + P, self.shown())
        self.assertEqual(len(self.stage.desk.operators), 1)
        console.connectionLost()
        self.assertEqual(self.stage.desk.operators, {})

    def test_a_size_that_is_none(self) -> None:
        for size in (
            b"",
            b"x",
            b"80",
            b"-1x-1",
            b"axb",
            b"0x0",
            b"9" * 20 + b"x" + b"9" * 20,
            "²x²".encode(),
        ):
            console = self.open(local=True)
            console.dataReceived(b"terminal " + size + b"\n")
            console.dataReceived(b"help who\r")
            self.assertIn(b"Who sits at a console.", self.shown(), size)
            console.connectionLost()

    def test_what_is_typed_at_once(self) -> None:
        for rest in (b"help who\r", b"help who\n", b"help who"):
            console = self.open(local=True)
            console.dataReceived(b"terminal 80x24\n" + rest)
            console.dataReceived(b"\r")
            self.assertIn(b"Who sits at a console.", self.shown(), rest)
            console.connectionLost()
