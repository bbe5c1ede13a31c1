"""Counting on a transport that is not ours: whatever a Twisted endpoint string leads to."""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from smartserial.channels.stream import HIGH
from smartserial.channels.valve import Valve
from smartserial.interfaces import ICountedTransport
from smartserial.sharing.backlog import Backlog


@implementer(ICountedTransport)
class ForeignTransport:
    """An `ICountedTransport` in front of any Twisted transport.

    What the transport has taken counts as sent; when it dies it may have kept its last 64 KiB, which
    it does not tell.
    """

    fanned_out = False

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._outbox = Backlog()
        self._taking = True
        self._valve = Valve()
        self._closing = False
        self.high = HIGH
        self.sent = 0
        self.dropped = 0
        transport.registerProducer(_Tap(self), True)

    @property
    def pending(self) -> int:
        """Bytes that wait here."""
        return self._outbox.size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Pass `data` on, or keep it while the transport's own buffer is full."""
        self._outbox.append(data)
        self.feed()

    def writeSequence(self, data: Any) -> None:
        """Write the joined pieces."""
        self.write(b"".join(data))

    def feed(self) -> None:
        """Pass on what waits, until the transport has had enough."""
        while self._taking and self._outbox.size:
            chunk = bytes(self._outbox.head()[0])
            self._outbox.consume(len(chunk))
            self.sent += len(chunk)
            self._transport.write(chunk)
        self._valve.check(self.pending, self.high)
        if self._closing and not self._outbox.size:
            self._transport.unregisterProducer()
            self._transport.loseConnection()

    def may_take(self, taking: bool) -> None:
        """Note that the transport's buffer is full, or has room again."""
        self._taking = taking
        if taking:
            self.feed()

    def lost(self) -> None:
        """Count what waits as dropped: the transport is gone."""
        self._taking = False
        self.dropped += self._outbox.clear()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Pause `producer` while too much waits here."""
        self._valve.attach(producer)

    def unregisterProducer(self) -> None:
        """Forget the producer."""
        self._valve.attach(None)

    def loseConnection(self) -> None:
        """Close when everything has been passed on."""
        self._closing = True
        self.feed()

    def abortConnection(self) -> None:
        """Close now."""
        self.lost()
        self._transport.abortConnection()

    def cut(self) -> None:
        """Close now; what the transport has taken is dropped if its peer does not take it."""
        self.lost()
        self._transport.unregisterProducer()
        if getattr(self._transport, "dataBuffer", b"") or getattr(self._transport, "_tempDataBuffer", ()):
            self._transport.abortConnection()
        else:
            self._transport.loseConnection()

    def discard_oldest(self, count: int) -> int:
        """Throw away the oldest pending bytes."""
        return self._outbox.consume(count)

    def unconfirmed(self) -> int:
        """Return 0: it cannot be seen."""
        return 0

    def abandon(self) -> None:
        """Do nothing: it cannot be seen what has not arrived."""

    def take_back(self, count: int) -> None:
        """Forget the last `count` bytes."""
        dropped = min(count, self.dropped)
        self.dropped -= dropped
        self.sent -= count - dropped

    def tell(self, text: bytes) -> None:
        """Send words of our own."""
        if not self.pending:
            self._transport.write(text)


class _Tap:
    """What the foreign transport sees as its producer."""

    def __init__(self, owner: ForeignTransport) -> None:
        self._owner = owner

    def pauseProducing(self) -> None:
        self._owner.may_take(False)

    def resumeProducing(self) -> None:
        self._owner.may_take(True)

    def stopProducing(self) -> None:
        self._owner.lost()


def counted(transport: Any) -> Any:
    """Return `transport` if it counts itself, else a counting one in front of it."""
    return transport if ICountedTransport.providedBy(transport) else ForeignTransport(transport)
