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

Span = tuple[int, int]
"""The first and the last position of something in a chain of actions."""


class _Chain:
    """What runs at one moment; made once for all responses that have it in common."""

    def __init__(self, actions: tuple[Action, ...]) -> None:
        self.actions = actions
        self.different = tuple({id(action): action for action in actions}.values())
        self.spans: dict[int, Span] = {}  # by the action, as Python identifies it
        self.general: dict[ActionType, Span] = {}  # of actions that name no response
        for number, action in enumerate(actions):
            if action.on is ActionOn.RESPONSE:
                self.spans[id(action)] = self.spans.get(id(action), (number, number))[0], number
                if not action.on_ids:
                    self.general[action.type] = self.general.get(action.type, (number, number))[0], number

    def of(self, on: ActionOn, type: ActionType) -> tuple[Action, ...]:
        """Return the different actions of one kind."""
        return tuple(action for action in self.different if action.on is on and action.type is type)


class Deeds:
    """What triggers do with responses at one moment; made once for all of them.

    Args:
        protocol: the definition.
        time: `BEFORE` or `AFTER`.
    """

    def __init__(self, protocol: Protocol, time: TriggerTime) -> None:
        self._chains = Chains(protocol)
        self._time = time
        self._last = _Chain(())
        self._ids = {id(action): frozenset(action.on_ids) for action in protocol.actions}
        self._naming: dict[int, list[Action]] = {}
        for action in protocol.actions:
            if action.on is ActionOn.RESPONSE:
                for number in self._ids[id(action)]:
                    self._naming.setdefault(number, []).append(action)

    def triggers(self, response: int) -> tuple[Trigger, ...]:
        """Return the triggers that fire at the moment."""
        return self._chains.triggers_for(TriggerOn.RESPONSE, response, self._time)

    def chain(self, response: int) -> tuple[Action, ...]:
        """Return all actions that run at the moment, in their order."""
        return self._chain(response).actions

    def span(self, response: int, *types: ActionType) -> Span | None:
        """Return where in the chain actions of these types are done to a response; None if none is."""
        chain = self._chain(response)
        named = (action for action in self._naming.get(response, ()) if action.type in types)
        spans = [chain.spans[id(action)] for action in named if id(action) in chain.spans]
        spans += [chain.general[type] for type in types if type in chain.general]
        return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None

    def clears(self, response: int) -> tuple[Action, ...]:
        """Return the actions by which responses forget what they heard; they may name others."""
        return self._chain(response).of(ActionOn.RESPONSE, ActionType.CLEAR)

    def reads(self, response: int, params: Iterable[int]) -> bool:
        """Tell whether a response is read: as a whole, or each of these params of it."""
        if self.span(response, ActionType.READ) is not None:
            return True
        one_by_one = self._chain(response).of(ActionOn.PARAMETER, ActionType.READ)
        return all(any(number in self.ids(action) for action in one_by_one) for number in params)

    def ids(self, action: Action) -> frozenset[int]:
        """Return what an action names."""
        return self._ids[id(action)]

    def _chain(self, response: int) -> _Chain:
        actions = self._chains.actions_for(TriggerOn.RESPONSE, response, self._time)
        if actions is not self._last.actions:  # that of a trigger on each is the same one again and again
            self._last = _Chain(actions)
        return self._last


def unclear(subject: Subject) -> bool:
    """Tell whether it cannot be seen what happens to responses, for a trigger has mistakes of its own.

    Such a trigger is on a response, or is fired by other triggers; it names something that is not there, or
    does not say what it waits for. One that is not read at all may be of this kind.
    """
    if "trigger" in subject.unreadable:
        return True
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
