"""What happens to elements as a whole, as typed values; what they hear and say is told by their traces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from smartserial.events.stream import Event


class ElementState(Enum):
    """How an element is."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"
    TIMEOUT = "timeout"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ElementStarted(Event):
    """An element runs its protocol on these connections."""

    protocol: str
    connections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ElementChanged(Event):
    """An element has new settings; `parts` names what changed."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ElementStopped(Event):
    """An element has ended."""


@dataclass(frozen=True, slots=True)
class ElementStateChanged(Event):
    """An element is otherwise from now on."""

    state: ElementState
    why: str


@dataclass(frozen=True, slots=True)
class ConnectionStateChanged(Event):
    """A connection stands otherwise; `state` is the word of the protocol format for it."""

    connection: int
    state: str


@dataclass(frozen=True, slots=True)
class ConnectionFailed(Event):
    """A connection cannot be had; it is tried again. Told once for each cause."""

    connection: int
    why: str


@dataclass(frozen=True, slots=True)
class PeerConnected(Event):
    """A session began."""

    connection: int
    peer: str


@dataclass(frozen=True, slots=True)
class PeerRefused(Event):
    """A peer was not let in by any element of a port; `name` is the first of them."""

    connection: int
    peer: str
    why: str


@dataclass(frozen=True, slots=True)
class PeerDisconnected(Event):
    """A session is over."""

    connection: int
    peer: str
    why: str


@dataclass(frozen=True, slots=True)
class ElementNoted(Event):
    """A line for the log from an element's protocol; `level` is debug, info, warn or error."""

    level: str
    text: str
