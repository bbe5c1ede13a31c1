"""The gateway: its shares and elements, and the change from one set of settings to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredLock, gatherResults, maybeDeferred
from twisted.internet.interfaces import IStreamClientEndpoint
from typing_extensions import override

from smartserial import __version__
from smartserial.audit import Audit
from smartserial.change import Change
from smartserial.channels.elements.ports import Ports
from smartserial.channels.listener import Listener
from smartserial.channels.login.keeper import Keeper
from smartserial.element.carriers import Carriers
from smartserial.element.population import Population
from smartserial.element.saved import SavedParams
from smartserial.element.service import Element
from smartserial.element.work import Surroundings
from smartserial.events import EventStream, GatewayStarted, GatewayStopped
from smartserial.settings import (
    GatewaySettings,
    ShareSettings,
    UsersSettings,
)
from smartserial.share.pool import Pool
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
        self.pools: dict[str, Pool] = {}
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
        for pool in self.pools.values():
            pool.tell()

    @override
    def stopService(self) -> Deferred[None]:
        """End everything; params are saved when all elements have ended, and the audit ends with that."""
        for pool in self.pools.values():
            pool.stop()
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
