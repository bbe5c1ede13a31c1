"""The transport of a virtual port whose bytes pass at the speed that a program has set."""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.stream import FULL_BATCH
from smartserial.channels.virtual.port import VirtualPort
from smartserial.channels.virtual.transport import VirtualTransport
from smartserial.lines import LineSettings
from smartserial.settings import KIB
from smartserial.sharing.pacing import Pacer


class PacedTransport(VirtualTransport):
    """Reads and writes no faster than the line would.

    The settings are looked at anew for each piece, so that a change acts at once. Without a speed (B0, which
    hangs up a line) bytes pass at the one before. What waits is kept short: a client that is held back early
    knows what the line has taken.
    """

    high = 4 * KIB

    def __init__(self, port: VirtualPort, reactor: Any) -> None:
        super().__init__(port, reactor)
        now = reactor.seconds()
        self._reads, self._writes = Pacer(now), Pacer(now)
        self._with_speed = LineSettings()
        self._timed_for = self._byte_time
        self._reading: IDelayedCall | None = None  # reads on then
        self._writing: IDelayedCall | None = None

    @property
    def _byte_time(self) -> float:
        """Seconds that one byte takes on the line."""
        settings = self.settings
        if settings.baudrate:
            self._with_speed = settings
        return self._with_speed.byte_time

    # ---- from the program

    @override
    def startReading(self) -> None:
        if self._reading is None:
            super().startReading()

    @override
    def stopReading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        super().stopReading()

    @override
    def doRead(self) -> BaseException | None:
        now, cost = self.reactor.seconds(), self._byte_time
        allowed = self._reads.allowance(now, cost)
        data = self._read(min(FULL_BATCH, allowed)) if allowed else b""
        if data or not allowed:
            self._reads.spend(len(data), cost)
            self._pause_reading(self._reads.wait(now, cost))
        if data:
            self.protocol.dataReceived(data)
        return None

    def _pause_reading(self, seconds: float) -> None:
        if seconds and self._reading is None:
            super().stopReading()
            self._reading = self.reactor.callLater(seconds, self._read_on_time)

    def _read_on_time(self) -> None:
        self._reading = None
        if not self._paused and not self.disconnecting:
            self.startReading()
            self._read_the_rest()

    # ---- to the program

    @override
    def write(self, data: bytes) -> None:
        if not self.connected or self._writeDisconnected:
            self.dropped += len(data)
            return
        self._keep(data)
        if not self._openers.doubtful and self._writes.allowance(self.reactor.seconds(), self._byte_time):
            self._pump()

    @override
    def startWriting(self) -> None:
        self._pump_later(self._writes.wait(self.reactor.seconds(), self._byte_time))

    def _pump_later(self, seconds: float) -> None:
        if self._writing is None and self.connected and not self._openers.doubtful:
            self._writing = self.reactor.callLater(seconds, self._pump)

    @override
    def stopWriting(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        super().stopWriting()

    @override
    def doWrite(self) -> BaseException | None:
        self._pump()
        return None

    def _pump(self) -> None:
        """Write what there is time for, and come back for the rest."""
        now, cost, outbox = self.reactor.seconds(), self._byte_time, self._outbox
        self._writing, writing = None, self._writing
        if writing is not None and writing.active():
            writing.cancel()
        super().stopWriting()
        if outbox is not None and outbox.size:
            piece = b"".join(outbox.head())[: self._writes.allowance(now, cost)]
            try:
                taken = os.write(self._port.master, piece)
            except BlockingIOError:  # it is full; while nobody reads that stays so
                super().startWriting()
                return
            except OSError as error:
                self._write_failed(error)
                return
            self.sent += outbox.consume(taken)
            self._writes.spend(taken, cost)
            self._drained_some(outbox)
            if outbox.size:
                self._pump_later(self._writes.wait(now, cost))
                return
        why = self._nothing_pending()
        if why is not None:
            self.connectionLost(Failure(why))

    @override
    def look_at_settings(self) -> None:
        super().look_at_settings()
        if self._byte_time != self._timed_for:  # what waits was timed for another speed
            self._timed_for = self._byte_time
            for waiting in (self._reading, self._writing):
                if waiting is not None:
                    waiting.reset(0)
