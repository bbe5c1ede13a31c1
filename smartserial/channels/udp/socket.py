"""A UDP socket in the reactor: whole datagrams, and the errors that belong to none of them."""

from __future__ import annotations

import os
import socket
import struct
import sys
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from typing import Protocol as Shape

from twisted.internet.abstract import FileDescriptor
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial import hosts
from smartserial.settings import KIB, MIB
from smartserial.sharing.admission import plain_host

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
"""An address as the kernel has it: numeric host and port, of IPv6 with flow and scope."""

_PKTINFO: dict[int, tuple[int, int | None]] = {
    socket.AF_INET: (
        socket.IPPROTO_IP,
        getattr(socket, "IP_PKTINFO", 8 if sys.platform == "linux" else None),
    ),
    socket.AF_INET6: (socket.IPPROTO_IPV6, getattr(socket, "IPV6_RECVPKTINFO", None)),
}
_ROOM = 128  # bytes for what the kernel tells beside a datagram
_Ancillary = list[tuple[int, int, bytes]]
_MOST_CALLED = 1000  # senders of whom it is remembered which of our addresses they called
_AT_ONCE = 256  # datagrams that are read in one turn of the reactor; empty ones cost as much as others
_RECEIVE_BUFFER = MIB
_MEMINFO = 55  # SO_MEMINFO of asm-generic/socket.h: nine u32, the last one counts dropped datagrams
_DROPS = struct.Struct("=32xI")
OVERRUN_REPORT = 10.0
"""Seconds between two reports of datagrams that the kernel has dropped."""


class SocketOwner(Shape):
    """What a UDP socket needs of whoever reads it."""

    def datagram(self, data: bytes, address: SocketAddress) -> None:
        """Take a datagram, which may be empty, and where it came from."""

    def writable(self) -> None:
        """Take note that the kernel takes datagrams again."""

    def erred(self, error: OSError) -> None:
        """Take note of an error that a datagram sent earlier has met; the socket goes on."""

    def overrun(self, count: int) -> None:
        """Take note that the kernel has dropped so many more datagrams, having no room for them."""


class UdpSocket(FileDescriptor):
    """A bound socket; it is read from after `startReading`.

    Datagrams that the kernel drops because too many wait are counted: as others follow them, it is enough to
    look some time after each reading, and at the end.

    One that is bound to every address of this machine answers from the address that was called, where the
    system can tell: who has called an address hears no other one.

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
        self._reactor = reactor
        self._reading = False
        self._family = family
        self._overrun = 0  # datagrams that the owner was told of
        self._report: IDelayedCall | None = None
        self._called: dict[SocketAddress, _Ancillary] | None = None  # None: there is but one address
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        here = self._socket.getsockname()
        self._host, self._port = plain_host(here[0]), int(here[1])
        level, option = _PKTINFO[family]
        if option is not None and ip_address(self._host).is_unspecified:
            with suppress(OSError):
                self._socket.setsockopt(level, option, 1)
                self._called = {}

    @property
    def port(self) -> int:
        """Our port."""
        return self._port

    def is_own(self, address: SocketAddress) -> bool:
        """Tell whether an address is that of this socket, so that what comes from it was sent by it."""
        if address[1] != self._port:
            return False
        host = plain_host(address[0])
        return host == self._host or (ip_address(self._host).is_unspecified and hosts.is_own(host))

    def hear_only(self, address: SocketAddress) -> None:
        """Send to, and hear, one address only.

        Raises:
            OSError: there is no way to it.
        """
        self._socket.connect(address)
        self._called = None

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
            elif self._called and address in self._called:
                self._socket.sendmsg([data], self._called[address], 0, address)
            else:
                self._socket.sendto(data, address)
        except BlockingIOError:
            self.startWriting()
            return False
        return True

    @override
    def doRead(self) -> None:
        """Hand over the datagrams that are there."""
        if self._report is None:
            self._report = self._reactor.callLater(OVERRUN_REPORT, self._look_for_overruns)
        read = 0
        for _ in range(_AT_ONCE):
            if not self._reading or read > 4 * 64 * KIB:
                return
            try:
                data, address = self._receive()
            except BlockingIOError:
                return
            except OSError as error:
                self.owner.erred(error)
                return
            read += len(data)
            self.owner.datagram(data, address)

    def _receive(self) -> tuple[bytes, SocketAddress]:
        """Read a datagram, and remember which of our addresses its sender has called."""
        if self._called is None:
            return self._socket.recvfrom(64 * KIB)
        data, ancillary, _, address = self._socket.recvmsg(64 * KIB, _ROOM)
        self._called.pop(address, None)
        called = _source(ancillary)
        if called:
            self._called[address] = called
            if len(self._called) > _MOST_CALLED:
                del self._called[next(iter(self._called))]
        return data, address

    @property
    def overruns(self) -> int:
        """Datagrams that the kernel has dropped so far, having no room for them; 0 where it does not tell."""
        if self.connected:
            with suppress(OSError, struct.error):
                return int(*_DROPS.unpack(self._socket.getsockopt(socket.SOL_SOCKET, _MEMINFO, _DROPS.size)))
        return self._overrun

    def _look_for_overruns(self) -> None:
        self._report = None
        count, self._overrun = self.overruns - self._overrun, self.overruns
        if count > 0:
            self.owner.overrun(count)

    @override
    def doWrite(self) -> None:
        """Tell that there is room again."""
        self.stopWriting()
        self.owner.writable()

    def close(self) -> None:
        """Give the address up."""
        if self.connected:
            if self._report is not None:
                self._report.cancel()
            self._look_for_overruns()
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


def _source(ancillary: _Ancillary) -> _Ancillary:
    """Return what has a datagram sent from the address that another one came to, of what came with that."""
    for level, kind, told in ancillary:
        if level == socket.IPPROTO_IP and len(told) == 12:  # interface, our address, the called one
            return [(level, kind, struct.pack("@i", 0) + told[4:8] + bytes(4))]
        if level == socket.IPPROTO_IPV6 and len(told) == 20 and told[0] != 0xFF:  # the called one, interface
            local = told[0] == 0xFE and told[1] & 0xC0 == 0x80  # it means nothing without its interface
            return [(level, kind, told if local else told[:16] + bytes(4))]
    return []
