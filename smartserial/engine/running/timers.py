"""Timers: groups that are asked for again and again."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from smartserial.definition.flow import POLL_TYPES, Timer, TriggerOn, TriggerTime
from smartserial.engine.queue import BY_TIMER
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.scene import Scene
from smartserial.engine.strands import Strand

SHORTEST = 0.001
"""The shortest time between two runs, seconds."""


class Timers:
    """All timers of an element.

    Args:
        machine: what they set in motion.
        random: for timers that begin at a random time.
    """

    def __init__(self, machine: Machine, random: Random) -> None:
        self._machine = machine
        self._random = random
        self._strands: dict[int, Strand] = {}

    def start_all(self) -> None:
        """Start the timers that run from the beginning."""
        for timer in self._machine.protocol.timer.values():
            if timer.initial.run:
                self.start(timer.id, self._random.uniform(timer.initial.low, timer.initial.high))

    def start(self, number: int, delay: float = 0.0) -> None:
        """Start a timer; one that runs goes on as it does."""
        timer = self._machine.protocol.timer.get(number)
        if timer is None or number in self._strands:
            return
        machine = self._machine
        self._strands[number] = machine.strands.defer(
            f"timer {number}", self._run(timer), machine.now + delay
        )

    def stop(self, number: int) -> None:
        """Stop a timer; what it asked for still has its turn."""
        strand = self._strands.pop(number, None)
        if strand is not None and strand is not self._machine.strands.current:
            self._machine.strands.stop(strand)

    def restart(self, number: int) -> None:
        """Drop what a timer asked for, and begin it anew."""
        self._machine.threads.drop(lambda entry: entry.timer == number)
        self.stop(number)
        self.start(number)

    def _run(self, timer: Timer) -> Chain:
        machine, me = self._machine, self._machine.strands.current
        while self._strands.get(timer.id) is me:
            began = machine.now
            if machine.holds(timer.condition):
                scene = Scene(TriggerOn.TIMER, timer.id)
                yield from machine.fire(TriggerOn.TIMER, TriggerTime.BEFORE, timer.id, scene)
                yield from self._groups(timer, scene)
            period = SHORTEST if timer.time is None else max(SHORTEST, timer.time / 1000)
            if self._strands.get(timer.id) is me:
                yield max(machine.now, began + period)
        return True

    def _groups(self, timer: Timer, scene: Scene) -> Chain:
        """Ask for the groups of a timer, and wait until the last of them is over."""
        machine, open_ = self._machine, _Open(self._machine)
        for number in timer.groups:
            group = machine.protocol.group.get(number)
            if group is not None and group.type not in POLL_TYPES:
                yield from machine.threads.run_now(group, scene, timer.interval)
            else:
                done = open_.one()
                yield from machine.threads.request(BY_TIMER, number, scene, timer.interval, timer.id, done)
        while open_.count:
            open_.awaited = True
            yield None
        return True


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
        if not self.count and self.awaited and self._strand is not None:
            self._machine.strands.resume(self._strand, None)
