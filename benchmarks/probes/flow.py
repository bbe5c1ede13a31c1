"""A known stream of bytes, its writers and its readers, and the loop that moves them."""

from __future__ import annotations

import os
import random
import select
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence

from rig.telnet import escaped

_PERIOD = 65521  # bytes after which the stream repeats; a prime, so that no buffer size divides it
_PIECE = 65536
_TABLE = random.Random(1).randbytes(_PERIOD)
_STREAM = memoryview(_TABLE + _TABLE + _TABLE)


class Wire:
    """The stream as it goes over a connection, where each byte 255 may be doubled.

    Args:
        period: what goes over it for one period of the stream.
    """

    def __init__(self, period: bytes) -> None:
        self._table = memoryview(period * 3)
        self._period = len(period)
        doubled = len(period) > _PERIOD
        places = [place for place, byte in enumerate(_TABLE) if doubled and byte == 255]
        self._doubled = [place + number for number, place in enumerate(places)]  # on the wire

    def piece(self, begin: int, end: int) -> memoryview:
        """Return some of it, from `begin` to `end` at most."""
        first = begin % self._period
        return self._table[first : first + min(_PIECE, end - begin)]

    def length(self, count: int) -> int:
        """Return how many bytes go over it for the first `count` of the stream."""
        periods, rest = divmod(count, _PERIOD)
        more = _TABLE.count(b"\xff", 0, rest) if self._doubled else 0
        return periods * self._period + rest + more

    def carried(self, count: int) -> int:
        """Return how many bytes of the stream are whole in the first `count` that go over it."""
        periods, rest = divmod(count, self._period)
        return periods * _PERIOD + rest - bisect_left(self._doubled, rest)


PLAIN, ESCAPED = Wire(_TABLE), Wire(escaped(_TABLE))


class Writer:
    """Writes the stream to a descriptor, as far as that takes it."""

    def __init__(self, fd: int, total: int, wire: Wire = PLAIN) -> None:
        self.fd = fd
        self.total = total
        self.moved_at = time.monotonic()
        self._wire = wire
        self._written, self._length = 0, wire.length(total)

    @property
    def done(self) -> int:
        """Bytes of the stream that were taken."""
        return self._wire.carried(self._written)

    @property
    def finished(self) -> bool:
        """Whether everything is written."""
        return self._written >= self._length

    def move(self) -> None:
        """Write some."""
        try:
            self._written += os.write(self.fd, self._wire.piece(self._written, self._length))
            self.moved_at = time.monotonic()
        except BlockingIOError:
            pass


class Reader:
    """Reads the stream from a descriptor, compares it, and notes the longest silence.

    Args:
        fd: the descriptor.
        data: finds the data in what was read.
    """

    def __init__(self, fd: int, data: Callable[[bytes], bytes] = bytes) -> None:
        self.fd = fd
        self.done = 0
        self.damaged = 0  # pieces that were not what was written
        self.ended = False
        self.longest_gap = 0.0  # seconds
        self.moved_at = time.monotonic()
        self._data = data

    @property
    def finished(self) -> bool:
        """Whether the other side has ended."""
        return self.ended

    def move(self) -> None:
        """Read some."""
        try:
            received = os.read(self.fd, _PIECE)
        except BlockingIOError:
            return
        except OSError:  # reset, or a device whose other side is closed
            received = b""
        now = time.monotonic()
        self.longest_gap = max(self.longest_gap, now - self.moved_at)
        self.moved_at = now
        self.ended = not received
        data = self._data(received)
        begin = self.done % _PERIOD
        self.damaged += data != _STREAM[begin : begin + len(data)]
        self.done += len(data)


def pump(
    writers: Sequence[Writer],
    readers: Sequence[Reader],
    until: Callable[[], bool],
    seconds: float = 60.0,
) -> bool:
    """Move bytes until a condition holds; False: it did not within so many seconds."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            return False
        poller = select.poll()
        ends: dict[int, list[tuple[Writer | Reader, int]]] = {}
        for side, mask in ((writers, select.POLLOUT), (readers, select.POLLIN)):
            for one in side:
                if not one.finished:
                    ends.setdefault(one.fd, []).append((one, mask))
        for fd, sides in ends.items():
            poller.register(fd, sum(mask for _, mask in sides))
        for fd, events in poller.poll(20):
            for one, mask in ends[fd]:
                if events & (mask | select.POLLHUP | select.POLLERR):
                    one.move()
    return True


def stuck(writer: Writer, seconds: float = 1.0) -> Callable[[], bool]:
    """Return a condition: nothing could be written for so long, or everything is."""
    return lambda: writer.finished or time.monotonic() - writer.moved_at > seconds


def arrived(writer: Writer, reader: Reader, seconds: float = 3.0) -> Callable[[], bool]:
    """Return a condition: everything has arrived, or everything is written and nothing came for so long."""
    return lambda: (
        reader.done >= writer.total
        or (writer.finished and time.monotonic() - max(writer.moved_at, reader.moved_at) > seconds)
    )
