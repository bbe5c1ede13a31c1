"""What clients send while the device is away, kept for a while: pieces with their times."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

MOST_REQUESTS = 1000
"""Pieces of somebody's that may wait: each is kept by itself."""
_FINENESS = 100  # pieces that come within this part of the age become one

S = TypeVar("S", bound=Hashable)


@dataclass(slots=True)
class _Piece(Generic[S]):
    since: float
    source: S | None
    data: bytearray


class WaitingRoom(Generic[S]):
    """Keeps whole pieces in order, each for a time; half a command is worth nothing to a device.

    Args:
        limit: bytes that are kept at most; 0: none are.
        age: seconds that a piece is kept; those of nobody's that came within a hundredth of it go together.
    """

    __slots__ = ("_pieces", "age", "limit", "size")

    def __init__(self, limit: int, age: float) -> None:
        self.limit = limit
        self.age = age
        self.size = 0
        self._pieces: deque[_Piece[S]] = deque()

    def put(self, data: bytes, now: float, source: S | None = None) -> bool:
        """Keep a piece, if there is room for all of it; tell whether there was.

        What is too old has to be taken out before, by `expire`.

        Args:
            data: the piece.
            now: seconds, monotonic.
            source: whose it is; None: that does not matter.
        """
        if self.size + len(data) > self.limit or (source is not None and len(self._pieces) >= MOST_REQUESTS):
            return False
        last = self._pieces[-1] if self._pieces and source is None else None
        if last is not None and last.source is None and now - last.since < self.age / _FINENESS:
            last.data.extend(data)
        elif data:
            self._pieces.append(_Piece(now, source, bytearray(data)))
        self.size += len(data)
        return True

    def expire(self, now: float) -> int:
        """Forget what is older than the age; return how many bytes that were."""
        before = self.size
        while self._pieces and now - self._pieces[0].since > self.age:
            self.size -= len(self._pieces.popleft().data)
        return before - self.size

    def take(self) -> list[tuple[S | None, bytes]]:
        """Take everything out, in order, each piece with whose it is."""
        pieces = [(piece.source, bytes(piece.data)) for piece in self._pieces]
        self.clear()
        return pieces

    def clear(self) -> int:
        """Forget everything; return how many bytes that were."""
        count, self.size = self.size, 0
        self._pieces.clear()
        return count
