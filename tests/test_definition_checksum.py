"""Checksums: the check value of each, what definitions add, and another library's opinion."""

from __future__ import annotations

from dataclasses import replace

from crccheck.checksum import ChecksumXor8
from crccheck.crc import Crc16CcittFalse, CrcArc, CrcModbus, CrcXmodem
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.checksum import (
    ALGORITHMS,
    UNDEFINED,
    UndefinedChecksumError,
    algorithm_of,
    checksum,
    checksum_width,
    param_checksum,
)
from smartserial.definition.param import Crc, Endian, Interprete, LengthType, Param, RawType, Side, ValueType
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError

NINE = b"123456789"
CHECKS = {
    "sum": 0x1DD,
    "exor": 0x31,
    "2comp": 0x23,
    "crc16": 0xBB3D,
    "CRC-16": 0xBB3D,
    "modbus": 0x4B37,
    "crc-ccitt": 0x29B1,
    "crc-xmodem": 0x31C3,
    "fletcher": 0x1EDE,
    "lsb after sum": 0xDD,
    "subtract": 0xFE23,
    "lsb after subtract": 0x23,
    "rest": 0xDD,
}
ORACLES = {
    "crc-16": CrcArc,
    "modbus": CrcModbus,
    "crc-ccitt": Crc16CcittFalse,
    "crc-xmodem": CrcXmodem,
    "exor": ChecksumXor8,
}
COMMAND = bytes.fromhex("02 50 57 52 31")
EXAMPLES: list[tuple[Crc, bytes, int, int]] = [  # covered bytes, width, result
    (Crc("sum"), COMMAND, 2, 0x12C),
    (Crc("sum"), COMMAND, 1, 0x2C),
    (Crc("exor"), COMMAND, 1, 0x66),
    (Crc("2comp"), COMMAND, 1, 0xD4),
    (Crc("subtract"), COMMAND, 1, 0xD4),
    (Crc("subtract"), COMMAND, 2, 0xFED4),
    (Crc("sum", mod=95, off=-32, total_offset=32), COMMAND, 1, 0x6E),
    (Crc("sum", mod=95, off=-32, off_per_byte=True, total_offset=32), COMMAND, 1, (300 - 160) % 95 + 32),
    (Crc("exor"), b"{05RA", 1, 0x6D),
    (Crc("modbus"), bytes.fromhex("01 03 00 00 00 02"), 2, 0x0BC4),
    # groups: hex text by two, binary with its low byte first, and what is left at the end
    (Crc("sum", group_bytes=2), b"10", 1, 0x10),
    (Crc("sum", group_bytes=2, binary=True), bytes.fromhex("31 30"), 2, 0x3031),
    (Crc("sum", group_bytes=2), b"fF01a", 2, 0xFF + 0x01 + 0x0A),
    (Crc("exor", group_bytes=2), b"0F0A", 1, 0x05),
    (Crc("exor", group_bytes=2, binary=True), b"\x01\x02\x04", 2, 0x0201 ^ 4),
    (Crc("subtract", group_bytes=2), b"0102", 1, 0xFD),
    (Crc("lsb after sum", group_bytes=2), b"FF02", 2, 0x01),
    (Crc("sum", group_bytes=2, off=1, off_per_byte=True), b"0102", 1, 5),
    # the order: an offset for each byte, then off, mod, total offset, complement
    (Crc("sum", byte_offset=1), b"\x01\xff", 2, 2),
    (Crc("sum", byte_offset=-1), b"\x00\x01", 2, 0xFF),
    (Crc("exor", byte_offset=0x20), b"\x01\x02", 1, 0x21 ^ 0x22),
    (Crc("sum", off=5, mod=4), b"\x01", 1, 2),
    (Crc("sum", mod=4, total_offset=5), b"\x03", 1, 8),
    (Crc("subtract", mod=10), b"\x03", 1, 7),
    (Crc("lsb after sum", off=1), b"\xff", 2, 0),
    (Crc("rest", off=1), b"\xff", 2, 0),
    (Crc("sum", total_offset=0x30), b"\x10", 1, 0x40),
    (Crc("sum", total_offset=0x30, options=frozenset({"OR TOTALOFFSET"})), b"\x10", 1, 0x30),
    (Crc("sum", options=frozenset({"ONES COMPLEMENT"})), b"\x01\x02", 1, 0xFC),
    (Crc("sum", options=frozenset({"ONES COMPLEMENT"})), b"\x01\x02", 2, 0xFFFC),
    (Crc("sum", total_offset=1, options=frozenset({"ONES COMPLEMENT"})), b"\x01", 1, 0xFD),
    (Crc("sum"), b"", 1, 0),
    (Crc("modbus"), b"", 2, 0xFFFF),
]
NINES = bytes([225] * 4)  # the sum is 900, 0x384
COMPLEMENT = frozenset({"ONES COMPLEMENT"})
DIGITS, BCD, NUMBER = RawType.NUMERIC_TEXT, RawType.BCD, RawType.UNSIGNED_NUMBER
IN_PARAMS: list[tuple[Crc, RawType, int, int, bytes]] = [  # base, length, the bytes of the sum of NINES
    (Crc("sum"), DIGITS, 10, 3, b"900"),
    (Crc("sum"), DIGITS, 10, 5, b"00900"),
    (Crc("sum"), DIGITS, 10, 2, b"00"),
    (Crc("sum", off=34), DIGITS, 10, 2, b"34"),
    (Crc("sum", off=200), DIGITS, 10, 3, b"100"),
    (Crc("sum", mod=1000), DIGITS, 10, 3, b"900"),
    (Crc("sum", mod=1000, off=150), DIGITS, 10, 3, b"050"),
    (Crc("sum", mod=1000, total_offset=200), DIGITS, 10, 3, b"100"),
    (Crc("sum", mod=256), DIGITS, 10, 3, b"132"),
    (Crc("sum"), DIGITS, 16, 2, b"84"),
    (Crc("sum"), DIGITS, 16, 3, b"384"),
    (Crc("sum"), DIGITS, 16, 4, b"0384"),
    (Crc("sum"), DIGITS, 2, 8, b"10000100"),
    (Crc("sum"), DIGITS, 36, 1, b"0"),
    (Crc("sum"), DIGITS, 36, 2, b"P0"),
    (Crc("sum"), BCD, 10, 1, b"\x00"),
    (Crc("sum"), BCD, 10, 2, b"\x09\x00"),
    (Crc("sum"), NUMBER, 10, 1, b"\x84"),
    (Crc("sum"), NUMBER, 10, 2, b"\x84\x03"),
    # bits: of all digits where these are bits, else of the whole bytes that they hold
    (Crc("subtract"), NUMBER, 10, 2, b"\x7c\xfc"),
    (Crc("subtract"), DIGITS, 16, 2, b"7C"),
    (Crc("subtract"), DIGITS, 16, 3, b"C7C"),
    (Crc("subtract"), DIGITS, 10, 3, b"124"),
    (Crc("subtract"), DIGITS, 10, 5, b"64636"),
    (Crc("subtract", mod=1000), DIGITS, 10, 3, b"100"),
    (Crc("sum", mod=256, options=COMPLEMENT), DIGITS, 10, 3, b"123"),
    (Crc("sum", mod=256, options=COMPLEMENT), DIGITS, 16, 2, b"7B"),
    (Crc("sum", options=COMPLEMENT), BCD, 10, 2, b"\x01\x23"),
]
REFUSED: list[tuple[Crc, str]] = [
    (Crc("crc"), "'crc' is undefined: it does not say which polynomial"),
    (Crc("Codan"), "'Codan' is undefined"),
    (Crc("rcds"), "'rcds' is undefined"),
    (Crc("md5"), "it is not one of sum, "),
    (Crc(""), "'' is undefined"),
    (Crc("modbus", group_bytes=2), "takes bytes, not groups of 2"),
    (Crc("sum", group_bytes=0), "groups of 1 byte or more, not 0"),
    (Crc("exor", off=3), "has no off, but it says 3"),
    (Crc("sum", mod=0), "a mod of 1 or more, not 0"),
]


class TableTest(SynchronousTestCase):
    def test_check_values(self) -> None:
        for name, value in CHECKS.items():
            self.assertEqual(checksum(Crc(name), NINE, 2), value, name)

    def test_the_table_says_its_own(self) -> None:
        for name, algorithm in ALGORITHMS.items():
            self.assertEqual(algorithm.function(NINE, 0), algorithm.check, name)
            self.assertEqual(CHECKS[algorithm.name.replace("crc-16", "crc16")], algorithm.check & 0xFFFF)
            self.assertIn(algorithm.name, ALGORITHMS)
            self.assertTrue(algorithm.what)

    def test_names_in_any_case(self) -> None:
        for name in ("SUM", " Lsb  After Sum ", "Crc16", "crc-16", "MODBUS", "CRC-CCITT", "2Comp"):
            self.assertTrue(algorithm_of(Crc(name)).name)
        self.assertIs(ALGORITHMS["crc16"], ALGORITHMS["crc-16"])

    def test_no_name_is_both(self) -> None:
        self.assertEqual(set(UNDEFINED) & set(ALGORITHMS), set())


class ExamplesTest(SynchronousTestCase):
    def test_examples(self) -> None:
        for crc, data, width, result in EXAMPLES:
            self.assertEqual(checksum(crc, data, width), result, f"{crc} {data!r}")

    def test_in_params(self) -> None:
        for crc, raw_type, base, length, data in IN_PARAMS:
            interprete = Interprete(
                raw_type, LengthType.FIXED, length, type=ValueType.DOUBLE, base=base, endian=Endian.LITTLE
            )
            made = param_checksum(crc, NINES, interprete, length)
            found = ParamCodec(Param(1, "x", interprete=interprete), Encoding()).encode(made)
            data = data[::-1] if raw_type is BCD else data
            self.assertEqual(found, data, f"{crc} {raw_type} {base} {length}")

    def test_half_a_byte_that_means_nothing(self) -> None:
        interprete = Interprete(BCD, LengthType.FIXED, 2, alignment=Side.LEFT)
        self.assertEqual(param_checksum(Crc("sum", off=345), NINES, interprete, 2), 245)

    def test_refused(self) -> None:
        for crc, words in REFUSED:
            error = self.assertRaises(UndefinedChecksumError, checksum, crc, b"1", 1)
            self.assertIn(words, str(error))

    def test_what_is_no_hex_text(self) -> None:
        for data in (b"1G", b"+1", b" 1", b"1_", b"\xff1", b"1021-1"):
            error = self.assertRaises(NotAValueError, checksum, Crc("sum", group_bytes=2), data, 1)
            self.assertIn("expected hex digits", str(error))

    def test_modbus_on_the_wire(self) -> None:
        request = bytes.fromhex("01 03 00 00 00 02")
        self.assertEqual(checksum(Crc("modbus"), request, 2).to_bytes(2, "little"), b"\xc4\x0b")

    def test_room(self) -> None:
        for raw_type, base, length, width in (
            (RawType.UNSIGNED_NUMBER, 10, 2, 2),
            (RawType.OTHER, 10, 1, 1),
            (RawType.NUMERIC_TEXT, 16, 2, 1),
            (RawType.NUMERIC_TEXT, 16, 4, 2),
            (RawType.NUMERIC_TEXT, 10, 1, 1),
            (RawType.NUMERIC_TEXT, 10, 3, 1),
            (RawType.NUMERIC_TEXT, 10, 5, 2),
            (RawType.NUMERIC_TEXT, 2, 8, 1),
            (RawType.BCD, 10, 3, 2),
        ):
            interprete = Interprete(raw_type=raw_type, base=base)
            self.assertEqual(checksum_width(interprete, length), width, f"{raw_type} {base} {length}")


class LawsTest(SynchronousTestCase):
    @given(st.binary(max_size=300))
    def test_another_library_agrees(self, data: bytes) -> None:
        for name, oracle in ORACLES.items():
            self.assertEqual(checksum(Crc(name), data, 2), oracle.calc(data), name)

    @given(st.binary(max_size=300))
    def test_fletcher_by_definition(self, data: bytes) -> None:
        low = sum(data) % 255
        high = sum((len(data) - place) * byte for place, byte in enumerate(data)) % 255
        self.assertEqual(checksum(Crc("fletcher"), data, 2), high << 8 | low)

    @given(st.binary(max_size=300))
    def test_a_complement_ends_at_nothing(self, data: bytes) -> None:
        for name in ("2comp", "lsb after subtract"):
            self.assertEqual((sum(data) + checksum(Crc(name), data, 1)) % 256, 0)

    @given(
        st.builds(
            Crc,
            st.sampled_from([*ALGORITHMS, *UNDEFINED, "x"]),
            byte_offset=st.integers(-300, 300),
            group_bytes=st.integers(0, 3),
            binary=st.booleans(),
            mod=st.none() | st.integers(-1, 300),
            off=st.integers(-2, 2),
            off_per_byte=st.booleans(),
            total_offset=st.integers(-300, 300),
            options=st.frozensets(st.sampled_from(["ONES COMPLEMENT", "OR TOTALOFFSET", "OTHER"])),
        ),
        st.binary(max_size=9) | st.text("0123456789abcdefABCDEF").map(str.encode),
        st.integers(1, 4),
    )
    def test_any_definition(self, crc: Crc, data: bytes, width: int) -> None:
        """A number that fits, or one of two errors; options that say nothing change nothing."""
        try:
            result = checksum(crc, data, width)
        except (UndefinedChecksumError, NotAValueError):
            return
        self.assertTrue(0 <= result < 256**width)
        self.assertEqual(param_checksum(crc, data, Interprete(NUMBER), width), result)
        self.assertEqual(checksum(replace(crc, options=crc.options | {"OTHER"}), data, width), result)

    @given(
        st.sampled_from(["sum", "subtract", "crc-16", "lsb after sum", "fletcher"]),
        st.binary(max_size=40),
        st.builds(
            Interprete,
            st.sampled_from([DIGITS, BCD, NUMBER, RawType.OTHER]),
            st.just(LengthType.FIXED),
            st.sampled_from([1, 2, 4, 8]),
            type=st.just(ValueType.DOUBLE),
            base=st.integers(2, 36),
            endian=st.sampled_from(Endian),
            alignment=st.none() | st.sampled_from(Side),
        ),
        st.frozensets(st.just("ONES COMPLEMENT")),
        st.integers(-300, 300),
    )
    def test_a_param_has_room(
        self, name: str, data: bytes, interprete: Interprete, options: frozenset[str], offset: int
    ) -> None:
        """What is made fits its digits, and is what it would be with more of them where that fits as well."""
        crc = Crc(name, total_offset=offset, options=options)
        length = interprete.length or 0
        made = param_checksum(crc, data, interprete, length)
        if interprete.raw_type is not RawType.OTHER:  # of a text so many characters, which may be too few
            one = ParamCodec(Param(1, "x", interprete=interprete), Encoding())
            self.assertEqual(one.decode(one.encode(made)).value, made)
        wide = checksum(crc, data, 20)
        if not options and wide < 1 << 100:
            shortest = replace(interprete, length=20)
            self.assertEqual(param_checksum(crc, data, shortest, 20), wide)
            digits = {DIGITS: interprete.base**length, NUMBER: 256**length}
            if interprete.raw_type in digits:
                self.assertEqual(made, wide % digits[interprete.raw_type])
