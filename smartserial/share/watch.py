"""The regular look at everybody who is connected: idle, stuck and vanished clients."""

from __future__ import annotations

from typing import Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.session import Session
from smartserial.channels.tcp import SocketStream
from smartserial.settings import Sharing

LOOK = 2.0  # seconds between two looks


class Watched(Shape):
    """What the watch needs of the clients."""

    sharing: Sharing

    def sessions(self) -> list[Session]:
        """Return everybody."""

    def drop(self, session: Session, farewell: str) -> None:
        """Close a client's connection now."""

    def stuck(self, session: Session) -> None:
        """Take note that a client has taken none of the bytes that wait for it, for the timeout."""


class Watch:
    """Looks at each client now and then, as long as there are any.

    Counters are compared between two looks, so that watching costs nothing while bytes pass.
    """

    def __init__(self, clients: Watched, reactor: Any) -> None:
        self._clients = clients
        self._reactor = reactor
        self._next: IDelayedCall | None = None

    def begin(self, session: Session) -> None:
        """Look at a new client too."""
        session.active_at = session.progress_at = self._reactor.seconds()
        if self._next is None:
            self._schedule()

    def end(self) -> None:
        """Look no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _schedule(self) -> None:
        limits = [session.idle_limit for session in self._clients.sessions()]
        interval = min([LOOK, *(limit / 4 for limit in limits if limit is not None)])
        self._next = self._reactor.callLater(interval, self._time_to_look)

    def _time_to_look(self) -> None:
        """Let what has come meanwhile be read first: we may be late ourselves, and nobody idle."""
        self._next = self._reactor.callLater(0, self._look)

    def _look(self) -> None:
        self._next = None
        now = self._reactor.seconds()
        for session in self._clients.sessions():
            self._look_at(session, now)
        if self._clients.sessions():
            self._schedule()

    def _look_at(self, session: Session, now: float) -> None:
        stream, idle_limit = session.wire, session.idle_limit
        alive = session.received != session.heard
        if alive:
            session.heard, session.active_at = session.received, now
        elif session.stream.sent != session.data_seen or session.held:
            session.data_seen, session.active_at = session.stream.sent, now
        if stream.sent != session.sent_seen or not (session.stream.pending or stream.pending):
            session.sent_seen, session.progress_at = stream.sent, now
        if not alive and _vanished(session, self._clients.sharing.slow_client.timeout):
            self._clients.drop(session, "vanished: its network does not answer")
        elif session.held and not session.unwritable and reset(session):
            session.wire.protocol.writeConnectionLost()
        elif idle_limit is not None and now - session.active_at >= idle_limit:
            session.cut(f"idle for {idle_limit:g} s")
        elif now - session.progress_at >= self._clients.sharing.slow_client.timeout:
            self._clients.stuck(session)


def _vanished(session: Session, patience: float) -> bool:
    """Tell whether the peer's kernel owes answers for as long as keepalive would wait for them.

    The kernel is asked only about peers that were sent something and have not been heard since.
    """
    stream, keepalive = session.wire, session.listener.settings.keepalive
    given = stream.sent + stream.pending
    if given == session.confirmed or not isinstance(stream, SocketStream) or session.unwritable:
        return False
    if keepalive is not None:
        patience = keepalive.every + keepalive.retry * keepalive.count
    if stream.vanished(patience):
        return True
    if not stream.pending + stream.unconfirmed():
        session.confirmed = given
    return False


def reset(session: Session) -> bool:
    """Tell whether the peer has reset the connection, where that can be seen."""
    stream = session.wire
    return isinstance(stream, SocketStream) and bool(stream.connected) and stream.reset()
