"""The note beside the link of a virtual port: whose the link is, also after a crash.

``.NAME.smartserial`` has the target of the link in its first line; in the second stands ``overlay`` while
a real device has given its name to the link. It is locked while its gateway runs.
"""

from __future__ import annotations

import os
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from smartserial.errors import PortError

_OVERLAY = "overlay"


class Note:
    """The note of one path, from `claim` to `remove`.

    Args:
        path: of the link.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.target = ""  # what the link led to, or leads to
        self.overlays = False  # whether a real device has given its name
        self._file = path.with_name(f".{path.name}.smartserial") if path.name else path
        self._fd = -1

    def claim(self) -> None:
        """Lock the note, a new one or that of a former run, and read it.

        Raises:
            PortError: another smartserial has the path, or we may not write there.
        """
        if not self.path.name:
            raise PortError(f"cannot make a virtual port at {self.path}: it has no name")
        while self._fd < 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                flock(fd, LOCK_EX | LOCK_NB)
            except BlockingIOError as error:
                os.close(fd)
                raise PortError(
                    f"another smartserial, or another share, has the virtual port {self.path}"
                ) from error
            if self._is(fd):
                self._fd = fd
            else:  # its former owner took it away in the meantime
                os.close(fd)
        self.target, _, mark = os.pread(self._fd, 8192, 0).decode(errors="replace").partition("\n")
        self.overlays = mark.strip() == _OVERLAY

    def _is(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), self._file.stat())
        except FileNotFoundError:
            return False

    @property
    def leads_here(self) -> bool:
        """Whether the link that the note tells of stands at the path."""
        return bool(self.target) and self.path.is_symlink() and str(self.path.readlink()) == self.target

    def write(self, target: str) -> None:
        """Write down what the link will lead to, before it is made, and whether it overlays."""
        self.target = target
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{target}\n{_OVERLAY if self.overlays else ''}".encode(), 0)

    def renew(self) -> None:
        """Lock and write the note again where somebody has taken it away.

        Raises:
            PortError: another smartserial has the path now.
        """
        if self._fd >= 0 and self._is(self._fd):
            return
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        target, overlays = self.target, self.overlays
        try:
            self.claim()
        finally:
            self.target, self.overlays = target, overlays
        self.write(target)

    def remove(self) -> None:
        """Take the note away, and let go of its lock."""
        if self._fd >= 0:
            with suppress(OSError):
                self._file.unlink()
            os.close(self._fd)
            self._fd = -1
