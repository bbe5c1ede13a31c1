"""Who is to be woken when: of many, the first one is found at once."""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
_MANY = 64  # entries before those that count no more are looked for


class Alarms(Generic[K]):
    """One time for each key; entries of the heap that were set otherwise since are passed over."""

    __slots__ = ("_heap", "_numbers", "_times")

    def __init__(self) -> None:
        self._times: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._times)

    @property
    def next(self) -> float | None:
        """The earliest time, in seconds; None if there is none."""
        heap, times = self._heap, self._times
        while heap and times.get(heap[0][2]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def set(self, key: K, time: float | None) -> None:
        """Have one key woken at a time, in place of the one before; None has it left alone."""
        if time is None:
            self._times.pop(key, None)
        elif self._times.get(key) != time:
            self._times[key] = time
            if len(self._heap) >= max(_MANY, 2 * len(self._times)):
                self._heap = [one for one in self._heap if self._times.get(one[2]) == one[0]]
                heapify(self._heap)
            heappush(self._heap, (time, next(self._numbers), key))

    def due(self, now: float) -> list[K]:
        """Return those whose time has come, by their times, and forget these."""
        found = []
        while (time := self.next) is not None and time <= now:
            key = heappop(self._heap)[2]
            del self._times[key]
            found.append(key)
        return found
