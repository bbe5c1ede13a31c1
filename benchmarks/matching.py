#!/usr/bin/env python3
"""Measure what it costs to find out which of many responses a message is.

A frame is STX, a code of two bytes, a length, three numbers, a text, a CRC and ETX, 29 bytes on average; the
codes are equally likely. It prints microseconds for one message among 1, 10, 100 and 1000 responses, and what
that is compared with the first. Others stand beside it: a loop written for this frame only, a parser in the
style of what Kaitai Struct generates, and construct where it can be imported. Whole means that values are
decoded and the CRC is verified. It asserts nothing.
"""

from __future__ import annotations

import argparse
import random
import struct
import sys
from binascii import crc_hqx
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from smartserial.definition.connection import Connection, ConnectionType
from smartserial.definition.message import Response
from smartserial.definition.param import (
    Crc,
    Endian,
    Interprete,
    LengthType,
    Param,
    ParamType,
    RawType,
    ValueType,
)
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.text import Encoding
from smartserial.engine.matching.matcher import compile_matcher
from smartserial.engine.matching.result import Match
from smartserial.engine.matching.verify import Verifier

Parse = Callable[[bytes], object]
STX, ETX, CRC = 1, 2, 3
ROUNDS = 3
NUMBERS = struct.Struct(">HhI")


def number(param: int, kind: ParamType, raw: RawType, length: int, crc: Crc | None = None) -> Param:
    said = Interprete(raw, LengthType.FIXED, length, type=ValueType.DOUBLE, endian=Endian.BIG)
    return Param(param, "number", kind, said, crc=crc)


def constant(param: int, kind: ParamType, value: bytes) -> Param:
    return Param(param, "constant", kind, Interprete(length_type=LengthType.FIXED, value=value))


def definition(count: int, header: ParamType) -> Protocol:
    """Return a definition of `count` responses; each has a code and five params of its own."""
    crc = Crc("crc-xmodem", (1, 2, 3, 4, 5, 6))
    params = [
        constant(STX, header, b"\x02"),
        constant(ETX, ParamType.TRAILER, b"\x03"),
        number(CRC, ParamType.CRC, RawType.UNSIGNED_NUMBER, 2, crc),
    ]
    responses = []
    for code in range(count):
        first = 10 * (code + 1)
        text = Interprete(RawType.OTHER, LengthType.OTHER_PARAM, length_id=first + 1)
        params += [
            constant(first, ParamType.FIXED, code.to_bytes(2, "big")),
            number(first + 1, ParamType.READ, RawType.UNSIGNED_NUMBER, 1),
            number(first + 2, ParamType.READ, RawType.UNSIGNED_NUMBER, 2),
            number(first + 3, ParamType.READ, RawType.SIGNED_NUMBER, 2),
            number(first + 4, ParamType.READ, RawType.UNSIGNED_NUMBER, 4),
            Param(first + 5, "text", ParamType.READ, text),
        ]
        responses.append(Response(code, "response", (STX, *range(first, first + 6), CRC, ETX)))
    connections = (Connection(ConnectionType.SMART_SERIAL),)
    return Protocol("any", connections=connections, params=tuple(params), responses=tuple(responses))


def frames(count: int, rng: random.Random) -> list[bytes]:
    """Return messages with codes below `count`."""
    made = []
    for _ in range(2000):
        text = bytes(rng.choices(b"abcdefgh", k=rng.randrange(5, 26)))
        numbers = NUMBERS.pack(rng.randrange(65536), rng.randrange(-9, 9), rng.randrange(1 << 32))
        body = rng.randrange(count).to_bytes(2, "big") + bytes([len(text)]) + numbers + text
        made.append(b"\x02" + body + crc_hqx(body, 0).to_bytes(2, "big") + b"\x03")
    return made


def ours(count: int, header: ParamType = ParamType.HEADER) -> Parse:
    protocol = definition(count, header)
    raws = {p.id: p.interprete.value for p in protocol.params if p.interprete and p.interprete.value}
    raw_of = raws.__getitem__
    matcher = compile_matcher(protocol, 0, raw_of)  # type: ignore[arg-type]
    return lambda data: matcher.match(data, raw_of)  # type: ignore[arg-type]


def ours_whole(count: int) -> Parse:
    protocol = definition(count, ParamType.HEADER)
    codecs = {p.id: ParamCodec(p, Encoding()).decode for p in protocol.params}
    constants = {p.id for p in protocol.params if p.interprete and p.interprete.value is not None}
    match, verifier = ours(count), Verifier(protocol.param)

    def parse(data: bytes) -> object:
        found = match(data)
        assert isinstance(found, Match)
        assert verifier.crc(found.response, found.fields, data) is None
        return {
            field.param: codecs[field.param](data[field.start : field.end]).value
            for field in found.fields
            if field.param not in constants
        }

    return parse


def ours_unmatched(count: int) -> Parse:
    match = ours(count)
    return lambda data: match(data[:1] + b"\xff" + data[2:])


def by_hand(count: int) -> Parse:
    """Written for this one frame."""
    known = {code.to_bytes(2, "big"): code for code in range(count)}
    unpack = struct.Struct(">BHhI").unpack_from

    def parse(data: bytes) -> object:
        code = known.get(data[1:3])
        if data[0] != 2 or code is None or data[-1] != 3:
            return None
        length, one, two, three = unpack(data, 3)
        if len(data) != 15 + length or crc_hqx(data[1:-3], 0) != int.from_bytes(data[-3:-1], "big"):
            return None
        return code, one, two, three, data[12 : 12 + length].decode("ascii")

    return parse


class KaitaiLike:
    """A stream with a method for each kind of field, and an object for each message."""

    def __init__(self, data: bytes, known: Mapping[int, int]) -> None:
        self._io = BytesIO(data)
        self.stx = self.bytes(1)
        if self.stx != b"\x02":
            raise ValueError(self.stx)
        self.code = known[self.number(">H")]
        self.length = self.number(">B")
        self.one = self.number(">H")
        self.two = self.number(">h")
        self.three = self.number(">I")
        self.text = self.bytes(self.length).decode("ascii")
        self.crc = self.number(">H")
        self.etx = self.bytes(1)
        if self.etx != b"\x03" or crc_hqx(data[1:-3], 0) != self.crc:
            raise ValueError(self.etx)

    def bytes(self, length: int) -> bytes:
        data = self._io.read(length)
        if len(data) < length:
            raise EOFError(length)
        return data

    def number(self, form: str) -> int:
        value: int = struct.unpack(form, self.bytes(struct.calcsize(form)))[0]
        return value


def kaitai_like(count: int) -> Parse:
    known = {code: code for code in range(count)}
    return lambda data: KaitaiLike(data, known)


def construct_switch(count: int, compiled: bool = False) -> Parse:
    import construct as c

    body = construct_body()
    kinds = dict.fromkeys(range(count), body)
    whole = c.Struct(
        c.Const(b"\x02"),
        "code" / c.Int16ub,
        "body" / c.Switch(c.this.code, kinds),
        "crc" / c.Int16ub,
        c.Const(b"\x03"),
    )
    parse: Parse = (whole.compile() if compiled else whole).parse
    return parse


def construct_select(count: int) -> Parse:
    """Each response is tried, as a definition reads."""
    import construct as c

    body = construct_body()
    starts = [c.Const(b"\x02" + code.to_bytes(2, "big")) for code in range(count)]
    kinds = [c.Struct(start, "body" / body, "crc" / c.Int16ub, c.Const(b"\x03")) for start in starts]
    parse: Parse = c.Select(*kinds).parse
    return parse


def construct_body():  # type: ignore[no-untyped-def] # it has no types
    import construct as c

    return c.Struct(
        "length" / c.Byte,
        "one" / c.Int16ub,
        "two" / c.Int16sb,
        "three" / c.Int32ub,
        "text" / c.PaddedString(c.this.length, "ascii"),
    )


METHODS: Mapping[str, Callable[[int], Parse]] = {
    "ours, match": ours,
    "ours, match, header as fixed": lambda count: ours(count, ParamType.FIXED),
    "ours, whole": ours_whole,
    "ours, unmatched": ours_unmatched,
    "by hand, whole": by_hand,
    "kaitai-like, whole": kaitai_like,
    "construct Switch, no CRC": construct_switch,
    "construct Switch, compiled, no CRC": lambda count: construct_switch(count, compiled=True),
    "construct Select, no CRC": construct_select,
}


def cost(name: str, count: int, repeats: int) -> float | None:
    """Return microseconds for one message among so many responses, the best of some runs."""
    try:
        parse = METHODS[name](count)
    except ImportError:
        return None
    # It takes milliseconds for each.
    messages = frames(count, random.Random(count))[: 100 if name.startswith("construct Select") else None]
    best = float("inf")
    for _ in range(repeats):
        began = perf_counter()
        for data in messages:
            parse(data)
        best = min(best, (perf_counter() - began) / len(messages) * 1e6)
    return best


def costs(name: str, counts: Sequence[int], repeats: int) -> list[float]:
    """Return the best of some processes for each count; they take turns, and none knows another count."""
    found: dict[int, list[float]] = {}
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        for _ in range(ROUNDS):
            for count in counts:
                one = processes.submit(cost, name, count, repeats).result()
                if one is None:
                    return []
                found.setdefault(count, []).append(one)
    return [min(found[count]) for count in counts]


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--repeats", type=int, default=15, help="runs, of which the best counts (default: 15)"
    )
    repeats = parser.parse_args().repeats
    counts = (1, 10, 100, 1000)
    print(f"{'us for one message':34}", *(f"{'N=' + str(count):>14}" for count in counts))
    for name in METHODS:
        found = costs(name, counts, repeats)
        if found:
            print(f"{name:34}", *(f"{one:7.2f} x{one / found[0]:5.2f}" for one in found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
