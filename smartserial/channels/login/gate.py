"""What stands between a connection of a listener and its session: encryption, a login, or both.

::

    connection --> TLS --> telnet --> login --> session
                    |  where it is asked for  |
                    no handshake              nobody: told so, and closed

Until the session begins there is no client: no place is taken, no byte of the device is given, no line moves.
Those who are not in yet are a `Crowd` each of handshakes and of logins: nobody can keep the others out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol

from smartserial.channels.login.entrance import Entrance
from smartserial.channels.login.protocol import Login
from smartserial.channels.login.telnet import TelnetLogin, below
from smartserial.channels.session import peer_host, peer_name
from smartserial.channels.tls.demands import unmet
from smartserial.settings import ListenerSettings, LoginSettings, Mode, TlsSettings
from smartserial.sharing.access import Refusal
from smartserial.sharing.crowd import Crowd
from smartserial.sharing.rights import Identity
from smartserial.telnet.options import SERVER

if TYPE_CHECKING:
    from smartserial.channels.listener import Listener
    from smartserial.channels.tls.layer import TlsProtocol

MOST_LOGGING_IN = 64
"""Connections of one listener that have not logged in."""
MOST_SHAKING = 1024
"""Connections of one listener whose TLS handshake is not done."""
TOO_MANY = "too many are logging in at this moment"
TOO_MANY_SHAKING = "TLS: too many handshakes at once"

Seal = tuple[TlsSettings, Callable[[], object]]
"""What gives what encrypts the next connection, and the settings that it was made of."""


class Gate:
    """The gate of one listener.

    Args:
        listener: makes the sessions.
        reactor: keeps the time.
    """

    def __init__(self, listener: Listener, reactor: Any) -> None:
        self._listener = listener
        self._reactor = reactor
        self._asked: LoginSettings | None = None  # what those are asked for who log in now
        self._sealing: TlsSettings | None = None  # what those have been asked for who are not in yet
        self._seal: Seal | None = None
        self._prepared: Seal | None = None
        self._shaking: Crowd[TlsProtocol] = Crowd(MOST_SHAKING)
        self._logging_in: Crowd[Login] = Crowd(MOST_LOGGING_IN)
        self._open = True

    @property
    def sealed(self) -> bool:
        """Whether connections are encrypted."""
        return self._listener.settings.tls is not None

    @property
    def stands(self) -> bool:
        """Whether a connection must pass it."""
        return self.sealed or self._listener.settings.login is not None

    # ---- settings

    def prepare(self, settings: ListenerSettings) -> None:
        """Read the files that settings need which are to be in force soon.

        Raises:
            ConfigError: one of them cannot be used.
        """
        if settings.tls is not None and (self._prepared is None or self._prepared[0] != settings.tls):
            from smartserial.channels.tls.ends import server_creator  # needs more of Python than the rest

            self._prepared = settings.tls, server_creator(settings.tls, self._note)

    def _note(self, text: str) -> None:
        if self._listener.owner is not None:
            self._listener.owner.note(text)

    def use(self, settings: ListenerSettings) -> None:
        """Go by settings that were prepared; who was asked for something else by former ones is cut off."""
        lacks = unmet(self._sealing, settings.tls)
        if settings.login != self._asked or lacks:
            self._cut()
        for shaking in self._shaking if lacks else ():
            shaking.give_up(f"TLS: {lacks}")
        self._asked, self._sealing, self._open = settings.login, settings.tls, True
        if self._prepared is not None and self._prepared[0] == settings.tls:
            self._seal = self._prepared

    def close(self) -> None:
        """Let nobody in any more who is not in yet."""
        self._open = False
        self._cut()

    def _cut(self) -> None:
        for login in self._logging_in:
            login.cut()

    # ---- connections

    def crowded(self, host: str) -> Refusal | None:
        """Decide about one more from an address: those who are not in yet count where so many may come."""
        most, owner = self._listener.settings.max_per_source, self._listener.owner
        here = self._shaking.from_host(host) + self._logging_in.from_host(host)
        if most is None or owner is None or not host or not here:
            return None
        if here + owner.clients_from(self._listener, host) < most:
            return None
        return Refusal(f"no more are let in from your address {host} while some are logging in")

    def protocol(self, addr: IAddress) -> Protocol | None:
        """Return what a new connection begins with; None: it is closed."""
        return self._sealed(addr) if self.sealed else self._inside(addr)

    def _sealed(self, addr: IAddress) -> Protocol | None:
        """Return what shakes hands first."""
        from smartserial.channels.tls.layer import TlsProtocol  # needs more of Python than the rest

        if self._seal is None or self._seal[0] != self._listener.settings.tls:
            return None  # its files were not read: nobody comes in without encryption
        creator = self._seal[1]()

        def failed(why: str) -> None:
            self._shaking.discard(protocol)
            if self._listener.owner is not None:
                self._listener.owner.refused(self._listener, peer_name(addr), Refusal(why))

        def inside() -> Protocol | None:
            self._shaking.discard(protocol)
            return self._inside(addr)

        protocol = TlsProtocol(inside, creator, False, self._reactor, failed=failed)
        if (loser := self._shaking.add(protocol, peer_host(addr))) is not None:
            loser.give_up(TOO_MANY_SHAKING)
        return protocol

    def _inside(self, addr: IAddress) -> Protocol | None:
        """Return what begins when there is nothing left but the login, if there is one."""
        if self._listener.owner is None or not self._open:
            return None
        login = self._listener.settings.login
        if login is None:
            return self._listener.let_in(addr)
        return self._asking(addr, login)

    def _asking(self, addr: IAddress, settings: LoginSettings) -> Protocol:
        owner = self._listener.owner
        assert owner is not None
        self._asked = settings
        entrance = Entrance(
            settings,
            owner.keeper,
            peer_host(addr),
            self._listener.settings.tell_refused,
            lambda identity: self._enter(addr, settings, identity),
            lambda user, why: owner.login_failed(peer_name(addr), user, why),
            owner.count_refused,
            lambda: self._logging_in.discard(login),
        )
        login: Login
        if self._listener.settings.mode is Mode.RAW:
            login = Login(entrance, self._reactor)
            self._take_in(login, addr)
            return login
        login = telnet = TelnetLogin(entrance, SERVER.greeting, self._reactor)
        self._take_in(login, addr)
        return below(telnet, SERVER, self._reactor)

    def _take_in(self, login: Login, addr: IAddress) -> None:
        if (loser := self._logging_in.add(login, peer_host(addr))) is not None:
            loser.give_way(TOO_MANY)

    def _enter(self, addr: IAddress, login: LoginSettings, identity: Identity) -> Protocol | str:
        """Return the session of somebody who has logged in, or why there is no place for them."""
        listener = self._listener
        assert listener.owner is not None
        session = listener.admit(addr, identity, login)
        if isinstance(session, Refusal):
            listener.owner.refused(listener, peer_name(addr), session)
            return session.text
        return session
