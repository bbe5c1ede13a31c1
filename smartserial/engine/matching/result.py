"""What comes of matching a unit: its fields, or where it went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from smartserial.definition.message import Response


class Field(NamedTuple):
    """Where a param stands in a unit; a tuple, because many are made for each message.

    Args:
        position: 0-based, in the content of the response.
        param: its id.
        start: of its first byte in the unit.
        end: behind its last byte.
    """

    position: int
    param: int
    start: int
    end: int


class Match(NamedTuple):
    """A unit that is a response; `fields` leaves out optional params that are absent."""

    response: Response
    fields: tuple[Field, ...]


class Reason(Enum):
    """Why a unit is not a response."""

    CONSTANT = "other bytes than the constant"
    VARIABLE = "no end found"
    SHORT = "too few bytes"
    RAW_TYPE = "bytes that do not fit the raw type"
    SURPLUS = "bytes left behind the last param"
    LENGTH = "a wrong length"
    CRC = "a wrong checksum"

    @property
    def keeps_matched(self) -> bool:
        """Whether the fields that matched before are stored although the response failed."""
        return self in _KEEPING

    @property
    def empties_others(self) -> bool:
        """Whether all variable params of the response that are not stored become empty."""
        return self not in _CHECKS


_KEEPING = {Reason.CONSTANT, Reason.SHORT, Reason.SURPLUS, Reason.LENGTH}
_CHECKS = {Reason.LENGTH, Reason.CRC}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A unit that is not a response.

    Args:
        response: the one that was tried.
        fields: those that matched before; of a wrong length also the length itself.
        position: 0-based, in the content, of the param that failed; behind the last one for `SURPLUS`.
        param: its id; for `SURPLUS` of the last one.
        at: offset in the unit: of a constant's first wrong byte, else where the param begins.
        reason: what failed.
    """

    response: Response
    fields: tuple[Field, ...]
    position: int
    param: int
    at: int
    reason: Reason

    @property
    def reach(self) -> tuple[int, int]:
        """How far the unit fitted: the greater, the closer."""
        return self.at, self.position
