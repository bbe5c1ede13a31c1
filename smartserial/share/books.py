"""The books of one share: its two ledgers, and the regular word about what was discarded."""

from __future__ import annotations

from functools import partial
from typing import Any

from smartserial.events import BytesDiscarded, DatagramsLost, EventStream
from smartserial.interfaces import IDatagramDevice
from smartserial.sharing.ledger import Ledger, Reason

REPORT = 10.0  # seconds between two reports


class Books:
    """Two ledgers: `up` from the device, `down` to it.

    Args:
        name: the share's.
        events: is told of discarded bytes.
        reactor: keeps the time.
    """

    def __init__(self, name: str, events: EventStream, reactor: Any) -> None:
        self.up = Ledger()
        self.down = Ledger()
        self._name = name
        self._events = events
        self._reactor = reactor
        self._told: dict[tuple[str, Reason], int] = {}
        self._next: Any = None

    def unsent(self, count: int) -> None:
        """Count bytes for a client that the network did not take."""
        self.up.discard(Reason.UNSENT, count)

    def overrun(self, where: str, count: int) -> None:
        """Count datagrams that came to a listener, and that the kernel had no room for."""
        self.down.overruns += count
        self._events.publish(DatagramsLost(self._name, where, count))

    def hear_overruns(self, stream: object, device: str) -> None:
        """Count those that come from a device, if its transport tells of such."""
        if IDatagramDevice.providedBy(stream):
            stream.on_overrun = partial(self._device_overrun, device)

    def _device_overrun(self, device: str, count: int) -> None:
        self.up.overruns += count
        self._events.publish(DatagramsLost(self._name, device, count))

    def open(self) -> None:
        """Begin to report."""
        self._next = self._reactor.callLater(REPORT, self._report_again)

    def close(self) -> None:
        """Report for the last time."""
        self._next.cancel()
        self._report()

    def _report_again(self) -> None:
        self.open()
        self._report()

    def _report(self) -> None:
        for direction, ledger in (("up", self.up), ("down", self.down)):
            for reason, count in ledger.discarded.items():
                before = self._told.get((direction, reason), 0)
                if count > before:
                    self._told[direction, reason] = count
                    self._events.publish(BytesDiscarded(self._name, direction, reason, count - before))
