"""Rules on listeners that speak UDP: what UDP has not, and those who get datagrams unasked."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from smartserial.config.models import ConfigModel, ListenerModel
from smartserial.config.source import Place, Source, path_text
from smartserial.config.walking import Rule, idle_at, listeners_of, shares_of, ways_of
from smartserial.findings import WARNING, Finding
from smartserial.settings import LARGEST_DATAGRAM
from smartserial.sharing.access import loopback

_OF_STREAMS = {
    "refusal": "over UDP a client that is refused is told nothing",
    "nodelay": "this is for TCP",
    "keepalive": "this is for TCP; `idle_timeout` says when a silent client is forgotten",
}
_BROADCAST = ip_address("255.255.255.255")


def what_udp_carries(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """UDP carries no telnet, and is no endpoint."""
    for place, _, listener in listeners_of(config):
        if listener.transport != "udp":
            continue
        if listener.mode == "rfc2217":
            message = "expected raw with `transport: udp`: telnet needs TCP"
            yield source.finding((*place, "mode"), "CF08", message)
        if listener.endpoint is not None:
            message = "`transport: udp` and `endpoint` exclude each other"
            yield source.finding((*place, "endpoint"), "CF05", message, at_key=True)


def what_udp_has(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """What is for the one transport does nothing with the other."""
    for place, _, listener in listeners_of(config):
        if listener.transport != "udp":
            wrong = source.has((*place, "transport")) and "transport" not in listener.model_fields_set
            for key in ("targets", "interface") if not wrong else ():
                if getattr(listener, key):
                    yield idle_at(source, (*place, key), "cannot act: this is for `transport: udp`")
            continue
        for key, why in _OF_STREAMS.items():
            if key in listener.model_fields_set:
                yield idle_at(source, (*place, key), f"cannot act: {why}")
        if listener.interface is not None and not source.has((*place, "targets")):
            yield idle_at(source, (*place, "interface"), "cannot act: there are no `targets`")
        elif listener.interface is not None and not any(_maybe_group(host) for host, _ in listener.targets):
            message = "cannot act: it is for groups (multicast), and none of the `targets` is one"
            yield idle_at(source, (*place, "interface"), message)


def targets_that_can_be_had(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Each target has a place of its own, and there is a way to it."""
    for place, share, listener in listeners_of(config):
        if listener.transport != "udp":
            continue
        for n, target in enumerate(listener.targets):
            here = (*place, "targets", n)
            if target in listener.targets[:n]:
                yield source.finding(here, "CF06", f"{target[0]}:{target[1]} stands there twice")
            if why := _no_way(listener, target[0]):
                yield source.finding(here, "CF08", why)
        limits = (listener.max_clients, share.sharing.max_clients)
        most = min(limit for limit in limits if limit is not None)
        if len(listener.targets) > most:
            message = f"expected at most {most}, as `max_clients` says: each target has a place"
            yield source.finding((*place, "targets"), "CF08", message)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _maybe_group(host: str) -> bool:
    """Tell whether a target is many, or a name that may stand for many."""
    address = _address(host)
    return address is None or address.is_multicast


def _no_way(listener: ListenerModel, host: str) -> str:
    """Tell why a target cannot be reached; empty if it may be."""
    target, here = _address(host), ip_address(listener.host)
    if target is None:
        return ""
    if target.version != here.version:
        return f"expected an address of the kind that {listener.host} is, found {host}"
    many = target.is_multicast or target == _BROADCAST
    if loopback(listener.host) and not many and not loopback(host):
        return f"{host} cannot be reached from {listener.host}: `host` must be an address that others see"
    return ""


def targets_that_hear(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Targets get the device's bytes, and are always there."""
    told: set[Place] = set()
    for place, share, listener in listeners_of(config):
        if listener.transport != "udp" or not listener.targets:
            continue
        if listener.access == "write":
            message = "cannot act: with `access: write` clients get nothing"
            yield idle_at(source, (*place, "targets"), message)
        there: Place = (*place[:2], "device", "open")
        if getattr(share.device, "open", "always") == "on-demand" and there not in told:
            told.add(there)
            yield idle_at(source, there, "cannot act: targets are always there")
        kept: Place = (*place[:2], "buffer")
        reads = listener.access != "write" and share.sharing.send_to in ("all", "asker", "first")
        if reads and share.buffer and "buffer" in share.model_fields_set and kept not in told:
            told.add(kept)
            yield idle_at(source, kept, "cannot act: targets are always there")


def others_may_speak(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A target that says nothing keeps nobody from speaking."""
    told: set[Place] = set()
    for place, share, listener in listeners_of(config):
        here: Place = (*place[:2], "sharing", "receive_from")
        speaks = listener.transport == "udp" and listener.targets and listener.access != "read"
        if share.sharing.receive_from == "first" and speaks and here not in told:
            told.add(here)
            message = (
                f"the first client is {path_text((*place, 'targets', 0))}, always: nobody else may speak"
            )
            hint = "give the listener with the targets `access: read`, or take `last-active`"
            yield source.finding(here, "CF08", message, severity=WARNING, hint=hint)


def packets_that_fit(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A packet goes in one datagram, where there is nothing but datagrams."""
    for place, share in shares_of(config):
        size = share.packets.size if share.packets is not None else None
        if (size or 0) > LARGEST_DATAGRAM and all(way.transport == "udp" for way in ways_of(config, place)):
            message = (
                f"expected at most {LARGEST_DATAGRAM}: a datagram has no more, and a packet would be two"
            )
            yield source.finding((*place, "packets", "size"), "CF08", message, severity=WARNING)


UDP_RULES: tuple[Rule, ...] = (
    what_udp_carries,
    what_udp_has,
    targets_that_can_be_had,
    targets_that_hear,
    others_may_speak,
    packets_that_fit,
)
