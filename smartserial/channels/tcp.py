"""TCP with counted transports: listening, connecting, and what the kernel knows of a peer."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any, cast

from twisted.internet import tcp
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import (
    IConnector,
    IHalfCloseableProtocol,
    IProtocolFactory,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.main import CONNECTION_DONE
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.stream import FULL_BATCH, Stream
from smartserial.interfaces import ICountedTransport
from smartserial.settings import Keepalive

if TYPE_CHECKING:
    from twisted.internet.protocol import ClientFactory, Factory

BACKLOG = 1024  # connections that the kernel completes before we accept them; clients may come in storms
ACCEPTS = 4  # connections that a socket lets in at a time
_USUAL = Keepalive()
_U32 = struct.Struct("=I")
_U64 = struct.Struct("=Q")
_CLOSED = 7  # TCP_CLOSE in linux/net/tcp_states.h: reset by the peer, or given up by the kernel


class SocketStream(Stream):
    """A counted transport on a connected socket.

    A peer that can no longer be written to, or that has closed while it was not read from, may have left
    bytes behind: the connection stays until they are read.
    """

    bufferSize = FULL_BATCH
    socket: socket.socket
    _hung_up = False
    _acknowledged = 0

    @override
    def _read_on(self, data: bytes) -> bytes:
        return data  # one recv takes all that a socket has

    @override
    def _write_failed(self, error: OSError) -> None:
        protocol = IHalfCloseableProtocol(self.protocol, None)
        if protocol is None:
            super()._write_failed(error)
            return
        self._drop_pending()
        self._writeDisconnected = True
        self.stopWriting()
        protocol.writeConnectionLost()

    def abortConnection(self) -> None:
        """Reset the connection, in the next turn of the reactor."""
        self._drop_pending()
        self._writeDisconnected = True
        self._paused = False
        super().abortConnection()  # type: ignore[misc]

    @override
    def connectionLost(self, reason: Failure) -> None:
        if self._paused and self.connected and not self.disconnecting and not self._hung_up:
            self._hung_up = True
            self._write_failed(OSError("hung up"))
            return
        if not reason.check(ConnectionAborted):
            self._drop_pending()
        if self.connected:
            self._acknowledged = self.acknowledged()
        super().connectionLost(reason)

    def acknowledged(self) -> int:
        """Return how many bytes the peer's kernel has acknowledged; also when the connection is gone."""
        return _U64.unpack_from(self._info(), 120)[0] if self.connected else self._acknowledged

    def unconfirmed(self) -> int:
        """Return how many bytes the peer's kernel has not acknowledged."""
        return max(0, self.sent + self.told - self.acknowledged())

    def reset(self) -> bool:
        """Tell whether the peer has reset the connection, or the kernel has given it up."""
        return self._info()[0] == _CLOSED

    def vanished(self, seconds: float) -> bool:
        """Tell whether the peer's kernel has left what it must answer unanswered for so long.

        A live peer that just does not read acknowledges each probe of its window, so it never vanishes.
        """
        info = self._info()
        retransmits, probes, since_ack = info[2], info[3], _U32.unpack_from(info, 56)[0]
        return retransmits + probes >= 2 and since_ack > seconds * 1000

    def _info(self) -> bytes:
        return self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128)  # struct tcp_info


@implementer(ICountedTransport)
class ServerStream(SocketStream, tcp.Server):  # type: ignore[misc]
    """The transport of an accepted connection."""


@implementer(ICountedTransport)
class ClientStream(SocketStream, tcp.Client):  # type: ignore[misc]
    """The transport of a connection that we made."""

    told = 1  # the kernel counts the acknowledgement of our SYN as that of a byte
    unbound: socket.socket | None = None  # while its local address may be refused

    @override
    def createInternetSocket(self) -> socket.socket:
        self.unbound = super().createInternetSocket()
        return self.unbound


class StreamPort(tcp.Port):
    """A listening socket; its options are inherited by the sockets that it accepts."""

    transport = ServerStream

    def __init__(
        self,
        host: str,
        port: int,
        factory: Factory,
        reactor: object,
        *,
        nodelay: bool = True,
        keepalive: Keepalive | None = None,
    ) -> None:
        super().__init__(port, factory, BACKLOG, host, cast(Any, reactor))
        self._nodelay = nodelay
        self._keepalive = keepalive

    @classmethod
    def adopting(
        cls,
        sock: socket.socket,
        factory: IProtocolFactory,
        reactor: object,
        *,
        nodelay: bool = True,
        keepalive: Keepalive | None = None,
    ) -> StreamPort:
        """Return one on a TCP socket that listens already; it is closed by us, but not shut down."""
        host, number = sock.getsockname()[:2]
        port = cls(host, number, cast(Any, factory), reactor, nodelay=nodelay, keepalive=keepalive)
        port._preexistingSocket = sock  # as Twisted's own ports are made of descriptors
        return port

    @override
    def startListening(self) -> None:
        super().startListening()
        self.set_options(self._nodelay, self._keepalive)

    @override
    def doRead(self) -> None:
        """Accept some of those who wait: a storm of connections does not hold up those who are here."""
        self.numberAccepts = min(self.numberAccepts, ACCEPTS)  # Twisted lets it grow while connections wait
        super().doRead()

    def vacate(self) -> None:
        """Listen no more, and give the address up at once: it may be wanted again in this very turn."""
        if self.connected:
            self.stopReading()
            self.connectionLost(Failure(CONNECTION_DONE))

    def set_options(self, nodelay: bool, keepalive: Keepalive | None) -> None:
        """Set what connections accepted from now on get."""
        set_socket_options(self.socket, nodelay, keepalive)


def was_reset(transport: Any) -> bool:
    """Tell whether the peer has reset the TCP connection below a transport, which need not be read from.

    That it sends no more is no reset. Where nothing can be seen, as without TCP, it is False.
    """
    handle = transport.getHandle() if hasattr(transport, "getHandle") else None
    if not isinstance(handle, socket.socket) or handle.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    return handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _CLOSED


def set_socket_options(sock: socket.socket, nodelay: bool, keepalive: Keepalive | None) -> None:
    """Set the options of one TCP socket, listening or connected; keepalive times are whole seconds there."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, keepalive is not None)
    if keepalive is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, round(keepalive.every)))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, round(keepalive.retry)))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, keepalive.count)


class _StreamConnector(tcp.Connector):
    nodelay = True
    keepalive: Keepalive | None = None

    @override
    def _makeTransport(self) -> ClientStream:
        stream = ClientStream(self.host, self.port, self.bindAddress, self, self.reactor)
        if hasattr(stream, "socket"):
            set_socket_options(stream.socket, nodelay=self.nodelay, keepalive=self.keepalive)
        elif stream.unbound is not None:  # there is none, as the factory is told in the next turn
            stream.unbound.close()
        stream.unbound = None
        return stream


@implementer(IReactorTCP, IReactorTime, IReactorPluggableNameResolver)
class _StreamReactor:
    """The given reactor, but its TCP connections have counted transports."""

    def __init__(self, reactor: Any, nodelay: bool, keepalive: Keepalive | None) -> None:
        self._reactor = reactor
        self._nodelay = nodelay
        self._keepalive = keepalive

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: ClientFactory[Any],
        timeout: float = 30,
        bindAddress: tuple[str, int] | None = None,
    ) -> IConnector:
        connector = _StreamConnector(host, port, factory, timeout, cast(Any, bindAddress), self._reactor)
        connector.nodelay, connector.keepalive = self._nodelay, self._keepalive
        connector.connect()
        return connector


def tcp_endpoint(
    reactor: object,
    host: str,
    port: int,
    local_port: int = 0,
    keepalive: Keepalive | None = _USUAL,
    nodelay: bool = True,
) -> IStreamClientEndpoint:
    """Return an endpoint that connects with a counted transport.

    Args:
        reactor: the reactor.
        host: a name or an address; a name is looked up at each connecting.
        port: over there.
        local_port: here; 0: any free one.
        keepalive: None: off.
        nodelay: send small messages at once.
    """
    binding = tcp.makeBinding("", local_port, reuseAddress=True) if local_port else None
    kind: Any = HostnameEndpoint
    if isIPAddress(host) or isIPv6Address(host):  # nothing to look up in a thread, and no second address
        kind = TCP6ClientEndpoint if ":" in host else TCP4ClientEndpoint
    endpoint: IStreamClientEndpoint = kind(
        _StreamReactor(reactor, nodelay, keepalive), host, port, bindAddress=binding
    )
    return endpoint
