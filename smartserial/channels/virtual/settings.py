"""What programs set on a virtual port: the kernel is made to tell of it, again and again.

It tells in what is read. While nothing is read, settings are looked at now and then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.virtual.port import VirtualPort

_SETTLING = 0.02  # seconds between looks at settings that the kernel does not tell of
_CALM = 10  # looks without news after which it is made to tell of them again
UNREAD = 0.2  # seconds between looks while nothing is read


class Unread:
    """Looks at settings while the terminal is not read.

    Args:
        looked: looks.
        reactor: keeps the time.
    """

    def __init__(self, looked: Callable[[], None], reactor: Any) -> None:
        self._looked = looked
        self._reactor = reactor
        self.unread = False
        self._next: IDelayedCall | None = None

    def note(self, unread: bool) -> None:
        """Take note that a program has the port open, and is not read; or that it is read, or gone."""
        self.unread = unread
        if unread and self._next is None:
            self._next = self._reactor.callLater(UNREAD, self._look)

    def _look(self) -> None:
        self._next = None
        if self.unread:
            self._next = self._reactor.callLater(UNREAD, self._look)
            self._looked()

    def stop(self) -> None:
        """Look no more."""
        self.unread = False
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None


class Settling:
    """Looks at settings while the kernel does not tell of them, until a program leaves them alone.

    Only then is the kernel made to tell again, for that sets them all.

    Args:
        port: whose settings they are.
        looked: called after each look.
        reactor: keeps the time.
    """

    def __init__(self, port: VirtualPort, looked: Callable[[], None], reactor: Any) -> None:
        self._port = port
        self._looked = looked
        self._reactor = reactor
        self._next: IDelayedCall | None = None
        self._quiet = 0  # looks since they were last new
        self._seen: object = None

    def check(self, alone: bool) -> None:
        """See to it that the kernel tells; `alone`: no program has the port open, who could set them."""
        if self._port.told_of_settings or self._next is not None:
            return
        if alone:
            self._port.watch_settings()
            return
        self._quiet, self._seen = 0, None
        self._next = self._reactor.callLater(_SETTLING, self._look)

    def _look(self) -> None:
        self._next = None
        seen = self._port.attributes
        self._quiet = self._quiet + 1 if seen == self._seen else 0
        self._seen = seen
        if self._quiet >= _CALM and not self._port.told_of_settings:
            self._port.watch_settings()
        elif not self._port.told_of_settings:
            self._next = self._reactor.callLater(_SETTLING, self._look)
        self._looked()

    def stop(self) -> None:
        """Look no more."""
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None
