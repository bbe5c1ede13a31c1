"""The books of one share: its two ledgers, and the regular word about what was discarded."""

from __future__ import annotations

from typing import Any

from smartserial.events import BytesDiscarded, EventStream
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
