"""What a unit looks like, after what actions before a response do to its bytes and to the response itself.

Those actions are done first, for each response by itself: what a response is tried with must be known before
it is tried. All other actions before a response are done once the unit looks like it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from smartserial.definition.action import Action, ActionType
from smartserial.definition.flow import Trigger, TriggerOn, TriggerTime, TriggerType
from smartserial.definition.message import Response
from smartserial.definition.rules.chains import Chains, applies_to
from smartserial.definition.values.value import NotAValueError, as_int
from smartserial.engine.buffer import ComposeError
from smartserial.engine.matching.matcher import Matcher, Plans
from smartserial.engine.matching.result import Match, Mismatch
from smartserial.engine.running.machine import Machine
from smartserial.engine.stuff import EDITS, edited

FIRST = frozenset({*EDITS, ActionType.REPLACE})
"""Actions that are done before a unit is looked at."""
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
        self._read: set[int] = set()
        for response in protocol.responses:
            actions = chains.actions_for(TriggerOn.RESPONSE, response.id, TriggerTime.BEFORE)
            own = [one for one in actions if applies_to(one, TriggerOn.RESPONSE, response.id)]
            if any(_is_first(one, response) for one in actions):
                self._prepared.add(response.id)
            if not protocol.triggers or any(one.type is ActionType.READ for one in own):
                self._read.add(response.id)
        self._variants: dict[int, tuple[Response, Matcher]] = {}

    def reads(self, response: int) -> bool:
        """Tell whether the params of open length of a response are read, as far as is seen from outside."""
        return response in self._read

    def matches(self, data: bytes, responses: Sequence[Response]) -> Iterator[tuple[Match, bytes]]:
        """Yield what a unit may be, with the bytes as the actions of that response change them."""
        store = self._machine.store
        if self._prepared.isdisjoint(response.id for response in responses):
            for match in self._matcher(responses).matches(data, store.raw, store.altered):
                yield match, data
            return
        for response in responses:
            matcher, changed = self._prepare(data, response)
            for match in matcher.matches(changed, store.raw, store.altered):
                yield match, changed

    def closest(self, data: bytes, responses: Sequence[Response]) -> Mismatch | None:
        """Return what came closest, of a unit that is none of these."""
        store = self._machine.store
        found = self._matcher(responses).match(data, store.raw, store.altered)
        return found if isinstance(found, Mismatch) else None

    def failure(self, data: bytes, response: Response) -> tuple[Mismatch | None, bytes]:
        """Return why a unit is not a response, and the bytes as its actions change them."""
        store = self._machine.store
        matcher, changed = self._prepare(data, response)
        found = matcher.match(changed, store.raw, store.altered)
        return (found if isinstance(found, Mismatch) else None), changed

    def _matcher(self, responses: Sequence[Response]) -> Matcher:
        key = tuple(response.id for response in responses)
        matcher = self._matchers.get(key)
        if matcher is None:
            matcher = self._matchers[key] = self._plans.among(responses)
        return matcher

    def _prepare(self, data: bytes, response: Response) -> tuple[Matcher, bytes]:
        """Do what is done before a unit is looked at as one response."""
        content = list(response.content)
        for action in self._first(response) if response.id in self._prepared else ():
            try:
                if action.type is ActionType.REPLACE:
                    self._replace(action, content)
                else:
                    edits = EDITS[action.type](action, data, self._machine.store.encoding)
                    data = edited(data, edits)
            except (ComposeError, NotAValueError) as error:
                self._machine.note(f"action {action.id} failed: {error}")
        if tuple(content) == response.content:
            return self._matcher((response,)), data
        return self._variant(replace(response, content=tuple(content))), data

    def _replace(self, action: Action, content: list[int]) -> None:
        """Put the param whose id another param holds at a position of a response."""
        position, source = action.type_nr, action.type_id
        if position is None or source is None or not 0 <= position < len(content):
            raise ComposeError(f"expected a position and a param in the action {action.id}")
        held = self._machine.store.value(source)
        number = as_int("" if held is None else held)
        if number not in self._machine.protocol.param:
            raise ComposeError(f"expected the id of a param, not {number}")
        content[position] = number

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


def _is_first(action: Action, response: Response) -> bool:
    return action.type in FIRST and applies_to(action, TriggerOn.RESPONSE, response.id)
