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


Expression = Number | Text | ParamValue | Empty | EmptyString | Binary


def params_of(expression: Expression) -> Iterator[int]:
    """Yield the ids of the params that a condition names, from left to right; one may come twice."""
    if isinstance(expression, ParamValue):
        yield expression.id
    elif isinstance(expression, Binary):
        yield from params_of(expression.left)
        yield from params_of(expression.right)


def print_condition(expression: Expression) -> str:
    """Write a condition, with no more brackets than it needs.

    Raises:
        ValueError: a text in it holds a quotation mark, or a number is none.
    """
    match expression:
        case Binary(operator, left, right):
            before = _side(left, operator.precedence)
            return f"{before} {operator.value} {_side(right, operator.precedence + 1)}"
        case ParamValue(id):
            return f"id:{id}"
        case Text(text):
            if '"' in text:
                raise ValueError(f"expected a text without quotation marks, got {text!r}")
            return f'"{text}"'
        case Number(value):
            return _HUGE[value] if value in _HUGE else print_decimal(value)
        case Empty():
            return "empty"
        case EmptyString():
            return "emptystring"


def _side(expression: Expression, precedence: int) -> str:
    """Write one side of an operator, in brackets if it binds less tightly than this."""
    text = print_condition(expression)
    if not isinstance(expression, Binary) or expression.operator.precedence >= precedence:
        return text
    before, after = " " * text.startswith("("), " " * text.endswith(")")  # two brackets want a blank between
    return f"({before}{text}{after})"
