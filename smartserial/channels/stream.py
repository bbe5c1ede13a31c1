"""Reading and writing a descriptor: what is common to serial ports, pseudo-terminals and sockets.

Two things set it apart from Twisted's own transports. A write goes to the kernel at once when nothing
waits, which saves three system calls a message; and for several clients a read goes on while the
descriptor gives more, because a tty hands out 4 KiB at a time at most. Every byte given to it is counted
as sent, pending or dropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.settings import KIB
from smartserial.sharing.backlog import Backlog

if TYPE_CHECKING:
    from twisted.internet.abstract import FileDescriptor
    from twisted.internet.interfaces import IProtocol

    _Base = FileDescriptor
else:
    _Base = object

HIGH = 256 * KIB
FULL_BATCH = 64 * KIB
_WORTH_ANOTHER_READ = 2 * KIB


class Stream(_Base):
    """Mixed into a Twisted file descriptor class, in front of it; provides `ICountedTransport`."""

    protocol: IProtocol
    reactor: Any
    high = HIGH
    fanned_out = False
    sent = 0
    dropped = 0
    told = 0  # bytes of our own words, which `sent` does not count
    producerPaused = False
    _outbox: Backlog | None = None
    _paused = False

    @property
    def pending(self) -> int:
        """Bytes that wait for the kernel to take them."""
        return 0 if self._outbox is None else self._outbox.size

    @override
    def write(self, data: bytes) -> None:
        """Hand `data` to the kernel, and keep what it does not take now."""
        if not self.connected or self._writeDisconnected:
            self.dropped += len(data)
            return
        if self.pending:
            self._keep(data)
            return
        try:
            taken = os.write(self.fileno(), data)
        except BlockingIOError:
            taken = 0
        except OSError as error:
            self.dropped += len(data)
            self._write_failed(error)
            return
        self.sent += taken
        if taken < len(data):
            self._keep(memoryview(data)[taken:])
        elif self.producer is not None and not self.streamingProducer:
            self.startWriting()  # a pull producer is asked for more when there is nothing left

    @override
    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Write the joined pieces."""
        self.write(b"".join(iovec))

    def _keep(self, data: bytes | memoryview) -> None:
        if self._outbox is None:
            self._outbox = Backlog()
        self._outbox.append(data)
        self.startWriting()
        if self._outbox.size > self.high and self.producer is not None and not self.producerPaused:
            self.producerPaused = True
            cast(IPushProducer, self.producer).pauseProducing()

    @override
    def doWrite(self) -> BaseException | None:
        """Write what waits; the reactor calls this when the kernel can take more."""
        outbox = self._outbox
        if outbox is not None and outbox.size:
            try:
                self.sent += outbox.consume(os.writev(self.fileno(), outbox.head()))
            except BlockingIOError:
                return None
            except OSError as error:
                self._write_failed(error)
                return None
            self._drained_some(outbox)
            if outbox.size:
                return None
        self.stopWriting()
        return self._nothing_pending()

    def _drained_some(self, outbox: Backlog) -> None:
        if self.producerPaused and outbox.size <= self.high // 4:
            self.producerPaused = False
            if self.producer is not None:
                cast(IPushProducer, self.producer).resumeProducing()

    def _nothing_pending(self) -> BaseException | None:
        if self.producer is not None and not self.streamingProducer:
            cast(IPullProducer, self.producer).resumeProducing()
        elif self.pending:  # the producer wrote again
            self.startWriting()
        elif self.disconnecting and self.producer is None:
            return cast(BaseException, self._postLoseConnection())
        elif self._writeDisconnecting and not self._writeDisconnected:
            self._writeDisconnected = True
            self._closeWriteConnection()
        return None

    def discard_oldest(self, count: int) -> int:
        """Throw away the oldest `count` pending bytes, or all; return how many there were."""
        if self._outbox is None:
            return 0
        self.reactor.callLater(0, self._drained_some, self._outbox)  # whoever calls may be in the producer
        return self._outbox.consume(count)

    def abandon(self) -> None:
        """Count what the other side has not taken as dropped."""
        lost = min(self.sent, self.unconfirmed())
        self.sent -= lost
        self.dropped += lost

    def take_back(self, count: int) -> None:
        """Forget the last `count` bytes that were written, none of which arrived."""
        dropped = min(count, self.dropped)
        self.dropped -= dropped
        self.sent -= count - dropped

    def cut(self) -> None:
        """Close at once; what the kernel has taken it still delivers."""
        if self.connected:
            self._paused = False
            self.connectionLost(Failure(CONNECTION_DONE))

    def tell(self, text: bytes) -> None:
        """Send words of our own, which no counter sees."""
        if self.connected and not self.pending:
            with suppress(OSError):
                self.told += os.write(self.fileno(), text)

    def unconfirmed(self) -> int:
        """Return how many of the sent bytes the other side has not taken yet; 0 where that cannot be seen."""
        return 0

    def _drop_pending(self) -> None:
        if self._outbox is not None:
            self.dropped += self._outbox.clear()

    def _write_failed(self, error: OSError) -> None:
        """Give up on the whole connection; sockets do better, since there may be bytes to read."""
        self._drop_pending()
        self._writeDisconnected = True
        self.reactor.callLater(0, self._lose, error)

    def _lose(self, error: OSError) -> None:
        if self.connected:
            self.connectionLost(Failure(self.lost_by(error)))

    @override
    def pauseProducing(self) -> None:
        """Stop reading."""
        self._paused = True
        self.stopReading()

    @override
    def resumeProducing(self) -> None:
        """Read again."""
        self._paused = False
        if self.connected and not self.disconnecting:
            self.startReading()

    @override
    def doRead(self) -> BaseException | None:
        """Read what is there, up to a batch, and give it to the protocol in one piece."""
        try:
            data = os.read(self.fileno(), FULL_BATCH)
        except BlockingIOError:
            return None
        except OSError as error:
            return self.lost_by(error)
        if not data:
            return CONNECTION_DONE
        if self.fanned_out and len(data) >= _WORTH_ANOTHER_READ:
            data = self._read_on(data)
        self.protocol.dataReceived(data)
        return None

    def _read_on(self, data: bytes) -> bytes:
        """Read until there is no more: one large piece for many clients costs less than many small ones."""
        pieces, size = [data], len(data)
        while size < FULL_BATCH:
            try:
                piece = os.read(self.fileno(), FULL_BATCH)
            except OSError:  # nothing more now, or an error that the next event will meet again
                break
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
        return data if len(pieces) == 1 else b"".join(pieces)

    def lost_by(self, error: OSError) -> BaseException:
        """Return the reason that the protocol is given when `error` ends the connection."""
        return CONNECTION_LOST
