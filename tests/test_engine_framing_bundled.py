"""What devices say, made into units by the bundled definitions."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.check import load
from smartserial.definition.connection import ConnectionType
from smartserial.engine.framing.answers import AnswerFramer, answer_plan
from smartserial.engine.framing.plan import framing_plan
from smartserial.engine.unit import Unit
from tests.test_engine_framing import fed, units
from tests.transcriptloader import ALL, NAMES, PROTOCOLS

DEFINITIONS = {name: load((PROTOCOLS / f"{name}.xml").read_bytes(), name) for name in NAMES}
SMART = [name for name, one in DEFINITIONS.items() if one.connections[0].type is ConnectionType.SMART_SERIAL]
SERIAL = [name for name in NAMES if name not in SMART]


class StreamTest(SynchronousTestCase):
    def test_all_that_is_heard_is_its_messages(self) -> None:
        """Side by side, and in pieces that have nothing to do with them."""
        self.assertGreaterEqual(len(SMART), 4)
        for name in SMART:
            expected = [message.raw for message in ALL[name] if message.kind == "response"]
            stream, plan = b"".join(expected), framing_plan(DEFINITIONS[name], 0, False)
            for size in (1, 3, 64, len(stream)):
                framer = plan()
                found = fed(framer, *(stream[at : at + size] for at in range(0, len(stream), size)))
                self.assertEqual((units(found), len(found)), (expected, len(expected)), name)
                self.assertEqual(framer.waiting, 0)

    def test_noise_between_sentences(self) -> None:
        expected = [message.raw for message in ALL["nmea-0183"] if message.kind == "response"]
        stream = b"noise\r\n".join(expected)
        self.assertEqual(units(fed(framing_plan(DEFINITIONS["nmea-0183"], 0, False)(), stream)), expected)


class AnswersTest(SynchronousTestCase):
    def waiting(self, name: str) -> list[tuple[bytes, AnswerFramer]]:
        """Each answer in a transcript, with what waits for it, for each pair that it can answer."""
        definition = DEFINITIONS[name]
        ids = {response.name: response.id for response in definition.responses}
        return [
            (message.raw, answer_plan(definition, pair)())
            for message in ALL[name]
            if message.kind == "response"
            for pair in definition.pairs
            if ids[message.name] in (*pair.responses, *pair.bad_responses)
        ]

    def test_answers_are_complete_with_their_last_byte(self) -> None:
        self.assertGreaterEqual(len(SERIAL), 4)
        for name in SERIAL:
            for raw, framer in self.waiting(name):
                self.assertEqual(fed(framer, *(bytes([byte]) for byte in raw[:-1])), [], f"{name} {raw!r}")
                self.assertEqual(fed(framer, raw[-1:]), [Unit(raw, 0, len(raw))], f"{name} {raw!r}")

    def test_what_follows_is_not_part_of_them(self) -> None:
        for name in SERIAL:
            for raw, framer in self.waiting(name):
                self.assertEqual(units(fed(framer, raw + raw)), [raw], f"{name} {raw!r}")
