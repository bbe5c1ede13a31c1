#!/usr/bin/env python3
"""Time one telnet codec in a process of its own: CODEC FILL SECONDS; what came out is printed as JSON.

Data goes through in blocks of 64 KiB, in BINARY both ways; MB are those of the data, not of the wire.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

BLOCK = 64 * 1024
_SIZE = 16 * BLOCK  # bytes of data that go through before the clock is looked at
_TEXT = bytes(range(0x21, 0x7A))
_RUN = b"\xff" * 200 + (_TEXT * 4)[:300]

Step = Callable[[bytes], object]  # takes one block


class Codec(NamedTuple):
    """Both ways through a codec, and what has come out of the way in."""

    unescape: Step
    escape: Step
    data: list[bytes]


def _filled(pattern: bytes) -> bytes:
    return (pattern * (_SIZE // len(pattern) + 1))[:_SIZE]


FILLS: Mapping[str, Callable[[], bytes]] = {
    "text": lambda: _filled(_TEXT),
    "random": lambda: random.Random(1).randbytes(_SIZE),
    "runs": lambda: _filled(_RUN),
    "ff": lambda: _filled(b"\xff"),
}


def _smartserial() -> Codec:
    from smartserial.telnet.connection import Connection
    from smartserial.telnet.options import SERVER

    data: list[bytes] = []
    connection = Connection(SERVER)
    connection.greet()
    for _ in connection.receive(b"\xff\xfb\0\xff\xfd\0", 0.0):  # WILL BINARY, DO BINARY
        pass
    receive: Any = connection.receive  # gives nothing but data here
    return Codec(lambda block: data.extend(receive(block, 0.0)), connection.encode, data)


def _conch() -> Codec:
    from twisted.conch import telnet

    data: list[bytes] = []
    made: Any = telnet
    reader, writer = made.Telnet(), made.TelnetTransport()
    reader.applicationDataReceived = data.append
    writer.transport = _Nowhere()
    return Codec(reader.dataReceived, writer.write, data)


def _pyserial() -> Codec:
    import serial
    from serial.rfc2217 import PortManager

    data: list[bytes] = []
    made: Any = PortManager
    manager = made(serial.serial_for_url("loop://"), _Nowhere())
    return Codec(
        lambda block: data.append(b"".join(manager.filter(block))),
        lambda block: b"".join(manager.escape(block)),
        data,
    )


class _Nowhere:
    """What a codec writes to."""

    def write(self, data: bytes) -> None:
        pass


CODECS: Mapping[str, Callable[[], Codec]] = {
    "smartserial": _smartserial,
    "conch": _conch,
    "pyserial": _pyserial,
}


def _blocks(data: bytes) -> Sequence[bytes]:
    return [data[begin : begin + BLOCK] for begin in range(0, len(data), BLOCK)]


def _turns(step: Step, blocks: Sequence[bytes], seconds: float) -> Iterator[float]:
    """Give the processor time of each turn through all blocks, for so long."""
    end = time.monotonic() + seconds
    while True:
        began = time.process_time()
        for block in blocks:
            step(block)
        yield time.process_time() - began
        if time.monotonic() > end:
            return


def _milliseconds(step: Step, blocks: Sequence[bytes], data: list[bytes], seconds: float) -> float:
    """Return the milliseconds per MB."""
    spent = []
    for turn in _turns(step, blocks, seconds):
        spent.append(turn)
        data.clear()
    return 1e3 * sum(spent) / (len(spent) * _SIZE / 1e6)


def main() -> None:
    """Time what the command line names."""
    codec, plain, seconds = CODECS[sys.argv[1]](), FILLS[sys.argv[2]](), float(sys.argv[3])
    wire = plain.replace(b"\xff", b"\xff\xff")
    for block in _blocks(wire):
        codec.unescape(block)
    right = b"".join(codec.data) == plain or (sys.argv[1] == "conch" and b"\r" in plain)  # it knows no BINARY
    codec.data.clear()
    print(
        json.dumps(
            {
                "corrupt": 0 if right else 1,
                "unescape_ms/MB": _milliseconds(codec.unescape, _blocks(wire), codec.data, seconds / 2),
                "escape_ms/MB": _milliseconds(codec.escape, _blocks(plain), codec.data, seconds / 2),
            }
        )
    )


if __name__ == "__main__":
    main()
