"""Bytes and values of each raw type: tables read both ways, and what does not fit."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.param import (
    Endian,
    Interprete,
    LengthType,
    Other,
    Param,
    ParamType,
    RawType,
    Side,
    ValueType,
)
from smartserial.definition.values.codec import Decoded, ParamCodec
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value

BIG = Endian.BIG
NUMBER: dict[str, Any] = {"type": ValueType.DOUBLE}
UNSIGNED = {**NUMBER, "raw_type": RawType.UNSIGNED_NUMBER}
SIGNED = {**NUMBER, "raw_type": RawType.SIGNED_NUMBER}
FLOAT = {**NUMBER, "raw_type": RawType.DOUBLE}
DIGITS = {**NUMBER, "raw_type": RawType.NUMERIC_TEXT}
BCD = {**NUMBER, "raw_type": RawType.BCD, "endian": BIG}
TEXT = {"raw_type": RawType.TEXT}
HIGH, LOW = {"type": ValueType.HIGH_NIBBLE}, {"type": ValueType.LOW_NIBBLE}


def interprete(said: dict[str, Any], length: int | None = None, **more: Any) -> Interprete:
    fixed = {} if length is None else {"length_type": LengthType.FIXED, "length": length}
    return Interprete(**{**said, **fixed, **more})


def codec(said: Interprete, unicode: bool = False, **more: Any) -> ParamCodec:
    return ParamCodec(Param(1, "x", interprete=said), Encoding(unicode=unicode), **more)


# Bytes (hex, or text after a quote), and the value: true in both directions.
BOTH: list[tuple[Interprete, str, Value]] = [
    (interprete({}), "'a b\u20ac\r", "a b\u20ac\r"),
    (interprete({}, 3), "' ab", " ab"),
    (interprete(TEXT), "'Az09-.;,?! ", "Az09-.;,?! "),
    (interprete(UNSIGNED, 2), "01 00", 1),
    (interprete(UNSIGNED, 2, endian=BIG), "01 00", 256),
    (interprete(UNSIGNED, 1), "31", 49),
    (interprete(UNSIGNED, 8), "FF FF FF FF FF FF FF FF", 2**64 - 1),
    (interprete(UNSIGNED), "01 02 03", 0x030201),
    (interprete(UNSIGNED, endian=BIG), "01 02 03", 0x010203),
    (interprete(SIGNED, 2, endian=BIG), "FF 9C", -100),
    (interprete(SIGNED, 2), "FF 9C", -25345),
    (interprete(SIGNED, 8), "01 00 00 00 00 00 00 80", -(2**63) + 1),
    (interprete(SIGNED), "FF", 255),  # without a length there is no sign
    (interprete(FLOAT, 4, endian=BIG), "3F 33 33 33", 0.7),
    (interprete(FLOAT, 4), "00 00 C8 42", 100),
    (interprete(FLOAT, 8, endian=BIG), "BF F8 00 00 00 00 00 00", -1.5),
    (interprete(DIGITS), "'42", 42),
    (interprete(DIGITS), "'-2.5", -2.5),
    (interprete(DIGITS, 4), "'0042", 42),
    (interprete(DIGITS, 5), "'-0042", -42),
    (interprete(DIGITS, 4), "'02.5", 2.5),
    (interprete(DIGITS), "'18446744073709551615", 2**64 - 1),
    (interprete(DIGITS, 2, base=16), "'6D", 0x6D),
    (interprete(DIGITS, 4, base=16), "'00FF", 255),
    (interprete(DIGITS, base=2), "'101", 5),
    (interprete(DIGITS, base=36), "'-Z1", -1261),
    (interprete({"raw_type": RawType.NUMERIC_TEXT}), "'007", "007"),
    (interprete({"raw_type": RawType.NUMERIC_TEXT}, 3), "'1,5", "1,5"),
    (interprete({"raw_type": RawType.UNSIGNED_NUMBER}, 2), "02 01", "258"),
    (interprete({"raw_type": RawType.DOUBLE}, 4, endian=BIG), "3F 33 33 33", "0.7"),
    (interprete({"raw_type": RawType.BCD, "endian": BIG}), "00 12", "0012"),
    (interprete(BCD), "12 34", 1234),
    (interprete({**BCD, "endian": None}, 2), "12 34", 1234),
    (interprete(BCD, 3), "00 12 34", 1234),
    (interprete(BCD, 2, endian=Endian.LITTLE), "34 12", 1234),
    (interprete(BCD, 2, alignment=Side.LEFT), "01 23", 123),
    (interprete(BCD, 2, alignment=Side.RIGHT), "12 30", 123),
    (interprete({"type": ValueType.HIGH_NIBBLE}, 1), "A0", 10),
    (interprete({"type": ValueType.LOW_NIBBLE}, 1), "0A", 10),
    (interprete({"type": ValueType.HIGH_NIBBLE}, 2, endian=BIG), "A0 00", 10),
    (interprete({"type": ValueType.HIGH_NIBBLE}, 2), "00 A0", 10),
    (interprete(NUMBER), "'12.5", 12.5),  # any bytes, held as a number
    (interprete(UNSIGNED), "", ""),
    (interprete({}), "", ""),
]
ONLY_IN: list[tuple[Interprete, str, Value]] = [
    (interprete(DIGITS), "' 42 ", 42),
    (interprete(DIGITS), "'+1,50", 1.5),
    (interprete(DIGITS), "'1e3", 1000),
    (interprete(DIGITS), "'25E-1", 2.5),
    (interprete(DIGITS), "'.5", 0.5),
    (interprete(DIGITS), "'5.", 5),
    (interprete(DIGITS, base=16), "' 6d", 0x6D),
    (interprete({"type": ValueType.HIGH_NIBBLE}, 1), "A7", 10),
    (interprete({"type": ValueType.LOW_NIBBLE}, 1), "7A", 10),
    (interprete(BCD, 2, alignment=Side.RIGHT), "12 3F", 123),
    (interprete({**TEXT, **HIGH}, 1), "'5", 3),
    (interprete({"raw_type": RawType.NUMERIC_TEXT, **LOW}, 2), "'1,", 1),
    (interprete({"raw_type": RawType.NUMERIC_TEXT, **HIGH}, 1, base=16), "'A", 4),
    (interprete({**BCD, **HIGH}, 1), "97", 9),
    (interprete({**BCD, **LOW}, 1, alignment=Side.LEFT), "F7", 7),
    (interprete({"raw_type": RawType.SIGNED_NUMBER, **HIGH}, 1), "FF", 15),
    (interprete({}, trim=frozenset({Side.LEFT})), "'  ab ", "ab "),
    (interprete({}, trim=frozenset({Side.RIGHT})), "'  ab ", "  ab"),
    (interprete({}, trim=frozenset(Side)), "'  a b ", "a b"),
    (interprete({"raw_type": RawType.NUMERIC_TEXT}, trim=frozenset(Side)), "'  7 ", "7"),
    (interprete(NUMBER, 5), "'  1.5", 1.5),
]
ONLY_OUT: list[tuple[Interprete, Value, str]] = [
    (interprete(TEXT, 4), "ab", "'  ab"),
    (interprete({}, 4), 12, "'  12"),
    (interprete({}), 0.1 + 0.2, "'0.3"),
    (interprete({}), 1e300, "'1e+300"),
    (interprete({}), "\u0416", "'?"),
    (interprete({"raw_type": RawType.NUMERIC_TEXT}, 3), "7", "'007"),
    (interprete({"raw_type": RawType.NUMERIC_TEXT}, 3), 7, "'007"),
    (interprete(UNSIGNED, 2), "258", "02 01"),
    (interprete(UNSIGNED, 1), 2.5, "03"),
    (interprete(UNSIGNED, 1), 2.4, "02"),
    (interprete(SIGNED, 1), -2.5, "FD"),
    (interprete(UNSIGNED), 0, "00"),
    (interprete(UNSIGNED, 2), "", "00 00"),
    (interprete(DIGITS, 2), "", "'00"),
    (interprete(DIGITS, 3), "1,5", "'1.5"),
    (interprete(DIGITS, 5), 10 / 3, "'3.333"),
    (interprete(DIGITS, 3), 9.99, "'010"),
    (interprete(DIGITS), 0.1 + 0.2, "'0.3"),
    (interprete(DIGITS), -0.0, "'0"),
    (interprete(DIGITS, base=16), 254.7, "'FF"),
    (interprete(FLOAT), 1, "00 00 00 00 00 00 F0 3F"),
    (interprete(BCD, 2), "12", "00 12"),
    (interprete(BCD, 2), 12.4, "00 12"),
    (interprete(BCD), 123, "01 23"),
]
UNFIT_IN: list[tuple[Interprete, str, str]] = [
    (interprete(TEXT), "'a:b", "expected letters, digits"),
    (interprete(TEXT), "'\u20ac", "expected letters, digits"),
    (interprete(UNSIGNED, 2), "01", "expected 2 bytes, not 1"),
    (interprete(UNSIGNED, 2), "", "expected 2 bytes, not 0"),
    (interprete(UNSIGNED), "00" * 401, "at most 400 bytes, not 401"),
    (interprete(DIGITS), "'1x", "expected digits, not the bytes 31 78"),
    (interprete(DIGITS), "'A", "expected digits"),
    (interprete(DIGITS), "'    ", "expected a number"),
    (interprete(DIGITS), "'1-2", "expected a number"),
    (interprete(DIGITS), "'1,2.3", "expected a number"),
    (interprete(DIGITS), "'1e9999", "too large"),
    (interprete(DIGITS), "'" + "1" * 1201, "expected a number"),
    (interprete(DIGITS, base=16), "'0x1", "expected digits"),
    (interprete(DIGITS, base=16), "'1.5", "base 16"),
    (interprete(DIGITS, base=2), "'12", "base 2"),
    (interprete({"raw_type": RawType.NUMERIC_TEXT}), "'a", "expected digits"),
    (interprete(FLOAT, 3), "00 00 00", "4 or 8 bytes, not 3"),
    (interprete(FLOAT, 4), "00 00 80 7F", "finite"),
    (interprete(FLOAT, 8), "FF FF FF FF FF FF FF FF", "finite"),
    (interprete(BCD, 2), "1A 23", "two decimal digits a byte, not the bytes 1A 23"),
    (interprete({**TEXT, **HIGH}, 1), "':", "expected letters, digits"),
    (interprete({"raw_type": RawType.NUMERIC_TEXT, **LOW}, 1), "'A", "expected digits"),
    (interprete({"raw_type": RawType.NUMERIC_TEXT, **LOW}, 1, base=16), "'G", "expected digits"),
    (interprete({**BCD, **HIGH}, 1), "A7", "two decimal digits a byte"),
    (interprete({**BCD, **LOW}, 1, alignment=Side.RIGHT), "F7", "two decimal digits a byte"),
    (interprete({"raw_type": RawType.ONLY_OTHERS, **HIGH}, 1), "'x", "bytes of another param"),
    (interprete(NUMBER), "'on", "expected a number, not 'on'"),
    (interprete({"raw_type": RawType.ONLY_OTHERS}), "'x", "bytes of another param"),
]
UNFIT_OUT: list[tuple[Interprete, Value, str]] = [
    (interprete(TEXT, 2), "abc", "at most 2 bytes, not 3"),
    (interprete(UNSIGNED, 1), 256, "fits in 1 bytes, not 256"),
    (interprete(UNSIGNED, 1), -1, "0 or above"),
    (interprete(UNSIGNED), -1, "0 or above"),
    (interprete(SIGNED), -1, "0 or above"),
    (interprete(SIGNED, 1), 128, "not 128"),
    (interprete(UNSIGNED, 1), "x", "expected a number, not 'x'"),
    (interprete(UNSIGNED, 1), float("nan"), "finite"),
    (interprete(UNSIGNED, 1), float("inf"), "finite"),
    (interprete(UNSIGNED), 1 << 4000, "a number of 4001 bits"),
    (interprete(FLOAT, 4), 1e39, "4 bytes, not 1e+39"),
    (interprete(FLOAT, 8), 1 << 2000, "8 bytes"),
    (interprete(FLOAT, 2), 1, "4 or 8 bytes, not 2"),
    (interprete(DIGITS, 2), 100, "at most 2 characters, not 100"),
    (interprete(DIGITS, 3), -100.5, "at most 3 characters"),
    (interprete(DIGITS), 1 << 4000, "a number of 4001 bits"),
    (interprete(DIGITS, base=16), 1 << 4000, "a number of 4001 bits"),
    (interprete({"raw_type": RawType.NUMERIC_TEXT}), "a", "expected digits"),
    (interprete({"raw_type": RawType.NUMERIC_TEXT}, 1), "12", "at most 1 bytes"),
    (interprete(BCD, 1), 100, "at most 2 digits, not 100"),
    (interprete(BCD, 1), -1, "at most 2 digits, not -1"),
    (interprete(BCD, 1, alignment=Side.LEFT), 10, "at most 1 digits"),
    (interprete({"type": ValueType.HIGH_NIBBLE}, 1), 16, "0 to 15"),
    (interprete({}), 1 << 4000, "digits"),
    (interprete({}), float("nan"), "finite"),
    (interprete({"raw_type": RawType.ONLY_OTHERS}), 1, "a value of the others, not 1"),
]


def wire(text: str) -> bytes:
    return Encoding().encode(text[1:]) if text.startswith("'") else bytes.fromhex(text)


class TablesTest(SynchronousTestCase):
    maxDiff = None

    def test_in(self) -> None:
        for said, data, value in BOTH + ONLY_IN:
            found = codec(said).decode(wire(data))
            self.assertEqual(found, Decoded(value, wire(data)), f"{said} {data}")
            self.assertIs(isinstance(found.value, str), isinstance(value, str), f"{said} {data}")

    def test_out(self) -> None:
        for said, data, value in BOTH:
            self.assertEqual(codec(said).encode(value), wire(data), f"{said} {data}")
        for said, value, data in ONLY_OUT:
            self.assertEqual(codec(said).encode(value), wire(data), f"{said} {value}")

    def test_what_does_not_fit_in(self) -> None:
        for said, data, words in UNFIT_IN:
            error = self.assertRaises(NotAValueError, codec(said).decode, wire(data))
            self.assertIn(words, str(error))

    def test_what_does_not_fit_out(self) -> None:
        for said, value, words in UNFIT_OUT:
            error = self.assertRaises(NotAValueError, codec(said).encode, value)
            self.assertIn(words, str(error))

    def test_whole_numbers_stay_whole(self) -> None:
        for said in (interprete(UNSIGNED, 8), interprete(DIGITS), interprete(UNSIGNED, 8, factor=1.0)):
            one = codec(said)
            for number in (2**53 + 1, 2**64 - 1):
                value = one.decode(one.encode(number)).value
                self.assertIsInstance(value, int)
                self.assertEqual(value, number)

    def test_no_base(self) -> None:
        for base in (0, 1, 37):
            self.assertRaises(NotAValueError, codec, interprete(DIGITS, base=base))

    def test_no_length(self) -> None:
        for length in (-1, (1 << 20) + 1, 10**17):
            for said in ({}, UNSIGNED, DIGITS, HIGH):
                error = self.assertRaises(NotAValueError, codec, interprete(said, length))
                self.assertIn("expected a length of 0 to 1048576 bytes", str(error))

    def test_no_interprete(self) -> None:
        one = ParamCodec(Param(1, "x"), Encoding())
        self.assertEqual(one.encode("ab"), b"ab")
        self.assertEqual(one.decode(b"ab").value, "ab")


class UnicodeTest(SynchronousTestCase):
    def test_texts(self) -> None:
        for said, data, value in (
            (interprete({}), b"A\0\x16\x04", "A\u0416"),
            (interprete({}, 6), b" \0A\0B\0", " AB"),
            (interprete(TEXT), b"A\0", "A"),
            (interprete({"raw_type": RawType.NUMERIC_TEXT}), b"7\0", "7"),
            (interprete(NUMBER), b"7\0", 7),
            (interprete(DIGITS), b"7", 7),
            (interprete(UNSIGNED, 1), b"7", 55),
        ):
            one = codec(said, unicode=True)
            self.assertEqual(one.decode(data).value, value, f"{said}")
            self.assertEqual(one.encode(value), data, f"{said}")

    def test_padding(self) -> None:
        self.assertEqual(codec(interprete({}, 4), unicode=True).encode("A"), b" \0A\0")
        error = self.assertRaises(NotAValueError, codec(interprete({}, 3), unicode=True).encode, "A")
        self.assertIn("even number of bytes", str(error))

    def test_what_is_not_allowed(self) -> None:
        self.assertRaises(NotAValueError, codec(interprete(TEXT), unicode=True).decode, b":\0")
        self.assertRaises(NotAValueError, codec(interprete(TEXT), unicode=True).decode, b"A")


class OthersTest(SynchronousTestCase):
    others = (Other(50, "10", "no signal"), Other(51, "11", "busy"))
    bytes_of = {50: b"---", 51: b"***"}

    def setUp(self) -> None:
        self.digits = codec(interprete(DIGITS, 3, others=self.others), raw_of=self.bytes_of.__getitem__)

    def test_bytes_that_do_not_fit(self) -> None:
        self.assertEqual(self.digits.decode(b"***"), Decoded(11, b"***"))
        self.assertRaises(NotAValueError, self.digits.decode, b"+++")

    def test_what_fits_is_no_other(self) -> None:
        self.assertEqual(self.digits.decode(b"010").value, 10)
        self.assertEqual(self.digits.encode(10), b"010")

    def test_state_as_text(self) -> None:
        said = interprete({"raw_type": RawType.NUMERIC_TEXT}, 3, others=self.others)
        self.assertEqual(codec(said, raw_of=self.bytes_of.__getitem__).decode(b"***").value, "11")

    def test_only_others(self) -> None:
        said = interprete({**NUMBER, "raw_type": RawType.ONLY_OTHERS}, 3, others=self.others)
        one = codec(said, raw_of=self.bytes_of.__getitem__)
        self.assertEqual(one.decode(b"---").value, 10)
        self.assertEqual(one.encode(11), b"***")
        self.assertEqual(one.encode("11.0"), b"***")
        self.assertRaises(NotAValueError, one.decode, b"012")
        self.assertRaises(NotAValueError, one.encode, 12)

    def test_half_a_byte(self) -> None:
        one = codec(interprete({**BCD, **HIGH}, 3, others=self.others), raw_of=self.bytes_of.__getitem__)
        self.assertEqual(one.decode(b"\x12\x34\x56").value, 1)
        self.assertEqual(one.decode(b"***").value, 11)

    def test_a_state_is_not_converted(self) -> None:
        said = interprete(DIGITS, 3, factor=2.0, high=5.0, others=self.others)
        found = codec(said, raw_of=self.bytes_of.__getitem__).decode(b"***")
        self.assertEqual(found, Decoded(11, b"***"))

    def test_others_without_bytes(self) -> None:
        self.assertRaises(NotAValueError, codec(interprete(DIGITS, 3, others=self.others)).decode, b"***")


class GroupTest(SynchronousTestCase):
    def test_byte_offset(self) -> None:
        group = Param(1, "g", ParamType.GROUP, interprete(UNSIGNED, 2, byte_offset=0x30))
        one = ParamCodec(group, Encoding())
        self.assertEqual(one.decode(b"\x31\x30"), Decoded(1, b"\x31\x30"))
        self.assertEqual(one.encode(0x0203), b"\x33\x32")
        self.assertEqual(one.encode(""), b"\0\0")

    def test_lower_bits_only(self) -> None:
        group = Param(1, "g", ParamType.GROUP, interprete(UNSIGNED, 1, bits=4))
        one = ParamCodec(group, Encoding())
        self.assertEqual(one.decode(b"\xa5").value, 5)
        self.assertEqual(one.encode(0xA5), b"\x05")

    def test_of_groups_only(self) -> None:
        one = codec(interprete(UNSIGNED, 1, byte_offset=0x30))
        self.assertEqual(one.decode(b"\x31").value, 0x31)
