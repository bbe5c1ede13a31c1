"""Questions of reactions: they wait for their turn in the queue of the line, so that no two overlap."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from types import MappingProxyType

from smartserial.definition.flow import Group
from smartserial.definition.message import Pair, Response
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.routes import home
from smartserial.engine.running.scene import Scene
from smartserial.engine.running.threads import Entry
from smartserial.engine.strands import Strand
from smartserial.plugin.wishes import Answer, Ask, Send, WishError

MOST_INSIDE = 8
"""Questions about answers, and groups that were forced into one another, that may wait for one another."""
_NO_GROUP = 0  # the id of what waits like a group and is none


class _Question:
    """One question: what answered it, and whether it is over."""

    __slots__ = ("answer", "over")

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.over = False


class Questions:
    """Asks what reactions ask.

    Args:
        machine: whose lines they go over.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._waits: dict[Strand, int] = {}
        """The queue in which each strand waits for its turn."""
        self._made: dict[tuple[int, tuple[int, ...], int | None], int] = {}
        """Ids of pairs that no definition has: below 0, so that none of a definition's is meant."""

    def put(self, wish: Ask | Send, scene: Scene) -> Generator[float | None, object, Answer | None]:
        """Send a command when the line is free, and wait for what answers it, if anything may.

        Raises:
            WishError: it cannot be asked.
        """
        machine = self._machine
        pair = self._pair(wish)
        if not machine.holds(pair.condition):
            return None
        connection = home(machine.protocol, pair)
        if not 0 <= connection < len(machine.protocol.connections):
            raise WishError(f"there is no connection {connection}")
        group = Group(_NO_GROUP, "", connection=connection)
        number = machine.threads.number_for(group)
        question = _Question()

        def answered(response: Response) -> None:
            question.answer = self._answer(pair, response)

        def work() -> Chain:
            below = replace(scene.later(number), depth=scene.depth + 1, budget=scene.budget)
            return machine.asking.ask(pair, group, below, None, answered)

        strand = machine.strands.current
        waiting = machine.asking.waits.of(connection, strand) if strand is not None else []
        if waiting and scene.hearing is None:
            raise WishError("this line waits for another answer: ask after that")
        for one in waiting:  # what it waited for is being looked at
            machine.asking.waits.end(one)
        if strand is not None and machine.threads.thread(number).strand is strand:
            yield from self._inside(number, work())
        else:
            entry = Entry(_NO_GROUP, scene.later(number), work=work, connection=connection)
            yield from self._in_turn(number, entry, question)
        return question.answer

    def _inside(self, number: int, work: Chain) -> Chain:
        """Ask at once: the group that called the reaction has the line, and waits for it."""
        thread = self._machine.threads.thread(number)
        if thread.inside >= MOST_INSIDE:
            raise WishError(f"expected at most {MOST_INSIDE} questions that wait for one another")
        thread.inside += 1
        try:
            return (yield from work)
        finally:
            thread.inside -= 1

    def _in_turn(self, number: int, entry: Entry, question: _Question) -> Chain:
        machine = self._machine
        strand = machine.strands.current
        if strand is None or self._waits_for(strand, number):
            raise WishError("this question would wait for itself: the line that it needs waits for it")

        def done() -> None:
            question.over = True
            if self._waits.pop(strand, None) is not None:
                machine.strands.resume(strand, None)

        entry = replace(entry, done=done)
        if not machine.threads.wait_in_turn(number, entry):
            raise WishError("too many groups wait already")
        self._waits[strand] = number
        try:
            while not question.over:
                yield None
        finally:
            self._waits.pop(strand, None)
            if not question.over:
                machine.threads.drop(lambda one: one is entry)
        return True

    def _waits_for(self, strand: Strand, number: int) -> bool:
        """Tell whether the line of a queue waits, by way of others, for a strand."""
        for _ in range(len(self._waits) + 1):
            holder = self._machine.threads.thread(number).strand
            if holder is strand:
                return True
            following = self._waits.get(holder) if holder is not None else None
            if following is None:
                return False
            number = following
        return True

    def _pair(self, wish: Ask | Send) -> Pair:
        protocol = self._machine.protocol
        if isinstance(wish, Ask) and wish.pair is not None:
            pair = protocol.pair.get(wish.pair)
            if pair is None:
                raise WishError(f"there is no pair {wish.pair}")
            if not pair.responses and not pair.bad_responses:
                raise WishError(f"nothing answers pair {pair.id}: send its command")
            return pair
        command, responses = wish.command, wish.responses if isinstance(wish, Ask) else ()
        if command is None or command not in protocol.command:
            raise WishError(f"there is no command {command}")
        for number in responses:
            if number not in protocol.response:
                raise WishError(f"there is no response {number}")
        first = next((one for one in protocol.pairs if one.command == command), None)
        if isinstance(wish, Ask) and not responses:
            if first is None or not (first.responses or first.bad_responses):
                raise WishError(f"no pair says what answers command {command}: name the responses")
            if wish.connection is None:
                return first
            responses = first.responses
        return self._made_pair(command, responses, wish.connection, first)

    def _made_pair(
        self, command: int, responses: tuple[int, ...], connection: int | None, first: Pair | None
    ) -> Pair:
        """Return a pair that the definition does not have; the same one has the same id each time."""
        if connection is None and first is not None:
            connection = home(self._machine.protocol, first)
        number = self._made.setdefault((command, responses, connection), -1 - len(self._made))
        base = first if first is not None else Pair(number, "", command)
        options = replace(base.options, connection=connection)
        return replace(
            base, id=number, name="", responses=responses, bad_responses=(), condition=None, options=options
        )

    def _answer(self, pair: Pair, response: Response) -> Answer:
        machine = self._machine
        params = [number for number in response.content if number in machine.protocol.param]
        return Answer(
            response.id,
            MappingProxyType({number: machine.store.value(number) for number in params}),
            MappingProxyType({number: machine.store.raw(number) for number in params}),
            response.id not in pair.responses,
        )
