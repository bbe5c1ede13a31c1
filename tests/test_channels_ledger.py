"""Whatever happens to shared connections, each byte that was given to them is in the books."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.elements.channel import MOST_PENDING
from smartserial.channels.elements.ports import Ports
from tests.netstage import LiveTransport, Owner, client, server
from tests.test_channels_netclient import Endpoints

HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
LISTS: tuple[tuple[str, ...], ...] = ((), ("10.0.0.1",), ("10.0.0.2", "10.0.0.3"))

MOVES = st.one_of(
    st.tuples(st.just("send"), st.integers(0, 2), st.integers(1, 2000)),
    st.tuples(st.just("much"), st.integers(0, 2), st.just(MOST_PENDING // 2)),
    st.tuples(st.just("send_one"), st.integers(0, 2), st.integers(1, 2000)),
    st.tuples(st.just("take"), st.integers(0, 2), st.sampled_from([1, 500, 100_000, 10 * MOST_PENDING])),
    st.tuples(st.just("say"), st.integers(0, 2), st.integers(1, 99)),
    st.tuples(
        st.sampled_from(["reset", "lock", "priority", "unlock", "open", "close", "drop"]),
        st.integers(0, 2),
        st.just(0),
    ),
    st.tuples(st.just("wait"), st.just(0), st.sampled_from([0.0, 0.5, 1.0, 10.0])),
    st.tuples(st.just("special"), st.integers(0, 2), st.integers(0, 2)),
)


class Stage:
    """Three elements with one connection, or one address."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.network = Endpoints()
        self.ports = Ports(self.clock, self.network)
        self.channels: list[Any] = []
        self.given = [0, 0, 0]
        self.heard: list[int] = [0, 0, 0]
        self.transports: list[LiveTransport] = []
        self.closings: list[Any] = []

    def add(self, channel_settings: Any) -> None:
        owner = Owner()
        channel: Any = self.ports.channel(owner, channel_settings, f"element {len(self.channels)}")
        channel.owner = owner
        self.channels.append(channel)

    def play(self, move: tuple[str, int, Any]) -> None:
        name, which, size = move
        channel = self.channels[which]
        alive = [one for one in self.transports if one.connected and one.reading]
        transport = alive[which % len(alive)] if alive else None
        if name in ("send", "much", "send_one"):
            to = channel.peers[-1] if name == "send_one" and channel.peers else None
            meant = 1 if to is not None else max(1, len(channel.peers))
            self.assert_at_most(channel.send(bytes(size), to), meant)
            self.given[which] += size * meant
        elif name == "take" and transport is not None:
            transport.take(size)
        elif name == "say" and transport is not None and not transport.closing:
            transport.say(bytes(size))
        elif name == "reset" and transport is not None:
            transport.reset()
        elif name in ("lock", "priority", "unlock"):
            channel.lock(name != "unlock", name == "priority")
        elif name == "open":
            channel.open()
        elif name == "close":
            self.closings.append(channel.close())
        elif name == "drop" and channel.peers:
            channel.drop(channel.peers[0])
        elif name == "wait":
            self.clock.advance(size)

    def assert_at_most(self, sessions: int, meant: int) -> None:
        assert 0 <= sessions <= meant

    def end(self) -> None:
        self.closings += [channel.close() for channel in self.channels]
        for _ in range(4):
            self.clock.advance(0.5)


class LedgerTests(SynchronousTestCase):
    def follow(self, stage: Stage, moves: list[Any], special: Callable[[int, int], object]) -> None:
        for move in moves:
            if move[0] == "special":
                special(move[1], move[2])
            else:
                stage.play(move)
            self.check(stage)
        stage.end()
        self.check(stage)
        for channel in stage.channels:
            self.assertEqual((channel.tally.pending, channel.peers), (0, ()))
            self.sessions(channel.owner, over=True)
        self.assertTrue(all(closing.called for closing in stage.closings))
        self.assertFalse(any(transport.connected for transport in stage.transports))
        self.assertEqual(stage.clock.getDelayedCalls(), [])

    def check(self, stage: Stage) -> None:
        for channel, count in zip(stage.channels, stage.given, strict=True):
            tally = channel.tally
            self.assertEqual(tally.sent + tally.pending + tally.dropped + tally.unsent, count)
            self.assertGreaterEqual(min(tally.sent, tally.pending, tally.dropped, tally.unsent), 0)
            self.assertEqual(tally.received, len(channel.owner.heard))
            self.sessions(channel.owner)
        taken = sum(len(transport.taken) for transport in stage.transports)
        self.assertEqual(sum(channel.tally.sent for channel in stage.channels), taken)

    def sessions(self, owner: Owner, over: bool = False) -> None:
        """Each session is told to begin once, and to end once."""
        here: set[Any] = set()
        for kind, *details in owner.told:
            if kind == "opened":
                self.assertNotIn(details[0], here)
                here.add(details[0])
            elif kind == "closed":
                self.assertIn(details[0], here)
                here.remove(details[0])
        if over:
            self.assertEqual(here, set())

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(MOVES, max_size=40),
        st.lists(st.sampled_from(["up", "refused", "silence"]), max_size=12),
        st.booleans(),
    )
    def test_a_client(self, moves: list[Any], answers: list[str], single: bool) -> None:
        stage = Stage()
        stage.network.answers = answers
        stage.transports = stage.network.transports
        for _ in range(3):
            stage.add(client(4001, HOSTS[0], single=single))
            stage.channels[-1].open()

        def redirect(which: int, host: int) -> None:
            stage.channels[which].redirect(HOSTS[host], None)

        self.follow(stage, moves, redirect)

    @settings(max_examples=150, deadline=None)
    @given(st.lists(MOVES, max_size=40))
    def test_a_server(self, moves: list[Any]) -> None:
        stage = Stage()
        for _ in range(3):
            stage.add(server(7001))
        hub = stage.ports._hubs.get("127.0.0.1", 7001)
        hub.bind = lambda: setattr(hub, "_port", hub._port or FakePort(stage.clock))  # type: ignore[method-assign]
        ports = iter(range(1, 1000))

        def come_or_judge(which: int, how: int) -> None:
            if how == 2:
                stage.ports.update(stage.channels[which], server(7001, LISTS[which], max_clients=2))
                return
            address = IPv4Address("TCP", HOSTS[which], next(ports))
            protocol = hub.buildProtocol(address)
            if protocol is not None:
                stage.transports.append(LiveTransport(protocol))
                protocol.makeConnection(stage.transports[-1])

        for which in range(3):
            stage.channels[which].open()
        hub.claimed = True  # so that it stays the one that the test knows
        self.follow(stage, moves, come_or_judge)


class FakePort:
    """Listens to nobody."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def set_options(self, nodelay: bool, keepalive: object) -> None:
        pass

    def startReading(self) -> None:
        pass

    def stopReading(self) -> None:
        pass

    def stopListening(self) -> Any:
        return deferLater(self._clock, 0)
