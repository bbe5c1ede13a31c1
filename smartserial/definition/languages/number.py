"""Numbers as a definition writes them: ASCII digits only, and a point as the decimal sign."""

from __future__ import annotations

import math
import re

DECIMAL = r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
"""The pattern of a number that may have a sign, decimals and an exponent."""
_MOST_DIGITS = 18  # so that it fits in 64 bits
_DECIMAL = re.compile(DECIMAL)


def parse_whole(text: str) -> int | None:
    """Return the unsigned integer that a text is, or None; zeros before it do not count."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0")
    return int(digits or "0") if len(digits) <= _MOST_DIGITS else None


def parse_decimal(text: str) -> float | None:
    """Return the finite number that a text is, or None."""
    text = text.strip()
    value = float(text) if _DECIMAL.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def print_decimal(value: float) -> str:
    """Write a number so that it is read as the same one.

    Raises:
        ValueError: it is not finite.
    """
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {value}")
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
