"""Slow poll: an element that does not answer is left in peace, but for a ping from time to time.

::

    polled --- so many timeouts, or so long in timeout ---> slow poll: groups of the main connection rest
       ^                                                        |
       +--- a valid response on the main connection <--- ping, each interval
"""

from __future__ import annotations

from dataclasses import dataclass

from smartserial.definition.flow import Group
from smartserial.definition.message import Pair
from smartserial.engine.effects import SlowPoll
from smartserial.engine.running.health import Health
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.routes import MAIN, home, is_for
from smartserial.engine.running.scene import Run, Scene
from smartserial.engine.running.threads import Entry
from smartserial.engine.strands import Strand

_PING_GROUP = -1
_NO_GROUP = 0  # the id of what waits like a group and is none


@dataclass(frozen=True, slots=True)
class Slowing:
    """When slow poll begins; None is never, for both.

    Args:
        timeouts: after so many of the main connection, one after the other; 1 or more.
        seconds: after so long in which it was in timeout.
    """

    timeouts: int | None = None
    seconds: float | None = None


class SlowPolling:
    """Begins and ends slow poll, and sends its pings.

    Args:
        machine: what they set in motion.
        health: of the connections.
        slowing: when it begins.
        interval: seconds between two pings, and until the first one.
    """

    def __init__(self, machine: Machine, health: Health, slowing: Slowing, interval: float) -> None:
        self._machine = machine
        self._health = health
        self._slowing = slowing
        self._interval = interval
        self._lines = frozenset(machine.redundancy.twins or (MAIN,))
        self._timeouts = 0
        self._soon: Strand | None = None
        self._pings: Strand | None = None
        self._open = False
        self._group = machine.protocol.group.get(_PING_GROUP)
        self._pair = _ping_pair(machine, self._lines)
        self.on = False
        """Whether groups of the main connection rest."""
        self._resting: dict[int, bool] = {}
        health.changed.append(self._health_changed)

    def rests(self, group: int, connection: int) -> bool:
        """Tell whether a group waits until slow poll is over; what is no group goes by its connection."""
        if not self.on:
            return False
        known = self._machine.protocol.group.get(group)
        if known is None:
            return connection in self._lines
        if group not in self._resting:
            self._resting[group] = is_for(self._machine.protocol, known, self._lines)
        return self._resting[group]

    def timed_out(self, connection: int) -> None:
        """Take note of an answer that did not come."""
        if connection in self._lines:
            self._timeouts += 1
            self._count()

    def given_up(self, connection: int) -> None:
        """Take note of a pair that is not sent again."""
        if connection in self._lines:
            self._count()

    def _count(self) -> None:
        most = self._slowing.timeouts
        # Before both of two connections have failed, the other one may still answer.
        counts = len(self._lines) == 1 or self._health.is_failing(MAIN)
        if counts and most is not None and self._timeouts >= most:
            self._begin()

    def succeeded(self, connection: int) -> None:
        """Take note of a valid response."""
        if connection in self._lines:
            self._timeouts = 0
            if self.on:
                self._end()

    def _health_changed(self) -> None:
        seconds, late = self._slowing.seconds, self._health.is_late(MAIN)
        machine = self._machine
        if late and seconds is not None and self._soon is None:
            self._soon = machine.defer("slow poll", self._later(), machine.now + seconds)
        elif not late and self._soon is not None:
            machine.end(self._soon)
            self._soon = None

    def _later(self) -> Chain:
        self._begin()
        yield from ()
        return True

    def _begin(self) -> None:
        """Begin, unless there is nothing to ping with: then nothing would ever end it."""
        machine = self._machine
        if self.on or (self._group is None and self._pair is None):
            return
        self.on = True
        machine.tell(SlowPoll(True))
        self._pings = machine.defer("pings", self._again(), machine.now + self._interval)

    def _end(self) -> None:
        machine = self._machine
        self.on = False
        if self._pings is not None:
            machine.end(self._pings)
        machine.tell(SlowPoll(False))
        machine.threads.go_on()

    def _again(self) -> Chain:
        machine = self._machine
        while self.on:
            if not self._open:
                self._open = True
                machine.threads.ping(MAIN, self._entry())
            yield machine.now + self._interval
        return True

    def _entry(self) -> Entry:
        number = self._machine.threads.number_for(Group(_NO_GROUP, "", connection=MAIN))
        if self._group is not None:
            return Entry(_PING_GROUP, Scene(thread=number), done=self._over)
        return Entry(_NO_GROUP, Scene(thread=number), done=self._over, work=lambda: self._ask(number))

    def _over(self) -> None:
        self._open = False

    def _ask(self, thread: int) -> Chain:
        """Send the pair; its command is made now, even where others are made before their group waits."""
        machine, pair = self._machine, self._pair
        if pair is None or not machine.holds(pair.condition):
            return False
        scene = Scene(thread=thread, run=Run(_NO_GROUP, machine.redundancy.active))
        return (yield from machine.asking.ask(pair, Group(_NO_GROUP, ""), scene, None))


def _ping_pair(machine: Machine, lines: frozenset[int]) -> Pair | None:
    """Return the pair of the main connection that is marked, else that of the lowest id with a Response."""
    own = [pair for pair in machine.protocol.pairs if home(machine.protocol, pair) in lines]
    marked = [pair for pair in own if pair.ping and (pair.responses or pair.bad_responses)]
    asked = sorted((pair for pair in own if pair.responses), key=lambda pair: pair.id)
    return next(iter(marked or asked), None)
