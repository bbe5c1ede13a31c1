"""Which other programs of this machine have a tty open, as far as /proc shows it to us."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def holders(device: Path) -> list[str]:
    """Return ``NAME (pid N)`` of each other process that has `device` open.

    A process that also has the master of this pseudo-terminal is the device itself, not a competitor.
    Other users' processes are seen by root only. It reads some files for each process: a few
    milliseconds, to be called in a thread.
    """
    try:
        number = device.stat().st_rdev
    except OSError:
        return []
    found = []
    for process in _PROC.iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            with suppress(OSError):
                if _holds(process, number):
                    found.append(f"{(process / 'comm').read_text().strip()} (pid {process.name})")
    return found


def held_here(device: Path) -> int:
    """Return how many descriptors of this process lead to `device`."""
    number, count = device.stat().st_rdev, 0
    for fd, _ in _open_ttys(_PROC / "self"):
        with suppress(OSError):
            count += (_PROC / "self" / "fd" / fd).stat().st_rdev == number
    return count


def _holds(process: Path, number: int) -> bool:
    ours = False
    for fd, link in _open_ttys(process):
        if link.endswith("/ptmx"):
            if _pts_index(process, fd) == os.minor(number) and os.major(number) in range(136, 144):
                return False
        elif (process / "fd" / fd).stat().st_rdev == number:
            ours = True
    return ours


def _open_ttys(process: Path) -> Iterator[tuple[str, str]]:
    for entry in os.scandir(process / "fd"):
        with suppress(OSError):
            link = str(Path(entry.path).readlink())
            if link.startswith("/dev/"):
                yield entry.name, link


def _pts_index(process: Path, fd: str) -> int | None:
    for line in (process / "fdinfo" / fd).read_text().splitlines():
        if line.startswith("tty-index:"):
            return int(line.split()[1])
    return None
