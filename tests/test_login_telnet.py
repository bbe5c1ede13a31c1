"""The login of an RFC 2217 listener, in memory: ECHO, what comes before it, and the session behind it."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.login.keeper import WRONG_USER
from smartserial.channels.login.protocol import MOST_REQUESTS
from smartserial.lines import Lines, LineSettings
from smartserial.settings import ListenerSettings, Mode, PortDevice
from smartserial.telnet.codes import Command, Option
from tests.comstage import BAUDRATE, LINE, ask
from tests.fakes import FakeSerial, SerialEndpoint
from tests.loginstage import SECRET, USERS, LoginStage
from tests.telnetpeer import COM_PORT, com_port, option
from tests.userexamples import PASSWORD

WILL, WONT, DO, DONT = Command.WILL, Command.WONT, Command.DO, Command.DONT
WILL_ECHO = bytes([WILL, Option.ECHO])
WONT_ECHO = bytes([WONT, Option.ECHO])
ECHO_AGREED, ECHO_ENDED = option(DO, Option.ECHO), option(DONT, Option.ECHO)
RIGHT = b"control\r\n" + PASSWORD + b"\r\n"
BRK = bytes([Command.IAC, Command.BRK])


def prepare(serial: FakeSerial) -> None:
    serial.settings = LINE


def stage_with(login: Any = USERS) -> LoginStage:
    listener = ListenerSettings(mode=Mode.RFC2217, login=login)
    device = PortDevice("ttyX", line=LINE)
    return LoginStage(listener, device=device, endpoint=SerialEndpoint(prepare))


class EchoTest(SynchronousTestCase):
    def test_nothing_is_asked_for_before_the_password(self) -> None:
        client = stage_with().connect()
        self.assertEqual((client.peer.said, client.told), ([], b"login: "))

    def test_the_terminal_is_not_to_show_the_password(self) -> None:
        stage = stage_with()
        client = stage.connect()
        stage.type(client, b"control\r\n")
        self.assertEqual((client.peer.said, client.told), ([WILL_ECHO], b"login: password: "))
        stage.type(client, ECHO_AGREED + PASSWORD + b"\r\0")
        self.assertEqual(client.told, b"login: password: \r\n")
        self.assertEqual(stage.sessions, ["control"])

    def test_a_peer_that_says_nothing_of_it_is_asked_all_the_same(self) -> None:
        stage = stage_with()
        client = stage.connect()
        stage.type(client, RIGHT)
        self.assertEqual((stage.sessions, client.told), (["control"], b"login: password: "))

    def test_a_peer_that_refuses_it(self) -> None:
        stage = stage_with()
        client = stage.connect()
        stage.type(client, b"control\r\n" + ECHO_ENDED + PASSWORD + b"\r\n")
        self.assertEqual(stage.sessions, ["control"])

    def test_a_name_is_shown_again_after_a_wrong_password(self) -> None:
        stage = stage_with()
        client = stage.connect()
        stage.type(client, b"control\r\n")
        stage.type(client, ECHO_AGREED + b"wrong\r\0")
        self.assertEqual(client.peer.said, [WILL_ECHO, WONT_ECHO])
        self.assertTrue(client.told.endswith(f"password: \r\n{WRONG_USER}\r\nlogin: ".encode()))
        stage.type(client, ECHO_ENDED + b"control\r\n")
        self.assertEqual(client.peer.said, [WILL_ECHO, WONT_ECHO, WILL_ECHO])
        stage.type(client, ECHO_AGREED + PASSWORD + b"\r\0")
        self.assertEqual(stage.sessions, ["control"])

    def test_a_secret_is_never_shown(self) -> None:
        stage = stage_with(SECRET)
        client = stage.connect()
        self.assertEqual((client.peer.said, client.told), ([WILL_ECHO], b"password: "))
        stage.type(client, ECHO_AGREED + PASSWORD + b"\r\0")
        self.assertEqual(stage.sessions, [""])

    def test_the_options_are_those_of_the_session_then(self) -> None:
        stage = stage_with()
        client = stage.connect()
        stage.type(client, RIGHT)
        wanted = {bytes([verb, one]) for verb in (WILL, DO) for one in (Option.BINARY, Option.SGA)}
        wanted |= {WILL_ECHO, bytes([DO, Option.COM_PORT])}
        self.assertEqual(set(client.peer.said), wanted)
        self.assertEqual(len(client.peer.said), len(wanted))


class RequestsTest(SynchronousTestCase):
    """What comes by RFC 2217 before the login."""

    def test_they_are_answered_after_it_and_move_nothing_before(self) -> None:
        stage = stage_with()
        client = stage.connect()
        client.say(COM_PORT + ask(BAUDRATE, 19200) + com_port(5, b"\x09") + BRK)
        self.assertEqual([one for one in client.peer.said if one[:1] == b"\xfa"], [])
        serial: Any = stage.device
        self.assertEqual((serial.settings.baudrate, serial.asked), (9600, []))
        stage.type(client, RIGHT)
        client.drain()
        answers = [(one[2], one[3:]) for one in client.peer.said if one[:1] == b"\xfa"]
        self.assertIn((101, (19200).to_bytes(4, "big")), answers)
        self.assertIn((105, b"\x09"), answers)
        self.assertEqual(serial.settings.baudrate, 19200)
        self.assertEqual(
            [one for one in serial.asked if isinstance(one, float)], []
        )  # the break is forgotten

    def test_nobody_answers_one_who_does_not_log_in(self) -> None:
        stage = stage_with()
        client = stage.connect()
        client.say(COM_PORT + ask(BAUDRATE, 19200))
        for _ in range(3):
            stage.type(client, b"control\r\nwrong\r\n")
        stage.turn(1)
        self.assertEqual([one for one in client.peer.said if one[:1] == b"\xfa"], [])
        self.assertEqual(stage.share.ports.line.settings, LineSettings(9600))

    def test_so_many_and_no_more(self) -> None:
        stage = stage_with()
        client = stage.connect()
        client.say(COM_PORT + com_port(7, b"\0") * MOST_REQUESTS)
        stage.type(client, b"control\r\n")
        self.assertTrue(client.connected)
        client.say(com_port(7, b"\0"))
        stage.turn(1)
        self.assertFalse(client.connected)
        self.assertEqual(stage.failures, [("control", "too many telnet requests came before the login")])

    def test_too_many_while_the_password_is_judged(self) -> None:
        for password in (PASSWORD, b"wrong"):
            stage = stage_with()
            stage.threads.at_once = False
            client = stage.connect()
            stage.type(client, b"control\r\n" + password + b"\r\n")
            stage.type(client, com_port(7, b"\0") * (MOST_REQUESTS + 1))
            stage.threads.work()
            stage.turn(1)
            self.assertEqual((stage.sessions, client.connected, stage.timers), ([], False, []))

    def test_requests_and_data_act_in_their_order(self) -> None:
        stage = stage_with()
        stage.threads.at_once = False
        client = stage.connect()
        client.say(COM_PORT + RIGHT + b"at 9600" + ask(BAUDRATE, 19200) + b"at 19200")
        self.assertFalse(client.reading)
        stage.threads.work()
        serial: Any = stage.device
        serial.take(99)
        self.assertEqual((serial.taken, serial.settings.baudrate), (b"at 9600at 19200", 19200))

    def test_lines_begin_with_the_session(self) -> None:
        stage = stage_with()
        client = stage.connect()
        client.say(COM_PORT)
        self.assertNotIn((107, b"\xb0"), [(one[2], one[3:]) for one in client.peer.said if len(one) > 3])
        stage.type(client, RIGHT)
        client.say(com_port(5, b"\x08"))
        self.assertEqual(stage.share.ports.driven.lines, Lines(dtr=True))

    def test_a_peer_that_speaks_no_telnet(self) -> None:
        stage = stage_with()
        client = stage.connect()
        stage.type(client, RIGHT + b"*IDN?\r\n")
        stage.turn(1)
        stage.device.take(99)
        self.assertEqual(stage.device.taken, b"*IDN?\r\n")

    def test_the_account_knows_nothing_of_the_words(self) -> None:
        stage = stage_with()
        client = stage.connect()
        stage.type(client, b"control\r\nwrong\r\n" + RIGHT)
        stage.turn(1)
        stage.device.say(b"hello")
        stage.turn(1)
        client.reset()
        up, _ = stage.share.accounts()
        self.assertEqual((up.read, up.delivered, up.unexplained), (5, 5, 0))
