"""The pieces that went out last on a telnet connection, so that losses can be told in bytes of data."""

from __future__ import annotations

from collections import deque

from smartserial.telnet.piece import Piece

_MOST_BYTES = 64 * 1024  # encoded bytes that are remembered
_MOST_PIECES = 256


class Trail:
    """Remembers pieces; what is no longer remembered passes for plain data."""

    __slots__ = ("_before", "_pieces", "_size", "_until")

    def __init__(self) -> None:
        self._pieces: deque[Piece] = deque()
        self._size = 0
        self._before = self._until = 0  # data that is no longer remembered, and where that ended

    def add(self, piece: Piece) -> None:
        """Remember a piece that goes out."""
        self._pieces.append(piece)
        self._size += len(piece.encoded)
        while self._size > _MOST_BYTES or len(self._pieces) > _MOST_PIECES:
            oldest = self._pieces.popleft()
            self._size -= len(oldest.encoded)
            self._before += oldest.size
            self._until = oldest.end

    def between(self, place: int, end: int) -> int:
        """Return how many bytes of data are whole in the first `end` bytes on the wire, not in `place`."""
        count = 0
        for piece in reversed(self._pieces):
            if piece.end <= place:
                break
            count += max(0, piece.data_in(end - piece.start) - piece.data_in(place - piece.start))
        return count + min(self._before, max(0, min(self._until, end) - place))

    def clear(self) -> None:
        """Forget everything: nothing of it counts any more."""
        self._pieces.clear()
        self._before = self._size = 0
