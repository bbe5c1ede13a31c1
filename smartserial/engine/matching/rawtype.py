"""Which bytes fit the raw type of a param."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters, digits

from smartserial.definition.param import Endian, Interprete, Param, ParamType, RawType, Side
from smartserial.definition.values.codec import RawOf, incoming_bytes
from smartserial.definition.values.constant import text_encoding
from smartserial.definition.values.conversion import is_numeric
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError

Fits = Callable[[bytes], bool]

_TEXT = ascii_letters + digits + "-.;,?! "
_NUMERIC = digits + "+-.,eE "
_BCD = bytes(byte for byte in range(256) if byte >> 4 <= 9 and byte & 15 <= 9)


@dataclass(frozen=True, slots=True)
class Filter:
    """What the bytes of a param must look like; no bytes at all always fit.

    Args:
        allowed: the bytes that there may be; None leaves it to `fits_type`.
        fits_type: judges all bytes of the param, which are never empty.
        others: params whose bytes are let through all the same.
    """

    allowed: bytes | None
    fits_type: Fits
    others: tuple[int, ...] = ()

    def fits(self, data: bytes, raw_of: RawOf) -> bool:
        """Tell whether the bytes are right, or those of another param that stands for a state."""
        return not data or self.fits_type(data) or any(_same(other, data, raw_of) for other in self.others)


def filter_of(param: Param, encoding: Encoding) -> Filter | None:
    """Return the filter of a param; None where any bytes do."""
    interprete = param.interprete or Interprete()
    others = tuple(other.param for other in interprete.others)
    inward = incoming_bytes(interprete) if param.type is ParamType.GROUP else None
    allowed = _allowed(interprete, encoding)
    if allowed is not None:
        if len(allowed) == 256:
            return None
        if inward is not None:
            allowed = bytes(byte for byte in range(256) if inward[byte] in allowed)
        return Filter(allowed, _only(allowed), others)
    fits = _aligned(interprete) if interprete.raw_type is RawType.BCD else _characters(interprete, encoding)
    return Filter(None, fits if inward is None else _translated(inward, fits), others)


def _allowed(interprete: Interprete, encoding: Encoding) -> bytes | None:
    """Return the bytes that a raw type allows, each wherever it stands; None if that is not all there is."""
    raw = interprete.raw_type
    if raw is RawType.ONLY_OTHERS:
        return b""
    if raw is RawType.BCD:
        return _BCD if interprete.alignment is None else None
    characters = _said(interprete)
    if characters is None:
        return bytes(range(256))
    if raw is RawType.NUMERIC_TEXT and is_numeric(interprete):  # these are ASCII whatever the encoding
        return characters.encode("ascii")
    if text_encoding(interprete, encoding).unicode:
        return None
    return bytes(byte for byte in range(256) if encoding.decode(bytes([byte])) in characters)


def _said(interprete: Interprete) -> str | None:
    """Return the characters of a kind of text; None if it is none, or may have all."""
    if interprete.raw_type is RawType.TEXT:
        return _TEXT
    if interprete.raw_type is not RawType.NUMERIC_TEXT:
        return None
    letters = ascii_letters[: max(0, interprete.base - 10)]
    return _NUMERIC + letters + letters.upper()


def _only(allowed: bytes) -> Fits:
    return lambda data: not data.translate(None, allowed)


def _translated(table: bytes, fits: Fits) -> Fits:
    return lambda data: fits(data.translate(table))


def _aligned(interprete: Interprete) -> Fits:
    """Return what judges BCD with half a byte that means nothing."""
    left = interprete.alignment is Side.LEFT
    first = left is not (interprete.endian is Endian.LITTLE)  # whether the padded byte comes first

    def fits(data: bytes) -> bool:
        padded, rest = (data[0], data[1:]) if first else (data[-1], data[:-1])
        half = padded & 15 if left else padded >> 4
        return half <= 9 and not rest.translate(None, _BCD)

    return fits


def _characters(interprete: Interprete, encoding: Encoding) -> Fits:
    """Return what judges UTF-16 text."""
    pattern = re.compile(f"[{re.escape(_said(interprete) or '')}]*")
    return lambda data: pattern.fullmatch(encoding.decode(data)) is not None


def _same(other: int, data: bytes, raw_of: RawOf) -> bool:
    try:
        return raw_of(other) == data
    except NotAValueError:  # a param that has no bytes
        return False
