"""Units that nothing but time or a number of bytes ends.

::

    first byte             `delay` later
    | all that came         |             or `size` bytes, whatever is first
"""

from __future__ import annotations

from smartserial.definition.languages.stuffing import Stuffing
from smartserial.engine.framing.window import Window
from smartserial.engine.unit import Lost, Unit


class Timed:
    """Makes a unit of what came since the one before.

    Args:
        size: bytes, 1 or more; so many are a unit at once.
        delay: seconds from the first byte of a unit to its end.
        stuffing: what is escaped is given without its escapes, or None.
    """

    __slots__ = ("_deadline", "_delay", "_escaped", "_size", "_stuffing", "_window")

    def __init__(self, size: int, delay: float, stuffing: Stuffing | None = None) -> None:
        self._size, self._delay = size, delay
        self._stuffing = stuffing.stuffing if stuffing is not None else b""
        self._escaped = stuffing.escape + stuffing.stuffing if stuffing is not None else b""
        self._window = Window()
        self._deadline: float | None = None

    @property
    def next_wake(self) -> float | None:
        """When the unit ends whose first byte has come; None if none has."""
        return self._deadline

    @property
    def waiting(self) -> int:
        """Bytes that are kept; fewer than `size`, unless half an escape is among them."""
        return len(self._window)

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came; what was to end before `now` ends without it."""
        report = self.wake(now)
        if not data:
            return report
        window = self._window
        window.add(data)
        while len(window) >= self._size:
            unit = self._unit(window.start + self._size)
            if unit is None:
                break
            report.append(unit)
            self._deadline = None
        if len(window) and self._deadline is None:
            self._deadline = now + self._delay
        return report

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give what came, if its time is over."""
        if self._deadline is None or now < self._deadline:
            return []
        self._deadline = None
        unit = self._unit(self._window.end)
        return [] if unit is None else [unit]

    def finish(self) -> list[Unit | Lost]:
        """Give what came: it is a unit."""
        self._deadline = None
        if not len(self._window):
            return []
        return [self._decoded(self._window.unit(self._window.end))]

    def _unit(self, end: int) -> Unit | None:
        """Return what is before `end`, without half an escape; None if nothing is left then."""
        window = self._window
        if self._escaped:
            data = window.peek(window.start, end)
            rest = data.split(self._escaped)[-1]
            halves = range(min(len(self._escaped) - 1, len(rest)), 0, -1)
            end -= next((half for half in halves if rest.endswith(self._escaped[:half])), 0)
        return self._decoded(window.unit(end)) if end > window.start else None

    def _decoded(self, unit: Unit) -> Unit:
        if not self._escaped:
            return unit
        return Unit(unit.data.replace(self._escaped, self._stuffing), unit.offset, unit.length)


class Datagrams:
    """Makes a unit of each datagram; an empty one makes none."""

    __slots__ = ("_offset",)

    def __init__(self) -> None:
        self._offset = 0

    @property
    def next_wake(self) -> float | None:
        """Nothing depends on time."""
        return None

    @property
    def waiting(self) -> int:
        """Nothing is kept."""
        return 0

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take one datagram; `now` has no meaning here."""
        if not data:
            return []
        unit = Unit(data, self._offset, len(data))
        self._offset += len(data)
        return [unit]

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give nothing."""
        return []

    def finish(self) -> list[Unit | Lost]:
        """Give nothing: nothing is kept."""
        return []
