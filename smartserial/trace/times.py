"""Moments as people and programs read them: UTC, to the millisecond."""

from __future__ import annotations

_DAY = 86_400_000  # ms


def as_utc(time: float) -> str:
    """Write seconds since 1970 as in ``2026-11-21T17:02:03.123Z``."""
    days, rest = divmod(round(time * 1000), _DAY)
    year, month, day = _date(days)
    return f"{year:04d}-{month:02d}-{day:02d}T{_clock(rest)}.{rest % 1000:03d}Z"


def time_of_day(time: float) -> str:
    """Write seconds since 1970 as in ``17:02:03``, in UTC."""
    return _clock(round(time * 1000) % _DAY)


def fine_time_of_day(time: float) -> str:
    """Write seconds since 1970 as in ``17:02:03.123``, in UTC."""
    rest = round(time * 1000) % _DAY
    return f"{_clock(rest)}.{rest % 1000:03d}"


def _clock(rest: int) -> str:
    minutes, seconds = divmod(rest // 1000, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


def _date(days: int) -> tuple[int, int, int]:
    """Return year, month and day of so many days after 1970-01-01.

    Years are counted from March on, so that the leap day is the last of its year; 400 years are one round.
    """
    days += 719_468  # from 0000-03-01 on
    rounds, day = divmod(days, 146_097)
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    return (
        year + 400 * rounds + (1 if month >= 10 else 0),
        month + 3 if month < 10 else month - 9,
        day + 1,
    )
