"""A device that is reached by UDP: one address is sent to, and heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.udp.lookup import ANY_HOST, Lookup
from smartserial.channels.udp.socket import SocketAddress, UdpSocket, numeric
from smartserial.channels.udp.stream import DatagramStream
from smartserial.errors import PortError
from smartserial.interfaces import IDatagramDevice
from smartserial.settings import DATAGRAM, UdpDevice, describe


@implementer(IDatagramDevice)
class UdpDeviceStream(DatagramStream):  # type: ignore[misc] # not all of ITransport
    """The transport of a device that is reached by UDP.

    What is not sent because there is no way to the device ends it: it is opened again, and looked up
    again. That nobody listens over there changes nothing.
    """

    def __init__(self, local_port: int, address: SocketAddress, reactor: Any) -> None:
        super().__init__()
        self.on_overrun: Callable[[int], None] | None = None
        self._socket = UdpSocket(ANY_HOST[6 if ":" in address[0] else 4], local_port, self, reactor)
        try:
            self._socket.hear_only(address)
        except OSError:
            self._socket.close()
            raise

    @property
    @override
    def most(self) -> int:
        return DATAGRAM

    @override
    def start(self, protocol: Any) -> None:
        self._socket.startReading()
        super().start(protocol)

    @override
    def _send(self, datagram: bytes) -> bool:
        return self._socket.send(datagram, None)

    @override
    def _failed(self, count: int, error: OSError) -> None:
        self.dropped += count
        self.end(Failure(ConnectionLost(error.strerror)))

    @override
    def _end(self) -> None:
        self._socket.close()

    def pauseProducing(self) -> None:
        """Read no more: the kernel keeps some datagrams, and loses the rest."""
        self._socket.stopReading()

    def resumeProducing(self) -> None:
        """Read again."""
        if self.connected:
            self._socket.startReading()

    def stopProducing(self) -> None:
        """End."""
        self.loseConnection()

    # ---- what the socket tells

    def datagram(self, data: bytes, address: SocketAddress) -> None:
        """Take what the device has sent."""
        if data and self.connected:
            self.protocol.dataReceived(data)

    def writable(self) -> None:
        """Send what waits."""
        self.flush()

    def erred(self, error: OSError) -> None:
        """Do nothing: what was sent before did not arrive, which UDP does not promise."""

    def overrun(self, count: int) -> None:
        """Pass on how many datagrams the kernel has dropped."""
        if self.on_overrun is not None:
            self.on_overrun(count)


@implementer(IStreamClientEndpoint)
class UdpEndpoint:
    """Reaches a device by UDP; fails with a `PortError` that says why.

    Args:
        device: what is reached.
        reactor: looks up names, and keeps the time.
        stream: makes the transport, of our port, the address, and the reactor.
    """

    def __init__(
        self,
        device: UdpDevice,
        reactor: Any,
        stream: Callable[[int, SocketAddress, Any], UdpDeviceStream] = UdpDeviceStream,
    ) -> None:
        self._device = device
        self._reactor = reactor
        self._stream = stream

    def connect(self, protocol_factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Look the address up, and connect a protocol to it: nobody is asked whether somebody is there."""
        lookup: list[Lookup] = []

        def cancel(_: object) -> None:
            for one in lookup:
                one.forget()

        connected: Deferred[IProtocol] = Deferred(cancel)

        def found(addresses: list[SocketAddress]) -> None:
            try:
                connected.callback(self._connect(addresses, protocol_factory))
            except PortError:
                connected.errback(Failure())

        try:
            addresses = [numeric(self._device.host, self._device.port)[1]]
        except OSError:
            lookup.append(Lookup(self._device.host, self._device.port, found, self._reactor))
        else:
            found(addresses)
        return connected

    def _connect(self, addresses: list[SocketAddress], factory: IProtocolFactory) -> IProtocol:
        if not addresses:
            raise PortError(f"there is no address of {self._device.host}")
        address = addresses[0]
        kind = IPv6Address if ":" in address[0] else IPv4Address
        protocol = factory.buildProtocol(kind("UDP", address[0], address[1]))
        if protocol is None:
            raise PortError("nobody wants the device now")
        try:
            stream = self._stream(self._device.local_port, address, self._reactor)
        except OSError as error:
            raise PortError(f"cannot send to {describe(self._device)}: {error.strerror}") from error
        stream.start(protocol)
        return protocol
