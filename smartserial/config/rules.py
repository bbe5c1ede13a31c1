"""What no single key can tell: keys against each other, and shares against each other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from smartserial.config.capturerules import CAPTURE_RULES
from smartserial.config.circlerules import CIRCLE_RULES
from smartserial.config.connectpairs import PAIR_RULES
from smartserial.config.connectrules import CONNECT_RULES
from smartserial.config.controlrules import CONTROL_RULES
from smartserial.config.devicerules import DEVICE_RULES
from smartserial.config.devices import PortModel
from smartserial.config.filerules import FILE_SETTINGS_RULES
from smartserial.config.listenrules import LISTEN_RULES
from smartserial.config.models import ConfigModel
from smartserial.config.poolrules import POOL_RULES
from smartserial.config.sharingrules import SHARING_RULES
from smartserial.config.source import Place, Source, path_text
from smartserial.config.sshrules import SSH_RULES
from smartserial.config.udprules import UDP_RULES
from smartserial.config.userrules import USER_RULES, asks
from smartserial.config.virtualrules import VIRTUAL_RULES, VIRTUAL_SETTINGS_RULES
from smartserial.config.walking import (
    Rule,
    SettingsRule,
    devices_of,
    doors_of,
    idle_at,
    listeners_of,
    ports_of,
    shares_of,
)
from smartserial.findings import WARNING, Finding
from smartserial.portnames import USB
from smartserial.settings import GatewaySettings, PortDevice, VirtualDevice
from smartserial.sharing.access import loopback


def something_to_serve(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """There is a share, or an element."""
    if not source.has(("shares",)) and not source.has(("elements",)):
        yield source.finding(("shares",), "CF04", "expected, or `elements`, but both are missing")


def where_to_listen(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A listener has a port or an endpoint."""
    for place, _, listener in doors_of(config):
        if listener.port is None and listener.endpoint is None:
            yield source.finding(place, "CF04", "expected `port`, or `endpoint`")
        elif listener.port is not None and listener.endpoint is not None:
            yield source.finding(
                (*place, "endpoint"), "CF05", "`port` and `endpoint` exclude each other", at_key=True
            )


def one_listener_an_address(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """No two listeners want the same address."""
    seen: dict[tuple[str, int], list[tuple[str, Place]]] = {}
    endpoints: dict[str, Place] = {}
    for place, _, listener in doors_of(config):
        if listener.endpoint is not None:
            other = endpoints.setdefault(listener.endpoint, place)
            if other != place:
                message = f"this is also that of {source.finding(other, '', '').path}"
                yield source.finding((*place, "endpoint"), "CF06", message)
        if not listener.port or listener.endpoint is not None:
            continue
        others = seen.setdefault((listener.transport, listener.port), [])
        for host, other in others:
            if (
                host == listener.host
                or ip_address(host).is_unspecified
                or ip_address(listener.host).is_unspecified
            ):
                message = f"port {listener.port} is also that of {source.finding(other, '', '').path}"
                yield source.finding((*place, "port"), "CF06", message)
                break
        others.append((listener.host, place))


def protected(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Other machines are let in only with protection, or with the word `insecure`."""
    hint = "add `insecure: true` if that is meant"
    for place, _, listener in doors_of(config):
        if listener.insecure or asks(source, place) or source.has((*place, "tls")):
            continue
        if listener.endpoint is not None and not listener.endpoint.startswith("unix:"):
            message = "an endpoint may be open to other machines, without password or encryption"
            yield source.finding((*place, "endpoint"), "CF07", message, hint=hint)
        elif listener.endpoint is None and not loopback(listener.host):
            message = f"{listener.host} is open to other machines, without password or encryption"
            yield source.finding((*place, "host"), "CF07", message, hint=hint)


def protected_console(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Other machines are let to the console only with protection, or with the word `insecure`."""
    console = config.console
    guarded = asks(source, ("console",)) or source.has(("console", "tls"))
    if console.telnet is None:
        wrong = ("console", "telnet") in source.places and "telnet" not in console.model_fields_set
        if console.insecure and not wrong:
            message = "cannot act: it is for `telnet`, and the socket is this user's own"
            yield source.finding(("console", "insecure"), "CF08", message, severity=WARNING, at_key=True)
    elif not (console.insecure or loopback(console.telnet[0]) or guarded):
        message = f"{console.telnet[0]} is open to other machines, without password or encryption"
        hint = "add `insecure: true` if that is meant"
        yield source.finding(("console", "telnet"), "CF07", message, hint=hint)


def short_form_alone(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """The short form excludes the settings that it stands for."""
    for place, device in ports_of(config):
        for key in (device.line or {}).keys() & device.model_fields_set:
            yield source.finding((*place, key), "CF05", "`line` already says this", at_key=True)


def settings_that_exist(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Some combinations have no meaning on a line, or no driver on this system."""
    for place, device in ports_of(config):
        settings = {**device.model_dump(include={"bytesize", "stopbits"}), **(device.line or {})}
        if settings["stopbits"] == 1.5 and settings["bytesize"] != 5:
            key = "line" if device.line else "stopbits"
            message = "one and a half stop bits exist with five data bits only"
            yield source.finding((*place, key), "CF08", message)
        if device.flow == "dsrdtr":
            here = isinstance(device, PortModel)
            message = f"{'Linux' if here else 'this client of RFC 2217'} has no DSR/DTR flow control"
            yield source.finding(
                (*place, "flow"), "CF08", message, hint="use rtscts, and wire it to those pins"
            )


def options_that_act(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """An option that does nothing where it stands is pointed out."""
    idle = partial(idle_at, source)
    for place, share in shares_of(config):
        on_demand = getattr(share.device, "open", "always") == "on-demand"
        if on_demand and "buffer" in share.model_fields_set and share.buffer:
            yield idle(
                (*place, "buffer"), "cannot act: with `open: on-demand` nothing is read while nobody is there"
            )
    for place, device in ports_of(config):
        rs485 = isinstance(device, PortModel) and device.rs485 is not None
        if rs485 and device.flow == "rtscts":
            yield idle((*place, "flow"), "cannot act: with rs485 RTS switches the direction")
        why = "with rs485 RTS switches the direction" if rs485 else "with rtscts the driver moves RTS"
        for state in ("connected", "idle") if rs485 or device.flow == "rtscts" else ():
            if getattr(device.lines, state).rts is not None:
                yield idle((*place, "lines", state, "rts"), f"cannot act: {why}")
    for place, share, listener in listeners_of(config):
        limit = (*place[:2], "sharing", "max_clients")
        wrong = limit in source.places and "max_clients" not in share.sharing.model_fields_set
        for key in ("max_clients", "max_per_source"):
            if (getattr(listener, key) or 0) > share.sharing.max_clients and not wrong:
                yield idle((*place, key), f"cannot act: the share lets in {share.sharing.max_clients}")
        if listener.endpoint is not None and listener.endpoint.startswith("unix:"):
            for key in ("allow", "max_per_source", "nodelay", "keepalive"):
                if key in listener.model_fields_set:
                    yield idle((*place, key), "cannot act: a unix socket has no addresses and no TCP")
        if listener.endpoint is not None and "host" in listener.model_fields_set:
            yield idle((*place, "host"), "cannot act: `endpoint` says where to listen")


def one_use_of_a_device(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """Nothing else wants the same serial port, or the same link, however it is spelt."""
    seen: dict[tuple[str, Path], Place] = {}
    for place, owner, device in devices_of(settings):
        match device:
            case PortDevice(port=port):
                kind, path = "port", Path("/dev", port)
            case VirtualDevice(path=path):
                kind = "virtual"
            case _:
                continue
        other = seen.setdefault((kind, path), owner)
        if other != owner:
            text = str(path).removeprefix("/dev/")
            name = text if text.startswith(USB) else path
            yield source.finding((*place, kind), "CF06", f"{name} is also that of {path_text(other)}")


def own_links(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """A virtual port's link is not made below /dev/pts, where the system's own terminals are."""
    for place, _, device in devices_of(settings):
        if isinstance(device, VirtualDevice) and device.path.is_relative_to("/dev/pts"):
            yield source.finding((*place, "virtual"), "CF03", "expected a path outside /dev/pts")
        elif isinstance(device, VirtualDevice) and not device.path.name:
            message = f"expected the path of a link, found {device.path}"
            yield source.finding((*place, "virtual"), "CF03", message)


RULES: tuple[Rule, ...] = (
    something_to_serve,
    where_to_listen,
    one_listener_an_address,
    protected,
    protected_console,
    short_form_alone,
    settings_that_exist,
    options_that_act,
    *CONTROL_RULES,
    *DEVICE_RULES,
    *CAPTURE_RULES,
    *LISTEN_RULES,
    *POOL_RULES,
    *UDP_RULES,
    *CONNECT_RULES,
    *CIRCLE_RULES,
    *PAIR_RULES,
    *USER_RULES,
    *SSH_RULES,
    *SHARING_RULES,
    *VIRTUAL_RULES,
)
SETTINGS_RULES: tuple[SettingsRule, ...] = (
    one_use_of_a_device,
    own_links,
    *FILE_SETTINGS_RULES,
    *VIRTUAL_SETTINGS_RULES,
)
