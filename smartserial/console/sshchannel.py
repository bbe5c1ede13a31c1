"""One SSH channel: what is asked of it, its window, and the program at it.

::

    requests --> Channel --> Site.shell / Site.command --> a program: a console, one verb, a client of a share
    data     --> inbox (a window at most) --> the program, as long as that does not pause
    program  --> SshStream --> packets, as far as the other side's window lets them
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Protocol as Shape

from twisted.conch.ssh.channel import SSHChannel
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.console.sshquiet import QUIET
from smartserial.console.sshstream import SshStream
from smartserial.console.sshwords import Status, break_of, new_size_of, terminal_of, text_of
from smartserial.printable import printable

if TYPE_CHECKING:
    from smartserial.console.sshconnection import Connection

WINDOW = 256 * 1024
"""Bytes that the other side may send before we have handed them over."""
MOST_PACKET = 32 * 1024
"""Bytes of data in a packet, in both directions."""
LEAST_PACKET = 1024
"""Bytes of data in a packet that the other side must take: each packet costs as much as many bytes, and all
that waits may go out in such. Every implementation takes far more (RFC 4253 section 6.1)."""
_STDERR = 1  # SSH_EXTENDED_DATA_STDERR
_MOST_COMMAND = 4096  # bytes

_log = Logger()
Deed = Callable[[], None]
"""What is done when the other side has been told that it will be."""


class Site(Shape):
    """Who has programs for channels."""

    def shell(self, channel: Channel) -> Protocol:
        """Return the program that begins where no command is given."""

    def command(self, channel: Channel, command: str) -> Protocol:
        """Return the program for a command."""

    def refused(self, what: str) -> None:
        """Take note that somebody has asked for what is not given; `what` is theirs."""


def _nothing() -> None:
    """Do nothing."""


class Channel(SSHChannel):
    """A channel of kind ``session``.

    Args:
        connection: has it.
        site: has programs.
        window: bytes that the other side takes.
        packet: bytes that it takes in one packet.
    """

    name = b"session"
    _log = QUIET

    def __init__(self, connection: Connection, site: Site, window: int, packet: int) -> None:
        super().__init__(WINDOW, MOST_PACKET, window, packet, conn=connection)
        self.connection = connection
        self.terminal: tuple[int, int] | None = None  # columns and rows; None: there is none
        self.resized: Callable[[int, int], None] = lambda columns, rows: None
        """Called with columns and rows when the terminal has others."""
        self.breaks: Callable[[float], bool] = lambda seconds: False
        """Called with the seconds that a break is to last; tells whether it was sent."""
        self.unread: Callable[[int], None] = lambda count: None
        """Called with the number of bytes that came and that the program, which has ended, did not get."""
        self.status, self.words = Status.DONE, ""
        """How the program has ended, as the other side is told, and in which words."""
        self.stream = SshStream(connection.wire, self)
        self._site = site
        self._program: Protocol | None = None
        self._begun = self._over = self._ended = self._end_told = False
        self._inbox = bytearray()
        self._requests = {
            b"pty-req": self._terminal,
            b"window-change": self._resize,
            b"shell": self._shell,
            b"exec": self._exec,
            b"break": self._break,
        }

    @property
    def address(self) -> IAddress:
        """Where the other side is."""
        address: IAddress = self.connection.wire.getPeer()
        return address

    # ---- requests

    def ask(self, kind: bytes, data: bytes) -> Deed | None:
        """Take a request; return what is done when it has been answered, or None: it is refused.

        Raises:
            PeerError: it is not what its kind must be.
        """
        request = self._requests.get(kind)
        if request is None:
            self.connection.note_refused("", kind)
            return None
        return None if self._over else request(data)

    def _terminal(self, data: bytes) -> Deed | None:
        if self._program is None:
            self.terminal = terminal_of(data)
        return None if self._program is not None else _nothing

    def _resize(self, data: bytes) -> Deed | None:
        size = new_size_of(data)
        if self.terminal is None:
            return None
        self.terminal = size
        self.resized(*size)
        return _nothing

    def _shell(self, data: bytes) -> Deed | None:
        return self._start(self._site.shell)

    def _exec(self, data: bytes) -> Deed | None:
        command = text_of(data)
        if len(command) > _MOST_COMMAND:
            return None
        return self._start(lambda channel: self._site.command(channel, command.decode("utf-8", "replace")))

    def _start(self, make: Callable[[Channel], Protocol]) -> Deed | None:
        if self._program is not None or self._begun:
            return None
        self._begun = True
        return lambda: self._guard(lambda: self._begin(make(self)))

    def _begin(self, program: Protocol) -> None:
        self._program = program
        program.makeConnection(self.stream)
        self._hand_over()

    def _break(self, data: bytes) -> Deed | None:
        return _nothing if self.breaks(break_of(data)) else None

    def _guard(self, call: Callable[[], None]) -> None:
        """Call the program; what is wrong with it ends this channel and nothing else."""
        try:
            call()
        except Exception:
            _log.failure("a program at an SSH channel failed")
            self.status, self.words = Status.NOT_DONE, "this went wrong inside; the log tells where"
            self.stream.cut()

    # ---- what comes

    @override
    def dataReceived(self, data: bytes) -> None:
        self.localWindowLeft -= len(data)
        if self._over:
            self.unread(len(data))
            return
        self._inbox += data
        self._hand_over()

    @override
    def extReceived(self, dataType: int, data: bytes) -> None:
        self.localWindowLeft -= len(data)  # it has no meaning here
        self._widen()

    @override
    def eofReceived(self) -> None:
        self._ended = True
        self._hand_over()

    def hold(self, held: bool) -> None:
        """Hand over nothing of what comes, or go on in the next turn: whoever calls may be busy."""
        if not held and (self._inbox or self._ended) and not self._over:
            self.connection.reactor.callLater(0, self._hand_over)

    def _hand_over(self) -> None:
        program = self._program
        if self._inbox and program is not None and not (self._over or self.stream.paused):
            data = bytes(self._inbox)
            self._inbox.clear()
            self._guard(lambda: program.dataReceived(data))
        self._widen()
        told = self._end_told or self._over or program is None
        if self._ended and not (told or self._inbox or self.stream.paused):
            self._end_told = True
            self._guard(self._tell_end)

    def _tell_end(self) -> None:
        half = IHalfCloseableProtocol(self._program, None)
        if half is not None:
            half.readConnectionLost()
        else:
            self.stream.loseConnection()

    def _widen(self) -> None:
        """Let the other side send more, when that is worth a packet."""
        more = WINDOW - len(self._inbox) - self.localWindowLeft
        if more > WINDOW // 2 and not self.localClosed:
            self.connection.adjustWindow(self, more)

    # ---- what goes

    @property
    def room(self) -> int:
        """Bytes of data that the other side takes now, in one packet."""
        if self.localClosed or self.connection.busy:
            return 0
        return min(self.remoteWindowLeft, self.remoteMaxPacket, MOST_PACKET)

    @override
    def addWindowBytes(self, data: int) -> None:
        self.remoteWindowLeft += data
        self.stream.feed()

    def send(self, data: bytes) -> None:
        """Send data that there is room for."""
        self.remoteWindowLeft -= len(data)
        self.connection.sendData(self, data)

    def say(self, words: bytes) -> None:
        """Send words of our own to standard error, as far as there is room."""
        if words := words[: self.room]:
            self.remoteWindowLeft -= len(words)
            self.connection.sendExtendedData(self, _STDERR, words)

    def later(self, call: Callable[[], None]) -> None:
        """Call something in the next turn of the reactor."""
        self.connection.reactor.callLater(0, call)

    # ---- the end

    def end(self) -> None:
        """Tell how it has ended, and close."""
        if self._over:
            return
        if self.words:
            end = "\r\n" if self.terminal is not None else "\n"
            words = "".join(f"{printable(line)}{end}" for line in self.words.splitlines())
            self.say(words.encode("ascii", "backslashreplace"))
        self.connection.sendRequest(self, b"exit-status", struct.pack(">L", self.status.value))
        self.connection.sendEOF(self)
        self.connection.sendClose(self)
        self.unread(len(self._inbox))
        self._inbox.clear()
        self._gone(Failure(ConnectionDone()))

    def give_up(self) -> None:
        """End the whole connection."""
        self.connection.abort()

    @override
    def closeReceived(self) -> None:
        """Be told that the other side has closed: what it has sent is still handed over."""
        self._drop(Failure(ConnectionDone()))
        self.connection.sendClose(self)

    @override
    def closed(self) -> None:
        """Be told that the channel is gone."""
        self._drop(self.connection.reason)

    def _drop(self, reason: Failure) -> None:
        """Hand over what came, and end the program: nobody is there any more."""
        if self._over:
            return
        self.stream.lost()
        self._gone(reason)

    def _gone(self, reason: Failure) -> None:
        self._over = True
        left, program = bytes(self._inbox), self._program
        self._inbox.clear()
        if program is not None:
            if left:
                self._guard(lambda: program.dataReceived(left))
            self.stream.stop_producer()
            self._guard(lambda: program.connectionLost(reason))
