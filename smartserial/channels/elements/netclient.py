"""One connection that we make, and the elements that have it: they hear the same, and all may send."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.elements.netlock import SendRight
from smartserial.channels.elements.netsession import NetSession
from smartserial.channels.session import peer_host
from smartserial.channels.tls.ends import client_tls, failure_words, sealed
from smartserial.engine.effects import Peer
from smartserial.errors import ConfigError
from smartserial.settings import Address, Keepalive, TlsSettings
from smartserial.sharing.admission import plain_host

if TYPE_CHECKING:
    from smartserial.channels.elements.clientchannel import ClientChannel

DELAYS = (1.0, 2.0, 5.0, 10.0)
"""Seconds before each further attempt to connect; the last one counts for all that follow."""

LASTED = 10.0
"""Seconds after which a session counts as a success: a server that hangs up at once is not pestered."""

ATTEMPT = 10.0
"""Seconds that one attempt may take, its TLS handshake included."""

MOST_ATTEMPTS = 5
"""Failed attempts that bytes outlive which wait for a connection."""

EndpointMaker = Callable[[Any, str, int, int, Keepalive | None], IStreamClientEndpoint]
"""Makes an endpoint of the reactor, a host, a port, a local port (0: any) and keepalive."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a client connects to, and how; elements that have the same share a connection."""

    host: str
    port: int
    local_port: int = 0
    tls: TlsSettings | None = None

    def __str__(self) -> str:
        return f"{Address(self.host, self.port)}{' with TLS' if self.tls is not None else ''}"


@dataclass(slots=True)
class _Waiting:
    channel: ClientChannel
    data: bytes
    attempts: int = 0


class ClientSocket(Factory):
    """Keeps one connection as long as a channel wants it.

    Args:
        target: where to; it may change.
        keepalive: of the connection.
        make: makes endpoints.
        numbers: gives each session its own number.
        on_idle: is called when nobody wants the connection, and it is closed.
        reactor: keeps the time.
    """

    noisy = False

    def __init__(
        self,
        target: Target,
        keepalive: Keepalive | None,
        make: EndpointMaker,
        numbers: Iterator[int],
        on_idle: Callable[[ClientSocket], None],
        reactor: Any,
    ) -> None:
        self.target = target
        self.session: NetSession | None = None  # may be handshaking, or ending
        self.channels: dict[ClientChannel, None] = {}
        self.right = SendRight()
        self._keepalive = keepalive
        self._make = make
        self._numbers = numbers
        self._on_idle = on_idle
        self._reactor = reactor
        self._creator: object = None
        self._trying = False
        self._attempt: Deferred[Any] | None = None
        self._limit: IDelayedCall | None = None
        self._retry: IDelayedCall | None = None
        self._failures = 0
        self._since = 0.0
        self._at_once = False  # whether to connect again as soon as the session is gone
        self._waiting: deque[_Waiting] = deque()

    # ---- who wants it

    def enter(self, channel: ClientChannel) -> None:
        """Let a channel have the connection, as soon as there is one."""
        if not self.channels:
            self._creator = None  # files may be others now
        self.channels[channel] = None
        session = self.session
        if session is None:
            self._soon()
        elif session.ending:
            self._at_once = True
        else:
            session.hearers[channel] = None
            if session.up:
                channel.begin(session)

    def leave(self, channel: ClientChannel) -> list[Deferred[None]]:
        """Let a channel have it no more; without any the connection is closed."""
        self.channels.pop(channel, None)
        left, self._waiting = self._waiting, deque(w for w in self._waiting if w.channel is not channel)
        for waiting in left:
            if waiting.channel is channel:
                channel.drop_kept(waiting.data)
        session, parts = self.session, []
        if session is not None:
            if channel in session.hearers:
                parts.append(channel.part(session, "closed here", last=not self.channels))
            elif not self.channels:
                session.finish("closed here")
        if not self.channels:
            self._at_once = False
            self._stop_trying()
            if self.session is None:
                self._on_idle(self)
        return parts

    def move(self, target: Target) -> None:
        """Connect elsewhere from now on."""
        self.target = target
        self._creator = None
        self._failures = 0
        if self.session is not None:
            self._at_once = bool(self.channels)
            self.session.finish("redirected")
        elif self.channels:
            self._stop_trying()
            self._soon()

    # ---- connecting

    def hurry(self) -> None:
        """Connect at once, unless that is under way."""
        if self.session is None and not self._trying:
            self._soon()

    def _soon(self, delay: float = 0.0) -> None:
        if self._trying:
            return
        if self._retry is None:
            self._retry = self._reactor.callLater(delay, self._try)
        else:
            self._retry.reset(delay)

    def _try(self) -> None:
        self._retry = None
        self._trying = True
        self._limit = self._reactor.callLater(ATTEMPT, self._out_of_time)
        target = self.target
        try:
            if target.tls is not None and self._creator is None:
                self._creator = client_tls(target.tls, target.host)
        except ConfigError as error:
            self._failed(str(error))
            return
        attempt = maybeDeferred(
            self._make, self._reactor, target.host, target.port, target.local_port, self._keepalive
        ).addCallback(lambda endpoint: endpoint.connect(self))
        if self._trying and self.session is None:
            self._attempt = attempt
        attempt.addErrback(self._attempt_failed, attempt)

    def _attempt_failed(self, failure: Failure, attempt: Deferred[Any]) -> None:
        if self._attempt is attempt:
            self._failed(failure_words(failure))

    def _out_of_time(self) -> None:
        self._limit = None
        words = f"no connection within {ATTEMPT:g} s"
        if self.session is not None:
            self.session.abort(words)
        else:
            self._failed(words)

    def _stop_trying(self) -> None:
        self._trying = False
        attempt, self._attempt = self._attempt, None
        for call in (self._limit, self._retry):
            if call is not None:
                call.cancel()
        self._limit = self._retry = None
        if attempt is not None:
            attempt.cancel()

    def _failed(self, why: str) -> None:
        """Give up this attempt, and what has waited through too many."""
        self._stop_trying()
        for waiting in self._waiting:
            waiting.attempts += 1
        while self._waiting and self._waiting[0].attempts >= MOST_ATTEMPTS:
            waiting = self._waiting.popleft()
            waiting.channel.drop_kept(waiting.data)
        self._again()
        for channel in list(self.channels):
            channel.failed(f"cannot connect to {self.target}: {why}")

    def _again(self) -> None:
        self._soon(DELAYS[min(self._failures, len(DELAYS) - 1)])
        self._failures += 1

    # ---- the session

    @override
    def buildProtocol(self, addr: IAddress | None) -> Any:
        if not self._trying or self.session is not None:
            return None
        peer = Peer(plain_host(peer_host(addr)), getattr(addr, "port", 0), next(self._numbers))
        session = NetSession(self, peer, self._creator is not None, self._reactor)
        return sealed(session, self._creator, True, self._reactor) if self._creator is not None else session

    def made(self, session: NetSession) -> None:
        """Take note of a connection, which may have to speak TLS first."""
        self.session, self._attempt = session, None
        session.hearers = dict(self.channels)

    def opened(self, session: NetSession) -> None:
        """Send what waited, and tell all channels."""
        self._stop_trying()
        self._since = self._reactor.seconds()
        waiting, self._waiting = self._waiting, deque()
        for one in waiting:
            one.channel.unkeep(one.data)
            session.write(one.channel, one.data)
        for channel in list(session.hearers):
            if channel in self.channels and session is self.session:  # all that waited may be too much
                channel.begin(session)

    def gone(self, session: NetSession, why: str) -> None:
        """Connect again, if that is still wanted."""
        if session is not self.session:
            return
        self.session = None
        at_once, self._at_once = self._at_once, False
        if not session.up and self.channels and not at_once:
            self._failed(why)
            return
        self._stop_trying()
        if session.up and self._reactor.seconds() - self._since >= LASTED:
            self._failures = 0
        if not self.channels:
            self._on_idle(self)
        elif at_once or self._waiting:
            self._soon()
        else:
            self._again()
        for channel in list(session.hearers):
            channel.end(session, why)

    # ---- sending

    def send(self, channel: ClientChannel, data: bytes) -> bool:
        """Send now, or keep until there is a connection; tell whether there was room for that."""
        session = self.session
        if session is not None and session.up and not session.ending:
            session.write(channel, data)
            return True
        if not channel.keep(len(data)):
            return False
        self._waiting.append(_Waiting(channel, data))
        self.hurry()
        return True
