"""A TCP client of one element: what it has of a connection that we make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from typing_extensions import override

from smartserial.channels.elements.channel import ChannelError, ChannelOwner
from smartserial.channels.elements.clientsockets import ClientSockets
from smartserial.channels.elements.netchannel import NetChannel
from smartserial.channels.elements.netclient import ClientSocket, Target
from smartserial.channels.elements.netlock import SendRight
from smartserial.engine.effects import Peer
from smartserial.hosts import role_of
from smartserial.settings import ConnectionSettings, NetworkCarrier, Role


class ClientChannel(NetChannel):
    """One element's part of a connection.

    Args:
        owner: is told what happens.
        settings: of a TCP client.
        element: its name, for the log.
        sockets: has the connections.
        reactor: keeps the time.
    """

    def __init__(
        self,
        owner: ChannelOwner,
        settings: ConnectionSettings,
        element: str,
        sockets: ClientSockets,
        reactor: Any,
    ) -> None:
        super().__init__(owner, settings, element, reactor)
        self._sockets = sockets
        self._socket: ClientSocket | None = None
        self._target = _target(self.carrier)
        self._no_right = SendRight()

    @property
    def where(self) -> str:
        """``client of`` and the address."""
        target = self._target if self._socket is None else self._socket.target
        return f"client of {target}"

    def redirect(self, host: str, port: int | None) -> None:
        """Connect elsewhere from now on, with all who have the same connection; port None is the last one.

        Raises:
            ChannelError: that would make a server of it.
        """
        role, plain, why = role_of(host)
        plain = plain.lower()
        if role is Role.SERVER and plain != self.carrier.host:
            raise ChannelError(f"a client cannot become a server: {why}")
        target = self._target if self._socket is None else self._socket.target
        port = port or target.port
        if self._socket is None:
            self._target = replace(target, host=plain, port=port)
        else:
            self._sockets.redirect(self._socket, plain, port)

    def redirected(self, target: Target) -> None:
        """Remember where to go at the next opening."""
        self._target = target

    def move_to(self, socket: ClientSocket) -> None:
        """Have another connection."""
        former = self._socket.session if self._socket is not None else None
        if former is not None and former.heard_by(self):
            del former.hearers[self]
            self.end(former, "redirected")
        self._depart()
        self._say_farewells()
        self._socket = socket
        socket.enter(self)

    @override
    def update(self, settings: ConnectionSettings) -> None:
        if settings.carrier != self.settings.carrier:
            assert isinstance(settings.carrier, NetworkCarrier)
            self._target = _target(settings.carrier)
        super().update(settings)

    @override
    def _enter(self) -> None:
        carrier = self.carrier
        self._socket = self._sockets.get(self._target, carrier.single, carrier.keepalive)
        self._socket.enter(self)

    @override
    def _leave(self) -> list[Deferred[None]]:
        socket, self._socket = self._socket, None
        return socket.leave(self) if socket is not None else []

    @override
    def _right(self) -> SendRight:
        return self._socket.right if self._socket is not None else self._no_right

    @override
    def _targets(self, to: Peer | None) -> tuple[Peer | None, ...]:
        return (to,) if to is None or self._there(to) is not None else ()

    @override
    def _deliver(self, data: bytes, to: Peer | None) -> bool:
        if self._socket is None or (to is not None and self._there(to) is None):
            return False
        return self._socket.send(self, data)


def _target(carrier: NetworkCarrier) -> Target:
    return Target(carrier.host.lower(), carrier.port, carrier.local_port, carrier.tls)
