"""The account of bytes: nothing that was read is ever unexplained.

For each share and direction, at every moment::

    read + copied == delivered + buffered + discarded

*read* came from the source, *copied* are the further copies made of it for several clients,
*delivered* was taken by the kernel of the receiving side, *buffered* waits here, and each byte
of *discarded* has a `Reason`.

Datagrams that the kernel had no room for never were bytes here; they are counted as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Reason(Enum):
    """Why a byte was not delivered."""

    OVERFLOW = "overflow"  # the buffer for absent clients was full
    NO_CLIENT = "no_client"  # nobody was connected, and nothing is kept
    SLOW_CLIENT = "slow_client"  # oldest bytes of a slow client, by the policy `discard`
    CLIENT_DROPPED = "client_dropped"  # was waiting for, or on its way to, a client that went or was dropped
    POLICY = "policy"  # came from a client that may not send
    REFUSED = "refused"  # came from a client that was not let in
    NO_DEVICE = "no_device"  # the device was away
    STALE = "stale"  # had waited too long for a device that was away
    DEVICE_LOST = "device_lost"  # was waiting for a device that went away
    UNSENT = "unsent"  # the network did not take the datagram
    UNREAD = "unread"  # the program that had the virtual port open closed it without reading them
    PURGED = "purged"  # a client wanted it thrown away (RFC 2217 PURGE-DATA)
    STOP_DEADLINE = "stop_deadline"  # was still waiting when the grace of a stop ended


class Sink(Protocol):
    """Something that bytes are delivered to, as far as the account goes."""

    @property
    def sent(self) -> int:
        """Bytes that were taken."""

    @property
    def pending(self) -> int:
        """Bytes that wait."""

    @property
    def dropped(self) -> int:
        """Bytes that will not be taken."""


@dataclass(frozen=True, slots=True)
class Account:
    """One direction at one moment; all figures are bytes since the share started.

    But `overruns` are datagrams that the kernel dropped before they were read, for too many waited.
    """

    read: int
    copied: int
    delivered: int
    buffered: int
    discarded: tuple[tuple[Reason, int], ...]
    overruns: int = 0

    @property
    def unexplained(self) -> int:
        """What the law leaves over: 0, or smartserial has a bug."""
        return self.read + self.copied - self.delivered - self.buffered - sum(n for _, n in self.discarded)

    def __str__(self) -> str:
        reasons = ", ".join(f"{reason.value} {count}" for reason, count in self.discarded)
        text = f"read {self.read}, copied {self.copied}, delivered {self.delivered}, buffered {self.buffered}"
        text += f", discarded {sum(n for _, n in self.discarded)}" + (f" ({reasons})" if reasons else "")
        text += f", datagrams dropped by the kernel {self.overruns}" if self.overruns else ""
        return text + (f", UNEXPLAINED {self.unexplained}" if self.unexplained else "")


class Ledger:
    """The counters of one direction that are written as bytes pass.

    `delivered` holds what sinks that are gone have taken; those of live sinks are added by `account`.
    """

    __slots__ = ("copied", "delivered", "discarded", "overruns", "read")

    def __init__(self) -> None:
        self.read = 0
        self.copied = 0
        self.delivered = 0
        self.discarded: Counter[Reason] = Counter()
        self.overruns = 0

    def discard(self, reason: Reason, count: int) -> None:
        """Count `count` bytes, 0 or more, as not delivered."""
        if count:
            self.discarded[reason] += count

    def account(self, sinks: Iterable[Sink], kept: int) -> Account:
        """Return the whole account.

        Args:
            sinks: those that are open; what they dropped is still waiting to be explained by their end.
            kept: bytes that wait for no sink in particular.
        """
        sinks = list(sinks)
        delivered = self.delivered + sum(sink.sent for sink in sinks)
        buffered = kept + sum(sink.pending + sink.dropped for sink in sinks)
        discarded = tuple(sorted(self.discarded.items(), key=lambda item: item[0].value))
        return Account(self.read, self.copied, delivered, buffered, discarded, self.overruns)
