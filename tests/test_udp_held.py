"""Clients over UDP that are held back: their datagrams wait, and that is no silence of theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.stream import HIGH
from smartserial.channels.udp.inbox import Inbox
from smartserial.events import ClientConnected, ClientDisconnected
from smartserial.settings import ListenerSettings
from tests.test_udp_listener import Peer, Stage, udp

FULL = bytes(60_000)
ENOUGH = HIGH // len(FULL) + 1  # datagrams, after which the device takes no more
PLACE = ("127.0.0.1", 1)


class HeldTest(SynchronousTestCase):
    """The device is full."""

    def stage(self, *listeners: ListenerSettings) -> Stage:
        stage = Stage(self, *(listeners or (udp(idle_timeout=2.0),)))
        self.addCleanup(lambda: stage.discarded(1))
        return stage

    def fill(self, stage: Stage, peer: Peer) -> None:
        for _ in range(ENOUGH):
            stage.say(peer, FULL)
        self.assertTrue(all(session.held for session in stage.share.clients))
        self.assertFalse(stage.net.readers)

    def empty(self, stage: Stage) -> None:
        stage.device.take(len(FULL) * ENOUGH)
        stage.turn()

    def gone(self, stage: Stage) -> list[tuple[str, str]]:
        return [(event.peer, event.why) for event in stage.of(ClientDisconnected)]

    def test_nobody_is_forgotten(self) -> None:
        stage, sender, other = self.stage(), Peer(self), Peer(self)
        stage.say(other, b"1")
        self.fill(stage, sender)
        read = stage.share.accounts()[1].read
        stage.say(other, b"waits")
        for _ in range(10):
            stage.turn(2)
        self.assertEqual((stage.names, self.gone(stage)), ([other.name, sender.name], []))
        self.assertEqual(stage.share.accounts()[1].read, read)
        self.empty(stage)
        self.assertEqual(stage.share.accounts()[1].read, read + 5)
        self.assertEqual(len(stage.of(ClientConnected)), 2)

    def test_their_time_goes_on_afterwards(self) -> None:
        stage, early, sender = self.stage(), Peer(self), Peer(self)
        stage.say(early, b"1")
        stage.turn(1.5)
        self.fill(stage, sender)
        stage.turn(60)
        self.empty(stage)
        stage.turn(0.4)
        self.assertEqual(stage.names, [early.name, sender.name])
        stage.turn(0.2)
        self.assertEqual(stage.names, [sender.name])
        stage.turn(1.5)
        self.assertEqual(self.gone(stage), [(one.name, "silent for 2 s") for one in (early, sender)])

    def test_who_is_held_now_and_then_is_forgotten_all_the_same(self) -> None:
        """A busy device is no reason to keep the silent for ever."""
        stage, silent, sender = self.stage(), Peer(self), Peer(self)
        stage.say(silent, b"1")
        for _ in range(5):
            self.fill(stage, sender)
            stage.turn(0.5)
            self.empty(stage)
            stage.turn(0.5)
        self.assertEqual(stage.names, [sender.name])

    def test_one_that_is_cut_is_gone_before_it_comes_again(self) -> None:
        """And its place is free then."""
        stage, peer = self.stage(udp(max_clients=1)), Peer(self)
        self.fill(stage, peer)
        (session,) = stage.share.clients
        stage.listeners[0].datagram(b"late", peer.sock.getsockname())  # type: ignore[attr-defined]
        told: list[str] = []
        events: Any = stage.share._events
        events.subscribe(lambda event: told.append(type(event).__name__))
        read = stage.share.accounts()[1].read
        session.cut("kicked")
        stage.turn()
        self.assertEqual(told, ["ClientDisconnected", "ClientConnected"])
        self.assertEqual((stage.names, stage.share.accounts()[1].read), ([peer.name], read))
        self.assertFalse(stage.net.readers)
        self.empty(stage)
        self.assertEqual(stage.share.accounts()[1].read, read + 4)

    def test_a_shorter_time_is_in_force_at_once(self) -> None:
        stage, peer = self.stage(udp(idle_timeout=60.0)), Peer(self)
        stage.say(peer, b"1")
        stage.turn(5)
        wanted = udp(idle_timeout=2.0)
        stage.listeners[0].update(wanted)
        stage.share.update(replace(stage.settings, listeners=(wanted,)), stage.listeners, None)
        stage.turn()
        self.assertEqual(self.gone(stage), [(peer.name, "silent for 2 s")])


class InboxTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.taken: list[bytes] = []
        self.then: Callable[[bytes], None] = lambda data: None
        self.inbox = Inbox(self.take, self.clock)

    def take(self, data: bytes, address: object) -> None:
        self.taken.append(data)
        self.then(data)

    def put(self, *data: bytes) -> None:
        for datagram in data:
            self.inbox.put(datagram, PLACE)

    def test_what_waits_is_handed_over_in_order(self) -> None:
        self.put(b"1")
        self.inbox.hold("a")
        self.put(b"2", b"3")
        self.assertEqual((self.taken, self.inbox.hand_over()), ([b"1"], False))
        self.inbox.held.clear()
        self.put(b"4")
        self.assertEqual((self.inbox.hand_over(), self.taken), (True, [b"1", b"2", b"3", b"4"]))

    def test_somebody_is_held_again_meanwhile(self) -> None:
        self.inbox.hold("a")
        self.put(b"2", b"3")
        self.inbox.held.clear()
        self.then = lambda data: (self.inbox.hold("b"), self.inbox.put_back(data, PLACE))[0]
        self.assertFalse(self.inbox.hand_over())
        self.then = lambda data: None
        self.inbox.held.clear()
        self.assertTrue(self.inbox.hand_over())
        self.assertEqual(self.taken, [b"2", b"2", b"3"])

    def test_what_nobody_gets(self) -> None:
        self.inbox.hold("a")
        self.put(b"2", b"3")
        self.assertEqual((list(self.inbox.empty()), list(self.inbox.empty())), ([b"2", b"3"], []))

    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 100)), max_size=30))
    def test_the_clock_goes_while_it_is_listened(self, steps: list[tuple[bool, int]]) -> None:
        clock = Clock()
        inbox = Inbox(self.take, clock)
        listened = 0
        for held, seconds in steps:
            if held:
                inbox.hold("a")
            else:
                inbox.held.clear()
                inbox.hand_over()
            self.assertEqual(inbox.deaf, held)
            clock.advance(seconds)
            listened += 0 if held else seconds
            self.assertEqual(inbox.seconds, listened)
