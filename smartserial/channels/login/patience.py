"""The time that somebody has for something; it stands still while they wait for us."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall


class Patience:
    """Ends once, when so much time has gone by.

    Args:
        seconds: in all, without those in which it stands still.
        over: is called at the end.
        reactor: keeps the time.
    """

    def __init__(self, seconds: float, over: Callable[[], None], reactor: Any) -> None:
        self._left = seconds
        self._over = over
        self._reactor = reactor
        self._call: IDelayedCall | None = None

    def go_on(self) -> None:
        """Let time go by."""
        self._call = self._reactor.callLater(self._left, self._over)

    def stop(self) -> None:
        """Stand still; nothing is called any more."""
        call, self._call = self._call, None
        if call is not None and call.active():
            self._left = max(0.0, call.getTime() - self._reactor.seconds())
            call.cancel()

    def last(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something else after some time, unless stopped."""
        self.stop()
        self._call = self._reactor.callLater(seconds, call)
