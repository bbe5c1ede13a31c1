"""A client over UDP: it sends to one address, which is looked up each time, and hears nothing else."""

from __future__ import annotations

import errno
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from typing_extensions import override

from smartserial.channels.elements.channel import ChannelError, ChannelOwner
from smartserial.channels.elements.udpchannel import UdpChannel
from smartserial.channels.udp.lookup import ANY_HOST, Lookup
from smartserial.channels.udp.socket import SocketAddress, UdpSocket, numeric
from smartserial.engine.effects import Peer
from smartserial.hosts import role_of
from smartserial.settings import NetworkCarrier, Role
from smartserial.settings.network import Address
from smartserial.sharing.admission import plain_host

DELAYS = (1.0, 2.0, 5.0, 10.0)
"""Seconds between attempts; the last one again and again."""

_NO_WAY = {errno.EINVAL, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN}


class UdpClientChannel(UdpChannel):
    """A client over UDP; its session begins when there is an address to send to.

    Args:
        owner: is told what happens.
        carrier: where it sends to, and from which port.
        reactor: looks up names, and keeps the time.
    """

    def __init__(self, owner: ChannelOwner, carrier: NetworkCarrier, reactor: Any) -> None:
        super().__init__(owner, f"udp to {carrier.host}", reactor)
        self._host, self._port = carrier.host, carrier.port
        self._local_port = carrier.local_port
        self._socket: UdpSocket | None = None
        self._address: SocketAddress | None = None
        self._peer: Peer | None = None
        self._sessions = 0
        self._lookup: Lookup | None = None
        self._retry: IDelayedCall | None = None
        self._failures = 0
        self._failure = ""

    @property
    @override
    def where(self) -> str:
        return f"udp client of {Address(self._host, self._port)}"

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The other side."""
        return () if self._peer is None else (self._peer,)

    @property
    @override
    def socket(self) -> UdpSocket | None:
        return self._socket

    # ---- life

    @override
    def _begin(self) -> None:
        self._failures, self._failure = 0, ""
        self._seek()

    @override
    def _shut(self, why: str) -> None:
        self._seek_no_more()
        self._end_session(why)

    def _end_session(self, why: str) -> None:
        socket, self._socket = self._socket, None
        peer, self._peer = self._peer, None
        if socket is not None:
            socket.close()
        if peer is not None:
            self.owner.session_closed(peer, why)

    def _seek_no_more(self) -> None:
        lookup, self._lookup = self._lookup, None
        if lookup is not None:
            lookup.forget()
        retry, self._retry = self._retry, None
        if retry is not None and retry.active():
            retry.cancel()

    def _seek(self) -> None:
        """Find the address, unless that is being done."""
        if self._lookup is not None:
            return
        self._seek_no_more()
        address = self._numeric()
        if address is not None:
            self._found([address])
        else:
            lookup = Lookup(self._host, self._port, self._found, self._reactor)
            self._lookup = lookup if lookup.pending else None  # it may have had its answer at once

    def _numeric(self) -> SocketAddress | None:
        try:
            return numeric(self._host, self._port)[1]
        except OSError:
            return None

    def _found(self, addresses: list[SocketAddress]) -> None:
        self._lookup = None
        if not addresses and self._socket is None:
            self._fail(f"there is no address of {self._host}")
            return
        if not addresses:
            self.note(f"there is no address of {self._host} now: {self._peer} is used")
        elif self._socket is None or self._address not in addresses:
            self._end_session(f"{self._host} has another address now")
            try:
                self._start_session(addresses[0])
            except OSError as error:
                self._fail(f"cannot send to udp {Address(self._host, self._port)}: {error.strerror}")
                return
        self.flush()

    def _start_session(self, address: SocketAddress) -> None:
        socket = UdpSocket(ANY_HOST[6 if ":" in address[0] else 4], self._local_port, self, self._reactor)
        try:
            socket.hear_only(address)
        except OSError:
            socket.close()
            raise
        self._socket, self._address, self._failures = socket, address, 0
        self._sessions += 1
        self._peer = Peer(plain_host(address[0]), address[1], self._sessions)
        socket.startReading()
        self.owner.session_opened(self._peer)

    def _fail(self, why: str) -> None:
        self._drop_waiting()
        if not self.is_open:
            return
        news, self._failure = why != self._failure, why
        self._seek_later()
        self.owner.channel_failed(why, news)

    def _seek_later(self) -> None:
        self._seek_no_more()
        delay = DELAYS[min(self._failures, len(DELAYS) - 1)]
        self._failures += 1
        self._retry = self._reactor.callLater(delay, self._seek)

    # ---- datagrams

    def datagram(self, data: bytes, address: SocketAddress) -> None:
        """Hand over a datagram; the kernel lets through those of our address only."""
        if self.is_open and self._peer is not None:
            self._noted.clear()
            self._failure = ""
            self.hear(self._peer, data)

    def writable(self) -> None:
        """Send what waits, unless the address is being looked up."""
        if self._lookup is None:
            self.flush()

    def erred(self, error: OSError) -> None:
        """Note that a datagram did not arrive."""
        self.note(f"{self._peer} does not take datagrams: {error.strerror}")

    def send(self, data: bytes, to: Peer | None = None) -> int:
        """Send when the address has been looked up; see `Channel.send`."""
        if not self.is_open or (to is not None and to != self._peer):
            return self._refuse(data, "")
        if self._too_large(data):
            return self._refuse_large(data)
        if self._numeric() is None:
            kept = self._keep(data, None)
            self._seek()
            return kept
        if self._socket is None:
            self._seek()
        return self._dispatch(data, None)

    @override
    def _unsendable(self, error: OSError) -> None:
        text = f"cannot send to udp {Address(self._host, self._port)}: {error.strerror}"
        if error.errno in _NO_WAY:  # a socket keeps the address it began with, which may be gone from here
            self._end_session(text)
            self._fail(text)
        else:
            self.note(text)

    def drop(self, peer: Peer) -> bool:
        """End the session; another one begins with the next send, or after a second."""
        if peer != self._peer:
            return False
        self._end_session("closed")
        self._drop_waiting()
        self._seek_later()
        return True

    def redirect(self, host: str, port: int | None) -> None:
        """Send elsewhere from now on.

        Raises:
            ChannelError: that would make a server of it.
        """
        role, plain, why = role_of(host)
        if role is Role.SERVER:
            raise ChannelError(f"a client cannot become a server: {why}")
        if (plain, port or self._port) == (self._host, self._port):
            return
        self._host, self._port = plain, port or self._port
        if self.is_open:
            self._drop_waiting()
            self._shut("redirected")
            self._begin()

    def lock(self, held: bool, priority: bool) -> Deferred[None]:
        """Give the right to send at once: nobody else has our socket."""
        return succeed(None)
