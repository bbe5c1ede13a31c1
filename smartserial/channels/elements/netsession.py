"""One TCP connection of elements: several may hear it, and write to it."""

from __future__ import annotations

from typing import Any
from typing import Protocol as Shape

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.elements.authors import Authors
from smartserial.channels.elements.channel import MOST_PENDING, Tally
from smartserial.channels.tls.ends import HANDSHAKE, SealedTransport, failure_words
from smartserial.engine.effects import Peer

LAST_WORDS = 1.0
"""Seconds that a session which is being closed has to take what waits for it."""

LOOK = 2.0
"""Seconds between two looks at a session that has not confirmed all that was sent."""

PATIENCE = 11.0
"""Seconds after which a peer whose kernel owes answers has vanished, as keepalive has it for an idle one."""


class Hearer(Shape):
    """What a session needs of a channel that hears it."""

    account: Tally

    def hear(self, session: NetSession, data: bytes) -> None:
        """Take what a session has sent."""


class SessionHome(Shape):
    """What a session needs of the hub, or the client, that it belongs to."""

    def made(self, session: NetSession) -> None:
        """Take note of a connection; with TLS, it is not usable yet."""

    def opened(self, session: NetSession) -> None:
        """Take note that a session may be used."""

    def gone(self, session: NetSession, why: str) -> None:
        """Take note that a connection is over, whether it was ever usable or not."""


@implementer(IHandshakeListener)
class NetSession(Protocol):
    """A connection and those who hear it.

    Args:
        home: where it belongs.
        peer: what it is called; a client's is known when it is connected.
        sealed: whether its transport will be TLS.
        reactor: keeps the time.
    """

    stream: Any  # counts: a stream of our own, or a SealedTransport
    wire: Any  # the stream of our own, below TLS if there is any

    def __init__(self, home: SessionHome, peer: Peer, sealed: bool, reactor: Any) -> None:
        self.peer = peer
        self.hearers: dict[Any, None] = {}
        self.up = False
        self.ending = ""  # why, once it is being closed
        self._home = home
        self._sealed = sealed
        self._reactor = reactor
        self._authors = Authors()
        self._writers: set[Any] = set()
        self._deadline: IDelayedCall | None = None
        self._look: IDelayedCall | None = None
        self._over: list[Deferred[None]] = []
        self._gone = False

    # ---- called by the transport

    @override
    def connectionMade(self) -> None:
        self.stream = self.wire = self.transport
        if self._sealed:
            self.stream = SealedTransport(self.transport)
            self.wire = self.stream.wire
            self._give_time(HANDSHAKE, f"no TLS handshake within {HANDSHAKE:g} s")
        self._home.made(self)
        if not self._sealed:
            self._begin()

    def handshakeCompleted(self) -> None:  # the interface's name
        """Be told by the transport that both sides speak TLS."""
        if not self.ending:
            self._stop_waiting()
            self._begin()

    def _begin(self) -> None:
        self.up = True
        self._home.opened(self)

    @override
    def dataReceived(self, data: bytes) -> None:
        for hearer in list(self.hearers):
            if hearer in self.hearers and not self.ending:  # one before may have ended it
                hearer.hear(self, data)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._gone = True
        self._stop_waiting()
        if self._look is not None:
            self._look.cancel()
            self._look = None
        self.settle()
        self._authors.lost()
        for writer in self._writers:
            writer.written.discard(self)
        self._home.gone(self, self.ending or _words(reason))
        over, self._over = self._over, []
        for deferred in over:
            deferred.callback(None)

    # ---- called by channels

    def heard_by(self, hearer: object) -> bool:
        """Tell whether it is there for `hearer`."""
        return self.up and not self.ending and hearer in self.hearers

    def write(self, writer: Any, data: bytes) -> None:
        """Send bytes of one channel; a peer for whom too much waits is cut off."""
        if self._gone:
            writer.account.dropped += len(data)
            return
        self._authors.wrote(writer.account, len(data))
        self._writers.add(writer)
        writer.written.add(self)
        self.stream.write(data)
        self.settle()
        if self.stream.pending > MOST_PENDING:
            self.abort(f"too slow: {self.stream.pending} bytes were waiting for it")
        elif self._look is None and not self._gone:
            self._look = self._reactor.callLater(LOOK, self._look_after)

    def settle(self) -> None:
        """Book what has been sent by now."""
        self._authors.settle(self.stream.sent)

    def finish(self, why: str) -> None:
        """Close when what waits has been sent, or after a second; nothing more is heard."""
        if not self.ending and not self._gone:
            self.ending = why
            self._give_time(LAST_WORDS, why)
            self.stream.loseConnection()

    def abort(self, why: str) -> None:
        """Close now; what waits is dropped."""
        if not self._gone:
            self.ending = self.ending or why
            self._stop_waiting()
            self.stream.abortConnection()

    def when_over(self) -> Deferred[None]:
        """Return what fires when the connection is gone and all have been told."""
        deferred: Deferred[None] = Deferred()
        if self._gone:
            deferred.callback(None)
        else:
            self._over.append(deferred)
        return deferred

    # ---- time

    def _give_time(self, seconds: float, why: str) -> None:
        self._stop_waiting()
        self._deadline = self._reactor.callLater(seconds, self._out_of_time, why)

    def _out_of_time(self, why: str) -> None:
        self._deadline = None
        self.ending = self.ending or why
        if self.stream.pending:
            self.abort(why)
        else:
            self.wire.cut()  # it is TLS that the other side has not ended, or not begun

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _look_after(self) -> None:
        """See whether the peer's kernel answers; keepalive sees that only while nothing is on its way."""
        self._look = None
        self.settle()
        if not self.wire.pending + self.wire.unconfirmed():
            return
        if self.wire.vanished(PATIENCE):
            self.abort("vanished: its network does not answer")
        else:
            self._look = self._reactor.callLater(LOOK, self._look_after)


def _words(reason: Failure) -> str:
    if reason.check(ConnectionDone):
        return "closed by the other side"
    return "the connection was lost" if type(reason.value) is ConnectionLost else failure_words(reason)
