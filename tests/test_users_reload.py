"""A reload: users who are gone, or may do other things, and listeners that want to know now who comes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.login.protocol import Login
from smartserial.errors import ConfigError
from smartserial.events import ClientDisconnected
from smartserial.passwords import hash_password
from smartserial.settings import (
    Address,
    GatewaySettings,
    GroupSettings,
    ListenerSettings,
    LoginSettings,
    LoopDevice,
    Mode,
    ShareSettings,
    UsersSettings,
)
from smartserial.sharing.rights import GUEST, Grant, Right
from tests.comstage import BAUDRATE
from tests.consolestage import PLC, ConsoleStage
from tests.fakes import FakeTransport
from tests.loginstage import EagerClient, Threads, users
from tests.telnetpeer import COM_PORT
from tests.userexamples import HASH, PASSWORD

USERS = LoginSettings()
NEW_SECRET = LoginSettings(hash_password(b"another", 1))


class ReloadCase(SynchronousTestCase):
    """A gateway with ``meter`` (raw) and ``plc`` (RFC 2217), to both of which one has to log in."""

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.gateway = self.stage.gateway
        self.threads = Threads()
        self.gateway.keeper._run = self.threads.run  # type: ignore[method-assign]
        self._port = 5000
        self.reload(self.settings())

    def settings(self, login: LoginSettings | None = USERS, **rights: Right) -> GatewaySettings:
        meter = ListenerSettings(Address(port=7003), login=login)
        plc = ListenerSettings(Address(port=7001), Mode.RFC2217, login=login)
        known = users(**(rights or {"anna": GUEST, "bob": Right.READ}))
        groups = tuple(
            GroupSettings(g.name, tuple(Grant("*", one.rights) for one in g.grants)) for g in known.groups
        )
        return GatewaySettings(
            (
                replace(PLC, listeners=(plc,)),
                ShareSettings("meter", LoopDevice(), (meter,)),
            ),
            users=UsersSettings(known.users, groups),
        )

    def reload(self, settings: GatewaySettings) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.gateway.reload(settings)))
        self.stage.turn(0)

    def enter(self, share: str, *words: bytes) -> Any:
        self._port += 1
        protocol: Any = (
            self.stage.share(share).listeners[0].buildProtocol(IPv4Address("TCP", "10.0.0.7", self._port))
        )
        client = (EagerClient if share == "plc" else FakeTransport)(protocol)
        protocol.makeConnection(client)
        for word in words:
            client.say(word + b"\r\n")
        self.stage.turn(0)
        return client

    def farewells(self) -> list[tuple[str, str]]:
        return [(one.user, one.why) for one in self.stage.events if isinstance(one, ClientDisconnected)]


class UsersTest(ReloadCase):
    def test_nothing_is_touched_by_the_same(self) -> None:
        anna = self.enter("meter", b"anna", PASSWORD)
        asked = self.enter("meter", b"bob")
        self.reload(self.settings())
        self.assertEqual((anna.connected, asked.connected), (True, True))
        asked.say(PASSWORD + b"\r\n")
        self.assertEqual([one.identity.name for one in self.stage.share("meter").clients], ["anna", "bob"])

    def test_a_user_who_is_gone(self) -> None:
        anna, bob = self.enter("meter", b"anna", PASSWORD), self.enter("meter", b"bob", PASSWORD)
        self.reload(self.settings(bob=Right.READ))
        self.assertEqual((anna.connected, bob.connected), (False, True))
        self.assertEqual(self.farewells(), [("anna", "its user is gone")])

    def test_a_user_who_has_no_right_any_more(self) -> None:
        anna, bob = self.enter("meter", b"anna", PASSWORD), self.enter("meter", b"bob", PASSWORD)
        self.reload(self.settings(anna=GUEST, bob=Right.CONTROL))
        self.assertEqual((anna.connected, bob.connected), (True, False))
        self.assertEqual(self.farewells(), [("bob", "its user has no right here any more")])

    def test_fewer_rights_and_more(self) -> None:
        anna, bob = self.enter("meter", b"anna", PASSWORD), self.enter("meter", b"bob", PASSWORD)
        self.reload(self.settings(anna=Right.READ, bob=Right.WRITE))
        device = self.stage.device("meter")
        device.say(b"up")
        anna.say(b"of anna")
        bob.say(b"of bob")
        device.take(99)
        anna.take(9)
        bob.take(9)
        self.assertEqual((anna.taken, bob.taken, device.taken), (b"up", b"", b"of bob"))
        self.reload(self.settings(anna=GUEST, bob=Right.READ))
        device.say(b" again")
        anna.say(b" and anna")
        device.take(99)
        bob.take(9)
        self.assertEqual((bob.taken, device.taken), (b" again", b"of bob and anna"))

    def test_control_that_is_lost_is_free(self) -> None:
        anna, eva = self.enter("plc"), None
        self.reload(self.settings(anna=GUEST, eva=GUEST))
        anna, eva = (self.enter("plc", name, PASSWORD) for name in (b"anna", b"eva"))
        for client in (anna, eva):
            client.say(COM_PORT)
            client.hear()
        self.assertEqual(anna.request(BAUDRATE, 300), 300)
        eva.request(BAUDRATE, 600)
        self.assertEqual(self.stage.share().ports.line.settings.baudrate, 300)
        self.reload(self.settings(anna=Right.READ, eva=GUEST))
        eva.hear()
        self.assertEqual(eva.request(BAUDRATE, 1200), 1200)
        self.assertEqual(self.stage.share().ports.line.settings.baudrate, 1200)

    def test_another_password_is_for_the_next_login(self) -> None:
        anna = self.enter("meter", b"anna", PASSWORD)
        settings = self.settings()
        known = tuple(replace(one, password=NEW_SECRET.secret) for one in settings.users.users)
        self.reload(replace(settings, users=replace(settings.users, users=known)))
        self.assertTrue(anna.connected)
        before = len(self.stage.share("meter").clients)
        self.enter("meter", b"anna", PASSWORD)
        self.enter("meter", b"anna", b"another")
        self.assertEqual(len(self.stage.share("meter").clients), before + 1)

    def test_one_who_is_judged_meanwhile(self) -> None:
        """What was right when it was typed is not right any more when it is judged."""
        self.threads.at_once = False
        client = self.enter("meter", b"anna", PASSWORD)
        self.reload(self.settings(bob=Right.READ))
        self.threads.work()
        self.stage.turn(0)
        self.assertEqual(len(self.stage.share("meter").clients), 0)
        self.assertIn(b"anna is no user of this gateway", client.told)


class LoginsTest(ReloadCase):
    def test_a_listener_that_wants_to_know_now(self) -> None:
        self.reload(self.settings(None))
        open_to_all = self.enter("meter")
        self.assertFalse(isinstance(open_to_all.protocol, Login))
        self.reload(self.settings())
        self.assertFalse(open_to_all.connected)
        self.assertEqual(self.farewells(), [("", "its listener wants to know now who comes")])

    def test_a_listener_that_does_not_any_more(self) -> None:
        anna = self.enter("meter", b"anna", PASSWORD)
        asked = self.enter("meter", b"bob")
        self.reload(self.settings(None))
        self.assertEqual((anna.connected, asked.connected), (True, False))

    def test_other_groups(self) -> None:
        anna, bob = self.enter("meter", b"anna", PASSWORD), self.enter("meter", b"bob", PASSWORD)
        self.reload(self.settings(LoginSettings(groups=frozenset({"bob"}))))
        self.assertEqual((anna.connected, bob.connected), (False, True))
        self.assertEqual(self.farewells(), [("anna", "its user is in none of the groups that may come in")])

    def test_another_secret(self) -> None:
        self.reload(self.settings(LoginSettings(HASH)))
        client = self.enter("meter", PASSWORD)
        self.assertEqual(len(self.stage.share("meter").clients), 1)
        self.reload(self.settings(NEW_SECRET))
        self.assertFalse(client.connected)

    def test_a_socket_that_moves_to_another_share(self) -> None:
        asked = self.enter("meter", b"bob")
        settings = self.settings()
        self.reload(replace(settings, shares=(settings.shares[0], replace(settings.shares[1], name="other"))))
        self.assertFalse(asked.connected)
        self.stage.turn(6)


class ConfigurationTest(ReloadCase):
    def test_a_checker_that_cannot_be_had_changes_nothing(self) -> None:
        anna = self.enter("meter", b"anna", PASSWORD)
        settings = self.settings(eva=GUEST)
        wrong = replace(settings, users=replace(settings.users, checkers=("nosuch",)))
        failure = self.failureResultOf(Deferred.fromCoroutine(self.gateway.reload(wrong)), ConfigError)
        self.assertIn("users.checkers: nosuch cannot be used", str(failure.value))
        self.assertTrue(anna.connected)
        self.assertIsNotNone(self.gateway.keeper.identity("anna"))

    def test_such_a_gateway_does_not_begin(self) -> None:
        stage = ConsoleStage(self)
        settings = GatewaySettings(users=UsersSettings(checkers=("nosuch",)))
        with self.assertRaisesRegex(ConfigError, "nosuch cannot be used"):
            type(stage.gateway)(stage.clock, stage.stream).open(settings)
