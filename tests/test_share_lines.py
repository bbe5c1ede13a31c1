"""DTR, RTS and break of a shared device by RFC 2217."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.errors import PortError
from smartserial.events import LinesSet
from smartserial.lines import LineProfile, Lines
from smartserial.settings import DeviceRules, PortDevice
from smartserial.sharing.control import Control
from tests.comstage import (
    ASK_BREAK,
    ASK_DTR,
    ASK_RTS,
    BREAK_OFF,
    BREAK_ON,
    CONTROL,
    DTR_OFF,
    DTR_ON,
    LINE,
    RFC,
    RTS_OFF,
    RTS_ON,
    ComStage,
    ask,
    loop_stage,
)

TELNET_BREAK = b"\xff\xf3"
ON, OFF = Lines(brk=True), Lines(brk=False)


class LineTests(SynchronousTestCase):
    """The lines that this side drives."""

    def setUp(self) -> None:
        self.stage = ComStage().start()
        self.client = self.stage.com()

    def test_they_are_told_as_the_kernel_opens_a_port_until_they_are_set(self) -> None:
        asked = ((CONTROL, ASK_BREAK), (CONTROL, ASK_DTR), (CONTROL, ASK_RTS))
        self.assertEqual(self.client.together(*asked), [(105, 6), (105, 8), (105, 11)])
        self.assertEqual(self.client.request(CONTROL, DTR_OFF), 9)
        self.assertEqual(self.client.together(*asked), [(105, 6), (105, 9), (105, 11)])
        self.assertEqual(self.stage.asked(Lines), [Lines(dtr=False)])
        self.assertEqual([event.lines for event in self.stage.of(LinesSet)], [Lines(dtr=False)])

    def test_two_in_one_segment_are_driven_at_once(self) -> None:
        answers = self.client.together((CONTROL, DTR_OFF), (CONTROL, RTS_OFF))
        self.assertEqual(answers, [(105, 9), (105, 12)])
        self.assertEqual(self.stage.asked(Lines), [Lines(dtr=False, rts=False)])

    def test_two_in_two_segments_are_not(self) -> None:
        self.client.say(ask(CONTROL, DTR_OFF)[:-1])
        self.client.say(ask(CONTROL, DTR_OFF)[-1:])
        self.client.say(ask(CONTROL, RTS_OFF))
        self.assertEqual(self.stage.asked(Lines), [Lines(dtr=False), Lines(rts=False)])

    def test_the_same_line_twice_is_driven_twice(self) -> None:
        pulse = ((CONTROL, DTR_OFF), (CONTROL, RTS_ON), (CONTROL, DTR_ON), (CONTROL, RTS_OFF))
        self.assertEqual(self.client.together(*pulse), [(105, 9), (105, 11), (105, 8), (105, 12)])
        self.assertEqual(self.stage.asked(Lines), [Lines(False, True), Lines(True, False)])

    def test_what_is_set_is_set_again_when_the_device_comes_back(self) -> None:
        self.client.request(CONTROL, DTR_OFF)
        self.stage.endpoint.error = PortError("unplugged")
        self.stage.device.reset()
        self.client.hear()
        self.assertEqual(self.client.together((CONTROL, ASK_DTR), (CONTROL, RTS_OFF)), [(105, 9), (105, 12)])
        self.stage.endpoint.error = None
        self.stage.clock.pump([0.1] * 12)
        self.assertEqual(self.stage.asked(Lines), [Lines(dtr=False, rts=False)])

    def test_it_comes_after_the_lines_that_are_configured(self) -> None:
        profile = LineProfile(connected=Lines(dtr=True, rts=True), idle=Lines(dtr=False))
        stage = ComStage(device=PortDevice("ttyX", line=LINE, lines=profile)).start()
        client = stage.com()
        client.request(CONTROL, RTS_OFF)
        stage.device.reset()
        stage.clock.pump([0.1] * 3)
        self.assertEqual(stage.asked(Lines), [profile.connected, Lines(rts=False)])
        client.reset()
        self.assertEqual(stage.asked(Lines), [profile.idle])

    def test_without_lines_they_are_kept_for_all(self) -> None:
        stage = loop_stage()
        one, two = stage.com(), stage.com()
        self.assertEqual(one.together((CONTROL, DTR_OFF), (CONTROL, BREAK_ON)), [(105, 9), (105, 5)])
        self.assertEqual(two.together((CONTROL, ASK_DTR), (CONTROL, ASK_BREAK)), [(105, 9), (105, 5)])
        stage.clock.advance(10)
        self.assertEqual(two.request(CONTROL, ASK_BREAK), 6)


class BreakTests(SynchronousTestCase):
    """A break is held for as long as its client says, within limits."""

    def stage(self, control: Control = Control.FIRST, **rules: frozenset[str]) -> ComStage:
        return ComStage(control=control, rules=DeviceRules(**rules)).start()  # type: ignore[arg-type]

    def test_it_is_held_until_it_is_ended(self) -> None:
        stage = self.stage()
        client = stage.com()
        self.assertEqual((client.request(CONTROL, BREAK_ON), client.request(CONTROL, ASK_BREAK)), (5, 5))
        stage.clock.advance(9)
        self.assertEqual(stage.asked(Lines), [ON])
        self.assertEqual((client.request(CONTROL, BREAK_OFF), client.request(CONTROL, ASK_BREAK)), (6, 6))
        stage.clock.advance(20)
        self.assertEqual(stage.asked(Lines), [OFF])

    def test_for_ten_seconds_at_most(self) -> None:
        stage = self.stage()
        client = stage.com()
        client.request(CONTROL, BREAK_ON)
        stage.clock.advance(9.9)
        self.assertEqual(stage.asked(Lines), [ON])
        stage.clock.advance(0.1)
        self.assertEqual((stage.asked(Lines), client.request(CONTROL, ASK_BREAK)), ([OFF], 6))

    def test_it_ends_when_its_owner_leaves(self) -> None:
        for leave in ("reset", "finish_sending"):
            stage = self.stage()
            client, _ = stage.com(), stage.com()
            client.request(CONTROL, BREAK_ON)
            getattr(client, leave)()
            self.assertEqual(stage.asked(Lines), [ON, OFF])
            stage.clock.advance(20)
            self.assertEqual(stage.asked(Lines), [])

    def test_it_does_not_end_when_another_leaves(self) -> None:
        stage = self.stage()
        client, other = stage.com(), stage.com()
        client.request(CONTROL, BREAK_ON)
        other.request(CONTROL, BREAK_OFF)
        other.reset()
        self.assertEqual(stage.asked(Lines), [ON])

    def test_nor_when_one_leaves_whose_own_break_was_ended_by_another(self) -> None:
        stage = self.stage(Control.ANYONE)
        one, two, three = stage.com(), stage.com(), stage.com()
        one.request(CONTROL, BREAK_ON)
        two.request(CONTROL, BREAK_OFF)
        three.request(CONTROL, BREAK_ON)
        one.reset()
        self.assertEqual(stage.asked(Lines), [ON, OFF, ON])

    def test_a_break_of_telnet_lasts_a_quarter_of_a_second(self) -> None:
        stage = self.stage()
        client = stage.com()
        client.say(b"before" + TELNET_BREAK + b"after")
        self.assertEqual(stage.serial.asked, [b"before", 0.25, b"after"])

    def test_nobody_breaks_who_may_not(self) -> None:
        stage = self.stage(remote_lines=frozenset({"dtr", "rts"}))
        client = stage.com()
        client.say(TELNET_BREAK)
        client.together((CONTROL, BREAK_ON), (CONTROL, BREAK_OFF))
        self.assertEqual(stage.serial.asked, [])

    def test_commands_that_mean_nothing_do_nothing(self) -> None:
        stage = self.stage()
        client = stage.com()
        for code in (240, 241, 242, 244, 245, 246, 247, 248, 249, 239):
            client.say(b"a" + bytes([255, code]) + b"b")
        client.say(b"\xff\xfa\x18\x01\xff\xf0")
        self.assertEqual(b"".join(stage.asked(bytes)), b"ab" * 10)
        self.assertEqual((client.hear(), client.data), ([], b""))


class StopTests(SynchronousTestCase):
    """A share that ends leaves nothing behind."""

    def test_no_timer_is_left(self) -> None:
        stage = ComStage(RFC).start()
        client, silent = stage.com(), stage.com(silent=True)
        client.request(CONTROL, BREAK_ON)
        silent.say(ask(CONTROL, BREAK_ON))
        silent.drain()
        client.say(b"data")
        stage.serial.take(4)
        stopped = stage.stop()
        self.assertEqual(
            (stopped.down.delivered, stopped.up.unexplained, stopped.down.unexplained), (4, 0, 0)
        )
        self.assertEqual([call for call in stage.clock.getDelayedCalls() if call.active()], [])
        self.assertFalse(client.connected or silent.connected or stage.serial.connected)
