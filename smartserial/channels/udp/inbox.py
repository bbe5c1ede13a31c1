"""What comes to a UDP socket that several sessions share: while one of them is held, nobody is read from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from smartserial.channels.udp.socket import SocketAddress

Datagram = tuple[bytes, SocketAddress]


class Inbox:
    """Hands datagrams over as they come, or keeps those that came all the same while somebody was held.

    Args:
        take: is given a datagram; it may put it back, or have somebody held.
        reactor: keeps the time.
    """

    def __init__(self, take: Callable[[bytes, SocketAddress], None], reactor: Any) -> None:
        self.held: set[object] = set()
        """Who is not to be read from; `hold` adds to it."""
        self._take = take
        self._reactor = reactor
        self._waiting: deque[Datagram] = deque()
        self._deaf_since: float | None = None
        self._deaf = 0.0  # seconds, until then

    @property
    def deaf(self) -> bool:
        """Whether nobody is read from: what somebody has sent may wait in the kernel."""
        return self._deaf_since is not None

    @property
    def seconds(self) -> float:
        """What a clock says that stands still while nobody is read from: that is no silence of theirs."""
        return float((self._reactor.seconds() if self._deaf_since is None else self._deaf_since) - self._deaf)

    def put(self, data: bytes, address: SocketAddress) -> None:
        """Take a datagram in its turn."""
        if self.held or self._waiting:
            self._waiting.append((data, address))
        else:
            self._take(data, address)

    def put_back(self, data: bytes, address: SocketAddress) -> None:
        """Take a datagram again, before all others, when nobody is held."""
        self._waiting.appendleft((data, address))

    def hold(self, session: object) -> None:
        """Read from nobody until this one is held no more."""
        self.held.add(session)
        if self._deaf_since is None:
            self._deaf_since = self._reactor.seconds()

    def hand_over(self) -> bool:
        """Hand over what waits, as long as nobody is held; tell whether the socket may be read from now."""
        while self._waiting and not self.held:
            self._take(*self._waiting.popleft())
        if self.held:
            return False
        if self._deaf_since is not None:
            self._deaf += self._reactor.seconds() - self._deaf_since
            self._deaf_since = None
        return True

    def empty(self) -> Iterator[bytes]:
        """Take everything out that waits: nobody will get it."""
        while self._waiting:
            yield self._waiting.popleft()[0]
