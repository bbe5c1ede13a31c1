"""Drives the lines of one device through sequences, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import Protocol as Shape

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall

from smartserial.errors import PortError
from smartserial.lines import Lines
from smartserial.sequences import Sequence


class Driven(Shape):
    """The lines that a sequence drives."""

    driven: Lines  # what was set, to be set again when the device comes back

    def drive(self, session: object, lines: Lines, done: Callable[[], None]) -> None:
        """Set lines, DTR and RTS in one step; `done` is called then."""


class Sequencer:
    """Performs sequences on the lines of one device.

    Each time is kept at least: a step that comes late delays those after it, for a pulse that is too short
    resets nothing. Whoever asks while one is under way waits for its end.

    Args:
        reactor: keeps the time.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._lock = DeferredLock()
        self._running: _Run | None = None
        self._ends = 0
        self._why = ""

    def run(self, sequence: Sequence, lines: Driven) -> Deferred[None]:
        """Perform a sequence when those before it are done.

        Returns:
            Fires when its whole time is over, with the lines as its last step says; fails with a PortError
            if it was ended before.
        """
        return self._lock.run(self._begin, sequence, lines, self._ends)

    def _begin(self, sequence: Sequence, lines: Driven, ends: int) -> Deferred[None]:
        if ends != self._ends:  # while this one waited
            raise PortError(f"{sequence.name} was ended: {self._why}")
        self._running = run = _Run(sequence, lines, self._reactor)
        return run.begin().addBoth(self._ended)

    def _ended(self, result: Any) -> Any:
        self._running = None
        return result

    def end(self, why: str) -> None:
        """End the sequence that is under way, and those that wait: the device is gone, or will be closed.

        What it has set is forgotten: a device that comes back gets the lines as they were before.
        """
        self._ends, self._why = self._ends + 1, why
        if self._running is not None:
            self._running.end(why)


class _Run:
    """One sequence that is under way."""

    def __init__(self, sequence: Sequence, lines: Driven, reactor: Any) -> None:
        self._sequence = sequence
        self._lines = lines
        self._reactor = reactor
        self._before = lines.driven
        self._done: Deferred[None] = Deferred()
        self._next: IDelayedCall | None = None
        self._left = list(reversed(sequence.steps))

    def begin(self) -> Deferred[None]:
        """Do what is to be done at once."""
        self._rest_until(self._left[-1].at, 0.0)
        return self._done

    def _rest_until(self, at: float, now: float) -> None:
        """Go on at a time of the sequence; both are its seconds."""
        if at > now:
            self._next = self._reactor.callLater(at - now, self._go_on)
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._next = None
        if not self._left:
            self._done.callback(None)
            return
        step = self._left.pop()
        self._lines.drive(None, step.lines, _nothing)
        if not self._done.called:  # else the device went away at that
            self._rest_until(self._left[-1].at if self._left else self._sequence.seconds, step.at)

    def end(self, why: str) -> None:
        """End before the time."""
        if self._done.called:
            return
        if self._next is not None:
            self._next.cancel()
        self._lines.driven = self._before
        self._done.errback(PortError(f"{self._sequence.name} was ended: {why}"))


def _nothing() -> None:
    """Wait for nothing: steps go by their times."""
