"""Clients of elements: connecting again, what waits for that, sharing, going elsewhere."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import Any
from unittest import mock

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.elements.channel import MOST_PENDING, ChannelError
from smartserial.channels.elements.netclient import ATTEMPT, LASTED, MOST_ATTEMPTS
from smartserial.channels.elements.ports import Ports
from smartserial.channels.tcp import ClientStream
from smartserial.settings import PROBING, Keepalive
from tests.netstage import LiveTransport, NetTestCase, Owner, client, free_port
from tests.support import pattern


class Endpoints:
    """Makes endpoints that do as the test says, and remembers for whom."""

    def __init__(self) -> None:
        self.made: list[tuple[object, ...]] = []
        self.answers: list[
            str
        ] = []  # "up", "refused" or "silence" for each attempt; "refused" when there is none
        self.transports: list[LiveTransport] = []
        self.silent: list[Deferred[Any]] = []
        self.cancelled = 0

    def __call__(self, reactor: Any, *details: Any) -> Endpoints:
        self.made.append(details)
        return self

    def connect(self, factory: Any) -> Deferred[Any]:
        answer = self.answers.pop(0) if self.answers else "refused"
        if answer == "refused":
            return fail(Refused())
        if answer == "silence":
            waiting: Deferred[Any] = Deferred(self._cancel)
            self.silent.append(waiting)
            return waiting
        protocol = factory.buildProtocol(None)
        transport = LiveTransport(protocol)
        self.transports.append(transport)
        protocol.makeConnection(transport)
        return succeed(protocol)

    def _cancel(self, _: object) -> None:
        self.cancelled += 1


class BackOffTests(SynchronousTestCase):
    """Time is the test's, and so is the network."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.network = Endpoints()
        self.ports = Ports(self.clock, self.network)

    def channel(self, *answers: str, **kw: Any) -> Any:
        self.network.answers = list(answers)
        owner = Owner()
        channel: Any = self.ports.channel(owner, client(4001, "10.0.0.1", **kw), "mast")
        channel.owner = owner
        channel.open()
        self.clock.advance(0)
        return channel

    def attempts(self) -> int:
        return len(self.network.made)

    def test_it_connects_again_and_again(self) -> None:
        channel = self.channel()
        self.assertEqual(self.attempts(), 1)
        times = []
        for _ in range(240):
            before = self.attempts()
            self.clock.advance(0.25)
            if self.attempts() > before:
                times.append(self.clock.seconds())
        self.assertEqual(times, [1.0, 3.0, 8.0, 18.0, 28.0, 38.0, 48.0, 58.0])
        failures = channel.owner.all("failed")
        self.assertIn("cannot connect to 10.0.0.1:4001: Connection was refused", failures[0][0])
        self.assertEqual([news for _, news in failures], [True] + [False] * 8)

    def test_what_is_sent_meanwhile_makes_it_connect_at_once(self) -> None:
        channel = self.channel("refused", "refused", "up")
        self.clock.advance(1)
        self.assertEqual(channel.send(b"now"), 1)
        self.assertEqual(self.attempts(), 2)
        self.clock.advance(0)
        self.assertEqual(self.attempts(), 3)
        transport = self.network.transports[0]
        transport.take(100)
        self.assertEqual(transport.taken, b"now")
        self.assertEqual((channel.tally.sent, channel.tally.pending), (3, 0))
        self.assertEqual(len(channel.owner.all("opened")), 1)

    def test_one_attempt_at_a_time(self) -> None:
        channel = self.channel("silence")
        for _ in range(3):
            channel.send(b"hurry")
            self.clock.advance(0.1)
        self.assertEqual(self.attempts(), 1)

    def test_an_attempt_ends_after_ten_seconds(self) -> None:
        channel = self.channel("silence", "up")
        self.clock.advance(ATTEMPT)
        self.assertEqual(self.network.cancelled, 1)
        self.assertIn("no connection within 10 s", channel.owner.all("failed")[0][0])
        self.clock.advance(1)
        self.assertEqual(len(channel.peers), 1)

    def test_what_waits_outlives_some_attempts(self) -> None:
        channel = self.channel("silence")
        channel.send(b"first")
        self.clock.advance(ATTEMPT)
        for _ in range(MOST_ATTEMPTS - 2):
            self.assertEqual(channel.tally.pending, 5)
            self.clock.advance(10)
        channel.send(b"second")
        self.clock.advance(0)
        self.assertEqual(self.attempts(), MOST_ATTEMPTS)
        self.assertEqual((channel.tally.dropped, channel.tally.pending), (5, 6))
        self.network.answers = ["up"]
        self.clock.advance(10)
        self.network.transports[0].take(100)
        self.assertEqual(self.network.transports[0].taken, b"second")

    def test_what_waits_is_bounded(self) -> None:
        channel = self.channel("silence")
        self.assertEqual(channel.send(bytes(MOST_PENDING)), 1)
        self.assertEqual(channel.send(b"too much"), 0)
        self.assertEqual((channel.tally.pending, channel.tally.unsent), (MOST_PENDING, 8))
        self.assertEqual(len(channel.owner.all("noted")), 1)
        channel.close()
        self.assertEqual((channel.tally.pending, channel.tally.dropped), (0, MOST_PENDING))

    def test_a_lost_connection_is_made_again(self) -> None:
        channel = self.channel("up", "up")
        (peer,) = channel.peers
        self.network.transports[0].reset()
        self.assertEqual(channel.owner.all("closed"), [(peer, "the connection was lost")])
        self.clock.advance(0.9)
        self.assertEqual(self.attempts(), 1)
        self.clock.advance(0.1)
        (again,) = channel.peers
        self.assertNotEqual(again, peer)

    def test_a_server_that_hangs_up_is_called_less_and_less(self) -> None:
        self.channel(*["up"] * 7)
        times = []
        for _ in range(6):
            if len(times) == 4:
                self.clock.advance(LASTED)  # this one was a success
            self.network.transports[-1].reset()
            lost = self.clock.seconds()
            while self.attempts() == len(times) + 1:
                self.clock.advance(0.25)
            times.append(self.clock.seconds() - lost)
        self.assertEqual(times, [1.0, 2.0, 5.0, 10.0, 1.0, 2.0])

    def test_a_cause_is_news_again_after_a_session(self) -> None:
        channel = self.channel("refused", "up", "refused")
        self.clock.advance(1)
        self.network.transports[0].reset()
        self.clock.advance(2)
        self.assertEqual([news for _, news in channel.owner.all("failed")], [True, True])

    def test_closing_while_connecting(self) -> None:
        channel = self.channel("silence")
        channel.send(b"lost")
        self.successResultOf(channel.close())
        self.successResultOf(channel.close())
        self.assertEqual(self.network.cancelled, 1)
        self.assertEqual((channel.tally.dropped, channel.tally.pending), (4, 0))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(channel.owner.told, [])

    def test_opening_again_closes_the_old_connection_first(self) -> None:
        channel = self.channel("up", "up")
        old = self.network.transports[0]
        channel.send(b"waits")
        channel.open()
        self.clock.advance(0)
        self.assertEqual((self.attempts(), old.connected, channel.peers), (1, True, ()))
        old.take(5)
        self.clock.advance(0)
        self.assertEqual((self.attempts(), old.connected, len(channel.peers)), (2, False, 1))
        self.assertEqual([kind for kind, *_ in channel.owner.told], ["opened", "closed", "opened"])

    def test_opening_again_while_closing(self) -> None:
        channel = self.channel("up", "up")
        channel.send(b"waits")
        closing = channel.close()
        channel.open()
        self.clock.advance(0.5)
        self.assertEqual(self.attempts(), 1)
        self.assertNoResult(closing)
        self.clock.advance(0.5)
        self.successResultOf(closing)
        self.clock.advance(0)
        self.assertEqual((self.attempts(), len(channel.peers)), (2, 1))
        self.assertEqual(channel.tally.dropped, 5)
        closing = channel.close()
        self.clock.advance(0)
        self.successResultOf(closing)

    def test_drop(self) -> None:
        channel = self.channel("up", "up")
        (peer,) = channel.peers
        self.assertTrue(channel.drop(peer))
        self.assertEqual(len(channel.owner.all("closed")), 1)
        self.clock.advance(0.5)
        self.assertEqual(channel.peers, ())
        self.clock.advance(0.5)
        self.assertEqual(len(channel.peers), 1)
        self.assertFalse(channel.drop(peer))

    def test_for_a_session_that_is_not_there(self) -> None:
        channel = self.channel("up", "silence")
        (peer,) = channel.peers
        self.network.transports[0].reset()
        self.assertEqual(channel.send(b"12", peer), 0)
        self.clock.advance(1)
        self.assertEqual(channel.send(b"34", peer), 0)
        self.assertEqual(channel.tally.unsent, 4)

    def test_a_slow_server_is_left(self) -> None:
        channel = self.channel("up", "up")
        channel.send(bytes(MOST_PENDING))
        self.assertEqual(channel.owner.all("closed"), [])
        channel.send(b"!")
        self.assertIn("too slow", channel.owner.all("closed")[0][1])
        self.assertEqual(channel.tally.dropped, MOST_PENDING + 1)

    def test_an_owner_may_send_whenever_it_is_told(self) -> None:
        owner = Owner()
        channel: Any = self.ports.channel(owner, client(4001, "10.0.0.1"), "mast")
        owner.on_opened = lambda peer: channel.send(b"hello")
        owner.channel_failed = lambda why, news: channel.send(b"x")  # type: ignore[method-assign]
        self.network.answers = ["refused", "refused", "up"]
        channel.open()
        for _ in range(3):
            self.clock.advance(0)
        self.network.transports[0].take(100)
        self.assertEqual(self.network.transports[0].taken, b"xxhello")

    def test_what_endpoints_are_asked_for(self) -> None:
        self.channel(local_port=5000)
        self.channel(keepalive=None)
        self.assertEqual(self.network.made, [("10.0.0.1", 4001, 5000, PROBING), ("10.0.0.1", 4001, 0, None)])

    # ---- going elsewhere

    def test_redirect(self) -> None:
        channel = self.channel("up", "up", "up")
        channel.redirect("10.0.0.2", 4002)
        self.clock.advance(0)
        channel.redirect("Device.Example", None)
        self.clock.advance(0)
        self.assertEqual(
            [made[:2] for made in self.network.made],
            [("10.0.0.1", 4001), ("10.0.0.2", 4002), ("device.example", 4002)],
        )
        self.assertEqual(channel.where, "client of device.example:4002")
        self.assertEqual([kind for kind, *_ in channel.owner.told], ["opened", "closed"] * 2 + ["opened"])
        self.assertEqual(channel.owner.all("failed"), [])

    def test_redirect_to_where_it_is(self) -> None:
        channel = self.channel("up")
        channel.redirect("10.0.0.1", 4001)
        channel.redirect("10.0.0.1", None)
        self.assertEqual(len(channel.peers), 1)

    def test_redirect_while_connecting(self) -> None:
        channel = self.channel("silence", "up")
        channel.send(b"late")
        channel.redirect("10.0.0.2", None)
        self.clock.advance(0)
        self.assertEqual((self.network.cancelled, self.network.made[1][0]), (1, "10.0.0.2"))
        self.network.transports[0].take(9)
        self.assertEqual(self.network.transports[0].taken, b"late")
        self.assertEqual(channel.owner.all("failed"), [])

    def test_where_it_went_outlives_closing(self) -> None:
        channel = self.channel("up", "up")
        channel.redirect("10.0.0.2", 4002)
        channel.close()
        self.clock.advance(0)
        channel.open()
        self.clock.advance(0)
        self.assertEqual(self.network.made[-1][0], "10.0.0.2")
        channel.close()
        channel.redirect("10.0.0.3", None)
        channel.open()
        self.clock.advance(0)
        self.assertEqual(self.network.made[-1][:2], ("10.0.0.3", 4002))

    def test_other_settings_count_from_the_next_opening(self) -> None:
        channel = self.channel("up", "up")
        self.ports.update(channel, client(4009, "10.0.0.9"))
        self.assertEqual(len(channel.peers), 1)
        channel.open()
        self.clock.advance(0)
        self.assertEqual(self.network.made[-1][:2], ("10.0.0.9", 4009))

    def test_a_client_does_not_become_a_server(self) -> None:
        channel = self.channel("up")
        for host in ("any", "127.0.0.1", "localhost", "::1", "0.0.0.0"):
            with self.assertRaisesRegex(ChannelError, "cannot become a server"):
                channel.redirect(host, 4001)
        self.assertEqual(len(channel.peers), 1)

    # ---- sharing

    def two(self, *answers: str, **kw: Any) -> tuple[Any, Any]:
        one = self.channel(*answers, **kw)
        return one, self.channel(*self.network.answers, **kw)

    def test_the_same_target_is_one_connection(self) -> None:
        one, two = self.two("up")
        self.assertEqual(self.attempts(), 1)
        self.assertEqual(one.peers, two.peers)
        transport = self.network.transports[0]
        transport.say(b"hello")
        self.assertEqual((one.owner.heard, two.owner.heard), (b"hello", b"hello"))
        one.send(b"1")
        two.send(b"22")
        transport.take(2)
        self.assertEqual((one.tally.sent, two.tally.sent, two.tally.pending), (1, 1, 1))
        one.close()
        self.clock.advance(0)
        transport.say(b"!")
        self.assertEqual((one.owner.heard, two.owner.heard), (b"hello", b"hello!"))
        self.assertEqual(len(one.owner.all("closed")), 1)
        closing = two.close()
        transport.take(1)
        self.successResultOf(closing)
        self.assertFalse(transport.connected)

    def test_single_ones_share_nothing(self) -> None:
        one, two = self.two("up", "up", single=True)
        self.assertEqual(self.attempts(), 2)
        one.redirect("10.0.0.5", None)
        self.clock.advance(0)
        self.assertEqual((one.where, two.where), ("client of 10.0.0.5:4001", "client of 10.0.0.1:4001"))
        self.assertEqual(len(two.peers), 1)

    def test_redirect_moves_all(self) -> None:
        one, two = self.two("up", "up")
        one.redirect("10.0.0.2", None)
        self.clock.advance(0)
        self.assertEqual(self.attempts(), 2)
        self.assertEqual((one.peers, two.where), (two.peers, "client of 10.0.0.2:4001"))
        third = self.channel("up")
        self.assertEqual(self.network.made[-1][0], "10.0.0.1")
        self.assertNotEqual(third.peers, one.peers)

    def test_redirect_to_where_another_is_joins_it(self) -> None:
        one, two = self.two("up", "up")
        there = self.channel(*self.network.answers)
        there.redirect("10.0.0.2", None)
        self.clock.advance(0)
        one, two = self.channel("up"), self.channel()
        before = self.attempts()
        one.redirect("10.0.0.2", None)
        self.clock.advance(0)
        self.assertEqual(self.attempts(), before)
        self.assertEqual((one.peers, two.peers), (there.peers, there.peers))
        self.assertEqual([t.connected for t in self.network.transports], [False, True, False])
        self.assertEqual([kind for kind, *_ in one.owner.told], ["opened", "closed", "opened"])

    def test_open_of_one_does_not_disturb_the_other(self) -> None:
        one, two = self.two("up")
        one.open()
        self.assertEqual([kind for kind, *_ in one.owner.told], ["opened", "closed", "opened"])
        self.assertEqual([kind for kind, *_ in two.owner.told], ["opened"])
        self.assertEqual(self.attempts(), 1)

    def test_each_hears_a_failure_as_news_once(self) -> None:
        one, two = self.two()
        self.clock.advance(1)
        self.assertEqual([news for _, news in one.owner.all("failed")], [True, False])
        self.assertEqual([news for _, news in two.owner.all("failed")], [True])

    def test_the_right_to_send(self) -> None:
        one, two = self.two("silence", "up")
        one.lock(True, False)
        had = two.lock(True, False)
        two.send(b"two")
        one.send(b"one")
        self.assertNoResult(had)
        self.clock.advance(ATTEMPT)
        self.clock.advance(1)
        transport = self.network.transports[0]
        transport.take(100)
        self.assertEqual(transport.taken, b"one")
        one.close()
        self.successResultOf(had)
        transport.take(100)
        self.assertEqual(transport.taken, b"onetwo")

    def test_a_lock_of_a_closed_channel_is_nothing(self) -> None:
        one, two = self.two("up")
        one.close()
        self.successResultOf(one.lock(True, False))
        self.assertEqual(two.send(b"free"), 1)
        self.assertEqual(two.tally.pending, 4)
        self.network.transports[0].take(4)
        self.assertEqual(two.tally.sent, 4)


class RealClientTests(NetTestCase):
    """Real sockets."""

    async def test_bytes_pass_both_ways_and_keepalive_is_on(self) -> None:
        listener = self.listener()
        channel = self.open(client(listener.getsockname()[1]))
        sock = await self.accept(listener)
        await self.until(lambda: channel.peers)
        data = pattern(3_000_000)
        self.assertEqual(channel.send(data[:500_000]), 1)
        self.assertEqual(await self.read(sock, 500_000), data[:500_000])
        given = 0

        def pushed() -> bool:
            nonlocal given
            with contextlib.suppress(BlockingIOError):
                given += sock.send(data[given:])
            return len(channel.owner.heard) == len(data)

        await self.until(pushed)
        self.assertEqual(channel.owner.heard, data)
        (session,) = channel._sessions.values()
        options = [
            session.wire.socket.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        ]
        self.assertEqual(options, [1, 1, 10])
        self.assertEqual(PROBING, Keepalive(1, 1, 10))

    async def test_a_name_is_resolved(self) -> None:
        listener = self.listener()
        channel = self.open(client(listener.getsockname()[1], "localhost"))
        await self.accept(listener)
        await self.until(lambda: channel.peers)
        self.assertEqual(channel.peers[0].host, "127.0.0.1")

    async def test_a_refused_connection_is_tried_again(self) -> None:
        port = free_port()
        channel = self.open(client(port))
        await self.until(lambda: channel.owner.all("failed"))
        listener = self.listener(port=port)
        channel.send(b"at once")
        sock = await self.accept(listener)
        self.assertEqual(await self.read(sock, 7), b"at once")

    async def test_the_local_port(self) -> None:
        listener, port = self.listener(), free_port()
        channel = self.open(client(listener.getsockname()[1], local_port=port))
        sock = await self.accept(listener)
        self.assertEqual(sock.getpeername(), ("127.0.0.1", port))
        sock.close()
        await self.until(lambda: channel.owner.all("closed"))
        channel.send(b"again")
        again = await self.accept(listener)
        self.assertEqual(again.getpeername(), ("127.0.0.1", port))

    async def test_a_local_port_that_cannot_be_had(self) -> None:
        listener, taken = self.listener(), self.listener()
        channel = self.open(client(listener.getsockname()[1], local_port=taken.getsockname()[1]))
        await self.until(lambda: channel.owner.all("failed"))
        self.assertIn("Address already in use", channel.owner.all("failed")[0][0])

    async def test_without_descriptors_it_is_tried_again(self) -> None:
        listener = self.listener()
        none_left = OSError(errno.EMFILE, "Too many open files")
        with mock.patch.object(ClientStream, "createInternetSocket", side_effect=none_left):
            channel = self.open(client(listener.getsockname()[1]))
            await self.until(lambda: channel.owner.all("failed"))
        self.assertIn("Too many open files", channel.owner.all("failed")[0][0])
        channel.send(b"now")
        self.assertEqual(await self.read(await self.accept(listener), 3), b"now")

    async def test_no_socket_leaks_by_opening_again(self) -> None:
        listener = self.listener()
        channel = self.open(client(listener.getsockname()[1]))
        socks = [await self.accept(listener)]
        for _ in range(5):
            await self.until(lambda: channel.peers)
            channel.open()
            socks.append(await self.accept(listener))
            self.assertEqual(await self.ended(socks[-2]), b"")
        await self.until(lambda: channel.peers)

    async def test_elements_of_one_gateway_talk(self) -> None:
        server = await self.serve(host="0.0.0.0")
        channel = self.open(client(int(server.where.rpartition(":")[2]), "127.0.0.2"))
        await self.until(lambda: channel.peers and server.peers)
        channel.send(b"ping")
        await self.until(lambda: server.owner.heard == b"ping")
        server.send(b"pong", server.peers[0])
        await self.until(lambda: channel.owner.heard == b"pong")
