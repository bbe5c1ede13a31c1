"""An engine driven by the reactor: what is much has its turns, and others theirs in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.values.value import NotAValueError
from smartserial.element.runner import SLOW, TURN, Runner
from smartserial.engine.effects import Effect, Level, Note


class Engine:
    """Does nothing by itself."""

    next_wake: float | None = None

    def __init__(self) -> None:
        self.woken: list[float] = []

    def wake(self, now: float) -> list[Effect]:
        self.woken.append(now)
        self.next_wake = None
        return [Note(Level.INFO, "woken")]


class RunnerTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.done: list[Any] = []
        self.failures: list[Failure] = []
        self.slow: list[float] = []
        self.engine: Any = Engine()
        self.runner = Runner(self.engine, self.do, self.failures.append, self.clock, self.slow.append)

    def do(self, effect: Any) -> None:
        self.done.append(effect.text)

    def step(self, text: str, takes: float = 0.0) -> Callable[[float], list[Effect]]:
        def step(now: float) -> list[Effect]:
            self.clock.rightNow += takes
            return [Note(Level.INFO, text)]

        return step

    def many(self, count: int, takes: float) -> None:
        """Feed many steps at once."""

        self.runner.feed(*(self.step(str(number), takes) for number in range(count)))

    def test_one_after_the_other(self) -> None:
        self.many(5, 0.0)
        self.assertEqual(self.done, ["0", "1", "2", "3", "4"])

    def test_what_is_much_goes_on_in_later_turns(self) -> None:
        """And whoever else wants the reactor has it in between."""
        self.many(8, TURN * 0.4)
        self.clock.callLater(0, self.done.append, "other")
        self.runner.feed(self.step("last"))
        self.assertEqual(self.done, ["0", "1", "2"])
        self.clock.advance(0)
        self.assertEqual(self.done, ["0", "1", "2", "3", "4", "5", "other", "6", "7", "last"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_operators_and_timers_wait_for_nobody(self) -> None:
        self.many(10, TURN * 0.4)
        self.engine.next_wake = self.clock.seconds()
        self.runner.call(self.step("now"))
        self.assertEqual(self.done, ["0", "1", "2", "now"])
        self.clock.advance(0)
        self.assertEqual(self.done.index("woken"), 7)

    def test_a_value_that_does_not_fit_is_the_operators(self) -> None:
        def wrong(now: float) -> list[Effect]:
            raise NotAValueError("no")

        self.assertRaises(NotAValueError, self.runner.call, wrong)
        self.runner.feed(self.step("on"))
        self.assertEqual((self.done, self.failures), (["on"], []))

    def test_after_a_failure_nothing_is_handed_on(self) -> None:
        def fails(now: float) -> list[Effect]:
            raise ZeroDivisionError

        self.many(10, TURN * 0.4)
        self.runner.call(fails)
        self.assertEqual(len(self.failures), 1)
        self.runner.feed(self.step("never"))
        self.clock.advance(1)
        self.assertEqual((self.done, self.clock.getDelayedCalls()), (["0", "1", "2"], []))

    def test_the_end(self) -> None:
        self.many(10, TURN * 0.4)
        self.runner.end()
        self.clock.advance(1)
        self.assertEqual((self.done, self.clock.getDelayedCalls()), (["0", "1", "2"], []))

    def test_one_step_that_takes_long_is_told(self) -> None:
        self.runner.feed(self.step("long", SLOW * 2))
        self.assertEqual(self.slow, [SLOW * 2])
