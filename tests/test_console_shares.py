"""What verbs do to shares, their clients and the gateway, and how that is recorded."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.verbs import VERBS
from smartserial.errors import ConfigError, PortError
from smartserial.events import ClientDisconnected
from smartserial.lines import LineSettings
from smartserial.sharing.ledger import Reason
from tests.comstage import BAUDRATE
from tests.consolestage import ConsoleStage, UnboundListener


class SharesTest(SynchronousTestCase):
    """What a verb does to a share and its clients."""

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.seat = self.stage.seat()

    def test_kick_closes(self) -> None:
        one, other = self.stage.connect(listener=1), self.stage.connect(listener=1)
        self.seat.types("kick plc 10.0.0.7:1002")
        self.assertEqual((one.connected, other.connected), (True, False))
        gone = [event for event in self.stage.events if isinstance(event, ClientDisconnected)]
        self.assertEqual([(event.peer, event.why) for event in gone], [("10.0.0.7:1002", "closed by eva")])
        self.seat.types("kick plc all")
        self.assertFalse(one.connected)

    def test_disable_closes_everything_and_enable_begins_anew(self) -> None:
        client, device = self.stage.connect(listener=1), self.stage.device()
        self.seat.types("disable plc")
        self.stage.turn(1)
        self.assertFalse(client.connected or device.connected)
        self.assertEqual(list(self.stage.gateway.shares), ["meter"])
        self.seat.types("enable plc")
        self.assertTrue(self.stage.device().connected)
        self.stage.connect().say(b"x")

    def test_an_address_that_somebody_else_has_taken_meanwhile(self) -> None:
        self.seat.types("disable plc")
        self.stage.turn(1)
        self.patch(UnboundListener, "error", "cannot listen on 127.0.0.1:7001: Address already in use")
        self.seat.screen.take()
        shown = self.seat.types("enable plc")
        self.assertEqual(shown, ["! cannot listen on 127.0.0.1:7001: Address already in use"])
        self.assertEqual(list(self.stage.gateway.disabled), ["plc"])
        self.patch(UnboundListener, "error", None)
        self.assertEqual(self.seat.types("enable plc"), ["plc: enabled"])

    def test_enable_what_is_not_there(self) -> None:
        self.assertEqual(self.seat.types("enable metre"), ["! there is no share metre (did you mean meter?)"])

    def test_stats_after_a_share_began_anew(self) -> None:
        self.stage.device().say(b"hello")
        self.seat.types("stats reset")
        self.seat.types("disable plc")
        self.stage.turn(1)
        self.seat.types("enable plc")
        self.seat.screen.take()
        self.assertRegex(self.seat.types("stats")[3], r"^plc    up +0 +0 +0 +0 +-$")

    def test_stats_reset_does_not_touch_the_account(self) -> None:
        self.stage.device().say(b"hello")
        self.seat.types("stats reset")
        self.assertEqual(self.stage.share().accounts()[0].read, 5)

    def test_what_is_taken_is_counted_and_comes_back(self) -> None:
        client, com = self.stage.connect(listener=1), self.stage.connect()
        self.seat.types("take plc")
        client.say(b"lost")
        self.assertEqual(com.request(BAUDRATE, 300), 300)  # acknowledged, that is all
        self.assertEqual(self.stage.serial.asked, [])
        down = self.stage.share().accounts()[1]
        self.assertEqual((down.read, dict(down.discarded)), (4, {Reason.POLICY: 4}))
        self.assertEqual(down.unexplained, 0)
        self.seat.types("release plc")
        client.say(b"kept")
        com.request(BAUDRATE, 1200)
        self.assertEqual(self.stage.serial.asked, [b"kept", LineSettings(1200)])

    def test_an_operator_who_takes_changes_what_clients_may_not(self) -> None:
        com = self.stage.connect()
        com.request(BAUDRATE, 300)
        self.seat.types("take plc")
        self.assertEqual(self.seat.types("set plc baudrate=1200"), ["plc: at 1200 8N1"])
        self.assertEqual(self.seat.types("lines plc dtr=on"), ["plc: set dtr=on"])

    def test_one_takes_and_the_other_cannot(self) -> None:
        self.seat.types("take plc")
        max_ = self.stage.seat("max")
        self.assertEqual(max_.types("take plc"), ["! eva has taken it"])
        self.assertEqual(max_.types("release plc"), ["plc: released"])
        self.assertEqual(max_.types("take plc"), ["plc: taken: clients only watch"])

    def test_what_is_sent_is_in_the_account(self) -> None:
        self.seat.types("send plc hello")
        self.assertEqual(self.stage.share().accounts()[1].read, 5)
        self.assertEqual(self.stage.share().accounts()[1].unexplained, 0)

    def test_a_monitor_shows_who_has_sent(self) -> None:
        self.seat.types("monitor plc")
        self.stage.seat("max").types("send plc hello")
        self.assertEqual(self.seat.screen.take(), ["down max hello"])

    def test_each_change_tells_who_and_by_which_door(self) -> None:
        self.stage.connect()
        names = {"stats reset", "reload", "log"}
        arguments = {"kick": "all", "set": "baudrate=1", "lines": "dtr=on", "pulse": "rts", "send": "x"}
        arguments["sequence"] = "off"
        others = {"enable", "disable", "start", "stop", "pause", "restart", "run"}
        order = [name for name, verb in VERBS.items() if verb.changes and name not in others]
        for name in [*order, "disable", "enable"]:
            known = len(self.stage.operated())
            seat = self.stage.seat("ida", "telnet")
            words = "info" if name == "log" else "" if name in names else f"plc {arguments.get(name, '')}"
            seat.types(f"{name} {words}")
            self.stage.turn(10)  # a share that ends gives its device time for what waits
            (told,) = self.stage.operated()[known:]
            where = "all" if name in names else "plc"
            self.assertTrue(told.startswith(f"{where}: ida by telnet: "), told)


class GatewayTest(SynchronousTestCase):
    """Verbs for all shares."""

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.seat = self.stage.seat()

    def test_reload(self) -> None:
        self.stage.differences = ["shares.x: new", "shares.plc.buffer: 1 -> 2"]
        self.assertEqual(self.seat.types("reload --dry-run"), self.stage.differences)
        self.assertEqual((self.stage.reloads, self.stage.operated()), ([True], []))
        self.assertEqual(self.seat.types("reload"), self.stage.differences)
        self.assertEqual(self.stage.reloads, [True, False])
        self.assertEqual(self.stage.operated(), ["all: eva by unix: reload"])

    def test_a_configuration_that_cannot_be_used(self) -> None:
        self.stage.differences = ConfigError("x.yaml:1:1: CF01 error\nx.yaml:2:1: CF02 error")
        for words in ("reload", "reload --dry-run"):
            shown = self.seat.types(words)
            self.assertEqual(shown, ["! x.yaml:1:1: CF01 error", "! x.yaml:2:1: CF02 error"])

    def test_the_log_level(self) -> None:
        self.stage.connect()
        self.assertIn("plc: 10.0.0.7:1001 connected to 127.0.0.1:7001", self.stage.log())
        self.seat.types("log warn")
        self.stage.connect()
        self.assertNotIn("1002", "".join(self.stage.log()))
        self.stage.device().lose(PortError("unplugged"))
        self.assertIn("plc: lost the device: unplugged; trying again", self.stage.log())
        self.assertIn("all: eva by unix: log level warn", self.stage.log())
