"""How a response shows where it ends, and watching for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smartserial.definition.param import LengthType, Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, as_int
from smartserial.engine.framing.content import Content
from smartserial.engine.framing.window import Needle, Window

NEVER = -1
"""What comes does not fit; it never will."""
_LONGEST_LENGTH = 32  # bytes of a length that ends at a constant: what is longer is none

Fixed = tuple[tuple[int, bytes], ...]
"""Constants, and at which byte of a response each begins."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A response of fixed length.

    Args:
        header: the constant that begins it, also among the others; no bytes if there is none.
        fixed: its constants.
        size: its bytes, 1 or more.
    """

    header: bytes
    fixed: Fixed
    size: int

    def end(self, window: Window, start: int) -> int | None:
        """Return where the response from `start` ends, `NEVER` if it is another one; None if not known."""
        if window.end < start + self.size:
            return None
        return start + self.size if _fits(window, start, self.fixed) else NEVER


@dataclass(frozen=True, slots=True)
class Counted:
    """A response that tells its length.

    Args:
        header: the constant that begins it, also among the others; no bytes if there is none.
        fixed: the constants in front of the length.
        first: bytes in front of it.
        width: bytes of it, or None if `until` ends it.
        until: the constant after it.
        number: its value; raises `NotAValueError`.
        other: bytes of the response that are not counted by it, without its own.
        own: it is not counted either.
    """

    header: bytes
    fixed: Fixed
    first: int
    width: int | None
    until: bytes
    number: Callable[[bytes], int]
    other: int
    own: bool

    def end(self, window: Window, start: int) -> int | None:
        """Return where the response from `start` ends, `NEVER` if it is another one; None if not known."""
        first = start + self.first
        after = self._after(window, first)
        if after is None or after == NEVER:
            return after
        known = after + len(self.until)
        if window.end < known:
            return None
        try:
            counted = self.number(window.peek(first, after))
        except NotAValueError:
            return NEVER
        if counted < 0 or not _fits(window, start, self.fixed):
            return NEVER
        return max(known, start + self.other + counted + (after - first if self.own else 0))

    def _after(self, window: Window, first: int) -> int | None:
        """Return the position after the length."""
        if self.width is not None:
            return first + self.width
        most = first + _LONGEST_LENGTH + len(self.until)
        at = window.find(self.until, first, most)
        return at if at is not None or window.end < most else NEVER


@dataclass(frozen=True, slots=True)
class Closed:
    """A response with a trailer.

    Args:
        header: the constant that begins it; no bytes if there is none.
        trailer: one byte or more.
        times: how often it must come.
        tail: bytes after it.
    """

    header: bytes
    trailer: bytes
    times: int
    tail: int


Ending = Whole | Counted | Closed


class Watch:
    """Watches for the end of one response in one answer.

    Args:
        ending: how it ends.
        start: the position at which the answer begins.
    """

    __slots__ = ("_end", "_ending", "_header", "_origin", "_start", "_trailer")

    def __init__(self, ending: Ending, start: int) -> None:
        self._ending, self._origin = ending, start
        self._header = Needle(ending.header) if ending.header else None
        self._trailer = Needle(ending.trailer, ending.times) if isinstance(ending, Closed) else None
        self._start: int | None = None if self._header is not None else start
        self._end: int | None = None

    def end(self, window: Window) -> tuple[int, int] | None:
        """Return where the response begins and ends; None if that is not known yet, or it does not fit."""
        if self._start is None and self._header is not None:
            after = self._header.end(window, self._origin)
            self._start = None if after is None else after - len(self._header.data)
        if self._start is not None and self._end is None:
            self._end = self._find(window, self._start)
        if self._start is None or self._end is None or self._end == NEVER:
            return None
        return self._start, self._end

    def _find(self, window: Window, start: int) -> int | None:
        ending = self._ending
        if not isinstance(ending, Closed):
            return ending.end(window, start)
        end = self._trailer.end(window, start + len(ending.header)) if self._trailer is not None else None
        return None if end is None else end + ending.tail


def ending_of(content: Content, encoding: Encoding) -> Ending | None:
    """Return how a response ends; None if nothing shows it."""
    header = b""
    if content.params and content.params[0] is not None and content.params[0].type is ParamType.HEADER:
        header = content.constants[0] or b""
    size = content.size()
    if size is not None:
        return Whole(header, content.fixed(len(content.params)), size) if size else None
    return _counted(content, header, encoding) or _closed(content, header)


def endings_of(protocol: Protocol, connection: int, encoding: Encoding) -> tuple[Ending, ...]:
    """Return how the responses of a connection end, as far as they show it."""
    contents = (
        Content(protocol, response, encoding)
        for response in protocol.responses
        if (response.connection or 0) == connection
    )
    return tuple(ending for content in contents if (ending := ending_of(content, encoding)) is not None)


def _counted(content: Content, header: bytes, encoding: Encoding) -> Counted | None:
    """Return how a response ends that tells its length at a place that is known."""
    kinds = [param.type if param is not None else None for param in content.params]
    position = kinds.index(ParamType.LENGTH) if ParamType.LENGTH in kinds else -1
    param = content.params[position] if position >= 0 else None
    first = content.size(0, position) if param is not None else None
    if param is None or first is None:
        return None
    width = content.widths[position]
    until = _until(content, position, param) if width is None else b""
    number = _number(param, encoding)
    among = param.length_content
    counted = (
        {place for place, kind in enumerate(kinds) if kind is not ParamType.LENGTH}
        if among is None
        else {*among}
    )
    others = [size for place, size in enumerate(content.widths) if place not in {*counted, position}]
    if until is None or number is None or None in others:
        return None
    other = sum(size or 0 for size in others)
    own = position not in counted
    return Counted(header, content.fixed(position), first, width, until, number, other, own)


def _until(content: Content, position: int, param: Param) -> bytes | None:
    """Return the constant that ends a length without a width of its own; None if there is none."""
    said = param.interprete
    following = content.constants[position + 1] if position + 1 < len(content.constants) else None
    if not following or said is None or said.length_type is not LengthType.NEXT_PARAM:
        return None
    after = content.params[position + 1]
    named = said.length_id is None or (after is not None and said.length_id == after.id)
    return following if named and said.length_times == 1 else None


def _number(param: Param, encoding: Encoding) -> Callable[[bytes], int] | None:
    try:
        codec = ParamCodec(param, encoding)
    except NotAValueError:
        return None
    return lambda data: as_int(codec.decode(data).value)


def _closed(content: Content, header: bytes) -> Closed | None:
    """Return how a response ends that has a trailer, and nothing without a fixed length after it."""
    trailers = [
        position
        for position, param in enumerate(content.params)
        if param is not None and param.type is ParamType.TRAILER and content.constants[position]
    ]
    if not trailers:
        return None
    last = trailers[-1]
    param, trailer, tail = content.params[last], content.constants[last], content.size(last + 1)
    if param is None or not trailer or tail is None:
        return None
    times = max(param.times, sum(content.constants[position] == trailer for position in trailers))
    return Closed(header, trailer, times, tail)


def _fits(window: Window, start: int, fixed: Fixed) -> bool:
    return all(window.peek(start + at, start + at + len(data)) == data for at, data in fixed)
