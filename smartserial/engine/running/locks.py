"""Locks: the right to send alone, as long as this element holds it; chains wait until it is theirs."""

from __future__ import annotations

from smartserial.engine.effects import Lock
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.strands import Strand


class Locks:
    """The locks of an element, each of one connection.

    A lock that is held may be taken again; it is given back as often as it was taken.

    Args:
        machine: whose chains wait.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._taken: dict[int, int] = {}
        self._granted: set[int] = set()
        self._waiting: dict[int, dict[Strand, None]] = {}

    def take(self, connection: int, priority: bool) -> Chain:
        """Take a lock, and wait until it is granted; `priority`: before others that wait."""
        machine = self._machine
        self._taken[connection] = self._taken.get(connection, 0) + 1
        if self._taken[connection] == 1:
            machine.tell(Lock(connection, True, priority))
        while self._taken.get(connection) and connection not in self._granted:
            if (strand := machine.strands.current) is not None:
                self._waiting.setdefault(connection, {})[strand] = None
            yield None
        return True

    def give_back(self, connection: int, priority: bool) -> None:
        """Give a lock back; one that is not held is left alone."""
        taken = self._taken.get(connection, 0)
        if taken > 1:
            self._taken[connection] = taken - 1
        elif taken:
            del self._taken[connection]
            self._granted.discard(connection)
            self._machine.tell(Lock(connection, False, priority))
            self._go_on(connection)

    def granted(self, connection: int) -> None:
        """Take note that a lock is this element's; if nobody wants it any more it was given back already."""
        if self._taken.get(connection):
            self._granted.add(connection)
            self._go_on(connection)

    def lost(self, connection: int) -> None:
        """Take note that a lock went with what it was for; chains that wait for it go on."""
        if self._taken.pop(connection, 0):
            self._granted.discard(connection)
            self._machine.note(f"connection {connection} was closed: the lock on it is given back")
            self._go_on(connection)

    def _go_on(self, connection: int) -> None:
        for strand in self._waiting.pop(connection, {}):
            self._machine.strands.resume(strand, None)
