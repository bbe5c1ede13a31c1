"""Laws of bytes and values: what goes out comes back, and nothing foreign is ever raised."""

from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Operation, Step
from smartserial.definition.measurement import Discreet, Display, Measurement
from smartserial.definition.param import (
    Endian,
    Interprete,
    LengthType,
    Other,
    Param,
    ParamType,
    RawType,
    Rounding,
    Side,
    ValueException,
    ValueType,
)
from smartserial.definition.values.codec import ParamCodec, initial_bytes
from smartserial.definition.values.display import display, parse_display
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value

ENDIANS = st.sampled_from(Endian)
ENDS = st.sampled_from(LengthType)
WIDTHS = st.sampled_from([1, 2, 3, 4, 8])
NUMBERS = st.integers(-300, 300) | st.integers() | st.floats() | st.sampled_from([0.1, -2.5, 1e22, 5e-324])
TEXTS = st.text(max_size=8) | NUMBERS.map(str) | st.text("0123456789ABCDEF .,-", max_size=8)
VALUES: st.SearchStrategy[Value] = NUMBERS | TEXTS
FINITE = st.sampled_from([0.0, 1.0, -1.0, 0.1, 10.0, 3.0, 0.5, 1e6, 1e300, -1e-300])
STEPS = st.builds(Step, st.sampled_from(Operation), FINITE) | st.builds(
    Step, st.sampled_from(Operation), st.none(), st.integers(1, 4)
)
SCALES = st.builds(Scale, FINITE, FINITE, FINITE, FINITE)
INTERPRETES = st.builds(
    Interprete,
    raw_type=st.sampled_from(RawType),
    length_type=ENDS,
    length=st.none() | st.integers(0, 9) | st.sampled_from([-300, -1, 5000, 1 << 62]),
    type=st.sampled_from(ValueType),
    trim=st.frozensets(st.sampled_from(Side)),
    filter=st.booleans(),
    value=st.none() | st.none() | st.text(max_size=4) | st.binary(max_size=4),
    default_value=st.none() | TEXTS,
    endian=ENDIANS,
    base=st.sampled_from([10, 10, 16, 2, 36, 10, 16, 1, -40, 10**17]),
    decimals=st.integers(-1, 40) | st.sampled_from([-(10**17), 970, 1000, 1040, 10**17]),
    rounding=st.sampled_from(Rounding),
    factor=st.none() | FINITE,
    offset=st.none() | FINITE,
    offset_id=st.none() | st.integers(1, 4),
    scale=st.none() | SCALES,
    sequence=st.lists(STEPS, max_size=3).map(tuple),
    sequence_noset=st.booleans(),
    sequence_loop=st.none() | FINITE,
    low=st.none() | FINITE,
    high=st.none() | FINITE,
    exceptions=st.just((ValueException("1", "one"),)),
    others=st.just((Other(1, "10", "ten"), Other(9, "x", "none"))),
    alignment=st.none() | st.sampled_from(Side),
    bits=st.none() | st.integers(-1, 9),
    byte_offset=st.integers(-300, 300),
)
PARAMS = st.builds(
    Param,
    st.just(1),
    st.just("x"),
    st.sampled_from([ParamType.READ, ParamType.WRITE, ParamType.GROUP]),
    st.none() | INTERPRETES,
    measurement=st.none() | st.just(Measurement("discreet", (Discreet("1", "on"),))),
    display=st.none() | st.builds(Display, units=st.just("V"), decimals=st.none() | st.integers(-1, 50)),
)
CODE_PAGE = Encoding()
ENCODINGS = st.sampled_from([CODE_PAGE, Encoding("cp437"), Encoding(unicode=True)])
BYTES = st.binary(max_size=10) | TEXTS.map(lambda text: text.encode("cp1252", "replace"))
OF_OTHERS: dict[int, Value] = {1: 3, 2: "2.5", 3: "", 4: 0}


def bytes_of(number: int) -> bytes:
    if number == 9:
        raise NotAValueError("expected bytes of param 9")
    return b"--"


def codec(param: Param, encoding: Encoding) -> ParamCodec:
    return ParamCodec(param, encoding, OF_OTHERS.__getitem__, bytes_of)


def of(interprete: Interprete, encoding: Encoding = CODE_PAGE) -> ParamCodec:
    return ParamCodec(Param(1, "x", interprete=interprete), encoding)


def number(
    raw_type: RawType, length_type: LengthType, width: int, endian: Endian, **said: object
) -> ParamCodec:
    return of(
        Interprete(
            raw_type=raw_type,
            length_type=length_type,
            length=width,
            endian=endian,
            type=ValueType.DOUBLE,
            **said,  # type: ignore[arg-type]
        )
    )


class NumbersTest(SynchronousTestCase):
    @given(st.data(), ENDS, WIDTHS, ENDIANS, st.booleans())
    def test_integers(
        self, data: st.DataObject, ends: LengthType, width: int, endian: Endian, signed: bool
    ) -> None:
        one = number(RawType.SIGNED_NUMBER if signed else RawType.UNSIGNED_NUMBER, ends, width, endian)
        if signed and ends is LengthType.FIXED:
            value = data.draw(st.integers(-(1 << 8 * width - 1), (1 << 8 * width - 1) - 1))
        else:
            value = data.draw(st.integers(0, (1 << 8 * width) - 1))
        self.assertEqual(one.decode(one.encode(value)).value, value)
        if ends is LengthType.FIXED:
            wire = data.draw(st.binary(min_size=width, max_size=width))
            self.assertEqual(one.encode(one.decode(wire).value), wire)

    @given(st.binary(min_size=1, max_size=20), ENDIANS)
    def test_integers_are_those_of_the_bytes(self, data: bytes, endian: Endian) -> None:
        one = number(RawType.UNSIGNED_NUMBER, LengthType.NEXT_PARAM, 0, endian)
        places = data if endian is Endian.LITTLE else data[::-1]
        self.assertEqual(one.decode(data).value, sum(byte << 8 * place for place, byte in enumerate(places)))

    @given(st.binary(min_size=4, max_size=4), ENDIANS)
    @example(b"\x7f\x7f\xff\xff", Endian.BIG)
    @example(b"\x00\x00\x00\x01", Endian.BIG)
    def test_short_floats(self, data: bytes, endian: Endian) -> None:
        """All bytes that are a number come back, where no decimals are dropped."""
        one = number(RawType.DOUBLE, LengthType.FIXED, 4, endian, decimals=60)
        try:
            value = one.decode(data).value
        except NotAValueError:
            order = data if endian is Endian.BIG else data[::-1]
            self.assertEqual(order[0] & 0x7F, 0x7F)
            self.assertTrue(order[1] & 0x80)
            return
        if value:
            self.assertEqual(one.encode(value), data)

    @given(st.floats(allow_nan=False, allow_infinity=False), ENDIANS)
    def test_doubles(self, value: float, endian: Endian) -> None:
        one = number(RawType.DOUBLE, LengthType.FIXED, 8, endian, decimals=1000)
        self.assertEqual(one.decode(one.encode(value)).value, value)

    @given(st.integers(), st.integers(2, 36))
    def test_numeric_text(self, value: int, base: int) -> None:
        one = number(RawType.NUMERIC_TEXT, LengthType.NEXT_PARAM, 0, Endian.LITTLE, base=base)
        self.assertEqual(one.decode(one.encode(value)).value, value)

    @given(st.decimals(-(10**8), 10**8, places=6).map(float))
    def test_decimals(self, value: float) -> None:
        one = number(RawType.NUMERIC_TEXT, LengthType.NEXT_PARAM, 0, Endian.LITTLE)
        self.assertEqual(one.decode(one.encode(value)).value, value)

    @given(st.data(), ENDS, WIDTHS, ENDIANS, st.none() | st.sampled_from(Side))
    def test_bcd(
        self, data: st.DataObject, ends: LengthType, width: int, endian: Endian, side: Side | None
    ) -> None:
        one = number(RawType.BCD, ends, width, endian, alignment=side)
        value = data.draw(st.integers(0, 10 ** (2 * width - (side is not None)) - 1))
        self.assertEqual(one.decode(one.encode(value)).value, value)

    @given(st.integers(0, 15), st.integers(1, 4), ENDIANS, st.booleans())
    def test_nibbles(self, value: int, width: int, endian: Endian, high: bool) -> None:
        kind = ValueType.HIGH_NIBBLE if high else ValueType.LOW_NIBBLE
        one = of(Interprete(type=kind, length_type=LengthType.FIXED, length=width, endian=endian))
        self.assertEqual(one.decode(one.encode(value)).value, value)

    @given(st.integers(-(2**31), 2**31 - 1), st.sampled_from([0.1, 0.01, 0.25, 3.0, -7.0, 0.3]))
    def test_factors(self, raw: int, factor: float) -> None:
        one = number(RawType.SIGNED_NUMBER, LengthType.FIXED, 4, Endian.BIG, factor=factor)
        data = raw.to_bytes(4, "big", signed=True)
        value = one.decode(data).value
        assert not isinstance(value, str)
        self.assertTrue(math.isclose(value, raw * factor, abs_tol=1e-9))
        self.assertEqual(one.encode(value), data)


class TextsTest(SynchronousTestCase):
    @given(st.binary(), ENCODINGS)
    def test_any_bytes_are_a_text(self, data: bytes, encoding: Encoding) -> None:
        one = of(Interprete(), encoding)
        self.assertEqual(one.encode(one.decode(data).value), data)

    @given(st.binary(min_size=1, max_size=9), ENCODINGS)
    def test_any_bytes_of_a_length(self, data: bytes, encoding: Encoding) -> None:
        one = of(Interprete(length_type=LengthType.FIXED, length=len(data)), encoding)
        self.assertEqual(one.encode(one.decode(data).value), data)

    @given(st.text("abcXYZ019-.;,?! ", max_size=9), ENCODINGS)
    def test_text(self, text: str, encoding: Encoding) -> None:
        one = of(Interprete(raw_type=RawType.TEXT), encoding)
        self.assertEqual(one.decode(one.encode(text)).value, text)
        padded = of(
            Interprete(
                raw_type=RawType.TEXT,
                length_type=LengthType.FIXED,
                length=20,
                trim=frozenset({Side.LEFT}),
            ),
            encoding,
        )
        self.assertEqual(padded.decode(padded.encode(text)).value, text.lstrip(" "))


class NothingForeignTest(SynchronousTestCase):
    @given(PARAMS, ENCODINGS, BYTES, st.none() | NUMBERS)
    def test_any_bytes(self, param: Param, encoding: Encoding, data: bytes, last: Value | None) -> None:
        """A value, finite when it is a number, or the one error; and people can look at it."""
        try:
            decoded = codec(param, encoding).decode(data, last)
        except NotAValueError as error:
            self.assertIn("expected", str(error))
            return
        self.assertEqual(decoded.data, data)
        if isinstance(decoded.value, float):
            self.assertTrue(math.isfinite(decoded.value))
        self.assertIsInstance(display(param, decoded.value), str)

    @given(PARAMS, ENCODINGS, VALUES)
    def test_any_value(self, param: Param, encoding: Encoding, value: Value) -> None:
        """Bytes, of the fixed length where there is one, or the one error."""
        try:
            data = codec(param, encoding).encode(value)
        except NotAValueError as error:
            self.assertIn("expected", str(error))
            return
        interprete = param.interprete
        if interprete and interprete.length_type is LengthType.FIXED and interprete.length is not None:
            self.assertIn(len(data), (interprete.length, len(bytes_of(1))))

    @given(PARAMS, ENCODINGS)
    def test_any_start(self, param: Param, encoding: Encoding) -> None:
        try:
            initial_bytes(param, encoding)
        except NotAValueError as error:
            self.assertIn("expected", str(error))

    @given(PARAMS, TEXTS)
    def test_anything_typed(self, param: Param, text: str) -> None:
        try:
            parse_display(param, text)
        except NotAValueError as error:
            self.assertIn("expected", str(error))
