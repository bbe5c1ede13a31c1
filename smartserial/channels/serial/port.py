"""The serial port transport, on a descriptor that we open.

Opening flushes nothing and moves no line that was not asked for (the kernel itself raises DTR and RTS
when a port is opened); settings are applied in one ioctl, read back, and rolled back when the device
does not take them; break is held without blocking. A pseudo-terminal has no modem lines, no parity and
always eight data bits: those are kept as shadows.
"""

from __future__ import annotations

import errno
import os
import struct
import termios
from contextlib import suppress
from dataclasses import replace
from fcntl import LOCK_EX, LOCK_NB, flock, ioctl
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, execute
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.serial import termios2, uart
from smartserial.channels.serial.holders import held_here, looks
from smartserial.channels.serial.tty import TtyStream
from smartserial.errors import PortBusyError, PortError, SettingsRefusedError
from smartserial.interfaces import ISerialTransport
from smartserial.lines import Flow, LineCounts, Lines, LineSettings, ModemLines, Parity

_PTS_MAJORS = range(136, 144)
_PTY_SHADOWS: dict[str, Any] = {
    "bytesize": 8,
    "parity": Parity.NONE,
    "stopbits": 1,
    "rs485": None,
    "flow": Flow.NONE,
}
# What a UART has in their place: one and a half stop bits exist with five data bits, and two do not.
_STOPBITS: dict[tuple[bool, float], float] = {(False, 1.5): 2, (True, 2): 1.5}
_NO_SUCH_LINE = {errno.ENOTTY, errno.EINVAL, errno.EIO}
_DRAIN_POLL = 0.02
_LOOKS = 3


def open_port(path: Path) -> int:
    """Open a tty without waiting for a carrier.

    Some drivers are slow: to be called in a thread.

    Raises:
        PortBusyError: another program keeps us out.
        PortError: it is not there, not allowed, or no tty.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise _in_use(path, []) from error
        raise PortError(f"cannot open {path}: {error.strerror}") from error
    if not os.isatty(fd):
        os.close(fd)
        raise PortError(f"{path} is not a serial port")
    return fd


def _in_use(path: Path, others: list[str]) -> PortBusyError:
    return PortBusyError(f"{path} is in use by {', '.join(others) or 'another program'}")


async def name_holders(path: Path, reactor: Any) -> PortBusyError:
    """Return the error that tells which programs have a port, as far as that can be seen."""
    return _in_use(path, await looks(reactor).holders(path))


async def keep_others_out(fd: int, path: Path, reactor: Any) -> None:
    """Keep out others: those that ask for the lock, those that were there before, those that come.

    Raises:
        PortBusyError: another program has the port open; the text says which.
        PortError: it is open in here already.
    """
    locked = False
    for _ in range(_LOOKS):  # whoever has the lock may let go while we look who it is
        locked = locked or _try_lock(fd)
        others = await looks(reactor).holders(path)
        if others:
            raise _in_use(path, others)
        if locked:
            ioctl(fd, termios.TIOCEXCL)
            return
        if await deferToThreadPool(reactor, reactor.getThreadPool(), held_here, path) > 1:
            raise PortError(f"{path} is still open for another share, or for its former settings")
    raise _in_use(path, [])


def _try_lock(fd: int) -> bool:
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def close_port(fd: int, exclusive: bool) -> None:
    """Close what `open_port` has opened."""
    if exclusive:
        with suppress(OSError):  # else it would outlast us where another program has the port open too
            ioctl(fd, termios.TIOCNXCL)
    os.close(fd)


@implementer(ISerialTransport)
class SerialTransport(TtyStream):
    """One open serial port.

    Args:
        fd: what `open_port` returned; closed here in the end.
        path: its name, for messages.
        reactor: watches the descriptor.
        exclusive: whether others are kept out.
        hupcl: drop DTR and RTS on closing; None leaves it as the driver has it.
    """

    def __init__(
        self, fd: int, path: str, reactor: Any, exclusive: bool = False, hupcl: bool | None = None
    ) -> None:
        super().__init__(path, reactor)
        self._fd = fd
        self._exclusive = exclusive
        self._hupcl = hupcl
        self._lines = uart.outputs(fd)  # the kernel raises both on opening
        self._break_end: IDelayedCall | None = None
        self._draining = False
        self.is_pty = os.major(os.fstat(fd).st_rdev) in _PTS_MAJORS
        self.shadowed: tuple[str, ...] = tuple(_PTY_SHADOWS) if self.is_pty else ()
        self.settings = termios2.decode(termios2.read(fd))

    @override
    def fileno(self) -> int:
        return self._fd

    def apply(self, settings: LineSettings) -> Deferred[None]:
        """Put settings in force; see `ISerialTransport.apply`."""
        return execute(self.put_in_force, settings)

    def put_in_force(self, settings: LineSettings) -> None:
        """Put settings in force at once.

        Raises:
            SettingsRefusedError: the device did not take them all; the former ones are in force again.
        """
        stopbits = _STOPBITS.get((settings.bytesize == 5, settings.stopbits))
        shadows = _PTY_SHADOWS if self.is_pty else {} if stopbits is None else {"stopbits": stopbits}
        wanted = replace(settings, **shadows)
        try:
            before = termios2.read(self._fd)
        except OSError as error:
            raise PortError(f"{self.path}: {error.strerror}") from error
        try:
            termios2.write(self._fd, termios2.encode(wanted, before, self._hupcl))
            in_force = replace(termios2.decode(termios2.read(self._fd)), rs485=wanted.rs485)
            refused = _differences(wanted, in_force)
            if not refused and wanted.rs485 != self.settings.rs485:
                uart.set_rs485(self._fd, wanted.rs485)
        except (OSError, struct.error) as error:
            refused = [f"{wanted} ({getattr(error, 'strerror', error)})"]
        if refused:
            with suppress(OSError):
                termios2.write(self._fd, before)
            raise SettingsRefusedError(
                f"{self.path} refused {', '.join(refused)}; it stays at {self.settings}"
            )
        self.shadowed = tuple(shadows)
        kept = {name: getattr(settings, name) for name in shadows}
        self.settings = replace(settings if self.is_pty else in_force, **kept)

    def lines(self) -> Lines:
        """Return the states that were last set."""
        return self._lines

    def set_lines(self, lines: Lines) -> Deferred[None]:
        """Drive the lines; see `ISerialTransport.set_lines`."""
        return execute(self._set_lines, lines)

    def _set_lines(self, lines: Lines) -> None:
        self._lines = lines.over(self._lines)
        try:
            uart.drive(self._fd, lines)
        except OSError as error:
            if error.errno not in _NO_SUCH_LINE:
                raise PortError(f"{self.path}: cannot set {lines}: {error.strerror}") from error

    def modem(self) -> ModemLines | None:
        """Return the lines that the device drives now; None if there are none."""
        return uart.modem(self._fd)

    def counts(self) -> LineCounts | None:
        """Return what the driver has counted; None if it does not count."""
        return uart.counts(self._fd)

    def purge_input(self) -> int:
        """Throw away what the driver has received and was not read."""
        return uart.purge_input(self._fd)

    def purge_output(self) -> int:
        """Throw away what the driver has not sent yet."""
        count = uart.purge_output(self._fd)
        self.take_back(count)
        return count

    def send_break(self, seconds: float) -> None:
        """Hold a break for so long; a second call begins anew."""
        if self._break_end is not None:
            self._break_end.cancel()
        self._set_lines(Lines(brk=True))
        self._break_end = self.reactor.callLater(seconds, self._end_break)

    def _end_break(self) -> None:
        self._break_end = None
        self._set_lines(Lines(brk=False))

    def unconfirmed(self) -> int:
        """Return how many bytes the driver has not sent yet."""
        return uart.unsent(self._fd)

    @override
    def _postLoseConnection(self) -> BaseException | None:
        """Wait until the driver has sent everything, for closing would wait too, and hold up everybody."""
        if not self.unconfirmed():
            return CONNECTION_DONE
        if not self._draining:
            self._draining = True
            self.reactor.callLater(_DRAIN_POLL, self._poll_drained)
        return None

    def _poll_drained(self) -> None:
        self._draining = False
        if self.connected and self._postLoseConnection() is not None:
            self.connectionLost(Failure(CONNECTION_DONE))

    def abortConnection(self) -> None:
        """Close now; what waits here and in the driver is dropped."""
        if self.connected:
            if self.unconfirmed():  # closing would wait for what is in the driver
                with suppress(termios.error):
                    termios.tcflush(self._fd, termios.TCOFLUSH)
            self.connectionLost(Failure(CONNECTION_DONE))

    @override
    def connectionLost(self, reason: Failure) -> None:
        if not self.connected:
            return
        self._drop_pending()
        super().connectionLost(reason)
        if self._break_end is not None:
            self._break_end.cancel()
            self._break_end = None
        if self._lines.brk:
            with suppress(OSError):
                uart.drive(self._fd, Lines(brk=False))
        close_port(self._fd, self._exclusive)
        self._fd = -1
        self.protocol.connectionLost(reason)


def _differences(wanted: LineSettings, found: LineSettings) -> list[str]:
    """Name what the device made something else of; rates may be 3 % off, as dividers have it."""
    names = ("bytesize", "parity", "flow", "stopbits")
    differing = [name for name in names if getattr(wanted, name) != getattr(found, name)]
    if abs(wanted.baudrate - found.baudrate) > 0.03 * wanted.baudrate:
        differing.append("baudrate")
    return [f"{name} {_plain(getattr(wanted, name))}" for name in differing]


def _plain(value: object) -> str:
    return str(getattr(value, "value", value))
