"""Clients of a share that do not keep up: what is done about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol as Shape

from smartserial.channels.session import Session
from smartserial.settings import Sharing
from smartserial.sharing.ledger import Ledger, Reason
from smartserial.sharing.slow import SlowPolicy, effective


class SlowClientsOwner(Shape):
    """What is needed of the clients."""

    sharing: Sharing

    def __len__(self) -> int:
        """How many there are."""

    def drop(self, session: Session, farewell: str) -> None:
        """Close a client's connection now."""


class SlowClients:
    """Those for whom too much waits.

    Args:
        clients: all of them.
        ledger: counts the direction from the device.
        hold_device: stops reading from the device, or goes on.
    """

    def __init__(
        self, clients: SlowClientsOwner, ledger: Ledger, hold_device: Callable[[bool], None]
    ) -> None:
        self.full: set[Session] = set()
        self._clients = clients
        self._ledger = ledger
        self._hold_device = hold_device
        self._holding = False

    @property
    def policy(self) -> SlowPolicy:
        """What is done about a slow client now."""
        return effective(self._clients.sharing.slow_client.policy, alone=len(self._clients) <= 1)

    def forget(self, session: Session) -> None:
        """Take note that little waits for a client, or that it is gone."""
        self.full.discard(session)

    def must_bound(self, session: Session) -> bool:
        """Tell whether what waits for a client is to be looked at with each write."""
        return session in self.full and self.policy is not SlowPolicy.PAUSE_DEVICE

    def review(self) -> None:
        """Work out anew whether a slow client holds the device back, and what is done about each."""
        policy = self.policy
        holding = policy is SlowPolicy.PAUSE_DEVICE and bool(self.full)
        if holding != self._holding:
            self._holding = holding
            self._hold_device(holding)
        if policy is not SlowPolicy.PAUSE_DEVICE:
            for session in list(self.full):
                self.enforce(session)

    def write_bounded(self, session: Session, data: bytes) -> None:
        """Write to a client for whom too much waits."""
        session.stream.write(data)
        self.enforce(session)

    def enforce(self, session: Session, stuck: bool = False) -> None:
        """Act where more waits for a client than may; `stuck`: whatever waits is too much.

        What was kept until it came is ours, and waits beside what may wait for it.
        """
        limit = 0 if stuck else self._clients.sharing.slow_client.limit + session.excused
        over = session.stream.pending - limit
        if over <= 0 or session.unwritable:
            return
        if self.policy is SlowPolicy.DISCARD:
            count = session.stream.discard_oldest(over)
            session.discarded += count
            self._ledger.discard(Reason.SLOW_CLIENT, count)
        else:
            self._clients.drop(session, f"too slow: {session.stream.pending} bytes were waiting for it")

    def stuck(self, session: Session) -> None:
        """Take note that a client has taken none of the bytes that wait for it, for the timeout."""
        if session.farewell:
            session.cut("")
        elif not session.stream.pending:
            self._clients.drop(session, "does not read what it is told")
        elif self.policy is not SlowPolicy.PAUSE_DEVICE:
            self.enforce(session, stuck=True)
