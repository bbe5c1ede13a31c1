"""The last things that happened, as they came: bounded in number and in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from smartserial.engine import effects
from smartserial.engine.effects import Effect
from smartserial.trace import events
from smartserial.trace.events import TraceEvent

Thing = Effect | TraceEvent
MOST_BYTES = 8 * 1024 * 1024


def _texts(change: effects.Changed | events.ParamChanged) -> int:
    return sum(len(value) for value in (change.old, change.new) if isinstance(value, str))


_WEIGHTS: Mapping[type, Callable[[Any], int]] = MappingProxyType(
    {
        effects.Send: lambda effect: len(effect.data),
        effects.Heard: lambda effect: len(effect.unit.data),
        effects.Unheard: lambda effect: len(effect.unit.data),
        effects.Changed: _texts,
        effects.Save: lambda effect: len(effect.raw),
        effects.Note: lambda effect: len(effect.text),
        events.Rx: lambda event: len(event.data),
        events.Tx: lambda event: len(event.data),
        events.UnitMade: lambda event: len(event.data),
        events.Mismatched: lambda event: len(event.data),
        events.Matched: lambda event: sum(len(one.raw) + len(one.display) for one in event.params),
        events.ParamChanged: _texts,
        events.Noted: lambda event: len(event.text),
    }
)


def weight(thing: Thing) -> int:
    """Return how many bytes and characters something holds, apart from what all of its kind hold."""
    weigh = _WEIGHTS.get(type(thing))
    return 0 if weigh is None else weigh(thing)


class Ring:
    """Keeps things with their times; the oldest ones go. The newest is kept whatever its size.

    Args:
        size: how many are kept.
        most: bytes that all of them may hold, as `weight` counts.
    """

    __slots__ = ("_held", "_most", "_size", "_things")

    def __init__(self, size: int = 1000, most: int = MOST_BYTES) -> None:
        self._size = size
        self._most = most
        self._held = 0
        self._things: deque[tuple[float, Thing, int]] = deque()

    def append(self, time: float, thing: Thing) -> None:
        """Keep something that happened at `time`, in seconds since 1970."""
        things = self._things
        weigh = _WEIGHTS.get(type(thing))
        weight = 0 if weigh is None else weigh(thing)
        things.append((time, thing, weight))
        self._held += weight
        while len(things) > self._size or (self._held > self._most and len(things) > 1):
            self._held -= things.popleft()[2]

    def clear(self) -> None:
        """Forget everything."""
        self._things.clear()
        self._held = 0

    def __len__(self) -> int:
        return len(self._things)

    def __iter__(self) -> Iterator[tuple[float, Thing]]:
        """Give what is kept now, the oldest first; what comes meanwhile is not among it."""
        return iter([(time, thing) for time, thing, _ in self._things])
