"""Events as JSON, a line each, in ASCII: nothing in them can act on a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from smartserial.definition.values.value import Value, shown
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
from smartserial.trace.readings import as_mapping
from smartserial.trace.times import as_utc

Fields = Mapping[str, object]
_MOST_BITS = 8192  # a longer number is no JSON that others could read


def _named(named: Named | None) -> Fields | None:
    return None if named is None else {"id": named.id, "name": named.name}


def _mismatch(event: Mismatched) -> Fields:
    return {
        "data": event.data.hex(),
        "response": _named(event.response),
        "param": _named(event.param),
        "at": event.at,
        "reason": event.reason,
    }


def _changed(event: ParamChanged) -> Fields:
    return {
        "param": _named(event.param),
        "old": _value(event.old),
        "new": _value(event.new),
        "display": event.display,
        "reply_to": event.reply_to or None,
    }


def _value(value: Value | None) -> Value | None:
    if isinstance(value, float) and value - value != 0.0:
        return str(value)
    return shown(value) if isinstance(value, int) and value.bit_length() > _MOST_BITS else value


def _match(event: Matched) -> Fields:
    params = as_mapping(one._replace(value=_value(one.value)) for one in event.params)
    return {"response": _named(event.response), "params": params}


def _no_more(event: TraceEvent) -> Fields:
    return {}


_FIELDS: Mapping[type[TraceEvent], Callable[[Any], Fields]] = MappingProxyType(
    {
        Rx: lambda event: {"data": event.data.hex()},
        Tx: lambda event: {"data": event.data.hex(), "to": event.to or None, "sessions": event.sessions},
        UnitMade: lambda event: {"data": event.data.hex(), "offset": event.offset},
        Matched: _match,
        Mismatched: _mismatch,
        ParamChanged: _changed,
        TriggerFired: lambda event: {"trigger": _named(event.trigger)},
        ActionDone: lambda event: {
            "action": _named(event.action),
            "trigger": _named(event.trigger),
            "ok": event.ok,
        },
        GroupStep: lambda event: {"group": _named(event.group), "step": event.step.value},
        PairStep: lambda event: {
            "pair": _named(event.pair),
            "step": event.step.value,
            "attempt": event.attempt,
        },
        TimedOut: lambda event: {"pair": _named(event.pair), "attempt": event.attempt},
        Connected: _no_more,
        Disconnected: lambda event: {"why": event.why},
        ConnectionStateChanged: lambda event: {"state": event.state},
        ElementStateChanged: lambda event: {"state": event.state, "why": event.why},
        Dropped: lambda event: {"offset": event.offset, "length": event.length, "reason": event.reason},
        Noted: lambda event: {"level": event.level.value, "text": event.text},
    }
)


def mapping_of(event: TraceEvent) -> dict[str, object]:
    """Return an event for JSON; bytes are hex, and what there is not is None."""
    return {
        "time": as_utc(event.time),
        "event": NAMES[type(event)],
        "element": event.element,
        "connection": event.connection,
        "peer": event.peer or None,
        **_FIELDS[type(event)](event),
    }


def as_json(event: TraceEvent) -> str:
    """Write an event as one line, without its end."""
    return _line(mapping_of(event))


def lost_line(element: str, time: float, count: int) -> str:
    """Write that so many events were not written."""
    return _line({"time": as_utc(time), "event": "lost", "element": element, "count": count})


def _line(fields: Fields) -> str:
    return json.dumps(fields, allow_nan=False).replace("\x7f", "\\u007f")
