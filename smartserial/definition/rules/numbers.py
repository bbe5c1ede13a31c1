"""Rules about what a param takes from others: a length, bits of a group, operands, an address."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.connection import Connection, ConnectionType
from smartserial.definition.languages.sequence import parse_sequence
from smartserial.definition.node import Node
from smartserial.definition.param import BIT_TYPES, NEXT_TYPES, Interprete, LengthType, ParamType, ValueType
from smartserial.definition.reading.texts import truth, whole
from smartserial.definition.rules.elements import kind_of, params, shown, type_place
from smartserial.definition.rules.interprete import encoding_of, interpreted
from smartserial.definition.rules.links import option_problems
from smartserial.definition.rules.problems import problems_of
from smartserial.definition.rules.rule import Found, Rule, Subject, wrong_reference
from smartserial.definition.rules.sources import connections_known
from smartserial.definition.values.constant import fixed_length
from smartserial.definition.values.text import Encoding
from smartserial.findings import ERROR, WARNING

_BITS = 8  # of a byte
_SPAN = ("StartPosition", "NbrOfBits")


def length_from(subject: Subject) -> Iterator[Found]:
    """A param whose length another one tells names a param that holds a number."""
    for _, interprete, inner in interpreted(subject):
        node = inner.first("LengthType")
        text = node.attributes.get("id") if node is not None else None
        if node is None:
            continue
        if interprete.length_type is LengthType.OTHER_PARAM:
            wrong = wrong_reference(text or "", node.place, "param", subject.has_param)
            if wrong is not None:
                yield wrong
                continue
            target = subject.protocol.param.get(interprete.length_id or 0)
            held = target.interprete.type if target is not None and target.interprete is not None else None
            if target is not None and subject.sound(target) and held in (None, ValueType.STRING):
                yield Found(
                    node.place, f"expected a param that holds a number, found param {target.id}, a string"
                )
        elif interprete.length_type in NEXT_TYPES and text is not None:
            wrong = wrong_reference(text, node.place, "param", subject.has_param)
            if wrong is not None:
                yield wrong


def bits_of_group(subject: Subject) -> Iterator[Found]:
    """A bit lies in a param of type group, at positions that its bytes have."""
    widths: dict[int, int | None] = {}
    for node, param in params(subject):
        if kind_of(node) not in BIT_TYPES:
            continue
        inner = node.first("Interprete")
        wrong = list(_bit_numbers(inner)) if inner is not None else []
        yield from wrong
        group = subject.protocol.param.get(param.type_id[0]) if param.type_id else None
        if group is None or not subject.sound(group):
            continue
        if group.type is not ParamType.GROUP:
            message = f"expected a param of type group, found param {group.id} of type {group.type.value}"
            yield Found(type_place(node), message)
        elif group.interprete is not None and not wrong:
            if group.id not in widths:
                widths[group.id] = _positions(group.interprete, encoding_of(subject))
            yield from _outside(group.id, widths[group.id], param.interprete or Interprete(), inner or node)


def _positions(group: Interprete, encoding: Encoding) -> int | None:
    """Return how many bits a group has; None if that is not fixed."""
    width = fixed_length(group, encoding)
    return None if width is None else width * (_BITS if group.bits is None else group.bits)


def _outside(group: int, positions: int | None, bit: Interprete, inner: Node) -> Iterator[Found]:
    start, count = bit.start_position or 0, bit.nbr_of_bits
    if positions is not None and start + count > positions:
        place = next((node for name in _SPAN for node in inner.all(name)), inner).place
        which = f"bit {start}" if count == 1 else f"bits {start} to {start + count - 1}"
        yield Found(place, f"expected {positions} bits, from 0, as group {group} has, found {which}")


def _bit_numbers(inner: Node) -> Iterator[Found]:
    for name, least in zip(_SPAN, (0, 1), strict=True):
        node = inner.first(name)
        number = whole(node.text) if node is not None else least
        if node is not None and (number is None or number < least):
            yield Found(
                node.place, f"expected a whole number of {least} or more in {name}, found {shown(node.text)}"
            )


def dynamic_address(subject: Subject) -> Iterator[Found]:
    """The address of a client's connection is held by one read param, as a string."""
    connections, known = subject.protocol.connections, connections_known(subject)
    first: dict[int, int] = {}
    for node, param in params(subject):
        place = type_place(node)
        yield from option_problems(node, "PA23")
        number = param.options.dynamic_ip
        if number is None or not subject.sound(param):
            continue
        if number in first:
            message = (
                f"expected one param for connection {number}, found param {param.id} beside {first[number]}"
            )
            yield Found(place, message)
        first.setdefault(number, param.id)
        if param.type is not ParamType.READ:
            yield Found(place, f"expected type read for dynamic ip, found {param.type.value}")
        held = param.interprete or Interprete()
        if held.type is not ValueType.STRING:
            yield Found(
                place, f"expected a param that holds a string for dynamic ip, found {held.type.value}"
            )
        if known and number >= len(connections):
            yield Found(place, f"there is no connection {number}", missing=("connection", number))
        elif known and _is_server(connections[number], len(subject.smart)):
            yield Found(place, f"expected a connection that is a client, found connection {number}: a server")


def _is_server(connection: Connection, smart: int) -> bool:
    """Tell whether only a server makes sense of a connection; one option may stand for several of them."""
    options = connection.communication
    for_servers = options.max_concurrent_connections is not None or options.notify_connection_pids is not None
    is_smart = connection.type is ConnectionType.SMART_SERIAL
    return is_smart and (connection.allow_list or (for_servers and smart == 1))


def sequences(subject: Subject) -> Iterator[Found]:
    """A Sequence has noset="true", and steps that are known, with params that exist."""
    for _, _, inner in interpreted(subject):
        node = inner.first("Sequence")
        if node is None or not node.text.strip():
            continue
        if not truth(node.attributes.get("noset", "")):
            yield Found(node.place, 'expected noset="true" at a Sequence')
        parsed = parse_sequence(node.text)
        yield from problems_of(parsed.problems, "PA25", node.place)
        for number in dict.fromkeys(step.param for step in parsed.value):
            if number is not None and not subject.has_param(number):
                yield Found(node.place, f"there is no param {number}", missing=("param", number))


RULES: tuple[Rule, ...] = (
    Rule(
        "PA15",
        ERROR,
        "the length of a param is that of no number",
        "name a param that holds a double, as in <LengthType id=...>",
        length_from,
    ),
    Rule(
        "PA20",
        ERROR,
        "a bit lies in no group, or outside its group",
        "name a param of type group, and bits that its bytes have",
        bits_of_group,
    ),
    Rule(
        "PA23",
        WARNING,
        "dynamic ip cannot work",
        "give it to one read param that holds a string, for a connection that is a client",
        dynamic_address,
    ),
    Rule(
        "PA25",
        WARNING,
        "a Sequence cannot be followed",
        'write noset="true", and steps as in factor:2;offset:id:31;log10',
        sequences,
    ),
)
