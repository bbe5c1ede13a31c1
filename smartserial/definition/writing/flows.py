"""Groups, timers, triggers, and code that is called."""

from __future__ import annotations

from functools import partial

from smartserial.definition.action import QAction
from smartserial.definition.flow import Group, Initial, Timer, Trigger
from smartserial.definition.languages.constant import print_constant
from smartserial.definition.node import Node
from smartserial.definition.writing.texts import Said, condition, element, joined, leaf, leaves, text, unless


def group(value: Group) -> Node:
    """Return the element of a group."""
    items = [element(item.kind.value, item.id, next=item.next) for item in value.content]
    return element(
        "Group",
        (
            element("Name", value.name),
            leaf("Description", value.description, ""),
            element("Type", text(value.type)),
            condition(value.condition),
            element("Content", items) if items else None,
        ),
        id=value.id,
        connection=value.connection,
        ping=unless(value.ping, False),
    )


def _initial(value: Initial) -> Said | None:
    if not value.run:
        return "false"
    return None if value == Initial() else lambda: f"random={text(value.low)}:{text(value.high)}"


def timer(value: Timer) -> Node:
    """Return the element of a timer."""
    return element(
        "Timer",
        (
            element("Name", value.name),
            element("Time", "loop" if value.time is None else value.time, initial=_initial(value.initial)),
            leaf("Interval", value.interval, 0),
            condition(value.condition),
            element("Content", leaves("Group", value.groups)),
        ),
        id=value.id,
        fixedTimer=unless(value.fixed, False),
    )


def _time(value: Trigger) -> Node | None:
    comparison = value.comparison
    if value.time is None and value.data is None and comparison is None:
        return None
    data = "" if value.data is None else value.data
    moment: Said = partial(print_constant, data) if value.time is None else value.time
    if comparison is None:
        return element("Time", moment)
    return element("Time", moment, case=comparison.case, value=comparison.value or None, nr=comparison.param)


def trigger(value: Trigger) -> Node:
    """Return the element of a trigger."""
    steps = [element("Id", step.id, **{"else": unless(step.otherwise, False)}) for step in value.content]
    return element(
        "Trigger",
        (
            element("Name", value.name),
            element("On", text(value.on) if value.on is not None else "", id=value.on_id)
            if value.on is not None or value.on_id is not None
            else None,
            _time(value),
            element("Type", text(value.type)),
            condition(value.condition),
            element("Content", steps),
        ),
        id=value.id,
    )


def qaction(value: QAction) -> Node:
    """Return the element of what calls code."""
    return element(
        "QAction",
        (condition(value.condition),),
        id=value.id,
        name=value.name or None,
        encoding=value.encoding or None,
        triggers=joined(value.triggers),
        inputParameters=joined(value.input_parameters),
        entryPoint=joined(value.entry_points),
        options=joined(sorted(value.options)),
    )
