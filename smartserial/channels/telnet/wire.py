"""The transport that a protocol on telnet has: it counts data, not what goes over the wire."""

from __future__ import annotations

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
    """What the wrapped protocol has as its transport; commands overtake data that waits.

    Args:
        wire: the counted transport below.
        connection: this end's codec and options.
    """

    def __init__(self, wire: Any, connection: Connection) -> None:
        super().__init__(wire, Trail())
        self.connection = connection
        self._suspended = self._undecided = False
        self.asked: Callable[[], None] = lambda: None  # called when an option has been asked for

    @property
    @override
    def _waits(self) -> bool:
        return self._blocked or self._suspended or self._undecided

    @override
    def _pass_on(self, data: bytes) -> None:
        nvt = not self.connection.binary
        self._put(Piece(self.wire.sent, len(data), self.connection.encode(data), nvt))

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
