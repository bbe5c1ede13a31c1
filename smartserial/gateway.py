"""The gateway: its shares and elements, and the change from one set of settings to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from functools import partial
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredLock, gatherResults, maybeDeferred
from twisted.internet.interfaces import IStreamClientEndpoint
from typing_extensions import override

from smartserial import __version__
from smartserial.audit import Audit
from smartserial.channels.endpoints import VirtualEndpoint, device_endpoint
from smartserial.channels.keeper import Keeper
from smartserial.channels.listener import Listener
from smartserial.channels.ports import Ports
from smartserial.channels.udplistener import listener_for
from smartserial.channels.virtualport import VirtualPort
from smartserial.element.carriers import Carriers
from smartserial.element.population import Population
from smartserial.element.saved import SavedParams
from smartserial.element.service import Element
from smartserial.element.work import Surroundings
from smartserial.errors import ConfigError, PortError
from smartserial.events import EventStream, GatewayStarted, GatewayStopped
from smartserial.settings import (
    Device,
    GatewaySettings,
    ListenerSettings,
    ShareSettings,
    UsersSettings,
    VirtualDevice,
    describe,
)
from smartserial.share.service import Share


class Gateway(MultiService):
    """All shares and elements of one configuration.

    Args:
        reactor: the reactor.
        events: is told what happens.
    """

    def __init__(self, reactor: Any, events: EventStream) -> None:
        super().__init__()
        self.reactor = reactor
        self.events = events
        self.audit = Audit(events, reactor)
        self.keeper = Keeper(UsersSettings(), reactor)
        self.users_changed: Callable[[], None] = lambda: None
        """Called when others may log in, or may do other things; the console sets it."""
        self.shares: dict[str, Share] = {}
        self.disabled: dict[str, ShareSettings] = {}
        self.started = GatewaySettings()  # those it was started with
        self.settings = GatewaySettings()  # those that are wanted, with the shares that are disabled
        self.population: Population | None = None  # the elements, once the gateway is open
        self._saved: SavedParams | None = None
        self._lock = DeferredLock()  # one change after the other

    def open(self, settings: GatewaySettings) -> None:
        """Take every address and virtual port, before anything starts.

        Raises:
            ConfigError: one of them cannot be had; then none is kept.
        """
        population = self._populate(settings)
        change = Change(self, settings, population)
        self.population = population
        change.apply()
        self.started = self.settings = settings
        self.audit.use(settings.audit)
        Deferred.fromCoroutine(population.become(settings.elements))
        population.setServiceParent(self)

    def _populate(self, settings: GatewaySettings) -> Population:
        saved = self._saved = SavedParams(settings.state, self.reactor)
        ports = Ports(self.reactor)
        carriers = Carriers(ports, self.shares.get, self.reactor)
        around = Surroundings(carriers.channel, carriers.update, saved, self.events, self.reactor)
        return Population(ports, around)

    @property
    def elements(self) -> Mapping[str, Element]:
        """The elements by name."""
        return {} if self.population is None else self.population.elements

    @override
    def startService(self) -> None:
        counts = len(self.shares), len(self.settings.elements)
        self.events.publish(GatewayStarted("all", __version__, *counts))
        super().startService()

    @override
    def stopService(self) -> Deferred[None]:
        """End everything; params are saved when all elements have ended, and the audit ends with that."""
        stopping = maybeDeferred(super().stopService)
        stopping.addCallback(lambda _: None if self._saved is None else self._saved.close())
        return stopping.addBoth(self._stopped)

    def _stopped(self, result: Any) -> Deferred[Any]:
        self.events.publish(GatewayStopped("all"))
        return self.audit.close().addCallback(lambda _: result)

    async def reload(self, settings: GatewaySettings) -> None:
        """Go over to other settings; only shares that changed are touched, and disabled ones stay so.

        Raises:
            ConfigError: an address or a virtual port cannot be had; then nothing has changed.
        """
        await self._lock.run(lambda: Deferred.fromCoroutine(self._go_over(settings, set(self.disabled))))

    async def disable(self, name: str) -> None:
        """Stop a share; it comes back by `enable` only."""
        wanted = {*self.disabled, name}
        await self._lock.run(lambda: Deferred.fromCoroutine(self._go_over(self.settings, wanted)))

    async def enable(self, name: str) -> bool:
        """Start a share that was disabled; tell whether it was.

        Raises:
            ConfigError: one of its addresses cannot be had.
        """
        if name not in self.disabled:
            return False
        wanted = self.disabled.keys() - {name}
        await self._lock.run(lambda: Deferred.fromCoroutine(self._go_over(self.settings, wanted)))
        return True

    async def _go_over(self, settings: GatewaySettings, disabled: Set[str]) -> None:
        if not self.running:
            return
        served = tuple(share for share in settings.shares if share.name not in disabled)
        assert self.population is not None
        removed = Change(self, replace(settings, shares=served), self.population).apply()
        if settings.users != self.settings.users:
            self._review_users()
        self.settings = settings
        self.disabled = {share.name: share for share in settings.shares if share.name in disabled}
        await gatherResults([share.stopService() for share in removed])
        for share in removed:
            await maybeDeferred(share.disownServiceParent)
        await self.population.become(settings.elements)

    def _review_users(self) -> None:
        for share in self.shares.values():
            share.entry.review()
        self.users_changed()

    def hurry(self) -> None:
        """End the grace of a stop at once: what is not delivered is counted."""
        for share in self.shares.values():
            share.hurry()

    def add(self, share: Share) -> None:
        """Serve another share; it starts with the gateway, or at once if that runs."""
        self.shares[share.settings.name] = share
        share.setServiceParent(self)

    def new_share(
        self, settings: ShareSettings, endpoint: IStreamClientEndpoint, listeners: list[Listener]
    ) -> Share:
        """Make a share."""
        return Share(settings, endpoint, listeners, self.events, self.reactor, self.keeper)


class Change:
    """From the gateway's shares to other settings: first all that can fail, then all that cannot.

    Listening sockets of unchanged addresses are handed on, never closed and opened again.
    """

    def __init__(self, gateway: Gateway, settings: GatewaySettings, population: Population) -> None:
        self._gateway = gateway
        self._reactor = gateway.reactor
        self._settings = {share.name: share for share in settings.shares}
        self._users = settings.users
        self._taken: list[Listener | VirtualPort] = []
        self._moved: list[tuple[Listener, Listener]] = []
        self._kept: list[tuple[Listener, ListenerSettings]] = []
        self._endpoints: dict[str, IStreamClientEndpoint] = {}
        self._listeners: dict[str, list[Listener]] = {}
        changed = [s for s in settings.shares if self._former(s.name) != s]
        self._free = [
            listener
            for name, share in gateway.shares.items()
            if name not in self._settings or share.settings != self._settings[name]
            for listener in share.listeners
        ]
        self._given_up = {
            share.settings.device.path
            for name, share in gateway.shares.items()
            if isinstance(share.settings.device, VirtualDevice)
            and (name not in self._settings or self._settings[name].device != share.settings.device)
        }
        steps = [partial(self._prepare, share) for share in changed]
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
        self._listeners[share.name] = [self._listener(share.name, listener) for listener in share.listeners]

    def _endpoint(self, device: Device) -> IStreamClientEndpoint:
        if not isinstance(device, VirtualDevice):
            return _endpoint_of(device, self._reactor)
        if device.path in self._given_up:  # made when the share that has it now lets go
            return VirtualEndpoint(device, self._reactor)
        port = VirtualPort(device)
        self._taken.append(port)
        return VirtualEndpoint(device, self._reactor, port)

    def _listener(self, name: str, settings: ListenerSettings) -> Listener:
        """Return a listener that has, or will have, its socket: the same, another's, or a new one."""
        own = self._gateway.shares[name].listeners if name in self._gateway.shares else []
        fitting = [listener for listener in self._free if listener.fits(settings)]
        fitting.sort(key=lambda listener: listener not in own)
        if not fitting:
            listener = listener_for(settings, self._reactor)
            listener.bind()
            self._taken.append(listener)
            return listener
        self._free.remove(fitting[0])
        if fitting[0] in own:
            fitting[0].prepare(settings)
            self._kept.append((fitting[0], settings))
            return fitting[0]
        listener = listener_for(settings, self._reactor)
        listener.prepare(settings)
        self._moved.append((listener, fitting[0]))
        return listener

    def _give_back(self) -> None:
        for taken in self._taken:
            if isinstance(taken, VirtualPort):
                taken.release()
            else:
                taken.stop()

    def apply(self) -> list[Share]:
        """Put the settings in force; return the shares that are to be stopped."""
        self._gateway.keeper.update(self._users)
        for listener, other in self._moved:
            listener.adopt(other)
        for listener, settings in self._kept:
            listener.update(settings)
        shares = self._gateway.shares
        for name, listeners in self._listeners.items():
            share, endpoint = self._settings[name], self._endpoints.get(name)
            if name in shares:
                shares[name].update(share, listeners, endpoint)
            else:
                assert endpoint is not None
                self._gateway.add(self._gateway.new_share(share, endpoint, listeners))
        return [shares.pop(name) for name in list(shares) if name not in self._settings]


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
