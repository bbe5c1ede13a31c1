"""The bytes of each raw type, without the arithmetic around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from smartserial.definition.param import Interprete, RawType, Side, ValueType
from smartserial.definition.values.constant import fixed_length, text_encoding
from smartserial.definition.values.digits import Bcd, NumericText
from smartserial.definition.values.numbers import Floats, Integers, Nibbles
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value, as_number, as_text, parse_number, shown

_TEXT = re.compile(r"[-0-9A-Za-z.;,?! ]*")
_NIBBLES = {ValueType.HIGH_NIBBLE, ValueType.LOW_NIBBLE}


class RawCodec(Protocol):
    """Bytes, and the raw value that they are."""

    def decode(self, data: bytes) -> Value:
        """Return the raw value of `data`.

        Raises:
            NotAValueError: the bytes do not fit the raw type.
        """

    def encode(self, value: Value) -> bytes:
        """Return the bytes of a raw value.

        Raises:
            NotAValueError: it does not fit the raw type, or the length.
        """


def raw_codec(interprete: Interprete, encoding: Encoding, *, numeric: bool) -> RawCodec:
    """Return what turns bytes into raw values, and back.

    Args:
        interprete: of the param.
        encoding: of texts.
        numeric: raw values are numbers; else digits stay the text that they are.
    """
    length = fixed_length(interprete, encoding)
    if interprete.type in _NIBBLES and interprete.raw_type is not RawType.ONLY_OTHERS:
        high = interprete.type is ValueType.HIGH_NIBBLE
        codec: RawCodec = Nibbles(interprete.endian, high=high, width=length)
        if interprete.raw_type in _FILTERS:
            refuse = _FILTERS[interprete.raw_type](interprete, text_encoding(interprete, encoding))
            codec = _Half(codec, refuse)
    else:
        codec = _BUILDERS[interprete.raw_type](interprete, text_encoding(interprete, encoding), numeric)
    return codec if length is None else _Fixed(codec, length)


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Bytes of one length only."""

    codec: RawCodec
    length: int

    def decode(self, data: bytes) -> Value:
        if len(data) != self.length:
            raise NotAValueError(f"expected {self.length} bytes, not {len(data)}")
        return self.codec.decode(data)

    def encode(self, value: Value) -> bytes:
        return self.codec.encode(value)


@dataclass(frozen=True, slots=True)
class _Half:
    """Half a byte, of bytes that fit a raw type: they are no number, but not all of them are let in."""

    codec: RawCodec
    refuse: Callable[[bytes], object]

    def decode(self, data: bytes) -> Value:
        self.refuse(data)
        return self.codec.decode(data)

    def encode(self, value: Value) -> bytes:
        return self.codec.encode(value)


@dataclass(frozen=True, slots=True)
class _Text:
    """Text, blanks before it up to the length."""

    encoding: Encoding
    length: int | None
    trim: frozenset[Side]
    allowed: re.Pattern[str] | None
    numeric: bool

    def decode(self, data: bytes) -> Value:
        text = self.encoding.decode(data)
        if self.allowed and not self.allowed.fullmatch(text):
            raise NotAValueError(f"expected letters, digits and .;,?!- only, not {shown(data)}")
        return parse_number(text) if self.numeric else _trimmed(text, self.trim)

    def encode(self, value: Value) -> bytes:
        text = as_text(as_number(value) if self.numeric else value)
        return _padded(self.encoding.encode(text), self.encoding, self.length, " ")


@dataclass(frozen=True, slots=True)
class _Digits:
    """The text of a number, zeros before it up to the length; it is not read as a number."""

    number: NumericText
    encoding: Encoding
    length: int | None
    trim: frozenset[Side]

    def decode(self, data: bytes) -> Value:
        text = self.encoding.decode(data)
        self.number.text(text.encode("ascii", "replace"))
        return _trimmed(text, self.trim)

    def encode(self, value: Value) -> bytes:
        ascii_bytes = (
            value.encode("utf-8", "replace") if isinstance(value, str) else self.number.encode(value)
        )
        text = self.number.text(ascii_bytes)
        return _padded(self.encoding.encode(text), self.encoding, self.length, "0")


@dataclass(frozen=True, slots=True)
class _BcdText:
    """Decimal digits as text, first zeros included."""

    bcd: Bcd

    def decode(self, data: bytes) -> Value:
        return self.bcd.text(data)

    def encode(self, value: Value) -> bytes:
        return self.bcd.encode(value)


@dataclass(frozen=True, slots=True)
class _Nothing:
    """No bytes fit, except those that others have."""

    def decode(self, data: bytes) -> Value:
        raise NotAValueError(f"expected the bytes of another param, not {shown(data)}")

    def encode(self, value: Value) -> bytes:
        raise NotAValueError(f"expected a value of the others, not {shown(value)}")


def _trimmed(text: str, trim: frozenset[Side]) -> str:
    if not trim:
        return text
    text = text.lstrip(" ") if Side.LEFT in trim else text
    return text.rstrip(" ") if Side.RIGHT in trim else text


def _padded(data: bytes, encoding: Encoding, length: int | None, character: str) -> bytes:
    if length is None or len(data) == length:
        return data
    if len(data) > length:
        raise NotAValueError(f"expected a text of at most {length} bytes, not {len(data)}")
    if encoding.unicode and (length - len(data)) % 2:
        raise NotAValueError(
            f"expected an even number of bytes for UTF-16 text, not {length - len(data)} more"
        )
    return encoding.padding(length - len(data), character) + data


def _text(interprete: Interprete, encoding: Encoding, numeric: bool) -> RawCodec:
    allowed = _TEXT if interprete.raw_type is RawType.TEXT else None
    return _Text(encoding, fixed_length(interprete, encoding), interprete.trim, allowed, numeric)


def _numeric_text(interprete: Interprete, encoding: Encoding, numeric: bool) -> RawCodec:
    length = fixed_length(interprete, encoding)
    if numeric:
        return NumericText(interprete.base, length)
    return _Digits(NumericText(interprete.base, None), encoding, length, interprete.trim)


def _integers(interprete: Interprete, encoding: Encoding, numeric: bool) -> RawCodec:
    width = fixed_length(interprete, encoding)
    signed = interprete.raw_type is RawType.SIGNED_NUMBER and width is not None
    return Integers(interprete.endian, signed=signed, width=width)


def _floats(interprete: Interprete, encoding: Encoding, numeric: bool) -> RawCodec:
    return Floats(interprete.endian, fixed_length(interprete, encoding))


def _bcd(interprete: Interprete, encoding: Encoding, numeric: bool) -> RawCodec:
    bcd = Bcd(interprete.endian, interprete.alignment, fixed_length(interprete, encoding))
    return bcd if numeric else _BcdText(bcd)


def _nothing(interprete: Interprete, encoding: Encoding, numeric: bool) -> RawCodec:
    return _Nothing()


# What raises `NotAValueError` for bytes that do not fit a raw type; to the others all bytes fit.
_FILTERS: Mapping[RawType, Callable[[Interprete, Encoding], Callable[[bytes], object]]] = MappingProxyType(
    {
        RawType.TEXT: lambda said, encoding: _Text(encoding, None, frozenset(), _TEXT, False).decode,
        RawType.NUMERIC_TEXT: lambda said, encoding: NumericText(said.base, None).text,
        RawType.BCD: lambda said, encoding: Bcd(said.endian, said.alignment, None).text,
    }
)
_BUILDERS: Mapping[RawType, Callable[[Interprete, Encoding, bool], RawCodec]] = MappingProxyType(
    {
        RawType.TEXT: _text,
        RawType.OTHER: _text,
        RawType.NUMERIC_TEXT: _numeric_text,
        RawType.UNSIGNED_NUMBER: _integers,
        RawType.SIGNED_NUMBER: _integers,
        RawType.DOUBLE: _floats,
        RawType.BCD: _bcd,
        RawType.ONLY_OTHERS: _nothing,
    }
)
