"""Rules about what actions name: the items that they are done to, params, and positions in a group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smartserial.definition.action import SUPPORTED, ActionOn, ActionType
from smartserial.definition.flow import (
    EACH,
    MOMENTS,
    Group,
    ItemKind,
    Trigger,
    TriggerOn,
    TriggerTime,
    TriggerType,
)
from smartserial.definition.languages.ids import parse_id
from smartserial.definition.languages.number import parse_whole
from smartserial.definition.languages.problem import quoted
from smartserial.definition.place import Place
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.texts import identity, listed
from smartserial.definition.rules.chains import Chains
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.said import Known, SaidAction, existing, misnamed, said_actions
from smartserial.findings import ERROR

A = ActionType
_NAMED = {
    ActionOn.COMMAND: "command",
    ActionOn.RESPONSE: "response",
    ActionOn.PAIR: "pair",
    ActionOn.GROUP: "group",
    ActionOn.PARAMETER: "param",
    ActionOn.TIMER: "timer",
}
_COPIES = frozenset({A.COPY, A.COPY_REVERSE})
_NEEDS_PARAM = frozenset(
    {
        (ActionOn.COMMAND, A.REPLACE),
        (ActionOn.RESPONSE, A.REPLACE),
        (ActionOn.PARAMETER, A.CHANGE_LENGTH),
        (ActionOn.PAIR, A.TIMEOUT),
    }
)


def _supported(subject: Subject) -> Iterator[SaidAction]:
    for action in said_actions(subject):
        if action.done in SUPPORTED[action.kind]:
            yield action


def _misnamed_all(text: str, place: Place, kind: str, known: Known) -> Iterator[Found]:
    """Judge a list of ids."""
    ids = listed(text)
    if not ids:
        yield Found(place, f"expected the ids of {kind}s, found nothing")
    for one in ids:
        found = misnamed(one, place, kind, known)
        if found is not None:
            yield found


def items(subject: Subject) -> Iterator[Found]:
    """An action names the items that it is done to; on groups, timers and timeouts it must."""
    known = {kind: existing(subject, name) for kind, name in _NAMED.items()}
    for action in _supported(subject):
        name = _NAMED.get(action.kind)
        if name is None or action.done in _COPIES:
            continue
        text = action.on.attributes.get("id")
        if text is not None:
            yield from _misnamed_all(text, action.on.place, name, known[action.kind])
        elif action.kind in (ActionOn.GROUP, ActionOn.TIMER) or action.done is A.TIMEOUT:
            message = f"expected the id of a {name} in On for {action.done.value}, found none"
            yield Found(action.on.place, message)


def params(subject: Subject) -> Iterator[Found]:
    """An action that needs a param names one that exists."""
    known = existing(subject, "param")
    for action in _supported(subject):
        if action.done in _COPIES:
            continue
        text, place = action.type.attributes.get("id"), action.type.place
        if text is not None:
            found = misnamed(text, place, "param", known)
            if found is not None:
                yield found
        elif (action.kind, action.done) in _NEEDS_PARAM:
            yield Found(place, f"expected the id of a param in Type for {action.done.value}, found none")
        position = action.type.attributes.get("nr", "")
        if action.done is A.REPLACE and parse_whole(position) is None:
            yield Found(place, f"expected a position from 0 in nr of Type, found {quoted(position)}")


def copies(subject: Subject) -> Iterator[Found]:
    """A copy has a source and a destination; the param whose change runs it may be one of them."""
    known = existing(subject, "param")
    triggers = subject.protocol.triggers
    by_params = _run_by(
        subject.protocol, (trigger for trigger in triggers if trigger.on is TriggerOn.PARAMETER)
    )
    for action in _supported(subject):
        if action.done not in _COPIES:
            continue
        source, destination = action.type.attributes.get("id"), action.on.attributes.get("id")
        if source is not None:
            found = misnamed(source, action.type.place, "param", known)
            if found is not None:
                yield found
        if destination is not None:
            yield from _misnamed_all(destination, action.on.place, "param", known)
        if source is None and destination is None:
            message = "expected the id of a param in On or in Type, found none: it would be copied to itself"
            yield Found(action.node.place, message)
        elif (source is None or destination is None) and identity(action.node) not in by_params:
            name, child = ("Type", action.type) if source is None else ("On", action.on)
            message = f"expected the id of a param in {name}, found none, and no trigger on a param runs it"
            yield Found(child.place, message)


def _run_by(protocol: Protocol, triggers: Iterable[Trigger]) -> set[int]:
    """Return the ids of the actions that these triggers run, themselves or by other triggers."""
    actions: set[int] = set()
    waiting = list(triggers)
    seen = {trigger.id for trigger in waiting}
    while waiting:
        trigger = waiting.pop()
        ids = {step.id for step in trigger.content}
        if trigger.type is TriggerType.ACTION:
            actions |= ids
            continue
        for number in ids - seen:
            seen.add(number)
            following = protocol.trigger.get(number)
            if following is not None:
                waiting.append(following)
    return actions


def waits(subject: Subject) -> Iterator[Found]:
    """An action that sets the wait after items of a group names their positions, and one source of the ms."""
    found = [
        action for action in _supported(subject) if action.kind is ActionOn.PAIR and action.done is A.SET_NEXT
    ]
    positions = {id(action.node): _positions(action) for action in found}
    for action in found:
        yield from _time(action)
        numbers = positions[id(action.node)]
        if numbers is None:
            text = action.on.attributes.get("nr", "")
            yield Found(action.on.place, f"expected positions from 1 in nr of On, found {quoted(text)}")
    by_id = {identity(action.node): action for action in reversed(found)}
    if found:
        yield from _outside(subject.protocol, by_id, positions)


def _time(action: SaidAction) -> Iterator[Found]:
    """Judge where the ms come from; that the param exists is another rule's."""
    place, said = action.type.place, action.type.attributes
    if ("id" in said) == ("value" in said):
        what = "both" if "id" in said else "none"
        yield Found(place, f"expected either id or value in Type for the ms to wait, found {what}")
    elif "value" in said and parse_whole(said["value"]) is None:
        yield Found(place, f"expected ms in value of Type, found {quoted(said['value'])}")


def _positions(action: SaidAction) -> list[int] | None:
    """Return the positions that an action names; None if it names none, or one that is no position."""
    parsed = [parse_id(text) for text in listed(action.on.attributes.get("nr", ""))]
    known = [number for number in parsed if number]
    return known if known and len(known) == len(parsed) else None


def _outside(
    protocol: Protocol, actions: dict[int | None, SaidAction], positions: dict[int, list[int] | None]
) -> Iterator[Found]:
    """Find positions that the group, at whose moment an action runs, does not have; once for each action.

    Of several groups at whose moments, or at those of whose pairs, it may run, none has them.
    """
    chains = Chains(protocol)
    left = dict(actions)

    def beyond(number: int, count: int, which: str) -> Iterator[Found]:
        action = left.get(number)
        found = [one for one in positions[id(action.node)] or () if one > count] if action else []
        if action is not None and found:
            del left[number]
            message = f"expected positions up to {count}, the items of {which}, found {found[0]}"
            yield Found(action.on.place, message)

    for group, number in _runs(protocol, chains):
        yield from beyond(number, len(group.content), f"group {group.id}")
    for number, count in _largest(protocol, chains).items():
        yield from beyond(number, count, "the largest group that may run it")


def _runs(protocol: Protocol, chains: Chains) -> Iterator[tuple[Group, int]]:
    """Yield the actions of triggers that name a group, with it; a trigger on each fits many groups."""
    for group in protocol.groups:
        for time in (TriggerTime.BEFORE, TriggerTime.AFTER):
            if any(one.on_id is EACH for one in chains.triggers_for(TriggerOn.GROUP, group.id, time)[:1]):
                continue
            for action in chains.actions_for(TriggerOn.GROUP, group.id, time):
                yield group, action.id


def _largest(protocol: Protocol, chains: Chains) -> dict[int, int]:
    """Return how many items the largest group has at whose moments, or its pairs', each action may run."""
    sizes: dict[tuple[TriggerOn, int, TriggerTime], int] = {}
    for group in protocol.groups:
        pairs = {item.id for item in group.content if item.kind is ItemKind.PAIR}
        moments = [(TriggerOn.GROUP, group.id, time) for time in MOMENTS[TriggerOn.GROUP]]
        moments += [(TriggerOn.PAIR, number, time) for number in pairs for time in MOMENTS[TriggerOn.PAIR]]
        for moment in moments:
            sizes[moment] = max(sizes.get(moment, 0), len(group.content))
    named: dict[tuple[TriggerOn, TriggerTime, int | None], tuple[int, int]] = {}
    for (on, number, time), size in sizes.items():
        triggers = chains.triggers_for(on, number, time)
        key = on, time, None if any(one.on_id is EACH for one in triggers[:1]) else number
        if triggers:
            named[key] = number, max(size, named[key][1] if key in named else 0)
    largest: dict[int, int] = {}
    for (on, time, _), (number, size) in named.items():
        for action in chains.actions_for(on, number, time):
            largest[action.id] = max(size, largest.get(action.id, 0))
    return largest


RULES: tuple[Rule, ...] = (
    Rule("AC03", ERROR, "an action is done to nothing that exists", "name the items in id of On", items),
    Rule("AC04", ERROR, "an action names no param that exists", "name the param in id of Type", params),
    Rule(
        "AC05",
        ERROR,
        "set next does not say where, or how long",
        "write positions in nr of On, and the ms as value or as id of a param",
        waits,
    ),
    Rule(
        "AC08",
        ERROR,
        "a copy has no source or no destination",
        "name them in id of Type and id of On",
        copies,
    ),
)
