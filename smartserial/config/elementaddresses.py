"""Elements beside each other and beside shares: names, addresses, encryption, files."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from smartserial.config.elementplan import NETWORK, Kind, Plan, PlannedConnection
from smartserial.config.elementrules import ElementRule
from smartserial.config.source import Place, Source, path_text
from smartserial.findings import Finding, did_you_mean
from smartserial.settings import Role
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


def sets_of_keys(plan: Plan, source: Source) -> Iterator[Finding]:
    """A private key belongs to a certificate."""
    for name, one in plan.config.tls.items():
        if one.key is not None and not source.has(("tls", name, "certificate")):
            message = "expected `certificate` beside it"
            yield source.finding(("tls", name, "key"), "CF04", message, at_key=True)


def encryption(plan: Plan, source: Source) -> Iterator[Finding]:
    """Encryption is for TCP, by a set that there is; a server has a certificate."""
    for one in plan.connections:
        found, place = plan.encryption(one), one.key("tls")
        if one.kind not in NETWORK or not found:
            continue
        server = one.role is Role.SERVER
        if isinstance(found, str) and not source.has(("tls", found)):
            known = plan.config.tls
            hint = did_you_mean(found, known) or (f"known: {', '.join(known)}" if known else "")
            yield source.finding(place, "CF14", f"`tls` has no {found}", hint=hint)
        elif one.kind is Kind.UDP:
            yield source.finding(place, "CF08", "cannot act: UDP is not encrypted", at_key=True)
        elif server and found is True:
            message = f"expected the name of a set in `tls` with a certificate, as {one} is a server"
            yield source.finding(place, "CF04", message)
        elif server and not source.has(("tls", str(one.model.tls), "certificate")):
            message = f"expected `certificate` in tls.{one.model.tls}, as {one} is a server"
            yield source.finding(place, "CF04", message)


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


def trace_files(plan: Plan, source: Source) -> Iterator[Finding]:
    """Each element has its own file for its trace."""
    seen: dict[Path, Place] = {}
    for element in plan.elements:
        trace = element.model.trace
        if trace is None:
            continue
        place: Place = (*element.place, "trace")
        other = seen.setdefault(Path(trace.file), place)
        if other != place:
            yield source.finding(place, "CF06", f"this is also that of {path_text(other)}")


ADDRESS_RULES: tuple[ElementRule, ...] = (
    own_names,
    shares_that_exist,
    sets_of_keys,
    encryption,
    protected_elements,
    addresses,
    trace_files,
)
