"""What in a condition says nothing."""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Mapping

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.condition import (
    Binary,
    Expression,
    Number,
    Operator,
    ParamValue,
    Text,
    parse_condition,
    print_condition,
)
from smartserial.definition.simplify import simplified

ALWAYS = (
    ("id:5 == id:5", True),
    ("id:5 != id:5", False),
    ("id:5 >= id:5", True),
    ("id:5 < id:5", False),
    ("empty == empty", True),
    ('"a" == "a"', True),
    ('"a" == "b"', False),
    ('"a" != "b"', True),
    ("1 == 1", True),
    ("1 > 2", False),
    ("1 + 2 * 3 == 7", True),
    ("6 / 4 <= 1.4", False),
    ('"5" == 5', True),
    ('5 < "4.5"', False),
    ('"a" + "b" == "ab"', True),
    ("id:5 == 1 AND 1 == 2", False),
    ("1 == 2 AND id:5 == 1", False),
    ("id:5 == 1 OR 1 == 1", True),
    ("1 == 1 OR id:5 == 1", True),
    ("1 == 1 AND 2 == 2", True),
    ("1 == 2 OR 2 == 1", False),
    ("(id:5 == 1 OR 1 == 1) AND 3 > 2", True),
)
SIMPLER = (
    ("id:5 == 1 AND id:5 == 1", "id:5 == 1"),
    ("id:5 == 1 OR (id:5 == 1)", "id:5 == 1"),
    ("id:5 == 1 AND 1 == 1", "id:5 == 1"),
    ("1 == 2 OR id:5 == 1", "id:5 == 1"),
    ("id:5 == 1 OR id:6 == 1 OR id:5 == 1", "id:5 == 1 OR id:6 == 1"),
    ("id:5 == 1 AND (id:6 == 1 AND id:5 == 1)", "id:5 == 1 AND id:6 == 1"),
    ("((id:5 == 1 AND id:6 == 1) OR 1 == 2) AND id:5 == 1", "id:5 == 1 AND id:6 == 1"),
    ("id:5 > 1 + 2", "id:5 > 3"),
    ("id:5 > 1 + 2 AND id:5 > 3", "id:5 > 3"),
    ('id:5 == "a" + "b"', 'id:5 == "ab"'),
    ("id:5 == 1 AND (id:6 == 1 OR id:6 == 1)", "id:5 == 1 AND id:6 == 1"),
)
SAME = (
    "id:5 == 1",
    "id:5 == id:6",
    "id:5 == 1 AND id:6 == 1 OR id:5 == 1",
    "id:5 == 1 AND (id:6 == 1 AND id:7 == 1)",
    "(id:5 == 1 OR id:6 == 1) AND id:5 == 1",
    "1 / 0 == 1",
    "id:5 / id:5 == id:5 / id:5",
    "1e308 * 10 == 1",
    "5 & 3 == 1",
    '"a" < "b"',
    '"x" == 5',
    "id:5 + 1 + 2 == 3",
    "id:5 == empty",
    "1 == empty",
    "id:5",
)

NUMBERS = st.integers(-2, 2).map(lambda value: Number(float(value))) | st.builds(
    ParamValue, st.integers(1, 2)
)
SUMS = st.recursive(
    NUMBERS,
    lambda sides: st.builds(
        Binary, st.sampled_from((Operator.ADD, Operator.SUBTRACT, Operator.MULTIPLY)), sides, sides
    ),
    max_leaves=3,
)
COMPARED: Mapping[Operator, Callable[[float, float], bool]] = {
    Operator.EQUAL: python.eq,
    Operator.UNEQUAL: python.ne,
    Operator.GREATER: python.gt,
    Operator.LESS: python.lt,
    Operator.GREATER_OR_EQUAL: python.ge,
    Operator.LESS_OR_EQUAL: python.le,
}
CALCULATED: Mapping[Operator, Callable[[float, float], float]] = {
    Operator.ADD: python.add,
    Operator.SUBTRACT: python.sub,
    Operator.MULTIPLY: python.mul,
}
CONDITIONS = st.recursive(
    st.builds(Binary, st.sampled_from(tuple(COMPARED)), SUMS, SUMS),
    lambda sides: st.builds(Binary, st.sampled_from((Operator.AND, Operator.OR)), sides, sides),
    max_leaves=8,
)


def number(expression: Expression, values: Mapping[int, float]) -> float:
    if isinstance(expression, Binary):
        calculate = CALCULATED[expression.operator]
        return calculate(number(expression.left, values), number(expression.right, values))
    return values[expression.id] if isinstance(expression, ParamValue) else _literal(expression)


def _literal(expression: Expression) -> float:
    assert isinstance(expression, Number)
    return expression.value


def holds(expression: Expression | bool, values: Mapping[int, float]) -> bool:
    """Tell whether a condition about numbers holds, the plain way."""
    if isinstance(expression, bool):
        return expression
    assert isinstance(expression, Binary)
    left, right = expression.left, expression.right
    if expression.operator is Operator.AND:
        return holds(left, values) and holds(right, values)
    if expression.operator is Operator.OR:
        return holds(left, values) or holds(right, values)
    return COMPARED[expression.operator](number(left, values), number(right, values))


class SimplifyTest(SynchronousTestCase):
    def test_always_true_or_false(self) -> None:
        for text, value in ALWAYS:
            self.assertIs(simplified(parse_condition(text)), value, text)

    def test_simpler(self) -> None:
        for text, simpler in SIMPLER:
            self.assertEqual(simplified(parse_condition(text)), parse_condition(simpler), text)

    def test_nothing_to_leave_out(self) -> None:
        for text in SAME:
            expression = parse_condition(text)
            self.assertIs(simplified(expression), expression, text)

    def test_joined_texts_stay_texts(self) -> None:
        self.assertEqual(simplified(parse_condition('"1" + "2"')), Text("12"))

    @given(CONDITIONS)
    def test_it_means_the_same(self, expression: Binary) -> None:
        simpler = simplified(expression)
        for one in (-1.0, 0.0, 1.5):
            for two in (-1.0, 0.0, 2.0):
                values = {1: one, 2: two}
                self.assertEqual(holds(simpler, values), holds(expression, values))

    @given(CONDITIONS)
    def test_it_is_not_longer_and_reads_again(self, expression: Binary) -> None:
        simpler = simplified(expression)
        if not isinstance(simpler, bool):
            text = print_condition(simpler)
            self.assertLessEqual(len(text), len(print_condition(expression)))
            self.assertEqual(parse_condition(text), simpler)
            self.assertEqual(simplified(simpler), simpler)
