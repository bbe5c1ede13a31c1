"""What SSH requests say, as values: terminals, commands, breaks (RFC 4254 section 6, RFC 4335)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum

from twisted.conch.ssh.common import getNS

from smartserial.console.words import split
from smartserial.errors import PeerError

_USUAL_SIZE = 80, 24
_MOST_SIZE = 1000  # columns or rows; nobody has more
_SHORTEST, _LONGEST, _USUAL_BREAK = 0.5, 3.0, 0.25  # seconds
_CONNECT = "share"
_PREFIX = "ctl"


class Status(Enum):
    """Exit statuses, as those of `smartserial ctl`."""

    DONE = 0
    NOT_DONE = 1
    WRONG = 2


@dataclass(frozen=True, slots=True)
class Connect:
    """The wish to be a client of a share."""

    share: str


@dataclass(frozen=True, slots=True)
class Perform:
    """The wish to have one verb done: its words, as they were typed."""

    line: str


def text_of(data: bytes) -> bytes:
    """Return the one string that a request has.

    Raises:
        PeerError: it is cut off.
    """
    try:
        (size,) = struct.unpack_from(">L", data)
    except struct.error as error:
        raise PeerError("a request without its text") from error
    if len(data) < 4 + size:
        raise PeerError(f"a text of {size} bytes of which {len(data) - 4} came")
    return data[4 : 4 + size]


def wish_of(command: str) -> Connect | Perform:
    """Return what a command wants.

    ``share NAME`` is a client; all else is a verb, as it is after the word ``ctl``.

    Raises:
        VerbError: a quote is not closed.
    """
    words = split(command)
    if words[:1] == [_PREFIX]:
        return Perform(command.split(_PREFIX, 1)[1])
    if len(words) == 2 and words[0] == _CONNECT:
        return Connect(words[1])
    return Perform(command)


def terminal_size(columns: int, rows: int) -> tuple[int, int]:
    """Return columns and rows that a terminal may have; 0 means that they are not known."""
    if not (columns and rows):
        return _USUAL_SIZE
    return min(columns, _MOST_SIZE), min(rows, _MOST_SIZE)


def terminal_of(data: bytes) -> tuple[int, int]:
    """Return the columns and rows of a ``pty-req``.

    Raises:
        PeerError: it is cut off.
    """
    try:
        _, rest = getNS(data)
        return terminal_size(*struct.unpack_from(">2L", rest))
    except struct.error as error:
        raise PeerError("a terminal without its size") from error


def new_size_of(data: bytes) -> tuple[int, int]:
    """Return the columns and rows of a ``window-change``.

    Raises:
        PeerError: it is cut off.
    """
    try:
        return terminal_size(*struct.unpack_from(">2L", data))
    except struct.error as error:
        raise PeerError("a terminal without its size") from error


def break_of(data: bytes) -> float:
    """Return for how many seconds a ``break`` is to last: from 0.5 to 3, as RFC 4335 wants it, or the usual.

    Raises:
        PeerError: it is cut off.
    """
    try:
        (milliseconds,) = struct.unpack_from(">L", data)
    except struct.error as error:
        raise PeerError("a break without its length") from error
    return min(_LONGEST, max(_SHORTEST, milliseconds / 1000)) if milliseconds else _USUAL_BREAK
