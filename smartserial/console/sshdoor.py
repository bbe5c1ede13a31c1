"""The SSH door: one for the gateway, to its console and to its shares."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from typing_extensions import override

from smartserial.channels.login.gate import MOST_LOGGING_IN, TOO_MANY
from smartserial.channels.session import peer_host, peer_name
from smartserial.channels.tcp import StreamPort
from smartserial.console.desk import Desk, Operator
from smartserial.console.output import VerbError
from smartserial.console.seats import CONNECTIONS, OPERATORS, Seats
from smartserial.console.sshchannel import Channel
from smartserial.console.sshclient import Notice, SshWay, client_of
from smartserial.console.sshconnection import Connection
from smartserial.console.sshconsole import SshPlain, SshTerminal, SshVerb
from smartserial.console.sshkey import default_path, fingerprint, host_key
from smartserial.console.sshlogin import Entrance, Login, has_key
from smartserial.console.sshtransport import SshTransport
from smartserial.console.sshwords import Connect, Perform, Status, wish_of
from smartserial.errors import ConfigError
from smartserial.events import LoginFailed, RequestRefused, SentAway
from smartserial.settings import Address, ConsoleSettings, Keepalive, LoginSettings
from smartserial.share.service import Share
from smartserial.sharing.crowd import Crowd
from smartserial.sharing.rights import Identity


class SshDoor(Factory):
    """Lets in users of the gateway.

    Args:
        desk: what verbs work on, and the gateway whose shares are served.
        settings: say whose members may come in.
        reactor: keeps the time.

    Raises:
        ConfigError: the host key cannot be used, or made.
    """

    noisy = False

    def __init__(self, desk: Desk, settings: ConsoleSettings, reactor: Any) -> None:
        path = settings.host_key or default_path()
        key, self.new = host_key(path)
        self.fingerprint = fingerprint(key)
        self.publicKeys = {b"ssh-ed25519": key.public()}
        self.privateKeys = {b"ssh-ed25519": key}
        self.desk = desk
        self.seats = Seats(OPERATORS)
        self.places = Seats(CONNECTIONS)
        self.login_settings = LoginSettings(groups=settings.login.groups if settings.login else frozenset())
        self._reactor = reactor
        self._logging_in: Crowd[SshTransport] = Crowd(MOST_LOGGING_IN)
        self._inside: dict[SshTransport, _Visitor] = {}
        self._ways: WeakKeyDictionary[Share, SshWay] = WeakKeyDictionary()
        desk.doors.append(self.review)

    # ---- who comes

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        transport = SshTransport(self, self._reactor)
        if (loser := self._logging_in.add(transport, peer_host(addr))) is not None:
            loser.end(TOO_MANY)
        return transport

    def getService(self, transport: SshTransport, name: bytes) -> Callable[[], Any] | None:
        """Return what makes the service that is asked for; None: there is none."""
        return transport.service_for(name)

    def login(self, transport: SshTransport) -> Login:
        """Return what asks who somebody is."""
        peer = peer_name(transport.transport.getPeer())
        events = self.desk.gateway.events

        def failed(user: str, why: str) -> None:
            events.publish(LoginFailed("console", peer, self.desk.gateway.keeper.shown(user), why))

        def enter(identity: Identity, key: bytes) -> Connection | str:
            if words := self.places.take(identity):
                return words
            self._logging_in.discard(transport)
            visitor = self._inside[transport] = _Visitor(self, identity, peer, key)
            return Connection(visitor, transport)

        source = peer_host(transport.transport.getPeer())
        return Login(
            transport, Entrance(self.desk.gateway.keeper, self.login_settings, source, enter, failed)
        )

    def refused(self, transport: SshTransport, why: str) -> None:
        """Take note that somebody was sent away."""
        peer = peer_name(transport.transport.getPeer())
        self.desk.gateway.events.publish(SentAway("console", peer, "ssh", why))

    def left(self, transport: SshTransport) -> None:
        """Take note that a connection is gone."""
        self._logging_in.discard(transport)
        if (visitor := self._inside.pop(transport, None)) is not None:
            self.places.leave(visitor.name)

    def review(self) -> None:
        """End the connections of those who would not be let in any more."""
        for transport, visitor in list(self._inside.items()):
            if words := visitor.barred():
                transport.end(words)

    # ---- what they want

    def way_to(self, share: Share) -> SshWay:
        """Return the way into a share, which is made for the first who comes."""
        if share not in self._ways:
            self._ways[share] = SshWay(share, self.login_settings, self._reactor)
            share.visits.append(self._ways[share])
        return self._ways[share]

    def seconds(self) -> float:
        """Return the time."""
        seconds: float = self._reactor.seconds()
        return seconds


class _Visitor:
    """Somebody who has logged in; provides `Site`. What they may do is looked up anew for each channel.

    Args:
        door: by which they came.
        identity: who it was then.
        peer: where they are.
        key: by which they logged in, as bytes; none: by a password.
    """

    def __init__(self, door: SshDoor, identity: Identity, peer: str, key: bytes) -> None:
        self.name = identity.name
        self._door = door
        self._peer = peer
        self._key = key
        self._left = partial(door.seats.leave, identity.name)

    def barred(self) -> str:
        """Return why they would not be let in any more, empty if they would."""
        return self._key_gone() or ("" if self._identity() is not None else self._no_more)

    def _key_gone(self) -> str:
        user = self._door.desk.gateway.keeper.user(self.name)
        if user is None or not self._key or has_key(user, self._key):
            return ""
        return f"this key is none of {self.name}'s any more"

    def shell(self, channel: Channel) -> Protocol:
        """Return a console."""
        left, desk = self._left, self._door.desk

        def console(operator: Operator) -> Protocol:
            if channel.terminal is None:
                return SshPlain(desk, operator, left)
            return SshTerminal(desk, operator, channel, left)

        return self._seat(channel, console)

    def command(self, channel: Channel, command: str) -> Protocol:
        """Return a client of a share, or what does one verb."""
        left, desk = self._left, self._door.desk
        try:
            wish = wish_of(command)
        except VerbError as error:
            return Notice(channel, Status.WRONG, str(error))
        match wish:
            case Connect(share=name):
                return self._client(channel, name)
            case Perform(line=line):
                return self._seat(channel, lambda one: SshVerb(desk, one, channel, line, left))

    def refused(self, what: str) -> None:
        """Take note that something was asked for that is not given."""
        events = self._door.desk.gateway.events
        events.publish(RequestRefused("console", self._peer, what, self.name))

    def _seat(self, channel: Channel, make: Callable[[Operator], Protocol]) -> Protocol:
        """Return what an operator has, if there is a place for one."""
        identity = self._identity()
        if identity is None:
            return Notice(channel, Status.NOT_DONE, self._no_more)
        if words := self._door.seats.take(identity):
            return Notice(channel, Status.NOT_DONE, words)
        return make(Operator(f"{self.name} at {self._peer}", "ssh", identity, self._door.seconds()))

    def _client(self, channel: Channel, name: str) -> Protocol:
        """Return a client of a share, if it may be one."""
        identity, door = self._identity(), self._door
        if identity is None:
            return Notice(channel, Status.NOT_DONE, self._no_more)
        operator = Operator(f"{self.name} at {self._peer}", "ssh", identity, door.seconds())
        try:
            share = door.desk.seen_by(operator).share(name)
        except VerbError as error:
            return Notice(channel, Status.NOT_DONE, str(error))
        if not share.running:
            return Notice(channel, Status.NOT_DONE, f"{name} is being stopped")
        return client_of(share, door.way_to(share), identity, channel, self._key_gone)

    @property
    def _no_more(self) -> str:
        return f"{self.name} has no rights here any more"

    def _identity(self) -> Identity | None:
        """Return who it is now: users may be gone, or may do other things."""
        identity = self._door.desk.gateway.keeper.identity(self.name)
        groups = self._door.login_settings.groups
        if identity is None or (groups and not groups & identity.groups):
            return None
        return identity if any(grant.rights for grant in identity.grants) else None


def listen(door: SshDoor, address: Address, reactor: Any) -> StreamPort:
    """Return the port at which a door is open.

    Raises:
        ConfigError: the address cannot be had.
    """
    port = StreamPort(address.host, address.port, door, reactor, keepalive=Keepalive())
    try:
        port.startListening()
    except CannotListenError as error:
        cause = getattr(error.socketError, "strerror", None) or error.socketError
        raise ConfigError(f"cannot open the console on {address}: {cause}") from error
    return port
