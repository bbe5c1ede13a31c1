"""What sets what in motion: triggers, actions, groups, pairs, params, and what goes over the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from smartserial.definition.action import EXECUTE_TYPES, Action, ActionOn, ActionType
from smartserial.definition.flow import EACH, Group, ItemKind, Trigger, TriggerOn, TriggerTime, TriggerType
from smartserial.definition.languages.number import parse_decimal
from smartserial.definition.message import Pair, Response
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.rules.rule import Subject

A = ActionType
_KINDS = {
    TriggerOn.COMMAND: "command",
    TriggerOn.RESPONSE: "response",
    TriggerOn.PAIR: "pair",
    TriggerOn.GROUP: "group",
    TriggerOn.PARAMETER: "param",
    TriggerOn.TIMER: "timer",
}
_AROUND = (TriggerTime.BEFORE, TriggerTime.AFTER)
_ENDS = (TriggerTime.SUCCEEDED, TriggerTime.TIMEOUT, TriggerTime.TIMEOUT_AFTER_RETRIES)
_ITEMS = {ItemKind.PAIR: "pair", ItemKind.ACTION: "action", ItemKind.TRIGGER: "trigger"}
_COPIES = frozenset({A.COPY, A.COPY_REVERSE})
_CALCULATIONS = frozenset({A.INCREMENT, A.MULTIPLY, A.POW, A.APPEND, A.APPEND_DATA})
_WRITTEN = frozenset({ParamType.WRITE, ParamType.WRITE_BIT})


class Value(Enum):
    """What becomes of a param's value on the way."""

    NONE = "none"  # no value is changed
    NEW = "new"  # it may be another one each time
    SAME = "same"  # it is copied: what is copied back changes nothing


@dataclass(frozen=True, slots=True)
class Spot:
    """Something that can happen.

    Args:
        kind: as in ``trigger``; of a moment the kind of its item.
        id: of the item; None is each item that no trigger names, for a moment.
        time: the moment of the item; None is the item itself.
    """

    kind: str
    id: int | None
    time: TriggerTime | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing sets another in motion.

    Args:
        target: what happens then.
        certain: it does so each time; else a condition, a value or the device decides.
        value: what becomes of a value.
        source: the param that is copied; None is the one that changed.
    """

    target: Spot
    certain: bool = True
    value: Value = Value.NONE
    source: int | None = None


Effects = Mapping[Spot, list[Effect]]
_Found = Iterator[tuple[Spot, Effect]]


def effects(subject: Subject) -> Effects:
    """Return what each thing sets in motion; what has errors, or does not exist, sets nothing in motion."""
    protocol = subject.protocol

    def wrong(value: Trigger | Action | Group | Pair | Response) -> bool:
        return value.place.path in subject.wrong

    graph: dict[Spot, list[Effect]] = {}
    for source, effect in chain(
        *(_of_trigger(protocol, value) for value in protocol.trigger.values() if not wrong(value)),
        *(_of_action(protocol, value) for value in protocol.action.values() if not wrong(value)),
        *(_of_group(value) for value in protocol.group.values() if not wrong(value)),
        *(_of_pair(value) for value in protocol.pair.values() if not wrong(value)),
        *(_of_response(protocol, value) for value in protocol.response.values() if not wrong(value)),
        _of_commands(protocol),
        _of_params(protocol),
        _of_timers(protocol),
    ):
        graph.setdefault(source, []).append(effect)
    _add_defaults(protocol, graph)
    return graph


def _of_trigger(protocol: Protocol, trigger: Trigger) -> _Found:
    me = Spot("trigger", trigger.id)
    kind = _KINDS.get(trigger.on) if trigger.on is not None else None
    number = trigger.on_id if isinstance(trigger.on_id, int) else None
    if kind is not None and trigger.time is not None and trigger.on_id is not None:
        yield Spot(kind, number, trigger.time), Effect(me)
    decided = trigger.condition is not None or trigger.comparison is not None
    then, otherwise = (
        {step.id for step in trigger.content if step.otherwise is way} for way in (False, True)
    )
    for step in dict.fromkeys(step.id for step in trigger.content):
        certain = (step in then and step in otherwise) or (step in then and not decided)
        yield me, Effect(Spot(trigger.type.value, step), certain)
        action = protocol.action.get(step) if trigger.type is TriggerType.ACTION else None
        if action is not None and not action.on_ids and trigger.on is TriggerOn.PARAMETER:
            time = TriggerTime.CHANGE if number is None else None
            yield from _on_params(protocol, action, (Spot("param", number, time),))


def _of_action(protocol: Protocol, action: Action) -> _Found:
    if action.on is ActionOn.GROUP and action.type in EXECUTE_TYPES:
        for number in action.on_ids:
            yield Spot("action", action.id), Effect(Spot("group", number), action.condition is None)
    if action.on is ActionOn.TIMER and action.type is A.RESCHEDULE:
        for number in action.on_ids:
            yield Spot("action", action.id), Effect(Spot("timer", number), False)
    yield from _on_params(protocol, action, tuple(Spot("param", number) for number in action.on_ids))


def _on_params(protocol: Protocol, action: Action, targets: tuple[Spot, ...]) -> _Found:
    """Yield what an action does to params; only some of what is done makes a change that is told."""
    if action.on is not ActionOn.PARAMETER:
        return
    me, decided = Spot("action", action.id), action.condition is not None
    for target in targets:
        param = protocol.param.get(target.id) if target.id is not None else None
        if action.type in _COPIES:
            yield me, Effect(target, False, Value.SAME, action.type_id)
        elif action.type in _CALCULATIONS:
            yield me, Effect(target, _counts(action) and not decided, Value.NEW)
        elif action.type is A.GO and param is not None and param.type in _WRITTEN:
            yield me, Effect(target, not decided)


def _counts(action: Action) -> bool:
    """Tell whether a param has another value after a calculation, whatever it had before."""
    return action.type is A.INCREMENT and action.type_id is None and parse_decimal(action.type_value) != 0


def _of_group(group: Group) -> _Found:
    me, certain = Spot("group", group.id), group.condition is None
    for time in _AROUND:
        yield me, Effect(Spot("group", group.id, time), certain)
    for item in group.content:
        if item.kind in _ITEMS:
            yield me, Effect(Spot(_ITEMS[item.kind], item.id), certain)


def _of_pair(pair: Pair) -> _Found:
    """Yield what a pair does; how it ends is up to the device."""
    me = Spot("pair", pair.id)
    yield me, Effect(Spot("command", pair.command), pair.condition is None)
    for number in (*pair.responses, *pair.bad_responses):
        yield me, Effect(Spot("response", number), False)
    for time in _ENDS:
        yield me, Effect(Spot("pair", pair.id, time), False)


def _of_response(protocol: Protocol, response: Response) -> _Found:
    """Yield what a response does; one that a param of it holds is heard with it."""
    me = Spot("response", response.id)
    for time in _AROUND:
        yield me, Effect(Spot("response", response.id, time))
    for number in dict.fromkeys(response.content):
        yield me, Effect(Spot("param", number), False, Value.NEW)
        after = Spot("param", number, TriggerTime.CHANGE_AFTER_RESPONSE)
        yield me, Effect(after, False, Value.NEW)
        param = protocol.param.get(number)
        for inner in param.type_id if param is not None and param.type is ParamType.RESPONSE else ():
            yield me, Effect(Spot("response", inner), not response.optional)


def _of_commands(protocol: Protocol) -> _Found:
    for number in protocol.command:
        for time in _AROUND:
            yield Spot("command", number), Effect(Spot("command", number, time))


def _of_params(protocol: Protocol) -> _Found:
    for number, param in protocol.param.items():
        yield Spot("param", number), Effect(Spot("param", number, TriggerTime.CHANGE))
        for group in param.type_id if param.type is ParamType.WRITE_BIT else ():
            yield Spot("param", number), Effect(Spot("param", group), False, Value.NEW)


def _of_timers(protocol: Protocol) -> _Found:
    """Yield the moment before a timer runs; that it runs again and again is what it is for."""
    for number, timer in protocol.timer.items():
        before = Spot("timer", number, TriggerTime.BEFORE)
        yield Spot("timer", number), Effect(before, timer.condition is None)


def _add_defaults(protocol: Protocol, graph: dict[Spot, list[Effect]]) -> None:
    """Let triggers on each item fire at the moments of those that no trigger names."""
    named = {
        Spot(_KINDS[trigger.on], trigger.on_id, trigger.time)
        for trigger in protocol.triggers
        if trigger.on in _KINDS and trigger.on is not None and trigger.on_id is not EACH
    }
    moments = {
        effect.target for found in graph.values() for effect in found if effect.target.time is not None
    }
    for moment in moments - named:
        default = Spot(moment.kind, None, moment.time)
        if moment.id is not None and default in graph:
            graph.setdefault(moment, []).append(Effect(default))
