"""What triggers do with responses, as several rules ask for it."""

from __future__ import annotations

from collections.abc import Iterable

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.flow import Trigger, TriggerOn, TriggerTime, TriggerType
from smartserial.definition.languages.ids import parse_id
from smartserial.definition.node import Node
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.texts import choice
from smartserial.definition.rules.chains import Chains
from smartserial.definition.rules.heard import read_from
from smartserial.definition.rules.rule import Subject

_ABOUT = frozenset({ActionType.CLEAR, ActionType.CRC, ActionType.LENGTH, ActionType.READ})


class Deeds:
    """What triggers do with responses at one moment; made once for all of them.

    Args:
        protocol: the definition.
        time: `BEFORE` or `AFTER`.
    """

    def __init__(self, protocol: Protocol, time: TriggerTime) -> None:
        self._chains = Chains(protocol)
        self._time = time
        self._ids: dict[int, frozenset[int]] = {}
        self._last: tuple[tuple[Action, ...], tuple[Action, ...]] = ((), ())

    def chain(self, response: int) -> tuple[Action, ...]:
        """Return all actions that run at the moment, in their order."""
        return self._chains.actions_for(TriggerOn.RESPONSE, response, self._time)

    def triggers(self, response: int) -> tuple[Trigger, ...]:
        """Return the triggers that fire at the moment."""
        return self._chains.triggers_for(TriggerOn.RESPONSE, response, self._time)

    def on_responses(self, response: int) -> tuple[Action, ...]:
        """Return the different actions on responses that run at the moment, those that rules ask for."""
        chain = self.chain(response)
        if chain is not self._last[0]:  # the chain of a trigger on each is the same one again and again
            different = {id(action): action for action in chain}.values()
            about = (one for one in different if one.on is ActionOn.RESPONSE and one.type in _ABOUT)
            self._last = chain, tuple(about)
        return self._last[1]

    def does(self, response: int, type: ActionType) -> bool:
        """Tell whether an action of this type is done to a response."""
        return any(
            action.type is type and self.acts_on(action, response) for action in self.on_responses(response)
        )

    def reads(self, response: int, params: Iterable[int]) -> bool:
        """Tell whether a response is read: as a whole, or each of these params of it."""
        if self.does(response, ActionType.READ):
            return True
        left = set(params)
        for action in self.chain(response):
            if action.on is ActionOn.PARAMETER and action.type is ActionType.READ:
                left -= self.ids(action)
        return not left

    def acts_on(self, action: Action, response: int) -> bool:
        """Tell whether an action on responses acts on this one: it names it, or none."""
        return not action.on_ids or response in self.ids(action)

    def ids(self, action: Action) -> frozenset[int]:
        """Return what an action names."""
        if id(action) not in self._ids:
            self._ids[id(action)] = frozenset(action.on_ids)
        return self._ids[id(action)]


def unclear(subject: Subject) -> bool:
    """Tell whether it cannot be seen what happens to responses, for a trigger has mistakes of its own.

    Such a trigger is on a response, or is fired by other triggers; it names something that is not there, or
    does not say what it waits for.
    """
    nodes = subject.root.all("Triggers/Trigger")
    return any(
        _unclear(node, trigger, subject) for node, trigger in read_from(nodes, subject.protocol.triggers)
    )


def _unclear(node: Node, trigger: Trigger, subject: Subject) -> bool:
    if trigger.on not in (None, TriggerOn.RESPONSE):
        return False
    if trigger.on is not None and (trigger.on_id is None or trigger.time is None):
        return True
    of_triggers = choice(TriggerType, node.text_at("Type")) is TriggerType.TRIGGER
    known = subject.protocol.trigger if of_triggers else subject.protocol.action
    return any(parse_id(step.text) not in known for step in node.all("Content/Id"))
