"""When it is tried again to open a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint

FIRST_RETRY = 0.1  # seconds
LAST_RETRY = 1.0
_GROWTH = 1.6
_CLOSEST = 0.05  # seconds between two attempts, however much happens where the device may appear


class DeviceLookout(Shape):
    """What tells that a device may have appeared."""

    def look(self) -> None:
        """Take note that the device is still not there."""

    def stop(self) -> None:
        """Tell no more."""


class Retries:
    """Attempts to open one device: after delays that grow, and at once when it may have appeared.

    An endpoint may have a method `lookout` that is given a function to call when the device may have
    appeared, and returns a `DeviceLookout`.

    Args:
        attempt: tries to open it.
        reactor: keeps the time.
    """

    def __init__(self, attempt: Callable[[], None], reactor: Any) -> None:
        self._attempt = attempt
        self._reactor = reactor
        self._delay = FIRST_RETRY
        self._next: IDelayedCall | None = None
        self._tried_at = 0.0
        self._appeared = False  # since the last attempt began
        self._lookout: DeviceLookout | None = None

    @property
    def waiting(self) -> bool:
        """Whether it will be tried again."""
        return self._next is not None

    def begin(self) -> None:
        """Take note that an attempt begins."""
        self._next, self._appeared = None, False
        self._tried_at = self._reactor.seconds()

    def again(self, endpoint: IStreamClientEndpoint) -> None:
        """Try again later, or when the device appears for which the endpoint has a lookout."""
        self._next = self._reactor.callLater(_CLOSEST if self._appeared else self._delay, self._attempt)
        self._delay = min(LAST_RETRY, self._delay * _GROWTH)
        if self._lookout is not None:
            self._lookout.look()
        elif hasattr(endpoint, "lookout"):
            self._lookout = endpoint.lookout(self._may_be_there)

    def _may_be_there(self) -> None:
        self._appeared, self._delay = True, FIRST_RETRY
        if self._next is not None:
            self._next.reset(max(0.0, self._tried_at + _CLOSEST - self._reactor.seconds()))

    def forget(self) -> None:
        """Begin with the shortest delay the next time."""
        self._delay = FIRST_RETRY

    def look_no_more(self) -> None:
        """Do not be told any more of what appears."""
        lookout, self._lookout = self._lookout, None
        if lookout is not None:
            lookout.stop()

    def stop(self) -> None:
        """Try no more."""
        self.look_no_more()
        if self._next is not None:
            self._next.cancel()
            self._next = None
