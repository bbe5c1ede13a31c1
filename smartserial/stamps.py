"""The time of day, for what people read later; what waits goes by the reactor's clock, which nobody sets."""

from __future__ import annotations

from datetime import UTC, datetime


def time_of_day() -> float:
    """Return the seconds since 1970."""
    return datetime.now(UTC).timestamp()
