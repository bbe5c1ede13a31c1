"""Pairs that wait for their answers, and which of them a unit is for.

A pair waits from the moment in which its command is sent. While its chain is busy, with what follows the
command or with an answer that is looked at, units are kept for it; what it leaves is nobody's answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from smartserial.engine.alarms import Alarms
from smartserial.engine.effects import Dropped, Level, Peer
from smartserial.engine.framing.answers import AnswerFramer
from smartserial.engine.framing.backlog import DEFAULT_LIMITS, Backlog, BacklogLevel, BacklogLimits
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.strands import Strand
from smartserial.engine.unit import Loss, Lost, Unit

LEAST = 256
"""Bytes that a unit counts for at least while it is kept for a pair whose chain is busy."""


class Waiting:
    """A pair that waits for its answer.

    Args:
        connection: where.
        peer: the only session that may answer; None takes the first that does.
        plan: makes what makes the answer of bytes; None where units are made already.
        strand: the chain that goes on when a unit comes.
        deadline: when the time is over, in seconds.
    """

    __slots__ = (
        "connection",
        "deadline",
        "excused",
        "framer",
        "idle",
        "later",
        "peer",
        "plan",
        "source",
        "strand",
    )

    def __init__(
        self,
        connection: int,
        peer: Peer | None,
        plan: Callable[[int], AnswerFramer] | None,
        strand: Strand | None,
        deadline: float,
    ) -> None:
        self.connection = connection
        self.peer = peer
        self.plan = plan
        self.strand = strand
        self.deadline = deadline
        self.framer: AnswerFramer | None = None
        self.source: Peer | None = None
        """Whose bytes become the answer, where units are not made already."""
        self.idle = False
        """Whether the chain does nothing but wait."""
        self.later: deque[Arrived] = deque()
        """What came while it did something else."""
        self.excused = False
        """Whether something came that is no timeout, although it is no answer."""


class Arrived:
    """A unit for pairs that wait: `rest` are those that it is offered to next."""

    __slots__ = ("peer", "rest", "taken", "unit")

    def __init__(self, peer: Peer, unit: Unit, rest: Sequence[Waiting] = ()) -> None:
        self.peer = peer
        self.unit = unit
        self.rest = rest
        self.taken = False
        """Whether it turned out to be something."""


class Waits:
    """All pairs of an element that wait.

    Args:
        machine: whose chains they are.
        limits: of what is kept for pairs whose chains are busy.
    """

    def __init__(self, machine: Machine, limits: BacklogLimits = DEFAULT_LIMITS) -> None:
        self._machine = machine
        self._backlog = Backlog(limits)
        self._waiting: dict[int, list[Waiting]] = {}
        self._alarms = Alarms[Waiting]()

    @property
    def next_wake(self) -> float | None:
        """When `wake` has something to do, in seconds, or None."""
        return self._alarms.next

    def wake(self, now: float) -> None:
        """End answers that silence ends."""
        for waiting in self._alarms.due(now):
            if waiting.framer is not None and self.is_open(waiting):
                self._take(waiting, waiting.framer, waiting.framer.wake(now))

    def add(self, waiting: Waiting) -> None:
        """Have a pair wait."""
        self._waiting.setdefault(waiting.connection, []).append(waiting)

    def end(self, waiting: Waiting) -> None:
        """Have a pair wait no longer; the units that were kept for it are heard by themselves."""
        many = self._waiting.get(waiting.connection, [])
        if waiting in many:
            many.remove(waiting)
        self._alarms.set(waiting, None)
        machine, later = self._machine, list(waiting.later)
        waiting.later.clear()
        for arrived in later:
            self._backlog.taken(_size(arrived))
        if later and waiting.plan is None and not machine.stopped:
            machine.defer("units", self._hear(waiting.connection, later), machine.now)

    def _hear(self, connection: int, later: Sequence[Arrived]) -> Chain:
        for arrived in later:
            if not self.offer(connection, arrived.peer, arrived.unit):
                self._machine.ear.listen(connection, arrived.peer, arrived.unit)
        yield from ()
        return True

    def of(self, connection: int, strand: Strand) -> list[Waiting]:
        """Return the pairs of a chain that wait on a connection."""
        return [one for one in self._waiting.get(connection, ()) if one.strand is strand]

    def is_open(self, waiting: Waiting) -> bool:
        """Tell whether a pair still waits."""
        return waiting in self._waiting.get(waiting.connection, ())

    def offer(self, connection: int, peer: Peer, unit: Unit) -> bool:
        """Give a unit to the pairs that it may answer, one after the other; tell whether there are any."""
        found = [one for one in self._waiting.get(connection, ()) if one.peer is None or one.peer == peer]
        if found:
            self.hand(found[0], Arrived(peer, unit, found[1:]))
        return bool(found)

    def hand(self, waiting: Waiting, arrived: Arrived) -> None:
        """Give a unit to one pair, at once or as soon as it looks."""
        if waiting.idle and waiting.strand is not None:
            self._machine.strands.resume(waiting.strand, arrived)
        else:
            self._keep(waiting, arrived)

    def _keep(self, waiting: Waiting, arrived: Arrived) -> None:
        """Keep a unit for a pair whose chain is busy, unless too much waits already."""
        machine, unit, before = self._machine, arrived.unit, self._backlog.level
        if self._backlog.accept(_size(arrived)):
            waiting.later.append(arrived)
        else:
            lost = Lost(unit.offset, unit.length, Loss.BACKLOG)
            machine.tell(Dropped(waiting.connection, arrived.peer, lost))
        if self._backlog.level is not before:
            level, text = TOLD[self._backlog.level]
            machine.note(text, level)

    def next_of(self, waiting: Waiting) -> Arrived | None:
        """Return the oldest unit that is kept for a pair, or None."""
        if not waiting.later:
            return None
        arrived, before = waiting.later.popleft(), self._backlog.level
        self._backlog.taken(_size(arrived))
        if self._backlog.level is not before:
            level, text = TOLD[self._backlog.level]
            self._machine.note(text, level)
        return arrived

    def receive(self, connection: int, peer: Peer, data: bytes, offset: int) -> bool:
        """Give bytes to the pair that makes its own unit of them; tell whether there is one.

        Args:
            connection: where they came.
            peer: from whom.
            data: the bytes.
            offset: of the first, counted from the start of the peer's stream.
        """
        for waiting in self._waiting.get(connection, ()):
            if waiting.plan is None or {waiting.peer, waiting.source} - {None, peer}:
                continue
            if waiting.framer is None:
                waiting.framer, waiting.source = waiting.plan(offset), peer
            self._take(waiting, waiting.framer, waiting.framer.receive(data, self._machine.now))
            return True
        return False

    def gone(self, connection: int, peer: Peer) -> None:
        """Take note that a session is over: it answers no more, so its time is over as well."""
        for waiting in tuple(self._waiting.get(connection, ())):
            if peer in (waiting.peer, waiting.source):
                waiting.deadline = self._machine.now
                if waiting.idle and waiting.strand is not None:
                    self._machine.strands.resume(waiting.strand, None)

    def _take(self, waiting: Waiting, framer: AnswerFramer, found: Sequence[Unit | Lost]) -> None:
        """Tell what is lost, then give the answer to its pair."""
        self._alarms.set(waiting, framer.next_wake if self.is_open(waiting) else None)
        peer = waiting.source or Peer()
        for one in found:
            if isinstance(one, Lost):
                self._machine.tell(Dropped(waiting.connection, peer, one))
        for one in found:
            if isinstance(one, Unit):
                self.hand(waiting, Arrived(peer, one))


def _size(arrived: Arrived) -> int:
    return max(LEAST, len(arrived.unit.data))


TOLD: Mapping[BacklogLevel, tuple[Level, str]] = {
    BacklogLevel.QUIET: (Level.INFO, "little waits for the protocol again"),
    BacklogLevel.HIGH: (Level.WARN, "much waits for the protocol, whose actions take too long"),
    BacklogLevel.REFUSING: (Level.ERROR, "too much waits for the protocol: messages are lost"),
    BacklogLevel.LOST: (Level.WARN, "messages are taken again; some were lost"),
}
