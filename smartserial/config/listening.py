"""From the models of listeners to their settings."""

from __future__ import annotations

from smartserial.config.models import ListenerModel, PacketsModel
from smartserial.settings import (
    DATAGRAM,
    LARGEST_DATAGRAM,
    Address,
    Keepalive,
    ListenerSettings,
    Mode,
    UdpRules,
    When,
)
from smartserial.sharing.access import Access


def _udp(listener: ListenerModel, packets: PacketsModel | None) -> UdpRules | None:
    if listener.transport != "udp":
        return None
    targets = tuple(Address(*target) for target in listener.targets)
    return UdpRules(targets, listener.interface or "", datagram_of(packets))


def datagram_of(packets: PacketsModel | None) -> int:
    """Return how many bytes a datagram has at most."""
    size = packets.size if packets is not None else None
    return DATAGRAM if size is None else min(size, LARGEST_DATAGRAM)


def listener_of(listener: ListenerModel, packets: PacketsModel | None) -> ListenerSettings:
    """Return the settings of a listener, but for encryption and logins."""
    keepalive = listener.keepalive
    return ListenerSettings(
        address=Address(listener.host, listener.port or 0, listener.endpoint or ""),
        mode=Mode(listener.mode),
        access=Access(listener.access),
        allow=tuple(listener.allow),
        max_clients=listener.max_clients,
        max_per_source=listener.max_per_source,
        tell_refused=listener.refusal == "text",
        nodelay=listener.nodelay,
        keepalive=None if keepalive is None else Keepalive(**keepalive.model_dump()),
        idle_timeout=listener.idle_timeout,
        udp=_udp(listener, packets),
        when=When(listener.when),
        linger=listener.linger,
    )
