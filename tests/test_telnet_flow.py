"""Who is held back by whom on a telnet connection; and the layer on a transport that does not count."""

from __future__ import annotations

import io
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IPullProducer
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransport, StringTransportWithDisconnection
from twisted.protocols.basic import FileSender
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from smartserial.channels.telnet.layer import PATIENCE, TelnetProtocol
from smartserial.channels.telnet.wire import TelnetTransport
from smartserial.interfaces import ICountedTransport
from smartserial.telnet.options import SERVER
from tests.support import pattern
from tests.telnetpeer import (
    BINARY,
    DO,
    DONT,
    POLL_MODEM,
    HalfCloser,
    Layer,
    Listener,
    Peer,
    Plain,
    option,
)

KIB = 1024


class Source:
    """A push producer that remembers what it was told."""

    def __init__(self) -> None:
        self.told = ""

    def pauseProducing(self) -> None:
        self.told += "p"

    def resumeProducing(self) -> None:
        self.told += "r"

    def stopProducing(self) -> None:
        self.told += "s"


class PushTests(SynchronousTestCase):
    """A push producer is held back above `high`, and let go at a quarter."""

    def setUp(self) -> None:
        self.layer = Layer(Plain(), agreed=True)
        self.upper, self.source = self.layer.upper, Source()
        self.upper.high = 100
        self.upper.registerProducer(self.source, True)

    def test_it_is_paused_above_high_and_resumed_at_a_quarter(self) -> None:
        for size in (60, 15, 25):
            self.upper.write(b"\xff" * size)
        self.assertEqual(self.source.told, "")
        self.upper.write(b"x")
        self.assertEqual(self.source.told, "p")
        self.layer.wire.take(120)  # the first piece: 41 bytes are left, in one
        self.assertEqual((self.upper.pending, self.source.told), (41, "p"))
        self.layer.wire.take(80)
        self.assertEqual(self.source.told, "p")
        self.layer.wire.take(1)
        self.assertEqual((self.upper.pending, self.source.told), (0, "pr"))

    def test_it_is_held_back_by_what_is_undecided_or_suspended_too(self) -> None:
        self.upper.suspend(True)
        self.upper.write(b"x" * 101)
        self.assertEqual(self.source.told, "p")
        self.upper.suspend(False)
        self.assertEqual(self.layer.got, b"x" * 101)
        self.assertEqual(self.source.told, "pr")

    def test_throwing_away_what_waits_lets_it_go(self) -> None:
        self.upper.suspend(True)
        self.upper.write(b"x" * 101)
        self.assertEqual((self.upper.discard_oldest(101), self.upper.pending), (101, 0))
        self.upper.write(b"y")
        self.assertEqual(self.source.told, "pr")

    def test_it_is_stopped_when_the_connection_is_lost(self) -> None:
        self.layer.wire.reset()
        self.assertEqual(self.source.told, "s")

    def test_it_is_forgotten_when_it_says_so(self) -> None:
        self.upper.unregisterProducer()
        self.upper.write(b"x" * 101)
        self.layer.wire.reset()
        self.assertEqual(self.source.told, "")

    def test_large_data_goes_in_pieces_and_nothing_is_lost(self) -> None:
        data = pattern(300 * KIB).replace(b"\x11", b"\xff")
        self.upper.write(data)
        while self.upper.pending:
            self.assertLessEqual(self.layer.wire.pending, 128 * KIB)
            self.layer.wire.take(9_999)
        self.assertEqual((self.layer.got == data, self.upper.sent, self.source.told), (True, len(data), "pr"))


class ReadingTests(SynchronousTestCase):
    """A peer that does not read our answers is not read from."""

    def flood(self, layer: Layer) -> int:
        """Ask as long as that is read; return how often that was."""
        for count in range(10_000):
            if not layer.wire.reading:
                return count
            layer.wire.say(POLL_MODEM * 100)
        raise AssertionError("it reads for ever")

    def test_until_it_reads_them(self) -> None:
        layer = Layer(Listener(), agreed=True)
        for _ in range(3):
            self.flood(layer)
            self.assertLess(layer.wire.pending, 66 * KIB)
            layer.wire.take(60 * KIB)
            self.assertFalse(layer.wire.reading)
            layer.wire.drain()
            self.assertTrue(layer.wire.reading)
        answers = layer.wire.peer.said.count(b"\xfa\x2c\x07\0")
        self.assertEqual(answers, sum(isinstance(told, tuple) for told in layer.wrapped.told))

    def test_requests_to_negotiate_are_answered_within_bounds(self) -> None:
        layer = Layer(Listener(), agreed=True)
        for _ in range(10_000):
            if not layer.wire.reading:
                break
            layer.wire.say((option(DONT, 1) + option(DO, 1)) * 10)
            layer.clock.advance(2)
        self.assertFalse(layer.wire.reading)
        self.assertLess(layer.wire.pending, 65 * KIB)
        layer.wire.drain()
        self.assertTrue(layer.wire.reading)

    def test_whoever_pauses_has_to_resume(self) -> None:
        layer = Layer(Listener(), agreed=True)
        self.flood(layer)
        layer.upper.pauseProducing()
        layer.wire.drain()
        self.assertFalse(layer.wire.reading)
        layer.upper.resumeProducing()
        self.assertTrue(layer.wire.reading)
        self.flood(layer)
        layer.upper.pauseProducing()
        layer.upper.resumeProducing()
        self.assertFalse(layer.wire.reading)
        layer.wire.drain()
        self.assertTrue(layer.wire.reading)

    def test_data_goes_on_after_the_answers(self) -> None:
        layer = Layer(Listener(), agreed=True)
        self.flood(layer)
        layer.upper.write(b"data")
        self.assertEqual(layer.got, b"data")

    def test_when_nothing_can_be_sent_the_rest_is_read(self) -> None:
        for wrapped in (Listener(), HalfCloser()):
            layer = Layer(wrapped, agreed=True)
            for _ in range(10_000):
                if not layer.wire.reading:
                    break
                layer.wire.say(b"data")
                layer.upper.send_subnegotiation(44, bytes(100))
            layer.wire.refuse_writes()
            self.assertEqual((wrapped.told[-1], layer.wire.reading), ("w", True))


@implementer(IPullProducer)
class Endless:
    """A pull producer that always has more."""

    def __init__(self, upper: TelnetTransport) -> None:
        self.pulls = 0
        self.stopped = False
        self._upper = upper

    def resumeProducing(self) -> None:
        self.pulls += 1
        self._upper.write(b"\xff" * 1000)

    def stopProducing(self) -> None:
        self.stopped = True


class PullTests(TestCase):
    """A pull producer is asked for more while there is room; Twisted's reactor turns for that."""

    async def turn(self, times: int = 20) -> None:
        for _ in range(times):
            await deferLater(reactor, 0)

    async def test_a_file_is_sent(self) -> None:
        layer = Layer(Plain(), agreed=True)
        data = pattern(400 * KIB)
        sender = FileSender().beginFileTransfer(io.BytesIO(data), layer.upper)
        while not sender.called:
            await self.turn(1)
            layer.wire.take(20_000)
        await sender
        layer.upper.unregisterProducer()
        self.assertTrue(layer.got == data)

    async def test_it_is_asked_while_there_is_room(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.high = 10_000
        source = Endless(layer.upper)
        layer.upper.registerProducer(source, False)
        await self.turn()
        self.assertEqual(source.pulls, 11)
        layer.wire.drain()
        await self.turn()
        self.assertEqual(source.pulls, 22)
        layer.upper.unregisterProducer()
        layer.wire.drain()
        await self.turn()
        self.assertEqual(source.pulls, 22)

    async def test_it_is_stopped_when_the_connection_is_lost(self) -> None:
        layer = Layer(Plain(), agreed=True)
        source = Endless(layer.upper)
        layer.upper.registerProducer(source, False)
        self.addCleanup(layer.upper.unregisterProducer)
        await self.turn(3)
        layer.wire.drain()
        layer.wire.reset()
        pulls = source.pulls
        await self.turn()
        self.assertEqual((source.pulls, source.stopped), (pulls, True))


class ForeignTests(SynchronousTestCase):
    """On a transport that is not ours, the layer counts in front of it."""

    def connect(self, transport: StringTransport, wrapped: Plain, *, agreed: bool = True) -> TelnetProtocol:
        self.clock = Clock()
        protocol = TelnetProtocol(wrapped, SERVER, self.clock)
        protocol.makeConnection(transport)
        if agreed:
            protocol.dataReceived(BINARY)
            transport.clear()
        return protocol

    def test_data_passes_and_the_contract_is_kept(self) -> None:
        transport, wrapped = StringTransport(), Plain()
        protocol = self.connect(transport, wrapped)
        upper: Any = wrapped.transport
        verifyObject(ICountedTransport, upper)
        upper.write(b"a\xff\r")
        protocol.dataReceived(b"b\xff\xff")
        self.assertEqual((transport.value(), wrapped.data, upper.sent), (b"a\xff\xff\r", b"b\xff", 3))
        self.assertEqual(upper.getPeer(), transport.getPeer())

    def test_it_is_held_back_and_counts_what_is_lost(self) -> None:
        wrapped, transport = Plain(), cast(Any, StringTransport())
        protocol = self.connect(transport, wrapped)
        upper: Any = wrapped.transport
        transport.producer.pauseProducing()
        upper.write(b"one")
        upper.write(b"two")
        self.assertEqual((transport.value(), upper.pending), (b"", 6))
        transport.producer.resumeProducing()
        self.assertEqual((transport.value(), upper.sent), (b"onetwo", 6))
        transport.producer.pauseProducing()
        upper.write(b"three")
        protocol.connectionLost(Failure(ConnectionLost()))
        self.assertEqual((upper.sent, upper.pending, upper.dropped), (6, 0, 5))
        self.assertEqual(wrapped.told, [ConnectionLost])

    def test_a_peer_that_reads_no_answers_is_not_read_from(self) -> None:
        wrapped, transport = Listener(), cast(Any, StringTransport())
        protocol = self.connect(transport, wrapped)
        transport.producer.pauseProducing()
        for _ in range(200):
            protocol.dataReceived(POLL_MODEM * 100)
        self.assertEqual(transport.producerState, "paused")
        transport.producer.resumeProducing()
        self.assertEqual(transport.producerState, "producing")
        peer = Peer()
        peer.hear(transport.value())
        self.assertEqual(len(peer.said), 20_000)

    def test_it_closes_when_what_waits_is_out(self) -> None:
        transport, wrapped = StringTransportWithDisconnection(), Plain()
        transport.protocol = self.connect(transport, wrapped, agreed=False)
        upper: Any = wrapped.transport
        upper.write(b"bye")
        upper.loseConnection()
        self.assertTrue(transport.connected)
        self.clock.advance(PATIENCE)
        self.assertEqual((transport.value()[-3:], wrapped.told), (b"bye", [ConnectionDone]))

    def test_it_can_be_asked_to_close_twice(self) -> None:
        transport, wrapped = StringTransport(), Plain()
        self.connect(transport, wrapped)
        upper: Any = wrapped.transport
        upper.loseConnection()
        upper.loseConnection()
        self.assertTrue(transport.disconnecting)
