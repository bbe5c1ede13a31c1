"""Conditions over values, and what triggers on change compare."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.condition import (
    Binary,
    Empty,
    Number,
    Operator,
    ParamValue,
    Text,
    parse_condition,
)
from smartserial.definition.flow import Case, Comparison
from smartserial.definition.param import Interprete, LengthType, Param, RawType, ValueType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import Value
from smartserial.engine.evaluate import holds, matches
from smartserial.engine.store import Store

_NUMBER = Interprete(RawType.NUMERIC_TEXT, type=ValueType.DOUBLE)
_FIXED = Interprete(RawType.UNSIGNED_NUMBER, LengthType.FIXED, 2, type=ValueType.DOUBLE)


def values(**given: Value) -> Store:
    """Numbers 1 to 5, texts 6 to 9, a fixed number 10, a fixed text 11; set as ``p1=...``."""
    params = [Param(id, f"n{id}", interprete=_NUMBER) for id in range(1, 6)]
    params += [Param(id, f"t{id}", interprete=Interprete()) for id in range(6, 10)]
    params += [Param(10, "f", interprete=_FIXED)]
    params += [Param(11, "s", interprete=Interprete(length_type=LengthType.FIXED, length=2))]
    store = Store(Protocol("P", params=tuple(params)))
    for name, value in given.items():
        store.set(int(name[1:]), value)
    return store


class HoldsTest(SynchronousTestCase):
    def check(self, store: Store, *conditions: str, wanted: bool = True, noted: int = 0) -> None:
        for text in conditions:
            notes: list[str] = []
            self.assertEqual(holds(parse_condition(text), store, notes.append), wanted, text)
            self.assertEqual(len(notes), noted, (text, notes))

    def test_numbers_and_texts(self) -> None:
        store = values(p5=9, p7="on", p6="10", p1=0.1)
        self.check(
            store,
            '(id:5 + 1) >= 10 AND id:7 != "off"',
            "id:5 == 9",
            'id:5 == "9"',
            "id:6 == 10",
            "id:6 > 9",
            'id:6 < "9"',  # both are texts
            "id:1 + 0.2 == 0.3",
            "id:5 / 2 == 4.5",
            "id:5 - 1 * 2 == 7",
            'id:7 + "e" == "one"',
            "id:5 <= 9 AND id:5 >= 9",
            "id:5 < 1 OR id:5 > 1",
        )
        self.check(store, "id:5 > 9", 'id:7 == "On"', "id:5 == 9 AND id:5 == 8", wanted=False)

    def test_bits(self) -> None:
        store = values(p1=6.9, p2=-1)
        self.check(
            store, "( id:1 & 3 ) == 2", "( id:1 | 1 ) == 7", "( id:1 ^ 2 ) == 4", "( id:2 & 255 ) == 255"
        )

    def test_precedence_is_in_the_tree(self) -> None:
        store = values(p1=1, p2=2, p3=3)
        self.check(store, "id:1 + id:2 * id:3 == 7", "( id:1 + id:2 ) * id:3 == 9")
        self.check(store, "id:1 == 1 OR id:2 == 1 AND id:3 == 1", "id:1 + 1 & 2 == 2")
        self.check(store, "( id:1 == 1 OR id:2 == 1 ) AND id:3 == 1", wanted=False)

    def test_empty(self) -> None:
        store = values(p6="", p7="x", p2=0)
        self.check(
            store,
            "id:1 == empty",
            "empty == id:1",
            "id:2 != empty",  # 0 counts in a fixed length only
            "id:6 != empty",
            "id:6 == emptystring",
            "id:8 == empty",
            "id:8 == emptystring",
            "id:1 == emptystring",
            "id:7 != emptystring",
            "id:10 == empty",
            "id:11 != empty",
            "id:11 != emptystring",
            "empty == empty",
        )
        store.set(10, 5)
        store.clear(7)
        self.check(store, "id:10 != empty", "id:7 == empty")
        store.set(10, 0)
        self.check(store, "id:10 == empty", "id:10 == 0")

    def test_not_set_is_an_empty_text(self) -> None:
        self.check(values(), 'id:7 != "off"', 'id:7 == ""')
        self.check(values(), "id:1 == 0", "id:1 != 0", "id:1 < 5", wanted=False, noted=1)

    def test_what_cannot_be_worked_out(self) -> None:
        store = values(p6="x", p1=1, p2=0)
        self.check(
            store,
            "id:6 > 1",
            "id:6 != 1",
            "id:1 / id:2 == 1",
            "id:1 + id:6 == 2",
            "id:6 - 1 == 2",
            "id:77 == 1",
            "id:77 == empty",
            "1e999 > 1",
            "id:1 * 1e300 * 1e300 * 1e300 * 1e300 > 1",
            "( id:6 & 1 ) == 1",
            wanted=False,
            noted=1,
        )
        self.check(store, "id:6 > 1 OR id:1 == 1", noted=1)
        self.check(store, "id:1 == 1 OR id:6 > 1", noted=0)
        self.check(store, "id:1 == 2 AND id:6 > 1", wanted=False, noted=0)

    def test_trees_that_no_text_makes(self) -> None:
        for tree in (
            Number(1),
            Text('"'),
            ParamValue(1),
            Empty(),
            Binary(Operator.LESS, Empty(), Number(1)),
            Binary(Operator.EQUAL, Binary(Operator.ADD, Empty(), Number(1)), Number(1)),
            Binary(Operator.EQUAL, Binary(Operator.EQUAL, Number(1), Number(1)), Number(1)),
        ):
            notes: list[str] = []
            self.assertFalse(holds(tree, values(), notes.append))
            self.assertEqual(len(notes), 1)

    def test_nothing_escapes(self) -> None:
        operands = (
            st.builds(Number, st.floats())
            | st.builds(Text, st.text(max_size=3))
            | st.builds(ParamValue, st.integers(0, 12))
            | st.builds(Empty)
        )
        trees = st.recursive(
            operands, lambda inner: st.builds(Binary, st.sampled_from(Operator), inner, inner), max_leaves=12
        )
        store = values(p1=1e308, p2=-5, p3=0, p6="7", p7="x", p8="1e300")

        @given(trees)
        def law(tree: Binary) -> None:
            notes: list[str] = []
            self.assertIsInstance(holds(tree, store, notes.append), bool)
            self.assertTrue(all(len(note) < 600 for note in notes))

        law()


class MatchesTest(SynchronousTestCase):
    def test_cases(self) -> None:
        view = values(p1=5, p6="on")
        for case, text, value, wanted in (
            (Case.EQUAL, "5", 5, True),
            (Case.EQUAL, "5.0", "5", True),
            (Case.EQUAL, "on", "on", True),
            (Case.EQUAL, "on", 5, False),
            (Case.NOT_EQUAL, "on", 5, True),
            (Case.NOT_EQUAL, "5", 5.0, False),
            (Case.GREATER, "9", 10, True),
            (Case.GREATER, "9", "10", True),
            (Case.LESS, "9", 10, False),
            (Case.LESS, "b", "a", True),
        ):
            notes: list[str] = []
            self.assertEqual(matches(Comparison(case, text), value, view, notes.append), wanted, (case, text))
            self.assertEqual(notes, [])

    def test_other_params(self) -> None:
        view = values(p1=5, p6="on")
        self.assertTrue(matches(Comparison(Case.EQUAL, param=1), 5, view))
        self.assertTrue(matches(Comparison(Case.EQUAL, param=6), "on", view))
        self.assertTrue(matches(Comparison(Case.EQUAL, param=8), "", view))
        self.assertFalse(matches(Comparison(Case.LESS, param=1), 5, view))

    def test_what_cannot_be_compared(self) -> None:
        for comparison in (Comparison(Case.GREATER, "on"), Comparison(Case.LESS, param=99)):
            notes: list[str] = []
            self.assertFalse(matches(comparison, 5, values(), notes.append))
            self.assertEqual(len(notes), 1)
