"""Frames in which bytes are escaped.

::

    junk | header | data | trailer |
                   escape stuffing      is one escaped value, whatever it would mean without its escape
                   escape trailer       does not end the frame

All of a frame between `start_offset` from its start and `end_offset` from its end can be escaped; so where
the end offset covers more than the trailer, what is in front of it there is no escape.
"""

from __future__ import annotations

import re

from smartserial.definition.languages.stuffing import Stuffing
from smartserial.engine.framing.delimited import Delimiter
from smartserial.engine.framing.framer import Untimed
from smartserial.engine.framing.window import Headers, Window
from smartserial.engine.unit import Loss, Lost, Unit

_ESCAPED, _BEFORE_TRAILER, _TRAILER = range(1, 4)


def unstuffed(stuffing: Stuffing, data: bytes) -> bytes:
    """Return a packet without its escapes; `data` is the whole packet, from header to trailer."""
    first, last = stuffing.start_offset, len(data) - stuffing.end_offset
    if first >= last:
        return data
    middle = data[first:last].replace(stuffing.escape + stuffing.stuffing, stuffing.stuffing)
    return data[:first] + middle + data[last:]


class _Trailer:
    """Looks for the trailer of one frame after the other; no byte is looked at twice."""

    __slots__ = (
        "_left",
        "_longest",
        "_needles",
        "_plain",
        "_start_offset",
        "_times",
        "_tokens",
        "_trailer",
        "searched",
        "size",
    )

    def __init__(self, stuffing: Stuffing, delimiter: Delimiter) -> None:
        escape, trailer = stuffing.escape, delimiter.trailer
        escaped = escape + stuffing.stuffing
        guarded = stuffing.end_offset < len(trailer) + len(escape)
        self._longest = len(escaped) + len(escape + trailer)  # nothing that counts is longer
        # In the order in which they count at one place. What is said by none of them is data.
        self._needles = {_ESCAPED: escaped, _BEFORE_TRAILER: escape + trailer, _TRAILER: trailer}
        before = re.escape(escape + trailer[:1]) + b"(?=%b)" % re.escape(trailer[1:])
        if not guarded:
            del self._needles[_BEFORE_TRAILER]
            before = b"(?!)"
        self._tokens = re.compile(b"((?:%b)++)|(%b)|(%b)" % (re.escape(escaped), before, re.escape(trailer)))
        self._trailer, self._times, self._start_offset = (
            trailer,
            max(1, delimiter.times),
            stuffing.start_offset,
        )
        self.searched = self._plain = 0
        self.size = len(trailer)
        self._left = self._times

    def begin(self, start: int, first: int) -> None:
        """Look at the frame that begins at `start`, its data at `first`."""
        self.searched, self._plain = first, start + self._start_offset
        self._left = self._times

    def end(self, window: Window) -> int | None:
        """Return the position after the trailer; None if it is not there yet."""
        while self._left:
            end = self._in_offset(window)
            if end is None and self.searched >= self._plain:
                end = self._next(window)
            if end is None:
                return None
            self.searched = end
            self._left -= 1
        return self.searched

    def _in_offset(self, window: Window) -> int | None:
        """Return the end of a trailer among the bytes that are never escaped."""
        if self.searched >= self._plain:
            return None
        at = window.find(self._trailer, self.searched, self._plain + self.size - 1)
        if at is not None:
            return at + self.size
        self.searched = min(self._plain, max(self.searched, window.end - self.size + 1))
        return None

    def _next(self, window: Window) -> int | None:
        """Return the end of the next trailer."""
        while (found := window.search(self._tokens, self.searched)) is not None:
            start, end, kind = found
            unclear = self._unclear(window, start, kind) if window.end - start < self._longest else None
            if unclear is not None:
                self.searched = unclear
                return None
            if kind == _TRAILER:
                return end
            self.searched = end
        unclear = self._unclear(window, window.end, _TRAILER)
        self.searched = max(self.searched, window.end if unclear is None else unclear)
        return None

    def _unclear(self, window: Window, at: int, kind: int) -> int | None:
        """Return where something begins that could count more than a token at `at`; or None."""
        begun = ((window.begun(needle, self.searched), other) for other, needle in self._needles.items())
        counting = [first for first, other in begun if first is not None and (first, other) < (at, kind)]
        return min(counting, default=None)


class Stuffed(Untimed):
    """Makes a unit of each frame, without its escapes.

    Of a frame that becomes too long, as many bytes are lost as a frame can have, and then what is before the
    next header; without a header, all up to its trailer. A lost frame is not looked through again: from
    another start its escapes would be others, and each byte could be searched many times.

    Args:
        stuffing: how bytes are escaped.
        delimiter: what begins and ends a frame; it has no tail.
        most: bytes of the longest frame, with its escapes.
    """

    __slots__ = ("_header", "_headers", "_inside", "_most", "_reason", "_skipping", "_stuffing", "_trailer")

    def __init__(self, stuffing: Stuffing, delimiter: Delimiter, most: int) -> None:
        super().__init__()
        self._stuffing, self._most = stuffing, most
        self._header = delimiter.header
        self._headers = Headers([delimiter.header] if delimiter.header else [])
        self._trailer = _Trailer(stuffing, delimiter)
        self._inside = self._skipping = False
        self._reason = Loss.BEFORE_HEADER

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came; `now` has no meaning here."""
        self._window.add(data)
        report: list[Unit | Lost] = []
        while len(self._window) and (self._end(report) if self._inside else self._begin(report)):
            pass
        return report

    def _begin(self, report: list[Unit | Lost]) -> bool:
        """Begin a frame; what is before its header is lost."""
        window = self._window
        if self._header and self._headers.seek(window, window.start, self._reason, report) is None:
            return False
        self._trailer.begin(window.start, window.start + len(self._header))
        self._inside, self._reason = True, Loss.BEFORE_HEADER
        return True

    def _end(self, report: list[Unit | Lost]) -> bool:
        """End a frame, or give it up because it is too long."""
        window, end = self._window, self._trailer.end(self._window)
        if self._skipping:
            report += window.lose(min(window.end, self._trailer.searched), Loss.OVERFLOW)
            self._skipping = self._inside = end is None
            return end is not None
        # What is not clear yet can still become a trailer.
        earliest = min(window.end, self._trailer.searched + self._trailer.size) if end is None else end
        if earliest - window.start <= self._most:
            if end is None:
                return False
            unit = window.unit(end)
            data = unstuffed(self._stuffing, unit.data)
            report.append(Unit(data, unit.offset, unit.length))
            self._inside = False
        elif self._header:
            report += window.lose(window.start + self._most, Loss.OVERFLOW)
            self._inside, self._reason = False, Loss.OVERFLOW
        else:
            self._skipping = True
        return True


class Trailerless(Untimed):
    """Drops all: bytes are escaped, but no trailer shows where a frame ends."""

    __slots__ = ()

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came; `now` has no meaning here."""
        self._window.add(data)
        return [*self._window.lose(self._window.end, Loss.NO_TRAILER)]
