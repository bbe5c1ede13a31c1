"""The doors to the console: where it listens, and who comes in by which."""

from __future__ import annotations

import os
import pwd
import stat
import struct
from contextlib import suppress
from pathlib import Path
from socket import AF_UNIX, SO_PEERCRED, SOCK_STREAM, SOL_SOCKET, socket
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from typing_extensions import override

from smartserial.channels.session import peer_name
from smartserial.channels.telnet import TelnetProtocol
from smartserial.console.desk import Desk, Operator
from smartserial.console.place import default_socket
from smartserial.console.plain import PlainConsole
from smartserial.console.telnet import POLICY, TelnetConsole
from smartserial.errors import ConfigError
from smartserial.settings import ConsoleSettings

MOST_OPERATORS = 32
_CREDENTIALS = struct.Struct("=3i")  # struct ucred: pid, uid, gid


class _TelnetDoor(Factory):
    """Operators who come by telnet."""

    noisy = False

    def __init__(self, desk: Desk, may_change: bool, reactor: Any) -> None:
        self._desk = desk
        self._may_change = may_change
        self._reactor = reactor

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        if len(self._desk.operators) >= MOST_OPERATORS:
            return None
        operator = Operator(peer_name(addr), "telnet", self._may_change, self._reactor.seconds())
        return TelnetProtocol(TelnetConsole(self._desk, operator, self._reactor), POLICY, self._reactor)


class _LocalProtocol(PlainConsole):
    """Somebody on this machine; the kernel says who."""

    def __init__(self, desk: Desk, reactor: Any) -> None:
        super().__init__(desk, Operator("", "unix", True, reactor.seconds()), local=True)

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        credentials = transport.getHandle().getsockopt(SOL_SOCKET, SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, _ = _CREDENTIALS.unpack(credentials)
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            name = f"uid {uid}"
        self.rename(f"{name} (pid {pid})")
        super().connectionMade()


class _LocalDoor(Factory):
    """Operators on this machine."""

    noisy = False

    def __init__(self, desk: Desk, reactor: Any) -> None:
        self._desk = desk
        self._reactor = reactor

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        if len(self._desk.operators) >= MOST_OPERATORS:
            return None
        return _LocalProtocol(self._desk, self._reactor)


def _free(path: Path) -> None:
    """Take away a socket that nobody listens on any more.

    Raises:
        ConfigError: somebody does, or something else is there.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigError(f"cannot open the console at {path}: it is there, and no socket")
    with socket(AF_UNIX, SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:
            raise ConfigError(f"cannot open the console at {path}: {error.strerror}") from error
    raise ConfigError(f"cannot open the console at {path}: another gateway has it")


class Doors(Service):
    """The console's doors, from `open` to the end of `stopService`.

    Args:
        desk: what verbs work on.
        settings: which doors there are.
        reactor: listens.
    """

    def __init__(self, desk: Desk, settings: ConsoleSettings, reactor: Any) -> None:
        self.where: list[str] = []
        self._desk = desk
        self._settings = settings
        self._reactor = reactor
        self._ports: list[Any] = []

    def open(self) -> list[str]:
        """Listen; return what is wrong with the door that is there by default, for a warning.

        Raises:
            ConfigError: a door that is asked for cannot be had.
        """
        warnings = []
        settings = self._settings
        if settings.unix is not None:
            self._open_local(settings.unix)
        elif settings.default:
            try:
                self._open_local(default_socket())
            except ConfigError as error:
                warnings.append(str(error))
        if settings.telnet is not None:
            door = _TelnetDoor(self._desk, settings.insecure, self._reactor)
            host, number = settings.telnet.host, settings.telnet.port
            try:
                port = self._reactor.listenTCP(number, door, interface=host)
            except CannotListenError as error:
                cause = getattr(error.socketError, "strerror", None) or error.socketError
                raise ConfigError(f"cannot open the console on {settings.telnet}: {cause}") from error
            self._ports.append(port)
            self.where.append(f"telnet {peer_name(port.getHost())}")
        return warnings

    def _open_local(self, path: Path) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = path.parent.stat()
        except OSError as error:
            raise ConfigError(f"cannot open the console at {path}: {error.strerror}") from error
        if owner.st_uid not in (0, os.geteuid()):
            raise ConfigError(f"cannot open the console at {path}: the folder belongs to somebody else")
        _free(path)
        before = os.umask(0o177)
        try:
            port = self._reactor.listenUNIX(str(path), _LocalDoor(self._desk, self._reactor), mode=0o600)
        except CannotListenError as error:
            cause = getattr(error.socketError, "strerror", None) or error.socketError
            raise ConfigError(f"cannot open the console at {path}: {cause}") from error
        finally:
            os.umask(before)
        self._ports.append(port)
        self.where.append(str(path))

    @override
    def stopService(self) -> Deferred[Any]:
        """Close all doors."""
        super().stopService()
        ports, self._ports = self._ports, []
        with suppress(OSError):
            return gatherResults([maybeDeferred(port.stopListening) for port in ports])
        return gatherResults([])
