"""Timers: when they run, what they ask for, and what actions do to them."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import poll
from smartserial.definition.condition import parse_condition
from smartserial.definition.flow import Group, GroupType, Initial, Item, ItemKind, Timer
from smartserial.engine.builtin import TIMER_BASE
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from tests.enginestage import At, Do, On, Stage, act, at, world

T = ActionOn.TIMER
NOW = Settings({0: Patience(1.0, 0)}, seed=1)
COUNT = Group(5, "count", GroupType.POLL_ACTION, (Item(ItemKind.ACTION, 401),))


def runs(stage: Stage, seconds: float, step: float = 0.1, param: str = "401") -> list[float]:
    """Let time pass, and return when the count went up."""
    found = []
    for _ in range(round(seconds / step) + 1):
        found += [round(stage.now, 3) for _ in stage.told(param)]
        stage.wait(step)
    return found


def timed(**changes: object) -> Timer:
    return replace(Timer(1, "t", 1000, (5,)), **changes)  # type: ignore[arg-type]


class TimeTest(SynchronousTestCase):
    # What is said of a timer, and when it runs in the first 3 seconds.
    TABLE = (
        ({}, [0, 1, 2, 3]),
        ({"time": 1500}, [0, 1.5, 3]),
        ({"initial": Initial(False)}, []),
        ({"initial": Initial(True, 0.5, 0.5)}, [0.5, 1.5, 2.5]),
        ({"condition": parse_condition("id:401 < 2")}, [0, 1]),
        ({"fixed": True}, [0, 1, 2, 3]),
    )

    def test_table(self) -> None:
        for changes, expected in self.TABLE:
            with self.subTest(changes=changes):
                stage = Stage(world(groups=(COUNT,), timers=(timed(**changes),)), NOW)
                self.assertEqual(runs(stage, 3), expected)

    def test_a_random_begin(self) -> None:
        protocol = world(groups=(COUNT,), timers=(timed(initial=Initial(True, 1, 3)),))
        begun = set()
        for seed in range(20):
            stage = Stage(protocol, Settings(seed=seed))
            assert stage.engine.next_wake is not None
            self.assertTrue(1 <= stage.engine.next_wake <= 3)
            begun.add(stage.engine.next_wake)
        self.assertGreater(len(begun), 10)

    def test_the_base(self) -> None:
        """It stretches what is not fixed; what is no number above 0 is 1."""
        for base, fixed, relative, expected in (
            (2, False, True, [0, 1, 3]), (2, True, True, [0, 1, 2, 3]), (2, False, False, [0, 1, 2, 3]),
            (0, False, True, [0, 1, 2, 3]), (-1, False, True, [0, 1, 2, 3]),
            (0.5, False, True, [0, 1, 1.5, 2, 2.5, 3]),
        ):  # fmt: skip
            with self.subTest(base=base, fixed=fixed, relative=relative):
                protocol = world(groups=(COUNT,), timers=(timed(fixed=fixed),))
                stage = Stage(replace(protocol, relative_timers=relative), NOW)
                stage.set(TIMER_BASE, base)
                self.assertEqual(runs(stage, 3), expected)

    def test_the_base_with_reset(self) -> None:
        stage = Stage(world(groups=(COUNT,), timers=(timed(),), timers_reset=True), NOW)
        stage.wait(0.5)
        stage.set(TIMER_BASE, 2)
        self.assertEqual(runs(stage, 3, 0.5), [0.5, 0.5, 2.5])

    def test_no_catching_up(self) -> None:
        stage = Stage(world(groups=(COUNT,), timers=(timed(),)), NOW)
        self.assertEqual(stage.told("401"), ["401=1"])
        stage.now = 10.5
        stage._take(stage.engine.wake(stage.now))
        self.assertEqual(stage.told("401"), ["401=2"])
        self.assertEqual(runs(stage, 2.0, 0.5), [11.5, 12.5])

    def test_a_run_that_takes_longer(self) -> None:
        """The next one begins at once, and only one."""
        stage = Stage(world(groups=(poll(5, "g", 1, 2),), timers=(timed(time=100),)), NOW)
        self.assertEqual(runs(stage, 5, 0.5, ">"), [0, 1, 2, 3, 4, 5])

    def test_the_shortest_never_spin(self) -> None:
        for time in (1, None):
            stage = Stage(world(groups=(COUNT,), timers=(timed(time=time),)), NOW)
            self.assertEqual(stage.value(401), 1)
            stage.wait(0.0101)
            self.assertEqual(stage.value(401), 11)
            stage.now = 3600.0
            stage._take(stage.engine.wake(stage.now))
            self.assertEqual(stage.value(401), 12)

    def test_the_interval(self) -> None:
        """It is kept between pairs, and between groups, but an item may say otherwise."""
        first = Group(
            5, "g", content=(Item(ItemKind.PAIR, 1), Item(ItemKind.PAIR, 2, 10), Item(ItemKind.PAIR, 1))
        )
        protocol = world(groups=(first, poll(6, "h", 2)), timers=(timed(groups=(5, 6), interval=75),))
        pairs = tuple(replace(pair, responses=()) for pair in protocol.pairs)
        stage = Stage(replace(protocol, pairs=pairs), NOW)
        self.assertEqual(runs(stage, 0.9, 0.005, ">"), [0, 0.075, 0.085, 0.16])


class GroupsTest(SynchronousTestCase):
    def test_which_wait_for_their_turn(self) -> None:
        """Those that poll do; plain ones run on the timer's own chain."""
        for type, expected in (
            (GroupType.POLL_ACTION, []), (GroupType.ACTION, ["401=1"]),
        ):  # fmt: skip
            group = replace(COUNT, type=type)
            stage = Stage(world(groups=(group,), timers=(timed(initial=Initial(True, 0.5, 0.5)),)), NOW)
            stage.run(1)
            stage.wait(0.6)
            self.assertEqual(stage.told("401"), expected)
            stage.wait(0.5)
            self.assertEqual(stage.value(401), 1)

    def test_before_timer(self) -> None:
        stage = Stage(
            world(triggers=(at(1, On.TIMER, At.BEFORE, 1, 402),), groups=(COUNT,), timers=(timed(),)), NOW
        )
        self.assertEqual(stage.told("401", "402"), ["402=1", "401=1"])

    def test_it_asks_again_when_its_last_group_is_over(self) -> None:
        stage = Stage(world(3, groups=(poll(5, "g", 1, 2),), timers=(timed(time=500),)), NOW)
        stage.run(3)
        self.assertEqual(runs(stage, 7, 0.5, ">"), [0, 1, 2, 3, 4, 5, 6, 7])

    def test_one_that_waits_already_is_not_asked_for_again(self) -> None:
        timers = (timed(time=300, groups=(2,)), timed(id=2, time=300, groups=(2,)))
        stage = Stage(world(timers=timers), NOW)
        stage.wait(0.2)
        stage.told()
        waiting = stage.engine._machine.threads.thread(0).queue
        for _ in range(30):
            stage.wait(0.3)
            self.assertLessEqual(len(waiting), 1)

    def test_a_group_that_does_not_exist(self) -> None:
        stage = Stage(world(groups=(COUNT,), timers=(timed(groups=(77, 5)),)), NOW)
        self.assertEqual(stage.told("note", "401"), ["note there is no group 77", "401=1"])
        self.assertEqual(runs(stage, 1), [1])


class ActionsTest(SynchronousTestCase):
    # What is done to a timer after 1.5 s, how it begins, and when it runs in 4 s.
    TABLE = (
        (Do.STOP, Initial(), [0, 1]),
        (Do.START, Initial(), [0, 1, 2, 3, 4]),
        (Do.START, Initial(False), [1.5, 2.5, 3.5]),
        (Do.RESTART_TIMER, Initial(), [0, 1, 1.5, 2.5, 3.5]),
        (Do.RESTART_TIMER, Initial(False), [1.5, 2.5, 3.5]),
        (Do.RESCHEDULE, Initial(), [0, 1, 1.5, 2.5, 3.5]),
    )

    def stage(self, kind: Do, timer: Timer, **more: object) -> Stage:
        trigger = at(1, On.PARAMETER, At.CHANGE, 501, 10)
        groups = more.pop("groups", (COUNT,))
        return Stage(
            world(triggers=(trigger,), actions=(act(10, T, kind, 1),), groups=groups, timers=(timer,)), NOW
        )  # type: ignore[arg-type]

    def test_table(self) -> None:
        for kind, initial, expected in self.TABLE:
            with self.subTest(kind=kind, initial=initial):
                stage = self.stage(kind, timed(initial=initial))
                found = runs(stage, 1.4)
                stage.set(501, "x")
                self.assertEqual([*found, *runs(stage, 2.5)], expected)

    def test_restart_drops_what_waits_and_not_what_runs(self) -> None:
        for kind, waits in ((Do.RESTART_TIMER, ["> C2", "> C1x"]), (Do.STOP, ["> C2", "> C1x"])):
            stage = self.stage(kind, timed(groups=(5, 6)), groups=(poll(5, "g", 2), poll(6, "h", 1)))
            self.assertEqual(stage.told(">"), ["> C2"])
            stage.set(501, "x")
            stage.wait(1.01)
            expected = ["> C2"] if kind is Do.RESTART_TIMER else ["> C1x"]
            self.assertEqual(stage.sent(), expected, waits)

    def test_reschedule_during_a_run_is_directly_after_it(self) -> None:
        stage = self.stage(Do.RESCHEDULE, timed(time=5000), groups=(poll(5, "g", 1),))
        stage.wait(0.5)
        stage.set(501, "x")
        stage.told()
        stage.wait(0.6)
        self.assertEqual(stage.sent(), ["> C1x"])

    def test_from_its_own_chain(self) -> None:
        """A timer that restarts itself does not keep the engine busy."""
        for kind in (Do.RESTART_TIMER, Do.RESCHEDULE, Do.STOP):
            trigger = at(1, On.TIMER, At.BEFORE, 1, 10)
            stage = Stage(
                world(
                    triggers=(trigger,), actions=(act(10, T, kind, 1),), groups=(COUNT,), timers=(timed(),)
                ),
                NOW,
            )
            self.assertEqual(stage.value(401), 1)
            due = stage.engine.next_wake
            self.assertTrue(due is None or due > stage.now)
            stage.wait(0.01)
            self.assertLessEqual(stage.value(401), 12)  # type: ignore[operator]

    def test_no_such_timer(self) -> None:
        trigger = at(1, On.PARAMETER, At.CHANGE, 501, 10)
        stage = Stage(world(triggers=(trigger,), actions=(act(10, T, Do.START, 7),)), NOW)
        stage.set(501, "x")
        self.assertEqual(stage.told("note"), ["note trigger 1: action 10 failed: there is no timer 7"])
