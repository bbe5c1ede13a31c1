"""The values of a condition: a tree of operators and operands, and how it is written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from smartserial.definition.languages.number import print_decimal


class Operator(Enum):
    """What two sides are joined by; the member's value is its text."""

    MULTIPLY = "*"
    DIVIDE = "/"
    ADD = "+"
    SUBTRACT = "-"
    BIT_AND = "&"
    BIT_OR = "|"
    BIT_XOR = "^"
    GREATER = ">"
    LESS = "<"
    GREATER_OR_EQUAL = ">="
    LESS_OR_EQUAL = "<="
    EQUAL = "=="
    UNEQUAL = "!="
    AND = "AND"
    OR = "OR"

    @property
    def precedence(self) -> int:
        """How tightly it binds; operators that bind alike are taken from left to right."""
        return _PRECEDENCES[self]


LOGICAL: Final = frozenset({Operator.AND, Operator.OR})
EQUALITY: Final = frozenset({Operator.EQUAL, Operator.UNEQUAL})
RELATIONAL: Final = EQUALITY | {
    Operator.GREATER,
    Operator.LESS,
    Operator.GREATER_OR_EQUAL,
    Operator.LESS_OR_EQUAL,
}
BITWISE: Final = frozenset({Operator.BIT_AND, Operator.BIT_OR, Operator.BIT_XOR})
_SUMS = frozenset({Operator.ADD, Operator.SUBTRACT})
_PRODUCTS = frozenset({Operator.MULTIPLY, Operator.DIVIDE})
_LEVELS = ({Operator.OR}, {Operator.AND}, RELATIONAL, BITWISE, _SUMS, _PRODUCTS)  # loosest first
MOST_PARTS = 20_000
"""Operands, operators and brackets of what is written: more than a condition that can be read has."""
_OPENING = {"(", " ("}
_HUGE = {math.inf: "1e999", -math.inf: "-1e999"}
_PRECEDENCES = {operator: number for number, level in enumerate(_LEVELS) for operator in level}


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a condition, and where it begins in the text; of an operator, where that stands."""

    offset: int = field(default=0, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Number(_Part):
    """A number; infinite if it was written too big for a double."""

    value: float


@dataclass(frozen=True, slots=True)
class Text(_Part):
    """A text, in which no quotation mark can be."""

    value: str


@dataclass(frozen=True, slots=True)
class ParamValue(_Part):
    """The value of the param with this id."""

    id: int


@dataclass(frozen=True, slots=True)
class Empty(_Part):
    """What a param is that was never set."""


@dataclass(frozen=True, slots=True)
class EmptyString(_Part):
    """What a param is that holds a text without characters, or was never set."""


@dataclass(frozen=True, slots=True)
class Binary(_Part):
    """Two sides and what joins them."""

    operator: Operator
    left: Expression
    right: Expression


_Operand = Number | Text | ParamValue | Empty | EmptyString
Expression = _Operand | Binary


def params_of(expression: Expression) -> Iterator[int]:
    """Yield the ids of the params that a condition names, from left to right; one may come twice."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ParamValue):
            yield part.id
        elif isinstance(part, Binary):
            waiting += (part.right, part.left)


def print_condition(expression: Expression) -> str:
    """Write a condition, with no more brackets than it needs; it may be as high as it likes.

    Raises:
        ValueError: a text in it holds a quotation mark, a number is none or does not fit in a double, or it
            has more than `MOST_PARTS`.
    """
    written: list[str] = []
    waiting: list[tuple[Expression | str, int]] = [(expression, 0)]  # and what binds less needs brackets
    while waiting:
        part, precedence = waiting.pop()
        if isinstance(part, str):
            if part == written[-1] == ")":
                written.append(" ")  # two brackets want a blank between
            written.append(part)
        elif isinstance(part, Binary):
            own = part.operator.precedence
            if own < precedence:
                written += (" (",) if written and written[-1] in _OPENING else ("(",)
                waiting.append((")", 0))
            waiting += ((part.right, own + 1), (f" {part.operator.value} ", 0), (part.left, own))
        else:
            written.append(_operand(part))
        if len(written) > MOST_PARTS:  # one object can stand in many places, so there may be no end of them
            raise ValueError(f"expected a condition of at most {MOST_PARTS} parts")
    return "".join(written)


def _operand(operand: _Operand) -> str:
    match operand:
        case ParamValue(id):
            return f"id:{id}"
        case Text(text):
            if '"' in text:
                raise ValueError(f"expected a text without quotation marks, got {text!r}")
            return f'"{text}"'
        case Number(value):
            try:
                return _HUGE[value] if value in _HUGE else print_decimal(value)
            except OverflowError as error:  # an int
                raise ValueError("expected a number that fits in a double") from error
        case Empty():
            return "empty"
        case EmptyString():
            return "emptystring"
