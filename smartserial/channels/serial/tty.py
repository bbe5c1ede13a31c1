"""What serial ports and virtual ports have in common: a descriptor of a terminal, with a path for a name."""

from __future__ import annotations

from typing import Any

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import IAddress, IProtocol
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.stream import Stream
from smartserial.errors import PortError


@implementer(IAddress)
class PortAddress:
    """The address of a tty: its path."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"PortAddress({self.path!r})"


class TtyStream(Stream, FileDescriptor):
    """A counted transport on a terminal.

    Args:
        path: its name, for messages.
        reactor: watches the descriptor.
    """

    def __init__(self, path: str, reactor: Any) -> None:
        super().__init__(reactor)
        self.path = path
        self.on_change = None
        self.connected = 1

    def start(self, protocol: IProtocol) -> None:
        """Begin to read, and connect `protocol`, which may pause that at once."""
        self.protocol = protocol
        self.startReading()
        protocol.makeConnection(self)

    @override
    def getHost(self) -> PortAddress:
        return PortAddress(self.path)

    getPeer = getHost

    @override
    def lost_by(self, error: OSError) -> BaseException:
        return PortError(f"{self.path}: {error.strerror}")
