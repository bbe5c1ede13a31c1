"""What a unit looks like, after what triggers before a response do to its bytes and to the response itself.

By the rules the triggers before a response run for each candidate, in order, before it is compared. Mostly
that cannot be seen from outside, and it is not done: actions like read, length, crc and stuffing on that
response, and read and reverse on a param, change nothing but how this one unit is taken, so only those that
change its bytes or the response are done for each candidate, and all others once the unit looks like it. The
log is told only then that one of them failed.

What can be seen is all else that an action may do: a param that changes, a group that waits, code that runs,
time that passes, and what the conditions of later candidates say of these. A response with such an action is
loud. Its triggers run when its turn comes, whether it looks like the unit or not; only length, crc and
reverse wait until it was compared, for they need to know where its params stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.flow import Trigger, TriggerOn, TriggerTime, TriggerType
from smartserial.definition.message import Response
from smartserial.definition.rules.chains import Chains, applies_to
from smartserial.definition.values.value import NotAValueError, as_int
from smartserial.engine.buffer import ComposeError
from smartserial.engine.effects import Peer
from smartserial.engine.matching.matcher import Matcher, Plans
from smartserial.engine.matching.result import Mismatch
from smartserial.engine.running.machine import Machine
from smartserial.engine.running.scene import Hearing
from smartserial.engine.stuff import EDITS, edited
from smartserial.engine.unit import Unit

FIRST = frozenset({*EDITS, ActionType.REPLACE})
"""Actions that are done before a unit is looked at."""
_A = ActionType
_QUIET = {
    ActionOn.RESPONSE: FIRST | {_A.READ, _A.LENGTH, _A.CRC, _A.CLEAR_LENGTH_INFO},
    ActionOn.PARAMETER: frozenset({_A.READ, _A.REVERSE}),
}  # what changes nothing but how a unit is taken
_MOMENT = (TriggerOn.RESPONSE, TriggerTime.BEFORE)


class Incoming:
    """Compares units with responses.

    Args:
        machine: the definition and its values.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        protocol, store = machine.protocol, machine.store
        self._plans = Plans(protocol, store.raw, store.encoding)
        self._matchers: dict[tuple[int, ...], Matcher] = {}
        chains = Chains(protocol)
        self._prepared: set[int] = set()
        self._loud: set[int] = set()
        self._read: set[int] = set()
        for response in protocol.responses:
            actions = chains.actions_for(TriggerOn.RESPONSE, response.id, TriggerTime.BEFORE)
            own = [one for one in actions if applies_to(one, TriggerOn.RESPONSE, response.id)]
            if any(_is_first(one, response) for one in actions):
                self._prepared.add(response.id)
            understood = chains.understood(TriggerOn.RESPONSE, response.id, TriggerTime.BEFORE)
            if not understood or any(one.type not in _QUIET.get(one.on, ()) for one in actions):
                self._loud.add(response.id)
            if not protocol.triggers or any(one.type is ActionType.READ for one in own):
                self._read.add(response.id)
        self._variants: dict[int, tuple[Response, Matcher]] = {}

    def runs(self, responses: Sequence[Response]) -> Iterable[tuple[bool, Sequence[Response]]]:
        """Return candidates in their order, each loud one by itself; and whether it is loud."""
        if not self._loud:
            return ((False, responses),)
        found: list[tuple[bool, list[Response]]] = []
        for response in responses:
            loud = response.id in self._loud
            if found and not loud and not found[-1][0]:
                found[-1][1].append(response)
            else:
                found.append((loud, [response]))
        return found

    def compare(self, hearing: Hearing) -> bool:
        """Compare a unit with a response, both as actions have changed them; `hearing` has the match then."""
        store = self._machine.store
        hearing.match = next(self._of(hearing).matches(hearing.data, store.raw, store.altered), None)
        return hearing.match is not None

    def why_not(self, hearing: Hearing) -> Mismatch | None:
        """Return why a unit is not a response, both as actions have changed them; None if it is."""
        store = self._machine.store
        found = self._of(hearing).match(hearing.data, store.raw, store.altered)
        return found if isinstance(found, Mismatch) else None

    def reads(self, response: int) -> bool:
        """Tell whether the params of open length of a response are read, as far as is seen from outside."""
        return response in self._read

    def matches(
        self, connection: int, peer: Peer, unit: Unit, responses: Sequence[Response]
    ) -> Iterator[Hearing]:
        """Yield what a unit may be of quiet responses, each as its actions change it."""
        store = self._machine.store
        if self._prepared.isdisjoint(response.id for response in responses):
            for match in self._matcher(responses).matches(unit.data, store.raw, store.altered):
                yield Hearing(connection, peer, unit, match.response, unit.data, match)
            return
        for response in responses:
            hearing = self.prepared(Hearing(connection, peer, unit, response, unit.data))
            if self.compare(hearing):
                yield hearing

    def closest(self, data: bytes, responses: Sequence[Response]) -> Mismatch | None:
        """Return what came closest, of a unit that is none of these."""
        store = self._machine.store
        found = self._matcher(responses).match(data, store.raw, store.altered)
        return found if isinstance(found, Mismatch) else None

    def prepared(self, hearing: Hearing) -> Hearing:
        """Do what is done before a unit is looked at as a quiet response; what failed is told in its turn."""
        for action in self._first(hearing.response) if hearing.response.id in self._prepared else ():
            try:
                edit(self._machine, action, hearing)
            except (ComposeError, NotAValueError) as error:
                hearing.broken[action.id] = str(error)
        return hearing

    def _of(self, hearing: Hearing) -> Matcher:
        response = hearing.response
        usual = self._machine.protocol.response.get(response.id) == response
        return self._matcher((response,)) if usual else self._variant(response)

    def _matcher(self, responses: Sequence[Response]) -> Matcher:
        key = tuple(response.id for response in responses)
        matcher = self._matchers.get(key)
        if matcher is None:
            matcher = self._matchers[key] = self._plans.among(responses)
        return matcher

    def _variant(self, response: Response) -> Matcher:
        """Return what matches a response with other params; of each response the last such is kept."""
        known = self._variants.get(response.id)
        if known is not None and known[0] == response:
            return known[1]
        store = self._machine.store
        matcher = Plans(self._machine.protocol, store.raw, store.encoding).among((response,))
        self._variants[response.id] = response, matcher
        return matcher

    def _first(self, response: Response) -> Iterator[Action]:
        """Yield the actions that come first for a response, as conditions are now."""
        seen: set[int] = set()
        waiting: list[Iterator[Trigger | Action]] = [iter(self._machine.moments.at(*_MOMENT, response.id))]
        while waiting:
            step = next(waiting[-1], None)
            if step is None:
                waiting.pop()
            elif isinstance(step, Trigger):
                if step.id not in seen:
                    seen.add(step.id)
                    waiting.append(self._fired(step))
            elif _is_first(step, response) and self._machine.holds(step.condition):
                yield step

    def _fired(self, trigger: Trigger) -> Iterator[Trigger | Action]:
        protocol = self._machine.protocol
        otherwise = not self._machine.holds(trigger.condition)
        for step in trigger.content:
            if step.otherwise is otherwise:
                known = protocol.action if trigger.type is TriggerType.ACTION else protocol.trigger
                found = known.get(step.id)
                if found is not None:
                    yield found


def edit(machine: Machine, action: Action, hearing: Hearing) -> None:
    """Do one of the actions `FIRST`.

    Raises:
        ComposeError, NotAValueError: it cannot be done.
    """
    if action.type is not ActionType.REPLACE:
        edits = EDITS[action.type](action, hearing.data, machine.store.encoding)
        hearing.data = edited(hearing.data, edits)
        return
    content = list(hearing.response.content)
    position, source = action.type_nr, action.type_id
    if position is None or source is None or not 0 <= position < len(content):
        raise ComposeError(f"expected a position and a param in the action {action.id}")
    held = machine.store.value(source)
    number = as_int("" if held is None else held)
    if number not in machine.protocol.param:
        raise ComposeError(f"expected the id of a param, not {number}")
    if content[position] != number:
        content[position] = number
        hearing.response = replace(hearing.response, content=tuple(content))


def _is_first(action: Action, response: Response) -> bool:
    return action.type in FIRST and applies_to(action, TriggerOn.RESPONSE, response.id)
