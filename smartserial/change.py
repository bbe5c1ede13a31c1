"""The change of a gateway from one set of settings to another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IStreamClientEndpoint

from smartserial.channels.endpoints import VirtualEndpoint, device_endpoint
from smartserial.channels.handover import Handover
from smartserial.channels.listener import Listener
from smartserial.channels.udp.listener import listener_for
from smartserial.channels.virtual.port import VirtualPort, foresee
from smartserial.element.population import Population
from smartserial.errors import ConfigError, PortError
from smartserial.settings import Device, GatewaySettings, ShareSettings, VirtualDevice, describe
from smartserial.share.pool import Pool, PoolListener, lend
from smartserial.share.service import Share

if TYPE_CHECKING:
    from smartserial.gateway import Gateway


class Change:
    """From the gateway's shares to other settings: first all that can fail, then all that cannot.

    Listening sockets of unchanged addresses are handed on, never closed and opened again.
    """

    def __init__(self, gateway: Gateway, settings: GatewaySettings, population: Population) -> None:
        self._gateway = gateway
        self._reactor = gateway.reactor
        self._settings = {share.name: share for share in settings.shares}
        self._users = settings.users
        self._pools = {pool.name: pool for pool in settings.pools}
        self._taken: list[VirtualPort] = []
        self._endpoints: dict[str, IStreamClientEndpoint] = {}
        self._listeners: dict[str, list[Listener]] = {}
        self._pool_listeners: dict[str, list[PoolListener]] = {}
        changed = [s for s in settings.shares if self._former(s.name) != s]
        shares = [one for name, one in gateway.shares.items() if self._settings.get(name) != one.settings]
        pools = [one for name, one in gateway.pools.items() if self._pools.get(name) != one.settings]
        holders: list[Share | Pool] = [*shares, *pools]
        self._handover = Handover([listener for one in holders for listener in one.listeners])
        self._given_up = {
            share.settings.device.path: share.settings.device
            for name, share in gateway.shares.items()
            if isinstance(share.settings.device, VirtualDevice)
            and (name not in self._settings or self._settings[name].device != share.settings.device)
        }
        steps: list[Callable[[], None]] = [partial(self._prepare, share) for share in changed]
        steps.append(self._prepare_pools)
        steps.append(partial(population.claim, settings.elements))
        steps.append(partial(gateway.keeper.prepare, settings.users))
        wrong = [text for text in map(_failure, steps) if text]
        if wrong:
            self._give_back()
            population.settle()
            raise ConfigError("\n".join(wrong))

    def _former(self, name: str) -> ShareSettings | None:
        share = self._gateway.shares.get(name)
        return share.settings if share else None

    def _prepare(self, share: ShareSettings) -> None:
        former = self._former(share.name)
        if former is None or former.device != share.device:
            self._endpoints[share.name] = self._endpoint(share.device)
        own = self._gateway.shares[share.name].listeners if former else []
        make = partial(listener_for, reactor=self._reactor)
        self._listeners[share.name] = [self._handover.take(own, one, make) for one in share.listeners]

    def _prepare_pools(self) -> None:
        for name, pool in self._pools.items():
            former = self._gateway.pools.get(name)
            own = former.listeners if former else []
            if former is None or former.settings != pool:
                make = partial(PoolListener, reactor=self._reactor)
                own = [self._handover.take(own, one, make) for one in pool.listeners]
            self._pool_listeners[name] = own

    def _endpoint(self, device: Device) -> IStreamClientEndpoint:
        if not isinstance(device, VirtualDevice):
            return _endpoint_of(device, self._reactor)
        if device.path in self._given_up:  # made when the share that has it now lets go
            foresee(device, self._given_up[device.path])
            return VirtualEndpoint(device, self._reactor)
        port = VirtualPort(device)
        self._taken.append(port)
        return VirtualEndpoint(device, self._reactor, port)

    def _give_back(self) -> None:
        self._handover.give_back()
        for port in self._taken:
            port.release()

    def apply(self) -> list[Share]:
        """Put the settings in force; return the shares that are to be stopped."""
        self._gateway.keeper.update(self._users)
        self._handover.apply()
        shares = self._gateway.shares
        for name, listeners in self._listeners.items():
            share, endpoint = self._settings[name], self._endpoints.get(name)
            if name in shares:
                shares[name].update(share, listeners, endpoint)
            else:
                assert endpoint is not None
                self._gateway.add(self._gateway.new_share(share, endpoint, listeners))
        removed = [shares.pop(name) for name in list(shares) if name not in self._settings]
        self._apply_pools()
        return removed

    def _apply_pools(self) -> None:
        gateway, pools = self._gateway, self._gateway.pools
        for name in [name for name in pools if name not in self._pools]:
            pools.pop(name).stop()
        for name, settings in self._pools.items():
            if name not in pools or pools[name].settings != settings:
                new = Pool(settings, gateway.keeper, gateway.events, self._reactor)
                pools.setdefault(name, new).use(settings, self._pool_listeners[name])
                if gateway.running:
                    pools[name].tell()
        lend(pools.values(), gateway.shares)


def _failure(step: Callable[[], None]) -> str:
    """Do a step; return why it failed, if it did."""
    try:
        step()
    except (ConfigError, PortError) as error:
        return str(error)
    return ""


def _endpoint_of(device: Device, reactor: Any) -> IStreamClientEndpoint:
    try:
        return device_endpoint(device, reactor)
    except Exception as error:  # an endpoint string may fail in any way that its parser likes
        raise ConfigError(f"{describe(device)}: {error}") from error
