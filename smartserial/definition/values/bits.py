"""Bits of a group.

Position 0 is the top bit of the lowest-order byte, position 8 that of the byte above it, and so on::

    little endian   31 02                     big endian   31 02
    position        0 ... 7   8 ... 15        position     8 ... 15   0 ... 7

Where a group uses the lower n bits of each byte only, its positions count those: n of them a byte.
"""

from __future__ import annotations

from smartserial.definition.param import Endian, Interprete
from smartserial.definition.values.value import NotAValueError, Value, as_int, shown


def read_bits(group: Interprete, bit: Interprete, data: bytes) -> int:
    """Return the bits of one param.

    Args:
        group: how the group's bytes are read: endian, bits, byte offset.
        bit: which bits, first the most significant one; big endian makes it the least.
        data: the group's bytes, as on the wire.

    Raises:
        NotAValueError: the group is too short, or there are no such bits.
    """
    used = _used(group)
    number = 0
    for byte in _ordered(group, data):
        number = number << used | (byte - group.byte_offset) & (1 << used) - 1
    shift, count = _span(bit, used, len(data))
    return _turned(number >> shift & (1 << count) - 1, bit, count)


def write_bits(group: Interprete, bit: Interprete, data: bytes, value: Value) -> bytes:
    """Return a group's bytes with the bits of one param changed.

    Args:
        group: how the group's bytes are read.
        bit: which bits.
        data: the group's bytes, as on the wire; what is not among the bits stays.
        value: a number of at most so many bits.

    Raises:
        NotAValueError: the value does not fit, the group is too short, or there are no such bits.
    """
    used = _used(group)
    shift, count = _span(bit, used, len(data))
    number = as_int(value)
    if not 0 <= number < 1 << count:
        raise NotAValueError(f"expected 0 to {(1 << count) - 1} for {count} bits, not {shown(number)}")
    number = _turned(number, bit, count) << shift
    mask = (1 << count) - 1 << shift
    changed = bytearray()
    for byte in reversed(_ordered(group, data)):
        inside = (1 << used) - 1 & mask
        plain = (byte - group.byte_offset) & 255 & ~inside | number & inside
        changed.append((plain + group.byte_offset) & 255)
        number >>= used
        mask >>= used
    return bytes(changed if group.endian is Endian.BIG else reversed(changed))


def _used(group: Interprete) -> int:
    used = 8 if group.bits is None else group.bits
    if not 1 <= used <= 8:
        raise NotAValueError(f"expected 1 to 8 bits of each byte of a group, not {used}")
    return used


def _ordered(group: Interprete, data: bytes) -> bytes:
    """Return the bytes, the lowest-order one first."""
    return data[::-1] if group.endian is Endian.BIG else data


def _span(bit: Interprete, used: int, length: int) -> tuple[int, int]:
    """Return how far the bits are from the last position, and how many they are."""
    start, count = bit.start_position or 0, bit.nbr_of_bits
    shift = used * length - start - count
    if count < 1 or start < 0 or shift < 0:
        raise NotAValueError(f"expected {count} bits from {start} in a group of {used * length} bits")
    return shift, count


def _turned(number: int, bit: Interprete, count: int) -> int:
    return int(f"{number:0{count}b}"[::-1], 2) if bit.endian is Endian.BIG and count > 1 else number
