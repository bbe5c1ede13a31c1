"""Datagrams as a counted transport: each write is one datagram, or several if it is long."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from twisted.internet.main import CONNECTION_DONE
from twisted.python.failure import Failure
from zope.interface import implementer

from smartserial.channels.stream import HIGH
from smartserial.channels.valve import Valve
from smartserial.interfaces import ICountedTransport


def pieces_of(data: bytes, most: int) -> Iterator[bytes]:
    """Cut bytes into pieces of `most` at most; the last one has what is left."""
    for start in range(0, len(data), most):
        yield data[start : start + most]


@implementer(ICountedTransport)
class DatagramStream(ABC):  # type: ignore[misc] # not all of ITransport
    """One peer of a UDP socket; a subclass knows how to send to it.

    What the kernel has taken counts as sent: nobody tells whether it arrives.
    """

    fanned_out = False

    def __init__(self) -> None:
        self.protocol: Any = None
        self.connected = False
        self.high = HIGH
        self.sent = 0
        self.pending = 0
        self.dropped = 0
        self._queue: deque[bytes] = deque()
        self._valve = Valve()
        self._closing = False

    @property
    @abstractmethod
    def most(self) -> int:
        """Bytes that a datagram may have."""

    @abstractmethod
    def _send(self, datagram: bytes) -> bool:
        """Hand a datagram to the kernel.

        Returns:
            Whether it was taken; if not, `flush` is called when it may be.

        Raises:
            OSError: it cannot be sent at all.
        """

    @abstractmethod
    def _failed(self, count: int, error: OSError) -> None:
        """Count bytes that cannot be sent: as dropped, or with a reason of their own."""

    @abstractmethod
    def _end(self) -> None:
        """Give up what leads to the peer."""

    def start(self, protocol: Any) -> None:
        """Begin to serve a protocol."""
        self.protocol = protocol
        self.connected = True
        protocol.makeConnection(self)

    # ---- out

    def write(self, data: bytes) -> None:
        """Send at once, in as many datagrams as it takes, unless others wait."""
        if not self.connected:
            self.dropped += len(data)
            return
        for datagram in (data,) if 0 < len(data) <= self.most else pieces_of(data, self.most):
            if self._queue or not self._sent(datagram):
                self._queue.append(datagram)
                self.pending += len(datagram)
        self._valve.check(self.pending, self.high)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Write the joined pieces."""
        self.write(b"".join(data))

    def _sent(self, datagram: bytes) -> bool:
        """Send a datagram, or count it as failed; tell whether it is done with."""
        if not self.connected:  # since one before it failed
            self.dropped += len(datagram)
            return True
        try:
            if not self._send(datagram):
                return False
            self.sent += len(datagram)
        except OSError as error:
            self._failed(len(datagram), error)
        return True

    def flush(self) -> None:
        """Send what waits, as far as the kernel takes it."""
        while self._queue:
            datagram = self._queue.popleft()
            self.pending -= len(datagram)
            if not self._sent(datagram):
                self._queue.appendleft(datagram)
                self.pending += len(datagram)
                break
        self._valve.check(self.pending, self.high)
        if self._closing and not self._queue:
            self.end(Failure(CONNECTION_DONE))

    def discard_oldest(self, count: int) -> int:
        """Throw away the oldest datagrams, of so many bytes at least."""
        thrown = 0
        while self._queue and thrown < count:
            thrown += len(self._queue.popleft())
        self.pending -= thrown
        return thrown

    def take_back(self, count: int) -> None:
        """Forget the last `count` bytes."""
        dropped = min(count, self.dropped)
        self.dropped -= dropped
        self.sent -= count - dropped

    def unconfirmed(self) -> int:
        """Return 0: it cannot be seen."""
        return 0

    def abandon(self) -> None:  # noqa: B027 # as it says
        """Do nothing: it cannot be seen what has not arrived."""

    def tell(self, text: bytes) -> None:  # noqa: B027 # as it says
        """Do nothing: among datagrams words of our own would be taken for the device's."""

    # ---- the end

    def end(self, reason: Failure) -> None:
        """End now; what waits is dropped."""
        if not self.connected:
            return
        self.connected = False
        self.dropped += self.pending
        self.pending = 0
        self._queue.clear()
        self._end()
        self.protocol.connectionLost(reason)

    def loseConnection(self) -> None:
        """End when everything has been sent."""
        self._closing = True
        self.flush()

    def abortConnection(self) -> None:
        """End now."""
        self.end(Failure(CONNECTION_DONE))

    def cut(self) -> None:
        """End now."""
        self.end(Failure(CONNECTION_DONE))

    # ---- producers

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Pause `producer` while too much waits here."""
        self._valve.attach(producer)

    def unregisterProducer(self) -> None:
        """Forget the producer."""
        self._valve.attach(None)
