"""Rules on files: those that we write are nobody else's, and can be written.

::

    capture: plc.jsonl     plc.jsonl, and the full ones plc.jsonl.1, plc.jsonl.2, ... as far as `keep` goes

What else the gateway writes, reads, opens or makes must have none of these names: it would be written to,
or moved away.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from smartserial.config.source import Place, Source, path_text
from smartserial.config.walking import SettingsRule, devices_of
from smartserial.findings import WARNING, Finding
from smartserial.settings import GatewaySettings, PortDevice, RecordFile, VirtualDevice

_NUMBERED = re.compile(r"(.+)\.([1-9][0-9]{0,3})")
_ANY = "*"
_READ: tuple[Place, ...] = (
    ("users", "file"),
    ("console", "password", "file"),
    ("shares", _ANY, "password", "file"),
    ("shares", _ANY, "listen", _ANY, "password", "file"),
    ("shares", _ANY, "connect", "login", "password_file"),
    ("pools", _ANY, "password", "file"),
    ("pools", _ANY, "listen", _ANY, "password", "file"),
    ("shares", _ANY, "device", "sim"),
    ("elements", _ANY, "connections", _ANY, "device", "sim"),
    ("elements", _ANY, "protocol"),
    ("protocol_paths", _ANY),
    ("tls", _ANY, "certificate"),
    ("tls", _ANY, "key"),
    ("tls", _ANY, "authorities"),
)
"""Where paths of files stand that are read, or names of something else, which have no slash and no ending."""
_NAMES = {"sim", "protocol"}
_DATABASE = ("", "-journal", "-wal", "-shm")
_SOCKET = re.compile(r"unix:([^:]+)")


class _Use(NamedTuple):
    """Somebody's file: what all its names have in common; its path as it is written; and who needs it."""

    real: str
    path: Path
    whose: str


def _real(path: Path) -> str:
    """Return a path that all spellings and symbolic links of it have in common."""
    return os.path.realpath(path)


def _same(path: Path) -> str:
    """Return what all names of a file have in common: its path, or its number if it has several names."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            return f"{status.st_dev}:{status.st_ino}"
    except (OSError, ValueError):
        pass
    return _real(path)


def _longer(path: Path, end: str) -> Path:
    """Return the path whose name ends so; one without a name stays as it is."""
    return path.with_name(path.name + end) if path.name else path


def _records(settings: GatewaySettings) -> Iterator[tuple[Place, RecordFile]]:
    """Yield the files that grow, each with its place."""
    for element in settings.elements:
        if element.trace is not None:
            yield ("elements", element.name, "trace"), element.trace
    for share in settings.shares:
        if share.capture is not None:
            yield ("shares", share.name, "capture"), share.capture
    if settings.audit is not None:
        yield ("audit",), settings.audit


def _found(values: Any, pattern: Place, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield the texts at all places that a pattern describes."""
    if not pattern:
        if isinstance(values, str) and values and "\0" not in values:
            yield place, values
        return
    items: dict[str | int, Any] = dict(enumerate(values)) if isinstance(values, list) else {}
    items |= values if isinstance(values, dict) else {}
    for key, value in items.items():
        if pattern[0] in (_ANY, key):
            yield from _found(value, pattern[1:], (*place, key))


def _paths(settings: GatewaySettings, source: Source) -> Iterator[tuple[Path, str]]:
    """Yield everything that has a path and is no file that grows, and who needs it."""
    if source.path is not None:
        yield source.path, "this configuration"
    for pattern in _READ:
        for place, text in _found(source.values, pattern):
            if place[-1] not in _NAMES or "/" in text or text.endswith((".yaml", ".yml", ".xml")):
                yield source.folder / text, path_text(place)
    for section in ("shares", "pools"):
        for place, text in _found(source.values, (section, _ANY, "listen", _ANY, "endpoint")):
            if socket := _SOCKET.match(text):
                yield source.folder / socket[1], path_text(place)
    if settings.state is not None:
        yield from ((_longer(settings.state, end), "state") for end in _DATABASE)
    for checker in settings.users.checkers:
        kind, _, path = checker.partition(":")
        if kind == "file":
            yield Path(path), "users.checkers"
    if settings.console.unix is not None:
        yield settings.console.unix, "console.unix"
    if settings.console.host_key is not None:
        yield settings.console.host_key, "console.host_key"
    for _, owner, device in devices_of(settings):
        if isinstance(device, PortDevice):
            yield Path("/dev", device.port), path_text(owner)
        elif isinstance(device, VirtualDevice):
            yield device.path, path_text(owner)
            if device.overlay:
                yield _longer(device.path, ".real"), path_text(owner)


def _uses(settings: GatewaySettings, source: Source) -> Iterator[_Use]:
    """Yield what is not to be written by others; what has no name is nothing."""
    for path, whose in _paths(settings, source):
        if path.name:
            yield _Use(_same(path), path, whose)


def files_of_their_own(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """Nobody else writes or reads a file that grows, or one of its full ones."""
    uses = list(_uses(settings, source))
    seen = {use.real: use for use in reversed(uses)}
    growing: dict[str, tuple[Place, RecordFile]] = {}
    for place, record in _records(settings):
        use = _Use(_same(record.path), record.path, path_text(place))
        other = seen.setdefault(use.real, use)
        if other is not use:
            yield source.finding(place, "CF06", f"{record.path} is also that of {other.whose}")
        else:
            growing[str(Path(_real(record.path.parent), record.path.name))] = place, record
            uses.append(use)
    for use in uses:
        name = _NUMBERED.fullmatch(use.path.name)
        found = growing.get(str(Path(_real(use.path.parent), name[1]))) if name else None
        if name and found and int(name[2]) <= found[1].keep:
            message = f"{use.path}, the name of a full one of it, is also that of {use.whose}"
            yield source.finding(found[0], "CF06", message)


_NO_FILES: dict[Callable[[int], bool], str] = {
    stat.S_ISDIR: "a folder",
    stat.S_ISSOCK: "a socket",
    stat.S_ISBLK: "a disk",
}


def _kept_out(path: Path) -> str:
    """Tell what is at a path, if lines cannot be appended to that; empty if they can, or if nobody knows."""
    try:
        if path.is_symlink() and (not path.exists() or path.is_file()):
            return "a link, which is not followed,"
        mode = path.stat().st_mode
        if what := next((what for test, what in _NO_FILES.items() if test(mode)), ""):
            return what
        if stat.S_ISREG(mode):
            with path.open("rb") as file:
                return "" if file.read(1) in (b"", b"{") else "something else than lines of JSON"
    except (OSError, ValueError):
        pass
    return ""


def files_that_can_be_written(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """At the path of a file that grows there is such a file, or nothing."""
    taken = {use.real for use in _uses(settings, source)}
    for place, record in _records(settings):
        found = "" if _same(record.path) in taken else _kept_out(record.path)
        if found:
            message = f"expected a file of its own, but there is {found} at {record.path}"
            yield source.finding(place, "CF09", message)


def files_that_others_come_by(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """A file that grows is for few: it tells who did what, or has what was sent, with passwords in that."""
    for place, record in _records(settings):
        try:
            mode = record.path.stat().st_mode
        except (OSError, ValueError):
            continue
        able = [word for bit, word in ((stat.S_IROTH, "read"), (stat.S_IWOTH, "change")) if mode & bit]
        if able and stat.S_ISREG(mode) and not _kept_out(record.path):
            message = f"everybody on this machine can {' and '.join(able)} {record.path}"
            hint = f"chmod 600 {record.path}"
            yield source.finding(place, "CF16", message, severity=WARNING, hint=hint)


def folders_that_are_there(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """The folder of a file that grows is there, as that of the configuration is."""
    for place, record in _records(settings):
        folder = record.path.parent
        if folder != source.folder and not os.path.isdir(folder):  # noqa: PTH112 # is_dir raises on long names
            message = f"the folder {folder} is not there: until it is, nothing is written"
            yield source.finding(place, "CF09", message, severity=WARNING)


FILE_SETTINGS_RULES: tuple[SettingsRule, ...] = (
    files_of_their_own,
    files_that_can_be_written,
    files_that_others_come_by,
    folders_that_are_there,
)
