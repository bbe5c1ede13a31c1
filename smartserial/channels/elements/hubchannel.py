"""A TCP server of one element: what it has of a hub."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from typing_extensions import override

from smartserial.channels.elements.channel import ChannelError, ChannelOwner
from smartserial.channels.elements.hub import Hub, Hubs
from smartserial.channels.elements.netchannel import NetChannel
from smartserial.channels.elements.netlock import SendRight
from smartserial.engine.effects import Peer
from smartserial.settings import Address, ConnectionSettings


class HubChannel(NetChannel):
    """What one element has of a hub.

    Args:
        owner: is told what happens.
        settings: of a TCP server.
        element: its name, for the log.
        hubs: has the hub of each address.
        reactor: keeps the time.
    """

    def __init__(
        self,
        owner: ChannelOwner,
        settings: ConnectionSettings,
        element: str,
        hubs: Hubs,
        reactor: Any,
    ) -> None:
        super().__init__(owner, settings, element, reactor)
        self._hubs = hubs
        self._hub: Hub | None = None
        self._no_right = SendRight()

    @property
    def where(self) -> str:
        """``server on`` and the address, with the real port once there is one."""
        carrier = self.carrier
        hub = self._hub or self._hubs.look(carrier.host, carrier.port)
        where = hub.where if hub is not None else str(Address(carrier.host, carrier.port))
        return f"server on {where}{' with TLS' if carrier.tls is not None else ''}"

    @property
    def full(self) -> bool:
        """Whether there is no place for one more session."""
        if self.settings.max_clients is None or self._hub is None:
            return False
        here = sum(self in session.hearers and not session.ending for session in self._hub.sessions)
        return here >= self.settings.max_clients

    @property
    def limit_words(self) -> str:
        """Why there is no place, for people."""
        limit = self.settings.max_clients
        return f"{self.element} has {limit} {'client' if limit == 1 else 'clients'}"

    def redirect(self, host: str, port: int | None) -> None:
        """Refuse: a server stays where it is."""
        raise ChannelError(f"a server cannot be redirected, and this is a {self.where}")

    @override
    def open(self) -> None:
        if self._hub is not None:
            self._hub.claimed = True  # until we serve again
        super().open()

    @override
    def update(self, settings: ConnectionSettings) -> None:
        super().update(settings)
        if self._hub is not None:
            self._hub.review()

    @override
    def _enter(self) -> None:
        carrier = self.carrier
        self._hub = self._hubs.get(carrier.host, carrier.port)
        self._hub.enter(self)

    @override
    def _leave(self) -> list[Deferred[None]]:
        hub, self._hub = self._hub, None
        return hub.leave(self) if hub is not None else []

    @override
    def _right(self) -> SendRight:
        return self._hub.right if self._hub is not None else self._no_right

    @override
    def _targets(self, to: Peer | None) -> tuple[Peer | None, ...]:
        return self.peers if to is None else (to,) if self._there(to) is not None else ()

    @override
    def _deliver(self, data: bytes, to: Peer | None) -> bool:
        session = self._there(to) if to is not None else None
        if session is None:
            return False
        session.write(self, data)
        return True
