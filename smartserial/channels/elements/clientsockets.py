"""The connections of all clients: those that elements may share are found by where they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from smartserial.channels.elements.netclient import ClientSocket, EndpointMaker, Target
from smartserial.settings import Keepalive


class ClientSockets:
    """Hands out connections, old ones and new ones.

    Args:
        make: makes endpoints.
        numbers: gives each session its own number.
        reactor: keeps the time.
    """

    def __init__(self, make: EndpointMaker, numbers: Iterator[int], reactor: Any) -> None:
        self._make = make
        self._numbers = numbers
        self._reactor = reactor
        self._shared: dict[Target, ClientSocket] = {}

    def get(self, target: Target, single: bool, keepalive: Keepalive | None) -> ClientSocket:
        """Return the connection to a target, which may be a new one; of a single one always."""
        known = None if single else self._shared.get(target)
        if known is not None:
            return known
        socket = ClientSocket(target, keepalive, self._make, self._numbers, self._forget, self._reactor)
        if not single:
            self._shared[target] = socket
        return socket

    def redirect(self, socket: ClientSocket, host: str, port: int) -> None:
        """Have a connection, and all channels that have it, go elsewhere."""
        target = replace(socket.target, host=host, port=port)
        if target == socket.target:
            return
        shared = self._shared.get(socket.target) is socket
        other = self._shared.get(target) if shared else None
        if other is not None:
            for channel in list(socket.channels):
                channel.move_to(other)
                channel.redirected(target)
            return
        if shared:
            del self._shared[socket.target]
            self._shared[target] = socket
        socket.move(target)
        for channel in list(socket.channels):
            channel.redirected(target)

    def _forget(self, socket: ClientSocket) -> None:
        if self._shared.get(socket.target) is socket:
            del self._shared[socket.target]
