"""How connections stand.

::

    serial                      undefined -> responding <-> not responding         by the answers of pairs
    smart-serial, and others    undefined -> connected <-> disconnected            by their sessions
"""

from __future__ import annotations

from smartserial.definition.connection import ConnectionType
from smartserial.engine.builtin import CONNECTION_STATE
from smartserial.engine.changes import By
from smartserial.engine.effects import ConnectionState, StateChanged
from smartserial.engine.running.machine import Machine
from smartserial.engine.running.routes import MAIN
from smartserial.engine.running.scene import Scene


class States:
    """The states of an element's connections; that of the first one is the built-in param.

    Args:
        machine: what a change sets in motion.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._states: dict[int, ConnectionState] = {}

    def of(self, connection: int) -> ConnectionState:
        """Return the state of a connection."""
        return self._states.get(connection, ConnectionState.UNDEFINED)

    def answered(self, connection: int) -> None:
        """Take note of an answer to a pair."""
        if self._by_answers(connection):
            self.become(connection, ConnectionState.RESPONDING)

    def unanswered(self, connection: int) -> None:
        """Take note that a pair was given up."""
        if self._by_answers(connection):
            self.become(connection, ConnectionState.NOT_RESPONDING)

    def sessions_changed(self, connection: int) -> None:
        """Take note that a session began, ended, or could not begin."""
        if not self._is_serial(connection):
            has_any = bool(self._machine.sessions.get(connection))
            self.become(connection, ConnectionState.CONNECTED if has_any else ConnectionState.DISCONNECTED)

    def bound(self, connection: int) -> None:
        """Take note that datagrams can come."""
        if not self._is_serial(connection):
            self.become(connection, ConnectionState.CONNECTED)

    def become(self, connection: int, state: ConnectionState) -> None:
        """Put a connection into a state, whatever brings it there."""
        if self.of(connection) is state:
            return
        machine = self._machine
        self._states[connection] = state
        machine.tell(StateChanged(connection, state))
        if connection == MAIN:
            changes = machine.store.set(CONNECTION_STATE, state.value, By.ENGINE)
            machine.start("state", machine.change(changes, Scene()))

    def _is_serial(self, connection: int) -> bool:
        connections = self._machine.protocol.connections
        return 0 <= connection < len(connections) and connections[connection].type is ConnectionType.SERIAL

    def _by_answers(self, connection: int) -> bool:
        """Tell whether answers count: not where each of them closes the connection."""
        if not self._is_serial(connection):
            return False
        return not self._machine.protocol.connections[connection].communication.close_connection_on_response
