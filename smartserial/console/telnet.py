"""The console on telnet: line editing where the peer agrees to echo, a plain prompt where it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.console.desk import Desk, Operator
from smartserial.console.plain import PlainConsole
from smartserial.console.terminal import EditingTerminal, editing
from smartserial.interfaces import ITelnetProtocol
from smartserial.telnet.codes import Command, Option
from smartserial.telnet.options import Agreed, Policy, Side

PATIENCE = 0.5  # seconds that a peer has to agree
_SIZE = 80, 24
_WANTED = ((Side.OURS, Option.ECHO), (Side.OURS, Option.SGA), (Side.PEER, Option.SGA))
POLICY = Policy(_WANTED, frozenset(_WANTED))


@implementer(ITelnetProtocol, IHalfCloseableProtocol, IPushProducer)
class TelnetConsole(Protocol):
    """Decides what console a peer gets, and hands everything on to that.

    Args:
        desk: what verbs work on.
        operator: who types.
        reactor: keeps the time.
        left: is called when the peer is gone.
    """

    transport: Any

    def __init__(self, desk: Desk, operator: Operator, reactor: Any, left: Callable[[], None]) -> None:
        self._desk = desk
        self._operator = operator
        self._reactor = reactor
        self._console: Protocol | None = None
        self._left = left
        self._full = False
        self._patience: IDelayedCall | None = None

    @override
    def connectionMade(self) -> None:
        self._patience = self._reactor.callLater(PATIENCE, self._begin_plain)

    def _begin(self, console: Protocol) -> Protocol:
        if self._patience is not None and self._patience.active():
            self._patience.cancel()
        self._console = console
        console.makeConnection(self.transport)
        return console

    def _begin_plain(self) -> Protocol:
        return self._begin(PlainConsole(self._desk, self._operator))

    def telnet_agreed(self, agreed: Agreed) -> None:
        """Begin to edit lines when the peer lets us echo; if that comes too late, it is to echo itself."""
        if agreed.option is not Option.ECHO or not agreed.on:
            return
        if self._console is not None:
            self.transport.ask(Side.OURS, Option.ECHO, False)
        else:
            self.transport.registerProducer(self, True)
            self._begin(editing(self._desk, self._operator, _SIZE, lambda: not self._full))

    @override
    def dataReceived(self, data: bytes) -> None:
        console = self._console or self._begin_plain()
        console.dataReceived(data)

    def telnet_signal(self, code: int) -> None:
        """Answer AYT, and take IP for what Ctrl-C sends."""
        if code == Command.AYT:
            self.transport.write(b"\r\n[smartserial is here]\r\n")
        elif code == Command.IP and isinstance(self._console, PlainConsole):
            self._console.interrupt()
        elif code == Command.IP and self._console is not None:
            self._console.dataReceived(b"\x03")

    def telnet_subnegotiation(self, option: int, payload: bytes) -> None:
        """Take a subnegotiation; none means anything here."""

    def telnet_paused(self) -> None:
        """Take note that everything has been handed over."""

    def pauseProducing(self) -> None:
        """Be told by the transport that too much waits: nothing is read until it has gone."""
        self._full = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Be told by the transport that little waits."""
        self._full = False
        if isinstance(self._console, EditingTerminal):
            self._console.resumed()
        self.transport.resumeProducing()

    def stopProducing(self) -> None:
        """Be told by the transport that it is closing."""

    def readConnectionLost(self) -> None:
        """Be told that no more is typed; what was is still done."""
        console = self._console or self._begin_plain()
        if isinstance(console, PlainConsole):
            console.readConnectionLost()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Be told that nobody reads any more."""
        self.transport.loseConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._patience is not None and self._patience.active():
            self._patience.cancel()
        if self._console is not None:
            self._console.connectionLost(reason)
        self._left()
