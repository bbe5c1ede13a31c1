"""What goes to a device and what comes from it, as a hex dump for people.

::

    << 21:29:32 - Status
       000000  48454C4C4F 0D0A                              HELLO..
    >> 21:29:33 - Status
       000000  574F524C44 2069732034 3220646567 7265657300  WORLD is 42 degrees.
       000020  FF7F7E                                       ..~

``<<`` goes to the device and has the name of the pair, ``>>`` is a unit from it and has the name of the
response; a silence is ``TIMEOUT``. Offsets are decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from smartserial.engine.effects import Step
from smartserial.printable import printable
from smartserial.trace.events import (
    Dropped,
    Matched,
    Mismatched,
    PairStep,
    TimedOut,
    TraceEvent,
    Tx,
    UnitMade,
)
from smartserial.trace.times import time_of_day

_ROW, _BLOCK = 20, 5  # bytes
_HEX_WIDTH = 43
_OVER = {Step.SUCCEEDED, Step.REFUSED, Step.GIVEN_UP}
_ASCII = bytes(byte if 32 <= byte < 127 else ord(".") for byte in range(256))


def rows(data: bytes) -> Iterator[str]:
    """Yield the rows of a dump."""
    for offset in range(0, len(data), _ROW):
        part = data[offset : offset + _ROW]
        digits = part.hex().upper()
        blocks = " ".join(digits[at : at + 2 * _BLOCK] for at in range(0, len(digits), 2 * _BLOCK))
        yield f"   {offset:06d}  {blocks:<{_HEX_WIDTH}}  {part.translate(_ASCII).decode('ascii')}"


class Dump:
    """Writes events of one element, given in their order.

    Args:
        clock: writes a time, in seconds since 1970, as people read it; by default in UTC.
    """

    def __init__(self, clock: Callable[[float], str] = time_of_day) -> None:
        self._clock = clock
        self._pairs: dict[int | None, str] = {}
        self._units: dict[tuple[int | None, str], bytes] = {}
        self._ways: Mapping[type[TraceEvent], Callable[[Any], list[str]]] = {
            Tx: self._sent,
            UnitMade: self._made,
            Matched: self._matched,
            Mismatched: self._mismatched,
            PairStep: self._pair,
            TimedOut: self._timed_out,
            Dropped: self._dropped,
        }

    def lines(self, event: TraceEvent) -> list[str]:
        """Return the lines of one event; of most there are none."""
        way = self._ways.get(type(event))
        return [] if way is None else way(event)

    def _head(self, mark: str, event: TraceEvent, name: str) -> str:
        name = name or event.peer or f"connection {event.connection}"
        return f"{mark} {self._clock(event.time)} - {printable(name)}"

    def _sent(self, event: Tx) -> list[str]:
        return [self._head("<<", event, self._pairs.get(event.connection, "")), *rows(event.data)]

    def _made(self, event: UnitMade) -> list[str]:
        self._units = {(event.connection, event.peer): event.data}
        return []

    def _matched(self, event: Matched) -> list[str]:
        data = self._units.pop((event.connection, event.peer), b"")
        return [self._head(">>", event, event.response.name), *rows(data)]

    def _mismatched(self, event: Mismatched) -> list[str]:
        self._units.pop((event.connection, event.peer), None)
        name = event.response.name if event.response is not None else ""
        name = name or self._pairs.get(event.connection, "")
        return [self._head(">>", event, name), *rows(event.data), self._note(event, _why(event))]

    def _pair(self, event: PairStep) -> list[str]:
        name = event.pair.name or f"pair {event.pair.id}"
        if event.step is Step.BEGUN:
            self._pairs[event.connection] = name
            return [self._note(event, f"Retrying {name}")] if event.attempt > 1 else []
        if event.step in _OVER:
            self._pairs.pop(event.connection, None)
        return [self._note(event, "Continuing")] if event.step is Step.GIVEN_UP else []

    def _timed_out(self, event: TimedOut) -> list[str]:
        return [self._head(">>", event, event.pair.name or f"pair {event.pair.id}"), "TIMEOUT"]

    def _dropped(self, event: Dropped) -> list[str]:
        return [self._note(event, f"Dropped {event.length} bytes: {event.reason}")]

    def _note(self, event: TraceEvent, text: str) -> str:
        return f" -> {self._clock(event.time)} - {printable(text)}"


def dump(events: Iterable[TraceEvent], clock: Callable[[float], str] = time_of_day) -> str:
    """Write events of one element as text, each line with its end."""
    writer = Dump(clock)
    return "".join(f"{line}\n" for event in events for line in writer.lines(event))


def _why(event: Mismatched) -> str:
    if event.param is None:
        return f"No match: {event.reason}"
    return f"No match: {event.reason} at {event.at}, in {event.param.name}"
