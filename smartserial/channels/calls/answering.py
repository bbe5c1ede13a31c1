r"""Answers to a far side that asks who we are, before any data.

::

    far side        us
    "login: "       "anna\r\n"
    "Password: "    the password and "\r\n"
    silence         from here on all is data

That nobody asks again is all that tells of success. What looks like another question until then is taken for
a refusal, and no data is sent before it has been waited for: else it would be taken for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.errors import SmartSerialError
from smartserial.settings import KIB, CallLogin

ASKING = 10.0
"""Seconds that a far side has for each of its questions."""

SETTLING = 3.0
"""Seconds of silence after the password that mean success, as long as no login was refused."""

LONGEST_SETTLING = 64.0
"""The same when logins were refused again and again: a far side takes its time then."""

MOST_EARLY = 64 * KIB
"""Bytes after the password that are data for sure, for nobody says so much to refuse a login."""

_MOST = 4096  # bytes of a last line that may be a question
_NAME = re.compile(rb"(?i)(?:^|\W)(?:log ?in|log ?on|user(?:[ _-]?(?:name|id))?|account)[^:>?]{0,40}[:>?] ?$")
_PASSWORD = re.compile(rb"(?i)(?:^|\W)pass(?:word|wd|code|phrase)[^:>?]{0,80}[:>?] ?$")
_END_OF_LINE = b"\r\n"


class NotLetInError(SmartSerialError):
    """The far side did not let us in; the text says why, and never what we have answered."""


class Stage(Enum):
    """How far the questions have come."""

    BEGIN = "begin"
    NAMED = "named"
    ANSWERED = "answered"


class Dialogue:
    """The questions of one far side, and our answers; pure.

    Args:
        login: the answers.
    """

    def __init__(self, login: CallLogin) -> None:
        self.stage = Stage.BEGIN
        self.rest = b""
        """What came after the last answer: data, if nothing else comes for a while."""
        self._login = login
        self._line = b""  # the last line, while it has no end
        self._spaced = False  # whether the last question has come with the blank behind it

    def hear(self, data: bytes) -> bytes:
        """Take what the far side says; return what is to be answered.

        Raises:
            NotLetInError: it asks again, or for a name that we have not got.
        """
        if self.stage is Stage.ANSWERED:
            self.rest += data
        lines = re.split(rb"[\r\n]", self._line + data)
        self._line = lines[-1][-_MOST:].lstrip(b"\0")
        if _PASSWORD.search(self._line):
            return self._answer_password()
        if _NAME.search(self._line):
            return self._answer_name()
        return b""

    def data(self) -> bytes:
        """Return the data that came after the last answer, without the rest of the line that it was on."""
        rest = self.rest if self._spaced else self.rest.removeprefix(b" ")
        return re.sub(rb"\A(?:\r\n|\r\0|\r|\n)", b"", rest)

    def _answer_name(self) -> bytes:
        if self.stage is not Stage.BEGIN:
            raise NotLetInError(self._refused())
        if not self._login.user:
            raise NotLetInError("it asks for a name, and `login` has no `user`")
        self._line = b""
        self.stage = Stage.NAMED
        return self._login.user.encode() + _END_OF_LINE

    def _answer_password(self) -> bytes:
        if self.stage is Stage.ANSWERED:
            raise NotLetInError(self._refused())
        self._spaced = self._line.endswith(b" ")
        self._line = b""
        self.stage = Stage.ANSWERED
        return self._login.password.reveal().encode() + _END_OF_LINE

    def _refused(self) -> str:
        return f"it refused the login{f' of {self._login.user}' if self._login.user else ''}"

    def missing(self) -> str:
        """Say what was not asked for in time."""
        what = "no question for a login" if self.stage is Stage.BEGIN else "no question for the password"
        return f"{what} came within {ASKING:g} s"


class Answers:
    """Keeps the time of a dialogue.

    Args:
        login: the answers.
        settling: seconds of silence after the last answer that mean success.
        send: sends an answer.
        done: is called at the end: with what came after the last answer, or with why we were not let in.
        reactor: keeps the time.
    """

    def __init__(
        self,
        login: CallLogin,
        settling: float,
        send: Callable[[bytes], None],
        done: Callable[[bytes | NotLetInError], None],
        reactor: Any,
    ) -> None:
        self.over = False
        self._dialogue = Dialogue(login)
        self._settling = settling
        self._send = send
        self._done = done
        self._reactor = reactor
        self._timer: IDelayedCall | None = reactor.callLater(ASKING, self._time_is_up)

    def hear(self, data: bytes) -> None:
        """Take what the far side says."""
        stage = self._dialogue.stage
        try:
            answer = self._dialogue.hear(data)
        except NotLetInError as error:
            self._end(error)
            return
        if answer:
            self._send(answer)
        if self._dialogue.stage is not stage and not self.over:
            answered = self._dialogue.stage is Stage.ANSWERED
            self._wait(self._settling if answered else ASKING)
        elif len(self._dialogue.rest) > MOST_EARLY:
            self.settled()

    def settled(self) -> None:
        """Take note that the far side has shown that it has let us in."""
        if self._dialogue.stage is Stage.ANSWERED and not self.over:
            self._end(self._dialogue.data())

    def lost(self) -> None:
        """Take note that the far side has gone."""
        words = {
            Stage.BEGIN: "it closed the connection before the login",
            Stage.NAMED: "it closed the connection during the login",
            Stage.ANSWERED: "it closed the connection after the login",
        }
        self._end(NotLetInError(words[self._dialogue.stage]))

    def stop(self) -> None:
        """End without a result."""
        self.over = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _wait(self, seconds: float) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
            self._timer = self._reactor.callLater(seconds, self._time_is_up)

    def _time_is_up(self) -> None:
        """Let what has come meanwhile be read first: we may be late ourselves, and not the far side."""
        self._timer = self._reactor.callLater(0, self._out_of_time)

    def _out_of_time(self) -> None:
        self._timer = None
        if self._dialogue.stage is Stage.ANSWERED:
            self._end(self._dialogue.data())
        else:
            self._end(NotLetInError(self._dialogue.missing()))

    def _end(self, result: bytes | NotLetInError) -> None:
        if not self.over:
            self.stop()
            self._done(result)


@implementer(IHalfCloseableProtocol)
class AnsweringProtocol(Protocol):
    """Between a transport and a protocol that begins when the questions have been answered.

    Args:
        login: the answers.
        settling: as `Answers` has it.
        make: returns the protocol; None: the connection is closed.
        failed: is told why there was no login.
        reactor: keeps the time.
    """

    transport: Any

    def __init__(
        self,
        login: CallLogin,
        settling: float,
        make: Callable[[], Protocol | None],
        failed: Callable[[NotLetInError], None],
        reactor: Any,
    ) -> None:
        self._login = login
        self._settling = settling
        self._make = make
        self._failed = failed
        self._reactor = reactor
        self._answers: Answers
        self._inner: Any = None

    @override
    def connectionMade(self) -> None:
        self._answers = Answers(self._login, self._settling, self.transport.tell, self._done, self._reactor)

    @override
    def dataReceived(self, data: bytes) -> None:
        self._answers.hear(data)

    def _done(self, result: bytes | NotLetInError) -> None:
        if isinstance(result, NotLetInError):
            self.transport.abortConnection()
            self._failed(result)
            return
        inner = self._make()
        if inner is None:
            self.transport.loseConnection()
            return
        self._inner = inner
        self.dataReceived = inner.dataReceived  # type: ignore[method-assign]
        inner.makeConnection(self.transport)
        if result:
            inner.dataReceived(result)

    def readConnectionLost(self) -> None:
        """Be told that the far side sends no more."""
        if self._inner is None:
            self.transport.loseConnection()
        else:
            self._inner.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Be told that the far side reads no more."""
        if self._inner is None:
            self.transport.loseConnection()
        else:
            self._inner.writeConnectionLost()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._answers.lost()
        if self._inner is not None:
            self._inner.connectionLost(reason)
