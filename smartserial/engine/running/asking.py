"""Pairs: a command is made and sent, its answer awaited, and sent again if there is none.

::

    make -> before command -> send -> after command -> wait -> heard      -> pair succeeded
     ^                                                  |   -> refused    -> (not sent again)
     |                                                  +--> silence, or a wrong answer -> pair timeout
     +---------------- while attempts are left -----------------------------+
                                                            timeout after retries
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from smartserial.definition.connection import ConnectionType
from smartserial.definition.flow import Group, ItemKind, TriggerOn, TriggerTime
from smartserial.definition.message import Pair, Response
from smartserial.engine.buffer import Buffer, ComposeError
from smartserial.engine.effects import Break, Dropped, Level, PairStep, Peer, Send, Step
from smartserial.engine.framing.answers import AnswerFramer, answer_plan
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.scene import Scene
from smartserial.engine.strands import Strand
from smartserial.engine.unit import Lost, Unit

TIMEOUT = b"TIMEOUT"
"""What a connection reports when an answer did not come."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection waits for an answer, in seconds, and how often it asks again."""

    timeout: float = 1.5
    retries: int = 3


@dataclass(slots=True, eq=False)
class Waiting:
    """A pair that waits for its answer.

    Args:
        connection: where.
        peer: the only session that may answer; None takes the first that does.
        framer: makes the answer of bytes, where nothing else makes units.
        strand: what goes on when a unit comes.
    """

    connection: int
    peer: Peer | None
    framer: AnswerFramer | None
    strand: Strand | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A unit for a pair that waits."""

    peer: Peer
    unit: Unit


class Asking:
    """Sends the commands of pairs, and waits for their answers.

    Args:
        machine: what they set in motion.
        patience: of each connection, by its number.
        strict: a unit that is no answer ends the wait of a smart-serial pair, as silence does.
    """

    def __init__(self, machine: Machine, patience: Mapping[int, Patience], strict: bool = False) -> None:
        self._machine = machine
        self._patience = patience
        self._strict = strict
        self._waiting: dict[int, list[Waiting]] = {}
        self._timeouts: dict[int, float] = {}
        connections = machine.protocol.connections
        self._made_early = any(one.communication.make_command_by_protocol for one in connections)
        self._made: dict[int, Buffer] = {}
        self._awaited = {
            number for pair in machine.protocol.pairs for number in (*pair.responses, *pair.bad_responses)
        }

    @property
    def next_wake(self) -> float | None:
        """When `wake` has something to do, in seconds, or None."""
        times = (
            one.framer.next_wake for many in self._waiting.values() for one in many if one.framer is not None
        )
        return min((time for time in times if time is not None), default=None)

    def wake(self, now: float) -> None:
        """End answers that silence ends."""
        for waiting in [one for many in self._waiting.values() for one in many]:
            if waiting.framer is not None and waiting.peer is not None:
                self._take(waiting, waiting.peer, waiting.framer.wake(now))

    def start(self) -> None:
        """Make all commands, where they are made before their group waits."""
        if self._made_early:
            for command in self._machine.protocol.command.values():
                try:
                    self._made[command.id] = self._machine.composer.make(command.id)
                except ComposeError as error:
                    self._machine.note(str(error))

    def set_timeout(self, pair: int, timeout: float) -> None:
        """Have a pair wait so many seconds from now on."""
        self._timeouts[pair] = timeout

    def waits(self, connection: int, peer: Peer) -> Waiting | None:
        """Return the pair that a unit of a session may answer."""
        for waiting in self._waiting.get(connection, ()):
            if waiting.peer is None or waiting.framer is not None or waiting.peer == peer:
                return waiting
        return None

    def answer(self, waiting: Waiting, peer: Peer, unit: Unit) -> None:
        """Give a unit to a pair that waits."""
        if waiting.strand is not None:
            self._machine.strands.resume(waiting.strand, Arrived(peer, unit))

    def receive(self, waiting: Waiting, peer: Peer, data: bytes) -> None:
        """Give bytes to a pair that makes its own unit of them."""
        if waiting.framer is not None:
            waiting.peer = peer
            self._take(waiting, peer, waiting.framer.receive(data, self._machine.now))

    def _take(self, waiting: Waiting, peer: Peer, found: Sequence[Unit | Lost]) -> None:
        for one in found:
            if isinstance(one, Unit):
                self.answer(waiting, peer, one)
            else:
                self._machine.tell(Dropped(waiting.connection, peer, one))

    def made(self, group: Group, scene: Scene) -> Generator[float | None, object, dict[int, Buffer] | None]:
        """Return the commands of a group by pair, if they are made when it is queued."""
        if not self._made_early:
            return None
        found = {}
        for item in group.content:
            pair = self._machine.protocol.pair.get(item.id) if item.kind is ItemKind.PAIR else None
            buffer = self._made.get(pair.command) if pair is not None else None
            if pair is not None and buffer is not None:
                yield from self._before(buffer, scene)
                found[pair.id] = Buffer(buffer.command, buffer.params, buffer.parts)
        return found

    def ask(self, pair: Pair, group: Group, scene: Scene, made: Buffer | None) -> Chain:
        """Send a pair's command until it is answered, or given up; tell whether it was answered."""
        machine = self._machine
        if not machine.holds(pair.condition):
            return True
        connection = pair.options.connection
        if connection is None:
            connection = group.connection or 0
        scene = scene.at(TriggerOn.PAIR, pair.id)
        patience = self._patience.get(connection, Patience())
        retries = patience.retries if pair.options.retries is None else pair.options.retries
        for attempt in range(1, retries + 2):
            if not (yield from self._send(pair, connection, scene, made, attempt)):
                return False
            if not pair.responses and not pair.bad_responses:
                outcome = Step.SUCCEEDED
            else:
                outcome = yield from self._await(pair, connection, scene, patience)
            machine.tell(PairStep(pair.id, connection, outcome, attempt))
            if outcome is Step.SUCCEEDED:
                yield from machine.fire(TriggerOn.PAIR, TriggerTime.SUCCEEDED, pair.id, scene)
            if outcome is not Step.TIMED_OUT:
                return True
            yield from machine.fire(TriggerOn.PAIR, TriggerTime.TIMEOUT, pair.id, scene)
            for trigger in machine.moments.reported(TIMEOUT):
                yield from machine.pull(trigger, scene)
        machine.tell(PairStep(pair.id, connection, Step.GIVEN_UP, retries + 1))
        yield from machine.fire(TriggerOn.PAIR, TriggerTime.TIMEOUT_AFTER_RETRIES, pair.id, scene)
        return False

    def _send(self, pair: Pair, connection: int, scene: Scene, made: Buffer | None, attempt: int) -> Chain:
        machine = self._machine
        try:
            buffer = made if made is not None else machine.composer.make(pair.command)
            if made is None:
                yield from self._before(buffer, scene)
            data = machine.composer.wire(buffer, connection)
        except ComposeError as error:
            machine.note(f"pair {pair.id}: {error}", Level.ERROR)
            return False
        if pair.options.comm_break is not None:
            wait = pair.options.comm_break / 1000
            machine.tell(Break(connection, wait))
            yield machine.now + wait
        machine.tell(PairStep(pair.id, connection, Step.BEGUN, attempt))
        gap = (pair.options.one_byte or 0) / 1000
        machine.tell(Send(connection, data, scene.reply_to, gap))
        below = scene.at(TriggerOn.COMMAND, pair.command, command=buffer)
        yield from machine.fire(TriggerOn.COMMAND, TriggerTime.AFTER, pair.command, below)
        return True

    def _before(self, buffer: Buffer, scene: Scene) -> Chain:
        number = buffer.command.id
        below = scene.at(TriggerOn.COMMAND, number, command=buffer)
        return (yield from self._machine.fire(TriggerOn.COMMAND, TriggerTime.BEFORE, number, below))

    def _await(
        self, pair: Pair, connection: int, scene: Scene, patience: Patience
    ) -> Generator[float | None, object, Step]:
        machine = self._machine
        timeout = self._timeouts.get(pair.id)
        if timeout is None:
            timeout = patience.timeout if pair.timeout is None else pair.timeout / 1000
        deadline = machine.now + timeout
        framer = None if self._makes_units(connection) else answer_plan(machine.protocol, pair)()
        waiting = Waiting(connection, scene.reply_to, framer, machine.strands.current)
        outcome: Step | None = None
        while outcome is None:
            self._waiting.setdefault(connection, []).append(waiting)
            try:
                arrived = yield deadline
            finally:
                self._waiting[connection].remove(waiting)
            if isinstance(arrived, Arrived):
                outcome = yield from self._answered(pair, waiting, arrived, scene)
            else:
                outcome = yield from self._late(pair, waiting, scene)
        return outcome

    def _late(self, pair: Pair, waiting: Waiting, scene: Scene) -> Generator[float | None, object, Step]:
        """Take what came before the time was over for the answer."""
        peer = waiting.peer or Peer()
        for one in waiting.framer.finish() if waiting.framer is not None else ():
            if isinstance(one, Unit):
                return (yield from self._answered(pair, waiting, Arrived(peer, one), scene)) or Step.TIMED_OUT
            self._machine.tell(Dropped(waiting.connection, peer, one))
        return Step.TIMED_OUT

    def _answered(
        self, pair: Pair, waiting: Waiting, arrived: Arrived, scene: Scene
    ) -> Generator[float | None, object, Step | None]:
        """Take a unit for an answer; None if the pair waits on, because it was none."""
        machine, peer, unit = self._machine, arrived.peer, arrived.unit
        alone = waiting.framer is not None or self._strict
        responses = self._responses((*pair.responses, *pair.bad_responses))
        taken = yield from machine.ear.hear(waiting.connection, peer, unit, responses, scene, last=alone)
        if taken.response is not None:
            return Step.SUCCEEDED if taken.response.id in pair.responses else Step.REFUSED
        if alone:
            return Step.TIMED_OUT
        others = [one for one in machine.ear.candidates(waiting.connection) if one.id not in self._awaited]
        found = yield from machine.ear.hear(waiting.connection, peer, unit, others, Scene(), last=True)
        return Step.TIMED_OUT if taken.rejected and found.response is None else None

    def _responses(self, numbers: Sequence[int]) -> list[Response]:
        known = (self._machine.protocol.response.get(number) for number in numbers)
        return [response for response in known if response is not None]

    def _makes_units(self, connection: int) -> bool:
        connections = self._machine.protocol.connections
        return connection < len(connections) and connections[connection].type is ConnectionType.SMART_SERIAL
