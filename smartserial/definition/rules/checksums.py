"""Rules about params of type crc and length, which are worked out of others in the same message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from smartserial.definition.checksum import UndefinedChecksumError, algorithm_of
from smartserial.definition.node import Node
from smartserial.definition.param import ParamType
from smartserial.definition.place import Place
from smartserial.definition.reading.params import group_bytes
from smartserial.definition.reading.texts import whole
from smartserial.definition.rules.elements import Content, contents, kind_of, params, shown
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.findings import ERROR, WARNING

_NUMBERS = ("byteoffset", "mod", "off", "totaloffset")
_LONGEST_NAME = 40
_GROUPS = {(1, False), (2, False), (2, True)}
"""Bytes that are taken at a time, and whether they are a binary number."""


@dataclass(frozen=True, slots=True)
class _Use:
    """Where one param stands.

    Args:
        shortest: of all commands and responses with it, one with the fewest params.
        at: a command or response for each position where it stands.
    """

    shortest: Content
    at: Mapping[int, Content]


def _uses(subject: Subject, *types: ParamType) -> dict[int, _Use]:
    """Return where the params of some types stand."""
    wanted = {param.id for param in subject.protocol.params if param.type in types}
    shortest: dict[int, Content] = {}
    at: dict[int, dict[int, Content]] = {}
    for content in contents(subject.root):
        for position, number in enumerate(content.params):
            if number is None or number not in wanted:
                continue
            if len(content.params) < len(shortest.setdefault(number, content).params):
                shortest[number] = content
            at.setdefault(number, {}).setdefault(position, content)
    return {number: _Use(found, at[number]) for number, found in shortest.items()}


def _positions(node: Node, use: _Use | None, own: bool) -> Iterator[Found]:
    """Judge the positions that an element covers; `own` allows that of the param itself, and none at all."""
    items = list(node.all("Content/Param"))
    if not items:
        message = "expected the positions that are covered in Content, found none"
        yield Found(node.place, message, severity=WARNING if own else None)
    for item in items:
        position = whole(item.text)
        if not item.text.strip():
            yield Found(item.place, "expected a position, from 0, found nothing")
        elif position is None or position < 0:
            yield Found(item.place, f"expected a position, from 0, found {shown(item.text.strip())}")
        elif use is not None and position >= len(use.shortest.params):
            count = len(use.shortest.params)
            message = f"expected a position from 0 to {count - 1} in {use.shortest.name}, found {position}"
            yield Found(item.place, message)
        elif use is not None and not own and position in use.at:
            name = use.at[position].name
            yield Found(item.place, f"position {position} in {name} is that of the checksum itself")


def checksum_defined(subject: Subject) -> Iterator[Found]:
    """A checksum has an algorithm that is defined, and covers other params of its command or response."""
    uses = _uses(subject, ParamType.CRC)
    for node, param in params(subject):
        if kind_of(node) is not ParamType.CRC:
            continue
        crc = node.first("CRC")
        if crc is None or param.crc is None:
            yield Found(node.place, "expected the element CRC for the type crc, found none")
            continue
        type_ = crc.first("Type")
        place = (type_ or crc).place
        numbers = list(_numbers(crc, type_, place))
        yield from numbers
        if not param.crc.type:
            yield Found(place, "expected the name of an algorithm in CRC/Type, found nothing")
        elif not numbers:
            try:
                algorithm_of(replace(param.crc, type=param.crc.type[:_LONGEST_NAME]))
            except UndefinedChecksumError as error:
                yield Found(place, str(error))
        yield from _positions(crc, uses.get(param.id), own=False)


def _numbers(crc: Node, type_: Node | None, place: Place) -> Iterator[Found]:
    """Judge the attributes, which may stand on the element or on its type."""
    said = {**(type_.attributes if type_ is not None else {}), **crc.attributes}
    for name in _NUMBERS:
        text = said.get(name, "").strip()
        if text and whole(text) is None:
            yield Found(place, f"expected a whole number in {name}, found {shown(text)}")
    text = said.get("groupbytes", "").strip()
    read = group_bytes(text)
    if text and (read is None or read not in _GROUPS):
        yield Found(place, f"expected groupbytes 1, 2 or 2;binary, found {shown(text)}")


def length_defined(subject: Subject) -> Iterator[Found]:
    """A length adds up params of its command or response."""
    uses = _uses(subject, ParamType.LENGTH)
    for node, param in params(subject):
        length = node.first("Length")
        if kind_of(node) is ParamType.LENGTH and length is not None:
            yield from _positions(length, uses.get(param.id), own=True)


RULES: tuple[Rule, ...] = (
    Rule(
        "PA18",
        ERROR,
        "a checksum is not defined",
        "write CRC with a Type that is known, and the positions that it covers in Content, from 0",
        checksum_defined,
    ),
    Rule(
        "PA19",
        ERROR,
        "a length adds up what its message does not have",
        "write positions in the command or response, from 0",
        length_defined,
    ),
)
