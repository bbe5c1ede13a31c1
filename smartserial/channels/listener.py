"""A listening address of a share: it judges who comes, and makes sessions."""

from __future__ import annotations

from dataclasses import replace
from socket import AF_INET, AF_INET6, socket
from typing import Any
from typing import Protocol as Shape

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.comport import ComPortOwner, ComPortSession
from smartserial.channels.inherited import server_endpoint
from smartserial.channels.login.gate import Gate
from smartserial.channels.login.keeper import Keeper
from smartserial.channels.session import Refused, Session, peer_host, peer_name
from smartserial.channels.tcp import StreamPort, set_socket_options
from smartserial.channels.telnet.layer import TelnetProtocol
from smartserial.errors import ConfigError
from smartserial.printable import printable
from smartserial.settings import Address, ListenerSettings, LoginSettings, Mode, When
from smartserial.sharing.access import Refusal
from smartserial.sharing.rights import Identity
from smartserial.telnet.options import SERVER

_log = Logger()
_MOST_REFUSED = 64  # refused clients that are given time to read why


class ListenerOwner(ComPortOwner, Shape):
    """What a listener needs of its share."""

    keeper: Keeper

    def admits(self, listener: Listener, host: str) -> Refusal | None:
        """Decide about a connection from `host`, before anything is said; None: it may go on."""

    def judge(self, listener: Listener, host: str) -> Refusal | None:
        """Decide about a client whose session is to begin; None lets it in."""

    def clients_from(self, listener: Listener, host: str) -> int:
        """Return how many clients of a listener come from one address."""

    def entitle(self, session: Session, identity: Identity, login: LoginSettings) -> Refusal | None:
        """Give a client the rights of who has logged in; None: they may come in, if there is a place."""

    def login_failed(self, peer: str, user: str, why: str) -> None:
        """Take note of somebody who could not log in."""

    def refused(self, listener: Listener, peer: str, refusal: Refusal) -> None:
        """Take note of a client that was not let in."""

    def count_refused(self, count: int) -> None:
        """Count bytes that a refused client sent."""

    def count_unsent(self, count: int) -> None:
        """Count bytes for a client that the network did not take."""

    def count_overrun(self, where: str, count: int) -> None:
        """Count datagrams that came to an address, and that the kernel had no room for."""

    def note(self, text: str) -> None:
        """Tell the operator something that may be worth mending."""


class Listener(Factory):
    """One listener; `bind` before the reactor runs, so that a taken address is known at once."""

    noisy = False
    for_users = False
    """Whether it is the way of a door of the gateway's, where the share itself says which users come in."""
    displaces = True
    """Whether a client of it may take the place of an older one, where `when_full` says so."""

    def __init__(self, settings: ListenerSettings, reactor: Any) -> None:
        self.settings = settings
        self.owner: ListenerOwner | None = None
        self.where = str(settings.address)  # with the real port, once any free one has been found
        self.clients = 0
        self._lingering = 0
        self._number = 0  # of the TCP port, also while it does not listen
        self._absent = False  # whether it has an address, but does not listen now
        self._reactor = reactor
        self._port: Any = None
        self.gate = Gate(self, reactor)

    def prepare(self, settings: ListenerSettings) -> None:
        """Read the files that settings need which are to be in force soon.

        Raises:
            ConfigError: one of them cannot be used.
        """
        self.gate.prepare(settings)

    def bind(self) -> None:
        """Listen; connections wait in the kernel until the reactor runs and an owner is set.

        One that waits for a program just sees that the address can be had, and finds a free port.

        Raises:
            ConfigError: the address cannot be had, or a file for encryption cannot be used.
        """
        self.prepare(self.settings)
        self.gate.use(self.settings)
        address = self.settings.address
        if address.endpoint:
            self._bind_endpoint(address.endpoint)
        elif self.settings.when is When.DEVICE_OPEN:
            self._absent = True
            self._number = free_port(address, self._reactor)
            self.where = str(replace(address, port=self._number))
        else:
            self._listen(address)

    def _listen(self, address: Address) -> None:
        port = StreamPort(
            address.host,
            address.port,
            self,
            self._reactor,
            nodelay=self.settings.nodelay,
            keepalive=self.settings.keepalive,
        )
        try:
            port.startListening()
        except CannotListenError as error:
            raise ConfigError(f"cannot listen on {address}: {_cause(error)}") from error
        self._port, self._absent = port, False
        self.gate.use(self.settings)
        self._number = port.getHost().port
        self.where = peer_name(port.getHost())

    def be_there(self, held: bool) -> None:
        """Listen, or do not, as `when` says; `held`: a program has the virtual port open.

        Raises:
            ConfigError: the address cannot be had now.
        """
        wanted = held or self.settings.when is When.ALWAYS
        if wanted and self._absent:
            self._listen(replace(self.settings.address, port=self._number))
        elif not wanted and isinstance(self._port, StreamPort):
            self._absent = True
            self._port.vacate()
            self._port = None

    def _bind_endpoint(self, endpoint: str) -> None:
        failures: list[Failure] = []
        listening = maybeDeferred(
            lambda: server_endpoint(self._reactor, endpoint, self.settings).listen(self)
        )
        listening.addCallbacks(self._bound, failures.append)
        if failures:
            cause = failures[0].getErrorMessage() or type(failures[0].value).__name__
            raise ConfigError(f"cannot listen on {endpoint}: {cause}")

    def _bound(self, port: Any) -> None:
        self._port = port

    def fits(self, settings: ListenerSettings) -> bool:
        """Tell whether its socket is what other settings want."""
        wanted = settings.address
        return settings.udp is None and (self.settings.address == wanted or self.where == str(wanted))

    def attach(self, owner: ListenerOwner) -> None:
        """Let clients in for this share from now on."""
        self.owner = owner

    def adopt(self, other: Listener) -> None:
        """Take over the listening socket of `other`, which is given up."""
        self._port, other._port = other._port, None
        self._absent, self._number, self.where = other._absent, other._number, other.where
        if self._port is not None:
            self._port.factory = self
        other.stop()
        self.update(self.settings)

    def update(self, settings: ListenerSettings) -> None:
        """Go by other settings from now on; the address stays."""
        self.settings = settings
        self.gate.use(settings)
        if isinstance(self._port, StreamPort):
            self._port.set_options(settings.nodelay, settings.keepalive)

    def stop(self) -> Deferred[None]:
        """Listen no more; sessions go on. What goes wrong with that is a line in the log."""
        self.gate.close()
        port, self._port = self._port, None
        stopping = maybeDeferred(lambda: port.stopListening() if port is not None else None)
        return stopping.addErrback(
            lambda failure: _log.failure("cannot close {where}", failure, where=self.where)
        )

    # ---- connections

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        if self.owner is None or addr is None:
            return None
        refusal = self.owner.admits(self, peer_host(addr)) or self.gate.crowded(peer_host(addr))
        if refusal is not None:
            return self.refuse(addr, refusal, mute=self.gate.sealed)
        return self.gate.protocol(addr) if self.gate.stands else self.let_in(addr)

    def let_in(self, addr: IAddress) -> Protocol:
        """Return the session of somebody who need not say who they are, or what tells why there is none."""
        session = self.admit(addr)
        if isinstance(session, Refusal):
            return self.refuse(addr, session)
        return TelnetProtocol(session, SERVER, self._reactor) if self._speaks_telnet else session

    def admit(
        self, addr: IAddress, identity: Identity | None = None, login: LoginSettings | None = None
    ) -> Session | Refusal:
        """Return a session that may begin now, or why there is none.

        Args:
            addr: of the client.
            identity: who it is; None: nobody has asked.
            login: how that was found out.
        """
        assert self.owner is not None
        session, refusal = self.make_session(addr), None
        if identity is not None and login is not None:
            refusal = self.owner.entitle(session, identity, login)
        refusal = refusal or self.owner.judge(self, peer_host(addr))
        if refusal is not None:
            return refusal if identity is None else refusal.of(identity.name)
        return session

    @property
    def _speaks_telnet(self) -> bool:
        return self.settings.mode is Mode.RFC2217

    def make_session(self, addr: IAddress) -> Session:
        """Return a session; that of a client by RFC 2217 needs telnet below it."""
        assert self.owner is not None
        session = (ComPortSession if self._speaks_telnet else Session)(self.owner, self, addr)
        session.tls = self.settings.tls
        return session

    def refuse(self, addr: IAddress, refusal: Refusal, *, mute: bool = False) -> Refused:
        """Return what tells somebody why they are not let in, unless it is `mute`, and closes."""
        assert self.owner is not None
        self.owner.refused(self, peer_name(addr), refusal)
        words = b""
        if self.settings.tell_refused and not mute and self._lingering < _MOST_REFUSED:
            words = plain_line(refusal.text)
            self._lingering += 1
        return Refused(words, self.owner.count_refused, self._words_read, self._reactor)

    def _words_read(self) -> None:
        self._lingering -= 1

    def set_up(self, transport: Any) -> None:
        """Set the options of a connection whose listening socket is not ours."""
        handle = transport.getHandle() if hasattr(transport, "getHandle") else None
        own = not self.settings.address.endpoint
        if isinstance(handle, socket) and handle.family in (AF_INET, AF_INET6) and not own:
            set_socket_options(handle, self.settings.nodelay, self.settings.keepalive)


def free_port(address: Address, reactor: Any) -> int:
    """Return the port of an address that can be listened on; for port 0 a free one.

    Raises:
        ConfigError: it cannot.
    """
    trial = StreamPort(address.host, address.port, Factory(), reactor).createInternetSocket()
    with trial:
        try:
            trial.bind((address.host, address.port))
            trial.listen(1)
        except OSError as error:
            raise ConfigError(f"cannot listen on {address}: {error.strerror}") from error
        return int(trial.getsockname()[1])


def plain_line(text: str) -> bytes:
    """Return one line for a client, whatever `text` holds: other programs' names stand in it."""
    return printable(text).encode("ascii", "replace") + b"\r\n"


def _cause(error: CannotListenError) -> str:
    return getattr(error.socketError, "strerror", None) or str(error.socketError)
