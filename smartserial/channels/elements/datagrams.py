"""UDP: one socket for each address that is listened on, shared by the channels of several elements."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from typing_extensions import override

from smartserial.channels.elements.channel import ChannelError, ChannelOwner
from smartserial.channels.elements.netlock import SendRight
from smartserial.channels.elements.udpchannel import UdpChannel
from smartserial.channels.elements.udpclient import UdpClientChannel
from smartserial.channels.elements.udpsenders import Senders
from smartserial.channels.udp.socket import SocketAddress, UdpSocket
from smartserial.engine.effects import Peer
from smartserial.errors import ConfigError
from smartserial.settings import ConnectionSettings
from smartserial.settings.network import Address
from smartserial.sharing.access import Network
from smartserial.sharing.admission import admitted, plain_host

__all__ = ["UdpClientChannel", "UdpHub", "UdpServerChannel"]

RETRY = 5.0
"""Seconds after which an address that could not be had is tried again, while a channel wants it."""

_MOST_HOSTS = 1000
_MOST_REFUSED = 100


class UdpHub:
    """A UDP address of this gateway; each datagram goes to the channels whose lists admit its sender.

    Args:
        host: numeric.
        port: 0: any free one.
        reactor: the reactor.
    """

    def __init__(self, host: str, port: int, reactor: Any) -> None:
        self.socket: UdpSocket | None = None
        self.refused = 0
        """Bytes from senders that no channel admits."""
        self.right = SendRight()
        """Which of the channels may send."""
        self._address = Address(host, port)
        self._reactor = reactor
        self._channels: dict[UdpServerChannel, None] = {}
        self._hearing: dict[str, tuple[UdpServerChannel, ...]] = {}  # what the lists say, by host
        self._strangers: set[str] = set()
        self._failure = ""
        self._retry: IDelayedCall | None = None

    @property
    def where(self) -> str:
        """The address, with the real port once that is known."""
        port = self._address.port if self.socket is None else self.socket.port
        return str(Address(self._address.host, port))

    @property
    def used(self) -> bool:
        """Whether a channel is open on it."""
        return bool(self._channels)

    def bind(self) -> None:
        """Take the address; datagrams wait in the kernel until a channel is open.

        Raises:
            ConfigError: it cannot be had.
        """
        if self.socket is not None:
            return
        try:
            self.socket = UdpSocket(self._address.host, self._address.port, self, self._reactor)
        except OSError as error:
            raise ConfigError(f"cannot listen on udp {self._address}: {error.strerror}") from error

    def stop(self) -> Deferred[None]:
        """Give the address up."""
        retry, self._retry = self._retry, None
        if retry is not None:
            retry.cancel()
        self._failure = ""
        self._strangers.clear()
        if self.socket is not None:
            self.socket.close()
            self.socket = None
        return succeed(None)

    # ---- channels

    def join(self, channel: UdpServerChannel) -> None:
        """Serve one more channel."""
        self._channels[channel] = None
        self.relist()
        if self._retry is not None:
            channel.owner.channel_failed(self._failure, True)
        elif self.socket is not None:
            self.socket.startReading()
            channel.owner.channel_ready()
        else:
            self._try()

    def leave(self, channel: UdpServerChannel) -> None:
        """Serve one channel less; without any, the address is given up."""
        if channel in self._channels:
            if len(self._channels) == 1:
                self.stop()
            del self._channels[channel]
            self.relist()

    def relist(self) -> None:
        """Go by the lists as they are now: each channel forgets the senders that are not its own any more."""
        self._hearing.clear()
        self._strangers.clear()
        for channel in list(self._channels):
            channel.review()

    def _try(self) -> None:
        self._retry = None
        try:
            self.bind()
        except ConfigError as error:
            news, self._failure = str(error) != self._failure, str(error)
            self._retry = self._reactor.callLater(RETRY, self._try)
            for channel in list(self._channels):
                channel.owner.channel_failed(self._failure, news)
            return
        self._failure = ""
        assert self.socket is not None
        self.socket.startReading()
        for channel in list(self._channels):
            channel.owner.channel_ready()

    # ---- datagrams

    def hearing(self, host: str) -> tuple[UdpServerChannel, ...]:
        """Return the channels that hear a host, in the order of opening."""
        known = self._hearing.get(host)
        if known is None:
            chosen = admitted({channel: channel.allowed for channel in self._channels}, host)
            known = tuple(channel for channel in self._channels if channel in chosen)
            if len(self._hearing) >= _MOST_HOSTS:
                self._hearing.clear()
            self._hearing[host] = known
        return known

    def datagram(self, data: bytes, address: SocketAddress) -> None:
        """Hand out a datagram."""
        channels = self.hearing(address[0])
        if not channels:
            self._turn_away(data, plain_host(address[0]), address[1])
        for channel in channels:
            channel.heard(data, address)

    def _turn_away(self, data: bytes, host: str, port: int) -> None:
        self.refused += len(data)
        if self._channels and host not in self._strangers and len(self._strangers) < _MOST_REFUSED:
            self._strangers.add(host)
            next(iter(self._channels)).owner.session_refused(
                Peer(host, port), "no element admits its address"
            )

    def writable(self) -> None:
        """Have the channels send what waits."""
        for channel in list(self._channels):
            channel.flush()

    def erred(self, error: OSError) -> None:
        """Do nothing: it is not known whose datagram that was."""

    def overrun(self, count: int) -> None:
        """Tell all channels: it is not known whose datagrams those were."""
        for channel in list(self._channels):
            channel.overrun(count)


class UdpServerChannel(UdpChannel):
    """A server over UDP: it hears whoever its list admits, and sends to who was heard last.

    Args:
        owner: is told what happens.
        hub: the address; shared with others.
        settings: of the connection.
        reactor: keeps the time.
    """

    def __init__(self, owner: ChannelOwner, hub: UdpHub, settings: ConnectionSettings, reactor: Any) -> None:
        super().__init__(owner, hub.where, reactor)
        self.allowed: tuple[Network, ...] = settings.allowed
        self._hub = hub
        self._senders = Senders(self.owner.session_closed, reactor)

    @property
    @override
    def where(self) -> str:
        return f"udp server on {self._hub.where}"

    @property
    def peers(self) -> tuple[Peer, ...]:
        """Who was heard in the last minute, the oldest first."""
        return self._senders.peers

    @property
    @override
    def socket(self) -> UdpSocket | None:
        return self._hub.socket

    @override
    def _begin(self) -> None:
        self._hub.join(self)

    @override
    def _shut(self, why: str) -> None:
        self._hub.right.forget(self)
        self._hub.leave(self)
        self._senders.clear(why)

    def update(self, settings: ConnectionSettings) -> None:
        """Go by another list."""
        self.allowed = settings.allowed
        self._hub.relist()

    def review(self) -> None:
        """Forget the senders that are not admitted any more."""
        last = self._senders.last
        for peer in {*self.peers, *(() if last is None else (last,))}:
            if self not in self._hub.hearing(peer.host):
                self._senders.forget(peer, "its address is not allowed any more")

    def heard(self, data: bytes, address: SocketAddress) -> None:
        """Take a datagram of a sender that is admitted."""
        if not self.is_open:
            return
        peer, other = self._senders.hear(address)
        if other is not None:
            self.owner.channel_noted(
                f"both {other} and {peer} send: what is for all goes to the last sender only"
            )
        if self.is_open:
            self.hear(peer, data)
        else:  # the owner wants no more since it was told of others
            self._senders.clear("closed")

    def send(self, data: bytes, to: Peer | None = None) -> int:
        """Send to the last sender, or to another one; see `Channel.send`."""
        if not self.is_open or self._hub.right.free_for(self):
            return self._send_now(data, to)
        if not self._room_for(data):
            return 0
        self._hub.right.keep(self, data, to)
        return 1

    def _send_now(self, data: bytes, to: Peer | None) -> int:
        address = self._senders.address(to)
        if not self.is_open:
            return self._refuse(data, "")
        if address is None:
            return self._refuse(
                data, "nobody has sent anything yet: there is nobody to send to" if to is None else ""
            )
        if self._too_large(data):
            return self._refuse_large(data)
        return self._dispatch(data, address)

    def deliver_kept(self, data: bytes, to: Peer | None) -> None:
        """Send what had to wait for another channel's lock."""
        self._tally.pending -= len(data)
        self._send_now(data, to)

    def drop_kept(self, data: bytes) -> None:
        """Count what waited as dropped."""
        self._tally.pending -= len(data)
        self._tally.dropped += len(data)

    def lock(self, held: bool, priority: bool) -> Deferred[None]:
        """Take, or give back, the right to send alone on the address; see `Channel.lock`."""
        if held:
            return self._hub.right.take(self, priority)
        self._hub.right.give(self)
        return succeed(None)

    @override
    def _unsendable(self, error: OSError) -> None:
        self.note(f"cannot send from udp {self._hub.where}: {error.strerror}")

    def drop(self, peer: Peer) -> bool:
        """Forget a sender."""
        return self._senders.forget(peer, "closed")

    def redirect(self, host: str, port: int | None) -> None:
        """Refuse: it goes nowhere.

        Raises:
            ChannelError: always.
        """
        raise ChannelError("a server does not connect: it cannot go elsewhere")
