"""What rules on configurations have in common: where things stand, and the warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from smartserial.config.connect import ConnectModel
from smartserial.config.devices import SerialModel
from smartserial.config.models import ConfigModel, ListenerModel, PoolModel, ShareModel
from smartserial.config.source import Place, Source
from smartserial.findings import WARNING, Finding
from smartserial.settings import Device, DeviceCarrier, GatewaySettings

Rule = Callable[[ConfigModel, Source], Iterator[Finding]]
SettingsRule = Callable[[GatewaySettings, Source], Iterator[Finding]]


def shares_of(config: ConfigModel) -> Iterator[tuple[Place, ShareModel]]:
    """Yield the shares and their places."""
    for name, share in config.shares.items():
        yield ("shares", name), share


def listeners_of(config: ConfigModel) -> Iterator[tuple[Place, ShareModel, ListenerModel]]:
    """Yield the listeners, each with its place and its share."""
    for place, share in shares_of(config):
        for n, listener in enumerate(share.listen):
            yield (*place, "listen", n), share, listener


def doors_of(config: ConfigModel) -> Iterator[tuple[Place, ShareModel | PoolModel, ListenerModel]]:
    """Yield the listeners of shares and pools, each with its place and what it belongs to."""
    yield from listeners_of(config)
    for name, pool in config.pools.items():
        for n, listener in enumerate(pool.listen):
            yield ("pools", name, "listen", n), pool, listener


def ways_of(config: ConfigModel, place: Place) -> list[ListenerModel | ConnectModel]:
    """Return all ways to the clients of the share at a place: listeners, those of its pools, SSH, and calls.

    The SSH door stands there as a listener whose clients may read and write, as their rights may let them.
    """
    call = config.shares[str(place[1])].connect
    by_ssh = [] if config.console.ssh is None else [ListenerModel.model_validate({})]
    return [*ways_into(config, place), *by_ssh, *([] if call is None else [call])]


def ways_into(config: ConfigModel, place: Place) -> list[ListenerModel]:
    """Return how clients come to the share at a place: its listeners, and those of its pools."""
    name = str(place[1])
    pools = [listener for pool in config.pools.values() if name in pool.shares for listener in pool.listen]
    return [*config.shares[name].listen, *pools]


def pools_that_have(source: Source, share: object) -> list[dict[str, Any]]:
    """Return the pools that have a share, as they are written; what is wrong in one may be anything."""
    pools = source.written(("pools",))
    return [
        pool
        for pool in (pools.values() if isinstance(pools, dict) else ())
        if isinstance(pool, dict) and isinstance(pool.get("shares"), list) and share in pool["shares"]
    ]


def ports_of(config: ConfigModel) -> Iterator[tuple[Place, SerialModel]]:
    """Yield the devices of shares and elements that have line settings."""
    for place, share in shares_of(config):
        if isinstance(share.device, SerialModel):
            yield (*place, "device"), share.device
    for name, element in config.elements.items():
        for number, one in element.connections.items():
            if isinstance(one.device, SerialModel):
                yield ("elements", name, "connections", number, "device"), one.device


def devices_of(settings: GatewaySettings) -> Iterator[tuple[Place, Place, Device]]:
    """Yield all devices: the place of each, that of who has it, and it."""
    for share in settings.shares:
        owner: Place = ("shares", share.name)
        yield (*owner, "device"), owner, share.device
    for element in settings.elements:
        for one in element.connections:
            if isinstance(one.carrier, DeviceCarrier):
                owner = ("elements", element.name, "connections", str(one.number))
                yield (*owner, "device"), owner, one.carrier.device


def idle_at(source: Source, place: Place, message: str) -> Finding:
    """Return the warning about an option that cannot act."""
    return source.finding(place, "CF08", message, severity=WARNING, at_key=True)
