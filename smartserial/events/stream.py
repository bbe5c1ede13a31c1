"""What any event is, and the stream that windows on the gateway read them from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.logger import Logger

_log = Logger()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the share, or the element, of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Operated(Event):
    """An operator has changed something; `name` may be ``all``."""

    who: str
    what: str


class EventStream:
    """Hands each event to every subscriber, in the order of subscribing."""

    def __init__(self) -> None:
        self._subscribers: dict[object, Callable[[Event], None]] = {}

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]:
        """Call `subscriber` with each event from now on.

        Returns:
            A function that ends it.
        """
        key = object()
        self._subscribers[key] = subscriber
        return lambda: self._subscribers.pop(key, None) and None

    def publish(self, event: Event) -> None:
        """Hand out `event`; a subscriber that fails is logged and disturbs nobody."""
        for subscriber in list(self._subscribers.values()):
            try:
                subscriber(event)
            except Exception:
                _log.failure("a subscriber failed on {event}", event=event)
