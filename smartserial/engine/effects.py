"""What the engine wants done, and what it tells; whoever owns it does so in this order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from smartserial.definition.values.value import Value
from smartserial.engine.matching.result import Match, Mismatch
from smartserial.engine.unit import Lost, Unit


class Peer(NamedTuple):
    """One session on a connection.

    Args:
        host: its address; empty for a device without one.
        port: its TCP or UDP port; 0 without one.
        session: told apart from an earlier session of the same address by this number.
    """

    host: str = ""
    port: int = 0
    session: int = 0

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes to send.

    Args:
        connection: its id.
        data: the bytes.
        to: the only session that they are for; None is every session. Of datagrams, whoever sends them takes
            every session for the last sender.
        gap: seconds after each byte; 0 sends them at once.
    """

    connection: int
    data: bytes
    to: Peer | None = None
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Break:
    """A serial break of so many seconds, before anything that is sent after it."""

    connection: int
    duration: float


@dataclass(frozen=True, slots=True)
class Open:
    """A connection to open; one that is open is closed before."""

    connection: int


@dataclass(frozen=True, slots=True)
class Close:
    """A connection to close, or one session of it."""

    connection: int
    peer: Peer | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """A connection that goes elsewhere from now on; port None is the last one."""

    connection: int
    host: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """The right to send, for this element alone; `held` False gives it back."""

    connection: int
    held: bool
    priority: bool = False


@dataclass(frozen=True, slots=True)
class Save:
    """A value that survives a restart."""

    param: int
    raw: bytes


class Level(Enum):
    """Whom a note is for."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A value that changed, or was set again.

    Args:
        param: its id.
        old: the value before; None is no value.
        new: the value now.
        reply_to: the session that caused it, if one did.
        silent: nothing fires because of it: an action cleared the value or gave it another length, or a unit
            that failed emptied it.
    """

    param: int
    old: Value | None
    new: Value | None
    reply_to: Peer | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A unit that is a response: its checks held.

    Args:
        connection: where it came.
        peer: from whom.
        unit: the bytes as they came.
        match: where the params stand in `data`.
        data: the bytes as they were compared and stored: mostly those of the unit, but actions before the
            response may have changed them.
    """

    connection: int
    peer: Peer
    unit: Unit
    match: Match
    data: bytes


@dataclass(frozen=True, slots=True)
class Unheard:
    """A unit that is no response; `failure` is what came closest, None if there was nothing to try."""

    connection: int
    peer: Peer
    unit: Unit
    failure: Mismatch | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """Bytes that became part of no unit."""

    connection: int
    peer: Peer
    lost: Lost


class Step(Enum):
    """What happens to a pair or a group."""

    BEGUN = "begun"
    DONE = "done"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class PairStep:
    """How a pair fares; `attempt` counts from 1."""

    pair: int
    connection: int
    step: Step
    attempt: int


@dataclass(frozen=True, slots=True)
class GroupStep:
    """How a group fares; `thread` is the queue that it waited in."""

    group: int
    thread: int
    step: Step


class ConnectionState(Enum):
    """How a connection stands; the value is that of the built-in param."""

    RESPONDING = 0
    NOT_RESPONDING = 1
    UNDEFINED = 2
    CONNECTED = 3
    DISCONNECTED = 4

    @property
    def words(self) -> str:
        """Its name for people, as in ``not responding``."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class StateChanged:
    """A connection that stands otherwise from now on."""

    connection: int
    state: ConnectionState


@dataclass(frozen=True, slots=True)
class ElementTimeout:
    """The element is in timeout from now on, or no longer: a connection was long without success."""

    timed_out: bool


@dataclass(frozen=True, slots=True)
class SlowPoll:
    """Only pings are sent on the main connection from now on; `on` False: all groups again."""

    on: bool


@dataclass(frozen=True, slots=True)
class TriggerFired:
    """A trigger that does something now; `connection` is that of the session that caused it, if one did."""

    trigger: int
    connection: int | None


@dataclass(frozen=True, slots=True)
class ActionDone:
    """An action that was done, or failed (not `ok`); `trigger` is None if a group or code did it."""

    action: int
    trigger: int | None
    ok: bool


Trace = TriggerFired | ActionDone
"""What is told only to those who ask for it."""
News = (
    Note
    | Changed
    | Heard
    | Unheard
    | Dropped
    | PairStep
    | GroupStep
    | StateChanged
    | ElementTimeout
    | SlowPoll
    | Trace
)
Effect = Send | Break | Open | Close | Redirect | Lock | Save | News
