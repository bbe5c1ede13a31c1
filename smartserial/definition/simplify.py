"""What in a condition says nothing: it is always true, always false, or can be said more simply."""

from __future__ import annotations

import math
import operator as python
from collections.abc import Callable, Mapping

from smartserial.definition.condition import Binary, Expression, Number, Operator, Text
from smartserial.definition.languages.expression import EQUALITY, LOGICAL, RELATIONAL
from smartserial.definition.languages.number import parse_decimal

_ARITHMETIC: Mapping[Operator, Callable[[float, float], float]] = {
    Operator.ADD: python.add,
    Operator.SUBTRACT: python.sub,
    Operator.MULTIPLY: python.mul,
    Operator.DIVIDE: python.truediv,
}
_COMPARISONS: Mapping[Operator, Callable[[float, float], bool]] = {
    Operator.EQUAL: python.eq,
    Operator.UNEQUAL: python.ne,
    Operator.GREATER: python.gt,
    Operator.LESS: python.lt,
    Operator.GREATER_OR_EQUAL: python.ge,
    Operator.LESS_OR_EQUAL: python.le,
}


def simplified(expression: Expression) -> Expression | bool:
    """Return a condition without what says nothing.

    Args:
        expression: a condition that makes sense, as `kind_of` tells.

    Returns:
        True or False where it is always that, provided that params have values; a simpler condition; or the
        very same object where there is nothing to leave out.
    """
    if not isinstance(expression, Binary):
        return expression
    if expression.operator in LOGICAL:
        return _joined(expression, expression.operator, set())
    left, right = simplified(expression.left), simplified(expression.right)
    if isinstance(left, bool) or isinstance(right, bool):
        return expression  # it makes no sense
    if left is not expression.left or right is not expression.right:
        expression = Binary(expression.operator, left, right, offset=expression.offset)
    if expression.operator in RELATIONAL:
        result = _compared(expression)
        return expression if result is None else result
    return _computed(expression)


def _joined(expression: Expression, operator: Operator, seen: set[Expression]) -> Expression | bool:
    """Leave out of a row of ANDs, or of ORs, what does not matter.

    Args:
        expression: the row, or one member of it.
        operator: what joins the row.
        seen: the members so far; one that comes again does not matter.
    """
    idle = operator is Operator.AND  # a member that is this does not matter, and one that is not decides
    if not isinstance(expression, Binary) or expression.operator is not operator:
        simpler = simplified(expression)
        if isinstance(simpler, bool):
            return simpler
        if isinstance(simpler, Binary) and simpler.operator is operator:
            return _joined(simpler, operator, seen)  # of a row of the other kind one member is left
        if simpler in seen:
            return idle
        seen.add(simpler)
        return simpler
    left, right = _joined(expression.left, operator, seen), _joined(expression.right, operator, seen)
    if isinstance(left, bool):
        return right if left is idle else left
    if isinstance(right, bool):
        return left if right is idle else right
    if left is expression.left and right is expression.right:
        return expression
    return Binary(operator, left, right, offset=expression.offset)


def _compared(expression: Binary) -> bool | None:
    """Return what a comparison always gives, or None."""
    operator, left, right = expression.operator, expression.left, expression.right
    compare = _COMPARISONS[operator]
    if left == right and not isinstance(left, Binary):  # a calculation may fail
        return compare(0, 0)
    if isinstance(left, Text) and isinstance(right, Text):  # which is greater is the engine's matter
        return compare(left.value != right.value, False) if operator in EQUALITY else None
    numbers = _number(left), _number(right)
    return None if numbers[0] is None or numbers[1] is None else compare(numbers[0], numbers[1])


def _number(side: Expression) -> float | None:
    if isinstance(side, Text):
        return parse_decimal(side.value)
    return side.value if isinstance(side, Number) else None


def _computed(expression: Binary) -> Expression:
    """Return what a calculation with literals gives; the same if it fails, or if it is about bits."""
    left, right = expression.left, expression.right
    if isinstance(left, Text) and isinstance(right, Text) and expression.operator is Operator.ADD:
        return Text(left.value + right.value, offset=left.offset)
    if not (isinstance(left, Number) and isinstance(right, Number)) or expression.operator not in _ARITHMETIC:
        return expression
    try:
        result = _ARITHMETIC[expression.operator](left.value, right.value)
    except ZeroDivisionError:
        return expression
    return Number(result, offset=left.offset) if math.isfinite(result) else expression
