"""Where on the wire data has ended that went out encrypted, so that losses can be told in bytes of data."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Protocol

_MOST_MARKS = 4096
_FAR = 16 * 1024 * 1024  # bytes that no kernel keeps for a peer that does not read


class Piece(Protocol):
    """Data as it went to the wire: from where on, and where its parts end.

    `ends` has, for each part, the bytes up to its end and the bytes of data in them.
    """

    @property
    def start(self) -> int:
        """The place on the wire where it begins."""

    @property
    def ends(self) -> tuple[tuple[int, int], ...]:
        """Where its parts end."""


class Marks:
    """Remembers where on the wire pieces ended, or their parts; those of long ago more and more roughly."""

    __slots__ = ("_before", "_data", "_wire")

    def __init__(self) -> None:
        self._wire = array("Q")
        self._data = array("Q")
        self._before = 0

    def add(self, piece: Piece) -> None:
        """Remember a piece that goes out."""
        before = self._data[-1] if self._data else self._before
        for end, size in piece.ends:
            self._wire.append(piece.start + end)
            self._data.append(before + size)
        if len(self._wire) > _MOST_MARKS:
            self._thin_out()

    def _thin_out(self) -> None:
        """Forget what has arrived for sure, or else where each second of the older parts ended.

        The data of such a part then counts with that of the next one.
        """
        old = bisect_right(self._wire, max(0, self._wire[-1] - _FAR))
        if old:
            self._before = self._data[old - 1]
            del self._wire[:old], self._data[:old]
        else:
            del self._wire[: _MOST_MARKS // 2 : 2], self._data[: _MOST_MARKS // 2 : 2]

    def _up_to(self, place: int) -> int:
        count = bisect_right(self._wire, max(0, place))
        return self._data[count - 1] if count else self._before

    def between(self, place: int, end: int) -> int:
        """Return how many bytes of data are whole in the first `end` bytes on the wire, not in `place`."""
        return max(0, self._up_to(end) - self._up_to(place))

    def clear(self) -> None:
        """Forget everything: nothing of it counts any more."""
        self._before = 0
        del self._wire[:], self._data[:]
