"""Timers: groups that are asked for again and again.

::

    begin -> before timer -> groups are asked for -> all of them are over -> rest until its time -> begin
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from smartserial.definition.flow import POLL_TYPES, Timer, TriggerOn, TriggerTime
from smartserial.definition.values.value import NotAValueError, as_number
from smartserial.engine.builtin import TIMER_BASE
from smartserial.engine.queue import BY_TIMER
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.routes import MAIN
from smartserial.engine.running.scene import Scene
from smartserial.engine.strands import Strand

SHORTEST = 0.001
"""The shortest time between two runs, seconds."""
_RESTING = 1.0  # seconds, of a timer whose groups rest


class _Running:
    """A timer that runs: whether it rests, and whether it is to begin again without a rest."""

    __slots__ = ("again", "resting", "strand")

    def __init__(self) -> None:
        self.again = False
        self.resting = True
        self.strand: Strand | None = None


class Timers:
    """All timers of an element.

    Args:
        machine: what they set in motion.
        random: for timers that begin at a random time.
    """

    def __init__(self, machine: Machine, random: Random) -> None:
        self._machine = machine
        self._random = random
        self._running: dict[int, _Running] = {}
        self._began: dict[int, float] = {}
        if machine.protocol.timers_reset:
            machine.notice(TIMER_BASE, self._base_changed)

    def start_all(self) -> None:
        """Start the timers that run from the beginning."""
        for timer in self._machine.protocol.timer.values():
            if timer.initial.run:
                self.start(timer.id, self._random.uniform(timer.initial.low, timer.initial.high))

    def start(self, number: int, delay: float = 0.0) -> None:
        """Start a timer after so many seconds; one that runs goes on as it does.

        One that began at this time already, and was stopped, waits at least `SHORTEST`.
        """
        timer = self._machine.protocol.timer.get(number)
        if timer is None or number in self._running:
            return
        machine, running = self._machine, _Running()
        if self._began.get(number) == machine.now:
            delay = max(delay, SHORTEST)
        self._running[number] = running
        running.strand = machine.defer(f"timer {number}", self._run(timer), machine.now + delay)

    def stop(self, number: int) -> None:
        """Stop a timer; what it asked for still has its turn."""
        running = self._running.pop(number, None)
        if running is not None and running.resting and running.strand is not None:
            self._machine.end(running.strand)

    def restart(self, number: int) -> None:
        """Drop what a timer asked for, and begin it anew; a group of it that runs is not cut short."""
        self.stop(number)
        self._machine.threads.drop(lambda entry: entry.timer == number)
        self.start(number)

    def reschedule(self, number: int) -> None:
        """Run a timer now, or directly after its run if it is at work."""
        running = self._running.get(number)
        if running is None:
            self.start(number)
        elif running.resting:
            self.stop(number)
            self.start(number)
        else:
            running.again = True

    def _base_changed(self) -> None:
        """Run at once all timers that rest, and whose time is another one now."""
        for number, running in list(self._running.items()):
            if running.resting and not self._machine.protocol.timer[number].fixed:
                self.reschedule(number)

    def _run(self, timer: Timer) -> Chain:
        machine, me = self._machine, self._running[timer.id]
        while self._running.get(timer.id) is me:
            me.resting, me.again, least = False, False, SHORTEST
            began = self._began[timer.id] = machine.now
            if machine.holds(timer.condition):
                scene = Scene(TriggerOn.TIMER, timer.id)
                yield from machine.fire(TriggerOn.TIMER, TriggerTime.BEFORE, timer.id, scene)
                least = SHORTEST if (yield from self._groups(timer, scene)) else _RESTING
            me.resting = True
            if self._running.get(timer.id) is me:
                period = SHORTEST if me.again else max(least, self._period(timer))
                yield max(machine.now, began + period)
        return True

    def _period(self, timer: Timer) -> float:
        """Return the seconds between two runs: stretched by the timer base, unless they are fixed."""
        if timer.time is None:
            return SHORTEST
        factor: float = 1
        if self._machine.protocol.relative_timers and not timer.fixed:
            try:
                factor = as_number(self._machine.store.value(TIMER_BASE) or 1)
            except NotAValueError as error:
                self._machine.note(f"the timer base is taken as 1: {error}")
        return max(SHORTEST, timer.time / 1000 * (factor if factor > 0 else 1))

    def _groups(self, timer: Timer, scene: Scene) -> Chain:
        """Ask for the groups of a timer, but for those that rest, and wait until the last of them is over.

        Returns:
            Whether any of them did not rest, or there are none.
        """
        machine, open_, done_any = self._machine, _Open(self._machine), not timer.groups
        for number in timer.groups:
            group = machine.protocol.group.get(number)
            if group is not None and group.type not in POLL_TYPES:
                yield from machine.threads.run_now(group, scene, timer.interval)
                done_any = True
            elif not machine.slow.rests(number, MAIN):
                done, done_any = open_.one(), True
                yield from machine.threads.request(BY_TIMER, number, scene, timer.interval, timer.id, done)
        while open_.count:
            open_.awaited = True
            yield None
        return done_any


class _Open:
    """Counts what is not over yet, and goes on with the strand that made it when nothing is left."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._strand = machine.strands.current
        self.count = 0
        self.awaited = False

    def one(self) -> Callable[[], None]:
        """Count one more; what is returned is called when it is over."""
        self.count += 1
        return self._over

    def _over(self) -> None:
        self.count -= 1
        waits = not self.count and self.awaited and not self._machine.stopped
        if waits and self._strand is not None:
            self._machine.strands.resume(self._strand, None)
