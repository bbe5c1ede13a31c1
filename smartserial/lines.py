"""Line settings, and the states of modem lines, as frozen values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

LINE_NAMES = ("dtr", "rts", "break")  # the lines that this side drives
_SHORT_FORM = re.compile(r"(\d+)(?:[ ,]([5-8])([NOEMS])(1\.5|1|2))?", re.ASCII | re.IGNORECASE)


class Parity(Enum):
    """The parity bit of each character."""

    NONE = "none"
    ODD = "odd"
    EVEN = "even"
    MARK = "mark"
    SPACE = "space"

    @property
    def letter(self) -> str:
        """The letter of the short form, as in ``8E1``."""
        return self.value[0].upper()


class Flow(Enum):
    """Who stops whom when a receiver is full."""

    NONE = "none"
    XONXOFF = "xonxoff"
    RTSCTS = "rtscts"


@dataclass(frozen=True, slots=True)
class Rs485:
    """How the driver switches the transmitter of an RS-485 port.

    Args:
        rts_on_send: the level of RTS while sending.
        rts_after_send: the level of RTS otherwise.
        delay_before: seconds from switching to the first bit; drivers count milliseconds.
        delay_after: seconds from the last bit to switching back.
        rx_during_tx: hear one's own bytes.
    """

    rts_on_send: bool = True
    rts_after_send: bool = False
    delay_before: float = 0.0
    delay_after: float = 0.0
    rx_during_tx: bool = False


@dataclass(frozen=True, slots=True)
class LineSettings:
    """What both ends of a serial line must agree on.

    Args:
        baudrate: bits a second, 1 or more.
        bytesize: data bits, 5 to 8.
        parity: the parity bit.
        stopbits: 1, 1.5 or 2.
        flow: flow control.
        rs485: None leaves the driver's RS-485 mode as it is.
    """

    baudrate: int = 9600
    bytesize: int = 8
    parity: Parity = Parity.NONE
    stopbits: float = 1
    flow: Flow = Flow.NONE
    rs485: Rs485 | None = None

    @property
    def bits(self) -> float:
        """How many bits one byte takes: start, data, parity and stop."""
        return 1 + self.bytesize + (self.parity is not Parity.NONE) + self.stopbits

    @property
    def byte_time(self) -> float:
        """How many seconds one byte takes; a line at speed 0 is taken for one at 1 bit a second."""
        return self.bits / max(1, self.baudrate)

    def __str__(self) -> str:
        flow = "" if self.flow is Flow.NONE else f" {self.flow.value}"
        rs485 = "" if self.rs485 is None else " rs485"
        return f"{self.baudrate} {self.bytesize}{self.parity.letter}{self.stopbits:g}{flow}{rs485}"


@dataclass(frozen=True, slots=True)
class Lines:
    """States of the lines that this side drives; None leaves a line as it is."""

    dtr: bool | None = None
    rts: bool | None = None
    brk: bool | None = None

    def over(self, other: Lines) -> Lines:
        """Return these states, with those of `other` where this one says nothing."""
        return Lines(
            other.dtr if self.dtr is None else self.dtr,
            other.rts if self.rts is None else self.rts,
            other.brk if self.brk is None else self.brk,
        )

    def __bool__(self) -> bool:
        return self != Lines()

    def __str__(self) -> str:
        named = zip(LINE_NAMES, (self.dtr, self.rts, self.brk), strict=True)
        return " ".join(f"{name}={'on' if state else 'off'}" for name, state in named if state is not None)


@dataclass(frozen=True, slots=True)
class ModemLines:
    """States of the lines that the other side drives."""

    cts: bool = False
    dsr: bool = False
    ri: bool = False
    cd: bool = False


@dataclass(frozen=True, slots=True)
class LineCounts:
    """What a driver has counted since it was loaded; of `ri` only the ends of rings.

    The fields of Linux's ``struct serial_icounter_struct`` that tell of modem lines and errors.
    """

    cts: int = 0
    dsr: int = 0
    ri: int = 0
    cd: int = 0
    frame: int = 0
    overrun: int = 0
    parity: int = 0
    brk: int = 0


@dataclass(frozen=True, slots=True)
class LineProfile:
    """The lines while somebody is connected, and while nobody is."""

    connected: Lines = field(default_factory=Lines)
    idle: Lines = field(default_factory=Lines)


def parse_short_form(text: str) -> dict[str, int | float | str]:
    """Read ``19200 8E1`` (or a bare ``19200``).

    Returns:
        The named settings that the text gives, by their long names.

    Raises:
        ValueError: the text has another form.
    """
    match = _SHORT_FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a form like '19200 8E1', found {text!r}")
    baudrate, bytesize, letter, stopbits = match.groups()
    named: dict[str, int | float | str] = {"baudrate": int(baudrate)}
    if bytesize is not None:
        named["bytesize"] = int(bytesize)
        named["parity"] = next(parity.value for parity in Parity if parity.letter == letter.upper())
        named["stopbits"] = float(stopbits) if "." in stopbits else int(stopbits)
    return named
