"""The addresses of a name, and those that stand for all of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv6Address
from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer

from smartserial.channels.udp.socket import SocketAddress

PATIENCE = 10.0
"""Seconds that a lookup may take."""

ANY_HOST = {4: "0.0.0.0", 6: "::"}
"""The address that stands for all of ours, by the version of IP."""


@implementer(IResolutionReceiver)
class Lookup:
    """One question for the addresses of a name.

    Args:
        host: the name.
        port: stands in the answers.
        done: is called once, with the addresses in the order of the answer; with none if there are none.
        reactor: looks up, and keeps the time.
    """

    def __init__(
        self, host: str, port: int, done: Callable[[list[SocketAddress]], None], reactor: Any
    ) -> None:
        self._found: list[SocketAddress] = []
        self._done: Callable[[list[SocketAddress]], None] | None = done
        self._end = reactor.callLater(PATIENCE, self.resolutionComplete)
        reactor.nameResolver.resolveHostName(self, host, port, transportSemantics="UDP")

    @property
    def pending(self) -> bool:
        """Whether an answer is wanted yet."""
        return self._done is not None

    def resolutionBegan(self, resolutionInProgress: object) -> None:
        """Do nothing: it cannot be stopped."""

    def addressResolved(self, address: Any) -> None:
        """Take note of an address."""
        if isinstance(address, IPv6Address):
            self._found.append((address.host, address.port, int(address.flowInfo), int(address.scopeID)))
        else:
            self._found.append((address.host, address.port))

    def resolutionComplete(self) -> None:
        """Hand over what was found."""
        done = self._done
        self.forget()
        if done is not None:
            done(self._found)

    def forget(self) -> None:
        """Want no answer any more."""
        self._done = None
        if self._end.active():
            self._end.cancel()
