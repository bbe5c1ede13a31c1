"""Requests to one device, one after the other: each waits until the one before it has been answered.

What a source sends while nobody has the turn goes to the device, and the source has the turn. What it sends
before the device has answered with a whole message goes after that: where a request ends is not known. The
turn ends when there were as many messages as pieces were sent in it, or after a silence; while others wait,
no turn is longer than `LONGEST` such silences. Everything else waits, in the order of coming; pieces of one
source with nothing between them go together.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeVar

MOST_WAITING = 64 * 1024
"""Bytes that may wait for one source, before it is better not read from; and bytes of one turn."""
LONGEST = 10
"""Windows that a turn lasts at most while others wait, however much is said in it."""

S = TypeVar("S", bound=Hashable)


@dataclass(slots=True)
class _Request(Generic[S]):
    source: S
    pieces: list[bytes] = field(default_factory=list)


class Requests(Generic[S]):
    """Says what goes to the device. Times are seconds, monotonic; a late call does no harm.

    Args:
        window: seconds of silence after which nothing more is expected.
        most: bytes, see `MOST_WAITING`.
    """

    def __init__(self, window: float, most: int = MOST_WAITING) -> None:
        self.holder: S | None = None
        """Who has the turn."""
        self.waiting: Counter[S] = Counter()
        """Bytes that wait, by source."""
        self._window = window
        self._most = most
        self._queue: deque[_Request[S]] = deque()
        self._asked = self._answered = self._size = 0  # pieces, messages and bytes of this turn
        self._silent_at = 0.0
        self._limit = inf  # when the turn ends whatever is said, for others wait

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return self.waiting.total()

    def full(self, source: S) -> bool:
        """Tell whether a source is better not read from."""
        return self.waiting[source] >= self._most

    @property
    def expected(self) -> int:
        """Messages that are to come before the turn ends; 0 if nobody has one."""
        return 0 if self.holder is None else max(0, self._asked - self._answered)

    def use(self, window: float) -> None:
        """Go by another window, also for what is under way: `wake` is to be called at another time then."""
        longer, self._window = window - self._window, window
        self._silent_at += longer
        self._limit += LONGEST * longer

    @property
    def next_wake(self) -> float | None:
        """When `wake` is to be called, in seconds; None: when somebody sends."""
        return None if self.holder is None else min(self._silent_at, self._limit)

    def offer(self, source: S, data: bytes, now: float) -> list[tuple[S, bytes]]:
        """Take what a source sends, one byte or more; return what goes to the device now, in order."""
        passing = self.wake(now)
        if self.holder is None:
            return [*passing, self._begin(_Request(source, [data]), now)]
        goes_on = self.holder == source and not self._answered and not self.waiting[source]
        if goes_on and self._size + len(data) <= self._most:
            self._asked += 1
            self._size += len(data)
            self._silent_at = now + self._window
            return [*passing, (source, data)]
        self.put(source, data, now)
        return passing

    def put(self, source: S, data: bytes, now: float) -> None:
        """Have what a source sends wait, whoever has the turn; `said` is to be called then."""
        if not self._queue:
            self._limit = now + LONGEST * self._window
        if not self._queue or self._queue[-1].source != source:
            self._queue.append(_Request(source))
        self._queue[-1].pieces.append(data)
        self.waiting[source] += len(data)

    def said(self, messages: int, now: float) -> list[tuple[S, bytes]]:
        """Take note that the device has sent something, and how many messages ended with that."""
        if self.holder is None:
            return self._next(now)
        passing = self.wake(now)
        if not passing:
            self._silent_at = now + self._window
            self._answered += messages
            if self._answered >= self._asked:
                passing = self._next(now)
        return passing

    def wake(self, now: float) -> list[tuple[S, bytes]]:
        """End a turn in which nothing more is expected; return what goes to the device now."""
        if self.holder is None or now < min(self._silent_at, self._limit):
            return []
        return self._next(now)

    def release(self) -> list[tuple[S, bytes]]:
        """End all waiting; return what waited, in order."""
        passing = self.withdraw()
        self.holder = None
        return passing

    def withdraw(self) -> list[tuple[S, bytes]]:
        """Take out what waits, and return it piece by piece, in order; who has the turn keeps it."""
        waited = [(request.source, piece) for request in self._queue for piece in request.pieces]
        self._queue.clear()
        self.waiting.clear()
        self._limit = inf
        return waited

    def _next(self, now: float) -> list[tuple[S, bytes]]:
        self.holder = None
        if not self._queue:
            return []
        request = self._queue.popleft()
        self._limit = now + LONGEST * self._window if self._queue else inf
        left = self.waiting[request.source] - sum(map(len, request.pieces))
        self.waiting[request.source] = left
        if not left:
            del self.waiting[request.source]
        return [self._begin(request, now)]

    def _begin(self, request: _Request[S], now: float) -> tuple[S, bytes]:
        data = b"".join(request.pieces)
        self.holder = request.source
        self._asked, self._answered, self._size = len(request.pieces), 0, len(data)
        self._silent_at = now + self._window
        return request.source, data
