"""Matching step by step, as the format describes it; what is compiled gives the same.

From left to right, each param takes its bytes::

    constant          these bytes; a header in front is searched, what comes before it is dropped
    fixed length      so many bytes
    other param       as many as another param tells: one of this unit, or as it was stored
    next param        up to the bytes of the one that follows, or that is named; the last one takes all
    last next param   up to the last occurrence of these
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from smartserial.definition.message import Response
from smartserial.definition.param import LengthType, ParamType
from smartserial.definition.values.codec import RawOf
from smartserial.definition.values.text import Encoding
from smartserial.engine.matching.item import End, Item, Params, ends_of, items_of, resumes, told_length
from smartserial.engine.matching.result import Field, Match, Mismatch, Reason

_CP1252 = Encoding()


def interpret(
    response: Response, data: bytes, params: Params, raw_of: RawOf, encoding: Encoding = _CP1252
) -> Match | Mismatch:
    """Match a unit against one response.

    Args:
        response: its params are all in `params`.
        data: the unit, whole.
        params: those of the definition.
        raw_of: the bytes that params have now: of constants, of bus addresses, of lengths told before.
        encoding: of texts.
    """
    return Reader(response, params, raw_of, encoding).read(data, raw_of)


def first_match(
    responses: Iterable[Response], data: bytes, params: Params, raw_of: RawOf, encoding: Encoding = _CP1252
) -> Match | Mismatch | None:
    """Match a unit against responses, in their order.

    Returns:
        The first match, else what came closest: furthest in the unit, then in the content, then the first.
        None if there are no responses.
    """
    closest: Mismatch | None = None
    for response in responses:
        result = interpret(response, data, params, raw_of, encoding)
        if isinstance(result, Match):
            return result
        if closest is None or result.reach > closest.reach:
            closest = result
    return closest


class Reader:
    """Reads units as one response.

    Args:
        response: its params are all in `params`.
        params: those of the definition.
        raw_of: gives the bytes of constants, which stay these.
        encoding: of texts.
    """

    __slots__ = ("_encoding", "_params", "items", "response", "resume")

    def __init__(self, response: Response, params: Params, raw_of: RawOf, encoding: Encoding) -> None:
        self.response = response
        self.items = items_of(response, params, raw_of, encoding)
        self.resume = resumes(response)
        self._params = params
        self._encoding = encoding

    @property
    def uses(self) -> frozenset[int]:
        """The params that it reads, and those that tell it a length."""
        told = (item.said.length_id for item in self.items)
        return frozenset(self.response.content) | {number for number in told if number is not None}

    def read(self, data: bytes, raw_of: RawOf) -> Match | Mismatch:
        """Match a unit; `raw_of` gives the bytes that params have now, except those of constants."""
        fields: list[Field] = []
        position = at = 0
        while position < len(self.items):
            taken = self._take(position, at, data, fields, raw_of)
            if isinstance(taken, _Span):
                at = taken.end
                fields.append(Field(position, self.items[position].param.id, taken.start, at))
                position += 1
            elif position in self.resume:
                position = self.resume[position]
            else:
                return self._mismatch(fields, position, taken)
        if at < len(data):
            return self._mismatch(fields, position, _Failed(Reason.SURPLUS, at))
        return Match(self.response, tuple(fields))

    def _mismatch(self, fields: list[Field], position: int, failed: _Failed) -> Mismatch:
        content = self.response.content
        param = content[min(position, len(content) - 1)] if content else 0
        return Mismatch(self.response, tuple(fields), position, param, failed.at, failed.reason)

    def _take(
        self, position: int, at: int, data: bytes, fields: list[Field], raw_of: RawOf
    ) -> _Span | _Failed:
        """Return where the param at `position` begins and ends, or why it does not."""
        item = self.items[position]
        if item.constant is not None:
            return _constant(item.constant, at, data, searched=is_searched(position, item))
        if item.length is not None:
            end = at + item.length
            if end > len(data):
                return _Failed(Reason.SHORT, at)
        else:
            told = item.said.length_type is LengthType.OTHER_PARAM
            end = self._told(item, at, data, fields, raw_of) if told else self._found(position, at, data)
            if not at <= end <= len(data):
                return _Failed(Reason.VARIABLE, at)
        if item.filter is not None and not item.filter.fits(data[at:end], raw_of):
            return _Failed(Reason.RAW_TYPE, at)
        return _Span(at, end)

    def _told(self, item: Item, at: int, data: bytes, fields: list[Field], raw_of: RawOf) -> int:
        """Return where a param ends whose length another one tells; -1 if that is no length."""
        number = item.said.length_id
        if number is None:
            return -1
        before = next((field for field in reversed(fields) if field.param == number), None)
        read = told_length(self._params, raw_of, self._encoding, number)
        length = read(None if before is None else data[before.start : before.end])
        return -1 if length < 0 else at + length

    def _found(self, position: int, at: int, data: bytes) -> int:
        """Return where a param ends that ends at another one; -1 if that is not there."""
        ends = ends_of(self.items, position, self.resume)
        found = (_occurrence(data, at, self.items[position], end) for end in ends)
        return next((end for end in found if end >= at), -1)


class _Span(NamedTuple):
    start: int
    end: int


class _Failed(NamedTuple):
    reason: Reason
    at: int


def is_searched(position: int, item: Item) -> bool:
    """Tell whether a param is the header in front: what comes before it does not count."""
    return position == 0 and item.param.type is ParamType.HEADER


def _constant(constant: bytes, at: int, data: bytes, *, searched: bool) -> _Span | _Failed:
    if searched:
        at = data.find(constant)
        return _Failed(Reason.CONSTANT, 0) if at < 0 else _Span(at, at + len(constant))
    if data.startswith(constant, at):
        return _Span(at, at + len(constant))
    return _Failed(Reason.CONSTANT, at + common(constant, data[at : at + len(constant)]))


def _occurrence(data: bytes, at: int, item: Item, end: End) -> int:
    """Return where an open param ends that begins at `at`; less than `at` if it does not."""
    if end.known is None:
        return len(data) - end.between
    if item.said.length_type is LengthType.LAST_NEXT_PARAM:
        found = data.rfind(end.known, at)
    else:
        found = data.find(end.known, at)
        for _ in range(item.said.length_times - 1):
            if found < 0:
                break
            found = data.find(end.known, found + max(1, len(end.known)))
    return found - end.between if found >= 0 else -1


def common(one: bytes, other: bytes) -> int:
    """Return how many bytes two values have in common at their beginning."""
    same, most = 0, min(len(one), len(other))
    while same < most:
        half = (same + most + 1) // 2
        if one[same:half] == other[same:half]:
            same = half
        else:
            most = half - 1
    return same
