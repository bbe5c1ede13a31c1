"""Who has sent to a UDP server lately."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.udp.socket import SocketAddress
from smartserial.engine.effects import Peer
from smartserial.sharing.admission import plain_host

SILENCE = 60.0
"""Seconds of silence after which a sender is forgotten."""

MOST = 1000
"""Senders that are remembered at once."""

_SOON = 0.01


@dataclass(slots=True)
class _Sender:
    peer: Peer
    heard_at: float


class Senders:
    """The senders of one channel; the last one stays the last however silent it is.

    Args:
        forgotten: is called with each sender that is forgotten, and why.
        reactor: keeps the time.
    """

    def __init__(self, forgotten: Callable[[Peer, str], None], reactor: Any) -> None:
        self._forgotten = forgotten
        self._reactor = reactor
        self._known: dict[SocketAddress, _Sender] = {}  # who was heard last comes last
        self._addresses: dict[Peer, SocketAddress] = {}
        self._last: tuple[Peer, SocketAddress] | None = None
        self._several = False
        self._made = 0
        self._next: IDelayedCall | None = None

    @property
    def peers(self) -> tuple[Peer, ...]:
        """Those that are remembered, the oldest first."""
        return tuple(sorted(self._addresses, key=lambda peer: peer.session))

    @property
    def last(self) -> Peer | None:
        """Who was heard last, however long ago."""
        return None if self._last is None else self._last[0]

    def address(self, peer: Peer | None) -> SocketAddress | None:
        """Return where a sender is; None is the last one. If it is not known, return None."""
        if self._last is not None and peer in (None, self._last[0]):
            return self._last[1]
        return None if peer is None else self._addresses.get(peer)

    def hear(self, address: SocketAddress) -> tuple[Peer, Peer | None]:
        """Take note of a datagram.

        Returns:
            Its sender; and another one that was heard within a minute, when that has just become so.
        """
        now = self._reactor.seconds()
        self._expire(now)
        sender = self._known.pop(address, None)
        if sender is None:
            while len(self._known) >= MOST:
                self._forget(next(iter(self._known)), "there are too many senders")
            self._made += 1
            sender = _Sender(Peer(plain_host(address[0]), address[1], self._made), now)
            self._addresses[sender.peer] = address
        other = next(reversed(self._known.values()), None)
        sender.heard_at = now
        self._known[address] = sender
        self._last = (sender.peer, address)
        if self._next is None:
            self._next = self._reactor.callLater(SILENCE, self._look)
        news, self._several = not self._several and other is not None, other is not None
        return sender.peer, other.peer if news and other is not None else None

    def forget(self, peer: Peer, why: str) -> bool:
        """Forget a sender, also as the last one; tell whether it was known."""
        if self._last is not None and self._last[0] == peer:
            self._last = None
        address = self._addresses.get(peer)
        if address is not None:
            self._forget(address, why)
        return address is not None

    def clear(self, why: str) -> None:
        """Forget all."""
        self._last = None
        self._several = False
        for address in list(self._known):
            self._forget(address, why)
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _forget(self, address: SocketAddress, why: str) -> None:
        sender = self._known.pop(address, None)
        if sender is not None:
            del self._addresses[sender.peer]
            self._forgotten(sender.peer, why)

    def _expire(self, now: float) -> None:
        while self._known:
            address, sender = next(iter(self._known.items()))
            if now - sender.heard_at < SILENCE:
                break
            self._forget(address, f"silent for {SILENCE:g} s")

    def _look(self) -> None:
        self._next = None
        now = self._reactor.seconds()
        self._expire(now)
        if self._known and self._next is None:
            oldest = next(iter(self._known.values()))
            self._next = self._reactor.callLater(max(_SOON, oldest.heard_at + SILENCE - now), self._look)
