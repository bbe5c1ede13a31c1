"""A listener of a share over UDP: whoever sends is a client, until it has been silent for a while.

::

    datagram --> known? --> its session --> share
                   | no
                   v
                 judge --> a new session, or refused: counted, and told nothing

All sessions use one socket. A target is a client that need not send anything, and stays.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from typing_extensions import override

from smartserial.channels.listener import Listener, ListenerOwner
from smartserial.channels.session import peer_name
from smartserial.channels.udp.inbox import Inbox
from smartserial.channels.udp.peer import PeerStream, UdpSession
from smartserial.channels.udp.socket import SocketAddress, UdpSocket
from smartserial.channels.udp.targets import Targets
from smartserial.errors import ConfigError
from smartserial.settings import Address, ListenerSettings, UdpRules
from smartserial.sharing.access import allowed
from smartserial.sharing.admission import plain_host

SILENCE = 60.0
"""Seconds of silence after which a client is forgotten, if the settings say nothing else."""
_MOST_STRANGERS = 1000
_MOST_NOTED = 100
_SOON = 0.01  # seconds: timers may come that much too early


class UdpListener(Listener):
    """One listener over UDP; `bind` before the reactor runs, so that a taken address is known at once."""

    def __init__(self, settings: ListenerSettings, reactor: Any) -> None:
        super().__init__(settings, reactor)
        self.where = f"udp:{settings.address}"
        self._socket: UdpSocket | None = None
        self._peers: dict[SocketAddress, PeerStream] = {}  # who was heard last comes last; targets too
        self._targets = Targets(self, reactor)
        self._inbox = Inbox(self._take, reactor)
        self._strangers: set[SocketAddress] = set()
        self._noted: set[str] = set()
        self._stopped = False
        self._next: IDelayedCall | None = None

    @property
    def rules(self) -> UdpRules:
        """What it does as UDP."""
        assert self.settings.udp is not None
        return self.settings.udp

    # ---- life

    @override
    def bind(self) -> None:
        address = self.settings.address
        try:
            self._socket = UdpSocket(address.host, address.port, self, self._reactor)
            self._prepare(self._socket)
        except OSError as error:
            if self._socket is not None:
                self._socket.close()
            raise ConfigError(f"cannot listen on udp {address}: {error.strerror or error}") from error
        self.where = f"udp:{Address(address.host, self._socket.port)}"

    def _prepare(self, socket: UdpSocket) -> None:
        if not self.rules.targets:
            return
        try:
            socket.reach_many(self.rules.interface)
        except OSError as error:
            if not self.rules.interface:
                raise
            why = f"the interface {self.rules.interface} cannot be used: {error.strerror or error}"
            raise OSError(error.errno, why) from error

    @override
    def fits(self, settings: ListenerSettings) -> bool:
        where = f"udp:{settings.address}"
        return settings.udp is not None and where in (self.where, f"udp:{self.settings.address}")

    @override
    def attach(self, owner: ListenerOwner) -> None:
        super().attach(owner)
        if self._socket is not None and not self._inbox.held:
            self._socket.startReading()
        self._targets.use(self.rules.targets)

    @override
    def adopt(self, other: Listener) -> None:
        assert isinstance(other, UdpListener)
        socket, other._socket = other._socket, None
        other.stop()
        for stream in list(other._peers.values()):
            stream.protocol.cut("its listener was closed")
        assert socket is not None
        socket.stopReading()
        socket.owner = self
        self._socket, self.where = socket, other.where
        self.update(self.settings)

    @override
    def update(self, settings: ListenerSettings) -> None:
        self.settings = settings
        self._strangers.clear()
        self._noted.clear()
        if self._next is not None:  # others may be too silent now
            self._next.reset(0)
        try:
            if self._socket is not None:
                self._prepare(self._socket)
        except OSError as error:
            self.note(error.strerror or str(error))

    @override
    def stop(self) -> Deferred[None]:
        """Let nobody in any more; sessions go on, and the socket is given up with the last of them."""
        self._stopped = True
        self._targets.stop()
        self._end_if_done()
        return succeed(None)

    def _end_if_done(self) -> None:
        if not self._stopped or self._peers:
            return
        for data in self._inbox.empty():
            self._count_refused(data)
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @override
    def set_up(self, transport: Any) -> None:
        """Do nothing: there is no connection with options of its own."""

    # ---- in

    def datagram(self, data: bytes, address: SocketAddress) -> None:
        """Take a datagram."""
        self._inbox.put(data, address)

    def _take(self, data: bytes, address: SocketAddress) -> None:
        socket = self._socket
        if socket is not None and socket.is_own(address):  # for ever, if the device answers
            self.note(f"one of the targets leads back to {self.where}: what comes from itself is refused")
            self._count_refused(data)
            return
        stream = self._peers.get(address)
        if stream is None:
            stream = self._admit(address)
        elif stream.target is not None and not allowed(self.settings.allow, plain_host(address[0])):
            stream = None
        if stream is None or not stream.connected:
            self._count_refused(data)
            return
        stream.heard_at = self._inbox.seconds
        self._peers[address] = self._peers.pop(address)
        if self._next is None:
            self._next = self._reactor.callLater(self._silence, self._look)
        if data and self._inbox.held:  # what began with this datagram must first be ready for it
            self._inbox.put_back(data, address)
        elif data:
            stream.protocol.dataReceived(data)

    def _admit(self, address: SocketAddress) -> PeerStream | None:
        """Judge somebody new."""
        if self._stopped or self.owner is None:
            return None
        host = plain_host(address[0])
        refusal = self.owner.admits(self, host) or self.owner.judge(self, host)
        if refusal is None:
            self._strangers.discard(address)
            return self._begin(address, None)
        if address not in self._strangers:
            if len(self._strangers) >= _MOST_STRANGERS:
                self._strangers.clear()
            self._strangers.add(address)
            self.owner.refused(self, peer_name(_named(address)), refusal)
        return None

    def _begin(self, address: SocketAddress, target: Address | None) -> PeerStream:
        assert self.owner is not None
        stream = PeerStream(self, address, target)
        self._peers[address] = stream
        stream.start(UdpSession(self.owner, self, _named(address)))
        return stream

    def _count_refused(self, data: bytes) -> None:
        if self.owner is not None:
            self.owner.count_refused(len(data))

    def hold(self, stream: PeerStream) -> None:
        """Read from nobody while one is held."""
        self._inbox.hold(stream)
        if self._socket is not None:
            self._socket.stopReading()

    def let_go(self, stream: PeerStream) -> None:
        """Take what has come meanwhile, and read again, unless another one is held."""
        self._inbox.held.discard(stream)
        self._go_on()

    def _go_on(self) -> None:
        if not self._inbox.hand_over() or self._socket is None or self.owner is None:
            return
        if self._peers and self._next is None:
            self._next = self._reactor.callLater(_SOON, self._look)
        self._socket.startReading()

    # ---- out

    def send(self, datagram: bytes, address: SocketAddress) -> bool:
        """Hand a datagram to the kernel; return whether it was taken.

        Raises:
            OSError: it cannot be sent there.
        """
        if self._socket is None:
            raise OSError(0, "the socket is closed")
        return self._socket.send(datagram, address)

    def failed(self, stream: PeerStream, count: int, error: OSError) -> None:
        """Count what could not be sent, and say so, once for each peer and cause."""
        stream.protocol.discarded += count
        if self.owner is not None:
            self.owner.count_unsent(count)
        self.note(f"cannot send to {stream.protocol.name}: {error.strerror}")

    def note(self, text: str) -> None:
        """Tell the operator something, once."""
        if self.owner is not None and text not in self._noted and len(self._noted) < _MOST_NOTED:
            self._noted.add(text)
            self.owner.note(text)

    def writable(self) -> None:
        """Send what waits."""
        for stream in list(self._peers.values()):
            stream.flush()

    def erred(self, error: OSError) -> None:
        """Do nothing: it is not known whose datagram that was."""

    def overrun(self, count: int) -> None:
        """Count what the kernel has dropped: for whom is not known, nor how many bytes."""
        if self.owner is not None:
            self.owner.count_overrun(self.where, count)

    # ---- who is gone

    def forget(self, stream: PeerStream) -> None:
        """Forget a client whose session ends."""
        if self._peers.get(stream.address) is stream:
            del self._peers[stream.address]
        if stream.target is not None:
            self._targets.gone(stream.target)
        if stream in self._inbox.held:
            self._inbox.held.discard(stream)
            self._reactor.callLater(0, self._go_on)  # it may begin a session, which comes after this one
        if self._stopped:
            self._end_if_done()

    @property
    def _silence(self) -> float:
        return SILENCE if self.settings.idle_timeout is None else self.settings.idle_timeout

    def _look(self) -> None:
        """Forget who has been silent for too long: the first ones, in the order of hearing."""
        self._next = None
        if self._inbox.deaf:
            return  # it goes on when they are read from again
        latest = self._inbox.seconds - self._silence
        for stream in [one for one in self._peers.values() if one.target is None]:
            if stream.heard_at > latest:
                wait = max(_SOON, stream.heard_at - latest)
                self._next = self._reactor.callLater(wait, self._look)
                break
            stream.protocol.cut(f"silent for {self._silence:g} s")

    # ---- targets

    def begin_target(self, address: SocketAddress, target: Address) -> bool:
        """Begin to serve a target; what it was before, for it has sent something, ends."""
        known = self._peers.get(address)
        if known is not None and known.target is not None:
            return False
        if known is not None:
            known.protocol.cut("is a target now")
        self._begin(address, target)
        return True

    def end_target(self, target: Address) -> None:
        """Serve a target no more."""
        for stream in list(self._peers.values()):
            if stream.target == target:
                stream.protocol.cut("is no target any more")


def _named(address: SocketAddress) -> IPv4Address | IPv6Address:
    """Return an address as Twisted has it; a v4-mapped one as the v4 address."""
    host = plain_host(address[0])
    return (IPv6Address if ":" in host else IPv4Address)("UDP", host, address[1])


def listener_for(settings: ListenerSettings, reactor: Any) -> Listener:
    """Return the listener that settings ask for, not bound yet."""
    return (Listener if settings.udp is None else UdpListener)(settings, reactor)
