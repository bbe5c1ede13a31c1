"""Rules on encryption: sets that there are, what a server needs of one, and where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from smartserial.config.elementplan import NETWORK, Kind, Plan
from smartserial.config.elementrules import ElementRule
from smartserial.config.source import Place, Source
from smartserial.config.walking import doors_of, idle_at, shares_of
from smartserial.findings import Finding, did_you_mean
from smartserial.settings import Role

_OWN = ("certificate", "folder")
_NEEDED = ("OpenSSL", "service_identity")


def sets_of_keys(plan: Plan, source: Source) -> Iterator[Finding]:
    """A private key belongs to a certificate; a folder has its own."""
    for name, one in plan.config.tls.items():
        place: Place = ("tls", name)
        if one.folder is not None:
            for key in ("certificate", "key"):
                if getattr(one, key) is not None:
                    message = f"`folder` and `{key}` exclude each other"
                    yield source.finding((*place, key), "CF05", message, at_key=True)
        elif one.key is not None and not any(source.has((*place, key)) for key in _OWN):
            yield source.finding((*place, "key"), "CF04", "expected `certificate` beside it", at_key=True)


def _no_such_set(plan: Plan, source: Source, name: str, place: Place) -> Iterator[Finding]:
    if not source.has(("tls", name)):
        known = plan.config.tls
        hint = did_you_mean(name, known) or (f"known: {', '.join(known)}" if known else "")
        yield source.finding(place, "CF14", f"`tls` has no {name}", hint=hint)


def _for_a_server(plan: Plan, source: Source, name: str, place: Place, who: str) -> Iterator[Finding]:
    """Tell what a server misses in the set of this name."""
    yield from _no_such_set(plan, source, name, place)
    has = any(source.has(("tls", name, key)) for key in _OWN)
    if source.has(("tls", name)) and not has:
        message = f"expected `certificate`, or `folder`, in tls.{name}, as {who} is a server"
        yield source.finding(place, "CF04", message)


def encryption(plan: Plan, source: Source) -> Iterator[Finding]:
    """Encryption of an element is for TCP, by a set that there is; a server has a certificate."""
    for one in plan.connections:
        found, place = plan.encryption(one), one.key("tls")
        if one.kind not in NETWORK or not found:
            continue
        if one.kind is Kind.UDP:
            if isinstance(found, str):
                yield from _no_such_set(plan, source, found, place)
            if not isinstance(found, str) or source.has(("tls", found)):
                yield source.finding(place, "CF08", "cannot act: UDP is not encrypted", at_key=True)
        elif found is True and one.role is Role.SERVER:
            message = f"expected the name of a set in `tls` with a certificate, as {one} is a server"
            yield source.finding(place, "CF04", message)
        elif found is not True:
            name = str(one.model.tls)
            if one.role is Role.SERVER:
                yield from _for_a_server(plan, source, name, place, str(one))
            else:
                yield from _no_such_set(plan, source, name, place)


def encrypted_listeners(plan: Plan, source: Source) -> Iterator[Finding]:
    """Clients of a share come in encrypted by TCP, by a set with a certificate."""
    for place, _, listener in doors_of(plan.config):
        if listener.tls is None:
            continue
        here = (*place, "tls")
        if listener.transport == "udp":
            yield source.finding(here, "CF08", "cannot act: UDP is not encrypted", at_key=True)
        elif listener.endpoint is not None and not listener.endpoint.startswith("systemd:"):
            message = "`tls` and such an `endpoint` exclude each other"
            hint = "an endpoint says itself whether it is encrypted, as in ssl:4001:privateKey=..."
            yield source.finding(here, "CF05", message, at_key=True, hint=hint)
        else:
            yield from _for_a_server(plan, source, listener.tls, here, "the listener")


def encrypted_calls(plan: Plan, source: Source) -> Iterator[Finding]:
    """Clients of a share are called encrypted by a set that there is."""
    for place, share in shares_of(plan.config):
        if share.connect is not None and share.connect.tls is not None:
            yield from _no_such_set(plan, source, share.connect.tls, (*place, "connect", "tls"))


def encrypted_console(plan: Plan, source: Source) -> Iterator[Finding]:
    """Operators come in encrypted by telnet, by a set with a certificate."""
    if plan.config.console.tls is not None:
        yield from _for_a_server(plan, source, plan.config.console.tls, ("console", "tls"), "the console")


def a_console_by_telnet(plan: Plan, source: Source) -> Iterator[Finding]:
    """Encryption of the console is for its telnet door."""
    if plan.config.console.tls is not None and not source.has(("console", "telnet")):
        message = "cannot act: it is for `telnet`, and the socket is this user's own"
        yield idle_at(source, ("console", "tls"), message)


def _servers(plan: Plan) -> Iterator[tuple[Place, object]]:
    """Yield where a server is encrypted, and with what."""
    for place, _, listener in doors_of(plan.config):
        if listener.tls is not None:
            yield (*place, "tls"), listener.tls
    if plan.config.console.tls is not None:
        yield ("console", "tls"), plan.config.console.tls
    for one in plan.connections:
        if one.role is Role.SERVER and one.kind is Kind.TCP and plan.encryption(one):
            yield one.key("tls"), one.model.tls


def _clients(plan: Plan) -> Iterator[tuple[Place, object]]:
    for place, share in shares_of(plan.config):
        if share.connect is not None and share.connect.tls is not None:
            yield (*place, "connect", "tls"), share.connect.tls
    for one in plan.connections:
        if one.role is Role.CLIENT and one.kind is Kind.TCP and plan.encryption(one):
            yield one.key("tls"), one.model.tls


def sets_that_act(plan: Plan, source: Source) -> Iterator[Finding]:
    """Without elements, a share or the console names a set."""
    named = any(len(place) > 1 and place[-1] == "tls" for place in source.places)
    if "tls" in plan.config.model_fields_set and not named and not source.has(("elements",)):
        yield idle_at(source, ("tls",), "cannot act: nothing is encrypted by it")


def folders_that_act(plan: Plan, source: Source) -> Iterator[Finding]:
    """A folder of certificates is for servers."""
    servers = {name for _, name in _servers(plan)}
    clients = {name for _, name in _clients(plan)}
    for name, one in plan.config.tls.items():
        if one.folder is not None and name in clients - servers:
            message = "cannot act: a client has one certificate, in `certificate`"
            yield idle_at(source, ("tls", name, "folder"), message)


def all_that_is_needed(plan: Plan, source: Source) -> Iterator[Finding]:
    """What encryption needs of Python is installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    used = [place for place, _ in (*_servers(plan), *_clients(plan))]
    if missing and used:
        message = f"cannot act: TLS needs more of Python ({', '.join(missing)})"
        yield source.finding(used[0], "CF08", message, hint="install smartserial[tls]", at_key=True)


TLS_RULES: tuple[ElementRule, ...] = (
    sets_of_keys,
    encryption,
    encrypted_listeners,
    encrypted_calls,
    encrypted_console,
    a_console_by_telnet,
    sets_that_act,
    folders_that_act,
    all_that_is_needed,
)
