"""What happens to files, as inotify(7) tells it: terminals that programs open, names that appear in a folder.

One descriptor serves all paths of a reactor, for a user may have few of them. Equal events that follow
each other are one event in the kernel, so that they say when to look, and never how things are.

::

    s32 watch | u32 mask | u32 cookie | u32 length | name, padded with zeros to `length` bytes
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from typing_extensions import override

from smartserial.errors import PortError

CLOSE_WRITE, CLOSE_NOWRITE, OPEN = 0x8, 0x10, 0x20
MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x40, 0x80, 0x100, 0x200
OVERFLOW, IGNORED = 0x4000, 0x8000
CLOSE = CLOSE_WRITE | CLOSE_NOWRITE
OPENERS = OPEN | CLOSE
NAMES = MOVED_FROM | MOVED_TO | CREATE | DELETE

UNWATCHED = 1.0
"""Seconds between looks at what the kernel does not watch for us."""

_HEAD = struct.Struct("=iIII")
_BATCH = 65536
_NONE = 0  # the number of what is not watched: those of the kernel begin with 1
_LIMITS = {
    errno.EMFILE: "raise fs.inotify.max_user_instances, or the limit of open files",
    errno.ENOSPC: "raise fs.inotify.max_user_watches",
}
_log = Logger()


class NoRoomError(PortError):
    """The kernel watches no more for this user; it may later."""


Told = Callable[[int, str], None]
"""Is given the mask of an event, and the name in the folder where it is about one.

With `OVERFLOW` anything may have happened.
"""


class Watch:
    """One path that is watched, until `stop`."""

    def __init__(self, inotify: Inotify, number: int, told: Told, name: str = "") -> None:
        self.told = told
        self.number = number
        self.name = name
        self._inotify = inotify

    def stop(self) -> None:
        """Hear no more."""
        self._inotify.forget(self)

    def hear(self) -> None:
        """Be told now of what has happened by now."""
        self._inotify.doRead()

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Do not be told of what this process does to the path meanwhile."""
        with self._inotify.without(self):
            yield


class Inotify(FileDescriptor):
    """All watched paths of one reactor; open while there are any.

    Args:
        reactor: watches the descriptor.
        what: happens to the paths, for the one line in the log that tells when the kernel has no room.
    """

    def __init__(self, reactor: Any, what: str = "what programs do to virtual ports") -> None:
        super().__init__(reactor)
        self._reactor = reactor
        self._fd = -1
        self._what = what
        self._complained = False
        self._watches: dict[int, dict[Watch, None]] = {}
        self._unwatched: dict[Watch, tuple[Path, int]] = {}
        self._looking: IDelayedCall | None = None
        self._events: deque[tuple[int, int, str]] = deque()
        self._libc = ctypes.CDLL(None, use_errno=True)

    @override
    def fileno(self) -> int:
        return self._fd

    def watch(self, path: Path, mask: int, told: Told) -> Watch:
        """Be told of events of `mask` that happen to `path`, or in it.

        Whoever watches the same path gives the same mask.

        Raises:
            NoRoomError: the kernel has no room for it; the log tells so, once.
            PortError: it cannot be watched.
        """
        watch = Watch(self, _NONE, told)
        self._put(watch, path, mask)
        return watch

    def watch_or_look(self, path: Path, mask: int, told: Told, name: str = "") -> Watch:
        """Do the same; where the kernel has no room for it, have it looked after each second until it has.

        Args:
            path: what is watched.
            mask: of the events.
            told: is told of them.
            name: in a folder, of what they are to be about; empty: of anything.

        Raises:
            PortError: it cannot be watched.
        """
        watch = Watch(self, _NONE, told, name)
        try:
            self._put(watch, path, mask)
        except NoRoomError:
            self._unwatched[watch] = path, mask
            if self._looking is None:
                self._looking = self._reactor.callLater(UNWATCHED, self._look)
        return watch

    def _put(self, watch: Watch, path: Path, mask: int) -> None:
        if self._fd < 0:
            self._fd = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), path)
            self.startReading()
        try:
            number = self._libc.inotify_add_watch(self._fd, os.fsencode(path), mask)
            watch.number = self._checked(number, path)
        except PortError:
            self._rest()
            raise
        self._watches.setdefault(watch.number, {})[watch] = None

    def _checked(self, result: int, path: Path) -> int:
        if result >= 0:
            return result
        code = ctypes.get_errno()
        text = f"cannot watch {path}: {os.strerror(code)}"
        if code not in _LIMITS:
            raise PortError(text)
        if not self._complained:
            self._complained = True
            _log.warn(
                "{text}; {what} is seen up to {seconds:g} s later: {cure}",
                text=text,
                what=self._what,
                seconds=UNWATCHED,
                cure=_LIMITS[code],
            )
        raise NoRoomError(text)

    def _look(self) -> None:
        """Have those look for themselves whose paths the kernel does not watch, and ask it again."""
        self._looking, full = None, False
        for watch, (path, mask) in list(self._unwatched.items()):
            if not full and watch in self._unwatched:
                try:
                    self._put(watch, path, mask)
                    del self._unwatched[watch]
                except NoRoomError:
                    full = True
                except PortError:  # the path is gone: whoever is told of that stops the watch
                    pass
            if watch in self._unwatched or watch.number:
                self._tell_one(watch, OVERFLOW, "")
        if self._unwatched and self._looking is None:
            self._looking = self._reactor.callLater(UNWATCHED, self._look)

    def forget(self, watch: Watch) -> None:
        """Watch a path no more."""
        if self._unwatched.pop(watch, None) and not self._unwatched and self._looking is not None:
            self._looking.cancel()
            self._looking = None
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
            watches = [watch for number in numbers for watch in self._watches.get(number, ())]
            for watch in [one for one in watches if not name or one.name in ("", name)]:
                self._tell_one(watch, mask, name)
            if mask & IGNORED:  # the path is gone, and its number with it
                self._watches.pop(number, None)
                self._rest()

    def _tell_one(self, watch: Watch, mask: int, name: str) -> None:
        try:
            watch.told(mask, name)
        except Exception:
            _log.failure("{told} failed", told=watch.told)


_inotifies: WeakKeyDictionary[Any, Inotify] = WeakKeyDictionary()


def inotify(reactor: Any) -> Inotify:
    """Return the one of a reactor."""
    found = _inotifies.get(reactor)
    if found is None:
        found = _inotifies[reactor] = Inotify(reactor)
    return found
