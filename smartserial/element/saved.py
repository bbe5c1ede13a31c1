"""Params that survive a restart: a database of SQLite, written by a thread, many changes at a time.

The file is read once, when the gateway is made; what elements ask for later comes from memory, so that they
find what was saved a moment ago although it may not be in the file yet.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from errno import ENOENT
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from smartserial.definition.protocol import Protocol
from smartserial.errors import ConfigError
from smartserial.linefile import Closing
from smartserial.stamps import time_of_day

GATHERING = 0.5
"""Seconds in which changes come together before they are written."""
AGAIN = 5.0
"""Seconds after which a file that could not be written is tried again."""
_MODE = 0o600
_TABLE = """
CREATE TABLE IF NOT EXISTS saved (
    element TEXT NOT NULL, param INTEGER NOT NULL, name TEXT NOT NULL, raw BLOB NOT NULL,
    version TEXT NOT NULL, time REAL NOT NULL, PRIMARY KEY (element, param)
) WITHOUT ROWID
"""
_READ = "SELECT element, param, name, raw, version, time FROM saved"
_PUT = "INSERT OR REPLACE INTO saved (element, param, name, raw, version, time) VALUES (?, ?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM saved WHERE element = ?"
_GONE = "the file is gone"
_log = Logger()


def _warn(text: str) -> None:
    _log.warn("{text}", text=text)


@dataclass(frozen=True, slots=True)
class SavedValue:
    """A value of an earlier run.

    Args:
        name: of the param at that time.
        raw: its bytes.
        version: of the definition at that time; empty if that is not known.
        time: when it was saved, in seconds since 1970.
    """

    name: str
    raw: bytes
    version: str = ""
    time: float = 0.0


def fitting(protocol: Protocol, saved: Mapping[int, SavedValue]) -> dict[int, bytes]:
    """Return the bytes that a definition, perhaps a newer one, takes over, by param.

    These are of params that are still there, under this id and name, and still to be saved. Whether the
    bytes fit, the engine's store judges.
    """
    return {
        id: value.raw
        for id, value in saved.items()
        if (param := protocol.param.get(id)) is not None and param.save and param.name == value.name
    }


_Key = tuple[str, int]


@dataclass(slots=True)
class _Batch:
    """What is to be written: elements to forget first, then values to put."""

    forgotten: set[str] = field(default_factory=set)
    values: dict[_Key, SavedValue] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.forgotten or self.values)

    def forget(self, element: str) -> None:
        self.forgotten.add(element)
        self.values = {key: value for key, value in self.values.items() if key[0] != element}

    def after(self, earlier: _Batch) -> _Batch:
        """Return one that does what `earlier` was to do, and then this."""
        values = {key: one for key, one in earlier.values.items() if key[0] not in self.forgotten}
        return _Batch(earlier.forgotten | self.forgotten, values | self.values)


class SavedParams:
    """The saved params of all elements.

    Args:
        path: of the file, which is made when there is something to save; None keeps them in memory only.
        reactor: keeps the time, and has the threads.
        note: takes a line for the log when the file cannot be written, once until it can be again; and then.
        seconds: tells the time of day, for the file.

    Raises:
        ConfigError: the file is there and is no database of saved params, or its folder is not there.
    """

    def __init__(
        self,
        path: Path | None,
        reactor: Any,
        note: Callable[[str], object] = _warn,
        seconds: Callable[[], float] = time_of_day,
    ) -> None:
        self._path = path
        self._seconds = seconds
        self._reactor = reactor
        self._note = note
        self._known: dict[str, dict[int, SavedValue]] = {} if path is None else _read(path)
        self._file = None if path is None else _File(path.absolute())
        self._waiting = _Batch()
        self._call: IDelayedCall | None = None
        self._writing = False
        self._broken = False
        self._closing = Closing()

    def load(self, element: str) -> Mapping[int, SavedValue]:
        """Return what is saved of an element now, by param."""
        return dict(self._known.get(element, {}))

    def save(self, element: str, param: int, name: str, raw: bytes, version: str = "") -> None:
        """Save the bytes of a param; they are in the file within a second, or when `close` is done.

        Args:
            element: its name.
            param: the id.
            name: that of the param; a newer definition takes the bytes only for a param of this name.
            raw: the bytes.
            version: of the definition.
        """
        known = self._known.setdefault(element, {})
        before = known.get(param)
        if before is not None and (before.name, before.raw, before.version) == (name, raw, version):
            return
        known[param] = value = SavedValue(name, raw, version, self._seconds())
        self._waiting.values[element, param] = value
        self._schedule(GATHERING)

    def forget(self, element: str) -> None:
        """Forget all of an element."""
        if self._known.pop(element, None) is not None:
            self._waiting.forget(element)
            self._schedule(GATHERING)

    def close(self) -> Deferred[None]:
        """Write what waits; fires when that is done, or cannot be done. Later values are not written."""
        begun, closed = self._closing.begun, self._closing.wait()
        if not begun and not self._writing:
            self._write()
        return closed

    def _schedule(self, delay: float) -> None:
        idle = self._call is None and not self._writing and not self._closing.begun
        if idle and self._file is not None:
            self._call = self._reactor.callLater(delay, self._write)

    def _write(self) -> None:
        """Begin to write what waits; at the end, also to close the file."""
        call, self._call = self._call, None
        if call is not None and call.active():
            call.cancel()
        batch, self._waiting = self._waiting, _Batch()
        if self._file is None or (not batch and not self._closing.begun):
            self._end()
            return
        job = self._file.put if batch else self._file.close
        self._writing = True
        self._in_thread(job, batch).addBoth(self._written, batch)

    def _in_thread(self, job: Callable[[_Batch], str], batch: _Batch) -> Deferred[Any]:
        try:
            return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), job, batch)
        except Exception:  # there are no threads any more
            return succeed(Failure().getErrorMessage())

    def _written(self, result: str | Failure, batch: _Batch) -> None:
        """Take note of what was written; what was not waits again."""
        self._writing = False
        error = result.getErrorMessage() if isinstance(result, Failure) else result
        if error:
            self._waiting = self._waiting.after(self._whole() if error == _GONE else batch)
        if error and not self._broken:
            self._note(f"params cannot be saved in {self._path}: {error}; trying again")
        elif self._broken and not error:
            self._note(f"params are saved in {self._path} again")
        self._broken = bool(error)
        if not self._closing.begun:
            if self._waiting:
                self._schedule(AGAIN if error else GATHERING)
        elif error or not batch:
            self._end()
        else:
            self._write()

    def _whole(self) -> _Batch:
        known = self._known.items()
        return _Batch(values={(name, id): one for name, held in known for id, one in held.items()})

    def _end(self) -> None:
        if not self._closing.begun:
            return
        if self._waiting and self._file is not None:
            count = len(self._waiting.values)
            self._note(f"{count} params were not saved in {self._path}")
        self._closing.done()


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _read(path: Path) -> dict[str, dict[int, SavedValue]]:
    """Return all that a file holds; one that is not there holds nothing.

    Raises:
        ConfigError: it is something else, or its folder is not there.
    """
    found: dict[str, dict[int, SavedValue]] = {}
    try:
        if not path.parent.is_dir():
            raise ConfigError(f"state: expected a file in a folder that is there, found {path}")
        if not path.exists():
            return {}
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema")}
            if tables and "saved" not in tables:
                raise ConfigError(f"state: expected saved params, found another database in {path}")
            for element, param, name, raw, version, time in database.execute(_READ) if tables else ():
                if isinstance(raw, bytes):
                    found.setdefault(element, {})[param] = SavedValue(name, raw, version, time)
    except (sqlite3.Error, OSError) as error:
        raise ConfigError(f"state: expected a database of saved params in {path}: {_said(error)}") from error
    return found


class _File:
    """The file, as threads have it: one at a time.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._file = (0, 0)

    def put(self, batch: _Batch) -> str:
        """Write a batch, whole or not at all; return why it could not be written, or an empty text."""
        try:
            database = self._opened()
            with database:
                database.executemany(_FORGET, [(element,) for element in batch.forgotten])
                database.executemany(
                    _PUT,
                    [
                        (element, param, one.name, one.raw, one.version, one.time)
                        for (element, param), one in batch.values.items()
                    ],
                )
        except (sqlite3.Error, OSError, ValueError) as error:
            self.close()
            return _said(error)
        return ""

    def close(self, batch: _Batch | None = None) -> str:
        """Close the file; there is nothing that could go wrong."""
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()
        return ""

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, _MODE)  # SQLite would let others read it
            self._file = _identity(os.fstat(descriptor))
            os.close(descriptor)
            self._database = sqlite3.connect(self._path, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute(_TABLE)
        elif not self._path.exists() or _identity(self._path.stat()) != self._file:
            raise FileNotFoundError(ENOENT, _GONE)
        return self._database


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
