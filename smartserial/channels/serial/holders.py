"""Which other programs of this machine have a tty open, as far as /proc shows it to us."""

from __future__ import annotations

import os
from collections.abc import Iterator, Set
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

_PROC = Path("/proc")
_PTS_MAJORS = range(136, 144)
_GONE = " (deleted)"
_Number = tuple[int, int]  # of a device, and of the pseudo-terminals that one is of


def holders(device: Path) -> list[str]:
    """Return ``NAME (pid N)`` of each other process that has `device` open.

    A process that also has the master of this pseudo-terminal is the device itself, not a competitor.
    Other users' processes are seen by root only. It reads some files for each process: some
    milliseconds, to be called in a thread.
    """
    return look_for({device})[device]


def look_for(devices: Set[Path]) -> dict[Path, list[str]]:
    """Return the holders of several devices, as `holders` does for one; that takes hardly longer."""
    found: dict[Path, list[str]] = {device: [] for device in devices}
    numbers: dict[_Number, list[Path]] = {}
    for device in devices:
        with suppress(OSError):
            numbers.setdefault(_number(device), []).append(device)
    for process in _PROC.iterdir() if numbers else ():
        if process.name.isdigit() and int(process.name) != os.getpid():
            with suppress(OSError):
                held = _held(process) & numbers.keys()
                who = f"{(process / 'comm').read_text().strip()} (pid {process.name})" if held else ""
                for number in held:
                    for device in numbers[number]:
                        found[device].append(who)
    return found


def held_here(device: Path) -> int:
    """Return how many descriptors of this process lead to `device`."""
    number, count = _number(device), 0
    for fd, _ in _open_ttys(_PROC / "self"):
        with suppress(OSError):
            count += _number(fd) == number
    return count


def _number(path: Path) -> _Number:
    """Return what tells a device from all others: each container has pseudo-terminals of its own."""
    status = path.stat()
    return status.st_rdev, status.st_dev if os.major(status.st_rdev) in _PTS_MAJORS else 0


def _held(process: Path) -> set[_Number]:
    """Return the numbers of what a process has open in /dev, without terminals whose master it has."""
    numbers, own = set[_Number](), set[int | None]()
    for fd, link in _open_ttys(process):
        with suppress(OSError):  # it may close it meanwhile
            if link.endswith("/ptmx"):
                own.add(_pts_index(process, fd))
            else:
                numbers.add(_number(fd))
    if own:
        numbers -= {one for one in numbers if os.minor(one[0]) in own and os.major(one[0]) in _PTS_MAJORS}
    return numbers


def _open_ttys(process: Path) -> Iterator[tuple[Path, str]]:
    """Yield what a process has open in /dev, with its name there.

    A device that has gone is not what has its number now, and with O_PATH nothing is opened but the name.
    """
    for fd in (process / "fd").iterdir():
        with suppress(OSError):
            link = str(fd.readlink())
            if not link.startswith("/dev/") or link.endswith(_GONE):
                continue
            if not int(_told(process, fd, "flags") or "0", 8) & os.O_PATH:
                yield fd, link


def _pts_index(process: Path, fd: Path) -> int | None:
    index = _told(process, fd, "tty-index")
    return None if index is None else int(index)


def _told(process: Path, fd: Path, what: str) -> str | None:
    """Return what the kernel tells of a descriptor under a name; None: nothing."""
    for line in (process / "fdinfo" / fd.name).read_text().splitlines():
        if line.startswith(f"{what}:"):
            return line.split()[1]
    return None


class Looks:
    """Looks for the holders of devices in a thread, for all who ask at the same time at once.

    Who asks while one look is under way gets the next: it sees whoever had the device open then.

    Args:
        reactor: has the threads.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._asking: dict[Path, list[Deferred[list[str]]]] = {}
        self._looking = False

    def holders(self, device: Path) -> Deferred[list[str]]:
        """Return what `holders` does."""
        found: Deferred[list[str]] = Deferred()
        self._asking.setdefault(device, []).append(found)
        self._look()
        return found

    def _look(self) -> None:
        if self._asking and not self._looking:
            self._looking = True
            asking, self._asking = self._asking, {}
            pool = self._reactor.getThreadPool()
            looking = deferToThreadPool(self._reactor, pool, look_for, asking.keys())
            looking.addBoth(self._looked, asking)

    def _looked(self, result: Any, asking: dict[Path, list[Deferred[list[str]]]]) -> None:
        self._looking = False
        for device, waiting in asking.items():
            for found in waiting:
                found.callback(result[device] if isinstance(result, dict) else result)
        self._look()


_looks: WeakKeyDictionary[Any, Looks] = WeakKeyDictionary()


def looks(reactor: Any) -> Looks:
    """Return those of a reactor."""
    found = _looks.get(reactor)
    if found is None:
        found = _looks[reactor] = Looks(reactor)
    return found
