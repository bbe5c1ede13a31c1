"""Who may change the line of a share, and what those are told who may not."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.events import (
    BreakSent,
    ChangeRefused,
    ClientDisconnected,
    ClientIntroduced,
    ControlTaken,
    LinesSet,
    SettingsChanged,
)
from smartserial.lines import Lines, LineSettings, Parity
from smartserial.settings import DeviceRules, LoginSettings
from smartserial.sharing.control import Control, WhenRefused
from smartserial.sharing.rights import Identity, Right
from tests.comstage import (
    ASK_DTR,
    ASK_RTS,
    BAUDRATE,
    BREAK_ON,
    CONTROL,
    DATASIZE,
    DTR_OFF,
    PARITY,
    PURGE,
    RAW,
    RFC,
    RTS_OFF,
    WATCHERS,
    ComClient,
    ComStage,
)
from tests.telnetpeer import com_port

ACTUAL = WhenRefused.ACTUAL


def peers(stage: ComStage) -> list[str]:
    """Return the numbers of the clients that took control, from 1 on, in order."""
    return [event.peer.removeprefix("127.0.0.1:100") for event in stage.of(ControlTaken)]


class ControlTests(SynchronousTestCase):
    """The four rules, with two and three clients."""

    def stage(self, control: Control, count: int = 3, **settings: Any) -> list[ComClient]:
        self.share = ComStage(control=control, refused=ACTUAL, **settings).start()
        return [self.share.com() for _ in range(count)]

    def rates(self, *clients: ComClient) -> list[int]:
        return [client.request(BAUDRATE) for client in clients]

    def test_first_keeps_it(self) -> None:
        one, two, three = self.stage(Control.FIRST)
        self.assertEqual(two.request(BAUDRATE, 19200), 19200)
        self.assertEqual(one.request(BAUDRATE, 300), 19200)
        self.assertEqual(two.request(BAUDRATE, 38400), 38400)
        self.assertEqual(three.request(DATASIZE, 7), 8)
        self.assertEqual(self.rates(one, two, three), [38400] * 3)
        self.assertEqual(peers(self.share), ["2"])

    def test_a_question_takes_no_control(self) -> None:
        one, two = self.stage(Control.FIRST, 2)
        self.assertEqual((one.request(BAUDRATE), one.request(CONTROL), one.request(CONTROL, 7)), (9600, 1, 8))
        self.assertEqual(two.request(BAUDRATE, 300), 300)
        self.assertEqual(peers(self.share), ["2"])

    def test_when_the_first_leaves_the_next_that_changes_something_has_it(self) -> None:
        one, two, three = self.stage(Control.FIRST)
        one.request(BAUDRATE, 19200)
        one.reset()
        self.assertEqual(peers(self.share), ["1"])
        self.assertEqual(three.request(BAUDRATE, 300), 300)
        self.assertEqual(two.request(BAUDRATE, 600), 300)
        three.finish_sending()
        self.assertEqual(two.request(BAUDRATE, 600), 600)
        self.assertEqual(peers(self.share), ["1", "3", "2"])

    def test_one_that_comes_later_does_not_take_it(self) -> None:
        (one,) = self.stage(Control.FIRST, 1)
        one.request(BAUDRATE, 19200)
        self.assertEqual(self.share.com().request(BAUDRATE, 300), 19200)

    def test_the_last_takes_it(self) -> None:
        one, two = self.stage(Control.LAST, 2)
        self.assertEqual(one.request(BAUDRATE, 19200), 19200)
        self.assertEqual(two.request(BAUDRATE, 300), 300)
        self.assertEqual(two.request(PARITY, 2), 2)
        self.assertEqual(one.request(BAUDRATE, 600), 600)
        self.assertEqual(peers(self.share), ["1", "2", "1"])

    def test_anyone_may_and_nobody_holds_it(self) -> None:
        clients = self.stage(Control.ANYONE)
        for client, rate in zip(clients, (300, 600, 1200), strict=True):
            self.assertEqual(client.request(BAUDRATE, rate), rate)
        self.assertEqual((self.rates(*clients), peers(self.share)), ([1200] * 3, []))

    def test_none_may(self) -> None:
        clients = self.stage(Control.NONE)
        self.assertEqual([client.request(BAUDRATE, 300) for client in clients], [9600] * 3)
        self.assertEqual(clients[0].together((CONTROL, DTR_OFF), (CONTROL, RTS_OFF)), [(105, 8), (105, 11)])
        self.assertEqual((self.share.asked(LineSettings), self.share.asked(Lines)), ([], []))
        self.assertEqual({event.why for event in self.share.of(ChangeRefused)}, {"nobody may"})

    def test_a_line_is_under_control_too(self) -> None:
        one, two = self.stage(Control.FIRST, 2)
        self.assertEqual(one.request(CONTROL, DTR_OFF), 9)
        self.assertEqual((two.request(CONTROL, RTS_OFF), two.request(BAUDRATE, 300)), (11, 9600))
        two.say(b"\xff\xf3")
        self.assertEqual((self.share.asked(Lines), self.share.asked(float)), ([Lines(dtr=False)], []))

    def test_watchers_never_may_and_never_hold_it(self) -> None:
        self.share = ComStage(WATCHERS, RFC, RAW, control=Control.LAST, refused=ACTUAL).start()
        watcher, user = self.share.com(0), self.share.com(1)
        self.assertEqual((watcher.request(BAUDRATE, 300), watcher.request(CONTROL, DTR_OFF)), (9600, 8))
        self.assertEqual(user.request(BAUDRATE, 300), 300)
        self.assertEqual((watcher.request(BAUDRATE, 600), watcher.request(BAUDRATE)), (300, 300))
        self.assertEqual(peers(self.share), ["2"])
        watcher.say(b"not for the device")
        self.assertEqual(self.share.asked(bytes), [])

    def test_changes_may_be_off_for_all(self) -> None:
        one, two = self.stage(Control.ANYONE, 2, remote=False)
        self.assertEqual((one.request(BAUDRATE, 300), two.request(PARITY, 3)), (9600, 1))
        self.assertEqual((self.share.asked(LineSettings), one.request(CONTROL, DTR_OFF)), ([], 9))
        self.assertEqual(
            [(event.peer[-1], event.what, event.why) for event in self.share.of(ChangeRefused)],
            [("1", "settings", "`settings.remote` is off"), ("2", "settings", "`settings.remote` is off")],
        )

    def test_only_named_lines_may_be_changed(self) -> None:
        rules = DeviceRules(remote_lines=frozenset({"rts"}))
        (client,) = self.stage(Control.FIRST, 1, rules=rules)
        answers = client.together((CONTROL, DTR_OFF), (CONTROL, RTS_OFF), (CONTROL, BREAK_ON))
        self.assertEqual(answers, [(105, 8), (105, 12), (105, 6)])
        self.assertEqual(self.share.asked(Lines), [Lines(rts=False)])
        client.say(b"\xff\xf3")
        self.assertEqual(self.share.asked(float), [])
        self.assertEqual([event.what for event in self.share.of(ChangeRefused)], ["dtr", "break"])


class UserTests(SynchronousTestCase):
    """What a client does is told with the user as whom it has logged in."""

    def setUp(self) -> None:
        self.stage = ComStage(control=Control.ANYONE).start()

    def come(self, name: str, rights: Right) -> ComClient:
        client = self.stage.com()
        session = self.stage.share.clients.sessions()[-1]
        session.identify(Identity(name), rights, LoginSettings())
        return client

    def users(self, *kinds: type) -> list[str]:
        return [event.user for kind in kinds for event in self.stage.of(kind)]

    def test_each_kind_of_event(self) -> None:
        anna = self.come("anna", Right.READ | Right.WRITE | Right.CONTROL)
        anna.request(BAUDRATE, 300)
        anna.request(CONTROL, DTR_OFF)
        anna.say(com_port(0, b"me") + b"\xff\xf3")
        self.assertEqual(self.users(SettingsChanged, LinesSet, BreakSent, ClientIntroduced), ["anna"] * 4)

    def test_who_holds_control(self) -> None:
        self.stage = ComStage(control=Control.FIRST).start()
        self.come("anna", Right.READ | Right.CONTROL).request(BAUDRATE, 300)
        self.come("bob", Right.READ | Right.CONTROL).request(BAUDRATE, 600)
        self.assertEqual(self.users(ControlTaken, ChangeRefused), ["anna", "bob"])

    def test_a_purge_of_who_may_not_is_told_once(self) -> None:
        bob = self.come("bob", Right.READ)
        for _ in range(3):
            self.assertEqual(bob.together((PURGE, 1), (PURGE, 3)), [(112, 1), (112, 3)])
        told = [(event.user, event.what, event.why) for event in self.stage.of(ChangeRefused)]
        self.assertEqual(told, [("bob", "buffers", "its user may not")])

    def test_a_purge_beside_others_is_no_refusal(self) -> None:
        anna, _ = self.come("anna", Right.READ | Right.CONTROL), self.come("bob", Right.READ)
        anna.request(PURGE, 3)
        self.assertEqual(self.stage.of(ChangeRefused), [])

    def test_what_did_not_reach_the_device_is_told_at_the_end(self) -> None:
        bob = self.come("bob", Right.READ)
        bob.say(b"secret")
        self.stage.share.clients.sessions()[-1].identify(
            Identity("bob"), Right.READ | Right.WRITE, LoginSettings()
        )
        bob.say(b"four")
        bob.reset()
        (gone,) = self.stage.of(ClientDisconnected)
        self.assertEqual((gone.user, gone.received, gone.refused), ("bob", 10, 6))
        self.assertEqual(self.stage.asked(bytes), [b"four"])


class RefusedTests(SynchronousTestCase):
    """A refused change is acknowledged in a shadow, or answered with what is in force."""

    def setUp(self) -> None:
        self.stage = ComStage().start()
        self.holder, self.watcher = self.stage.com(), self.stage.com()
        self.holder.request(BAUDRATE, 19200)
        self.stage.asked(LineSettings)

    def test_it_is_acknowledged_and_remembered_for_that_client_alone(self) -> None:
        self.assertEqual(
            self.watcher.together((BAUDRATE, 300), (DATASIZE, 7), (CONTROL, DTR_OFF), (CONTROL, BREAK_ON)),
            [(101, 300), (102, 7), (105, 9), (105, 5)],
        )
        questions = ((BAUDRATE, 0), (DATASIZE, 0), (PARITY, 0), (CONTROL, ASK_DTR), (CONTROL, ASK_RTS))
        self.assertEqual(
            self.watcher.together(*questions), [(101, 300), (102, 7), (103, 1), (105, 9), (105, 11)]
        )
        self.assertEqual(
            self.holder.together(*questions), [(101, 19200), (102, 8), (103, 1), (105, 8), (105, 11)]
        )
        self.assertEqual((self.stage.asked(LineSettings), self.stage.asked(Lines)), ([], []))
        self.assertEqual(self.stage.serial.settings, LineSettings(19200))

    def test_it_is_told_once_for_each_kind(self) -> None:
        for _ in range(2):
            self.watcher.together((BAUDRATE, 300), (CONTROL, DTR_OFF), (CONTROL, RTS_OFF))
        told = [(event.peer[-1], event.what, event.why) for event in self.stage.of(ChangeRefused)]
        why = "another client holds control"
        self.assertEqual(told, [("2", "settings", why), ("2", "dtr", why), ("2", "rts", why)])

    def test_the_shadow_goes_when_the_client_may(self) -> None:
        self.watcher.together((BAUDRATE, 300), (CONTROL, DTR_OFF))
        self.holder.reset()
        self.assertEqual(self.watcher.request(BAUDRATE, 600), 600)
        self.assertEqual(self.stage.serial.settings, LineSettings(600))
        self.stage.serial.change_over_there(baudrate=1200)
        self.assertEqual(self.watcher.request(BAUDRATE), 1200)
        self.assertEqual(self.watcher.together((CONTROL, 8), (CONTROL, 7)), [(105, 8), (105, 8)])

    def test_with_control_it_believes_nothing_that_is_not_so(self) -> None:
        self.watcher.together((BAUDRATE, 300), (CONTROL, DTR_OFF))
        self.holder.reset()
        self.assertEqual(self.watcher.request(PARITY, 3), 3)
        self.assertEqual(self.stage.serial.settings, LineSettings(19200, parity=Parity.EVEN))
        self.assertEqual(self.watcher.together((BAUDRATE, 0), (CONTROL, 7)), [(101, 19200), (105, 8)])

    def test_a_shadow_does_not_hide_what_others_change(self) -> None:
        self.watcher.request(DATASIZE, 7)
        self.holder.request(BAUDRATE, 1200)
        self.assertEqual(self.watcher.together((BAUDRATE, 0), (DATASIZE, 0)), [(101, 1200), (102, 7)])


class GhostTests(SynchronousTestCase):
    """A client that is gone holds nothing."""

    def test_what_it_asked_for_last_takes_no_control(self) -> None:
        stage = ComStage(refused=ACTUAL).start()
        ghost, other = stage.com(), stage.com()
        stage.serial.keep_answers()
        self.assertEqual(ghost.together((BAUDRATE, 19200), (CONTROL, DTR_OFF)), [])
        ghost.reset()
        stage.serial.answer_all()
        self.assertEqual(stage.asked(Lines), [])
        self.assertEqual((other.request(PARITY, 3), other.request(BAUDRATE, 600)), (3, 600))
        self.assertEqual(peers(stage), ["1", "2"])
