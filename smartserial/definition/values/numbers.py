"""Binary numbers: whole ones of any width, IEEE floats, and the half of a byte."""

from __future__ import annotations

from struct import Struct, error
from typing import Literal

from smartserial.definition.param import Endian
from smartserial.definition.values.value import NotAValueError, Value, as_int, as_number, shown

MOST_WIDTH = 400
"""The widest number, in bytes."""
_FLOATS = {
    (4, False): Struct("<f"),
    (4, True): Struct(">f"),
    (8, False): Struct("<d"),
    (8, True): Struct(">d"),
}


class Integers:
    """Whole numbers.

    Args:
        endian: the order of their bytes.
        signed: two's complement.
        width: bytes; None takes any number of bytes, and writes as few as hold the number.
    """

    __slots__ = ("_order", "_signed", "_width")

    def __init__(self, endian: Endian | None, *, signed: bool, width: int | None) -> None:
        self._order: Literal["little", "big"] = "big" if endian is Endian.BIG else "little"
        self._signed = signed
        self._width = width

    def decode(self, data: bytes) -> int:
        """Return the number; no bytes are 0.

        Raises:
            NotAValueError: too many bytes.
        """
        if len(data) > MOST_WIDTH:
            raise NotAValueError(f"expected a number of at most {MOST_WIDTH} bytes, not {len(data)}")
        return int.from_bytes(data, self._order, signed=self._signed)

    def encode(self, value: Value) -> bytes:
        """Return the bytes of the whole number nearest to `value`.

        Raises:
            NotAValueError: it is no number, or does not fit.
        """
        number = as_int(value)
        width = max(1, (number.bit_length() + 7) // 8) if self._width is None else self._width
        if width <= MOST_WIDTH:
            try:
                return number.to_bytes(width, self._order, signed=self._signed)
            except OverflowError:
                pass
        kind = "a number" if self._signed else "a number, 0 or above,"
        raise NotAValueError(
            f"expected {kind} that fits in {min(width, MOST_WIDTH)} bytes, not {shown(number)}"
        )


class Floats:
    """IEEE floating point of 4 or 8 bytes.

    Args:
        endian: the order of the bytes.
        width: bytes that are written; None writes 8, and reads 4 and 8.
    """

    __slots__ = ("_big", "_width")

    def __init__(self, endian: Endian | None, width: int | None) -> None:
        self._big = endian is Endian.BIG
        self._width = width

    def decode(self, data: bytes) -> float:
        """Return the number; of 4 bytes the shortest decimal that is stored as these.

        Raises:
            NotAValueError: not 4 or 8 bytes, or not a finite number.
        """
        shape = self._shape(len(data))
        number: float = shape.unpack(data)[0]
        if number - number != 0.0:  # infinite, or not a number
            raise NotAValueError(f"expected a finite number, not {number}")
        return _shortest(number, shape, data) if shape.size == 4 else number

    def encode(self, value: Value) -> bytes:
        """Return the bytes of `value`.

        Raises:
            NotAValueError: it is no number, or too large for these bytes.
        """
        shape = self._shape(8 if self._width is None else self._width)
        number = as_number(value)
        try:
            return shape.pack(number)
        except (OverflowError, error) as cause:
            raise NotAValueError(
                f"expected a number that fits in a float of {shape.size} bytes, not {shown(number)}"
            ) from cause

    def _shape(self, width: int) -> Struct:
        shape = _FLOATS.get((width, self._big))
        if shape is None:
            raise NotAValueError(f"expected a float of 4 or 8 bytes, not {width}")
        return shape


def _shortest(number: float, shape: Struct, data: bytes) -> float:
    """Return the shortest decimal that is stored as `data`: 0.7, not 0.699999988."""
    for digits in (6, 7, 8):
        short = float(f"{number:.{digits}g}")
        try:
            if shape.pack(short) == data:
                return short
        except OverflowError:  # the largest, rounded up
            continue
    return number


class Nibbles:
    """The highest, or the lowest, four bits of a number; the others are 0 on the way out.

    Args:
        endian: the order of the bytes.
        high: the highest ones.
        width: bytes; None takes any, and writes one.
    """

    __slots__ = ("_high", "_integers", "_width")

    def __init__(self, endian: Endian | None, *, high: bool, width: int | None) -> None:
        self._integers = Integers(endian, signed=False, width=width)
        self._high = high
        self._width = width

    def decode(self, data: bytes) -> int:
        """Return 0 to 15; no bytes are 0.

        Raises:
            NotAValueError: too many bytes.
        """
        number = self._integers.decode(data)
        return number >> max(0, 8 * len(data) - 4) if self._high else number & 15

    def encode(self, value: Value) -> bytes:
        """Return the bytes that hold `value`, 0 to 15.

        Raises:
            NotAValueError: it is no number, or not one of these.
        """
        number = as_int(value)
        if not 0 <= number <= 15:
            raise NotAValueError(f"expected a number from 0 to 15 for half a byte, not {shown(number)}")
        return self._integers.encode(number << 8 * (self._width or 1) - 4 if self._high else number)
