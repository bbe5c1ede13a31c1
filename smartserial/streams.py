"""What one peer sent, cut into units as its connection does it: by the definition, or answer by answer."""

from __future__ import annotations

from smartserial.definition.connection import ConnectionType
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.engine.framing.answers import AnswerFramer, answer_plan
from smartserial.engine.framing.framer import Framer
from smartserial.engine.framing.plan import framing_plan
from smartserial.engine.unit import Lost, Unit

APART = 1.0
"""Seconds of silence that end whatever came before."""


class Stream:
    """What one peer sent, and what makes units of it.

    Args:
        protocol: the definition.
        connection: its number.
    """

    def __init__(self, protocol: Protocol, connection: int) -> None:
        self._data = bytearray()
        connections = protocol.connections
        smart = connection < len(connections) and connections[connection].type is ConnectionType.SMART_SERIAL
        plan = framing_plan(protocol, connection, datagrams=False) if smart else None
        self._framer: Framer = plan() if plan is not None else _Answers(protocol, connection)

    def bytes_of(self, one: Unit | Lost) -> bytes:
        """Return the raw bytes of a unit, or of what is lost."""
        return bytes(self._data[one.offset : one.offset + one.length])

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came."""
        self._data += data
        return self._framer.receive(data, now)

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give what time has ended."""
        time = self._framer.next_wake
        return self._framer.wake(now) if time is not None and time <= now else []

    def finish(self) -> list[Unit | Lost]:
        """Give what is left."""
        return self._framer.finish()


class _Answers:
    """Makes units on a connection where answers are awaited: one answer after the other."""

    def __init__(self, protocol: Protocol, connection: int) -> None:
        self._plan = answer_plan(protocol, Pair(0, "", 0, _answers(protocol, connection)))
        self._framer: AnswerFramer = self._plan(0)
        self._taken = 0
        self._last = 0.0

    @property
    def next_wake(self) -> float | None:
        """When silence ends an answer."""
        return self._framer.next_wake

    @property
    def waiting(self) -> int:
        """Bytes that are kept."""
        return self._framer.waiting

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came; what follows an answer begins the next one."""
        found = self.finish() if now - self._last >= APART else []
        self._last = now
        while data:
            begun = self._taken
            part = self._framer.receive(data, now)
            units = [one for one in part if isinstance(one, Unit)]
            if not units:
                self._taken += len(data)
                return found + part
            end = units[0].offset + units[0].length
            found += [one for one in part if one.offset < end]
            data = data[max(0, end - begun) :]
            self._taken = end
            self._framer = self._plan(end)
        return found

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give what silence has ended."""
        return self._again(self._framer.wake(now))

    def finish(self) -> list[Unit | Lost]:
        """Give what is left as the last answer."""
        return self._again(self._framer.finish())

    def _again(self, found: list[Unit | Lost]) -> list[Unit | Lost]:
        if found or self._framer.complete:
            self._framer = self._plan(self._taken)
        return found


def _answers(protocol: Protocol, connection: int) -> tuple[int, ...]:
    return tuple(response.id for response in protocol.responses if (response.connection or 0) == connection)
