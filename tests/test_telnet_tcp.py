"""The telnet layer on real TCP connections, ours and Twisted's, in the test's own reactor."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint, clientFromString
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.protocols.basic import LineReceiver
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from smartserial.channels.tcp import StreamPort, tcp_endpoint
from smartserial.channels.telnet.layer import TelnetFactory
from smartserial.telnet.codes import Command
from smartserial.telnet.options import CLIENT, SERVER
from tests.support import pattern
from tests.telnetpeer import BINARY, NVT, Peer

SIZE = 1_000_000


class Echo(Protocol):
    """Sends back what it gets."""

    def dataReceived(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.write(data)


class Lines(LineReceiver):
    """Sends back each line, turned round."""

    def lineReceived(self, line: bytes) -> None:
        self.sendLine(line[::-1])


@implementer(IHalfCloseableProtocol)
class Greeter(Protocol):
    """Says hello, and that this is all."""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(b"hello\r\n")
        transport.loseWriteConnection()

    def readConnectionLost(self) -> None:
        transport: Any = self.transport
        transport.loseConnection()

    def writeConnectionLost(self) -> None:
        pass


class Collector(Protocol):
    """Waits for an amount of data, or for the end."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended: Deferred[None] = Deferred()
        self._wanted = 0
        self._arrived: Deferred[bytes] | None = None

    def dataReceived(self, data: bytes) -> None:
        self.take(data)
        self._look()

    def take(self, data: bytes) -> None:
        self.data += data

    def until(self, size: int) -> Deferred[bytes]:
        self._wanted, self._arrived = size, Deferred()
        arrived = self._arrived
        self._look()
        return arrived

    def _look(self) -> None:
        if self._arrived is not None and len(self.data) >= self._wanted:
            arrived, self._arrived = self._arrived, None
            arrived.callback(bytes(self.data))

    def connectionLost(self, reason: Any = None) -> None:
        self.ended.callback(None)


class RawClient(Collector):
    """A client that decodes by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.peer = Peer()

    def take(self, data: bytes) -> None:
        self.peer.hear(data)
        self.data = self.peer.data

    def say(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.write(data)

    @property
    def socket(self) -> socket.socket:
        transport: Any = self.transport
        handle = transport.getHandle()
        assert isinstance(handle, socket.socket)
        return handle


class TcpTests(TestCase):
    """On transports of Twisted's own."""

    timeout = 30

    async def listen(self, factory: Factory) -> int:
        port: Any = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        self.addCleanup(port.stopListening)
        return int(port.getHost().port)

    async def connect(self, factory: Factory, number: int) -> Any:
        endpoint = clientFromString(reactor, f"tcp:127.0.0.1:{number}")
        protocol: Any = await endpoint.connect(factory)
        self.addCleanup(protocol.transport.abortConnection)
        return protocol

    async def serve(self, wrapped: type[Protocol]) -> int:
        return await self.listen(TelnetFactory(Factory.forProtocol(wrapped), SERVER, reactor))

    async def raw(self, wrapped: type[Protocol], answer: bytes = BINARY) -> RawClient:
        """Return a client that has answered the greeting."""
        client: RawClient = await self.connect(Factory.forProtocol(RawClient), await self.serve(wrapped))
        while len(client.peer.said) < 6:
            await deferLater(reactor, 0)
        if answer == BINARY:
            client.peer.binary_from = client.peer.heard
        client.say(answer)
        return client

    async def test_an_echo_sends_back_every_byte(self) -> None:
        client = await self.raw(Echo)
        data = pattern(SIZE).replace(b"\x11", b"\xff")
        client.say(data.replace(b"\xff", b"\xff\xff"))
        self.assertTrue(await client.until(len(data)) == data)

    async def test_both_ends_may_have_the_layer(self) -> None:
        number = await self.serve(Echo)
        made: list[Collector] = []

        def make() -> Collector:
            made.append(Collector())
            return made[-1]

        await self.connect(TelnetFactory(Factory.forProtocol(make), CLIENT, reactor), number)
        data = pattern(SIZE).replace(b"\x11", b"\xff\r\0")
        transport: Any = made[0].transport
        transport.write(data)
        self.assertTrue(await made[0].until(len(data)) == data)
        self.assertEqual((transport.sent, transport.pending), (len(data), 0))

    async def test_a_protocol_of_twisted_does_not_notice(self) -> None:
        client = await self.raw(Lines, NVT)
        client.say(b"ab\xff\xff\r")
        client.say(b"\ncd\r\n")
        self.assertEqual(await client.until(9), b"\xffba\r\ndc\r\n")

    async def test_urgent_data_eats_no_byte(self) -> None:
        client = await self.raw(Echo)
        for _ in range(20):
            client.socket.send(b"abc\xff")
            client.socket.send(bytes([Command.DM]), socket.MSG_OOB)
            client.socket.send(b"def")
            await deferLater(reactor, 0)
        self.assertEqual(await client.until(120), b"abcdef" * 20)

    async def test_urgent_data_that_came_before_us_eats_no_byte(self) -> None:
        sock = socket.create_connection(("127.0.0.1", await self.serve(Echo)))
        self.addCleanup(sock.close)
        sock.send(BINARY + b"abc\xff")
        sock.send(bytes([Command.DM]), socket.MSG_OOB)
        sock.send(b"def")
        sock.setblocking(False)
        peer = Peer()
        peer.binary_from = 18
        while len(peer.data) < 6:
            await deferLater(reactor, 0)
            try:
                peer.hear(sock.recv(4096))
            except BlockingIOError:
                continue
        self.assertEqual(peer.data, b"abcdef")

    async def test_what_was_written_before_half_a_close_arrives(self) -> None:
        client = await self.raw(Greeter)
        await client.ended
        self.assertEqual(client.data, b"hello\r\n")


class OwnTcpTests(TcpTests):
    """On our own transports, which write at once and count."""

    async def listen(self, factory: Factory) -> int:
        port: Any = StreamPort("127.0.0.1", 0, factory, reactor)
        port.startListening()
        self.addCleanup(port.stopListening)
        return int(port.getHost().port)

    async def connect(self, factory: Factory, number: int) -> Any:
        protocol: Any = await tcp_endpoint(reactor, "127.0.0.1", number).connect(factory)
        self.addCleanup(protocol.transport.abortConnection)
        return protocol

    async def test_data_is_confirmed_by_the_kernel_of_the_peer(self) -> None:
        number = await self.listen(Factory.forProtocol(Echo))
        made: list[Collector] = []

        def make() -> Collector:
            made.append(Collector())
            return made[-1]

        await self.connect(TelnetFactory(Factory.forProtocol(make), CLIENT, reactor), number)
        transport: Any = made[0].transport
        transport.write(b"\xff\r" * 1000)  # the echo sends our own greeting back, which agrees to everything
        self.assertEqual(await made[0].until(2000), b"\xff\r" * 1000)
        while transport.unconfirmed():
            await deferLater(reactor, 0)
        self.assertEqual((transport.sent, transport.pending, transport.dropped), (2000, 0, 0))
