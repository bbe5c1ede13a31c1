"""A whole definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from smartserial.definition.languages.constant import parse_constant
from smartserial.definition.languages.stuffing import parse_stuffing
from smartserial.definition.node import Node
from smartserial.definition.protocol import Protocol, Thread
from smartserial.definition.reading.actions import action
from smartserial.definition.reading.connections import read_connections
from smartserial.definition.reading.flows import group, qaction, timer, trigger
from smartserial.definition.reading.messages import command, pair, response
from smartserial.definition.reading.params import param
from smartserial.definition.reading.texts import identity, listed, references, truth

T = TypeVar("T")


def _each(root: Node, path: str, read: Callable[[Node, int], T | None]) -> tuple[T, ...]:
    """Read all elements at `path` that have a number; what has none cannot be named by anything."""
    found = []
    for node in root.all(path):
        number = identity(node)
        value = read(node, number) if number is not None else None
        if value is not None:
            found.append(value)
    return tuple(found)


def _attribute(root: Node, path: str, name: str) -> str:
    found = root.first(path)
    return found.attributes.get(name, "") if found is not None else ""


def read_protocol(root: Node) -> Protocol:
    """Return what a definition says, as far as it can be understood; it never raises."""
    relative = _attribute(root, "Type", "relativeTimers").strip().lower()
    options = {option.lower() for option in listed(_attribute(root, "Type", "options"))}
    return Protocol(
        name=root.text_at("Name"),
        version=root.text_at("Version"),
        connections=read_connections(root),
        params=_each(root, "Params/Param", param),
        commands=_each(root, "Commands/Command", command),
        responses=_each(root, "Responses/Response", response),
        pairs=_each(root, "Pairs/Pair", pair),
        groups=_each(root, "Groups/Group", group),
        triggers=_each(root, "Triggers/Trigger", trigger),
        actions=_each(root, "Actions/Action", action),
        timers=_each(root, "Timers/Timer", timer),
        qactions=_each(root, "QActions/QAction", qaction),
        description=root.text_at("Description"),
        relative_timers=True if relative.startswith("true") else truth(relative),
        timers_reset=relative == "true with reset",
        unicode="unicode" in options,
        stuffing=parse_stuffing(_attribute(root, "Advanced", "stuffing")).value,
        ignore_equal_response=bool(truth(_attribute(root, "Advanced", "ignoreEqualResponse"))),
        threads=tuple(
            Thread(references(listed(node.attributes.get("connection", ""), ",")), place=node.place)
            for node in root.all("Threads/Thread")
        ),
        no_timeouts=tuple(parse_constant(node.text) for node in root.all("NoTimeouts/NoTimeout")),
        place=root.place,
    )
