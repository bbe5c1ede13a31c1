"""All elements of a gateway, and the change from one set of them to another."""

from __future__ import annotations

from collections.abc import Iterable

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from typing_extensions import override

from smartserial.channels.elements.ports import Ports
from smartserial.element.service import Element
from smartserial.element.work import Surroundings
from smartserial.settings import ElementSettings, NetworkCarrier


class Population(MultiService):
    """The elements that there are.

    Args:
        ports: their network addresses.
        around: what they work with.
    """

    def __init__(self, ports: Ports, around: Surroundings) -> None:
        super().__init__()
        self.elements: dict[str, Element] = {}
        self._ports = ports
        self._around = around

    @override
    def startService(self) -> None:
        """Start all; addresses of those that do not begin yet are given up again."""
        super().startService()
        self._ports.settle()

    def claim(self, settings: Iterable[ElementSettings]) -> None:
        """Take every address that elements listen on, before anything starts or changes.

        Raises:
            ConfigError: some cannot be had, one a line; then none of the new ones is kept.
        """
        self._ports.claim(
            connection.carrier
            for element in settings
            for connection in element.connections
            if isinstance(connection.carrier, NetworkCarrier)
        )

    async def become(self, settings: Iterable[ElementSettings]) -> None:
        """Run these elements, whose addresses are claimed; those that did not change are not touched."""
        wanted = {one.name: one for one in settings}
        leaving = [self.elements.pop(name) for name in list(self.elements) if name not in wanted]
        ending: list[Deferred[None]] = [maybeDeferred(one.disownServiceParent) for one in leaving]
        for name, one in wanted.items():
            known = self.elements.get(name)
            if known is None:
                self.elements[name] = Element(one, self._around)
                self.elements[name].setServiceParent(self)
            elif known.settings != one:
                ending.append(known.update(one))
            else:
                known.settings = one  # its Python may be another: `restart` takes that
        await gatherResults(ending, consumeErrors=True)
        if self.running:
            self._ports.settle()

    def settle(self) -> None:
        """Give up addresses that nobody uses."""
        self._ports.settle()
