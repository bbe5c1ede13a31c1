"""What is known of the bytes of a response before they come."""

from __future__ import annotations

from itertools import accumulate

from smartserial.definition.message import Response
from smartserial.definition.param import CONSTANT_TYPES, Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.constant import constant_bytes, fixed_length
from smartserial.definition.values.text import Encoding


class Content:
    """The params of a response, in wire order.

    Args:
        protocol: the definition.
        response: one of its responses.
        encoding: of texts.

    Attributes:
        params: None where an id is not in the definition.
        constants: the bytes of each param that are in the definition, None where there are none.
        widths: how many bytes each has, None where only what comes shows it, or where it can be absent.
    """

    __slots__ = ("constants", "params", "widths")

    def __init__(self, protocol: Protocol, response: Response, encoding: Encoding) -> None:
        absent = _absent(response)
        self.params = tuple(protocol.param.get(number) for number in response.content)
        self.constants = tuple(
            None if param is None or position in absent else _constant(param, encoding)
            for position, param in enumerate(self.params)
        )
        self.widths = tuple(
            None if position in absent else _width(param, constant, encoding)
            for position, (param, constant) in enumerate(zip(self.params, self.constants, strict=True))
        )

    def size(self, first: int = 0, last: int | None = None) -> int | None:
        """Return the bytes of the params at some positions; None if that is not fixed."""
        widths = [width for width in self.widths[first:last] if width is not None]
        return sum(widths) if len(widths) == len(self.widths[first:last]) else None

    def fixed(self, last: int) -> tuple[tuple[int, bytes], ...]:
        """Return the constants in front of the position `last`, with where they begin; all there is fixed."""
        starts = accumulate((width or 0 for width in self.widths[:last]), initial=0)
        both = zip(starts, self.constants[:last], strict=False)
        return tuple((at, constant) for at, constant in both if constant is not None)


def delimiter_bytes(param: Param | None, encoding: Encoding) -> bytes:
    """Return the bytes of a header or a trailer; none if there is none."""
    return constant_bytes(param, encoding) if param is not None else b""


def nested(protocol: Protocol) -> frozenset[int]:
    """Return the responses that are only heard inside of others: in a param of type response."""
    inner = {one for param in protocol.params if param.type is ParamType.RESPONSE for one in param.type_id}
    paired = {one for pair in protocol.pairs for one in (*pair.responses, *pair.bad_responses)}
    return frozenset(inner - paired)


def _constant(param: Param, encoding: Encoding) -> bytes | None:
    return constant_bytes(param, encoding) if param.type in CONSTANT_TYPES else None


def _width(param: Param | None, constant: bytes | None, encoding: Encoding) -> int | None:
    if constant is not None:
        return len(constant)
    if param is None or param.interprete is None:
        return None
    return fixed_length(param.interprete, encoding)


def _absent(response: Response) -> frozenset[int]:
    """Return the positions that can be absent."""
    starts = sorted(part.index for part in response.optional)
    found: set[int] = set()
    for part in response.optional:
        following = (index for index in starts if index > part.index)
        end = next(following, len(response.content)) if part.to_next else part.index + part.skip + 1
        found.update(range(part.index, min(end, len(response.content))))
    return frozenset(found)
