"""What in a condition says nothing: it is always true, always false, or can be said more simply."""

from __future__ import annotations

import math
import operator as python
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from smartserial.definition.condition import (
    Binary,
    Empty,
    EmptyString,
    Expression,
    Kind,
    Number,
    Operator,
    ParamValue,
    Text,
)
from smartserial.definition.languages.expression import EQUALITY, LOGICAL, RELATIONAL
from smartserial.definition.languages.number import parse_decimal
from smartserial.definition.values.value import EXACT, NotAValueError, to_decimal

Kinds = Mapping[int, Kind | None]
_UNKNOWN: Kinds = MappingProxyType({})
_MARKS = re.compile(r'"[^"]*"|[()]|[^\s"()]+')
_ARITHMETIC: Mapping[Operator, Callable[[Decimal, Decimal], Decimal]] = {
    Operator.ADD: EXACT.add,
    Operator.SUBTRACT: EXACT.subtract,
    Operator.MULTIPLY: EXACT.multiply,
    Operator.DIVIDE: EXACT.divide,
}
_NEUTRAL: Mapping[Operator, float] = {
    Operator.ADD: 0,
    Operator.SUBTRACT: 0,
    Operator.MULTIPLY: 1,
    Operator.DIVIDE: 1,
}
"""The right side that changes nothing."""
_BOTH_WAYS = frozenset({Operator.ADD, Operator.MULTIPLY})
_COMPARISONS: Mapping[Operator, Callable[[float, float], bool]] = {
    Operator.EQUAL: python.eq,
    Operator.UNEQUAL: python.ne,
    Operator.GREATER: python.gt,
    Operator.LESS: python.lt,
    Operator.GREATER_OR_EQUAL: python.ge,
    Operator.LESS_OR_EQUAL: python.le,
}


_TURNED: Mapping[Operator, Operator] = {
    Operator.GREATER: Operator.LESS,
    Operator.LESS: Operator.GREATER,
    Operator.GREATER_OR_EQUAL: Operator.LESS_OR_EQUAL,
    Operator.LESS_OR_EQUAL: Operator.GREATER_OR_EQUAL,
}


def simplified(expression: Expression, kinds: Kinds = _UNKNOWN) -> Expression | bool:
    """Return a condition without what says nothing.

    Args:
        expression: a condition that makes sense, as `kind_of` tells.
        kinds: those of params, by id, as far as they are known; the more of them, the more can be left out.

    Returns:
        True or False where it is always that, provided that params have values; a simpler condition; or the
        very same object where there is nothing to leave out.
    """
    if not isinstance(expression, Binary):
        return expression
    if expression.operator in LOGICAL:
        members = set[Expression]()
        row = _joined(expression, expression.operator, members, kinds)
        if not isinstance(row, bool) and _decided(members, expression.operator, kinds):
            return expression.operator is Operator.OR
        return row
    left, right = simplified(expression.left, kinds), simplified(expression.right, kinds)
    if isinstance(left, bool) or isinstance(right, bool):
        return expression  # it makes no sense
    if isinstance(left, Empty | EmptyString) or isinstance(right, Empty | EmptyString):
        left, right = expression.left, expression.right  # a param may be empty, and never what is added to it
    if left is not expression.left or right is not expression.right:
        expression = Binary(expression.operator, left, right, offset=expression.offset)
    if expression.operator in RELATIONAL:
        result = _compared(expression)
        return expression if result is None else result
    return _computed(expression, kinds)


def doubled_brackets(text: str) -> bool:
    """Tell whether a condition has brackets around nothing but brackets, as in ``((id:5 == 1))``."""
    open_, last = list[int](), (0, 0)
    for place, mark in enumerate(_MARKS.findall(text)):
        if mark == "(":
            open_.append(place)
        elif mark == ")" and open_:
            first = open_.pop()
            if last == (first + 1, place - 1):
                return True
            last = first, place
    return False


def _joined(
    expression: Expression, operator: Operator, seen: set[Expression], kinds: Kinds
) -> Expression | bool:
    """Leave out of a row of ANDs, or of ORs, what does not matter.

    Args:
        expression: the row, or one member of it.
        operator: what joins the row.
        seen: the members so far; one that comes again does not matter.
        kinds: those of params.
    """
    idle = operator is Operator.AND  # a member that is this does not matter, and one that is not decides
    if not isinstance(expression, Binary) or expression.operator is not operator:
        simpler = simplified(expression, kinds)
        if isinstance(simpler, bool):
            return simpler
        if isinstance(simpler, Binary) and simpler.operator is operator:
            return _joined(simpler, operator, seen, kinds)  # of a row of the other kind one member is left
        if simpler in seen:
            return idle
        seen.add(simpler)
        return simpler
    left = _joined(expression.left, operator, seen, kinds)
    right = _joined(expression.right, operator, seen, kinds)
    if isinstance(left, bool):
        return right if left is idle else left
    if isinstance(right, bool):
        return left if right is idle else right
    if left is expression.left and right is expression.right:
        return expression
    return Binary(operator, left, right, offset=expression.offset)


def _decided(members: Iterable[Expression], operator: Operator, kinds: Kinds) -> bool:
    """Tell whether what one side is compared with decides a row: not all can hold, or one always does."""
    rows: dict[tuple[Expression, bool], list[tuple[Operator, float | str]]] = {}
    for member in members:
        found = _with_literal(member)
        if found is not None and _comparable(found[0], found[2], operator, kinds):
            side, comparison, literal = found
            rows.setdefault((side, isinstance(literal, str)), []).append((comparison, literal))
    return any(len(row) > 1 and _row_decided(row, operator) for row in rows.values())


def _with_literal(member: Expression) -> tuple[Expression, Operator, float | str] | None:
    """Return a side, how it is compared, and the literal; None if a member is not of this kind."""
    if not isinstance(member, Binary) or member.operator not in RELATIONAL:
        return None
    operator, side, literal = member.operator, member.left, member.right
    if isinstance(side, Number | Text):
        operator, side, literal = _TURNED.get(operator, operator), literal, side
    if not isinstance(literal, Number | Text) or not isinstance(side, ParamValue | Binary):
        return None
    if isinstance(literal, Text) and operator not in EQUALITY:
        return None  # which text is greater is the engine's matter
    return side, operator, literal.value


def _comparable(side: Expression, literal: float | str, operator: Operator, kinds: Kinds) -> bool:
    """Tell whether what a side is compared with says all about it.

    A text that is no number is neither above nor below any, and a calculation may fail: then nothing holds,
    and neither does an OR of it.
    """
    kind = kinds.get(side.id) if isinstance(side, ParamValue) else None
    if isinstance(literal, str):
        return kind is Kind.TEXT
    return operator is Operator.AND or kind is Kind.NUMBER


def _row_decided(row: list[tuple[Operator, float | str]], operator: Operator) -> bool:
    """Try a row at each literal, and between each two of them."""
    literals = sorted({literal for _, literal in row}, key=lambda literal: (str(type(literal)), literal))
    places = {literal: 2 * number + 1 for number, literal in enumerate(literals)}
    tried = (
        [_COMPARISONS[comparison](place, places[literal]) for comparison, literal in row]
        for place in range(2 * len(places) + 1)
    )
    return not any(map(all, tried)) if operator is Operator.AND else all(map(any, tried))


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


def _computed(expression: Binary, kinds: Kinds) -> Expression:
    """Return a calculation without what does nothing; the same if it fails, or if it is about bits."""
    operator, left, right = expression.operator, expression.left, expression.right
    if isinstance(left, Text) and isinstance(right, Text) and operator is Operator.ADD:
        return Text(left.value + right.value, offset=left.offset)
    if isinstance(left, Number) and isinstance(right, Number) and operator in _ARITHMETIC:
        return _calculated(expression, left, right)
    neutral = _NEUTRAL.get(operator)
    if isinstance(right, Number) and right.value == neutral and _is_number(left, kinds):
        return left
    turned = isinstance(left, Number) and left.value == neutral and operator in _BOTH_WAYS
    return right if turned and _is_number(right, kinds) else expression


def _calculated(expression: Binary, left: Number, right: Number) -> Expression:
    """Return what a calculation with literals gives; the same if it fails, or if no double holds that."""
    try:
        result = _ARITHMETIC[expression.operator](to_decimal(left.value), to_decimal(right.value))
    except (ArithmeticError, NotAValueError):
        return expression
    value = float(result)
    exact = math.isfinite(value) and to_decimal(value) == result
    return Number(value, offset=left.offset) if exact else expression


def _is_number(side: Expression, kinds: Kinds) -> bool:
    """Tell whether a side is a number for sure: a text of digits is compared in another way."""
    if isinstance(side, Binary):
        sums = side.operator is Operator.ADD
        return not sums or _is_number(side.left, kinds) or _is_number(side.right, kinds)
    return isinstance(side, Number) or (isinstance(side, ParamValue) and kinds.get(side.id) is Kind.NUMBER)
