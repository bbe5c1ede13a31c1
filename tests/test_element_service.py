"""An element as a service: its states, what it does for its engine, what it tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.elements.ports import Ports
from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import numeric_text, when
from smartserial.definition.flow import Timer
from smartserial.definition.param import Interprete, Param
from smartserial.definition.protocol import Protocol
from smartserial.element import operating
from smartserial.element.population import Population
from smartserial.element.saved import SavedParams
from smartserial.element.service import Element
from smartserial.element.work import Surroundings
from smartserial.engine.effects import Peer
from smartserial.events import ElementState, Event, EventStream
from smartserial.journal import level_of, sentence
from smartserial.plugin.reaction import Moment, Reaction
from smartserial.settings import (
    ConnectionSettings,
    ElementSettings,
    NetworkCarrier,
    Role,
    Start,
    Transport,
)
from smartserial.sharing.access import parse_network
from smartserial.trace.lines import line_of
from tests.enginestage import At, Do, On, act, world
from tests.fakechannel import FakeChannel

A, B = Peer("10.0.0.1", 4001, 1), Peer("10.0.0.2", 4002, 2)
SERVER = NetworkCarrier(Transport.TCP, Role.SERVER, "127.0.0.1", 7001)


def connection(number: int = 0, **more: Any) -> ConnectionSettings:
    return ConnectionSettings(number, SERVER, **more)


class Stage:
    """Elements with fake channels, on a clock."""

    def __init__(self, definition: Protocol, **more: Any) -> None:
        self.clock = Clock()
        self.events: list[Event] = []
        stream = EventStream()
        stream.subscribe(self.events.append)
        self.saved = SavedParams(None, self.clock)
        self.channels: list[FakeChannel] = []
        self.updated: list[ConnectionSettings] = []
        around = Surroundings(
            self._channel, lambda channel, one: self.updated.append(one), self.saved, stream, self.clock
        )
        more.setdefault("connections", (connection(),))
        self.element = Element(ElementSettings("mast", "test", definition, **more), around)

    def _channel(self, owner: Any, settings: ConnectionSettings, element: str) -> FakeChannel:
        self.channels.append(FakeChannel(owner, settings, element))
        return self.channels[-1]

    @property
    def channel(self) -> FakeChannel:
        """The newest one."""
        return self.channels[-1]

    def told(self) -> list[str]:
        """What was told since the last time, with its level."""
        lines = [f"{level_of(event)} {sentence(event)}" for event in self.events]
        self.events.clear()
        return lines

    def sent(self) -> list[tuple[bytes, Peer | None]]:
        """What was sent since the last time."""
        sent, self.channel.sent = self.channel.sent, []
        return sent


def asking(**more: Any) -> Protocol:
    """Each second `C1` is asked."""
    return world(1, timers=(Timer(1, "ask", 1000, groups=(1,)),), **more)


class LifeTest(SynchronousTestCase):
    def test_from_start_to_stop(self) -> None:
        stage = Stage(world(1))
        element = stage.element
        self.assertIs(element.state, ElementState.STOPPED)
        element.startService()
        self.assertIs(element.state, ElementState.ACTIVE)
        self.assertTrue(stage.channel.is_open)
        stage.channel.begins(A)
        stage.channel.ends(A, "it hung up")
        element.stopService()
        self.assertIs(element.state, ElementState.STOPPED)
        self.assertFalse(stage.channel.is_open)
        self.assertEqual(
            stage.told(),
            [
                "info mast: runs test on 0: fake 0",
                "info mast: is active",
                "info mast: connection 0: 10.0.0.1:4001 connected",
                "info mast: connection 0 is connected",
                "info mast: connection 0: 10.0.0.1:4001 is gone: it hung up",
                "info mast: connection 0 is disconnected",
                "info mast: ended",
                "info mast: is stopped",
            ],
        )

    def test_it_begins_as_its_settings_say(self) -> None:
        for start, state, is_open in (
            (Start.ACTIVE, ElementState.ACTIVE, True),
            (Start.PAUSED, ElementState.PAUSED, False),
            (Start.STOPPED, ElementState.STOPPED, False),
        ):
            stage = Stage(world(1), start=start)
            stage.element.startService()
            self.assertIs(stage.element.state, state)
            self.assertEqual([channel.is_open for channel in stage.channels], [is_open] * len(stage.channels))

    def test_the_protocol_begins_when_its_connections_can_be_used(self) -> None:
        for happens in (
            lambda stage: stage.channel.begins(A),
            lambda stage: stage.channel.owner.channel_failed("it is not there", True),
            lambda stage: stage.channel.owner.channel_ready(),
            lambda stage: stage.clock.advance(1.0),
        ):
            stage = Stage(asking())
            stage.element.startService()
            self.assertEqual((stage.sent(), stage.channel.unsent), ([], 0))
            happens(stage)
            self.assertEqual(len(stage.sent()) + stage.channel.unsent // 3, 1)

    def test_pause_closes_and_stops_time(self) -> None:
        stage = Stage(asking())
        stage.element.startService()
        stage.channel.begins(A)
        stage.clock.advance(2.0)
        self.assertGreater(len(stage.sent()), 0)
        stage.element.pause()
        self.assertIs(stage.element.state, ElementState.PAUSED)
        self.assertFalse(stage.channel.is_open)
        self.assertEqual(stage.clock.getDelayedCalls(), [])
        stage.clock.advance(1000)
        stage.element.start()
        self.assertIs(stage.element.state, ElementState.ACTIVE)
        stage.channel.begins(A)
        self.assertEqual(stage.sent(), [])
        stage.clock.advance(5.0)
        self.assertGreater(len(stage.sent()), 0)

    def test_values_stay_in_a_pause_and_go_with_a_stop(self) -> None:
        stage = Stage(world(1))
        stage.element.startService()
        operating.set_param(stage.element, operating.param_to_set(stage.element, "501"), "7", "eva")
        stage.element.pause()
        stage.element.start()
        param = operating.param_to_get(stage.element, "501")
        self.assertEqual(operating.reading(stage.element, param)["value"], "7")
        stage.element.restart()
        self.assertEqual(operating.reading(stage.element, param)["value"], None)

    def test_a_restart_waits_until_sessions_are_closed(self) -> None:
        stage = Stage(world(1))
        stage.element.startService()
        closing = stage.channel.closing = Deferred()
        stage.element.restart()
        self.assertEqual(len(stage.channels), 1)
        closing.callback(None)
        self.assertEqual(len(stage.channels), 2)
        self.assertTrue(stage.channel.is_open)

    def test_verbs_wait_for_each_other(self) -> None:
        stage = Stage(world(1))
        stage.element.startService()
        closing = stage.channel.closing = Deferred()
        stopping, starting = stage.element.stop(), stage.element.start()
        self.assertNoResult(stopping)
        self.assertNoResult(starting)
        closing.callback(None)
        self.successResultOf(starting)
        self.assertIs(stage.element.state, ElementState.ACTIVE)

    def test_an_address_that_cannot_be_had_is_an_error(self) -> None:
        stage = Stage(world(1))
        stage.element.startService()
        stage.told()
        stage.channel.owner.channel_failed("cannot listen on 127.0.0.1:7001: Address in use", True)
        self.assertEqual(stage.element.state, ElementState.ERROR)
        self.assertEqual(
            [line for line in stage.told() if not line.startswith("info")],
            [
                "warn mast: connection 0: cannot listen on 127.0.0.1:7001: Address in use; trying again",
                "error mast: is error: cannot listen on 127.0.0.1:7001: Address in use",
            ],
        )
        stage.channel.owner.channel_ready()
        self.assertEqual(stage.element.state, ElementState.ACTIVE)

    def test_an_engine_that_fails_ends_only_itself(self) -> None:
        stage = Stage(world(1))
        stage.element.startService()
        assert stage.element.work is not None
        self.patch(stage.element.work.engine, "received", lambda *args: 1 / 0)
        stage.channel.begins(A)
        stage.channel.says(A, b"R1:x\n")
        self.assertEqual(stage.element.state, ElementState.ERROR)
        self.assertEqual(stage.element.why, "the protocol failed: division by zero")
        self.assertFalse(stage.channel.is_open)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        stage.element.start()
        self.assertEqual(stage.element.state, ElementState.ACTIVE)

    def test_a_definition_that_makes_no_sense_is_an_error(self) -> None:
        stage = Stage(world(1))
        definition = stage.element.settings.definition
        wrong = replace(numeric_text(5, "x").interprete or Interprete(), base=99)
        params = (*definition.params, Param(5, "x", interprete=wrong))
        stage.element.settings = replace(
            stage.element.settings, definition=replace(definition, params=params)
        )
        stage.element.startService()
        self.assertEqual(stage.element.state, ElementState.ERROR)


class DoingTest(SynchronousTestCase):
    def test_bytes_come_and_go(self) -> None:
        stage = Stage(asking())
        stage.element.startService()
        stage.channel.begins(A)
        stage.clock.advance(2.0)
        self.assertEqual(stage.sent()[0], (b"C1\n", None))
        stage.channel.says(A, b"R1:he")
        stage.channel.says(A, b"llo\n")
        param = operating.param_to_get(stage.element, "301")
        self.assertEqual(operating.reading(stage.element, param)["value"], "hello")

    def test_a_reply_goes_to_the_asker(self) -> None:
        answering = when(5, "answer", On.RESPONSE, At.AFTER, 1, which=1)
        stage = Stage(world(2, triggers=(answering,), actions=(act(1, ActionOn.GROUP, Do.EXECUTE, 2),)))
        stage.element.startService()
        stage.channel.begins(A)
        stage.channel.begins(B)
        stage.channel.says(B, b"R1:x\n")
        self.assertEqual(stage.sent(), [(b"C2\n", B)])

    def on_set(self, *actions: Any, **more: Any) -> Stage:
        """An element that does actions when param 501 is set."""
        changed = when(5, "changed", On.PARAMETER, At.CHANGE, *(one.id for one in actions), which=501)
        stage = Stage(world(2, triggers=(changed,), actions=actions, **more))
        stage.element.startService()
        stage.told()
        return stage

    def set(self, stage: Stage, text: str = "x") -> None:
        operating.set_param(stage.element, operating.param_to_set(stage.element, "501"), text, "eva")

    def test_a_connection_is_closed_and_opened(self) -> None:
        stage = self.on_set(act(1, ActionOn.PROTOCOL, Do.CLOSE, type_nr=0))
        self.set(stage)
        self.assertFalse(stage.channel.is_open)
        stage = self.on_set(act(1, ActionOn.PROTOCOL, Do.OPEN, type_nr=0))
        stage.channel.is_open = False
        self.set(stage)
        self.assertTrue(stage.channel.is_open)

    def test_what_is_not_configured_is_a_line_in_the_log(self) -> None:
        stage = self.on_set(
            act(1, ActionOn.PROTOCOL, Do.OPEN, type_nr=0), act(2, ActionOn.GROUP, Do.EXECUTE, 1)
        )
        assert stage.element.work is not None
        stage.element.work.lines.clear()
        self.set(stage)
        self.assertEqual(
            stage.told()[:2],
            ["warn mast: connection 0 is not configured: nothing can be sent or done there"] * 2,
        )

    def test_a_lock_waits_until_it_is_granted(self) -> None:
        stage = self.on_set(
            act(1, ActionOn.PROTOCOL, Do.LOCK, type_nr=0), act(2, ActionOn.GROUP, Do.EXECUTE, 1)
        )
        stage.channel.begins(A)
        stage.channel.granting = Deferred()
        self.set(stage)
        self.assertEqual((stage.channel.locks, stage.sent()), ([(True, False)], []))
        stage.channel.granting.callback(None)
        stage.clock.advance(0)
        self.assertEqual(stage.sent(), [(b"C1x\n", None)])

    def test_a_lock_that_is_not_wanted_any_more_is_not_had(self) -> None:
        stage = self.on_set(
            act(1, ActionOn.PROTOCOL, Do.LOCK, type_nr=0), act(2, ActionOn.GROUP, Do.EXECUTE, 1)
        )
        stage.channel.begins(A)
        first = stage.channel.granting = Deferred()
        self.set(stage)
        stage.element.pause()  # what is closed is not locked
        stage.element.start()
        stage.channel.begins(A)
        stage.clock.advance(2.0)
        self.assertEqual(stage.sent()[0], (b"C1x\n", None))
        stage.channel.says(A, b"R1:x\n")
        second = stage.channel.granting = Deferred()
        self.set(stage, "y")
        first.callback(None)
        self.assertEqual((stage.channel.locks, stage.sent()), ([(True, False)] * 2, []))
        second.callback(None)
        stage.clock.advance(0)
        self.assertEqual(stage.sent(), [(b"C1y\n", None)])

    def test_saved_params_come_back(self) -> None:
        stage = Stage(self.saving())
        stage.element.startService()
        self.set(stage, "seven")
        stage.element.restart()
        param = operating.param_to_get(stage.element, "501")
        self.assertEqual(operating.reading(stage.element, param)["value"], "seven")

    def saving(self) -> Protocol:
        definition = world(1)
        params = tuple(replace(one, save=one.id == 501) for one in definition.params)
        return replace(definition, params=params)

    def test_bytes_one_by_one(self) -> None:
        def slowly(pairs: Any) -> Any:
            return tuple(replace(one, options=replace(one.options, one_byte=5)) for one in pairs)

        stage = Stage(world(2, pairs=slowly))
        stage.element.startService()
        stage.channel.begins(A)
        operating.run(stage.element, ["group", "1"], "eva")
        operating.run(stage.element, ["command", "2"], "eva")
        self.assertEqual(stage.sent(), [(b"C", None)])
        line = stage.element.lines[0]
        self.assertEqual(line.tally.pending, 2)
        for expected in (b"1", b"\n"):
            stage.clock.advance(0.005)
            self.assertEqual(stage.sent(), [(expected, None)])
        stage.channel.says(A, b"R1:x\n")
        stage.clock.advance(0)
        self.assertEqual((stage.sent(), line.tally.pending), ([], 3))
        for expected in (b"C", b"2", b"\n"):
            stage.clock.advance(0.005)
            self.assertEqual(stage.sent(), [(expected, None)])
        self.assertEqual((line.tally.pending, line.tally.dropped), (0, 0))

    def test_what_waits_for_its_turn_is_counted_when_it_cannot_go(self) -> None:
        def slowly(pairs: Any) -> Any:
            return tuple(replace(one, options=replace(one.options, one_byte=5)) for one in pairs)

        stage = Stage(world(1, pairs=slowly))
        stage.element.startService()
        stage.channel.begins(A)
        operating.run(stage.element, ["group", "1"], "eva")
        line = stage.element.lines[0]
        stage.element.pause()
        self.assertEqual((line.tally.sent, line.tally.pending, line.tally.dropped), (1, 0, 2))

    def test_a_slow_protocol_is_named(self) -> None:
        stage = self.on_set()
        assert stage.element.work is not None
        engine = stage.element.work.engine
        received = engine.received

        def slow(*args: Any) -> Any:
            stage.clock.rightNow += 0.2
            return received(*args)

        self.patch(engine, "received", slow)
        stage.channel.begins(A)
        stage.told()
        stage.channel.says(A, b"R1:x\n")
        self.assertIn("warn mast: test took 200 ms at a time: everything else waited", stage.told())

    def test_what_is_lost_is_counted(self) -> None:
        stage = self.on_set()
        stage.channel.begins(A)
        stage.channel.says(A, b"what\nR1")
        stage.channel.ends(A)
        line = stage.element.lines[0]
        self.assertEqual(line.unmatched, 5)
        self.assertEqual({reason.value: count for reason, count in line.lost.items()}, {"unfinished": 2})


class UpdateTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = Stage(world(1))
        self.stage.element.startService()
        self.stage.channel.begins(A)
        self.stage.told()

    def update(self, **more: Any) -> list[str]:
        element = self.stage.element
        self.successResultOf(element.update(replace(element.settings, **more)))
        return self.stage.told()

    def test_other_rules_touch_no_session(self) -> None:
        narrower = connection(allowed=(parse_network("10.0.0.0/24"),), timeout=9.0)
        self.assertEqual(self.update(connections=(narrower,)), ["info mast: has new settings: connections"])
        self.assertEqual(self.stage.updated, [narrower])
        self.assertEqual(self.stage.channel.peers, (A,))
        self.assertEqual(len(self.stage.channels), 1)

    def test_another_carrier_is_another_channel(self) -> None:
        moved = replace(connection(), carrier=replace(SERVER, port=7002))
        self.update(connections=(moved,))
        first, second = self.stage.channels
        self.assertFalse(first.is_open)
        self.assertTrue(second.is_open)
        self.assertEqual(second.settings, moved)

    def test_another_definition_begins_anew(self) -> None:
        lines = self.update(definition=world(2))
        self.assertIn("info mast: ended", lines)
        self.assertEqual([channel.is_open for channel in self.stage.channels], [False, True])

    def test_what_an_operator_stopped_stays_so(self) -> None:
        self.stage.element.stop()
        self.update(definition=world(2))
        self.assertIs(self.stage.element.state, ElementState.STOPPED)
        self.stage.element.start()
        self.stage.element.pause()
        self.update(definition=world(1))
        self.assertIs(self.stage.element.state, ElementState.PAUSED)

    def test_nothing_is_different(self) -> None:
        self.assertEqual(self.update(), [])


class WatchTest(SynchronousTestCase):
    def test_watching(self) -> None:
        stage = Stage(world(1))
        stage.element.startService()
        assert stage.element.work is not None
        seen: list[str] = []
        record = stage.element.work.record
        end = record.watch(lambda event: seen.append(line_of(event, lambda time: "00:00:00")))
        record.watch(lambda event: 1 / 0)
        stage.channel.begins(A)
        stage.channel.says(A, b"R1:x\n")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), len(seen))
        heard = [line for line in seen if " match " in line]
        self.assertEqual(len(heard), 1, seen)
        self.assertIn("10.0.0.1:4001", heard[0])
        end()
        stage.channel.ends(A)
        self.assertEqual([line for line in seen if "disconnect" in line], [])
        self.flushLoggedErrors(ZeroDivisionError)
        self.assertIn("disconnect", "".join(line_of(event) for event in record.last()))


class OperatingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = Stage(world(2))
        self.element = self.stage.element
        self.element.startService()
        self.stage.channel.begins(A)

    def refused(self, call: Any, *words: Any) -> str:
        error = self.assertRaises(operating.OperatorError, call, self.element, *words)
        return str(error)

    def test_run(self) -> None:
        self.assertEqual(operating.run(self.element, ["group", "2"], "eva"), "group 2 g2")
        self.assertEqual(self.stage.sent(), [(b"C2\n", None)])

    def test_what_cannot_be_run(self) -> None:
        self.assertEqual(self.refused(operating.run, ["1"], "eva"), "1 may be group 1, command 1: say which")
        self.assertEqual(self.refused(operating.run, ["group", "9"], "eva"), "there is no group 9")
        self.assertEqual(
            self.refused(operating.run, ["nine"], "eva"), "there is no group and no command nine"
        )
        self.element.pause()
        self.assertEqual(self.refused(operating.run, ["group", "1"], "eva"), "mast is paused")
        self.element.stop()
        self.assertEqual(self.refused(operating.run, ["group", "1"], "eva"), "mast is stopped")

    def test_params_by_pattern(self) -> None:
        self.assertEqual([one.id for one in operating.params(self.element, "30*")], [])
        names = [one.name for one in operating.params(self.element)]
        self.assertIn("count 1", names)
        self.assertNotIn("end", names)
        self.assertEqual([one.id for one in operating.params(self.element, "count [12]")], [401, 402])

    def test_no_such_param(self) -> None:
        self.assertEqual(
            self.refused(operating.param_to_get, "count 11"),
            "there is no param count 11 (did you mean count 1?)",
        )


class PopulationTest(SynchronousTestCase):
    def test_python_that_changed_is_taken_at_the_next_start(self) -> None:
        """What a method does is no setting: nothing begins anew for it by itself."""
        called: list[str] = []

        def reactions(word: str) -> Any:
            one = Reaction("mast@1.0.0.1", "tell", Moment.AFTER, lambda view: called.append(word), 1)
            return lambda: (one,)

        stage = Stage(world(1), reactions=reactions("old"))
        around = stage.element._around
        population = Population(Ports(stage.clock), around)
        population.startService()
        for word in ("old", "new"):
            settings = replace(stage.element.settings, reactions=reactions(word))
            self.successResultOf(Deferred.fromCoroutine(population.become([settings])))
            stage.channel.begins(A)
            stage.channel.says(A, b"R1:x\n")
            stage.channel.ends(A)
        self.assertEqual((called, len(stage.channels)), (["old", "old"], 1))
        population.elements["mast"].restart()
        stage.channel.begins(A)
        stage.channel.says(A, b"R1:x\n")
        self.assertEqual(called, ["old", "old", "new"])
