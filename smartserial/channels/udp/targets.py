"""Those who get a share's datagrams without having asked."""

from __future__ import annotations

from typing import Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.udp.lookup import Lookup
from smartserial.channels.udp.socket import SocketAddress, numeric
from smartserial.settings import Address

RETURN = 10.0
"""Seconds after which a target that was sent away, or has no address, is tried again."""


class TargetsOwner(Shape):
    """What targets need of their listener."""

    def begin_target(self, address: SocketAddress, target: Address) -> bool:
        """Begin to serve a target at this address; tell whether that is not another target's."""

    def end_target(self, target: Address) -> None:
        """Serve a target no more."""

    def note(self, text: str) -> None:
        """Tell the operator something that may be worth mending."""


class Targets:
    """Finds the addresses of targets, and brings them back.

    Args:
        owner: serves them.
        reactor: looks up names, and keeps the time.
    """

    def __init__(self, owner: TargetsOwner, reactor: Any) -> None:
        self._owner = owner
        self._reactor = reactor
        self._wanted: tuple[Address, ...] = ()
        self._served: set[Address] = set()
        self._lookups: dict[Address, Lookup] = {}
        self._calls: dict[Address, IDelayedCall] = {}

    def use(self, targets: tuple[Address, ...]) -> None:
        """Have these from now on, and no others."""
        self._wanted = targets
        for target in [*self._lookups, *self._calls]:
            if target not in targets:
                self._seek_no_more(target)
        for target in [target for target in self._served if target not in targets]:
            self._owner.end_target(target)
        for target in targets:
            if target not in self._served and target not in self._lookups and target not in self._calls:
                self._seek_later(target, 0.0)

    def stop(self) -> None:
        """Begin with no more; those who are served go on."""
        self._wanted = ()
        for target in [*self._lookups, *self._calls]:
            self._seek_no_more(target)

    def gone(self, target: Address) -> None:
        """Take note that a target is not served any more."""
        self._served.discard(target)
        if target in self._wanted:
            self._seek_later(target, RETURN)

    def _seek_later(self, target: Address, seconds: float) -> None:
        self._calls[target] = self._reactor.callLater(seconds, self._seek, target)

    def _seek_no_more(self, target: Address) -> None:
        lookup, call = self._lookups.pop(target, None), self._calls.pop(target, None)
        if lookup is not None:
            lookup.forget()
        if call is not None:
            call.cancel()

    def _seek(self, target: Address) -> None:
        self._calls.pop(target)
        try:
            address = numeric(target.host, target.port)[1]
        except OSError:
            self._lookups[target] = Lookup(
                target.host, target.port, lambda addresses: self._found(target, addresses), self._reactor
            )
        else:
            self._begin(target, address)

    def _found(self, target: Address, addresses: list[SocketAddress]) -> None:
        self._lookups.pop(target, None)
        if addresses:
            self._begin(target, addresses[0])
        else:
            self._owner.note(f"there is no address of {target.host}; trying again")
            self._seek_later(target, RETURN)

    def _begin(self, target: Address, address: SocketAddress) -> None:
        self._served.add(target)
        if not self._owner.begin_target(address, target):
            self._owner.note(f"{target} is a target twice")
            self.gone(target)
