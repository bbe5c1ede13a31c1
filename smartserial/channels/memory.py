"""Devices that live in this process: what they have in common, and the simplest of them, a loop."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.main import CONNECTION_DONE
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.stream import FULL_BATCH, HIGH
from smartserial.channels.valve import Valve
from smartserial.interfaces import ICountedTransport
from smartserial.sharing.backlog import Backlog


@implementer(IAddress)
class MemoryAddress:
    """The address of a device in memory: what it is called."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"MemoryAddress({self.name!r})"


@implementer(ICountedTransport)
class MemoryTransport:
    """A counted transport to a device in this process; a subclass is the device.

    What is written is taken at once, unless what the device has to say is not being read: then the
    writer is held back, as a real device's flow control would.
    """

    high = HIGH
    fanned_out = False
    pending = 0
    disconnecting = False

    def __init__(self, name: str, reactor: Any) -> None:
        self.name = name
        self.reactor = reactor
        self.protocol: IProtocol | None = None
        self.sent = 0
        self.dropped = 0
        self._said = Backlog()
        self._reading = True
        self._turn: IDelayedCall | None = None
        self._valve = Valve()

    def received(self, data: bytes) -> None:
        """Be given `data`; the device decides what to say. A mere talker, like this one, hears nothing."""

    def opened(self) -> None:
        """Begin; somebody listens now."""

    def closed(self) -> None:
        """End whatever the device does by itself."""

    def connect(self, protocol: IProtocol) -> None:
        """Begin to talk to `protocol`."""
        self.protocol = protocol
        protocol.makeConnection(self)
        self.opened()

    def say(self, data: bytes) -> None:
        """Send `data` to whoever has the device open, in a later turn of the reactor."""
        self._said.append(data)
        self._hold_back()
        self._schedule()

    def unsaid(self) -> int:
        """Return how many bytes the device has to say that were not read yet."""
        return self._said.size

    def _schedule(self) -> None:
        if self._reading and self._said.size and self._turn is None and self.protocol is not None:
            self._turn = self.reactor.callLater(0, self._deliver)

    def _deliver(self) -> None:
        self._turn = None
        data = b"".join(self._said.head())[:FULL_BATCH]
        self._said.consume(len(data))
        if self.protocol is not None:
            self.protocol.dataReceived(data)
        self._hold_back()
        self._schedule()

    def _hold_back(self) -> None:
        self._valve.check(self.unsaid(), self.high)

    def write(self, data: bytes) -> None:
        """Give `data` to the device."""
        if self.protocol is None:
            self.dropped += len(data)
            return
        self.sent += len(data)
        self.received(data)

    def writeSequence(self, data: Any) -> None:
        """Give the joined pieces to the device."""
        self.write(b"".join(data))

    def discard_oldest(self, count: int) -> int:
        """Return 0: nothing waits here."""
        return 0

    def unconfirmed(self) -> int:
        """Return 0: what was written has been taken."""
        return 0

    def abandon(self) -> None:
        """Do nothing: what was written has been taken."""

    def take_back(self, count: int) -> None:
        """Do nothing: what was written has been taken."""

    def tell(self, text: bytes) -> None:
        """Do nothing: a device is told no words."""

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Hold back `producer` while the device's own words are not read."""
        self._valve.attach(producer)

    def unregisterProducer(self) -> None:
        """Forget the producer."""
        self._valve.attach(None)

    def pauseProducing(self) -> None:
        """Stop reading from the device."""
        self._reading = False
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def resumeProducing(self) -> None:
        """Read from the device again."""
        self._reading = True
        self._schedule()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    def loseConnection(self) -> None:
        """Close; the protocol is told at once."""
        protocol, self.protocol = self.protocol, None
        if protocol is not None:
            self.pauseProducing()
            self.closed()
            protocol.connectionLost(Failure(CONNECTION_DONE))

    cut = loseConnection
    abortConnection = loseConnection

    def getPeer(self) -> MemoryAddress:
        """Return what the device is called."""
        return MemoryAddress(self.name)

    getHost = getPeer


class Loop(MemoryTransport):
    """A device that sends back what it gets."""

    @override
    def received(self, data: bytes) -> None:
        self.say(data)


@implementer(IStreamClientEndpoint)
class MemoryEndpoint:
    """Connects to a new device in memory each time."""

    def __init__(self, make_device: Any) -> None:
        self._make_device = make_device

    def connect(self, protocol_factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Make the device and connect to it."""
        device = self._make_device()
        protocol = protocol_factory.buildProtocol(device.getPeer())
        assert protocol is not None
        device.connect(protocol)
        return succeed(protocol)
