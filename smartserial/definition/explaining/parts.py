"""What of a response may be absent, what follows a trailer, and which responses are parts of others."""

from __future__ import annotations

from collections.abc import Mapping

from smartserial.definition.explaining.words import encoding_of, width
from smartserial.definition.message import Response
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol


def absences(response: Response) -> Mapping[int, int]:
    """Return the positions in the content that may be absent, each with the one that it is absent with.

    One that may be absent whatever the others are is absent with itself.
    """
    count = len(response.content)
    starts = sorted(part.index for part in response.optional if part.index < count)
    found: dict[int, int] = {}
    for part in sorted(response.optional, key=lambda part: part.index):
        following = next((index for index in starts if index > part.index), count)
        end = following if part.to_next else part.index + part.skip + 1
        for position in range(part.index, min(end, count)):
            found.setdefault(position, part.index)
    return {**found, **{index: index for index in starts}}


def between(protocol: Protocol, response: Response, position: int, end: int) -> int:
    """Return the bytes from `position` up to the next param `end`; 0 if they are not fixed."""
    until = response.content.index(end, position) if end in response.content[position:] else position
    return _size(protocol, response, position, until) or 0


def inner(protocol: Protocol) -> frozenset[int]:
    """Return the responses that are only heard inside of others, in a param of type response."""
    named = {one for param in protocol.params if param.type is ParamType.RESPONSE for one in param.type_id}
    paired = {one for pair in protocol.pairs for one in (*pair.responses, *pair.bad_responses)}
    return frozenset(named - paired)


def tail(protocol: Protocol, connection: int, trailer: int) -> int:
    """Return how many bytes follow a trailer in all responses with it on a connection; 0 if they differ."""
    nested = inner(protocol)
    sizes = {
        _size(protocol, response, _behind(response.content, trailer), len(response.content))
        for response in protocol.responses
        if (response.connection or 0) == connection
        and trailer in response.content
        and response.id not in nested
    }
    return (sizes.pop() or 0) if len(sizes) == 1 else 0


def _behind(content: tuple[int, ...], param: int) -> int:
    """Return the position behind the last occurrence of a param."""
    return len(content) - content[::-1].index(param)


def _size(protocol: Protocol, response: Response, first: int, end: int) -> int | None:
    """Return the bytes of the params from one position up to another; None if that is not fixed."""
    absent, encoding = absences(response), encoding_of(protocol)
    total = 0
    for position in range(first, end):
        param = protocol.param.get(response.content[position])
        size = width(param, encoding) if param is not None and position not in absent else None
        if size is None:
            return None
        total += size
    return total
