"""One client of a share, and one that was not let in."""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.foreign import ForeignTransport, counted
from smartserial.settings import LoginSettings, TlsSettings
from smartserial.sharing.rights import ANYBODY, Identity, Right

if TYPE_CHECKING:
    from smartserial.channels.listener import Listener

DEVICE, CHANGE, TURN = 1, 2, 4  # why a client is not read from: the device is full, a change, others' turns
_WORDS_LINGER = 1.0  # seconds that a refused client has to read why


class SessionOwner(Shape):
    """What a session needs of its share."""

    def session_opened(self, session: Session) -> None:
        """Take note of a new client."""

    def from_client(self, session: Session, data: bytes) -> None:
        """Take what a client has sent."""

    def session_finished_sending(self, session: Session) -> None:
        """Take note that a client will send no more; it may still read."""

    def session_unwritable(self, session: Session) -> None:
        """Take note that a client can read no more; it may have sent something yet."""

    def session_closed(self, session: Session, reason: Failure) -> None:
        """Take note that a client is gone."""

    def session_full(self, session: Session) -> None:
        """Take note that too much waits for a client."""

    def session_drained(self, session: Session) -> None:
        """Take note that little waits for a client that was full."""


@implementer(IHalfCloseableProtocol, IPushProducer)
class Session(Protocol):
    """A client: its connection, and what is remembered of it.

    To its transport it is the producer, so that it learns when too much waits.
    """

    stream: Any  # ICountedTransport; zope interfaces cannot be subscripted here
    wire: Any  # the transport below, whose counters tell of what goes over the network
    received = 0
    heard_at = 0  # the device's byte count when this client last sent something
    holds = 0
    finished_sending = False
    unwritable = False
    farewell = ""
    opened_at = 0.0  # by the reactor's clock
    heard = 0  # these are what the watch saw at its last look
    confirmed = 0
    active_at = 0.0
    data_seen = 0
    sent_seen = 0
    progress_at = 0.0
    unsure: bytes = b""
    discarded = 0
    refused = 0  # bytes from it that the rules kept from the device
    greeting: bytes = b""  # a line of our own, before everything else
    _excused = _excused_from = 0  # bytes, and what had been sent when they were given
    identity: Identity = ANYBODY
    login: LoginSettings | None = None  # by which it came in; None: it need not say who it is
    tls: TlsSettings | None = (
        None  # by which its connection is encrypted; None: it is not, or not by a listener
    )
    may_control = True
    _may_read = _may_write = True

    def __init__(self, owner: SessionOwner, listener: Listener, address: IAddress) -> None:
        self.owner = owner
        self.listener = listener
        self.address = address

    @property
    def name(self) -> str:
        """The peer's address, as ``HOST:PORT``."""
        return peer_name(self.address)

    def identify(self, identity: Identity, rights: Right, login: LoginSettings) -> None:
        """Take note of who it is.

        Args:
            identity: who logged in, or knows a secret.
            rights: on its share.
            login: how that was found out.
        """
        self.identity, self.login = identity, login
        self._may_read, self._may_write = Right.READ in rights, Right.WRITE in rights
        self.may_control = Right.CONTROL in rights

    def barred(self) -> str:
        """Return why the door that it came by would not let it in any more; empty if it would."""
        return ""

    @property
    def may_read(self) -> bool:
        """Whether its listener and its rights let it hear the device."""
        return self._may_read and self.listener.settings.access.reads

    @property
    def reads(self) -> bool:
        """Whether the device's bytes go to it."""
        return not self.unwritable and not self.farewell and self.may_read

    @property
    def writes(self) -> bool:
        """Whether its listener and its rights let it send."""
        return self._may_write and self.listener.settings.access.writes

    @property
    def idle_limit(self) -> float | None:
        """Seconds without data in either direction after which it is closed; None: never."""
        return self.listener.settings.idle_timeout

    @property
    def held(self) -> bool:
        """Whether it is not read from."""
        return bool(self.holds)

    @property
    def scarce(self) -> bool:
        """Whether its descriptor is among the last that this process may have."""
        handle = self.stream.getHandle().fileno() if hasattr(self.stream, "getHandle") else 0
        return handle * 4 >= resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3

    @override
    def connectionMade(self) -> None:
        self.stream = counted(self.transport)
        self.wire = self.stream
        while hasattr(self.wire, "wire"):  # telnet, TLS, or both
            self.wire = self.wire.wire
        self.owner.session_opened(self)

    @override
    def dataReceived(self, data: bytes) -> None:
        self.received += len(data)
        self.owner.from_client(self, data)

    def readConnectionLost(self) -> None:
        """Be told by the transport that the peer sends no more."""
        self.finished_sending = True
        if self.unwritable:
            self.stream.loseConnection()
        else:
            self.owner.session_finished_sending(self)

    def writeConnectionLost(self) -> None:
        """Be told by the transport that the peer reads no more."""
        self.unwritable = True
        self.owner.session_unwritable(self)
        if self.finished_sending:
            self.stream.loseConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if isinstance(self.stream, ForeignTransport):
            self.stream.lost()
        self.owner.session_closed(self, reason)

    def pauseProducing(self) -> None:
        """Be told by the transport that too much waits."""
        self.owner.session_full(self)

    def resumeProducing(self) -> None:
        """Be told by the transport that little waits."""
        self.owner.session_drained(self)

    def stopProducing(self) -> None:
        """Be told by the transport that it is closing."""

    def excuse(self, count: int) -> None:
        """Take note that it is to be given so many bytes that were kept until it came: that is our doing.

        There is one excuse at a time, the larger one, so that what may wait for it has a bound.
        """
        if count > self.excused:
            self._excused, self._excused_from = count, self.stream.sent

    @property
    def excused(self) -> int:
        """Bytes that may wait for it beside what may wait for anybody."""
        return max(0, self._excused - (self.stream.sent - self._excused_from)) if self._excused else 0

    def hold(self, held: bool, why: int = DEVICE) -> None:
        """Stop reading from the peer, or go on when nothing else speaks against that."""
        before, self.holds = self.holds, self.holds | why if held else self.holds & ~why
        if self.holds and not before:
            self.stream.pauseProducing()
        elif before and not self.holds and not self.finished_sending:
            self.stream.resumeProducing()

    def finish(self, farewell: str) -> None:
        """Close when what waits has been sent; `farewell` is the reason for the record."""
        self.farewell = self.farewell or farewell
        self.stream.unregisterProducer()
        self.stream.loseConnection()

    def cut(self, farewell: str) -> None:
        """Close now; what waits here is dropped."""
        self.farewell = self.farewell or farewell
        self.stream.cut()

    def abort(self, farewell: str) -> None:
        """Close now; what waits here and in the kernel is dropped, by a reset: it must not arrive later."""
        self.farewell = self.farewell or farewell
        if not self.stream.pending + self.stream.unconfirmed():
            self.stream.cut()  # there is no such thing: its client sees an ordinary end
            return
        self.stream.abandon()
        self.stream.abortConnection()


class Refused(Protocol):
    """A connection that is not let in: told why, if that is wanted, and closed.

    Args:
        words: the line for its user; empty: it is just closed.
        count: is given the number of bytes that it sent all the same.
        ended: is called when a connection with words is gone.
        reactor: ends the patience with it.
    """

    def __init__(
        self, words: bytes, count: Callable[[int], None], ended: Callable[[], None], reactor: Any
    ) -> None:
        self._words = words
        self._count = count
        self._ended = ended
        self._reactor = reactor
        self._end: Any = None

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        if not self._words:
            transport.loseConnection()
            return
        # Closed at once with bytes unread, the kernel would take the words back.
        transport.write(self._words)
        transport.loseWriteConnection()
        self._end = self._reactor.callLater(_WORDS_LINGER, transport.loseConnection)

    @override
    def dataReceived(self, data: bytes) -> None:
        self._count(len(data))

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._end is not None:
            self._ended()
            if self._end.active():
                self._end.cancel()


def peer_name(address: Any) -> str:
    """Name a peer: ``HOST:PORT`` for TCP, else what kind of address it is."""
    if isinstance(address, (IPv4Address, IPv6Address)):
        return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"
    return type(address).__name__.removesuffix("Address").lower()


def peer_host(address: Any) -> str:
    """Return the numeric address of a peer, or an empty text where it has none."""
    return address.host if isinstance(address, (IPv4Address, IPv6Address)) else ""
