"""A virtual port: a pseudo-terminal under a stable link, for programs on this machine.

The link is ours only if the note beside it, ``.NAME.smartserial``, says so: the note holds the link's
target and is locked while we run. After a crash the lock is gone and the note tells that the link may
be replaced; whatever else stands at the path is left alone, unless it is to be overlaid.
"""

from __future__ import annotations

import os
import select
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from fcntl import ioctl
from grp import getgrnam
from pathlib import Path
from pwd import getpwnam

from smartserial.channels.serial import termios2
from smartserial.channels.serial.holders import holders
from smartserial.channels.virtual.note import Note
from smartserial.channels.virtual.overlay import Overlay, real_name
from smartserial.errors import PortError
from smartserial.lines import LineSettings
from smartserial.settings import VirtualDevice

_TIOCGPTPEER = 0x5441  # asm-generic/ioctls.h: open the slave of this master, whatever its rights are
_EXTPROC = getattr(termios, "EXTPROC", 0o200000)
_COOKED = termios.ICANON | termios.ECHO | termios.ISIG


class VirtualPort:
    """One pseudo-terminal with its link, from the making to `release`.

    We keep the master alone. So the kernel tells exactly whether a program has the terminal open: while
    none has, the master is hung up. In packet mode, with EXTPROC, it also tells of changed settings; `made`
    are those before any program could change them.
    """

    def __init__(self, device: VirtualDevice) -> None:
        self.path = path = device.path
        self.target = Path()
        self.master = -1
        self.made = LineSettings()
        self.overlay: Overlay | None = None
        self._note = Note(path)
        try:
            self._note.claim()
            self.overlay = Overlay(self._note)
            self.overlay.begin(wanted=device.overlay)
            self._make(device)
            self._note.write(str(self.target))
            self.put_link()
        except OSError as error:
            self.release()
            raise PortError(f"cannot make a virtual port at {path}: {error.strerror or error}") from error
        except PortError:
            self.release()
            raise

    def _make(self, device: VirtualDevice) -> None:
        self.master, slave = os.openpty()
        try:
            os.set_blocking(self.master, False)
            os.set_inheritable(self.master, False)
            ioctl(self.master, termios.TIOCPKT, struct.pack("i", 1))
            value = termios2.raw(termios2.read(slave))
            termios2.write(slave, replace(value, lflag=_EXTPROC))
            self.made = termios2.decode(value)
            self.target = Path(os.ttyname(slave))
            _give_rights(slave, device)
        finally:
            os.close(slave)
        with suppress(BlockingIOError, OSError):
            os.read(self.master, 1)  # that settings were changed, by us

    def put_link(self) -> None:
        """Put the link where it belongs, in the place of whatever is there."""
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        with suppress(FileNotFoundError):
            temporary.unlink()
        temporary.symlink_to(self.target)
        temporary.replace(self.path)

    @property
    def in_place(self) -> bool:
        """Whether the link stands where it belongs."""
        return self._note.leads_here

    def put_back(self) -> str:
        """Make the link again that somebody has taken away; return what to say of that.

        Raises:
            PortError: something stands there that is not to be moved.
            OSError: we may not write there.
        """
        moved = self.overlay is not None and self.overlay.begun and self.overlay.move_aside()
        self._note.renew()
        try:
            self.path.symlink_to(self.target)
        except FileExistsError as error:
            raise PortError(
                f"{self.path} is no virtual port any more: something that smartserial did not make is there"
            ) from error
        if moved and self.overlay is not None:
            return f"a device came under the name {self.path}; it is {self.overlay.real} now"
        return f"somebody has taken away the link {self.path}; it is there again"

    # ---- programs

    @property
    def open(self) -> bool:
        """Whether a program has it open now; what it has written may wait beyond that."""
        return not self._state() & select.POLLHUP

    @property
    def readable(self) -> bool:
        """Whether something waits to be read."""
        return bool(self._state() & select.POLLIN)

    def _state(self) -> int:
        poll = select.poll()
        poll.register(self.master, select.POLLIN)
        return sum(events for _, events in poll.poll(0))

    def programs(self) -> list[str]:
        """Return the programs that have it open; it reads files, and is to be called in a thread."""
        return holders(self.target)

    # ---- settings

    @property
    def settings(self) -> LineSettings:
        """What was set last, by a program or by us; a terminal has no parity and always eight data bits."""
        return termios2.decode(termios2.read(self.master))

    def set_baudrate(self, baudrate: int) -> None:
        """Set the speed that programs find."""
        value = termios2.read(self.master)
        settings = replace(termios2.decode(value), baudrate=baudrate)
        termios2.write(self.master, termios2.encode(settings, value))

    @property
    def attributes(self) -> termios2.Termios2:
        """All that a program may set."""
        return termios2.read(self.master)

    @property
    def told_of_settings(self) -> bool:
        """Whether the kernel tells of changed settings, or is not to tell: see `watch_settings`."""
        value = self.attributes
        return value.lflag == _telling(value.lflag)

    def watch_settings(self) -> None:
        """See to it that the kernel tells of changed settings; what is set meanwhile would be lost.

        A program that sets all flags anew has ended that. While one wants line editing, echo or signals
        the kernel would not do them for it otherwise; then its changes are seen when it opens or closes.
        """
        value = self.attributes
        termios2.write(self.master, replace(value, lflag=_telling(value.lflag)))

    # ---- what programs do not read

    @contextmanager
    def slave(self) -> Iterator[int]:
        """Open the other side for a moment.

        Raises:
            PortError: a program has closed it to others (TIOCEXCL), and they are not root.
        """
        flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            slave = ioctl(self.master, _TIOCGPTPEER, flags)
        except OSError as error:
            raise PortError(f"a program keeps others from {self.path}: {error.strerror}") from error
        try:
            yield slave
        finally:
            os.close(slave)

    def take_unread(self, alone: bool) -> int:
        """Take back what no program has read; return how many bytes.

        Args:
            alone: no program has it open: also an unfinished line is taken, and it is open to all again,
                and not stopped.

        Raises:
            PortError: a program keeps others out.
        """
        with self.slave() as slave:
            if not alone:
                return read_away(slave)
            ioctl(slave, termios.TIOCNXCL)
            termios.tcflow(slave, termios.TCOON)
            value = termios2.read(slave)
            if value.iflag & termios.IXON:  # an XOFF may have stopped it, which this ends
                termios2.write(slave, replace(value, iflag=value.iflag & ~termios.IXON))
                termios2.write(slave, value)
            if not value.lflag & termios.ICANON:
                return read_away(slave)
            termios2.write(slave, termios2.raw(value))  # else it would give whole lines only
            count = read_away(slave)
            termios2.write(slave, value)
            return count

    def unread(self) -> int:
        """Return how many bytes wait in the terminal for a program; the kernel may hold some more."""
        with self.slave() as slave:
            return int(struct.unpack("i", ioctl(slave, termios.FIONREAD, b"\0\0\0\0"))[0])

    def release(self) -> None:
        """Take the link away, if it is still ours, put back what was overlaid, and close the terminal."""
        if self.overlay is not None:
            self.overlay.end()
        if self.target.name:
            with suppress(OSError):
                if self.path.readlink() == self.target:
                    self.path.unlink()
        self._note.remove()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


def foresee(device: VirtualDevice, former: VirtualDevice) -> None:
    """Find out whether a port can be made in the place of a former one, before that is given up.

    Args:
        device: what is to be made.
        former: what has its path now.

    Raises:
        PortError: it cannot.
    """
    if former.overlay and not device.overlay:
        raise PortError(
            f"cannot make a virtual port at {device.path} without overlay: the real device gets its name back"
        )
    real = real_name(device.path)
    if device.overlay and not (former.overlay and os.path.lexists(real)):
        raise PortError(f"cannot overlay {device.path}: there is no such device")
    try:
        master, slave = os.openpty()
        try:
            _give_rights(slave, device)
        finally:
            os.close(slave)
            os.close(master)
    except OSError as error:
        raise PortError(f"cannot make a virtual port at {device.path}: {error.strerror or error}") from error


def _give_rights(slave: int, device: VirtualDevice) -> None:
    if device.owner or device.group:
        os.fchown(slave, _uid(device.owner), _gid(device.group))
    if device.mode is not None:
        os.fchmod(slave, device.mode)


def _telling(lflag: int) -> int:
    return lflag & ~_EXTPROC if lflag & _COOKED else lflag | _EXTPROC


def read_away(fd: int) -> int:
    """Read what is there and forget it; return how many bytes."""
    count = 0
    with suppress(BlockingIOError):
        while data := os.read(fd, 65536):
            count += len(data)
    return count


def _uid(name: str) -> int:
    """Return the number of a user that is given by name or number; -1 for none."""
    try:
        return -1 if not name else int(name) if name.isdigit() else getpwnam(name).pw_uid
    except KeyError as error:
        raise PortError(f"there is no user {name} here") from error


def _gid(name: str) -> int:
    try:
        return -1 if not name else int(name) if name.isdigit() else getgrnam(name).gr_gid
    except KeyError as error:
        raise PortError(f"there is no group {name} here") from error
