"""Datagrams that the kernel drops, because too many wait to be read: counted, and told of."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import Factory
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.elements import devicechannel
from smartserial.channels.elements.datagrams import UdpHub, UdpServerChannel
from smartserial.channels.elements.devicechannel import DeviceChannel
from smartserial.channels.elements.udpclient import UdpClientChannel
from smartserial.channels.endpoints import device_endpoint
from smartserial.channels.udp import socket as udpsocket
from smartserial.channels.udp.socket import OVERRUN_REPORT, UdpSocket
from smartserial.console.looking import _account
from smartserial.events import DatagramsLost, EventStream
from smartserial.interfaces import IDatagramDevice
from smartserial.journal import level_of, sentence
from smartserial.settings import UdpDevice
from smartserial.share.books import Books
from tests.fakes import FakeEndpoint
from tests.test_channels_datagrams import Owner, client_carrier, server_settings
from tests.test_udp_device import Ear
from tests.test_udp_listener import Net, Peer, Stage

FLOOD = 60  # datagrams, of which a small buffer holds a few


class OverrunCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(udpsocket, "_RECEIVE_BUFFER", 2048)  # the kernel makes some more of it
        self.net = Net()

    def flood(self, peer: Peer, to: Any) -> None:
        for _ in range(FLOOD):
            peer.sock.sendto(b"x" * 500, to)


class SocketTest(OverrunCase):
    def setUp(self) -> None:
        super().setUp()
        self.got, self.lost = list[bytes](), list[int]()
        self.socket = UdpSocket("127.0.0.1", 0, self, self.net)
        self.addCleanup(self.socket.close)
        self.socket.startReading()
        self.peer, self.to = Peer(self), ("127.0.0.1", self.socket.port)

    def datagram(self, data: bytes, address: object) -> None:
        self.got.append(data)

    def writable(self) -> None: ...

    def erred(self, error: OSError) -> None: ...

    def overrun(self, count: int) -> None:
        self.lost.append(count)

    def test_each_datagram_is_read_or_counted(self) -> None:
        self.flood(self.peer, self.to)
        self.net.read()
        self.assertLess(0, len(self.got))
        self.assertLess(len(self.got), FLOOD)
        self.assertEqual((self.lost, self.socket.overruns), ([], FLOOD - len(self.got)))
        self.net.advance(OVERRUN_REPORT)
        self.assertEqual(self.lost, [FLOOD - len(self.got)])

    def test_it_is_told_once_in_a_while_and_what_is_new_only(self) -> None:
        for _ in range(5):
            self.flood(self.peer, self.to)
            self.net.read()
            self.net.advance(OVERRUN_REPORT / 5 - 0.001)
        self.assertEqual(self.lost, [])
        self.net.advance(1)
        self.assertEqual(self.lost, [5 * FLOOD - len(self.got)])
        self.flood(self.peer, self.to)
        self.net.read()
        self.net.advance(OVERRUN_REPORT)
        self.assertEqual((len(self.lost), sum(self.lost)), (2, 6 * FLOOD - len(self.got)))

    def test_nothing_is_told_of_nothing_and_no_timer_is_left(self) -> None:
        self.peer.sock.sendto(b"one", self.to)
        self.net.read()
        self.assertEqual(len(self.net.getDelayedCalls()), 1)
        self.net.advance(OVERRUN_REPORT)
        self.assertEqual((self.got, self.lost, self.net.getDelayedCalls()), ([b"one"], [], []))

    def test_at_the_end_what_was_not_told_yet(self) -> None:
        self.flood(self.peer, self.to)
        self.socket.close()
        ((count,), left) = self.lost, self.net.getDelayedCalls()
        self.assertTrue(0 < count < FLOOD)
        self.assertEqual((left, self.socket.overruns), ([], count))
        self.socket.close()
        self.assertEqual(self.lost, [count])

    def test_a_kernel_that_does_not_tell(self) -> None:
        self.patch(udpsocket, "_MEMINFO", 0x7FFF)
        self.flood(self.peer, self.to)
        self.net.read()
        self.net.advance(OVERRUN_REPORT)
        self.assertEqual((self.socket.overruns, self.lost), (0, []))


class ShareTest(OverrunCase):
    def test_a_listener(self) -> None:
        stage, peer = Stage(self), Peer(self)
        listener: Any = stage.listeners[0]
        self.flood(peer, ("127.0.0.1", listener._socket.port))
        stage.turn()
        read = stage.share.accounts()[1].read // 500
        stage.turn(OVERRUN_REPORT)
        up, down = stage.share.accounts()
        self.assertEqual((up.overruns, down.overruns), (0, FLOOD - read))
        self.assertEqual(stage.of(DatagramsLost), [DatagramsLost("x", listener.where, FLOOD - read)])
        self.assertEqual(_account(down)["datagrams_dropped"], FLOOD - read)
        self.assertNotIn("datagrams_dropped", _account(up))
        self.assertIn(f"datagrams dropped by the kernel {FLOOD - read}", str(down))
        self.assertEqual(down.unexplained, 0)

    def test_the_line_in_the_log(self) -> None:
        event = DatagramsLost("x", "udp:127.0.0.1:7001", 12)
        self.assertEqual(level_of(event), "warn")
        self.assertEqual(
            sentence(event),
            "x: udp:127.0.0.1:7001: the kernel dropped 12 datagrams, too many waited to be read",
        )

    def test_a_device(self) -> None:
        peer, events = Peer(self), EventStream()
        told: list[object] = []
        events.subscribe(told.append)
        books = Books("x", events, self.net)
        device = UdpDevice(peer.address.host, peer.address.port)
        ear: Any = self.successResultOf(device_endpoint(device, self.net).connect(Factory.forProtocol(Ear)))
        self.addCleanup(ear.transport.abortConnection)
        self.assertTrue(IDatagramDevice.providedBy(ear.transport))
        books.hear_overruns(ear.transport, "udp there")
        self.flood(peer, ("127.0.0.1", ear.transport._socket.port))
        self.net.read()
        self.net.advance(OVERRUN_REPORT)
        lost = FLOOD - len(ear.heard) // 500
        self.assertEqual((books.up.overruns, books.down.overruns), (lost, 0))
        self.assertEqual(told, [DatagramsLost("x", "udp there", lost)])

    def test_other_devices_have_none(self) -> None:
        Books("x", EventStream(), self.net).hear_overruns(object(), "a port")


class ElementTest(OverrunCase):
    def check(self, owner: Owner, channel: Any, where: str = "") -> None:
        lost = FLOOD - len(owner.data)
        self.assertTrue(0 < lost < FLOOD)
        self.assertEqual(channel.tally.overruns, lost)
        text = f"{where or channel.where}: the kernel dropped {lost} datagrams, too many waited to be read"
        self.assertEqual(owner.of("noted"), [(text,)])

    def test_a_server(self) -> None:
        owner, hub, peer = Owner(), UdpHub("127.0.0.1", 0, self.net), Peer(self)
        channel = UdpServerChannel(owner, hub, server_settings(), self.net)
        channel.open()
        assert hub.socket is not None
        self.flood(peer, ("127.0.0.1", hub.socket.port))
        self.net.read()
        self.net.advance(OVERRUN_REPORT)
        self.check(owner, channel)
        channel.close()

    def test_a_server_that_ends(self) -> None:
        owner, hub, peer = Owner(), UdpHub("127.0.0.1", 0, self.net), Peer(self)
        channel = UdpServerChannel(owner, hub, server_settings(), self.net)
        channel.open()
        assert hub.socket is not None
        self.flood(peer, ("127.0.0.1", hub.socket.port))
        self.net.read()
        where = channel.where
        channel.close()
        self.check(owner, channel, where)

    def test_a_client(self) -> None:
        owner, peer = Owner(), Peer(self)
        channel = UdpClientChannel(owner, client_carrier("127.0.0.1", peer.address.port), self.net)
        channel.open()
        assert channel.socket is not None
        self.flood(peer, ("127.0.0.1", channel.socket.port))
        self.net.read()
        self.net.advance(OVERRUN_REPORT)
        self.check(owner, channel)
        channel.close()

    def test_a_device(self) -> None:
        owner, peer = Owner(), Peer(self)
        channel = DeviceChannel(owner, UdpDevice("127.0.0.1", peer.address.port), self.net)
        channel.open()
        stream = channel._link.stream
        self.flood(peer, ("127.0.0.1", stream._socket.port))
        self.net.read()
        self.net.advance(OVERRUN_REPORT)
        self.check(owner, channel)
        stream.abortConnection()
        channel.close()

    def test_a_device_without_datagrams(self) -> None:
        self.patch(devicechannel, "device_endpoint", lambda *_: FakeEndpoint())
        channel = DeviceChannel(Owner(), UdpDevice("127.0.0.1", 1), self.net)
        channel.open()
        self.assertEqual(channel.tally.overruns, 0)
        channel.close()
