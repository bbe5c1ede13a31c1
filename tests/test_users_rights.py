"""Who may do what: every right at every door with every action, and every verb of the console."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.desk import Operator
from smartserial.console.doors import _TelnetDoor
from smartserial.console.seats import MOST_OF_USER, MOST_OPERATORS
from smartserial.console.verbs import VERBS, completions
from smartserial.events import ChangeRefused, LoginFailed
from smartserial.lines import Lines, LineSettings
from smartserial.settings import (
    ConsoleSettings,
    ListenerSettings,
    LoginSettings,
    Mode,
    PortDevice,
    Sharing,
    UsersSettings,
)
from smartserial.sharing.control import WhenRefused
from smartserial.sharing.ledger import Reason
from smartserial.sharing.rights import ALL, OWNER, WATCHER, Grant, Identity, Right
from tests.comstage import BAUDRATE, LINE, PURGE, ask
from tests.consolestage import ConsoleStage, Seat
from tests.fakes import FakeSerial, FakeTransport, SerialEndpoint
from tests.loginstage import LoginStage, Threads, users
from tests.telnetpeer import COM_PORT, Peer, com_port
from tests.test_console_elements import MAST, ROOF
from tests.userexamples import HASH, PASSWORD

SINGLE = (Right.READ, Right.WRITE, Right.CONTROL, Right.ADMIN)


def subsets() -> Iterator[Right]:
    """Yield all sets of rights; in a file of users ADMIN stands for all."""
    for count in range(len(SINGLE) + 1):
        for some in combinations(SINGLE, count):
            rights = Right.NONE
            for one in some:
                rights |= one
            yield rights
    yield ALL


def prepare(serial: FakeSerial) -> None:
    serial.settings = LINE


class ShareTest(SynchronousTestCase):
    """Rights on a share, by both modes of its listeners."""

    def stage(self, rights: Right, mode: Mode, refused: WhenRefused = WhenRefused.ACTUAL) -> LoginStage:
        return LoginStage(
            ListenerSettings(mode=mode, login=LoginSettings()),
            known=users(eva=rights),
            device=PortDevice("ttyX", line=LINE),
            endpoint=SerialEndpoint(prepare),
            sharing=Sharing(refused=refused),
        )

    def test_data(self) -> None:
        """Each cell: who may come in, who hears, and whose bytes reach the device."""
        for mode in Mode:
            for rights in subsets():
                stage = self.stage(rights, mode)
                client = stage.enter("eva")
                stage.turn(2)
                lets_in = bool(rights & (Right.READ | Right.WRITE))
                self.assertEqual((stage.sessions, client.connected), (["eva"] * lets_in, lets_in), rights)
                if not lets_in:
                    self.assertIn(b"eva may neither read nor write x", client.told)
                    continue
                stage.device.say(b"up")
                stage.type(client, b"down")
                client.take(99)
                stage.device.take(99)
                heard = bytes(client.peer.data) if mode is Mode.RFC2217 else client.taken
                self.assertEqual(heard, b"up" * (Right.READ in rights), rights)
                self.assertEqual(stage.device.taken, b"down" * (Right.WRITE in rights), rights)
                lost = dict(stage.share.accounts()[1].discarded).get(Reason.POLICY, 0)
                self.assertEqual(lost, 4 * (Right.WRITE not in rights), rights)
                self.assertEqual(stage.unexplained(), (0, 0))

    def test_the_line(self) -> None:
        """Each cell: settings, lines, both breaks and the driver's queues, and what is answered."""
        for refused in WhenRefused:
            for rights in subsets():
                if rights & (Right.READ | Right.WRITE):
                    self.check_line(rights, refused)

    def check_line(self, rights: Right, refused: WhenRefused) -> None:
        stage = self.stage(rights, Mode.RFC2217, refused)
        client, serial = stage.enter("eva"), stage.device
        assert isinstance(serial, FakeSerial)
        client.say(COM_PORT)
        client.hear()
        may = Right.CONTROL in rights
        told = 19200 if may or refused is WhenRefused.ACKNOWLEDGE else 9600
        self.assertEqual(client.request(BAUDRATE, 19200), told, rights)
        self.assertEqual(serial.settings, LineSettings(19200 if may else 9600), rights)
        serial.asked.clear()
        for said in (com_port(5, b"\x09"), com_port(5, b"\x05"), com_port(5, b"\x06"), b"\xff\xf3"):
            client.say(said)
            client.hear()
        driven = [one for one in serial.asked if isinstance(one, Lines | float)]
        expected: list[object] = [Lines(dtr=False), Lines(brk=True), Lines(brk=False), 0.25] if may else []
        self.assertEqual(driven, expected, rights)
        serial.unread = 3
        stage.share.from_operator("op", b"waits")
        client.say(ask(PURGE, 3))
        client.hear()
        self.assertEqual(serial.purged, 3 * may, rights)
        self.assertEqual(serial.pending, 0 if may and Right.WRITE in rights else 5, rights)
        refusals = {event.what for event in stage.events if isinstance(event, ChangeRefused)}
        self.assertEqual(refusals, set() if may else {"settings", "dtr", "break", "buffers"}, rights)

    def test_control_is_not_taken_by_who_may_not_have_it(self) -> None:
        stage = LoginStage(
            ListenerSettings(mode=Mode.RFC2217, login=LoginSettings()),
            known=users(eva=Right.READ | Right.WRITE, max=Right.READ | Right.CONTROL),
            device=PortDevice("ttyX", line=LINE),
            endpoint=SerialEndpoint(prepare),
        )
        eva, other = stage.enter("eva"), stage.enter("max")
        for client in (eva, other):
            client.say(COM_PORT)
            client.hear()
        eva.request(BAUDRATE, 300)
        self.assertEqual(other.request(BAUDRATE, 19200), 19200)
        self.assertEqual(stage.share.ports.line.settings, LineSettings(19200))


# Each verb: the words after it, the right that they need, and on what; "" is the gateway.
CELLS: dict[str, list[tuple[str, Right, str]]] = {
    "shares": [("", Right.NONE, "")],
    "pools": [("", Right.NONE, "")],
    "share": [("plc", Right.READ, "plc")],
    "clients": [("", Right.NONE, ""), ("plc", Right.READ, "plc")],
    "stats": [("", Right.NONE, "")],
    "stats reset": [("", Right.ADMIN, "")],
    "elements": [("", Right.NONE, "")],
    "element": [("mast", Right.READ, "mast")],
    "params": [("mast", Right.READ, "mast")],
    "get": [("mast.301", Right.READ, "mast"), ("roof.top.301", Right.READ, "roof.top")],
    "ports": [("", Right.READ, "")],
    "protocols": [("", Right.READ, "")],
    "trace": [("mast last", Right.READ, "mast")],
    "monitor": [("plc", Right.READ, "plc"), ("mast", Right.READ, "mast")],
    "events": [("", Right.NONE, "")],
    "who": [("", Right.NONE, "")],
    "kick": [("plc all", Right.ADMIN, "plc")],
    "enable": [("plc", Right.ADMIN, "plc")],
    "disable": [("plc", Right.ADMIN, "plc")],
    "start": [("mast", Right.ADMIN, "mast")],
    "stop": [("mast", Right.ADMIN, "mast")],
    "pause": [("mast", Right.ADMIN, "mast")],
    "restart": [("mast", Right.ADMIN, "mast")],
    "run": [("mast group 1", Right.WRITE, "mast")],
    "set": [("plc baudrate=300", Right.CONTROL, "plc"), ("mast.301 x", Right.WRITE, "mast")],
    "lines": [("plc", Right.READ, "plc"), ("plc dtr=on", Right.CONTROL, "plc")],
    "pulse": [("plc dtr 50ms", Right.CONTROL, "plc")],
    "sequence": [("plc reset", Right.CONTROL, "plc")],
    "break": [("plc", Right.CONTROL, "plc")],
    "send": [("plc x", Right.WRITE, "plc")],
    "take": [("plc", Right.CONTROL, "plc")],
    "release": [("plc", Right.CONTROL, "plc")],
    "reload": [("", Right.ADMIN, ""), ("--dry-run", Right.ADMIN, "")],
    "log": [("info", Right.ADMIN, "")],
    "help": [("", Right.NONE, "")],
    "quit": [("", Right.NONE, "")],
}


def only(pattern: str, rights: Right) -> Identity:
    return Identity("eva", (Grant(pattern, rights),))


class VerbsTest(SynchronousTestCase):
    def stage(self) -> ConsoleStage:
        return ConsoleStage(self, (MAST, ROOF))

    def seat(self, stage: ConsoleStage, identity: Identity) -> Seat:
        return Seat(stage.desk, Operator("eva", "telnet", identity, 0.0))

    def lacks(self, stage: ConsoleStage, identity: Identity, words: str) -> bool:
        shown = self.seat(stage, identity).types(words)
        marks = ("this needs the right `", "this console may only look", "there is no ")
        return any(line.startswith("! ") and any(mark in line for mark in marks) for line in shown)

    def test_each_verb_is_there(self) -> None:
        self.assertEqual(set(CELLS), set(VERBS))

    def test_each_verb_with_each_right(self) -> None:
        for verb, cells in CELLS.items():
            for words, needed, name in cells:
                for rights in (Right.NONE, *SINGLE, ALL & ~needed, ALL):
                    stage, line = self.stage(), f"{verb} {words}".strip()
                    lacks = self.lacks(stage, only(name or "*", rights), line)
                    self.assertEqual(lacks, needed not in rights, (line, rights))

    def test_a_right_on_something_else_is_none(self) -> None:
        """Neither that of its neighbour, nor that of everything else that has a name."""
        for verb, cells in CELLS.items():
            for words, needed, _ in cells:
                if needed:
                    stage, line = self.stage(), f"{verb} {words}".strip()
                    operated = len(stage.operated())
                    for pattern in ("meter", "ma?", "r*x", "[!a]nother"):
                        self.assertTrue(self.lacks(stage, only(pattern, ALL), line), (line, pattern))
                    self.assertEqual(len(stage.operated()), operated)

    def test_a_share_that_is_disabled(self) -> None:
        stage = self.stage()
        self.seat(stage, OWNER).types("disable plc")
        stage.turn(6)
        for identity, shown in (
            (only("meter", ALL), "! there is no share plc (known: meter)"),
            (only("plc", Right.READ), "! enable: this console may only look"),
            (only("plc", Right.WRITE), "! enable: this needs the right `admin` on plc"),
        ):
            self.assertEqual(self.seat(stage, identity).types("enable plc"), [shown])
        self.assertIn("plc", stage.gateway.disabled)

    def test_lists_leave_out_what_may_not_be_looked_at(self) -> None:
        stage = self.stage()
        stage.connect("plc", 1)
        stage.connect("meter", 0)
        seat = self.seat(stage, only("meter", Right.READ))
        for verb in ("shares", "clients", "stats", "elements", "who", "help"):
            text = "\n".join(seat.types(verb))
            self.assertNotRegex(text, r"\bplc\b|\bmast\b|roof|7002", verb)
        self.assertEqual(len(seat.types("shares")), 2)
        self.assertEqual(len(seat.types("who")), 2)
        self.assertEqual(seat.types("share plx"), ["! there is no share plx (known: meter)"])
        self.assertEqual(seat.types("kick meter all"), ["! kick: this console may only look"])

    def test_who_may_act_need_not_see(self) -> None:
        stage = self.stage()
        seat = self.seat(stage, only("plc", Right.WRITE))
        self.assertEqual(seat.types("send plc x"), ["plc: sent 1 bytes"])
        self.assertEqual(seat.types("shares"), ["nothing"])
        self.assertEqual(seat.types("share plc"), ["! share: this needs the right `read` on plc"])

    def test_events_are_those_of_what_may_be_looked_at(self) -> None:
        stage = self.stage()
        seat, all_seeing = self.seat(stage, only("plc", Right.READ)), self.seat(stage, WATCHER)
        for one in (seat, all_seeing):
            one.types("events")
        stage.connect("plc", 1)
        stage.connect("meter", 0)
        stage.stream.publish(LoginFailed("console", "10.0.0.9:1", "eva", "wrong"))
        told = seat.screen.take()
        self.assertEqual([line.split()[1] for line in told], ["plc"])
        self.assertEqual([line.split()[1] for line in all_seeing.screen.take()], ["plc", "meter", "console"])

    def test_completion(self) -> None:
        stage = self.stage()
        eva = self.seat(stage, only("m*", Right.READ)).operator
        desk = stage.desk.seen_by(eva)
        self.assertEqual(completions(desk, "share "), ["meter"])
        self.assertEqual(completions(desk, "element "), ["mast"])
        self.assertEqual(completions(desk, "sequence plc "), [])

    def test_decoding_needs_both(self) -> None:
        stage = self.stage()
        both = Identity("eva", (Grant("plc", Right.READ), Grant("mast", Right.READ)))
        for identity, may in ((only("plc", Right.READ), False), (only("mast", ALL), False), (both, True)):
            shown = self.seat(stage, identity).types("monitor plc decoded")
            self.assertEqual(not shown, may, shown)

    def test_help_offers_what_may_be_done(self) -> None:
        for rights, verb in ((Right.WRITE, "send "), (Right.CONTROL, "break "), (Right.ADMIN, "kick ")):
            offered = self.seat(self.stage(), only("plc", rights)).types("help")
            self.assertTrue(any(line.startswith(verb) for line in offered), verb)
            self.assertFalse(any(line.startswith("reload ") for line in offered))
        offered = self.seat(self.stage(), only("*", ALL)).types("help")
        self.assertEqual(len(offered), len(VERBS))


def drain(wire: FakeTransport) -> None:
    """Take all that waits, a piece at a time."""
    while wire.pending:
        wire.take(1 << 20)


class DoorTest(SynchronousTestCase):
    """The telnet door with a login, in memory."""

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        keeper = self.stage.gateway.keeper
        keeper._run = Threads().run  # type: ignore[method-assign]
        known = users(eva=Right.NONE, max=Right.NONE)
        grants = {"eva": Grant("plc", Right.READ | Right.WRITE), "max": Grant("*", ALL)}
        groups = tuple(type(one)(one.name, (grants[one.name],)) for one in known.groups)
        none = users(nobody=Right.NONE)
        self.known = UsersSettings(known.users + none.users, groups + none.groups)
        keeper.update(self.known)
        self.use(ConsoleSettings(login=LoginSettings()))

    def use(self, settings: ConsoleSettings) -> None:
        self.door = _TelnetDoor(self.stage.desk, settings, self.stage.clock)

    def enter(self, *lines: bytes, host: str = "10.0.0.9") -> FakeTransport:
        protocol: Any = self.door.buildProtocol(IPv4Address("TCP", host, 5000))
        wire = FakeTransport(protocol)
        wire.__dict__ |= {"disconnecting": False, "loseWriteConnection": lambda: None}
        protocol.makeConnection(wire)
        for line in lines:
            wire.say(line + b"\r\n")
            drain(wire)
        self.stage.turn(1)
        drain(wire)
        return wire

    def types(self, wire: FakeTransport, line: bytes) -> str:
        before = len(wire.taken)
        wire.say(line + b"\r\n")
        drain(wire)
        peer = Peer()
        peer.hear(wire.taken[before:])
        return peer.data.decode()

    def test_a_user_has_the_users_rights(self) -> None:
        wire = self.enter(b"eva", PASSWORD)
        self.assertIn("eva at 10.0.0.9:5000  telnet  change", self.types(wire, b"who"))
        self.assertIn("plc: sent 1 bytes", self.types(wire, b"send plc x"))
        self.assertIn("this needs the right `control` on plc", self.types(wire, b"break plc"))
        self.assertIn("there is no share meter", self.types(wire, b"share meter"))
        self.assertEqual(self.stage.operated(), ["plc: eva at 10.0.0.9:5000 by telnet: sent 1 bytes"])

    def test_nobody_is_there_before_the_login(self) -> None:
        self.enter(b"eva")
        self.assertEqual(list(self.stage.desk.operators), [])
        self.enter(b"eva", b"wrong")
        self.enter(b"nobody", PASSWORD)
        self.assertEqual(list(self.stage.desk.operators), [])
        failures = [(one.name, one.user) for one in self.stage.events if isinstance(one, LoginFailed)]
        self.assertEqual(failures, [("console", "eva")])

    def test_whoever_knows_the_secret_may_everything(self) -> None:
        self.use(ConsoleSettings(login=LoginSettings(HASH)))
        wire = self.enter(PASSWORD)
        self.assertIn("10.0.0.9:5000  telnet  change", self.types(wire, b"who"))
        self.assertIn("all: log level warn", self.types(wire, b"log warn"))

    def test_other_rights_end_a_session(self) -> None:
        eva, admin = self.enter(b"eva", PASSWORD), self.enter(b"max", PASSWORD)
        groups = tuple(one for one in self.known.groups if one.name != "eva")
        self.stage.gateway.keeper.update(UsersSettings(self.known.users, groups))
        self.stage.gateway.users_changed()
        drain(eva)
        self.assertIn(b"your rights have changed: log in again", eva.taken)
        self.assertEqual((eva.connected, admin.connected), (False, True))
        self.assertEqual([one.identity.name for one in self.stage.desk.operators], ["max"])

    def test_so_many_operators(self) -> None:
        inside = [self.enter(b"max", PASSWORD) for _ in range(MOST_OF_USER)]
        wire = self.enter(b"max", PASSWORD)
        self.assertIn(b"8 operators called max are at this door, and no more are let in", wire.told)
        self.assertNotIn(b"operators", self.enter(b"eva", PASSWORD).told)
        inside[0].reset()
        self.assertNotIn(b"operators", self.enter(b"max", PASSWORD).told)

    def test_so_many_who_know_the_secret(self) -> None:
        self.use(ConsoleSettings(login=LoginSettings(HASH)))
        inside = [self.enter(PASSWORD) for _ in range(MOST_OPERATORS + 1)]
        self.assertEqual(len(self.stage.desk.operators), MOST_OPERATORS)
        inside[0].reset()
        self.enter(PASSWORD)
        self.assertEqual(len(self.stage.desk.operators), MOST_OPERATORS)
