"""Lines at the end of a file of ours, or into a pipe; what `linefile` has a thread do.

A file is opened for each batch, so that who moves it away gets a new one. A pipe stays open, for its reader
would take the end of each batch for that of all; a line of which it has taken a part goes on there.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from stat import S_ISBLK, S_ISCHR, S_ISFIFO, S_ISLNK, S_ISREG
from typing import NamedTuple

from smartserial.settings import RecordFile

FOREIGN = "it holds something else than lines of JSON"
"""Why a file is left alone."""
NO_READER = "nobody reads the pipe"
"""Why a pipe takes nothing."""
BEHIND = "who reads the pipe does not keep up"
"""Why a pipe takes no more."""
PIPE_SIZE = 1 << 20
"""Bytes that a pipe has room for, where the system allows it."""
_MODE = 0o600
_FIRST = b"{"
_LINK = "it is a link, and not followed: name the file that it leads to"
_DISK = "it is a disk, and no place for lines"
_CHANGED = "it has just become something else"
_COMMON = os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY
_OF_FILE = _COMMON | os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
_OF_STREAM = _COMMON | os.O_WRONLY  # one who reads too is a reader itself: lines would go to nobody, unseen
_STREAM_WORDS = {errno.ENXIO: NO_READER, errno.EPIPE: NO_READER, errno.EAGAIN: BEHIND}


class Appended(NamedTuple):
    """What has become of a batch.

    Args:
        done: lines that are in the file, whole.
        why: it is not all of them; empty: it is, or what is not may be tried again soon.
        full: of a pipe: its reader has to take something first.
    """

    done: int
    why: str = ""
    full: bool = False


class Appender:
    """Appends lines to a file, and begins new ones; for one thread at a time.

    Args:
        settings: which file, how large it may become, and how many full ones are kept.
    """

    def __init__(self, settings: RecordFile) -> None:
        self._settings = settings
        self._stream: int | None = None  # of a pipe, or of anything else that is no file
        self._begun = 0  # bytes of the next line that are in the pipe

    def append(self, lines: Sequence[bytes]) -> Appended:
        """Append lines, as many as can be; the next batch begins with the first that was not."""
        done, result = 0, Appended(0)
        try:
            while done < len(lines) and not result.why and not result.full:
                result = self._append_once(lines[done:])
                done += result.done
        except OSError as error:
            result = Appended(0, error.strerror or str(error))
        except ValueError as error:  # a path that is none
            result = Appended(0, str(error))
        return result._replace(done=done)

    def close(self) -> None:
        """Close what is open; to be called when nothing is being appended."""
        stream, self._stream, self._begun = self._stream, None, 0
        if stream is not None:
            os.close(stream)

    def _append_once(self, lines: Sequence[bytes]) -> Appended:
        """Append as many lines as go into the file, or begin a new file."""
        path = self._settings.path
        try:
            status: os.stat_result | None = path.stat()
        except FileNotFoundError:
            status = None
        if status is None or not _is_stream(status):
            self.close()
            return self._to_file(lines)
        link = os.lstat(path)
        if S_ISLNK(link.st_mode) and link.st_uid not in (0, os.geteuid()):
            return Appended(0, f"it is a link of user {link.st_uid}, who is neither root nor ours")
        return self._to_stream(status, lines)

    def _to_file(self, lines: Sequence[bytes]) -> Appended:
        try:
            descriptor = os.open(self._settings.path, _OF_FILE, _MODE)
        except OSError as error:
            if error.errno == errno.ELOOP and self._settings.path.is_symlink():
                return Appended(0, _LINK)
            raise
        try:
            status = os.fstat(descriptor)
            if not S_ISREG(status.st_mode):
                return Appended(0, _DISK if S_ISBLK(status.st_mode) else _CHANGED)
            size = status.st_size
            if size and os.pread(descriptor, 1, 0) != _FIRST:
                return Appended(0, FOREIGN)
            if size and os.pread(descriptor, 1, size - 1) != b"\n":  # a line that a crash has torn
                _write(descriptor, b"\n")
                size += 1
            count = _fitting(lines, self._settings.size - size)
            if not count and size:
                return Appended(0, _rotate(self._settings))
            count = max(count, 1)
            written, error_number = _write(descriptor, b"".join(lines[:count]))
            if not error_number:
                return Appended(count)
            done = _fitting(lines[:count], written)
            with suppress(OSError):  # no half of a line stays
                os.ftruncate(descriptor, size + sum(map(len, lines[:done])))
            return Appended(done, os.strerror(error_number))
        finally:
            os.close(descriptor)

    def _to_stream(self, status: os.stat_result, lines: Sequence[bytes]) -> Appended:
        """Write to what is no file; a line that was begun there goes on."""
        if self._stream is None or not os.path.samestat(status, os.fstat(self._stream)):
            self.close()
            try:
                self._stream = _opened(self._settings.path)
            except OSError as error:
                if S_ISFIFO(status.st_mode) and error.errno == errno.ENXIO:
                    return Appended(0, NO_READER)
                raise
        if os.isatty(self._stream):  # of a serial device, or of an operator
            self.close()
            return Appended(0, "it is a terminal")
        written, error_number = _write(self._stream, b"".join(lines)[self._begun :])
        if not error_number:
            self._begun = 0
            return Appended(len(lines))
        reached = self._begun + written
        done = _fitting(lines, reached)
        self._begun = reached - sum(map(len, lines[:done]))
        full = error_number == errno.EAGAIN
        if error_number == errno.EPIPE and _unread(self._stream) < self._begun:
            self.close()  # who had the beginning of the line is gone: the next one gets it whole
        if full and written:
            return Appended(done, full=True)
        return Appended(done, _STREAM_WORDS.get(error_number) or os.strerror(error_number), full)


def _is_stream(status: os.stat_result) -> bool:
    return S_ISFIFO(status.st_mode) or S_ISCHR(status.st_mode)


def _opened(path: Path) -> int:
    """Open a pipe, or a device that takes characters."""
    descriptor = os.open(path, _OF_STREAM)
    if not _is_stream(os.fstat(descriptor)):  # it was one a moment ago
        os.close(descriptor)
        raise OSError(errno.EINVAL, _CHANGED)
    with suppress(OSError):  # more than the system allows, or no pipe
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    return descriptor


def _unread(descriptor: int) -> int:
    """Return how many bytes are in a pipe; 0 if that cannot be told."""
    try:
        return int(struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, b"\0\0\0\0"))[0])
    except OSError:
        return 0


def _fitting(lines: Sequence[bytes], room: int) -> int:
    for count, line in enumerate(lines):
        room -= len(line)
        if room < 0:
            return count
    return len(lines)


def _write(descriptor: int, data: bytes) -> tuple[int, int]:
    """Write; return how many bytes were, and the number of the error that kept back the others, or 0."""
    view, written = memoryview(data), 0
    try:
        while written < len(view):
            written += os.write(descriptor, view[written:])
    except OSError as error:
        return written, error.errno or errno.EIO
    return written, 0


def _rotate(settings: RecordFile) -> str:
    """Make the file the first of the full ones; the oldest of them goes.

    Returns:
        Why it cannot be done; or an empty text.
    """
    path = settings.path
    full = [_full(path, number) for number in range(1, settings.keep + 1)]
    for other in full:
        if not _ours(other):
            return f"{other} is in the way: {FOREIGN}"
    if not full:
        path.unlink()
    for number in reversed(range(len(full))):
        with suppress(FileNotFoundError):
            (full[number - 1] if number else path).replace(full[number])
    return ""


def _ours(path: Path) -> bool:
    """Tell whether a path is free, or that of a file of ours."""
    try:
        if not S_ISREG(os.lstat(path).st_mode):
            return False
        with path.open("rb") as file:
            return file.read(1) in (b"", _FIRST)
    except FileNotFoundError:
        return True


def _full(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
