"""Devices in memory: what a loop gives back, when, and how it holds back who writes to it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from smartserial.channels.memory import Loop, MemoryAddress, MemoryEndpoint
from smartserial.channels.stream import FULL_BATCH, HIGH
from smartserial.interfaces import ICountedTransport


class Listening(Protocol):
    """Keeps what it hears; `on_data` is called with each piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.lost: list[Failure] = []
        self.on_data: Any = None

    @property
    def heard(self) -> bytes:
        return b"".join(self.pieces)

    def dataReceived(self, data: bytes) -> None:
        self.pieces.append(data)
        if self.on_data is not None:
            self.on_data(data)

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008
        self.lost.append(reason)


class Producer:
    """Takes note of being paused and resumed."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")

    def stopProducing(self) -> None:
        self.calls.append("stop")


def run(clock: Clock) -> None:
    """Let the reactor turn until nothing is left to do now."""
    for _ in range(1000):
        if not any(call.getTime() <= clock.seconds() for call in clock.getDelayedCalls()):
            return
        clock.advance(0)
    raise AssertionError("the reactor never comes to rest")


class LoopTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.loop = Loop("echo", self.clock)
        self.protocol = Listening()
        self.loop.connect(self.protocol)

    def test_interfaces(self) -> None:
        self.assertTrue(verifyObject(ICountedTransport, self.loop))
        self.assertEqual(self.loop.getPeer().name, "echo")
        self.assertEqual(repr(self.loop.getHost()), "MemoryAddress('echo')")
        self.assertIs(self.protocol.transport, self.loop)

    def test_echo_comes_in_a_later_turn(self) -> None:
        self.loop.write(b"hello")
        self.assertEqual((self.protocol.heard, self.loop.sent), (b"", 5))
        run(self.clock)
        self.assertEqual(self.protocol.pieces, [b"hello"])

    def test_sequence(self) -> None:
        self.loop.writeSequence([b"a", b"", b"bc"])
        run(self.clock)
        self.assertEqual(self.protocol.heard, b"abc")
        self.assertEqual(self.loop.sent, 3)

    def test_nothing_is_no_data(self) -> None:
        self.loop.write(b"")
        run(self.clock)
        self.assertEqual(self.protocol.pieces, [])

    def test_what_is_large_comes_in_batches(self) -> None:
        data = bytes(range(256)) * 1024
        self.loop.write(data)
        run(self.clock)
        self.assertEqual(self.protocol.heard, data)
        self.assertEqual(max(map(len, self.protocol.pieces)), FULL_BATCH)

    def test_an_answer_to_an_answer(self) -> None:
        def answer(data: bytes) -> None:
            if len(self.protocol.heard) < 10:
                self.loop.write(data)

        self.protocol.on_data = answer
        self.loop.write(b"x")
        run(self.clock)
        self.assertEqual(self.protocol.heard, b"x" * 10)

    def test_pause_and_resume(self) -> None:
        self.loop.write(b"one")
        self.loop.pauseProducing()
        run(self.clock)
        self.loop.write(b"two")
        run(self.clock)
        self.assertEqual(self.protocol.pieces, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.loop.resumeProducing()
        self.loop.resumeProducing()
        run(self.clock)
        self.assertEqual(self.protocol.heard, b"onetwo")

    def test_a_pause_amid_batches(self) -> None:
        data = b"x" * (3 * FULL_BATCH)
        self.protocol.on_data = lambda _: self.loop.pauseProducing()
        self.loop.write(data)
        for n in range(1, 4):
            run(self.clock)
            self.assertEqual(len(self.protocol.heard), n * FULL_BATCH)
            self.loop.resumeProducing()
        self.assertEqual(self.protocol.heard, data)

    @given(
        st.lists(st.one_of(st.binary(min_size=1, max_size=40), st.sampled_from(["pause", "resume", "turn"])))
    )
    def test_nothing_is_lost_or_changed(self, steps: list[bytes | str]) -> None:
        self.setUp()
        written = b""
        for step in steps:
            if isinstance(step, bytes):
                self.loop.write(step)
                written += step
            elif step == "turn":
                self.clock.advance(0)
            else:
                getattr(self.loop, f"{step}Producing")()
            self.assertTrue(written.startswith(self.protocol.heard))
        self.loop.resumeProducing()
        run(self.clock)
        self.assertEqual(self.protocol.heard, written)
        self.assertEqual((self.loop.sent, self.loop.pending, self.loop.dropped), (len(written), 0, 0))


class BackPressureTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.loop = Loop("echo", self.clock)
        self.protocol = Listening()
        self.loop.connect(self.protocol)
        self.producer = Producer()
        self.loop.registerProducer(self.producer, True)

    def test_who_reads_is_never_paused(self) -> None:
        for _ in range(8):
            self.loop.write(b"x" * FULL_BATCH)
            run(self.clock)
        self.assertEqual(self.producer.calls, [])

    def test_who_does_not_read_is_held_back(self) -> None:
        self.loop.pauseProducing()
        self.loop.write(b"x" * HIGH)
        self.assertEqual(self.producer.calls, [])
        self.loop.write(b"x")
        self.assertEqual(self.producer.calls, ["pause"])
        self.loop.write(b"x")
        self.assertEqual(self.producer.calls, ["pause"])

    def test_it_is_let_go_on_at_a_quarter(self) -> None:
        self.loop.pauseProducing()
        self.loop.write(b"x" * (HIGH + 1))
        seen: list[tuple[int, list[str]]] = []
        self.protocol.on_data = lambda _: seen.append(
            (HIGH + 1 - len(self.protocol.heard), [*self.producer.calls])
        )
        self.loop.resumeProducing()
        run(self.clock)
        self.assertEqual(seen[-1][0], 0)
        for (left, _), (_, calls) in pairwise(seen):
            self.assertEqual(calls, ["pause", "resume"] if left <= HIGH // 4 else ["pause"], left)

    def test_again_and_again(self) -> None:
        for n in range(1, 4):
            self.loop.pauseProducing()
            self.loop.write(b"x" * (HIGH + 1))
            self.loop.resumeProducing()
            run(self.clock)
            self.assertEqual(self.producer.calls, ["pause", "resume"] * n)

    def test_a_producer_that_writes_whenever_it_may(self) -> None:
        """What waits is bounded, however much there is to write."""
        total, written, largest = 4 * HIGH, 0, 0
        while written < total or len(self.protocol.heard) < total:
            while written < total and self.producer.calls[-1:] != ["pause"]:
                self.loop.write(b"x" * FULL_BATCH)
                written += FULL_BATCH
            largest = max(largest, written - len(self.protocol.heard))
            self.clock.advance(0)
        self.assertEqual(len(self.protocol.heard), total)
        self.assertTrue(largest <= HIGH + FULL_BATCH, largest)

    def test_a_forgotten_producer_is_left_alone(self) -> None:
        self.loop.unregisterProducer()
        self.loop.pauseProducing()
        self.loop.write(b"x" * (2 * HIGH))
        self.assertEqual(self.producer.calls, [])

    def test_the_next_producer_begins_anew(self) -> None:
        self.loop.pauseProducing()
        self.loop.write(b"x" * (HIGH + 1))
        other = Producer()
        self.loop.unregisterProducer()
        self.loop.registerProducer(other, True)
        self.loop.write(b"x")
        self.assertEqual((self.producer.calls, other.calls), (["pause"], ["pause"]))


class CloseTest(SynchronousTestCase):
    def test_each_way_of_closing(self) -> None:
        for close in ("loseConnection", "abortConnection", "cut", "stopProducing"):
            clock, protocol = Clock(), Listening()
            loop = Loop("echo", clock)
            loop.connect(protocol)
            loop.write(b"on its way")
            getattr(loop, close)()
            getattr(loop, close)()
            self.assertEqual(len(protocol.lost), 1, close)
            self.assertTrue(protocol.lost[0].check(ConnectionDone))
            self.assertEqual(clock.getDelayedCalls(), [], close)
            loop.write(b"late")
            self.assertEqual((loop.sent, loop.dropped), (10, 4))
            loop.resumeProducing()
            run(clock)
            self.assertEqual(protocol.pieces, [], close)

    def test_closing_while_hearing(self) -> None:
        clock, protocol = Clock(), Listening()
        loop = Loop("echo", clock)
        loop.connect(protocol)
        protocol.on_data = lambda _: loop.loseConnection()
        loop.write(b"x" * (2 * FULL_BATCH))
        run(clock)
        self.assertEqual([len(piece) for piece in protocol.pieces], [FULL_BATCH])
        self.assertEqual((len(protocol.lost), clock.getDelayedCalls()), (1, []))


class EndpointTest(SynchronousTestCase):
    def test_a_new_device_each_time(self) -> None:
        clock = Clock()
        endpoint = MemoryEndpoint(lambda: Loop("echo", clock))
        addresses: list[MemoryAddress] = []

        class Making(Factory):
            def buildProtocol(self, addr: Any) -> Listening:
                addresses.append(addr)
                return Listening()

        first = self.successResultOf(endpoint.connect(Making()))
        second = self.successResultOf(endpoint.connect(Making()))
        assert isinstance(first, Listening) and isinstance(second, Listening)
        first.transport.write(b"one")
        second.transport.write(b"two")
        run(clock)
        self.assertEqual((first.heard, second.heard), (b"one", b"two"))
        self.assertEqual([address.name for address in addresses], ["echo", "echo"])
