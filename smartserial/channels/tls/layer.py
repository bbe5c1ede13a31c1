"""The TLS layer: any Twisted protocol can have it below itself, on any stream transport.

Needs pyOpenSSL; what makes connections is that of `channels.tls.ends`, which says so where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from types import SimpleNamespace
from typing import Any

from OpenSSL.SSL import Connection, Error
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.foreign import ForeignTransport, counted
from smartserial.channels.tls.ends import HANDSHAKE, failure_words
from smartserial.channels.tls.records import Records
from smartserial.channels.tls.wire import TlsTransport
from smartserial.errors import PeerError

LAST_WORDS = 1.0
"""Seconds that the other side has to read why its handshake has failed."""

_WENT = "TLS: the other side went away during the handshake"


class _State(Enum):
    SHAKING_HANDS = 0
    OPEN = 1
    OVER = 2  # a handshake that failed, or something wrong; or nobody is inside


def _nobody(why: str) -> None:
    """Tell nobody."""


@implementer(IHalfCloseableProtocol, IPushProducer)
class TlsProtocol(Protocol):
    """Between a transport and the protocol that is made when the handshake is done.

    To the transport it is the producer. Only whole batches are handed over, and none to a protocol that has
    paused its transport; what has come by then is handed over before it is told of an end.

    Args:
        make: makes the protocol inside; None: the connection is closed.
        creator: makes this end of the connection; see `channels.tls.ends`.
        client: whether this is the client's end.
        reactor: keeps the time.
        deadline: seconds for the handshake.
        failed: is called with words if there is no handshake; `make` is not called then.
    """

    factory: Any = SimpleNamespace(wrappedFactory=None)  # Twisted asks it for the next protocol's names

    def __init__(
        self,
        make: Callable[[], Protocol | None],
        creator: object,
        client: bool,
        reactor: Any,
        *,
        deadline: float = HANDSHAKE,
        failed: Callable[[str], None] = _nobody,
    ) -> None:
        self._make = make
        self._creator: Any = creator
        self._client = client
        self._reactor = reactor
        self._deadline = deadline
        self._failed = failed
        self._state = _State.SHAKING_HANDS
        self._why = ""  # the other side's certificate is not accepted
        self._timer: IDelayedCall | None = None
        self._inner: Any = None
        self._waits = False  # something is still to be handed over
        self._ended = self._end_told = False
        self._reason: Failure | None = None
        self._records: Records
        self._upper: TlsTransport

    @override
    def connectionMade(self) -> None:
        wire = counted(self.transport)
        self._records = Records(self._connection(), self._client)
        self._upper = TlsTransport(wire, self._records, self._resumed, self._break)
        wire.high = 0  # one group of records at a time
        wire.registerProducer(self, True)
        words = f"no TLS handshake within {self._deadline:g} s"
        self._later(self._deadline, lambda: self.give_up(words))
        self._shake_hands()

    def _connection(self) -> Connection:
        connection: Connection
        if self._client:
            connection = self._creator.clientConnectionForTLS(self)
            connection.set_connect_state()
        else:
            connection = self._creator.serverConnectionForTLS(self)
            connection.set_accept_state()
        connection.set_app_data(self)
        return connection

    # ---- the handshake

    def _shake_hands(self) -> None:
        try:
            done = self._records.shake_hands()
        except Error:
            self._upper.control(self._records.answers())
            self._refuse(self._why or failure_words(Failure()))
            return
        self._upper.control(self._records.answers())
        if self._why:
            self._refuse(self._why)
        elif done:
            self._stop_timer()
            self._open()

    def failVerification(self, reason: Failure) -> None:  # Twisted calls it
        """Be told that the other side's certificate is not that of the host that was wanted."""
        self._why = failure_words(reason)

    def _open(self) -> None:
        self._inner = self._make()
        if self._inner is None:
            self._state = _State.OVER
            self._upper.loseConnection()
            return
        self._state = _State.OPEN
        self._inner.makeConnection(self._upper)
        self._hand_over()

    def _refuse(self, why: str) -> None:
        """Give up a connection; closed at once with bytes unread, the kernel would take back why."""
        self._state = _State.OVER
        wire = self._upper.wire
        wire.unregisterProducer()
        wire.loseWriteConnection()
        self._later(LAST_WORDS, wire.cut)
        self._failed(why)

    def give_up(self, why: str) -> None:
        """End the connection at once, if its handshake is not done; not while the transport reads from it."""
        if self._state is _State.SHAKING_HANDS:
            self._state = _State.OVER
            self._failed(why)
            self._upper.wire.cut()

    # ---- reading

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._state is _State.SHAKING_HANDS:
            self._records.feed(data)
            self._shake_hands()
        elif self._state is _State.OPEN and not self._ended:
            self._records.feed(data)
            self._hand_over()

    def _hand_over(self) -> None:
        """Hand over what has come, and what became of the other side's sending."""
        if self._upper.paused:
            self._waits = True
            return
        self._waits = False
        heard = self._records.hear()
        self._upper.control(self._records.answers())
        self._ended = self._ended or heard.ended
        if heard.data and not self._upper.ending:
            self._inner.dataReceived(heard.data)
        if heard.error is not None:
            self._break(heard.error)
        elif self._ended and not self._end_told and self._state is _State.OPEN:
            self._tell_end()

    def _tell_end(self) -> None:
        if self._upper.paused:
            self._waits = True
            return
        self._end_told = True
        half = IHalfCloseableProtocol(self._inner, None)
        if half is not None:
            half.readConnectionLost()
        else:
            self._upper.loseConnection()

    def _resumed(self) -> None:
        """Go on in the next turn: whoever resumes may be in the middle of something."""
        if self._waits and self._timer is None and self._state is _State.OPEN:
            self._later(0, self._hand_over)

    def _break(self, error: Error) -> None:
        """End a connection that cannot go on; in the next turn, as the transport may be reading."""
        if self._state is _State.OPEN:
            self._state = _State.OVER
            self._reason = Failure(PeerError(failure_words(Failure(error))))
            self._upper.lost()
            self._later(0, self._upper.wire.cut)

    # ---- called by the transport

    def pauseProducing(self) -> None:
        """Be told by the transport that something waits there."""
        self._upper.blocked(True)

    def resumeProducing(self) -> None:
        """Be told by the transport that nothing waits there."""
        self._upper.blocked(False)

    def stopProducing(self) -> None:
        """Be told by the transport that it is closing."""

    def readConnectionLost(self) -> None:
        """Be told that the peer sends no more; that it has not said so before is no fault."""
        if self._state is _State.OPEN:
            self._ended = True
            self._hand_over()
        elif self._state is _State.SHAKING_HANDS:
            self._refuse(_WENT)
        else:
            self._upper.wire.loseConnection()

    def writeConnectionLost(self) -> None:
        """Be told that the peer reads no more."""
        self._upper.lost()
        if self._state is _State.SHAKING_HANDS:
            self._refuse(_WENT)
        if self._state is _State.OVER:
            if self._timer is None:
                self._later(0, self._upper.wire.cut)
            return
        half = IHalfCloseableProtocol(self._inner, None)
        if half is not None:
            half.writeConnectionLost()
        else:
            self._upper.loseConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        upper = self._upper
        if isinstance(upper.wire, ForeignTransport):
            upper.wire.lost()
        self._stop_timer()
        left = self._state is _State.OPEN and self._waits and not upper.ending
        was, self._state = self._state, _State.OVER
        upper.lost()
        if was is _State.SHAKING_HANDS:
            self._failed(_WENT)
        elif self._inner is not None:
            if left:
                self._inner.dataReceived(self._records.hear().data)
            upper.stop_producer()
            self._inner.connectionLost(self._reason or reason)
        self._records.forget()

    # ---- time

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self._reactor.callLater(seconds, self._in_time, call)

    def _in_time(self, call: Callable[[], None]) -> None:
        self._timer = None
        call()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
