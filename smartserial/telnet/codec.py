"""From the bytes of a telnet connection to events, and from data and events to bytes.

In the way of a byte there are a search for 255 and, in an NVT direction, one for CR; nothing is looked at
byte by byte, and nothing but an unfinished command is ever kept back::

    data               IAC IAC           one byte 255
                       CR NUL            CR, unless the direction is BINARY
    two bytes          IAC command       NOP, DM, BRK, AYT, GA, a stray SE, anything unknown
    three bytes        IAC WILL option   and WONT, DO, DONT
    subnegotiation     IAC SB option payload IAC SE
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum

from smartserial.telnet.codes import CR, IAC, IAC_IAC, LF, NUL, Command
from smartserial.telnet.escape import escape, unescape, unescape_all

MOST_SUBNEGOTIATION = 512  # bytes between IAC SB and IAC SE, as they come
_DATA = re.compile(rb"[^\xff]*+(?:(?:\xff\xff)++[^\xff]*+)*+")
_VERBS = frozenset((Command.WILL, Command.WONT, Command.DO, Command.DONT))


@dataclass(frozen=True, slots=True)
class Signal:
    """A command of two bytes; `code` need not be a known one."""

    code: int


@dataclass(frozen=True, slots=True)
class Request:
    """WILL, WONT, DO or DONT, for an option of 0 to 255."""

    verb: Command
    option: int


@dataclass(frozen=True, slots=True)
class Subnegotiation:
    """What an option's two sides say to each other."""

    option: int
    payload: bytes


class Oddity(Enum):
    """What a peer did wrong; it disturbs nothing and is counted."""

    EMPTY = "empty subnegotiation"
    ABANDONED = "subnegotiation ended by another command"
    OVERLONG = "subnegotiation too long"


Event = bytes | Signal | Request | Subnegotiation | Oddity


class Decoder:
    """Cuts what is received into events; data is given as bytes, never empty.

    Attributes:
        binary: whether data passes as it comes; may change between two events.
    """

    __slots__ = ("_after_cr", "_rest", "_skipping", "binary")

    def __init__(self) -> None:
        self.binary = False
        self._after_cr = False
        self._rest = b""  # an unfinished command
        self._skipping = False  # inside a subnegotiation that is too long

    @property
    def plain(self) -> bool:
        """Whether data without 255 is just data now."""
        return self.binary and not self._rest and not self._skipping

    def events(self, data: bytes) -> Generator[Event, None, None]:
        """Give the events of `data`, which follows what came before; to be read to its end."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        place = self._skip(data) if self._skipping else 0
        place = yield from self._data_alone(data, place)
        while place < len(data):
            place = yield from self._data(data, place)
            if place < len(data):
                place = yield from self._command(data, place)

    def _data_alone(self, data: bytes, place: int) -> Generator[bytes, None, int]:
        """Give all that comes, if there is no command in it; return the place up to where it was given."""
        alone = unescape_all(data[place:])
        if alone is None:
            return place
        clean, used = alone
        if clean := self._clean(clean):
            yield clean
        return place + used

    def _data(self, data: bytes, place: int) -> Generator[bytes, None, int]:
        """Give the data up to the next command; return the place of that."""
        match = _DATA.match(data, place)
        assert match is not None  # it may be empty
        if clean := self._clean(unescape(match[0])):
            yield clean
        return match.end()

    def _clean(self, data: bytes) -> bytes:
        """Undo the CR NUL of an NVT direction; the CR before may have been delivered long ago."""
        if self.binary:
            self._after_cr = False
            return data
        if not data:
            return data
        start = 1 if self._after_cr and data.startswith(NUL) else 0
        self._after_cr = data.endswith(CR)
        return data[start:].replace(CR + NUL, CR)

    def _command(self, data: bytes, place: int) -> Generator[Event, None, int]:
        """Give the command at `place`; return where it ends, with what is unfinished kept."""
        code = data[place + 1] if place + 1 < len(data) else None
        size = 3 if code in _VERBS else 2
        if code == Command.SB:
            return (yield from self._subnegotiation(data, place + 2))
        if code is None or place + size > len(data):
            self._rest = data[place:]
            return len(data)
        yield Request(Command(code), data[place + 2]) if size == 3 else Signal(code)
        return place + size

    def _subnegotiation(self, data: bytes, start: int) -> Generator[Event, None, int]:
        at = _end_of_payload(data, start)
        if at - start > MOST_SUBNEGOTIATION:
            yield Oddity.OVERLONG
            self._skipping = True
            return self._skip(data, start)
        if at + 1 >= len(data):
            self._rest = data[start - 2 :]
            return len(data)
        if data[at + 1] != Command.SE:
            yield Oddity.ABANDONED
            return at
        payload = data[start:at].replace(IAC_IAC, IAC)
        yield Subnegotiation(payload[0], payload[1:]) if payload else Oddity.EMPTY
        return at + 2

    def _skip(self, data: bytes, start: int = 0) -> int:
        """Return where a subnegotiation that is too long ends."""
        at = _end_of_payload(data, start)
        if at + 1 >= len(data):
            self._rest = data[at:]
            return len(data)
        self._skipping = False
        return at + 2 if data[at + 1] == Command.SE else at


def _end_of_payload(data: bytes, start: int) -> int:
    """Return the place of the first IAC that is no doubled 255, or the end."""
    match = _DATA.match(data, start)
    assert match is not None
    return match.end()


class Encoder:
    """Writes data for the other side; until the direction is BINARY, LF or NUL follows each CR.

    A CR at the end of a piece goes out at once, and what must follow it when the next piece is known.
    """

    __slots__ = ("_open_cr", "binary")

    def __init__(self) -> None:
        self.binary = False
        self._open_cr = False  # the last byte was a CR whose LF or NUL is still to come

    def set_binary(self, binary: bool) -> None:
        """Go over to BINARY, or back."""
        self.binary, self._open_cr = binary, False

    def data(self, data: bytes) -> bytes:
        """Return `data` as it goes over the wire."""
        data = escape(data)
        if self.binary or not (self._open_cr or CR in data):
            return data
        before = NUL if self._open_cr and data and not data.startswith(LF) else b""
        self._open_cr = data.endswith(CR) if data else self._open_cr
        data = data.replace(CR, CR + NUL).replace(CR + NUL + LF, CR + LF)
        return before + (data[:-1] if data and self._open_cr else data)

    def command(self, command: bytes) -> bytes:
        """Return `command`, which has its IACs already, as it may follow the data so far."""
        before, self._open_cr = NUL if self._open_cr else b"", False
        return before + command
