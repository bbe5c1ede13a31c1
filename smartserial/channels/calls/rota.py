"""Whom a call tries next, and when."""

from __future__ import annotations

from collections.abc import Sequence


class Rota:
    """Goes through addresses in their order, and waits longer after each round without success.

    Args:
        count: how many addresses there are, at least one.
        backoff: seconds to wait after each round; the last one counts for all that follow.
    """

    def __init__(self, count: int, backoff: Sequence[float]) -> None:
        self.position = 0
        """The number of the address that is next."""
        self._count = count
        self._backoff = backoff
        self._rounds = 0

    def failed(self) -> float:
        """Turn to the next address; return the seconds to wait before it is tried."""
        self.position += 1
        if self.position < self._count:
            return 0.0
        self.position = 0
        delay = self._backoff[min(self._rounds, len(self._backoff) - 1)]
        self._rounds += 1
        return delay

    def lasted(self) -> float:
        """Begin anew, after a success; return the seconds to wait before the first address is tried."""
        self.position = self._rounds = 0
        return self._backoff[0]
