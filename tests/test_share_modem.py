"""Modem lines and line errors of a shared device, as RFC 2217 clients are told of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.errors import PortError
from smartserial.lines import LineCounts, ModemLines
from smartserial.settings import DeviceRules
from smartserial.share.modemwatch import LOOK
from tests.comstage import (
    FIRST_MODEM,
    LINE_MASK,
    LINESTATE,
    MODEM_MASK,
    MODEMSTATE,
    RAW,
    RFC,
    ComClient,
    ComStage,
    ask,
    loop_stage,
)
from tests.fakes import FakeSerial
from tests.telnetpeer import COM_PORT, com_port

CD, RI, DSR, CTS = 128, 64, 32, 16
CD_CHANGED, RI_ENDED, DSR_CHANGED, CTS_CHANGED = 8, 4, 2, 1
BREAK, FRAMING, PARITY_ERROR, OVERRUN = 16, 8, 4, 2
ALL_ON = ModemLines(cts=True, dsr=True, ri=True, cd=True)


class ModemStage(ComStage):
    """A share whose device has modem lines that the test moves."""

    def __init__(self, inputs: ModemLines | None = ModemLines(cts=True), **settings: Any) -> None:  # noqa: B008
        self.inputs = inputs
        super().__init__(RFC, RAW, prepare=self.prepare, **settings)
        self.start()

    def prepare(self, serial: FakeSerial) -> None:
        serial.inputs, serial.counted = self.inputs, LineCounts(cts=1000, frame=7)

    def move(self, **lines: bool) -> None:
        """Move modem lines, and let them be looked at."""
        assert self.serial.inputs is not None
        self.serial.inputs = replace(self.serial.inputs, **lines)
        self.look()

    def count(self, **counts: int) -> None:
        """Let the driver count something, and let that be looked at."""
        counted = self.serial.counted
        assert counted is not None
        self.serial.counted = replace(
            counted, **{n: getattr(counted, n) + more for n, more in counts.items()}
        )
        self.look()

    def look(self) -> None:
        self.clock.advance(LOOK)

    def settled(self, client: ComClient) -> list[tuple[int, int]]:
        """Return what a client is told, and that nothing follows it."""
        said = client.hear()
        for _ in range(5):
            self.look()
        assert client.hear() == []
        return said


class OpeningTests(SynchronousTestCase):
    """The first thing that a client is told is how the lines are."""

    def first(self, stage: ComStage) -> list[tuple[int, int]]:
        client = stage.com(silent=True)
        client.say(COM_PORT + COM_PORT)
        return client.hear()

    def test_levels_without_changes(self) -> None:
        for inputs, value in (
            (ModemLines(), 0),
            (ModemLines(cts=True), CTS),
            (ModemLines(dsr=True, cd=True), DSR | CD),
            (ALL_ON, CD | RI | DSR | CTS),
        ):
            for on_demand in (False, True):
                stage = ModemStage(inputs, rules=DeviceRules(on_demand=on_demand))
                for _ in range(2):
                    self.assertEqual(self.first(stage), [(107, value)])

    def test_as_they_are_then(self) -> None:
        stage = ModemStage()
        stage.serial.inputs = ModemLines(dsr=True)
        self.assertEqual(self.first(stage), [(107, DSR)])
        late = stage.com(silent=True)
        stage.move(cts=True)
        late.say(COM_PORT)
        self.assertEqual(stage.settled(late), [(107, DSR | CTS)])

    def test_a_device_without_them_has_those_that_are_configured(self) -> None:
        self.assertEqual(self.first(loop_stage()), [FIRST_MODEM])
        rules = DeviceRules(report=ModemLines(ri=True))
        self.assertEqual(self.first(loop_stage(rules=rules)), [(107, RI)])
        self.assertEqual(self.first(ModemStage(None, rules=rules)), [(107, RI)])

    def test_while_the_device_is_away_none_is_on(self) -> None:
        stage = ComStage()
        stage.endpoint.error = PortError("not there")
        stage.start()
        self.assertEqual(self.first(stage), [(107, 0)])


class ChangeTests(SynchronousTestCase):
    """Each change is told once."""

    def test_what_has_changed(self) -> None:
        stage = ModemStage()
        client = stage.com()
        for lines, value in (
            ({"cts": False}, CTS_CHANGED),
            ({"cts": True, "cd": True}, CTS | CD | CTS_CHANGED | CD_CHANGED),
            ({"dsr": True}, CTS | CD | DSR | DSR_CHANGED),
            ({"ri": True}, CTS | CD | DSR | RI),
            ({"ri": False}, CTS | CD | DSR | RI_ENDED),
            ({"cts": False, "dsr": False, "cd": False}, CTS_CHANGED | DSR_CHANGED | CD_CHANGED),
        ):
            stage.move(**lines)
            self.assertEqual(stage.settled(client), [(107, value)], lines)

    def test_to_all_who_have_begun(self) -> None:
        stage = ModemStage()
        clients = [stage.com(), stage.com()]
        raw, silent = stage.client(1), stage.com(silent=True)
        stage.move(dsr=True)
        for client in clients:
            self.assertEqual(stage.settled(client), [(107, CTS | DSR | DSR_CHANGED)])
        raw.take(100)
        self.assertEqual((raw.taken, silent.hear()), (b"", []))

    def test_pulses_that_only_the_driver_saw(self) -> None:
        stage = ModemStage()
        client = stage.com()
        for counts, value in (
            ({"cts": 2}, CTS | CTS_CHANGED),
            ({"ri": 1, "dsr": 4}, CTS | RI_ENDED | DSR_CHANGED),
            ({"cd": 2}, CTS | CD_CHANGED),
        ):
            stage.count(**counts)
            self.assertEqual(stage.settled(client), [(107, value)], counts)

    def test_what_was_counted_while_nobody_was_there_is_old(self) -> None:
        stage = ModemStage()
        stage.com().reset()
        stage.count(cts=4, frame=1)
        client = stage.com(silent=True)
        client.say(ask(LINE_MASK, 255) + ask(LINESTATE))
        self.assertEqual(stage.settled(client), [(107, CTS), (110, 255), (106, 96)])

    def test_only_what_the_mask_wants(self) -> None:
        stage = ModemStage()
        client, other = stage.com(), stage.com()
        client.request(MODEM_MASK, DSR | CTS | DSR_CHANGED)
        for lines, said in (
            ({"cd": True}, []),
            ({"cts": False}, [(107, 0)]),
            ({"dsr": True, "ri": True}, [(107, DSR | DSR_CHANGED)]),
            ({"ri": False}, []),
        ):
            stage.move(**lines)
            self.assertEqual(stage.settled(client), said, lines)
        self.assertEqual(len(other.hear()), 4)
        client.request(MODEM_MASK, 0)
        stage.move(cts=True)
        self.assertEqual(stage.settled(client), [])

    def test_a_poll_tells_everything_and_what_has_changed_only_once(self) -> None:
        stage = ModemStage()
        client = stage.com()
        client.request(MODEM_MASK, 0)
        stage.move(cts=False, cd=True)
        self.assertEqual(client.request(MODEMSTATE), CD | CTS_CHANGED | CD_CHANGED)
        self.assertEqual(client.request(MODEMSTATE), CD)
        client.say(com_port(MODEMSTATE))
        self.assertEqual(client.hear(), [(107, CD)])

    def test_a_device_that_tells_by_itself_is_looked_at_at_once(self) -> None:
        stage = ModemStage()
        client = stage.com()
        stage.serial.inputs = ModemLines()
        stage.serial.change_over_there()
        self.assertEqual(client.hear(), [(107, CTS_CHANGED)])

    def test_a_device_that_has_lines_only_later(self) -> None:
        stage = ModemStage(None)
        client = stage.com()
        stage.serial.inputs = ModemLines(cts=True, dsr=True)
        stage.serial.change_over_there()
        self.assertEqual(client.hear(), [(107, CTS | DSR | CD_CHANGED)])
        stage.move(cts=False)
        self.assertEqual(stage.settled(client), [(107, DSR | CTS_CHANGED)])

    def test_a_client_that_reads_nothing_is_not_told_for_ever(self) -> None:
        stage = ModemStage()
        client = stage.com()
        for n in range(60_000):
            stage.move(cts=bool(n % 2))
            if not client.connected:
                break
        self.assertLess(client.pending, 256 * 1024)


class UnplugTests(SynchronousTestCase):
    """Without the device no line is on."""

    CYCLE = CD | DSR | CTS

    def test_off_and_on_again(self) -> None:
        changed = CD_CHANGED | DSR_CHANGED | CTS_CHANGED
        for stage in (ModemStage(ModemLines(True, True, False, True)), loop_stage()):
            client = stage.com()
            stage.endpoint.error = PortError("unplugged")
            stage.device.reset()
            self.assertEqual(client.hear(), [(107, changed)])
            self.assertEqual(client.request(MODEMSTATE), 0)
            stage.endpoint.error = None
            stage.clock.pump([0.1] * 5)
            self.assertEqual(client.hear(), [(107, self.CYCLE | changed)])
            self.assertEqual(client.request(MODEMSTATE), self.CYCLE)


class ErrorTests(SynchronousTestCase):
    """Breaks and errors on the line are told to those who want to know."""

    def test_by_default_nobody_does(self) -> None:
        stage = ModemStage()
        client = stage.com()
        stage.count(frame=1, brk=1)
        self.assertEqual(stage.settled(client), [])

    def test_what_the_mask_wants(self) -> None:
        stage = ModemStage()
        client, other = stage.com(), stage.com()
        client.request(LINE_MASK, BREAK | FRAMING | OVERRUN)
        for counts, said in (
            ({"brk": 1}, [(106, BREAK)]),
            ({"frame": 300, "overrun": 1}, [(106, FRAMING | OVERRUN)]),
            ({"parity": 1}, []),
            ({"parity": 1, "frame": 1}, [(106, FRAMING)]),
        ):
            stage.count(**counts)
            self.assertEqual(stage.settled(client), said, counts)
        self.assertEqual(other.hear(), [])

    def test_a_poll_tells_all_of_it_once(self) -> None:
        stage = ModemStage()
        client = stage.com()
        stage.count(parity=1)
        stage.count(brk=1)
        self.assertEqual(client.request(LINESTATE), 96 | PARITY_ERROR | BREAK)
        self.assertEqual(client.request(LINESTATE), 96)
        client.say(com_port(LINESTATE))
        self.assertEqual(client.hear(), [(106, 96)])


class LookTests(SynchronousTestCase):
    """A device is looked at while somebody is there who is told, and no longer."""

    def test_it_is_looked_at_twenty_times_a_second(self) -> None:
        stage = ModemStage()
        stage.com()
        before = stage.serial.looks
        stage.clock.pump([LOOK] * 20)
        self.assertEqual(stage.serial.looks - before, 20)

    def assert_quiet(self, stage: ComStage) -> None:
        before = stage.serial.looks
        stage.clock.pump([0.1] * 50)
        self.assertEqual(stage.serial.looks, before)

    def test_not_when_nobody_is_there(self) -> None:
        for leave in ("reset", "finish_sending"):
            stage = ModemStage()
            self.assert_quiet(stage)
            stage.client(1)
            self.assert_quiet(stage)
            one, two = stage.com(), stage.com(silent=True)
            one.reset()
            before = stage.serial.looks
            stage.look()
            self.assertEqual(stage.serial.looks, before + 1)
            getattr(two, leave)()
            self.assert_quiet(stage)

    def test_not_a_device_without_lines_or_one_that_is_away(self) -> None:
        stage = ModemStage(None)
        stage.com()
        self.assert_quiet(stage)
        stage = ModemStage()
        stage.com()
        stage.endpoint.error = PortError("unplugged")
        stage.device.reset()
        self.assert_quiet(stage)
        stage.endpoint.error = None
        stage.clock.pump([0.1] * 12)
        before = stage.serial.looks
        stage.look()
        self.assertEqual(stage.serial.looks, before + 1)

    def test_no_timer_is_left_when_the_share_ends(self) -> None:
        stage = ModemStage()
        stage.com()
        stage.com(silent=True)
        stage.stop()
        self.assertEqual([call for call in stage.clock.getDelayedCalls() if call.active()], [])
