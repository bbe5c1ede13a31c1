"""Units: which response each of them is, whether its checks hold, and what is stored.

::

    unit -> candidates in order -> before response -> match -> length, crc -> rejected: the next one
                                                                  |
                                                                  accepted -> equal to the last one?
           -> stored, with changes -> change after response -> after response

`Incoming` tells when what is before a response is done after it was compared, because nobody can see it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import NamedTuple

from smartserial.definition.flow import TriggerOn, TriggerTime
from smartserial.definition.message import Response
from smartserial.definition.param import CONSTANT_TYPES, ParamType
from smartserial.definition.rules.heard import is_open
from smartserial.engine.changes import Change
from smartserial.engine.effects import Heard, Peer, Unheard
from smartserial.engine.matching.matcher import candidates_of
from smartserial.engine.matching.result import Match, Mismatch
from smartserial.engine.running.incoming import Incoming
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.scene import Hearing, Scene
from smartserial.engine.twins import stand_ins
from smartserial.engine.unit import Unit


def nobody() -> None:
    """Be told that a unit is accepted, and do nothing."""


def _nobody(connection: int) -> None:
    """Be told that a connection was heard, and do nothing."""


class Taken(NamedTuple):
    """What a unit was taken for.

    Args:
        response: what it is; None if it is none of those that were tried.
        rejected: it looked like one of them, and its checks failed.
    """

    response: Response | None
    rejected: bool = False


class Ear:
    """Takes units for responses.

    Args:
        machine: what they set in motion.
        heard: called with the connection of each valid response.
    """

    def __init__(self, machine: Machine, heard: Callable[[int], None] = _nobody) -> None:
        self._heard = heard
        self._machine = machine
        self._incoming = Incoming(machine)
        protocol = machine.protocol
        self._candidates = {
            number: tuple(one for n in stand_ins(protocol, number) for one in candidates_of(protocol, n))
            for number in range(len(protocol.connections))
        }
        self._last: dict[int, bytes] = {}
        """The last unit of each response."""
        self._answers: dict[int, tuple[int, bytes]] = {}
        """The last answer to each pair: a response and its unit."""
        self._reads_itself = not protocol.triggers

    def forget(self, response: int) -> None:
        """Have the next unit stored again, even if it equals the last one."""
        self._last.pop(response, None)

    def candidates(self, connection: int) -> Sequence[Response]:
        """Return what a connection hears while nobody waits for an answer."""
        return self._candidates.get(connection, ())

    def listen(
        self,
        connection: int,
        peer: Peer,
        unit: Unit,
        responses: Sequence[Response] | None = None,
        accepted: Callable[[], None] = nobody,
    ) -> None:
        """Take a unit that nobody asked for; `responses` are all of the connection, unless they are said."""
        among = self.candidates(connection) if responses is None else responses
        self._machine.start("unit", self._listen(connection, peer, unit, among, accepted))

    def _listen(
        self,
        connection: int,
        peer: Peer,
        unit: Unit,
        responses: Sequence[Response],
        accepted: Callable[[], None],
    ) -> Chain:
        taken = yield from self.hear(connection, peer, unit, responses, Scene(), True, accepted)
        return taken.response is not None

    def hear(
        self,
        connection: int,
        peer: Peer,
        unit: Unit,
        responses: Sequence[Response],
        scene: Scene,
        last: bool,
        accepted: Callable[[], None] = nobody,
    ) -> Generator[float | None, object, Taken]:
        """Take a unit for one of `responses`, in their order; return what it is.

        Args:
            connection: where it came.
            peer: from whom.
            unit: the bytes.
            responses: the candidates.
            scene: that of whoever waits for it.
            last: nobody else tries this unit: a failure is told, and leaves in the values what it leaves.
            accepted: called when the unit is something and is stored, before all that follows from it.
        """
        failure: Mismatch | None = None
        loud: Hearing | None = None
        rejected = False

        def below(response: Response, hearing: Hearing | None) -> Scene:
            more = {"reply_to": peer, "connection": connection, "hearing": hearing}
            return scene.at(TriggerOn.RESPONSE, response.id, **more)

        for is_loud, tried in self._incoming.runs(responses):
            loud = Hearing(connection, peer, unit, tried[0], unit.data) if is_loud else None
            judge = self._judge if loud is None else self._judge_loud
            quiet = self._incoming.matches(connection, peer, unit, tried)
            for hearing in quiet if loud is None else (loud,):
                hearing.pair = scene.number if scene.on is TriggerOn.PAIR else None
                if (yield from judge(hearing, below(hearing.response, hearing), accepted)):
                    return Taken(hearing.response)
                if hearing.match is not None:
                    failure, rejected = hearing.failure, True
        if last:
            told = failure or self._incoming.closest(unit.data, responses)
            self._machine.tell(Unheard(connection, peer, unit, told))
            if responses:
                left = loud or self._incoming.prepared(
                    Hearing(connection, peer, unit, responses[-1], unit.data)
                )
                yield from self._leave(left, failure, below(responses[-1], None))
        return Taken(None, rejected)

    def _judge(self, hearing: Hearing, scene: Scene, accepted: Callable[[], None]) -> Chain:
        """Run what is before a response that was compared, and take it; tell whether it is accepted."""
        moment = TriggerTime.BEFORE
        if not (yield from self._machine.fire(TriggerOn.RESPONSE, moment, hearing.response.id, scene)):
            return False
        return (yield from self._accept(hearing, scene, accepted))

    def _judge_loud(self, hearing: Hearing, scene: Scene, accepted: Callable[[], None]) -> Chain:
        """Run what is before a response, compare it, check it, and take it; tell whether it is accepted."""
        machine = self._machine
        moment = TriggerTime.BEFORE
        done = yield from machine.fire(TriggerOn.RESPONSE, moment, hearing.response.id, scene)
        last = hearing.last
        if not self._incoming.compare(hearing):
            return False
        for action, trigger in hearing.later:
            held = yield from machine.act(replace(action, condition=None), scene, trigger)
            done = done and (held or action is not last)
        return done and (yield from self._accept(hearing, scene, accepted))

    def _accept(self, hearing: Hearing, scene: Scene, accepted: Callable[[], None]) -> Chain:
        """Store a response, and run what is after it."""
        machine, match = self._machine, hearing.match
        if match is None:
            return False
        number = match.response.id
        machine.tell(Heard(hearing.connection, hearing.peer, hearing.unit, match, hearing.data))
        self._heard(hearing.connection)
        same = self._last.get(number) == hearing.unit.data
        changes: list[Change] = []
        if not same:
            changes = yield from self._store(hearing, match, scene)
            self._last[number] = hearing.unit.data
        accepted()
        if self._is_again(hearing, number) and same and machine.protocol.ignore_equal_response:
            return True
        for change in changes:
            below = scene.at(TriggerOn.PARAMETER, change.param, changed=change.new)
            moment = TriggerTime.CHANGE_AFTER_RESPONSE
            yield from machine.fire(TriggerOn.PARAMETER, moment, change.param, below)
        yield from machine.fire(TriggerOn.RESPONSE, TriggerTime.AFTER, number, scene)
        if machine.reactions is not None:
            yield from machine.reactions.heard(number, scene)
        return True

    def _is_again(self, hearing: Hearing, response: int) -> bool:
        """Tell whether a pair was answered just so the time before; what nobody asked for always was."""
        if hearing.pair is None:
            return True
        before = self._answers.get(hearing.pair)
        self._answers[hearing.pair] = answer = response, hearing.unit.data
        return before == answer

    def _store(
        self, hearing: Hearing, match: Match, scene: Scene
    ) -> Generator[float | None, object, list[Change]]:
        """Store the fields of a response in their order, each with the changes that it brings."""
        machine = self._machine
        whole = hearing.read or self._reads_itself
        found: list[Change] = []
        inner: list[tuple[int, bytes]] = []
        for field in match.fields:
            if field.position >= hearing.limit:
                break
            param = machine.protocol.param[field.param]
            if param.type in CONSTANT_TYPES:
                continue
            if is_open(param) and not whole and param.id not in hearing.wanted:
                continue
            data = hearing.data[field.start : field.end]
            changes = machine.store.receive(field.param, data)
            found += changes
            yield from machine.change(changes, scene)
            if param.type is ParamType.RESPONSE:
                inner += [(number, data) for number in param.type_id[:1]]
        for number, data in inner:
            yield from self._inner(hearing, number, data, scene)
        return found

    def _inner(self, hearing: Hearing, number: int, data: bytes, scene: Scene) -> Chain:
        """Take the bytes of a param for the response that it names; a failure is only told."""
        response = self._machine.protocol.response.get(number)
        if response is None or not self._machine.may_go_on(scene, f"response {number}"):
            return False
        unit = Unit(data, hearing.unit.offset, len(data))
        taken = yield from self.hear(hearing.connection, hearing.peer, unit, (response,), scene, last=True)
        return taken.response is not None

    def _leave(self, tried: Hearing, failure: Mismatch | None, scene: Scene) -> Chain:
        """Leave in the values what a failed unit leaves: that of the last response it was tried as.

        A response whose values are no longer those of its last unit has that stored again when it comes.
        """
        machine, response, data = self._machine, tried.response, tried.data
        if failure is None or failure.response.id != response.id:
            failure = self._incoming.why_not(tried)
        if failure is None:
            return True
        kept = {field.param: field for field in failure.fields} if failure.reason.keeps_matched else {}
        reads = self._incoming.reads(response.id)
        for number in failure.response.content:
            param = machine.protocol.param.get(number)
            if param is None or param.type in CONSTANT_TYPES or (is_open(param) and not reads):
                continue
            field = kept.get(number)
            changes: tuple[Change, ...] = ()
            if field is not None:
                changes = machine.store.receive(number, data[field.start : field.end])
            elif failure.reason.empties_others and is_open(param):
                changes = machine.store.clear(number)
            if changes:
                self.forget(response.id)
            yield from machine.change(changes, scene)
        return True
