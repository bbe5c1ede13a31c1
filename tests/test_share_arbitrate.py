"""`arbitrate: message` on a share in memory: requests and answers of clients, operators and elements."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

import smartserial.protocols
from smartserial.channels.session import TURN
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.xml import parse_xml
from smartserial.settings import Arbitration, DeviceRules, Sharing
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
ANSWERING = (SCPI, Arbitration(bundled("modbus-rtu"), 0))
SENTENCE = b"$GPGGA,1*00\r\n"


class EarTests(SynchronousTestCase):
    """Where messages end."""

    def test_of_a_stream(self) -> None:
        ear = ear_for(NMEA.definition, 0)
        self.assertEqual(ear.hear(SENTENCE[:5], 0, 0), 0)
        self.assertEqual(ear.hear(SENTENCE[5:] + SENTENCE * 2 + SENTENCE[:3], 0, 0), 3)
        ear.begin()
        self.assertEqual(ear.hear(SENTENCE[3:], 0, 0), 1)

    def test_of_answers(self) -> None:
        ear = ear_for(SCPI.definition, 0)
        self.assertEqual([ear.hear(piece, 0, 9) for piece in (b"+1.2", b"3\n", b"1", b"\n")], [0, 1, 0, 1])
        self.assertEqual((ear.hear(b"half", 0, 9), ear.wake(99), ear.next_wake), (0, 0, None))

    def test_answers_in_one_read(self) -> None:
        ear = ear_for(SCPI.definition, 0)
        self.assertEqual([ear.hear(piece, 0, 9) for piece in (b"1\n2\n3", b"\n4\n5", b"\n")], [2, 2, 1])
        ear = ear_for(ANSWERING[1].definition, 0)
        answer = bytes.fromhex("018302C0F1")
        self.assertEqual([ear.hear(piece, 0, 9) for piece in (answer + answer[:4], answer[4:])], [1, 1])

    def test_no_more_answers_than_are_waited_for(self) -> None:
        ear = ear_for(SCPI.definition, 0)
        self.assertEqual([ear.hear(b"1\n2\n3", 0, most) for most in (0, -1, 1, 3)], [0, 0, 1, 2])
        self.assertEqual(ear.hear(b"\n" * 65536, 0, 1000), 1000)

    @given(
        st.sampled_from(ANSWERING),
        st.lists(st.binary(max_size=9)),
        st.sampled_from((b"", b"\n", b"\x03\x02\0")),
    )
    def test_reads_make_no_difference(self, meter: Arbitration, pieces: list[bytes], between: bytes) -> None:
        whole, one_by_one = (ear_for(meter.definition, 0) for _ in range(2))
        data = between.join(pieces)
        counted = sum(one_by_one.hear(data[n : n + 1], 0, 999) for n in range(len(data)))
        self.assertEqual(whole.hear(data, 0, 999), counted)

    def test_of_each_bundled_protocol(self) -> None:
        """Whatever comes, nothing goes wrong."""
        folder = Path(next(iter(smartserial.protocols.__path__)))
        for path in sorted(folder.glob("*.xml")):
            ear = ear_for(bundled(path.stem), 0)
            for n in range(50):
                ear.hear(bytes((n * 7 + k) % 256 for k in range(n)), n / 10, n)
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

    def test_several_answers_in_one_read(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"q1\n")
        a.say(b"q2\n")
        b.say(b"r1\n")
        self.assertEqual(self.asked(), b"q1\nq2\n")
        self.answer(b"=q1\n=q2\n=more")
        self.assertEqual(self.asked(), b"r1\n")

    def test_what_nobody_asked_for_ends_a_turn_too(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"q\n")
        b.say(b"r\n")
        self.answer(b"READING 1\n")
        self.assertEqual(self.asked(), b"q\nr\n")

    def test_a_long_request_passes_as_fast_as_the_window_lets_it(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        for _ in range(4):
            a.say(b"x" * (MOST_WAITING // 2))
        b.say(b"r\n")
        self.assertEqual(len(self.asked()), MOST_WAITING)
        stage.clock.advance(1)
        self.assertEqual(len(self.asked()), MOST_WAITING)
        stage.clock.advance(1)
        self.assertEqual(self.asked(), b"r\n")

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
        self.assertEqual(a.taken, b"2\n")
        self.assertEqual(dict(stage.share.accounts()[0].discarded), {Reason.POLICY: 2})

    def heard(self, *clients: FakeTransport) -> list[bytes]:
        for client in clients:
            client.take(1 << 20)
        got = [client.taken for client in clients]
        for client in clients:
            client.taken = b""
        return got

    def test_answers_to_others_are_no_answers_to_clients(self) -> None:
        """Those of operators and elements, and of who is gone: whoever waits hears only its own."""
        stage = self.begin(send_to=Who.ASKER)
        a, b = stage.client(), stage.client()
        stage.share.from_operator("op", b"1?\n")
        stage.element.send(b"2?\n")
        a.say(b"3?\n")
        b.say(b"4?\n")
        a.reset()
        for n in (b"1\n", b"2\n", b"3\n", b"4\n"):
            self.assertEqual(self.asked(), n[:1] + b"?\n")
            self.answer(n)
        self.assertEqual(self.heard(b), [b"4\n"])
        self.assertEqual(dict(stage.share.accounts()[0].discarded), {Reason.POLICY: 6})
        stage.clock.advance(1.1)
        self.answer(b"READING\n")
        self.assertEqual(self.heard(b), [b"READING\n"])

    def test_a_long_answer_is_for_who_asked_to_its_end(self) -> None:
        stage = self.begin(send_to=Who.ASKER)
        a, b = stage.client(), stage.client()
        a.say(b"?\n")
        for _ in range(5):
            self.answer(b"long ")
            stage.clock.advance(0.9)
        self.answer(b"answer\n")
        self.answer(b"news\n")
        self.assertEqual(self.heard(a, b), [b"long " * 5 + b"answer\nnews\n", b"news\n"])

    def test_what_the_device_has_said_is_heard_before_anybody_asks(self) -> None:
        stage = self.begin(send_to=Who.ASKER)
        a, b = stage.client(), stage.client()
        stage.owner.on_data = lambda peer, data: stage.element.send(b"more?\n")
        stage.device.say(b"ALARM\n")
        self.assertEqual((self.heard(a, b), self.asked()), ([b"ALARM\n", b"ALARM\n"], b""))
        stage.turn()
        self.assertEqual(self.asked(), b"more?\n")
        stage.owner.on_data = lambda peer, data: None
        self.answer(b"more\n")
        self.assertEqual(self.heard(a, b), [b"", b""])

    def test_an_element_that_goes_on_asking_lets_others_ask(self) -> None:
        stage = self.begin()
        a = stage.client()
        stage.owner.on_data = lambda peer, data: data == b"e\n" and stage.element.send(b"e?\n")
        stage.element.send(b"e?\n")
        for _ in range(3):
            a.say(b"a?\n")
            self.answer(b"e\n")
            self.answer(b"a\n")
        self.assertEqual(self.asked(), b"e?\na?\n" * 3 + b"e?\n")
        stage.owner.on_data = lambda peer, data: None
        stage.share.intake.release()

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

    def test_what_was_kept_for_a_device_goes_in_turns(self) -> None:
        stage = self.begin(send_to=Who.ASKER)
        self.use(stage.settings.sharing, away_buffer=100)
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        b.say(b"2?\n")
        b.say(b"3?\n")
        self.asked()
        stage.device.reset()
        a.say(b"4?\n")
        stage.share.from_operator("op", b"5?\n")
        b.say(b"6?\n")
        taps: list[bytes] = []
        stage.share.taps["x"] = lambda direction, who, data: taps.append(data)
        self.assertEqual((stage.share.accounts()[1].buffered, taps), (15, []))
        stage.clock.advance(0.2)
        self.assertEqual((self.asked(), taps), (b"2?\n3?\n6?\n", [b"2?\n", b"3?\n", b"6?\n"]))
        for answers, asked in ((b"2\n3\n", b""), (b"6\n", b"4?\n"), (b"4\n", b"5?\n"), (b"5\n", b"")):
            self.answer(answers)
            self.assertEqual(self.asked(), asked)
        self.assertEqual(self.heard(a, b), [b"4\n", b"2\n3\n6\n"])
        del stage.share.taps["x"]

    def test_a_stop_counts_what_waits(self) -> None:
        stage = self.begin(reply_window=60.0)
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        b.say(b"2?\n")
        self.asked()
        self.assertEqual(dict(stage.stop().down.discarded), {Reason.STOP_DEADLINE: 3})

    def use(self, sharing: Sharing, **rules: Any) -> None:
        stage = self.stage
        settings = replace(stage.settings, sharing=sharing, rules=DeviceRules(**rules))
        stage.share.update(settings, stage.listeners, None)

    def test_who_waits_goes_on_waiting_by_other_rules(self) -> None:
        stage = self.begin()
        a, b, c = stage.client(), stage.client(), stage.client()
        for client in (a, b, c):
            client.say(b"?")
        stage.clock.advance(0.5)
        self.use(Sharing(arbitration=SCPI, selection=SelectionRules(reply_window=3.0)))
        stage.clock.advance(2.4)
        self.assertEqual(self.asked(), b"?")
        stage.clock.advance(0.2)
        self.assertEqual(self.asked(), b"?")
        self.use(Sharing(arbitration=NMEA, selection=SelectionRules(reply_window=3.0)))
        self.answer(b"\n")
        self.assertEqual(self.asked(), b"")
        self.answer(SENTENCE)
        self.assertEqual(self.asked(), b"?")

    def test_a_shorter_window_is_over_at_once(self) -> None:
        stage = self.begin(reply_window=60.0)
        a, b = stage.client(), stage.client()
        a.say(b"1")
        b.say(b"2")
        stage.clock.advance(2)
        self.use(Sharing(arbitration=SCPI))
        stage.clock.advance(0)
        self.assertEqual(self.asked(), b"12")

    def test_a_former_rule_ends_no_turn(self) -> None:
        stage = self.begin(send_to=Who.ASKER)
        a, b = stage.client(), stage.client()
        sharing = stage.settings.sharing
        stage.device.say(b"news\n")
        for arbitration in (None, SCPI):
            self.use(replace(sharing, arbitration=arbitration))
        stage.share.from_operator("op", b"1?\n")
        stage.turn()
        self.answer(b"1\n")
        self.assertEqual(self.heard(a, b), [b"news\n", b"news\n"])

    def test_a_turn_ends_with_the_rule(self) -> None:
        stage = self.begin(send_to=Who.ASKER)
        a, b = stage.client(), stage.client()
        a.say(b"1")
        stage.element.send(b"2")
        self.use(Sharing(selection=SelectionRules(send_to=Who.ASKER)))
        self.assertEqual(self.asked(), b"12")
        stage.device.say(b"now it is for all")
        self.assertEqual(self.heard(a, b), [b"now it is for all"] * 2)

    def test_other_rules(self) -> None:
        stage = self.begin()
        a, b = stage.client(), stage.client()
        a.say(b"1?\n")
        b.say(b"2?\n")
        for sharing in (Sharing(), Sharing(arbitration=NMEA), Sharing(arbitration=SCPI)):
            self.use(sharing)
            self.assertEqual(len(stage.share.taps), int(sharing.arbitration is not None))
            self.assertTrue(isinstance(a, FakeTransport))
        self.assertEqual(self.asked(), b"1?\n2?\n")
