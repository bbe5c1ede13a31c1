"""What in a condition says nothing."""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.condition import (
    Binary,
    ConditionError,
    Empty,
    EmptyString,
    Expression,
    Kind,
    Number,
    Operator,
    ParamValue,
    Text,
    kind_of,
    parse_condition,
    print_condition,
)
from smartserial.definition.simplify import doubled_brackets, simplified
from smartserial.definition.values.value import Value
from smartserial.engine.evaluate import holds as evaluated

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
    ("0.1 + 0.2 == 0.3", True),
    ("empty != empty", False),
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
KINDS = {1: Kind.NUMBER, 2: Kind.NUMBER, 3: Kind.TEXT}
# What is known of all params, or of numbers, or of texts.
DECIDED = (
    ("id:1 == 1 AND id:1 == 2", False),
    ("id:1 == 1 AND (id:2 == 1 AND 2 == id:1)", False),
    ("id:1 < 1 AND id:1 > 1", False),
    ("id:1 < 1 AND id:1 >= 1", False),
    ("id:1 == 1 AND 1 != id:1", False),
    ("1 > id:1 AND 2 <= id:1", False),
    ("id:1 + id:2 == 1 AND id:1 + id:2 == 2", False),
    ("id:3 == 1 AND id:3 == 2", False),
    ("id:9 == 1 AND id:9 == 2", False),
    ('id:3 == "a" AND id:3 == "b"', False),
    ('id:3 == "a" AND "a" != id:3', False),
    ("id:1 > 5 OR id:1 <= 5", True),
    ("id:1 != 1 OR id:1 != 2", True),
    ("id:1 < 2 OR id:2 == 1 OR id:1 > 1", True),
    ('id:3 == "" OR id:3 != ""', True),
    ("(id:1 == 1 AND id:1 == 2) OR (id:1 > 1 OR id:1 < 2)", True),
)
OPEN = (
    "id:1 > 1 AND id:1 < 2",
    "id:1 >= 1 AND id:1 <= 1",
    "id:1 == 1 OR id:1 == 2",
    "id:1 < 1 OR id:1 > 1",
    "id:1 == 1 AND id:2 == 2",
    "id:1 != 1 AND id:1 != 2",
    "id:3 > 5 OR id:3 <= 5",
    "id:9 > 5 OR id:9 <= 5",
    "id:1 / id:2 > 5 OR id:1 / id:2 <= 5",
    'id:1 == "1" AND id:1 == "1.0"',
    'id:9 == "1" AND id:9 == "1.0"',
    'id:3 == 1 AND id:3 == "1.0"',
    'id:1 != "a" OR id:1 != "b"',
    'id:3 > "a" AND id:3 < "b"',
    "id:1 == empty AND id:1 == 0",
)
NEUTRAL = (
    ("id:1 + 0 == 1", "id:1 == 1"),
    ("0 + id:1 == 1", "id:1 == 1"),
    ("id:1 - 0 == 1", "id:1 == 1"),
    ("id:1 * 1 == 1", "id:1 == 1"),
    ("1 * id:1 == id:2 / 1", "id:1 == id:2"),
    ("(id:1 + id:2 + 0) * 1 == 1", "id:1 + id:2 == 1"),
    ("(id:9 & 3) + 0 == 1", "(id:9 & 3) == 1"),
    ("id:1 + (1 - 1) == 1", "id:1 == 1"),
)
KEPT = (
    "0 - id:1 == 1",
    "1 / id:1 == 1",
    "id:1 * 0 == 1",
    "id:1 + 1 == 1",
    "id:9 + 0 == 1",
    'id:9 * 1 == "1.0"',
    "id:1 + 0 == empty",
    "id:1 * 1 != emptystring",
    "1 / 3 == 0.3333333333333333",
)
BRACKETS = (
    ("((id:5 == 1))", True),
    ("( (id:5 == 1) ) AND id:6 == 1", True),
    ("((id:5 + 1)) * 2 == 1", True),
    ("(((id:5 == 1)))", True),
    ("(id:5 == 1)", False),
    ("((id:5 == 1) AND (id:6 == 1))", False),
    ("((id:5 == 1) OR id:6 == 1)", False),
    ('(id:5 == "((1))")', False),
    ('(id:5 == ")") OR ("(" == id:5)', False),
    ("((", False),
    ("))", False),
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


# Everything that makes sense with two numbers and a text, and with what is known of neither.
LITERALS = st.sampled_from((-1.0, 0.0, 0.1, 0.2, 1.0, 2.0)).map(Number)
TEXTS = st.sampled_from(("", "a", "b", "1", "1.0")).map(Text)
PARAMS = st.sampled_from((1, 1, 2, 3)).map(ParamValue)
SIDES = st.recursive(
    LITERALS | TEXTS | PARAMS | st.sampled_from((Empty(), EmptyString())),
    lambda sides: st.builds(
        Binary,
        st.sampled_from(
            (Operator.ADD, Operator.SUBTRACT, Operator.MULTIPLY, Operator.DIVIDE, Operator.BIT_AND)
        ),
        sides,
        sides | st.sampled_from((Number(0.0), Number(1.0))),
    ),
    max_leaves=3,
)


def _makes_sense(expression: Expression) -> bool:
    try:
        return kind_of(expression, KINDS) is Kind.BOOLEAN
    except ConditionError:
        return False


COMPARISONS = st.builds(Binary, st.sampled_from(tuple(COMPARED)), PARAMS | SIDES, LITERALS | TEXTS | SIDES)
ALL = st.recursive(
    COMPARISONS.filter(_makes_sense),
    lambda sides: st.builds(Binary, st.sampled_from((Operator.AND, Operator.OR)), sides, sides),
    max_leaves=6,
)


@dataclass(frozen=True)
class Held:
    """Values of params; a 0 is what a condition calls empty."""

    values: Mapping[int, Value]

    def value(self, id: int) -> Value | None:
        return self.values[id]

    def equals_empty(self, id: int) -> bool:
        return self.values[id] in (0, "")


class SimplifyTest(SynchronousTestCase):
    def test_comparisons_with_one_side_decide(self) -> None:
        for text, value in DECIDED:
            self.assertIs(simplified(parse_condition(text), KINDS), value, text)
        for text in OPEN:
            expression = parse_condition(text)
            self.assertIs(simplified(expression, KINDS), expression, text)

    def test_a_row_that_is_decided_is_left_out_of_others(self) -> None:
        expression = parse_condition("id:2 == 1 OR (id:1 == 1 AND id:1 == 2)")
        self.assertEqual(simplified(expression), parse_condition("id:2 == 1"))

    def test_what_does_nothing_to_a_number(self) -> None:
        for text, simpler in NEUTRAL:
            self.assertEqual(simplified(parse_condition(text), KINDS), parse_condition(simpler), text)
        for text in KEPT:
            expression = parse_condition(text)
            self.assertIs(simplified(expression, KINDS), expression, text)

    def test_doubled_brackets(self) -> None:
        for text, doubled in BRACKETS:
            self.assertIs(doubled_brackets(text), doubled, text)

    @given(ALL)
    def test_the_engine_finds_the_same(self, expression: Expression) -> None:
        """Whatever the values are, provided that there are any."""
        simpler = simplified(expression, KINDS)
        for values in product((-1, 0, 0.1, 0.15, 1, 2.5), (0, 1), ("a", "b", "1", "1.00", "x")):
            view = Held(dict(enumerate(values, 1)))
            found = simpler if isinstance(simpler, bool) else evaluated(simpler, view)
            self.assertEqual(found, evaluated(expression, view), (simpler, values))

    @given(ALL)
    def test_twice_is_no_more(self, expression: Expression) -> None:
        simpler = simplified(expression, KINDS)
        if not isinstance(simpler, bool):
            self.assertEqual(simplified(simpler, KINDS), simpler)
            self.assertEqual(parse_condition(print_condition(simpler)), simpler)

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
