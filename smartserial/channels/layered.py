"""What transports have in common that stand between a protocol and a counted transport, and encode."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any
from typing import Protocol as Shape

from twisted.internet._producer_helpers import _PullToPush

from smartserial.channels.stream import HIGH
from smartserial.channels.valve import Valve
from smartserial.sharing.backlog import Backlog

_BLOCK = 64 * 1024  # bytes of data that are encoded in one piece
_MOST_UNREAD = 64 * 1024  # bytes for a peer that reads no answers, after which it is not read from either


class Piece(Shape):
    """Data as it goes to the wire."""

    @property
    def start(self) -> int:
        """The place on the wire where it begins."""

    @property
    def size(self) -> int:
        """Bytes of data in it."""

    def data_in(self, taken: int) -> int:
        """Return how many bytes of data are whole in the first `taken` bytes."""


class Encoded(Piece, Shape):
    """Data that is to go to the wire now."""

    @property
    def encoded(self) -> bytes:
        """What goes to the wire."""


class Memory(Shape):
    """Remembers pieces, so that losses can be told in bytes of data."""

    def add(self, piece: Any) -> None:
        """Remember a piece that goes out."""

    def between(self, place: int, end: int) -> int:
        """Return how many bytes of data are whole in the first `end` bytes on the wire, not in `place`."""

    def clear(self) -> None:
        """Forget everything: nothing of it counts any more."""


class LayeredTransport(ABC):
    """Counts data, not what goes over the wire: `ICountedTransport`, all but `tell`, for a subclass.

    That knows how data goes over the wire. One encoded piece at a time is given to the transport below, so
    that what waits here can be thrown away without cutting anything in two.

    Args:
        wire: the counted transport below.
        trail: remembers what went out.
    """

    fanned_out = False

    def __init__(self, wire: Any, trail: Memory) -> None:
        self.wire = wire
        self.high = HIGH
        self.sent = 0
        self.dropped = 0
        self._outbox = Backlog()
        self._valve = Valve()
        self._puller: Any = None
        self._producer: Any = None
        self._piece: Piece | None = None
        self._trail = trail
        self._blocked = self._lost = self._abandoned = False
        self._paused = self._choked = False
        self._closing = self._closed = self._half_closing = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the wire provides is not what this provides
            raise AttributeError(name)
        return getattr(self.wire, name)

    @property
    def pending(self) -> int:
        """Bytes of data that wait, those included whose piece is not wholly taken."""
        return self._outbox.size + (0 if self._piece is None else self._piece.size)

    @property
    def _waits(self) -> bool:
        """Whether data must wait."""
        return self._blocked

    @property
    def _most(self) -> int:
        """Bytes of data that go out in one piece, at most."""
        return _BLOCK

    @abstractmethod
    def _pass_on(self, data: bytes) -> None:
        """Send data over the wire, encoded, from where that is now."""

    # ---- data

    def write(self, data: bytes) -> None:
        """Send data: now, if nothing waits."""
        if self._lost:
            self.dropped += len(data)
        elif self._waits or self._outbox.size or len(data) > self._most:
            self._outbox.append(data)
            self.feed()
        else:
            self._pass_on(data)
            if self._blocked:
                self._valve.check(self.pending, self.high)

    def writeSequence(self, data: Any) -> None:
        """Send the joined pieces."""
        self.write(b"".join(data))

    def _put(self, piece: Encoded) -> None:
        """Give the wire data that is encoded."""
        self._piece = piece
        self._trail.add(piece)
        self.wire.write(piece.encoded)
        if self.wire.sent - piece.start == len(piece.encoded) and self._piece is piece:
            self.sent += piece.size
            self._piece = None

    def feed(self) -> None:
        """Pass on what waits, as far as it is taken."""
        while self._outbox.size and not (self._waits or self._lost):
            data = self._outbox.first(self._most)
            self._outbox.consume(len(data))
            self._pass_on(data)
        self._valve.check(self.pending, self.high)
        if self._half_closing and not self.pending:
            self._half_closing = False
            self._half_close()
        if self._closing and not self.pending and not self._closed:
            self._closed = True
            self._close()

    def _half_close(self) -> None:
        """Close the sending half, as everything has been passed on."""
        self.wire.loseWriteConnection()

    def _close(self) -> None:
        """Close, as everything has been passed on."""
        self.wire.unregisterProducer()
        self.wire.loseConnection()

    def blocked(self, blocked: bool) -> None:
        """Be told that the wire takes no more now, or that it has taken all."""
        self._blocked = blocked
        if blocked:
            return
        if self._piece is not None:
            self.sent += self._piece.size
            self._piece = None
        self._choke(False)
        self.feed()

    def lost(self) -> None:
        """Be told that nothing can be sent any more; count what waits as dropped."""
        self._lost = True
        piece, self._piece = self._piece, None
        if piece is not None:
            taken = piece.data_in((self._confirmed if self._abandoned else self.wire.sent) - piece.start)
            self.sent += taken
            self.dropped += piece.size - taken
        self.dropped += self._outbox.clear()
        self._choke(False)

    def control(self, encoded: bytes) -> None:
        """Send what is no data; it does not wait for data that waits."""
        if encoded and not self._lost:
            self.wire.write(encoded)
            if self.wire.pending > _MOST_UNREAD:
                self._choke(True)

    # ---- what became of it

    @property
    def _confirmed(self) -> int:
        return int(self.wire.sent - self.wire.unconfirmed())

    def unconfirmed(self) -> int:
        """Return how many bytes of data, of those sent, the other side has not taken yet."""
        end = self.wire.sent if self._piece is None else self._piece.start
        return self._trail.between(self._confirmed, end)

    def discard_oldest(self, count: int) -> int:
        """Throw away the oldest bytes that wait here; of a piece that has been begun, none."""
        return self._outbox.consume(count)

    def abandon(self) -> None:
        """Count what the other side has not taken as dropped."""
        lost = self.unconfirmed()
        self.sent -= lost
        self.dropped += lost
        self._trail.clear()
        self._abandoned = True

    def take_back(self, count: int) -> None:
        """Forget the last `count` bytes that were written, none of which arrived."""
        dropped = min(count, self.dropped)
        self.dropped -= dropped
        self.sent -= count - dropped

    # ---- producers

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Pause `producer` while too much waits here."""
        self._producer = producer
        if not streaming:
            producer = self._puller = _PullToPush(producer, self)
            producer.startStreaming()
        self._valve.attach(producer)

    def unregisterProducer(self) -> None:
        """Forget the producer."""
        self._producer = None
        self._valve.attach(None)
        puller, self._puller = self._puller, None
        if puller is not None:
            puller.stopStreaming()

    def stop_producer(self) -> None:
        """Tell the producer that the connection is lost."""
        producer = self._producer
        self.unregisterProducer()
        if producer is not None:
            producer.stopProducing()

    # ---- reading

    def pauseProducing(self) -> None:
        """Stop reading."""
        self._paused = True
        self.wire.pauseProducing()

    def resumeProducing(self) -> None:
        """Read again."""
        self._paused = False
        if not self._choked:
            self.wire.resumeProducing()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    def _choke(self, choked: bool) -> None:
        """Stop reading from a peer that does not read our answers."""
        if choked != self._choked:
            self._choked = choked
            if choked:
                self.wire.pauseProducing()
            elif not self._paused:
                self.wire.resumeProducing()

    # ---- closing

    def loseConnection(self) -> None:
        """Close when everything has been passed on."""
        self._closing = True
        self.feed()

    def loseWriteConnection(self) -> None:
        """Close the sending half when everything has been passed on."""
        self._half_closing = True
        self.feed()

    def cut(self) -> None:
        """Close at once; what waits here is dropped."""
        self.wire.cut()
        self.lost()

    def abortConnection(self) -> None:
        """Close at once; what waits here, and in the kernel, is dropped."""
        self.wire.abortConnection()
        self.lost()
