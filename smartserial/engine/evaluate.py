"""Conditions over values: whether they hold, and whether a new value is what a trigger waits for.

Numbers are decimals, so that a tenth and two tenths are three tenths. A comparison that cannot be worked out
is false, with a text for the log; what is on the other side of an OR still counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import and_, eq, ge, gt, le, lt, ne, or_, xor
from typing import Protocol

from smartserial.definition.condition import (
    Binary,
    Empty,
    EmptyString,
    Expression,
    Number,
    Operator,
    ParamValue,
    Text,
    print_condition,
)
from smartserial.definition.flow import Case, Comparison
from smartserial.definition.languages.expression import BITWISE, RELATIONAL
from smartserial.definition.values.value import EXACT, NotAValueError, Value, to_decimal
from smartserial.engine.store import no_note


class View(Protocol):
    """Where conditions find values; all may raise `NotAValueError`."""

    def value(self, id: int) -> Value | None:
        """Return the value of a param, or None."""

    def equals_empty(self, id: int) -> bool:
        """Tell whether a param is what a condition calls ``empty``."""


class EvaluationError(NotAValueError):
    """A part of a condition that has no value."""


_Operand = Decimal | str
_ARITHMETIC: Mapping[Operator, Callable[[Decimal, Decimal], Decimal]] = {
    Operator.ADD: EXACT.add,
    Operator.SUBTRACT: EXACT.subtract,
    Operator.MULTIPLY: EXACT.multiply,
    Operator.DIVIDE: EXACT.divide,
}
_BITS: Mapping[Operator, Callable[[int, int], int]] = {
    Operator.BIT_AND: and_,
    Operator.BIT_OR: or_,
    Operator.BIT_XOR: xor,
}
_RELATIONS: Mapping[Operator, Callable[[_Operand, _Operand], bool]] = {
    Operator.EQUAL: eq,
    Operator.UNEQUAL: ne,
    Operator.GREATER: gt,
    Operator.LESS: lt,
    Operator.GREATER_OR_EQUAL: ge,
    Operator.LESS_OR_EQUAL: le,
}
_CASES: Mapping[Case, Operator] = {
    Case.EQUAL: Operator.EQUAL,
    Case.NOT_EQUAL: Operator.UNEQUAL,
    Case.GREATER: Operator.GREATER,
    Case.LESS: Operator.LESS,
}


def holds(expression: Expression, view: View, note: Callable[[str], None] = no_note) -> bool:
    """Tell whether a condition holds.

    Args:
        expression: the condition, as it was read.
        view: the values.
        note: takes a text for the log where a comparison cannot be worked out.
    """
    if isinstance(expression, Binary):
        if expression.operator is Operator.AND:
            return holds(expression.left, view, note) and holds(expression.right, view, note)
        if expression.operator is Operator.OR:
            return holds(expression.left, view, note) or holds(expression.right, view, note)
    try:
        return _compared(expression, view)
    except NotAValueError as error:
        note(f"{_said(expression)} is taken as false: {error}")
        return False


def matches(comparison: Comparison, value: Value, view: View, note: Callable[[str], None] = no_note) -> bool:
    """Tell whether a new value is what a trigger on change waits for; numbers are compared as such."""
    try:
        other = comparison.value if comparison.param is None else view.value(comparison.param)
        operator = _CASES[comparison.case]
        return _related(operator, _operand(value), _operand("" if other is None else other), both=True)
    except NotAValueError as error:
        note(f"{comparison.case.value} is taken as false: {error}")
        return False


def _said(expression: Expression) -> str:
    try:
        text = print_condition(expression)
    except ValueError:  # made in Python, with what no text can say
        text = "a condition"
    return text if len(text) <= 200 else f"{text[:196]} ..."


def _compared(expression: Expression, view: View) -> bool:
    if not isinstance(expression, Binary) or expression.operator not in RELATIONAL:
        raise EvaluationError("expected a comparison")
    sides = expression.left, expression.right
    for side, other in (sides, sides[::-1]):
        if isinstance(side, Empty | EmptyString):
            return _emptiness(expression.operator, side, other, view)
    left, right = (_worked_out(side, view) for side in sides)
    return _related(expression.operator, left, right)


def _emptiness(operator: Operator, wanted: Empty | EmptyString, other: Expression, view: View) -> bool:
    if operator not in (Operator.EQUAL, Operator.UNEQUAL):
        raise EvaluationError("expected == or != beside what is empty")
    if isinstance(other, Empty | EmptyString):
        found = True
    elif isinstance(other, ParamValue) and isinstance(wanted, Empty):
        found = view.equals_empty(other.id)
    elif isinstance(other, ParamValue):
        found = view.value(other.id) in (None, "")
    else:
        found = isinstance(wanted, EmptyString) and _worked_out(other, view) == ""
    return found is (operator is Operator.EQUAL)


def _related(operator: Operator, left: _Operand, right: _Operand, both: bool = False) -> bool:
    """Compare two operands: as numbers where one is; with `both`, texts that are numbers as well."""
    relation = _RELATIONS[operator]
    if isinstance(left, str) and isinstance(right, str):
        if not both:
            return relation(left, right)
        try:
            return relation(to_decimal(left), to_decimal(right))
        except NotAValueError:
            return relation(left, right)
    if both and operator in (Operator.EQUAL, Operator.UNEQUAL):
        try:
            return relation(_number(left), _number(right))
        except NotAValueError:
            return operator is Operator.UNEQUAL
    return relation(_number(left), _number(right))


def _worked_out(expression: Expression, view: View) -> _Operand:
    match expression:
        case Number(value):
            return to_decimal(value)
        case Text(text):
            return text
        case ParamValue(id):
            held = view.value(id)
            return _operand("" if held is None else held)
        case Binary(operator, left, right):
            return _joined(operator, _worked_out(left, view), _worked_out(right, view))
    raise EvaluationError("expected empty or emptystring beside == or != only")


def _joined(operator: Operator, left: _Operand, right: _Operand) -> _Operand:
    if operator is Operator.ADD and isinstance(left, str) and isinstance(right, str):
        return left + right
    if operator is Operator.ADD and isinstance(left, str) is not isinstance(right, str):
        raise EvaluationError("expected two numbers or two texts around +, found one of each")
    try:
        if operator in BITWISE:
            return Decimal(_BITS[operator](_floor(_number(left)), _floor(_number(right))))
        if operator in _ARITHMETIC:
            return _ARITHMETIC[operator](_number(left), _number(right))
    except ArithmeticError as error:
        raise EvaluationError(f"expected a number that can be worked out around {operator.value}") from error
    raise EvaluationError(f"expected a value, found {operator.value}")


def _operand(value: Value) -> _Operand:
    return value if isinstance(value, str) else to_decimal(value)


def _number(operand: _Operand) -> Decimal:
    return to_decimal(operand) if isinstance(operand, str) else operand


def _floor(number: Decimal) -> int:
    return int(number.to_integral_value("ROUND_FLOOR"))
