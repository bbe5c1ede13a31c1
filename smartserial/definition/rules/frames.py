"""Rules about the headers and trailers in responses."""

from __future__ import annotations

import string
from collections.abc import Iterator

from smartserial.definition.connection import ConnectionType
from smartserial.definition.param import Interprete, LengthType, Param, ParamType, RawType
from smartserial.definition.protocol import Protocol
from smartserial.definition.rules.heard import Heard, called, connection_of, heard, is_open, nested
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.findings import WARNING

_ENDS = (ParamType.HEADER, ParamType.TRAILER)
_ALPHANUMERIC = string.ascii_letters + string.digits
_TEXT = frozenset(_ALPHANUMERIC + "-.;,?! ")
_DECIMAL = frozenset(string.digits + "+-.,eE ")
_DIGITS = frozenset(_ALPHANUMERIC + "+-., ")


class _Links:
    """The linked headers and trailers of a definition, by connection (None is all) and link."""

    def __init__(self, subject: Subject) -> None:
        self._first: dict[tuple[int | None, int, ParamType], tuple[int, Param]] = {}
        self._connections: set[int | None] = set()
        for order, param in enumerate(subject.protocol.params):
            link, connection = param.options.header_trailer_link, param.options.connection
            if link is None or param.type not in _ENDS:
                continue
            self._first.setdefault((connection, link, param.type), (order, param))
            if param.type is ParamType.TRAILER and subject.sound(param):
                self._connections.add(connection)

    def on(self, connection: int) -> bool:
        """Tell whether a linked trailer counts on a connection."""
        return None in self._connections or connection in self._connections

    def held(self, one: Heard, connection: int) -> bool:
        """Tell whether a response holds all that belongs to one link: its trailer, and its header if any."""
        content = set(one.response.content)
        links = {param.options.header_trailer_link for param in one.params if param.type is ParamType.TRAILER}
        for link in links:
            if link is not None:
                needed = [self._of(connection, link, kind) for kind in _ENDS]
                if all(param is None or param.id in content for param in needed):
                    return True
        return False

    def _of(self, connection: int, link: int, kind: ParamType) -> Param | None:
        both = (self._first.get((number, link, kind)) for number in (None, connection))
        found = [one for one in both if one is not None]
        return min(found, key=lambda one: one[0])[1] if found else None


def _framed(protocol: Protocol, connection: int) -> bool:
    """Tell whether headers and trailers alone cut what comes on a connection into units."""
    said = protocol.connections[connection]
    if said.type is ConnectionType.SERIAL:
        return True
    stuffed = protocol.stuffing is not None and protocol.stuffing.response
    return not stuffed and said.communication.packet_info is None


def complete_link(subject: Subject) -> Iterator[Found]:
    """A response on a connection with linked headers and trailers holds those of one link."""
    links, inner = _Links(subject), nested(subject.protocol)
    for one in heard(subject):
        response, connection = one.response, connection_of(one.response)
        if connection not in subject.smart or response.id in inner or not links.on(connection):
            continue
        if _framed(subject.protocol, connection) and not links.held(one, connection):
            message = (
                f"expected a linked trailer of connection {connection}, with its header, in "
                f"{called('response', response)}; found none"
            )
            yield Found(response.place, message)


def same_end(subject: Subject) -> Iterator[Found]:
    """A param in front of a trailer ends where the trailer ends what is received."""
    inner = nested(subject.protocol)
    for one in heard(subject):
        connection = connection_of(one.response)
        if connection not in subject.serial or one.response.id in inner:
            continue
        if not _framed(subject.protocol, connection):
            continue
        for position, (param, trailer) in enumerate(zip(one.params, one.params[1:], strict=False)):
            if trailer.type is ParamType.TRAILER and param.interprete is not None and is_open(param):
                message = _other_end(one, param.interprete, trailer)
                if message:
                    yield Found(one.items[position].place, f"{called('param', param)} ends at {message}")


def _other_end(one: Heard, said: Interprete, trailer: Param) -> str:
    """Return where a param ends, and where what is received does; empty if these are the same."""
    name = called("param", trailer)
    if said.length_type is LengthType.LAST_NEXT_PARAM:
        which = "first one" if trailer.times == 1 else f"one of number {trailer.times}"
        can = _can_come_again(said, trailer)
        return f"the last {name}, which may come again, but the {which} ends what is received" if can else ""
    once = one.response.content.count(trailer.id) == 1
    if said.length_type is LengthType.NEXT_PARAM and once and said.length_times != trailer.times:
        return f"number {said.length_times} of {name}, but number {trailer.times} ends what is received"
    return ""


def _can_come_again(said: Interprete, trailer: Param) -> bool:
    """Tell whether the characters that the raw type of a param allows include those of a trailer."""
    value = trailer.interprete.value if trailer.interprete is not None else None
    characters = value.decode("latin-1") if isinstance(value, bytes) else value or ""
    if said.raw_type is RawType.TEXT:
        return _TEXT.issuperset(characters)
    if said.raw_type is RawType.NUMERIC_TEXT:
        return (_DECIMAL if said.base <= 10 else _DIGITS).issuperset(characters)
    return True


def in_order(subject: Subject) -> Iterator[Found]:
    """A response has one header, with which it begins, and headers and trailers of one link only."""
    for one in heard(subject):
        if connection_of(one.response) not in subject.serial:
            continue
        ends = [(number, param) for number, param in enumerate(one.params) if param.type in _ENDS]
        inside = [(number, param) for number, param in ends if number and param.type is ParamType.HEADER]
        where = f"in {called('response', one.response)}"
        if inside:
            number, header = inside[0]
            message = (
                f"expected the header {called('param', header)} first {where}, found it at position {number}"
            )
            yield Found(one.items[number].place, message)
            continue
        linked = [(number, param) for number, param in ends if param.options.header_trailer_link is not None]
        for number, param in linked:
            link, first = param.options.header_trailer_link, linked[0][1].options.header_trailer_link
            if link != first:
                message = f"expected link {first} only {where}, found {called('param', param)} of link {link}"
                yield Found(one.items[number].place, message)
                break


RULES: tuple[Rule, ...] = (
    Rule(
        "RE03",
        WARNING,
        "a response holds no linked header and trailer, though its connection has them",
        "put the trailer into the response, and its header as the first param",
        complete_link,
    ),
    Rule(
        "RE13",
        WARNING,
        "a param ends at another occurrence of a trailer than what is received",
        "use next param, with the times of the trailer; or stuffing, if the data may hold the trailer",
        same_end,
    ),
    Rule(
        "RE15",
        WARNING,
        "a header is not first, or headers and trailers of different links are in one response",
        "begin with the only header, and use the trailer of its headerTrailerLink",
        in_order,
    ),
)
