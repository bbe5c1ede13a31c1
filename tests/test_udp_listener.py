"""UDP clients of a share: real sockets on loopback, on a clock of our own."""

from __future__ import annotations

import errno
import os
import socket
from collections import deque
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.udp.listener import SILENCE, UdpListener, listener_for
from smartserial.channels.udp.socket import UdpSocket
from smartserial.channels.udp.targets import RETURN
from smartserial.errors import ConfigError
from smartserial.events import (
    ClientConnected,
    ClientDisconnected,
    ClientRefused,
    Event,
    EventStream,
    ShareNoted,
)
from smartserial.settings import (
    Address,
    DeviceRules,
    ListenerSettings,
    LoopDevice,
    ShareSettings,
    Sharing,
    UdpRules,
)
from smartserial.share.service import Share
from smartserial.sharing.access import Access, parse_network
from smartserial.sharing.ledger import Reason
from tests.fakes import FakeEndpoint, FakeTransport

KIB = 1024


class Net(Clock):
    """A clock, and the descriptors that somebody wants to read."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: set[Any] = set()
        self.writers: set[Any] = set()
        self.addReader, self.addWriter = self.readers.add, self.writers.add
        self.removeReader, self.removeWriter = self.readers.discard, self.writers.discard

    def read(self) -> None:
        """Let everybody read what is there."""
        for reader in list(self.readers):
            reader.doRead()


class Peer:
    """A program with a UDP socket."""

    def __init__(self, test: Any, host: str = "127.0.0.1", family: int = socket.AF_INET) -> None:
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        test.addCleanup(self.sock.close)
        self.sock.bind((host, 0))
        self.sock.setblocking(False)

    @property
    def address(self) -> Address:
        return Address(*self.sock.getsockname()[:2])

    @property
    def name(self) -> str:
        return str(self.address)

    def heard(self) -> list[bytes]:
        """Return the datagrams that have come."""
        found: list[bytes] = []
        while True:
            try:
                found.append(self.sock.recv(70000))
            except BlockingIOError:
                return found


class Stage:
    """A share with a fake device, whose clients come by UDP."""

    def __init__(self, test: Any, *listeners: ListenerSettings, **settings_: Any) -> None:
        self.net = Net()
        self.events: list[Event] = []
        stream = EventStream()
        stream.subscribe(self.events.append)
        self.endpoint = FakeEndpoint()
        listeners = listeners or (udp(),)
        self.settings = ShareSettings("x", LoopDevice(), listeners, **settings_)
        self.listeners = [listener_for(one, self.net) for one in listeners]
        for listener in self.listeners:
            listener.bind()
        self.share = Share(self.settings, self.endpoint, self.listeners, stream, self.net)
        self.share.startService()
        test.addCleanup(self.stop)
        self.turn()

    def turn(self, seconds: float = 0.0) -> None:
        self.net.advance(seconds)
        self.net.read()
        self.net.advance(0)

    def say(self, peer: Peer, data: bytes, listener: int = 0) -> None:
        """Let a peer send a datagram, and have it read."""
        host, _, port = self.listeners[listener].where.removeprefix("udp:").rpartition(":")
        peer.sock.sendto(data, (host.strip("[]"), int(port)))
        self.turn()

    @property
    def device(self) -> FakeTransport:
        assert self.endpoint.transport is not None
        return self.endpoint.transport

    @property
    def names(self) -> list[str]:
        return [session.name for session in self.share.clients]

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def discarded(self, way: int) -> dict[Reason, int]:
        account = self.share.accounts()[way]
        assert account.unexplained == 0, account
        return dict(account.discarded)

    def stop(self) -> None:
        done: list[object] = []
        self.share.stopService().addBoth(done.append)
        for _ in range(400):
            if not done:
                self.net.advance(0.02)
        assert done == [None], done
        assert not self.net.readers, self.net.readers
        assert not self.net.getDelayedCalls(), self.net.getDelayedCalls()
        up, down = self.share.accounts()
        assert (up.unexplained, down.unexplained) == (0, 0), (up, down)


def udp(host: str = "127.0.0.1", port: int = 0, *targets: Address, **more: Any) -> ListenerSettings:
    rules = {name: more.pop(name) for name in ("interface", "datagram") if name in more}
    return ListenerSettings(Address(host, port), udp=UdpRules(targets, **rules), **more)


class ClientsTest(SynchronousTestCase):
    def test_whoever_sends_is_a_client(self) -> None:
        stage, peer = Stage(self), Peer(self)
        stage.device.say(b"before")
        stage.say(peer, b"hello")
        self.assertEqual(stage.names, [peer.name])
        self.assertEqual(peer.heard(), [b"before"])
        self.assertEqual(stage.device.taken + b"".join(stage.device._outbox.head()), b"hello")
        stage.device.say(b"answer")
        self.assertEqual(peer.heard(), [b"answer"])
        (came,) = stage.of(ClientConnected)
        self.assertEqual(came.listener, stage.listeners[0].where)
        self.assertRegex(came.listener, r"^udp:127\.0\.0\.1:\d+$")
        self.assertEqual((stage.discarded(0), stage.discarded(1)), ({}, {}))

    def test_an_empty_datagram_is_enough(self) -> None:
        stage, peer = Stage(self), Peer(self)
        stage.say(peer, b"")
        stage.device.say(b"news")
        self.assertEqual(peer.heard(), [b"news"])
        self.assertEqual(stage.share.accounts()[1].read, 0)

    def test_each_has_a_session(self) -> None:
        stage, first, second = Stage(self), Peer(self), Peer(self, "127.0.0.2")
        stage.say(first, b"1")
        stage.say(second, b"2")
        stage.say(first, b"3")
        self.assertEqual(stage.names, [first.name, second.name])
        stage.device.say(b"all")
        self.assertEqual((first.heard(), second.heard()), ([b"all"], [b"all"]))
        stage.device.take(10)
        self.assertEqual(stage.device.taken, b"123")

    def test_access(self) -> None:
        stage = Stage(self, udp(access=Access.READ), udp(access=Access.WRITE))
        watcher, sender = Peer(self), Peer(self)
        stage.say(watcher, b"not this")
        stage.say(sender, b"this", 1)
        stage.device.say(b"news")
        self.assertEqual((watcher.heard(), sender.heard()), ([b"news"], []))
        stage.device.take(10)
        self.assertEqual(stage.device.taken, b"this")
        self.assertEqual(stage.discarded(1), {Reason.POLICY: 8})

    def test_v6(self) -> None:
        stage = Stage(self, udp("::1"))
        peer = Peer(self, "::1", socket.AF_INET6)
        stage.say(peer, b"six")
        stage.device.say(b"6")
        self.assertEqual((stage.names, peer.heard()), ([peer.name], [b"6"]))

    def test_beside_tcp(self) -> None:
        """All are in one list, in the order of coming."""
        stage, peer = Stage(self, udp(), ListenerSettings()), Peer(self)
        stage.say(peer, b"x")
        self.assertEqual([type(listener) is UdpListener for listener in stage.listeners], [True, False])
        self.assertEqual(len(stage.share.clients), 1)

    def test_many_at_once(self) -> None:
        stage = Stage(self, sharing=Sharing(max_clients=300))
        peers = [Peer(self) for _ in range(300)]
        for peer in peers:
            stage.say(peer, b".")
        stage.device.say(b"all")
        self.assertEqual({tuple(peer.heard()) for peer in peers}, {(b"all",)})
        self.assertEqual(len(stage.net.getDelayedCalls()), 4)  # silence, the watch, the books, the socket


class RefusedTest(SynchronousTestCase):
    def test_each_datagram_is_judged(self) -> None:
        stage = Stage(self, udp(allow=(parse_network("127.0.0.1"),)))
        stranger, friend = Peer(self, "127.0.0.2"), Peer(self)
        for _ in range(3):
            stage.say(stranger, b"let me")
        stage.say(friend, b"hi")
        stage.device.say(b"news")
        self.assertEqual((stranger.heard(), friend.heard()), ([], [b"news"]))
        self.assertEqual([event.peer for event in stage.of(ClientRefused)], [stranger.name])
        self.assertEqual(stage.discarded(1), {Reason.REFUSED: 18})

    def test_full(self) -> None:
        stage = Stage(self, udp(max_clients=1))
        first, second = Peer(self), Peer(self)
        stage.say(first, b"1")
        stage.say(second, b"2")
        self.assertEqual((stage.names, second.heard()), ([first.name], []))
        self.assertEqual(stage.discarded(1), {Reason.REFUSED: 1})
        stage.turn(SILENCE)
        stage.say(second, b"3")
        self.assertEqual(stage.names, [second.name])

    def test_the_oldest_makes_room(self) -> None:
        stage = Stage(self, udp(max_clients=1), sharing=Sharing(kick_oldest=True))
        first, second = Peer(self), Peer(self)
        stage.say(first, b"1")
        stage.say(second, b"2")
        self.assertEqual(stage.names, [second.name])

    def test_strangers_are_not_remembered_for_ever(self) -> None:
        stage = Stage(self, udp(allow=(parse_network("10.0.0.0/8"),)))
        listener: Any = stage.listeners[0]
        for number in range(3000):
            listener.datagram(b"x", ("127.0.0.1", 1024 + number))
        self.assertLessEqual(len(listener._strangers), 1000)
        self.assertEqual(stage.discarded(1), {Reason.REFUSED: 3000})

    def test_a_list_that_changes(self) -> None:
        stage, peer = Stage(self), Peer(self)
        stage.say(peer, b"1")
        other = replace(stage.settings.listeners[0], allow=(parse_network("10.0.0.0/8"),))
        stage.listeners[0].update(other)
        stage.share.update(replace(stage.settings, listeners=(other,)), stage.listeners, None)
        self.assertEqual(stage.names, [])
        stage.say(peer, b"2")
        self.assertEqual((stage.names, stage.discarded(1)), ([], {Reason.REFUSED: 1}))


class SilenceTest(SynchronousTestCase):
    def test_the_silent_are_forgotten(self) -> None:
        """The device's bytes do not keep one that says nothing."""
        stage, silent, busy = Stage(self), Peer(self), Peer(self)
        stage.say(silent, b"1")
        stage.say(busy, b"2")
        for _ in range(int(SILENCE) - 1):
            stage.turn(1)
            stage.device.say(b".")
            stage.say(busy, b"")
        self.assertEqual(stage.names, [silent.name, busy.name])
        stage.turn(1)
        self.assertEqual(stage.names, [busy.name])
        (gone,) = stage.of(ClientDisconnected)
        self.assertEqual((gone.peer, gone.why), (silent.name, "silent for 60 s"))
        stage.turn(SILENCE)
        self.assertEqual(stage.names, [])

    def test_the_busy_stay(self) -> None:
        """Also one that came before those who are forgotten."""
        stage, busy, silent = Stage(self), Peer(self), Peer(self)
        stage.say(busy, b"1")
        stage.say(silent, b"2")
        for _ in range(int(SILENCE) + 30):
            stage.turn(1)
            stage.say(busy, b"")
        self.assertEqual(stage.names, [busy.name])
        (gone,) = stage.of(ClientDisconnected)
        self.assertEqual(gone.peer, silent.name)

    def test_another_time(self) -> None:
        stage, peer = Stage(self, udp(idle_timeout=2.5)), Peer(self)
        stage.say(peer, b"1")
        stage.turn(2.4)
        self.assertEqual(stage.names, [peer.name])
        stage.turn(0.2)
        self.assertEqual(stage.names, [])
        stage.say(peer, b"2")
        self.assertEqual(stage.names, [peer.name])


class SendingTest(SynchronousTestCase):
    def sizes(self, peer: Peer) -> list[int]:
        return [len(data) for data in peer.heard()]

    def test_long_writes_are_several_datagrams(self) -> None:
        stage, peer = Stage(self), Peer(self)
        stage.say(peer, b"")
        stage.device.say(bytes(3000))
        self.assertEqual(self.sizes(peer), [1400, 1400, 200])
        stage.device.say(bytes(1400))
        self.assertEqual(self.sizes(peer), [1400])

    def test_of_another_size(self) -> None:
        stage, peer = Stage(self, udp(datagram=65507)), Peer(self)
        stage.say(peer, b"")
        stage.device.say(bytes(3000))
        self.assertEqual(self.sizes(peer), [3000])

    def test_what_the_network_does_not_take_is_counted(self) -> None:
        stage, peer, other = Stage(self), Peer(self), Peer(self)
        stage.say(peer, b"")
        stage.say(other, b"")
        send = UdpSocket.send

        def unreachable(sock: UdpSocket, data: bytes, address: Any) -> bool:
            if address[1] == peer.address.port:
                raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
            return send(sock, data, address)

        with patch.object(UdpSocket, "send", unreachable):
            stage.device.say(bytes(2000))
            stage.device.say(b"more")
        self.assertEqual((peer.heard(), self.sizes(other)), ([], [1400, 600, 4]))
        self.assertEqual(stage.discarded(0), {Reason.UNSENT: 2004})
        notes = [event.text for event in stage.of(ShareNoted)]
        self.assertEqual(notes, [f"cannot send to {peer.name}: Network is unreachable"])
        stage.turn(SILENCE)
        self.assertEqual([event.discarded for event in stage.of(ClientDisconnected)], [2004, 0])

    def test_a_full_kernel_makes_them_wait(self) -> None:
        stage, peer = Stage(self), Peer(self)
        stage.say(peer, b"")
        with patch.object(UdpSocket, "send", lambda *_: False):
            stage.device.say(b"one")
            stage.device.say(b"two")
        self.assertEqual(peer.heard(), [])
        self.assertEqual(stage.share.accounts()[0].buffered, 6)
        listener: Any = stage.listeners[0]
        listener.writable()
        self.assertEqual(peer.heard(), [b"one", b"two"])
        self.assertEqual(stage.discarded(0), {})

    def test_no_words(self) -> None:
        """What the gateway says to people would be taken for the device's bytes."""
        stage, peer = Stage(self, rules=DeviceRules(close_on_unplug=True)), Peer(self)
        stage.say(peer, b"1")
        stage.device.reset()
        stage.turn()
        self.assertEqual((stage.names, peer.heard()), ([], []))


class FlowTest(SynchronousTestCase):
    """The device is full, or not open yet: what comes by UDP waits, as far as the kernel has room."""

    def test_a_full_device(self) -> None:
        stage, first, second = Stage(self), Peer(self), Peer(self)
        stage.say(first, b"")
        for _ in range(10):
            stage.say(second, bytes(40 * KIB))
        self.assertEqual(stage.net.readers, set())
        stage.say(first, b"after")
        self.assertNotIn(b"after", stage.device.taken)
        stage.device.take(1 << 20)
        stage.turn()
        stage.device.take(1 << 20)
        self.assertEqual(stage.device.taken, bytes(400 * KIB) + b"after")
        self.assertEqual(stage.discarded(1), {})

    def test_on_demand_the_first_datagram_waits(self) -> None:
        stage, peer = Stage(self, rules=DeviceRules(on_demand=True)), Peer(self)
        link = stage.share.device.link
        connect, waiting = stage.endpoint.connect, deque[Any]()

        def later(factory: Any) -> Any:
            opened: Deferred[Any] = Deferred()
            waiting.append(lambda: connect(factory).chainDeferred(opened))
            return opened

        with patch.object(stage.endpoint, "connect", later):
            stage.say(peer, b"wake up")
            stage.say(peer, b", please")
        self.assertTrue(link.settling)
        waiting.popleft()()
        stage.turn()
        stage.device.take(99)
        self.assertEqual(stage.device.taken, b"wake up, please")
        stage.turn(SILENCE)
        self.assertFalse(stage.device.connected)


class TargetsTest(SynchronousTestCase):
    def test_they_hear_without_asking(self) -> None:
        first, second, late = Peer(self), Peer(self, "127.0.0.2"), Peer(self)
        stage = Stage(self, udp("127.0.0.1", 0, first.address, second.address))
        self.assertEqual(stage.names, [first.name, second.name])
        stage.say(late, b"")
        stage.device.say(b"news")
        self.assertEqual([peer.heard() for peer in (first, second, late)], [[b"news"]] * 3)
        stage.turn(10 * SILENCE)
        self.assertEqual(stage.names, [first.name, second.name])

    def test_they_may_answer(self) -> None:
        target = Peer(self)
        stage = Stage(self, udp("127.0.0.1", 0, target.address))
        stage.say(target, b"thanks")
        self.assertEqual(stage.names, [target.name])
        stage.device.take(99)
        self.assertEqual(stage.device.taken, b"thanks")

    def test_what_they_send_is_judged(self) -> None:
        target = Peer(self)
        stage = Stage(self, udp("127.0.0.1", 0, target.address, allow=(parse_network("10.0.0.1"),)))
        stage.say(target, b"no")
        stage.device.say(b"news")
        self.assertEqual((target.heard(), stage.discarded(1)), ([b"news"], {Reason.REFUSED: 2}))

    def test_they_come_back(self) -> None:
        target = Peer(self)
        stage = Stage(self, udp("127.0.0.1", 0, target.address))
        stage.share.clients.sessions()[0].cut("kicked")
        self.assertEqual(stage.names, [])
        stage.turn(RETURN)
        self.assertEqual(stage.names, [target.name])

    def test_others_after_a_reload(self) -> None:
        former, other = Peer(self), Peer(self)
        stage = Stage(self, udp("127.0.0.1", 0, former.address))
        listener = udp("127.0.0.1", 0, other.address)
        stage.listeners[0].update(listener)
        stage.share.update(replace(stage.settings, listeners=(listener,)), stage.listeners, None)
        stage.turn()
        self.assertEqual(stage.names, [other.name])
        self.assertEqual(stage.of(ClientDisconnected)[0].why, "is no target any more")

    def test_one_that_has_sent_before(self) -> None:
        peer = Peer(self)
        stage = Stage(self)
        stage.say(peer, b"1")
        listener = udp("127.0.0.1", 0, peer.address)
        stage.listeners[0].update(listener)
        stage.share.update(replace(stage.settings, listeners=(listener,)), stage.listeners, None)
        stage.turn(2 * SILENCE)
        self.assertEqual(stage.names, [peer.name])

    def test_a_broadcast(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.255.255.255", 0))
            sock.settimeout(10)
            target = Address("127.255.255.255", sock.getsockname()[1])
            stage = Stage(self, udp("127.0.0.1", 0, target))
            stage.device.say(b"to all")
            self.assertEqual(sock.recv(99), b"to all")
            self.assertEqual(stage.discarded(0), {})

    def test_a_group(self) -> None:
        for interface in ("127.0.0.1", "lo"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind(("239.255.7.7", 0))
                membership = socket.inet_aton("239.255.7.7") + socket.inet_aton("127.0.0.1")
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
                sock.settimeout(10)
                target = Address("239.255.7.7", sock.getsockname()[1])
                stage = Stage(self, udp("127.0.0.1", 0, target, interface=interface))
                listener: Any = stage.listeners[0]
                ttl = listener._socket._socket.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL)
                self.assertEqual(ttl, 1)
                stage.device.say(b"to the group")
                self.assertEqual(sock.recv(99), b"to the group")

    def test_an_interface_that_is_not_there(self) -> None:
        listener = listener_for(udp("127.0.0.1", 0, Address("239.0.0.1", 1), interface="nowhere0"), Net())
        error = self.assertRaises(ConfigError, listener.bind)
        self.assertIn("cannot listen on udp 127.0.0.1:0: ", str(error))


class AddressTest(SynchronousTestCase):
    def test_a_taken_address(self) -> None:
        taken = Peer(self).address
        error = self.assertRaises(ConfigError, listener_for(udp(taken.host, taken.port), Net()).bind)
        self.assertEqual(str(error), f"cannot listen on udp {taken}: Address already in use")

    def test_what_fits(self) -> None:
        stage = Stage(self)
        (listener,) = stage.listeners
        port = int(listener.where.rpartition(":")[2])
        self.assertTrue(listener.fits(udp()))
        self.assertTrue(listener.fits(udp(port=port, access=Access.READ)))
        self.assertFalse(listener.fits(udp(port=port + 1)))
        self.assertFalse(listener.fits(ListenerSettings(Address(port=port))))
        self.assertFalse(listener_for(ListenerSettings(Address(port=7)), stage.net).fits(udp(port=7)))

    def test_a_socket_is_handed_on(self) -> None:
        """Another share may have the address from now on; the former one's clients go."""
        stage, peer = Stage(self), Peer(self)
        stage.say(peer, b"1")
        other = listener_for(replace(stage.settings.listeners[0], access=Access.READ), stage.net)
        other.adopt(stage.listeners[0])
        self.assertEqual((stage.names, other.where), ([], stage.listeners[0].where))
        stage.share.update(stage.settings, [other], None)
        stage.say(peer, b"2")
        self.assertEqual((stage.names, stage.discarded(1)), ([peer.name], {Reason.POLICY: 1}))
        stage.listeners = [other]

    def test_a_stop_hears_what_is_on_its_way(self) -> None:
        stage, peer, late = Stage(self), Peer(self), Peer(self)
        stage.say(peer, b"1")
        stage.share.stopService()
        stage.say(peer, b"2")
        stage.say(late, b"3")
        stage.device.say(b"bye")
        stage.device.take(9)
        self.assertEqual((stage.device.taken, peer.heard(), late.heard()), (b"12", [b"bye"], []))


class LawTest(SynchronousTestCase):
    @settings(max_examples=50)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["send", "send", "device", "wait", "take", "full", "free"]),
                st.integers(0, 2000),
            ),
            max_size=40,
        )
    )
    def test_every_byte_is_explained(self, happens: list[tuple[str, int]]) -> None:
        stage = Stage(self, udp(max_clients=2, allow=(parse_network("127.0.0.0/31"),)))
        peers = [Peer(self), Peer(self), Peer(self), Peer(self, "127.0.0.2")]
        for what, count in happens:
            if what == "send":
                stage.say(peers[count % 4], bytes(count))
            elif what == "device" and stage.device.reading:
                stage.device.say(bytes(count))
            elif what == "wait":
                stage.turn(count / 20)
            elif what == "take":
                stage.device.take(count)
            stage.discarded(0)
            stage.discarded(1)
        stage.stop()
