"""Rules on virtual ports: who may open them, whose names they take, and who waits for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from grp import getgrnam
from pathlib import Path
from pwd import getpwnam

from smartserial.config.devices import VirtualModel
from smartserial.config.models import ConfigModel
from smartserial.config.source import Place, Source, path_text
from smartserial.config.walking import Rule, SettingsRule, devices_of, idle_at, listeners_of
from smartserial.findings import WARNING, Finding
from smartserial.nodes import is_serial
from smartserial.settings import GatewaySettings, PortDevice, VirtualDevice


def listeners_that_wait(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """A listener that is there while a program has the port open is one of a virtual port."""
    for place, share, listener in listeners_of(config):
        why = ""
        if listener.when == "always":
            continue
        if not isinstance(share.device, VirtualModel):
            why = "cannot act: programs open virtual ports only"
        elif listener.endpoint is not None:
            why = "cannot act on an endpoint: give `port`, and `host`"
        elif listener.transport != "tcp":
            why = "cannot act: over UDP nobody connects"
        if why:
            yield source.finding((*place, "when"), "CF08", why, at_key=True)


def lingering_that_ends(config: ConfigModel, source: Source) -> Iterator[Finding]:
    """Clients stay for a while where they would not stay for ever."""
    for place, _, listener in listeners_of(config):
        wrong = (*place, "when") in source.places and "when" not in listener.model_fields_set
        if "linger" in listener.model_fields_set and listener.when == "always" and not wrong:
            why = "cannot act: without `when: device-open` clients stay"
            yield idle_at(source, (*place, "linger"), why)


def _known(look_up: Callable[[str], object], name: str) -> bool:
    try:
        return not name or name.isdigit() or bool(look_up(name))
    except KeyError:
        return False


def owners_that_exist(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """Who a terminal is to belong to is known on this machine."""
    for place, _, device in devices_of(settings):
        if not isinstance(device, VirtualDevice):
            continue
        if not _known(getpwnam, device.owner):
            message = f"expected a user of this machine, or a number, found {device.owner!r}"
            yield source.finding((*place, "owner"), "CF03", message)
        if not _known(getgrnam, device.group):
            message = f"expected a group of this machine, or a number, found {device.group!r}"
            yield source.finding((*place, "group"), "CF03", message)


def names_that_are_taken(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """A device that has given its name to a virtual port is opened under its other name."""
    taken: dict[Path, Place] = {
        device.path: owner
        for _, owner, device in devices_of(settings)
        if isinstance(device, VirtualDevice) and device.overlay
    }
    for place, _, device in devices_of(settings):
        path = Path("/dev", device.port) if isinstance(device, PortDevice) else None
        if path in taken:
            message = f"{path} is the virtual port of {path_text(taken[path])}"
            yield source.finding((*place, "port"), "CF06", message, hint=f"the device is {path}.real")


def _overlays(settings: GatewaySettings) -> Iterator[tuple[Place, Path]]:
    """Yield the paths of devices that are to give their names, and do not do so already."""
    for place, _, device in devices_of(settings):
        if isinstance(device, VirtualDevice) and device.overlay and device.path.name:
            here = device.path
            if not any(map(is_serial, (here, here.with_name(f"{here.name}.real")))):
                yield (*place, "overlay"), here


def overlays_of_devices(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """A virtual port takes the name of a device that is there, or was moved aside by a gateway that runs."""
    for place, here in _overlays(settings):
        if not os.path.lexists(here):
            message = f"{here} is not there: without a device to overlay the gateway does not start"
            hint = "plug it in before the start, or leave `overlay` out"
            yield source.finding(place, "CF09", message, severity=WARNING, hint=hint)


def overlays_of_ports(settings: GatewaySettings, source: Source) -> Iterator[Finding]:
    """A virtual port takes the name of a serial port, and never that of another device."""
    for place, here in _overlays(settings):
        if os.path.lexists(here):
            yield source.finding(place, "CF09", f"{here} is no serial device, and keeps its name")


VIRTUAL_RULES: tuple[Rule, ...] = (listeners_that_wait, lingering_that_ends)
VIRTUAL_SETTINGS_RULES: tuple[SettingsRule, ...] = (
    owners_that_exist,
    names_that_are_taken,
    overlays_of_devices,
    overlays_of_ports,
)
