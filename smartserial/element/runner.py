"""An engine driven by the reactor: it is handed one thing after the other, and its effects are done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from smartserial.definition.values.value import NotAValueError
from smartserial.engine.effects import Effect
from smartserial.engine.engine import Engine

Step = Callable[[float], list[Effect]]
"""Calls the engine at a time, in seconds."""
TURN = 0.01
"""Seconds that are spent on one element at a time, before others have their turn."""
SLOW = 0.05
"""Seconds that a protocol may take at a time before that is told: everything else waits meanwhile."""


class Runner:
    """Keeps an engine's time, and hands it one thing after the other.

    While it is paused no time passes for the engine.

    Args:
        engine: not started yet.
        do: does one effect; it may call `feed`.
        failed: is told when the engine, or what was to be done, failed; nothing is handed on after that.
        reactor: keeps the time.
        slow: is told when one step took longer than `SLOW`, and how many seconds.
    """

    def __init__(
        self,
        engine: Engine,
        do: Callable[[Effect], None],
        failed: Callable[[Failure], None],
        reactor: Any,
        slow: Callable[[float], None],
    ) -> None:
        self.engine = engine
        self._do = do
        self._failed = failed
        self._reactor = reactor
        self._slow = slow
        self._steps: deque[Step] = deque()
        self._resting: IDelayedCall | None = None
        self._busy = False
        self._broken = False
        self._lost_time = 0.0
        self._paused_at: float | None = None
        self._call: IDelayedCall | None = None

    @property
    def now(self) -> float:
        """The engine's time, in seconds."""
        now = self._reactor.seconds() if self._paused_at is None else self._paused_at
        return float(now - self._lost_time)

    def feed(self, *steps: Step) -> None:
        """Call the engine in its turn, and do what it says; what is too much at once goes on later."""
        if self._broken:
            return
        self._steps.extend(steps)
        if not self._busy and self._resting is None:
            self._go_on()

    def call(self, step: Step) -> None:
        """Call the engine at once, before what waits for its turn.

        Raises:
            NotAValueError: an operator's value does not fit; nothing has happened.
        """
        if self._broken:
            return
        if self._busy:
            self._steps.appendleft(step)
            return
        self._busy = True
        try:
            self._take(step)
        except NotAValueError:
            raise
        except Exception:
            self._break(Failure())
        finally:
            self._busy = False
            self._schedule()
        if self._resting is None:
            self._go_on()

    def _go_on(self) -> None:
        """Hand on what waits; others have their turn in between."""
        self._busy = True
        until = self._reactor.seconds() + TURN
        try:
            while self._steps:
                self._take(self._steps.popleft())
                if self._steps and self._reactor.seconds() > until:
                    self._resting = self._reactor.callLater(0, self._rested)
                    break
        except Exception:
            self._break(Failure())
        finally:
            self._busy = False
            self._schedule()

    def _rested(self) -> None:
        self._resting = None
        self._go_on()

    def _take(self, step: Step) -> None:
        """Call the engine, and do what it says."""
        begun = self._reactor.seconds()
        effects = step(self.now)
        took = self._reactor.seconds() - begun
        for effect in effects:
            self._do(effect)
        if took > SLOW:
            self._slow(took)

    def _break(self, failure: Failure) -> None:
        self._broken = True
        self._forget()
        self._failed(failure)

    def _schedule(self) -> None:
        """Have the engine woken in time; a call that comes too early finds nothing to do."""
        wanted = None if self._broken or self._paused_at is not None else self.engine.next_wake
        if wanted is None:
            self._cancel()
            return
        delay = max(0.0, wanted + self._lost_time - self._reactor.seconds())
        if self._call is None:
            self._call = self._reactor.callLater(delay, self._wake)
        elif self._call.getTime() > self._reactor.seconds() + delay:
            self._call.reset(delay)

    def _wake(self) -> None:
        self._call = None
        self.call(self.engine.wake)

    def _cancel(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _forget(self) -> None:
        """Hand on nothing of what waits."""
        self._steps.clear()
        resting, self._resting = self._resting, None
        if resting is not None:
            resting.cancel()

    def pause(self) -> None:
        """Let no time pass for the engine."""
        if self._paused_at is None:
            self._paused_at = self._reactor.seconds()
        self._cancel()

    def resume(self) -> None:
        """Let time go on."""
        if self._paused_at is not None:
            self._lost_time += self._reactor.seconds() - self._paused_at
            self._paused_at = None
        self._schedule()

    def end(self) -> None:
        """Hand nothing on any more."""
        self._broken = True
        self._forget()
        self._cancel()
