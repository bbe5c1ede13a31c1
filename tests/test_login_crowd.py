"""Who is not in yet, at the doors that encrypt or ask: the console's by telnet, and a listener with TLS."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.login import gate as logingate
from smartserial.channels.login.gate import MOST_LOGGING_IN, TOO_MANY, TOO_MANY_SHAKING
from smartserial.channels.session import Refused
from smartserial.channels.tls.ends import HANDSHAKE
from smartserial.console.doors import _TelnetDoor
from smartserial.events import ClientRefused, LoginFailed
from smartserial.settings import ConsoleSettings, ListenerSettings, LoginSettings, TlsSettings
from tests.consolestage import ConsoleStage
from tests.fakes import FakeTransport
from tests.loginstage import LoginStage
from tests.tlspeer import world


class ConsoleTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.failures: list[str] = []
        self.stage.desk.gateway.events.subscribe(
            lambda event: self.failures.append(event.why) if isinstance(event, LoginFailed) else None
        )
        self.door = _TelnetDoor(self.stage.desk, ConsoleSettings(login=LoginSettings()), self.stage.clock)

    def connect(self, host: str) -> FakeTransport:
        protocol: Any = self.door.buildProtocol(IPv4Address("TCP", host, 5000))
        client = FakeTransport(protocol)
        protocol.makeConnection(client)
        return client

    def test_one_address_keeps_nobody_out(self) -> None:
        other = self.connect("10.0.0.8")
        idle = [self.connect("10.0.0.9") for _ in range(2 * MOST_LOGGING_IN)]
        self.assertTrue(other.connected)
        here = [one.connected for one in idle]
        self.assertEqual(here, [False] * (MOST_LOGGING_IN + 1) + [True] * (MOST_LOGGING_IN - 1))
        self.assertEqual(self.failures, [TOO_MANY] * (MOST_LOGGING_IN + 1))
        for one in (other, *idle[MOST_LOGGING_IN + 1 :]):
            one.reset()
        self.assertEqual(len(self.door._logging_in), 0)


class SealedTest(SynchronousTestCase):
    """Handshakes of a listener."""

    def begin(self, **settings: Any) -> None:
        self.patch(logingate, "MOST_SHAKING", 4)
        self.stage = LoginStage(ListenerSettings(tls=TlsSettings(), **settings))
        self.gate = self.stage.listeners[0].gate
        self.gate._seal = TlsSettings(), world().creator

    @property
    def refused(self) -> list[str]:
        return [event.why for event in self.stage.events if isinstance(event, ClientRefused)]

    def test_one_address_keeps_nobody_out(self) -> None:
        self.begin()
        other = self.stage.connect(host="10.0.0.8")
        idle = [self.stage.connect() for _ in range(6)]
        self.assertTrue(other.connected)
        self.assertEqual([one.connected for one in idle], [False] * 3 + [True] * 3)
        self.assertEqual(self.refused, [TOO_MANY_SHAKING] * 3)
        self.stage.turn(HANDSHAKE)
        self.assertEqual(len(self.gate._shaking), 0)

    def test_max_per_source(self) -> None:
        self.begin(max_per_source=2)
        for _ in range(2):
            self.stage.connect()
        self.assertIsInstance(self.stage.connect(), Refused)
        self.assertNotIsInstance(self.stage.connect(host="10.0.0.8"), Refused)
        self.stage.turn(HANDSHAKE)
        self.assertNotIsInstance(self.stage.connect(), Refused)
