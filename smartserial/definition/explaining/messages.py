"""Commands and responses as byte layouts, and the params that are no part of one."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.explaining.words import RAW_WORDS, constant, listed, milliseconds, named, width
from smartserial.definition.message import Command, Response
from smartserial.definition.param import (
    BIT_TYPES,
    CONSTANT_TYPES,
    Endian,
    Interprete,
    LengthType,
    Param,
    ParamType,
    RawType,
)
from smartserial.definition.protocol import Protocol
from smartserial.layout import Block, Entries, Entry, Grid, Heading

_HEAD = ("at", "bytes", "param", "holds", "meaning")


def messages(protocol: Protocol) -> Iterator[Block]:
    """Yield all commands and responses, byte by byte."""
    if protocol.commands:
        yield Heading(1, "Commands")
        for command in protocol.commands:
            yield Heading(2, f"Command {command.id} {command.name}".rstrip())
            yield from _layout(protocol, command)
    if protocol.responses:
        yield Heading(1, "Responses")
        for response in protocol.responses:
            where = f", on connection {response.connection}" if response.connection is not None else ""
            yield Heading(2, f"Response {response.id} {response.name}".rstrip() + where)
            yield from _layout(protocol, response)
    if protocol.pairs:
        yield Heading(1, "Pairs")
        yield Entries(tuple(Entry(text) for text in _pairs(protocol)))


def _layout(protocol: Protocol, message: Command | Response) -> Iterator[Block]:
    optional = {part.index for part in message.optional} if isinstance(message, Response) else set()
    offset: int | None = 0
    rows = []
    for position, number in enumerate(message.content):
        param = protocol.param.get(number)
        size = width(param) if param is not None else None
        rows.append(
            (
                str(offset) if offset is not None else "",
                str(size) if size is not None else _extent(protocol, message, position),
                named(protocol.param, number),
                _holds(protocol, message, param) if param is not None else "-",
                (_meaning(param) if param is not None else "-")
                + ("; may be absent" if position in optional else ""),
            )
        )
        known = offset is not None and size is not None and position not in optional
        offset = offset + size if known and offset is not None and size is not None else None
    yield Grid(_HEAD, tuple(rows))
    yield from _bits(protocol, message)


def _extent(protocol: Protocol, message: Command | Response, position: int) -> str:
    """Say where a param of no fixed width ends."""
    param = protocol.param.get(message.content[position])
    said = param.interprete if param is not None else None
    if said is None or isinstance(message, Command):
        return "any"
    if said.length_type is LengthType.OTHER_PARAM and said.length_id is not None:
        return f"as {named(protocol.param, said.length_id)} says"
    if position + 1 >= len(message.content):
        return "the rest"
    end = said.length_id if said.length_id is not None else message.content[position + 1]
    which = "the last " if said.length_type is LengthType.LAST_NEXT_PARAM else ""
    times = f" number {said.length_times}" if said.length_times > 1 else ""
    return f"up to {which}{named(protocol.param, end)}{times}"


def _holds(protocol: Protocol, message: Command | Response, param: Param) -> str:
    said = param.interprete
    if param.type in CONSTANT_TYPES:
        return constant(said.value if said is not None else None)
    if param.type is ParamType.CRC:
        return _checksum(protocol, message, param)
    if param.type is ParamType.LENGTH:
        return f"{_number(said)}: the bytes of {_covered(protocol, message, param.length_content)}"
    if param.type is ParamType.RESPONSE:
        return listed(f"response {named(protocol.response, number)}" for number in param.type_id)
    if param.type is ParamType.BUS:
        return "the bus address"
    return _number(said)


def _number(said: Interprete | None) -> str:
    if said is None:
        return "nothing"
    parts = [RAW_WORDS[said.raw_type]]
    if said.raw_type in (RawType.UNSIGNED_NUMBER, RawType.SIGNED_NUMBER, RawType.DOUBLE) and said.length != 1:
        parts.append("big-endian" if said.endian is Endian.BIG else "little-endian")
    if said.raw_type is RawType.NUMERIC_TEXT and said.base != 10:
        parts.append(f"base {said.base}")
    return ", ".join(parts)


def _checksum(protocol: Protocol, message: Command | Response, param: Param) -> str:
    crc = param.crc
    return f"{crc.type} over {_covered(protocol, message, crc.content)}" if crc is not None else "a checksum"


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


def _meaning(param: Param) -> str:
    parts = [param.description] if param.description and param.description != param.name else []
    said, shown = param.interprete, param.display
    if said is not None and said.factor is not None:
        parts.append(f"times {said.factor:g}")
    if said is not None and said.sequence:
        parts.append(
            listed(
                step.operation.value + (f" {step.value:g}" if step.value is not None else "")
                for step in said.sequence
            )
        )
    if shown is not None and shown.units:
        parts.append(f"in {shown.units}")
    choices = param.measurement.discreets if param.measurement is not None else ()
    if choices:
        parts.append(listed(f"{one.value} = {one.display}" for one in choices))
    return "; ".join(parts) or "-"


def _bits(protocol: Protocol, message: Command | Response) -> Iterator[Block]:
    groups = [number for number in message.content if _is_group(protocol.param.get(number))]
    bits = [
        param
        for param in protocol.params
        if param.type in BIT_TYPES and param.type_id[:1] and param.type_id[0] in groups
    ]
    if bits:
        yield Entries(tuple(Entry(_bit(protocol, param)) for param in bits))


def _is_group(param: Param | None) -> bool:
    return param is not None and param.type is ParamType.GROUP


def _bit(protocol: Protocol, param: Param) -> str:
    said = param.interprete
    start = said.start_position or 0 if said is not None else 0
    count = said.nbr_of_bits if said is not None else 1
    which = f"bit {start}" if count == 1 else f"bits {start} to {start + count - 1}"
    meaning = _meaning(param)
    text = f"{which} of {named(protocol.param, param.type_id[0])}: {param.id} {param.name}"
    return text if meaning == "-" else f"{text}: {meaning}"


def _pairs(protocol: Protocol) -> Iterator[str]:
    for pair in protocol.pairs:
        text = f"pair {pair.id} {pair.name}".rstrip() + f": command {named(protocol.command, pair.command)}"
        if pair.responses:
            text += f", answered by response {listed(named(protocol.response, n) for n in pair.responses)}"
        if pair.bad_responses:
            bad = listed(named(protocol.response, n) for n in pair.bad_responses)
            text += f"; a bad command by response {bad}"
        if pair.timeout is not None:
            text += f"; within {milliseconds(pair.timeout)}"
        if pair.options.retries is not None:
            text += f"; {pair.options.retries} retries"
        yield text + ("; sent in slow poll" if pair.ping else "")
