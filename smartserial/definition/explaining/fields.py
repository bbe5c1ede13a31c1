"""What the bytes of a param are: a constant, a number in some form, a checksum, bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from smartserial.definition.explaining.meanings import meanings
from smartserial.definition.explaining.words import joined, listed, named, sent, width
from smartserial.definition.message import Command, Response
from smartserial.definition.param import (
    CONSTANT_TYPES,
    NUMBER_TYPES,
    Crc,
    Endian,
    Interprete,
    Param,
    ParamType,
    RawType,
    ValueType,
)
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.bits import write_bits
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError

_RAW_WORDS: Mapping[RawType, str] = {
    RawType.TEXT: "text",
    RawType.OTHER: "bytes",
    RawType.NUMERIC_TEXT: "number in digits",
    RawType.UNSIGNED_NUMBER: "unsigned number",
    RawType.SIGNED_NUMBER: "signed number",
    RawType.DOUBLE: "floating-point number",
    RawType.BCD: "number in BCD",
    RawType.ONLY_OTHERS: "one of the listed states",
}
_NIBBLES: Mapping[ValueType, str] = {
    ValueType.HIGH_NIBBLE: "number in the high nibble",
    ValueType.LOW_NIBBLE: "number in the low nibble",
}
_PLAIN = frozenset({RawType.UNSIGNED_NUMBER, RawType.OTHER})  # what checksums usually are
_WIDEST_MASK = 1024  # bytes; a mask is worked out in as many


def holds(protocol: Protocol, message: Command | Response, param: Param, encoding: Encoding) -> str:
    """Return what the bytes of a param are in a message."""
    said = param.interprete
    if param.type in CONSTANT_TYPES:
        return sent(param, encoding)
    if param.type is ParamType.RESPONSE:
        return listed(f"response {named(protocol.response, number)}" for number in param.type_id)
    if param.type is ParamType.BUS:
        return "the bus address"
    if said is None:
        return "nothing"
    form = _form(param, said, width(param, encoding))
    if param.type is ParamType.LENGTH:
        return f"{listed(form)}: the bytes of {_covered(protocol, message, param.length_content)}"
    if param.type is ParamType.CRC:
        first = () if said.raw_type in _PLAIN else (form[0].removeprefix("number "),)
        work = _checksum(protocol, message, param.crc) if param.crc is not None else "a checksum"
        return listed((work, *first, *form[1:]))
    return listed(form)


def _form(param: Param, said: Interprete, size: int | None) -> tuple[str, ...]:
    """Return what bytes look like: the raw type, then all that is said beside it."""
    is_nibble, is_group = said.type in _NIBBLES, param.type is ParamType.GROUP
    is_hex = said.raw_type is RawType.NUMERIC_TEXT and said.base == 16
    word = "number in hex digits" if is_hex else _RAW_WORDS[said.raw_type]
    parts = [_NIBBLES[said.type] if is_nibble else word]
    if said.raw_type is RawType.BCD and not is_nibble:
        parts.extend(_digits(said, size))
    elif (is_nibble or said.raw_type in NUMBER_TYPES) and size != 1:
        parts.append("big-endian" if said.endian is Endian.BIG else "little-endian")
    elif is_group and size != 1 and said.endian is Endian.BIG:
        parts.append("bits counted from the last byte")
    if said.raw_type is RawType.NUMERIC_TEXT and said.base not in (10, 16) and not is_nibble:
        parts.append(f"base {said.base}")
    if is_group and said.bits is not None:
        parts.append("the lowest bit of each" if said.bits == 1 else f"the lowest {said.bits} bits of each")
    if is_group and said.byte_offset:
        parts.append(f"each {_more(said.byte_offset)}")
    return tuple(parts)


def _digits(said: Interprete, size: int | None) -> Iterator[str]:
    """Yield the order of BCD digits, and the half of a byte that is none."""
    if size != 1:
        yield f"{'last' if said.endian is Endian.LITTLE else 'first'} byte first"
    if said.alignment is not None:
        yield f"its {said.alignment.value} half byte is padding"


def _more(value: int) -> str:
    return f"plus {value}" if value >= 0 else f"less {-value}"


def _checksum(protocol: Protocol, message: Command | Response, crc: Crc) -> str:
    """Return the arithmetic of a checksum, in the order in which it is done."""
    first = [f"each byte {_more(crc.byte_offset)}"] if crc.byte_offset else []
    if crc.group_bytes != 1:
        form = "binary numbers, lowest byte first" if crc.binary else "hex digits"
        first.append(f"{crc.group_bytes} bytes at a time as {form}")
    work = [f"{crc.type} over {_covered(protocol, message, crc.content)}"]
    if first:
        work[0] += f" ({listed(first)})"
    if crc.off:
        work.append(f"{_more(crc.off)} for each" if crc.off_per_byte else _more(crc.off))
    if crc.mod is not None:
        work.append(f"modulo {crc.mod}")
    if crc.total_offset:
        is_or = "OR TOTALOFFSET" in crc.options
        work.append(f"or {crc.total_offset}" if is_or else _more(crc.total_offset))
    if "ONES COMPLEMENT" in crc.options:
        work.append("all bits turned over")
    return listed(work)


def _covered(protocol: Protocol, message: Command | Response, positions: tuple[int, ...] | None) -> str:
    """Name what positions cover; runs by their ends."""
    if positions is None:
        return "everything but lengths"
    runs: list[list[int]] = []
    for position in sorted(set(positions)):
        if runs and position == runs[-1][-1] + 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return listed(_run(protocol, message, run) for run in runs)


def _run(protocol: Protocol, message: Command | Response, run: list[int]) -> str:
    names = [named(protocol.param, message.content[n]) for n in run if n < len(message.content)]
    return f"{names[0]} to {names[-1]}" if len(names) > 2 else " and ".join(names)


def bit(protocol: Protocol, param: Param, encoding: Encoding) -> str:
    """Return which bits a param is, and what they mean."""
    said = param.interprete or Interprete()
    start, count = said.start_position or 0, said.nbr_of_bits
    which = f"bit {start}" if count == 1 else f"bits {start} to {start + count - 1}"
    if said.endian is Endian.BIG and count > 1:
        which += ", lowest first,"
    text = f"{which} of {named(protocol.param, param.type_id[0])}"
    group = protocol.param.get(param.type_id[0])
    mask = _mask(group, said, encoding) if group is not None else ""
    meaning = joined(meanings(protocol, param))
    return f"{text}{mask}: {param.id} {param.name}" + ("" if meaning == "-" else f": {meaning}")


def _mask(group: Param, said: Interprete, encoding: Encoding) -> str:
    """Return which bits these are on the wire, and in which bytes of the group, the first of which is 0."""
    size = width(group, encoding)
    if size is None or group.interprete is None or not 0 < said.nbr_of_bits <= 8 * size <= 8 * _WIDEST_MASK:
        return ""
    plain = replace(group.interprete, byte_offset=0)
    try:
        data = write_bits(plain, said, bytes(size), (1 << said.nbr_of_bits) - 1)
    except NotAValueError:
        return ""
    first, end = size - len(data.lstrip(b"\0")), len(data.rstrip(b"\0"))
    text = f"mask {data[first:end].hex(' ').upper()}"
    if size > 1:
        text += f" in byte {first}" if end == first + 1 else f" in bytes {first} to {end - 1}"
    return f" ({text})"
