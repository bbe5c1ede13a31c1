"""Which actions run at which moment: by triggers, and by triggers of triggers.

A trigger on `EACH` is a default: where a trigger names an item for the same moment, it does not fire.
Triggers of one moment fire in their order in the definition, and what each fires in the order of its content.
"""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.action import Action
from smartserial.definition.flow import EACH, Trigger, TriggerOn, TriggerTime, TriggerType
from smartserial.definition.protocol import Protocol

MOST_STEPS = 500
"""Triggers and actions of one moment that are looked at; a chain that is longer costs no more than this."""

_Moment = tuple[TriggerOn, TriggerTime]
_Run = tuple[tuple[Action, ...], bool]  # what runs, and whether all of it is known


class Chains:
    """What runs when, in one definition: made once for all questions, for it reads all triggers.

    Args:
        protocol: the definition; ids that nothing has are passed over.
    """

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._named: dict[tuple[_Moment, int], list[Trigger]] = {}
        self._each: dict[_Moment, list[Trigger]] = {}
        self._of_each: dict[_Moment, _Run] = {}
        self._last: tuple[tuple[_Moment, int] | None, _Run] = (None, ((), True))
        for trigger in protocol.triggers:
            if trigger.on is None or trigger.time is None:
                continue
            moment = (trigger.on, trigger.time)
            if trigger.on_id is EACH:
                self._each.setdefault(moment, []).append(trigger)
            elif isinstance(trigger.on_id, int):
                self._named.setdefault((moment, trigger.on_id), []).append(trigger)

    def triggers_for(self, on: TriggerOn, id: int, time: TriggerTime) -> tuple[Trigger, ...]:
        """Return the triggers that fire by themselves: those that name the item, else those on each."""
        moment = (on, time)
        return tuple(self._named.get((moment, id)) or self._each.get(moment) or ())

    def actions_for(self, on: TriggerOn, id: int, time: TriggerTime) -> tuple[Action, ...]:
        """Return the actions that run at a moment of an item, as the function of this name does."""
        return self._fires(on, id, time)[0]

    def understood(self, on: TriggerOn, id: int, time: TriggerTime) -> bool:
        """Tell whether all that the triggers of a moment name is known; else what is missing may be that."""
        return self._fires(on, id, time)[1]

    def _fires(self, on: TriggerOn, id: int, time: TriggerTime) -> _Run:
        moment = (on, time)
        if (moment, id) in self._named:
            if self._last[0] != (moment, id):
                self._last = (moment, id), self._run(self._named[moment, id])
            return self._last[1]
        if moment not in self._of_each:
            self._of_each[moment] = self._run(self._each.get(moment, []))
        return self._of_each[moment]

    def _run(self, triggers: list[Trigger]) -> _Run:
        """Return what triggers fire, and whether all of it is known.

        A trigger that comes again, as in a loop, is not followed again.
        """
        actions: list[Action] = []
        known = True
        seen: set[int] = set()
        waiting: list[Iterator[Trigger | Action | None]] = [iter(triggers)]
        left = MOST_STEPS
        while waiting and left:
            left -= 1
            try:
                step = next(waiting[-1])
            except StopIteration:
                waiting.pop()
                continue
            if step is None:
                known = False
            elif isinstance(step, Action):
                actions.append(step)
            elif id(step) not in seen:
                seen.add(id(step))
                waiting.append(self._fired(step))
        return tuple(actions), known and not waiting

    def _fired(self, trigger: Trigger) -> Iterator[Trigger | Action | None]:
        """Yield what a trigger fires, whether its condition holds or not; None is not known."""
        known = self._protocol.action if trigger.type is TriggerType.ACTION else self._protocol.trigger
        for step in trigger.content:
            yield known.get(step.id)


def actions_for(protocol: Protocol, on: TriggerOn, id: int, time: TriggerTime) -> tuple[Action, ...]:
    """Return the actions that run at a moment of an item; make `Chains` to ask for more than one.

    Args:
        protocol: the definition.
        on: the kind of the item.
        id: the item.
        time: the moment.

    Returns:
        The actions in the order in which they run, with those that need a condition; actions of a trigger
        come once for each time that it names them. Not all of them act on the item: see `applies_to`.
    """
    return Chains(protocol).actions_for(on, id, time)


def applies_to(action: Action, on: TriggerOn, id: int) -> bool:
    """Tell whether an action that runs at a moment of an item acts on it: it names the item, or none."""
    return action.on.value == on.value and (not action.on_ids or id in action.on_ids)
