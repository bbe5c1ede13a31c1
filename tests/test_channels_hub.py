"""Servers of elements on real sockets: who hears whom, limits, closing, and one address for several."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from smartserial.channels.elements.channel import MOST_PENDING, ChannelError
from smartserial.channels.elements.netsession import LAST_WORDS
from smartserial.engine.effects import Peer
from smartserial.errors import ConfigError
from smartserial.settings import ConnectionSettings, NetworkCarrier, Role, TlsSettings, Transport
from tests.netstage import NetTestCase, Owner, client, free_port, port_of, server
from tests.support import pattern

BIG = 1 << 20


def books(channel: Any) -> tuple[int, int, int, int, int]:
    tally = channel.tally
    return tally.received, tally.sent, tally.pending, tally.dropped, tally.unsent


class OneElementTests(NetTestCase):
    """One server channel."""

    async def test_bytes_pass_both_ways(self) -> None:
        channel = await self.serve()
        one, two = await self.peer(channel), await self.peer(channel)
        first, second = channel.peers
        self.assertEqual(first, Peer("127.0.0.1", one.getsockname()[1], first.session))
        self.assertNotEqual(first.session, second.session)
        self.assertEqual(channel.owner.all("opened"), [(first,), (second,)])
        one.send(b"from one")
        two.send(b"from two")
        await self.until(lambda: len(channel.owner.heard) == 16)
        self.assertEqual(channel.owner.data, {first: b"from one", second: b"from two"})
        self.assertEqual(channel.send(b"to all"), 2)
        self.assertEqual(channel.send(b"!", first), 1)
        self.assertEqual(await self.read(one, 7), b"to all!")
        self.assertEqual(await self.read(two, 6), b"to all")
        self.assertEqual(books(channel), (16, 13, 0, 0, 0))

    async def test_for_nobody_is_unsent(self) -> None:
        channel = await self.serve()
        self.assertEqual(channel.send(b"12345"), 0)
        await self.peer(channel)
        self.assertEqual(channel.send(b"123", Peer("127.0.0.1", 1, 1)), 0)
        self.assertEqual(books(channel), (0, 0, 0, 0, 8))

    async def test_who_leaves_is_told(self) -> None:
        channel = await self.serve()
        sock = await self.peer(channel)
        (peer,) = channel.peers
        sock.send(b"last")
        sock.close()
        await self.until(lambda: channel.owner.all("closed"))
        self.assertEqual(channel.owner.all("closed"), [(peer, "closed by the other side")])
        self.assertEqual(channel.owner.heard, b"last")
        self.assertEqual(channel.peers, ())

    async def test_reads_are_bounded(self) -> None:
        owner = Owner()
        sizes: list[int] = []
        owner.on_received = lambda peer, data: sizes.append(len(data))
        channel = self.open(server(), owner=owner)
        await self.until(lambda: owner.all("ready"))
        sock = await self.peer(channel)
        data, given = pattern(BIG), 0

        def pushed() -> bool:
            nonlocal given
            with contextlib.suppress(BlockingIOError):
                given += sock.send(data[given : given + 200_000])
            return len(owner.heard) == len(data)

        await self.until(pushed)
        self.assertEqual(owner.heard, data)
        self.assertLessEqual(max(sizes), 64 * 1024)

    async def test_a_limit(self) -> None:
        channel = await self.serve(max_clients=1)
        first = await self.peer(channel)
        second = self.connect(channel)
        self.assertEqual(await self.ended(second), b"")
        ((peer, why),) = channel.owner.all("refused")
        self.assertEqual(peer.port, second.getsockname()[1])
        self.assertIn("mast has 1 client", why)
        self.assertEqual(len(channel.owner.all("opened")), 1)
        first.close()
        await self.until(lambda: not channel.peers)
        await self.peer(channel)

    async def test_a_place_is_free_as_soon_as_a_session_is_dropped(self) -> None:
        channel = await self.serve(max_clients=1)
        await self.peer(channel)
        channel.drop(channel.peers[0])
        await self.peer(channel, count=1)

    async def test_an_address_that_is_not_allowed(self) -> None:
        channel = await self.serve(allowed=("127.0.0.2",))
        stranger = self.connect(channel, "127.0.0.3")
        stranger.send(b"let me in")
        self.assertEqual(await self.ended(stranger), b"")
        self.assertIn("allows its address", channel.owner.all("refused")[0][1])
        self.assertEqual((channel.owner.heard, channel.tally.received), (b"", 0))
        await self.peer(channel, "127.0.0.2")

    async def test_drop(self) -> None:
        channel = await self.serve()
        sock = await self.peer(channel)
        (peer,) = channel.peers
        channel.send(b"bye")
        self.assertTrue(channel.drop(peer))
        self.assertFalse(channel.drop(peer))
        self.assertEqual((channel.peers, channel.send(b"late")), ((), 0))
        self.assertEqual(await self.ended(sock), b"bye")
        await self.until(lambda: channel.owner.all("closed"))
        self.assertEqual(channel.owner.all("closed"), [(peer, "closed by mast")])

    async def test_a_slow_session_is_cut_off_and_others_are_not(self) -> None:
        channel = await self.serve()
        slow, quick = await self.peer(channel), await self.peer(channel)
        data, got, given = pattern(200_000), 0, 0
        while len(channel.peers) == 2:
            self.assertEqual(channel.send(data), 2)
            given += len(data)
            got += len(await self.read(quick, len(data)))
        await self.until(lambda: channel.owner.all("closed"))
        ((peer, why),) = channel.owner.all("closed")
        self.assertEqual(peer.port, slow.getsockname()[1])
        self.assertIn("too slow", why)
        tally = channel.tally
        self.assertGreater(tally.dropped, MOST_PENDING)
        self.assertEqual(tally.sent + tally.dropped, 2 * given)
        self.assertEqual((tally.pending, tally.unsent, got), (0, 0, given))

    async def test_closing_gives_a_second_to_what_waits(self) -> None:
        channel = await self.serve()
        sock = await self.peer(channel)
        while not channel.tally.pending:
            channel.send(pattern(100_000))
        given = sum(books(channel)[1:])
        closing = channel.close()
        await self.turns()
        self.assertFalse(closing.called)
        data = await self.ended(sock)
        await self.fired(closing)
        self.assertEqual((len(data), channel.tally.sent), (given, given))

    async def test_closing_ends_after_a_second(self) -> None:
        channel = await self.serve()
        sock = await self.peer(channel)
        while not channel.tally.pending:
            channel.send(pattern(100_000))
        given = sum(books(channel)[1:])
        closing, again = channel.close(), channel.close()
        await self.turns()
        self.stage.clock.advance(LAST_WORDS)
        await self.fired(closing)
        await self.fired(again)
        self.assertEqual(len(channel.owner.all("closed")), 1)
        tally = channel.tally
        self.assertGreater(tally.dropped, 0)
        self.assertEqual((tally.sent + tally.dropped, tally.pending), (given, 0))
        sock.close()

    async def test_a_closed_channel_does_not_listen(self) -> None:
        channel = await self.serve()
        port = port_of(channel)
        await self.fired(channel.close())
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        self.assertEqual(channel.send(b"late"), 0)
        self.assertEqual(channel.tally.unsent, 4)
        await self.fired(channel.close())

    async def test_it_is_opened_again_while_it_closes(self) -> None:
        port = free_port()
        channel = await self.serve(port=port)
        sock = await self.peer(channel)
        closing = channel.close()
        channel.open()
        await self.fired(closing)
        self.assertEqual(await self.ended(sock), b"")
        await self.until(lambda: len(channel.owner.all("ready")) == 2)
        self.assertEqual(channel.owner.all("failed"), [])
        again = await self.peer(channel)
        again.send(b"here")
        await self.until(lambda: channel.owner.heard == b"here")

    async def test_opening_an_open_one_ends_its_sessions_and_goes_on_listening(self) -> None:
        channel = await self.serve()
        port = port_of(channel)
        sock = await self.peer(channel)
        channel.open()
        self.assertEqual(channel.peers, ())
        self.assertEqual(await self.ended(sock), b"")
        self.assertEqual(port_of(channel), port)
        await self.peer(channel)
        self.assertEqual(len(channel.owner.all("closed")), 1)

    async def test_other_settings_judge_sessions_again(self) -> None:
        channel = await self.serve()
        stays, goes = await self.peer(channel, "127.0.0.2"), await self.peer(channel, "127.0.0.3")
        self.ports.update(channel, server(allowed=("127.0.0.2",)))
        self.assertEqual([peer.host for peer in channel.peers], ["127.0.0.2"])
        self.assertEqual(await self.ended(goes), b"")
        await self.until(lambda: channel.owner.all("closed"))
        self.assertIn("not allowed any more", channel.owner.all("closed")[0][1])
        stays.send(b"still here")
        await self.until(lambda: channel.owner.heard == b"still here")

    async def test_what_a_server_cannot_do(self) -> None:
        channel = await self.serve()
        with self.assertRaisesRegex(ChannelError, "a server cannot be redirected"):
            channel.redirect("10.0.0.1", 5)
        channel.send_break(0.2)
        channel.send_break(0.2)
        self.assertEqual(len(channel.owner.all("noted")), 1)

    async def test_v4_peers_of_a_v6_socket_have_v4_addresses(self) -> None:
        channel = await self.serve(host="::")
        await self.peer(channel)
        self.assertEqual(channel.peers[0].host, "127.0.0.1")

    async def test_an_owner_that_fails_disturbs_nobody(self) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("a bug")

        bad = self.open(server(), "bad")
        good = self.open(server(), "good")
        bad.owner.on_received = bad.owner.on_opened = fail
        sock = await self.peer(good)
        sock.send(b"hello")
        await self.until(lambda: good.owner.heard == b"hello")
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 2)
        self.assertEqual(len(bad.peers), 1)

    async def test_a_storm(self) -> None:
        channel = await self.serve(max_clients=5)
        socks = [self.connect(channel) for _ in range(200)]
        await self.until(lambda: len(channel.owner.all("refused")) == 195)
        self.assertEqual(len(channel.peers), 5)
        for sock in socks:
            sock.close()
        await self.until(lambda: not channel.peers)
        await self.peer(channel)

    async def test_a_peer_whose_network_is_silent_has_vanished(self) -> None:
        channel = await self.serve()
        await self.peer(channel)
        (session,) = channel._sessions.values()
        session.wire.unconfirmed = lambda: 5
        session.wire.vanished = lambda seconds: self.stage.clock.seconds() > seconds
        channel.send(b"hello")
        for _ in range(8):
            self.stage.clock.advance(2)
        await self.until(lambda: channel.owner.all("closed"))
        self.assertIn("vanished", channel.owner.all("closed")[0][1])


class SharedAddressTests(NetTestCase):
    """Several elements on one address."""

    async def test_everybody_hears_everybody(self) -> None:
        one, two = await self.serve("one"), await self.serve("two")
        self.assertEqual(port_of(one), port_of(two))
        sock = await self.peer(two)
        self.assertEqual(one.peers, two.peers)
        sock.send(b"hello")
        await self.until(lambda: one.owner.heard == two.owner.heard == b"hello")
        one.send(b"1")
        two.send(b"22")
        one.send(b"333")
        self.assertEqual(await self.read(sock, 6), b"122333")
        self.assertEqual((one.tally.sent, two.tally.sent), (4, 2))

    async def test_what_waits_is_booked_on_who_sent_it(self) -> None:
        one, two = await self.serve("one"), await self.serve("two")
        sock = await self.peer(one)
        given = [0, 0]
        while not (one.tally.pending and two.tally.pending):
            for number, channel in enumerate((one, two)):
                channel.send(pattern(30_000 + number))
                given[number] += 30_000 + number
        for number, channel in enumerate((one, two)):
            self.assertEqual(channel.tally.sent + channel.tally.pending, given[number])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        await self.until(lambda: one.owner.all("closed") and two.owner.all("closed"))
        for number, channel in enumerate((one, two)):
            self.assertGreater(channel.tally.dropped, 0)
            self.assertEqual(
                (channel.tally.sent + channel.tally.dropped, channel.tally.pending), (given[number], 0)
            )

    async def test_lists(self) -> None:
        e1 = await self.serve("e1", allowed=("127.0.0.1",))
        e2 = await self.serve("e2", allowed=("127.0.0.2",))
        e3 = await self.serve("e3")
        first = await self.peer(e1, "127.0.0.1")
        await self.peer(e2, "127.0.0.2")
        ninth = await self.peer(e3, "127.0.0.9")
        self.assertEqual([len(e.peers) for e in (e1, e2, e3)], [1, 1, 1])
        self.assertEqual(e3.send(b"for those nobody named"), 1)
        self.assertEqual(await self.read(ninth, 22), b"for those nobody named")
        first.send(b"for e1")
        await self.until(lambda: e1.owner.heard == b"for e1")
        self.assertEqual((e2.owner.heard, e3.owner.heard), (b"", b""))

    async def test_a_list_that_comes_takes_sessions_from_those_without(self) -> None:
        e3 = await self.serve("e3")
        sock = await self.peer(e3, "127.0.0.2")
        (peer,) = e3.peers
        e2 = await self.serve("e2", allowed=("127.0.0.2",))
        self.assertEqual((e3.peers, e2.peers), ((), (peer,)))
        self.assertIn("not allowed", e3.owner.all("closed")[0][1])
        sock.send(b"to e2")
        await self.until(lambda: e2.owner.heard == b"to e2")
        self.ports.update(e2, server(allowed=("127.0.0.7",)))
        self.assertEqual((e3.peers, e2.peers), ((peer,), ()))
        sock.send(b", to e3")
        await self.until(lambda: e3.owner.heard == b", to e3")
        self.assertEqual(e2.owner.heard, b"to e2")

    async def test_the_smallest_limit_counts(self) -> None:
        one, two = await self.serve("one", max_clients=2), await self.serve("two", max_clients=1)
        await self.peer(one)
        self.assertEqual(await self.ended(self.connect(one)), b"")
        self.assertEqual(len(one.owner.all("refused")), 1)
        self.assertEqual(len(two.owner.all("refused")), 1)
        await self.fired(two.close())
        await self.peer(one, count=2)

    async def test_a_newcomer_has_no_more_sessions_than_it_may(self) -> None:
        one = await self.serve("one")
        await self.peer(one)
        await self.peer(one)
        two = await self.serve("two", max_clients=1)
        self.assertEqual(two.peers, one.peers[:1])
        self.assertEqual(len(one.peers), 2)

    async def test_closing_waits_for_a_session_that_is_being_dropped(self) -> None:
        one = await self.serve("one")
        sock = await self.peer(one)
        while not one.tally.pending:
            one.send(pattern(100_000))
        one.drop(one.peers[0])
        closing = one.close()
        await self.turns()
        self.assertEqual((closing.called, len(one.owner.all("closed"))), (False, 0))
        await self.ended(sock)
        await self.fired(closing)
        self.assertEqual((one.tally.pending, len(one.owner.all("closed"))), (0, 1))

    async def test_drop_is_for_all(self) -> None:
        one, two = await self.serve("one"), await self.serve("two")
        sock = await self.peer(one)
        one.drop(one.peers[0])
        self.assertEqual(await self.ended(sock), b"")
        await self.until(lambda: one.owner.all("closed") and two.owner.all("closed"))
        self.assertEqual(two.owner.all("closed")[0][1], "closed by one")

    async def test_elements_restart_independently(self) -> None:
        one, two = await self.serve("one"), await self.serve("two")
        sock = await self.peer(one)
        await self.fired(one.close())
        self.assertEqual(len(one.owner.all("closed")), 1)
        sock.send(b"on")
        await self.until(lambda: two.owner.heard == b"on")
        self.assertEqual((one.owner.heard, two.owner.all("closed")), (b"", []))
        one.open()
        self.assertEqual(len(one.owner.all("opened")), 2)
        one.open()
        self.assertEqual((len(one.owner.all("opened")), len(one.owner.all("closed"))), (3, 2))
        sock.send(b"!")
        await self.until(lambda: one.owner.heard == b"!")
        self.assertEqual(two.owner.heard, b"on!")

    async def test_one_that_closes_and_opens_in_one_turn(self) -> None:
        one, two = await self.serve("one"), await self.serve("two")
        await self.peer(two)
        closing = one.close()
        one.open()
        self.assertEqual(
            [kind for kind, *_ in one.owner.told], ["ready", "opened", "closed", "ready", "opened"]
        )
        await self.fired(closing)
        self.assertEqual(one.peers, two.peers)

    async def test_the_last_one_that_closes_stops_listening(self) -> None:
        one, two = await self.serve("one"), await self.serve("two")
        port = port_of(one)
        await self.fired(one.close())
        await self.peer(two)
        await self.fired(two.close())
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))

    async def test_the_right_to_send(self) -> None:
        one, two, three = [await self.serve(name) for name in ("one", "two", "three")]
        sock = await self.peer(one)
        order: list[str] = []
        one.lock(True, False)
        one.lock(True, False)
        for channel, priority in ((two, False), (three, True)):
            channel.lock(True, priority).addCallback(lambda _, name=channel.element: order.append(name))
        self.assertEqual((two.send(b"2a"), three.send(b"3a"), two.send(b"2b"), one.send(b"1")), (1, 1, 1, 1))
        self.assertEqual(two.tally.pending, 4)
        one.lock(False, False)
        self.assertEqual(order, [])
        one.lock(False, False)
        self.assertEqual(order, ["three"])
        one.send(b"late")
        await self.fired(three.close())
        self.assertEqual(order, ["three", "two"])
        two.lock(False, False)
        self.assertEqual(await self.read(sock, 11), b"13a2a2blate")
        self.assertEqual([c.tally.pending for c in (one, two, three)], [0, 0, 0])

    async def test_what_waits_for_the_right_is_bounded_and_counted(self) -> None:
        one, two = await self.serve("one"), await self.serve("two")
        sock = await self.peer(one)
        one.lock(True, False)
        self.assertEqual(two.send(bytes(MOST_PENDING)), 1)
        self.assertEqual(two.send(b"too much"), 0)
        self.assertEqual(len(two.owner.all("noted")), 1)
        self.assertEqual((two.tally.pending, two.tally.unsent), (MOST_PENDING, 8))
        sock.close()
        await self.until(lambda: not one.peers)
        one.lock(False, False)
        self.assertEqual((two.tally.pending, two.tally.dropped), (0, MOST_PENDING))


class ClaimTests(NetTestCase):
    """Taking addresses before anything is open."""

    def carrier(self, port: int, **kw: Any) -> NetworkCarrier:
        return NetworkCarrier(Transport.TCP, Role.SERVER, "127.0.0.1", port, **kw)

    async def test_what_comes_waits_for_a_channel(self) -> None:
        port = free_port()
        self.ports.claim([self.carrier(port)])
        early = socket.create_connection(("127.0.0.1", port))
        self.addCleanup(early.close)
        early.send(b"early")
        await self.turns()
        channel = self.open(server(port))
        await self.until(lambda: channel.owner.heard == b"early")

    async def test_all_that_cannot_be_had_are_named_and_none_is_kept(self) -> None:
        taken, other, free = self.listener(), self.listener(), free_port()
        ports = [sock.getsockname()[1] for sock in (taken, other)]
        with self.assertRaises(ConfigError) as caught:
            self.ports.claim(map(self.carrier, [ports[0], free, ports[1]]))
        lines = str(caught.exception).splitlines()
        self.assertEqual(len(lines), 2)
        for port, line in zip(ports, lines, strict=True):
            self.assertIn(f"cannot listen on 127.0.0.1:{port}: Address already in use", line)
        await self.turns()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", free))

    async def test_a_claim_that_fails_leaves_what_serves_alone(self) -> None:
        channel = await self.serve(port=free_port())
        taken = self.listener().getsockname()[1]
        with self.assertRaises(ConfigError):
            self.ports.claim([self.carrier(port_of(channel)), self.carrier(taken)])
        await self.peer(channel)

    async def test_an_address_that_may_come_later(self) -> None:
        taken = self.listener()
        port = taken.getsockname()[1]
        self.ports.claim([self.carrier(port, retry_bind=True)])
        channel = self.open(server(port, retry_bind=True))
        self.stage.clock.advance(5)
        failures = channel.owner.all("failed")
        self.assertEqual([news for _, news in failures], [True, False])
        self.assertIn("Address already in use", failures[0][0])
        taken.close()
        self.stage.clock.advance(5)
        self.assertEqual(channel.owner.all("ready"), [()])
        await self.peer(channel)

    async def test_one_that_waits_for_its_address_can_be_closed(self) -> None:
        taken = self.listener()
        channel = self.open(server(taken.getsockname()[1]))
        await self.fired(channel.close())
        self.stage.clock.advance(60)
        self.assertEqual(len(channel.owner.all("failed")), 1)

    async def test_settle_closes_what_is_not_used(self) -> None:
        used, unused = free_port(), free_port()
        self.ports.claim([self.carrier(used), self.carrier(unused)])
        channel = self.open(server(used))
        self.ports.settle()
        await self.turns()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", unused))
        await self.peer(channel)

    async def test_a_claimed_address_is_never_given_up_between_two_channels(self) -> None:
        port = free_port()
        old = await self.serve(port=port)
        self.ports.claim([self.carrier(port)])
        await self.fired(old.close())
        early = socket.create_connection(("127.0.0.1", port))
        self.addCleanup(early.close)
        new = self.open(server(port))
        self.ports.settle()
        await self.until(lambda: new.peers)

    async def test_no_two_ways_on_one_address(self) -> None:
        port = free_port()
        with self.assertRaisesRegex(ConfigError, f"share 127.0.0.1:{port} must have the same TLS"):
            self.ports.claim([self.carrier(port), self.carrier(port, tls=TlsSettings(verify=False))])

    async def test_datagrams_have_addresses_too(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            carrier = NetworkCarrier(Transport.UDP, Role.SERVER, "127.0.0.1", port)
            with self.assertRaisesRegex(ConfigError, f"cannot listen on udp 127.0.0.1:{port}: Address"):
                self.ports.claim([carrier])
        self.ports.claim([carrier])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as early:
            with self.assertRaises(OSError):
                early.bind(("127.0.0.1", port))
            early.sendto(b"early", ("127.0.0.1", port))
            channel = self.open(ConnectionSettings(0, carrier))
            self.ports.settle()
            await self.until(lambda: channel.owner.heard == b"early")
            self.ports.update(
                channel, ConnectionSettings(0, carrier, allowed=server(allowed=("10.0.0.1",)).allowed)
            )
            early.sendto(b"refused", ("127.0.0.1", port))
            await self.until(lambda: channel.owner.all("refused"))
        await self.fired(channel.close())
        self.ports.claim([carrier])
        self.ports.settle()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", port))
        talker = self.open(
            ConnectionSettings(0, NetworkCarrier(Transport.UDP, Role.CLIENT, "127.0.0.1", port))
        )
        self.assertIn("client", talker.where)

    async def test_clients_need_no_address(self) -> None:
        self.ports.claim([client(7, "10.0.0.1").carrier])  # type: ignore[list-item]
