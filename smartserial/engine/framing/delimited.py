"""Frames between constants.

::

    junk | header | data | trailer | tail |     the tail is as long as the definition says: a checksum
         | data | trailer | tail |              without a header, a frame begins where the one before ended

The frame whose header comes first waits for its trailer, whatever else comes; of headers at one place the
longest counts. A frame without a header begins at once, unless a header is just there. So the units are the
same in whatever pieces the bytes come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from smartserial.engine.framing.framer import Untimed
from smartserial.engine.framing.window import Headers, Needle, Window
from smartserial.engine.unit import Loss, Lost, Unit


@dataclass(frozen=True, slots=True)
class Delimiter:
    """What begins and ends a frame.

    Args:
        header: no bytes if there is none.
        trailer: one byte or more.
        times: how often the trailer must come, 1 or more.
        tail: bytes after the trailer that belong to the frame.
    """

    header: bytes
    trailer: bytes
    times: int = 1
    tail: int = 0


class _Ends:
    """The trailers that can end a frame of one header; what comes first does, the longest if several do."""

    __slots__ = ("_needles",)

    def __init__(self, delimiters: Iterable[Delimiter]) -> None:
        ordered = sorted(delimiters, key=lambda delimiter: len(delimiter.trailer), reverse=True)
        self._needles = [(Needle(one.trailer, one.times), one.tail) for one in ordered]

    def end(self, window: Window, first: int) -> tuple[int, int] | None:
        """Return where the trailer ends of the frame whose data begin at `first`, and where the frame does.

        The frame may end beyond what has come; None if its trailer has not come.
        """
        best: tuple[int, int] | None = None
        for needle, tail in self._needles:
            end = needle.end(window, first)
            if end is not None and (best is None or end < best[0]):
                best = end, end + tail
        return best

    @property
    def searched(self) -> int:
        """No trailer that counts begins before this."""
        return min(needle.searched for needle, _ in self._needles)


class Delimited(Untimed):
    """Makes a unit of each frame.

    A frame that becomes too long is lost up to where the next one can begin: at a header, or where a frame
    without header ends.

    Args:
        delimiters: one or more.
        most: bytes of the longest frame.
    """

    __slots__ = ("_alike", "_bare", "_frame", "_headers", "_most", "_reason", "_resume", "_skipped", "_with")

    def __init__(self, delimiters: tuple[Delimiter, ...], most: int) -> None:
        super().__init__()
        self._most = most
        headers = dict.fromkeys(one.header for one in delimiters)
        ends = {header: _Ends(one for one in delimiters if one.header == header) for header in headers}
        self._bare = ends.pop(b"", None)
        self._with = ends
        self._headers = Headers(ends)
        self._alike = len(ends) == 1 and self._bare is None
        self._frame: tuple[_Ends, int] | None = None  # where its data begin
        self._skipped: int | None = None  # where the frame began that was too long
        self._resume = 0  # no header counts before this
        self._reason = Loss.BEFORE_HEADER

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came; `now` has no meaning here."""
        self._window.add(data)
        report: list[Unit | Lost] = []
        while len(self._window) and self._step(report):
            pass
        return report

    def _step(self, report: list[Unit | Lost]) -> bool:
        """Come further; tell whether the rest is worth another look."""
        if self._frame is not None:
            return self._end(*self._frame, report)
        if self._bare is None:
            return self._seek(report)
        if self._skipped is not None:
            return self._skip(self._bare, self._skipped, report)
        return self._begin(self._bare)

    def _seek(self, report: list[Unit | Lost]) -> bool:
        """Begin a frame at the next header; what is before is lost."""
        window = self._window
        header = self._headers.seek(window, max(window.start, self._resume), self._reason, report)
        if header is None:
            return False
        self._open(header)
        return True

    def _open(self, header: bytes) -> None:
        self._frame = self._with[header], self._window.start + len(header)
        self._skipped, self._reason = None, Loss.BEFORE_HEADER

    def _begin(self, bare: _Ends) -> bool:
        """Begin a frame here: with a header if one is here, else without; wait if that is not clear yet."""
        start = self._window.start
        found = self._headers.search(self._window, start)
        if found is None or found[0] != start:
            self._frame = bare, start
        elif found[1] is not None:
            self._open(found[1])
        return self._frame is not None

    def _end(self, ends: _Ends, first: int, report: list[Unit | Lost]) -> bool:
        """End a frame, or give it up because it is too long."""
        window = self._window
        found = ends.end(window, first)
        end = window.end if found is None else found[1]
        if end - window.start <= self._most:
            if found is None or end > window.end:
                return False
            report.append(window.unit(end))
        else:
            self._skipped, self._reason = window.start, Loss.OVERFLOW
            self._resume = max(window.start + 1, self._too_long(found) if self._alike else 0)
        self._frame = None
        return True

    def _too_long(self, found: tuple[int, int] | None) -> int:
        """Return before which position no frame begins that is short enough, as far as is known.

        A frame that begins further on ends no earlier, because all have the same trailers. What counts is
        what is known at the first byte that is too much: what came with it must not matter.
        """
        trailer, end = found or (self._window.end + 1, 0)
        known_in_time = trailer <= self._window.start + self._most + 1
        return (end if known_in_time else trailer - 1) - self._most

    def _skip(self, bare: _Ends, start: int, report: list[Unit | Lost]) -> bool:
        """Lose the bytes from `start` to the next header, or to where a frame from there would have ended."""
        window = self._window
        found = bare.end(window, start)
        end = None if found is None else found[1]
        header = self._headers.search(window, start + 1)
        if header is not None and (end is None or header[0] < end):
            report += window.lose(header[0], Loss.OVERFLOW)
            if header[1] is not None:
                self._open(header[1])
            return header[1] is not None
        if end is not None and end <= window.end:
            report += window.lose(end, Loss.OVERFLOW)
            self._skipped, self._reason = None, Loss.BEFORE_HEADER
            return True
        report += window.lose(
            window.end if end is not None else min(window.end, bare.searched), Loss.OVERFLOW
        )
        return False
