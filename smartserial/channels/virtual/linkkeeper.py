"""Keeps the link of a virtual port where it belongs, while others rename, remove and plug in."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from smartserial.channels.inotify import IGNORED, NAMES, Watch, inotify
from smartserial.errors import PortError

AGAIN = 1.0  # seconds until a name is tried again that could not be had, or that was taken away again
_log = Logger()


class Linked(Shape):
    """What has the link."""

    path: Path

    @property
    def in_place(self) -> bool:
        """Whether the link stands at the path."""

    def put_back(self) -> str:
        """Make the link again where it is missing; return what to say of that.

        Raises:
            PortError: something stands there that is not to be moved.
            OSError: we may not write there.
        """


class LinkKeeper:
    """Puts the link back when it was taken away, or something has its place that may be moved.

    A name that is taken away again and again is put back each second.

    Args:
        port: has the link.
        reactor: watches the folder, and keeps the time.
    """

    def __init__(self, port: Linked, reactor: Any) -> None:
        self._port = port
        self._reactor = reactor
        self._watch: Watch | None = None
        self._later: IDelayedCall | None = None
        self._not_before = 0.0
        self._said = ""
        self._look()

    def _look(self) -> None:
        self._later = None
        try:
            if self._watch is None:
                folder = self._port.path.parent
                folder.mkdir(parents=True, exist_ok=True)  # the last device may have taken its folder away
                watching = inotify(self._reactor)
                self._watch = watching.watch_or_look(folder, NAMES, self._told, self._port.path.name)
            if not self._port.in_place:
                self._put_back()
            self._said = ""
        except (PortError, OSError) as error:
            if str(error) != self._said:
                _log.warn("{error}; trying again", error=str(error))
            self._said = str(error)
            self._later = self._reactor.callLater(AGAIN, self._look)

    def _put_back(self) -> None:
        wait = self._not_before - self._reactor.seconds()
        if wait > 0:
            self._later = self._reactor.callLater(wait, self._look)
            return
        words = self._port.put_back()
        self._not_before = self._reactor.seconds() + AGAIN
        _log.warn("{words}", words=words)

    def _told(self, mask: int, name: str) -> None:
        if mask & IGNORED:
            self._watch = None
        self._stop_waiting()
        self._look()

    def _stop_waiting(self) -> None:
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None

    def stop(self) -> None:
        """Keep the name no more."""
        self._stop_waiting()
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
