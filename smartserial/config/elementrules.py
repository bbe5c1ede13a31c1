"""What no single key of an element can tell: its keys against each other, and against its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from smartserial.config.devices import SerialModel
from smartserial.config.elementplan import NETWORK, NETWORK_KEYS, Kind, Plan, PlannedConnection
from smartserial.config.limits import (
    ELEMENT_TIMEOUT,
    no_such_flow,
    of_connection,
    of_device,
    of_transport,
    refusal,
)
from smartserial.config.sharing import arbitration_of
from smartserial.config.source import Source
from smartserial.definition.connection import SERIAL_TYPES, Connection, ConnectionType, PortType
from smartserial.definition.framing import framing_of
from smartserial.definition.param import ParamType
from smartserial.definition.values.text import Encoding
from smartserial.engine.framing.ends import endings_of
from smartserial.findings import WARNING, Finding
from smartserial.hosts import ANY
from smartserial.settings import Role

ElementRule = Callable[[Plan, Source], Iterator[Finding]]

_CARRIERS = ("type", "device", "share")
_OF_SHARES = ("open", "on_unplug", "on_busy", "sequences", "away_buffer", "away_age")
_OF_CLIENTS = ("remote", "report")
_PORT_TYPE = {Kind.TCP: PortType.IP, Kind.UDP: PortType.UDP}


def _idle(source: Source) -> Callable[..., Finding]:
    return partial(source.finding, code="CF08", severity=WARNING, at_key=True)


def numbers(plan: Plan, source: Source) -> Iterator[Finding]:
    """Each connection is one that the definition has, and that is run here."""
    for element in plan.elements:
        there = element.known.definition.connections if element.known is not None else ()
        run = [str(number) for number, one in enumerate(there) if one.type in SERIAL_TYPES]
        hint = f"there is {', '.join(run)}" if run else "there is none that is run here"
        for one in element.connections if element.known is not None else ():
            if one.said is None:
                message = f"the definition has no connection {one.number}"
                yield source.finding(one.place, "CF12", message, hint=hint, at_key=True)
            elif one.said.type not in SERIAL_TYPES:
                message = f"{one} is of type {one.said.type.value}, which is not run here"
                yield source.finding(one.place, "CF12", message, hint=hint, at_key=True)


def one_carrier(plan: Plan, source: Source) -> Iterator[Finding]:
    """A connection runs on one thing."""
    for one in plan.connections:
        first, *others = [key for key in _CARRIERS if getattr(one.model, key) is not None] or [""]
        for key in others:
            message = f"`{first}` and `{key}` exclude each other"
            yield source.finding(one.key(key), "CF05", message, at_key=True)


def complete(plan: Plan, source: Source) -> Iterator[Finding]:
    """It is said what a connection runs on, and where that is: by the operator, or by the definition."""
    for one in plan.connections:
        if not one.whole or one.said is None or one.said.type not in SERIAL_TYPES:
            continue
        if one.kind is Kind.NONE:
            message = f"expected `device`, or `type`, `host` and `port`, of {one}: it is a serial line"
            yield source.finding(one.place, "CF04", message, hint="the definition cannot tell where")
        elif one.kind in NETWORK:
            missing = [key for key, value in (("host", one.host), ("port", one.port)) if value in ("", None)]
            if missing:
                words = " and ".join(f"`{key}`" for key in missing)
                hint = "the definition has no IPport" if missing == ["port"] else ""
                yield source.finding(one.place, "CF04", f"expected {words} of {one}", hint=hint)


def keys_of_carriers(plan: Plan, source: Source) -> Iterator[Finding]:
    """What is said of the network is said where there is one."""
    for one in plan.connections:
        if one.kind in (Kind.DEVICE, Kind.SHARE):
            for key in NETWORK_KEYS:
                if key != "type" and key in one.model.model_fields_set:
                    message = f"cannot act: a `{one.kind.value}` is no network connection"
                    yield source.finding(one.key(key), "CF08", message, at_key=True)


def hosts_that_fit(plan: Plan, source: Source) -> Iterator[Finding]:
    """A client connects to a host that there is, a server listens on an address."""
    for one in plan.connections:
        if one.role is Role.CLIENT and one.host in ("0.0.0.0", "::"):
            message = f"expected the other side's address, as {one} is a client, found {ANY}"
            hint = "" if one.is_serial or one.model.role is None else "take out `role: client`"
            yield source.finding(one.key("host"), "CF03", message, hint=hint)
        elif one.role is Role.SERVER and not one.serves:
            message = f"expected an address of this machine, as {one} is a server, found {one.host!r}"
            yield source.finding(one.key("host"), "CF03", message)
        if one.role is Role.CLIENT and one.port == 0:
            message = f"expected a port from 1 to 65535, as {one} is a client, found 0"
            yield source.finding(one.key("port"), "CF03", message)


def roles(plan: Plan, source: Source) -> Iterator[Finding]:
    """A serial connection is a client, and only it has a local port."""
    for one in plan.connections:
        smart = one.said is not None and one.said.type is ConnectionType.SMART_SERIAL
        if one.is_serial and one.kind in NETWORK and one.model.role == "server":
            message = f"cannot act: {one} is serial, and such a one is always a client"
            yield source.finding(one.key("role"), "CF08", message)
        if smart and one.kind in NETWORK and one.model.local_port:
            message = f"cannot act: only serial connections have a local port, and {one} is smart-serial"
            yield source.finding(one.key("local_port"), "CF08", message)


def lists_that_act(plan: Plan, source: Source) -> Iterator[Finding]:
    """A list of addresses stands where it is switched on and somebody comes."""
    for one in plan.connections:
        if one.kind not in NETWORK or not one.model.allowed_addresses:
            continue
        place = one.key("allowed_addresses")
        if one.role is Role.CLIENT:
            message = f"cannot act: {one} is a client, since {one.why}"
            yield source.finding(place, "CF08", message, at_key=True)
        elif not one.listing and "allow_list" in one.model.model_fields_set:
            yield source.finding(
                place, "CF08", "cannot act: `allow_list: false` switches it off", at_key=True
            )
        elif not one.listing and one.said is not None and not source.has(one.key("allow_list")):
            message = "cannot act: the definition leaves the list of addresses switched off"
            hint = "add `allow_list: true`, or AllowedIPAddresses with Disabled false in its Connections"
            yield source.finding(place, "CF08", message, hint=hint, at_key=True)


def limits(plan: Plan, source: Source) -> Iterator[Finding]:
    """Settings are such as the definition allows."""
    for element in plan.elements:
        time = element.model.timeout
        main = element.known.definition.connections[:1] if element.known is not None else ()
        why = refusal(ELEMENT_TIMEOUT, main[0].port, time) if main and time is not None else ""
        if why:
            yield source.finding((*element.place, "timeout"), "CF13", why)
    for one in plan.connections:
        for keys, why in _limited(one, one.said) if one.said is not None and one.named else ():
            yield source.finding(one.key(*keys), "CF13", why)


def _limited(one: PlannedConnection, said: Connection) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the keys of a connection whose values are not allowed, and why."""
    for key, why in of_connection(one.model, said.port, one.role is Role.SERVER):
        yield (key,), why
    if isinstance(one.model.device, SerialModel):
        for key, why in of_device(one.model.device, said.port):
            yield ("device", key), why
    carrier = next((key for key in _CARRIERS if getattr(one.model, key) is not None), "")
    why = of_transport(_PORT_TYPE.get(one.kind, PortType.RS232), said.port)
    if carrier and why:
        yield (carrier,), f"found {one.kind.value}, but {why}"
    fixed = said.tls is not None and said.tls.disabled
    if fixed and one.model.tls is not None and said.tls and bool(one.model.tls) is not bool(said.tls.default):
        state = "on" if said.tls.default else "off"
        yield (
            ("tls",),
            f"expected encryption to be {state}, as SslTlsEnabled of the definition may not be changed",
        )


def _for_servers(one: PlannedConnection) -> str:
    if one.kind in NETWORK:
        return "" if one.role is Role.SERVER else f"it is for servers, and {one} is a client"
    return f"it is for servers, and {one} runs on a {one.kind.value}"


def _for_tcp(one: PlannedConnection) -> str:
    return "" if one.kind is Kind.TCP else f"it is for TCP, and {one} runs on {_ARTICLES[one.kind]}"


_ARTICLES = {Kind.UDP: "UDP", Kind.DEVICE: "a device", Kind.SHARE: "a share"}
_IDLE: tuple[tuple[str, Callable[[PlannedConnection], str]], ...] = (
    ("max_clients", lambda one: _for_servers(one) or _for_tcp(one)),
    ("on_bind_error", _for_servers),
    ("allow_list", _for_servers),
    ("keepalive", _for_tcp),
)


def idle_keys(plan: Plan, source: Source) -> Iterator[Finding]:
    """An option of a connection that does nothing where it stands is pointed out."""
    idle = _idle(source)
    for one in plan.connections:
        for key, why in _IDLE if one.kind is not Kind.NONE else ():
            if key in one.model.model_fields_set and why(one):
                yield idle(one.key(key), message=f"cannot act: {why(one)}")
        most = one.said.communication.max_concurrent_connections if one.said is not None else None
        if most is not None and not _IDLE[0][1](one) and (one.model.max_clients or 0) > most:
            yield idle(one.key("max_clients"), message=f"cannot act: the definition lets in {most}")


def idle_bus_addresses(plan: Plan, source: Source) -> Iterator[Finding]:
    """A bus address is for params of type bus."""
    for element in plan.elements:
        if element.known is None or any(p.type is ParamType.BUS for p in element.known.definition.params):
            continue
        for one in element.connections:
            if one.model.bus_address is not None:
                message = "cannot act: the definition has no param of type bus"
                yield _idle(source)(one.key("bus_address"), message=message)


def idle_devices(plan: Plan, source: Source) -> Iterator[Finding]:
    """What is said of a share's clients cannot act on a device of an element."""
    idle = _idle(source)
    for one in plan.connections:
        device = one.model.device
        if device is None:
            continue
        for key in _OF_SHARES:
            if key in device.model_fields_set:
                yield idle(one.key("device", key), message="cannot act: it is about the clients of a share")
        for key in _OF_CLIENTS:
            if key in device.lines.model_fields_set:
                message = "cannot act: it is about the clients of a share"
                yield idle(one.key("device", "lines", key), message=message)
        flow = _no_such_flow(one)
        if flow:
            message = f"the definition wants Flowcontrol {flow}, which nothing here has: there is none"
            yield idle(one.key("device"), message=message, hint="say `flow`")


def _no_such_flow(one: PlannedConnection) -> str:
    device = one.model.device
    return no_such_flow(device, one.said.port) if isinstance(device, SerialModel) and one.said else ""


def idle_server_options(plan: Plan, source: Source) -> Iterator[Finding]:
    """Server options of a definition have nobody to act on where nobody comes."""
    idle = _idle(source)
    for one in plan.connections:
        if one.kind not in (Kind.DEVICE, Kind.SHARE) or one.said is None:
            continue
        if one.said.type is not ConnectionType.SMART_SERIAL:
            continue
        options = one.said.communication
        named = [
            name
            for name, said in (
                ("maxConcurrentConnections", options.max_concurrent_connections is not None),
                ("notifyConnectionPIDs", options.notify_connection_pids is not None),
                ("AllowedIPAddresses", one.said.allow_list),
            )
            if said
        ]
        if named:
            does = "do" if len(named) > 1 else "does"
            what = f"a {one.kind.value} has one peer, without an address, that never comes or goes"
            message = f"{' and '.join(named)} of the definition {does} not act: {what}"
            yield idle(one.key(one.kind.value), message=message)


def saved_params(plan: Plan, source: Source) -> Iterator[Finding]:
    """Params that are to be saved have a place to be kept in."""
    saving = [
        element
        for element in plan.elements
        if element.known is not None and any(param.save for param in element.known.definition.params)
    ]
    if saving and plan.state is None and not source.has(("state",)):
        names = ", ".join(element.name for element in saving[:4]) + (", ..." if len(saving) > 4 else "")
        message = f"saved params of {names} are forgotten with the process"
        place = (*saving[0].place, "protocol")
        yield source.finding(place, "CF15", message, hint="add `state: FILE`", severity=WARNING)


def only_for_elements(plan: Plan, source: Source) -> Iterator[Finding]:
    """What is for elements cannot act without one."""
    for key in ("protocol_paths", "state"):
        if key in plan.config.model_fields_set and not source.has(("elements",)):
            message = "cannot act: there are no elements"
            yield source.finding((key,), "CF08", message, severity=WARNING, at_key=True)


def messages_that_end(plan: Plan, source: Source) -> Iterator[Finding]:
    """Requests wait for answers whose ends can be seen."""
    for name, share in plan.config.shares.items():
        known = arbitration_of(plan, name) if share.sharing.arbitrate is not None else None
        if known is None or framing_of(known.definition, known.connection) is not None:
            continue
        encoding = Encoding(known.code_page, known.definition.unicode)
        if not endings_of(known.definition, known.connection, encoding):
            where = f"connection {known.connection} of {known.definition.name}"
            message = f"no response on {where} shows where it ends: each turn lasts all of `reply_window`"
            place = ("shares", name, "sharing", "arbitrate")
            yield source.finding(place, "CF08", message, severity=WARNING)


ELEMENT_RULES: tuple[ElementRule, ...] = (
    numbers,
    one_carrier,
    complete,
    keys_of_carriers,
    hosts_that_fit,
    roles,
    lists_that_act,
    limits,
    idle_keys,
    idle_bus_addresses,
    idle_devices,
    idle_server_options,
    saved_params,
    only_for_elements,
    messages_that_end,
)
