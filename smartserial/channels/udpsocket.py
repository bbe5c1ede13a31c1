"""A UDP socket in the reactor: whole datagrams, and the errors that belong to none of them."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from typing import Any
from typing import Protocol as Shape

from twisted.internet.abstract import FileDescriptor
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.settings import KIB, MIB

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
"""An address as the kernel has it: numeric host and port, of IPv6 with flow and scope."""

_AT_ONCE = 256  # datagrams that are read in one turn of the reactor; empty ones cost as much as others
_RECEIVE_BUFFER = MIB


class SocketOwner(Shape):
    """What a UDP socket needs of whoever reads it."""

    def datagram(self, data: bytes, address: SocketAddress) -> None:
        """Take a datagram, which may be empty, and where it came from."""

    def writable(self) -> None:
        """Take note that the kernel takes datagrams again."""

    def erred(self, error: OSError) -> None:
        """Take note of an error that a datagram sent earlier has met; the socket goes on."""


class UdpSocket(FileDescriptor):
    """A bound socket; it is read from after `startReading`.

    Args:
        host: numeric.
        port: ours; 0: any free one.
        owner: is given what comes.
        reactor: watches the descriptor.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(self, host: str, port: int, owner: SocketOwner, reactor: Any) -> None:
        super().__init__(reactor)
        family, address = numeric(host, port)
        self.connected = 1
        self.owner = owner
        self._reading = False
        self._family = family
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise

    @property
    def port(self) -> int:
        """Our port."""
        return int(self._socket.getsockname()[1])

    def hear_only(self, address: SocketAddress) -> None:
        """Send to, and hear, one address only.

        Raises:
            OSError: there is no way to it.
        """
        self._socket.connect(address)

    def reach_many(self, interface: str) -> None:
        """Let datagrams go to broadcast addresses, and to groups: on the local network, and to ourselves.

        Args:
            interface: by which those to groups go: its name, or its IPv4 address; empty: as the routes say.

        Raises:
            OSError: there is no such interface.
        """
        put = self._socket.setsockopt
        put(socket.SOL_SOCKET, socket.SO_BROADCAST, True)
        if self._family == socket.AF_INET6:
            put(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
            put(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
            index = socket.if_nametoindex(interface) if interface else 0
            put(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            return
        put(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        put(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        put(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, _ip_mreqn(interface))

    @override
    def startReading(self) -> None:
        self._reading = True
        super().startReading()

    @override
    def stopReading(self) -> None:
        self._reading = False
        super().stopReading()

    @override
    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, data: bytes, address: SocketAddress | None) -> bool:
        """Hand a datagram to the kernel; None is the only address that is heard.

        Returns:
            Whether the kernel has taken it; if not, the owner is told when it takes datagrams again.

        Raises:
            OSError: it cannot be sent there.
        """
        try:
            return self._send(data, address)
        except OSError as error:
            if address is not None:
                raise
            taken = self._send(data, address)  # the error was that of a datagram sent before
            self.owner.erred(error)
            return taken

    def _send(self, data: bytes, address: SocketAddress | None) -> bool:
        try:
            if address is None:
                self._socket.send(data)
            else:
                self._socket.sendto(data, address)
        except BlockingIOError:
            self.startWriting()
            return False
        return True

    @override
    def doRead(self) -> None:
        """Hand over the datagrams that are there."""
        read = 0
        for _ in range(_AT_ONCE):
            if not self._reading or read > 4 * 64 * KIB:
                return
            try:
                data, address = self._socket.recvfrom(64 * KIB)
            except BlockingIOError:
                return
            except OSError as error:
                self.owner.erred(error)
                return
            read += len(data)
            self.owner.datagram(data, address)

    @override
    def doWrite(self) -> None:
        """Tell that there is room again."""
        self.stopWriting()
        self.owner.writable()

    def close(self) -> None:
        """Give the address up."""
        if self.connected:
            self.connected = 0
            self.stopReading()
            self.stopWriting()
            self._socket.close()

    @override
    def connectionLost(self, reason: Failure) -> None:
        """Go on after an error that waits on the socket: the reactor takes it for the end."""
        if not self.connected:
            return
        if not reason.check(ConnectionDone):
            self.close()
            return
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if self._reading:
            self.startReading()
        if code:
            self.owner.erred(OSError(code, os.strerror(code)))


def _ip_mreqn(interface: str) -> bytes:
    """Return an interface as the kernel wants it: a struct ip_mreqn of group, address and index."""
    try:
        address, index = socket.inet_aton(interface or "0.0.0.0"), 0
    except OSError:
        address, index = bytes(4), socket.if_nametoindex(interface)
    return struct.pack("@4s4si", bytes(4), address, index)


def numeric(host: str, port: int) -> tuple[int, SocketAddress]:
    """Return the family and the address of a numeric host, with its scope; nothing is looked up.

    Raises:
        OSError: it is not numeric.
    """
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=flags)[0]
    return family, address  # type: ignore[return-value]
