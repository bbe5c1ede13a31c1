"""Rules about triggers: what they wait for, and what they fire."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.flow import (
    MOMENTS,
    POLL_TYPES,
    Step,
    Trigger,
    TriggerOn,
    TriggerTime,
    TriggerType,
)
from smartserial.definition.languages.problem import quoted
from smartserial.definition.param import Param
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.flows import moment
from smartserial.definition.reading.texts import choice
from smartserial.definition.rules.problems import Hints
from smartserial.definition.rules.rule import Found, Rule, Subject, wrong_references
from smartserial.definition.rules.said import SaidTrigger, called, existing, misnamed, said_triggers
from smartserial.findings import ERROR, INFO, WARNING

_NAMED = {
    TriggerOn.COMMAND: "command",
    TriggerOn.RESPONSE: "response",
    TriggerOn.PAIR: "pair",
    TriggerOn.GROUP: "group",
    TriggerOn.PARAMETER: "param",
    TriggerOn.TIMER: "timer",
}
_WITH_EACH = frozenset(
    {TriggerOn.COMMAND, TriggerOn.RESPONSE, TriggerOn.PAIR, TriggerOn.GROUP, TriggerOn.PARAMETER}
)
_WHOLE = frozenset({TriggerOn.PROTOCOL, TriggerOn.COMMUNICATION})  # there is one of each
_AT_STARTUP = frozenset(
    {ActionType.EXECUTE, ActionType.EXECUTE_NEXT, ActionType.EXECUTE_ONE_NOW, ActionType.EXECUTE_ONE_TOP}
)
_NEVER = {
    (TriggerOn.SESSION, TriggerTime.TIMEOUT): "sessions of HTTP",
    (TriggerOn.PROTOCOL, TriggerTime.LINK_FILE_CHANGE): "link files",
}  # moments that never come, and what there would have to be
MOST_FOLLOWED = 200
"""Steps that are looked at behind one trigger; nobody wires so many by hand."""


def on_id(subject: Subject) -> Iterator[Found]:
    """A trigger names the one item that it waits for, or each where it can be for each."""
    known = {kind: existing(subject, name) for kind, name in _NAMED.items()}
    for said in said_triggers(subject):
        if said.on is None or said.kind is None or said.kind in _WHOLE:
            continue
        text = said.on.attributes.get("id", "").strip()
        kind = _NAMED.get(said.kind, said.kind.value)
        each = ", or each" if said.kind in _WITH_EACH else ""
        if not text:
            yield Found(said.on.place, f"expected the id of a {kind} in On{each}, found nothing")
        elif any(mark in text for mark in ";,"):
            yield Found(said.on.place, f"expected one id of a {kind} in On{each}, found {quoted(text)}")
        elif text.lower() != "each" or not each:
            # The sessions of HTTP connections are nobody's here: any may be named.
            found = misnamed(text, said.on.place, kind, known.get(said.kind, lambda _: True))
            if found is not None:
                yield found


def needless_id(subject: Subject) -> Iterator[Found]:
    """A trigger on the protocol or on communication needs no id: there is one of each."""
    for said in said_triggers(subject):
        if said.on is not None and said.kind in _WHOLE and "id" in said.on.attributes:
            text = said.on.attributes["id"]
            yield Found(said.on.place, f"expected On without an id, found id {quoted(text)}")


def moments(subject: Subject) -> Iterator[Found]:
    """A trigger waits for a moment that its kind of item has; one without On and Time is fired by others."""
    hints = Hints([kind.value for kind in TriggerOn])
    for said in said_triggers(subject):
        found = _moment(said, hints)
        if found is not None:
            yield found


def _moment(said: SaidTrigger, hints: Hints) -> Found | None:
    text = said.time.text.strip() if said.time is not None else ""
    if said.on is None:
        if said.time is None or not text:
            return None
        return Found(said.time.place, f"expected On for the time {quoted(text)}, found none")
    if said.kind is None:
        words = ", ".join(kind.value for kind in TriggerOn)
        message = f"expected one of {words} in On, found {quoted(said.on.text)}"
        return Found(said.on.place, message, hints.hint(said.on.text))
    place = said.time.place if said.time is not None else said.node.place
    if said.kind is TriggerOn.COMMUNICATION:
        return None if text else Found(place, "expected the data to wait for in Time, found nothing")
    if text and moment(text) in MOMENTS[said.kind]:
        return None
    times = ", ".join(time.value for time in TriggerTime if time in MOMENTS[said.kind])
    return Found(place, f"expected one of {times} as the Time of a {said.kind.value}, found {quoted(text)}")


def doubled(subject: Subject) -> Iterator[Found]:
    """One trigger waits for one moment."""
    waiting: dict[object, list[Trigger]] = {}
    for trigger in subject.protocol.triggers:
        timed = trigger.time is not None or trigger.data is not None
        if trigger.on is not None and timed and trigger.place.path not in subject.wrong:
            key = (trigger.on, trigger.on_id, trigger.time, trigger.data)
            waiting.setdefault(key, []).append(trigger)
    for first, *others in waiting.values():
        if not others:
            continue
        told_apart = all(one.condition or one.comparison for one in (first, *others))
        message = f"expected one trigger for this moment, found that {called(first)} waits for it too"
        message += f", as {len(others) - 1} more do" if len(others) > 1 else ""
        message += "; it is uncertain, for their conditions may tell them apart" if told_apart else ""
        yield Found(others[0].place, message)


def content(subject: Subject) -> Iterator[Found]:
    """A trigger fires actions or triggers that exist."""
    known = {kind: existing(subject, kind.value) for kind in TriggerType}
    for said in said_triggers(subject):
        type_ = said.node.first("Type")
        text = type_.text.strip() if type_ is not None else ""
        kind = choice(TriggerType, text or TriggerType.ACTION.value)
        ids = list(said.node.all("Content/Id"))
        if type_ is not None and kind is None:
            yield Found(type_.place, f"expected the type action or trigger, found {quoted(text)}")
        if not ids:
            place = (said.node.first("Content") or said.node).place
            yield Found(place, "expected Content with the ids of what the trigger fires, found none")
        if kind is not None:
            yield from wrong_references(ids, kind.value, known[kind])


def startup(subject: Subject) -> Iterator[Found]:
    """One trigger, without conditions, runs after startup, and its actions execute poll groups."""
    protocol = subject.protocol
    found = [
        trigger
        for trigger in protocol.triggers
        if (trigger.on, trigger.time) == (TriggerOn.PROTOCOL, TriggerTime.AFTER_STARTUP)
    ]
    for trigger in found[1:]:
        yield Found(trigger.place, f"expected one trigger after startup, found {called(found[0])} before it")
    for trigger in found:
        if trigger.place.path in subject.wrong:
            continue
        if trigger.condition is not None:
            yield Found(
                trigger.place, f"expected no condition on {called(trigger)}, which runs after startup"
            )
        if trigger.type is not TriggerType.ACTION:
            yield Found(trigger.place, "expected actions after startup, found that it fires triggers")
            continue
        for step in trigger.content:
            action = protocol.action.get(step.id)
            if action is not None and action.place.path not in subject.wrong:
                yield from _at_startup(protocol, step, action)


def _at_startup(protocol: Protocol, step: Step, action: Action) -> Iterator[Found]:
    if action.on is not ActionOn.GROUP or action.type not in _AT_STARTUP:
        words = ", ".join(kind.value for kind in ActionType if kind in _AT_STARTUP)
        message = f"expected one of {words} on a group, found {action.type.value} on {action.on.value}"
        yield Found(step.place, f"{called(action)}: {message}")
        return
    if action.condition is not None:
        yield Found(step.place, f"expected no condition on {called(action)}, which runs after startup")
    groups = (protocol.group.get(number) for number in action.on_ids)
    for group in groups:
        if group is not None and group.type not in POLL_TYPES:
            message = f"expected a poll group, found group {group.id} of type {group.type.value}"
            yield Found(step.place, f"{called(action)}: {message}")


def useless_clear(subject: Subject) -> Iterator[Found]:
    """A response is cleared after it was handled: what its params' changes clear is remembered again."""
    protocol = subject.protocol
    holders: dict[int, set[int]] = {}
    for response in protocol.responses:
        for number in response.content:
            holders.setdefault(number, set()).add(response.id)
    for trigger in protocol.triggers:
        if (trigger.on, trigger.time) != (TriggerOn.PARAMETER, TriggerTime.CHANGE):
            continue
        for step, action in _fired(protocol, trigger):
            cleared = set(action.on_ids)
            if (action.on, action.type) == (ActionOn.RESPONSE, ActionType.CLEAR) and (
                not cleared or cleared & _holding(protocol, trigger, holders)
            ):
                message = f"expected that {called(action)} clears after the response, found it in a change"
                yield Found(step.place, message)
                break


def never(subject: Subject) -> Iterator[Found]:
    """A trigger waits for a moment that comes: there are neither HTTP sessions nor link files here."""
    for trigger in subject.protocol.triggers:
        missing = _NEVER.get((trigger.on, trigger.time)) if trigger.on and trigger.time else None
        if missing is not None and trigger.place.path not in subject.wrong:
            yield Found(trigger.place, f"expected a moment that comes: there are no {missing} here")


def _holding(protocol: Protocol, trigger: Trigger, holders: dict[int, set[int]]) -> set[int]:
    """Return the responses that set what a trigger waits for: a param, or the group of a bit."""
    if not isinstance(trigger.on_id, int):
        return set(protocol.response)
    param: Param | None = protocol.param.get(trigger.on_id)
    groups = param.type_id[:1] if param is not None else ()
    return set().union(*(holders.get(number, set()) for number in (trigger.on_id, *groups)))


def _fired(protocol: Protocol, trigger: Trigger) -> Iterator[tuple[Step, Action]]:
    """Yield the actions that a trigger runs, itself or by others, with its own steps on the way to them."""
    waiting: list[tuple[Trigger, Step | None, Iterator[Step]]] = [(trigger, None, iter(trigger.content))]
    seen = {trigger.id}
    for _ in range(MOST_FOLLOWED):
        if not waiting:
            return
        fired, own, steps = waiting[-1]
        step = next(steps, None)
        if step is None:
            waiting.pop()
        elif fired.type is TriggerType.ACTION:
            action = protocol.action.get(step.id)
            if action is not None:
                yield own or step, action
        else:
            following = protocol.trigger.get(step.id)
            if following is not None and following.id not in seen:
                seen.add(following.id)
                waiting.append((following, own or step, iter(following.content)))


RULES: tuple[Rule, ...] = (
    Rule("TR01", ERROR, "a trigger names no item that exists", "write the id in On, or each", on_id),
    Rule("TR02", INFO, "a trigger names an id where there is none", "take the id out of On", needless_id),
    Rule(
        "TR03",
        ERROR,
        "a trigger waits for a moment that there is not",
        "take a Time that this kind of On has",
        moments,
    ),
    Rule(
        "TR04",
        WARNING,
        "two triggers wait for the same moment",
        "make one of them, with the contents of both",
        doubled,
    ),
    Rule("TR05", ERROR, "a trigger fires nothing that exists", "name in Content/Id what it fires", content),
    Rule(
        "TR06",
        WARNING,
        "what is done after startup may not be done",
        "let one trigger without conditions run actions that execute poll groups",
        startup,
    ),
    Rule(
        "TR08",
        WARNING,
        "a response is cleared while it is handled, which has no effect",
        "clear it from a trigger after the response",
        useless_clear,
    ),
    Rule(
        "TR09",
        WARNING,
        "a trigger waits for a moment that never comes",
        "take the trigger out, or let something else fire it",
        never,
    ),
)
