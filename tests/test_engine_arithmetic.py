"""What actions do to params."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.languages.replacing import parse_replace_data
from smartserial.definition.languages.sequence import parse_sequence
from smartserial.definition.measurement import Display
from smartserial.definition.param import Interprete, LengthType, Param, ParamType, RawType, ValueType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import NotAValueError, Value
from smartserial.engine.arithmetic import DEEDS, Deed, do
from smartserial.engine.changes import By, Change
from smartserial.engine.store import Store

A = ActionType
_NUMBER = Interprete(RawType.NUMERIC_TEXT, type=ValueType.DOUBLE)


def stage() -> Store:
    """Texts 1 and 2, numbers 3 and 4, two bytes 5, a group 6 with bit 7, a written text 8."""
    params = (
        Param(1, "a", interprete=Interprete()),
        Param(2, "b", interprete=Interprete()),
        Param(3, "c", interprete=_NUMBER, display=Display(units="dB", decimals=1)),
        Param(4, "d", interprete=_NUMBER),
        Param(5, "e", interprete=Interprete(length_type=LengthType.FIXED, length=2)),
        Param(6, "f", ParamType.GROUP, Interprete(length_type=LengthType.FIXED, length=2)),
        Param(
            7,
            "g",
            ParamType.READ_BIT,
            Interprete(RawType.UNSIGNED_NUMBER, type=ValueType.DOUBLE, start_position=7),
            type_id=(6,),
        ),
        Param(8, "h", ParamType.WRITE, Interprete()),
    )
    return Store(Protocol("P", params=params))


def deed(type: ActionType, target: int, trigger: int | None = None, **more: object) -> Deed:
    return Deed(Action(1, "a", ActionOn.PARAMETER, type, **more), target, trigger)  # type: ignore[arg-type]


class NumbersTest(SynchronousTestCase):
    def test_results(self) -> None:
        for kind, start, operand, wanted in (
            (A.INCREMENT, 5, "", 6),
            (A.INCREMENT, 0.1, "0.2", 0.3),
            (A.INCREMENT, 5, "-7", -2),
            (A.MULTIPLY, 5, "", 5),
            (A.MULTIPLY, 5, "1.5", 7.5),
            (A.POW, 5, "", 5),
            (A.POW, 5, "2", 25),
            (A.POW, 0, "0", 1),
            (A.POW, 4, "0.5", 2),
        ):
            s = stage()
            s.set(3, start)
            do(s, deed(kind, 3, type_value=operand))
            self.assertEqual(s.value(3), wanted, (kind, operand))

    def test_operands_of_other_params(self) -> None:
        s = stage()
        s.set(4, 3)
        one = deed(A.INCREMENT, 3, type_id=4, type_value="9")
        self.assertEqual(do(s, one), (Change(3, None, 3),))
        self.assertEqual(do(s, one), (Change(3, 3, 6),))

    def test_only_what_differs_is_a_change(self) -> None:
        s = stage()
        s.set(3, 5)
        self.assertEqual(do(s, deed(A.MULTIPLY, 3)), ())

    def test_what_is_no_number(self) -> None:
        for target, kind, operand in (
            (1, A.INCREMENT, "1"),
            (3, A.INCREMENT, "x"),
            (3, A.POW, "1e9"),
            (4, A.POW, "-1"),
        ):
            s = stage()
            for id, value in ((1, "x"), (3, 7), (4, 0)):
                s.set(id, value)
            with self.assertRaises(NotAValueError):
                do(s, deed(kind, target, type_value=operand))
            self.assertEqual((s.value(1), s.value(3), s.value(4)), ("x", 7, 0))


class CopiesTest(SynchronousTestCase):
    def test_copy(self) -> None:
        s = stage()
        s.set_raw(1, b"ab\0cd")
        self.assertEqual(do(s, deed(A.COPY, 2, type_id=1)), (Change(2, None, "ab"),))
        self.assertEqual(do(s, deed(A.COPY, 2, trigger=1)), ())
        s.set(4, 2.5)
        do(s, deed(A.COPY, 2, trigger=1, type_id=4))
        self.assertEqual(s.value(2), "2.5")
        s.clear(4)
        do(s, deed(A.COPY, 2, type_id=4))
        self.assertEqual(s.value(2), "")
        with self.assertRaises(NotAValueError):
            do(s, deed(A.COPY, 2))

    def test_copy_reverse(self) -> None:
        s = stage()
        s.set(1, "abc")
        do(s, deed(A.COPY_REVERSE, 2, type_id=1))
        self.assertEqual(s.value(2), "cba")

    def test_append(self) -> None:
        s = stage()
        s.set(3, 2)
        one = deed(A.APPEND, 1, type_id=3)
        do(s, one)
        do(s, one)
        self.assertEqual(s.value(1), "2.0 dB2.0 dB")

    def test_append_hex(self) -> None:
        for options, wanted in (("hex", "0A1B2C"), ("hex-1", "0A 1B 2C"), ("HEX-2", "0A1B 2C")):
            s = stage()
            s.set_raw(1, b"\x0a\x1b\x2c")
            do(s, deed(A.APPEND, 2, type_id=1, options=options))
            self.assertEqual(s.value(2), wanted)

    def test_append_data(self) -> None:
        s = stage()
        s.set_raw(1, b"\x01")
        s.set_raw(2, b"\x02")
        do(s, deed(A.APPEND_DATA, 1, type_id=2))
        self.assertEqual(s.raw(1), b"\x01\x02")

    def test_cleared_groups_are_filled(self) -> None:
        """A group that is heard becomes one that is written."""
        s = stage()
        s.set_raw(5, b"\x01\x80")
        for _ in range(2):
            do(s, deed(A.CLEAR, 6))
            changes = do(s, deed(A.APPEND_DATA, 6, trigger=5))
            self.assertEqual(s.raw(6), b"\x01\x80")
            self.assertEqual(changes[0].param, 6)
        self.assertEqual(s.value(7), 1)
        with self.assertRaises(NotAValueError):
            do(s, deed(A.APPEND_DATA, 6, trigger=5))


class OthersTest(SynchronousTestCase):
    def test_lengths(self) -> None:
        s = stage()
        s.set(4, 3)
        changes = do(s, deed(A.CHANGE_LENGTH, 5, type_id=4))
        self.assertEqual(changes, (Change(5, "  ", "   ", silent=True),))
        self.assertEqual(s.raw(5), b"   ")
        s.set(1, "x")
        with self.assertRaises(NotAValueError):
            do(s, deed(A.CHANGE_LENGTH, 5, type_id=1))

    def test_display(self) -> None:
        s = stage()
        s.set(3, 2)
        do(s, deed(A.CLEAR_ON_DISPLAY, 3))
        self.assertEqual((s.display(3), s.value(3)), ("", 2))

    def test_go(self) -> None:
        s = stage()
        s.set(8, "on", By.OPERATOR)
        self.assertEqual(do(s, deed(A.GO, 8)), (Change(8, "on", "on"),))

    def test_go_without_a_value(self) -> None:
        with self.assertRaisesRegex(NotAValueError, "param 8: it was never set"):
            do(stage(), deed(A.GO, 8))

    def test_clear(self) -> None:
        s = stage()
        s.set(3, 2)
        self.assertEqual(do(s, deed(A.CLEAR, 3)), (Change(3, 2, None, silent=True),))
        self.assertEqual(do(s, deed(A.CLEAR, 3)), ())

    def test_normalize(self) -> None:
        s = stage()
        s.set(3, 2)
        s.set(4, 9)
        do(s, deed(A.NORMALIZE, 3))
        self.assertEqual(s.nominal(3), 2)
        do(s, deed(A.NORMALIZE, 3, type_id=4))
        self.assertEqual(s.nominal(3), 9)

    def test_replace_data(self) -> None:
        s = stage()
        s.set(1, "a.b")
        replace = parse_replace_data("2E;2D2D").value
        self.assertEqual(do(s, deed(A.REPLACE_DATA, 1, replace=replace)), (Change(1, "a.b", "a--b"),))
        with self.assertRaises(NotAValueError):
            do(s, deed(A.REPLACE_DATA, 1))

    def test_set_info(self) -> None:
        s = stage()
        do(s, deed(A.SET_INFO, 3, sequence=parse_sequence("*:2").value))
        s.receive(3, b"4")
        self.assertEqual(s.value(3), 8)
        do(s, deed(A.SET_INFO, 3, disabled=frozenset({"sequence"})))
        s.receive(3, b"4")
        self.assertEqual(s.value(3), 4)

    def test_what_needs_more_than_values(self) -> None:
        with self.assertRaises(NotAValueError):
            do(stage(), deed(A.RUN_ACTIONS, 1))

    @given(
        st.sampled_from(sorted(DEEDS, key=str)),
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from(("", "1", "-2.5", "1e300", "x")),
        st.dictionaries(st.integers(1, 6), st.text("01.-x\0", max_size=2) | st.integers(0, 99)),
    )
    def test_done_or_refused(
        self, kind: ActionType, target: int, source: int, value: str, held: dict[int, Value]
    ) -> None:
        s = stage()
        for id, one in held.items():
            try:
                s.set(id, one)
            except NotAValueError:
                continue
        try:
            changes = do(s, deed(kind, target, type_id=source, type_value=value))
        except NotAValueError:
            return
        for change in changes:
            self.assertEqual(s.value(change.param), change.new)
