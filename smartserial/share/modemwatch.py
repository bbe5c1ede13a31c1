"""The regular look at the modem lines of a device, and at its driver's counters."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IDelayedCall

from smartserial.lines import LineCounts, ModemLines
from smartserial.telnet.report import line_errors, modem_deltas, modem_levels
from smartserial.telnet.server import ComPortServer

LOOK = 0.05  # seconds between two looks
_NO_COUNTS = LineCounts()


class Watched(Shape):
    """What the watch needs of the serial line."""

    @property
    def line(self) -> Any:
        """The serial line, or its shadow."""

    @property
    def reported(self) -> ModemLines:
        """The modem lines that clients are told of where the device has none."""

    @property
    def servers(self) -> list[ComPortServer]:
        """Those who tell clients."""


class ModemWatch:
    """Tells clients of what is new; while there are none, or nothing can change by itself, it rests."""

    def __init__(self, watched: Watched, reactor: Any) -> None:
        self._watched = watched
        self._reactor = reactor
        self._levels = ModemLines()
        self._counts: LineCounts | None = None
        self._next: IDelayedCall | None = None

    def count_from(self, counts: LineCounts | None) -> None:
        """Begin with the counters of another device; what it counted before is no news."""
        self._counts = counts

    def introduce(self, server: ComPortServer) -> None:
        """Tell a new client's server how things are."""
        server.modem_changed(modem_levels(self._levels), 0)
        if self._next is None:
            self.look()

    def look(self) -> None:
        """Look, tell what is new, and look again soon."""
        self.stop()
        line, servers = self._watched.line, self._watched.servers
        levels = line.modem()
        counts = line.counts() if levels is not None else None
        if levels is None:
            levels = self._watched.reported
        elif servers:
            self._next = self._reactor.callLater(LOOK, self.look)
        counted = _difference(self._counts, counts)
        deltas = modem_deltas(self._levels, levels, counted)
        errors = line_errors(counted)
        news = levels != self._levels or deltas
        self._levels, self._counts = levels, counts
        for server in servers:
            if news:
                server.modem_changed(modem_levels(levels), deltas)
            if errors:
                server.line_erred(errors)

    def stop(self) -> None:
        """Rest."""
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None


def _difference(before: LineCounts | None, now: LineCounts | None) -> LineCounts:
    if before is None or now is None:
        return _NO_COUNTS
    return LineCounts(*(getattr(now, f.name) - getattr(before, f.name) for f in fields(now)))
