"""The transport that a protocol on telnet has: it counts data, not what goes over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet._producer_helpers import _PullToPush
from zope.interface import implementer

from smartserial.channels.stream import HIGH
from smartserial.channels.trail import Trail
from smartserial.channels.valve import Valve
from smartserial.interfaces import ICountedTransport
from smartserial.sharing.backlog import Backlog
from smartserial.telnet.codes import Command, Option
from smartserial.telnet.connection import Connection
from smartserial.telnet.options import Side
from smartserial.telnet.piece import Piece

_BLOCK = 64 * 1024  # bytes of data that are encoded in one piece
_MOST_UNREAD = 64 * 1024  # bytes for a peer that reads no answers, after which it is not read from either


@implementer(ICountedTransport)
class TelnetTransport:
    """What the wrapped protocol has as its transport: it counts data, not what goes over the wire.

    One encoded piece at a time is given to the transport below, so that what waits here can be thrown away
    without cutting anything in two; commands overtake data that waits.

    Args:
        wire: the counted transport below.
        connection: this end's codec and options.
    """

    fanned_out = False

    def __init__(self, wire: Any, connection: Connection) -> None:
        self.wire = wire
        self.connection = connection
        self.high = HIGH
        self.sent = 0
        self.dropped = 0
        self._outbox = Backlog()
        self._valve = Valve()
        self._puller: Any = None
        self._piece: Piece | None = None
        self._trail = Trail()
        self._blocked = self._suspended = self._undecided = self._closing = self._lost = False
        self._paused = self._choked = self._closed = self._half_closing = False
        self._abandoned = False
        self._producer: Any = None
        self.asked: Callable[[], None] = lambda: None  # called when an option has been asked for

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wire, name)

    @property
    def pending(self) -> int:
        """Bytes of data that wait, those included whose piece is not wholly taken."""
        return self._outbox.size + (0 if self._piece is None else self._piece.size)

    @property
    def _waits(self) -> bool:
        return self._blocked or self._suspended or self._undecided

    # ---- data

    def write(self, data: bytes) -> None:
        """Send data: now, if nothing waits."""
        if self._lost:
            self.dropped += len(data)
        elif self._waits or self._outbox.size or len(data) > _BLOCK:
            self._outbox.append(data)
            self.feed()
        else:
            self._pass_on(data)
            if self._blocked:
                self._valve.check(self.pending, self.high)

    def writeSequence(self, data: Any) -> None:
        """Send the joined pieces."""
        self.write(b"".join(data))

    def _pass_on(self, data: bytes) -> None:
        nvt = not self.connection.binary
        encoded = self.connection.encode(data)
        self._piece = piece = Piece(self.wire.sent, len(data), encoded, nvt)
        self._trail.add(piece)
        self.wire.write(encoded)
        if self.wire.sent - piece.start == len(encoded) and self._piece is piece:
            self.sent += len(data)
            self._piece = None

    def feed(self) -> None:
        """Pass on what waits, as far as it is taken."""
        while self._outbox.size and not (self._waits or self._lost):
            data = b"".join(self._outbox.head())[:_BLOCK]
            self._outbox.consume(len(data))
            self._pass_on(data)
        self._valve.check(self.pending, self.high)
        if self._half_closing and not self.pending:
            self._half_closing = False
            self.wire.loseWriteConnection()
        if self._closing and not self.pending and not self._closed:
            self._closed = True
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

    def suspend(self, suspended: bool) -> None:
        """Send no data, or go on; the peer asks for it. Commands are sent all the same."""
        self._suspended = suspended
        self.feed()

    def undecided(self, undecided: bool) -> None:
        """Send no data while it is not known how, or go on."""
        self._undecided = undecided
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

    # ---- commands

    def send_command(self, command: Command) -> None:
        """Send a command of two bytes."""
        self.control(self.connection.command(command))

    def send_subnegotiation(self, option: int, payload: bytes) -> None:
        """Send a subnegotiation; `payload` as it is, without doubled 255."""
        self.control(self.connection.subnegotiate(option, payload))

    def ask(self, side: Side, option: Option, on: bool) -> None:
        """Ask for an option, or for its end."""
        self.control(self.connection.wish(side, option, on))
        self.asked()

    def control(self, encoded: bytes) -> None:
        """Send what is no data; it does not wait for data that waits."""
        if encoded and not self._lost:
            self.wire.write(encoded)
            if self.wire.pending > _MOST_UNREAD:
                self._choke(True)

    def tell(self, text: bytes) -> None:
        """Send words of our own, which no counter sees."""
        if not self.pending:
            self.wire.tell(self.connection.encode(text))

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
