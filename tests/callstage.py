"""Shares in memory that call, and the network on which nobody answers but the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from smartserial.channels.calls import caller
from smartserial.channels.calls.call import Call
from smartserial.events import Event, EventStream
from smartserial.interfaces import IProgramPort
from smartserial.lines import LineSettings
from smartserial.settings import Address, ConnectSettings, Device, LoopDevice, ShareSettings
from smartserial.share.service import Share
from tests.fakes import FakeEndpoint, FakeSerial, FakeTransport
from tests.test_share import Stage

A, B, C = (Address(f"10.0.0.{n}", 2217) for n in (1, 2, 3))
REFUSED = "Connection refused"


class EagerTransport(FakeTransport):
    """One whose other side takes everything at once, also words that no counter sees."""

    def __init__(self, protocol: Any = None) -> None:
        super().__init__(protocol)
        self.wire = b""

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "10.0.0.1", 2217)

    def write(self, data: bytes) -> None:
        self.wire += data
        super().write(data)
        self.take(len(data))

    def tell(self, text: bytes) -> None:
        self.wire += text
        super().tell(text)


class Ring:
    """One attempt to reach an address, until the test has answered it."""

    def __init__(self, where: str, factory: Any, cancelled: Callable[[Ring], None]) -> None:
        self.where = where
        self.factory = factory
        self.result: Deferred[Any] = Deferred(lambda _: cancelled(self))

    def answer(self, kind: type[FakeTransport] = FakeTransport) -> FakeTransport:
        """Let the connection come about; what is returned is the transport of whoever called."""
        host, _, port = self.where.rpartition(":")
        protocol = self.factory.buildProtocol(IPv4Address("TCP", host, int(port)))
        if protocol is None:
            self.result.errback(ConnectionDone())
            return kind(None)
        transport = kind(protocol)
        protocol.makeConnection(transport)
        self.result.callback(protocol)
        return transport

    def refuse(self, error: Exception | None = None) -> None:
        """Let nobody answer."""
        self.result.errback(error or ConnectionRefusedError(osError=111))


class Net:
    """All attempts, in their order; `rings` are those that wait for an answer."""

    def __init__(self, test: SynchronousTestCase) -> None:
        self.rings: list[Ring] = []
        self.called: list[str] = []
        self.options: list[dict[str, Any]] = []
        test.patch(caller, "tcp_endpoint", self._endpoint)

    def _endpoint(self, reactor: object, host: str, port: int, **options: Any) -> Any:
        net = self
        self.options.append(options)

        class Endpoint:
            def connect(self, factory: Any) -> Deferred[Any]:
                ring = Ring(f"{host}:{port}", factory, net.rings.remove)
                net.rings.append(ring)
                net.called.append(ring.where)
                return ring.result

        return Endpoint()

    def ring(self) -> Ring:
        """Take the one attempt that waits."""
        (ring,) = self.rings
        self.rings.clear()
        return ring


@implementer(IProgramPort)
class FakeVirtual(FakeSerial):  # type: ignore[misc] # not all of ITransport
    """A virtual port whose programs are the test."""

    programs = 0
    drained = True
    on_programs: Callable[[int], None] | None = None
    on_drained: Callable[[], None] | None = None
    on_unread: Callable[[int], None] | None = None
    on_set: Callable[[], None] | None = None

    @property
    def told_settings(self) -> LineSettings:
        return self.settings

    def look(self) -> None:
        pass

    def opened(self, programs: int = 1) -> None:
        """Let so many programs have it open."""
        self.programs, self.drained = programs, not programs
        assert self.on_programs is not None and self.on_drained is not None
        self.on_programs(programs)
        if not programs:
            self.on_drained()

    def set_anew(self) -> None:
        """Let a program set what is set."""
        assert self.on_set is not None
        self.on_set()


class VirtualEndpoint(FakeEndpoint):
    """Opens a `FakeVirtual`."""

    def connect(self, protocol_factory: Any) -> Deferred[Any]:
        protocol = protocol_factory.buildProtocol(None)
        self.transport = FakeVirtual(protocol)
        protocol.makeConnection(self.transport)
        result: Deferred[Any] = Deferred()
        result.callback(protocol)
        return result


class CallStage(Stage):
    """A share that calls.

    Args:
        net: on which.
        connect: its calls.
        device: its kind.
        endpoint: opens it.
        clock: that it shares with others.
        settings: as `ShareSettings` has them.
    """

    def __init__(
        self,
        net: Net,
        connect: ConnectSettings,
        device: Device | None = None,
        endpoint: FakeEndpoint | None = None,
        clock: Clock | None = None,
        **settings: Any,
    ) -> None:
        self.net = net
        self.clock = clock or Clock()
        self.events: list[Event] = []
        stream = EventStream()
        stream.subscribe(self.events.append)
        self.settings = ShareSettings("x", device or LoopDevice(), (), connect=connect, **settings)
        self.endpoint = endpoint or FakeEndpoint()
        self.listeners = []
        self.share = Share(self.settings, self.endpoint, [], stream, self.clock)
        self.port = 1000

    def start(self) -> CallStage:
        super().start()
        return self

    @property
    def call(self) -> Call:
        (call,) = self.share.calls
        return call

    def states(self) -> list[str]:
        """Return what each call does, in words."""
        return [call.state for call in self.share.calls]

    def update(self, **changes: Any) -> None:
        """Go over to other settings."""
        self.settings = replace(self.settings, **changes)
        self.share.update(self.settings, [], None)

    def answered(self) -> FakeTransport:
        """Answer the one attempt that waits."""
        transport = self.net.ring().answer()
        self.turn()
        return transport
