"""TLS below the protocols of any factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.interfaces import IAddress, IProtocolFactory
from twisted.internet.protocol import Protocol
from typing_extensions import override

from smartserial.channels.session import peer_host
from smartserial.channels.tls.layer import TlsProtocol
from smartserial.channels.wrapping import WrappingFactory
from smartserial.sharing.crowd import Crowd

MOST_SHAKING = 256
"""Connections of one factory whose handshake is not done."""


class TlsFactory(WrappingFactory):
    """Wraps a factory, so that its protocols are made when the hands have been shaken.

    Args:
        wrapped: makes the protocols.
        creator: gives what makes the next connection; see `channels.tls.ends.server_creator`.
        reactor: keeps the time.
        failed: is called with an address, and words, where there is no handshake.
    """

    def __init__(
        self,
        wrapped: IProtocolFactory,
        creator: Callable[[], object],
        reactor: Any,
        failed: Callable[[IAddress | None, str], None],
    ) -> None:
        super().__init__(wrapped)
        self._creator = creator
        self._reactor = reactor
        self._failed = failed
        self._shaking: Crowd[TlsProtocol] = Crowd(MOST_SHAKING)

    @override
    def buildProtocol(self, addr: IAddress | None) -> TlsProtocol:
        def inside() -> Protocol | None:
            self._shaking.discard(protocol)
            return cast("Protocol | None", self._wrapped.buildProtocol(cast(Any, addr)))

        def failed(why: str) -> None:
            self._shaking.discard(protocol)
            self._failed(addr, why)

        protocol = TlsProtocol(inside, self._creator(), False, self._reactor, failed=failed)
        if (loser := self._shaking.add(protocol, peer_host(addr))) is not None:
            loser.give_up("TLS: too many handshakes at once")
        return protocol
