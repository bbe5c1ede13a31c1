"""The link to a device: opened, kept open, opened again after it was lost."""

from __future__ import annotations

from enum import Enum
from typing import Any
from typing import Protocol as Shape

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IPushProducer, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.foreign import ForeignTransport, counted
from smartserial.channels.retries import Retries


class LinkState(Enum):
    """What a link is doing."""

    CLOSED = "closed"
    OPENING = "opening"
    UP = "up"
    AWAY = "away"
    CLOSING = "closing"


class LinkOwner(Shape):
    """What a link needs of its share."""

    def from_device(self, data: bytes) -> None:
        """Take what the device has sent."""

    def device_up(self) -> None:
        """Take note that the device is open."""

    def device_down(self, stream: Any, reason: Failure, expected: bool) -> None:
        """Take note that the device, whose transport `stream` was, is not open any more."""

    def device_failed(self, error: object, news: bool) -> None:
        """Take note that the device cannot be opened; `news`: for another reason than the time before."""

    def device_full(self, full: bool) -> None:
        """Take note that too much waits for the device, or little again."""


@implementer(IPushProducer)
class _DeviceProtocol(Protocol):
    """Passes what comes straight to the owner; to its transport it is the producer."""

    def __init__(self, link: Link, owner: LinkOwner) -> None:
        self._link = link
        self._owner = owner
        self.dataReceived = owner.from_device  # type: ignore[method-assign]

    @override
    def connectionMade(self) -> None:
        self._link.connected(self)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._link.lost(reason)

    def pauseProducing(self) -> None:
        self._owner.device_full(True)

    def resumeProducing(self) -> None:
        self._owner.device_full(False)

    def stopProducing(self) -> None:
        pass


class Link(Factory):
    """Keeps one device open while that is wanted.

    Args:
        owner: is told what happens.
        endpoint: connects to the device; it may have a `lookout`, see `Retries`.
        reactor: keeps the time.
    """

    noisy = False

    def __init__(self, owner: LinkOwner, endpoint: IStreamClientEndpoint, reactor: Any) -> None:
        self.state = LinkState.CLOSED
        self.stream: Any = None  # ICountedTransport while UP or CLOSING
        self.settling = False  # whether it will soon be known if the device can be opened
        self._owner = owner
        self._endpoint = endpoint
        self._reactor = reactor
        self.wanted = False
        self.failure = ""  # why the last attempt to open the device failed, as far as that is known
        self._attempt: Deferred[Any] | None = None
        self._retries = Retries(self._try, reactor)

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return _DeviceProtocol(self, self._owner)

    def open(self) -> None:
        """Open the device, now or as soon as it is there; after a close, as soon as that is done."""
        self.wanted = True
        self.settling = self.settling or self.state in (LinkState.CLOSED, LinkState.CLOSING)
        if self.state is LinkState.CLOSED:
            self._begin_anew()
            self._try()

    def _begin_anew(self) -> None:
        self._retries.forget()
        self.failure = ""

    def close(self) -> None:
        """Close the device when what waits for it has been sent."""
        self.wanted = self.settling = False
        self._retries.stop()
        if self.state is LinkState.UP:
            self.state = LinkState.CLOSING
            self.stream.unregisterProducer()
            self.stream.loseConnection()
        elif self._attempt is not None:
            self._attempt.cancel()
        elif self.state is not LinkState.CLOSING:
            self.state = LinkState.CLOSED

    def abort(self) -> None:
        """Close the device now; what waits for it is dropped."""
        if self.stream is not None:
            self.wanted = False
            self.state = LinkState.CLOSING
            self.stream.abandon()
            self.stream.abortConnection()
        else:
            self.close()

    def use(self, endpoint: IStreamClientEndpoint) -> None:
        """Open the device by another endpoint the next time."""
        self._retries.look_no_more()
        self._endpoint = endpoint

    def replace(self, endpoint: IStreamClientEndpoint) -> None:
        """Go over to another endpoint; an open device is closed first."""
        self.use(endpoint)
        wanted = self.wanted
        self.close()
        if wanted:
            self.open()

    def _try(self) -> None:
        self._retries.begin()
        self.state = LinkState.OPENING
        attempt = maybeDeferred(self._endpoint.connect, self)
        if self.state is LinkState.OPENING:
            self._attempt = attempt
        attempt.addErrback(self._failed)

    def connected(self, protocol: _DeviceProtocol) -> None:
        """Be told that the device is open."""
        self._attempt = None
        self._retries.look_no_more()
        self._begin_anew()
        self.stream = counted(protocol.transport)
        self.state = LinkState.UP
        self.settling = False
        if not self.wanted:
            self.close()
            return
        self.stream.registerProducer(protocol, True)
        self._owner.device_up()

    def _failed(self, failure: Failure) -> None:
        self._attempt = None
        if not self.wanted or failure.check(CancelledError):
            self.state = LinkState.CLOSED
            if self.wanted:
                self._try()
            return
        self.state = LinkState.AWAY
        self.settling = False
        text = failure.getErrorMessage()
        news, self.failure = text != self.failure, text
        self._retries.again(self._endpoint)
        self._owner.device_failed(failure.value or failure, news)

    def lost(self, reason: Failure) -> None:
        """Be told that the device is not open any more."""
        stream, self.stream = self.stream, None
        if isinstance(stream, ForeignTransport):
            stream.lost()
        expected = self.state is LinkState.CLOSING
        self.state = LinkState.CLOSED
        if stream is not None:
            self._owner.device_down(stream, reason, expected)
        if self.wanted and self.state is LinkState.CLOSED and not self._retries.waiting:
            if expected:
                self._try()
            else:
                self.state = LinkState.AWAY
                self._retries.again(self._endpoint)
