"""Bits of a group: positions, both byte orders, and only some bits of each byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.param import Endian, Interprete
from smartserial.definition.values.bits import read_bits, write_bits
from smartserial.definition.values.value import NotAValueError

LITTLE, BIG = Interprete(endian=Endian.LITTLE), Interprete(endian=Endian.BIG)
ENDIANS = st.sampled_from(Endian)
GROUPS = st.builds(
    Interprete, endian=ENDIANS, bits=st.none() | st.integers(1, 8), byte_offset=st.integers(-300, 300)
)


def bits(start: int, count: int = 1, endian: Endian = Endian.LITTLE) -> Interprete:
    return Interprete(start_position=start, nbr_of_bits=count, endian=endian)


READ: list[tuple[Interprete, Interprete, str, int]] = [
    (BIG, bits(6), "31 02", 1),
    (BIG, bits(7), "31 02", 0),
    (BIG, bits(10), "31 02", 1),
    (BIG, bits(8, 4), "31 02", 3),
    (LITTLE, bits(2, 2), "31 02", 3),
    (LITTLE, bits(0), "80 00", 1),
    (LITTLE, bits(7), "01 00", 1),
    (LITTLE, bits(8), "00 80", 1),
    (LITTLE, bits(0, 8), "31 02", 0x31),
    (LITTLE, bits(0, 16), "31 02", 0x3102),
    (BIG, bits(0, 16), "31 02", 0x0231),
    (LITTLE, bits(4, 8), "31 02", 0x10),
    (LITTLE, bits(0, 4, Endian.BIG), "30", 0b1100),
    (LITTLE, bits(0, 1, Endian.BIG), "80", 1),
    (LITTLE, Interprete(), "80", 1),
    # four bits of each byte, in ASCII
    (Interprete(bits=4, byte_offset=0x30), bits(0, 4), "33 31", 3),
    (Interprete(bits=4, byte_offset=0x30), bits(4, 4), "33 31", 1),
    (Interprete(bits=4, byte_offset=0x30), bits(2, 3), "33 38", 7),
    (Interprete(byte_offset=0x20), bits(0, 8), "1F", 0xFF),
]
WRITTEN: list[tuple[Interprete, Interprete, str, int, str]] = [
    (BIG, bits(6), "31 02", 0, "31 00"),
    (BIG, bits(8, 4), "31 02", 15, "F1 02"),
    (LITTLE, bits(7), "00 00", 1, "01 00"),
    (LITTLE, bits(8), "00 00", 1, "00 80"),
    (LITTLE, bits(4, 8), "00 00", 0xAB, "0A B0"),
    (BIG, bits(4, 8), "00 00", 0xAB, "B0 0A"),
    (LITTLE, bits(0, 4, Endian.BIG), "0F", 0b0001, "8F"),
    (Interprete(bits=4, byte_offset=0x30), bits(0, 4), "33 31", 9, "39 31"),
    (Interprete(bits=4), bits(0, 4), "A3", 9, "A9"),
]
NONE_SUCH: list[tuple[Interprete, Interprete, str]] = [
    (LITTLE, bits(16), "31 02"),
    (LITTLE, bits(15, 2), "31 02"),
    (LITTLE, bits(0, 0), "31 02"),
    (LITTLE, bits(-1), "31 02"),
    (LITTLE, bits(0), ""),
    (Interprete(bits=4), bits(8), "31 02"),
    (Interprete(bits=9), bits(0), "31"),
    (Interprete(bits=0), bits(0), "31"),
]


class BitsTest(SynchronousTestCase):
    def test_read(self) -> None:
        for group, bit, data, value in READ:
            self.assertEqual(read_bits(group, bit, bytes.fromhex(data)), value, f"{group} {bit} {data}")

    def test_write(self) -> None:
        for group, bit, data, value, result in WRITTEN:
            self.assertEqual(
                write_bits(group, bit, bytes.fromhex(data), value).hex(" ").upper(), result, f"{bit} {data}"
            )

    def test_no_such_bits(self) -> None:
        for group, bit, data in NONE_SUCH:
            self.assertRaises(NotAValueError, read_bits, group, bit, bytes.fromhex(data))
            self.assertRaises(NotAValueError, write_bits, group, bit, bytes.fromhex(data), 0)

    def test_too_large(self) -> None:
        for value in (4, -1, "5", 1e30, "x"):
            self.assertRaises(NotAValueError, write_bits, LITTLE, bits(0, 2), b"\0", value)
        error = self.assertRaises(NotAValueError, write_bits, LITTLE, bits(0, 2), b"\0", 4)
        self.assertEqual(str(error), "expected 0 to 3 for 2 bits, not 4")

    def test_text_is_a_number_too(self) -> None:
        self.assertEqual(write_bits(LITTLE, bits(0, 2), b"\0", "3"), b"\xc0")


class LawsTest(SynchronousTestCase):
    @given(GROUPS, st.binary(min_size=1, max_size=5), st.data())
    def test_what_is_written_is_read(self, group: Interprete, data: bytes, draw: st.DataObject) -> None:
        total = (group.bits or 8) * len(data)
        start = draw.draw(st.integers(0, total - 1))
        count = draw.draw(st.integers(1, total - start))
        bit = bits(start, count, draw.draw(ENDIANS))
        value = draw.draw(st.integers(0, (1 << count) - 1))
        changed = write_bits(group, bit, data, value)
        self.assertEqual(read_bits(group, bit, changed), value)
        self.assertEqual(write_bits(group, bit, changed, read_bits(group, bit, data)), data)
        for other in range(total):
            if not start <= other < start + count:
                self.assertEqual(read_bits(group, bits(other), changed), read_bits(group, bits(other), data))

    @given(st.binary(min_size=1, max_size=4), ENDIANS)
    def test_one_by_one(self, data: bytes, endian: Endian) -> None:
        """Bits one by one, the first the most significant, are the number of all of them."""
        group = Interprete(endian=endian)
        total = 8 * len(data)
        digits = "".join(str(read_bits(group, bits(place), data)) for place in range(total))
        self.assertEqual(int(digits, 2), read_bits(group, bits(0, total), data))
        backwards = read_bits(group, bits(0, total, Endian.BIG), data)
        self.assertEqual(int(digits[::-1], 2), backwards)
