"""What polls when, and what triggers what, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from smartserial.definition.action import Action, ActionOn
from smartserial.definition.explaining.pairs import polled, unless
from smartserial.definition.explaining.words import Named, constant, listed, milliseconds, named, target
from smartserial.definition.flow import (
    Case,
    Group,
    ItemKind,
    Timer,
    Trigger,
    TriggerOn,
    TriggerTime,
    TriggerType,
)
from smartserial.definition.protocol import Protocol
from smartserial.layout import Block, Entries, Entry, Heading


def polls(protocol: Protocol) -> Iterator[Block]:
    """Yield timers, with what they run."""
    if protocol.timers:
        yield Heading(1, "What polls when")
        yield Entries(tuple(entry for timer in protocol.timers for entry in _timer(protocol, timer)))


def triggers(protocol: Protocol) -> Iterator[Block]:
    """Yield triggers with what they fire, groups that no timer runs, and code that is called."""
    if protocol.triggers:
        yield Heading(1, "What triggers what")
        entries = [entry for trigger in protocol.triggers for entry in _trigger(protocol, trigger)]
        yield Entries(tuple(entries))
    timed = {number for timer in protocol.timers for number in timer.groups}
    rest = [group for group in protocol.groups if group.id not in timed]
    if rest:
        yield Heading(1, "Groups that no timer runs")
        yield Entries(tuple(entry for group in rest for entry in _group(protocol, group, 0)))
    if protocol.qactions:
        yield Heading(1, "Code that is called")
        yield Entries(tuple(Entry(text) for text in _qactions(protocol)))


def _timer(protocol: Protocol, timer: Timer) -> Iterator[Entry]:
    often = "again and again" if timer.time is None else f"every {milliseconds(timer.time)}"
    text = f"timer {timer.id} {timer.name}".rstrip() + f": {often}"
    if timer.interval:
        text += f", {milliseconds(timer.interval)} between pairs and groups"
    if timer.fixed:
        text += ", not stretched by the timer base"
    if not timer.initial.run:
        text += ", once it is started"
    elif timer.initial.high:
        text += f", first after {timer.initial.low:g} to {timer.initial.high:g} s"
    yield Entry(text + unless(timer.condition))
    for number in timer.groups:
        group = protocol.group.get(number)
        if group is None:
            yield Entry(f"group {number} (missing)", 1)
        else:
            yield from _group(protocol, group, 1)


def _group(protocol: Protocol, group: Group, depth: int) -> Iterator[Entry]:
    where = f" on connection {group.connection}" if group.connection is not None else ""
    yield Entry(f"group {group.id} {group.name}".rstrip() + where + unless(group.condition), depth)
    for item in group.content:
        wait = f", then {milliseconds(item.next)} of silence" if item.next is not None else ""
        is_pair = item.kind is ItemKind.PAIR
        what = polled(protocol, group, item.id) if is_pair else _ITEMS[item.kind](protocol, item.id)
        yield Entry(what + wait, depth + 1)


def _action_item(protocol: Protocol, number: int) -> str:
    action = protocol.action.get(number)
    return does(protocol, action) if action is not None else f"action {number} (missing)"


def _trigger_item(protocol: Protocol, number: int) -> str:
    return f"fires trigger {named(protocol.trigger, number)}"


_ITEMS: Mapping[ItemKind, Callable[[Protocol, int], str]] = {
    ItemKind.ACTION: _action_item,
    ItemKind.TRIGGER: _trigger_item,
    ItemKind.PARAM: lambda protocol, number: f"asks for param {named(protocol.param, number)}",
    ItemKind.SESSION: lambda protocol, number: f"runs session {number}",
}


def _things(protocol: Protocol, kind: str) -> Mapping[int, Named]:
    """Return what there is of a kind, by id; nothing where things have no ids."""
    things: Mapping[str, Mapping[int, Named]] = {
        "command": protocol.command,
        "response": protocol.response,
        "pair": protocol.pair,
        "group": protocol.group,
        "parameter": protocol.param,
        "timer": protocol.timer,
    }
    return things.get(kind, {})


_MOMENTS = {
    TriggerTime.BEFORE: "before {}",
    TriggerTime.AFTER: "after {}",
    TriggerTime.SUCCEEDED: "when {} succeeds",
    TriggerTime.TIMEOUT: "when {} times out",
    TriggerTime.TIMEOUT_AFTER_RETRIES: "when {} times out for the last time",
    TriggerTime.CHANGE: "when {} changes",
    TriggerTime.CHANGE_AFTER_RESPONSE: "when {} has changed, after its response",
    TriggerTime.AFTER_STARTUP: "after startup",
    TriggerTime.LINK_FILE_CHANGE: "when the link file changes",
}


def _reported(data: str | bytes | None) -> str:
    return constant(data) if data is not None else "nothing"


def when(protocol: Protocol, trigger: Trigger) -> str:
    """Return what a trigger waits for."""
    if trigger.on is TriggerOn.COMMUNICATION:
        return f"when the connection reports {_reported(trigger.data)}"
    if trigger.on is None or trigger.time is None:
        return "when it is fired"
    kind = trigger.on.value
    word = "param" if trigger.on is TriggerOn.PARAMETER else kind
    what = target(word, _things(protocol, kind), trigger.on_id)
    return _MOMENTS[trigger.time].format(what)


_CASES = {
    Case.EQUAL: "equal to",
    Case.NOT_EQUAL: "not equal to",
    Case.GREATER: "greater than",
    Case.LESS: "less than",
}


def _trigger(protocol: Protocol, trigger: Trigger) -> Iterator[Entry]:
    text = f"trigger {trigger.id} {trigger.name}".rstrip() + f": {when(protocol, trigger)}"
    if trigger.comparison is not None:
        held = trigger.comparison
        other = f'"{held.value}"' if held.param is None else f"param {named(protocol.param, held.param)}"
        text += f", if the value is {_CASES[held.case]} {other}"
    yield Entry(text + unless(trigger.condition))
    for step in trigger.content:
        otherwise = "otherwise " if step.otherwise else ""
        if trigger.type is TriggerType.ACTION:
            yield Entry(otherwise + _action_item(protocol, step.id), 1)
        else:
            yield Entry(otherwise + _trigger_item(protocol, step.id), 1)


def does(protocol: Protocol, action: Action) -> str:
    """Return what an action does."""
    kind = action.on.value
    text = f"action {action.id} {action.name}".rstrip() + f": {action.type.value}"
    if action.on_ids:
        text += f" {kind} {listed(named(_things(protocol, kind), number) for number in action.on_ids)}"
    elif action.on is not ActionOn.PROTOCOL:
        text += f" of that {kind}"
    if action.type_id is not None:
        text += f", param {named(protocol.param, action.type_id)}"
    if action.type_nr is not None:
        text += f", number {action.type_nr}"
    if action.type_value:
        text += f", value {action.type_value}"
    return text + unless(action.condition)


def _qactions(protocol: Protocol) -> Iterator[str]:
    for called in protocol.qactions:
        kind = "group" if "group" in called.options else "param"
        values = protocol.group if kind == "group" else protocol.param
        about = listed(f"{kind} {named(values, number)}" for number in called.triggers)
        yield f"{called.id} {called.name}".rstrip() + f": for {about}" + unless(called.condition)
