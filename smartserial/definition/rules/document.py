"""Rules about a definition as a whole: its head, and which elements it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smartserial.definition.connection import SERIAL_TYPES, ConnectionType
from smartserial.definition.languages.problem import quoted
from smartserial.definition.node import Node
from smartserial.definition.param import ParamType
from smartserial.definition.place import Place
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.connections import (
    KINDS,
    connection_nodes,
    connection_type,
    kind_node,
)
from smartserial.definition.rules.connections import TYPE_WORDS
from smartserial.definition.rules.problems import MOST_HINTS, Hints
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.sources import types_of
from smartserial.definition.rules.vocabulary import CHILDREN, HOMES, Met, Use, walk
from smartserial.findings import ERROR, INFO, WARNING

_VERSION = re.compile(r"[0-9]+(\.[0-9]+){3}")
_RUN = SERIAL_TYPES | {ConnectionType.VIRTUAL}
_ENCODINGS = ("", "utf-8", "utf8")


def head(subject: Subject) -> Iterator[Found]:
    """A definition has a name, and a version of four numbers."""
    root = subject.root
    for name, what in (("Name", "a name"), ("Version", "a version such as 1.0.0.1")):
        node = root.first(name)
        text = root.text_at(name)
        if node is None:
            yield Found(root.place, f"expected the element {name}, found none")
        elif not text:
            yield Found(node.place, f"expected {what}, found nothing")
        elif name == "Version" and not _VERSION.fullmatch(text):
            yield Found(node.place, f"expected {what}, four numbers with points, found {quoted(text)}")


def connection_types(subject: Subject) -> Iterator[Found]:
    """The main connection has a type that is known, and so has each ``Connection``."""
    root, hints = subject.root, Hints(TYPE_WORDS)
    node, connections = root.first("Type"), connection_nodes(root)
    if node is None and not connections:
        yield Found(root.place, "expected the element Type, or Connections, found neither")
    if node is not None and connection_type(node.text)[0] is None:
        message = f"expected the type of connection 0, found {quoted(node.text)}"
        yield Found(node.place, message, hints.hint(node.text))
    made = len(types_of(root))
    for number, found in connections:
        yield from _type_of(found, number < made, hints)


def _type_of(node: Node, overlaid: bool, hints: Hints) -> Iterator[Found]:
    """Judge what a ``Connection`` says of its type; one that lies over another need not say it."""
    said = [child.name for child in node.children if child.name in KINDS]
    older = node.first("Type")
    if len(set(said)) > 1:
        yield Found(node.place, f"expected one element that says the type, found {', '.join(said[:4])}")
    elif kind_node(node) is None and older is not None and connection_type(older.text)[0] is None:
        message = f"expected the type of a connection, found {quoted(older.text)}"
        yield Found(older.place, message, hints.hint(older.text))
    elif not said and older is None and not overlaid:
        yield Found(node.place, f"expected one of the elements {', '.join(KINDS)}, found none")


def single_elements(subject: Subject) -> Iterator[Found]:
    """An element of which there is one comes once: of two the first counts."""
    first: dict[tuple[int, str], Node] = {}
    for met in walk(subject.root):
        if met.known is None or met.known.many or met.known.use is not Use.READ or met.node is met.parent:
            continue
        node = met.node
        before = first.setdefault((id(met.parent), node.name), node)
        if before is not node:
            message = f"expected one {node.name} in {met.parent.name}, found another"
            yield Found(node.place, f"{message}; the first is on line {before.place.line}")


def encoding(subject: Subject) -> Iterator[Found]:
    """A definition is written in UTF-8."""
    if subject.encoding not in _ENCODINGS:
        message = f"expected the encoding utf-8, found {quoted(subject.encoding)} declared"
        yield Found(subject.root.place, message)


def unknown_elements(subject: Subject) -> Iterator[Found]:
    """A definition is made of elements that are known and read, without text between them."""
    unknown: dict[str, list[Met]] = {}
    noticed: set[str] = set()
    inside: dict[int, str] = {}
    for met in walk(subject.root):
        node, known = met.node, met.known
        if known is None:
            unknown.setdefault(node.name, []).append(met)
        elif known.use is Use.NOTICED and node.name not in noticed:
            noticed.add(node.name)
            yield Found(node.place, f"{node.name} is left alone: nothing here uses it", "it may stay, or go")
        elif known.use is Use.READ:
            inside[id(node)] = known.inside
            if known.inside and not known.text and node.text.strip():
                message = f"expected only elements in {node.name}, found the text {quoted(node.text)}"
                yield Found(node.place, message)
    for number, (name, places) in enumerate(unknown.items()):
        yield _unknown(name, places, inside.get(id(places[0].parent), ""), number)
    yield from _unsupported(subject.protocol)


def _unsupported(protocol: Protocol) -> Iterator[Found]:
    """Notice each type of connection, and of param, that is known and does nothing here."""
    unused: list[tuple[str, Place]] = [
        *((one.type.value, one.place) for one in protocol.connections if one.type not in _RUN),
        *((one.type.value, one.place) for one in protocol.params if one.type is ParamType.MATRIX),
    ]
    first: dict[str, Place] = {}
    for kind, place in unused:
        if first.setdefault(kind, place) is place:
            message = f"the type {kind} is left alone: nothing here uses it"
            yield Found(place, message, "it may stay, or go")


def _unknown(name: str, places: list[Met], row: str, number: int) -> Found:
    first = places[0]
    more = f"; there are {len(places) - 1} more of this name" if len(places) > 1 else ""
    message = f"the element {quoted(name)} in {first.parent.name} is unknown, and left alone{more}"
    homes = HOMES.get(name, ())
    if homes:
        hint = f"it belongs in {' or '.join(homes[:3])}"
    else:
        hint = Hints(CHILDREN[row]).hint(name) if number < MOST_HINTS and row else ""
    return Found(first.node.place, message, hint)


RULES: tuple[Rule, ...] = (
    Rule(
        "XM02",
        ERROR,
        "the name or the version is missing",
        "write <Name>Acme Mast</Name><Version>1.0.0.1</Version> in Protocol",
        head,
    ),
    Rule(
        "XM03",
        ERROR,
        "the type of a connection is missing or unknown",
        'write <Type relativeTimers="true">smart-serial</Type>, or serial',
        connection_types,
    ),
    Rule(
        "XM04",
        ERROR,
        "an element comes twice where one is expected",
        "take out the second one",
        single_elements,
    ),
    Rule(
        "XM05",
        WARNING,
        "the file does not declare UTF-8",
        'save it as UTF-8, and begin it with <?xml version="1.0" encoding="utf-8"?>',
        encoding,
    ),
    Rule(
        "XM07",
        INFO,
        "there are unknown elements, or text between elements",
        "look at its spelling and its place; otherwise it may stay",
        unknown_elements,
    ),
)
