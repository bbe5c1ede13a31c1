"""What the tests of telnet feed: pieces of a stream, and strategies for odd and for decent ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from hypothesis import strategies as st

from smartserial.telnet.codec import Request, Signal, Subnegotiation
from smartserial.telnet.codes import Command

VERBS = (Command.WILL, Command.WONT, Command.DO, Command.DONT)
NO_SIGNALS = {*VERBS, Command.SB, Command.IAC}
Event = TypeVar("Event")


def merged(events: Iterable[Event]) -> list[Event | bytes]:
    """Return events with data that stands side by side made one."""
    found: list[Event | bytes] = []
    for event in events:
        if isinstance(event, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += event
        else:
            found.append(event)
    return found


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut data at these places, modulo its length."""
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(ends)]


def by_size(data: bytes, size: int) -> list[bytes]:
    """Cut data into pieces of one size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def tokens(wire: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy for streams of these pieces, with anything between."""
    return st.lists(st.sampled_from(wire) | st.binary(max_size=6), max_size=20).map(b"".join)


CUTS = st.lists(st.integers(0, 5000), max_size=12)
# Data in which what matters is frequent.
DATA = tokens(
    (b"\xff", b"\xff\xff", b"\r", b"\n", b"\0", b"\r\0", b"\r\n", b"text", b"\xff" * 300, b"x" * 600)
)
# What a peer may send, decent or not.
WIRE = tokens(
    (
        *(bytes([255, verb]) for verb in VERBS),
        *(bytes([255, verb, option]) for verb in VERBS for option in (0, 3, 44)),
        *(bytes([255, code]) for code in (0, 236, 241, 243, 246)),
        *(b"\xff", b"\xff\xff", b"\xff\xfa", b"\xff\xfa\x2c", b"\xff\xf0", b"\x2c", b"\0"),
        *(b"\r", b"\n", b"\r\0", b"\r\n", b"x", b"x" * 300, b"\xff" * 600),
        *(
            b"\xff\xfa\x2c\x01\x00\x00\xff\xff\x00\xff\xf0",
            b"\xff\xfa\x2c\x05\x08\xff\xf0",
            b"\xff\xfa\xff\xf0",
        ),
    )
)
SIGNALS = st.integers(0, 255).filter(lambda code: code not in NO_SIGNALS).map(Signal)
REQUESTS = st.builds(Request, st.sampled_from(VERBS), st.integers(0, 255))
SUBNEGOTIATIONS = st.builds(Subnegotiation, st.integers(0, 254), DATA.filter(lambda data: len(data) < 200))
