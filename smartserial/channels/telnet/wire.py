"""The transport that a protocol on telnet has: it counts data, not what goes over the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.layered import LayeredTransport
from smartserial.channels.telnet.trail import Trail
from smartserial.interfaces import ICountedTransport
from smartserial.telnet.codes import Command, Option
from smartserial.telnet.connection import Connection
from smartserial.telnet.options import Side
from smartserial.telnet.piece import Piece


@implementer(ICountedTransport)
class TelnetTransport(LayeredTransport):
    """What the wrapped protocol has as its transport; commands overtake data that waits, as a rule.

    Args:
        wire: the counted transport below.
        connection: this end's codec and options.
    """

    def __init__(self, wire: Any, connection: Connection) -> None:
        super().__init__(wire, Trail())
        self.connection = connection
        self._suspended = self._undecided = False
        self._passed = 0  # bytes of data that do not wait here any more
        self._in_order: deque[tuple[int, bytes]] = (
            deque()
        )  # commands, and how much of the data is before each
        self.asked: Callable[[], None] = lambda: None  # called when an option has been asked for

    @property
    @override
    def _waits(self) -> bool:
        return self._blocked or self._suspended or self._undecided

    @property
    @override
    def _most(self) -> int:
        most = super()._most
        return min(most, self._in_order[0][0] - self._passed) if self._in_order else most

    @override
    def _pass_on(self, data: bytes) -> None:
        nvt = not self.connection.binary
        self._passed += len(data)
        self._put(Piece(self.wire.sent, len(data), self.connection.encode(data), nvt))
        self._send_due()

    def _send_due(self) -> None:
        """Send the commands that have no data in front of them any more."""
        while self._in_order and self._in_order[0][0] <= self._passed:
            self.control(self._in_order.popleft()[1])

    def control_in_order(self, encoded: bytes) -> None:
        """Send what is no data after all data that was written before it, and before all that follows."""
        if self._outbox.size:
            self._in_order.append((self._passed + self._outbox.size, encoded))
        else:
            self.control(encoded)

    @override
    def discard_oldest(self, count: int) -> int:
        discarded = super().discard_oldest(count)
        self._passed += discarded
        self._send_due()
        return discarded

    @override
    def lost(self) -> None:
        super().lost()
        self._in_order.clear()

    def suspend(self, suspended: bool) -> None:
        """Send no data, or go on; the peer asks for it. Commands are sent all the same."""
        self._suspended = suspended
        self.feed()

    def undecided(self, undecided: bool) -> None:
        """Send no data while it is not known how, or go on."""
        self._undecided = undecided
        self.feed()

    def send_command(self, command: Command) -> None:
        """Send a command of two bytes."""
        self.control(self.connection.command(command))

    def send_subnegotiation(self, option: int, payload: bytes) -> None:
        """Send a subnegotiation; `payload` as it is, without doubled 255."""
        self.control(self.connection.subnegotiate(option, payload))

    def ask(self, side: Side, option: Option, on: bool) -> None:
        """Ask for an option, or for its end."""
        self.control(self.connection.wish(side, option, on))
        self.asked()

    def tell(self, text: bytes) -> None:
        """Send words of our own, which no counter sees."""
        if not self.pending:
            self.wire.tell(self.connection.encode(text))
