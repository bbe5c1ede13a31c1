"""What clients send while the device is away, kept for a while: pieces with their times."""

from __future__ import annotations

from collections import deque

_FINENESS = 100  # pieces that come within this part of the age become one


class WaitingRoom:
    """Keeps whole pieces in order, each for a time; half a command is worth nothing to a device.

    Args:
        limit: bytes that are kept at most; 0: none are.
        age: seconds that a piece is kept; those that came within a hundredth of it go together.
    """

    __slots__ = ("_pieces", "age", "limit", "size")

    def __init__(self, limit: int, age: float) -> None:
        self.limit = limit
        self.age = age
        self.size = 0
        self._pieces: deque[tuple[float, bytearray]] = deque()  # since when, and what

    def put(self, data: bytes, now: float) -> bool:
        """Keep a piece, if there is room for all of it; tell whether there was.

        What is too old has to be taken out before, by `expire`.
        """
        if self.size + len(data) > self.limit:
            return False
        if self._pieces and now - self._pieces[-1][0] < self.age / _FINENESS:
            self._pieces[-1][1].extend(data)
        elif data:
            self._pieces.append((now, bytearray(data)))
        self.size += len(data)
        return True

    def expire(self, now: float) -> int:
        """Forget what is older than the age; return how many bytes that were."""
        before = self.size
        while self._pieces and now - self._pieces[0][0] > self.age:
            self.size -= len(self._pieces.popleft()[1])
        return before - self.size

    def take(self) -> list[bytes]:
        """Take everything out, in order."""
        pieces = [bytes(data) for _, data in self._pieces]
        self.clear()
        return pieces

    def clear(self) -> int:
        """Forget everything; return how many bytes that were."""
        count, self.size = self.size, 0
        self._pieces.clear()
        return count
