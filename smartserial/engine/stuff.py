"""Bytes that are put in, taken out and replaced on the way to a device and back.

Each function works out edits of some bytes, which do not overlap and come in the order of their places; so a
buffer can tell what they do to the places that it remembers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from smartserial.definition.action import Action, ActionType
from smartserial.definition.languages.constant import parse_constant
from smartserial.definition.languages.replacing import ReplaceData
from smartserial.definition.languages.stuffing import Stuffing
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes `start` to `end` become `new`; where `start` is `end`, `new` is put before that byte."""

    start: int
    end: int
    new: bytes


def edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return bytes with the edits done."""
    pieces, place = [], 0
    for edit in edits:
        pieces += [data[place : edit.start], edit.new]
        place = edit.end
    return b"".join([*pieces, data[place:]])


def stuffing_edits(action: Action, data: bytes, encoding: Encoding) -> list[Edit]:
    """Return what the action "stuffing" does: its value doubled, unless one of the allowed bytes follows."""
    value = action_bytes(action, encoding)
    allowed = tuple(bytes([byte]) for byte in action.allowed)
    return _before(value, value, allowed, data, action.start_offset, action.end_offset)


def escaping_edits(stuffing: Stuffing, data: bytes) -> list[Edit]:
    """Return what is escaped in a packet that is sent; `allowed` are runs of bytes here."""
    return _before(
        stuffing.escape,
        stuffing.stuffing,
        stuffing.allowed,
        data,
        stuffing.start_offset,
        stuffing.end_offset,
    )


def reading_edits(action: Action, data: bytes, encoding: Encoding) -> list[Edit]:
    """Return what the action "read stuffing" does: each value that comes twice becomes one."""
    value = action_bytes(action, encoding)
    end = len(data) - action.end_offset
    return [
        Edit(place, place + len(value), b"") for place in _places(value * 2, data, action.start_offset, end)
    ]


def replacing_edits(action: Action, data: bytes, encoding: Encoding) -> list[Edit]:
    """Return what the action "replace data" does; where several fit, the first in its list does."""
    what = action.replace or ReplaceData()
    if not what.replacements:
        raise NotAValueError("expected bytes to replace, and as many new ones, found none")
    end = max(0, len(data) - action.end_offset)
    start = min(action.start_offset, len(data))
    regions = [(start, end)]
    if what.use_offset:
        regions = [(0, start), (max(start, end), len(data))]
    new = dict(reversed(what.replacements))
    pattern = re.compile(b"|".join(re.escape(old) for old, _ in what.replacements))
    return [
        Edit(found.start(), found.end(), new[found[0]])
        for region in regions
        for found in pattern.finditer(data, *region)
    ]


EDITS: dict[ActionType, Callable[[Action, bytes, Encoding], list[Edit]]] = {
    ActionType.READ_STUFFING: reading_edits,
    ActionType.REPLACE_DATA: replacing_edits,
    ActionType.STUFFING: stuffing_edits,
}
"""Actions that edit bytes: those of a command, of a response, and of a param.

They raise `NotAValueError` where the action does not say what it needs.
"""


def action_bytes(action: Action, encoding: Encoding) -> bytes:
    """Return the bytes that an action names.

    Raises:
        NotAValueError: it names none.
    """
    said = parse_constant(action.type_value)
    value = said if isinstance(said, bytes) else encoding.encode(said)
    if not value:
        raise NotAValueError(f"expected a value in the action {action.id}, found none")
    return value


def _before(
    new: bytes, value: bytes, allowed: tuple[bytes, ...], data: bytes, start_offset: int, end_offset: int
) -> list[Edit]:
    """Put `new` before each value; what follows it may be beyond the end of the region."""
    places = _places(value, data, start_offset, len(data) - end_offset)
    size = len(value)
    return [Edit(place, place, new) for place in places if not data.startswith(allowed, place + size)]


def _places(value: bytes, data: bytes, start: int, end: int) -> Iterator[int]:
    place = data.find(value, start, max(0, end))
    while place >= 0 and value:
        yield place
        place = data.find(value, place + len(value), max(0, end))
