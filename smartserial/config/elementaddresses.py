"""Elements beside each other and beside shares: names and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from smartserial.config.elementplan import Kind, Plan, PlannedConnection
from smartserial.config.elementrules import ElementRule
from smartserial.config.source import Source, path_text
from smartserial.config.tlsrules import TLS_RULES
from smartserial.findings import Finding, did_you_mean
from smartserial.sharing.access import loopback


def own_names(plan: Plan, source: Source) -> Iterator[Finding]:
    """An element has another name than each share."""
    for element in plan.elements:
        if source.has(("shares", element.name)):
            message = f"shares.{element.name} has this name too"
            yield source.finding(element.place, "CF14", message, at_key=True)


def shares_that_exist(plan: Plan, source: Source) -> Iterator[Finding]:
    """A connection runs on a share that there is."""
    known = source.written(("shares",))
    names = [str(name) for name in known] if isinstance(known, dict) else []
    for one in plan.connections:
        if one.model.share is not None and one.model.share not in names:
            hint = did_you_mean(one.model.share, names) or (f"known: {', '.join(names)}" if names else "")
            yield source.finding(one.key("share"), "CF14", f"there is no share {one.model.share}", hint=hint)


def protected_elements(plan: Plan, source: Source) -> Iterator[Finding]:
    """Other machines come in with encryption, or with the word `insecure`."""
    hint = "add `insecure: true` if that is meant"
    for one in plan.connections:
        if not one.serves or loopback(one.host) or one.model.insecure:
            continue
        said = {"insecure"} | ({"tls"} if one.kind is Kind.TCP else set())
        lost = any(source.has(one.key(key)) and key not in one.model.model_fields_set for key in said)
        if lost or (one.kind is Kind.TCP and plan.encryption(one)):
            continue
        message = f"{one.host} is open to other machines, without password or encryption"
        if one.model.allowed_addresses:
            message += "; a list of addresses alone does not change that"
        yield source.finding(one.key("host"), "CF07", message, hint=hint)


def _overlap(host: str, other: str) -> bool:
    return host == other or ip_address(host).is_unspecified or ip_address(other).is_unspecified


def addresses(plan: Plan, source: Source) -> Iterator[Finding]:
    """Elements share an address only if they have all of it in common; shares have theirs alone."""
    serving: dict[tuple[Kind, int], list[PlannedConnection]] = {}
    for one in plan.connections:
        if not one.serves or not one.port:
            continue
        others = serving.setdefault((one.kind, one.port), [])
        clashes = (why for other in others if (why := _clash(plan, one, other)))
        if why := next(clashes, "") or _share_on(plan, one):
            yield source.finding(one.key("port"), "CF06", f"port {one.port} is also that of {why}")
        others.append(one)


def _clash(plan: Plan, one: PlannedConnection, other: PlannedConnection) -> str:
    """Tell whose address it is, and why both cannot have it; empty if they can."""
    if not _overlap(one.host, other.host):
        return ""
    where = path_text((*other.place[:2], "connections", str(other.number)))
    if one.place[:2] == other.place[:2]:
        return f"{where}, of the same element"
    if one.host != other.host:
        return f"{where} on {other.host}: say the same host, or use another port"
    if one.kind is Kind.TCP and plan.encryption(one) != plan.encryption(other):
        return f"{where}, with another `tls`"
    return ""


def _share_on(plan: Plan, one: PlannedConnection) -> str:
    """Tell which listener of a share has the address of a connection."""
    for name, share in plan.config.shares.items():
        for n, listener in enumerate(share.listen):
            kind = Kind.UDP if listener.transport == "udp" else Kind.TCP
            same = one.kind is kind and listener.endpoint is None and listener.port == one.port
            if same and _overlap(one.host, listener.host):
                return path_text(("shares", name, "listen", n))
    return ""


ADDRESS_RULES: tuple[ElementRule, ...] = (
    own_names,
    shares_that_exist,
    *TLS_RULES,
    protected_elements,
    addresses,
)
