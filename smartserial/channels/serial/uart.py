"""What can be asked of a serial driver, and told to it, by ioctl; settings apart (see `termios2`).

Each function takes an open descriptor. OSError means that the driver has no such thing.
"""

from __future__ import annotations

import struct
import termios
from contextlib import suppress
from fcntl import ioctl

from serial.serialposix import (
    TIOCCBRK,
    TIOCM_CD,
    TIOCM_CTS,
    TIOCM_DSR,
    TIOCM_DTR,
    TIOCM_RI,
    TIOCM_RTS,
    TIOCSBRK,
)

from smartserial.lines import LineCounts, Lines, ModemLines, Rs485

_TIOCSRS485 = 0x542F
_RS485 = struct.Struct("=8I")  # flags, delay before and after in ms, padding
_RS485_ENABLED, _RTS_ON_SEND, _RTS_AFTER_SEND, _RX_DURING_TX = 1, 2, 4, 16
_COUNTS = struct.Struct("=20i")  # struct serial_icounter_struct
_INT = struct.Struct("=i")


def _ask(fd: int, request: int) -> int:
    return int(_INT.unpack(ioctl(fd, request, bytes(_INT.size)))[0])


def drive(fd: int, lines: Lines) -> None:
    """Set DTR and RTS in one ioctl, and break; what is None stays."""
    if lines.dtr is not None or lines.rts is not None:
        state = _ask(fd, termios.TIOCMGET)
        for bit, level in ((TIOCM_DTR, lines.dtr), (TIOCM_RTS, lines.rts)):
            if level is not None:
                state = state | bit if level else state & ~bit
        ioctl(fd, termios.TIOCMSET, _INT.pack(state))
    if lines.brk is not None:
        ioctl(fd, TIOCSBRK if lines.brk else TIOCCBRK)


def outputs(fd: int) -> Lines:
    """Return the states of DTR and RTS; None where the device has none."""
    try:
        state = _ask(fd, termios.TIOCMGET)
    except OSError:
        return Lines()
    return Lines(dtr=bool(state & TIOCM_DTR), rts=bool(state & TIOCM_RTS))


def modem(fd: int) -> ModemLines | None:
    """Return the lines that the device drives; None if there are none."""
    try:
        state = _ask(fd, termios.TIOCMGET)
    except OSError:
        return None
    return ModemLines(*(bool(state & bit) for bit in (TIOCM_CTS, TIOCM_DSR, TIOCM_RI, TIOCM_CD)))


def counts(fd: int) -> LineCounts | None:
    """Return what the driver has counted; None if it does not count."""
    try:
        counted = _COUNTS.unpack(ioctl(fd, termios.TIOCGICOUNT, bytes(_COUNTS.size)))
    except OSError:
        return None
    return LineCounts(*counted[:4], *counted[6:10])


def unsent(fd: int) -> int:
    """Return how many bytes the driver has not sent yet."""
    try:
        return _ask(fd, termios.TIOCOUTQ)
    except OSError:
        return 0


def purge_input(fd: int) -> int:
    """Throw away what was received and not read; return how many bytes."""
    return _purge(fd, termios.FIONREAD, termios.TCIFLUSH)


def purge_output(fd: int) -> int:
    """Throw away what was not sent yet; return how many bytes."""
    return _purge(fd, termios.TIOCOUTQ, termios.TCOFLUSH)


def _purge(fd: int, how_much: int, queue: int) -> int:
    count = 0
    with suppress(OSError, termios.error):
        count = _ask(fd, how_much)
        termios.tcflush(fd, queue)
    return count


def set_rs485(fd: int, rs485: Rs485 | None) -> None:
    """Let the driver switch the transmitter, or let it alone with None."""
    flags, before, after = 0, 0.0, 0.0
    if rs485 is not None:
        before, after = rs485.delay_before, rs485.delay_after
        flags = _RS485_ENABLED
        flags |= _RTS_ON_SEND if rs485.rts_on_send else 0
        flags |= _RTS_AFTER_SEND if rs485.rts_after_send else 0
        flags |= _RX_DURING_TX if rs485.rx_during_tx else 0
    ioctl(fd, _TIOCSRS485, _RS485.pack(flags, round(before * 1000), round(after * 1000), *[0] * 5))
