"""An element's engine: what comes in, what time it is, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from smartserial.definition.action import ActionType
from smartserial.definition.flow import TriggerOn, TriggerTime
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value
from smartserial.engine.changes import By
from smartserial.engine.effects import ConnectionState, Effect, Peer
from smartserial.engine.queue import REQUESTS
from smartserial.engine.running.asking import Asking, Patience
from smartserial.engine.running.deeds import DEEDS
from smartserial.engine.running.health import Health
from smartserial.engine.running.hearing import Ear
from smartserial.engine.running.intake import Intake
from smartserial.engine.running.locks import Locks
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.running.making import Making
from smartserial.engine.running.questions import Questions
from smartserial.engine.running.reactions import Reactions
from smartserial.engine.running.redirects import Redirects
from smartserial.engine.running.redundancy import Redundancy
from smartserial.engine.running.scene import Scene
from smartserial.engine.running.slowpoll import SlowPolling
from smartserial.engine.running.states import States
from smartserial.engine.running.threads import Threads
from smartserial.engine.running.timers import Timers
from smartserial.engine.settings import (
    Settings,
    element_timeout_of,
    patience_of,
    ping_interval_of,
    slowing_of,
)
from smartserial.engine.store import Store
from smartserial.plugin.reaction import Reaction
from smartserial.plugin.wishes import Send as SendWish
from smartserial.plugin.wishes import WishError

__all__ = ["Engine", "Settings"]

_ROUNDS = 1000
"""Times that what is due goes on in one call; a chain that wants more goes on in the next."""

_USUAL = Settings()
_NOBODY = Peer()


class Engine:
    """One element at work; it does nothing itself: each call returns what is to be done, in order.

    Args:
        protocol: the definition, without errors.
        settings: what the operator says.
        saved: values of an earlier run, as `Save` gave them.
        reactions: the Python of the device protocol, if it has any.

    Raises:
        NotAValueError: the definition makes no sense.
    """

    def __init__(
        self,
        protocol: Protocol,
        settings: Settings = _USUAL,
        saved: Mapping[int, bytes] | None = None,
        reactions: Sequence[Reaction] = (),
    ) -> None:
        encoding = Encoding(settings.code_page, protocol.unicode)
        notes: list[str] = []
        self.store = Store(protocol, encoding, saved, settings.given, notes.append)
        self._started = False
        self._machine = machine = Machine(protocol, self.store, DEEDS)
        machine.limits = settings.limits
        machine.trace = settings.trace
        machine.datagrams = settings.datagrams
        machine.redundancy = Redundancy(machine)
        machine.health = Health(machine, element_timeout_of(protocol, settings), machine.redundancy.twins)
        machine.slow = SlowPolling(
            machine, machine.health, slowing_of(protocol, settings), ping_interval_of(protocol, settings)
        )
        machine.making = Making(machine)
        machine.locks = Locks(machine)
        machine.ear = Ear(machine, self._heard)
        machine.threads = Threads(machine)
        machine.timers = Timers(machine, Random(settings.seed))
        machine.states = States(machine)
        machine.asking = Asking(machine, patience_of(protocol, settings), settings.strict, settings.backlog)
        self._intake = Intake(machine, settings.datagrams)
        self._questions = Questions(machine)
        self._redirects = Redirects(machine, saved or {})
        for text in notes:
            machine.note(text)
        if reactions or protocol.qactions:
            element = settings.given.get(ParamType.ELEMENT_NAME, "")
            machine.reactions = Reactions(machine, reactions, element)

    @property
    def next_wake(self) -> float | None:
        """When `wake` is to be called, in seconds of the clock that is handed in; None if nothing waits."""
        machine = self._machine
        if machine.stopped:
            return None
        times = (self._intake.next_wake, machine.strands.next_wake, machine.asking.waits.next_wake)
        return min((time for time in times if time is not None), default=None)

    def state(self, connection: int) -> ConnectionState:
        """Return how a connection stands."""
        return self._machine.states.of(connection)

    def start(self, now: float) -> list[Effect]:
        """Begin: what is done after startup, and the timers."""
        machine = self._machine
        if self._started or not self._goes_on(now):
            return []
        self._started = True
        self._redirects.start()
        machine.making.start()
        scene = Scene(TriggerOn.PROTOCOL)
        machine.start("startup", machine.fire(TriggerOn.PROTOCOL, TriggerTime.AFTER_STARTUP, None, scene))
        machine.timers.start_all()
        if machine.reactions is not None:
            machine.reactions.start()
        return self._settled()

    def stop(self, now: float) -> list[Effect]:
        """End: whatever goes on is left as it is, nothing is sent, and no call does anything any more."""
        if not self._goes_on(now):
            return []
        self._machine.stop()
        self._intake.clear()
        return self._machine.told()

    def connected(self, connection: int, peer: Peer, now: float) -> list[Effect]:
        """Take note of a new session."""
        machine = self._machine
        if not self._goes_on(now):
            return []
        machine.sessions.setdefault(connection, {})[peer] = None
        machine.states.sessions_changed(connection)
        self._notify(connection, peer, 0)
        return self._settled()

    def bound(self, connection: int, now: float) -> list[Effect]:
        """Take note that a server's address can be reached; where there are datagrams, they may come."""
        if not self._goes_on(now):
            return []
        if connection in self._machine.datagrams:
            self._machine.states.bound(connection)
        return self._settled()

    def disconnected(self, connection: int, peer: Peer, now: float) -> list[Effect]:
        """Take note that a session is over, or could not begin; what it left unfinished is lost.

        A sender of datagrams that was no session is just forgotten. `Peer()` is nobody: there can be no
        session.
        """
        machine = self._machine
        if not self._goes_on(now):
            return []
        sessions = machine.sessions.setdefault(connection, {})
        was_there = peer in sessions
        sessions.pop(peer, None)
        self._intake.gone(connection, peer)
        machine.asking.waits.gone(connection, peer)
        if was_there or peer == _NOBODY or connection not in machine.datagrams:
            machine.states.sessions_changed(connection)
        if was_there:
            self._notify(connection, peer, 1)
        return self._settled()

    def received(self, connection: int, peer: Peer, data: bytes, now: float) -> list[Effect]:
        """Take bytes of a session; a whole datagram where there are datagrams."""
        if not self._goes_on(now):
            return []
        self._intake.receive(connection, peer, data)
        return self._settled()

    def set(self, param: int, value: Value, now: float, user: str = "") -> list[Effect]:
        """Set a value from outside, as an operator does.

        Raises:
            NotAValueError: there is no such param, or it cannot hold this.
        """
        machine = self._machine
        if not self._goes_on(now):
            return []
        changes = self.store.set(param, value, By.OPERATOR)
        machine.start("set", machine.change(changes, Scene(user=user)))
        return self._settled()

    def run_group(self, group: int, now: float, user: str = "") -> list[Effect]:
        """Have a group wait for its turn, as the action "execute" does; the log tells if there is none."""
        machine = self._machine
        if not self._goes_on(now):
            return []
        request = REQUESTS[ActionType.EXECUTE]
        machine.start("run group", machine.threads.request(request, group, Scene(user=user)))
        return self._settled()

    def run_command(self, command: int, now: float, user: str = "") -> list[Effect]:
        """Have a command sent in its turn, where its pair would send it; the log tells if there is none."""
        machine = self._machine
        if not self._goes_on(now):
            return []
        machine.start("run command", self._command(command, Scene(user=user)))
        return self._settled()

    def granted(self, connection: int, now: float) -> list[Effect]:
        """Take note that the right to send alone, which `Lock` asked for, is this element's."""
        if not self._goes_on(now):
            return []
        self._machine.locks.granted(connection)
        return self._settled()

    def unlocked(self, connection: int, now: float) -> list[Effect]:
        """Take note that the right to send alone is gone: the connection was closed, or opened anew."""
        if not self._goes_on(now):
            return []
        self._machine.locks.lost(connection)
        return self._settled()

    def use(self, patience: Mapping[int, Patience]) -> None:
        """Wait otherwise for answers from the next command on."""
        self._machine.asking.use(patience)

    def trace(self, on: bool) -> None:
        """Tell each trigger and each action, or tell them no more."""
        self._machine.trace = on

    def wake(self, now: float) -> list[Effect]:
        """Go on with what waited for this time."""
        if not self._goes_on(now):
            return []
        self._intake.wake(now)
        self._machine.asking.waits.wake(now)
        return self._settled()

    def _goes_on(self, now: float) -> bool:
        """Take note of the time; tell whether anything is done at all."""
        self._machine.now = now
        return not self._machine.stopped

    def _settled(self) -> list[Effect]:
        """Go on with all that is due by this time, and return what is to be done."""
        machine = self._machine
        for _ in range(_ROUNDS):
            time = machine.strands.next_wake
            if time is None or time > machine.now:
                break
            machine.strands.wake(machine.now)
        return machine.told()

    def _command(self, command: int, scene: Scene) -> Chain:
        try:
            yield from self._questions.put(SendWish(command), scene)
        except WishError as error:
            self._machine.note(f"command {command}: {error}")
        return True

    def _heard(self, connection: int) -> None:
        self._machine.states.answered(connection)
        self._machine.health.succeeded(connection)
        self._machine.slow.succeeded(connection)

    def _notify(self, connection: int, peer: Peer, which: int) -> None:
        """Put a session's address into the param that is to have it."""
        machine = self._machine
        connections = machine.protocol.connections
        pids = (
            connections[connection].communication.notify_connection_pids
            if 0 <= connection < len(connections)
            else None
        )
        if pids is None:
            return
        try:
            changes = self.store.set(pids[which], str(peer), By.CODE)
        except NotAValueError as error:
            machine.note(f"param {pids[which]} cannot hold the address {peer}: {error}")
            return
        machine.start("notify", machine.change(changes, Scene()))
