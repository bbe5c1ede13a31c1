"""`arbitrate: message` on a share in memory: requests and answers of clients, operators and elements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import smartserial.protocols
from smartserial.channels.session import TURN
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.xml import parse_xml
from smartserial.settings import Arbitration, Sharing
from smartserial.share.messages import ear_for
from smartserial.sharing.ledger import Reason
from smartserial.sharing.requests import MOST_WAITING
from smartserial.sharing.selection import SelectionRules, Who
from tests.fakes import FakeTransport
from tests.test_element_onshare import Scene


def bundled(name: str) -> Protocol:
    """A device protocol that comes with the program."""
    folder = Path(next(iter(smartserial.protocols.__path__)))
    return read_protocol(parse_xml((folder / f"{name}.xml").read_bytes()).root)


SCPI = Arbitration(bundled("scpi-meter"), 0)
NMEA = Arbitration(bundled("nmea-0183"), 0)
SENTENCE = b"$GPGGA,1*00\r\n"


class EarTests(SynchronousTestCase):
    """Where messages end."""

    def test_of_a_stream(self) -> None:
        ear = ear_for(NMEA.definition, 0)
        self.assertEqual(ear.hear(SENTENCE[:5], 0), 0)
        self.assertEqual(ear.hear(SENTENCE[5:] + SENTENCE * 2 + SENTENCE[:3], 0), 3)
        ear.begin()
        self.assertEqual(ear.hear(SENTENCE[3:], 0), 1)

    def test_of_answers(self) -> None:
        ear = ear_for(SCPI.definition, 0)
        self.assertEqual([ear.hear(piece, 0) for piece in (b"+1.2", b"3\n", b"1", b"\n")], [0, 1, 0, 1])
        self.assertEqual((ear.hear(b"half", 0), ear.wake(99), ear.next_wake), (0, 0, None))

    def test_of_each_bundled_protocol(self) -> None:
        """Whatever comes, nothing goes wrong."""
        folder = Path(next(iter(smartserial.protocols.__path__)))
        for path in sorted(folder.glob("*.xml")):
            ear = ear_for(bundled(path.stem), 0)
            for n in range(50):
                ear.hear(bytes((n * 7 + k) % 256 for k in range(n)), n / 10)
                ear.begin()
                ear.wake(n / 10)


class ArbitrateTests(SynchronousTestCase):
    """A stage whose device answers when the test says so."""

    def begin(self, arbitration: Arbitration = SCPI, **selection: Any) -> Scene:
        self.stage = Scene(sharing=Sharing(arbitration=arbitration, selection=SelectionRules(**selection)))
        return self.stage.start()

    def tearDown(self) -> None:
        self.assertEqual(self.stage.unexplained(), (0, 0))
        stopped = self.stage.stop()
        self.assertEqual((stopped.down.unexplained, stopped.down.buffered), (0, 0))
        self.assertEqual(self.stage.share.intake.arbiter in self.stage.share.taps, False)

    def asked(self) -> bytes:
        """Return what the device has got since the last time."""
        device = self.stage.device
        device.take(1 << 20)
        got, device.taken = device.taken, b""
        return got

    def answer(self, data: bytes) -> None:
        self.stage.device.say(data)
        self.stage.turn()

    def test_one_at_a_time(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"MEAS:VOLT?\n")
        b.say(b"MEAS:CURR?\n")
        self.assertEqual(self.asked(), b"MEAS:VOLT?\n")
        self.assertEqual((stage.share.accounts()[1].buffered, stage.unexplained()), (11, (0, 0)))
        self.answer(b"+1.")
        self.assertEqual(self.asked(), b"")
        self.answer(b"5\n")
        self.assertEqual(self.asked(), b"MEAS:CURR?\n")

    def test_silence(self) -> None:
        stage = self.begin(reply_window=3.0)
        a, b = stage.client(), stage.client()
        a.say(b"OUTP 1\n")
        b.say(b"OUTP?\n")
        stage.clock.advance(2.9)
        self.assertEqual(self.asked(), b"OUTP 1\n")
        stage.clock.advance(0.2)
        self.assertEqual(self.asked(), b"OUTP?\n")

    def test_each_asker_gets_its_answer(self) -> None:
        stage = self.begin(send_to=Who.ASKER)
        a, b = stage.client(), stage.client()
        a.say(b"MEAS:VOLT?\n")
        b.say(b"MEAS:CURR?\n")
        self.answer(b"1\n")
        self.answer(b"2\n")
        for client, expected in ((a, b"1\n"), (b, b"2\n")):
            client.take(99)
            self.assertEqual(client.taken, expected)

    def test_the_element_takes_part(self) -> None:
        stage = self.begin(send_to=Who.ASKER)
        a = stage.client()
        stage.element.send(b"MEAS:VOLT?\n")
        a.say(b"MEAS:CURR?\n")
        self.assertEqual(self.asked(), b"MEAS:VOLT?\n")
        self.answer(b"1\n")
        stage.element.send(b"OUTP?\n")
        self.assertEqual(self.asked(), b"MEAS:CURR?\n")
        self.answer(b"2\n")
        self.assertEqual(self.asked(), b"OUTP?\n")
        self.assertEqual(b"".join(stage.owner.data), b"1\n2\n")
        a.take(99)
        self.assertEqual(a.taken, b"1\n2\n")  # nobody of the clients asked for the first

    def test_a_stream_of_sentences(self) -> None:
        stage = self.begin(NMEA)
        a, b = stage.client(), stage.client()
        a.say(b"1")
        b.say(b"2")
        self.answer(SENTENCE[:-1])
        self.assertEqual(self.asked(), b"1")
        self.answer(SENTENCE[-1:])
        self.assertEqual(self.asked(), b"2")

    def test_who_waits_with_too_much_is_not_read_from(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"?\n")
        b.say(b"x" * (MOST_WAITING - 1))
        self.assertTrue(b.reading)
        b.say(b"y")
        self.assertEqual((a.reading, b.reading, b.protocol.holds), (True, False, TURN))
        self.answer(b"1\n")
        self.assertEqual((len(self.asked()), b.reading), (MOST_WAITING + 2, True))

    def test_an_operator_waits_too_and_is_bounded(self) -> None:
        stage = self.begin()
        a = stage.client()
        a.say(b"?\n")
        stage.share.from_operator("op", b"!" * MOST_WAITING)
        stage.share.from_operator("op", b"more")
        down = stage.share.accounts()[1]
        self.assertEqual((dict(down.discarded), down.unexplained), ({Reason.OVERFLOW: 4}, 0))
        stage.share.intake.release()

    def test_who_is_gone_has_asked_all_the_same(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        b.say(b"2?\n")
        b.reset()
        self.answer(b"1\n")
        self.assertEqual(self.asked(), b"1?\n2?\n")

    def test_who_finished_sending_waits_for_its_answer(self) -> None:
        stage = self.begin(send_to=Who.ASKER)
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        b.say(b"2?\n")
        b.finish_sending()
        stage.clock.pump([0.3] * 4)
        self.answer(b"2\n")
        b.take(9)
        self.assertEqual(b.taken, b"2\n")

    def test_a_share_that_is_taken(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        b.say(b"2?\n")
        stage.share.ports.desk.seize(self)
        stage.share.intake.silence()
        self.assertEqual(dict(stage.share.accounts()[1].discarded), {Reason.POLICY: 3})
        stage.share.ports.desk.leave(self)
        self.answer(b"1\n")
        stage.turn()
        self.assertEqual(self.asked(), b"1?\n")

    def test_a_stop_waits_for_those_who_wait(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        b.say(b"2?\n")
        stopping = stage.share.stopService()
        for _ in range(20):
            stage.clock.advance(0.02)
        self.assertEqual(self.asked(), b"1?\n")
        self.answer(b"1\n")
        self.assertEqual(self.asked(), b"2?\n")
        for _ in range(100):
            a.take(10)
            b.take(10)
            stage.clock.advance(0.02)
        self.successResultOf(stopping)
        self.assertEqual(dict(stage.share.accounts()[1].discarded), {})

    def test_a_device_that_goes(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        self.asked()
        b.say(b"2?\n")
        stage.device.reset()
        self.assertEqual(dict(stage.share.accounts()[1].discarded), {Reason.NO_DEVICE: 3})
        b.say(b"3?\n")
        self.assertEqual(dict(stage.share.accounts()[1].discarded), {Reason.NO_DEVICE: 6})
        stage.clock.advance(0.2)
        b.say(b"4?\n")
        self.assertEqual(self.asked(), b"4?\n")

    def test_a_stop_counts_what_waits(self) -> None:
        stage = self.begin(reply_window=60.0)
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        b.say(b"2?\n")
        self.asked()
        self.assertEqual(dict(stage.stop().down.discarded), {Reason.STOP_DEADLINE: 3})

    def test_other_rules(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        b.say(b"2?\n")
        for sharing in (Sharing(), Sharing(arbitration=NMEA), Sharing(arbitration=SCPI)):
            stage.share.update(
                type(stage.settings)("x", stage.settings.device, stage.settings.listeners, sharing=sharing),
                stage.listeners,
                None,
            )
            self.assertEqual(len(stage.share.taps), int(sharing.arbitration is not None))
            self.assertTrue(isinstance(a, FakeTransport))
        self.assertEqual(self.asked(), b"1?\n2?\n")
