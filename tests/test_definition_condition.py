"""Conditions: what they mean, where they are wrong, how they are written, whether their kinds fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.condition import (
    DEEPEST,
    HIGHEST,
    MOST_CHARACTERS,
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
    params_of,
    parse_condition,
    print_condition,
)

P, N, T = ParamValue, Number, Text
O = Operator  # noqa: E741


def both(left: Expression, operator: Operator, right: Expression) -> Binary:
    return Binary(operator, left, right)


ONE_IS_ONE = both(P(1), O.EQUAL, N(1))
TWO_IS_TWO = both(P(2), O.EQUAL, N(2))
THREE_IS_THREE = both(P(3), O.EQUAL, N(3))

READ: tuple[tuple[str, Expression], ...] = (
    ("id:5", P(5)),
    (" ID:0\n", P(0)),
    ("12", N(12)),
    ("-1.5e3", N(-1500)),
    ("+.5", N(0.5)),
    ("5.", N(5)),
    ('"a b"', T("a b")),
    ('""', T("")),
    ('"#$ AND (id:5"', T("#$ AND (id:5")),
    ("empty", Empty()),
    ("EmptyString", EmptyString()),
    ("((id:5))", P(5)),
    ("id:5-3", both(P(5), O.SUBTRACT, N(3))),
    ("5-3", both(N(5), O.SUBTRACT, N(3))),
    ("5 - -3", both(N(5), O.SUBTRACT, N(-3))),
    ("2e-3-1", both(N(0.002), O.SUBTRACT, N(1))),
    ("id:1==1", ONE_IS_ONE),
    ('id:1!="x"', both(P(1), O.UNEQUAL, T("x"))),
    ("id:1>=empty", both(P(1), O.GREATER_OR_EQUAL, Empty())),
    ("id:1<-5", both(P(1), O.LESS, N(-5))),
    ("1 - 2 - 3", both(both(N(1), O.SUBTRACT, N(2)), O.SUBTRACT, N(3))),
    ("1 - (2 - 3)", both(N(1), O.SUBTRACT, both(N(2), O.SUBTRACT, N(3)))),
    ("1 + 2 * 3", both(N(1), O.ADD, both(N(2), O.MULTIPLY, N(3)))),
    ("(1 + 2) * 3", both(both(N(1), O.ADD, N(2)), O.MULTIPLY, N(3))),
    ("1 & 2 + 3", both(N(1), O.BIT_AND, both(N(2), O.ADD, N(3)))),
    ("1 | 2 & 3 ^ 4", both(both(both(N(1), O.BIT_OR, N(2)), O.BIT_AND, N(3)), O.BIT_XOR, N(4))),
    ("id:1 & 1 == 1", both(both(P(1), O.BIT_AND, N(1)), O.EQUAL, N(1))),
    ("id:1 > 2 > 3", both(both(P(1), O.GREATER, N(2)), O.GREATER, N(3))),
    (
        "id:1 == 1 OR id:2 == 2 AND id:3 == 3",
        both(ONE_IS_ONE, O.OR, both(TWO_IS_TWO, O.AND, THREE_IS_THREE)),
    ),
    (
        "(id:1 == 1 OR id:2 == 2)\tAND\n(id:3 == 3)",
        both(both(ONE_IS_ONE, O.OR, TWO_IS_TWO), O.AND, THREE_IS_THREE),
    ),
    (
        '(id:5 + 1) >= 10 AND id:7 != "off"',
        both(
            both(both(P(5), O.ADD, N(1)), O.GREATER_OR_EQUAL, N(10)), O.AND, both(P(7), O.UNEQUAL, T("off"))
        ),
    ),
)

WRONG: tuple[tuple[str, int, str], ...] = (
    ("", 0, "found nothing"),
    ("  ", 2, "found nothing"),
    ("id:1 ==", 7, "found the end"),
    ("id:1 == 1 AND ", 14, "found the end"),
    ("== 1", 0, "found '=='"),
    ("id:1 == 1 id:2", 10, "expected an operator, found 'id:2'"),
    ('id:1 == 1 "x"', 10, "expected an operator"),
    ("()", 1, "found ')'"),
    ("(id:1 == 1", 0, "a closing bracket"),
    ("((id:1 == 1)", 0, "a closing bracket"),
    ("id:1 == (1 + (2)", 8, "a closing bracket"),
    ("id:1 == 1)", 9, "an opening bracket"),
    ("id:1 (2)", 5, "expected an operator, found '('"),
    ('id:1 == "abc', 8, "a quotation mark that closes"),
    ("#5 == 1", 0, "expected # in a text only"),
    ("id:1 == 1 $", 10, "expected $ in a text only"),
    ("id:1 == a#b", 8, "quotation marks"),
    ("id: 1 == 1", 0, "the id follows at once"),
    ("id:01 == 1", 0, "without leading zeros"),
    ("id:-1 == 1", 0, "found 'id:'"),
    ("id:x == 1", 0, "found 'id:x'"),
    ("id:5.0 == 1", 0, "found 'id:5.0'"),
    (f"id:{'9' * 30} == 1", 0, "the id follows at once"),
    ("id:1 == 1 and id:2 == 2", 10, "did you mean AND?"),
    ("id:1 == 1 Or id:2 == 2", 10, "did you mean OR?"),
    ("id:1 == 1 && id:2 == 2", 10, "did you mean AND?"),
    ("id:1 == 1 || id:2 == 2", 10, "did you mean OR?"),
    ("id:1 = 1", 5, "did you mean ==?"),
    ("id:1 <> 1", 5, "did you mean !=?"),
    ("id:1 ! 1", 5, "did you mean !=?"),
    ("(id:1 == 1)AND (id:2 == 2)", 11, "need a blank on each side"),
    ("(id:1 == 1) AND(id:2 == 2)", 12, "need a blank on each side"),
    ("id:1 == 1AND id:2 == 2", 8, "need a blank on each side"),
    ("id:1 == 1 ORid:2 == 2", 10, "need a blank on each side"),
    ("id:1 == emptyOR id:2 == 2", 8, "need a blank on each side"),
    ('id:1 == "x"AND id:2 == 2', 11, "need a blank on each side"),
    ("AND id:1 == 1", 0, "found 'AND'"),
    ("id:1 == 1 AND OR", 14, "found 'OR'"),
    ("id:1 == off", 8, "a text needs quotation marks"),
    ("id:1 == 1,5", 8, "found '1,5'"),
    ("id:1 == 5x", 8, "found '5x'"),
    ("id:1 == 1.2.3", 8, "found '1.2.3'"),
    ("id:1 == 2e", 8, "found '2e'"),
    ("id:1 == - 5", 8, "found '-'"),
    ("id:1 == 0x10", 8, "found '0x10'"),
    ("id:1 == nan", 8, "found 'nan'"),
    ("id:1 == \u0663", 8, "found '\u0663'"),
    ("id:1 == 'x'", 8, "expected id:N, a number"),
    ("id:1 % 2 == 0", 5, "expected an operator, found '%'"),
    ("x" * (MOST_CHARACTERS + 1), 0, "at most 10000 characters, found 10001"),
    ("(" * (DEEPEST + 1), DEEPEST, "at most 64 brackets"),
    ("1" + "+1" * (HIGHEST + 1), 2 * HIGHEST + 1, "at most 128 operators"),
)

WRITTEN: tuple[tuple[Expression, str], ...] = (
    (N(5), "5"),
    (N(-0.5), "-0.5"),
    (N(1e300), "1e+300"),
    (N(float("inf")), "1e999"),
    (T("a "), '"a "'),
    (Empty(), "empty"),
    (EmptyString(), "emptystring"),
    (both(both(N(1), O.ADD, N(2)), O.ADD, N(3)), "1 + 2 + 3"),
    (both(N(1), O.ADD, both(N(2), O.ADD, N(3))), "1 + (2 + 3)"),
    (both(both(N(1), O.MULTIPLY, N(2)), O.ADD, N(3)), "1 * 2 + 3"),
    (both(both(N(1), O.ADD, N(2)), O.MULTIPLY, N(-3)), "(1 + 2) * -3"),
    (both(both(ONE_IS_ONE, O.OR, TWO_IS_TWO), O.AND, ONE_IS_ONE), "(id:1 == 1 OR id:2 == 2) AND id:1 == 1"),
    (
        both(N(1), O.SUBTRACT, both(both(N(2), O.SUBTRACT, N(3)), O.MULTIPLY, N(4))),
        "1 - (2 - 3) * 4",
    ),
    (
        both(both(N(1), O.SUBTRACT, both(N(2), O.SUBTRACT, N(3))), O.MULTIPLY, N(4)),
        "(1 - (2 - 3) ) * 4",
    ),
    (
        both(N(4), O.MULTIPLY, both(both(N(1), O.ADD, N(2)), O.BIT_AND, N(3))),
        "4 * (1 + 2 & 3)",
    ),
    (
        both(N(4), O.MULTIPLY, both(both(both(N(1), O.ADD, N(2)), O.MULTIPLY, N(5)), O.ADD, N(3))),
        "4 * ( (1 + 2) * 5 + 3)",
    ),
)

KINDS = {1: Kind.NUMBER, 2: Kind.NUMBER, 3: Kind.TEXT, 4: Kind.TEXT, 9: None}
SENSIBLE = (
    "id:1 == 1",
    'id:3 == "x"',
    "id:3 == 5",
    'id:1 == "5"',
    'id:1 == "x"',
    "id:1 > id:3",
    'id:3 + "x" == id:4',
    'id:3 < "b"',
    'id:1 + 1 == " 5 "',
    "(id:1 + 2) * 3 & 1 == 1 OR id:2 / 2 > 1",
    "id:1 == empty AND emptystring != id:3",
    "id:1 == emptystring",
    "(id:1 == 1 OR id:2 == 2) AND id:3 == id:4",
    "id:77 == 1 AND id:77 + 1 == id:3",
    'id:77 + id:77 == "x"',
)
SENSELESS: tuple[tuple[str, int, str], ...] = (
    ("id:1", 0, "true or false, found a number"),
    ('"x"', 0, "found a text"),
    ("empty", 0, "found a value"),
    ("id:77", 0, "found a value"),
    ("(id:1 + 1)", 1, "found a number"),
    ("id:1 AND id:2 == 2", 0, "AND: expected two sides that are true or false, found a number"),
    ('id:1 == 1 OR "x"', 13, "OR: expected two sides that are true or false, found a text"),
    ("id:1 > 2 > 3", 9, "expected one comparison"),
    ("id:1 == (id:2 == 2)", 5, "expected one comparison"),
    ("(id:1 == 1 OR id:2 == 2) == 1", 25, "expected one comparison"),
    ("id:1 + id:3 == 1", 5, "+: expected two numbers or two texts, found a number and a text"),
    ('id:1 - "x" == 1', 5, "-: expected two numbers, found a number and a text"),
    ("id:3 - id:4 == 1", 5, "-: expected two numbers, found a text"),
    ('id:3 * "x" == 1', 5, "*: expected two numbers, found a text"),
    ("id:3 & id:77 == 1", 5, "&: expected two numbers, found a text"),
    ("(id:1 == 1) + 1 == 2", 12, "+: expected two numbers or two texts, found true or false"),
    ("id:9 == 1", 0, "found param 9"),
    ("id:1 == 1 AND id:9 == 1", 14, "found param 9"),
    ("id:1 == 1e999", 8, "fits in a double"),
    ("-1e999 > id:1", 0, "fits in a double"),
    ("id:1 > empty", 7, "expected empty beside == or !=, found >"),
    ("emptystring + 1 == 1", 0, "expected emptystring beside == or !=, found +"),
    ("empty AND id:1 == 1", 0, "expected empty beside"),
    ('5 == "x"', 5, "expected a text that is a number, found 'x'"),
    ('"x" < id:1 * 2', 0, "expected a text that is a number, found 'x'"),
)

OPERANDS: st.SearchStrategy[Expression] = (
    st.builds(Number, st.floats(allow_nan=False))
    | st.builds(Text, st.text(st.characters(exclude_characters='"'), max_size=6))
    | st.builds(ParamValue, st.integers(0, 10**7))
    | st.just(Empty())
    | st.just(EmptyString())
)
TREES = st.recursive(
    OPERANDS, lambda sides: st.builds(Binary, st.sampled_from(Operator), sides, sides), max_leaves=24
)
_SIGNS = (
    '( ) id:1 id:3 id:9 1 -2 2. "x" " empty emptystring AND OR and + - * / & | ^ == != < <= > >= = # 1e999'
)
SIGNS = st.lists(st.sampled_from((*_SIGNS.split(), " ", "\n", "\0")), max_size=30).map("".join)
TEXTS = st.text(max_size=30) | SIGNS | SIGNS.map(" ".join)


class ReadingTest(SynchronousTestCase):
    def test_meaning(self) -> None:
        for text, expression in READ:
            self.assertEqual(parse_condition(text), expression, text)

    def test_wrong(self) -> None:
        for text, offset, part in WRONG:
            error = self.assertRaises(ConditionError, parse_condition, text)
            self.assertEqual(error.offset, offset, f"{text[:40]}: {error}")
            self.assertIn(part, str(error), text[:40])
            self.assertLess(len(str(error)), 200)

    def test_places(self) -> None:
        tree = parse_condition(' (id:5 + "x") == empty')
        assert isinstance(tree, Binary) and isinstance(tree.left, Binary)
        places = [part.offset for part in (tree, tree.left, tree.left.left, tree.left.right, tree.right)]
        self.assertEqual(places, [14, 7, 2, 9, 17])

    def test_as_high_as_can_be(self) -> None:
        """Neither reading nor walking through it takes too much of the stack."""
        deep = "(" * DEEPEST + "id:1 == 1" + ")" * DEEPEST
        self.assertEqual(parse_condition(deep), ONE_IS_ONE)
        row = " OR ".join(f"id:{number} == 1" for number in range(HIGHEST))
        nested = "1" + "".join(f" - ({number}" for number in range(DEEPEST)) + ")" * DEEPEST + " == 1"
        many = " AND ".join(["(id:1 == 1)"] * HIGHEST)
        for text in (row, nested, many):
            tree = parse_condition(text)
            self.assertEqual(parse_condition(print_condition(tree)), tree)
            self.assertEqual(hash(tree), hash(parse_condition(text)))
            self.assertIs(kind_of(tree, {}), Kind.BOOLEAN)
            self.assertTrue(repr(tree))
        self.assertEqual(list(params_of(parse_condition(row))), list(range(HIGHEST)))

    def test_long_texts(self) -> None:
        """Of each of these, a careless pattern would take long."""
        for text in (
            "1" * 9999 + "x",
            "1." + "1" * 9990 + "x",
            "1+" * 5000,
            '"' * 9999,
            " " * 9999,
            "-" * 9999,
        ):
            self.assertRaises(ConditionError, parse_condition, text)


class WritingTest(SynchronousTestCase):
    def test_printing(self) -> None:
        for expression, text in WRITTEN:
            self.assertEqual(print_condition(expression), text)
            self.assertEqual(parse_condition(text), expression)

    def test_what_cannot_be_written(self) -> None:
        for expression in (T('"'), N(float("nan"))):
            with self.assertRaises(ValueError):
                print_condition(both(P(1), O.EQUAL, expression))

    def test_params(self) -> None:
        self.assertEqual(list(params_of(parse_condition("id:3 + id:1 == 5 AND id:3 != empty"))), [3, 1, 3])
        self.assertEqual(list(params_of(T("id:5"))), [])


class KindTest(SynchronousTestCase):
    def test_sensible(self) -> None:
        for text in SENSIBLE:
            self.assertIs(kind_of(parse_condition(text), KINDS), Kind.BOOLEAN, text)

    def test_senseless(self) -> None:
        for text, offset, part in SENSELESS:
            error = self.assertRaises(ConditionError, kind_of, parse_condition(text), KINDS)
            self.assertIn(part, str(error), text)
            self.assertEqual(error.offset, offset, text)


class LawTest(SynchronousTestCase):
    @given(TREES)
    def test_what_is_written_is_read_as_the_same(self, expression: Expression) -> None:
        text = print_condition(expression)
        self.assertEqual(parse_condition(text), expression)
        self.assertEqual(parse_condition(f"\n( {text} )"), expression)

    @given(TREES)
    def test_each_bracket_is_needed(self, expression: Expression) -> None:
        """Without any one pair of brackets it is another condition."""
        text = print_condition(expression)
        waiting: list[int] = []
        in_text = False
        for place, character in enumerate(text):
            in_text ^= character == '"'
            if character == "(" and not in_text:
                waiting.append(place)
            elif character == ")" and not in_text:
                start = waiting.pop()
                bare = f"{text[:start]} {text[start + 1 : place]} {text[place + 1 :]}"
                self.assertNotEqual(parse_condition(bare), expression)

    @given(TEXTS)
    def test_any_text(self, text: str) -> None:
        try:
            expression = parse_condition(text)
        except ConditionError as error:
            self.assertTrue(0 <= error.offset <= len(text))
            self.assertTrue(str(error).startswith("expected"))
            return
        self.assertEqual(parse_condition(print_condition(expression)), expression)
        try:
            self.assertIs(kind_of(expression, KINDS), Kind.BOOLEAN)
        except ConditionError as error:
            self.assertTrue(0 <= error.offset < len(text))
