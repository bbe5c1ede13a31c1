"""What changed in the values of an element, and who changed it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from smartserial.definition.values.value import Value


class By(Enum):
    """Who sets a value; that decides whether an equal one counts as a change."""

    ENGINE = "engine"
    """Responses and actions: only a value that differs is a change."""
    CODE = "code"
    """Called code: always a change."""
    OPERATOR = "operator"
    """People and programs outside: always a change of what is there to be written, else as for the engine."""


@dataclass(frozen=True, slots=True)
class Change:
    """One event of change: None is no value; `old` equals `new` where the same was set again.

    A silent one fires nothing: it is told because the value is another one.
    """

    param: int
    old: Value | None
    new: Value | None
    silent: bool = False
