"""Whether an element answers: it is in timeout while a connection has been without success for long.

::

    pair given up -> since its first sending: no success for the time of the element -> in timeout
          ^                                                                                 |
          +------------------------- a valid response on that connection <-----------------+
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smartserial.engine.effects import ElementTimeout
from smartserial.engine.running.machine import Chain, Machine
from smartserial.engine.strands import Strand


class Health:
    """Follows the successes and failures of all connections.

    Args:
        machine: the clock, and who is told.
        timeout: seconds without success.
        twins: two connections of which both must be without success, or nothing.
    """

    def __init__(self, machine: Machine, timeout: float, twins: Sequence[int] = ()) -> None:
        self._machine = machine
        self._timeout = timeout
        self._twins = frozenset(twins)
        self._waiting: dict[int, Strand] = {}
        self._failing: set[int] = set()
        self._late: set[int] = set()
        self.timed_out = False
        """Whether the element is in timeout."""
        self.changed: list[Callable[[], None]] = []
        """Called whenever a connection is late from now on, or no longer."""

    def is_failing(self, connection: int) -> bool:
        """Tell whether a pair was given up since the last success; of twins, of both."""
        return self._are(self._failing, connection)

    def is_late(self, connection: int) -> bool:
        """Tell whether a connection, of twins both, has been without success for the time of the element."""
        return self._are(self._late, connection)

    def _are(self, those: set[int], connection: int) -> bool:
        return self._twins <= those if connection in self._twins else connection in those

    def succeeded(self, connection: int) -> None:
        """Take note of a valid response."""
        if connection in self._failing:
            self._failing.discard(connection)
            strand = self._waiting.pop(connection, None)
            if strand is not None:
                self._machine.end(strand)
            self._late.discard(connection)
            self._judge()

    def given_up(self, connection: int, since: float) -> None:
        """Take note of a pair that nobody answered, and that was first sent at `since`."""
        if connection in self._failing:
            return
        self._failing.add(connection)
        machine = self._machine
        at = max(machine.now, since + self._timeout)
        self._waiting[connection] = machine.defer("element timeout", self._over(connection), at)

    def force(self, connection: int, responding: bool) -> None:
        """Have a connection be as somebody says, until its traffic says otherwise."""
        if responding or connection not in self._late:
            self.succeeded(connection)
        if not responding and connection not in self._late:
            self._failing.add(connection)
            self._late.add(connection)
            self._judge()

    def _over(self, connection: int) -> Chain:
        self._waiting.pop(connection, None)
        self._late.add(connection)
        self._judge()
        yield from ()
        return True

    def _judge(self) -> None:
        late = any(self.is_late(connection) for connection in self._late)
        if late is not self.timed_out:
            self.timed_out = late
            self._machine.tell(ElementTimeout(late))
        for callback in self.changed:
            callback()
