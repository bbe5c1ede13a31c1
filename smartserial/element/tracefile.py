"""The trace of an element in a file: a line of JSON for each event.

What is lost is counted by a line ``{"event": "lost", "count": N}``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from smartserial.linefile import MOST_WAITING, LineFile
from smartserial.settings import RecordFile
from smartserial.trace.events import TraceEvent
from smartserial.trace.jsonlines import as_json, lost_line
from smartserial.trace.ring import weight

_log = Logger()


def _warn(text: str) -> None:
    _log.warn("{text}", text=text)


class TraceWriter:
    """Writes the events of one element.

    Args:
        settings: which file, how large it may become, and how many full ones are kept.
        reactor: keeps the time, and has the threads.
        note: takes a line for the log when the file cannot be written, once until it can be again; and then.
    """

    def __init__(self, settings: RecordFile, reactor: Any, note: Callable[[str], object] = _warn) -> None:
        self._file = LineFile(settings, ("the trace", "events"), self._lost_line, reactor, note)
        self._lost: TraceEvent | None = None  # the last one

    def write(self, event: TraceEvent) -> None:
        """Have one event written; after `close` it is not."""
        line = b"" if 2 * weight(event) > MOST_WAITING else as_json(event).encode("ascii") + b"\n"
        if not self._file.add(line):
            self._lost = event

    def close(self) -> Deferred[None]:
        """Write what waits; fires when that is done, or cannot be done."""
        return self._file.close()

    def _lost_line(self, count: int) -> bytes:
        last, self._lost = self._lost, None
        assert last is not None
        return lost_line(last.element, last.time, count).encode("ascii") + b"\n"
