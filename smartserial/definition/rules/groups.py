"""Rules about groups: what they hold, and where they are sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from smartserial.definition.connection import ConnectionType
from smartserial.definition.flow import GroupType, ItemKind
from smartserial.definition.languages.number import parse_whole
from smartserial.definition.languages.problem import quoted
from smartserial.definition.node import Node
from smartserial.definition.reading.texts import choice, identity, reference
from smartserial.definition.rules.problems import Hints
from smartserial.definition.rules.rule import Found, Rule, Subject, wrong_reference
from smartserial.findings import ERROR, INFO, WARNING

_GROUPS = "Groups/Group"
_MOST_ITEMS = 10
_SLOW_POLL = -1
_POLLED = frozenset({ItemKind.PAIR, ItemKind.PARAM, ItemKind.SESSION})
_FITTING: Mapping[GroupType, Collection[ItemKind]] = {
    GroupType.POLL: _POLLED,
    GroupType.POLL_ACTION: {ItemKind.ACTION},
    GroupType.POLL_TRIGGER: {ItemKind.TRIGGER},
    GroupType.ACTION: {ItemKind.ACTION},
    GroupType.TRIGGER: {ItemKind.TRIGGER},
}
_WHERE = {
    ItemKind.PAIR: "Pairs/Pair",
    ItemKind.ACTION: "Actions/Action",
    ItemKind.TRIGGER: "Triggers/Trigger",
    ItemKind.SESSION: "HTTP/Session",
}


def _items(node: Node) -> Iterator[tuple[Node, ItemKind]]:
    """Yield the items of a group, with their kinds; elements of other names are another rule's."""
    content = node.first("Content")
    for item in content.children if content is not None else ():
        kind = choice(ItemKind, item.name)
        if kind is not None:
            yield item, kind


def _main(subject: Subject) -> ConnectionType | None:
    connections = subject.protocol.connections
    return connections[0].type if connections else None


def content(subject: Subject) -> Iterator[Found]:
    """A group has a content, unless it is the only one of a virtual connection or made for a table."""
    nodes = list(subject.root.all(_GROUPS))
    if len(nodes) == 1 and _main(subject) is ConnectionType.VIRTUAL:
        return
    timers = subject.root.all("Timers/Timer")
    tables = [timer for timer in timers if timer.attributes.get("options", "").strip()]
    of_tables = {reference(item.text) for timer in tables for item in timer.all("Content/Group")}
    for node in nodes:
        number = identity(node)
        found = node.first("Content")
        if found is not None and found.children:
            continue
        if number not in of_tables and not (number == _SLOW_POLL and _main(subject) is ConnectionType.SERIAL):
            place = (found or node).place
            yield Found(place, "expected pairs, actions or triggers in the Content of the group, found none")


def kinds(subject: Subject) -> Iterator[Found]:
    """The items of a group are of one kind, that of its type."""
    hints = Hints(kind.value for kind in GroupType)
    for node in subject.root.all(_GROUPS):
        text = node.text_at("Type")
        type_ = choice(GroupType, text) if text else GroupType.POLL
        if type_ is None:
            place = (node.first("Type") or node).place
            yield Found(place, f"expected the type of a group, found {quoted(text)}", hints.hint(text))
            continue
        items = list(_items(node))
        other = next(((item, kind) for item, kind in items if kind is not items[0][1]), None)
        if other is not None:
            message = f"expected items of one kind, found {other[1].value} beside {items[0][1].value}"
            yield Found(other[0].place, message)
        elif items and items[0][1] not in _FITTING[type_]:
            wanted = " or ".join(kind.value for kind in ItemKind if kind in _FITTING[type_])
            message = f"expected {wanted} in a group of type {type_.value}, found {items[0][1].value}"
            yield Found(items[0][0].place, message)


def size(subject: Subject) -> Iterator[Found]:
    """A group has ten items at most."""
    for node in subject.root.all(_GROUPS):
        count = sum(1 for _ in _items(node))
        if count > _MOST_ITEMS:
            place = (node.first("Content") or node).place
            yield Found(place, f"expected at most {_MOST_ITEMS} items, found {count}")


def references(subject: Subject) -> Iterator[Found]:
    """What a group names exists, and the waits between are in ms."""
    known = {kind: {identity(node) for node in subject.root.all(path)} for kind, path in _WHERE.items()}
    for node in subject.root.all(_GROUPS):
        for item, kind in _items(node):
            exists = subject.has_param if kind is ItemKind.PARAM else known[kind].__contains__
            found = wrong_reference(item.text, item.place, kind.value.lower(), exists)
            if found is not None:
                yield found
            wait = item.attributes.get("next")
            if wait is not None and parse_whole(wait) is None:
                message = f"expected the wait after the item in ms, found {quoted(wait)}"
                yield Found(item.place, message, 'write next="ms", or leave it out', severity=WARNING)


def connection(subject: Subject) -> Iterator[Found]:
    """The connection of a group exists, or a thread has this number."""
    known = set(range(len(subject.protocol.connections)))
    for thread in subject.protocol.threads:
        known.update(thread.connections)
    for node in subject.root.all(_GROUPS):
        if "connection" in node.attributes:
            found = wrong_reference(node.attributes["connection"], node.place, "connection", known)
            if found is not None:
                yield found


def slow_poll(subject: Subject) -> Iterator[Found]:
    """The group that is sent in slow poll holds a pair, if the main connection is serial."""
    if _main(subject) is not ConnectionType.SERIAL:
        return
    for node in subject.root.all(_GROUPS):
        if identity(node) == _SLOW_POLL and all(kind is not ItemKind.PAIR for _, kind in _items(node)):
            place = (node.first("Content") or node).place
            yield Found(
                place, "expected a Pair in group -1, which asks whether the device is there again; found none"
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "GR01",
        WARNING,
        "a group has no content",
        "name what the group does in its Content",
        content,
    ),
    Rule(
        "GR02",
        ERROR,
        "the items of a group are of several kinds, or not of the kind that its type says",
        "keep to one kind: Pair in poll, Action in (poll) action, Trigger in (poll) trigger",
        kinds,
    ),
    Rule(
        "GR03",
        INFO,
        "a group has more than ten items",
        "make several groups of it: others wait until a group is done",
        size,
    ),
    Rule(
        "GR04",
        ERROR,
        "an item of a group names nothing, or what does not exist",
        "give the id of what the group should do",
        references,
    ),
    Rule(
        "GR06",
        ERROR,
        "the connection of a group does not exist",
        "give the number of a connection, from 0, or that of a Thread",
        connection,
    ),
    Rule(
        "GR07",
        ERROR,
        "the group for slow poll holds no pair",
        "put a Pair into group -1 whose answer shows that the device is there",
        slow_poll,
    ),
)
