"""What happens in one element, as typed values: each tells of what, when, where and with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from smartserial.definition.values.value import Value
from smartserial.engine.effects import Level, Step
from smartserial.trace.readings import Reading


class Named(NamedTuple):
    """Something of a definition: its id, and the name that its author gave it, which may be empty."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """Something that happened.

    Args:
        element: its name.
        time: seconds since 1970.
        connection: its id; None where it concerns no connection.
        peer: the address of the session; empty where there is none.
    """

    element: str
    time: float
    connection: int | None
    peer: str


@dataclass(frozen=True, slots=True)
class Rx(TraceEvent):
    """Bytes came."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Tx(TraceEvent):
    """Bytes went out, to so many sessions; `peer` is the only one that they were for, empty for every one."""

    data: bytes
    sessions: int

    @property
    def to(self) -> str:
        """The session that they were for; empty is every one."""
        return self.peer


@dataclass(frozen=True, slots=True)
class UnitMade(TraceEvent):
    """Bytes became a unit; `offset` is that of the first in what the peer sent."""

    data: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Matched(TraceEvent):
    """The unit before is a response; `params` is what it tells."""

    response: Named
    params: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Mismatched(TraceEvent):
    """The unit before is no response.

    Args:
        data: the unit.
        response: what came closest; None if there was nothing to try.
        param: the one that failed.
        at: where it failed: an offset in `data`.
        reason: why.
    """

    data: bytes
    response: Named | None
    param: Named | None
    at: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ParamChanged(TraceEvent):
    """A value changed, or was set again.

    Args:
        param: which.
        old: None was no value.
        new: None is no value.
        display: what people see of the new one.
        reply_to: the session that caused it; empty if none did.
    """

    param: Named
    old: Value | None
    new: Value | None
    display: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class TriggerFired(TraceEvent):
    """A trigger fired."""

    trigger: Named


@dataclass(frozen=True, slots=True)
class ActionDone(TraceEvent):
    """An action was done, for a trigger if one is named; `ok`: it succeeded."""

    action: Named
    trigger: Named | None
    ok: bool


@dataclass(frozen=True, slots=True)
class GroupStep(TraceEvent):
    """How a group fares; `connection` is the one that the group itself names."""

    group: Named
    step: Step


@dataclass(frozen=True, slots=True)
class PairStep(TraceEvent):
    """How a pair fares; `attempt` counts from 1."""

    pair: Named
    step: Step
    attempt: int


@dataclass(frozen=True, slots=True)
class TimedOut(TraceEvent):
    """No answer to a pair came in time; `attempt` counts from 1."""

    pair: Named
    attempt: int


@dataclass(frozen=True, slots=True)
class Connected(TraceEvent):
    """A session began."""


@dataclass(frozen=True, slots=True)
class Disconnected(TraceEvent):
    """A session is over."""

    why: str


@dataclass(frozen=True, slots=True)
class ConnectionStateChanged(TraceEvent):
    """A connection stands otherwise; `state` is the word of the protocol format for it."""

    state: str


@dataclass(frozen=True, slots=True)
class ElementStateChanged(TraceEvent):
    """The element is otherwise."""

    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Dropped(TraceEvent):
    """Bytes became part of no unit; `offset` is that of the first in what the peer sent."""

    offset: int
    length: int
    reason: str


@dataclass(frozen=True, slots=True)
class Noted(TraceEvent):
    """A line for the log."""

    level: Level
    text: str


NAMES: Mapping[type[TraceEvent], str] = MappingProxyType(
    {
        Rx: "rx",
        Tx: "tx",
        UnitMade: "unit",
        Matched: "match",
        Mismatched: "mismatch",
        ParamChanged: "changed",
        TriggerFired: "trigger",
        ActionDone: "action",
        GroupStep: "group",
        PairStep: "pair",
        TimedOut: "timeout",
        Connected: "connect",
        Disconnected: "disconnect",
        ConnectionStateChanged: "state",
        ElementStateChanged: "state",
        Dropped: "dropped",
        Noted: "note",
    }
)
"""What operators call each kind of event."""
