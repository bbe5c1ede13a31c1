"""Constant bytes, and how many bytes a param of fixed length has."""

from __future__ import annotations

from smartserial.definition.param import (
    NUMBER_TYPES,
    Interprete,
    LengthType,
    Param,
    RawType,
    ValueType,
)
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError

MOST_LENGTH = 1 << 20
"""The longest that a param of fixed length can be, in bytes."""
_NOTHING = Interprete()
_ZEROS = NUMBER_TYPES | {RawType.BCD}
_TEXTS = {RawType.TEXT, RawType.OTHER}


def text_encoding(interprete: Interprete, encoding: Encoding) -> Encoding:
    """Return the encoding of a param's texts: what is a number stays ASCII in a unicode definition."""
    is_text = interprete.raw_type in _TEXTS or (
        interprete.raw_type is RawType.NUMERIC_TEXT and interprete.type is ValueType.STRING
    )
    return encoding if is_text or not encoding.unicode else Encoding(encoding.code_page)


def fixed_length(interprete: Interprete, encoding: Encoding) -> int | None:
    """Return a param's length in bytes; None where it is not fixed, or neither length nor value says it."""
    if interprete.length_type is not LengthType.FIXED:
        return None
    if interprete.length is None and interprete.value is not None:
        return len(_value_bytes(interprete, encoding))
    return interprete.length


def constant_bytes(param: Param, encoding: Encoding) -> bytes:
    """Return the bytes of a param's `Value`, at its length.

    A shorter value has spaces in front, or zeros where the bytes are a binary number. A longer one does not
    count: all is spaces, or zeros. Without a value all is the fill of an unset param.

    Raises:
        NotAValueError: the length is below 0 or above `MOST_LENGTH`.
    """
    interprete = param.interprete or _NOTHING
    if interprete.value is None:
        return fill_bytes(interprete, encoding)
    data = _value_bytes(interprete, encoding)
    length = _length(interprete, encoding)
    if length is None or len(data) == length:
        return data
    gap = length - len(data) if len(data) < length else length
    pad = bytes(gap) if interprete.raw_type in _ZEROS else _blanks(interprete, encoding, gap)
    return pad + data if len(data) < length else pad


def fill_bytes(interprete: Interprete, encoding: Encoding) -> bytes:
    """Return the bytes of a param before anything is set: none where the length is not fixed.

    Raises:
        NotAValueError: the length is below 0 or above `MOST_LENGTH`.
    """
    length = _length(interprete, encoding) or 0
    if interprete.raw_type in _ZEROS:
        return bytes(length)
    if interprete.raw_type is RawType.NUMERIC_TEXT:
        return text_encoding(interprete, encoding).padding(length, "0")
    return _blanks(interprete, encoding, length)


def _length(interprete: Interprete, encoding: Encoding) -> int | None:
    length = fixed_length(interprete, encoding)
    if interprete.length is None:  # that of a value, which may be longer
        return length
    if length is not None and not 0 <= length <= MOST_LENGTH:
        raise NotAValueError(f"expected a length of 0 to {MOST_LENGTH} bytes, not {length}")
    return length


def _value_bytes(interprete: Interprete, encoding: Encoding) -> bytes:
    value = interprete.value or b""
    return value if isinstance(value, bytes) else text_encoding(interprete, encoding).encode(value)


def _blanks(interprete: Interprete, encoding: Encoding, length: int) -> bytes:
    if isinstance(interprete.value, bytes):  # bytes that are no text
        return b" " * length
    return text_encoding(interprete, encoding).padding(length)
