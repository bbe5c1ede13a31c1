"""Bytes of sessions: units are made of them, and given to who waits for them.

::

    smart-serial  bytes -> framer of the session -> unit -> with an address -> a pair that waits, or the ear
    others        bytes -> pair that waits, which makes its own unit of them, or nobody
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from smartserial.definition.connection import ConnectionType
from smartserial.definition.framing import Framing, framing_of
from smartserial.engine.alarms import Alarms
from smartserial.engine.effects import Dropped, Peer, Unheard
from smartserial.engine.framing.framer import Framer
from smartserial.engine.framing.plan import framing_plan
from smartserial.engine.framing.smartip import smart_ip_header
from smartserial.engine.running.machine import Machine
from smartserial.engine.unit import Loss, Lost, Unit

_Session = tuple[int, Peer]


class Intake:
    """Takes the bytes of all sessions of an element.

    Args:
        machine: what they set in motion.
        datagrams: the connections that run over UDP.
    """

    def __init__(self, machine: Machine, datagrams: frozenset[int] = frozenset()) -> None:
        self._machine = machine
        self._datagrams = datagrams
        self._plans: dict[int, Callable[[], Framer]] = {}
        self._framers: dict[_Session, Framer] = {}
        self._alarms = Alarms[_Session]()
        self._offsets: dict[_Session, int] = {}
        self._sequence: dict[int, int] = {}
        self._unheaded: set[int] = set()

    @property
    def next_wake(self) -> float | None:
        """When `wake` has something to do, in seconds, or None."""
        return self._alarms.next

    @property
    def kept(self) -> int:
        """Sessions of which something is kept."""
        return len(self._framers.keys() | self._offsets.keys())

    def receive(self, connection: int, peer: Peer, data: bytes) -> None:
        """Take bytes of a session; a whole datagram where there are datagrams."""
        machine, session = self._machine, (connection, peer)
        if self._makes_units(connection):
            framer = self._framers.get(session)
            if framer is None:
                framer = self._framers[session] = self._plan(connection)()
            self._units(session, framer, framer.receive(data, machine.now))
        elif data:
            offset = self._offsets.get(session, 0)
            self._offsets[session] = offset + len(data)
            if not machine.asking.waits.receive(connection, peer, data, offset):
                machine.tell(Dropped(connection, peer, Lost(offset, len(data), Loss.UNASKED)))

    def wake(self, now: float) -> None:
        """End what time has ended."""
        for session in self._alarms.due(now):
            framer = self._framers.get(session)
            if framer is not None:
                self._units(session, framer, framer.wake(now))

    def gone(self, connection: int, peer: Peer) -> None:
        """Take note that a session is over: what it left unfinished is lost."""
        session = (connection, peer)
        framer = self._framers.pop(session, None)
        self._alarms.set(session, None)
        self._offsets.pop(session, None)
        if framer is not None:
            self._take(connection, peer, framer.finish())

    def clear(self) -> None:
        """Forget all that is kept."""
        for session in self._framers:
            self._alarms.set(session, None)
        self._framers.clear()

    def _units(self, session: _Session, framer: Framer, found: Iterable[Unit | Lost]) -> None:
        self._alarms.set(session, framer.next_wake)
        self._take(*session, found)

    def _plan(self, connection: int) -> Callable[[], Framer]:
        plan = self._plans.get(connection)
        if plan is None:
            machine = self._machine
            datagrams, code_page = connection in self._datagrams, machine.store.encoding.code_page
            plan = framing_plan(machine.protocol, connection, datagrams, machine.limits, code_page)
            self._plans[connection] = plan
        return plan

    def _makes_units(self, connection: int) -> bool:
        connections = self._machine.protocol.connections
        known = 0 <= connection < len(connections)
        return known and connections[connection].type is ConnectionType.SMART_SERIAL

    def _take(self, connection: int, peer: Peer, found: Iterable[Unit | Lost]) -> None:
        for one in found:
            if isinstance(one, Lost):
                self._machine.tell(Dropped(connection, peer, one))
            else:
                unit = self._headed(connection, peer, one)
                if unit is not None:
                    self._unit(connection, peer, unit)

    def _unit(self, connection: int, peer: Peer, unit: Unit) -> None:
        machine = self._machine
        machine.report(connection, peer, unit.data)
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
        header = smart_ip_header(connection in self._datagrams, peer.host, peer.port, number)
        if header is None:
            if connection not in self._unheaded:
                self._unheaded.add(connection)
                machine.note(f"{peer} has no address that smartIpHeader could tell: its units are dropped")
            machine.tell(Unheard(connection, peer, unit, None))
            return None
        self._sequence[connection] = number + 1
        return Unit(header + unit.data, unit.offset, unit.length)
