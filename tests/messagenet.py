"""A network in memory for elements: bytes go as far, and connections end, when the test says so."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost
from twisted.internet.task import Clock, deferLater
from typing_extensions import override

from tests.netstage import LiveTransport


class End(LiveTransport):
    """One end of a connection.

    Args:
        protocol: None until somebody accepts the connection.
    """

    def __init__(self, protocol: Any = None) -> None:
        super().__init__(protocol)
        self.other: End = self
        self.line = bytearray()  # on its way to the other end
        self.heard = bytearray()  # all that was given to the protocol

    def carry(self, size: int) -> None:
        """Bring up to `size` bytes to the other end, or the news that this one is closed."""
        self.take(size)
        self.line += self.taken
        self.taken = b""
        other = self.other
        if other.protocol is None or not other.connected:
            return
        piece = bytes(self.line[:size])
        if piece and other.reading:
            del self.line[:size]
            other.heard += piece
            other.protocol.dataReceived(piece)
        elif not self.connected and not self.line:
            other.lose(ConnectionDone())

    @override
    def abortConnection(self) -> None:
        self.cut()

    @override
    def cut(self) -> None:
        """Cut the connection: what is on its way is lost."""
        for end in (self, self.other):
            end.line.clear()
            if end.protocol is not None:
                end.lose(ConnectionLost())
            end.connected = False


class Port:
    """Listens; in place of a `StreamPort`."""

    def __init__(self, network: Network, host: str, port: int, factory: Any) -> None:
        self._network = network
        self._where = host, port
        self.factory = factory
        self.reading = True

    def startListening(self) -> None:
        self._network.ports[self._where[1]] = self

    def stopListening(self) -> Any:
        self.reading = False
        self._network.ports.pop(self._where[1], None)
        return deferLater(self._network.clock, 0)

    def startReading(self) -> None:
        self.reading = True

    def stopReading(self) -> None:
        self.reading = False

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", *self._where)

    def set_options(self, nodelay: bool, keepalive: object) -> None:
        """Do nothing: there are none."""


class Network:
    """All connections; it makes endpoints for clients, and ports for servers."""

    def __init__(self, clock: Clock, chance: Random) -> None:
        self.clock = clock
        self.ports: dict[int, Port] = {}
        self.ends: list[End] = []
        self._chance = chance
        self._waiting: list[tuple[Port, End, int]] = []
        self._next = 40_000

    def listen(self, host: str, port: int, factory: Any, *more: object, **rest: object) -> Port:
        """Make a port, as `StreamPort` is made."""
        return Port(self, host, port, factory)

    def __call__(self, reactor: object, host: str, port: int, *details: object) -> _Endpoint:
        return _Endpoint(self, port)

    def connect(self, port: int, factory: Any, fired: Deferred[Any]) -> None:
        """Connect, and have the other side accept when it wants to."""
        listening = self.ports.get(port)
        if listening is None:
            fired.errback(ConnectError("refused"))
            return
        protocol = factory.buildProtocol(IPv4Address("TCP", "127.0.0.2", port))
        if protocol is None:
            fired.errback(ConnectError("not wanted"))
            return
        near, far = End(protocol), End()
        near.other, far.other = far, near
        self.ends += [near, far]
        self._next += 1
        self._waiting.append((listening, far, self._next))
        protocol.makeConnection(near)
        fired.callback(protocol)

    def accept(self) -> None:
        """Have ports accept who waits; who waits at one that is closed is cut off."""
        waiting, self._waiting = self._waiting, []
        for port, end, number in waiting:
            if self.ports.get(port.getHost().port) is not port:
                end.cut()
            elif not port.reading:
                self._waiting.append((port, end, number))
            elif end.connected:
                protocol = port.factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", number))
                if protocol is None:
                    end.cut()
                else:
                    end.protocol = protocol
                    protocol.makeConnection(end)

    def carry(self, rounds: int, sizes: tuple[int, ...]) -> None:
        """Bring bytes of connections by chance, in pieces of these sizes."""
        self.accept()
        for _ in range(rounds):
            busy = self.busy()
            if not busy:
                return
            self._chance.choice(busy).carry(self._chance.choice(sizes))

    def busy(self) -> list[End]:
        """Return the ends that have something for the other one."""
        self.ends = [
            end for end in self.ends if end.connected or (end.other.connected and end.other.protocol)
        ]
        accepted = [end for end in self.ends if end.other.protocol is not None]
        return [end for end in accepted if end.pending or end.line or not end.connected]


class _Endpoint:
    def __init__(self, network: Network, port: int) -> None:
        self._network = network
        self._port = port

    def connect(self, factory: Any) -> Deferred[Any]:
        network = self._network
        if network.ports.get(self._port) is None:
            return fail(ConnectError("refused"))
        call: list[Any] = []
        fired: Deferred[Any] = Deferred(lambda _: call[0].cancel())
        delay = network._chance.choice((0, 0.01, 0.3))
        call.append(network.clock.callLater(delay, network.connect, self._port, factory, fired))
        return fired


Watcher = Callable[[Any], None]
