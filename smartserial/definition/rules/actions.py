"""Rules about actions: what is done to what, where, and with which data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from enum import Enum

from smartserial.definition.action import SUPPORTED, UNSUPPORTED, Action, ActionOn, ActionType
from smartserial.definition.flow import ItemKind, TriggerOn, TriggerTime
from smartserial.definition.languages.constant import parse_hex
from smartserial.definition.languages.number import parse_decimal, parse_whole
from smartserial.definition.languages.problem import Problem, quoted
from smartserial.definition.languages.replacing import parse_replace_data
from smartserial.definition.languages.scale import parse_scale
from smartserial.definition.languages.sequence import parse_sequence
from smartserial.definition.node import Node
from smartserial.definition.reading.texts import choice
from smartserial.definition.rules.chains import Chains, applies_to
from smartserial.definition.rules.problems import Hints, problems_of
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.said import SaidAction, called, said_actions
from smartserial.findings import ERROR, INFO, WARNING

A = ActionType
_CONNECTED = frozenset({A.OPEN, A.CLOSE, A.LOCK, A.UNLOCK, A.PRIORITY_LOCK, A.PRIORITY_UNLOCK})
_WITH_NR = frozenset({A.REVERSE, A.SET_NEXT})
_STUFFING = frozenset({A.STUFFING, A.READ_STUFFING})
_WITH_OFFSETS = _STUFFING | {A.REPLACE_DATA}
_NUMBERS: dict[ActionType, Callable[[str], float | None]] = {
    A.INCREMENT: parse_decimal,
    A.MULTIPLY: parse_decimal,
    A.POW: parse_decimal,
    A.SLEEP: parse_whole,
}
_HINTS = dict.fromkeys(_NUMBERS, 'write a number, as in value="2.5"') | {
    A.SLEEP: 'write ms, as in value="500"; without a value it is 5000'
}


def said(subject: Subject) -> Iterator[Found]:
    """An action says what is done, and to which kind of thing."""
    kinds: tuple[tuple[str, type[Enum]], ...] = (("On", ActionOn), ("Type", ActionType))
    hints = {name: Hints(str(kind.value) for kind in words) for name, words in kinds}
    for node in subject.root.all("Actions/Action"):
        wrong = [_said(node, name, words, hints[name]) for name, words in kinds]
        found = [one for one in wrong if one is not None]
        if found:
            exact = max(found, key=lambda one: len(one.place.path))
            message, hint = (
                "; ".join(filter(None, texts)) for texts in zip(*map(_texts, found), strict=True)
            )
            yield replace(exact, message=message, hint=hint)


def _texts(found: Found) -> tuple[str, str]:
    return found.message, found.hint


def _said(node: Node, name: str, words: type[Enum], hints: Hints) -> Found | None:
    child = node.first(name)
    if child is None:
        return Found(node.place, f"expected the element {name}, found none")
    if choice(words, child.text) is not None:
        return None
    expected = ", ".join(kind.value for kind in words) if words is ActionOn else "what is done"
    message = f"expected {expected} in {name}, found {quoted(child.text)}"
    return Found(child.place, message, hints.hint(child.text))


def possible(subject: Subject) -> Iterator[Found]:
    """What is done can be done to this kind of thing."""
    for action in said_actions(subject):
        if action.done not in SUPPORTED[action.kind] and not _left_out(action):
            words = ", ".join(sorted(kind.value for kind in SUPPORTED[action.kind]))
            message = f"expected one of {words} on a {action.kind.value}, found {action.done.value}"
            yield Found(action.type.place, message)


def _left_out(action: SaidAction) -> bool:
    return action.done in UNSUPPORTED[action.kind] or action.done is A.CREATE_ELEMENT


def out_of_scope(subject: Subject) -> Iterator[Found]:
    """What is done is something that smartserial does."""
    for action in said_actions(subject):
        if _left_out(action):
            message = f"expected what smartserial does, found {action.done.value} on a {action.kind.value}"
            yield Found(action.type.place, message)


def connection(subject: Subject) -> Iterator[Found]:
    """What is done to a connection names one that there is."""
    count = len(subject.protocol.connections)
    for action in said_actions(subject):
        text = action.type.attributes.get("nr")
        if text is None or action.done not in _CONNECTED or action.kind is not ActionOn.PROTOCOL or not count:
            continue
        number = parse_whole(text)
        if number is None or number >= count:
            there_is = f"a connection from 0 to {count - 1}" if count > 1 else "connection 0"
            yield Found(action.type.place, f"expected {there_is} in nr of Type, found {quoted(text)}")


def needless_nr(subject: Subject) -> Iterator[Found]:
    """Only reverse and set next need an On with nr."""
    for action in said_actions(subject):
        if "nr" in action.on.attributes and action.done not in _WITH_NR:
            text = action.on.attributes["nr"]
            yield Found(
                action.on.place, f"expected On without nr for {action.done.value}, found nr {quoted(text)}"
            )


def stuffing(subject: Subject) -> Iterator[Found]:
    """Bytes are stuffed in one way only: by Advanced on smart-serial connections, else by actions."""
    general = subject.protocol.stuffing
    actions = [action for action in subject.protocol.actions if action.type in _STUFFING]
    if not subject.smart or not actions:
        return
    heard = {
        response.id for response in subject.protocol.responses if _heard_smart(subject, response.connection)
    }
    sent = _sent_smart(subject) if general is not None and general.command else set()
    here = [action for action in actions if action.on is ActionOn.RESPONSE and action.type is A.READ_STUFFING]
    for action, number in _meant(subject, here, TriggerOn.RESPONSE, heard):
        where = f"response {number} is heard on a smart-serial one" if number is not None else "there is none"
        message = f"expected read stuffing on a serial connection, found that {where}: {called(action)}"
        yield Found(action.place, message)
    there = [action for action in actions if action.on is ActionOn.COMMAND and action.type is A.STUFFING]
    for action, number in _meant(subject, there, TriggerOn.COMMAND, sent):
        what = f"command {number}" if number is not None else "each command"
        message = (
            f"expected that {what} is stuffed once, found {called(action)} beside the stuffing of Advanced"
        )
        yield Found(action.place, message)


def _heard_smart(subject: Subject, connection: int | None) -> bool:
    return (connection or 0) in subject.smart


def _sent_smart(subject: Subject) -> set[int]:
    """Return the commands that are sent on smart-serial connections."""
    protocol = subject.protocol
    by_group: dict[int, set[int]] = {}
    for group in protocol.groups:
        for item in group.content:
            if item.kind is ItemKind.PAIR:
                by_group.setdefault(item.id, set()).add(group.connection or 0)
    return {
        pair.command
        for pair in protocol.pairs
        for number in (
            by_group.get(pair.id, {0}) if pair.options.connection is None else {pair.options.connection}
        )
        if number in subject.smart
    }


def _meant(
    subject: Subject, actions: Iterable[Action], on: TriggerOn, items: Collection[int]
) -> Iterator[tuple[Action, int | None]]:
    """Yield the actions that are done to one of the items, with the first of them.

    None stands for an action that names no item, and that nothing runs here, where all connections are
    smart-serial.
    """
    left = {id(action): action for action in actions}
    chains = Chains(subject.protocol)
    for number in sorted(items) if left else ():
        for action in chains.actions_for(on, number, TriggerTime.BEFORE):
            if id(action) in left and applies_to(action, on, number):
                yield left.pop(id(action)), number
    for action in left.values():
        named = [number for number in action.on_ids if number in items]
        if named or (not action.on_ids and items and subject.smart == subject.serial):
            yield action, named[0] if named else None


def data(subject: Subject) -> Iterator[Found]:
    """What an action works with can be read: hex, numbers, steps of arithmetic."""
    for action in said_actions(subject):
        if action.done not in SUPPORTED[action.kind]:
            continue
        attributes, place = action.type.attributes, action.type.place
        if action.done is A.REPLACE_DATA:
            yield from problems_of(parse_replace_data(attributes.get("options", "")).problems, "AC12", place)
        for message in (*_offsets(action), *_values(action)):
            yield Found(place, message, _HINTS.get(action.done, ""), severity=WARNING)
        if action.done is A.SET_INFO:
            for problem in _set_info(action):
                yield Found(place, problem.message, severity=WARNING)


def _offsets(action: SaidAction) -> Iterator[str]:
    for name in ("startoffset", "endoffset") if action.done in _WITH_OFFSETS else ():
        text = action.type.attributes.get(name)
        if text is not None and parse_whole(text) is None:
            yield f"expected a number of bytes in {name}, found {quoted(text)}"


def _values(action: SaidAction) -> Iterator[str]:
    attributes = action.type.attributes
    value = attributes.get("value")
    if action.done in _STUFFING:
        if not parse_hex(value or ""):
            yield f"expected bytes as in 0x10 in value, found {quoted(value or '')}"
        if parse_hex(attributes.get("allowed", "0x00")) is None:
            yield f"expected bytes as in 0x020x03 in allowed, found {quoted(attributes['allowed'])}"
    number = _NUMBERS.get(action.done)
    if number is not None and value is not None and number(value) is None:
        yield f"expected a number in value, found {quoted(value)}"


def _set_info(action: SaidAction) -> Iterator[Problem]:
    scale = action.type.attributes.get("scale", "").strip()
    sequence = action.type.attributes.get("sequence", "").strip()
    if scale not in ("", "-"):
        yield from parse_scale(scale).problems
    if sequence not in ("", "-"):
        yield from parse_sequence(sequence).problems


RULES: tuple[Rule, ...] = (
    Rule(
        "AC01",
        ERROR,
        "an action does not say what is done to what",
        "write On and Type with known words",
        said,
    ),
    Rule(
        "AC02",
        ERROR,
        "an action does what cannot be done to this kind of thing",
        "take a Type that belongs to On",
        possible,
    ),
    Rule(
        "AC06",
        ERROR,
        "an action names a connection that there is not",
        "write its number in nr of Type",
        connection,
    ),
    Rule("AC07", INFO, "an action has an nr that means nothing", "take nr out of On", needless_nr),
    Rule(
        "AC10",
        WARNING,
        "bytes are stuffed twice, or where an action cannot",
        "leave the stuffing to Advanced on smart-serial connections",
        stuffing,
    ),
    Rule(
        "AC11",
        WARNING,
        "an action does what smartserial does not do",
        "do it in another way, or leave it out",
        out_of_scope,
    ),
    Rule(
        "AC12",
        ERROR,
        "the data of an action cannot be read",
        "write bytes in hex, as many new as old ones",
        data,
    ),
)
