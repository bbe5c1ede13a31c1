"""What is told of a client that is gone."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from smartserial.channels.comport import ComPortSession
from smartserial.channels.session import Session
from smartserial.events import ClientDisconnected, ClientMisspoke


def tell_of(session: Session, reason: Failure, now: float, publish: Callable[..., None]) -> None:
    """Publish that a client is gone, with why, and what became of its bytes.

    Args:
        session: which is over.
        reason: for which its connection ended.
        now: seconds, by the reactor's clock.
        publish: takes the kind of an event and its fields.
    """
    why = session.farewell or ("closed" if reason.check(ConnectionDone) else reason.getErrorMessage())
    stream = session.stream
    if isinstance(session, ComPortSession) and session.oddities:
        publish(ClientMisspoke, session.name, session.oddities)
    publish(
        ClientDisconnected,
        session.name,
        why,
        session.received,
        stream.sent,
        stream.dropped + session.discarded,
        session.identity.name,
        seconds=max(0.0, now - session.opened_at),
        refused=session.refused,
    )
