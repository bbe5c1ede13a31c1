"""The login of a raw listener, in memory: what is said, what is typed ahead, and what it holds up."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.login import keeper
from smartserial.channels.login.gate import MOST_LOGGING_IN, TOO_MANY
from smartserial.channels.login.keeper import UNKNOWN_USER, WRONG_SECRET, WRONG_USER
from smartserial.channels.login.protocol import DEADLINE, MOST_EMPTY
from smartserial.channels.session import Refused
from smartserial.events import ClientRefused
from smartserial.settings import ListenerSettings, Sharing
from smartserial.sharing.access import Access, parse_network
from smartserial.sharing.ledger import Reason
from tests.fakes import FakeTransport
from tests.loginstage import SECRET, USERS, LoginStage
from tests.userexamples import PASSWORD

RIGHT = b"both\r\n" + PASSWORD + b"\r\n"
WRONG = b"both\r\nwrong\r\n"
ASKED = b"login: password: "


def refused(stage: LoginStage) -> int:
    down = stage.share.accounts()[1]
    return dict(down.discarded).get(Reason.REFUSED, 0)


class LoginTest(SynchronousTestCase):
    def test_a_name_and_a_password(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        self.assertEqual(client.told, b"login: ")
        stage.type(client, b"both\r\n")
        self.assertEqual(client.told, ASKED)
        self.assertEqual(stage.sessions, [])
        stage.type(client, PASSWORD + b"\r\n")
        self.assertEqual(stage.sessions, ["both"])
        self.assertEqual(client.told, ASKED)
        stage.device.say(b"hello")
        client.take(99)
        client.say(b"world")
        stage.device.take(99)
        self.assertEqual((client.taken, stage.device.taken), (b"hello", b"world"))
        self.assertEqual(stage.unexplained(), (0, 0))
        self.assertEqual(stage.connected, ["both"])

    def test_the_way_of_a_byte_has_no_more_stations_then(self) -> None:
        stage = LoginStage()
        client = stage.enter("both")
        client.say(b"x")
        session = next(iter(stage.share.clients))
        self.assertEqual(client.protocol.dataReceived, session.dataReceived)
        self.assertIs(session.stream, client)

    def test_one_secret_for_all(self) -> None:
        stage = LoginStage(ListenerSettings(login=SECRET))
        client = stage.connect()
        self.assertEqual(client.told, b"password: ")
        stage.type(client, b"wrong\n")
        self.assertEqual(client.told, f"password: {WRONG_SECRET}\r\npassword: ".encode())
        stage.type(client, PASSWORD + b"\n")
        self.assertEqual((stage.sessions, stage.connected), ([""], [""]))
        self.assertEqual(stage.failures, [("", WRONG_SECRET)])

    def test_the_words_do_not_tell_what_was_wrong(self) -> None:
        stage, told = LoginStage(), set()
        for text in (WRONG, b"nobody\r\nwrong\r\n", b"nobody\r\n" + PASSWORD + b"\r\n", b"both\r\n\r\n"):
            client = stage.connect(host=f"10.0.1.{len(told)}")
            stage.type(client, text)
            told.add(client.told)
        self.assertEqual(told, {ASKED + WRONG_USER.encode() + b"\r\nlogin: "})
        self.assertEqual(stage.threads.done, 4)  # each costs a hash, that of nobody too

    def test_three_tries(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        for n in range(3):
            self.assertTrue(client.connected)
            stage.type(client, WRONG)
            self.assertEqual(len(stage.failures), n + 1)
        stage.turn(1)
        self.assertFalse(client.connected)
        self.assertEqual(client.told.count(b"password: "), 3)
        self.assertEqual(stage.share.accounts()[1].unexplained, 0)

    def test_a_line_that_is_too_long(self) -> None:
        for text in (b"x" * 257, b"both\r\n" + b"x" * 300):
            stage = LoginStage()
            client = stage.connect()
            stage.type(client, text)
            stage.turn(1)
            self.assertFalse(client.connected)
            self.assertIn(b"expected at most 256 bytes in a line", client.told)
            self.assertEqual(stage.threads.done, 0)

    def test_only_names_of_users_are_shown(self) -> None:
        """Many type a password where a name is asked for."""
        stage = LoginStage()
        for name in (PASSWORD, b"\xff\x1b[2J", b"n" * 200, b"Both", b"both ", b"an unknown user"):
            stage.type(stage.connect(host=name.hex()), name + b"\r\nx\r\n")
        stage.type(stage.connect(), b"both\r\nx\r\n")
        self.assertEqual([user for user, _ in stage.failures], [UNKNOWN_USER] * 6 + ["both"])
        self.assertNotIn(PASSWORD.decode(), repr(stage.events))

    def test_an_empty_name_is_asked_for_again(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        stage.type(client, b"\r\n\nboth\n")
        self.assertEqual(client.told, b"login: login: login: password: ")
        stage.type(client, PASSWORD + b"\n")
        self.assertEqual((stage.sessions, stage.failures, stage.threads.done), (["both"], [], 1))

    def test_so_many_empty_names(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        stage.type(client, b"\n" * MOST_EMPTY)
        self.assertEqual(stage.failures, [])
        stage.type(client, b"\n" * 1000)
        self.assertEqual(stage.failures, [("", "expected a name")])
        self.assertEqual(client.told, b"login: " * (MOST_EMPTY + 1) + b"expected a name\r\n")
        stage.turn(1)
        self.assertFalse(client.connected)
        self.assertEqual((stage.threads.done, stage.timers, stage.unexplained()), (0, [], (0, 0)))


class DeadlineTest(SynchronousTestCase):
    def test_somebody_who_types_nothing(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        stage.turn(DEADLINE - 0.1)
        self.assertEqual(client.told, b"login: ")
        stage.turn(0.1)
        self.assertIn(b"nobody logged in within 30 s\r\n", client.told)
        stage.turn(1)
        self.assertFalse(client.connected)
        self.assertEqual(stage.timers, [])

    def test_all_tries_have_one_deadline(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        for _ in range(2):
            stage.turn(14)
            stage.type(client, WRONG)
        stage.turn(2)
        self.assertIn(b"nobody logged in", client.told)

    def test_our_own_time_does_not_count(self) -> None:
        stage = LoginStage()
        stage.threads.at_once = False
        client = stage.connect()
        stage.turn(20)
        stage.type(client, WRONG)
        stage.turn(100)
        stage.threads.work()
        stage.turn(9.5)
        self.assertNotIn(b"nobody", client.told)
        stage.turn(0.5)
        self.assertIn(b"nobody", client.told)

    def test_a_slow_one_byte_after_the_other(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        for n in range(40):
            if client.connected and not client.closing:
                stage.type(client, b"x")
            stage.turn(1)
            self.assertEqual(client.connected, n < 30, n)


class AheadTest(SynchronousTestCase):
    """What is typed ahead of the session is the session's, and the device's."""

    def test_all_in_one_piece(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        stage.type(client, RIGHT + b"*IDN?\n")
        stage.device.take(99)
        self.assertEqual(stage.device.taken, b"*IDN?\n")
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_while_the_password_is_judged(self) -> None:
        stage = LoginStage()
        stage.threads.at_once = False
        client = stage.connect()
        stage.type(client, RIGHT + b"one")
        self.assertFalse(client.reading)
        stage.type(client, b"two")
        stage.threads.work()
        self.assertTrue(client.reading)
        stage.type(client, b"three")
        stage.device.take(99)
        self.assertEqual(stage.device.taken, b"onetwothree")
        self.assertEqual(next(iter(stage.share.clients)).received, 11)

    def test_the_lf_that_comes_later_is_nobodys(self) -> None:
        for end, rest, got in (
            (b"\r", b"\nx", b"x"),
            (b"\r", b"\0x", b"x"),
            (b"\r", b"x", b"x"),
            (b"\n", b"\nx", b"\nx"),
        ):
            for at_once in (True, False):
                stage = LoginStage()
                stage.threads.at_once = at_once
                client = stage.connect()
                stage.type(client, b"both\n" + PASSWORD + end)
                if not at_once:
                    stage.threads.work()
                stage.type(client, rest)
                stage.device.take(99)
                self.assertEqual(stage.device.taken, got)

    def test_the_next_try_is_typed_ahead(self) -> None:
        stage = LoginStage()
        stage.threads.at_once = False
        client = stage.connect()
        stage.type(client, WRONG + WRONG[:3])
        stage.type(client, WRONG[3:] + RIGHT + b"data")
        for _ in range(3):
            stage.threads.work()
            stage.turn()
        stage.device.take(99)
        self.assertEqual((stage.sessions, stage.device.taken), (["both"], b"data"))

    def test_what_no_session_gets_is_counted(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        stage.type(client, WRONG * 3 + b"data")
        stage.type(client, b"more")
        self.assertEqual(refused(stage), 8)
        stage.turn(1)
        self.assertEqual(stage.unexplained(), (0, 0))
        stage.threads.at_once = False
        client = stage.connect(host="10.0.0.8")
        stage.type(client, RIGHT + b"typed ahead")
        client.reset()
        self.assertEqual(refused(stage), 19)
        stage.threads.work()
        self.assertEqual((stage.sessions, stage.unexplained()), ([], (0, 0)))

    def test_somebody_who_has_said_all(self) -> None:
        """As in ``printf ... | nc -N``: the end comes while the password is judged."""
        stage = LoginStage()
        stage.threads.at_once = False
        client = stage.connect()
        stage.type(client, RIGHT + b"*IDN?\n")
        client.finish_sending()
        self.assertTrue(client.connected)
        stage.threads.work()
        stage.device.take(99)
        stage.device.say(b"meter")
        client.take(99)
        self.assertEqual((stage.device.taken, client.taken), (b"*IDN?\n", b"meter"))
        stage.turn(1.5)
        self.assertFalse(client.connected)

    def test_somebody_who_reads_no_more(self) -> None:
        stage = LoginStage()
        stage.threads.at_once = False
        client = stage.connect()
        stage.type(client, RIGHT + b"stop\n")
        client.refuse_writes()
        stage.threads.work()
        stage.device.take(99)
        self.assertEqual(stage.device.taken, b"stop\n")

    def test_the_end_before_the_password(self) -> None:
        for text in (b"", b"both", b"both\r\n", b"both\r\nhalf", WRONG, WRONG + b"both\r\n"):
            stage = LoginStage()
            client = stage.connect()
            stage.type(client, text)
            client.finish_sending()
            self.assertFalse(client.connected, text)
            self.assertEqual((stage.sessions, stage.timers), ([], []), text)

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.integers(1, 12), max_size=30), st.binary(max_size=40), st.booleans())
    def test_any_chunking(self, sizes: list[int], data: bytes, at_once: bool) -> None:
        stage = LoginStage()
        stage.threads.at_once = at_once
        client, text = stage.connect(), WRONG + RIGHT + data
        for size in [*sizes, len(text)]:
            stage.type(client, text[:size])
            text = text[size:]
            while stage.threads.waiting:
                stage.threads.work()
                stage.turn()
        stage.device.take(99)
        self.assertEqual((stage.sessions, stage.device.taken), (["both"], data))
        self.assertEqual(stage.unexplained(), (0, 0))


class PlacesTest(SynchronousTestCase):
    def test_who_has_not_logged_in_takes_no_place_and_hears_nothing(self) -> None:
        stage = LoginStage(sharing=Sharing(max_clients=1), buffer=100)
        waiting = [stage.connect() for _ in range(5)]
        stage.device.say(b"kept")
        self.assertEqual([(one.taken, one.pending) for one in waiting], [(b"", 0)] * 5)
        self.assertEqual(len(stage.share.clients), 0)
        inside = stage.enter("both")
        inside.take(99)
        self.assertEqual(inside.taken, b"kept")
        stage.type(waiting[0], RIGHT)
        self.assertIn(b"x is in use: one client is connected", waiting[0].told)
        self.assertEqual(stage.sessions, ["both"])

    def test_so_many_and_no_more(self) -> None:
        stage = LoginStage()
        waiting = [stage.connect() for _ in range(MOST_LOGGING_IN)]
        stage.connect(host="10.0.0.8")
        self.assertEqual([one.connected for one in waiting[:2]], [False, True])  # the oldest of the most
        self.assertIn(TOO_MANY.encode(), waiting[0].told)
        self.assertEqual(stage.failures, [("", TOO_MANY)])
        stage.type(waiting[1], RIGHT)
        waiting[2].reset()
        for _ in range(2):
            waiting.append(stage.connect())
        self.assertEqual([one.connected for one in waiting[3:]], [True] * (len(waiting) - 3))
        stage.connect()
        self.assertFalse(waiting[3].connected)
        self.assertEqual((stage.sessions, waiting[1].connected), (["both"], True))

    def test_one_address_keeps_nobody_out(self) -> None:
        stage = LoginStage()
        client = stage.connect(host="10.0.0.8")
        stage.type(client, b"both\r\n")
        for _ in range(3 * MOST_LOGGING_IN):
            stage.connect()
        stage.type(client, PASSWORD + b"\r\n")
        self.assertEqual(stage.sessions, ["both"])
        self.assertIs(client.connected, True)

    def test_a_password_that_is_judged_makes_room_too(self) -> None:
        stage = LoginStage()
        stage.threads.at_once = False
        client = stage.connect()
        stage.type(client, RIGHT + b"ahead")
        for _ in range(MOST_LOGGING_IN):
            stage.connect()
        self.assertFalse(client.connected)
        stage.threads.work()
        stage.turn()
        self.assertEqual(stage.sessions, [])
        self.assertEqual((refused(stage), stage.unexplained()), (5, (0, 0)))

    def test_a_busy_keeper_ends_it_and_what_was_typed_ahead_is_no_name(self) -> None:
        self.patch(keeper, "MOST_WAITING", 1)
        stage = LoginStage()
        stage.threads.at_once = False
        clients = [stage.connect(host=f"10.0.1.{n}") for n in range(keeper.AT_ONCE + 2)]
        for client in clients:
            stage.type(client, RIGHT + b"for the device\r\n")
        stage.turn()
        stage.turn(1)
        self.assertEqual([one.connected for one in clients], [True, True, False, True])
        self.assertEqual(clients[2].told, ASKED + keeper.BUSY.encode() + b"\r\n")
        self.assertEqual(stage.failures, [("both", keeper.BUSY)])
        self.assertEqual(refused(stage), len(b"for the device\r\n"))

    def test_max_per_source_counts_those_who_are_not_in_yet(self) -> None:
        stage = LoginStage(ListenerSettings(login=USERS, max_per_source=2))
        first = stage.connect()
        stage.enter("both")
        self.assertIsInstance(stage.connect(), Refused)
        self.assertIsInstance(stage.connect(host="10.0.0.8"), FakeTransport)
        why = [event.why for event in stage.events if isinstance(event, ClientRefused)]
        self.assertEqual(why, ["no more are let in from your address 10.0.0.7 while some are logging in"])
        stage.type(first, RIGHT)
        self.assertEqual(stage.sessions, ["both", "both"])
        stage.enter("both")
        self.assertEqual(stage.sessions, ["both", "both"])

    def test_an_address_that_is_not_allowed_is_asked_nothing(self) -> None:
        stage = LoginStage(ListenerSettings(login=USERS, allow=(parse_network("10.0.0.8"),)))
        self.assertIsInstance(stage.connect(), Refused)
        self.assertIsInstance(stage.connect(host="10.0.0.8"), FakeTransport)

    def test_who_has_no_right_here(self) -> None:
        stage = LoginStage()
        for name in ("none", "admin"):
            client = stage.enter(name)
            self.assertEqual(b"may neither read nor write x" in client.told, name == "none")
        self.assertEqual(stage.sessions, ["admin"])
        self.assertEqual(stage.failures, [])  # the password was right

    def test_who_is_in_none_of_the_groups(self) -> None:
        stage = LoginStage(ListenerSettings(login=replace(USERS, groups=frozenset({"both", "read"}))))
        client = stage.enter("admin")
        self.assertIn(b"admin is in none of the groups that may come in here", client.told)
        stage.enter("both")
        self.assertEqual(stage.sessions, ["both"])

    def test_a_mute_listener_gives_no_reasons(self) -> None:
        stage = LoginStage(ListenerSettings(login=USERS, tell_refused=False))
        client = stage.connect()
        stage.type(client, WRONG * 3)
        self.assertEqual(client.told, ASKED * 3)
        self.assertFalse(client.connected)
        client = stage.enter("none")
        self.assertEqual((client.told, client.connected), (ASKED, False))

    def test_a_listener_for_senders(self) -> None:
        stage = LoginStage(ListenerSettings(login=USERS, access=Access.WRITE))
        client = stage.enter("control")
        stage.device.say(b"x")
        client.say(b"y")
        stage.device.take(9)
        self.assertEqual((client.pending, client.taken, stage.device.taken), (0, b"", b"y"))


class EndTest(SynchronousTestCase):
    def test_other_settings_end_what_was_asked_by_the_former(self) -> None:
        stage = LoginStage()
        client = stage.connect()
        stage.listeners[0].update(ListenerSettings(login=USERS, idle_timeout=5.0))
        self.assertTrue(client.connected)
        stage.listeners[0].update(ListenerSettings(login=SECRET))
        self.assertFalse(client.connected)

    def test_a_listener_that_stops(self) -> None:
        stage = LoginStage()
        stage.threads.at_once = False
        client, other = stage.connect(), stage.connect()
        stage.type(other, RIGHT)
        stage.listeners[0].stop()
        self.assertEqual((client.connected, other.connected), (False, False))
        stage.threads.work()
        self.assertEqual((stage.sessions, stage.timers), ([], []))
