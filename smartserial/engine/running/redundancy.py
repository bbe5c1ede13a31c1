"""Redundant polling: two connections stand in for each other, whichever of them answers.

A group without a connection of its own asks on the active one until it is over. When one of its pairs is
given up, the groups after it ask on the other.
"""

from __future__ import annotations

from smartserial.engine.effects import Level
from smartserial.engine.running.machine import Machine
from smartserial.engine.running.routes import MAIN
from smartserial.engine.twins import twins_of


class Redundancy:
    """Tells on which connection a group asks.

    Args:
        machine: the definition.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.twins = twins_of(machine.protocol)
        """The two connections, or nothing."""
        self.active = MAIN
        """Where groups without a connection of their own ask that begin now."""

    def given_up(self, connection: int) -> None:
        """Have groups ask elsewhere from now on, if `connection` is still the one where they do."""
        if not self.twins or connection != self.active:
            return
        (other,) = (one for one in self.twins if one != connection)
        self.active = other
        for step in (f"leaving {connection}", f"entering {other}"):
            self._machine.note(f"RedundantPolling, change connection, {step}", Level.INFO)
