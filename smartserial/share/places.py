"""Who gets a place at a share, and who makes room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartserial.channels.listener import Listener
from smartserial.channels.session import Session
from smartserial.sharing.access import Refusal, crowded, full

if TYPE_CHECKING:
    from smartserial.share.clients import Clients


def find_place(clients: Clients, listener: Listener, host: str) -> Refusal | None:
    """Tell a client that comes from `host` that there is no place for it, or make one.

    The oldest one may be sent away for it, but nobody for one from a source that has all of its places.
    """
    settings = listener.settings
    most = settings.max_per_source
    if most is not None and host and clients.clients_from(listener, host) >= most:
        return crowded(clients.name, host, most)
    if settings.max_clients is not None and listener.clients >= settings.max_clients:
        return _make_room(clients, listener, settings.max_clients, own=True)
    if len(clients.here) >= clients.sharing.max_clients:
        return _make_room(clients, listener, clients.sharing.max_clients, own=False)
    return None


def _make_room(clients: Clients, listener: Listener, limit: int, own: bool) -> Refusal | None:
    candidates = [s for s in clients.here if not is_target(s) and (s.listener is listener or not own)]
    if not clients.sharing.kick_oldest or not candidates or not listener.displaces:
        return full(clients.name, limit)
    clients.drop(candidates[0], "made room for a newer client")
    return None


def is_target(session: Session) -> bool:
    """Tell whether a client is one that the configuration names: it would come back by itself."""
    return getattr(session.stream, "target", None) is not None
