"""The login before a session: who somebody is, asked before a byte of theirs reaches anything.

::

    transport --> Login --> keeper
                    |  right, and let in
                    v
                 session, on the same transport; Login just passes on what comes

What is said here are words of our own: no counter of the transport sees them. What was typed ahead of the
session is the session's.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.foreign import ForeignTransport, counted
from smartserial.channels.login.entrance import Entrance
from smartserial.channels.login.keeper import LoginBusy, LoginLeft, LoginRefused, too_often
from smartserial.channels.login.patience import Patience
from smartserial.printable import printable
from smartserial.sharing.rights import Identity
from smartserial.sharing.typed import MOST, Overlong, TypedLine
from smartserial.telnet.codec import Subnegotiation

DEADLINE = 30.0
"""Seconds that somebody has for typing, over all tries."""
TRIES = 3
MOST_EMPTY = 16
"""Empty lines where a name is asked for."""
MOST_REQUESTS = 64
"""Telnet requests that are kept for the session."""
_WORDS_LINGER = 1.0  # seconds that somebody who is refused has to read why

_log = Logger()


@implementer(IHalfCloseableProtocol)
class Login(Protocol):
    """Asks for a name and a password, or for a password alone.

    Args:
        entrance: the door.
        reactor: keeps the time.
    """

    def __init__(self, entrance: Entrance, reactor: Any) -> None:
        self.stream: Any
        self.inside: Any = None  # the session
        self._entrance = entrance
        self._line = TypedLine()
        self._name: str | None = None
        self._tries = self._empty = 0
        self.over = self._gone = self._ended_reading = self._ended_writing = False
        self._checking: Deferred[Any] | None = None
        self._later: list[bytes | Subnegotiation] = []  # bytes only while a password is judged
        self._patience = Patience(DEADLINE, self._too_late, reactor)

    # ---- asking

    @override
    def connectionMade(self) -> None:
        self.stream = counted(self.transport)
        if delay := self._entrance.keeper.delay(self._entrance.source):
            self._refuse(too_often(delay))
        else:
            self._ask()

    def _ask(self) -> None:
        self._name = "" if self._entrance.login.secret else None
        self._patience.go_on()
        self._prompt()

    def _prompt(self) -> None:
        self.hide(self._name is not None)
        self.stream.tell(b"login: " if self._name is None else b"password: ")

    def hide(self, hidden: bool) -> None:
        """Have the terminal not show what is typed, or show it; without telnet that cannot be said."""

    def hidden(self) -> bool:
        """Tell whether the terminal does not even show that a line has ended."""
        return False

    def _too_late(self) -> None:
        self._fail(f"nobody logged in within {DEADLINE:g} s")

    # ---- what comes

    @override
    def dataReceived(self, data: bytes) -> None:
        if self.inside is not None:
            self._pass_on(data)
        elif self.over:
            self._entrance.counted(len(data))
        elif self._checking is not None:
            self._later.append(data)
        else:
            self._put_off(self._typed(data))

    def _put_off(self, item: bytes | Subnegotiation) -> None:
        """Keep what is behind a password, or a request; what follows a session's begin is the session's."""
        if self.inside is not None:
            self._give(item)
        elif self.over:
            self._entrance.counted(len(item) if isinstance(item, bytes) else 0)
        elif item:
            self._later.append(item)

    def _give(self, item: bytes | Subnegotiation) -> None:
        """Give the session what was kept for it."""
        if isinstance(item, bytes):
            self._pass_on(item)
        else:
            self.inside.telnet_subnegotiation(item.option, item.payload)

    def _typed(self, data: bytes) -> bytes:
        """Take what was typed; return what is behind a password."""
        while data and self._checking is None and self.inside is None and not self.over:
            line, data = self._line.take(data)
            if isinstance(line, Overlong):
                self._fail(f"expected at most {MOST} bytes in a line")
            elif line is not None and self._name is None:
                self._named(line.decode("utf-8", "replace"))
            elif line is not None:
                self._check(line)
        return data

    def _named(self, name: str) -> None:
        """Take a name; an empty one is none, and is asked for again."""
        self._name = name or None
        self._empty += not name
        if self._empty > MOST_EMPTY:
            self._fail("expected a name")
        else:
            self._prompt()

    def _check(self, password: bytes) -> None:
        """Have a password judged; meanwhile nothing is read."""
        self._patience.stop()
        self.stream.pauseProducing()
        if self.hidden():
            self.stream.tell(b"\r\n")
        judging = self._checking = self._entrance.judge(self._name or "", password, self.stream)
        judging.addCallbacks(self._right, self._wrong).addErrback(self._broke)

    def _broke(self, failure: Failure) -> None:
        _log.failure("a login failed", failure)
        self.cut()

    def _right(self, identity: Identity) -> None:
        self._checking = None
        if self._gone or self.over:
            return
        inside = self._entrance.enter(identity)
        if isinstance(inside, str):
            self._read_again()
            self._refuse(inside)
        else:
            self._begin(inside)

    def _wrong(self, failure: Failure) -> None:
        self._checking = None
        failure.trap(LoginRefused, CancelledError)
        if failure.check(LoginLeft):
            self.cut()
        if self._gone or self.over or failure.check(CancelledError):
            return
        self._tries += 1
        why = failure.getErrorMessage()
        self._read_again()
        # Not judged, it is no wrong one: what was typed behind it is for the session, and no name.
        keeper, source = self._entrance.keeper, self._entrance.source
        if failure.check(LoginBusy) or self._tries >= TRIES or keeper.delay(source):
            self._fail(why)
            return
        self._entrance.failed(self._name or "", why)
        self._tell(why)
        self._ask()
        self._go_on()

    def _go_on(self) -> None:
        """Take what was typed ahead as the next answers; nothing more may come."""
        later, self._later = self._later, []
        for item in later:
            self._put_off(self._typed(item) if isinstance(item, bytes) else item)
        ended = self._ended_reading or self._ended_writing
        if ended and self._checking is None and self.inside is None and not self.over:
            self.over = True
            self.stream.loseConnection()

    def _read_again(self) -> None:
        if not self._ended_reading:
            self.stream.resumeProducing()

    def keep(self, request: Subnegotiation) -> None:
        """Keep a request for the session."""
        if sum(isinstance(item, Subnegotiation) for item in self._later) >= MOST_REQUESTS:
            self._fail("too many telnet requests came before the login")
        else:
            self._later.append(request)

    # ---- the session

    def _begin(self, inside: Protocol) -> None:
        """Hand the connection over, with what was typed ahead."""
        self.inside = inside
        self._entrance.left()
        later, self._later = self._later, []
        self.entering()
        self._read_again()
        inside.makeConnection(self.stream)
        self.begun()
        for item in later:
            self._give(item)
        self.entered()
        if self._ended_writing:
            self.inside.writeConnectionLost()
        if self._ended_reading:
            self.inside.readConnectionLost()

    def entering(self) -> None:
        """Do what must be done before the session begins."""

    def begun(self) -> None:
        """Do what must be done before the session gets what was typed ahead."""

    def entered(self) -> None:
        """Do what must be done when it has that."""

    def _pass_on(self, data: bytes) -> None:
        if rest := self._line.behind(data):
            self.dataReceived = self.inside.dataReceived  # type: ignore[method-assign] # the shortest way
            self.inside.dataReceived(rest)

    # ---- not let in

    def _tell(self, words: str) -> None:
        if self._entrance.tells:
            self.stream.tell(printable(words).encode("ascii", "replace") + b"\r\n")

    def _fail(self, why: str) -> None:
        """Tell that somebody did not say who they are, and close."""
        self._entrance.failed(self._name or "", why)
        self._refuse(why)

    def _refuse(self, words: str) -> None:
        """Close, when the words have been read."""
        self.over = True
        self._patience.stop()
        self._entrance.counted(sum(len(item) for item in self._later if isinstance(item, bytes)))
        self._later = []
        self._tell(words)
        if self._entrance.tells and not self._ended_writing and hasattr(self.stream, "loseWriteConnection"):
            # Closed at once with bytes unread, the kernel would take the words back.
            self.stream.loseWriteConnection()
            self._patience.last(_WORDS_LINGER, self.stream.loseConnection)
        else:
            self.stream.loseConnection()

    def give_way(self, words: str) -> None:
        """Close for somebody who comes later, without time to read why; a session is not touched."""
        if self.inside is None and not self.over:
            self._entrance.failed(self._name or "", words)
            self._tell(words)
        self.cut()

    def cut(self) -> None:
        """Close at once; a session that has begun is not touched."""
        if self.inside is None and not self._gone:
            self.over = True
            self.stream.cut()

    # ---- the end

    def readConnectionLost(self) -> None:
        """Be told that no more is typed; what was may still be right."""
        if self.inside is not None:
            self.inside.readConnectionLost()
            return
        self._ended_reading = True
        if self._checking is None:
            self.stream.loseConnection()

    def writeConnectionLost(self) -> None:
        """Be told that nobody reads any more; what was typed may still be right."""
        if self.inside is not None:
            self.inside.writeConnectionLost()
            return
        self._ended_writing = True
        if self._checking is None:
            self.stream.loseConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._gone = True
        if self.inside is not None:
            self.inside.connectionLost(reason)
            return
        self._patience.stop()
        if isinstance(self.stream, ForeignTransport):
            self.stream.lost()
        checking, self._checking = self._checking, None
        self._entrance.counted(sum(len(item) for item in self._later if isinstance(item, bytes)))
        self._later = []
        if checking is not None:
            checking.cancel()
        self._entrance.left()
