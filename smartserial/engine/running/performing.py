"""Reactions at work: what they yield is done, and whatever goes wrong in them stays theirs.

::

    call -> a generator -> wish -> done, with all that it triggers -> sent on with the answer -> next wish
                            |                                                                     |
                            cannot be done: raised where it was yielded                           the end
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Mapping
from types import CodeType, MappingProxyType
from typing import Any

from smartserial.definition.values.value import NotAValueError
from smartserial.engine.changes import By
from smartserial.engine.effects import ConnectionState, Level
from smartserial.engine.queue import REQUESTS
from smartserial.engine.running.machine import DEEPEST, Chain, Machine
from smartserial.engine.running.questions import Questions
from smartserial.engine.running.scene import Budget, Scene
from smartserial.engine.running.timers import SHORTEST
from smartserial.plugin import wishes
from smartserial.plugin.reaction import Reaction
from smartserial.plugin.view import View
from smartserial.plugin.wishes import Answer, Steps, WishError
from smartserial.printable import printable

MOST_RUNNING = 1000
"""Reactions of an element that may wait at one time."""
_WAITED = 0.01  # seconds: a turn in a queue that is over at once is no wait
_AGAIN = 60.0  # seconds in which a fault is told once
_MOST_CHARACTERS = 500  # of a line about a fault, and of one that a reaction logs
_FICTITIOUS = -1000  # connections below 0 exist only in what reactions say of them

Work = Generator[float | None, object, Answer | None]
"""Does a wish; what it returns is the answer."""


class Performer:
    """Runs the reactions of one element.

    Args:
        machine: what they set in motion.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._questions = Questions(machine)
        self._running = 0
        self._refused = False
        self._told: Budget | None = None
        self._faults: dict[tuple[str, str, str], tuple[float, int]] = {}

    def run(self, reaction: Reaction, scene: Scene, view: View, inputs: tuple[object, ...] = ()) -> Chain:
        """Call a reaction, and do what it yields until its end; tell whether it came there by itself."""
        if self._running >= MOST_RUNNING:
            if not self._refused:
                self._refused = True
                self._fault(reaction, "", f"is not called: {MOST_RUNNING} reactions wait already")
            return False
        self._refused = self._refused and self._running > MOST_RUNNING // 2  # told again only after a rest
        if not self._may_go_on(reaction, scene, None):
            return False
        steps = self._begun(reaction, view, inputs)
        if steps is None:
            return True
        self._running += 1
        try:
            return (yield from self._steps(reaction, steps, scene))
        finally:
            self._running -= 1
            self._close(reaction, steps)

    def _begun(self, reaction: Reaction, view: View, inputs: tuple[object, ...]) -> Steps | None:
        try:
            steps: object = reaction.call(view, *inputs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit too
            self._raised(reaction, error)
            return None
        if steps is None or isinstance(steps, Generator):
            return steps
        if isinstance(steps, Coroutine):  # it complains if nobody ever awaits it
            steps.close()
        found = type(steps).__name__
        self._fault(reaction, _begin(reaction), f"expected a generator or None, found {found}")
        return None

    def _steps(self, reaction: Reaction, steps: Steps, scene: Scene) -> Chain:
        machine = self._machine
        answer: Answer | None = None
        wrong: Exception | None = None
        while self._may_go_on(reaction, scene, steps):
            try:
                wish: object = steps.send(answer) if wrong is None else steps.throw(wrong)
            except StopIteration:
                return True
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # a plugin may raise anything, SystemExit too
                self._raised(reaction, error)
                return False
            answer, wrong, began = None, None, machine.now
            try:
                answer = yield from self._do(wish, reaction, scene)
            except (WishError, NotAValueError) as error:
                wrong = error.with_traceback(None)
            waited = answer is not None or isinstance(wish, wishes.Sleep)
            if waited or machine.now - began >= _WAITED:  # whoever has waited is no loop
                scene = scene.afresh()
        return False

    def _close(self, reaction: Reaction, steps: Steps) -> None:
        try:
            steps.close()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._raised(reaction, error)

    def _do(self, wish: object, reaction: Reaction, scene: Scene) -> Work:
        if isinstance(wish, wishes.Log):
            text = printable(f"{reaction.plugin}: {wish.text}"[:_MOST_CHARACTERS])
            self._machine.note(text, Level(wish.level))
            return None
        if isinstance(wish, wishes.Ask | wishes.Send):
            return (yield from self._questions.put(wish, scene))
        deed = _DEEDS.get(type(wish))
        if deed is None:
            found = type(wish).__name__
            raise WishError(f"expected what set_value, ask, sleep and the like give, found {found}")
        yield from deed(self._machine, wish, scene)
        return None

    def _may_go_on(self, reaction: Reaction, scene: Scene, steps: Steps | None) -> bool:
        """Tell whether a chain of causes is still no loop; say so once if it is."""
        budget = scene.budget
        budget.left -= 1
        if scene.depth <= DEEPEST and budget.left >= 0:
            return True
        if self._told is not budget:
            self._told = budget
            frame = getattr(steps, "gi_frame", None)
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else _begin(reaction)
            self._fault(reaction, place, "goes on and on without waiting: this is a loop")
        return False

    def _raised(self, reaction: Reaction, error: BaseException) -> None:
        self._fault(reaction, _place(reaction, error), f"{type(error).__name__}: {_said(error)}")

    def _fault(self, reaction: Reaction, place: str, text: str) -> None:
        """Tell of a fault; the same one is told again only after a while, with how often it came."""
        where = f" failed at {place}:" if place else ""
        line = printable(f"{reaction.plugin}: {reaction.name}{where} {text}"[:_MOST_CHARACTERS])
        now, cause = self._machine.now, (reaction.plugin, reaction.name, place)
        told, silenced = self._faults.get(cause, (now - _AGAIN, 0))
        if now - told < _AGAIN:
            self._faults[cause] = told, silenced + 1
            return
        self._faults[cause] = now, 0
        more = f" ({silenced} more since it was told last)" if silenced else ""
        self._machine.note(f"{line}{more}", Level.ERROR)


def _code(reaction: Reaction) -> CodeType | None:
    code: object = getattr(getattr(reaction.call, "__func__", reaction.call), "__code__", None)
    return code if isinstance(code, CodeType) else None


def _begin(reaction: Reaction) -> str:
    code = _code(reaction)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""


def _place(reaction: Reaction, error: BaseException) -> str:
    """Return the last line of the plugin's own file that an error came through, else its last line."""
    code, place, own = _code(reaction), "", ""
    cause = error.__cause__  # of a StopIteration that a generator lets out Python makes a RuntimeError
    trace = cause.__traceback__ if isinstance(cause, StopIteration) else error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        place = f"{file}:{trace.tb_lineno}"
        own = place if code is not None and file == code.co_filename else own
        trace = trace.tb_next
    return own or place


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(it cannot say what)"


def _set_value(machine: Machine, wish: wishes.SetValue, scene: Scene) -> Chain:
    return machine.change(machine.store.set(wish.param, wish.value, By.CODE), scene)


def _set_raw(machine: Machine, wish: wishes.SetRaw, scene: Scene) -> Chain:
    return machine.change(machine.store.set_raw(wish.param, wish.raw, By.CODE), scene)


def _check_trigger(machine: Machine, wish: wishes.CheckTrigger, scene: Scene) -> Chain:
    trigger = machine.protocol.trigger.get(wish.trigger)
    if trigger is None:
        raise WishError(f"there is no trigger {wish.trigger}")
    return machine.pull(trigger, scene)


def _run_action(machine: Machine, wish: wishes.RunAction, scene: Scene) -> Chain:
    action = machine.protocol.action.get(wish.action)
    if action is None:
        raise WishError(f"there is no action {wish.action}")
    return machine.act(action, scene)


def _execute(machine: Machine, wish: wishes.Execute, scene: Scene) -> Chain:
    if wish.group not in machine.protocol.group:
        raise WishError(f"there is no group {wish.group}")
    return machine.threads.request(REQUESTS[wish.way], wish.group, scene)


def _set_state(machine: Machine, wish: wishes.SetConnectionState, scene: Scene) -> Chain:
    if not _FICTITIOUS <= wish.connection < len(machine.protocol.connections):
        raise WishError(f"there is no connection {wish.connection}")
    state = ConnectionState.RESPONDING if wish.responding else ConnectionState.NOT_RESPONDING
    machine.states.become(wish.connection, state)
    machine.health.force(wish.connection, wish.responding)
    yield from ()
    return True


def _sleep(machine: Machine, wish: wishes.Sleep, scene: Scene) -> Chain:
    yield machine.now + max(SHORTEST, wish.seconds)
    return True


_DEEDS: Mapping[type, Callable[[Machine, Any, Scene], Chain]] = MappingProxyType(
    {
        wishes.SetValue: _set_value,
        wishes.SetRaw: _set_raw,
        wishes.CheckTrigger: _check_trigger,
        wishes.RunAction: _run_action,
        wishes.Execute: _execute,
        wishes.SetConnectionState: _set_state,
        wishes.Sleep: _sleep,
    }
)
