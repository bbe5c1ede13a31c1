"""Rules about a definition as a whole: its head, and which elements it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smartserial.definition.languages.problem import quoted
from smartserial.definition.node import Node
from smartserial.definition.param import ParamType
from smartserial.definition.reading.connections import (
    KINDS,
    connection_nodes,
    connection_type,
    kind_node,
)
from smartserial.definition.rules.connections import TYPE_WORDS
from smartserial.definition.rules.ids import KINDS as ITEMS
from smartserial.definition.rules.ids import Kind
from smartserial.definition.rules.problems import LONGEST_HINTED, MOST_HINTS, Hints
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.sources import types_of
from smartserial.definition.rules.vocabulary import CHILDREN, HOMES, Met, Use, walk
from smartserial.findings import ERROR, INFO, WARNING, did_you_mean

_VERSION = re.compile(r"[0-9]+(\.[0-9]+){3}")
_ENCODINGS = ("", "utf-8", "utf8")
_ROOT = "protocol"  # the row of what stands in the outermost element
_OPTIONS = "options"  # the row of communication options, of which another rule tells those that are unknown


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
        subject.unreadable.add("connection")
        yield Found(root.place, "expected the element Type, or Connections, found neither")
    if node is not None and connection_type(node.text)[0] is None:
        message = f"expected the type of connection 0, found {quoted(node.text)}"
        yield Found(node.place, message, hints.hint(node.text))
    made = len(types_of(subject))
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
        other = _in_place_of_type(node, overlaid)
        place, found = (other.place, quoted(other.name)) if other is not None else (node.place, "none")
        message = f"expected one of the elements {', '.join(KINDS)}, found {found}"
        yield Found(place, message, Hints(KINDS).hint(other.name) if other is not None else "")


def _in_place_of_type(node: Node, overlaid: bool) -> Node | None:
    """Return the unknown element that a ``Connection`` has where its type is missing; None if it has none."""
    if overlaid or node.has("Type") or kind_node(node) is not None:
        return None
    return next((child for child in node.children if child.name not in CHILDREN["connection"]), None)


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
    told = _types_told(subject)
    for met in walk(subject.root):
        node, known = met.node, met.known
        if known is None:
            if met.row != _OPTIONS and id(node) not in told:
                unknown.setdefault(node.name, []).append(met)
        elif known.use is Use.NOTICED and node.name not in noticed:
            noticed.add(node.name)
            yield Found(node.place, f"{node.name} is left alone: nothing here uses it", "it may stay, or go")
        elif known.use is Use.READ and known.inside and not known.text and node.text.strip():
            message = f"expected only elements in {node.name}, found the text {quoted(node.text)}"
            yield Found(node.place, message)
    missing = [kind for kind in ITEMS if not subject.root.has(kind.path.split("/")[0])]
    for number, (name, places) in enumerate(unknown.items()):
        meant = next((kind for kind in missing if _is_meant(kind, places[0])), None)
        if meant is not None:
            subject.unreadable.add(meant.name)
            yield _misspelt(meant, places[0].node)
        else:
            yield _unknown(name, places, number)
    matrix = next((one for one in subject.protocol.params if one.type is ParamType.MATRIX), None)
    if matrix is not None:
        yield Found(matrix.place, "the type matrix is left alone: nothing here uses it", "it may stay, or go")


def _types_told(subject: Subject) -> set[int]:
    """Return the unknown elements that another rule tells, as Python identifies them."""
    made = len(types_of(subject))
    found = (_in_place_of_type(node, number < made) for number, node in connection_nodes(subject.root))
    return {id(node) for node in found if node is not None}


def _is_meant(kind: Kind, met: Met) -> bool:
    """Tell whether an unknown element is that of all items of a kind, and only its name is wrong."""
    container, item = kind.path.split("/")
    at_its_place = met.row == _ROOT and met.node.has(item) and len(met.node.name) <= LONGEST_HINTED
    return at_its_place and bool(did_you_mean(met.node.name, [container.lower()]))


def _misspelt(kind: Kind, node: Node) -> Found:
    container = kind.path.split("/")[0]
    message = f"expected the element {container}, found {quoted(node.name)}: nothing in it is read"
    return Found(node.place, message, f"did you mean {container}?", ERROR)


def _unknown(name: str, places: list[Met], number: int) -> Found:
    first = places[0]
    more = f"; there are {len(places) - 1} more of this name" if len(places) > 1 else ""
    message = f"the element {quoted(name)} in {first.parent.name} is unknown, and left alone{more}"
    homes = HOMES.get(name, ())
    if homes:
        hint = f"it belongs in {' or '.join(homes[:3])}"
    else:
        hint = Hints(CHILDREN[first.row]).hint(name) if number < MOST_HINTS and first.row else ""
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
