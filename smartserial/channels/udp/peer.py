"""One client of a share over UDP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from smartserial.channels.session import Session
from smartserial.channels.udp.socket import SocketAddress
from smartserial.channels.udp.stream import DatagramStream
from smartserial.settings import Address

if TYPE_CHECKING:
    from smartserial.channels.udp.listener import UdpListener


class UdpSession(Session):
    """A client over UDP."""

    @property
    @override
    def idle_limit(self) -> float | None:
        return None  # its listener knows better: only what it sends tells that it is there


class PeerStream(DatagramStream):
    """The transport of one client.

    Args:
        listener: has the socket.
        address: of the client.
        target: which target it is, if it is one.
    """

    protocol: UdpSession

    def __init__(self, listener: UdpListener, address: SocketAddress, target: Address | None) -> None:
        super().__init__()
        self.address = address
        self.target = target
        self.heard_at = 0.0
        self._listener = listener

    @property
    @override
    def most(self) -> int:
        return self._listener.rules.datagram

    @override
    def _send(self, datagram: bytes) -> bool:
        return self._listener.send(datagram, self.address)

    @override
    def _failed(self, count: int, error: OSError) -> None:
        self._listener.failed(self, count, error)

    @override
    def _end(self) -> None:
        self._listener.forget(self)

    def pauseProducing(self) -> None:
        """Read no more from anybody: the socket is one, and the kernel keeps what comes as far as it can."""
        self._listener.hold(self)

    def resumeProducing(self) -> None:
        """Read again, unless another client is held."""
        self._listener.let_go(self)
