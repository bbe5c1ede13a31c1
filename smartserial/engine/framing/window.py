"""The bytes of one peer that are not yet part of a unit, and constants that are looked for in them.

Positions count from the start of the peer's stream: they stay the same when bytes are taken away.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from smartserial.engine.unit import Loss, Lost, Unit


class Window:
    """Kept bytes of a stream.

    Args:
        start: the position of the first byte that will be added.
    """

    __slots__ = ("_data", "start")

    def __init__(self, start: int = 0) -> None:
        self._data = bytearray()  # taking away its front does not move the rest
        self.start = start

    def __len__(self) -> int:
        return len(self._data)

    @property
    def end(self) -> int:
        """The position after the last byte."""
        return self.start + len(self._data)

    def add(self, data: bytes) -> None:
        """Append what was received."""
        self._data += data

    def take(self, end: int) -> bytes:
        """Take away and return the bytes up to the position `end`, which is not beyond the last."""
        size = end - self.start
        data = bytes(memoryview(self._data)[:size])
        del self._data[:size]
        self.start = end
        return data

    def unit(self, end: int) -> Unit:
        """Take away the bytes up to `end`, as a unit."""
        start = self.start
        return Unit(self.take(end), start, end - start)

    def lose(self, end: int, reason: Loss) -> list[Lost]:
        """Take away the bytes up to `end`; the report is empty if there are none."""
        start, size = self.start, end - self.start
        if size <= 0:
            return []
        del self._data[:size]
        self.start = end
        return [Lost(start, size, reason)]

    def peek(self, first: int, end: int) -> bytes:
        """Return the bytes from `first` up to `end`."""
        return bytes(self._data[first - self.start : end - self.start])

    def find(self, needle: bytes, first: int, end: int | None = None) -> int | None:
        """Return where `needle` is first found, wholly between `first` and `end`; None if it is not.

        What is before the kept bytes is passed over.
        """
        stop = None if end is None else max(0, end - self.start)
        at = self._data.find(needle, max(0, first - self.start), stop)
        return None if at < 0 else self.start + at

    def search(self, pattern: re.Pattern[bytes], first: int) -> tuple[int, int, int] | None:
        """Return start and end of what a pattern finds from `first` on, and the number of its group."""
        found = pattern.search(self._data, max(0, first - self.start))
        if found is None:
            return None
        return self.start + found.start(), self.start + found.end(), found.lastindex or 0

    def begun(self, needle: bytes, first: int) -> int | None:
        """Return where `needle` could have begun.

        Returns:
            The first position from `first` on from where all that is kept is how the needle begins, but not
            all of it; None if there is none.
        """
        at: int | None = max(first, self.end - len(needle) + 1)
        while at is not None and (at := self.find(needle[:1], at)) is not None:
            if needle.startswith(self._data[at - self.start :]):
                return at
            at += 1
        return None


class Needle:
    """A constant that is looked for in the bytes of one peer; no byte is searched twice.

    Places that were found are remembered, so that another start does not mean another search.

    Args:
        data: one byte or more.
        times: how often it must come before it counts, 1 or more.
    """

    __slots__ = ("_at", "_first", "_left", "_seen", "_times", "data", "searched")

    def __init__(self, data: bytes, times: int = 1) -> None:
        self.data = data
        self.searched = 0  # it begins nowhere before this, but where it was seen
        self._times = max(1, times)
        self._seen: deque[int] = deque()
        self._first, self._left, self._at = -1, self._times, 0

    def end(self, window: Window, first: int) -> int | None:
        """Return the position after the one that counts, None if it is not there yet.

        Args:
            window: always the same one.
            first: where to begin; never before the `first` of an earlier call.
        """
        if first != self._first:
            self._begin(first)
        while self._left:
            found = window.find(self.data, self.searched)
            if found is None:
                self.searched = max(self.searched, window.end - len(self.data) + 1)
                return None
            self.searched = found + 1
            self._seen.append(found)
            self._count(found)
        return self._at

    def _begin(self, first: int) -> None:
        self._first, self._left, self._at = first, self._times, first
        self.searched = max(self.searched, first)
        while self._seen and self._seen[0] < first:
            self._seen.popleft()
        for found in self._seen:
            self._count(found)
            if not self._left:
                break

    def _count(self, found: int) -> None:
        if found >= self._at and self._left:  # else it overlaps the one before
            self._left -= 1
            self._at = found + len(self.data)


class Headers:
    """Constants of which the first in the bytes begins a frame; of those at one place it is the longest.

    Args:
        headers: of one byte or more each.
    """

    __slots__ = ("_needles",)

    def __init__(self, headers: Iterable[bytes]) -> None:
        ordered = sorted(set(headers), key=len, reverse=True)
        self._needles = [Needle(header) for header in ordered]

    def search(self, window: Window, first: int) -> tuple[int, bytes | None] | None:
        """Look for a header.

        Args:
            window: always the same one.
            first: where to begin; never before the `first` of an earlier call.

        Returns:
            Where the first one begins, and which it is. Without one: where it may begin when more has come,
            and None. None in place of both: there is none.
        """
        best: tuple[int, bytes | None] | None = None
        for needle in self._needles:
            end = needle.end(window, first)
            at = window.begun(needle.data, first) if end is None else end - len(needle.data)
            if at is not None and (best is None or at < best[0]):
                best = at, None if end is None else needle.data
        return best

    def seek(self, window: Window, first: int, reason: Loss, report: list[Unit | Lost]) -> bytes | None:
        """Drop what is before a header, and return the header; None if it is not there yet.

        Args:
            window: always the same one.
            first: where to begin; what is before is dropped too.
            reason: why bytes are dropped.
            report: gets what was dropped.
        """
        found = self.search(window, first)
        report += window.lose(window.end if found is None else found[0], reason)
        return None if found is None else found[1]
