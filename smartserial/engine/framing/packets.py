"""Packets that tell their length.

::

    | offset bytes | length: 1, 2 or 4 bytes | data |
    |<------------------ whole -------------------->|
                                             |<---->|  not whole
"""

from __future__ import annotations

from typing import Literal

from smartserial.definition.languages.communication import PacketInfo
from smartserial.engine.framing.framer import Untimed
from smartserial.engine.unit import Loss, Lost, Unit


class Packets(Untimed):
    """Makes a unit of each packet, with all of its bytes.

    After a length that cannot be, nothing shows where the next packet begins. All that came is dropped, and
    what comes next is taken for the beginning of a packet.

    Args:
        info: where the length is.
        most: bytes of the longest packet.
    """

    __slots__ = ("_before", "_fewest", "_most", "_needed", "_order", "_whole")

    def __init__(self, info: PacketInfo, most: int) -> None:
        super().__init__()
        self._before, self._whole, self._most = info.offset, info.whole, most
        self._order: Literal["little", "big"] = "little" if info.little_endian else "big"
        self._fewest = self._needed = info.offset + info.width

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came; `now` has no meaning here."""
        window = self._window
        window.add(data)
        report: list[Unit | Lost] = []
        while len(window) >= self._needed or len(window) > self._most:
            size = self._size()
            if not self._fewest <= size <= self._most:
                self._needed = self._fewest
                return [*report, *window.lose(window.end, Loss.BAD_LENGTH)]
            if len(window) < size:
                self._needed = size
                break
            report.append(window.unit(window.start + size))
            self._needed = self._fewest
        return report

    def _size(self) -> int:
        """Return the bytes of the first packet; -1 if its length field itself is beyond the most."""
        window = self._window
        if self._fewest > self._most:
            return -1
        start = window.start
        number = int.from_bytes(window.peek(start + self._before, start + self._fewest), self._order)
        return number if self._whole else self._fewest + number
