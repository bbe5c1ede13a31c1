"""What comes on a connection where answers are awaited, when nobody knows what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.engine.alarms import Alarms
from smartserial.engine.effects import Dropped, Peer
from smartserial.engine.framing.answers import AnswerFramer, answer_plan
from smartserial.engine.running.machine import Machine
from smartserial.engine.unit import Lost, Unit

APART = 1.0
"""Seconds of silence that end whatever came before."""
_AT_ONCE = 4096  # bytes that are looked at together: what is behind an answer is looked at again


class Answers:
    """Makes units of what one peer sends: one answer after the other.

    Args:
        plan: makes what makes one answer, of the position at which it begins.
    """

    def __init__(self, plan: Callable[[int], AnswerFramer]) -> None:
        self._plan = plan
        self._framer: AnswerFramer = plan(0)
        self._taken = 0
        self._last = 0.0

    @property
    def next_wake(self) -> float | None:
        """When silence ends an answer, in seconds; None if none has begun."""
        if not self._framer.waiting:
            return None
        silent, latest = self._framer.next_wake, self._last + APART
        return latest if silent is None else min(silent, latest)

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came; what follows an answer begins the next one."""
        found = self.wake(now)
        self._last = now
        for at in range(0, len(data), _AT_ONCE):
            found += self._received(data[at : at + _AT_ONCE], now)
        return found

    def _received(self, data: bytes, now: float) -> list[Unit | Lost]:
        found: list[Unit | Lost] = []
        while data:
            begun = self._taken
            part = self._framer.receive(data, now)
            units = [one for one in part if isinstance(one, Unit)]
            if not units:
                self._taken += len(data)
                return found + self._again(part)
            end = units[0].offset + units[0].length
            found += [one for one in part if one.offset < end]
            data = data[max(0, end - begun) :]
            self._taken = end
            self._framer = self._plan(end)
        return found

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give what silence has ended."""
        if now - self._last >= APART:
            return self.finish()
        return self._again(self._framer.wake(now))

    def finish(self) -> list[Unit | Lost]:
        """Give what is left as the last answer."""
        return self._again(self._framer.finish())

    def _again(self, found: list[Unit | Lost]) -> list[Unit | Lost]:
        if self._framer.complete:
            self._framer = self._plan(self._taken)
        return found


class Answering:
    """Takes the bytes of all peers of a connection where answers are awaited, as `Intake` does elsewhere.

    Args:
        machine: what hears the answers.
        connection: its number; its responses are what may come.
    """

    def __init__(self, machine: Machine, connection: int) -> None:
        self._machine = machine
        protocol = machine.protocol
        self._plan = answer_plan(protocol, Pair(0, "", 0, _answers(protocol, connection)))
        self._peers: dict[Peer, Answers] = {}
        self._connection = connection
        self._alarms = Alarms[Peer]()

    def receive(self, connection: int, peer: Peer, data: bytes) -> None:
        """Take bytes of a peer."""
        answers = self._peers.get(peer)
        if answers is None:
            answers = self._peers[peer] = Answers(self._plan)
        self._take(peer, answers, answers.receive(data, self._machine.now))

    def wake(self, now: float) -> None:
        """End what silence has ended."""
        for peer in self._alarms.due(now):
            answers = self._peers[peer]
            self._take(peer, answers, answers.wake(now))

    def gone(self, connection: int, peer: Peer) -> None:
        """Take note that no more comes from a peer: what is left is its last answer."""
        answers = self._peers.pop(peer, None)
        self._alarms.set(peer, None)
        if answers is not None:
            self._hear(peer, answers.finish())

    def _take(self, peer: Peer, answers: Answers, found: Iterable[Unit | Lost]) -> None:
        self._alarms.set(peer, answers.next_wake)
        self._hear(peer, found)

    def _hear(self, peer: Peer, found: Iterable[Unit | Lost]) -> None:
        for one in found:
            if isinstance(one, Lost):
                self._machine.tell(Dropped(self._connection, peer, one))
            else:
                self._machine.ear.listen(self._connection, peer, one)


def _answers(protocol: Protocol, connection: int) -> tuple[int, ...]:
    return tuple(response.id for response in protocol.responses if (response.connection or 0) == connection)
