"""Drives the lines of one device through sequences, one after the other."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any
from typing import Protocol as Shape

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall

from smartserial.errors import PortError
from smartserial.lines import Lines
from smartserial.sequences import Sequence


class Driven:
    """What was set of the lines DTR and RTS, to be set again when the device comes back.

    A step of a sequence lasts if the sequence has come to its end; whoever sets a line after the step has
    the last word.
    """

    def __init__(self) -> None:
        self.lines = Lines()
        self._passing = Lines()  # of the sequence that is under way, as far as nobody else set them since

    def set(self, lines: Lines) -> None:
        """Take note of what a client or an operator has set."""
        self.lines = replace(lines.over(self.lines), brk=None)
        self._passing = _without(self._passing, lines)

    def step(self, lines: Lines) -> None:
        """Take note of what a sequence has set."""
        self._passing = replace(lines.over(self._passing), brk=None)

    def end(self, whole: bool) -> None:
        """Take note of the end of a sequence; its steps are forgotten unless it is the `whole`."""
        passing, self._passing = self._passing, Lines()
        if whole:
            self.lines = passing.over(self.lines)

    def forget(self) -> None:
        """Forget what was set; a sequence goes on."""
        self.lines = Lines()


def _without(lines: Lines, others: Lines) -> Lines:
    """Return lines without those that others name."""
    named = {f.name: None for f in fields(others) if getattr(others, f.name) is not None}
    return replace(lines, **named)


class Drivable(Shape):
    """The lines that a sequence drives."""

    driven: Driven

    def step(self, lines: Lines) -> None:
        """Set lines, DTR and RTS in one step, and note that in `driven`."""


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

    @property
    def running(self) -> str:
        """The name of the sequence that is under way; empty: none is."""
        return "" if self._running is None else self._running.name

    def run(self, sequence: Sequence, lines: Drivable) -> Deferred[None]:
        """Perform a sequence when those before it are done.

        Returns:
            Fires when its whole time is over, with the lines as its last step says; fails with a PortError
            if it was ended before.
        """
        return self._lock.run(self._begin, sequence, lines, self._ends)

    def _begin(self, sequence: Sequence, lines: Drivable, ends: int) -> Deferred[None]:
        if ends != self._ends:  # while this one waited
            raise PortError(f"{sequence.name} was ended: {self._why}")
        self._running = run = _Run(sequence, lines, self._reactor)
        return run.begin().addBoth(self._ended)

    def _ended(self, result: Any) -> Any:
        self._running = None
        return result

    def end(self, why: str) -> None:
        """End the sequence that is under way, and those that wait: the device is gone, or will be closed.

        What it has set is forgotten: a device that comes back gets the lines as they were before, and as
        others have set them since.
        """
        self._ends, self._why = self._ends + 1, why
        if self._running is not None:
            self._running.end(why)


class _Run:
    """One sequence that is under way."""

    def __init__(self, sequence: Sequence, lines: Drivable, reactor: Any) -> None:
        self._sequence = sequence
        self._lines = lines
        self._reactor = reactor
        self._done: Deferred[None] = Deferred()
        self._next: IDelayedCall | None = None
        self._left = list(reversed(sequence.steps))

    @property
    def name(self) -> str:
        """What the operator calls it."""
        return self._sequence.name

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
            self._lines.driven.end(whole=True)
            self._done.callback(None)
            return
        step = self._left.pop()
        self._lines.step(step.lines)
        if not self._done.called:  # else the device went away at that
            self._rest_until(self._left[-1].at if self._left else self._sequence.seconds, step.at)

    def end(self, why: str) -> None:
        """End before the time."""
        if self._done.called:
            return
        if self._next is not None:
            self._next.cancel()
        self._lines.driven.end(whole=False)
        self._done.errback(PortError(f"{self._sequence.name} was ended: {why}"))
