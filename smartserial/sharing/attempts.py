"""How often somebody may guess: no more than ten wrong answers a minute from one source.

::

    failures      1  2  3  4  5  6  7  8  9  10  11 ...
    then waits    0  0  0  0  1  2  4  8  16 32  60 ...  seconds

Whoever has not failed for a quarter of an hour begins anew. A right answer changes nothing: else somebody
with one password could guess all others. What is under way counts as if it were going to fail, so that
answers given at once are no more than those given one after the other. Times are seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

FREE = 5
"""Failures after which a source has to wait."""
LONGEST = 60.0
QUIET = 900.0
"""Seconds without a failure after which a source is forgotten."""
MOST_SOURCES = 10_000


@dataclass(slots=True)
class _Record:
    failures: int = 0
    failed_at: float = 0.0
    under_way: int = 0


class Attempts:
    """Counts the wrong answers of each source.

    A source is an address; all of an IPv6 network of 64 bits are one, for one host may have all of them. What
    is no address, such as a unix socket, is a source by its name.
    """

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}  # who has failed last comes last

    def __len__(self) -> int:
        return len(self._records)

    def delay(self, source: str, now: float) -> float:
        """Return for how many seconds a source may not try; 0: it may."""
        record = self._known(source_of(source), now)
        if record is None or record.failures < FREE:
            return 0.0
        pause = min(LONGEST, 2.0 ** min(record.failures - FREE, 10))
        return max(0.0, record.failed_at + pause - now)

    def begin(self, source: str, now: float) -> bool:
        """Let a source try, if it may now; each time that it does is to be ended by `end`.

        A source that may not, though it has no delay, has to wait until something of its own has ended.
        """
        if self.delay(source, now):
            return False
        name = source_of(source)
        record = self._known(name, now) or _Record(failed_at=now)
        if record.under_way >= max(1, FREE - record.failures):
            return False
        record.under_way += 1
        self._records.setdefault(name, record)
        self._bound()
        return True

    def end(self, source: str, now: float, right: bool) -> None:
        """Take note of what came of a try."""
        name = source_of(source)
        record = self._records.get(name)
        if record is None:
            return
        record.under_way -= 1
        if not right:
            record.failures += 1
            record.failed_at = now
            self._records[name] = self._records.pop(name)
        elif not record.failures and not record.under_way:
            del self._records[name]

    def _known(self, name: str, now: float) -> _Record | None:
        """Return what is known of a source, which is nothing after a long quiet."""
        record = self._records.get(name)
        if record is not None and not record.under_way and now - record.failed_at >= QUIET:
            del self._records[name]
            return None
        return record

    def _bound(self) -> None:
        """Forget whose failures are the oldest, if there are too many sources."""
        if len(self._records) <= MOST_SOURCES:
            return
        oldest = next((name for name, record in self._records.items() if not record.under_way), None)
        if oldest is not None:
            del self._records[oldest]


def source_of(host: str) -> str:
    """Return what an address counts as: itself, or its network."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((address, 64), strict=False))
        address = address.ipv4_mapped
    return str(address)
