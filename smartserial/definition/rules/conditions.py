"""Rules about conditions, wherever they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from smartserial.definition.condition import (
    ConditionError,
    Expression,
    Kind,
    kind_of,
    params_of,
    parse_condition,
    print_condition,
)
from smartserial.definition.flow import Case
from smartserial.definition.languages.problem import quoted
from smartserial.definition.node import Node
from smartserial.definition.param import ValueType
from smartserial.definition.reading.texts import choice, identity
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.said import existing, misnamed, said_triggers
from smartserial.definition.simplify import doubled_brackets, simplified
from smartserial.findings import ERROR, INFO, WARNING

_PAIRS, _GROUPS, _TIMERS = "Pairs/Pair", "Groups/Group", "Timers/Timer"
_TRIGGERS, _ACTIONS, _QACTIONS = "Triggers/Trigger", "Actions/Action", "QActions/QAction"
_ALL = (_PAIRS, _GROUPS, _TIMERS, _TRIGGERS, _ACTIONS, _QACTIONS)
_KINDS = {
    ValueType.STRING: Kind.TEXT,
    ValueType.DOUBLE: Kind.NUMBER,
    ValueType.HIGH_NIBBLE: Kind.NUMBER,
    ValueType.LOW_NIBBLE: Kind.NUMBER,
}


@dataclass(frozen=True, slots=True)
class _Condition:
    """A condition that can be read, and the params in it that do not exist, in their order."""

    node: Node
    expression: Expression
    missing: tuple[int, ...]


def _conditions(subject: Subject, path: str, params: Collection[int]) -> Iterator[_Condition | Found]:
    """Yield the conditions of the items at a path, or what keeps them from being read."""
    for item in subject.root.all(path):
        node = item.first("Condition")
        text = node.text.strip() if node is not None else ""
        if node is None or not text:
            continue
        try:
            expression = parse_condition(text)
        except ConditionError as error:
            yield _refused(node, error)
        else:
            named = dict.fromkeys(params_of(expression))
            yield _Condition(node, expression, tuple(number for number in named if number not in params))


def _refused(node: Node, error: ConditionError) -> Found:
    return Found(node.place, f"{error}, at character {error.offset + 1} of the condition")


def _missing(subject: Subject, path: str) -> Iterator[Found]:
    for one in _conditions(subject, path, existing(subject, "param")):
        if isinstance(one, _Condition):
            yield from _named(one)


def _named(condition: _Condition) -> Iterator[Found]:
    for number in condition.missing:
        message = f"there is no param {number}, which the condition names"
        yield Found(condition.node.place, message, missing=("param", number))


def of_pairs(subject: Subject) -> Iterator[Found]:
    """The condition of a pair names params that exist."""
    yield from _missing(subject, _PAIRS)


def of_groups(subject: Subject) -> Iterator[Found]:
    """The condition of a group names params that exist."""
    yield from _missing(subject, _GROUPS)


def of_timers(subject: Subject) -> Iterator[Found]:
    """A timer has no condition; if it has one, it names params that exist."""
    for one in _conditions(subject, _TIMERS, existing(subject, "param")):
        if isinstance(one, Found):
            continue
        yield from _named(one)
        if not one.missing:
            message = "expected the condition at the groups of the timer, found it at the timer"
            yield Found(one.node.place, message, severity=INFO)


def of_triggers(subject: Subject) -> Iterator[Found]:
    """The condition of a trigger, and what a change is compared with, names params that exist."""
    yield from _missing(subject, _TRIGGERS)
    known = existing(subject, "param")
    for said in said_triggers(subject):
        case = said.time.attributes.get("case") if said.time is not None else None
        if said.time is None or case is None:
            continue
        value, number = (said.time.attributes.get(name, "").strip() for name in ("value", "nr"))
        place, words = said.time.place, ", ".join(kind.value for kind in Case)
        if choice(Case, case) is None:
            yield Found(place, f"expected one of {words} in case of Time, found {quoted(case)}")
        elif number or ("nr" in said.time.attributes and not value):
            found = misnamed(number, place, "param", known)
            if found is not None:
                yield found
            elif value not in ("", number):
                message = f"expected either value or nr of Time, found both: param {number} is what counts"
                yield Found(place, message, severity=WARNING)


def of_actions(subject: Subject) -> Iterator[Found]:
    """The condition of an action names params that exist."""
    yield from _missing(subject, _ACTIONS)


def sensible(subject: Subject) -> Iterator[Found]:
    """A condition can be read, its parts fit together, and it is true or false."""
    params, kinds = existing(subject, "param"), _kinds(subject)
    for path in _ALL:
        for one in _conditions(subject, path, params):
            if isinstance(one, Found):
                yield one
            elif not one.missing:
                error = _error(one, kinds)
                if error is not None:
                    yield _refused(one.node, error)
            elif path == _QACTIONS:
                yield from _named(one)


def _kinds(subject: Subject) -> Mapping[int, Kind | None]:
    """Return what params hold, None for one that does not say it; wrong ones are left out."""
    kinds: dict[int, Kind | None] = {}
    for node in subject.root.all("Params/Param"):
        number = identity(node)
        if number is None or number in kinds or node.place.path in subject.wrong:
            continue
        text = node.text_at("Interprete/Type")
        held = choice(ValueType, text)
        if held is not None:
            kinds[number] = _KINDS[held]
        elif not text:
            kinds[number] = None
    return kinds


def _error(condition: _Condition, kinds: Mapping[int, Kind | None]) -> ConditionError | None:
    try:
        kind_of(condition.expression, kinds)
    except ConditionError as error:
        return error
    return None


def simple(subject: Subject) -> Iterator[Found]:
    """A condition decides something, and says it as simply as can be."""
    params, kinds = existing(subject, "param"), _kinds(subject)
    for path in _ALL:
        for one in _conditions(subject, path, params):
            if isinstance(one, Found) or one.missing or _error(one, kinds) is not None:
                continue
            simpler = simplified(one.expression, kinds)
            if isinstance(simpler, bool):
                always = "true" if simpler else "false"
                message = f"expected a condition that decides something, found one that is always {always}"
                yield Found(one.node.place, message)
            elif simpler != one.expression or doubled_brackets(one.node.text):
                wanted = quoted(print_condition(simpler))
                yield Found(
                    one.node.place, f"expected the condition without what says nothing, as in {wanted}"
                )


_TITLE, _CURE = "the condition of {} names what does not exist", "name params of the definition"

RULES: tuple[Rule, ...] = (
    Rule("PR04", ERROR, _TITLE.format("a pair"), _CURE, of_pairs),
    Rule("GR05", ERROR, _TITLE.format("a group"), _CURE, of_groups),
    Rule(
        "TI05", ERROR, "a timer has a condition", "give the condition to the groups of the timer", of_timers
    ),
    Rule("TR07", ERROR, _TITLE.format("a trigger"), _CURE, of_triggers),
    Rule("AC09", ERROR, _TITLE.format("an action"), _CURE, of_actions),
    Rule(
        "CD01",
        ERROR,
        "a condition makes no sense",
        "compare params with values, and join with AND and OR",
        sensible,
    ),
    Rule("CD02", INFO, "a condition says nothing, or too much", "leave out what says nothing", simple),
)
