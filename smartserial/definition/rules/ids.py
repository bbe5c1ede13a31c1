"""Rules about ids and names: the same for all that has a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from smartserial.definition.languages.ids import parse_id
from smartserial.definition.languages.problem import quoted
from smartserial.definition.node import Node
from smartserial.definition.place import Place
from smartserial.definition.reading.connections import MOST_CONNECTIONS, connection_nodes
from smartserial.definition.reading.texts import identity
from smartserial.definition.rules.problems import capped
from smartserial.definition.rules.rule import BUILT_IN, Found, Rule, Subject
from smartserial.definition.rules.sources import types_of
from smartserial.definition.rules.vocabulary import Use, walk
from smartserial.findings import ERROR, INFO, WARNING

_SHOWN = 40  # characters of a text in a message
_FROM_0 = (range(64300), range(70_000, 100_000), range(1_000_000, 10_000_000))
_FROM_1 = (range(1, 64300), *_FROM_0[1:])
_ANY = (range(1 << 32),)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of the ids of a kind of thing.

    Args:
        name: in lower case, as references to it say.
        path: to its elements.
        ids: those that are allowed, apart from `special`.
        special: further ids with a meaning of their own.
        doubled: how grave it is that two have one name; None is not at all.
    """

    name: str
    path: str
    ids: tuple[range, ...]
    special: frozenset[int] = frozenset()
    doubled: str | None = None

    @property
    def article(self) -> str:
        """The one before its name."""
        return "an" if self.name[0] in "aeiou" else "a"


KINDS = (
    Kind("param", "Params/Param", _FROM_0),
    Kind("command", "Commands/Command", _ANY, doubled=WARNING),
    Kind("response", "Responses/Response", _ANY, doubled=WARNING),
    Kind("pair", "Pairs/Pair", _ANY, doubled=WARNING),
    Kind("group", "Groups/Group", _FROM_1, frozenset({-1}), WARNING),
    Kind("trigger", "Triggers/Trigger", _FROM_1, doubled=INFO),
    Kind("action", "Actions/Action", _FROM_1, doubled=INFO),
    Kind("timer", "Timers/Timer", _FROM_1, doubled=INFO),
    Kind("QAction", "QActions/QAction", _FROM_1, doubled=INFO),
)
"""All that have ids which others name."""
_WORDS: Mapping[str, tuple[str, ...]] = {
    "id": (),
    "nr": (),
    "pid": (),
    "triggers": ("QAction",),
    "inputParameters": ("QAction",),
    "entryPoint": ("QAction",),
    "name": ("QAction", "Connection", "PortSettings"),
    "connection": ("Group", "Thread"),
}
"""Attributes that hold ids or a name, and the elements where they do; nothing is everywhere."""


def _number(kind: Kind, text: str) -> int | None:
    """Return an id of a kind, or None if the text is none."""
    if text.strip() in map(str, kind.special):
        return int(text)
    return parse_id(text)


def _said(subject: Subject, kind: Kind) -> Iterator[tuple[Node, str]]:
    """Yield the elements of a kind that say an id."""
    for node in subject.root.all(kind.path):
        text = node.attributes.get("id", "")
        if text.strip():
            yield node, text


def missing_id(subject: Subject) -> Iterator[Found]:
    """Everything that others may name has an id; one connection alone needs none."""
    for kind in KINDS:
        for node in subject.root.all(kind.path):
            if not node.attributes.get("id", "").strip():
                subject.unreadable.add(kind.name)
                name = node.text_at("Name")[:_SHOWN]
                yield Found(
                    node.place,
                    f"expected an id for this {kind.name}{f' {name!r}' if name else ''}, found none",
                )
    connections = list(subject.root.all("Connections/Connection"))
    for position, node in enumerate(connections if len(connections) > 1 else ()):
        if not node.attributes.get("id", "").strip():
            message = f"expected an id for this connection, found none: by its position it is {position}"
            yield Found(node.place, message, severity=WARNING)


def wrong_id(subject: Subject) -> Iterator[Found]:
    """An id is an integer without sign and without leading zeros."""
    for kind in KINDS:
        for node, text in _said(subject, kind):
            if _number(kind, text) is None:
                if identity(node) is None:  # else others may name it, over its leading zeros
                    subject.unreadable.add(kind.name)
                what = f"the id of {kind.article} {kind.name}"
                message = f"expected {what} without sign or leading zeros, found {quoted(text)}"
                yield Found(node.place, message)
    for node in subject.root.all("Connections/Connection"):
        text = node.attributes.get("id", "")
        if text.strip() and parse_id(text) is None:
            if identity(node) is None:
                subject.unreadable.add("connection")
            yield Found(
                node.place, f"expected the id of a connection, an integer of 0 or more, found {quoted(text)}"
            )


def doubled_id(subject: Subject) -> Iterator[Found]:
    """No two things of a kind have the same id; of two the first counts."""
    for kind in KINDS:
        said = ((_number(kind, text), node) for node, text in _said(subject, kind))
        yield from _doubled(kind.name, said)
    yield from _doubled("connection", connection_nodes(subject.root))


def _doubled(kind: str, said: Iterator[tuple[int | None, Node]] | list[tuple[int, Node]]) -> Iterator[Found]:
    first: dict[int, Place] = {}
    for number, node in said:
        if number is None:
            continue
        before = first.setdefault(number, node.place)
        if before is not node.place:
            yield Found(node.place, f"expected one {kind} {number}, found another{_line(before)}")


def _line(first: Place) -> str:
    return f"; the first is on line {first.line}" if first.line else ""


def id_outside(subject: Subject) -> Iterator[Found]:
    """An id is one that its kind may have."""
    for kind in KINDS:
        for node, text in _said(subject, kind):
            number = _number(kind, text)
            if number is None or number in kind.special or any(number in ids for ids in kind.ids):
                continue
            ranges = ", ".join(f"{ids.start} to {ids.stop - 1}" for ids in kind.ids)
            builtin = ": each element has this one already" if number in BUILT_IN else ""
            what = f"the id of {kind.article} {kind.name}"
            yield Found(node.place, f"expected {what} in {ranges}, found {number}{builtin}")
    made = len(types_of(subject))
    for number, node in connection_nodes(subject.root):
        if number > made:
            message = (
                f"expected connection {made} next, found {number}: there are no gaps between connections"
            )
            yield Found(node.place, message)
        made = max(made, number + 1)


def blanks(subject: Subject) -> Iterator[Found]:
    """Ids, names and words have no blanks around them."""
    for met in walk(subject.root):
        node, known = met.node, met.known
        if known is None or known.use is not Use.READ:
            continue
        if known.word and _has_blanks(node.text):
            yield _blanks(node, f"the text of {node.name}", node.text)
        for name, text in node.attributes.items():
            where = _WORDS.get(name)
            if where is not None and _has_blanks(text) and (not where or node.name in where):
                yield _blanks(node, f"{name} of {node.name}", text)
    type_ = subject.root.first("Type")
    if type_ is not None:
        parts = type_.attributes.get("advanced", "").split(";", MOST_CONNECTIONS)[:MOST_CONNECTIONS]
        wrong = (part for part in parts if any(map(_has_blanks, part.split(":", 2)[:2])))
        yield from capped(_blanks(type_, "a type or a name in advanced", part) for part in wrong)


def _has_blanks(text: str) -> bool:
    return text != text.strip() != ""


def _blanks(node: Node, what: str, text: str) -> Found:
    return Found(node.place, f"expected no blanks around {what}, found {text[:_SHOWN]!r}")


def doubled_name(subject: Subject) -> Iterator[Found]:
    """No two things of a kind have the same name."""
    for kind in KINDS:
        if kind.doubled is None:
            continue
        first: dict[str, Node] = {}
        for node in subject.root.all(kind.path):
            named = node.first("Name")
            name = (node.attributes.get("name", "") if kind.name == "QAction" else "").strip()
            name = name or node.text_at("Name")
            if not name:
                continue
            before = first.setdefault(name, node)
            if before is not node:
                other = before.attributes.get("id", "").strip()[:_SHOWN]
                message = f"expected a name of its own, found that of {kind.name} {other}: {name[:_SHOWN]!r}"
                yield Found((named or node).place, message, severity=kind.doubled)


RULES: tuple[Rule, ...] = (
    Rule("ID01", ERROR, "an id is missing", 'give it one, as in id="12"', missing_id),
    Rule("ID02", ERROR, "an id is not an integer", "write digits only, the first of them not 0", wrong_id),
    Rule("ID03", ERROR, "an id is used twice", "give the second one a free id", doubled_id),
    Rule("ID04", ERROR, "an id is not allowed", "take a free id that is", id_outside),
    Rule("ID05", INFO, "there are blanks around a text", "take them out: they mean nothing", blanks),
    Rule("ID06", WARNING, "a name is used twice", "give each a name of its own", doubled_name),
)
