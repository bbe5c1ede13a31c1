"""A device that is away: what clients send meanwhile, and sequences that it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.errors import PortBusyError, PortError
from smartserial.events import LinesSet
from smartserial.lines import LineProfile, Lines
from smartserial.sequences import parse_sequence
from smartserial.settings import DeviceRules, PortDevice
from smartserial.sharing.ledger import Reason
from tests.comstage import CONTROL, DTR_OFF, LINE, ComStage
from tests.test_share import Schedule, Stage

RESET = parse_sequence("reset", "dtr=off rts=on 100ms dtr=on rts=off 50ms dtr=off")


class AwayTests(SynchronousTestCase):
    """`away_buffer` and `away_age`."""

    def stage(self, limit: int = 10, **rules: Any) -> Stage:
        stage = Stage(rules=DeviceRules(away_buffer=limit, **rules)).start()
        self.unplug(stage)
        return stage

    def unplug(self, stage: Stage) -> None:
        stage.endpoint.error = PortError("unplugged")
        if stage.share.device.streams:
            stage.device.reset()

    def plug(self, stage: Stage) -> None:
        stage.endpoint.error = None
        stage.clock.pump([0.1] * 12)

    def discarded(self, stage: Stage) -> dict[Reason, int]:
        self.assertEqual(stage.unexplained(), (0, 0))
        return dict(stage.share.accounts()[1].discarded)

    def test_by_default_all_of_it_is_refused(self) -> None:
        stage = self.stage(0)
        stage.client().say(b"stale")
        self.plug(stage)
        stage.device.take(100)
        self.assertEqual((stage.device.taken, self.discarded(stage)), (b"", {Reason.NO_DEVICE: 5}))

    def test_it_is_sent_when_the_device_is_back_before_anything_newer(self) -> None:
        stage = self.stage()
        one, two = stage.client(), stage.client()
        one.say(b"one ")
        two.say(b"two ")
        self.assertEqual(stage.share.accounts()[1].buffered, 8)
        self.plug(stage)
        one.say(b"new")
        stage.device.take(100)
        self.assertEqual((stage.device.taken, self.discarded(stage)), (b"one two new", {}))

    def test_no_half_of_a_piece_is_kept(self) -> None:
        stage = self.stage()
        client = stage.client()
        for piece in (b"eight888", b"too long", b"xx"):
            client.say(piece)
        self.assertEqual(self.discarded(stage), {Reason.OVERFLOW: 8})
        self.plug(stage)
        stage.device.take(100)
        self.assertEqual(stage.device.taken, b"eight888xx")

    def test_what_is_too_old_is_not_sent(self) -> None:
        stage = self.stage(away_age=5.0)
        client = stage.client()
        client.say(b"old")
        stage.clock.pump([0.1] * 30)
        client.say(b"young")
        stage.clock.pump([0.1] * 25)
        self.assertEqual(self.discarded(stage), {Reason.STALE: 3})
        self.plug(stage)
        stage.device.take(100)
        self.assertEqual((stage.device.taken, self.discarded(stage)), (b"young", {Reason.STALE: 3}))

    def test_what_was_on_its_way_when_it_was_lost_is_lost(self) -> None:
        stage = Stage(rules=DeviceRules(away_buffer=100)).start()
        client = stage.client()
        client.say(b"half of it")
        stage.device.take(4)
        self.unplug(stage)
        client.say(b"again")
        self.plug(stage)
        stage.device.take(100)
        self.assertEqual((stage.device.taken, self.discarded(stage)), (b"again", {Reason.DEVICE_LOST: 6}))

    def test_a_client_need_not_wait_for_it(self) -> None:
        stage = self.stage(away_age=60.0)
        client = stage.client()
        client.say(b"go")
        client.finish_sending()
        stage.clock.pump([0.1] * 200)
        self.assertFalse(client.connected)
        self.plug(stage)
        stage.device.take(100)
        self.assertEqual(stage.device.taken, b"go")

    def test_at_the_end_it_is_counted(self) -> None:
        stage = self.stage()
        stage.client().say(b"never")
        stopped = stage.stop()
        self.assertEqual(dict(stopped.down.discarded), {Reason.NO_DEVICE: 5})
        self.assertEqual(stopped.down.unexplained, 0)
        self.assertEqual([call for call in stage.clock.getDelayedCalls() if call.active()], [])

    def test_on_demand_it_lasts_as_long_as_somebody_is_there(self) -> None:
        stage = Stage(rules=DeviceRules(on_demand=True, away_buffer=10)).start()
        stage.endpoint.error = PortError("not there")
        one, two = stage.client(), stage.client()
        one.say(b"one")
        one.reset()
        self.assertEqual(self.discarded(stage), {})
        two.reset()
        self.assertEqual(self.discarded(stage), {Reason.NO_DEVICE: 3})
        three = stage.client()
        three.say(b"three")
        self.plug(stage)
        stage.device.take(100)
        self.assertEqual(stage.device.taken, b"three")

    def test_a_port_that_another_program_has_gets_nothing_of_it(self) -> None:
        stage = self.stage()
        stage.client().say(b"stale")
        stage.endpoint.error = PortBusyError("minicom has it")
        stage.clock.pump([0.1] * 12)
        self.assertEqual(self.discarded(stage), {Reason.NO_DEVICE: 5})

    def test_one_that_waits_while_it_is_busy_does(self) -> None:
        stage = self.stage(wait_while_busy=True)
        stage.client().say(b"kept")
        stage.endpoint.error = PortBusyError("minicom has it")
        stage.clock.pump([0.1] * 12)
        self.plug(stage)
        stage.device.take(100)
        self.assertEqual(stage.device.taken, b"kept")

    def test_another_device_does_not_get_it(self) -> None:
        stage = self.stage()
        stage.client().say(b"for A")
        stage.endpoint.error = None
        stage.share.update(stage.settings, stage.listeners, stage.endpoint)
        stage.turn()
        stage.device.take(100)
        self.assertEqual((stage.device.taken, self.discarded(stage)), (b"", {Reason.NO_DEVICE: 5}))

    def test_a_reload_that_changes_the_rule(self) -> None:
        stage = self.stage()
        client = stage.client()
        client.say(b"12345")
        for limit, expected in ((5, {}), (4, {Reason.OVERFLOW: 5})):
            settings = replace(stage.settings, rules=DeviceRules(away_buffer=limit))
            stage.share.update(settings, stage.listeners, None)
            self.assertEqual(self.discarded(stage), expected)
        client.say(b"1234")
        self.plug(stage)
        stage.device.take(100)
        self.assertEqual(stage.device.taken, b"1234")

    def test_it_comes_when_the_line_is_as_clients_have_set_it(self) -> None:
        stage = ComStage(rules=DeviceRules(away_buffer=100), device=PortDevice("ttyX", line=LINE)).start()
        client = stage.com()
        client.request(1, 19200)
        client.request(CONTROL, DTR_OFF)
        self.unplug(stage)
        client.say(b"data")
        self.plug(stage)
        *_, speed, lines, data = stage.serial.asked
        self.assertEqual((speed.baudrate, lines, data), (19200, Lines(dtr=False), b"data"))


class AwaySchedule(Schedule):
    """Random schedules with `away_buffer`."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        settings = self.stage.settings
        limit, age = self.chance.choice([1, 100, 5000]), self.chance.choice([0.05, 1.0, 10.0])
        rules = replace(settings.rules, away_buffer=limit, away_age=age)
        listeners = settings.listeners
        self.stage = Stage(listeners=listeners, rules=rules, sharing=settings.sharing, buffer=settings.buffer)
        self.sent: list[bytes] = []

    def client_says(self) -> None:
        client = self.pick(reading=True)
        if client is not None and not client.closing:
            data = self.chance.randbytes(self.chance.choice([1, 10, 1000, 10_000]))
            self.from_clients += len(data)
            client.say(data)


class ScheduleTests(SynchronousTestCase):
    def test_no_schedule_breaks_the_law(self) -> None:
        for seed in range(300):
            with self.subTest(seed=seed):
                AwaySchedule(seed).run()


class SequenceTests(SynchronousTestCase):
    """Sequences on the line of a share."""

    def setUp(self) -> None:
        profile = LineProfile(connected=Lines(dtr=True, rts=False), idle=Lines(dtr=False))
        self.stage = ComStage(device=PortDevice("ttyX", line=LINE, lines=profile)).start()
        self.client = self.stage.com()
        self.stage.asked(Lines)
        self.stage.events.clear()

    def begin(self) -> list[object]:
        ended: list[object] = []
        share = self.stage.share
        share.device.sequencer.run(RESET, share.ports).addBoth(ended.append)
        return ended

    def test_an_esptool_reset(self) -> None:
        """Each step is one call of the driver, and one event; the last one stands."""
        ended = self.begin()
        self.assertEqual(self.stage.asked(Lines), [Lines(False, True)])
        self.stage.clock.advance(0.1)
        self.assertEqual(self.stage.asked(Lines), [Lines(True, False)])
        self.stage.clock.advance(0.0501)
        self.assertEqual((self.stage.asked(Lines), ended), ([Lines(dtr=False)], [None]))
        self.stage.clock.advance(10)
        self.assertEqual(self.stage.asked(Lines), [])
        self.assertEqual(
            [event.lines for event in self.stage.of(LinesSet)],
            [Lines(False, True), Lines(True, False), Lines(dtr=False)],
        )

    def test_the_last_step_stands_until_the_profile_acts(self) -> None:
        self.begin()
        self.stage.clock.pump([0.1] * 3)
        self.stage.asked(Lines)
        self.client.reset()
        self.assertEqual(self.stage.asked(Lines), [Lines(dtr=False)])

    def test_a_device_that_comes_back_gets_what_a_whole_one_has_left(self) -> None:
        self.begin()
        self.stage.clock.pump([0.1] * 3)
        self.stage.device.reset()
        self.stage.clock.pump([0.1] * 3)
        self.assertEqual(self.stage.asked(Lines), [Lines(True, False), Lines(False, False)])

    def test_a_device_that_is_lost_ends_it(self) -> None:
        """When it is back, its lines are as if there had been no sequence: it is not held in reset."""
        ended = self.begin()
        self.stage.device.reset()
        (failure,) = ended
        self.assertIn("reset was ended: the device is gone", str(failure))
        self.stage.clock.pump([0.1] * 3)
        self.assertEqual(self.stage.asked(Lines), [Lines(True, False)])

    def test_the_end_of_the_share_ends_it(self) -> None:
        ended = self.begin()
        self.stage.share.stopService()
        self.stage.clock.pump([0.05] * 100)
        self.assertEqual(len(ended), 1)
        self.assertEqual([call for call in self.stage.clock.getDelayedCalls() if call.active()], [])

    def test_a_driver_that_refuses_does_not_end_it(self) -> None:
        self.stage.serial.set_lines = self.refuse  # type: ignore[method-assign]
        ended = self.begin()
        self.stage.clock.pump([0.1] * 3)
        self.assertEqual(ended, [None])

    def refuse(self, lines: Lines) -> Any:
        raise PortError("no such line")

    def test_a_clients_change_in_between_acts(self) -> None:
        ended = self.begin()
        self.client.request(CONTROL, DTR_OFF)
        self.stage.clock.pump([0.1] * 3)
        self.assertEqual(
            self.stage.asked(Lines),
            [Lines(False, True), Lines(dtr=False), Lines(True, False), Lines(dtr=False)],
        )
        self.assertEqual(ended, [None])
