"""What happens, as typed values, and the stream that windows on the gateway read them from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.logger import Logger

from smartserial.lines import Lines
from smartserial.sharing.ledger import Account, Reason

_log = Logger()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the share of that name."""

    share: str


@dataclass(frozen=True, slots=True)
class ShareStarted(Event):
    """A share serves its device, at these addresses."""

    device: str
    listening: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShareChanged(Event):
    """A share has new settings; `parts` names what changed."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShareStopped(Event):
    """A share has ended; the accounts are final: `up` is from the device, `down` to it."""

    up: Account
    down: Account


@dataclass(frozen=True, slots=True)
class DeviceOpened(Event):
    """The device is open; `settings` are those in force, where it has any."""

    device: str
    settings: str


@dataclass(frozen=True, slots=True)
class DeviceFailed(Event):
    """The device cannot be opened; it is tried again. Told once for each cause."""

    why: str


@dataclass(frozen=True, slots=True)
class DeviceClosed(Event):
    """The device is closed, because we wanted so."""


@dataclass(frozen=True, slots=True)
class DeviceLost(Event):
    """The device went away; it is tried again."""

    why: str


@dataclass(frozen=True, slots=True)
class LinesSet(Event):
    """Lines of the device were driven."""

    lines: Lines


@dataclass(frozen=True, slots=True)
class SettingsChanged(Event):
    """The line has other settings now.

    Args:
        settings: those in force.
        whose: tells for whom, if for a client.
        shadows: names of those that changed and are only kept here, not on the wire.
    """

    settings: str
    whose: str
    shadows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeFailed(Event):
    """The device did not take a change."""

    why: str


@dataclass(frozen=True, slots=True)
class ChangeRefused(Event):
    """A client may not change what it wanted to change; told once for each client and kind."""

    peer: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ControlTaken(Event):
    """A client holds control of the line now."""

    peer: str


@dataclass(frozen=True, slots=True)
class ClientIntroduced(Event):
    """A client has said what it is."""

    peer: str
    signature: str


@dataclass(frozen=True, slots=True)
class ClientMisspoke(Event):
    """A client that is gone had said, so often, what has no meaning in telnet; nothing came of that."""

    peer: str
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientConnected(Event):
    """A client was let in at a listener."""

    peer: str
    listener: str


@dataclass(frozen=True, slots=True)
class ClientRefused(Event):
    """A client was not let in."""

    peer: str
    listener: str
    why: str


@dataclass(frozen=True, slots=True)
class ClientDisconnected(Event):
    """A client is gone; `received` bytes came from it, `delivered` went to it, `discarded` did not."""

    peer: str
    why: str
    received: int
    delivered: int
    discarded: int


@dataclass(frozen=True, slots=True)
class BytesDiscarded(Event):
    """Bytes were not delivered since the last such event; told once in ten seconds at most."""

    direction: str
    reason: Reason
    count: int


@dataclass(frozen=True, slots=True)
class Operated(Event):
    """An operator has changed something; `share` may be ``all``."""

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
