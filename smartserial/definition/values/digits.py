"""Numbers as digits: text in any base, and two decimal digits a byte."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from string import ascii_uppercase
from string import digits as decimal_digits

from smartserial.definition.param import Endian, Side
from smartserial.definition.values.value import (
    MOST_DIGITS,
    NotAValueError,
    Value,
    as_int,
    as_number,
    as_text,
    parse_number,
    shown,
)

_DIGITS = decimal_digits + ascii_uppercase
_DECIMAL = re.compile(rb"[-0-9+.,eE ]*")
_ANY = Context(prec=MOST_DIGITS, rounding=ROUND_HALF_EVEN)


class NumericText:
    """ASCII digits.

    Args:
        base: 2 to 36; only base 10 has decimals and exponents.
        length: bytes; None reads any and writes as few as there are digits.

    Raises:
        NotAValueError: another base.
    """

    __slots__ = ("_base", "_length")

    def __init__(self, base: int, length: int | None) -> None:
        if not 2 <= base <= 36:
            raise NotAValueError(f"expected a base from 2 to 36, not {base}")
        self._base = base
        self._length = length

    def decode(self, data: bytes) -> int | float:
        """Return the number; blanks around it are nothing.

        Raises:
            NotAValueError: other characters, or no number, or too many digits.
        """
        if self._base == 10:
            return parse_number(self.text(data))
        text = self.text(data).strip(" ")
        if len(text) > MOST_DIGITS or not _whole(self._base).fullmatch(text):
            raise NotAValueError(f"expected a number in base {self._base}, not {shown(data)}")
        return int(text, self._base)

    def text(self, data: bytes) -> str:
        """Return the text, when all of its characters are those of numbers.

        Raises:
            NotAValueError: some are not.
        """
        if not (_DECIMAL if self._base == 10 else _allowed(self._base)).fullmatch(data):
            raise NotAValueError(f"expected digits, not {shown(data)}")
        return data.decode("ascii")

    def encode(self, value: Value) -> bytes:
        """Return the digits of `value`, after zeros; where they are too many, fewer decimals.

        Raises:
            NotAValueError: it is no number, or too long.
        """
        text = as_text(as_number(value)) if self._base == 10 else _in_base(as_int(value), self._base)
        length = len(text) if self._length is None else self._length
        text = _shortened(text, length)
        if len(text) > length:
            raise NotAValueError(f"expected a number of at most {length} characters, not {text[:64]}")
        return text.zfill(length).encode("ascii")


class Bcd:
    """Two decimal digits a byte; the first digit is the high half of the most significant byte.

    Args:
        endian: little-endian bytes are read backwards; None and big-endian ones are not.
        alignment: this end of the digits is half a byte that means nothing.
        length: bytes; None reads any and writes as few as hold the digits.
    """

    __slots__ = ("_alignment", "_length", "_little")

    def __init__(self, endian: Endian | None, alignment: Side | None, length: int | None) -> None:
        self._little = endian is Endian.LITTLE
        self._alignment = alignment
        self._length = length

    def decode(self, data: bytes) -> int:
        """Return the number; no bytes are 0.

        Raises:
            NotAValueError: half a byte above 9, or too many bytes.
        """
        return int(self.text(data) or "0")

    def text(self, data: bytes) -> str:
        """Return the digits, first zeros included.

        Raises:
            NotAValueError: half a byte above 9, or too many bytes.
        """
        digits = (data[::-1] if self._little else data).hex()
        if self._alignment is not None:
            digits = digits[1:] if self._alignment is Side.LEFT else digits[:-1]
        if len(digits) > MOST_DIGITS or (digits and not digits.isdecimal()):
            raise NotAValueError(f"expected two decimal digits a byte, not {shown(data)}")
        return digits

    def encode(self, value: Value) -> bytes:
        """Return the bytes of `value`, a whole number or its digits.

        Raises:
            NotAValueError: it is no number, is below 0, or does not fit.
        """
        digits = (
            value
            if isinstance(value, str) and value.isascii() and value.isdigit()
            else as_text(as_int(value))
        )
        padding = 0 if self._alignment is None else 1
        length = (len(digits) + padding + 1) // 2 if self._length is None else self._length
        digits = digits.lstrip("0").rjust(2 * length - padding, "0")
        if (not digits.isdecimal() and digits) or len(digits) != 2 * length - padding:
            raise NotAValueError(
                f"expected a number of at most {2 * length - padding} digits, not {digits[:64]}"
            )
        if padding:
            digits = "0" + digits if self._alignment is Side.LEFT else digits + "0"
        data = bytes.fromhex(digits)
        return data[::-1] if self._little else data


@cache
def _allowed(base: int) -> re.Pattern[bytes]:
    """Return what may be in the text of a number in `base`."""
    letters = _DIGITS[10:base]
    return re.compile(f"[-0-9+.,eE {letters}{letters.lower()}]*".encode())


@cache
def _whole(base: int) -> re.Pattern[str]:
    """Return what a whole number in `base` looks like."""
    digits = _DIGITS[:base]
    return re.compile(f"[+-]?[{digits}{digits.lower()}]+")


def _in_base(number: int, base: int) -> str:
    if number.bit_length() > MOST_DIGITS:
        raise NotAValueError(f"expected at most {MOST_DIGITS} digits, not {shown(number)}")
    rest, text = abs(number), ""
    while rest:
        rest, digit = divmod(rest, base)
        text = _DIGITS[digit] + text
    return ("-" if number < 0 else "") + (text or "0")


def _shortened(text: str, length: int) -> str:
    """Return a decimal number with fewer decimals, so that it may fit in `length` characters."""
    while len(text) > length and "." in text:
        room = max(0, length - text.index(".") - 1)  # less after 9.99 has become 10.0
        text = format(Decimal(text).quantize(Decimal(1).scaleb(-room), context=_ANY), "f")
    return text
