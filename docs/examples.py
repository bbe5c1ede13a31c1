"""What the tables in definitions/*.md say of what is given in their first columns, for define.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

from smartserial.definition import action, connection, flow, measurement, message, param, protocol
from smartserial.definition.checksum import (
    UndefinedChecksumError,
    checksum,
)
from smartserial.definition.condition import Binary, ConditionError, Expression, kind_of, parse_condition
from smartserial.definition.languages import communication
from smartserial.definition.languages.communication import parse_communication_options
from smartserial.definition.languages.constant import parse_constant
from smartserial.definition.languages.expression import print_condition
from smartserial.definition.languages.optional import parse_optional
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.languages.problem import Parsed
from smartserial.definition.languages.replacing import parse_replace_data
from smartserial.definition.languages.responseoptions import parse_response_options
from smartserial.definition.languages.sequence import parse_sequence
from smartserial.definition.languages.stuffing import parse_stuffing
from smartserial.definition.languages.typeoptions import parse_type_options
from smartserial.definition.node import Node
from smartserial.definition.reading.params import interprete
from smartserial.definition.reading.params import param as read_param
from smartserial.definition.rules.settings import SETTINGS
from smartserial.definition.values.bits import read_bits
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.constant import constant_bytes
from smartserial.definition.values.conversion import Conversion
from smartserial.definition.values.display import display
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError
from smartserial.definition.xml import parse_xml

WORKED_TABLE = re.compile(r"(<!-- worked out by docs/define\.py: ([\w-]+) -->\n)((?:\|.*\n)+)")
"""A table, after the mark that names what fills it in."""
_CELLS = re.compile(r"(?<!\\)\|")
_PLAIN = Encoding()


def code(text: str) -> str:
    """Return a text as code in a cell of a table; an empty one is an empty cell."""
    if not text:
        return ""
    mark = "``" if "`" in text else "`"
    return f"{mark}{text}{mark}".replace("|", "\\|")


def bare(cell: str) -> str:
    """Return what a cell with code says."""
    return cell.replace("\\|", "|").strip("`")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join('---' for _ in head)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


# What dataclasses say of their fields.


def shown(value: object) -> str:
    """Return a value as a definition writes it, or as people do."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, bytes):
        return value.hex(" ").upper()
    if isinstance(value, tuple | frozenset):
        lists = [
            f"({shown(one)})" if isinstance(one, tuple) or is_dataclass(one) else shown(one) for one in value
        ]
        return ", ".join(lists)
    return said(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def said(value: Any) -> str:
    """Return the fields of a dataclass that are not as they would be without a word."""
    told = []
    for field in fields(value):
        here = getattr(value, field.name)
        if field.name != "place" and (field.default is MISSING or here != field.default):
            told.append(f"{field.name} {'nothing' if here == () or here == b'' else shown(here)}")
    return "; ".join(told)


@cache
def arguments(kind: type) -> Mapping[str, str]:
    """Return what the docstring of a dataclass says of its arguments."""
    _, _, text = (kind.__doc__ or "").partition("Args:\n")
    found = re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", text, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", words).replace("``", "`") for name, words in found}


KINDS: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        *(action.Action, action.QAction),
        *(connection.Connection, connection.Setting),
        *(communication.CommunicationOptions, communication.PacketInfo),
        *(flow.Group, flow.Timer, flow.Trigger),
        measurement.Display,
        *(message.Command, message.Response, message.Pair),
        *(param.Crc, param.Interprete, param.Other, param.Param, param.ValueException),
        protocol.Protocol,
    )
}


def _field(kind: type, _: str, name: str) -> tuple[str, str]:
    """Return the default and the meaning of a field."""
    default = next(field.default for field in fields(kind) if field.name == bare(name))
    nothing = default in (None, (), "", b"", frozenset()) or is_dataclass(default)
    text = "required" if default is MISSING else "" if nothing else code(shown(default))
    return text, _meaning(kind, bare(name))


def _meaning(kind: type, name: str) -> str:
    words = arguments(kind).get(name, "for people" if name == "description" else "")
    return re.sub(r"`[A-Z]+`", lambda found: found[0].lower(), words.rstrip(".").replace("|", "\\|"))


def _setting(element: str, name: str) -> tuple[str, str]:
    allowed = SETTINGS.get(bare(element))
    return (allowed.what if allowed else ""), _meaning(connection.PortSettings, bare(name))


# Examples.


def _node(text: str, name: str) -> Node:
    return parse_xml(f"<{name}>{text}</{name}>".encode()).root


def _hex(cell: str) -> bytes:
    return bytes.fromhex(bare(cell))


def _bytes(data: bytes) -> str:
    return code(data.hex(" ").upper()) or "none"


def _read(cell: str, type: str = "read") -> param.Param:
    """Return the param of an `Interprete`; where it has a length, that is fixed."""
    inside = bare(cell)
    if "<LengthType" not in inside and ("<Length>" in inside or "<Value>" in inside):
        inside += "<LengthType>fixed</LengthType>"
    text = f"<Name>x</Name><Type>{type}</Type><Interprete>{inside}</Interprete>"
    return read_param(_node(text, "Param"), 1)


def _value(cell: str, data: str, unicode: bool = False) -> tuple[str, str]:
    """Return what bytes are, and as which bytes that goes out."""
    codec = ParamCodec(_read(cell), Encoding(unicode=unicode))
    try:
        found = codec.decode(_hex(data))
    except NotAValueError as error:
        return f"does not fit: {error}", ""
    value = code(repr(found.value))
    return f"{value}, ignored: {found.ignored}" if found.ignored else value, _bytes(codec.encode(found.value))


def _number(cell: str, raw: str, type: str = "read") -> tuple[str, str]:
    """Return what a raw number becomes, and what that becomes on the way out."""
    conversion = Conversion(_read(cell, type), lambda number: 0)
    value = conversion.inward(float(bare(raw)) if "." in raw else int(bare(raw)))[0]
    return code(str(value)), code(str(conversion.outward(value)))


def _rounding(cell: str, _: str) -> tuple[str, ...]:
    text = f"<Type>double</Type><Sequence noset='true'>factor:1</Sequence><Rounding>{bare(cell)}</Rounding>"
    conversion = Conversion(_read(f"{text}<Decimals>0</Decimals>"), lambda number: 0)
    return tuple(str(conversion.inward(number)[0]) for number in (2.7, 2.5, -2.5))


def _bit(group: str, data: str, bit: str) -> tuple[str]:
    return (
        code(
            str(read_bits(interprete(_node(bare(group), "I")), interprete(_node(bare(bit), "I")), _hex(data)))
        ),
    )


def _shown(cell: str, value: str) -> tuple[str]:
    read = read_param(_node(f"<Name>x</Name><Type>read</Type>{bare(cell)}", "Param"), 1)
    number = bare(value)
    return (code(display(read, float(number) if "." in number else int(number))),)


def _crc(cell: str, data: str, length: str) -> tuple[str, str]:
    """Return a checksum, and the bytes of a little-endian param of so many bytes that holds it."""
    crc = read_param(_node(f"<Name>x</Name><Type>crc</Type>{bare(cell)}", "Param"), 1).crc
    assert crc is not None
    width = int(length)
    try:
        made = checksum(crc, _hex(data), width)
    except UndefinedChecksumError as error:
        return f"refused: {error}", ""
    return code(f"{made:X}"), _bytes(made.to_bytes(width, "little"))


def _parsed(parse: Callable[[str], Parsed[Any]], cell: str) -> tuple[str, str]:
    found = parse(bare(cell))
    told = "nothing" if found.value in (None, ()) else shown(found.value)
    problems = "; ".join(f"{problem.code}: {problem.message}" for problem in found.problems)
    return told.replace("|", "\\|") or "nothing", problems.replace("|", "\\|")


def _bracketed(expression: Expression) -> str:
    if not isinstance(expression, Binary):
        return print_condition(expression)
    sides = (_bracketed(side) for side in (expression.left, expression.right))
    return f"({f' {expression.operator.value} '.join(sides)})"


def _condition(cell: str) -> tuple[str]:
    try:
        expression = parse_condition(bare(cell))
        kind_of(expression, {})
    except ConditionError as error:
        return (f"refused at {error.offset}: {error}".replace("|", "\\|"),)
    return (code(_bracketed(expression)),)


def _constant(cell: str) -> tuple[str]:
    value = parse_constant(bare(cell))
    return (_bytes(value if isinstance(value, bytes) else _PLAIN.encode(value)),)


def _at_length(cell: str) -> tuple[str]:
    return (_bytes(constant_bytes(_read(cell, "fixed"), _PLAIN)),)


_PARSERS: Mapping[str, Callable[[str], Parsed[Any]]] = {
    "communication": parse_communication_options,
    "type-options": parse_type_options,
    "pair-options": parse_pair_options,
    "response-options": parse_response_options,
    "stuffing": parse_stuffing,
    "replace-data": parse_replace_data,
    "sequence": parse_sequence,
    "optional": parse_optional,
}
WORKED: dict[str, tuple[int, Callable[..., tuple[str, ...]]]] = {
    **{name: (2, lambda *cells, kind=kind: _field(kind, *cells)) for name, kind in KINDS.items()},
    **{name: (1, lambda *cells, parse=parse: _parsed(parse, *cells)) for name, parse in _PARSERS.items()},
    "settings": (2, _setting),
    "values": (2, _value),
    "unicode": (2, lambda cell, data: _value(cell, data, unicode=True)),
    "conversions": (2, _number),
    "written": (2, lambda cell, raw: _number(cell, raw, "write")),
    "rounding": (2, _rounding),
    "bits": (3, _bit),
    "display": (2, _shown),
    "crc": (3, _crc),
    "conditions": (1, _condition),
    "constants": (1, _constant),
    "lengths": (1, _at_length),
}
"""How many columns of a table are given, and what gives the others."""


def worked(found: re.Match[str]) -> str:
    """Return a `WORKED_TABLE` with all but its given columns made anew."""
    given, work = WORKED[found[2]]
    head, line, *rows = found[3].splitlines()
    cells = ([cell.strip() for cell in _CELLS.split(row)[1:-1]][:given] for row in rows)
    return f"{found[1]}{head}\n{line}\n" + "".join(
        f"| {' | '.join((*row, *work(*row)))} |\n" for row in cells
    )
