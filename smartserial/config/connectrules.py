"""Rules on calls: what cannot act where it stands, and what nobody would answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address

from smartserial.config.connect import ConnectModel
from smartserial.config.devices import VirtualModel
from smartserial.config.models import ConfigModel, ListenerModel, ShareModel
from smartserial.config.source import Place, Source
from smartserial.config.walking import Rule, idle_at, pools_that_have, shares_of
from smartserial.findings import WARNING, Finding
from smartserial.sharing.access import loopback

_OF_STREAMS = {
    "nodelay": "this is for TCP",
    "keepalive": "this is for TCP; `heartbeat` keeps a way open",
    "idle_timeout": "over UDP there is nothing to hang up",
    "all": "over UDP each has a socket of its own anyway",
}
Called = tuple[Place, ShareModel, ConnectModel]


def calls_of(config: ConfigModel) -> Iterator[Called]:
    """Yield the calls of shares: the place of each, its share, and it."""
    for place, share in shares_of(config):
        if share.connect is not None:
            yield (*place, "connect"), share, share.connect


def target_at(source: Source, place: Place, number: int) -> Place:
    """Return where an address stands: in the long form, or in the short one."""
    return (*place, number) if isinstance(source.written(place), list) else (*place, "to", number)


def somebody_to_serve(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A share has listeners, or calls, or a pool leads to it; also one that is wrong otherwise."""
    written = source.written(("shares",))
    for name, share in written.items() if isinstance(written, dict) else ():
        if not isinstance(share, dict) or pools_that_have(source, name):
            continue
        if "listen" not in share and "connect" not in share:
            message = "expected `listen`, `connect` or a pool that has this share: nobody could come to it"
            yield source.finding(("shares", name, "listen"), "CF04", message)


def what_calls_by_udp_carry(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """UDP carries no telnet, is not encrypted, knows nobody, and a call over it is for one."""
    for place, _, call in calls_of(config):
        if call.transport != "udp":
            continue
        if call.mode == "rfc2217":
            message = "expected raw with `transport: udp`: telnet needs TCP"
            yield source.finding((*place, "mode"), "CF08", message)
        if call.tls is not None:
            yield source.finding((*place, "tls"), "CF08", "cannot act: UDP is not encrypted", at_key=True)
        if call.login is not None:
            message = "cannot act: over UDP nobody can log in"
            yield source.finding((*place, "login"), "CF08", message, at_key=True)
        if call.when == "on-demand":
            message = "cannot act: over UDP a way is always open"
            yield source.finding((*place, "when"), "CF08", message, at_key=True)
        for n, (host, _) in enumerate(call.to):
            if _is_for_many(host):
                message = f"{host} is for many: a call is for one"
                hint = "give a listener with `transport: udp` this address as one of its `targets`"
                yield source.finding(target_at(source, place, n), "CF08", message, hint=hint)


def what_calls_by_udp_have(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """What is for streams does nothing for datagrams."""
    for place, _, call in calls_of(config):
        for key, why in _OF_STREAMS.items() if call.transport == "udp" else ():
            if key in call.model_fields_set:
                yield idle_at(source, (*place, key), f"cannot act: {why}")


def _is_for_many(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_multicast or str(address) == "255.255.255.255"


def each_address_once(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Nobody is called twice, and there is a place for each that is called at once."""
    for place, share, call in calls_of(config):
        for n, target in enumerate(call.to):
            if target in call.to[:n]:
                message = f"{target[0]}:{target[1]} stands there twice"
                yield source.finding(target_at(source, place, n), "CF06", message)
        at_once = len(call.to) if call.all or call.transport == "udp" else 1
        if at_once > share.sharing.max_clients:
            message = f"expected at most {share.sharing.max_clients}, as `max_clients` says: each has a place"
            yield source.finding(place, "CF08", message, at_key=True)


def reaches(call: ConnectModel, target: tuple[str, int], listener: ListenerModel) -> bool:
    """Tell whether a call to a target comes to a listener of this gateway, as far as that can be seen."""
    return leads_to(call.transport, target, listener)


def leads_to(transport: str, target: tuple[str, int], listener: ListenerModel) -> bool:
    """Tell whether an address is that of a listener of this gateway, as far as that can be seen."""
    if (listener.transport, listener.port) != (transport, target[1]) or listener.endpoint is not None:
        return False
    host = "127.0.0.1" if target[0] == "localhost" else target[0]
    return host == listener.host or (ip_address(listener.host).is_unspecified and loopback(host))


def moments_that_come(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A call that waits for something waits for what may happen."""
    for place, share, call in calls_of(config):
        virtual = isinstance(share.device, VirtualModel)
        if call.when == "device-open" and not virtual:
            message = "cannot act: programs open virtual ports only"
            yield source.finding((*place, "when"), "CF08", message, at_key=True)
        if call.when != "on-demand" or call.transport == "udp":
            continue
        if not share.buffer and not virtual:
            message = "what the device sends would be lost until somebody has answered: `buffer` is 0"
            yield source.finding((*place[:2], "buffer"), "CF08", message)
        if getattr(share.device, "open", "always") == "on-demand":
            message = "`open: on-demand` waits for a client, and the call for the device"
            yield source.finding((*place[:2], "device", "open"), "CF08", message)


def calls_that_end(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A call on demand ends, and what it is made for reaches the far side."""
    for place, share, call in calls_of(config):
        if call.when == "always" and getattr(share.device, "open", "always") == "on-demand":
            message = "cannot act: a call that is always there keeps the device open"
            yield idle_at(source, (*place[:2], "device", "open"), message)
        if call.when != "on-demand" or call.transport == "udp":
            continue
        if call.idle_timeout is None and not source.has((*place, "idle_timeout")):
            message = "stays connected for ever: `idle_timeout` says when it ends"
            yield source.finding((*place, "when"), "CF08", message, severity=WARNING)
        if call.access == "write":
            message = "cannot act: with `access: write` the far side gets nothing of what the device sends"
            yield idle_at(source, (*place, "access"), message)


def logins_that_are_asked_for(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Who is called as a client of RFC 2217 asks nobody who they are."""
    for place, _, call in calls_of(config):
        if call.login is not None and call.mode == "rfc2217" and call.telnet_role == "server":
            message = "cannot act: a client of RFC 2217 that is called asks for no login"
            yield source.finding((*place, "login"), "CF08", message, at_key=True)


def words_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """What is for telnet, for several addresses or for raw connections stands where there is such a thing."""
    for place, _, call in calls_of(config):
        idle = partial(idle_at, source)
        said = call.model_fields_set
        if call.mode == "raw" and "telnet_role" in said and not _wrong(source, (*place, "mode"), said):
            yield idle((*place, "telnet_role"), "cannot act: without `mode: rfc2217` there is no telnet")
        if call.all and len(call.to) == 1 and call.transport == "tcp":
            yield idle((*place, "all"), "cannot act: there is one address")
        for key, given in (("register", call.register_), ("heartbeat", call.heartbeat)):
            if given is not None and call.asks:
                message = "goes to the device of the far port, as data: a server of RFC 2217 needs none"
                yield idle((*place, key), message)


def _wrong(source: Source, place: Place, said: set[str]) -> bool:
    """Tell whether something is written at a place, but was taken out, for it was wrong."""
    return source.has(place) and place[-1] not in said


def passwords_in_clear(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A password that goes over the network is encrypted."""
    for place, _, call in calls_of(config):
        elsewhere = any(host != "localhost" and not _here(host) for host, _ in call.to)
        sealed = source.has((*place, "tls"))
        if call.login is not None and call.transport == "tcp" and elsewhere and not sealed:
            yield source.finding(
                (*place, "login"),
                "CF07",
                "the password goes over the network in clear",
                hint="add `tls`",
                severity=WARNING,
                at_key=True,
            )


def _here(host: str) -> bool:
    try:
        return loopback(str(ip_address(host)))
    except ValueError:
        return False


CONNECT_RULES: tuple[Rule, ...] = (
    somebody_to_serve,
    what_calls_by_udp_carry,
    what_calls_by_udp_have,
    each_address_once,
    moments_that_come,
    calls_that_end,
    logins_that_are_asked_for,
    words_that_act,
    passwords_in_clear,
)
