"""The params of a response, as matching sees them: constants, fixed lengths, and where the others end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from smartserial.definition.checksum import UndefinedChecksumError, param_checksum
from smartserial.definition.message import Response
from smartserial.definition.param import CONSTANT_TYPES, Interprete, LengthType, Param, ParamType
from smartserial.definition.values.codec import ParamCodec, RawOf
from smartserial.definition.values.constant import fixed_length
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, Value, as_int
from smartserial.engine.matching.rawtype import Filter, filter_of

Params = Mapping[int, Param]
"""The params of a definition, by id."""
_NOTHING = Interprete()


@dataclass(frozen=True, slots=True)
class Item:
    """One param of a response.

    Args:
        param: the param.
        constant: its bytes, of fixed, header, trailer and bus; None of all others.
        length: in bytes, if it is known before anything comes.
        filter: what its bytes must look like; None lets all through.
        known: bytes that can end the param before: a constant, or a checksum or length of what is known.
    """

    param: Param
    constant: bytes | None
    length: int | None
    filter: Filter | None
    known: bytes | None

    @property
    def said(self) -> Interprete:
        """What the definition says about its bytes."""
        return self.param.interprete or _NOTHING


def items_of(response: Response, params: Params, raw_of: RawOf, encoding: Encoding) -> tuple[Item, ...]:
    """Return the params of a response in wire order; all of them are in `params`."""
    plain = [_item(params[number], raw_of, encoding) for number in response.content]
    return tuple(
        item if item.known is not None else Item(param, None, item.length, item.filter, made)
        for item in plain
        for param in (item.param,)
        for made in (_made_of_known(item, plain, encoding),)
    )


def _item(param: Param, raw_of: RawOf, encoding: Encoding) -> Item:
    if param.type in CONSTANT_TYPES or param.type is ParamType.BUS:
        constant = raw_of(param.id)
        return Item(param, constant, len(constant), None, constant)
    said = param.interprete or _NOTHING
    length = fixed_length(said, encoding) or 0 if said.length_type is LengthType.FIXED else None
    return Item(param, None, length, filter_of(param, encoding), None)


def _made_of_known(item: Item, items: Sequence[Item], encoding: Encoding) -> bytes | None:
    """Return the bytes of a checksum of constants, or of a length of fixed lengths; None if it is neither."""
    param = item.param
    is_crc = param.type is ParamType.CRC and param.crc is not None
    content = param.crc.content if is_crc and param.crc else param.length_content
    if item.length is None or content is None or not (is_crc or param.type is ParamType.LENGTH):
        return None
    if not content or len(content) > len(items) or max(content) >= len(items):
        return None
    covered = [items[position] for position in content]
    try:
        if not is_crc:
            lengths = [one.length for one in covered if one.length is not None]
            return _encoded(param, sum(lengths), encoding) if len(lengths) == len(covered) else None
        constants = [one.constant for one in covered if one.constant is not None]
        if len(constants) < len(covered) or param.crc is None:
            return None
        made = param_checksum(param.crc, b"".join(constants), item.said, item.length)
        return _encoded(param, made, encoding)
    except (NotAValueError, UndefinedChecksumError):
        return None


def _encoded(param: Param, value: int, encoding: Encoding) -> bytes:
    return ParamCodec(param, encoding).encode(value)


def resumes(response: Response) -> dict[int, int]:
    """Return where matching goes on behind each optional position that is absent."""
    count = len(response.content)
    listed = sorted(part.index for part in response.optional)
    found = {}
    for part in response.optional:
        if part.to_next:
            behind = next((index for index in listed if index > part.index), count)
        else:
            behind = part.index + 1 + part.skip
        found[part.index] = min(behind, count)
    return found


@dataclass(frozen=True, slots=True)
class End:
    """What ends a param that has no length of its own.

    Args:
        known: the bytes that do; None is the end of the unit.
        between: bytes of the params between, which are cut off.
        direct: the position that begins with these bytes, if nothing is between.
    """

    known: bytes | None
    between: int
    direct: int | None = None


def ends_of(items: Sequence[Item], position: int, resume: Mapping[int, int]) -> tuple[End, ...]:
    """Return what can end the open param at `position`: the first that occurs counts.

    There is more than one only where what follows is optional; there is none where nothing ends it.
    """
    end_id, between, number = items[position].said.length_id, 0, position + 1
    found: list[End] = []
    while number < len(items):
        item = items[number]
        if item.known is not None and end_id in (None, item.param.id):
            found.append(End(item.known, between, number if not between else None))
            if number not in resume:
                return tuple(found)
            number = resume[number]
        elif item.length is None:
            return tuple(found)
        else:
            between += item.length
            number += 1
    if position + 1 == len(items) or found:
        found.append(End(None, between))
    return tuple(found)


def told_length(
    params: Params, raw_of: RawOf, encoding: Encoding, number: int
) -> Callable[[bytes | None], int]:
    """Return what reads a length from the bytes of param `number`: -1 where they are none.

    For None it reads the bytes that the param has now.
    """

    def value_of(other: int) -> Value:
        if other not in params:
            raise NotAValueError(f"expected a param {other}: there is none")
        return ParamCodec(params[other], encoding).decode(raw_of(other)).value

    if number not in params:
        return lambda data: -1
    codec = ParamCodec(params[number], encoding, value_of, raw_of)

    def read(data: bytes | None) -> int:
        try:
            decoded = codec.decode(raw_of(number) if data is None else data)
            return max(-1, as_int(decoded.value)) if decoded.ignored is None else -1
        except NotAValueError:
            return -1

    return read
