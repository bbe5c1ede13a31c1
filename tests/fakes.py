"""Doubles in memory: a transport whose other side takes bytes when the test says so."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

from smartserial.channels.stream import HIGH
from smartserial.interfaces import ICountedTransport
from smartserial.sharing.backlog import Backlog


@implementer(ICountedTransport)
class FakeTransport:
    """Keeps what is written until `take`; `taken` is what the other side got."""

    fanned_out = False

    def __init__(self, protocol: Any = None) -> None:
        self.protocol = protocol
        self.high = HIGH
        self.sent = 0
        self.dropped = 0
        self.taken = b""
        self.told = b""
        self.reading = True
        self.connected = True
        self.closing = False
        self._outbox = Backlog()
        self._producer: Any = None
        self._paused = False

    @property
    def pending(self) -> int:
        return self._outbox.size

    # ---- the test's side

    def say(self, data: bytes) -> None:
        """Let the other side send; it must be read from."""
        assert self.reading and self.connected
        self.protocol.dataReceived(data)

    def take(self, count: int) -> None:
        """Let the other side take up to `count` bytes."""
        data = b"".join(self._outbox.head())[:count]
        self._outbox.consume(len(data))
        self.sent += len(data)
        self.taken += data
        if self._paused and self.pending <= self.high // 4:
            self._paused = False
            self._producer.resumeProducing()
        if self.closing and not self.pending and self.connected:
            self.lose(ConnectionDone())

    def lose(self, reason: Exception) -> None:
        """End the connection."""
        if self.connected:
            self.connected = False
            self.dropped += self._outbox.clear()
            self.protocol.connectionLost(Failure(reason))

    def reset(self) -> None:
        """Let the other side go without a word."""
        self.lose(ConnectionLost())

    def finish_sending(self) -> None:
        """Let the other side close its sending half."""
        self.reading = False
        IHalfCloseableProtocol(self.protocol).readConnectionLost()

    def refuse_writes(self) -> None:
        """Let the other side close its receiving half."""
        self.dropped += self._outbox.clear()
        IHalfCloseableProtocol(self.protocol).writeConnectionLost()

    # ---- the program's side

    def write(self, data: bytes) -> None:
        if not self.connected:
            self.dropped += len(data)
            return
        self._outbox.append(data)
        if self.pending > self.high and self._producer is not None and not self._paused:
            self._paused = True
            self._producer.pauseProducing()

    def tell(self, text: bytes) -> None:
        if not self.pending:
            self.told += text

    def discard_oldest(self, count: int) -> int:
        return self._outbox.consume(count)

    def unconfirmed(self) -> int:
        return 0

    def abandon(self) -> None:
        pass

    def take_back(self, count: int) -> None:
        dropped = min(count, self.dropped)
        self.dropped -= dropped
        self.sent -= count - dropped

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self._producer = producer

    def unregisterProducer(self) -> None:
        self._producer, self._paused = None, False

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True

    def loseConnection(self) -> None:
        self.closing = True
        if not self.pending:
            self.lose(ConnectionDone())

    def cut(self) -> None:
        self.lose(ConnectionDone())

    def abortConnection(self) -> None:
        self.lose(ConnectionAborted())


@implementer(IStreamClientEndpoint)
class FakeEndpoint:
    """Opens a `FakeTransport`, unless the device is away."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.transport: FakeTransport | None = None
        self.gone: list[FakeTransport] = []

    def connect(self, protocol_factory: Any) -> Deferred[Any]:
        if self.error is not None:
            return fail(self.error)
        protocol = protocol_factory.buildProtocol(None)
        if self.transport is not None:
            self.gone.append(self.transport)
        self.transport = FakeTransport(protocol)
        protocol.makeConnection(self.transport)
        return succeed(protocol)
