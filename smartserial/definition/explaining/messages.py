"""Commands and responses as byte layouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from smartserial.definition.explaining.fields import bit, holds
from smartserial.definition.explaining.meanings import meanings
from smartserial.definition.explaining.parts import absences, between, inner
from smartserial.definition.explaining.words import (
    encoding_of,
    joined,
    listed,
    many,
    named,
    on_connection,
    ordinal,
    width,
)
from smartserial.definition.message import Command, Response
from smartserial.definition.param import BIT_TYPES, LengthType, Param, ParamType, ValueType
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.layout import Block, Entries, Entry, Grid, Heading

_HEAD = ("at", "bytes", "param", "holds", "meaning")


def messages(protocol: Protocol) -> Iterator[Block]:
    """Yield all commands and responses, byte by byte."""
    if protocol.commands:
        yield Heading(1, "Commands")
        for command in protocol.commands:
            name = f"Command {command.id} {command.name}".rstrip()
            yield Heading(2, name + _in_code_page(protocol, command))
            yield from _layout(protocol, command, {})
    if protocol.responses:
        yield Heading(1, "Responses")
        nested = inner(protocol)
        for response in protocol.responses:
            is_heard = response.id not in nested or response.connection is not None
            where = on_connection(protocol, response.connection) if is_heard else ""
            name = f"Response {response.id} {response.name}".rstrip()
            yield Heading(2, f"{name},{where}" if where else name)
            yield from _layout(protocol, response, absences(response))


def _in_code_page(protocol: Protocol, command: Command) -> str:
    """Return which texts of a command are no UTF-16 although all others are."""
    if not protocol.unicode or not command.ascii:
        return ""
    if isinstance(command.ascii, bool):
        return ", texts in the code page"
    return f", texts of {listed(named(protocol.param, number) for number in command.ascii)} in the code page"


def _encoding(protocol: Protocol, message: Command | Response, param: Param) -> Encoding:
    """Return how a param is written in a message."""
    encoding = encoding_of(protocol)
    if not encoding.unicode or not isinstance(message, Command):
        return encoding
    is_text = param.interprete is None or param.interprete.type is ValueType.STRING
    is_meant = message.ascii if isinstance(message.ascii, bool) else param.id in message.ascii
    return Encoding(encoding.code_page) if is_text and is_meant else encoding


def _layout(protocol: Protocol, message: Command | Response, absent: Mapping[int, int]) -> Iterator[Block]:
    offset: int | None = 0
    rows = []
    for position, number in enumerate(message.content):
        param = protocol.param.get(number)
        encoding = _encoding(protocol, message, param) if param is not None else encoding_of(protocol)
        size = width(param, encoding) if param is not None else None
        meaning = meanings(protocol, param) if param is not None else ()
        rows.append(
            (
                str(offset) if offset is not None else "",
                str(size) if size is not None else _extent(protocol, message, position, absent),
                named(protocol.param, number),
                holds(protocol, message, param, encoding) if param is not None else "-",
                joined((*meaning, _absence(message, position, absent))),
            )
        )
        known = offset is not None and size is not None and position not in absent
        offset = offset + size if known and offset is not None and size is not None else None
    yield Grid(_HEAD, tuple(rows))
    yield from _bits(protocol, message)


def _absence(message: Command | Response, position: int, absent: Mapping[int, int]) -> str:
    """Say whether a param may be absent; nothing if it never is."""
    if position not in absent:
        return ""
    first = absent[position]
    return "may be absent" + (f" with {message.content[first]}" if first != position else "")


def _extent(protocol: Protocol, message: Command | Response, position: int, absent: Mapping[int, int]) -> str:
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
    times = f" the {ordinal(said.length_times)} time" if said.length_times > 1 else ""
    next_one = (
        " if it is there" if said.length_id is None and absent.get(position + 1) == position + 1 else ""
    )
    apart = between(protocol, message, position + 1, end)
    before = f"{many(apart, 'byte')} before " if apart else ""
    return f"up to {before}{which}{named(protocol.param, end)}{times}{next_one}"


def _bits(protocol: Protocol, message: Command | Response) -> Iterator[Block]:
    groups = [number for number in message.content if _is_group(protocol.param.get(number))]
    bits = [
        param
        for param in protocol.params
        if param.type in BIT_TYPES and param.type_id[:1] and param.type_id[0] in groups
    ]
    if bits:
        encoding = encoding_of(protocol)
        yield Entries(tuple(Entry(bit(protocol, param, encoding)) for param in bits))


def _is_group(param: Param | None) -> bool:
    return param is not None and param.type is ParamType.GROUP
