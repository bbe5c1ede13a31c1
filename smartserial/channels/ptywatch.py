"""What happens to files, as inotify(7) tells it: terminals that programs open, names that appear in a folder.

One descriptor serves all paths of a reactor, for a user may have few of them. Equal events that follow
each other are one event in the kernel, so that they say when to look, and never how things are.

::

    s32 watch | u32 mask | u32 cookie | u32 length | name, padded with zeros to `length` bytes
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from twisted.internet.abstract import FileDescriptor
from twisted.logger import Logger
from typing_extensions import override

from smartserial.errors import PortError

CLOSE_WRITE, CLOSE_NOWRITE, OPEN = 0x8, 0x10, 0x20
MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x40, 0x80, 0x100, 0x200
OVERFLOW, IGNORED = 0x4000, 0x8000
CLOSE = CLOSE_WRITE | CLOSE_NOWRITE
OPENERS = OPEN | CLOSE
NAMES = MOVED_FROM | MOVED_TO | CREATE | DELETE

_HEAD = struct.Struct("=iIII")
_BATCH = 65536
_log = Logger()

Told = Callable[[int, str], None]
"""Is given the mask of an event, and the name in the folder where it is about one."""


class Watch:
    """One path that is watched, until `stop`."""

    def __init__(self, inotify: Inotify, number: int, told: Told) -> None:
        self.told = told
        self.number = number
        self._inotify = inotify

    def stop(self) -> None:
        """Hear no more."""
        self._inotify.forget(self)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Do not be told of what this process does to the path meanwhile."""
        with self._inotify.without(self):
            yield


class Inotify(FileDescriptor):
    """All watched paths of one reactor; open while there are any."""

    def __init__(self, reactor: Any) -> None:
        super().__init__(reactor)
        self._reactor = reactor
        self._fd = -1
        self._watches: dict[int, dict[Watch, None]] = {}
        self._events: deque[tuple[int, int, str]] = deque()
        self._libc = ctypes.CDLL(None, use_errno=True)

    @override
    def fileno(self) -> int:
        return self._fd

    def watch(self, path: Path, mask: int, told: Told) -> Watch:
        """Be told of events of `mask` that happen to `path`, or in it.

        Whoever watches the same path gives the same mask.

        Raises:
            PortError: it cannot be watched.
        """
        if self._fd < 0:
            self._fd = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), path)
            self.startReading()
        number = self._libc.inotify_add_watch(self._fd, os.fsencode(path), mask)
        try:
            self._checked(number, path)
        except PortError:
            self._rest()
            raise
        watch = Watch(self, number, told)
        self._watches.setdefault(number, {})[watch] = None
        return watch

    def _checked(self, result: int, path: Path) -> int:
        if result < 0:
            raise PortError(f"cannot watch {path}: {os.strerror(ctypes.get_errno())}")
        return result

    def forget(self, watch: Watch) -> None:
        """Watch a path no more."""
        watches = self._watches.get(watch.number, {})
        if watch in watches:
            del watches[watch]
            if not watches:
                del self._watches[watch.number]
                self._libc.inotify_rm_watch(self._fd, watch.number)
                self._rest()

    def _rest(self) -> None:
        if not self._watches and self._fd >= 0:
            self.stopReading()
            os.close(self._fd)
            self._fd = -1
            self._events.clear()

    @contextmanager
    def without(self, watch: Watch) -> Iterator[None]:
        """Leave out what happens to one path meanwhile; what happened before is told in its turn."""
        self._fetch()
        known = len(self._events)
        try:
            yield
        finally:
            self._fetch()
            fresh = [self._events.pop() for _ in range(len(self._events) - known)]
            self._events.extend(event for event in reversed(fresh) if event[0] != watch.number)
            if self._events:
                self._reactor.callLater(0, self._tell)

    @override
    def doRead(self) -> None:
        self._fetch()
        self._tell()

    def _fetch(self) -> None:
        with suppress(BlockingIOError, OSError):
            while self._fd >= 0:
                batch = os.read(self._fd, _BATCH)
                at = 0
                while at < len(batch):
                    number, mask, _, length = _HEAD.unpack_from(batch, at)
                    at += _HEAD.size
                    name = os.fsdecode(batch[at : at + length].rstrip(b"\0"))
                    at += length
                    self._events.append((number, mask, name))

    def _tell(self) -> None:
        while self._events:
            number, mask, name = self._events.popleft()
            numbers = list(self._watches) if mask & OVERFLOW else [number]
            for watch in [watch for number in numbers for watch in self._watches.get(number, ())]:
                try:
                    watch.told(mask, name)
                except Exception:
                    _log.failure("{told} failed", told=watch.told)
            if mask & IGNORED:  # the path is gone, and its number with it
                self._watches.pop(number, None)
                self._rest()


_inotifies: WeakKeyDictionary[Any, Inotify] = WeakKeyDictionary()


def inotify(reactor: Any) -> Inotify:
    """Return the one of a reactor."""
    found = _inotifies.get(reactor)
    if found is None:
        found = _inotifies[reactor] = Inotify(reactor)
    return found
