"""Which share of a pool somebody gets, in memory: by what became of the devices."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.login.keeper import Keeper
from smartserial.errors import PortBusyError, PortError
from smartserial.events import ClientConnected, ClientDisconnected, Event, EventStream
from smartserial.settings import (
    DeviceRules,
    ListenerSettings,
    LoopDevice,
    PoolSettings,
    ShareSettings,
    UsersSettings,
)
from smartserial.share.pool import Pool, PoolListener, lend
from smartserial.share.service import Share
from tests.fakes import FakeEndpoint, FakeTransport

BUSY = PortBusyError("/dev/ttyS1 is in use by cat (pid 7)")
MISSING = PortError("there is no /dev/ttyS1")


class SlowEndpoint(FakeEndpoint):
    """Opens when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.later: list[tuple[Any, Deferred[Any]]] = []

    def connect(self, protocol_factory: Any) -> Deferred[Any]:
        result: Deferred[Any] = Deferred()
        self.later.append((protocol_factory, result))
        return result

    def answer(self) -> None:
        """Let the oldest attempt come to its end."""
        factory, result = self.later.pop(0)
        super().connect(factory).chainDeferred(result)


class ChoiceCase(SynchronousTestCase):
    def begin(self, *, on_demand: bool, kind: type[FakeEndpoint] = FakeEndpoint, **errors: Exception) -> None:
        self.clock, self.events, self.port = Clock(), list[Event](), 1000
        events = EventStream()
        events.subscribe(self.events.append)
        rules, listener = DeviceRules(on_demand=on_demand), ListenerSettings()
        self.endpoints = {name: kind() for name in ("m1", "m2")}
        for name, error in errors.items():
            self.endpoints[name].error = error
        self.shares = {
            name: Share(ShareSettings(name, LoopDevice(), (), rules=rules), endpoint, [], events, self.clock)
            for name, endpoint in self.endpoints.items()
        }
        for share in self.shares.values():
            share.startService()
        settings = PoolSettings("p", ("m1", "m2"), (listener,))
        self.pool = Pool(settings, Keeper(UsersSettings(), self.clock), events, self.clock)
        self.listener = PoolListener(listener, self.clock)
        self.pool.use(settings, [self.listener])
        lend([self.pool], self.shares)

    def come(self) -> FakeTransport:
        self.port += 1
        protocol = self.listener.buildProtocol(IPv4Address("TCP", "127.0.0.1", self.port))
        assert protocol is not None
        transport = FakeTransport(protocol)
        protocol.makeConnection(transport)
        self.clock.advance(0)
        return transport

    def given(self) -> list[str]:
        """Return which shares were given, in the order of coming."""
        return [event.name for event in self.events if isinstance(event, ClientConnected)]

    def states(self) -> list[str]:
        return list(self.pool.states(self.shares).values())


class OnDemandTest(ChoiceCase):
    def test_one_that_somebody_else_holds_comes_last_until_it_could_be_opened(self) -> None:
        self.begin(on_demand=True, m1=BUSY)
        self.assertEqual(self.states(), ["free", "free"])
        first = self.come()
        self.assertEqual((first.connected, self.given()), (False, ["m1"]))
        self.assertIn(b"in use by cat", first.told)
        self.clock.pump([1] * 60)
        self.assertEqual(self.states(), ["busy", "free"])
        second = self.come()
        self.assertEqual((second.connected, self.given()), (True, ["m1", "m2"]))
        self.endpoints["m1"].error = None
        third = self.come()  # no other is free
        self.assertEqual((third.connected, self.given()), (True, ["m1", "m2", "m1"]))
        for client in (second, third):
            client.reset()
        self.clock.advance(1)
        self.assertEqual(self.states(), ["free", "free"])
        self.come()
        self.assertEqual(self.given()[3:], ["m1"])

    def test_nor_one_that_is_not_there(self) -> None:
        self.begin(on_demand=True, m1=MISSING)
        self.come().reset()
        self.clock.advance(1)
        self.assertEqual(self.states(), ["away", "free"])
        self.come()
        self.assertEqual(self.given(), ["m1", "m2"])

    def test_what_is_being_opened_passes_for_free(self) -> None:
        self.begin(on_demand=False, kind=SlowEndpoint)
        self.assertEqual(self.states(), ["free", "free"])
        client = self.come()
        self.assertEqual((self.given(), client.reading), (["m1"], False))
        endpoint = self.endpoints["m1"]
        assert isinstance(endpoint, SlowEndpoint)
        endpoint.answer()
        self.assertTrue(client.reading)


class AlwaysTest(ChoiceCase):
    def test_one_that_was_unplugged_comes_last_until_it_is_back(self) -> None:
        self.begin(on_demand=False)
        endpoint = self.endpoints["m1"]
        endpoint.error = MISSING
        assert endpoint.transport is not None
        endpoint.transport.reset()
        self.assertEqual(self.states(), ["away", "free"])
        self.clock.pump([1] * 5)
        self.assertEqual(self.states(), ["away", "free"])
        self.come()
        self.assertEqual(self.given(), ["m2"])
        endpoint.error = None
        self.clock.pump([1] * 3)
        self.assertEqual(self.states(), ["free", "in use"])

    def test_one_that_somebody_else_holds(self) -> None:
        self.begin(on_demand=False, m1=BUSY)
        self.assertEqual(self.states(), ["busy", "free"])
        self.come()
        self.assertEqual(self.given(), ["m2"])
        self.assertEqual([e for e in self.events if isinstance(e, ClientDisconnected)], [])
