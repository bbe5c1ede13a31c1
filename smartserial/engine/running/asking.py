"""Pairs: a command is made and sent, its answer awaited, and sent again if there is none.

::

    make -> before command -> send -> after command -> wait -> heard      -> pair succeeded
     ^                                                  |   -> refused    -> (not sent again)
     |                                                  +--> silence, or a wrong answer -> pair timeout
     +---------------- while attempts are left -----------------------------+
                                                            timeout after retries

The silence of a session that is over comes at once, and is the last one: nothing is sent to it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from smartserial.definition.connection import ConnectionType
from smartserial.definition.flow import Group, TriggerOn, TriggerTime
from smartserial.definition.message import Pair, Response
from smartserial.definition.param import CONSTANT_TYPES
from smartserial.engine.buffer import Buffer, ComposeError
from smartserial.engine.effects import Break, Dropped, Level, PairStep, Peer, Send, Step
from smartserial.engine.framing.answers import AnswerFramer, answer_plan
from smartserial.engine.framing.backlog import DEFAULT_LIMITS, BacklogLimits
from smartserial.engine.running.asked import Question, nobody
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.routes import route
from smartserial.engine.running.scene import Scene
from smartserial.engine.running.waiting import Arrived, Waiting, Waits
from smartserial.engine.unit import Unit

TIMEOUT = b"TIMEOUT"
"""What a connection reports when an answer did not come."""
_Outcome = Generator[float | None, object, Step]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection waits for an answer, in seconds, and how often it asks again."""

    timeout: float = 1.5
    retries: int = 3


class Asking:
    """Sends the commands of pairs, and waits for their answers.

    Args:
        machine: what they set in motion.
        patience: of each connection, by its number.
        strict: a unit that is no answer ends the wait of a smart-serial pair, as silence does.
        backlog: limits of what is kept while a chain is busy.
    """

    def __init__(
        self,
        machine: Machine,
        patience: Mapping[int, Patience],
        strict: bool = False,
        backlog: BacklogLimits = DEFAULT_LIMITS,
    ) -> None:
        self.waits = Waits(machine, backlog)
        """The pairs that wait."""
        self._machine = machine
        self._patience = dict(patience)
        self._strict = strict
        self._timeouts: dict[int, float] = {}
        self._plans: dict[int, Callable[[int], AnswerFramer]] = {}
        protocol = machine.protocol
        awaited = {number for pair in protocol.pairs for number in (*pair.responses, *pair.bad_responses)}
        self._unasked = {
            number: [response for response in machine.ear.candidates(number) if response.id not in awaited]
            for number in range(len(protocol.connections))
        }
        encode = machine.store.encoding.encode
        self._no_timeouts = {
            said if isinstance(said, bytes) else encode(said) for said in protocol.no_timeouts
        }

    def use(self, patience: Mapping[int, Patience]) -> None:
        """Wait otherwise from the next command on; connections that are not said go on as before."""
        self._patience |= patience

    def set_timeout(self, pair: int, timeout: float) -> None:
        """Have a pair wait so many seconds from now on."""
        self._timeouts[pair] = timeout

    def ask(
        self,
        pair: Pair,
        group: Group,
        scene: Scene,
        made: Buffer | None,
        answered: Callable[[Response], None] = nobody,
    ) -> Chain:
        """Send a pair's command until it is answered, or given up; tell whether it was answered."""
        machine = self._machine
        moves = pair.options.connection is None and group.connection is None and scene.run is not None
        connection = (
            scene.run.connection if moves and scene.run is not None else route(machine.protocol, pair, group)
        )
        to = scene.reply_to if scene.connection == connection else None
        question = Question(pair, connection, scene.at(TriggerOn.PAIR, pair.id), to, made, answered)
        began = machine.now
        patience = self._patience.get(connection, Patience())
        retries = patience.retries if pair.options.retries is None else pair.options.retries
        for question.attempt in range(1, retries + 2):
            outcome = yield from self._attempt(question, patience)
            if outcome is None:
                return False
            machine.tell(PairStep(pair.id, connection, outcome, question.attempt))
            if outcome is not Step.TIMED_OUT:
                if outcome is Step.SUCCEEDED:
                    yield from machine.fire(TriggerOn.PAIR, TriggerTime.SUCCEEDED, pair.id, question.scene)
                return True
            gone = self._is_gone(question)
            if question.counts:
                machine.slow.timed_out(connection)
            yield from self._unanswered(pair, TriggerTime.TIMEOUT, question.scene)
            yield from machine.pull_all(machine.moments.reported(TIMEOUT), question.scene)
            if gone:
                break
        return (yield from self._give_up(question, began, moves))

    def _give_up(self, question: Question, began: float, moves: bool) -> Chain:
        """Take note that a pair was not answered, and is not sent again."""
        machine, pair, connection = self._machine, question.pair, question.connection
        machine.tell(PairStep(pair.id, connection, Step.GIVEN_UP, question.attempt))
        if question.counts:
            machine.states.unanswered(connection)
            machine.health.given_up(connection, began)
            machine.slow.given_up(connection)
            if moves:
                machine.redundancy.given_up(connection)
        yield from self._unanswered(pair, TriggerTime.TIMEOUT_AFTER_RETRIES, question.scene)
        return False

    def _unanswered(self, pair: Pair, moment: TriggerTime, scene: Scene) -> Chain:
        """Fire what waits for the silence of a pair, then for that of the params that its answers set."""
        machine = self._machine
        yield from machine.fire(TriggerOn.PAIR, moment, pair.id, scene)
        contents = [response.content for response in self._responses(pair.responses)]
        for number in dict.fromkeys(number for content in contents for number in content):
            param = machine.protocol.param.get(number)
            if param is not None and param.type not in CONSTANT_TYPES:
                below = scene.at(TriggerOn.PARAMETER, number)
                yield from machine.fire(TriggerOn.PARAMETER, moment, number, below)
        return True

    def _attempt(
        self, question: Question, patience: Patience
    ) -> Generator[float | None, object, Step | None]:
        """Send a command once, and wait for its answer; None if it cannot be made.

        To a session that is over nothing is sent, and nobody answers.
        """
        machine, pair, connection = self._machine, question.pair, question.connection
        try:
            buffer = question.made
            if buffer is None:
                buffer = yield from machine.making.make(pair.command, question.scene)
            data = machine.composer.wire(buffer, connection)
        except ComposeError as error:
            machine.note(f"pair {pair.id}: {error}", Level.ERROR)
            return None
        if pair.options.comm_break is not None:
            wait = pair.options.comm_break / 1000
            machine.tell(Break(connection, wait))
            yield machine.now + wait
        if self._is_gone(question):
            return Step.TIMED_OUT
        sending = question.sending(data)
        machine.tell(PairStep(pair.id, connection, Step.BEGUN, question.attempt))
        machine.tell(Send(connection, data, question.to, (pair.options.one_byte or 0) / 1000))
        after = question.scene.at(TriggerOn.COMMAND, pair.command, command=buffer)
        sent = machine.fire(TriggerOn.COMMAND, TriggerTime.AFTER, pair.command, after)
        if not pair.responses and not pair.bad_responses:
            yield from sent
            if sending:
                yield machine.now + sending
            return Step.SUCCEEDED
        waiting = self._waiting(question, patience, sending)
        self.waits.add(waiting)
        try:
            yield from sent
            return (yield from self._await(question, waiting))
        finally:
            question.excused = waiting.excused
            self.waits.end(waiting)

    def _is_gone(self, question: Question) -> bool:
        to = question.to
        if to is None or not self._machine.is_gone(question.connection, to):
            return False
        if not question.gone:
            question.gone = True
            pair = question.pair  # one below 0 is made for a command of Python's
            what = f"pair {pair.id}" if pair.id >= 0 else f"command {pair.command}"
            self._machine.note(f"{what} has nobody to answer it: {to} is gone")
        return True

    def _waiting(self, question: Question, patience: Patience, sending: float) -> Waiting:
        """Return how long a command waits that takes so many seconds to go out."""
        machine, pair = self._machine, question.pair
        timeout = self._timeouts.get(pair.id)
        if timeout is None:
            timeout = patience.timeout if pair.timeout is None else pair.timeout / 1000
        plan: Callable[[int], AnswerFramer] | None = None
        if not self._makes_units(question.connection):
            plan = self._plans.get(pair.id)
            if plan is None:
                code_page = machine.store.encoding.code_page
                plan = self._plans[pair.id] = answer_plan(machine.protocol, pair, machine.limits, code_page)
        deadline = machine.now + sending + timeout
        return Waiting(question.connection, question.to, plan, machine.strands.current, deadline)

    def _await(self, question: Question, waiting: Waiting) -> _Outcome:
        outcome: Step | None = None
        while outcome is None:
            arrived: object = None
            kept = self.waits.next_of(waiting)
            if kept is not None:
                arrived = kept
            else:
                waiting.idle = True
                arrived = yield waiting.deadline
                waiting.idle = False
            if isinstance(arrived, Arrived):
                outcome = yield from self._answered(question, waiting, arrived)
            else:
                outcome = yield from self._late(question, waiting)
        return outcome

    def _late(self, question: Question, waiting: Waiting) -> _Outcome:
        """Take what came before the time was over for the answer."""
        peer = waiting.source or Peer()
        for one in waiting.framer.finish() if waiting.framer is not None else ():
            if isinstance(one, Unit):
                return (yield from self._answered(question, waiting, Arrived(peer, one))) or Step.TIMED_OUT
            self._machine.tell(Dropped(waiting.connection, peer, one))
        return Step.TIMED_OUT

    def _answered(
        self, question: Question, waiting: Waiting, arrived: Arrived
    ) -> Generator[float | None, object, Step | None]:
        """Take a unit for an answer; None if the pair waits on, because it was none."""
        machine, pair, unit = self._machine, question.pair, arrived.unit
        connection, peer = waiting.connection, arrived.peer
        if waiting.plan is not None:
            machine.report(connection, peer, unit.data)
        alone = waiting.plan is not None or (self._strict and not arrived.rest)
        last = alone or not (arrived.rest or self._unasked.get(connection))

        def accepted() -> None:
            arrived.taken = True
            self.waits.end(waiting)

        responses = self._responses((*pair.responses, *pair.bad_responses))
        scene = question.scene.afresh()
        taken = yield from machine.ear.hear(connection, peer, unit, responses, scene, last, accepted)
        if taken.response is not None:
            question.answered(taken.response)
            return Step.SUCCEEDED if taken.response.id in pair.responses else Step.REFUSED
        waiting.excused = waiting.excused or unit.data in self._no_timeouts
        if not last:
            self._pass_on(connection, arrived)
        return Step.TIMED_OUT if alone or (taken.rejected and not arrived.taken) else None

    def _pass_on(self, connection: int, arrived: Arrived) -> None:
        """Give a unit that a pair does not take to the next one, or to whoever listens."""
        for number, waiting in enumerate(arrived.rest, 1):
            if self.waits.is_open(waiting):
                other = Arrived(arrived.peer, arrived.unit, arrived.rest[number:])
                self.waits.hand(waiting, other)
                arrived.taken = other.taken
                return

        def accepted() -> None:
            arrived.taken = True

        others = self._unasked.get(connection, ())
        self._machine.ear.listen(connection, arrived.peer, arrived.unit, others, accepted)

    def _responses(self, numbers: Sequence[int]) -> list[Response]:
        known = (self._machine.protocol.response.get(number) for number in numbers)
        return [response for response in known if response is not None]

    def _makes_units(self, connection: int) -> bool:
        connections = self._machine.protocol.connections
        return connection < len(connections) and connections[connection].type is ConnectionType.SMART_SERIAL
