"""Line settings of a share by RFC 2217: what is answered, what is in force, and what comes back."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial import __version__
from smartserial.errors import PortError
from smartserial.events import ChangeFailed, ClientIntroduced, SettingsChanged
from smartserial.lines import Flow, LineSettings, Parity
from smartserial.sharing.control import Control
from tests.comstage import (
    BAUDRATE,
    CONTROL,
    DATASIZE,
    FIRST_MODEM,
    LINE,
    LINE_MASK,
    MODEM_MASK,
    PARITY,
    PURGE,
    RAW,
    RFC,
    STOPSIZE,
    WATCHERS,
    ComStage,
    ask,
    loop_stage,
)
from tests.fakes import FakeSerial
from tests.telnetpeer import com_port

IN_FORCE = ((BAUDRATE, 0), (DATASIZE, 0), (PARITY, 0), (STOPSIZE, 0), (CONTROL, 0))


def settings_said(stage: ComStage) -> list[str]:
    return [event.settings for event in stage.of(SettingsChanged)]


class AnswerTests(SynchronousTestCase):
    """What is answered is what is in force."""

    def setUp(self) -> None:
        self.stage = ComStage().start()
        self.client = self.stage.com()

    def test_questions_change_nothing(self) -> None:
        self.assertEqual(
            self.client.together(*IN_FORCE, (CONTROL, 13)),
            [(101, 9600), (102, 8), (103, 1), (104, 1), (105, 1), (105, 14)],
        )
        self.assertEqual((self.stage.asked(LineSettings), settings_said(self.stage)), ([], []))

    def test_what_came_together_is_changed_together_and_answered_in_order(self) -> None:
        answers = self.client.together(
            (BAUDRATE, 19200), (DATASIZE, 7), (PARITY, 3), (STOPSIZE, 2), (CONTROL, 3)
        )
        self.assertEqual(answers, [(101, 19200), (102, 7), (103, 3), (104, 2), (105, 3)])
        self.assertEqual(
            self.stage.asked(LineSettings), [LineSettings(19200, 7, Parity.EVEN, 2.0, Flow.RTSCTS)]
        )
        self.assertEqual(settings_said(self.stage), ["19200 7E2 rtscts"])

    def test_the_same_setting_twice_is_changed_twice(self) -> None:
        answers = self.client.together((BAUDRATE, 300), (BAUDRATE, 600), (DATASIZE, 7))
        self.assertEqual(answers, [(101, 300), (101, 600), (102, 7)])
        self.assertEqual(
            [(s.baudrate, s.bytesize) for s in self.stage.asked(LineSettings)], [(300, 8), (600, 7)]
        )

    def test_a_value_is_read_back(self) -> None:
        self.stage.serial.takes = lambda wanted: replace(wanted, baudrate=wanted.baudrate // 100 * 100)
        self.assertEqual(self.client.request(BAUDRATE, 19231), 19200)
        self.assertEqual(self.client.request(BAUDRATE), 19200)

    def test_what_is_wrong_in_a_group_leaves_the_others_in_force(self) -> None:
        self.stage.serial.takes = lambda wanted: None if wanted.parity is Parity.MARK else wanted
        answers = self.client.together((BAUDRATE, 19200), (PARITY, 4), (DATASIZE, 7))
        self.assertEqual(answers, [(101, 19200), (103, 1), (102, 7)])
        self.assertEqual(self.stage.serial.settings, LineSettings(19200, 7))
        self.assertEqual(len(self.stage.of(ChangeFailed)), 1)

    def test_what_means_nothing_is_answered_with_what_is_in_force(self) -> None:
        for request, answer in (
            (com_port(1, b"\0\0\1"), (101, 9600)),
            (com_port(1, b""), (101, 9600)),
            (com_port(1, bytes(8)), (101, 9600)),
            (com_port(2, b"\x09"), (102, 8)),
            (com_port(3, b"\xff"), (103, 1)),
            (com_port(4, b"\4"), (104, 1)),
            (com_port(5, b"\x7f"), (105, 1)),
            (com_port(5, b"\x10\x10"), (105, 1)),
            (com_port(12, b"\4"), (112, 3)),
        ):
            self.client.say(request)
            self.assertEqual(self.client.hear(), [answer], request)
        for request in (com_port(13, b"\1"), com_port(99), b"\xff\xfa\x2c\xff\xf0", com_port(101, bytes(4))):
            self.client.say(request)
            self.assertEqual(self.client.hear(), [], request)
        self.assertEqual(self.stage.asked(LineSettings), [])

    def test_masks_and_purges_are_answered(self) -> None:
        answers = self.client.together((LINE_MASK, 255), (MODEM_MASK, 0), (PURGE, 1), (PURGE, 0))
        self.assertEqual(answers, [(110, 255), (111, 0), (112, 1), (112, 1)])

    def test_cisco_is_answered_in_its_own_words_from_then_on(self) -> None:
        self.client.say(com_port(1, b"\x0a") + ask(BAUDRATE))
        self.assertEqual(self.client.hear(), [(101, 10), (101, 10)])
        self.assertEqual(self.stage.serial.settings.baudrate, 19200)

    def test_signatures(self) -> None:
        self.client.say(com_port(0, b"test\xff") + com_port(0))
        self.client.hear()
        self.assertEqual(self.client.peer.said[-1], b"\xfa\x2c\x64" + f"smartserial {__version__} x".encode())
        self.assertEqual([event.signature for event in self.stage.of(ClientIntroduced)], ["test\xff"])

    def test_a_signature_is_told_when_it_is_another_one_and_not_for_ever(self) -> None:
        for text in (b"a", b"a", b"b", b"b", *(b"%d" % number for number in range(500))):
            self.client.say(com_port(0, text))
        self.assertEqual([event.signature for event in self.stage.of(ClientIntroduced)], ["a", "b", "0"])
        (session,) = self.stage.share.clients
        self.assertEqual(session.signature, b"499")

    def test_a_client_may_begin_without_asking(self) -> None:
        client = self.stage.com(silent=True)
        client.say(ask(BAUDRATE))
        self.assertEqual(client.hear(), [FIRST_MODEM, (101, 9600)])


class ShadowTests(SynchronousTestCase):
    """A device that has no line, or is away."""

    def test_without_a_line_everything_is_kept_for_all(self) -> None:
        stage = loop_stage()
        one, two = stage.com(), stage.com()
        changes = ((BAUDRATE, 300), (DATASIZE, 5), (PARITY, 5), (STOPSIZE, 3), (CONTROL, 2), (CONTROL, 9))
        answers = [(101, 300), (102, 5), (103, 5), (104, 3), (105, 2), (105, 9)]
        self.assertEqual(one.together(*changes), answers)
        self.assertEqual(two.together(*IN_FORCE, (CONTROL, 7)), answers)
        one.reset()
        two.reset()
        self.assertEqual(stage.com().request(BAUDRATE), 9600)

    def away(self, stage: ComStage) -> None:
        stage.endpoint.error = PortError("unplugged")
        stage.device.reset()

    def back(self, stage: ComStage) -> None:
        stage.endpoint.error = None
        stage.clock.pump([0.1] * 12)

    def test_while_it_is_away_changes_are_kept_and_made_when_it_is_back(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.request(BAUDRATE, 19200)
        self.away(stage)
        client.hear()
        self.assertEqual(client.together((BAUDRATE, 0), (PARITY, 3)), [(101, 19200), (103, 3)])
        self.back(stage)
        client.hear()
        self.assertEqual(stage.serial.settings, LineSettings(19200, parity=Parity.EVEN))
        self.assertEqual(client.together((BAUDRATE, 0), (PARITY, 0)), [(101, 19200), (103, 3)])

    def test_what_was_refused_is_not_tried_again_behind_the_back_of_its_client(self) -> None:
        stage = ComStage(prepare=lambda serial: setattr(serial, "takes", self.no_mark)).start()
        client = stage.com()
        self.assertEqual(client.together((BAUDRATE, 300), (PARITY, 4)), [(101, 300), (103, 1)])
        self.away(stage)
        self.back(stage)
        self.assertEqual(stage.asked(LineSettings), [LineSettings(300)])

    def no_mark(self, wanted: LineSettings) -> LineSettings | None:
        return None if wanted.parity is Parity.MARK else wanted

    def test_it_is_configured_again_when_the_last_left_meanwhile(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.request(BAUDRATE, 19200)
        self.away(stage)
        client.reset()
        self.back(stage)
        self.assertEqual((stage.serial.settings, stage.com().request(BAUDRATE)), (LINE, 9600))

    def test_others_learn_what_was_made_again(self) -> None:
        stage = ComStage(notify=True, control=Control.ANYONE).start()
        one, two = stage.com(), stage.com()
        one.request(BAUDRATE, 19200)
        self.away(stage)
        self.back(stage)
        two.hear()
        one.hear()
        self.assertEqual(one.request(BAUDRATE, 9600), 9600)
        self.assertIn((101, 9600), two.hear())


class RestoreTests(SynchronousTestCase):
    """The configured settings come back when the last client of RFC 2217 has left."""

    def test_when_the_last_leaves(self) -> None:
        stage = ComStage().start()
        one, two = stage.com(), stage.com()
        one.together((BAUDRATE, 19200), (PARITY, 3))
        one.reset()
        self.assertEqual(stage.serial.settings, LineSettings(19200, parity=Parity.EVEN))
        two.reset()
        self.assertEqual(stage.serial.settings, LINE)
        self.assertEqual(settings_said(stage), ["19200 8E1", "9600 8N1"])

    def test_raw_clients_do_not_count_but_watchers_do(self) -> None:
        stage = ComStage(RFC, RAW, WATCHERS).start()
        user, _, watcher = stage.com(0), stage.client(1), stage.com(2)
        user.request(BAUDRATE, 19200)
        user.reset()
        self.assertEqual(stage.serial.settings.baudrate, 19200)
        watcher.reset()
        self.assertEqual(stage.serial.settings, LINE)

    def test_it_may_be_off(self) -> None:
        stage = ComStage(restore=False).start()
        client = stage.com()
        client.request(BAUDRATE, 19200)
        client.reset()
        self.assertEqual(stage.serial.settings.baudrate, 19200)
        self.assertEqual(stage.com().request(BAUDRATE), 19200)

    def test_only_what_was_changed_is_set_again(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.request(BAUDRATE)
        client.reset()
        self.assertEqual(stage.asked(LineSettings), [])

    def test_it_waits_until_the_last_bytes_are_out(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        client.request(BAUDRATE, 19200)
        client.say(b"at 19200")
        stage.serial.take(4)
        stage.serial.unsent = 4
        client.reset()
        self.assertEqual(stage.serial.settings.baudrate, 19200)
        stage.serial.take(4)
        stage.serial.unsent = 0
        stage.clock.pump([0.1] * 10)
        self.assertEqual(stage.serial.settings.baudrate, 9600)

    def test_a_change_that_is_under_way_does_not_come_after_it(self) -> None:
        stage = ComStage().start()
        client = stage.com()
        stage.serial.keep_answers()
        client.together((BAUDRATE, 19200), (CONTROL, 9), (PARITY, 3))
        client.reset()
        stage.serial.answer_all()
        self.assertEqual(stage.serial.settings, LINE)


class NotifyTests(SynchronousTestCase):
    """With `notify` others are told of a change, and whoever made it is not."""

    TOLD = [(101, 19200), (102, 8), (103, 1), (104, 1), (105, 1)]

    def test_others_are_told(self) -> None:
        stage = ComStage(notify=True).start()
        one, two, silent = stage.com(), stage.com(), stage.com(silent=True)
        self.assertEqual(one.request(BAUDRATE, 19200), 19200)
        self.assertEqual((one.hear(), two.hear(), silent.hear()), ([], self.TOLD, []))
        one.request(BAUDRATE, 19200)
        self.assertEqual(two.hear(), [])
        stage.serial.change_over_there(baudrate=300)
        self.assertEqual((one.hear()[0], two.hear()[0]), ((101, 300), (101, 300)))

    def test_nobody_is_told_without_it(self) -> None:
        stage = ComStage().start()
        one, two = stage.com(), stage.com()
        one.request(BAUDRATE, 19200)
        stage.serial.change_over_there(baudrate=300)
        self.assertEqual((one.hear(), two.hear()), ([], []))
        self.assertEqual(settings_said(stage), ["19200 8N1", "300 8N1"])

    def test_a_client_that_does_not_read_is_not_told_for_ever(self) -> None:
        stage = ComStage(notify=True).start()
        one, two = stage.com(), stage.com()
        for n in range(10_000):
            one.request(BAUDRATE, 1000 + n % 2)
            stage.clock.advance(0.01)
            if not two.connected:
                break
        self.assertLess(two.pending, 256 * 1024)


class RaceTests(SynchronousTestCase):
    """A device that takes its time is asked for one change after the other."""

    def test_two_clients_lose_nothing(self) -> None:
        def slow(serial: FakeSerial) -> None:
            serial.keep_answers()

        stage = ComStage(control=Control.ANYONE, prepare=slow).start()
        one, two = stage.com(), stage.com()
        one.say(ask(BAUDRATE, 19200))
        two.say(ask(PARITY, 3))
        self.assertEqual((one.hear(), two.hear()), ([], []))
        stage.serial.answer_all()
        self.assertEqual((one.hear(), two.hear()), ([(101, 19200)], [(103, 3)]))
        self.assertEqual(stage.serial.settings, LineSettings(19200, parity=Parity.EVEN))
