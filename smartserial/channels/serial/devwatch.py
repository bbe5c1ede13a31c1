"""Folders in which devices appear, watched on behalf of those who wait for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from twisted.internet.interfaces import IReactorFDSet

from smartserial.channels.inotify import Inotify, Watch
from smartserial.errors import PortError

_ATTRIB, _MOVED_TO, _CREATE, _DELETE_SELF, _MOVE_SELF, _ONLY_DIR = 0x4, 0x80, 0x100, 0x400, 0x800, 0x1000000
_NEWS = _ATTRIB | _MOVED_TO | _CREATE | _DELETE_SELF | _MOVE_SELF | _ONLY_DIR


class Lookout:
    """Somebody who waits for something to appear in folders; one that is missing is waited for too.

    Args:
        folders: where it may appear.
        told: called when something has appeared there, or has other rights now.
        watched: the folders that are watched already.
    """

    def __init__(self, folders: Iterable[Path], told: Callable[[], None], watched: Folders) -> None:
        self.told = told
        self._folders = tuple(folders)
        self._watched = watched
        self._now: set[Path] = set()

    def look(self) -> None:
        """Watch the folders that there are now, and the nearest one to each that is missing."""
        wanted = {_there(folder) for folder in self._folders}
        for folder in self._now - wanted:
            self._watched.leave(folder, self)
        for folder in wanted:
            self._watched.enter(folder, self)
        self._now = wanted

    def stop(self) -> None:
        """Wait no more."""
        for folder in self._now:
            self._watched.leave(folder, self)
        self._now = set()


class Folders:
    """The folders of one reactor that are watched, each once.

    Where the kernel does not watch (a reactor without descriptors, too many watches), nothing is told:
    whoever waits has to look now and then anyway.
    """

    def __init__(self, reactor: Any) -> None:
        self._inotify = (
            Inotify(reactor, "a device that appears") if IReactorFDSet.providedBy(reactor) else None
        )
        self._watches: dict[Path, Watch] = {}
        self._waiting: dict[Path, dict[Lookout, None]] = {}

    def enter(self, folder: Path, lookout: Lookout) -> None:
        """Tell somebody of what happens in a folder."""
        self._waiting.setdefault(folder, {})[lookout] = None
        if self._inotify is not None and folder not in self._watches:
            try:
                watch = self._inotify.watch(folder, _NEWS, lambda mask, name: self._tell(folder, mask))
            except PortError:
                return
            self._watches[folder] = watch

    def leave(self, folder: Path, lookout: Lookout) -> None:
        """Tell somebody no more."""
        waiting = self._waiting.get(folder, {})
        waiting.pop(lookout, None)
        if not waiting:
            self._waiting.pop(folder, None)
            watch = self._watches.pop(folder, None)
            if watch is not None:
                watch.stop()

    def _tell(self, folder: Path, mask: int) -> None:
        if not mask & (_ATTRIB | _MOVED_TO | _CREATE):  # the folder itself is gone, or is another one
            watch = self._watches.pop(folder, None)
            if watch is not None:
                watch.stop()
        for lookout in list(self._waiting.get(folder, ())):
            lookout.told()


def _there(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that there is."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


_folders: WeakKeyDictionary[Any, Folders] = WeakKeyDictionary()


def lookout(reactor: Any, folders: Iterable[Path], told: Callable[[], None]) -> Lookout:
    """Begin to wait for something to appear in folders; nothing is told before the reactor's next turn."""
    watched = _folders.get(reactor)
    if watched is None:
        watched = _folders[reactor] = Folders(reactor)
    waiting = Lookout(folders, told, watched)
    waiting.look()
    return waiting
