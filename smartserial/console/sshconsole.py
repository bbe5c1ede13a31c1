"""The console at an SSH channel: with line editing on a terminal, plain without one, or one verb."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.console.desk import Desk, Operator
from smartserial.console.plain import PlainConsole
from smartserial.console.session import Session
from smartserial.console.sshwords import Status
from smartserial.console.terminal import EditingTerminal, editing

if TYPE_CHECKING:
    from smartserial.console.sshchannel import Channel

_HIGH = 64 * 1024  # bytes that wait for an operator before nothing more is shown


class _Seat(Protocol):
    """What all that operators have at a channel has in common.

    Args:
        left: is called when the operator is gone.
    """

    transport: Any

    def __init__(self, left: Callable[[], None]) -> None:
        self._left = left
        self._full = False

    @override
    def connectionMade(self) -> None:
        self.transport.high = _HIGH
        self.transport.registerProducer(self, True)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._left()

    def room(self) -> bool:
        """Tell whether the operator keeps up."""
        return not self._full

    def pauseProducing(self) -> None:
        """Be told by the transport that too much waits."""
        self._full = True

    def resumeProducing(self) -> None:
        """Be told by the transport that little waits."""
        self._full = False

    def stopProducing(self) -> None:
        """Be told by the transport that it is closing."""


@implementer(IPushProducer)
class SshTerminal(_Seat):
    """Somebody at a terminal, which may change its size.

    Args:
        desk: what verbs work on.
        operator: who it is.
        channel: has the terminal.
        left: is called when the operator is gone.
    """

    def __init__(self, desk: Desk, operator: Operator, channel: Channel, left: Callable[[], None]) -> None:
        super().__init__(left)
        assert channel.terminal is not None
        self._editing: EditingTerminal = editing(desk, operator, channel.terminal, self.room)
        channel.resized = self._editing.resize

    @override
    def connectionMade(self) -> None:
        super().connectionMade()
        self._editing.makeConnection(self.transport)

    @override
    def dataReceived(self, data: bytes) -> None:
        self._editing.dataReceived(data)

    @override
    def pauseProducing(self) -> None:
        super().pauseProducing()
        self.transport.pauseProducing()

    @override
    def resumeProducing(self) -> None:
        super().resumeProducing()
        self._editing.resumed()
        self.transport.resumeProducing()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._editing.connectionLost(reason)
        super().connectionLost(reason)


class SshPlain(PlainConsole):
    """Lines in, lines out, and a prompt, where there is no terminal.

    Args:
        desk: what verbs work on.
        operator: who it is.
        left: is called when the operator is gone.
    """

    def __init__(self, desk: Desk, operator: Operator, left: Callable[[], None]) -> None:
        super().__init__(desk, operator)
        self._left = left

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.high = _HIGH
        super().connectionMade()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self._left()


@implementer(IPushProducer, IHalfCloseableProtocol)
class SshVerb(_Seat):
    """One verb, its answer, and how it ended: as an exit status, with what is wrong on standard error.

    What is followed goes on until the channel is closed; on a terminal any key ends it. Nothing that is typed
    means anything else, and its end does not: a script has its standard input from anywhere.

    Args:
        desk: what verbs work on.
        operator: who it is.
        channel: whose command it is.
        line: the verb and its words.
        left: is called when the operator is gone.
    """

    def __init__(
        self, desk: Desk, operator: Operator, channel: Channel, line: str, left: Callable[[], None]
    ) -> None:
        super().__init__(left)
        self._session = Session(desk, operator, self)
        self._channel = channel
        self._line = line
        self._line_end = "\n" if channel.terminal is None else "\r\n"

    @override
    def connectionMade(self) -> None:
        super().connectionMade()
        self._session.line(self._line)

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._channel.terminal is not None:
            self._session.interrupt()

    def readConnectionLost(self) -> None:
        """Be told that nothing more is typed, which matters to nobody."""

    def writeConnectionLost(self) -> None:
        """Be told that nobody reads any more."""
        self.leave()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._session.closed()
        super().connectionLost(reason)

    # ---- the door of the session

    def show(self, lines: list[str]) -> None:
        """Write lines."""
        text = "".join(f"{line}{self._line_end}" for line in lines)
        self.transport.write(text.encode("ascii", "backslashreplace"))

    def ready(self, error: str) -> None:
        """Take note that the verb has been done, or what was wrong with it."""
        if error:
            self._channel.status, self._channel.words = Status.NOT_DONE, error
        self.leave()

    def leave(self) -> None:
        """Close."""
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    @override
    def resumeProducing(self) -> None:
        super().resumeProducing()
        self._session.go_on()
