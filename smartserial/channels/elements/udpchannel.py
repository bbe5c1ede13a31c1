"""What UDP servers and clients have in common: the account, what waits, what was noted, and the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.elements.channel import MOST_PENDING, ChannelOwner, Tally
from smartserial.channels.elements.guarded import GuardedOwner
from smartserial.channels.udp.socket import SocketAddress, UdpSocket
from smartserial.engine.effects import Peer
from smartserial.settings import LARGEST_DATAGRAM

LAST_WORDS = 1.0
"""Seconds that what waits has when a channel is closed."""

_MOST_NOTED = 100


def overrun_text(where: str, count: int) -> str:
    """Tell of datagrams that the kernel had no room for."""
    return f"{where}: the kernel dropped {count} datagrams, too many waited to be read"


class UdpChannel(ABC):
    """One connection over UDP; a subclass knows where to send.

    Args:
        owner: is told what happens.
        where: what it runs on, for the log.
        reactor: keeps the time.
    """

    def __init__(self, owner: ChannelOwner, where: str, reactor: Any) -> None:
        self.owner = GuardedOwner(owner, where)
        self.is_open = False
        self._reactor = reactor
        self._tally = Tally()
        self._queue: deque[tuple[bytes, SocketAddress | None]] = deque()
        self._noted: set[str] = set()
        self._grace: IDelayedCall | None = None
        self._closing: list[Deferred[None]] = []

    @property
    def tally(self) -> Tally:
        """The account as it stands now."""
        return replace(self._tally)

    @property
    @abstractmethod
    def where(self) -> str:
        """What it runs on, for people."""

    @property
    @abstractmethod
    def socket(self) -> UdpSocket | None:
        """What is sent through, if there is anything."""

    @abstractmethod
    def _begin(self) -> None:
        """Begin to serve."""

    @abstractmethod
    def _shut(self, why: str) -> None:
        """End the sessions, and give the socket up."""

    @abstractmethod
    def _unsendable(self, error: OSError) -> None:
        """Take note of a datagram that the kernel did not take for good."""

    # ---- life

    def open(self) -> None:
        """Begin; what is open already is closed first."""
        if self.is_open or self._grace is not None:
            self._end()
        self._noted.clear()
        self.is_open = True
        self._begin()

    def close(self) -> Deferred[None]:
        """End, when what waits is sent, or after a second; fires then."""
        done: Deferred[None] = Deferred()
        self._closing.append(done)
        if self.is_open:
            self.is_open = False
            if self._queue:
                self._grace = self._reactor.callLater(LAST_WORDS, self._end)
        if self._grace is None:
            self._end()
        return done

    def _end(self) -> None:
        grace, self._grace = self._grace, None
        if grace is not None and grace.active():
            grace.cancel()
        self.is_open = False
        self._drop_waiting()
        self._shut("closed")
        closing, self._closing = self._closing, []
        for done in closing:
            done.callback(None)

    def note(self, text: str) -> None:
        """Tell the owner something, once."""
        if text not in self._noted and len(self._noted) < _MOST_NOTED:
            self._noted.add(text)
            self.owner.channel_noted(text)

    # ---- in

    def hear(self, peer: Peer, data: bytes) -> None:
        """Give the owner a datagram."""
        self._tally.received += len(data)
        self.owner.received(peer, data)

    def overrun(self, count: int) -> None:
        """Count datagrams that the kernel has dropped, and tell the owner."""
        self._tally.overruns += count
        self.owner.channel_noted(overrun_text(self.where, count))

    # ---- out

    def _refuse(self, data: bytes, why: str) -> int:
        self._tally.unsent += len(data)
        if why:
            self.note(why)
        return 0

    def _dispatch(self, data: bytes, address: SocketAddress | None) -> int:
        """Send a datagram, or have it wait for the kernel; return to how many."""
        if self._queue:
            return self._keep(data, address)
        if self.socket is None:
            return self._refuse(data, "")
        try:
            taken = self.socket.send(data, address)
        except OSError as error:
            self._tally.unsent += len(data)
            self._unsendable(error)
            return 0
        if not taken:
            return self._keep(data, address)
        self._tally.sent += len(data)
        return 1

    def _room_for(self, data: bytes) -> bool:
        """Count a datagram as waiting, if it may wait."""
        if self._tally.pending + len(data) > MOST_PENDING:
            self._refuse(data, "too much waits to be sent: datagrams are lost")
            return False
        self._tally.pending += len(data)
        return True

    def _keep(self, data: bytes, address: SocketAddress | None) -> int:
        if not self._room_for(data):
            return 0
        self._queue.append((data, address))
        return 1

    def _too_large(self, data: bytes) -> bool:
        return len(data) > LARGEST_DATAGRAM

    def _refuse_large(self, data: bytes) -> int:
        return self._refuse(
            data, f"a datagram has {LARGEST_DATAGRAM} bytes at most: a larger one was not sent"
        )

    def flush(self) -> None:
        """Send what waits, as far as the kernel takes it; the end of a channel may be waiting for that."""
        while self._queue and self.socket is not None:
            data, address = self._queue[0]
            try:
                if not self.socket.send(data, address):
                    return
                self._tally.sent += len(data)
                error = None
            except OSError as found:
                self._tally.dropped += len(data)
                error = found
            self._queue.popleft()
            self._tally.pending -= len(data)
            if error is not None:
                self._unsendable(error)
        if self._grace is not None and not self._queue:
            self._end()

    def _drop_waiting(self) -> None:
        waiting = sum(len(data) for data, _ in self._queue)
        self._tally.dropped += waiting
        self._tally.pending -= waiting
        self._queue.clear()

    def send_break(self, seconds: float) -> None:
        """Note that there is no line."""
        self.note("there is no serial line to hold a break on")
