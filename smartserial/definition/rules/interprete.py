"""Rules about the bytes of params: that it is said how they look, and that it makes sense."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from smartserial.definition.node import Node
from smartserial.definition.param import (
    BIT_TYPES,
    CONSTANT_TYPES,
    Interprete,
    LengthType,
    Param,
    ParamType,
    RawType,
    ValueType,
)
from smartserial.definition.reading.texts import choice
from smartserial.definition.rules.elements import contents, kind_of, params, shown
from smartserial.definition.rules.problems import Hints
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.values.text import Encoding
from smartserial.findings import ERROR, WARNING

_BYTES = CONSTANT_TYPES | {
    ParamType.LENGTH,
    ParamType.CRC,
    ParamType.DUMMY,
    ParamType.GROUP,
    ParamType.RESPONSE,
}
_CHILDREN: tuple[tuple[str, type[Enum]], ...] = (
    ("RawType", RawType),
    ("LengthType", LengthType),
    ("Type", ValueType),
)


def interpreted(subject: Subject) -> Iterator[tuple[Param, Interprete, Node]]:
    """Yield params whose type is known and that have bytes, with the element that says how these look."""
    for node, param in params(subject):
        inner = node.first("Interprete")
        if inner is not None and param.interprete is not None and kind_of(node) is not None:
            yield param, param.interprete, inner


def encoding_of(subject: Subject) -> Encoding:
    """Return how texts look on the wire, for their lengths."""
    return Encoding(unicode=subject.protocol.unicode)


def has_bytes(subject: Subject) -> Iterator[Found]:
    """A param that is sent or received says what its bytes look like, where they end, how they are held."""
    used = {number for content in contents(subject.root) for number in content.params}
    hints = {name: Hints(str(kind.value) for kind in kinds) for name, kinds in _CHILDREN}
    for node, param in params(subject):
        kind = kind_of(node)
        needed = kind in _BYTES or param.id in used
        inner = node.first("Interprete")
        if inner is not None:
            for name, kinds in _CHILDREN:
                yield from _child(inner, name, kinds, needed and kind not in BIT_TYPES, hints[name])
        elif kind is not None and (needed or kind in BIT_TYPES):
            yield Found(node.place, f"expected Interprete for the type {kind.value}, found none")


def _child(inner: Node, name: str, kinds: type[Enum], needed: bool, hints: Hints) -> Iterator[Found]:
    child = inner.first(name)
    text = child.text.strip() if child is not None else ""
    if child is None:
        if needed:
            yield Found(inner.place, f"expected the element {name}, found none")
    elif not text:
        yield Found(child.place, f"expected a text in {name}, found nothing")
    elif choice(kinds, text) is None:
        words = ", ".join(str(kind.value) for kind in kinds)
        message = f"expected one of {words} in {name}, found {shown(text)}"
        yield Found(child.place, message, hint=hints.hint(text))


def held_type(subject: Subject) -> Iterator[Found]:
    """Numbers in text are held as numbers, and free bytes as text."""
    for param, _, inner in interpreted(subject):
        raw = choice(RawType, inner.text_at("RawType"))
        held = choice(ValueType, inner.text_at("Type"))
        if param.type in CONSTANT_TYPES | BIT_TYPES | {ParamType.DUMMY}:
            continue
        place = (inner.first("Type") or inner).place
        if raw is RawType.OTHER and held is ValueType.DOUBLE:
            yield Found(place, "expected the type string for the raw type other, found double")
        elif raw is RawType.NUMERIC_TEXT and held is ValueType.STRING:
            yield Found(place, "expected the type double for the raw type numeric text, found string")


RULES: tuple[Rule, ...] = (
    Rule(
        "PA12",
        ERROR,
        "Interprete, or RawType, LengthType or Type in it, is missing or unknown",
        "say in Interprete what the bytes look like, where they end and how they are held",
        has_bytes,
    ),
    Rule(
        "PA21",
        WARNING,
        "the raw type and the type do not fit",
        "hold numeric text as double, and other as string",
        held_type,
    ),
)
