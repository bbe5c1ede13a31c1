"""An element's engine: what comes in, what time it is, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from smartserial.definition.action import ActionType
from smartserial.definition.connection import ConnectionType, Setting
from smartserial.definition.flow import TriggerOn, TriggerTime
from smartserial.definition.framing import Framing, framing_of
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value
from smartserial.engine.changes import By
from smartserial.engine.effects import ConnectionState, Dropped, Effect, Peer, Unheard
from smartserial.engine.framing.framer import Framer, Limits
from smartserial.engine.framing.plan import framing_plan
from smartserial.engine.framing.smartip import smart_ip_header
from smartserial.engine.queue import REQUESTS
from smartserial.engine.running.asking import Asking, Patience
from smartserial.engine.running.deeds import DEEDS
from smartserial.engine.running.hearing import Ear
from smartserial.engine.running.machine import Machine
from smartserial.engine.running.reactions import Reactions
from smartserial.engine.running.scene import Scene
from smartserial.engine.running.states import States
from smartserial.engine.running.threads import Threads
from smartserial.engine.running.timers import Timers
from smartserial.engine.store import Store
from smartserial.engine.unit import Loss, Lost, Unit
from smartserial.plugin.reaction import Reaction

_ROUNDS = 1000
"""Times that what waits for now goes on in one call; a chain that wants more goes on in the next."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator says about an element, as far as its definition does not.

    Args:
        patience: of connections, by number, in place of what the definition says.
        datagrams: the connections that run over UDP.
        given: texts about the element: its name, its id, its bus address.
        code_page: of texts.
        strict: a unit that is no answer ends the wait for one.
        limits: of what is kept of a unit.
        seed: of what is random.
    """

    patience: Mapping[int, Patience] = field(default_factory=dict)
    datagrams: frozenset[int] = frozenset()
    given: Mapping[ParamType, str] = field(default_factory=dict)
    code_page: str = "cp1252"
    strict: bool = False
    limits: Limits = Limits()
    seed: int | None = None


_USUAL = Settings()


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
        self._settings = settings
        self._started = False
        self._machine = machine = Machine(protocol, self.store, DEEDS)
        machine.limits = settings.limits
        machine.ear = Ear(machine)
        machine.threads = Threads(machine)
        machine.timers = Timers(machine, Random(settings.seed))
        machine.states = States(machine)
        patience = {n: _patience(protocol, n) for n in range(len(protocol.connections))} | dict(
            settings.patience
        )
        machine.asking = Asking(machine, patience, settings.strict)
        self._plans: dict[int, Callable[[], Framer]] = {}
        self._framers: dict[tuple[int, Peer], Framer] = {}
        self._offsets: dict[tuple[int, Peer], int] = {}
        self._sequence: dict[int, int] = {}
        self._unheaded: set[int] = set()
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
        times = [framer.next_wake for framer in self._framers.values()]
        times += [machine.strands.next_wake, machine.asking.waits.next_wake]
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
        machine.asking.start()
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
        self._framers.clear()
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

    def disconnected(self, connection: int, peer: Peer, now: float) -> list[Effect]:
        """Take note that a session is over, or could not begin; what it left unfinished is lost."""
        machine = self._machine
        if not self._goes_on(now):
            return []
        sessions = machine.sessions.setdefault(connection, {})
        was_there = peer in sessions
        sessions.pop(peer, None)
        framer = self._framers.pop((connection, peer), None)
        if framer is not None:
            self._units(connection, peer, framer.finish())
        self._offsets.pop((connection, peer), None)
        machine.asking.waits.gone(connection, peer)
        machine.states.sessions_changed(connection)
        if was_there:
            self._notify(connection, peer, 1)
        return self._settled()

    def received(self, connection: int, peer: Peer, data: bytes, now: float) -> list[Effect]:
        """Take bytes of a session; a whole datagram where there are datagrams."""
        if not self._goes_on(now):
            return []
        if self._makes_units(connection):
            framer = self._framers.get((connection, peer))
            if framer is None:
                framer = self._framers[connection, peer] = self._plan(connection)()
            self._units(connection, peer, framer.receive(data, now))
        elif data:
            offset = self._offsets.get((connection, peer), 0)
            self._offsets[connection, peer] = offset + len(data)
            if not self._machine.asking.waits.receive(connection, peer, data, offset):
                self._machine.tell(Dropped(connection, peer, Lost(offset, len(data), Loss.UNASKED)))
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

    def wake(self, now: float) -> list[Effect]:
        """Go on with what waited for this time."""
        if not self._goes_on(now):
            return []
        for (connection, peer), framer in list(self._framers.items()):
            if (time := framer.next_wake) is not None and time <= now:
                self._units(connection, peer, framer.wake(now))
        self._machine.asking.waits.wake(now)
        return self._settled()

    def _goes_on(self, now: float) -> bool:
        """Take note of the time; tell whether anything is done at all."""
        self._machine.now = now
        return not self._machine.stopped

    def _settled(self) -> list[Effect]:
        """Go on with all that waits for now, and return what is to be done."""
        machine = self._machine
        for _ in range(_ROUNDS):
            time = machine.strands.next_wake
            if time is None or time > machine.now:
                break
            machine.strands.wake(machine.now)
        return machine.told()

    def _plan(self, connection: int) -> Callable[[], Framer]:
        plan = self._plans.get(connection)
        if plan is None:
            datagrams = connection in self._settings.datagrams
            plan = framing_plan(
                self._machine.protocol, connection, datagrams, self._settings.limits, self._settings.code_page
            )
            self._plans[connection] = plan
        return plan

    def _makes_units(self, connection: int) -> bool:
        connections = self._machine.protocol.connections
        known = 0 <= connection < len(connections)
        return known and connections[connection].type is ConnectionType.SMART_SERIAL

    def _units(self, connection: int, peer: Peer, found: list[Unit | Lost]) -> None:
        for one in found:
            if isinstance(one, Lost):
                self._machine.tell(Dropped(connection, peer, one))
            else:
                unit = self._headed(connection, peer, one)
                if unit is not None:
                    self._unit(connection, peer, unit)

    def _unit(self, connection: int, peer: Peer, unit: Unit) -> None:
        machine = self._machine
        reported = machine.moments.reported(unit.data)
        if reported:
            machine.start("report", machine.pull_all(reported, Scene(reply_to=peer, connection=connection)))
        if not machine.asking.waits.offer(connection, peer, unit):
            machine.ear.listen(connection, peer, unit)

    def _headed(self, connection: int, peer: Peer, unit: Unit) -> Unit | None:
        """Put the sender's address before a unit, where the definition asks for it; None if it has none."""
        machine = self._machine
        protocol = machine.protocol
        asked = protocol.connections[connection].communication.smart_ip_header
        if not asked or framing_of(protocol, connection) is not Framing.TIME:
            return unit
        number = self._sequence.get(connection, 0)
        header = smart_ip_header(connection in self._settings.datagrams, peer.host, peer.port, number)
        if header is None:
            if connection not in self._unheaded:
                self._unheaded.add(connection)
                machine.note(f"{peer} has no address that smartIpHeader could tell: its units are dropped")
            machine.tell(Unheard(connection, peer, unit, None))
            return None
        self._sequence[connection] = number + 1
        return Unit(header + unit.data, unit.offset, unit.length)

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


def _patience(protocol: Protocol, connection: int) -> Patience:
    """Return what a definition says by default of waiting for answers."""
    port, usual = protocol.connections[connection].port, Patience()

    def said(setting: Setting[int] | None) -> int | None:
        return setting.default if setting is not None else None

    timeout, retries = said(port.timeout_time), said(port.retries)
    return Patience(
        usual.timeout if timeout is None else timeout / 1000, usual.retries if retries is None else retries
    )
