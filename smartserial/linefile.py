"""A file that grows line by line, written by a thread, a batch at a time.

What the file cannot take waits, as far as there is room; what does not fit any more is lost, and a line
says so at the place where it would have stood. Each line is an object of JSON: a file that begins with
anything else is somebody else's, and is neither written nor moved. `appending` is what the thread does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from smartserial.appending import Appended, Appender
from smartserial.settings import RecordFile

MOST_WAITING = 4 * 1024 * 1024
"""Bytes of lines that wait for the file."""
GATHERING = 0.1
"""Seconds in which lines come together before they are written."""
AT_ONCE = 64 * 1024
"""Bytes of lines that are written without waiting for more."""
REPORT = 10.0
"""Seconds between two lines in the log about lines that are lost."""
AGAIN = 5.0
"""Seconds after which a file that could not be written is tried again."""
PATIENCE = 2.0
"""Seconds at the end in which the reader of a pipe that is full is waited for."""


class _Line(NamedTuple):
    """A line, and how many it stands for."""

    data: bytes
    pieces: int


class Closing:
    """The end of a file, for which several may wait."""

    def __init__(self) -> None:
        self.begun = False
        self._done: Deferred[None] = Deferred()

    def wait(self) -> Deferred[None]:
        """Begin it, if it has not begun; fires when it is done."""
        self.begun = True
        waiting: Deferred[None] = Deferred()
        self._done.addCallback(waiting.callback)
        return waiting

    def done(self) -> None:
        """Tell all who wait, and will."""
        self._done.callback(None)


class LineFile:
    """Writes lines.

    Args:
        settings: which file, how large it may become, and how many full ones are kept.
        what: names the file and what its lines are, for people: ``("the trace", "events")``.
        lost_line: makes the line, with its end, that stands for so many lost ones.
        reactor: keeps the time, and has the threads.
        note: takes a line for the log when the file cannot be written, once until it can be again; and then;
            and when lines are lost, every `REPORT` seconds at most.
    """

    def __init__(
        self,
        settings: RecordFile,
        what: tuple[str, str],
        lost_line: Callable[[int], bytes],
        reactor: Any,
        note: Callable[[str], object],
    ) -> None:
        self._appender = Appender(settings)
        self._name, self._things = f"{what[0]} {settings.path}", what[1]
        self._lost_line = lost_line
        self._reactor = reactor
        self._note = note
        self._lines: deque[_Line] = deque()
        self._waiting = 0  # bytes, with those that are being written
        self._lost = 0
        self._untold = 0  # of the lost ones, those that the log says nothing of yet
        self._report: IDelayedCall | None = None
        self._call: IDelayedCall | None = None
        self._writing = False
        self._broken = False
        self._closing = Closing()
        self._until = 0.0  # of a pipe that is full at the end: how long it is waited for

    def add(self, line: bytes) -> bool:
        """Have a line written.

        Args:
            line: with its end; an empty one stands for one that is too long, and is lost.

        Returns:
            Whether it is not lost; what comes after `close` is nothing, and not lost either.
        """
        if self._closing.begun:
            return True
        if not line or self._waiting + len(line) > MOST_WAITING:
            self._lose()
            return False
        self._tell_lost()
        self._add(_Line(line, 1))
        return True

    def close(self) -> Deferred[None]:
        """Write what waits; fires when that is done, or cannot be done."""
        begun, closed = self._closing.begun, self._closing.wait()
        if not begun:
            self._until = self._reactor.seconds() + PATIENCE
        if not begun and not self._writing:
            self._stop_waiting()
            self._write()
        return closed

    def _add(self, line: _Line) -> None:
        self._lines.append(line)
        self._waiting += len(line.data)
        if self._writing:
            return
        if self._call is None:
            self._call = self._reactor.callLater(self._soon, self._write)
        elif self._waiting >= AT_ONCE > self._waiting - len(line.data) and not self._broken:
            self._call.reset(0)

    @property
    def _soon(self) -> float:
        return 0.0 if self._waiting >= AT_ONCE else GATHERING

    def _lose(self) -> None:
        self._lost += 1
        self._untold += 1
        if self._report is None:
            self._report = self._reactor.callLater(REPORT, self._report_lost)

    def _report_lost(self) -> None:
        """Have the log say what was lost lately; of a file that cannot be written it says so later."""
        self._report = None
        if self._untold and not self._broken:
            untold, self._untold = self._untold, 0
            self._note(f"{self._name} lacks {untold} {self._things}: more came than could be written")

    def _tell_lost(self) -> None:
        """Write how many lines were lost before what comes now."""
        lost, self._lost = self._lost, 0
        if lost:
            self._add(_Line(self._lost_line(lost), lost))

    def _stop_waiting(self) -> None:
        call, self._call = self._call, None
        if call is not None and call.active():
            call.cancel()

    def _write(self) -> None:
        """Begin to write what waits."""
        self._call = None
        if self._closing.begun:
            self._tell_lost()
            self._stop_waiting()
        if not self._lines:
            self._end()
            return
        batch = tuple(self._lines)
        self._lines.clear()
        self._writing = True
        self._in_thread([one.data for one in batch]).addBoth(self._written, batch)

    def _in_thread(self, lines: Sequence[bytes]) -> Deferred[Appended]:
        try:
            return deferToThreadPool(
                self._reactor, self._reactor.getThreadPool(), self._appender.append, lines
            )
        except Exception:  # there are no threads any more
            return succeed(Appended(0, Failure().getErrorMessage()))

    def _written(self, result: Appended | Failure, batch: Sequence[_Line]) -> None:
        """Take note of what was written; what was not waits again, before all others."""
        self._writing = False
        done, error, full = Appended(0, result.getErrorMessage()) if isinstance(result, Failure) else result
        self._waiting -= sum(len(one.data) for one in batch[:done])
        self._lines.extendleft(reversed(batch[done:]))
        if error and not self._broken:
            self._note(f"{self._name} cannot be written: {error}; trying again")
        elif self._broken and not error and not full:
            untold, self._untold = self._untold, 0
            lacks = f"; it lacks {untold} {self._things}" if untold else ""
            self._note(f"{self._name} is written again{lacks}")
        self._broken = bool(error) or (full and self._broken)  # a pipe is written again when nothing waits
        if self._closing.begun:
            self._go_on_closing(error, full)
        elif self._lines:
            self._stop_waiting()
            again = AGAIN if error else GATHERING if full else self._soon
            self._call = self._reactor.callLater(again, self._write)

    def _go_on_closing(self, error: str, full: bool) -> None:
        if full and self._reactor.seconds() < self._until:
            self._call = self._reactor.callLater(GATHERING, self._write)
        elif error or full:
            self._end()
        else:
            self._write()

    def _end(self) -> None:
        if not self._closing.begun:
            return
        if self._report is not None and self._report.active():
            self._report.cancel()
        lost = sum(one.pieces for one in self._lines) + self._lost
        self._untold, self._broken = max(0, self._untold - lost), False
        self._report_lost()
        if lost:
            self._note(f"{self._name} ends without its last {lost} {self._things}")
        self._lines.clear()
        self._waiting = self._lost = 0
        self._appender.close()
        self._closing.done()
