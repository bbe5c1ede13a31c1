"""The texts of elements and attributes, as values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import TypeVar

from smartserial.definition.condition import ConditionError, Expression, parse_condition
from smartserial.definition.node import Node

E = TypeVar("E", bound=Enum)
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def whole(text: str) -> int | None:
    """Return the integer that a text is, or None; at most 18 digits."""
    text = text.strip()
    return int(text) if _WHOLE.fullmatch(text) else None


def decimal(text: str) -> float | None:
    """Return the finite number that a text is, or None; the decimal sign is a point."""
    text = text.strip()
    value = float(text) if _DECIMAL.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def truth(text: str) -> bool | None:
    """Return what ``true`` or ``false`` say, or None."""
    return {"true": True, "false": False}.get(text.strip().lower())


def choice(kinds: type[E], text: str) -> E | None:
    """Return the member whose value is this text, without regard to case and surrounding blanks, or None."""
    return _by_text(kinds).get(text.strip().lower())


@cache
def _by_text(kinds: type[E]) -> Mapping[str, E]:
    return {str(kind.value).lower(): kind for kind in kinds}


def identity(node: Node) -> int | None:
    """Return an element's id, or None; leading zeros, which the checker reports, are read over."""
    return whole(node.attributes.get("id", ""))


def reference(text: str) -> int | None:
    """Return the id that a text names, or None."""
    found = whole(text)
    return found if found is not None and found >= -1 else None


def references(texts: list[str]) -> tuple[int, ...]:
    """Return the ids that texts name; what is no id is left out."""
    found = (reference(text) for text in texts)
    return tuple(value for value in found if value is not None)


def listed(text: str, separator: str = ";") -> list[str]:
    """Split a list; surrounding blanks and empty parts are dropped."""
    return [part.strip() for part in text.split(separator) if part.strip()]


def condition(node: Node) -> Expression | None:
    """Return the condition of an element; None if there is none, or if it cannot be read."""
    text = node.text_at("Condition")
    try:
        return parse_condition(text) if text else None
    except ConditionError:
        return None
