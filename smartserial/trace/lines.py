"""Events as a line each for people at a console; nothing in them can act on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from smartserial.definition.values.value import Value, shown
from smartserial.printable import printable
from smartserial.trace.events import (
    NAMES,
    ActionDone,
    Connected,
    ConnectionStateChanged,
    Disconnected,
    Dropped,
    ElementStateChanged,
    GroupStep,
    Matched,
    Mismatched,
    Named,
    Noted,
    PairStep,
    ParamChanged,
    Rx,
    TimedOut,
    TraceEvent,
    TriggerFired,
    Tx,
    UnitMade,
)
from smartserial.trace.times import as_utc, fine_time_of_day

_SHOWN = 32  # bytes
_LONGEST = 200  # characters of a text that others wrote

Fields = Mapping[str, object]


def _bytes(data: bytes) -> str:
    return data[:_SHOWN].hex(" ") + (f" ... {len(data)} bytes" if len(data) > _SHOWN else "")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _named(named: Named | None) -> str | None:
    return None if named is None else f"{named.id} {named.name}".rstrip()


def _value(value: Value | None) -> str:
    return "nothing" if value is None else shown(value)


def _match(event: Matched) -> Fields:
    params = {one.name: _cut(one.display) if one.display else _bytes(one.raw) for one in event.params}
    return {"response": _named(event.response), "params": params}


def _mismatch(event: Mismatched) -> Fields:
    closest = {"response": _named(event.response), "param": _named(event.param), "at": event.at}
    return {"reason": event.reason, **(closest if event.response else {}), "data": _bytes(event.data)}


def _changed(event: ParamChanged) -> Fields:
    new = _cut(event.display) if event.display else _value(event.new)
    return {"param": _named(event.param), "old": _value(event.old), "new": new}


def _no_more(event: TraceEvent) -> Fields:
    return {}


_FIELDS: Mapping[type[TraceEvent], Callable[[Any], Fields]] = MappingProxyType(
    {
        Rx: lambda event: {"data": _bytes(event.data)},
        Tx: lambda event: {"sessions": event.sessions, "data": _bytes(event.data)},
        UnitMade: lambda event: {"offset": event.offset, "data": _bytes(event.data)},
        Matched: _match,
        Mismatched: _mismatch,
        ParamChanged: _changed,
        TriggerFired: lambda event: {"trigger": _named(event.trigger)},
        ActionDone: lambda event: {
            "action": _named(event.action),
            "ok": "done" if event.ok else "failed",
            "trigger": _named(event.trigger),
        },
        GroupStep: lambda event: {"group": _named(event.group), "step": event.step.value},
        PairStep: lambda event: {
            "pair": _named(event.pair),
            "step": event.step.value,
            "attempt": event.attempt,
        },
        TimedOut: lambda event: {"pair": _named(event.pair), "attempt": event.attempt},
        Connected: _no_more,
        Disconnected: lambda event: {"why": _cut(event.why)},
        ConnectionStateChanged: lambda event: {"state": event.state},
        ElementStateChanged: lambda event: {"state": event.state, "why": _cut(event.why)},
        Dropped: lambda event: {"offset": event.offset, "length": event.length, "reason": event.reason},
        Noted: lambda event: {"level": event.level.value, "text": _cut(event.text)},
    }
)
# How what `_FIELDS` gives is said in a line; the words of others are put in as they are.
_WORDS: Mapping[str, str] = MappingProxyType(
    {"sessions": "sessions {}:", "offset": "at {}:", "length": "{} bytes,", "param": "in {}", "at": "at {}:"}
    | {
        "response": "closest {}",
        "attempt": "attempt {}",
        "old": "from {}",
        "new": "to {}",
        "trigger": "by trigger {}",
    }
)
_PLAIN: Mapping[type[TraceEvent], tuple[str, ...]] = MappingProxyType(
    {Matched: ("response",), ParamChanged: ("param",), TriggerFired: ("trigger",)}
)  # fields that stand by themselves


def row_of(event: TraceEvent) -> dict[str, object]:
    """Return an event as a row for people: its fields as short texts, bytes and texts cut."""
    return {
        "time": as_utc(event.time),
        "event": NAMES[type(event)],
        "connection": event.connection,
        "peer": event.peer or None,
        **_FIELDS[type(event)](event),
    }


def line_of(event: TraceEvent, clock: Callable[[float], str] = fine_time_of_day) -> str:
    """Write an event as one line, all of it printable, without its end.

    Args:
        event: of one element; its name is left out.
        clock: writes the time, in seconds since 1970; by default the time of day, in UTC.
    """
    where = "-" if event.connection is None else str(event.connection)
    words = [clock(event.time), NAMES[type(event)], where, *([event.peer] if event.peer else [])]
    plain = _PLAIN.get(type(event), ())
    for name, value in _FIELDS[type(event)](event).items():
        if isinstance(value, Mapping):
            words.append(", ".join(f"{key} {part}" for key, part in value.items()))
        elif value is not None:
            words.append(str(value) if name in plain else _WORDS.get(name, "{}").format(value))
    return printable(" ".join(word for word in words if word))
