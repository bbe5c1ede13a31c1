"""Places in a unit, as places on the wire: a unit may have lost its escapes, or have a header of ours."""

from __future__ import annotations

from smartserial.definition.framing import Framing, framing_of, taken
from smartserial.definition.languages.stuffing import Stuffing
from smartserial.definition.protocol import Protocol


class Places:
    """Finds bytes of the units of one connection on the wire.

    Args:
        protocol: the definition.
        connection: its number.
    """

    def __init__(self, protocol: Protocol, connection: int) -> None:
        self._framing = framing_of(protocol, connection)
        self._stuffing = protocol.stuffing if self._framing is Framing.STUFFING else None
        self._whole = not taken(protocol, connection)  # then escapes are taken away at the very ends too

    def on_wire(self, at: int, unit: bytes, wire: bytes) -> int:
        """Return where a byte of a unit stands in what came; what is of no byte is an end.

        Args:
            at: offset in the unit.
            unit: its bytes, as they are matched.
            wire: its bytes, as they came.
        """
        if self._stuffing is not None:
            first, last = 0, len(wire)
            if not self._whole:
                first, last = self._stuffing.start_offset, len(wire) - self._stuffing.end_offset
            place = _stuffed(self._stuffing, at, wire, first, last)
        else:
            place = at - (len(unit) - len(wire))
        return min(max(0, place), len(wire))


def _stuffed(stuffing: Stuffing, at: int, wire: bytes, first: int, last: int) -> int:
    """Return the place of a byte before its escapes were taken away, of an escaped value its escape's."""
    escaped = stuffing.escape + stuffing.stuffing
    gone, place = 0, first
    while (found := wire.find(escaped, place, max(last, 0))) >= 0 and found - gone < at:
        gone += len(stuffing.escape)
        place = found + len(escaped)
    return at + gone
