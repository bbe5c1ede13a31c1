"""The doors to the console: where it listens, and who comes in by which."""

from __future__ import annotations

import os
import pwd
import stat
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from socket import AF_UNIX, SO_PEERCRED, SOCK_STREAM, SOL_SOCKET, socket
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.login.entrance import Entrance
from smartserial.channels.login.gate import MOST_LOGGING_IN, TOO_MANY
from smartserial.channels.login.telnet import TelnetLogin, below
from smartserial.channels.session import peer_host, peer_name
from smartserial.channels.telnet.layer import TelnetProtocol
from smartserial.channels.tls.ends import server_creator
from smartserial.console.desk import Desk, Operator
from smartserial.console.place import default_socket
from smartserial.console.plain import PlainConsole
from smartserial.console.seats import MOST_OPERATORS, OPERATORS, Seats
from smartserial.console.telnet import POLICY, TelnetConsole
from smartserial.errors import ConfigError
from smartserial.events import EventStream, LoginFailed, SentAway
from smartserial.settings import Address, ConsoleSettings, LoginSettings, TlsSettings
from smartserial.sharing.attempts import source_of
from smartserial.sharing.crowd import Crowd
from smartserial.sharing.rights import OWNER, WATCHER, Identity

_log = Logger()
MOST_UNKNOWN = MOST_OPERATORS // 2  # of these, of one source whose operators nobody knows
_CREDENTIALS = struct.Struct("=3i")  # struct ucred: pid, uid, gid


class _Door(Factory):
    """Lets in so many operators, and no more."""

    noisy = False

    def __init__(self, desk: Desk, reactor: Any) -> None:
        self._desk = desk
        self._reactor = reactor
        self._here = 0

    def left(self) -> None:
        """Take note that one is gone."""
        self._here -= 1

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        if self._here >= MOST_OPERATORS:
            return None
        self._here += 1
        return self.let_in(addr)

    def let_in(self, addr: IAddress | None) -> Protocol:
        """Return what a new operator talks to."""
        return _LocalProtocol(self._desk, self._reactor, self.left)


class _TelnetDoor(_Door):
    """For operators who come by telnet; without a login nobody knows who they are.

    Args:
        desk: what verbs work on.
        settings: say what they may do, and whether they have to log in.
        reactor: keeps the time.
    """

    def __init__(self, desk: Desk, settings: ConsoleSettings, reactor: Any) -> None:
        super().__init__(desk, reactor)
        self._settings = settings
        self._logging_in: Crowd[TelnetLogin] = Crowd(MOST_LOGGING_IN)
        self._seats = Seats(OPERATORS)
        self._unknown: Counter[str] = Counter()  # how many are here of each source, without a login

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        if self._settings.login is not None:
            return self._ask(self._settings.login, addr)
        if self._unknown[source_of(peer_host(addr))] >= MOST_UNKNOWN:
            return None
        return super().buildProtocol(addr)

    @override
    def let_in(self, addr: IAddress | None) -> Protocol:
        identity, source = OWNER if self._settings.insecure else WATCHER, source_of(peer_host(addr))
        self._unknown[source] += 1
        console = self._console(peer_name(addr), identity, partial(self._unknown_left, source))
        return TelnetProtocol(console, POLICY, self._reactor)

    def _unknown_left(self, source: str) -> None:
        self._unknown[source] -= 1
        self._unknown += Counter()  # sources of which there is nobody are not kept
        self.left()

    def _console(self, name: str, identity: Identity, left: Callable[[], None]) -> TelnetConsole:
        operator = Operator(name, "telnet", identity, self._reactor.seconds())
        return TelnetConsole(self._desk, operator, self._reactor, left)

    # ---- logins

    def _ask(self, login: LoginSettings, addr: IAddress | None) -> Protocol:
        """Return what asks who somebody is."""
        peer, keeper = peer_name(addr), self._desk.gateway.keeper

        def failed(user: str, why: str) -> None:
            self._desk.gateway.events.publish(LoginFailed("console", peer, keeper.shown(user), why))

        entrance = Entrance(
            login,
            keeper,
            peer_host(addr),
            True,
            lambda identity: self._enter(login, peer, identity),
            failed,
            lambda count: None,
            lambda: self._logging_in.discard(asking),
        )
        asking = TelnetLogin(entrance, POLICY.greeting, self._reactor)
        if (loser := self._logging_in.add(asking, peer_host(addr))) is not None:
            loser.give_way(TOO_MANY)
        return below(asking, POLICY, self._reactor)

    def _enter(self, login: LoginSettings, peer: str, identity: Identity) -> Protocol | str:
        """Return the console of somebody who has logged in; whoever knows its one secret may everything."""
        if login.secret:
            identity = OWNER
        if not any(grant.rights for grant in identity.grants):
            return f"{identity.name} has no rights here"
        if words := self._seats.take(identity):
            return words
        name = f"{identity.name} at {peer}" if identity.name else peer
        return self._console(name, identity, partial(self._seats.leave, identity.name))


class _LocalProtocol(PlainConsole):
    """Somebody on this machine; the kernel says who."""

    def __init__(self, desk: Desk, reactor: Any, left: Callable[[], None]) -> None:
        super().__init__(desk, Operator("", "unix", OWNER, reactor.seconds()), local=True)
        self._left = left

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

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self._left()


def _sealed(door: Factory, tls: TlsSettings, events: EventStream, reactor: Any) -> Factory:
    """Return a door behind TLS; who does not shake hands is no operator.

    Raises:
        ConfigError: its files cannot be used, or pyOpenSSL is not there.
    """
    creator = server_creator(tls, lambda text: _log.warn("console: {text}", text=text))
    from smartserial.channels.tls.factory import TlsFactory  # needs more of Python than the rest

    def failed(addr: IAddress | None, why: str) -> None:
        events.publish(SentAway("console", peer_name(addr), "telnet", why))

    return TlsFactory(door, creator, reactor, failed)


def _free(path: Path) -> None:
    """Take away a socket that nobody listens on any more.

    Raises:
        ConfigError: somebody does, or something else is there.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(f"cannot open the console at {path}: {error.strerror}") from error
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
        settings = self._settings
        if settings.telnet is not None:
            self._open_telnet(settings.telnet)
        if settings.ssh is not None:
            self._open_ssh(settings.ssh)
        if settings.unix is not None:
            self._open_local(settings.unix)
        elif settings.default:
            try:
                self._open_local(default_socket())
            except ConfigError as error:
                return [str(error)]
        return []

    def _open_telnet(self, address: Address) -> None:
        door: Factory = _TelnetDoor(self._desk, self._settings, self._reactor)
        if self._settings.tls is not None:
            door = _sealed(door, self._settings.tls, self._desk.gateway.events, self._reactor)
        try:
            port = self._reactor.listenTCP(address.port, door, interface=address.host)
        except CannotListenError as error:
            cause = getattr(error.socketError, "strerror", None) or error.socketError
            raise ConfigError(f"cannot open the console on {address}: {cause}") from error
        self._ports.append(port)
        how = " with TLS" if self._settings.tls is not None else ""
        self.where.append(f"telnet {peer_name(port.getHost())}{how}")

    def _open_ssh(self, address: Address) -> None:
        try:
            from smartserial.console.sshdoor import SshDoor, listen  # needs more of Python than the rest
        except ImportError as error:
            words = f"SSH needs more of Python ({error}): install smartserial[ssh]"
            raise ConfigError(words) from error
        door = SshDoor(self._desk, self._settings, self._reactor)
        port = listen(door, address, self._reactor)
        self._ports.append(port)
        where = peer_name(port.getHost())
        self.where.append(f"ssh {where}")
        new = ", which is new" if door.new else ""
        _log.info(
            "console: ssh on {where} with host key {key}{new}", where=where, key=door.fingerprint, new=new
        )

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
            port = self._reactor.listenUNIX(str(path), _Door(self._desk, self._reactor), mode=0o600)
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
