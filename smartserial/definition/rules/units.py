"""Rules about the ways to make units of what is received: of several only one is used."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from smartserial.definition.connection import ConnectionType, PortType
from smartserial.definition.message import Response
from smartserial.definition.param import NEXT_TYPES, ParamType
from smartserial.definition.place import Place
from smartserial.definition.rules.options import said
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.sources import Delimiting, Source, connections_known, sources
from smartserial.findings import ERROR, WARNING


class _Framings:
    """What makes units on the connections of a definition, packetInfo left out."""

    def __init__(self, subject: Subject) -> None:
        stuffing = subject.protocol.stuffing
        self._stuffing = stuffing is not None and stuffing.response
        self._params = Delimiting(subject.protocol, ParamType.HEADER, ParamType.TRAILER)

    def on(self, connections: Collection[int]) -> list[str]:
        """Return what makes units on any of some connections, in words."""
        found = ["stuffing"] if self._stuffing and connections else []
        params = (self._params.first(number) for number in connections)
        first = next((param for param in params if param is not None), None)
        return found if first is None else [*found, f"{first.type.value} param {first.id}"]


def ip_header(subject: Subject) -> Iterator[Found]:
    """A smartIpHeader stands alone: nothing else makes units of what is received."""
    framings, connections = _Framings(subject), subject.protocol.connections
    for one in said(subject):
        if one.options.smart_ip_header:
            smart = one.of_type(subject, ConnectionType.SMART_SERIAL)
            said_of = {number: connections[number].communication for number in smart}
            smart = tuple(number for number, options in said_of.items() if options.smart_ip_header)
            others = ["packetInfo"] if any(said_of[number].packet_info for number in smart) else []
            others += framings.on(smart)
            if others:
                yield Found(one.place, f"expected smartIpHeader alone, found it with {', '.join(others)}")


def dead_framing(subject: Subject) -> Iterator[Found]:
    """A packetInfo stands alone: of two ways to make units one is dead."""
    framings = _Framings(subject)
    for one in said(subject):
        if one.options.packet_info is not None:
            others = framings.on(one.of_type(subject, ConnectionType.SMART_SERIAL))
            if others:
                used = "stuffing" if "stuffing" in others else "packetInfo"
                message = (
                    f"expected packetInfo alone, found it with {', '.join(others)}; {used} is what counts"
                )
                yield Found(one.place, message)


def _flushed(subject: Subject) -> Iterator[tuple[Source, list[str]]]:
    """Yield the connections with FlushPerDatagram, with what keeps it from having an effect."""
    framings = _Framings(subject)
    for source in sources(subject):
        port, why = source.connection.port, []
        if not port.flush_per_datagram:
            continue
        if source.connection.type is not ConnectionType.SMART_SERIAL:
            why.append(f"a {source.connection.type.value} connection")
        offered = port.port_type_udp is not None and not port.port_type_udp.disabled
        if (port.type is None or port.type.default is not PortType.UDP) and not offered:
            why.append("a default type that is not udp")
        if source.connection.communication.packet_info is not None:
            why.append("packetInfo")
        why += framings.on((source.number,)) if source.number in subject.smart else []
        yield source, why


def dead_flush(subject: Subject) -> Iterator[Found]:
    """FlushPerDatagram is for smart-serial connections on UDP, without anything else that makes units."""
    for source, why in _flushed(subject):
        if why and connections_known(subject):
            message = (
                f"expected smart-serial on UDP without framing for FlushPerDatagram, found {', '.join(why)}"
            )
            yield Found(source.place_of("FlushPerDatagram"), message)


def flush_of_parts(subject: Subject) -> Iterator[Found]:
    """With FlushPerDatagram a response takes each datagram whole: it is a single next param."""
    flushed = {source.number: source for source, why in _flushed(subject) if not why}
    for response in subject.protocol.responses:
        source = flushed.get(response.connection or 0)
        if source is not None and not _takes_all(subject, response):
            message = f"expected a single param of length type next param in response {response.id}"
            place = source.place_of("FlushPerDatagram")
            yield Found(
                response.place, f"{message}, for the FlushPerDatagram{_line(place)}, found another content"
            )


def _line(place: Place) -> str:
    return f" on line {place.line}" if place.line else ""


def _takes_all(subject: Subject, response: Response) -> bool:
    """Tell whether a response takes all that comes; one with missing params is judged elsewhere."""
    params = subject.params_of(response)
    if params is None:
        return True
    interprete = params[0].interprete if len(params) == 1 else None
    return interprete is not None and interprete.length_type in NEXT_TYPES


RULES: tuple[Rule, ...] = (
    Rule(
        "CO06",
        ERROR,
        "smartIpHeader together with another way to make units",
        "take out one of them: the address is given only with data that nothing else divides",
        ip_header,
    ),
    Rule(
        "CO07",
        WARNING,
        "packetInfo together with another way to make units",
        "take out one of them: stuffing comes before packetInfo, and packetInfo before headers and trailers",
        dead_framing,
    ),
    Rule(
        "PS02",
        WARNING,
        "FlushPerDatagram has no effect",
        "take it out, or make the connection smart-serial with udp as its default type, and without framing",
        dead_flush,
    ),
    Rule(
        "PS03",
        WARNING,
        "FlushPerDatagram, but a response does not take a datagram whole",
        "give the response one param, of length type next param",
        flush_of_parts,
    ),
)
