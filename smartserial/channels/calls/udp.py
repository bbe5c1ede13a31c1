"""Calls over UDP: there is nobody who answers, so each has its socket from the beginning."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from smartserial.channels.udp.device import UdpDeviceStream
from smartserial.channels.udp.socket import SocketAddress


class UdpCallStream(UdpDeviceStream):
    """The transport of a session over UDP.

    Args:
        most: bytes that a datagram has at most.
        local_port: ours; 0: any free one.
        address: of the far side.
        reactor: watches the socket.
    """

    def __init__(self, most: int, local_port: int, address: SocketAddress, reactor: Any) -> None:
        super().__init__(local_port, address, reactor)
        self._most = most

    @property
    @override
    def most(self) -> int:
        return self._most

    @override
    def tell(self, text: bytes) -> None:
        if self.connected and not self.pending:
            try:
                self._send(text)
            except OSError as error:
                self._failed(0, error)
