"""Checksums by name, and what a definition adds to one.

The covered bytes go through these steps, each of them only where the definition says so::

    bytes -> byteoffset -> groups -> algorithm, off -> mod -> totaloffset -> ones complement -> room
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import log2
from operator import xor
from types import MappingProxyType

from fastcrc import crc16

from smartserial.definition.param import Crc, Interprete, RawType
from smartserial.definition.values.value import MOST_DIGITS, NotAValueError
from smartserial.errors import SmartSerialError


class UndefinedChecksumError(SmartSerialError):
    """A checksum that cannot be worked out as the definition says; the text says why."""


Words = Sequence[int]
"""The covered bytes, or groups of them as numbers."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One way to work out a checksum.

    Args:
        name: as definitions write it.
        check: its result for the nine bytes ``123456789``, before it is cut to its width.
        what: what it is, in one line.
        function: takes bytes or groups, and what is added to the result: `off`, for each of them or once.
        groups: `groupbytes` makes sense.
        off: `off` makes sense.
    """

    name: str
    check: int
    what: str
    function: Callable[[Words, int], int]
    groups: bool = False
    off: bool = False


def _fletcher(words: Words, off: int) -> int:
    low = high = 0
    for word in words:
        low = (low + word) % 255
        high = (high + low) % 255
    return high << 8 | low


def _library(function: Callable[[bytes], int]) -> Callable[[Words, int], int]:
    """Return a checksum of bytes as one of words."""
    return lambda words, off: function(bytes(words))


def _sum(words: Words, off: int) -> int:
    return sum(words) + off


def _subtract(words: Words, off: int) -> int:
    return off - sum(words)


def _low(function: Callable[[Words, int], int]) -> Callable[[Words, int], int]:
    """Return the lowest byte of a checksum."""
    return lambda words, off: function(words, off) & 255


_ALL = (
    Algorithm("sum", 0x1DD, "the sum", _sum, groups=True, off=True),
    Algorithm("lsb after sum", 0xDD, "the lowest byte of the sum", _low(_sum), groups=True, off=True),
    Algorithm("subtract", -0x1DD, "0 less the sum", _subtract, groups=True, off=True),
    Algorithm("lsb after subtract", 0x23, "the lowest byte of that", _low(_subtract), groups=True, off=True),
    Algorithm("rest", 0xDD, "the sum modulo 256", _low(_sum), off=True),
    Algorithm("exor", 0x31, "exclusive or", lambda words, off: reduce(xor, words, 0), groups=True),
    Algorithm("2comp", 0x23, "the two's complement of the sum, 8 bits", _low(_subtract)),
    Algorithm("crc-16", 0xBB3D, "polynomial 8005 reflected, from 0 (ARC)", _library(crc16.arc)),
    Algorithm("modbus", 0x4B37, "polynomial 8005 reflected, from FFFF", _library(crc16.modbus)),
    Algorithm("crc-ccitt", 0x29B1, "polynomial 1021, from FFFF (IBM 3740)", _library(crc16.ibm_3740)),
    Algorithm("crc-xmodem", 0x31C3, "polynomial 1021, from 0; an extension", _library(crc16.xmodem)),
    Algorithm("fletcher", 0x1EDE, "Fletcher-16, modulo 255", _fletcher),
)
_ALIASES = {"crc16": "crc-16"}
ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {one.name: one for one in _ALL}
    | {alias: one for alias, name in _ALIASES.items() for one in _ALL if one.name == name}
)
"""Algorithms by name and by other spellings, in lower case."""
UNDEFINED: Mapping[str, str] = MappingProxyType(
    {
        "crc": "it does not say which polynomial",
        "codan": "it is one maker's own, and not published",
        "rcds": "it is one maker's own, and not published",
    }
)
"""Names that definitions use and nothing defines, and why."""


def algorithm_of(crc: Crc) -> Algorithm:
    """Return the algorithm that a definition names, in whatever case.

    Raises:
        UndefinedChecksumError: nobody defines it, it is unknown, or it has no use for what else is said.
    """
    name = " ".join(crc.type.lower().split())
    found = ALGORITHMS.get(name)
    if found is None:
        why = UNDEFINED.get(name)
        known = f"it is not one of {', '.join(ALGORITHMS)}"
        raise UndefinedChecksumError(f"the checksum {crc.type!r} is undefined: {why or known}")
    if crc.group_bytes < 1:
        raise UndefinedChecksumError(f"expected groups of 1 byte or more, not {crc.group_bytes}")
    if crc.group_bytes > 1 and not found.groups:
        raise UndefinedChecksumError(
            f"the checksum {crc.type!r} takes bytes, not groups of {crc.group_bytes}"
        )
    if crc.off and not found.off:
        raise UndefinedChecksumError(f"the checksum {crc.type!r} has no off, but it says {crc.off}")
    if crc.mod is not None and crc.mod < 1:
        raise UndefinedChecksumError(f"expected a mod of 1 or more, not {crc.mod}")
    return found


def checksum(crc: Crc, data: bytes, width: int) -> int:
    """Return the checksum of `data` as a binary number of so many bytes: 0 to 256 ** `width` - 1.

    Args:
        crc: the algorithm and what is added to it.
        data: the covered bytes, in order.
        width: bytes that the result has room in.

    Raises:
        UndefinedChecksumError: the definition cannot be followed.
        NotAValueError: bytes that are taken as hex text are none.
    """
    return _worked_out(crc, data) & (1 << 8 * width) - 1


def param_checksum(crc: Crc, data: bytes, interprete: Interprete, length: int) -> int:
    """Return the checksum of `data` as a param can hold it; only what it has no room for is left out.

    Three decimal digits hold 0 to 999. Where digits are no bits, a complement and a number below 0 are taken
    in as many whole bytes as the digits have room for, see `checksum_width`.

    Args:
        crc: the algorithm and what is added to it.
        data: the covered bytes, in order.
        interprete: how the param is written.
        length: of the param, in bytes.

    Raises:
        UndefinedChecksumError: the definition cannot be followed.
        NotAValueError: bytes that are taken as hex text are none.
    """
    result = _worked_out(crc, data)
    base, digits = _digits(interprete, length)
    are_bits = not base & base - 1
    if not are_bits and (result < 0 or "ONES COMPLEMENT" in crc.options):
        result &= (1 << 8 * checksum_width(interprete, length)) - 1
    return int(result % base**digits)


def _digits(interprete: Interprete, length: int) -> tuple[int, int]:
    """Return the base in which a param is written, and how many digits it has, at least 1."""
    if interprete.raw_type is RawType.NUMERIC_TEXT:
        base, digits = max(2, interprete.base), length
    elif interprete.raw_type is RawType.BCD:
        base, digits = 10, 2 * length - (interprete.alignment is not None)
    else:
        base, digits = 256, length
    return base, min(max(1, digits), MOST_DIGITS)


def _worked_out(crc: Crc, data: bytes) -> int:
    """Return a checksum before it is cut to what there is room for; it may be below 0."""
    algorithm = algorithm_of(crc)
    if crc.byte_offset:
        data = bytes((byte + crc.byte_offset) & 255 for byte in data)
    words = data if crc.group_bytes == 1 else _groups(crc, data)
    result = algorithm.function(words, crc.off * len(words) if crc.off_per_byte else crc.off)
    if crc.mod is not None:
        result %= crc.mod
    result = result | crc.total_offset if "OR TOTALOFFSET" in crc.options else result + crc.total_offset
    return ~result if "ONES COMPLEMENT" in crc.options else result


def checksum_width(interprete: Interprete, length: int) -> int:
    """Return how many whole bytes of a number a checksum param has room for, at least 1.

    Args:
        interprete: two hex digits hold one byte, five decimal ones two.
        length: of the param, in bytes.
    """
    base, digits = _digits(interprete, length)
    return max(1, int(digits * log2(base) / 8))


def _groups(crc: Crc, data: bytes) -> list[int]:
    """Return groups of bytes as numbers, of hex text or binary, low byte first; the last may be short."""
    pieces = [data[start : start + crc.group_bytes] for start in range(0, len(data), crc.group_bytes)]
    if crc.binary:
        return [int.from_bytes(piece, "little") for piece in pieces]
    if not all(piece.isalnum() for piece in pieces):  # int() would take signs and blanks as well
        raise NotAValueError(f"expected hex digits for the checksum {crc.type!r}")
    try:
        return [int(piece, 16) for piece in pieces]
    except ValueError as error:
        raise NotAValueError(f"expected hex digits for the checksum {crc.type!r}") from error
