"""Factor, scale, sequence, rounding and range: numbers as people expect them."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Operation, Step, parse_sequence
from smartserial.definition.param import (
    Endian,
    Interprete,
    LengthType,
    Param,
    ParamType,
    RawType,
    Rounding,
    ValueException,
    ValueType,
)
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value

TEXT: dict[str, Any] = {"raw_type": RawType.NUMERIC_TEXT, "type": ValueType.DOUBLE}
OTHERS: dict[int, Value] = {5: 3, 6: "2.5", 7: "none", 8: 0, 9: float("nan")}


def codec(kind: ParamType = ParamType.READ, **said: Any) -> ParamCodec:
    return ParamCodec(
        Param(1, "x", kind, Interprete(**{**TEXT, **said})), Encoding(), value_of=OTHERS.__getitem__
    )


def steps(text: str) -> tuple[Step, ...]:
    parsed = parse_sequence(text)
    assert not parsed.problems, parsed.problems
    return parsed.value


TEMPERATURE = Interprete(
    raw_type=RawType.SIGNED_NUMBER,
    length_type=LengthType.FIXED,
    length=2,
    endian=Endian.BIG,
    type=ValueType.DOUBLE,
    sequence=(Step(Operation.DIV, 10),),
    exceptions=(ValueException("-999.9", "No probe", "-1000"),),
)

# What is said, what comes, the value; and what goes out again, unless that is what came.
CONVERTED: list[tuple[dict[str, Any], str, Value, str | None]] = [
    ({"factor": 0.1}, "25", 2.5, None),
    ({"factor": 0.1}, "3", 0.3, None),
    ({"factor": 0.1}, "-100", -10, None),
    ({"factor": 3.0}, "0.1", 0.3, None),
    ({"scale": Scale(0, 255, 0, 100)}, "51", 20, None),
    ({"scale": Scale(0, 4095, -50, 150)}, "0", -50, None),
    ({"scale": Scale(0, 4095, -50, 150)}, "4095", 150, None),
    ({"scale": Scale(4, 20, 0, 100)}, "12", 50, None),
    ({"scale": Scale(0, 10, 100, 0)}, "3", 70, None),
    ({"sequence": steps("*:2;+:1")}, "5", 11, None),
    ({"sequence": steps("+:1;*:2")}, "5", 12, None),
    ({"sequence": steps("-:3")}, "5", 2, None),
    ({"sequence": steps("div:8")}, "1", 0.125, None),
    ({"sequence": steps("^:2")}, "12", 144, None),
    ({"sequence": steps("^:3")}, "-2", -8, "error"),
    ({"sequence": steps("%:256")}, "300", 44, "44"),
    ({"sequence": steps("%:7")}, "-10", -3, "-3"),
    ({"sequence": steps("log10")}, "1000", 30, None),
    ({"sequence": steps("log20")}, "10", 20, None),
    ({"sequence": steps("log10")}, "2", 3.010299, "1.99999955945113"),
    ({"sequence": steps("*:id:5")}, "4", 12, None),
    ({"sequence": steps("+:param:6")}, "4", 6.5, None),
    ({"sequence": steps("div:3;*:3")}, "1", 1, None),
    ({"sequence": steps("*:1e30")}, "7", 7e30, None),
    ({"sequence": (Step(Operation.OFFSET),), "offset": 1.5}, "1", 2.5, None),
    ({"sequence": (Step(Operation.OFFSET),), "offset": 1.5, "offset_id": 5}, "1", 4, None),
    # factor, then scale, then sequence
    ({"factor": 2.0, "scale": Scale(0, 10, 0, 100), "sequence": steps("+:1")}, "3", 61, None),
    ({"factor": 2.0, "sequence": steps("+:1;^:2")}, "3", 49, None),
]
ROUNDED: list[tuple[Rounding, tuple[str, str, str, str, str, str]]] = [
    #                            2.5   -2.5   2.4   -2.4   2.6   -2.6
    (Rounding.DOWN, ("2", "-3", "2", "-3", "2", "-3")),
    (Rounding.UP, ("3", "-2", "3", "-2", "3", "-2")),
    (Rounding.TO_ZERO, ("2", "-2", "2", "-2", "2", "-2")),
    (Rounding.TO_INFINITY, ("3", "-3", "3", "-3", "3", "-3")),
    (Rounding.HALF_DOWN, ("2", "-3", "2", "-2", "3", "-3")),
    (Rounding.HALF_UP, ("3", "-2", "2", "-2", "3", "-3")),
    (Rounding.HALF_TO_ZERO, ("2", "-2", "2", "-2", "3", "-3")),
    (Rounding.HALF_TO_INFINITY, ("3", "-3", "2", "-2", "3", "-3")),
]
NO_NUMBER: list[tuple[dict[str, Any], str]] = [
    ({"sequence": steps("div:0")}, "1"),
    ({"sequence": steps("div:0")}, "0"),
    ({"sequence": steps("div:id:8")}, "1"),
    ({"sequence": steps("%:0")}, "1"),
    ({"sequence": steps("log10")}, "0"),
    ({"sequence": steps("log20")}, "-1"),
    ({"sequence": steps("^:0.5")}, "-1"),
    ({"sequence": steps("^:1e9")}, "10"),
    ({"sequence": steps("*:id:7")}, "1"),
    ({"sequence": steps("*:id:9")}, "1"),
    ({"scale": Scale(1, 1, 0, 5)}, "1"),
    ({"factor": 1e300}, "1e300"),
    ({"sequence": steps("*:1e300;*:1e300")}, "1"),
]


class ConversionTest(SynchronousTestCase):
    def test_in_and_out(self) -> None:
        for said, text, value, back in CONVERTED:
            one = codec(**said)
            self.assertEqual(one.decode(text.encode()).value, value, f"{said} {text}")
            if back == "error":
                self.assertRaises(NotAValueError, one.encode, value)
            else:
                self.assertEqual(one.encode(value).decode(), back or text, f"{said} {value}")

    def test_no_number(self) -> None:
        for said, text in NO_NUMBER:
            error = self.assertRaises(NotAValueError, codec(**said).decode, text.encode())
            self.assertIn("expected a", str(error), f"{said}")

    def test_no_way_back(self) -> None:
        for said in ({"factor": 0.0}, {"scale": Scale(0, 5, 1, 1)}, {"sequence": steps("*:0")}):
            self.assertRaises(NotAValueError, codec(**said).encode, 1)

    def test_a_step_without_its_number(self) -> None:
        error = self.assertRaises(NotAValueError, codec, sequence=(Step(Operation.DIV),))
        self.assertEqual(str(error), "expected a number in the sequence after DIV")

    def test_other_params_unknown(self) -> None:
        said = Interprete(**TEXT, sequence=steps("*:id:5"))
        one = ParamCodec(Param(1, "x", interprete=said), Encoding())
        error = self.assertRaises(NotAValueError, one.decode, b"1")
        self.assertIn("param 5", str(error))

    def test_a_write_sequence_is_the_way_out(self) -> None:
        """Its author wrote the inverse of what the read param says."""
        one = codec(ParamType.WRITE, sequence=steps("*:10;+:1"))
        self.assertEqual(one.encode(2.5), b"26")
        self.assertEqual(one.decode(b"26").value, 2.5)

    def test_a_sequence_needs_noset(self) -> None:
        """Without it all that the element says counts for nothing, for values and for bytes."""
        for kind in (ParamType.READ, ParamType.WRITE):
            one = codec(kind, factor=2.0, sequence=steps("*:10;+:1"), sequence_noset=False)
            self.assertEqual(one.decode(b"3").value, 6)
            self.assertEqual(one.encode(6), b"3")
        counter = codec(sequence_loop=1010.0, sequence_noset=False).decode(b"20", 1000)
        self.assertEqual((counter.value, counter.counter), (20, None))
        broken = codec(sequence=(Step(Operation.DIV),), sequence_noset=False)
        self.assertEqual(broken.decode(b"3").value, 3)

    def test_digits_stay_text_without_noset(self) -> None:
        said = {"type": ValueType.STRING, "sequence": steps("*:1"), "sequence_loop": 5.0}
        self.assertEqual(codec(**said, sequence_noset=False).decode(b"007").value, "007")
        self.assertEqual(codec(**said).decode(b"007").value, "7")

    def test_text_held_numbers(self) -> None:
        one = codec(type=ValueType.STRING, factor=0.1)
        self.assertEqual(one.decode(b"25").value, "2.5")
        self.assertEqual(one.encode("2.5"), b"25")

    def test_text_is_not_converted(self) -> None:
        one = codec(type=ValueType.STRING, raw_type=RawType.OTHER, factor=0.1)
        self.assertEqual(one.decode(b"25").value, "25")
        self.assertEqual(one.encode("x"), b"x")


class WorkedExampleTest(SynchronousTestCase):
    def test_temperature(self) -> None:
        one = ParamCodec(Param(31, "Temp", interprete=TEMPERATURE), Encoding())
        for data, value in ((b"\xff\x9c", -10.0), (b"\xd8\xf1", -999.9), (b"\0\x19", 2.5)):
            self.assertEqual(one.decode(data).value, value)
            self.assertEqual(one.encode(value), data)

    def test_every_tenth(self) -> None:
        """No value has a binary tail, and each comes back as the bytes that it was."""
        one = ParamCodec(Param(31, "Temp", interprete=TEMPERATURE), Encoding())
        for raw in range(-32768, 32768, 7):
            data = raw.to_bytes(2, "big", signed=True)
            value = one.decode(data).value
            self.assertEqual(value, float(f"{raw}e-1"))
            self.assertEqual(one.encode(value), data)


class RoundingTest(SynchronousTestCase):
    def test_modes(self) -> None:
        for rounding, expected in ROUNDED:
            one = codec(decimals=0, rounding=rounding)
            found = [
                str(one.decode(text).value) for text in (b"2.5", b"-2.5", b"2.4", b"-2.4", b"2.6", b"-2.6")
            ]
            self.assertEqual(tuple(found), expected, str(rounding))

    def test_decimals(self) -> None:
        for decimals, text, value in (
            (6, b"1.23456789", 1.234567),
            (2, b"1.239", 1.23),
            (2, b"-1.231", -1.24),
            (2, b"1.2", 1.2),
            (-3, b"1234.9", 1234),
            (0, b"1234567890123.5", 1234567890123),
            (900, b"1.23", 1.23),
            (2000, b"0.5", 0.5),
            (10**17, b"0.5", 0.5),
            (-(10**17), b"1234.9", 1234),
            (10**17, b"1e-1030", 0),
        ):
            self.assertEqual(codec(decimals=decimals).decode(text).value, value, f"{decimals} {text!r}")

    def test_nothing_is_rounded_on_the_way_out(self) -> None:
        self.assertEqual(codec(decimals=0).encode(2.75), b"2.75")

    def test_an_even_number_is_whole(self) -> None:
        self.assertIsInstance(codec(factor=0.5).decode(b"4").value, int)


class RangeTest(SynchronousTestCase):
    def test_outside_is_ignored(self) -> None:
        one = codec(low=-5.0, high=10.5)
        for text, why in (
            (b"-5", None),
            (b"10.5", None),
            (b"-5.1", "-5.1 is below -5"),
            (b"11", "11 is above 10.5"),
        ):
            self.assertEqual(one.decode(text).ignored, why)

    def test_the_value_counts_not_the_raw_one(self) -> None:
        self.assertIs(codec(factor=0.1, high=5.0).decode(b"50").ignored, None)
        self.assertEqual(codec(factor=0.1, high=5.0).decode(b"51").ignored, "5.1 is above 5")

    def test_what_is_written_is_not_checked(self) -> None:
        self.assertEqual(codec(high=5.0).encode(6), b"6")

    def test_held_as_text(self) -> None:
        self.assertEqual(codec(type=ValueType.STRING, high=5.0).decode(b"6").ignored, "6 is above 5")


class CounterTest(SynchronousTestCase):
    def test_a_counter_that_starts_again(self) -> None:
        one = codec(sequence_loop=1010.0)
        first = one.decode(b"1000")
        self.assertEqual((first.value, first.counter), (1000, 1000))
        again = one.decode(b"20", first.counter)
        self.assertEqual((again.value, again.counter), (30, 20))
        later = one.decode(b"25", again.counter)
        self.assertEqual((later.value, later.counter), (25, 25))

    def test_before_the_sequence(self) -> None:
        one = codec(sequence_loop=1010.0, sequence=steps("div:10"))
        self.assertEqual(one.decode(b"20", 1000).value, 3)
        self.assertEqual(one.decode(b"20").counter, 20)

    def test_no_counter(self) -> None:
        self.assertIs(codec().decode(b"20", 1000).counter, None)
