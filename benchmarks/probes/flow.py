"""A known stream of bytes, its writers and its readers, and the loop that moves them."""

from __future__ import annotations

import os
import random
import select
import time
from collections.abc import Callable, Sequence

_PERIOD = 65521  # bytes after which the stream repeats; a prime, so that no buffer size divides it
_PIECE = 65536
_TABLE = random.Random(1).randbytes(_PERIOD)
_STREAM = memoryview(_TABLE + _TABLE + _TABLE)


class Writer:
    """Writes the stream to a descriptor, as far as that takes it."""

    def __init__(self, fd: int, total: int) -> None:
        self.fd = fd
        self.total = total
        self.done = 0
        self.moved_at = time.monotonic()

    @property
    def finished(self) -> bool:
        """Whether everything is written."""
        return self.done >= self.total

    def move(self) -> None:
        """Write some."""
        begin = self.done % _PERIOD
        try:
            self.done += os.write(self.fd, _STREAM[begin : begin + min(_PIECE, self.total - self.done)])
            self.moved_at = time.monotonic()
        except BlockingIOError:
            pass


class Reader:
    """Reads the stream from a descriptor, compares it, and notes the longest silence."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.done = 0
        self.damaged = 0  # pieces that were not what was written
        self.ended = False
        self.longest_gap = 0.0  # seconds
        self.moved_at = time.monotonic()

    @property
    def finished(self) -> bool:
        """Whether the other side has ended."""
        return self.ended

    def move(self) -> None:
        """Read some."""
        try:
            data = os.read(self.fd, _PIECE)
        except BlockingIOError:
            return
        except OSError:  # reset, or a device whose other side is closed
            data = b""
        now = time.monotonic()
        self.longest_gap = max(self.longest_gap, now - self.moved_at)
        self.moved_at = now
        self.ended = not data
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
