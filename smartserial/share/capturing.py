"""What passes a share, in a file: a line of JSON for each piece, as `captures` reads it.

A piece that is lost because the disk does not keep up is counted by a line of the direction ``lost``,
which those who read a capture pass over.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from smartserial.channels.attendants import Tap
from smartserial.linefile import LineFile
from smartserial.settings import RecordFile
from smartserial.stamps import time_of_day


def capture_line(time: float, direction: str, peer: str, data: bytes, lost: int = 0) -> bytes:
    """Return one line of a capture, with its end.

    Args:
        time: seconds since 1970.
        direction: ``up`` is from the device, ``down`` to it.
        peer: who sent it; empty for the device.
        data: the bytes.
        lost: how many pieces are missing here.
    """
    more = f', "lost": {lost}' if lost else ""
    return (
        f'{{"time": {time:.6f}, "direction": "{direction}", "peer": {json.dumps(peer)}, '
        f'"bytes": "{data.hex()}"{more}}}\n'
    ).encode("ascii")


class Capture:
    """Keeps what passes a share, as long as that is wanted.

    Args:
        taps: of the share; ours is among them only while there is a file.
        note: takes a line for the log when the file cannot be written, once until it can be again; and then.
        reactor: keeps the time, and has the threads.
        seconds: tells the time, in seconds since 1970.
    """

    def __init__(
        self,
        taps: dict[object, Tap],
        note: Callable[[str], object],
        reactor: Any,
        seconds: Callable[[], float] = time_of_day,
    ) -> None:
        self.settings: RecordFile | None = None
        self._taps = taps
        self._note = note
        self._reactor = reactor
        self._seconds = seconds
        self._file: LineFile | None = None
        self._closing: list[Deferred[None]] = []

    def use(self, settings: RecordFile | None) -> None:
        """Write to this file from now on; None: to none."""
        if settings == self.settings:
            return
        self.settings = settings
        if self._file is not None:
            self._closing = [*(one for one in self._closing if not one.called), self._file.close()]
            self._file = None
            del self._taps[self]
        if settings is not None:
            what = ("the capture", "pieces")
            self._file = LineFile(settings, what, self._lost_line, self._reactor, self._note)
            self._taps[self] = self._tap

    def close(self) -> Deferred[None]:
        """Write what waits; fires when that is done, or cannot be done."""
        self.use(None)
        closing, self._closing = self._closing, []
        return gatherResults(closing).addCallback(lambda _: None)

    def _tap(self, direction: str, who: str, data: bytes) -> None:
        assert self._file is not None
        self._file.add(capture_line(self._seconds(), direction, who, data))

    def _lost_line(self, count: int) -> bytes:
        return capture_line(self._seconds(), "lost", "", b"", count)
