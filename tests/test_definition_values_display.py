"""What people see of a value, and what they may type."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.measurement import Discreet, Display, Measurement
from smartserial.definition.param import Interprete, Other, Param, ValueException, ValueType
from smartserial.definition.values.display import display, exception_of, parse_display
from smartserial.definition.values.value import NotAValueError, Value

NO_PROBE = ValueException("-999.9", "No probe", "-1000")
SWITCH = Measurement("discreet", (Discreet("0", "Off"), Discreet("1", "On"), Discreet("2", "")))


def param(
    kind: ValueType = ValueType.DOUBLE,
    measurement: Measurement | None = None,
    shown: Display | None = None,
    **said: Any,
) -> Param:
    return Param(1, "x", interprete=Interprete(type=kind, **said), measurement=measurement, display=shown)


TEMPERATURE = param(
    shown=Display(units="deg C", decimals=1, low=-40, high=85),
    exceptions=(NO_PROBE,),
    others=(Other(5, "10000", "Broken"),),
)
NUMBER = param(shown=Display(units="dBm"))
TEXT = param(ValueType.STRING)
CHOICE = param(measurement=SWITCH)
WORDS = param(ValueType.STRING, Measurement("discreet", (Discreet("A", "Auto"), Discreet("7", "Seven"))))
SOME = param(measurement=Measurement("number", (Discreet("-1", "Never"),)), shown=Display(low=0, high=9))

SEEN: list[tuple[Param, Value, str]] = [
    (TEMPERATURE, -999.9, "No probe"),
    (TEMPERATURE, "-999.90", "No probe"),
    (TEMPERATURE, 10000, "Broken"),
    (TEMPERATURE, -10.0, "-10.0 deg C"),
    (TEMPERATURE, 2.25, "2.3 deg C"),
    (TEMPERATURE, -0.04, "0.0 deg C"),
    (TEMPERATURE, 1e300, f"{10**300}.0 deg C"),
    (TEMPERATURE, "", ""),
    (NUMBER, 5, "5 dBm"),
    (NUMBER, 5.0, "5 dBm"),
    (NUMBER, 0.1 + 0.2, "0.3 dBm"),
    (NUMBER, 1e-7, "0.0000001 dBm"),
    (NUMBER, 2**64, "18446744073709551616 dBm"),
    (CHOICE, 1, "On"),
    (CHOICE, 0.0, "Off"),
    (CHOICE, 2, "2"),  # a choice without a word
    (CHOICE, 3, "3"),
    (WORDS, "A", "Auto"),
    (WORDS, "a", "a"),
    (WORDS, "07", "07"),
    (TEXT, "a\rb", "a\rb"),
    (param(ValueType.STRING, filter=True), "a\rb\x00\x1b[1m\xe9", "ab[1m\xe9"),
    (Param(1, "x"), "plain", "plain"),
    (param(ValueType.STRING, shown=Display(units="V")), "low", "low"),
    (param(exceptions=(ValueException("1", "One"),), measurement=SWITCH), 1, "One"),
]
TYPED: list[tuple[Param, str, Value]] = [
    (TEMPERATURE, "No probe", -999.9),
    (TEMPERATURE, " no PROBE ", -999.9),
    (TEMPERATURE, "Broken", 10000),
    (TEMPERATURE, "12.5", 12.5),
    (TEMPERATURE, " 12,5 Deg C ", 12.5),
    (TEMPERATURE, "-40", -40),
    (NUMBER, "5dBm", 5),
    (CHOICE, "On", 1),
    (CHOICE, "on", 1),
    (CHOICE, "1", 1),
    (CHOICE, "1.0", 1),
    (CHOICE, "2", 2),
    (WORDS, "auto", "A"),
    (WORDS, "7", "7"),
    (SOME, "Never", -1),
    (SOME, "-1", -1),
    (SOME, "9", 9),
    (TEXT, " as it is ", " as it is "),
    (Param(1, "x"), "plain", "plain"),
]
REFUSED: list[tuple[Param, str, str]] = [
    (TEMPERATURE, "85.1", "expected a number from -40 up to 85, not 85.1"),
    (TEMPERATURE, "warm", "expected a number, not 'warm'"),
    (TEMPERATURE, "", "expected a number, not ''"),
    (NUMBER, "dBm", "expected a number"),
    (CHOICE, "3", "expected one of 'Off', 'On'"),
    (CHOICE, "maybe", "not 'maybe'"),
    (WORDS, "07", "expected one of 'Auto', 'Seven'"),
    (SOME, "10", "expected a number from 0 up to 9, not 10"),
    (param(shown=Display(high=9)), "10", "expected a number up to 9, not 10"),
    (param(shown=Display(low=0)), "-1", "expected a number from 0, not -1"),
]


class DisplayTest(SynchronousTestCase):
    maxDiff = None

    def test_what_is_seen(self) -> None:
        for one, value, text in SEEN:
            self.assertEqual(display(one, value), text, f"{one} {value!r}")

    def test_without_units(self) -> None:
        self.assertEqual(display(TEMPERATURE, -10, units=False), "-10.0")
        self.assertEqual(display(TEMPERATURE, -999.9, units=False), "No probe")

    def test_exception(self) -> None:
        self.assertIs(exception_of(TEMPERATURE, -999.9), NO_PROBE)
        self.assertIs(exception_of(TEMPERATURE, -999.8), None)
        self.assertIs(exception_of(Param(1, "x"), "-999.9"), None)

    def test_what_is_typed(self) -> None:
        for one, text, value in TYPED:
            found = parse_display(one, text)
            self.assertEqual(found, value, f"{one} {text!r}")
            self.assertIs(isinstance(found, str), isinstance(value, str), f"{one} {text!r}")

    def test_what_is_refused(self) -> None:
        for one, text, words in REFUSED:
            error = self.assertRaises(NotAValueError, parse_display, one, text)
            self.assertIn(words, str(error))

    def test_choices_of_another_param(self) -> None:
        """They are not known here, so whatever is typed is one."""
        elsewhere = Measurement("discreet", (Discreet("1", "On"),), dependency_id=7)
        self.assertEqual(parse_display(param(measurement=elsewhere), "5"), 5)
        self.assertEqual(parse_display(param(ValueType.STRING, elsewhere), "x"), "x")


class LawsTest(SynchronousTestCase):
    @given(st.integers() | st.decimals(-1000000, 1000000, places=6).map(float))
    def test_what_is_seen_can_be_typed(self, value: int | float) -> None:
        self.assertEqual(parse_display(NUMBER, display(NUMBER, value)), value)

    @given(
        st.sampled_from([one for one, _, _ in SEEN]), st.text() | st.integers() | st.floats(allow_nan=False)
    )
    def test_any_value(self, one: Param, value: Value) -> None:
        try:
            self.assertIsInstance(display(one, value), str)
        except NotAValueError as error:
            self.assertIn("expected", str(error))

    @given(st.sampled_from([one for one, _, _ in TYPED]), st.text())
    def test_any_text(self, one: Param, text: str) -> None:
        try:
            parse_display(one, text)
        except NotAValueError as error:
            self.assertIn("expected", str(error))
