"""How the bytes of a connection become units: which of the ways that a definition can ask for is taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from smartserial.definition.connection import ConnectionType
from smartserial.definition.param import Param, ParamType
from smartserial.definition.protocol import Protocol


class Framing(Enum):
    """The ways, in their order of precedence; the first that a definition asks for is taken."""

    STUFFING = "stuffing"
    PACKET_INFO = "packetInfo"
    UNLINKED = "one header and trailer"
    LINKED = "linked headers and trailers"
    TIME = "time"


_DELIMITED = frozenset({Framing.STUFFING, Framing.UNLINKED, Framing.LINKED})


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What begins and ends a unit; a link id joins the two, None is unlinked."""

    link: int | None
    header: Param | None
    trailer: Param | None


def delimiters(protocol: Protocol, connection: int) -> tuple[Delimiters, ...]:
    """Return the headers and trailers that count on a connection, in the order of the definition.

    Those of one link belong together. Of the unlinked ones the first header and the first trailer do.
    """
    found: dict[int | None, dict[ParamType, Param]] = {}
    for param in protocol.params:
        if param.type in (ParamType.HEADER, ParamType.TRAILER) and _counts(param, connection):
            found.setdefault(param.options.header_trailer_link, {}).setdefault(param.type, param)
    return tuple(
        Delimiters(link, pair.get(ParamType.HEADER), pair.get(ParamType.TRAILER))
        for link, pair in found.items()
    )


def taken(protocol: Protocol, connection: int) -> tuple[Delimiters, ...]:
    """Return the delimiters that make the units of a connection; none where something else does.

    One that is unlinked is the only one. Escaped bytes need one that is unlinked.
    """
    framing = framing_of(protocol, connection)
    if framing not in _DELIMITED:
        return ()
    linked = framing is Framing.LINKED
    return tuple(
        pair
        for pair in delimiters(protocol, connection)
        if pair.trailer is not None and linked == (pair.link is not None)
    )


def _counts(param: Param, connection: int) -> bool:
    return param.options.connection in (None, connection)


def framing_of(protocol: Protocol, connection: int) -> Framing | None:
    """Return how units are made on a connection; None where only answers are awaited, or nothing is heard."""
    if connection >= len(protocol.connections):
        return None
    said = protocol.connections[connection]
    if said.type is not ConnectionType.SMART_SERIAL:
        return None
    return next(_asked(protocol, connection))


def _asked(protocol: Protocol, connection: int) -> Iterator[Framing]:
    known = [pair for pair in delimiters(protocol, connection) if pair.trailer is not None]
    if protocol.stuffing is not None and protocol.stuffing.response:
        yield Framing.STUFFING
    if protocol.connections[connection].communication.packet_info is not None:
        yield Framing.PACKET_INFO
    if any(pair.link is None for pair in known):
        yield Framing.UNLINKED
    if known:
        yield Framing.LINKED
    yield Framing.TIME
