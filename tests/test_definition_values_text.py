"""Text and its bytes, and the bytes of constants and of params that nobody has set."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.param import Endian, Interprete, LengthType, Param, RawType, ValueType
from smartserial.definition.values.codec import initial_bytes
from smartserial.definition.values.constant import constant_bytes, fixed_length
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError
from smartserial.errors import ConfigError

PAGE, UNICODE = Encoding(), Encoding(unicode=True)
FIXED = LengthType.FIXED
ZEROS = (RawType.UNSIGNED_NUMBER, RawType.SIGNED_NUMBER, RawType.DOUBLE, RawType.BCD)
CODE_PAGES = st.sampled_from(
    ["cp1252", "latin-1", "cp437", "cp857", "cp1251", "cp1255", "iso8859-8", "koi8-r"]
)


def fixed(value: str | bytes | None, length: int | None, raw_type: RawType = RawType.OTHER) -> Param:
    return Param(
        1, "x", interprete=Interprete(raw_type=raw_type, length_type=FIXED, length=length, value=value)
    )


class EncodingTest(SynchronousTestCase):
    def test_code_page(self) -> None:
        self.assertEqual(PAGE.encode("5 \u20ac \u201eok\u201c"), b"5 \x80 \x84ok\x93")
        self.assertEqual(PAGE.decode(b"\x80\xe9"), "\u20ac\xe9")

    def test_what_no_code_page_has(self) -> None:
        self.assertEqual(PAGE.encode("\u0416\u2713 \U0001f600"), b"?? ?")

    def test_bytes_that_are_undefined(self) -> None:
        data = b"\x81\x8d\x8f\x90\x9d"
        self.assertEqual(PAGE.decode(data), "\x81\x8d\x8f\x90\x9d")
        self.assertEqual(PAGE.encode(PAGE.decode(data)), data)

    def test_an_undefined_byte_does_not_take_the_character_of_another(self) -> None:
        turkish = Encoding("cp857")  # D5 is undefined there, and E5 is U+00D5
        self.assertEqual(turkish.decode(b"\xe5"), "\xd5")
        self.assertEqual(turkish.encode(turkish.decode(b"\xd5\xe5")), b"\xd5\xe5")

    def test_another_code_page(self) -> None:
        self.assertEqual(Encoding("cp1251").encode("\u0416"), b"\xc6")

    def test_no_code_page(self) -> None:
        for name in ("utf-8", "cp932", "gbk", "utf-16", "utf-7", "none", "", "rot13", "hex", "a\0b"):
            error = self.assertRaises(ConfigError, Encoding, name)
            self.assertIn(repr(name), str(error))

    def test_unicode(self) -> None:
        self.assertEqual(UNICODE.encode("A\u0416\U0001f600"), b"A\0\x16\x04\x3d\xd8\x00\xde")
        self.assertEqual(UNICODE.decode(b"A\0\x16\x04"), "A\u0416")

    def test_padding(self) -> None:
        self.assertEqual(PAGE.padding(3), b"   ")
        self.assertEqual(UNICODE.padding(4, "0"), b"0\0" * 2)
        self.assertEqual(UNICODE.padding(3), b"  \0")

    @given(CODE_PAGES, st.binary())
    @example("cp1252", bytes(range(256)))
    @example("cp857", bytes(range(256)))
    def test_bytes_survive(self, code_page: str, data: bytes) -> None:
        encoding = Encoding(code_page)
        self.assertEqual(encoding.encode(encoding.decode(data)), data)

    @given(st.binary())
    @example(b"\x41")
    @example(b"\x00\xd8\x41")
    @example(b"\x00\xdc\x00\xd8")
    @example(b"\x00\xd8\x41\xdc\xff")
    def test_bytes_survive_in_unicode(self, data: bytes) -> None:
        """Lone surrogates and an odd byte as well."""
        self.assertEqual(UNICODE.encode(UNICODE.decode(data)), data)

    @given(st.text())
    def test_text_survives_in_unicode(self, text: str) -> None:
        self.assertEqual(UNICODE.decode(UNICODE.encode(text)), text)

    @given(st.text(), CODE_PAGES)
    def test_any_text_has_a_byte_for_each_character(self, text: str, code_page: str) -> None:
        self.assertEqual(len(Encoding(code_page).encode(text)), len(text))


class ConstantTest(SynchronousTestCase):
    maxDiff = None

    def test_values(self) -> None:
        for value, length, raw_type, data in (
            ("PWR", None, RawType.OTHER, b"PWR"),
            (b"\r\n", None, RawType.OTHER, b"\r\n"),
            ("PWR", 3, RawType.TEXT, b"PWR"),
            ("PWR", 5, RawType.OTHER, b"  PWR"),
            ("PWR", 5, RawType.NUMERIC_TEXT, b"  PWR"),
            ("PWR", 2, RawType.OTHER, b"  "),
            (b"\x01", 2, RawType.OTHER, b" \x01"),
            (b"\x01", 2, RawType.UNSIGNED_NUMBER, b"\0\x01"),
            (b"\x01\x02\x03", 2, RawType.UNSIGNED_NUMBER, b"\0\0"),
            ("1", 1, RawType.UNSIGNED_NUMBER, b"1"),  # bytes, never a number
            (" ", None, RawType.OTHER, b" "),
            ("\u20ac", None, RawType.OTHER, b"\x80"),
            ("", 0, RawType.OTHER, b""),
            ("", 2, RawType.OTHER, b"  "),
        ):
            self.assertEqual(
                constant_bytes(fixed(value, length, raw_type), PAGE), data, f"{value!r} {length}"
            )

    def test_values_in_unicode(self) -> None:
        for value, length, raw_type, data in (
            ("OK", None, RawType.OTHER, b"O\0K\0"),
            ("OK", 6, RawType.TEXT, b" \0O\0K\0"),
            ("OK", 2, RawType.TEXT, b" \0"),
            (b"\r\n", None, RawType.OTHER, b"\r\n"),
            (b"\r", 2, RawType.OTHER, b" \r"),
            ("1", 1, RawType.UNSIGNED_NUMBER, b"1"),
            ("1", None, RawType.NUMERIC_TEXT, b"1\0"),
        ):
            self.assertEqual(
                constant_bytes(fixed(value, length, raw_type), UNICODE), data, f"{value!r} {length}"
            )
        number = Interprete(raw_type=RawType.NUMERIC_TEXT, type=ValueType.DOUBLE, value="12")
        self.assertEqual(constant_bytes(Param(1, "x", interprete=number), UNICODE), b"12")

    def test_a_length_of_the_end_does_not_pad(self) -> None:
        interprete = Interprete(length_type=LengthType.NEXT_PARAM, length=5, value="ab")
        self.assertEqual(constant_bytes(Param(1, "x", interprete=interprete), PAGE), b"ab")

    def test_nothing_to_say(self) -> None:
        self.assertEqual(constant_bytes(Param(1, "x"), PAGE), b"")
        self.assertEqual(constant_bytes(fixed(None, None), PAGE), b"")

    def test_a_long_value(self) -> None:
        """Only a length that is given has a limit."""
        long = "x" * ((1 << 20) + 1)
        self.assertEqual(constant_bytes(fixed(long, None), PAGE), long.encode())
        for length in (-1, len(long)):
            self.assertRaises(NotAValueError, constant_bytes, fixed(long, length), PAGE)

    def test_length_of_the_value(self) -> None:
        interprete = Interprete(length_type=FIXED, value="abc")
        self.assertEqual(fixed_length(interprete, PAGE), 3)
        self.assertEqual(fixed_length(interprete, UNICODE), 6)
        self.assertEqual(fixed_length(Interprete(length_type=FIXED, value="abc", length=5), PAGE), 5)
        self.assertIs(fixed_length(Interprete(length_type=FIXED), PAGE), None)
        self.assertIs(fixed_length(Interprete(value="abc", length=2), PAGE), None)


class InitialTest(SynchronousTestCase):
    def test_fill(self) -> None:
        for raw_type in RawType:
            fill = b"\0" if raw_type in ZEROS else b"0" if raw_type is RawType.NUMERIC_TEXT else b" "
            self.assertEqual(initial_bytes(fixed(None, 4, raw_type), PAGE), fill * 4, str(raw_type))

    def test_fill_in_unicode(self) -> None:
        self.assertEqual(initial_bytes(fixed(None, 4), UNICODE), b" \0 \0")
        self.assertEqual(initial_bytes(fixed(None, 4, RawType.NUMERIC_TEXT), UNICODE), b"0\x000\0")
        self.assertEqual(initial_bytes(fixed(None, 2, RawType.SIGNED_NUMBER), UNICODE), b"\0\0")

    def test_no_length_no_bytes(self) -> None:
        self.assertEqual(initial_bytes(Param(1, "x", interprete=Interprete()), PAGE), b"")
        self.assertEqual(initial_bytes(Param(1, "x"), PAGE), b"")

    def test_default_value(self) -> None:
        def initial(**said: object) -> bytes:
            return initial_bytes(Param(1, "x", interprete=Interprete(**said)), PAGE)  # type: ignore[arg-type]

        number = {"raw_type": RawType.UNSIGNED_NUMBER, "type": ValueType.DOUBLE, "length_type": FIXED}
        self.assertEqual(initial(default_value="auto"), b"auto")
        self.assertEqual(initial(default_value="258", length=2, **number), b"\x02\x01")
        self.assertEqual(initial(default_value="2.5", length=1, factor=0.1, **number), b"\x19")
        self.assertEqual(initial(default_value="7", length=2, endian=Endian.BIG, **number), b"\0\x07")
        self.assertEqual(initial(default_value="7", value=b"\x01", **number), b"\x01")
        self.assertRaises(NotAValueError, initial, default_value="many", length=2, **number)
        self.assertRaises(NotAValueError, initial, default_value="256", length=1, **number)
        for raw_type in (RawType.TEXT, RawType.OTHER, RawType.NUMERIC_TEXT, RawType.BCD):
            said = {"length_type": FIXED, "length": 2, "raw_type": raw_type}
            self.assertRaises(NotAValueError, initial, default_value="12345", **said)
