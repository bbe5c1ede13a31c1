"""The messages of the COM port option, RFC 2217: what a subnegotiation of option 44 holds.

::

    code    one byte; what the server says has the client's code + 100
    value   SET-BAUDRATE 4 bytes, the highest first (or 1 byte, as Cisco routers have it)
            SIGNATURE text of any length, empty to ask for the other side's
            FLOWCONTROL-SUSPEND and -RESUME nothing
            all others 1 byte
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from smartserial.lines import Flow, Parity

OF_SERVER = 100
ASK = 0  # the value that asks for what is in force, in SET-BAUDRATE to SET-CONTROL


class Code(IntEnum):
    """What a message is about; RFC 2217 section 3."""

    SIGNATURE = 0
    SET_BAUDRATE = 1
    SET_DATASIZE = 2
    SET_PARITY = 3
    SET_STOPSIZE = 4
    SET_CONTROL = 5
    NOTIFY_LINESTATE = 6
    NOTIFY_MODEMSTATE = 7
    FLOWCONTROL_SUSPEND = 8
    FLOWCONTROL_RESUME = 9
    SET_LINESTATE_MASK = 10
    SET_MODEMSTATE_MASK = 11
    PURGE_DATA = 12


class ModemState(IntFlag):
    """The value of NOTIFY-MODEMSTATE."""

    CD = 128
    RI = 64
    DSR = 32
    CTS = 16
    CD_CHANGED = 8
    RI_ENDED = 4
    DSR_CHANGED = 2
    CTS_CHANGED = 1


class LineState(IntFlag):
    """The value of NOTIFY-LINESTATE."""

    TIMEOUT = 128
    SHIFT_EMPTY = 64
    HOLDING_EMPTY = 32
    BREAK = 16
    FRAMING = 8
    PARITY = 4
    OVERRUN = 2
    DATA_READY = 1


class Purge(IntFlag):
    """The value of PURGE-DATA: which buffers of the server."""

    RECEIVE = 1
    TRANSMIT = 2


PARITIES = {Parity.NONE: 1, Parity.ODD: 2, Parity.EVEN: 3, Parity.MARK: 4, Parity.SPACE: 5}
STOPSIZES = {1.0: 1, 2.0: 2, 1.5: 3}
DATASIZES = {5: 5, 6: 6, 7: 7, 8: 8}
OUTBOUND = {Flow.NONE: 1, Flow.XONXOFF: 2, Flow.RTSCTS: 3}
INBOUND = {Flow.NONE: 14, Flow.XONXOFF: 15, Flow.RTSCTS: 16}
# SET-CONTROL for the lines: the value that asks, and those for on and off.
LINES = {"brk": (4, 5, 6), "dtr": (7, 8, 9), "rts": (10, 11, 12)}
ASK_INBOUND = 13
INBOUND_BY_DTR = 18  # which Linux has not
CISCO_BAUDRATES = {
    300: 3,
    600: 4,
    1200: 5,
    2400: 6,
    4800: 7,
    9600: 8,
    19200: 10,
    38400: 12,
    57600: 13,
    115200: 14,
    230400: 15,
}
_BAUDRATE_SIZE = 4


@dataclass(frozen=True, slots=True)
class Message:
    """One message; see the drawing above.

    Args:
        code: what it is about.
        value: 0 or more bytes, as they come.
        of_server: whether the server says it.
    """

    code: Code
    value: bytes = b""
    of_server: bool = False

    @property
    def number(self) -> int | None:
        """The value as a number; None where its length is another than the RFC has."""
        size = _BAUDRATE_SIZE if self.code is Code.SET_BAUDRATE else 1
        return int.from_bytes(self.value, "big") if len(self.value) == size else None

    def payload(self) -> bytes:
        """Return the message as the payload of a subnegotiation."""
        return bytes([self.code + OF_SERVER * self.of_server]) + self.value


def decode(payload: bytes) -> Message | None:
    """Return the message that a subnegotiation holds; None if it is empty or its code is unknown."""
    if not payload:
        return None
    of_server = payload[0] >= OF_SERVER
    code = payload[0] - OF_SERVER * of_server
    if code not in Code.__members__.values():
        return None
    return Message(Code(code), payload[1:], of_server)


def baudrate_bytes(baudrate: int) -> bytes:
    """Return a baud rate, of 0 to 2**32 - 1, as the value of SET-BAUDRATE."""
    return baudrate.to_bytes(_BAUDRATE_SIZE, "big")
