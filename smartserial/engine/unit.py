"""What becomes of received bytes: units, and what is lost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Loss(Enum):
    """Why bytes became part of no unit."""

    BEFORE_HEADER = "before header"
    OVERFLOW = "overflow"
    BAD_LENGTH = "bad length"
    UNFINISHED = "unfinished"
    NO_TRAILER = "no trailer"
    BACKLOG = "backlog"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Unit:
    """One chunk of bytes that is matched as a whole.

    Args:
        data: the bytes, after unstuffing.
        offset: of its first raw byte, counted from the start of the peer's stream.
        length: raw bytes that it took.
    """

    data: bytes
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Bytes that became part of no unit.

    Args:
        offset: of the first, counted from the start of the peer's stream.
        length: how many they are.
        reason: why.
    """

    offset: int
    length: int
    reason: Loss
