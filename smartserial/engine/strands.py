"""Several things that go on at once, on a clock that is handed in.

A strand is a generator: a chain of triggers, actions and groups that goes on until it must wait. It yields
the time until which it waits, or None to wait until it is resumed with an answer.
"""

from __future__ import annotations

from collections.abc import Generator
from heapq import heapify, heappop, heappush
from itertools import count

Steps = Generator[float | None, object, object]
"""Yields seconds on the engine's clock, or None; is sent the answer, or None when the time has come."""


_MANY = 64  # entries of the heap before those that wait no more are looked for


class Strand:
    """One chain of work; `waiting` tells that it is to be resumed."""

    __slots__ = ("_due", "_steps", "name", "waiting")

    def __init__(self, name: str, steps: Steps) -> None:
        self.name = name
        self.waiting = True
        self._steps = steps
        self._due: int | None = None


class Strands:
    """Runs strands by the time that they wait for, and those of one time as they came."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Strand]] = []
        self._most = _MANY
        self._numbers = count()
        self.current: Strand | None = None
        """The strand that is going on now."""

    @property
    def next_wake(self) -> float | None:
        """The time at which `wake` has something to do, or None."""
        self._forget()
        return self._heap[0][0] if self._heap else None

    def start(self, name: str, steps: Steps) -> Strand:
        """Go on with a new strand until it waits or is done."""
        strand = Strand(name, steps)
        self._go_on(strand, None)
        return strand

    def defer(self, name: str, steps: Steps, at: float) -> Strand:
        """Have a new strand begin at a time, when `wake` is called."""
        strand = Strand(name, steps)
        self._wait(strand, at)
        return strand

    def resume(self, strand: Strand, answer: object) -> None:
        """Go on with a strand that waits, whatever its time; one that is done is left alone."""
        if strand.waiting:
            self._go_on(strand, answer)

    def wake(self, now: float) -> None:
        """Go on with all whose time has come; what waits for `now` again has its turn at the next call."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heappop(self._heap))
        for _, number, strand in due:
            if strand._due == number:
                self._go_on(strand, None)

    def stop(self, strand: Strand) -> None:
        """End a strand; it is told by GeneratorExit, and says no more."""
        strand.waiting, strand._due = False, None
        strand._steps.close()

    def _go_on(self, strand: Strand, answer: object) -> None:
        strand.waiting, strand._due = False, None
        before, self.current = self.current, strand
        try:
            until = strand._steps.send(answer)
        except StopIteration:
            return
        finally:
            self.current = before
        strand.waiting = True
        if until is not None:
            self._wait(strand, until)

    def _wait(self, strand: Strand, until: float) -> None:
        if len(self._heap) >= self._most:
            self._heap = [entry for entry in self._heap if entry[2]._due == entry[1]]
            heapify(self._heap)
            self._most = max(_MANY, 2 * len(self._heap))
        strand._due = next(self._numbers)
        heappush(self._heap, (until, strand._due, strand))

    def _forget(self) -> None:
        """Drop what waited for a time and was resumed before."""
        while self._heap and self._heap[0][2]._due != self._heap[0][1]:
            heappop(self._heap)
