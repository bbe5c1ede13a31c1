"""Packets towards the clients of a share, on the reactor's time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from smartserial.sharing.packets import MOST_HELD, PacketRules, Packets


class Packeting:
    """Holds what the device has sent until it makes a packet.

    Args:
        rules: when it does.
        give: takes each packet; it may call `flush`, which then acts when what is due has been given.
        reactor: keeps the time.
        most: bytes that are held at most.
    """

    def __init__(
        self, rules: PacketRules, give: Callable[[bytes], None], reactor: Any, most: int = MOST_HELD
    ) -> None:
        self.rules = rules
        self._give = give
        self._reactor = reactor
        self._packets = Packets(rules, most)
        self._next: IDelayedCall | None = None
        self._giving = 0  # bytes of packets that are on their way out
        self._flushing = False

    @property
    def held(self) -> int:
        """Bytes that wait here."""
        return self._packets.held + self._giving

    def take(self, data: bytes) -> None:
        """Take what the device has sent."""
        self._out(self._packets.take(data, self._reactor.seconds()))

    def flush(self) -> None:
        """Give all that is held."""
        if self._giving:
            self._flushing = True
        else:
            self._out(self._packets.flush())

    def _wake(self) -> None:
        self._next = None
        self._out(self._packets.wake(self._reactor.seconds()))

    def _out(self, packets: list[bytes]) -> None:
        self._giving += sum(map(len, packets))
        for packet in packets:
            self._giving -= len(packet)
            self._give(packet)
        if self._flushing:
            self._flushing = False
            self._out(self._packets.flush())
        else:
            self._schedule()

    def _schedule(self) -> None:
        """Be called when the next packet is due; a call that comes too early does no harm."""
        due = self._packets.next_wake
        if due is None or (self._next is not None and self._next.getTime() > due):
            self.rest()
        if due is not None and self._next is None:
            self._next = self._reactor.callLater(max(0, due - self._reactor.seconds()), self._wake)

    def rest(self) -> None:
        """Be called no more, until something comes."""
        call, self._next = self._next, None
        if call is not None and call.active():
            call.cancel()
