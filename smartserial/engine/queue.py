"""Groups that wait for their turn: two bands, and those that cut in.

::

    forced    at once after the running item   force execute
    normal    first                            execute next, execute one top      (at its front)
                                               execute, execute one now           (at its end)
    timer     when nothing else waits          timers, add to execute, execute one (at its end)
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

from smartserial.definition.action import ActionType

MOST_ENTRIES = 10_000
"""Groups that may wait in one queue."""


class Place(Enum):
    """Where in a queue a group is put."""

    FORCED = "forced"
    FRONT = "front"
    NORMAL = "normal"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class Request:
    """A way to ask for a group; `once` asks only if it does not wait already."""

    place: Place
    once: bool = False


BY_TIMER = Request(Place.TIMER, once=True)
"""How a timer asks."""
REQUESTS: Mapping[ActionType, Request] = {
    ActionType.ADD_TO_EXECUTE: Request(Place.TIMER),
    ActionType.EXECUTE_ONE: Request(Place.TIMER, once=True),
    ActionType.EXECUTE: Request(Place.NORMAL),
    ActionType.EXECUTE_ONE_NOW: Request(Place.NORMAL, once=True),
    ActionType.EXECUTE_NEXT: Request(Place.FRONT),
    ActionType.EXECUTE_ONE_TOP: Request(Place.FRONT, once=True),
    ActionType.FORCE_EXECUTE: Request(Place.FORCED),
}
"""How actions ask."""


class _Entry(Protocol):
    @property
    def group(self) -> int:
        """The id of the group that waits."""


E = TypeVar("E", bound=_Entry)


class GroupQueue(Generic[E]):
    """The queue of one protocol thread; the group that runs is no longer in it."""

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self._most = most
        self._forced: deque[E] = deque()
        self._normal: deque[E] = deque()
        self._timer: deque[E] = deque()
        self._waiting = Counter[int]()

    def __len__(self) -> int:
        return len(self._forced) + len(self._normal) + len(self._timer)

    @property
    def full(self) -> bool:
        """Whether nothing more is taken."""
        return len(self) >= self._most

    def add(self, request: Request, entry: E) -> bool:
        """Put a group where it was asked for; tell whether it waits now, or did already.

        False means that the queue is full.
        """
        if request.once and self._waiting[entry.group]:
            return True
        if self.full:
            return False
        self._waiting[entry.group] += 1
        match request.place:
            case Place.FORCED:
                self._forced.append(entry)
            case Place.FRONT:
                self._normal.appendleft(entry)
            case Place.NORMAL:
                self._normal.append(entry)
            case Place.TIMER:
                self._timer.append(entry)
        return True

    def take(self, rests: Callable[[E], bool] | None = None) -> E | None:
        """Return whose turn it is, or None; what `rests` tells stays where it is."""
        for band in (self._forced, self._normal, self._timer):
            found = self._first(band, rests)
            if found is not None:
                return found
        return None

    def take_forced(self, rests: Callable[[E], bool] | None = None) -> E | None:
        """Return what cuts in after the item of a running group, or None."""
        return self._first(self._forced, rests)

    def _first(self, band: deque[E], rests: Callable[[E], bool] | None) -> E | None:
        for place, entry in enumerate(band):
            if rests is None or not rests(entry):
                del band[place]
                return self._taken(entry)
        return None

    def drop(self, which: Callable[[E], bool]) -> list[E]:
        """Take out all that `which` tells, and return it."""
        dropped: list[E] = []
        for band in (self._forced, self._normal, self._timer):
            kept = deque[E]()
            for entry in band:
                (dropped if which(entry) else kept).append(entry)
            if len(kept) != len(band):
                band.clear()
                band.extend(kept)
        for entry in dropped:
            self._taken(entry)
        return dropped

    def _taken(self, entry: E) -> E:
        self._waiting[entry.group] -= 1
        if not self._waiting[entry.group]:
            del self._waiting[entry.group]
        return entry
