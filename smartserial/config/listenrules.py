"""Rules on ways in: whom they let in, and whose addresses they have."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from smartserial.config.devices import UdpModel
from smartserial.config.models import ConfigModel, ShareModel
from smartserial.config.source import Source, path_text
from smartserial.config.walking import Rule, doors_of, idle_at, shares_of
from smartserial.findings import Finding
from smartserial.sharing.access import loopback

_THIS_MACHINE = (ip_network("127.0.0.0/8"), ip_network("::1"))


def somebody_is_let_in(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A list of those who may come in names somebody: an empty one would let everybody in."""
    for place, _, listener in doors_of(config):
        here = (*place, "allow")
        if not listener.allow and source.written(here) == []:
            message = "expected an address or a network: without one everybody is let in"
            yield source.finding(here, "CF03", message, hint="leave `allow` out if that is meant")


def those_who_can_come(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Who is let in can come: to an address of this machine alone nobody comes from elsewhere."""
    for place, _, listener in doors_of(config):
        if listener.endpoint is not None or not loopback(listener.host):
            continue
        for n, network in enumerate(listener.allow):
            if not any(network.version == own.version and network.overlaps(own) for own in _THIS_MACHINE):
                message = f"cannot act: only this machine reaches {listener.host}"
                yield idle_at(source, (*place, "allow", n), message)


def a_console_of_its_own(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """The console listens for telnet elsewhere than the shares do for their clients."""
    host, port = config.console.telnet or ("", 0)
    for place, _, listener in doors_of(config) if port else ():
        same = listener.endpoint is None and listener.transport == "tcp" and listener.port == port
        if same and _overlap(host, listener.host):
            message = f"port {port} is also that of {path_text(place)}"
            yield source.finding(("console", "telnet"), "CF06", message)
            return


def _overlap(one: str, other: str) -> bool:
    """Tell whether two sockets cannot listen on one port of these addresses."""
    return one == other or ip_address(one).is_unspecified or ip_address(other).is_unspecified


def local_ports_of_their_own(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A device is reached from another port than the clients come to."""
    taken = {
        listener.port: place
        for place, _, listener in reversed(list(doors_of(config)))
        if listener.transport == "udp" and listener.endpoint is None and listener.port
    }
    for place, share in shares_of(config):
        if isinstance(share.device, UdpModel) and share.device.local_port in taken:
            port = share.device.local_port
            message = f"port {port} is also that of {path_text(taken[port])}"
            yield source.finding((*place, "device", "local_port"), "CF06", message)


def places_for_each(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """One address may have fewer places than there are at a listener."""
    for place, holder, listener in doors_of(config):
        most, each = listener.max_clients, listener.max_per_source
        told = isinstance(holder, ShareModel) and (each or 0) > holder.sharing.max_clients
        if most is not None and each is not None and each > most and not told:
            yield idle_at(source, (*place, "max_per_source"), f"cannot act: the listener lets in {most}")


LISTEN_RULES: tuple[Rule, ...] = (
    somebody_is_let_in,
    those_who_can_come,
    a_console_of_its_own,
    local_ports_of_their_own,
    places_for_each,
)
