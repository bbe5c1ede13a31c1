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
)
from smartserial.definition.param import Crc, Interprete, RawType
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
        self.assertEqual(checksum(replace(crc, options=crc.options | {"OTHER"}), data, width), result)
