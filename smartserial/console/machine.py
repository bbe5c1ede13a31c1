"""The serial ports of this machine, and who uses them."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from twisted.internet.threads import deferToThread

from smartserial.channels.serial.holders import holders
from smartserial.channels.serial.portlist import ListedPort, find_port, list_ports
from smartserial.console.desk import Desk, Operator
from smartserial.console.output import Output, Row, table
from smartserial.errors import PortError
from smartserial.settings import DeviceCarrier, PortDevice


def ports(desk: Desk, operator: Operator, words: list[str]) -> Awaitable[Output]:
    """The serial ports of this machine, and who uses them."""
    return deferToThread(listing, tuple(_users(desk)))  # it reads many files


def _users(desk: Desk) -> Iterator[tuple[str, str]]:
    """Yield who has a port here, and its name."""
    for name, share in desk.shares.items():
        if isinstance(share.settings.device, PortDevice):
            yield name, share.settings.device.port
    for name, settings in desk.gateway.disabled.items():
        if isinstance(settings.device, PortDevice):
            yield f"{name} (disabled)", settings.device.port
    for name, element in desk.elements.items():
        for one in element.settings.connections:
            if isinstance(one.carrier, DeviceCarrier) and isinstance(one.carrier.device, PortDevice):
                yield name, one.carrier.device.port


def listing(users: Iterable[tuple[str, str]] = ()) -> Output:
    """Return the ports as a table.

    Args:
        users: names of shares and elements of this process, each with that of its port.
    """
    found: dict[Path, list[str]] = {}
    for user, name in users:
        with suppress(PortError):
            found.setdefault(find_port(name).resolve(), []).append(user)
    return table(_row(port, found) for port in list_ports())


def _row(port: ListedPort, users: Mapping[Path, list[str]]) -> Row:
    return {
        "port": str(port.path),
        "usb": port.usb or None,
        "serial number": port.serial or None,
        "adapter": port.what or None,
        "names": [str(link) for link in port.links],
        "used by": [*users.get(port.path.resolve(), ()), *holders(port.path)],
    }
