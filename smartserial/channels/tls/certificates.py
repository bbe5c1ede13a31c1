"""The certificates of a server: one, or a folder of them, chosen by the name that a client asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_IROTH
from typing import Any, NamedTuple

from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.python import runtime
from zope.interface import implementer

from smartserial.channels.tls.files import library, names_of, options, trust_of
from smartserial.errors import ConfigError
from smartserial.settings import TlsSettings

LOOK = 1.0
"""Seconds between two looks at the files, at least."""

_EXPECTED = "expected NAME.pem with its key, NAME.pem or NAME.crt with NAME.key, or NAME/fullchain.pem"
_Stamp = tuple[tuple[int, int, int] | None, ...]


class _Files(NamedTuple):
    """Where a certificate stands, with what it is called in its folder; None: the key is in its file."""

    name: str
    certificate: Path
    key: Path | None


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What files had in them when they looked like `stamp`; no options: nothing that could be used."""

    stamp: _Stamp
    options: Any = None
    names: tuple[str, ...] = ()


def _in_folder(folder: Path) -> list[_Files]:
    """Return the certificates of a folder in the order of their names; other files are nobody's."""
    found: dict[str, _Files] = {}
    try:
        for path in sorted(folder.iterdir(), key=lambda path: (path.stem, path.suffix != ".pem")):
            if path.name.startswith("."):
                continue
            if path.suffix in (".pem", ".crt"):
                key = path.with_suffix(".key")
                found.setdefault(path.stem, _Files(path.stem, path, key if key.exists() else None))
            elif (path / "fullchain.pem").exists():
                files = _Files(path.name, path / "fullchain.pem", path / "privkey.pem")
                found.setdefault(path.name, files)
    except OSError as error:
        raise ConfigError(f"cannot read {folder}: {error.strerror}") from error
    if not found:
        raise ConfigError(f"{folder}: there is no certificate in it; {_EXPECTED}")
    return [found[name] for name in sorted(found)]


def _stamp(*paths: Path | None) -> _Stamp:
    """Return what tells whether files have changed."""
    stamps: list[tuple[int, int, int] | None] = []
    for path in paths:
        try:
            seen = path.stat() if path is not None else None
        except OSError:
            seen = None
        stamps.append(None if seen is None else (seen.st_mtime_ns, seen.st_size, seen.st_ino))
    return tuple(stamps)


@implementer(IOpenSSLServerConnectionCreator)
class Certificates:
    """Makes the server's end of connections; files that change are read again when somebody connects.

    Of a file that cannot be used any more the former contents stay in force. The names that a client may
    ask for are those in the certificates; it gets the first one by the name of its file if it asks for
    none, or for one that is not there.

    Args:
        settings: name the files.
        note: is told, once, of files that cannot be used any more, or that too many can read.
        seconds: the time.

    Raises:
        ConfigError: a file cannot be used, or pyOpenSSL is not there.
    """

    def __init__(
        self,
        settings: TlsSettings,
        note: Callable[[str], None],
        seconds: Callable[[], float] = runtime.seconds,
    ) -> None:
        self._settings = settings
        self._note = note
        self._seconds = seconds
        self._lib = library()
        self._authorities = settings.authorities if settings.verify else None
        self._said = ""
        self._looked = seconds()
        self._loaded: dict[str, _Loaded] = {}
        for files in self._files():
            self._loaded[files.name] = self._load(files, self._look_of(files))
        self._sort()

    def current(self) -> Any:
        """Return what makes the next connection: that of the first certificate."""
        now = self._seconds()
        if not 0 <= now - self._looked < LOOK:
            self._looked = now
            self._renew()
        return self._first

    def serverConnectionForTLS(self, protocol: Any) -> Any:  # the interface's name
        """Return a new connection."""
        return self.current().serverConnectionForTLS(protocol)

    # ---- files

    def _files(self) -> list[_Files]:
        settings = self._settings
        if settings.folder is not None:
            return _in_folder(settings.folder)
        if settings.certificate is None:
            raise ConfigError("a server with TLS needs a certificate")
        return [_Files("", settings.certificate, settings.key)]

    def _look_of(self, files: _Files) -> _Stamp:
        return _stamp(files.certificate, files.key, self._authorities)

    def _load(self, files: _Files, stamp: _Stamp) -> _Loaded:
        settings = replace(self._settings, certificate=files.certificate, key=files.key)
        trust = trust_of(self._authorities, self._lib) if self._authorities is not None else None
        made = options(settings, self._lib, trust, self._context_for)
        return _Loaded(stamp, made, names_of(files.certificate, self._lib))

    def _renew(self) -> None:
        try:
            found = self._files()
        except ConfigError as error:
            self._say_once(f"{error}; the former certificates stay in use")
            return
        loaded = {files.name: self._again(files) for files in found}
        if any(one.options is not None for one in loaded.values()):
            self._loaded, self._said = loaded, ""
            self._sort()
        else:
            self._say_once(f"{self._settings.folder}: none can be used; the former ones stay in use")

    def _again(self, files: _Files) -> _Loaded:
        """Return what files have in them now, or had before."""
        stamp, before = self._look_of(files), self._loaded.get(files.name)
        if before is not None and before.stamp == stamp:
            return before
        try:
            loaded = self._load(files, stamp)
            self._look_at_rights(files.key or files.certificate)
            return loaded
        except (ConfigError, OSError) as error:
            kept = before is not None and before.options is not None
            self._note(f"{error}; the former one stays in use" if kept else str(error))
            return replace(before, stamp=stamp) if before is not None else _Loaded(stamp)

    def _look_at_rights(self, key: Path) -> None:
        """Note a new key that everybody can read; of the first ones the configuration's findings tell."""
        if key.stat().st_mode & S_IROTH:
            self._note(f"everybody on this machine can read the private key in {key}: chmod 600 {key}")

    def _say_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._note(text)

    # ---- choosing

    def _sort(self) -> None:
        usable = [one for one in self._loaded.values() if one.options is not None]
        self._first = usable[0].options
        self._by_name: dict[str, Any] = {}
        for one in usable:
            for name in one.names:
                self._by_name.setdefault(name, one.options)

    def _context_for(self, name: bytes | None) -> Any:
        """Return the context for a name that a client asks for; None: that of the first certificate."""
        asked = (name or b"").decode("ascii", "replace").lower().rstrip(".")
        anything = "*." + asked.partition(".")[2]
        found = self._by_name.get(asked, self._by_name.get(anything))
        return None if found is None else found.getContext()
