"""Bytes at the speed of a serial line: a bucket of line time, of 20 ms at most.

Credit is counted in seconds of the line, not in bytes. So a change of speed acts at once: what was saved
up pays for as many bytes as the new speed has time for.
"""

from __future__ import annotations

BURST = 0.02
"""Seconds of line time that may be saved up while nothing is sent."""

_PAUSE = BURST / 2  # a wait is so long, where a byte does not take longer; a late timer loses nothing then
_SLACK = 1e-9  # seconds; sums of floats are not exact


class Pacer:
    """One direction of a line; each call says how many seconds one byte takes on it now.

    Args:
        now: in seconds.
    """

    __slots__ = ("_credit", "_since")

    def __init__(self, now: float) -> None:
        self._credit = BURST
        self._since = now

    def _earn(self, now: float, cost: float) -> None:
        most = max(BURST, cost + _PAUSE)  # where one byte takes longer, it and what a late timer loses
        self._credit = min(most, self._credit + max(0.0, now - self._since))
        self._since = now

    def allowance(self, now: float, cost: float) -> int:
        """Return how many bytes may pass now."""
        self._earn(now, cost)
        return max(0, int((self._credit + _SLACK) / cost))

    def spend(self, count: int, cost: float) -> None:
        """Take note that `count` bytes have passed, of those that were allowed."""
        self._credit -= count * cost

    def wait(self, now: float, cost: float) -> float:
        """Return after how many seconds it is worth while to go on; 0: now."""
        self._earn(now, cost)
        return max(0.0, max(_PAUSE, cost) - self._credit)
