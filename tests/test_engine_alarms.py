"""Who is woken when, against a plain table; and that many peers cost no more than a few."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.authoring import serial
from smartserial.definition.connection import Connection, ConnectionType
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.engine.alarms import Alarms
from smartserial.engine.effects import Peer
from smartserial.engine.engine import Settings
from smartserial.engine.framing.timed import Timed
from smartserial.engine.running.asking import Patience
from tests.enginestage import Stage, world

KEYS = st.integers(0, 5)
TIMES = st.none() | st.integers(0, 20).map(float)
LONE = Connection(ConnectionType.SMART_SERIAL, "IP")


class AlarmsTest(SynchronousTestCase):
    @given(st.lists(st.tuples(KEYS, TIMES) | TIMES.filter(lambda time: time is not None), max_size=300))
    def test_it_is_a_table_of_times(self, steps: list[tuple[int, float | None] | float]) -> None:
        alarms, table = Alarms[int](), dict[int, float]()
        for step in steps:
            if isinstance(step, tuple):
                key, time = step
                alarms.set(key, time)
                table.pop(key, None)
                if time is not None:
                    table[key] = time
            else:
                found = alarms.due(step)
                due = {key: time for key, time in table.items() if time <= step}
                self.assertEqual(sorted(found), sorted(due))
                self.assertEqual([due[key] for key in found], sorted(due.values()))
                table = {key: time for key, time in table.items() if time > step}
            self.assertEqual(alarms.next, min(table.values(), default=None))
            self.assertEqual(len(alarms), len(table))
            self.assertLessEqual(len(alarms._heap), 64)

    def test_what_is_set_again_and_again_is_kept_once(self) -> None:
        alarms = Alarms[str]()
        alarms.set("first", 0.5)
        for time in range(1, 10_000):
            alarms.set("other", float(time))
        self.assertLess(len(alarms._heap), 100)
        self.assertEqual((alarms.next, alarms.due(9999.0)), (0.5, ["first", "other"]))


class ManyPeersTest(SynchronousTestCase):
    def test_bytes_of_one_ask_no_other(self) -> None:
        """Of a thousand peers in the middle of a unit, only the one that says something is looked at."""
        protocol = world(connections=(LONE,))
        timed = Timed.next_wake
        stage = Stage(_without_trailer(protocol))
        engine = stage.engine
        peers = [Peer("10.0.0.1", 1000 + number, number) for number in range(1000)]
        for number, peer in enumerate(peers):
            engine.connected(0, peer, 0.0)
            engine.received(0, peer, b"R1:", number / 1e6)
        asked: list[Timed] = []

        def counted(framer: Timed) -> float | None:
            asked.append(framer)
            return timed.__get__(framer)  # type: ignore[no-any-return]

        with patch.object(Timed, "next_wake", property(counted)):
            engine.received(0, peers[500], b"5", 0.002)
            self.assertAlmostEqual(engine.next_wake or 0, 0.015)
            self.assertEqual(len(asked), 1)
            engine.wake(0.015)
            self.assertEqual(len(asked), 2)
            self.assertAlmostEqual(engine.next_wake or 0, 0.015001)

    def test_those_that_are_due_are_all_woken(self) -> None:
        stage = Stage(_without_trailer(world(connections=(LONE,))))
        for number in range(5):
            stage.connect("ABCDE"[number])
        for number in range(5):
            stage.say(f"x{number}", "ABCDE"[number])
        stage.leave("C")
        stage.told()
        self.assertEqual(len(stage.engine._intake._alarms), 4)
        stage.wait(0.02)
        self.assertEqual(len(stage.told("unheard")), 4)
        self.assertIsNone(stage.engine.next_wake)

    def test_pairs_that_wait(self) -> None:
        """Silence ends an answer; a pair that is over is woken no more."""
        interval = parse_pair_options("receiveInterval:50").value
        stage = Stage(
            world(
                connections=(serial("A"),),
                pairs=lambda pairs: tuple(replace(pair, options=interval) for pair in pairs),
            ),
            Settings({0: Patience(1.0, 0)}),
        )
        waits = stage.engine._machine.asking.waits
        for says, wait in (("R1:5", 0.06), ("R1:", 2.0), ("R1:5\n", 0.0)):
            with self.subTest(says=says):
                self.assertIsNone(waits.next_wake)
                stage.run(1)
                self.assertIsNone(waits.next_wake)
                stage.say("R")
                self.assertAlmostEqual(waits.next_wake or 0, stage.now + 0.05)
                stage.wait(0.02)
                stage.say(says[1:])
                if wait:
                    self.assertAlmostEqual(waits.next_wake or 0, stage.now + 0.05)
                stage.wait(wait)
                self.assertIsNone(waits.next_wake)
                self.assertFalse(waits._alarms)


def _without_trailer(protocol: Protocol) -> Protocol:
    plain = [replace(p, type=ParamType.FIXED) if p.type is ParamType.TRAILER else p for p in protocol.params]
    return replace(protocol, params=tuple(plain))
