"""A virtual port: a pseudo-terminal under a stable link, for programs on this machine.

The link is ours only if the note beside it, ``.NAME.smartserial``, says so: the note holds the link's
target and is locked while we run. After a crash the lock is gone and the note tells that the link may
be replaced; whatever else stands at the path is left alone.
"""

from __future__ import annotations

import os
import struct
import termios
from contextlib import suppress
from dataclasses import replace
from fcntl import LOCK_EX, LOCK_NB, flock, ioctl
from pathlib import Path

from smartserial.channels import termios2
from smartserial.channels.holders import holders
from smartserial.errors import PortError
from smartserial.lines import LineSettings


class VirtualPort:
    """One pseudo-terminal with its link, from `claim` to `release`.

    We hold the slave too: without it the master would be hung up whenever no program has the port open.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._note = _claim_note(path)
        self._target = ""
        self.master = self._slave = -1
        try:
            self.master, self._slave = os.openpty()
            for fd in (self.master, self._slave):
                os.set_inheritable(fd, False)
                os.set_blocking(fd, False)
            termios2.write(self._slave, termios2.raw(termios2.read(self._slave)))
            self._target = os.ttyname(self._slave)
            self._link()
        except OSError as error:
            self.release()
            raise PortError(f"cannot make a virtual port at {path}: {error.strerror}") from error

    def _link(self) -> None:
        os.ftruncate(self._note, 0)
        os.pwrite(self._note, self._target.encode(), 0)
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        temporary.symlink_to(self._target)
        temporary.replace(self.path)

    @property
    def settings(self) -> LineSettings:
        """What was set last, by a program or by us; a terminal has no parity and always eight data bits."""
        return termios2.decode(termios2.read(self._slave))

    def set_baudrate(self, baudrate: int) -> None:
        """Set the speed that programs find."""
        value = termios2.read(self._slave)
        termios2.write(self._slave, termios2.encode(replace(self.settings, baudrate=baudrate), value))

    def programs(self) -> list[str]:
        """Return the programs that have it open; it reads files, and is to be called in a thread."""
        return holders(Path(self._target))

    def take_unread(self) -> int:
        """Take back what no program has read; return how many bytes."""
        return read_away(self._slave)

    def unread(self) -> int:
        """Return how many bytes wait in the terminal for a program; the kernel may hold some more."""
        return int(struct.unpack("i", ioctl(self._slave, termios.FIONREAD, b"\0\0\0\0"))[0])

    def release(self) -> None:
        """Take the link away, if it is still ours, and close the terminal."""
        with suppress(OSError):
            if str(self.path.readlink()) == self._target:
                self.path.unlink()
        with suppress(OSError):
            _note_path(self.path).unlink()
        for fd in (self.master, self._slave, self._note):
            if fd >= 0:
                os.close(fd)


def read_away(fd: int) -> int:
    """Read what is there and forget it; return how many bytes."""
    count = 0
    with suppress(BlockingIOError):
        while data := os.read(fd, 65536):
            count += len(data)
    return count


def _note_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.smartserial")


def _claim_note(path: Path) -> int:
    """Return the locked note of a path that is free, or that a former run of ours has left behind.

    Raises:
        PortError: another smartserial has the path, something that we did not make is there, or we may not
            write there.
    """
    if not path.name:
        raise PortError(f"cannot make a virtual port at {path}: it has no name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        note = os.open(_note_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise PortError(f"cannot make a virtual port at {path}: {error.strerror}") from error
    try:
        flock(note, LOCK_EX | LOCK_NB)
    except BlockingIOError as error:
        os.close(note)
        raise PortError(f"another smartserial, or another share, has the virtual port {path}") from error
    if not _is_at(note, _note_path(path)):  # its former owner took it away in the meantime
        os.close(note)
        return _claim_note(path)
    target = os.pread(note, 4096, 0).decode(errors="replace")
    if os.path.lexists(path) and not (path.is_symlink() and str(path.readlink()) == target):
        if not target:
            _note_path(path).unlink()
        os.close(note)
        raise PortError(
            f"cannot make a virtual port at {path}: something that smartserial did not make is there"
        )
    return note


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
