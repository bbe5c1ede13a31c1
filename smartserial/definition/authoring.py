"""Words to write a definition with, for those who write it in Python.

What they leave out is set with `dataclasses.replace`, or by making the value itself::

    level = replace(number(12, "level", 2), save=True)
    definition = Protocol("Tank", connections=(serial("Serial Connection"),), params=(level, ...))
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from smartserial.definition.connection import Connection, ConnectionType, PortSettings, PortType, Setting
from smartserial.definition.flow import EACH, Each, Group, Item, ItemKind, Step, Timer, Trigger
from smartserial.definition.flow import TriggerOn as On
from smartserial.definition.flow import TriggerTime as At
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.constant import parse_constant
from smartserial.definition.languages.pairoptions import PairOptions
from smartserial.definition.languages.typeoptions import TypeOptions
from smartserial.definition.measurement import Display
from smartserial.definition.message import Command, Pair, Response
from smartserial.definition.param import (
    Crc,
    Endian,
    Interprete,
    LengthType,
    Param,
    ParamType,
    RawType,
    ValueType,
)

LITTLE, BIG = Endian.LITTLE, Endian.BIG
"""Which byte of a number comes first."""
_FIXED, _NEXT = LengthType.FIXED, LengthType.NEXT_PARAM
_NOTHING = CommunicationOptions()


def _constant(id: int, name: str, kind: ParamType, value: str | bytes, options: TypeOptions) -> Param:
    if isinstance(value, str) and value.isascii() and isinstance(parse_constant(value), bytes):
        value = value.encode("ascii")  # as a text it would be taken for the bytes that it looks like
    shape = Interprete(RawType.OTHER, _FIXED, length=len(value), value=value)
    return Param(id, name, kind, shape, options=options)


def fixed(id: int, name: str, value: str | bytes) -> Param:
    """Return a param that is always the same bytes; of a text one byte for each character."""
    return _constant(id, name, ParamType.FIXED, value, TypeOptions())


def header(
    id: int, name: str, value: str | bytes, *, link: int | None = None, connection: int | None = None
) -> Param:
    """Return constant bytes that begin a packet; `link` joins them to a trailer, `connection` None is all."""
    return _constant(id, name, ParamType.HEADER, value, TypeOptions(connection, link))


def trailer(
    id: int, name: str, value: str | bytes, *, link: int | None = None, connection: int | None = None
) -> Param:
    """Return constant bytes that end a packet; `link` joins them to a header, `connection` None is all."""
    return _constant(id, name, ParamType.TRAILER, value, TypeOptions(connection, link))


def text(id: int, name: str, length: int | None = None, *, kind: ParamType = ParamType.READ) -> Param:
    """Return a param that is any bytes, held as text: `length` of them, or all up to the next param."""
    return Param(id, name, kind, Interprete(RawType.OTHER, _FIXED if length else _NEXT, length))


def number(
    id: int,
    name: str,
    width: int,
    *,
    signed: bool = False,
    endian: Endian | None = None,
    factor: float | None = None,
    units: str = "",
    kind: ParamType = ParamType.READ,
) -> Param:
    """Return a binary number of 1, 2, 4 or 8 bytes; its value is multiplied by `factor`."""
    raw = RawType.SIGNED_NUMBER if signed else RawType.UNSIGNED_NUMBER
    shape = Interprete(raw, _FIXED, width, type=ValueType.DOUBLE, endian=endian, factor=factor)
    return Param(id, name, kind, shape, display=Display(True, units))


def numeric_text(
    id: int,
    name: str,
    length: int | None = None,
    *,
    base: int = 10,
    factor: float | None = None,
    units: str = "",
    kind: ParamType = ParamType.READ,
) -> Param:
    """Return a number in digits: `length` of them, or all up to the next param; `base` is 2 to 36."""
    end = _FIXED if length else _NEXT
    shape = Interprete(RawType.NUMERIC_TEXT, end, length, type=ValueType.DOUBLE, base=base, factor=factor)
    return Param(id, name, kind, shape, display=Display(True, units))


def _computed(width: int, base: int | None) -> Interprete:
    raw = RawType.UNSIGNED_NUMBER if base is None else RawType.NUMERIC_TEXT
    return Interprete(raw, _FIXED, width, type=ValueType.DOUBLE, base=base or 10)


def length(
    id: int, name: str, width: int, covered: Iterable[int] | None = None, base: int | None = None
) -> Param:
    """Return how many bytes the params at the 0-based `covered` positions have; None is all but lengths.

    It is `width` bytes, at most 4: digits in `base`, or a little-endian number if that is None.
    """
    content = None if covered is None else tuple(covered)
    return Param(id, name, ParamType.LENGTH, _computed(width, base), length_content=content)


def crc(
    id: int, name: str, type: str, covered: Iterable[int], width: int = 1, base: int | None = None
) -> Param:
    """Return a checksum of the params at the 0-based `covered` positions; `type` is as in ``CRC/Type``.

    It is `width` bytes: digits in `base`, or a little-endian number if that is None.
    """
    shape = _computed(width, base)
    return Param(id, name, ParamType.CRC, shape, crc=Crc(type, tuple(covered)))


def bit_group(id: int, name: str, width: int, *, endian: Endian | None = None) -> Param:
    """Return `width` bytes that hold bits."""
    return Param(id, name, ParamType.GROUP, Interprete(RawType.OTHER, _FIXED, width, endian=endian))


def bits(id: int, name: str, group: Param | int, start: int, count: int = 1) -> Param:
    """Return `count` bits of a group, from position `start`; 0 is the top bit of the lowest byte."""
    shape = replace(_computed(1, None), start_position=start, nbr_of_bits=count)
    return Param(id, name, ParamType.READ_BIT, shape, type_id=_ids(group))


def _ids(*values: Param | Command | Response | Pair | Group | int) -> tuple[int, ...]:
    return tuple(value if isinstance(value, int) else value.id for value in values)


def command(id: int, name: str, *content: Param | int) -> Command:
    """Return what is sent: params, or their ids, in wire order."""
    return Command(id, name, _ids(*content))


def response(id: int, name: str, *content: Param | int, connection: int | None = None) -> Response:
    """Return what is heard: params, or their ids, in wire order; `connection` None is 0."""
    return Response(id, name, _ids(*content), connection)


def pair(id: int, name: str, sent: Command | int, *answers: Response | int, connection: int = 0) -> Pair:
    """Return a command and what may answer it; without answers none is waited for."""
    options = PairOptions(connection or None)
    return Pair(id, name, _ids(sent)[0], _ids(*answers), options=options)


def poll(id: int, name: str, *pairs: Pair | int, connection: int | None = None) -> Group:
    """Return pairs that are sent one after the other."""
    items = tuple(Item(ItemKind.PAIR, number) for number in _ids(*pairs))
    return Group(id, name, content=items, connection=connection)


def every(id: int, name: str, ms: int, *groups: Group | int) -> Timer:
    """Return what runs groups again and again, `ms` apart."""
    return Timer(id, name, ms, _ids(*groups))


def when(id: int, name: str, on: On, time: At, *actions: int, which: int | Each = EACH) -> Trigger:
    """Return what does actions at a moment: of `which`, or of each that has no trigger of its own."""
    return Trigger(id, name, on, which, time, content=tuple(map(Step, actions)))


def smart_serial(
    name: str, port: int | None = None, communication: CommunicationOptions = _NOTHING
) -> Connection:
    """Return a connection that hears at any time; `name` is what people see.

    `port` is that of TCP by default; `communication` says how bytes become units.
    """
    settings = PortSettings(
        name, Setting(PortType.IP), port_type_serial=Setting(disabled=True), ip_port=_default(port)
    )
    return Connection(ConnectionType.SMART_SERIAL, name, communication=communication, port=settings)


def serial(name: str, baudrate: int | None = None) -> Connection:
    """Return a connection that hears only what answers its commands; `baudrate` is the default one."""
    settings = PortSettings(name, Setting(PortType.RS232), baudrate=_default(baudrate))
    return Connection(ConnectionType.SERIAL, name, port=settings)


def _default(value: int | None) -> Setting[int] | None:
    return None if value is None else Setting(value)
