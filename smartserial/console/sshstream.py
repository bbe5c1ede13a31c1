"""The transport of a program at an SSH channel: it counts data, and keeps to the channel's window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from typing import Protocol as Shape

from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.layered import LayeredTransport
from smartserial.channels.tls.marks import Marks
from smartserial.interfaces import ICountedTransport

AT_ONCE = 64
"""Packets of one channel that go out in one turn of the reactor: others have their turn between them."""


class Packet(NamedTuple):
    """Data as it went to the wire: from where on, how much, and in how many bytes."""

    start: int
    size: int
    length: int

    @property
    def ends(self) -> tuple[tuple[int, int], ...]:
        """Where its parts end: it is one."""
        return ((self.length, self.size),)

    def data_in(self, taken: int) -> int:
        """Return how many bytes of data are whole in the first `taken` bytes: all of them, or none."""
        return self.size if taken >= self.length else 0


class Way(Shape):
    """What the transport needs of its channel."""

    @property
    def room(self) -> int:
        """Bytes of data that the other side takes now, in one packet; 0: it takes none."""

    def send(self, data: bytes) -> None:
        """Send data that there is room for."""

    def hold(self, held: bool) -> None:
        """Hand over nothing of what comes, or go on."""

    def say(self, words: bytes) -> None:
        """Send words of our own beside the data, as far as there is room."""

    def later(self, call: Callable[[], None]) -> None:
        """Call something in the next turn of the reactor."""

    def end(self) -> None:
        """Close: nothing more is sent."""

    def give_up(self) -> None:
        """End the whole connection, for what waits in it does not get away."""


@implementer(ICountedTransport)
class SshStream(LayeredTransport):
    """One packet at a time goes to the wire, which other channels use too.

    Words of our own go to standard error over there, so that they never stand among the data.

    Args:
        wire: the counted transport of the connection.
        way: the channel.
    """

    def __init__(self, wire: Any, way: Way) -> None:
        super().__init__(wire, Marks())
        self._way = way
        self._passed = 0  # packets since the last rest; at `AT_ONCE` there is one

    @property
    def disconnecting(self) -> bool:
        """Whether it is being closed, by this side; Twisted's receivers of lines ask that."""
        return self._closing

    @property
    def ending(self) -> bool:
        """Whether nothing is to be handed over any more."""
        return self._closed or self._lost

    @property
    def paused(self) -> bool:
        """Whether nothing is to be handed over now."""
        return self._paused

    @property
    def stuck(self) -> bool:
        """Whether bytes wait in the connection itself, and not for this channel's window."""
        return bool(self.wire.pending)

    @property
    @override
    def _waits(self) -> bool:
        return self._blocked or self._passed >= AT_ONCE or not self._way.room

    @property
    @override
    def _most(self) -> int:
        return self._way.room

    @override
    def _pass_on(self, data: bytes) -> None:
        start = self._given
        self._passed += 1
        if self._passed == AT_ONCE:
            self._way.later(self._go_on)
        self._way.send(data)
        piece = self._piece = Packet(start, len(data), self._given - start)
        self._trail.add(piece)
        if self.wire.sent >= start + piece.length:
            self.sent += piece.size
            self._piece = None

    def _go_on(self) -> None:
        self._passed = 0
        if not self.ending:
            self.feed()

    @property
    def _given(self) -> int:
        """Bytes that were given to the wire so far."""
        return int(self.wire.sent + self.wire.pending + self.wire.dropped)

    def tell(self, text: bytes) -> None:
        """Send words of our own, which no counter sees."""
        if not self.ending:
            self._way.say(text)

    # ---- reading

    @override
    def pauseProducing(self) -> None:
        self._paused = True
        self._way.hold(True)

    @override
    def resumeProducing(self) -> None:
        self._paused = False
        self._way.hold(False)

    # ---- closing

    @override
    def loseWriteConnection(self) -> None:
        self.loseConnection()

    @override
    def _close(self) -> None:
        self._way.end()

    @override
    def cut(self) -> None:
        if not self._closed:
            self._closing = self._closed = True
            piece, self._piece = self._piece, None
            if piece is not None:  # the connection goes on, and what is on its way arrives
                self.sent += piece.size
            self.lost()
            self._way.end()

    @override
    def abortConnection(self) -> None:
        self._closing = self._closed = True
        self._way.give_up()
        self.lost()
