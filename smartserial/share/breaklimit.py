"""How long breaks last: none is held for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

LONGEST_BREAK = 10.0  # seconds
TELNET_BREAK = 0.25  # seconds that a TELNET BREAK lasts


class BreakLimit:
    """Ends a break that nobody ends.

    Args:
        end: ends it.
        reactor: keeps the time.
    """

    def __init__(self, end: Callable[[], None], reactor: Any) -> None:
        self._end = end
        self._reactor = reactor
        self._timer: IDelayedCall | None = None

    @property
    def running(self) -> bool:
        """Whether a break is held."""
        return self._timer is not None

    def note(self, on: bool) -> None:
        """Take note that a break begins, or that none is held any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if on:
            self._timer = self._reactor.callLater(LONGEST_BREAK, self._out_of_time)

    def end(self) -> None:
        """End it now."""
        self.note(False)
        self._end()

    def _out_of_time(self) -> None:
        self._timer = None
        self._end()
