"""Who has a virtual port open: what the kernel tells of programs, and looks at how it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.inotify import CLOSE, OPEN, OPENERS, OVERFLOW, Watch, inotify
from smartserial.channels.virtual.port import VirtualPort

_LOOKS = (0.005, 0.05, 0.5)  # seconds after a close at which it is looked whether it was the last


class OpenersOwner(Shape):
    """What is told of programs; `Openers.count` says how many there are then."""

    drained: bool
    """Whether all that programs have written was read."""

    def opened(self) -> None:
        """Take note that the first program has opened the port."""

    def closed(self) -> None:
        """Take note that the last program has closed the port."""

    def reopened(self) -> None:
        """Take note that the last program has closed the port, and another one has opened it by now."""

    def counted(self) -> None:
        """Take note that others have opened or closed it, or perhaps have."""

    def doubted(self) -> None:
        """Take note that `Openers.doubtful` has changed."""


class Openers:
    """Knows how many programs have a virtual port open: exact about none, else at least so many.

    The kernel tells in order, but of equal events that follow each other it tells once, and of a close before
    that is done. While the port is open after what may have been the last close, it is not known for some
    milliseconds whether the one who has it is another program; if that had opened it, that will be told.

    Args:
        port: which they open.
        owner: is told.
        reactor: keeps the time, and watches.
    """

    def __init__(self, port: VirtualPort, owner: OpenersOwner, reactor: Any) -> None:
        self.count = 0
        self.doubtful = False  # whether the last may have closed it, and another one opened it since
        self.none = True  # as the owner was told
        self._counted = 0  # opens less closes; too little where several were told of as one
        self._port = port
        self._owner = owner
        self._reactor = reactor
        self._watch: Watch | None = None
        self._running = False
        self._looking: IDelayedCall | None = None

    def start(self) -> None:
        """Be told from now on."""
        self._watch = inotify(self._reactor).watch_or_look(self._port.target, OPENERS, self._told)
        self._running = True

    def look_back(self) -> None:
        """Tell of who came before `start`: also of one who has written something, and is gone."""
        if self._watch is not None:
            self._watch.hear()
        self._told(OVERFLOW, "")

    def stop(self) -> None:
        """Be told no more."""
        self._look_later(None)
        if self._watch is not None:
            self._watch.stop()
        self._running = False

    def _told(self, mask: int, name: str) -> None:
        """Count who opens and who closes: what the kernel told of once may have happened twice."""
        if mask & OPEN:
            self._counted += 1
            if self.doubtful:
                self.doubtful, self.count = False, 0
                self._owner.reopened()
                self.look()
                return
        elif mask & CLOSE:
            self._counted -= 1
        told = mask & OPEN or (mask & OVERFLOW and self._owner.drained and self._port.readable)
        if told and self.none and not self._port.open:  # one has come and gone
            self._counted = 0
            self._set(1)
            self._set(0)
        else:
            self.look(0 if mask & CLOSE else len(_LOOKS))

    def look(self, tries: int = len(_LOOKS)) -> None:
        """See whether a program has the port open; after a close, look again: it is told before it is done.

        Args:
            tries: looks since a close; as many as there are: there was none.
        """
        still_doubtful = self.doubtful and tries == len(_LOOKS) and self._port.open
        if still_doubtful or not self._running:
            return
        self._look_later(None)
        counted = self._counted
        count = max(1, counted) if self._port.open else 0
        self._counted = counted if count else 0
        self._doubt(tries == 0 and count > max(0, counted))
        self._set(count)
        if tries < len(_LOOKS) and self.count:
            self._look_later(_LOOKS[tries], tries + 1)

    def _set(self, count: int) -> None:
        self.count = count
        if count and self.none:
            self.none = False
            self._owner.opened()
        elif not count and not self.none:
            self.none = True
            self._owner.closed()
        elif count:
            self._owner.counted()

    def _doubt(self, doubtful: bool) -> None:
        if doubtful is not self.doubtful:
            self.doubtful = doubtful
            self._owner.doubted()

    def _look_later(self, seconds: float | None, tries: int = len(_LOOKS)) -> None:
        """Look after so many seconds, and not before; None: not at all."""
        if self._looking is not None and self._looking.active():
            self._looking.cancel()
        self._looking = None if seconds is None else self._reactor.callLater(seconds, self._look_again, tries)

    def _look_again(self, tries: int) -> None:
        if self._watch is not None and self._running:
            self._watch.hear()  # what has happened so far is told in its order
            self.look(tries)

    @contextmanager
    def ourselves(self) -> Iterator[None]:
        """Open the other side in here without being told of that.

        Nor is then told of a program that does the same meanwhile, so it is looked for afterwards.
        """
        assert self._watch is not None
        try:
            with self._watch.unheard():
                yield
        finally:
            if self._port.open is self.none:
                self._look_later(0)
