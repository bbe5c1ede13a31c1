"""Triggers and actions as their elements say them, and which ids there are, for rules about what is named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.flow import Trigger, TriggerOn
from smartserial.definition.node import Node
from smartserial.definition.place import Place
from smartserial.definition.reading.texts import choice, identity
from smartserial.definition.rules.rule import BUILT_IN, Found, Subject, wrong_reference

Known = Callable[[int], bool] | Collection[int]
_PATHS = {
    "action": "Actions/Action",
    "command": "Commands/Command",
    "group": "Groups/Group",
    "pair": "Pairs/Pair",
    "param": "Params/Param",
    "response": "Responses/Response",
    "timer": "Timers/Timer",
    "trigger": "Triggers/Trigger",
}
_SLOW_POLL = "-1"  # the group that is sent in slow poll: no other id has a sign
_SHOWN = 60  # characters of a name in a message


def existing(subject: Subject, kind: str) -> Collection[int]:
    """Return the ids of all elements of a kind, as in ``param``; also of those that could not be read."""
    found = {identity(node) for node in subject.root.all(_PATHS[kind])}
    ids = frozenset(number for number in found if number is not None)
    return ids.union(BUILT_IN) if kind == "param" else ids


def misnamed(text: str, place: Place, kind: str, known: Known) -> Found | None:
    """Judge a text that should name something, as `wrong_reference` does; a group may be -1."""
    if kind != "group" or text.strip() != _SLOW_POLL:
        return wrong_reference(text, place, kind, known)
    if known(-1) if callable(known) else -1 in known:
        return None
    return Found(place, "there is no group -1", missing=(kind, -1))


def called(value: Action | Trigger) -> str:
    """Return what a message calls an action or a trigger: its id, and its name if it has one."""
    kind = "trigger" if isinstance(value, Trigger) else "action"
    return f"{kind} {value.id}" + (f" ({value.name[:_SHOWN]})" if value.name else "")


@dataclass(frozen=True, slots=True)
class SaidTrigger:
    """The element of a trigger.

    Args:
        node: the element.
        on: what it waits for, or None.
        kind: what `on` names; None if that is nothing known.
        time: the moment, or None.
    """

    node: Node
    on: Node | None
    kind: TriggerOn | None
    time: Node | None


def said_triggers(subject: Subject) -> Iterator[SaidTrigger]:
    """Yield all triggers, in their order."""
    for node in subject.root.all("Triggers/Trigger"):
        on = node.first("On")
        kind = choice(TriggerOn, on.text) if on is not None else None
        yield SaidTrigger(node, on, kind, node.first("Time"))


@dataclass(frozen=True, slots=True)
class SaidAction:
    """The element of an action that says what is done to what; together they may still make no sense.

    Args:
        node: the element.
        on: the element of what it is done to.
        type: the element of what is done.
        kind: what `on` names.
        done: what `type` names.
    """

    node: Node
    on: Node
    type: Node
    kind: ActionOn
    done: ActionType


def said_actions(subject: Subject) -> Iterator[SaidAction]:
    """Yield the actions that say what is done to what, in their order."""
    for node in subject.root.all("Actions/Action"):
        on, type_ = node.first("On"), node.first("Type")
        if on is None or type_ is None:
            continue
        kind, done = choice(ActionOn, on.text), choice(ActionType, type_.text)
        if kind is not None and done is not None:
            yield SaidAction(node, on, type_, kind, done)
