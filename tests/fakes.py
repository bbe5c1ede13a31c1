"""Doubles in memory: a transport whose other side takes bytes when the test says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

from smartserial.channels.stream import HIGH
from smartserial.errors import SettingsRefusedError
from smartserial.interfaces import ICountedTransport, ISerialTransport
from smartserial.lines import LineCounts, Lines, LineSettings, ModemLines
from smartserial.sharing.backlog import Backlog


@implementer(ICountedTransport)
class FakeTransport:  # type: ignore[misc] # not all of ITransport
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


@implementer(ISerialTransport)
class FakeSerial(FakeTransport):  # type: ignore[misc] # not all of ITransport
    """A serial port that remembers what it was asked for, in the order of asking."""

    def __init__(self, protocol: Any = None) -> None:
        super().__init__(protocol)
        self.asked: list[Any] = []  # LineSettings, Lines, seconds of break, bytes that were written
        self.settings = LineSettings()
        self.shadowed: tuple[str, ...] = ()
        self.on_change: Callable[[], None] | None = None
        self.takes: Callable[[LineSettings], LineSettings | None] = lambda wanted: wanted  # None: refused
        self._later: deque[Callable[[], object]] | None = None  # answers that the test keeps
        self.inputs: ModemLines | None = None
        self.counted: LineCounts | None = None
        self.looks = 0
        self.unread = 0  # bytes in the driver, from the line
        self.purged = 0  # of those, bytes that were thrown away
        self.unsent = 0  # bytes in the driver, of `sent`
        self._states = Lines()

    def asked_for(self, kind: type) -> list[Any]:
        """Return what it was asked for, of one kind."""
        return [asked for asked in self.asked if isinstance(asked, kind)]

    def keep_answers(self) -> None:
        """Answer no more until `answer` or `answer_all`."""
        self._later = self._later or deque()

    def answer(self) -> None:
        """Answer the oldest request."""
        assert self._later is not None
        self._later.popleft()()

    def answer_all(self) -> None:
        """Answer what has been asked, and from now on at once."""
        later, self._later = self._later, None
        for answer in later or ():
            answer()

    def change_over_there(self, **settings: Any) -> None:
        """Let the device change its settings by itself."""
        self.settings = replace(self.settings, **settings)
        assert self.on_change is not None
        self.on_change()

    def write(self, data: bytes) -> None:
        self.asked.append(bytes(data))
        super().write(data)

    def apply(self, settings: LineSettings) -> Deferred[None]:
        self.asked.append(settings)
        return self._answer(lambda: self._apply(settings))

    def _apply(self, settings: LineSettings) -> None:
        in_force = self.takes(settings)
        if in_force is None:
            raise SettingsRefusedError(f"it does not take {settings}")
        self.settings = in_force

    def set_lines(self, lines: Lines) -> Deferred[None]:
        self.asked.append(lines)
        self._states = lines.over(self._states)
        return self._answer(lambda: None)

    def _answer(self, act: Callable[[], None]) -> Deferred[None]:
        if self._later is None:
            return execute(act)
        answered: Deferred[None] = Deferred()
        self._later.append(lambda: execute(act).chainDeferred(answered))
        return answered

    def lines(self) -> Lines:
        return self._states

    def send_break(self, seconds: float) -> None:
        self.asked.append(seconds)

    def modem(self) -> ModemLines | None:
        self.looks += 1
        return self.inputs

    def counts(self) -> LineCounts | None:
        return self.counted

    def unconfirmed(self) -> int:
        return self.unsent

    def purge_input(self) -> int:
        count, self.unread = self.unread, 0
        self.purged += count
        return count

    def purge_output(self) -> int:
        count, self.unsent = self.unsent, 0
        self.take_back(count)
        return count


class SerialEndpoint(FakeEndpoint):
    """Opens a `FakeSerial` that `prepare` has made ready."""

    def __init__(self, prepare: Callable[[FakeSerial], None] = lambda _: None) -> None:
        super().__init__()
        self.prepare = prepare

    def connect(self, protocol_factory: Any) -> Deferred[Any]:
        if self.error is not None:
            return fail(self.error)
        protocol = protocol_factory.buildProtocol(None)
        if self.transport is not None:
            self.gone.append(self.transport)
        self.transport = transport = FakeSerial(protocol)
        self.prepare(transport)
        protocol.makeConnection(transport)
        return succeed(protocol)
