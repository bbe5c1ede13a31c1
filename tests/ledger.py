"""Numbered cells that show every byte that is lost, doubled, swapped or changed."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

CELL = 256
_MAGIC = b"CEL\xff"
_BODY = bytes(range(256))[:240]


def cell(stream: int, number: int) -> bytes:
    """Return one cell of 256 bytes: magic, stream, number, CRC-32, and 240 bytes of all kinds."""
    start = number % 256
    body = (_BODY * 2)[start % 240 : start % 240 + 240]
    head = _MAGIC + struct.pack(">II", stream, number)
    return head + struct.pack(">I", zlib.crc32(head + body)) + body


def cells(stream: int, count: int) -> bytes:
    """Return the cells of a stream from 0 on."""
    return b"".join(cell(stream, number) for number in range(count))


@dataclass(frozen=True)
class Findings:
    """What arrived, counted in cells."""

    whole: int
    lost: int
    doubled: int
    damaged: int
    swapped: int


def judge(data: bytes, stream: int, count: int) -> Findings:
    """Compare what arrived with the first `count` cells of a stream."""
    seen: dict[int, int] = {}
    damaged = swapped = position = 0
    last = -1
    while position < len(data):
        piece = data[position : position + CELL]
        number = _number(piece, stream)
        if number is None:
            damaged += 1
            again = data.find(_MAGIC, position + 1)
            position = again if again >= 0 else len(data)
            continue
        seen[number] = seen.get(number, 0) + 1
        swapped += number < last
        last = number
        position += CELL
    whole = sum(1 for number in seen if number < count)
    doubled = sum(times - 1 for times in seen.values())
    return Findings(whole, count - whole, doubled, damaged, swapped)


def _number(piece: bytes, stream: int) -> int | None:
    if len(piece) < CELL or not piece.startswith(_MAGIC):
        return None
    found, number, check = struct.unpack(">III", piece[4:16])
    good = found == stream and zlib.crc32(piece[:12] + piece[16:]) == check
    return number if good else None
