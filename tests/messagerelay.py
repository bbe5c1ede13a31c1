"""A program between clients and a server: it passes bytes on in pieces of random sizes, and may be cut."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.interfaces import IReactorTCP
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override

reactor: Any = IReactorTCP(real_reactor)


class Half(Protocol):
    """One side; what it hears goes out of the other one, a piece each turn of the reactor."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.other: Half | None = None
        self.waiting: deque[bytes] = deque()
        self.moving = self.ended = False

    @override
    def connectionMade(self) -> None:
        self.relay.halves[self] = None
        self.transport.setTcpNoDelay(True)
        if self.other is not None:
            self.other.move()  # what came before, its end included

    @override
    def dataReceived(self, data: bytes) -> None:
        while data:
            size = self.relay.chance.choice(self.relay.sizes)
            self.waiting.append(data[:size])
            data = data[size:]
        self.move()

    def move(self) -> None:
        if not self.moving:
            self.moving = True
            reactor.callLater(0, self._move)

    def _move(self) -> None:
        self.moving = False
        other = self.other
        if other is None or other.transport is None:
            return  # it goes on when that is connected
        for _ in range(self.relay.chance.choice((1, 1, 20))):
            if self.waiting:
                other.transport.write(self.waiting.popleft())
        if self.waiting:
            self.move()
        elif self.ended:
            other.transport.loseConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.relay.halves.pop(self, None)
        self.ended = True
        self.move()

    def cut(self) -> None:
        """End both sides as if somebody had torn the wire."""
        for half in (self, self.other):
            if half is not None:
                half.waiting.clear()
                if half.transport is not None:
                    half.transport.abortConnection()  # type: ignore[attr-defined]


class Relay:
    """Listens for clients of a server.

    Args:
        host: where to listen.
        server: port of the server on 127.0.0.1.
        chance: decides on sizes.
        sizes: of pieces.
    """

    def __init__(
        self, host: str, server: int, chance: Random, sizes: tuple[int, ...] = (1, 3, 50, 700, 5000, 50_000)
    ) -> None:
        self.halves: dict[Half, None] = {}
        self.chance = chance
        self.sizes = sizes
        self.cuts = 0
        self._server = server
        factory = Factory.forProtocol(Half)
        factory.noisy = False
        factory.buildProtocol = self._comes  # type: ignore[method-assign,assignment]
        self._listening = reactor.listenTCP(0, factory, interface=host)
        self.port = int(self._listening.getHost().port)

    def _comes(self, address: object) -> Half:
        near, far = Half(self), Half(self)
        near.other, far.other = far, near
        factory = ClientFactory()
        factory.noisy = False
        factory.buildProtocol = lambda _: far  # type: ignore[method-assign,assignment]
        factory.clientConnectionFailed = lambda *_: near.cut()  # type: ignore[method-assign,assignment]
        reactor.connectTCP("127.0.0.1", self._server, factory)
        return near

    def cut(self) -> None:
        """Cut one connection."""
        if self.halves:
            self.cuts += 1
            self.chance.choice(list(self.halves)).cut()

    def stop(self) -> Any:
        """Cut all, and listen no more."""
        for half in list(self.halves):
            half.cut()
        return self._listening.stopListening()
