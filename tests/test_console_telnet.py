"""The console on telnet: what kind of it a peer gets, and what it may."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.telnet.layer import TelnetProtocol
from smartserial.console.doors import MOST_UNKNOWN, _TelnetDoor
from smartserial.console.seats import MOST_OPERATORS
from smartserial.console.session import PROMPT
from smartserial.console.telnet import PATIENCE
from smartserial.settings import ConsoleSettings
from smartserial.telnet.codes import Command, Option
from tests.consolestage import ConsoleStage
from tests.fakes import FakeTransport
from tests.telnetpeer import DO, DONT, WILL, WONT, Peer, option

P = PROMPT.encode()
GREETING = [bytes([WILL, Option.ECHO]), bytes([WILL, Option.SGA]), bytes([DO, Option.SGA])]
AGREES = option(DO, Option.ECHO) + option(DO, Option.SGA) + option(WILL, Option.SGA)
REFUSES = option(DONT, Option.ECHO) + option(DONT, Option.SGA) + option(WONT, Option.SGA)
INTERRUPT = bytes([255, Command.IP])


class TelnetCase(SynchronousTestCase):
    insecure = False

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.door = _TelnetDoor(self.stage.desk, ConsoleSettings(insecure=self.insecure), self.stage.clock)
        self.open()

    def open(self, host: str = "10.0.0.9") -> None:
        protocol: Any = self.door.buildProtocol(IPv4Address("TCP", host, 5000))
        assert isinstance(protocol, TelnetProtocol)
        self.wire = FakeTransport(protocol)
        self.wire.disconnecting = False  # type: ignore[attr-defined]
        self.peer = Peer()
        protocol.makeConnection(self.wire)

    def shown(self) -> bytes:
        """Return what the peer is shown."""
        taken = len(self.wire.taken)
        while self.wire.pending:
            self.wire.take(self.wire.pending)
        self.peer.hear(self.wire.taken[taken:])
        data = bytes(self.peer.data)
        self.peer.data.clear()
        return data

    def says(self, data: bytes) -> bytes:
        self.wire.say(data)
        return self.shown()


class KindTest(TelnetCase):
    def test_the_greeting(self) -> None:
        self.assertEqual(self.shown(), b"")
        self.assertEqual(sorted(self.peer.said), sorted(GREETING))

    def test_a_peer_that_lets_us_echo_edits_lines(self) -> None:
        self.assertTrue(self.says(AGREES).endswith(P))
        self.assertEqual(self.says(b"help whx\x7fo"), b"help whx\x1b[1D\x1b[1Po")
        self.assertEqual(self.says(b"\r\0"), b"\r\nwho\r\nWho sits at a console.\r\n" + P)
        self.stage.turn(2)
        self.assertEqual(self.shown(), b"")

    def test_a_peer_that_says_nothing_gets_a_prompt(self) -> None:
        self.assertEqual(self.shown(), b"")
        self.stage.clock.advance(PATIENCE)
        self.assertEqual(self.shown(), P)
        self.assertEqual(self.says(b"help who\r\n"), b"who\r\nWho sits at a console.\r\n" + P)

    def test_a_peer_that_refuses_gets_a_prompt(self) -> None:
        self.says(REFUSES)
        self.stage.clock.advance(PATIENCE)
        self.assertEqual(self.shown(), P)
        self.assertEqual(self.says(b"help who\r\0"), b"who\r\nWho sits at a console.\r\n" + P)

    def test_a_peer_that_types_at_once_gets_lines(self) -> None:
        shown = self.says(b"help who\n")
        self.assertEqual(shown, P + b"who\r\nWho sits at a console.\r\n" + P)
        self.stage.turn(1)
        self.assertEqual(self.shown(), b"")

    def test_a_peer_that_agrees_too_late_echoes_itself(self) -> None:
        """Else nobody would: its plain console shows what is answered, and not what is typed."""
        self.stage.clock.advance(PATIENCE)
        self.says(AGREES)
        self.assertEqual(self.peer.said[-1], bytes([WONT, Option.ECHO]))

    def test_a_peer_that_agrees_and_types_in_one_piece(self) -> None:
        self.assertTrue(self.says(AGREES + b"help who\r\0").endswith(b"Who sits at a console.\r\n" + P))

    def test_line_ends_in_two_pieces(self) -> None:
        for begin in (AGREES, b"\r\n"):
            for first, second in ((b"\r", b"\n"), (b"\r", b"\0")):
                self.open()
                self.says(begin)
                self.stage.turn(1)
                self.shown()
                shown = self.says(b"help who" + first) + self.says(second)
                self.assertEqual(shown.count(P), 1, (begin, first, second))

    def test_a_peer_that_goes_before_it_has_said_anything(self) -> None:
        self.assertIn(PATIENCE, [call.getTime() for call in self.stage.clock.getDelayedCalls()])
        self.wire.lose(ConnectionDone())
        self.assertNotIn(PATIENCE, [call.getTime() for call in self.stage.clock.getDelayedCalls()])
        self.assertEqual(self.stage.desk.operators, {})

    def test_the_end(self) -> None:
        for begin in (AGREES, b"\n"):
            self.open()
            self.says(begin)
            self.says(b"monitor plc\r\0")
            self.assertEqual(len(self.stage.share().taps), 1)
            self.wire.lose(ConnectionDone())
            self.assertEqual((self.stage.desk.operators, self.stage.share().taps), ({}, {}))

    def test_quit(self) -> None:
        for begin in (AGREES, b"\n"):
            self.open()
            self.says(begin)
            self.says(b"quit\r\0")
            self.assertFalse(self.wire.connected, begin)
            self.assertEqual(self.stage.desk.operators, {})


class SignalTest(TelnetCase):
    def test_are_you_there(self) -> None:
        for begin in (AGREES, b"\n"):
            self.open()
            self.says(begin)
            self.assertEqual(self.says(bytes([255, Command.AYT])), b"\r\n[smartserial is here]\r\n")

    def test_an_interrupt_ends_what_comes_by(self) -> None:
        for begin in (AGREES, b"\n"):
            self.open()
            self.says(begin)
            self.says(b"monitor plc\r\0")
            self.assertEqual(self.says(INTERRUPT), P, begin)
            self.assertEqual(self.stage.share().taps, {})
            self.assertIn(b"Who sits", self.says(b"help who\r\0"))

    def test_an_interrupt_of_a_line(self) -> None:
        for begin in (AGREES, b"\n"):
            self.open()
            self.says(begin)
            self.says(b"nonsense")
            self.says(INTERRUPT)
            self.assertIn(b"Who sits", self.says(b"help who\r\0"), begin)

    def test_an_interrupt_before_anything(self) -> None:
        self.says(INTERRUPT)
        self.stage.turn(1)
        self.assertEqual(self.shown(), P)

    def test_other_words_mean_nothing(self) -> None:
        self.says(AGREES + option(DO, 24) + option(WILL, 31) + bytes([255, 250, 31, 0, 80, 0, 24, 255, 240]))
        self.assertIn(b"Who sits", self.says(b"help who\r\0"))


class RightsTest(TelnetCase):
    def test_it_may_only_look(self) -> None:
        self.says(b"\n")
        self.assertEqual(self.says(b"take plc\r\n"), b"take: this console may only look\r\n" + P)
        self.assertNotIn(b"take", self.says(b"help\n"))
        self.assertIn(b"10.0.0.9:5000  telnet  look  yes", self.says(b"who\n"))

    def test_the_first_lines_of_the_socket_are_nothing_special(self) -> None:
        for line in (b"ctl who\n", b"terminal 80x24\n"):
            self.open()
            self.assertIn(b"unknown verb", self.says(line))

    def test_so_many_operators(self) -> None:
        self.fill(b"\n")
        self.wire.lose(ConnectionDone())
        self.assertIsNotNone(self.door.buildProtocol(IPv4Address("TCP", "10.0.0.8", 1)))
        self.assertIsNone(self.door.buildProtocol(IPv4Address("TCP", "10.0.0.8", 1)))

    def test_those_who_say_nothing_yet_count_too(self) -> None:
        self.fill(b"")

    def fill(self, typed: bytes) -> None:
        """Let as many come as may: half of them from one address, others from another one."""
        for _ in range(MOST_UNKNOWN - 1):
            self.open()
            self.says(typed)
        self.assertIsNone(self.door.buildProtocol(IPv4Address("TCP", "10.0.0.9", 1)))
        for _ in range(MOST_OPERATORS - MOST_UNKNOWN):
            self.open("10.0.0.8")
            self.says(typed)
        self.assertIsNone(self.door.buildProtocol(IPv4Address("TCP", "10.0.0.7", 1)))


class InsecureTest(TelnetCase):
    insecure = True

    def test_it_may_change(self) -> None:
        self.says(b"\n")
        self.assertIn(b"plc: taken", self.says(b"take plc\r\n"))
        self.assertEqual(self.stage.operated(), ["plc: 10.0.0.9:5000 by telnet: taken: clients only watch"])


class SlowTest(TelnetCase):
    def test_a_peer_that_does_not_read(self) -> None:
        for begin in (AGREES, b"\n"):
            self.open()
            self.says(begin)
            self.wire.say(b"monitor plc\r\0")
            for _ in range(5000):
                self.stage.device().say(b"x" * 50)
            waiting = self.wire.pending + self.wire.protocol._upper.pending
            self.assertLess(waiting, 300_000, begin)
            self.shown()
            self.stage.device().say(b"last")
            self.assertRegex(self.shown()[-60:], rb"(?:^|\r\n)\d+ skipped\r\nup device last\r\n$")


class FailureTest(TelnetCase):
    def test_a_connection_that_breaks_while_a_verb_is_done(self) -> None:
        self.stage.serial.keep_answers()
        self.wire.lose(ConnectionDone())
        self.door = _TelnetDoor(self.stage.desk, ConsoleSettings(insecure=True), self.stage.clock)
        for begin in (AGREES, b"\n"):
            self.open()
            self.says(begin)
            self.says(b"set plc baudrate=300\r\0")
            self.wire.lose(ConnectionDone())
            self.stage.serial.answer_all()
            self.stage.turn(1)
            self.assertEqual(self.stage.desk.operators, {})
