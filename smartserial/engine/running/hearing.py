"""Units: which response each of them is, whether its checks hold, and what is stored.

::

    unit -> candidates in order -> match -> before response (read, length, crc) -> rejected: the next one
                                                  |
                                                  accepted -> equal to the last one? -> stored, with changes
                                                           -> change after response -> after response
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple

from smartserial.definition.action import Action, ActionOn
from smartserial.definition.flow import TriggerOn, TriggerTime
from smartserial.definition.message import Response
from smartserial.definition.param import CONSTANT_TYPES, ParamType
from smartserial.definition.rules.chains import actions_for
from smartserial.definition.rules.heard import is_open
from smartserial.engine.buffer import ComposeError
from smartserial.engine.changes import Change
from smartserial.engine.effects import Heard, Peer, Unheard
from smartserial.engine.matching.matcher import Matcher, Plans, candidates_of
from smartserial.engine.matching.result import Match, Mismatch
from smartserial.engine.running.machine import DEEPEST, Chain, Machine
from smartserial.engine.running.scene import Hearing, Scene
from smartserial.engine.stuff import EDITS, edited
from smartserial.engine.unit import Unit


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
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        protocol = machine.protocol
        self._plans = Plans(protocol, machine.store.raw, machine.store.encoding)
        self._matchers: dict[tuple[int, ...], Matcher] = {}
        self._candidates = {
            number: candidates_of(protocol, number) for number in range(len(protocol.connections))
        }
        self._edits = {
            response.id: edits for response in protocol.responses if (edits := _edits_of(machine, response))
        }
        self._last: dict[int, bytes] = {}
        self._reads_itself = not protocol.triggers

    def forget(self, response: int) -> None:
        """Have the next unit stored again, even if it equals the last one."""
        self._last.pop(response, None)

    def candidates(self, connection: int) -> Sequence[Response]:
        """Return what a connection hears while nobody waits for an answer."""
        return self._candidates.get(connection, ())

    def hear(
        self, connection: int, peer: Peer, unit: Unit, responses: Sequence[Response], scene: Scene, last: bool
    ) -> Generator[float | None, object, Taken]:
        """Take a unit for one of `responses`, in their order.

        Args:
            connection: where it came.
            peer: from whom.
            unit: the bytes.
            responses: the candidates.
            scene: that of whoever waits for it.
            last: nobody else tries this unit: a failure is told, and leaves in the values what it leaves.

        Returns:
            What it is.
        """
        machine = self._machine
        failure: Mismatch | None = None
        for match, data in self._matches(unit.data, responses):
            hearing = Hearing(connection, peer, unit, match, data)
            below = scene.at(
                TriggerOn.RESPONSE, match.response.id, reply_to=peer, connection=connection, hearing=hearing
            )
            if (yield from self._judge(hearing, below)):
                return Taken(match.response)
            wrong = hearing.failure
            if failure is None or (wrong is not None and wrong.reach > failure.reach):
                failure = wrong
        rejected = failure is not None
        if last:
            if failure is None:
                found = self._matcher(responses).match(unit.data, machine.store.raw, machine.store.altered)
                failure = found if isinstance(found, Mismatch) else None
            machine.tell(Unheard(connection, peer, unit, failure))
            if responses:
                yield from self._leave(unit, responses[-1], failure, scene)
        return Taken(None, rejected)

    def _matcher(self, responses: Sequence[Response]) -> Matcher:
        key = tuple(response.id for response in responses)
        matcher = self._matchers.get(key)
        if matcher is None:
            matcher = self._matchers[key] = self._plans.among(responses)
        return matcher

    def _matches(self, data: bytes, responses: Sequence[Response]) -> Iterator[tuple[Match, bytes]]:
        """Yield what a unit may be, with the bytes as that response's actions change them before."""
        store = self._machine.store
        if not any(response.id in self._edits for response in responses):
            for match in self._matcher(responses).matches(data, store.raw, store.altered):
                yield match, data
            return
        for response in responses:
            changed = self._edited(data, self._edits.get(response.id, ()))
            for match in self._matcher((response,)).matches(changed, store.raw, store.altered):
                yield match, changed

    def _edited(self, data: bytes, actions: Sequence[Action]) -> bytes:
        for action in actions:
            try:
                data = edited(data, EDITS[action.type](action, data, self._machine.store.encoding))
            except ComposeError as error:
                self._machine.note(f"action {action.id} failed: {error}")
        return data

    def _judge(self, hearing: Hearing, scene: Scene) -> Chain:
        """Run what is before the response, store it, run what is after it; tell whether it is accepted."""
        machine, response = self._machine, hearing.match.response
        if not (yield from machine.fire(TriggerOn.RESPONSE, TriggerTime.BEFORE, response.id, scene)):
            return False
        same = self._last.get(response.id) == hearing.unit.data
        if same and machine.protocol.ignore_equal_response:
            return True
        machine.tell(Heard(hearing.connection, hearing.peer, hearing.unit, hearing.match))
        if not same:
            changes = yield from self._store(hearing, scene)
            self._last[response.id] = hearing.unit.data
            for change in changes:
                below = scene.at(TriggerOn.PARAMETER, change.param, changed=change.new)
                moment = TriggerTime.CHANGE_AFTER_RESPONSE
                yield from machine.fire(TriggerOn.PARAMETER, moment, change.param, below)
        yield from machine.fire(TriggerOn.RESPONSE, TriggerTime.AFTER, response.id, scene)
        return True

    def _store(self, hearing: Hearing, scene: Scene) -> Generator[float | None, object, list[Change]]:
        """Store the fields of a response in their order, each with the changes that it brings."""
        machine, match = self._machine, hearing.match
        whole = hearing.read or self._reads_itself
        found: list[Change] = []
        inner: list[tuple[int, bytes]] = []
        for field in match.fields:
            if field.position >= hearing.limit:
                break
            param = machine.protocol.param[field.param]
            if param.type in CONSTANT_TYPES or (is_open(param) and not whole):
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
        if response is None or scene.depth > DEEPEST:
            return False
        unit = Unit(data, hearing.unit.offset, len(data))
        taken = yield from self.hear(hearing.connection, hearing.peer, unit, (response,), scene, last=True)
        return taken.response is not None

    def _leave(self, unit: Unit, response: Response, failure: Mismatch | None, scene: Scene) -> Chain:
        """Leave in the values what a failed unit leaves: that of the last response it was tried as."""
        machine = self._machine
        if failure is None or failure.response.id != response.id:
            data = self._edited(unit.data, self._edits.get(response.id, ()))
            found = self._matcher((response,)).match(data, machine.store.raw, machine.store.altered)
            failure = found if isinstance(found, Mismatch) else None
        if failure is None:
            return True
        kept = {field.param: field for field in failure.fields} if failure.reason.keeps_matched else {}
        for number in response.content:
            param = machine.protocol.param.get(number)
            if param is None or param.type in CONSTANT_TYPES:
                continue
            field = kept.get(number)
            if field is not None:
                changes = machine.store.receive(number, unit.data[field.start : field.end])
                yield from machine.change(changes, scene)
            elif failure.reason.empties_others and is_open(param):
                machine.store.clear(number)
        return True


def _edits_of(machine: Machine, response: Response) -> tuple[Action, ...]:
    """Return the actions that change a response's bytes before they are looked at."""
    actions = actions_for(machine.protocol, TriggerOn.RESPONSE, response.id, TriggerTime.BEFORE)
    return tuple(action for action in actions if action.on is ActionOn.RESPONSE and action.type in EDITS)
