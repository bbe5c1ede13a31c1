"""What happens in an element, remembered and told: the last thousand things, and those who look on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import Effect
from smartserial.engine.store import Store
from smartserial.stamps import time_of_day
from smartserial.trace.convert import Teller
from smartserial.trace.events import TraceEvent
from smartserial.trace.ring import Ring

_log = Logger()
Watcher = Callable[[TraceEvent], None]


class Record:
    """Remembers what happens; it becomes typed events only when somebody looks.

    Args:
        element: its name.
        protocol: names what the numbers mean.
        store: the values.
        seconds: tells the time, in seconds since 1970.
        changed: is called when there is a first watcher, and when there is none any more.
    """

    def __init__(
        self,
        element: str,
        protocol: Protocol,
        store: Store,
        seconds: Callable[[], float] = time_of_day,
        changed: Callable[[bool], None] = lambda watched: None,
    ) -> None:
        self.teller = Teller(element, protocol, store)
        self._element = element
        self._seconds = seconds
        self._changed = changed
        self._ring = Ring()
        self._watchers: dict[object, Watcher] = {}

    @property
    def now(self) -> float:
        """The time, in seconds since 1970."""
        return self._seconds()

    def add(self, thing: Effect | TraceEvent) -> None:
        """Remember something that happened now, and tell those who look on."""
        now = self._seconds()
        self._ring.append(now, thing)
        if self._watchers:
            for event in self.teller.of(now, thing):
                for watcher in list(self._watchers.values()):
                    self._tell(watcher, event)

    def _tell(self, watcher: Watcher, event: TraceEvent) -> None:
        try:
            watcher(event)
        except Exception:
            _log.failure("somebody who watches {element} failed", element=self._element)

    def last(self) -> list[TraceEvent]:
        """Return what is remembered, the oldest first."""
        return [event for time, thing in self._ring for event in self.teller.of(time, thing)]

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with each event from now on.

        Returns:
            A function that ends it.
        """
        key = object()
        self._watchers[key] = watcher
        if len(self._watchers) == 1:
            self._changed(True)
        return lambda: self._unwatch(key)

    def _unwatch(self, key: Any) -> None:
        if self._watchers.pop(key, None) is not None and not self._watchers:
            self._changed(False)
