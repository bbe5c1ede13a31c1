"""What happens to the gateway as a whole, and who comes to its console."""

from __future__ import annotations

from dataclasses import dataclass

from smartserial.events.stream import Event


@dataclass(frozen=True, slots=True)
class GatewayStarted(Event):
    """The gateway serves so many shares and elements; `version` is its own, and `name` is ``all``."""

    version: str
    shares: int
    elements: int


@dataclass(frozen=True, slots=True)
class GatewayStopped(Event):
    """The gateway has ended, with everything that it served."""


@dataclass(frozen=True, slots=True)
class ConfigurationTaken(Event):
    """Another configuration is in force; `changes` says what is different, none if nothing is.

    Args:
        who: had it read: the word for a signal, or for the console.
        changes: lines for people.
    """

    who: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfigurationRefused(Event):
    """A configuration was read that cannot be used; nothing has changed."""

    who: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OperatorCame(Event):
    """An operator sits at the console; `door` is the way by which they came, `name` is ``console``."""

    who: str
    door: str


@dataclass(frozen=True, slots=True)
class OperatorLeft(Event):
    """An operator has left the console."""

    who: str
    door: str


@dataclass(frozen=True, slots=True)
class SentAway(Event):
    """A connection to the console was ended by us, before somebody had logged in or after."""

    peer: str
    door: str
    why: str


@dataclass(frozen=True, slots=True)
class RequestRefused(Event):
    """A user asked by SSH for what is not given; told once for each kind, and a few times in all."""

    peer: str
    what: str
    user: str
