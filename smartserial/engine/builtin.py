"""Params that each element has: a definition may name them, and never defines them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from smartserial.definition.param import Interprete, Param, RawType, ValueType

CONNECTION_STATE = 65045
"""0 responding, 1 not responding, 2 undefined, 3 connected, 4 disconnected."""
TIMER_BASE = 65017
"""What the times of timers are multiplied by."""


def _number(id: int, name: str, start: str) -> Param:
    interprete = Interprete(RawType.NUMERIC_TEXT, type=ValueType.DOUBLE, default_value=start)
    return Param(id, name, interprete=interprete)


BUILT_IN: Mapping[int, Param] = MappingProxyType(
    {id: Param(id, f"built-in {id}") for id in range(65000, 65070)}
    | {
        CONNECTION_STATE: _number(CONNECTION_STATE, "connection state", "2"),
        TIMER_BASE: _number(TIMER_BASE, "timer base", "1"),
    }
)
"""By id; those without a meaning here hold any text that somebody sets."""
