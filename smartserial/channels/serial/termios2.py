"""``struct termios2`` of Linux: all line settings of a tty in one ioctl, any baud rate included.

The standard library's termios module knows only a fixed list of rates, and pyserial sets a custom one
apart from the rest. Here one structure is read, changed, written and read back::

    u32 iflag, oflag, cflag, lflag | u8 line | u8 cc[19] | u32 ispeed, ospeed
"""

from __future__ import annotations

import struct
import termios
from dataclasses import dataclass, replace
from fcntl import ioctl

from serial.serialposix import CMSPAR

from smartserial.lines import Flow, LineSettings, Parity

TCGETS2 = 0x802C542A  # asm-generic/ioctls.h: x86, ARM, RISC-V
TCSETS2 = 0x402C542B
BOTHER = 0o010000
CBAUD = 0o010017
_IBSHIFT = 16
_LAYOUT = struct.Struct("=4IB19s2I")

_SPEEDS = {
    int(name[1:]): getattr(termios, name) for name in dir(termios) if name[0] == "B" and name[1:].isdigit()
}
_SIZES = {5: termios.CS5, 6: termios.CS6, 7: termios.CS7, 8: termios.CS8}
_PARITIES = {
    Parity.NONE: 0,
    Parity.ODD: termios.PARENB | termios.PARODD,
    Parity.EVEN: termios.PARENB,
    Parity.MARK: termios.PARENB | termios.PARODD | CMSPAR,
    Parity.SPACE: termios.PARENB | CMSPAR,
}
_PARITY_MASK = termios.PARENB | termios.PARODD | CMSPAR
_SOFT_FLOW = termios.IXON | termios.IXOFF


@dataclass(frozen=True, slots=True)
class Termios2:
    """The structure; flags are those of termios(3), speeds are bits a second."""

    iflag: int
    oflag: int
    cflag: int
    lflag: int
    line: int
    cc: bytes
    ispeed: int
    ospeed: int


def read(fd: int) -> Termios2:
    """Read what is in force; OSError (ENOTTY) where there is no tty."""
    return Termios2(*_LAYOUT.unpack(ioctl(fd, TCGETS2, bytes(_LAYOUT.size))))


def write(fd: int, value: Termios2) -> None:
    """Put `value` in force at once, without waiting for output and without flushing."""
    fields = (getattr(value, name) for name in Termios2.__slots__)
    ioctl(fd, TCSETS2, _LAYOUT.pack(*fields))


def raw(value: Termios2) -> Termios2:
    """Return `value` without any processing of what passes, reads giving what is there."""
    cc = bytearray(value.cc)
    cc[termios.VMIN], cc[termios.VTIME] = 1, 0
    return replace(
        value,
        iflag=0,
        oflag=0,
        cflag=value.cflag | termios.CREAD | termios.CLOCAL,
        lflag=value.lflag & getattr(termios, "EXTPROC", 0o200000),
        cc=bytes(cc),
    )


def encode(settings: LineSettings, base: Termios2, hupcl: bool | None = None) -> Termios2:
    """Return `base` made raw, with `settings`; RS-485 is not part of the structure."""
    value = raw(base)
    cflag = value.cflag & ~(
        termios.CSIZE | termios.CSTOPB | _PARITY_MASK | termios.CRTSCTS | CBAUD | CBAUD << _IBSHIFT
    )
    cflag |= _SIZES[settings.bytesize] | _PARITIES[settings.parity]
    speed = _SPEEDS.get(settings.baudrate, BOTHER)  # the flag is what programs without termios2 see
    cflag |= speed | speed << _IBSHIFT
    cflag |= termios.CSTOPB if settings.stopbits > 1 else 0
    cflag |= termios.CRTSCTS if settings.flow is Flow.RTSCTS else 0
    if hupcl is not None:
        cflag = cflag | termios.HUPCL if hupcl else cflag & ~termios.HUPCL
    iflag = _SOFT_FLOW if settings.flow is Flow.XONXOFF else 0
    iflag |= 0 if settings.parity is Parity.NONE else termios.INPCK
    return replace(value, iflag=iflag, cflag=cflag, ispeed=settings.baudrate, ospeed=settings.baudrate)


def decode(value: Termios2) -> LineSettings:
    """Return the settings that `value` stands for; two stop bits with five data bits are one and a half."""
    bits = value.cflag & termios.CSIZE
    bytesize = next(size for size, flag in _SIZES.items() if flag == bits)
    parities = {flags: parity for parity, flags in _PARITIES.items()}
    parity = value.cflag & _PARITY_MASK
    stopbits = 1.0 if not value.cflag & termios.CSTOPB else 1.5 if bytesize == 5 else 2.0
    flow = Flow.NONE
    if value.cflag & termios.CRTSCTS:
        flow = Flow.RTSCTS
    elif value.iflag & _SOFT_FLOW:
        flow = Flow.XONXOFF
    return LineSettings(
        baudrate=value.ospeed,
        bytesize=bytesize,
        parity=parities.get(parity, Parity.NONE) if parity & termios.PARENB else Parity.NONE,
        stopbits=stopbits,
        flow=flow,
    )
