"""A remote port as a device: opening it, and its transport; in memory, by the clock."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.telnet.rfc2217 import MOST_EARLY, RemoteProtocol, RemoteTelnet
from smartserial.errors import PortError, SettingsRefusedError
from smartserial.lines import LineCounts, Lines, LineSettings, ModemLines, Parity
from smartserial.settings import Rfc2217Device
from tests.fakes import FakeTransport

GREETING = "fffb00 fffd00 fffb03 fffd03 fffb2c"  # ours
AGREED = "fffd00 fffb00 fffd03 fffb03 fffd2c"  # the answer to it
IN_FORCE = ("65 00 00 4b 00", "66 08", "67 01", "68 01", "69 01")  # 19200 8N1
SILENT = "127.0.0.1:4002 does not answer to baudrate, bytesize, parity, stopbits, flow; it is at 9600 8N1"


def sub(payload: str) -> bytes:
    """Return a COM-PORT subnegotiation."""
    return b"\xff\xfa\x2c" + bytes.fromhex(payload).replace(b"\xff", b"\xff\xff") + b"\xff\xf0"


class Inner(Protocol):
    """Whoever opens the port."""

    def __init__(self) -> None:
        self.data = b""
        self.lost: Any = None
        self.pauses = False

    def connectionMade(self) -> None:
        if self.pauses:
            self.transport.pauseProducing()

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Any = None) -> None:
        self.lost = reason

    def pauseProducing(self) -> None:
        pass

    resumeProducing = stopProducing = pauseProducing


class FarCase(SynchronousTestCase):
    """A port that is being opened; the test plays the far server."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.inner = Inner()
        self.seen = 0

    def begin(self, line: LineSettings | None = None, *, strict: bool = False, factory: Any = None) -> None:
        device = Rfc2217Device("127.0.0.1", 4002, line, strict)
        remote = RemoteProtocol(device, self.clock)
        telnet = RemoteTelnet(remote, device, self.clock)
        self.wire = FakeTransport(telnet)
        self.wire.getPeer = lambda: None  # type: ignore[attr-defined]
        telnet.makeConnection(self.wire)
        self.port = remote.transport
        self.opening = Deferred.fromCoroutine(remote.open(factory or Factory.forProtocol(lambda: self.inner)))

    def open(self, *, strict: bool = False) -> None:
        """Open a port at 19200 8N1 without a word left."""
        self.begin(strict=strict)
        self.say(AGREED, *IN_FORCE)
        self.assertIs(self.successResultOf(self.opening), self.inner)
        self.sent()

    def say(self, options: str, *payloads: str) -> None:
        """Let the far side send options, and messages, in one piece."""
        self.wire.say(bytes.fromhex(options) + b"".join(sub(payload) for payload in payloads))

    def sent(self) -> bytes:
        """Return what came out since the last time."""
        self.wire.take(1 << 20)
        sent, self.seen = self.wire.taken[self.seen :], len(self.wire.taken)
        return sent

    def says(self, *payloads: str) -> None:
        """Check that just these messages came out."""
        self.assertEqual(self.sent(), b"".join(sub(payload) for payload in payloads))


class OpeningTests(FarCase):
    def test_asks_how_the_line_is_and_leaves_it(self) -> None:
        self.begin()
        self.assertEqual(self.sent(), bytes.fromhex(GREETING))
        self.say(AGREED)
        self.says("01 00 00 00 00", "02 00", "03 00", "04 00", "05 00")
        self.say("", *IN_FORCE)
        self.assertIs(self.successResultOf(self.opening), self.inner)
        self.says("0a 1e", "07 00")
        self.assertEqual((self.port.settings, self.port.shadowed), (LineSettings(19200), ()))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_sets_the_line(self) -> None:
        self.begin(LineSettings(19200), strict=True)
        self.say(AGREED, "6b b0")
        self.sent()
        self.say("", *IN_FORCE)
        self.assertIs(self.inner.transport, self.port)
        self.says("0a 1e")  # the modem lines are known
        self.assertEqual(self.port.modem(), ModemLines(cts=True, dsr=True, cd=True))

    def test_either_side_or_just_a_message_shows_the_option(self) -> None:
        for options, payloads in (("fffd2c", ()), ("fffb2c", ()), ("", ("6b 00",))):
            self.setUp()
            self.begin()
            self.say("fffd00 fffb00" + options, *payloads)
            self.say("", *IN_FORCE)
            self.assertIs(self.successResultOf(self.opening), self.inner)

    def test_a_server_without_the_option(self) -> None:
        self.begin(strict=True)
        self.say("fffd00 fffb00 fffe2c")
        self.clock.advance(3)
        self.assertEqual(
            str(self.failureResultOf(self.opening, PortError).value), "127.0.0.1:4002 does not speak RFC 2217"
        )

    def test_lenient_goes_on_without_the_option(self) -> None:
        with capturedLogs() as logs:
            self.begin(LineSettings(19200))
            self.clock.advance(3)
        self.assertIs(self.successResultOf(self.opening), self.inner)
        self.assertEqual(
            [formatEvent(event) for event in logs],
            ["127.0.0.1:4002 does not speak RFC 2217; settings and lines are only kept here"],
        )
        self.assertEqual(self.port.settings, LineSettings(19200))
        self.sent()
        self.successResultOf(self.port.apply(LineSettings(300, 7)))
        self.successResultOf(self.port.set_lines(Lines(dtr=False)))
        self.port.send_break(1)
        self.port.purge_input()
        self.clock.advance(1)
        self.assertEqual(
            (self.port.settings, self.port.lines()), (LineSettings(300, 7), Lines(dtr=False, brk=False))
        )
        self.assertEqual(len(self.port.shadowed), 5)
        self.assertEqual(self.sent(), b"")
        self.port.write(b"\xff")
        self.wire.say(b"abc")
        self.assertEqual((self.sent(), self.inner.data), (b"\xff\xff", b"abc"))

    def test_a_late_word_is_heard(self) -> None:
        self.begin(LineSettings(19200))
        self.clock.advance(3)
        self.successResultOf(self.port.apply(LineSettings(9600)))
        self.sent()
        self.say("fffd2c")
        self.says("01 00 00 4b 00", "02 08", "03 01", "04 01", "05 01")

    def test_lenient_goes_on_without_answers(self) -> None:
        with capturedLogs() as logs:
            self.begin()
            self.say(AGREED)
            self.clock.advance(2.9)
            self.assertNoResult(self.opening)
            self.clock.advance(0.1)
        self.assertIs(self.successResultOf(self.opening), self.inner)
        self.assertEqual([formatEvent(event) for event in logs], [SILENT])

    def test_strict_does_not(self) -> None:
        self.begin(strict=True)
        self.say(AGREED)
        self.clock.advance(3)
        self.assertEqual(str(self.failureResultOf(self.opening, SettingsRefusedError).value), SILENT)

    def test_refused_settings(self) -> None:
        told = "127.0.0.1:4002 refused parity even; it is at 19200 8N1"
        for strict in (False, True):
            with capturedLogs() as logs:
                self.setUp()
                self.begin(LineSettings(19200, parity=Parity.EVEN), strict=strict)
                self.say(AGREED, "6b 00")
                self.say("", *IN_FORCE)
            if strict:
                self.assertEqual(str(self.failureResultOf(self.opening, SettingsRefusedError).value), told)
            else:
                self.assertIs(self.successResultOf(self.opening), self.inner)
                self.assertEqual([formatEvent(event) for event in logs], [told])

    def test_nobody_wants_it(self) -> None:
        class Nobody(Factory):
            def buildProtocol(self, addr: Any) -> None:
                return None

        self.begin(factory=Nobody())
        self.say(AGREED, *IN_FORCE)
        self.failureResultOf(self.opening, PortError)

    def test_lost_before_it_is_open(self) -> None:
        for said, words in (
            (b"", "127.0.0.1:4002 closed the connection"),
            (b"Port already in use\r\n", "127.0.0.1:4002 closed the connection: Port already in use"),
            (bytes.fromhex(AGREED) + b"busy\x07", "127.0.0.1:4002 closed the connection: busy\\x07"),
        ):
            self.setUp()
            self.begin()
            if said:
                self.wire.say(said)
            self.wire.reset()
            self.assertEqual(str(self.failureResultOf(self.opening, PortError).value), words)
            self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_giving_up(self) -> None:
        for said in ("", AGREED):
            self.setUp()
            self.begin()
            self.say(said)
            self.opening.cancel()
            self.failureResultOf(self.opening, CancelledError)
            self.wire.reset()
            self.assertEqual(self.clock.getDelayedCalls(), [])


class EarlyTests(FarCase):
    """What the device sends before the port is open."""

    def test_it_is_handed_over_in_order(self) -> None:
        self.begin()
        self.wire.say(b"one\xff\xff")
        self.say(AGREED)
        self.wire.say(b"two" + b"".join(map(sub, IN_FORCE)) + b"three")
        self.assertEqual(self.inner.data, b"one\xfftwothree")

    def test_it_waits_where_the_protocol_wants_to_wait(self) -> None:
        self.inner.pauses = True
        self.begin()
        self.wire.say(b"one")
        self.say(AGREED)
        self.wire.say(b"".join(map(sub, IN_FORCE)) + b"two")
        self.assertEqual((self.inner.data, self.wire.reading), (b"", False))
        self.port.resumeProducing()
        self.wire.say(b"three")
        self.assertEqual(self.inner.data, b"onetwothree")

    def test_it_is_not_lost_with_the_connection(self) -> None:
        self.inner.pauses = True
        self.begin()
        self.wire.say(b"one")
        self.say(AGREED, *IN_FORCE)
        self.wire.reset()
        self.assertEqual(self.inner.data, b"one")
        self.assertIsNotNone(self.inner.lost)

    def test_where_there_is_much_nothing_is_waited_for(self) -> None:
        much = bytes(MOST_EARLY + 1)
        self.begin(LineSettings(19200))
        self.wire.say(much)
        self.assertIs(self.successResultOf(self.opening), self.inner)
        self.assertEqual((self.inner.data, self.port.shadowed[0]), (much, "baudrate"))
        self.setUp()
        self.begin(LineSettings(19200))
        self.say(AGREED)
        self.wire.say(much)
        self.assertIs(self.successResultOf(self.opening), self.inner)
        self.assertEqual((self.inner.data, self.port.settings), (much, LineSettings(19200)))
        self.say("", *IN_FORCE)
        self.assertEqual(self.port.shadowed, ())


class TransportTests(FarCase):
    def test_settings(self) -> None:
        self.open()
        applying = self.port.apply(LineSettings(9600, 7, Parity.EVEN))
        self.says("01 00 00 25 80", "02 07", "03 03")
        self.say("", "65 00 00 25 80", "66 07")
        self.assertNoResult(applying)
        self.say("", "67 03")
        self.successResultOf(applying)
        self.assertEqual(self.port.settings, LineSettings(9600, 7, Parity.EVEN))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_where_one_is_refused_the_others_are_put_back(self) -> None:
        self.open()
        applying = self.port.apply(LineSettings(9600, 7, Parity.EVEN))
        self.sent()
        self.say("", "65 00 00 25 80", "66 08", "67 03")
        self.says("01 00 00 4b 00", "03 01")
        self.assertNoResult(applying)
        self.say("", "65 00 00 4b 00", "67 01")
        self.assertEqual(
            str(self.failureResultOf(applying, SettingsRefusedError).value),
            "127.0.0.1:4002 refused bytesize 7; it stays at 19200 8N1",
        )

    def test_silence(self) -> None:
        text = "127.0.0.1:4002 does not answer to stopbits 1.5"
        for strict in (False, True):
            self.setUp()
            self.open(strict=strict)
            with capturedLogs() as logs:
                applying = self.port.apply(LineSettings(19200, 8, stopbits=1.5))
                self.clock.advance(3)
            self.sent()
            if strict:
                self.say("", "68 01")  # the former value, which it is told again
                self.assertEqual(
                    str(self.failureResultOf(applying, SettingsRefusedError).value),
                    f"{text}; it stays at 19200 8N1",
                )
            else:
                self.successResultOf(applying)
                self.assertEqual([formatEvent(event) for event in logs], [text])
                self.assertEqual(self.port.settings.stopbits, 1.5)
                self.assertEqual(self.port.shadowed, ("stopbits",))

    def test_lines_go_out_in_one_piece(self) -> None:
        self.open(strict=True)
        pieces: list[bytes] = []
        self.patch(self.wire, "write", pieces.append)
        setting = self.port.set_lines(Lines(dtr=True, rts=False))
        self.assertEqual(pieces, [sub("05 08") + sub("05 0c")])
        self.say("", "69 08", "69 0c")
        self.successResultOf(setting)
        self.assertEqual(self.port.lines(), Lines(dtr=True, rts=False))
        refused = self.port.set_lines(Lines(dtr=False))
        self.say("", "69 08")
        self.assertEqual(
            str(self.failureResultOf(refused, PortError).value), "127.0.0.1:4002 refused dtr off"
        )

    def test_break(self) -> None:
        self.open()
        self.port.send_break(0.5)
        self.says("05 05")
        self.clock.advance(0.4)
        self.port.send_break(0.5)
        self.says("05 05")
        self.clock.advance(0.4)
        self.says()
        self.clock.advance(0.1)
        self.says("05 06")
        self.assertEqual(self.port.lines(), Lines(brk=False))

    def test_break_ends_with_the_connection(self) -> None:
        for close in ("loseConnection", "cut", "abortConnection"):
            for held in (False, True):
                self.setUp()
                self.open()
                if held:
                    self.port.set_lines(Lines(brk=True)).addErrback(lambda failure: None)
                else:
                    self.port.send_break(5)
                self.sent()
                pieces: list[bytes] = []
                self.patch(self.wire, "write", pieces.append)
                getattr(self.port, close)()
                self.assertEqual(pieces, [sub("05 06")], close)
                self.wire.reset()
                self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_changes_over_there_are_told(self) -> None:
        self.open()
        calls: list[LineCounts | None] = []
        self.port.on_change = lambda: calls.append(self.port.counts())
        self.say("", "6b b0", "6b a1", "6a 08", "65 00 00 25 80")
        self.assertEqual(
            calls, [LineCounts(), LineCounts(cts=1), LineCounts(cts=1, frame=1), LineCounts(cts=1, frame=1)]
        )
        self.assertEqual(self.port.modem(), ModemLines(dsr=True, cd=True))
        self.assertEqual(self.port.settings, LineSettings(9600))

    def test_purge(self) -> None:
        self.open()
        self.assertEqual((self.port.purge_input(), self.port.purge_output()), (0, 0))
        self.says("0c 01", "0c 02")

    def test_the_far_side_may_stop_us(self) -> None:
        self.open()
        self.say("", "6c")
        self.port.write(b"abc")
        self.says()
        self.port.set_lines(Lines(dtr=True))
        self.says("05 08")
        self.assertEqual(self.port.pending, 3)
        self.say("", "6d")
        self.assertEqual((self.sent(), self.port.pending), (b"abc", 0))

    def test_nothing_outlives_the_connection(self) -> None:
        self.open()
        waiting = [
            self.port.apply(LineSettings(9600)),
            self.port.set_lines(Lines(dtr=True)),
        ]
        self.wire.reset()
        for deferred in waiting:
            self.assertEqual(str(self.failureResultOf(deferred, PortError).value), "127.0.0.1:4002 went away")
        self.failureResultOf(self.port.apply(LineSettings(300)), PortError)
        self.failureResultOf(self.port.set_lines(Lines(dtr=False)), PortError)
        self.port.purge_output()
        self.assertIsNotNone(self.inner.lost)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_far_side_that_ends_is_gone(self) -> None:
        for end in (FakeTransport.finish_sending, FakeTransport.refuse_writes):
            self.setUp()
            self.open()
            self.port.write(b"abc")
            end(self.wire)
            self.assertIsNotNone(self.inner.lost)
            self.assertEqual(self.port.sent + self.port.dropped, 3)

    def test_each_byte_is_counted(self) -> None:
        self.open()
        data = bytes(range(256))
        self.port.write(data)
        self.assertEqual((self.sent(), self.port.sent), (data.replace(b"\xff", b"\xff\xff"), 256))
        self.port.write(data)
        self.wire.reset()
        self.assertEqual((self.port.sent, self.port.dropped), (256, 256))
