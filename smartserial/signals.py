"""What signals do to the program."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any


class Signals:
    """SIGTERM and SIGINT stop the gateway in good order, with exit code 0; a second one ends its grace.

    SIGHUP reads the configuration again. Twisted's own handlers would end the program with 143; until ours
    have taken their place the signals are kept waiting.
    """

    def __init__(self, reactor: Any, reload: Callable[[], None], hurry: Callable[[], None]) -> None:
        self._reactor = reactor
        self._stopping = False
        self._hurry = hurry
        self._reload = reload
        self._handlers = {
            signal.SIGTERM: self._stop,
            signal.SIGINT: self._stop,
            signal.SIGHUP: self._read_again,
        }

    def install(self) -> None:
        """Handle signals from the moment that the reactor runs."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._handlers)
        self._reactor.callWhenRunning(self._take_over)

    def _take_over(self) -> None:
        for number in self._handlers:
            signal.signal(number, self._received)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._handlers)

    def _received(self, number: int, frame: FrameType | None) -> None:
        self._reactor.callFromThread(self._handlers[signal.Signals(number)])

    def _read_again(self) -> None:
        if not self._stopping:
            self._reload()

    def _stop(self) -> None:
        if self._stopping:
            self._hurry()
        else:
            self._stopping = True
            self._reactor.stop()
