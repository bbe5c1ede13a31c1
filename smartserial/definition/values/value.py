"""Values, and numbers as text: decimal, so that a tenth is a tenth."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from math import isfinite

from smartserial.errors import SmartSerialError

Value = str | int | float
"""What a param holds; the empty text is a param without a value."""


class NotAValueError(SmartSerialError):
    """Bytes or a value that do not fit a param; the text says what was expected and what came."""


EXACT = Context(prec=40, Emin=-999, Emax=999, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Arithmetic between bytes and values: 40 digits hold a 64-bit number and the decimals of a quotient."""
MOST_DIGITS = 1200
"""Texts longer than this are not read as numbers, nor are integers longer than this written."""
_MOST_BITS = MOST_DIGITS * 3
_NUMBER = re.compile(r" *[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,4})? *")
_WHOLE_DIGITS = 30  # a decimal of so many digits before its point is still a whole number, not a float
_PLAIN_DIGITS = 21  # longer numbers are written with an exponent
_FLOAT_DIGITS = Context(prec=15, Emin=MIN_EMIN, Emax=MAX_EMAX)  # what a float holds for sure


def shown(value: Value | bytes) -> str:
    """Return `value` for a message: not longer than a line, all of it printable."""
    if isinstance(value, bytes):
        text = value[:16].hex(" ").upper() + (" ..." if len(value) > 16 else "")
        return f"the bytes {text}" if value else "no bytes"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 64 else f"{text[:60]} ..."


def to_decimal(value: Value) -> Decimal:
    """Return the number that `value` is, or says as text.

    Raises:
        NotAValueError: it is no number, or not a finite one.
    """
    if isinstance(value, str):
        if len(value) > MOST_DIGITS or not _NUMBER.fullmatch(value):
            raise NotAValueError(f"expected a number, not {shown(value)}")
        return Decimal(value.strip(" ").replace(",", "."))
    if isinstance(value, int):
        return Decimal(value)
    if not isfinite(value):
        raise NotAValueError(f"expected a finite number, not {value}")
    return Decimal(repr(value))


def to_number(number: Decimal) -> int | float:
    """Return a decimal as an int where it is whole, else as a float.

    Raises:
        NotAValueError: it is too large for a float.
    """
    if number.adjusted() < _WHOLE_DIGITS and number == (whole := number.to_integral_value()):
        return int(whole)
    nearest = float(number)
    if not isfinite(nearest):
        raise NotAValueError(f"expected a number that is not too large, not {number:.6E}")
    return nearest


def parse_number(text: str) -> int | float:
    """Return the number that `text` says; ``,`` is a decimal point, and blanks around it are nothing.

    Raises:
        NotAValueError: it says none.
    """
    return to_number(to_decimal(text))


def as_number(value: Value) -> int | float:
    """Return `value` as a finite number, ints as they are.

    Raises:
        NotAValueError: it is none.
    """
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        return parse_number(value)
    if not isfinite(value):
        raise NotAValueError(f"expected a finite number, not {value}")
    return value


def as_int(value: Value) -> int:
    """Return the whole number nearest to `value`, of two the one farther from zero.

    Raises:
        NotAValueError: it is no finite number.
    """
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(to_decimal(value).to_integral_value("ROUND_HALF_UP"))


def as_text(value: Value) -> str:
    """Return `value` as people write it: no exponent where it is short without, no binary tail.

    Raises:
        NotAValueError: it is not finite, or its digits are too many.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            raise NotAValueError(f"expected at most {MOST_DIGITS} digits, not {shown(value)}")
        return str(value)
    number = to_decimal(value) if value else Decimal()  # there is no -0 for people
    if number != number.to_integral_value():
        number = _FLOAT_DIGITS.plus(number)
    if not -_PLAIN_DIGITS < number.adjusted() < _PLAIN_DIGITS:
        return repr(value)
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def same_value(value: Value, text: str) -> bool:
    """Tell whether `value` is what `text` says: as numbers where both are, else character by character."""
    if value == text:
        return True
    try:
        return to_decimal(value) == to_decimal(text)
    except NotAValueError:
        return False
