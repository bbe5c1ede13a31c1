"""UDP channels on real sockets of this machine; where time matters, with a clock of our own."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial.channels.elements import udpclient, udpsenders
from smartserial.channels.elements.channel import MOST_PENDING, Channel, ChannelError, Tally
from smartserial.channels.elements.datagrams import RETRY, UdpClientChannel, UdpHub, UdpServerChannel
from smartserial.channels.elements.udpchannel import LAST_WORDS
from smartserial.channels.udp import lookup as udplookup
from smartserial.channels.udp.socket import UdpSocket
from smartserial.engine.effects import Peer
from smartserial.errors import ConfigError
from smartserial.settings import LARGEST_DATAGRAM, ConnectionSettings, NetworkCarrier, Role, Transport
from smartserial.sharing.access import Network, parse_network
from tests.support import pattern
from tests.test_stream import until

LOCAL = "127.0.0.1"


class Owner:
    """Remembers what it is told, in the order of telling."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.on_data: Callable[[Peer, bytes], object] = lambda peer, data: None
        self.on_opened: Callable[[Peer], object] = lambda peer: None

    def session_opened(self, peer: Peer) -> None:
        self.told.append(("opened", peer))
        self.on_opened(peer)

    def received(self, peer: Peer, data: bytes) -> None:
        self.told.append(("data", peer, data))
        self.on_data(peer, data)

    def session_closed(self, peer: Peer, why: str) -> None:
        self.told.append(("closed", peer, why))

    def session_refused(self, peer: Peer, why: str) -> None:
        self.told.append(("refused", peer, why))

    def channel_failed(self, why: str, news: bool) -> None:
        self.told.append(("failed", why, news))

    def channel_ready(self) -> None:
        self.told.append(("ready",))

    def channel_noted(self, text: str) -> None:
        self.told.append(("noted", text))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [told[1:] for told in self.told if told[0] == kind]

    @property
    def data(self) -> list[bytes]:
        return [data for _, data in self.of("data")]

    @property
    def peers(self) -> list[Peer]:
        return [peer for peer, _ in self.of("data")]


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(parse_network(text) for text in texts)


def server_settings(*allowed: str) -> ConnectionSettings:
    carrier = NetworkCarrier(Transport.UDP, Role.SERVER, LOCAL, 0)
    return ConnectionSettings(0, carrier, allowed=networks(*allowed))


def client_carrier(host: str, port: int, local_port: int = 0) -> NetworkCarrier:
    return NetworkCarrier(Transport.UDP, Role.CLIENT, host, port, local_port=local_port)


def port_of(hub: UdpHub) -> int:
    return int(hub.where.rpartition(":")[2])


class Timed(Clock):
    """A clock of our own on the sockets, and the names, of the real reactor or of the test."""

    def __init__(self) -> None:
        super().__init__()
        self.nameResolver = self
        self.asked: list[Any] = []

    def resolveHostName(self, receiver: Any, host: str, port: int, **more: str) -> None:
        assert more == {"transportSemantics": "UDP"}
        receiver.resolutionBegan(None)
        self.asked.append((receiver, host, port))

    def answer(self, *hosts: str) -> None:
        """Answer the oldest question."""
        receiver, _, port = self.asked.pop(0)
        for host in hosts:
            receiver.addressResolved(IPv4Address("UDP", host, port))
        receiver.resolutionComplete()

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


class Bench(TestCase):
    """Makes channels and plain sockets, and ends them."""

    timeout = 60

    def setUp(self) -> None:
        self.clock = Timed()
        self.owner = Owner()

    def sender(self, host: str = LOCAL, port: int = 0) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.bind((host, port))
        sock.setblocking(False)
        return sock

    def keep(self, channel: Any) -> Any:

        def end() -> None:
            channel.close()
            self.clock.advance(LAST_WORDS)

        self.addCleanup(end)
        return channel

    def hub(self) -> UdpHub:
        hub = UdpHub(LOCAL, 0, self.clock)
        self.addCleanup(hub.stop)
        return hub

    def server(
        self, *allowed: str, hub: UdpHub | None = None, owner: Owner | None = None
    ) -> UdpServerChannel:
        self.one_hub = hub or self.hub()
        settings = server_settings(*allowed)
        channel = UdpServerChannel(owner or self.owner, self.one_hub, settings, self.clock)
        channel.open()
        return self.keep(channel)  # type: ignore[no-any-return]

    def client(self, host: str, port: int, **local: int) -> UdpClientChannel:
        channel = UdpClientChannel(self.owner, client_carrier(host, port, **local), self.clock)
        channel.open()
        return self.keep(channel)  # type: ignore[no-any-return]

    async def say(self, sock: socket.socket, data: bytes, owner: Owner | None = None) -> None:
        """Send to the hub, and wait until an owner has heard it."""
        owner = owner or self.owner
        count = len(owner.data)
        sock.sendto(data, (LOCAL, port_of(self.one_hub)))
        await until(lambda: len(owner.data) > count)

    async def heard(self, sock: socket.socket) -> bytes:
        found: list[bytes] = []

        def look() -> bool:
            try:
                found.append(sock.recv(65536))
            except BlockingIOError:
                return False
            return True

        await until(look)
        return found[0]

    def quiet(self, sock: socket.socket) -> bool:
        with self.assertRaises(BlockingIOError):
            sock.recv(65536)
        return True


class ServerTests(Bench):
    """Who is heard, and who is sent to."""

    async def test_datagrams_come_whole_and_so_do_empty_ones(self) -> None:
        self.server()
        sock = self.sender()
        for data in (b"one", b"", b"x" * LARGEST_DATAGRAM):
            await self.say(sock, data)
        self.assertEqual(self.owner.data, [b"one", b"", b"x" * LARGEST_DATAGRAM])
        self.assertEqual(len(set(self.owner.peers)), 1)
        self.assertEqual(str(self.owner.peers[0]), f"{LOCAL}:{sock.getsockname()[1]}")
        self.assertEqual(self.owner.of("opened"), [])

    async def test_nobody_is_sent_to_before_somebody_has_sent(self) -> None:
        channel = self.server()
        self.assertEqual((channel.send(b"abc"), channel.send(b"de")), (0, 0))
        self.assertEqual(channel.tally, Tally(unsent=5))
        self.assertEqual(
            self.owner.of("noted"), [("nobody has sent anything yet: there is nobody to send to",)]
        )

    async def test_what_is_for_all_goes_to_the_last_sender_alone(self) -> None:
        channel = self.server()
        first, second = self.sender("127.0.0.2"), self.sender("127.0.0.3")
        await self.say(first, b"1")
        await self.say(second, b"2")
        self.assertEqual(channel.send(b"all"), 1)
        self.assertEqual(await self.heard(second), b"all")
        self.assertTrue(self.quiet(first))
        self.assertEqual(channel.send(b"one", self.owner.peers[0]), 1)
        self.assertEqual(await self.heard(first), b"one")
        self.assertTrue(self.quiet(second))
        self.assertEqual(channel.tally, Tally(received=2, sent=6))

    async def test_a_reply_goes_to_whoever_asked(self) -> None:
        channel = self.server()
        self.owner.on_data = lambda peer, data: channel.send(data.upper(), peer)
        socks = [self.sender(f"127.0.0.{n}") for n in range(2, 7)]
        for n, sock in enumerate(socks):
            sock.sendto(b"hello %d" % n, (LOCAL, port_of(self.one_hub)))
        for n, sock in enumerate(socks):
            self.assertEqual(await self.heard(sock), b"HELLO %d" % n)

    async def test_a_second_sender_is_told_once_until_that_stops(self) -> None:
        self.server()
        first, second = self.sender("127.0.0.2"), self.sender("127.0.0.3")
        await self.say(first, b"1")
        await self.say(first, b"1")
        self.assertEqual(self.owner.of("noted"), [])
        for _ in range(3):
            await self.say(second, b"2")
            await self.say(first, b"1")
        one, two = self.owner.peers[1], self.owner.peers[2]
        text = f"both {one} and {two} send: what is for all goes to the last sender only"
        self.assertEqual(self.owner.of("noted"), [(text,)])
        for _ in range(3):
            self.clock.advance(30)
            await self.say(first, b"1")
        self.assertEqual(len(self.owner.of("noted")), 1)
        await self.say(second, b"2")
        self.assertEqual(len(self.owner.of("noted")), 2)

    async def test_the_silent_are_forgotten_but_the_last_is_still_sent_to(self) -> None:
        channel = self.server()
        sock = self.sender()
        await self.say(sock, b"hello")
        (peer,) = self.owner.peers
        self.clock.advance(udpsenders.SILENCE - 0.1)
        self.assertEqual(channel.peers, (peer,))
        self.clock.advance(0.2)
        self.assertEqual(channel.peers, ())
        self.assertEqual(self.owner.of("closed"), [(peer, "silent for 60 s")])
        self.assertEqual(channel.send(b"still there?"), 1)
        self.assertEqual(await self.heard(sock), b"still there?")
        await self.say(sock, b"yes")
        self.assertNotEqual(self.owner.peers[-1], peer)
        self.assertEqual(self.owner.peers[-1].port, peer.port)

    async def test_a_forgotten_one_that_is_not_the_last_gets_nothing(self) -> None:
        channel = self.server()
        first, second = self.sender("127.0.0.2"), self.sender("127.0.0.3")
        await self.say(first, b"1")
        self.clock.advance(59)
        await self.say(second, b"2")
        self.clock.advance(2)
        self.assertEqual(channel.peers, (self.owner.peers[1],))
        self.assertEqual(channel.send(b"late", self.owner.peers[0]), 0)
        self.assertEqual(channel.tally.unsent, 4)

    async def test_dropping_forgets(self) -> None:
        channel = self.server()
        sock = self.sender()
        await self.say(sock, b"hello")
        (peer,) = self.owner.peers
        self.assertTrue(channel.drop(peer))
        self.assertFalse(channel.drop(peer))
        self.assertEqual(self.owner.of("closed"), [(peer, "closed")])
        self.assertEqual(channel.send(b"anybody?"), 0)

    async def test_what_is_too_large_is_not_sent(self) -> None:
        channel = self.server()
        sock = self.sender()
        await self.say(sock, b"?")
        self.assertEqual([channel.send(bytes(LARGEST_DATAGRAM + n)) for n in (1, 2, 0)], [0, 0, 1])
        self.assertEqual(await self.heard(sock), bytes(LARGEST_DATAGRAM))
        self.assertEqual(len(self.owner.of("noted")), 1)
        self.assertEqual(
            (channel.tally.unsent, channel.tally.sent), (2 * LARGEST_DATAGRAM + 3, LARGEST_DATAGRAM)
        )

    async def test_a_burst_comes_whole_and_in_order(self) -> None:
        self.server()
        sock = self.sender()
        burst = [b"%d " % n + pattern(200, n) for n in range(150)]
        for data in burst:
            sock.sendto(data, (LOCAL, port_of(self.one_hub)))
        await until(lambda: len(self.owner.data) == len(burst))
        self.assertEqual(self.owner.data, burst)

    async def test_addresses_of_six_and_those_of_four_that_they_wrap(self) -> None:
        hub = UdpHub("::", 0, self.clock)
        self.addCleanup(hub.stop)
        channel = self.server("::1", LOCAL, hub=hub)
        six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.addCleanup(six.close)
        six.bind(("::1", 0))
        six.setblocking(False)
        six.sendto(b"six", ("::1", port_of(hub)))
        await until(lambda: self.owner.data)
        four = self.sender()
        await self.say(four, b"four")
        one, two = self.owner.peers
        self.assertEqual([str(one), two.host], [f"[::1]:{six.getsockname()[1]}", LOCAL])
        channel.send(b"to six", one)
        channel.send(b"to four")
        self.assertEqual([await self.heard(six), await self.heard(four)], [b"to six", b"to four"])
        client = self.client("::1", port_of(hub))
        client.send(b"client")
        await until(lambda: b"client" in self.owner.data)

    async def test_a_break_and_another_place_are_not_for_it(self) -> None:
        channel = self.server()
        channel.send_break(1)
        channel.send_break(1)
        self.assertEqual(len(self.owner.of("noted")), 1)
        self.assertRaises(ChannelError, channel.redirect, "10.0.0.1", 1)

    async def test_an_owner_that_fails_disturbs_nobody(self) -> None:
        hub = self.hub()
        self.server(hub=hub)
        other = Owner()
        self.server(hub=hub, owner=other)
        self.owner.on_data = lambda peer, data: 1 / 0
        sock = self.sender()
        await self.say(sock, b"a", other)
        await self.say(sock, b"b", other)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.assertEqual(self.owner.data, other.data)

    async def test_an_owner_may_close_while_a_burst_comes(self) -> None:
        channel = self.server()
        self.owner.on_data = lambda peer, data: channel.close()
        sock = self.sender()
        for _ in range(5):
            sock.sendto(b"x", (LOCAL, port_of(self.one_hub)))
        await until(lambda: self.owner.of("closed"))
        self.assertEqual(self.owner.data, [b"x"])
        self.assertEqual(self.clock.getDelayedCalls(), [])


class FloodTests(SynchronousTestCase):
    """Many senders, in memory."""

    def test_a_thousand_are_remembered(self) -> None:
        clock = Clock()
        gone: list[tuple[Peer, str]] = []
        senders = udpsenders.Senders(lambda peer, why: gone.append((peer, why)), clock)
        first, _ = senders.hear(("10.0.0.1", 1))
        second, _ = senders.hear(("10.0.0.1", 2))
        senders.hear(("10.0.0.1", 1))
        for n in range(udpsenders.MOST - 1):
            senders.hear(("10.0.1.1", 1000 + n))
        self.assertEqual(gone, [(second, "there are too many senders")])
        self.assertEqual((len(senders.peers), senders.peers[0]), (udpsenders.MOST, first))
        clock.advance(60)
        self.assertEqual(len(gone), udpsenders.MOST + 1)
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_there_is_one_timer_whatever_comes(self) -> None:
        clock = Clock()
        senders = udpsenders.Senders(lambda peer, why: None, clock)
        for n in range(5000):
            senders.hear((f"10.0.{n % 7}.1", n % 13))
            clock.advance(0.1)
            self.assertEqual(len(clock.getDelayedCalls()), 1)
        senders.clear("")
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_wrapped_addresses_are_plain(self) -> None:
        senders = udpsenders.Senders(lambda peer, why: None, Clock())
        peer, _ = senders.hear(("::ffff:10.0.0.1", 5, 0, 0))
        self.assertEqual(str(peer), "10.0.0.1:5")
        self.assertEqual(senders.address(None), ("::ffff:10.0.0.1", 5, 0, 0))
        peer, _ = senders.hear(("fe80::1%eth0", 5, 0, 2))
        self.assertEqual(str(peer), "[fe80::1%eth0]:5")
        senders.clear("")


class SharedTests(Bench):
    """Several channels of one address."""

    def three(self) -> tuple[list[UdpServerChannel], list[Owner]]:
        hub, owners = self.hub(), [Owner() for _ in range(3)]
        lists = (("127.0.0.2",), ("127.0.0.3",), ())
        return [self.server(*texts, hub=hub, owner=o) for texts, o in zip(lists, owners, strict=True)], owners

    async def test_each_hears_those_of_its_list(self) -> None:
        _, owners = self.three()
        for n, owner in ((2, owners[0]), (3, owners[1]), (9, owners[2])):
            await self.say(self.sender(f"127.0.0.{n}"), b"from %d" % n, owner)
        self.assertEqual([owner.data for owner in owners], [[b"from 2"], [b"from 3"], [b"from 9"]])

    async def test_without_lists_everybody_hears_everything(self) -> None:
        hub, owners = self.hub(), [Owner() for _ in range(3)]
        for owner in owners:
            self.server(hub=hub, owner=owner)
        await self.say(self.sender(), b"x", owners[2])
        self.assertEqual([owner.data for owner in owners], [[b"x"]] * 3)

    async def test_a_stranger_is_refused_and_told_once(self) -> None:
        self.server("127.0.0.2")
        stranger = self.sender("127.0.0.9")
        for _ in range(3):
            stranger.sendto(b"let me in", (LOCAL, port_of(self.one_hub)))
        await until(lambda: self.one_hub.refused == 27)
        ((peer, why),) = self.owner.of("refused")
        self.assertEqual((peer.host, why), ("127.0.0.9", "no element admits its address"))
        self.assertEqual(self.owner.data, [])

    async def test_many_strangers_are_not_told_without_end(self) -> None:
        hub = self.hub()
        self.server("127.0.0.2", hub=hub)
        for n in range(500):
            hub.datagram(b"x", (f"10.1.{n // 250}.{n % 250}", 5))
        self.assertEqual((len(self.owner.of("refused")), hub.refused), (100, 500))

    async def test_another_list_holds_at_once(self) -> None:
        channels, owners = self.three()
        sock = self.sender("127.0.0.9")
        await self.say(sock, b"for the third", owners[2])
        channels[0].update(server_settings("127.0.0.0/29", "127.0.0.9"))
        self.assertEqual(
            owners[2].of("closed"), [(owners[2].peers[0], "its address is not allowed any more")]
        )
        self.assertEqual(channels[2].send(b"not any more"), 0)
        await self.say(sock, b"for the first", owners[0])
        self.assertEqual((owners[0].data, owners[2].data), ([b"for the first"], [b"for the third"]))

    async def test_one_that_closes_leaves_the_address_to_the_others(self) -> None:
        channels, owners = self.three()
        await channels[0].close()
        await self.say(self.sender("127.0.0.2"), b"now for the third", owners[2])
        port = port_of(self.one_hub)
        await channels[1].close()
        await channels[2].close()
        self.sender(port=port)
        self.assertFalse(self.one_hub.used)

    async def test_a_lock_lets_one_send_alone(self) -> None:
        hub, other = self.hub(), Owner()
        one, two = self.server(hub=hub), self.server(hub=hub, owner=other)
        sock = self.sender()
        await self.say(sock, b"?")
        had: list[str] = []
        one.lock(True, False).addCallback(lambda _: had.append("one"))
        two.send(b"kept")
        two.lock(True, False).addCallback(lambda _: had.append("two"))
        self.assertEqual((had, two.tally.pending), (["one"], 4))
        one.send(b"first")
        one.lock(False, False)
        self.assertEqual([await self.heard(sock), await self.heard(sock)], [b"first", b"kept"])
        self.assertEqual((had, two.tally), (["one", "two"], Tally(received=1, sent=4)))
        one.send(b"lost")
        await one.close()
        self.assertEqual(one.tally, Tally(received=1, sent=5, dropped=4))


class LifeTests(Bench):
    """Opening, closing, and addresses that cannot be had."""

    async def test_a_taken_address_is_told_in_one_line(self) -> None:
        port = self.sender().getsockname()[1]
        error = self.assertRaises(ConfigError, UdpHub(LOCAL, port, self.clock).bind)
        self.assertEqual(str(error), f"cannot listen on udp {LOCAL}:{port}: Address already in use")

    async def test_datagrams_wait_until_a_channel_is_open(self) -> None:
        hub = self.hub()
        hub.bind()
        self.sender().sendto(b"early", (LOCAL, port_of(hub)))
        self.server(hub=hub)
        await until(lambda: self.owner.data)
        self.assertEqual(self.owner.told[0], ("ready",))
        self.assertEqual(self.owner.data, [b"early"])

    async def test_an_address_that_is_taken_is_tried_again(self) -> None:
        sock = self.sender()
        port = sock.getsockname()[1]
        hub = UdpHub(LOCAL, port, self.clock)
        self.addCleanup(hub.stop)
        channel = self.server(hub=hub)
        why = f"cannot listen on udp {LOCAL}:{port}: Address already in use"
        self.assertEqual(self.owner.told, [("failed", why, True)])
        late = Owner()
        self.server(hub=hub, owner=late)
        self.assertEqual(late.told, [("failed", why, True)])
        self.clock.advance(RETRY)
        self.assertEqual(self.owner.of("failed")[1:], [(why, False)])
        self.assertEqual(channel.send(b"x"), 0)
        sock.close()
        self.clock.advance(RETRY)
        self.assertEqual((self.owner.told[-1], late.told[-1]), (("ready",), ("ready",)))

    async def test_nobody_tries_again_for_nobody(self) -> None:
        port = self.sender().getsockname()[1]
        channel = self.server(hub=UdpHub(LOCAL, port, self.clock))
        await channel.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_it_may_be_opened_and_closed_again_and_again_and_nothing_grows(self) -> None:
        hub = self.hub()
        channel = self.server(hub=hub)
        client = self.client("127.0.0.9", port_of(hub))
        sock = self.sender()
        await self.say(sock, b"x")
        before = len(reactor.getReaders())
        for n in range(50):
            channel.open()
            client.open()
            client.redirect(f"127.0.0.{2 + n}", port_of(hub))
            await self.say(sock, b"x")
            if n % 2:
                await channel.close()
                await channel.close()
                await client.close()
                self.assertEqual((channel.peers, client.peers), ((), ()))
                self.assertEqual(self.clock.getDelayedCalls(), [])
                channel.open()
                client.open()
        self.assertEqual(len(reactor.getReaders()), before)
        self.assertLessEqual(len(self.clock.getDelayedCalls()), 1)
        self.assertEqual(len(hub._channels), 1)

    async def test_after_close_nothing_happens(self) -> None:
        channel = self.server()
        sock, port = self.sender(), port_of(self.one_hub)
        await self.say(sock, b"x")
        await channel.close()
        count = len(self.owner.told)
        sock.sendto(b"too late", (LOCAL, port))
        self.assertEqual(channel.send(b"too late", self.owner.peers[0]), 0)
        self.clock.advance(1000)
        self.assertEqual(len(self.owner.told), count)
        self.assertEqual(self.owner.of("closed"), [(self.owner.peers[0], "closed")])


class FullTests(Bench):
    """A kernel that takes no more: what waits is sent in order, or counted."""

    def jam(self) -> list[tuple[bytes, Any]]:
        """Let the kernel take nothing, until the list that is returned is given True."""
        self.open_again = False
        out: list[tuple[bytes, Any]] = []

        def send(sock: UdpSocket, data: bytes, address: Any) -> bool:
            if self.open_again:
                out.append((data, address))
            return self.open_again

        self.patch(UdpSocket, "_send", send)
        return out

    async def test_it_waits_in_order(self) -> None:
        channel = self.server()
        await self.say(self.sender(), b"?")
        out = self.jam()
        self.assertEqual([channel.send(b"%d" % n) for n in range(5)], [1] * 5)
        self.assertEqual(channel.tally, Tally(received=1, pending=5))
        self.open_again = True
        channel.send(b"5")
        self.one_hub.writable()
        self.assertEqual([data for data, _ in out], [b"0", b"1", b"2", b"3", b"4", b"5"])
        self.assertEqual(channel.tally, Tally(received=1, sent=6))

    async def test_there_is_a_limit(self) -> None:
        channel = self.server()
        await self.say(self.sender(), b"?")
        self.jam()
        sizes = [channel.send(bytes(60_000)) for _ in range(20)]
        fitting = MOST_PENDING // 60_000
        self.assertEqual(sizes, [1] * fitting + [0] * (20 - fitting))
        self.assertEqual(channel.tally.unsent, (20 - fitting) * 60_000)
        self.assertEqual(len(self.owner.of("noted")), 1)

    async def test_closing_waits_a_second_at_most(self) -> None:
        channel = self.server()
        await self.say(self.sender(), b"?")
        self.jam()
        channel.send(b"abc")
        ended: list[None] = []
        channel.close().addCallback(ended.append)
        channel.close().addCallback(ended.append)
        self.clock.advance(0.9)
        self.assertEqual(ended, [])
        self.clock.advance(0.2)
        self.assertEqual(ended, [None, None])
        self.assertEqual(channel.tally, Tally(received=1, dropped=3))

    async def test_closing_ends_when_all_is_sent(self) -> None:
        channel = self.server()
        await self.say(self.sender(), b"?")
        out = self.jam()
        channel.send(b"abc")
        ended: list[None] = []
        channel.close().addCallback(ended.append)
        self.open_again = True
        self.one_hub.writable()
        self.assertEqual(([data for data, _ in out], ended), ([b"abc"], [None]))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_opening_cuts_the_end_of_what_was_open(self) -> None:
        channel = self.server()
        await self.say(self.sender(), b"?")
        self.jam()
        channel.send(b"abc")
        ended: list[None] = []
        channel.close().addCallback(ended.append)
        channel.open()
        self.assertEqual((ended, channel.tally.dropped, channel.is_open), ([None], 3, True))
        self.assertEqual(self.owner.told[-1], ("ready",))

    async def test_what_the_kernel_refuses_is_told_once(self) -> None:
        channel = self.server()
        await self.say(self.sender(), b"?")

        def send(sock: UdpSocket, data: bytes, address: Any) -> bool:
            raise OSError(errno.EPERM, "Operation not permitted")

        self.patch(UdpSocket, "_send", send)
        self.assertEqual((channel.send(b"ab"), channel.send(b"c")), (0, 0))
        text = f"cannot send from udp {self.one_hub.where}: Operation not permitted"
        self.assertEqual(self.owner.of("noted"), [(text,)])
        self.assertEqual(channel.tally.unsent, 3)


class ClientTests(Bench):
    """A client hears its remote only, and finds it anew for each datagram."""

    async def test_it_asks_and_is_answered(self) -> None:
        remote = self.sender()
        channel = self.client(*remote.getsockname())
        self.assertEqual(self.owner.of("opened"), [(Peer(LOCAL, remote.getsockname()[1], 1),)])
        self.assertEqual(channel.send(b"question"), 1)
        data, address = await self.heard_from(remote)
        remote.sendto(data.upper(), address)
        await until(lambda: self.owner.data)
        self.assertEqual(self.owner.of("data"), [(channel.peers[0], b"QUESTION")])
        self.assertEqual(channel.tally, Tally(received=8, sent=8))

    async def heard_from(self, sock: socket.socket) -> tuple[bytes, Any]:
        found: list[Any] = []

        def look() -> bool:
            try:
                found.append(sock.recvfrom(65536))
            except BlockingIOError:
                return False
            return True

        await until(look)
        return found[0]  # type: ignore[no-any-return]

    async def test_it_hears_nobody_else(self) -> None:
        remote, other = self.sender("127.0.0.2"), self.sender("127.0.0.3")
        channel = self.client(*remote.getsockname())
        channel.send(b"hello")
        _, address = await self.heard_from(remote)
        other.sendto(b"not for you", address)
        self.sender("127.0.0.2").sendto(b"from another port", address)
        remote.sendto(b"for you", address)
        await until(lambda: self.owner.data)
        self.assertEqual(self.owner.data, [b"for you"])

    async def test_it_hears_what_it_did_not_ask_for_on_its_local_port(self) -> None:
        probe = self.sender()
        local = probe.getsockname()[1]
        probe.close()
        remote = self.sender()
        self.client(*remote.getsockname(), local_port=local)
        remote.sendto(b"unasked", (LOCAL, local))
        await until(lambda: self.owner.data)
        self.assertEqual(self.owner.data, [b"unasked"])

    async def test_a_local_port_that_is_taken_is_tried_again(self) -> None:
        taken, remote = self.sender(), self.sender()
        channel = self.client(*remote.getsockname(), local_port=taken.getsockname()[1])
        ((why, news),) = self.owner.of("failed")
        self.assertEqual((why.rpartition(": ")[2], news), ("Address already in use", True))
        self.assertEqual(channel.send(b"lost"), 0)
        self.assertEqual(channel.tally, Tally(unsent=4))
        taken.close()
        self.clock.advance(udpclient.DELAYS[1])
        self.assertEqual(len(channel.peers), 1)

    async def test_delays_grow(self) -> None:
        taken, remote = self.sender(), self.sender()
        self.client(*remote.getsockname(), local_port=taken.getsockname()[1])
        for count, delay in enumerate((1, 2, 5, 10, 10, 10), 2):
            self.clock.advance(delay - 0.01)
            self.assertEqual(len(self.owner.of("failed")), count - 1)
            self.clock.advance(0.01)
            self.assertEqual(len(self.owner.of("failed")), count)
        self.assertEqual([news for _, news in self.owner.of("failed")], [True] + [False] * 6)

    async def test_nobody_there_is_noted_once_and_changes_nothing(self) -> None:
        remote = self.sender()
        host, port = remote.getsockname()
        remote.close()
        channel = self.client(host, port)
        for _ in range(20):
            self.assertEqual(channel.send(b"x"), 1)
            await until(lambda: self.owner.of("noted"))
        text = f"{host}:{port} does not take datagrams: Connection refused"
        self.assertEqual(self.owner.of("noted"), [(text,)])
        self.assertEqual(channel.tally, Tally(sent=20))
        remote = self.sender(host, port)
        channel.send(b"now")
        data, address = await self.heard_from(remote)
        remote.sendto(b"back", address)
        await until(lambda: self.owner.data)
        self.assertEqual((data, self.owner.of("closed")), (b"now", []))
        remote.close()
        channel.send(b"x")
        await until(lambda: len(self.owner.of("noted")) == 2)

    async def test_an_error_while_nothing_is_sent_does_not_end_it(self) -> None:
        remote = self.sender()
        address = remote.getsockname()
        remote.close()
        channel = self.client(*address)
        channel.send(b"x")
        await until(lambda: self.owner.of("noted"))
        remote = self.sender(*address)
        assert channel.socket is not None
        remote.sendto(b"heard", (LOCAL, channel.socket.port))
        await until(lambda: self.owner.data)

    async def test_a_name_is_looked_up_for_each_datagram_and_the_order_stays(self) -> None:
        remote = self.sender()
        channel = self.client("meter.example", remote.getsockname()[1])
        self.assertEqual(channel.peers, ())
        channel.send(b"1")
        channel.send(b"2")
        self.assertEqual((len(self.clock.asked), channel.tally), (1, Tally(pending=2)))
        self.clock.answer(LOCAL)
        self.assertEqual([await self.heard(remote), await self.heard(remote)], [b"1", b"2"])
        channel.send(b"3")
        self.assertTrue(self.quiet(remote))
        self.assertEqual(len(self.clock.asked), 1)
        self.clock.answer("127.0.0.9", LOCAL)
        self.assertEqual(await self.heard(remote), b"3")
        self.assertEqual(len(self.owner.of("opened")), 1)
        self.assertEqual(channel.tally, Tally(sent=3))

    async def test_a_name_with_another_address_is_another_session(self) -> None:
        one = self.sender("127.0.0.2")
        port = one.getsockname()[1]
        two = self.sender("127.0.0.3", port)
        channel = self.client("meter.example", port)
        self.clock.answer("127.0.0.2")
        channel.send(b"1")
        self.clock.answer("127.0.0.2")
        channel.send(b"2")
        self.clock.answer("127.0.0.3")
        self.assertEqual([await self.heard(one), await self.heard(two)], [b"1", b"2"])
        (old,), (new,) = self.owner.of("opened")
        self.assertEqual(self.owner.of("closed"), [(old, "meter.example has another address now")])
        self.assertEqual((old.host, new.host, channel.peers), ("127.0.0.2", "127.0.0.3", (new,)))

    async def test_a_name_without_an_address_fails_what_waits(self) -> None:
        channel = self.client("meter.example", 5)
        channel.send(b"abc")
        self.clock.answer()
        self.assertEqual(self.owner.of("failed"), [("there is no address of meter.example", True)])
        self.assertEqual(channel.tally, Tally(dropped=3))
        channel.send(b"de")
        self.assertEqual(len(self.clock.asked), 1)
        self.clock.answer()
        self.assertEqual(self.owner.of("failed")[1:], [("there is no address of meter.example", False)])

    async def test_a_name_that_was_known_is_gone_on_with(self) -> None:
        remote = self.sender()
        channel = self.client("meter.example", remote.getsockname()[1])
        self.clock.answer(LOCAL)
        for data in (b"1", b"2"):
            channel.send(data)
            self.clock.answer()
            self.assertEqual(await self.heard(remote), data)
        self.assertEqual(len(self.owner.of("noted")), 1)

    async def test_a_lookup_that_takes_too_long_has_failed(self) -> None:
        channel = self.client("meter.example", 5)
        channel.send(b"abc")
        self.clock.advance(udplookup.PATIENCE)
        self.assertEqual((len(self.owner.of("failed")), channel.tally), (1, Tally(dropped=3)))
        self.clock.answer(LOCAL)
        self.assertEqual(channel.peers, ())

    async def test_real_names_are_looked_up(self) -> None:
        self.patch(self.clock, "nameResolver", reactor.nameResolver)  # type: ignore[attr-defined]
        remote = self.sender()
        channel = self.client("localhost", remote.getsockname()[1])
        channel.send(b"hello")
        if not channel.peers:
            await until(lambda: self.owner.of("opened"))
        if channel.peers[0].host == LOCAL:
            self.assertEqual(await self.heard(remote), b"hello")

    async def test_closing_while_looking_up_keeps_nothing(self) -> None:
        channel = self.client("meter.example", 5)
        channel.send(b"abc")
        ended: list[None] = []
        channel.close().addCallback(ended.append)
        self.assertEqual(ended, [])
        self.clock.advance(1)
        self.assertEqual((ended, channel.tally.dropped), ([None], 3))
        self.clock.answer(LOCAL)
        self.assertEqual((channel.peers, self.clock.getDelayedCalls()), ((), []))
        self.assertEqual(self.owner.told, [])

    async def test_it_goes_elsewhere(self) -> None:
        one, two = self.sender("127.0.0.2"), self.sender("127.0.0.3")
        channel = self.client(*one.getsockname())
        self.assertRaises(ChannelError, channel.redirect, "any", 5)
        self.assertRaises(ChannelError, channel.redirect, LOCAL, 5)
        self.assertRaises(ChannelError, channel.redirect, "localhost", None)
        channel.send(b"1")
        channel.redirect("127.0.0.3", two.getsockname()[1])
        channel.send(b"2")
        self.assertEqual([await self.heard(one), await self.heard(two)], [b"1", b"2"])
        three = self.sender("127.0.0.4", two.getsockname()[1])
        channel.redirect("127.0.0.4", None)
        channel.redirect("127.0.0.4", 0)
        channel.send(b"3")
        self.assertEqual(await self.heard(three), b"3")
        self.assertEqual(len(self.owner.of("opened")), 3)
        self.assertEqual([why for _, why in self.owner.of("closed")], ["redirected"] * 2)

    async def test_dropping_begins_anew(self) -> None:
        remote = self.sender()
        channel = self.client(*remote.getsockname())
        (peer,) = channel.peers
        self.assertTrue(channel.drop(peer))
        self.assertFalse(channel.drop(peer))
        self.assertEqual(channel.peers, ())
        self.clock.advance(1)
        self.assertEqual(len(channel.peers), 1)
        self.assertEqual(channel.send(b"for a former session", peer), 0)

    async def test_without_a_way_it_begins_anew(self) -> None:
        remote = self.sender()
        channel = self.client(*remote.getsockname())
        whole, broken = UdpSocket._send, [True]

        def send(sock: UdpSocket, data: bytes, address: Any) -> bool:
            if broken[0]:
                raise OSError(errno.EINVAL, "Invalid argument")
            return whole(sock, data, address)

        self.patch(UdpSocket, "_send", send)
        self.assertEqual(channel.send(b"lost"), 0)
        self.assertEqual((channel.peers, len(self.owner.of("failed"))), ((), 1))
        broken[0] = False
        self.assertEqual(channel.send(b"found"), 1)
        self.assertEqual(await self.heard(remote), b"found")
        self.assertEqual(channel.tally, Tally(sent=5, unsent=4))

    async def test_both_are_channels(self) -> None:
        channels: list[Channel] = [self.server(), self.client("127.0.0.9", 5)]
        self.assertRegex(channels[0].where, r"^udp server on 127\.0\.0\.1:\d+$")
        self.assertEqual(channels[1].where, "udp client of 127.0.0.9:5")
        self.assertEqual({field.name for field in fields(Tally)}, {*vars_of(channels[0].tally)})


def vars_of(tally: Tally) -> list[str]:
    return [field.name for field in fields(tally)]
