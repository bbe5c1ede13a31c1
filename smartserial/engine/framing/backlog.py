"""How many bytes wait for the engine, and when no more are taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class BacklogLimits:
    """Bytes of one element that wait; each limit is above those before it.

    Args:
        quiet: below it there is nothing to notice any more.
        notice: above it there is; and below it messages are taken again that were refused.
        refuse: above it no more are taken.
    """

    quiet: int = 150 * _MEGA
    notice: int = 200 * _MEGA
    refuse: int = 300 * _MEGA


DEFAULT_LIMITS = BacklogLimits()


class BacklogLevel(Enum):
    """What there is to say about a backlog."""

    QUIET = "quiet"
    HIGH = "high"  # above `notice`, and not yet below `quiet`
    REFUSING = "refusing"  # above `refuse`, and not yet below `notice`
    LOST = "lost"  # messages are taken again; that some were not is not forgotten


class Backlog:
    """Counts the bytes that wait for the engine.

    Args:
        limits: when there is something to notice, and when no more are taken.
    """

    __slots__ = ("_limits", "level", "refused", "waiting")

    def __init__(self, limits: BacklogLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self.level = BacklogLevel.QUIET
        self.waiting = 0
        self.refused = 0

    def accept(self, size: int) -> bool:
        """Count a message that begins to wait, or refuse it; `refused` counts the bytes of those."""
        if self.level is BacklogLevel.REFUSING:
            self.refused += size
            return False
        self.waiting += size
        if self.waiting > self._limits.refuse:
            self.level = BacklogLevel.REFUSING
        elif self.waiting > self._limits.notice and self.level is BacklogLevel.QUIET:
            self.level = BacklogLevel.HIGH
        return True

    def taken(self, size: int) -> None:
        """Count a message that waits no more."""
        self.waiting = max(0, self.waiting - size)
        if self.level is BacklogLevel.REFUSING and self.waiting < self._limits.notice:
            self.level = BacklogLevel.LOST
        elif self.level is BacklogLevel.HIGH and self.waiting < self._limits.quiet:
            self.level = BacklogLevel.QUIET
