"""The engine from outside: what it takes, when it stops, and that nothing else comes out of it."""

from __future__ import annotations

import gc
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import poll, serial
from smartserial.definition.check import load
from smartserial.definition.flow import Timer
from smartserial.definition.values.value import NotAValueError
from smartserial.engine.effects import Peer
from smartserial.engine.engine import Engine, Settings
from smartserial.engine.framing.backlog import BacklogLimits
from smartserial.engine.running.asking import Patience
from smartserial.engine.running.waiting import LEAST
from tests.enginestage import At, Do, On, Stage, act, at, smart_serial, world
from tests.test_bundled_transcripts import NAMES, PROTOCOLS

NOW = Settings({0: Patience(1.0, 1)})
SLEEP = act(10, ActionOn.PROTOCOL, Do.SLEEP, type_value="100")


class StopTest(SynchronousTestCase):
    def busy(self) -> Stage:
        """An engine with a pair that waits, one that sleeps, groups that wait, timers and half a unit."""
        triggers = (at(1, On.RESPONSE, At.AFTER, 2, 10, 401), at(2, On.GROUP, At.AFTER, None, 402))
        stage = Stage(
            world(
                4,
                triggers=triggers,
                actions=(SLEEP,),
                groups=(poll(5, "g", 3, 4),),
                timers=(Timer(1, "t", 1000, (1, 5)), Timer(2, "t", 100, (5,))),
            ),
            NOW,
        )
        stage.connect()
        stage.run(1)
        stage.say("R2:x\nR1:")
        stage.told()
        return stage

    def test_nothing_goes_on(self) -> None:
        stage = self.busy()
        engine, peer = stage.engine, stage.peers["A"][1]
        self.assertEqual(engine.stop(0.5), [])
        self.assertIsNone(engine.next_wake)
        for effects in (
            engine.wake(9.0), engine.start(9.0), engine.stop(9.0), engine.connected(0, peer, 9.0),
            engine.received(0, peer, b"R1:x\n", 9.0), engine.disconnected(0, peer, 9.0),
            engine.set(501, "x", 9.0), engine.run_group(1, 9.0),
        ):  # fmt: skip
            self.assertEqual(effects, [])
        machine = engine._machine
        self.assertFalse(machine._open)
        gc.collect()  # a chain that was not ended would be ended here, and complain
        self.assertEqual(machine.told(), [])

    def test_at_any_time(self) -> None:
        for seconds in range(30):
            stage = self.busy()
            stage.wait(seconds / 10)
            stage.told()
            self.assertEqual(stage.engine.stop(stage.now), [])

    def test_chains_that_are_over_are_forgotten(self) -> None:
        stage = self.busy()
        machine = stage.engine._machine
        before = len(machine._open)
        for number in range(300):
            stage.say(f"1\nR2:{number}\nR1:")
            stage.wait(0.2)
            stage.set(501, "x")
        self.assertLessEqual(len(machine._open), before + 5)
        self.assertLessEqual(len(machine.strands._heap), before + 20)

    def test_before_it_began(self) -> None:
        engine = Engine(world(timers=(Timer(1, "t", 1000, (1,)),)), NOW)
        self.assertIsNone(engine.next_wake)
        self.assertEqual(engine.stop(0.0), [])
        self.assertEqual(engine.start(1.0), [])

    def test_it_starts_once(self) -> None:
        stage = Stage(world(triggers=(at(1, On.PROTOCOL, At.AFTER_STARTUP, None, 401),)))
        stage._take(stage.engine.start(0.0))
        self.assertEqual(stage.value(401), 1)


class FacadeTest(SynchronousTestCase):
    def test_what_set_refuses(self) -> None:
        stage = Stage(world())
        for param, value in ((777, "x"), (401, "no number")):
            with self.assertRaises(NotAValueError):
                stage.set(param, value)
        stage.set(401, 5)
        self.assertEqual(stage.told(), ["401=5"])

    def test_connections_that_do_not_exist(self) -> None:
        for connection in (-1, 1, 7):
            stage = Stage(world())
            peer = Peer("", 0, 1)
            stage._take(stage.engine.connected(connection, peer, 0.0))
            stage._take(stage.engine.received(connection, peer, b"R1:x\n", 0.0))
            stage._take(stage.engine.disconnected(connection, peer, 0.0))
            self.assertEqual(stage.told("dropped", "heard"), ["dropped 5 unasked"])

    def test_what_comes_while_a_pair_is_busy_is_bounded(self) -> None:
        """Above one limit there is a note, above the next messages are lost, until enough is taken."""
        limits = BacklogLimits(2 * LEAST, 3 * LEAST, 5 * LEAST)
        definition = world(triggers=(at(1, On.COMMAND, At.AFTER, 1, 10),), actions=(SLEEP,))
        stage = Stage(definition, replace(NOW, backlog=limits))
        stage.run(1)
        told = []
        for number in range(9):
            stage.say(f"R2:{number}\n")
            told += stage.told("note", "dropped")
        self.assertEqual(
            told,
            [
                "note much waits for the protocol, whose actions take too long",
                "note too much waits for the protocol: messages are lost",
                "dropped 5 backlog",
                "dropped 5 backlog",
                "dropped 5 backlog",
            ],
        )
        stage.wait(0.1)
        self.assertEqual(len(stage.told("heard", "unheard")), 6)
        stage.say("R1:x\n")
        self.assertEqual(stage.told("pair"), ["pair 1 succeeded 1"])

    def test_a_long_answer_is_bounded(self) -> None:
        limits = replace(NOW.limits, most=100)
        for kind in (smart_serial("IP"), serial("S")):
            stage = Stage(world(connections=(kind,)), replace(NOW, limits=limits))
            stage.run(1)
            for _ in range(50):
                stage.say("x" * 10)
            self.assertIn("overflow", " ".join(stage.told("dropped")))

    def test_the_notes_of_the_store_are_told(self) -> None:
        protocol = world(params=())
        params = tuple(replace(one, save=True) if one.id == 401 else one for one in protocol.params)
        stage = Stage(replace(protocol, params=params), saved={401: b"x"})
        self.assertEqual([note[:15] for note in stage.told("note")], ["note param 401:"])


class BundledTest(SynchronousTestCase):
    """Bundled definitions take whatever comes, at any time."""

    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(NAMES), st.data())
    def test_any_bytes(self, name: str, data: st.DataObject) -> None:
        protocol = load((PROTOCOLS / f"{name}.xml").read_bytes())
        stage = Stage(protocol, NOW)
        stage.connect()
        params = [param.id for param in protocol.params]
        for _ in range(data.draw(st.integers(1, 8))):
            what = data.draw(st.sampled_from(("say", "set", "wait", "run", "again")))
            if what == "say":
                stage.say(data.draw(st.binary(max_size=60)))
            elif what == "set":
                try:
                    stage.set(
                        data.draw(st.sampled_from(params)), data.draw(st.sampled_from(("1", 2, 3.5, "x", "")))
                    )
                except NotAValueError:
                    continue
            elif what == "wait":
                stage.wait(data.draw(st.floats(0, 10)))
            elif what == "run":
                stage.run(data.draw(st.sampled_from([group.id for group in protocol.groups] or [1])))
            else:
                stage.leave()
                stage.connect()
        self.assertEqual(stage.engine.stop(stage.now), [])
