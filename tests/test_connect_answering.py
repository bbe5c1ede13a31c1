"""The login that a far side asks for: its questions, our answers, and what is no question."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.calls.answering import (
    ASKING,
    LONGEST_SETTLING,
    MOST_EARLY,
    SETTLING,
    Dialogue,
    NotLetInError,
    Stage,
)
from smartserial.difference import differences
from smartserial.events import CallFailed, ClientConnected
from smartserial.journal import sentence
from smartserial.settings import (
    Address,
    CallLogin,
    ConnectSettings,
    GatewaySettings,
    LoopDevice,
    Secret,
    ShareSettings,
)
from tests.callstage import A, CallStage, EagerTransport, Net
from tests.canary import CANARY

LOGIN = CallLogin("anna", Secret(CANARY))
USER, PASSWORD = b"anna\r\n", CANARY.encode() + b"\r\n"


class QuestionsTest(SynchronousTestCase):
    """What other servers say."""

    def answers(self, *said: bytes, login: CallLogin = LOGIN) -> list[bytes]:
        dialogue = Dialogue(login)
        return [dialogue.hear(one) for one in said]

    def test_names(self) -> None:
        for question in (
            b"login: ",
            b"Login:",
            b"\r\nbox login: ",
            b"Welcome\r\n\r\nUsername: ",
            b"User Name: ",
            b"user name>",
            b"user: ",
            b"Log in as: ",
            b"logon: ",
            b"Account: ",
            b"Enter your user-id: ",
        ):
            self.assertEqual(self.answers(question), [USER], question)

    def test_passwords(self) -> None:
        for question in (
            b"password: ",
            b"Password:",
            b"PASSWORD? ",
            b"anna@box's password: ",
            b"Enter passcode for anna: ",
            b"passphrase:",
            b"banner\r\npasswd: ",
        ):
            self.assertEqual(self.answers(question), [PASSWORD], question)

    def test_no_questions(self) -> None:
        for text in (
            b"",
            b"Last login: Mon from 10.0.0.1",
            b"login: \r\n",
            b"logins so far",
            b"passing: ",
            b"temperature: ",
            b"users",
            b"password required\r\n",
        ):
            self.assertEqual(self.answers(text), [b""], text)

    def test_one_after_the_other(self) -> None:
        self.assertEqual(self.answers(b"login: ", b"anna\r\nPassword: "), [USER, PASSWORD])

    def test_a_secret_alone(self) -> None:
        login = CallLogin("", Secret(CANARY))
        self.assertEqual(self.answers(b"password: ", login=login), [PASSWORD])
        with self.assertRaisesRegex(NotLetInError, "asks for a name, and `login` has no `user`"):
            self.answers(b"login: ", login=login)

    def test_another_question_is_a_refusal(self) -> None:
        for more in (b"login: ", b"password: ", b"Login incorrect\r\nlogin: "):
            with self.assertRaisesRegex(NotLetInError, "it refused the login of anna") as caught:
                self.answers(b"login: ", b"password: ", more)
            self.assertNotIn(CANARY, str(caught.exception))
        with self.assertRaises(NotLetInError):
            self.answers(b"login: ", b"no such user\r\nlogin: ")

    @given(st.lists(st.integers(1, 40), max_size=12), st.binary(max_size=30).filter(lambda b: b":" not in b))
    @example([3, 1], b"\r\n")
    def test_in_any_pieces_the_answers_are_the_same(self, cuts: list[int], banner: bytes) -> None:
        banner = banner.replace(b"?", b"").replace(b">", b"") + b"\r\n"
        dialogue = Dialogue(LOGIN)
        given_answers = b"".join(
            dialogue.hear(piece)
            for question in (banner + b"box login: ", b"anna\r\nPassword: ")
            for piece in _cut(question, cuts)
        )
        self.assertEqual(given_answers, USER + PASSWORD)
        for piece in _cut(b"\r\n" + banner, cuts):
            dialogue.hear(piece)
        self.assertEqual(dialogue.data(), banner)

    @given(st.binary(max_size=300))
    def test_nothing_else_comes_out_of_any_bytes(self, data: bytes) -> None:
        dialogue = Dialogue(LOGIN)
        try:
            said = dialogue.hear(data)
        except NotLetInError:
            return
        self.assertIn(said, (b"", USER, PASSWORD))
        self.assertIs(dialogue.stage, {b"": Stage.BEGIN, USER: Stage.NAMED, PASSWORD: Stage.ANSWERED}[said])


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    pieces = []
    for cut in cuts:
        pieces.append(data[:cut])
        data = data[cut:]
    return [piece for piece in (*pieces, data) if piece]


class CallTest(SynchronousTestCase):
    """A raw connection: no data before the login, and none in it."""

    def setUp(self) -> None:
        self.net = Net(self)
        connect = ConnectSettings((A,), login=LOGIN, register=b"ID", backoff=(1.0,))
        self.stage = CallStage(self.net, connect).start()
        self.stage.device.say(b"kept")

    def called(self) -> EagerTransport:
        client = self.net.ring().answer(EagerTransport)
        assert isinstance(client, EagerTransport)
        return client

    def failures(self) -> list[str]:
        return [event.why for event in self.stage.of(CallFailed)]

    def test_in_order(self) -> None:
        client = self.called()
        self.assertEqual((client.wire, self.stage.of(ClientConnected)), (b"", []))
        client.say(b"box login: ")
        client.say(b"anna\r\nPassword: ")
        self.assertEqual(client.wire, USER + PASSWORD)
        client.say(b"\r\n")
        self.stage.clock.advance(SETTLING - 0.1)
        self.assertEqual(self.stage.share.clients.sessions(), [])
        client.say(b"data")
        self.stage.clock.advance(0.2)
        self.assertEqual(client.wire, USER + PASSWORD + b"ID" + b"kept")
        self.assertEqual(client.taken, b"kept")
        self.stage.device.take(99)
        self.assertEqual(self.stage.device.taken, b"data")
        self.assertEqual(self.stage.unexplained(), (0, 0))

    def test_a_refusal(self) -> None:
        for n in range(4):
            client = self.called()
            client.say(b"login: ")
            client.say(b"password: ")
            self.stage.clock.advance(SETTLING * 2.0**n - 0.1)
            client.say(b"login: ")
            self.assertFalse(client.connected)
            self.assertEqual(client.wire, USER + PASSWORD)
            self.stage.clock.advance(1)
        self.assertEqual(self.failures(), ["it refused the login of anna"])
        self.assertEqual(self.stage.share.accounts()[0].buffered, 4)

    def test_what_is_there_before_we_find_the_time_is_read_first(self) -> None:
        """Timers come before what is to be read: a gateway that had no time finds both at once."""
        client = self.called()
        for seconds, said in ((ASKING, b"login: "), (ASKING, b"password: "), (SETTLING, b"login: ")):
            self.stage.clock.callLater(seconds, client.say, said)
            self.stage.clock.advance(seconds)
        self.assertEqual((client.wire, client.taken), (USER + PASSWORD, b""))
        self.assertEqual(self.failures(), ["it refused the login of anna"])

    def test_the_longest_patience(self) -> None:
        for _ in range(9):
            client = self.called()
            client.say(b"password: ")
            client.say(b"password: ")
            self.stage.clock.advance(1)
        client = self.called()
        client.say(b"password: ")
        self.stage.clock.advance(LONGEST_SETTLING - 0.1)
        self.assertEqual(client.taken, b"")
        self.stage.clock.advance(0.2)
        self.assertEqual(client.taken, b"kept")

    def test_no_question(self) -> None:
        client = self.called()
        client.say(b"hello")
        self.stage.clock.advance(ASKING)
        self.assertEqual((client.connected, client.wire), (False, b""))
        self.stage.clock.advance(1)
        client = self.called()
        client.say(b"login: ")
        self.stage.clock.advance(ASKING)
        self.assertEqual((client.connected, client.wire), (False, USER))
        self.assertEqual(
            self.failures(),
            [
                "no question for a login came within 10 s",
                "no question for the password came within 10 s",
            ],
        )

    def test_it_hangs_up(self) -> None:
        for said, why in (
            ((), "it closed the connection before the login"),
            ((b"login: ",), "it closed the connection during the login"),
            ((b"login: ", b"password: "), "it closed the connection after the login"),
        ):
            client = self.called()
            for one in said:
                client.say(one)
            client.finish_sending()
            self.assertFalse(client.connected)
            self.assertEqual(self.failures()[-1], why)
            self.stage.clock.advance(1)

    def test_much_data_at_once_is_no_question(self) -> None:
        client = self.called()
        client.say(b"password: ")
        client.say(b"x" * (MOST_EARLY + 1))
        self.assertEqual(client.taken, b"kept")

    def test_stopped_in_the_middle(self) -> None:
        client = self.called()
        client.say(b"login: ")
        self.stage.stop()
        self.assertFalse(client.connected)
        self.assertEqual(self.stage.clock.getDelayedCalls(), [])


class SecretTest(SynchronousTestCase):
    """It stands nowhere."""

    def test_in_no_words(self) -> None:
        connect = ConnectSettings((Address("h", 1),), login=LOGIN)
        other = ConnectSettings((Address("h", 1),), login=CallLogin("anna", Secret(f"{CANARY}2")))
        shares: list[Any] = [ShareSettings("a", LoopDevice(), (), connect=one) for one in (connect, other)]
        settings = [GatewaySettings((share,)) for share in shares]
        told = [
            *differences(*settings),
            repr(settings),
            str(connect),
            f"{LOGIN.password} {LOGIN.password!s:>40}",
            "%s" % LOGIN.password,  # noqa: UP031
            sentence(CallFailed("a", "h:1", str(LOGIN))),
        ]
        self.assertEqual(told[0], "shares.a.connect.login.password_file: changed")
        for text in told:
            self.assertNotIn(CANARY, text)

    def test_it_is_compared(self) -> None:
        self.assertEqual(Secret("a"), Secret("a"))
        self.assertEqual(len({Secret("a"), Secret("a"), Secret("b")}), 2)
        self.assertNotEqual(Secret("a"), "a")
